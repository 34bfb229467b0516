"""Characters that steer a terminal, begin a line, or hide and reorder text for people."""

from __future__ import annotations

import re

STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters of both halves, line separators, marks of direction, invisible characters and
halves of surrogate pairs. Joiners are not among them: scripts and emoji need those."""
