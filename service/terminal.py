"""What is printed with rich: the console, and tables without lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shopace.service.clean import clean


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
