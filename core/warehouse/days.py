"""Days that a table has no row of: between others, or after a first one that stands alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from shopace.core.errors import Problem
from shopace.core.warehouse.delivery import HasFiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shopace.core.warehouse.delivery import Delivery
    from shopace.core.warehouse.facts_report import Span

_LONGEST = 30
"""As many days as the longest window has. More without any row, and a stray date before them would
make whole windows zero."""


class HasDays(HasFiles, Protocol):
    """A table with days."""

    @property
    def first_day(self) -> date | None: ...


def lost_days(
    delivery: Delivery, view: str, table: HasDays, limit: date | None
) -> tuple[Span, ...]:
    """The spans without a row, from the first known day to the last row, at most to `limit`."""
    if table.first_day is None:
        return ()
    until = f" AND day <= DATE '{limit}'" if limit is not None else ""
    query = f"SELECT DISTINCT day FROM {view} WHERE day >= DATE '{table.first_day}'{until}"
    one, expected, found = timedelta(1), table.first_day, []
    for (day,) in delivery.rows(f"{query} ORDER BY day", table):
        if day > expected:
            found.append((expected, day - one))
        expected = day + one
    return tuple(found)


def first_day_problem(where: str, lost: Iterable[Span]) -> list[Problem]:
    """Of a table whose absent days are zero and whose first day nobody declared."""
    far = [(first, last) for first, last in lost if (last - first).days + 1 > _LONGEST]
    if not far:
        return []
    first, last = far[-1]
    what = f"no row is dated {first} to {last}, and absent_day says that absent days are zero"
    hint = "correct the dates before, or declare in the mapping what the first_day is"
    return [Problem(where=where, what=what, hint=hint)]
