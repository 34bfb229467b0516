"""Files that people write: read within limits, so that none takes long or ends the reader."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

MAX_BYTES = 48 * 1024
"""A TOML file over this size is refused unread."""
_MOST_DOTS = 50
"""In a name: the time that it takes to read grows by the square of its parts."""
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_MANY_DOTS = re.compile(rf"(?<![^,\n])(?:[^.,\n]*\.){{{_MOST_DOTS + 1}}}")


def read_within(file: Path | Traversable, max_bytes: int) -> bytes:
    """The content of a file. Raises ValueError with a sentence: it is not there, or too large."""
    try:
        with file.open("rb") as opened:
            content: bytes = opened.read(max_bytes + 1)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(content) > max_bytes:
        raise ValueError(f"it is larger than {max_bytes // 1024} KiB")
    return content


def read_toml(path: Path) -> dict[str, Any]:
    """The document of a file. Raises ValueError with a sentence."""
    try:
        text = read_within(path, MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 text: {error}") from error
    return parse_toml(text)


def parse_toml(text: str) -> dict[str, Any]:
    """Likewise of a text."""
    names = _TEXT.sub("", text)
    if found := _MANY_DOTS.search(names):
        line = names.count("\n", 0, found.start()) + 1
        raise ValueError(f"line {line} has a name of more than {_MOST_DOTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None
    except ValueError as error:  # of its own kind, and of numbers with too many digits
        raise ValueError(f"it is not TOML: {error}") from error
