"""What a P0 card says beyond its evidence: rule, loss, stake, next step, and until when to act."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.pipeline.eligibility import next_check
from shopace.core.pipeline.figures import tidy
from shopace.core.pipeline.lines import last_day, value_of, with_line
from shopace.core.records.card import Risk
from shopace.core.records.text import Text
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import CATEGORIES, Period, Pillar

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Compared, Crossed, Flags, Measured
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.policy import PolicyLine

DISTANCE_DECIMALS = 4
"""Of the way to the next step: a share's too, in hundredths of a percent."""


OVER = "low"
"""The level of a line whose loss has ended by itself, though the shop stands on it still."""


class Standing(NamedTuple):
    """A policy line that a shop stands on, whether a card of its own tells it or not."""

    line: str
    level: str
    rule: Text
    since: dt.date
    until: dt.date | None
    """The last day of the loss; None: it has no known end."""
    card: str
    """The id of the card that is shown: the line's own, or one that achieves the same."""
    is_echo: bool = False
    """A fall whose card gave way: the risk that it led to is told."""


class Risks:
    """Of the policy lines that somebody in a batch stands on, what there is to say to a shop."""

    def __init__(self, batch: Batch, measured: Measured, compared: Compared) -> None:
        self._plan, self._measured, self._violations = batch.plan, measured, batch.violations
        self._as_of: dt.date = batch.plan.manifest.as_of
        self._crossed = compared.lines
        self._lines = [each.line for each in compared.lines]
        self._stakes = [through(batch.plan, measured, each) for each in compared.lines]
        self._days = [days_to_act(batch.plan, measured, line) for line in self._lines]
        self._values = [value_of(batch.plan, measured, line) for line in self._lines]
        self._following = [batch.plan.next_of(line) for line in self._lines]
        self._rules = [rule_of(batch.plan, line) for line in self._lines]

    def standing(
        self, place: int, shop: int, card: str = "", *, gave_way: bool = False
    ) -> Standing:
        """How the shop stands on the line at `place`, which `card` tells."""
        line, crossed = self._lines[place], self._crossed[place]
        since: dt.date = crossed.since[shop].item()
        level = OVER if crossed.over[shop] else line.level
        until, is_echo = last_day(line, since), gave_way and line.kind == "drop"
        return Standing(line.key, level, self._rules[place], since, until, card, is_echo)

    def of(self, place: int, shop: int) -> Risk:
        """The line at `place`."""
        line, following = self._lines[place], self._following[place]
        stands = self.standing(place, shop)
        stake = tidy(float(self._stakes[place][shop]), 2) if line.stake is not None else None
        left = self._days[place][shop]
        return Risk(
            level=stands.level,
            line=line.key,
            rule=stands.rule,
            source=line.source,
            loses=Text(line.loses),
            gmv_30d_at_stake=None if self._crossed[place].over[shop] else stake,
            next_line=following.key if following is not None else None,
            next_value=following.value if following is not None else None,
            next_loses=Text(following.loses) if following is not None else None,
            distance=self._distance(place, shop),
            ending_30d=self._known(line.ending, shop),
            endings=self._violations.endings(shop) if line.ending is not None else (),
            from_date=stands.since,
            until_date=stands.until,
            act_by=None if np.isnan(left) else self._as_of + dt.timedelta(days=int(left)),
        )

    def _distance(self, place: int, shop: int) -> float | None:
        following = self._following[place]
        if following is None:
            return None
        return tidy(abs(following.value - float(self._values[place][shop])), DISTANCE_DECIMALS)

    def _known(self, measure: str | None, shop: int) -> float | None:
        return tidy(float(_gauge(self._plan, self._measured, measure)[shop]), 0)


def through(plan: Plan, measured: Measured, crossed: Crossed) -> Floats:
    """GMV of 30 days that runs through what the line takes away; NaN unknown.

    None where it takes no such thing, and where the loss is over.
    """
    stake, nothing = crossed.line.stake, np.zeros(measured.tier.shape)
    if stake is None:
        return nothing
    row = plan.row_of.get((Period.L30D, stake.measure, stake.channel))
    amount = measured.rows[row] if row is not None else np.full(nothing.shape, np.nan)
    return np.where(crossed.over, nothing, amount)


def days_to_act(plan: Plan, measured: Measured, line: PolicyLine) -> Floats:
    """Days from the as-of date to the last one on which to act; NaN where no deadline is known."""
    none = np.full(measured.tier.shape, np.nan)
    if line.criterion is not None and line.criterion.of == "seller_center":
        check = next_check(plan)
        return none if check is None else np.full(none.shape, (check - plan.manifest.as_of).days)
    if line.deadline is None:
        return none
    nothing_to_do = _gauge(plan, measured, line.deadline.of) == 0
    return np.where(nothing_to_do, np.nan, _gauge(plan, measured, line.deadline.measure))


def _gauge(plan: Plan, measured: Measured, measure: str | None) -> Floats:
    """Today's values of a gauge of the whole shop, as whole numbers; NaN is missing."""
    row = plan.row_of.get((Period.L7D, measure or "", Channel.SHOP))
    return np.full(measured.tier.shape, np.nan) if row is None else np.rint(measured.rows[row])


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
