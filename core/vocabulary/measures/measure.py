"""A measure, the daily input fact, and three short ways to declare one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from shopace.core.vocabulary.channels import CREATORS, SHOP, Channel
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Aggregation, Unit

GAUGE_MAX_AGE_DAYS = 3
"""Our default: a gauge older than this says nothing about today."""


_TEXTS = frozenset({"title", "definition", "origin"})


class Origin(Record, frozen=True, kw_only=True):
    """Where a measure usually comes from. Empty: not known to exist there."""

    warehouse: str = ""
    """The table or event in words; its name and columns differ from team to team."""
    api: str = ""
    """Field of the partner API, with the operation that returns it (docs/sources.md)."""
    export: str = ""
    """Column or page of the Seller Center, by the name that it has there."""


class Measure(Record, frozen=True, kw_only=True):
    """One number per shop, day and channel."""

    key: str
    title: str
    unit: Unit
    definition: str = ""
    """One sentence in plain words: what is counted, and on which day it counts."""
    origin: Origin = Origin()
    aggregation: Aggregation = Aggregation.SUM
    channels: tuple[Channel, ...] = SHOP
    additive: bool = True
    """May be summed over channels. Unique counts may not: a buyer can come through two of them.
    They are de-duplicated within a day and summed over days (S1), never over products either."""
    max_age_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = GAUGE_MAX_AGE_DAYS
    """For gauges (aggregation `last`): how old the last value may be; ignored otherwise."""
    may_be_negative: bool = False
    """False: a negative cell means "not final yet" and becomes missing (API)."""
    by_choice: bool = False
    """The seller decides how many there are (videos posted, products listed): no chance in it.

    In creators' channels it is they who decide, which is chance to the seller.
    """
    derived_from: tuple[str, ...] = ()
    """The measures that the plugin's `shopace_derive` computes it from; empty: it is delivered."""

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that its numbers depend on: a snapshot stays good when only a sentence changes."""
        return tuple(getattr(self, each) for each in self.__struct_fields__ if each not in _TEXTS)

    @property
    def is_number_of_things(self) -> bool:
        """Whether it counts things: a window's value is their number, or their mean per day."""
        return self.unit is Unit.COUNT

    def varies_by_chance(self, channel: Channel) -> bool:
        """Whether it counts independent events, so that few of them vary much by chance alone."""
        happens = self.aggregation in {Aggregation.SUM, Aggregation.MEAN}
        by_choice = self.by_choice and channel not in CREATORS
        return self.is_number_of_things and happens and not by_choice

    @property
    def adds_up(self) -> str:
        """The additivity rule in words: over what its values may be summed, and over what not."""
        match self.aggregation:
            case Aggregation.SUM if self.additive:
                several = len(self.channels) > 1
                return "adds up over days" + (" and over channels" if several else "")
            case Aggregation.SUM:
                return "once per day, added over days; never over products or channels"
            case Aggregation.LAST:
                days = self.max_age_days
                kept = (
                    f"its last value counts, for {days} days" if days else "for its own day alone"
                )
                return f"a state: {kept}"
            case Aggregation.MEAN:
                return "the mean of its days; never added over days, products or channels"
            case Aggregation.MAX:
                return "the largest of its days; never added"


def total(
    key: str,
    title: str,
    definition: str = "",
    *,
    unit: Unit = Unit.COUNT,
    channels: tuple[Channel, ...] = SHOP,
    by_choice: bool = False,
    warehouse: str = "",
    api: str = "",
    export: str = "",
) -> Measure:
    """What happened on a day: adds up over days and channels."""
    return Measure(
        key=key,
        title=title,
        definition=definition,
        unit=unit,
        channels=channels,
        by_choice=by_choice,
        origin=Origin(warehouse=warehouse, api=api, export=export),
    )


def daily_uniques(
    key: str,
    title: str,
    definition: str = "",
    *,
    channels: tuple[Channel, ...] = SHOP,
    warehouse: str = "",
    api: str = "",
    export: str = "",
) -> Measure:
    """People, each once per day: added over days (S1), never over products or channels."""
    return Measure(
        key=key,
        title=title,
        definition=definition,
        unit=Unit.COUNT,
        channels=channels,
        additive=False,
        origin=Origin(warehouse=warehouse, api=api, export=export),
    )


def gauge(
    key: str,
    title: str,
    definition: str = "",
    *,
    unit: Unit = Unit.COUNT,
    channels: tuple[Channel, ...] = SHOP,
    max_age_days: int = GAUGE_MAX_AGE_DAYS,
    warehouse: str = "",
    api: str = "",
    export: str = "",
) -> Measure:
    """A state at the end of a day: its last known value counts, and nothing is summed."""
    return Measure(
        key=key,
        title=title,
        definition=definition,
        unit=unit,
        channels=channels,
        aggregation=Aggregation.LAST,
        additive=False,
        max_age_days=max_age_days,
        origin=Origin(warehouse=warehouse, api=api, export=export),
    )
