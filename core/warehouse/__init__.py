"""Facts in, snapshots and benchmark sets out."""
