"""Reading a TOML document strictly: what is there, of which type, and all that is wrong with it."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from shopace.core.errors import Guesses, Problem, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

Choice = TypeVar("Choice", bound=StrEnum)


_LONGEST = 300
"""Of a sentence: it may quote what it is about."""


class Reader:
    """One table of the document. Takes keys by type; `end` reports those that nobody took.

    Problems are collected in a list that all tables of a document share, never raised. What is
    wrong or absent is read as empty (text), None (others) or an empty table.
    """

    def __init__(
        self,
        content: dict[str, Any],
        origin: str,
        path: str = "",
        problems: list[Problem] | None = None,
        guess: Guesses | None = None,
    ) -> None:
        self._content = content
        self._origin = origin
        self._path = path
        self._asked: dict[str, None] = {}
        self.problems = problems if problems is not None else []
        self._guess = guess or Guesses()

    def problem(self, name: str, what: str, hint: str = "") -> None:
        """Note a problem of key `name`."""
        where = f"{self._origin}: {self._path}{'.' if self._path else ''}{shortened(name)}"
        self.problems.append(Problem(where=where, what=shortened(what, _LONGEST), hint=hint))

    def unknown(self, name: str, what: str, word: str, known: Iterable[str]) -> None:
        """Note that key `name` holds a word nobody knows, and take it as read."""
        self._asked[name] = None
        self.problem(name, what, self._guess(word, known))

    def has(self, name: str) -> bool:
        return name in self._content

    def names(self) -> list[str]:
        return list(self._content)

    def is_table(self, name: str) -> bool:
        return isinstance(self._content.get(name), dict)

    def text(self, name: str, *, required: bool = False, pattern: str = "", means: str = "") -> str:
        value = self._take(name, str, "a text", required=required)
        if value is None:
            return ""
        if not value.strip():
            self.problem(name, "is empty")
        elif pattern and not re.fullmatch(pattern, value):
            self.problem(name, f'"{value}" is not {means}')
        return str(value)

    def texts(self, name: str) -> list[str] | None:
        value = self._take(name, list, "a list of texts")
        if value is None:
            return None
        if not all(isinstance(each, str) for each in value):
            self.problem(name, "is not a list of texts")
            return None
        return list(value)

    def number(self, name: str) -> float | None:
        value = self._take(name, (int, float), "a number")
        try:
            return float(value) if value is not None else None
        except OverflowError:  # TOML's integers have no end
            self.problem(name, "is too large a number")
            return None

    def date(self, name: str) -> date | None:
        value = self._take(name, date, "a date without quotes, such as 2026-10-31")
        if isinstance(value, datetime):
            self.problem(name, "is an instant, not a date")
            return None
        return value if isinstance(value, date) else None

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        value = self._take(name, str, "a text")
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            words = " or ".join(f'"{each}"' for each in choices)
            self.problem(name, f'"{value}" is not {words}', self._guess(value, choices))
            return None

    def table(self, name: str) -> Reader:
        value = self._take(name, dict, "a table")
        return self._inner(value if value is not None else {}, name)

    def tables(self, name: str) -> list[Reader]:
        value = self._take(name, list, "a list of tables, [[" + name + "]]")
        if value is None:
            return []
        if not all(isinstance(each, dict) for each in value):
            self.problem(name, "is not a list of tables", f"write [[{name}]]")
            return []
        return [self._inner(each, f"{name}[{index}]") for index, each in enumerate(value)]

    def end(self) -> None:
        """Note every key that nobody asked for."""
        for name in self._content:
            if name not in self._asked:
                self.problem(name, "is no known key", self._guess(name, self._asked))

    def _inner(self, content: dict[str, Any], name: str) -> Reader:
        path = f"{self._path}{'.' if self._path else ''}{name}"
        return Reader(content, self._origin, path, self.problems, self._guess)

    def _take(
        self, name: str, kind: type | tuple[type, ...], means: str, *, required: bool = False
    ) -> Any:  # noqa: ANN401  # of the type asked for
        self._asked[name] = None
        if name not in self._content:
            if required:
                self.problem(name, "is not declared")
            return None
        value = self._content[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            self.problem(name, f"is not {means}")
            return None
        return value
