"""What a diagnosis remembers of earlier ones. Ours; no reader should rely on it."""

from __future__ import annotations

import datetime as dt

import msgspec

from shopace.core.records.card import TaskBasics, TaskCard
from shopace.core.vocabulary.channels import Channel


class Recollection(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state after one diagnosis."""

    as_of: dt.date
    tier: int | None = None
    tier_since: dt.date | None = None
    open: dict[str, dt.date] = {}
    """Id of each card shown → as-of date of the first diagnosis of its episode."""
    risk: tuple[str, ...] = ()
    """Ids of the P0 cards shown."""
    lines: dict[str, dt.date] = {}
    """Each policy line that a task answers, shown or not → since when the shop stands on it."""
    declined: tuple[str, ...] = ()
    """`metric:channel` of every AA issue: these stay open on a lower line (hysteresis)."""
    dark: dict[str, dt.date] = {}
    """As `open`, of cards that are not shown because a number is missing: should they come back
    soon, their episode goes on. `lines` and `declined` hold such entries among the others."""
    unknown: dict[str, dt.date] = {}
    """`metric:channel` whose number is missed by them → the last as-of date on which it was there.
    """
    changed: tuple[str, ...] = ()
    """What the diagnosis said to have changed."""


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """Two generations, so that a second delivery of one date sees the same past as the first."""

    latest: Recollection
    earlier: Recollection | None = None


class LastCards(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a stored `Diagnosis` that is read again where a plugin failed."""

    schema: str
    as_of: dt.date
    cards: tuple[TaskCard, ...] = ()
    tasks: dict[str, TaskBasics] = {}
    for_you: tuple[str, ...] = ()
    by_channel: dict[Channel, tuple[str, ...]] = {}


def before(memory: Memory | None, as_of: dt.date) -> Recollection | None:
    """What was known before a diagnosis of `as_of`; None without an earlier diagnosis."""
    if memory is None:
        return None
    generations = (memory.latest, memory.earlier)
    return next((each for each in generations if each and each.as_of < as_of), None)


def of_same_day(memory: Memory | None, as_of: dt.date) -> Recollection | None:
    """What the last diagnosis of `as_of` itself left; None without one."""
    return memory.latest if memory is not None and memory.latest.as_of == as_of else None
