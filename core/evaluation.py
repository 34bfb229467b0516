"""Formulas over arrays, and the few statistics that snapshot, benchmarks and comparisons share.

Arrays are float64, one value per shop in the last axis; NaN is *missing* and stays missing
through every operation. A division by zero is missing. Only + - * / and comparisons are used, so
that the same numbers come out bit by bit whatever the batch size.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from shopace.core.vocabulary.channels import ALL, Channel
from shopace.core.vocabulary.formula import Constant, Formula, Operation, Ref, refs
from shopace.core.vocabulary.units import PERIODS_OF, Period, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric

    Floats = NDArray[np.float64]

MIN_WEEKLY_CHANGES = 4
"""With fewer known week-to-week changes a shop's noise is unknown. Our default."""
MAD_TO_DEVIATION = 1.4826
"""Median absolute deviation → standard deviation, for normal noise."""

SHARE_DECIMALS = 4
"""Published decimals of changes, shares and noise."""

FUNNEL = ("gmv", "orders", "sku_orders", "product_clicks", "product_impressions")
"""The measures that tier, breakdown and conclusion read themselves, on every channel."""

EVER_SOLD = (Period.L180D, Period.L90D, Period.L60D, Period.L30D)
"""Where the tier looks for a shop's orders: as far back as they are known, the longest first."""

Column = tuple[Period, str, Channel]


def evaluate(formula: Formula, lookup: Callable[[Ref], Floats]) -> Floats:
    """The value per shop; NaN where an input is missing, a divisor is 0 or it overflows."""
    with np.errstate(all="ignore"):
        value = _evaluate(formula, lookup)
    return np.where(np.isfinite(value), value, np.nan)


def _evaluate(formula: Formula, lookup: Callable[[Ref], Floats]) -> Floats:
    match formula:
        case Ref():
            return lookup(formula)
        case Constant(value=value):
            return np.float64(value)  # type: ignore[return-value]  # a scalar broadcasts like a row
        case Operation(op=op, left=left, right=right):
            one, other = _evaluate(left, lookup), _evaluate(right, lookup)
            match op:
                case "+":
                    return one + other
                case "-":
                    return one - other
                case "*":
                    return one * other
                case "/":
                    return np.where(other != 0, np.divide(one, other), np.nan)


def midpoint_change(current: Floats, previous: Floats) -> Floats:
    """The change as a share of the mean of both: −2 … 2, defined when one side is 0.

    0 when both are 0; NaN when one is missing.
    """
    middle = (np.abs(current) + np.abs(previous)) / 2
    with np.errstate(all="ignore"):
        change = (current - previous) / middle
    return np.where(middle == 0, 0.0, change)


def median(values: Floats) -> Floats:
    """Median of the known values along axis 0; NaN where none is known."""
    ordered = np.sort(values, axis=0)  # NaN last
    known = np.count_nonzero(~np.isnan(ordered), axis=0)
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    high = np.minimum(high, ordered.shape[0] - 1)
    pick = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in (low, high))
    below, above = pick
    return np.where(known > 0, (below + above) / 2, np.nan)


def weekly_noise(weekly: Floats) -> Floats:
    """Robust standard deviation of week-to-week midpoint changes.

    `weekly` has shape (weeks, shops), oldest first, the current week not among them. NaN where
    fewer than `MIN_WEEKLY_CHANGES` changes are known.
    """
    if weekly.shape[0] <= MIN_WEEKLY_CHANGES:
        return np.full(weekly.shape[1], np.nan)
    changes = midpoint_change(weekly[1:], weekly[:-1])
    known = np.count_nonzero(~np.isnan(changes), axis=0)
    deviation = MAD_TO_DEVIATION * median(np.abs(changes - median(changes)))
    return np.where(known >= MIN_WEEKLY_CHANGES, deviation, np.nan)


def periods_of(metric: Metric) -> tuple[Period, ...]:
    """The periods in which a metric is evaluated, current before previous."""
    return tuple(period for window in metric.windows for period in PERIODS_OF[window])


def required_columns(metrics: Iterable[Metric], measures: Mapping[str, Measure]) -> list[Column]:
    """Every (period, measure, channel) that the metrics and the core read, sorted, once each."""
    columns: set[Column] = {
        (period, measure, channel)
        for window in (Window.L7D, Window.L30D)
        for period in PERIODS_OF[window]
        for measure in FUNNEL
        for channel in ALL
    }
    columns |= {(period, "orders", Channel.SHOP) for period in EVER_SOLD}
    for metric in metrics:
        wanted = {*refs(metric.formula), *refs(metric.sample_formula), *refs(metric.event_formula)}
        columns.update(
            (period, key, ref.channel or channel)
            for period in periods_of(metric)
            for channel in metric.channels
            for ref in wanted
            for key in _sources(ref.key, measures)
        )
    return sorted(columns)


def _sources(key: str, measures: Mapping[str, Measure]) -> tuple[str, ...]:
    """The measure itself, or those that it is derived from."""
    measure = measures.get(key)
    return measure.derived_from if measure is not None and measure.derived_from else (key,)


def tidy(value: float, decimals: int) -> float | None:
    """The number rounded half to even at `decimals`; None for missing. Never −0.0."""
    if value != value:  # noqa: PLR0124  # NaN is missing
        return None
    scale = 10.0**decimals
    enlarged = value * scale
    return round(enlarged) / scale + 0.0 if math.isfinite(enlarged) else value
