"""Plain Markdown: texts that cannot mark anything up, tables, and links to headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"[\\`*_{}\[\]<>|~&$]")
_LINE_START = re.compile(r"^(\d*)([-+=#.)])")
_NO_SLUG = re.compile(r"[^\w\- ]")


def plain(text: str) -> str:
    """The text on one line, with everything escaped that Markdown could take for markup."""
    line = " ".join(text.split())
    return _LINE_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", line))


def code(text: str) -> str:
    """A key as code. Keys hold letters, digits, dots and underscores."""
    return f"`{text}`"


def codes(keys: Iterable[str]) -> str:
    return ", ".join(code(each) for each in keys)


def link(words: str, target: str) -> str:
    """A relative link; `target` is ours, `words` may be anybody's."""
    return f"[{plain(words)}]({target})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already, and hold no bare pipe."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def heading(words: str, key: str) -> str:
    """A heading that its key makes unique on the page."""
    return f"### {plain(words)} ({code(key)})"


def anchor(words: str, key: str) -> str:
    """Where a heading of these words and this key is linked to, as forges make it."""
    shown = f"{' '.join(words.split())} ({key})"
    return "#" + _NO_SLUG.sub("", shown.lower()).replace(" ", "-")
