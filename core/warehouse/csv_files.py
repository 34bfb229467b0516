"""CSV as it is delivered: the header is read here, and DuckDB guesses nothing of the rest.

UTF-8, quotes of RFC 4180, and a header in the first line, whose separator is that of the file: the
comma, semicolon, tab or bar that parts it into most columns.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shopace.core.errors import FactsError, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_SEPARATORS = ",;\t|"
_LONGEST_HEADER = 1 << 20
_HEADERS_KEPT = 1024
_DAMAGED = "the file is damaged or cut off"
_CAUSES = (
    (r"Expected Number of Columns: (\d+) Found: (\d+)", "has {1} columns, and the header {0}"),
    (r"not utf-8 encoded", "is not UTF-8"),
    (r"unterminated quote", "has a quote that nothing closes, or one within a cell"),
    (r"quoted value", "goes on after a closing quote"),
    (r"Maximum line size of (\d+) bytes", "is longer than {0} bytes"),
)
"""What DuckDB says of a line, and what we say."""


class Header(NamedTuple):
    separator: str
    names: tuple[str, ...]


def header_of(file: Path) -> Header:
    """The header of a CSV file. Raises FactsError with what is wrong with it."""
    about = file.stat()
    return _header(file, about.st_size, about.st_mtime_ns)


def cause_of(error: BaseException) -> str:
    """What is wrong with a file that DuckDB cannot read, and on which line, in a few words."""
    text = str(error).strip()
    if "state machine reached an invalid state" in text:
        return "its quotes, or the ends of its lines, are of two kinds"
    line = re.search(r"CSV Error on Line: (\d+)", text)
    if line is None:
        return shortened(text.split("\n", 1)[0], 300)
    for pattern, told in _CAUSES:
        found = re.search(pattern, text)
        if found is not None:
            return f"line {line[1]} {told.format(*found.groups())}"
    return f"line {line[1]} is damaged or cut off"


@lru_cache(maxsize=_HEADERS_KEPT)
def _header(file: Path, size: int, _changed: int) -> Header:
    found: list[tuple[int, Header]] = []
    for order, separator in enumerate(_SEPARATORS):
        with file.open("rb") as content:
            rows = csv.reader(_lines(content), delimiter=separator, strict=True)
            try:
                names = tuple(next(rows, ()))
            except csv.Error:
                continue
        if separator == _SEPARATORS[0] and not names:
            raise FactsError(
                "its first line, the header, is empty" if size else "the file is empty"
            )
        found.append((-len(names) * len(_SEPARATORS) + order, Header(separator, names)))
    if not found:
        raise FactsError("its header, line 1, is no line of CSV", hint=_DAMAGED)
    _, (separator, names) = min(found)
    return Header(separator, tuple(_named(names)))


def _lines(content: BinaryIO) -> Iterator[str]:
    """The first lines of a file, as far as a header can reach."""
    left = _LONGEST_HEADER
    while line := content.readline(left):
        left -= len(line)
        if not left:
            raise FactsError(f"its header is longer than {_LONGEST_HEADER:,} bytes", hint=_DAMAGED)
        try:
            told = line.decode()
        except UnicodeDecodeError:
            what = "its header, line 1, is not UTF-8"
            raise FactsError(what, hint="deliver UTF-8 text") from None
        yield told.removeprefix("\ufeff")


def _named(names: tuple[str, ...]) -> Iterator[str]:
    """The names; one that is empty is told by its place."""
    seen: set[str] = set()
    for place, each in enumerate(names):
        name = each or f"column{place}"
        if name.casefold() in seen:
            what = f'two columns are called "{shortened(name)}"'
            raise FactsError(what, hint="capitals make no difference; leave one of them out")
        seen.add(name.casefold())
        yield name
