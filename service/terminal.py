"""What reaches the terminal: the console, plain tables, and text that cannot steer it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

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


def console(file: IO[str] | None = None, *, width: int | None = None) -> Console:
    """A console that takes text as it is: no markup, no emoji names, no guessed highlights."""
    return Console(
        file=file if file is not None else sys.stdout,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )


def table(*columns: str, right: Iterable[str] = (), wrap: Iterable[str] = ()) -> Table:
    """A table without lines. Columns in `right` hold numbers; only those in `wrap` may wrap."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in columns:
        made.add_column(
            title,
            justify="right" if title in set(right) else "left",
            no_wrap=title not in set(wrap),
            overflow="fold" if title in set(wrap) else "ellipsis",
        )
    return made


def add_row(made: Table, cells: Sequence[str | Text], style: str = "") -> None:
    """A row of cleaned cells."""
    made.add_row(*(_cell(each) for each in cells), style=style or None)


def _cell(value: str | Text) -> Text:
    return value if isinstance(value, Text) else Text(clean(value))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
