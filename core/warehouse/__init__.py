"""From daily facts to windows, history and benchmark sets, with DuckDB."""
