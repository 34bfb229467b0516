"""The vocabulary: what plugins declare with. Definitions only; nothing runs at import."""
