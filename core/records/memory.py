"""What a diagnosis remembers of earlier ones. Ours; no reader should rely on it."""

from __future__ import annotations

import datetime as dt

import msgspec


class Recollection(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state after one diagnosis."""

    as_of: dt.date
    tier: int | None = None
    tier_since: dt.date | None = None
    open: dict[str, dt.date] = {}
    """Fingerprint of each open proposal → as-of date of the episode's first diagnosis."""
    cards: dict[str, list[msgspec.Raw]] = {}
    """Category → last good cards, kept only while its plugin fails."""


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """Two generations, so that a second delivery of one date sees the same past as the first."""

    latest: Recollection
    earlier: Recollection | None = None


def before(memory: Memory | None, as_of: dt.date) -> Recollection | None:
    """What was known before a diagnosis of `as_of`; None without an earlier diagnosis."""
    if memory is None:
        return None
    generations = (memory.latest, memory.earlier)
    return next((each for each in generations if each and each.as_of < as_of), None)
