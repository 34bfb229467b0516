"""What memory carries over days on which a number is missing: silence of a feed ends no episode.

Nothing of it is shown. It tells, when the number is back, since when a card and a policy line last,
and which declines stay open on a lower line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.pipeline.batch import NO_DATA
from shopace.core.vocabulary.triggers import BehindPeers, Crosses, Declined
from shopace.core.vocabulary.units import PERIODS_OF, Period

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from shopace.core.pipeline.batch import Batch, Compared, Measured
    from shopace.core.records.memory import Recollection
    from shopace.core.vocabulary.triggers import Condition

CARRIED_DAYS = 7
"""As-of days after the last one on which the number was known (ours)."""


class Carried(NamedTuple):
    """Of one shop; as in a `Recollection`, without what is known today."""

    cards: dict[str, dt.date]
    lines: dict[str, dt.date]
    declined: tuple[str, ...]
    unknown: dict[str, dt.date]
    """Column → the last as-of date on which it was known."""


class Carrier:
    """Looks up what is missing for the shops of one batch."""

    def __init__(self, batch: Batch, measured: Measured, compared: Compared) -> None:
        self._plan, self._measured, self._compared = batch.plan, measured, compared
        self._as_of: dt.date = batch.plan.manifest.as_of

    def of(
        self,
        shop: int,
        before: Recollection,
        *,
        region: str,
        cards: Collection[str],
        lines: Collection[str],
        declined: Collection[str],
    ) -> Carried:
        """What to keep of `before`, given what the shop has today."""
        unknown: dict[str, dt.date] = {}

        def is_carried(column: str) -> bool:
            last = before.unknown.get(column, before.as_of)
            if (self._as_of - last).days > CARRIED_DAYS:
                return False
            unknown[column] = last
            return True

        kept_lines = {
            line: since
            for line, since in before.lines.items()
            if line not in lines
            for column in self._dark_columns(line, region, shop)
            if is_carried(column)
        }
        kept_declined = tuple(
            column
            for column in before.declined
            if column not in declined
            and self._is_dark(Declined, column, shop)
            and is_carried(column)
        )

        def is_dark(trigger: Condition | Crosses, column: str) -> bool:
            if isinstance(trigger, Crosses):
                return trigger.line in kept_lines
            if isinstance(trigger, Declined):
                return column in kept_declined
            return self._is_dark(type(trigger), column, shop) and is_carried(column)

        kept_cards = {
            card: since
            for card, since in (before.dark | before.open).items()
            if card not in cards
            and any(is_dark(*way) for way in self._plan.ways.get(_without_product(card), ()))
        }
        return Carried(kept_cards, kept_lines, kept_declined, unknown)

    def _dark_columns(self, line: str, region: str, shop: int) -> set[str]:
        """The columns that the line's rows judge in the region, as far as they are missing."""
        plan, values = self._plan, self._measured.values
        dark = set()
        for row in plan.rows_of(line, region):
            column = plan.index.get((row.metric, row.channel))
            periods = PERIODS_OF[row.window] if row.kind == "drop" else PERIODS_OF[row.window][:1]
            if column is None or any(np.isnan(values[each][column, shop]) for each in periods):
                dark.add(f"{row.metric}:{row.channel}")
        return dark

    def _is_dark(self, kind: type[Condition], key: str, shop: int) -> bool:
        column = self._plan.column_by_key.get(key)
        if column is None:
            return True
        if kind is Declined:
            return bool(self._compared.aa[column, shop] == NO_DATA)
        if kind is BehindPeers:
            return bool(self._compared.ab[column, shop] == NO_DATA)
        return bool(np.isnan(self._measured.values[Period.L7D][column, shop]))


def _without_product(card: str) -> str:
    return ":".join(card.split(":", 2)[:2])
