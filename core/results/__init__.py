"""Published documents in Redis: keys, writing in order, reading."""
