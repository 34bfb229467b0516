"""What a P0 card says beyond its evidence: rule, loss, stake, next step, and until when to act."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from shopace.core.pipeline.eligibility import next_check
from shopace.core.pipeline.figures import tidy
from shopace.core.pipeline.lines import value_of, with_line
from shopace.core.records.card import Risk
from shopace.core.records.text import Text
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import CATEGORIES, Period, Pillar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopace.core.pipeline.batch import Batch, Compared, Flags, Measured
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.policy import PolicyLine

DISTANCE_DECIMALS = 4
"""Of the way to the next step: a share's too, in hundredths of a percent."""


class Risks:
    """Of the policy lines that somebody in a batch stands on, what there is to say to a shop."""

    def __init__(self, batch: Batch, measured: Measured, compared: Compared) -> None:
        self._plan, self._measured, self._violations = batch.plan, measured, batch.violations
        self._as_of: dt.date = batch.plan.manifest.as_of
        self._lines = [line for line, _ in compared.lines]
        self._values = [value_of(batch.plan, measured, line) for line in self._lines]
        self._following = [batch.plan.next_of(line) for line in self._lines]
        self._rules = [rule_of(batch.plan, line) for line in self._lines]

    def of(self, place: int, shop: int, since: Mapping[str, dt.date]) -> Risk:
        """The line at `place`; `since` says from when the shop was found on which lines."""
        line, following = self._lines[place], self._following[place]
        from_date = self._since(line, shop, since)
        lasts = line.lasts_days
        return Risk(
            level=line.level,
            line=line.key,
            rule=self._rules[place],
            source=line.source,
            loses=Text(line.loses),
            gmv_30d_at_stake=self._stake(line, shop),
            next_line=following.key if following is not None else None,
            next_value=following.value if following is not None else None,
            next_loses=Text(following.loses) if following is not None else None,
            distance=self._distance(place, shop),
            ending_30d=self._known(line.ending, shop),
            endings=self._violations.endings(shop) if line.ending is not None else (),
            from_date=from_date,
            until_date=from_date + dt.timedelta(days=lasts) if lasts is not None else None,
            act_by=self._act_by(line, shop),
        )

    def _distance(self, place: int, shop: int) -> float | None:
        following = self._following[place]
        if following is None:
            return None
        return tidy(abs(following.value - float(self._values[place][shop])), DISTANCE_DECIMALS)

    def _since(self, line: PolicyLine, shop: int, stood: Mapping[str, dt.date]) -> dt.date:
        """The earliest day that facts or memory tell."""
        by_facts = self._violations.since(line, shop)
        by_memory = stood.get(line.key, self._as_of)
        return min(by_facts, by_memory) if by_facts is not None else by_memory

    def _stake(self, line: PolicyLine, shop: int) -> float | None:
        if line.stake is None:
            return None
        row = self._plan.row_of.get((Period.L30D, line.stake.measure, line.stake.channel))
        return tidy(float(self._measured.rows[row, shop]), 2) if row is not None else None

    def _act_by(self, line: PolicyLine, shop: int) -> dt.date | None:
        if line.criterion is not None and line.criterion.of == "seller_center":
            return next_check(self._plan)
        if line.deadline is None or self._known(line.deadline.of, shop) == 0:
            return None
        left = self._known(line.deadline.measure, shop)
        return self._as_of + dt.timedelta(days=int(left)) if left is not None else None

    def _known(self, measure: str | None, shop: int) -> float | None:
        """Today's value of a gauge of the whole shop, as a whole number."""
        row = self._plan.row_of.get((Period.L7D, measure or "", Channel.SHOP))
        return tidy(float(self._measured.rows[row, shop]), 0) if row is not None else None


def rule_of(plan: Plan, line: PolicyLine) -> Text:
    """The rule in words, with the line as people write it."""
    return with_line(line.rule, line, plan.registry.metrics[line.metric].unit)


def operating(plan: Plan, measured: Measured) -> list[bool]:
    """Per shop: whether anything is known of its business. Without it there is no risk monitor."""
    columns = [
        number
        for category, numbers in plan.columns_of.items()
        if CATEGORIES[category] is not Pillar.RISK
        for number in numbers
    ]
    known = np.zeros(measured.tier.shape, dtype=bool)
    for period in (Period.L7D, Period.L30D):
        known |= ~np.isnan(measured.values[period][columns]).all(axis=0)
    return list(map(bool, known.tolist()))


def closed(plan: Plan, measured: Measured) -> Flags:
    """Shops known not to be active: where nothing can be bought, only risks are told."""
    row = plan.row_of.get((Period.L7D, "shop_active", Channel.SHOP))
    if row is None:
        return np.zeros(measured.tier.shape, dtype=bool)
    return np.asarray(measured.rows[row] == 0)
