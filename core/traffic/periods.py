"""The days that product traffic is looked at, and those it is compared with."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from shopace.core.errors import FactsError, InputError
from shopace.core.records.traffic import Days
from shopace.core.vocabulary.units import Window

_DAY = dt.timedelta(days=1)


class Span(NamedTuple):
    """Days in a row, the first and the last one included."""

    first: dt.date
    last: dt.date

    @property
    def dates(self) -> tuple[dt.date, ...]:
        return tuple(self.first + day * _DAY for day in range(self.length))

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Span:
        """As many days, just before."""
        return Span(self.first - self.length * _DAY, self.first - _DAY)


def current(days: Days) -> Span:
    return Span(days.first, days.last)


def previous(days: Days) -> Span:
    return Span(days.previous_first, days.previous_last)


def last_days(count: int, last: dt.date) -> Span:
    """So many days up to and with `last`."""
    return Span(last - (count - 1) * _DAY, last)


def period_of(
    known: Span,
    *,
    window: Window | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> Days:
    """The period asked for: a window to its last day, or dates; `known` are the days with facts.

    `last` alone ends the window, by default on the latest final day. Raises FactsError for days
    without final facts, InputError for dates that are none.
    """
    ends = last if last is not None else known.last
    if first is not None:
        if window is not None:
            raise InputError("a period is a window or has a first day, not both")
        if first > ends:
            raise InputError(f"the period begins on {first}, after its last day, {ends}")
        name, span = "dates", Span(first, ends)
    else:
        days = window if window is not None else Window.L30D
        name, span = days.value, last_days(days.days, ends)
    if ends > known.last:
        raise FactsError(
            f"there are no final facts of {ends}", hint=f"the latest final day is {known.last}"
        )
    if span.last < known.first:
        raise FactsError(
            f"there are no facts from {span.first} to {span.last}",
            hint=f"they reach from {known.first} to {known.last}",
        )
    return Days(
        name=name,
        first=span.first,
        last=span.last,
        previous_first=span.before().first,
        previous_last=span.before().last,
    )
