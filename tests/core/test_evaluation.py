"""Formulas and statistics over arrays, each against the plainest way to work it out."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from shopace.core.evaluation import (
    FUNNEL,
    MAD_TO_DEVIATION,
    MIN_WEEKLY_CHANGES,
    evaluate,
    median,
    midpoint_change,
    required_columns,
    weekly_noise,
)
from shopace.core.vocabulary.channels import ALL, FIVE, Channel
from shopace.core.vocabulary.formula import Constant, Formula, Operation, Ref, measure, refs
from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.core.vocabulary.metrics import Metric
from shopace.core.vocabulary.units import Direction, Period, Unit, Window

Floats = NDArray[np.float64]
MISSING = float("nan")
EDGES = (MISSING, 0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324)
NUMBERS = st.sampled_from(EDGES) | st.floats(allow_nan=False, allow_infinity=False)
AMOUNTS = st.sampled_from((MISSING, 0.0)) | st.floats(-1e150, 1e150)
LEAVES: st.SearchStrategy[Formula] = st.sampled_from([measure(key) for key in "abcd"]) | st.builds(
    Constant, st.sampled_from((0.0, 2.0, 1000.0, 1e308)) | st.floats(-1e6, 1e6)
)
FORMULAS = st.recursive(
    LEAVES,
    lambda part: st.builds(Operation, st.sampled_from(("+", "-", "*", "/")), part, part),
    max_leaves=12,
).filter(lambda formula: bool(refs(formula)))


def columns(shops: int) -> st.SearchStrategy[Floats]:
    return arrays(np.float64, (5, shops), elements=NUMBERS)


def by_hand(formula: Formula, facts: dict[str, float]) -> float:
    """One shop, one number at a time; a division by zero is missing."""
    match formula:
        case Ref(key=key):
            return facts[key]
        case Constant(value=value):
            return value
        case Operation(op=op, left=left, right=right):
            one, other = by_hand(left, facts), by_hand(right, facts)
            if op == "/":
                return one / other if other != 0 else MISSING
            return {"+": one + other, "-": one - other, "*": one * other}[op]


def same(found: Floats, wanted: list[float]) -> bool:
    return np.array_equal(found, np.array(wanted), equal_nan=True)


# --- formulas -------------------------------------------------------------------------------


@given(formula=FORMULAS, rows=st.integers(1, 6).flatmap(columns))
def test_a_formula_over_arrays_gives_what_it_gives_shop_by_shop(
    formula: Formula, rows: Floats
) -> None:
    values = evaluate(formula, lambda ref: rows["abcd".index(ref.key)])
    wanted = [by_hand(formula, dict(zip("abcd", shop.tolist(), strict=False))) for shop in rows.T]
    assert same(values, [each if math.isfinite(each) else MISSING for each in wanted])


@given(formula=FORMULAS, rows=columns(7), cut=st.integers(1, 6))
def test_a_value_does_not_depend_on_who_else_is_in_the_batch(
    formula: Formula, rows: Floats, cut: int
) -> None:
    def over(part: Floats) -> bytes:
        return evaluate(formula, lambda ref: part["abcd".index(ref.key)]).tobytes()

    assert over(rows) == over(rows[:, :cut]) + over(rows[:, cut:])


def test_a_missing_measure_a_divisor_of_zero_and_an_overflow_are_missing() -> None:
    rows = {"a": np.array([1.0, 1.0, 0.0, MISSING]), "b": np.array([2.0, 0.0, 0.0, 2.0])}
    ratio = evaluate(measure("a") / measure("b"), lambda ref: rows[ref.key])
    assert same(ratio, [0.5, MISSING, MISSING, MISSING])
    huge = evaluate(measure("b") * 1e308, lambda ref: rows[ref.key])
    assert same(huge, [MISSING, 0.0, 0.0, MISSING])


def test_a_pinned_channel_is_what_is_looked_up() -> None:
    asked: list[Ref] = []

    def lookup(ref: Ref) -> Floats:
        asked.append(ref)
        return np.array([1.0])

    evaluate(measure("gmv") / measure("gmv", Channel.SHOP), lookup)
    assert [ref.channel for ref in asked] == [None, Channel.SHOP]


# --- changes --------------------------------------------------------------------------------


@given(current=AMOUNTS, previous=AMOUNTS)
def test_a_midpoint_change_is_the_difference_over_the_mean_of_both(
    current: float, previous: float
) -> None:
    middle = (abs(current) + abs(previous)) / 2
    wanted = 0.0 if middle == 0 else (current - previous) / middle
    change = midpoint_change(np.array([current]), np.array([previous]))
    assert same(change, [wanted])
    assert math.isnan(wanted) or -2 <= wanted <= 2
    assert same(-midpoint_change(np.array([previous]), np.array([current])) + 0.0, [wanted + 0.0])


@pytest.mark.parametrize(
    ("current", "previous", "change"),
    [(0, 0, 0.0), (0, 8, -2.0), (8, 0, 2.0), (50, 150, -1.0), (MISSING, 1, MISSING)],
)
def test_a_change_is_told_even_where_one_side_is_zero(
    current: float, previous: float, change: float
) -> None:
    assert same(midpoint_change(np.array([current]), np.array([previous])), [change])


# --- medians and noise ----------------------------------------------------------------------


@given(values=arrays(np.float64, st.tuples(st.integers(1, 9), st.just(3)), elements=AMOUNTS))
def test_a_median_is_that_of_the_known_values(values: Floats) -> None:
    known = [[each for each in shop if not math.isnan(each)] for shop in values.T.tolist()]
    assert same(median(values), [statistics.median(each) if each else MISSING for each in known])


def noise_by_hand(weeks: list[float]) -> float:
    changes = []
    for before, after in pairwise(weeks):
        if not math.isnan(before) and not math.isnan(after):
            middle = (abs(after) + abs(before)) / 2
            changes.append((after - before) / middle if middle else 0.0)
    if len(changes) < MIN_WEEKLY_CHANGES:
        return MISSING
    usual = statistics.median(changes)
    return MAD_TO_DEVIATION * statistics.median(abs(each - usual) for each in changes)


@given(
    weekly=arrays(
        np.float64,
        st.tuples(st.integers(1, 13), st.just(2)),
        elements=st.sampled_from((MISSING, 0.0)) | st.floats(0, 1e6),
    )
)
def test_noise_is_the_spread_of_known_week_to_week_changes(weekly: Floats) -> None:
    assert same(weekly_noise(weekly), [noise_by_hand(weeks) for weeks in weekly.T.tolist()])


def test_noise_needs_four_known_changes() -> None:
    weeks = np.array([10.0, 20.0, 10.0, 20.0, 10.0])
    assert weekly_noise(weeks[:, None]) > 0
    assert np.isnan(weekly_noise(weeks[:4, None]))
    gap = np.array([10.0, 20.0, MISSING, 20.0, 10.0, 20.0])  # five steps, three of them known
    assert np.isnan(weekly_noise(gap[:, None]))


def test_one_wild_week_among_steady_ones_does_not_make_a_shop_noisy() -> None:
    weeks = np.array([100.0, 101.0, 99.0, 100.0, 900.0, 100.0, 101.0, 99.0, 100.0, 101.0])
    assert weekly_noise(weeks[:, None])[0] < 0.05


# --- what a snapshot has to hold ------------------------------------------------------------


def metric(
    formula: Formula, sample: Formula | None = None, windows: tuple[Window, ...] = ()
) -> Metric:
    return Metric(
        key="m",
        title="M",
        definition="M.",
        formula=formula,
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        channels=(Channel.SHOP, Channel.SELLER_LIVE),
        windows=(Window.L7D, Window.L30D, *windows),
        sample=sample,
    )


FOUR = (Period.L7D, Period.P7D, Period.L30D, Period.P30D)


LONG = (Period.L60D, Period.L90D, Period.L180D)
EVER_SOLD = {(period, "orders", Channel.SHOP) for period in LONG}


def test_the_core_reads_its_funnel_and_how_far_back_there_were_orders() -> None:
    wanted = {(period, key, channel) for period in FOUR for key in FUNNEL for channel in ALL}
    assert required_columns([], STANDARD_MEASURES) == sorted(wanted | EVER_SOLD)
    assert set(FIVE) < {channel for _, _, channel in wanted}


def test_every_formula_sample_and_pinned_channel_is_read_in_every_period() -> None:
    page = [
        metric(measure("visitors") / measure("active_products", Channel.SHOP)),
        metric(measure("ad_gmv"), sample=measure("ad_sku_orders"), windows=(Window.L90D,)),
    ]
    wanted = {
        (period, key, channel)
        for channel in (Channel.SHOP, Channel.SELLER_LIVE)
        for period in FOUR
        for key in ("visitors", "ad_gmv", "ad_sku_orders")
    }
    wanted |= {(period, "active_products", Channel.SHOP) for period in FOUR}
    wanted |= {
        (Period.L90D, key, channel)
        for key in ("ad_gmv", "ad_sku_orders")
        for channel in (Channel.SHOP, Channel.SELLER_LIVE)
    }
    found = required_columns(page, STANDARD_MEASURES)
    assert set(found) - set(required_columns([], STANDARD_MEASURES)) == wanted
    assert found == sorted(set(found))
    assert required_columns(reversed([*page, *page]), STANDARD_MEASURES) == found
