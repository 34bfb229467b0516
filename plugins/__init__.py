"""The built-in plugins, one module per category, by their dotted names."""
