"""Conditions that a shop has to meet, one by one: Seller Center eligibility and the star badge."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from shopace.core.pipeline.batch import ISSUE, NO_DATA, NOT_APPLICABLE, OK
from shopace.core.pipeline.figures import listed, rounded
from shopace.core.pipeline.lines import reached, shut, value_of, with_line
from shopace.core.records.diagnosis import Criterion, Eligibility
from shopace.core.vocabulary.units import Unit, Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from shopace.core.pipeline.batch import Batch, Codes, Measured
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.policy import PolicyLine

WORDS = {OK: "met", ISSUE: "not_met", NO_DATA: "no_data", NOT_APPLICABLE: "not_applicable"}
HELD_AT = {"least": "below", "most": "above", "above": "most", "below": "least"}
"""How a row's line is reached → how a value has to stand to it that meets the condition."""


class Eligibilities:
    """One set of criteria for all shops of a batch.

    A criterion without a row in the shop's region and on the as-of date is not applicable there.
    """

    def __init__(self, batch: Batch, measured: Measured, of: str) -> None:
        plan, regions = batch.plan, batch.profile["region"].astype(np.int64)
        criteria = {
            key: line
            for key, line in plan.policy.criteria().items()
            if line.criterion is not None and line.criterion.of == of
        }
        shape = (len(criteria), len(batch.shops))
        outcome: Codes = np.full(shape, NOT_APPLICABLE, dtype=np.uint8)
        value, distance = np.full(shape, np.nan), np.full(shape, np.nan)
        self._make: dict[int, list[Callable[..., Criterion]]] = {}
        names = (*plan.manifest.vocabularies["region"], "")  # code −1 is unknown
        for code in sorted(set(regions.tolist())):
            here, rows = regions == code, plan.criteria_for(names[code])
            self._make[code] = [_maker(plan, rows.get(k, line)) for k, line in criteria.items()]
            for place, key in enumerate(criteria):
                if key in rows:
                    told = _judge(plan, measured, rows[key])
                    for all_, each in zip((outcome, value, distance), told, strict=True):
                        all_[place, here] = each[here]
        self._region: list[int] = regions.tolist()
        self._outcome: list[list[int]] = outcome.T.tolist()
        self._value = [listed(each) for each in value.T]
        self._distance = [listed(each) for each in distance.T]
        self._next_check = next_check(plan) if of == "seller_center" else None

    def of(self, shop: int) -> Eligibility | None:
        """What the shop meets and what not; None where nothing of it is known."""
        codes = self._outcome[shop]
        if OK not in codes and ISSUE not in codes:
            return None
        worst = ISSUE if ISSUE in codes else NO_DATA if NO_DATA in codes else OK
        cells = zip(self._outcome[shop], self._value[shop], self._distance[shop], strict=True)
        return Eligibility(
            outcome=WORDS[worst],  # type: ignore[arg-type]
            criteria=tuple(
                make(outcome=WORDS[code], value=value, distance=distance)
                for make, (code, value, distance) in zip(
                    self._make[self._region[shop]], cells, strict=True
                )
            ),
            next_check=self._next_check,
        )


def next_check(plan: Plan) -> dt.date | None:
    """The day of the next monthly check after the as-of date, where its day is configured.

    A day that a month does not have is its last.
    """
    day, as_of = int(plan.values["core.eligibility_check_day"]), plan.manifest.as_of
    if day == 0:
        return None
    for month in (as_of, as_of.replace(day=1) + dt.timedelta(days=31)):
        days = calendar.monthrange(month.year, month.month)[1]
        checked = month.replace(day=min(day, days))
        if checked > as_of:
            return checked
    return None


def _judge(plan: Plan, measured: Measured, line: PolicyLine) -> tuple[Any, Any, Any]:
    """Outcome, value and distance, each with one number per shop."""
    if (line.metric, line.channel) not in plan.index:
        unknown = np.full(measured.tier.shape, np.nan)
        return np.full(measured.tier.shape, NO_DATA), unknown, unknown
    value = value_of(plan, measured, line)
    missed = reached(plan, measured, line)
    known = ~np.isnan(value)
    if line.window is Window.L7D:  # too few of them say nothing
        known &= measured.sufficient[plan.index[line.metric, line.channel]]
    outcome = np.where(known, np.where(missed, ISSUE, OK), NO_DATA)
    outcome = np.where(shut(plan, measured, line), NOT_APPLICABLE, outcome)
    scale = plan.scale[plan.index[line.metric, line.channel], 0]
    away = np.where(missed, np.abs(value - line.value), 0.0)
    judged = outcome <= ISSUE
    return (
        outcome,
        rounded(value, scale),
        np.where(judged, rounded(away, scale), np.nan),
    )


def _maker(plan: Plan, line: PolicyLine) -> Callable[..., Criterion]:
    """The criterion of a row, to be called with what is known of a shop."""
    metric = plan.registry.metrics.get(line.metric)
    unit = metric.unit if metric is not None else Unit.COUNT
    asked = line.criterion.title if line.criterion is not None else ""
    return partial(
        Criterion,
        key=line.key,
        title=with_line(asked, line, unit),
        metric=line.metric,
        at=HELD_AT[line.at],
        line=line.value,
        unit=unit,
        source=line.source,
    )
