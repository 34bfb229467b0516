"""Where each shop stands on its tier ladder, what that unlocks, and how far the next tier is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.pipeline.figures import listed, tidied, tidy
from shopace.core.records.diagnosis import TierStanding
from shopace.core.records.text import Text
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.tiers import ladder_for
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.cohorts import NO_DATA

if TYPE_CHECKING:
    from shopace.core.pipeline.batch import Batch, Measured
    from shopace.core.records.memory import Recollection
    from shopace.core.vocabulary.tiers import TierLadder, TierStep

NEW_DAYS, MONTH_DAYS = 7, 30
OLD_DAYS = MONTH_DAYS - NEW_DAYS
"""Once so many days have passed, the rolling window holds nothing but the present pace."""
MONEY_DECIMALS = 2


class _Step(NamedTuple):
    """What the standing on a step says whoever the shop is."""

    step: TierStep
    above: TierStep | None
    benefits: tuple[Text, ...]
    next_benefits: tuple[Text, ...]


class Standings:
    """The standings of one batch."""

    def __init__(self, batch: Batch, measured: Measured) -> None:
        self._as_of = batch.plan.manifest.as_of
        self._ladders = batch.plan.registry.ladders
        self._steps: dict[tuple[str, str], tuple[_Step, ...]] = {}
        self._tier: list[int] = measured.tier.tolist()
        unknown = np.full(len(batch.shops), np.nan)
        week, month = (
            measured.gmv.get((period, Channel.SHOP), unknown)
            for period in (Period.L7D, Period.L30D)
        )
        self._gmv = listed(tidied(month, MONEY_DECIMALS))
        self._gain: list[float] = (week / NEW_DAYS - (month - week) / OLD_DAYS).tolist()

    def of(
        self, shop: int, before: Recollection | None, *, region: str, currency: str
    ) -> TierStanding:
        """The standing of one shop; `before` is what was known of it at the last diagnosis."""
        level, gmv = self._tier[shop], self._gmv[shop]
        if level < 0 or gmv is None:  # a level stands on a known GMV
            outcome = "no_data" if level == NO_DATA else "not_applicable"
            return TierStanding(outcome=outcome, gmv_30d=gmv)
        at = self._steps_of(region, currency)[level]
        since, changed_known = self._as_of, False
        if before is not None and before.tier is not None:
            changed_known = True
            if before.tier == level and before.tier_since is not None:
                since = before.tier_since
        missing = None
        if at.above is not None and level > 0:  # out of level 0 leads an order, not an amount
            missing = tidy(max(at.above.gmv_from - gmv, 0.0), MONEY_DECIMALS)
        return TierStanding(
            outcome="ok",
            level=level,
            name=at.step.name,
            gmv_30d=gmv,
            next_name=at.above.name if at.above is not None else None,
            missing_to_next=missing,
            since=since,
            days_since_change=(self._as_of - since).days if changed_known else None,
            days_to_next=days_to(missing, self._gain[shop]) if missing is not None else None,
            benefits=at.benefits,
            next_benefits=at.next_benefits,
        )

    def _steps_of(self, region: str, currency: str) -> tuple[_Step, ...]:
        found = self._steps.get((region, currency))
        if found is None:
            ladder = ladder_for(self._ladders, region, currency)
            assert ladder is not None  # noqa: S101  # a level comes from a ladder
            found = self._steps[region, currency] = _steps(ladder)
        return found


def days_to(missing: float, gain: float) -> int | None:
    """Days until the rolling 30-day GMV has grown by `missing`, at `gain` a day.

    The gain is the mean day of the last seven, which comes in, less the mean of the 23 before,
    which goes out. None: unknown, no gain, or not reached before the window holds the present pace
    alone, after which nothing grows any more.
    """
    if not gain > 0 or missing / gain > MONTH_DAYS:  # NaN is unknown
        return None
    days = max(1, math.ceil(round(missing / gain, 9)))
    return days if days <= OLD_DAYS else None


def _steps(ladder: TierLadder) -> tuple[_Step, ...]:
    steps = ladder.steps
    return tuple(
        _Step(
            step,
            above,
            tuple(Text(each) for each in step.benefits),
            tuple(
                Text(each)
                for each in (above.benefits if above is not None else ())
                if each not in step.benefits
            ),
        )
        for step, above in zip(steps, [*steps[1:], None], strict=True)
    )
