"""Text that cannot steer a terminal, whatever a shop calls itself."""

from __future__ import annotations

import json
import re
from typing import Any

_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters of both halves, line separators, and marks that reorder or hide text."""


def clean(text: str) -> str:
    """The text on one line; what could steer a terminal becomes a replacement character."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_json(value: Any) -> str:  # noqa: ANN401  # anything that JSON can carry
    """Indented JSON that equals `value` and holds no character that could steer a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "\n".join(_STEERING.sub(_escape, line) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
