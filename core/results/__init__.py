"""The published documents in Redis: keys, the store with its Lua scripts, the reader."""
