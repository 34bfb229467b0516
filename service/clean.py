"""Text that cannot steer a terminal, whatever a shop calls itself."""

from __future__ import annotations

import json
import re
from typing import Any

from shopace.core.steering import STEERING


def clean(text: str) -> str:
    """The text on one line; what could steer a terminal becomes a replacement character."""
    return STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_json(value: Any) -> str:  # noqa: ANN401  # anything that JSON can carry
    """Indented JSON that equals `value` and holds no character that could steer a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "\n".join(STEERING.sub(_escape, line) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
