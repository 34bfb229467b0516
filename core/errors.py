"""Every error a person can meet, one tree, one page.

A handled error is a sentence: what is wrong, where, and the probable cause or the way out. Input is
judged whole: an error that comes from input carries *all* its problems. Bugs keep their traceback.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


_MOST_TOLD = 300
"""Of an input's problems; there are as many as somebody makes."""
_MOST_GUESSES = 20
_LONGEST_GUESSED = 100
"""To look for what a word resembles takes time by its length."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with an input."""

    where: str
    """As its author knows it: `mapping.toml: tables[0].date`, `plugin acme 1.2: metric ctr`."""
    what: str
    hint: str = ""
    """The probable cause or the way out; empty when there is nothing honest to say."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.hint})" if self.hint else "")


class ShopaceError(Exception):
    """The root. `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, problems: Iterable[Problem] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message + (f" ({self.hint})" if self.hint else "")]
        lines += [f"  - {problem}" for problem in self.problems[:_MOST_TOLD]]
        if (further := len(self.problems) - _MOST_TOLD) > 0:
            lines.append(f"  - and {further:,} more")
        return "\n".join(lines)


class InputError(ShopaceError):
    """What somebody wrote or delivered cannot be used as it is."""

    exit_code = 3


class ConfigurationError(InputError):
    """`shopace.toml` is wrong."""


class MappingError(InputError):
    """The mapping file is wrong, or names what the facts do not have."""


class FactsError(InputError):
    """The facts are refused: structure, types, duplicates, dates past the latest final day."""


class PolicyError(InputError):
    """A policy pack is refused."""


class IncentivesError(InputError):
    """A file of incentive programmes is refused."""


class JobError(InputError):
    """A job cannot be accepted as it is."""


class NotFoundError(ShopaceError):
    """What was asked for does not exist."""

    exit_code = 4


class UnknownShopError(NotFoundError):
    """No such shop in the snapshot or in the results."""


class SnapshotError(ShopaceError):
    """A snapshot is missing, half-written, damaged or of another version."""

    exit_code = 4


class BenchmarkError(ShopaceError):
    """A benchmark set is missing, damaged, or does not fit the snapshot."""

    exit_code = 4


class ServerError(ShopaceError):
    """A Redis server cannot be reached, or is set up so that promises would break."""

    exit_code = 5


class PluginError(ShopaceError):
    """One or more plugins are rejected; `problems` names each by plugin and version."""

    exit_code = 6


class DocumentError(ShopaceError):
    """A published document is over its size limit, of an unknown schema or undecodable."""

    exit_code = 7


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "orders"?` when a known word is near, else the empty string."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""


class Guesses:
    """`did_you_mean` for the first problems of an input; of further ones, nothing.

    To look takes long, and who is told of hundreds begins with the first.
    """

    def __init__(self) -> None:
        self._left = _MOST_GUESSES

    def __call__(self, word: str, known: Iterable[str]) -> str:
        self._left -= 1
        return did_you_mean(word[:_LONGEST_GUESSED], known) if self._left >= 0 else ""


def shortened(text: str, longest: int = 80) -> str:
    """As much of a text from outside as a sentence can hold."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def redacted(text: str) -> str:
    """The text without the passwords of any URLs in it.

    A quote ends no URL: it may stand in a password. Rather too much is hidden than too little.
    """
    return re.sub(r"\S+", _without_password, text) if "://" in text else text


def _without_password(word: re.Match[str]) -> str:
    """Of a word, since a pattern for all of a URL takes time by the square of a text's length."""
    text = word.group()
    begin, end = text.find("://") + len("://"), text.rfind("@")
    if begin < len("://"):
        return text
    if begin <= end:
        text = f"{text[:begin]}***{text[end:]}"
    return re.sub(r"([?&]\w*password=)[^&]*", r"\1***", text)
