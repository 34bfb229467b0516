"""The problem atlas as data: a healthy shop and one cause, told in words and in daily measures."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from shopace.core.vocabulary.units import Pillar

HERE = Path(__file__).parent


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the cause does to measures where they come about; what hangs on them follows.

    Keys are a measure, which means all its channels, or `measure@channel`.
    """

    since: int | None = None
    """On the last so many days; None: on all of them, it has always been so."""
    until: int = 0
    """But no more on the last so many days."""
    times: dict[str, float] = {}
    set: dict[str, float] = {}


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A problem shop."""

    key: str
    cause: str
    at: str
    """Of which peers it is one: `industry.tier`, or `industry.region` outside the US."""
    changes: list[Change]
    expects: list[str] = []
    """What somebody who knows the trade expects to be offered: `template` or `template@channel`."""
    unmet: dict[str, str] = {}
    """The same where it is not, with what happened instead: a finding, not a wish."""


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shop: list[Entry]


@cache
def entries() -> tuple[Entry, ...]:
    """All of the atlas, pillar by pillar."""
    return tuple(
        entry
        for pillar in Pillar
        for entry in msgspec.convert(
            tomllib.loads((HERE / f"{pillar.value}.toml").read_text("utf-8")), _Page
        ).shop
    )
