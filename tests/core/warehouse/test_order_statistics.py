"""Order statistics of all cohorts together, against each worked out by itself from a plain list."""

import statistics
from fractions import Fraction
from itertools import accumulate
from math import ceil, isnan
from typing import TypeVar

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shopace.core.warehouse.benchmarks import GRID
from shopace.core.warehouse.order_statistics import Groups, Market, Peers

MISSING = float("nan")
LEVELS = 3
TOPS = st.sampled_from((500, 750, 900, 990))
VALUES = st.sampled_from((MISSING, 0.0, 1.0, -1.0, 0.1, 0.2)) | st.floats(1, 9)
WEIGHTS = st.sampled_from((0.0, 1.0, 3.0, 0.1, 0.7)) | st.floats(0.01, 9)
SHOPS = st.tuples(VALUES, WEIGHTS, st.booleans(), st.tuples(*[st.integers(-1, 3)] * LEVELS))
"""Value, weight, whether idle where no value is known, and the cohort on each level; −1: none."""
Shops = list[tuple[float, float, bool, tuple[int, ...]]]
Told = dict[str, float | list[float]]
T = TypeVar("T")


def members_of(shops: Shops) -> list[NDArray[np.int64]]:
    """Who is in each cohort that anybody is in."""
    found = [
        [number for number, shop in enumerate(shops) if shop[3][level] == cohort]
        for level in range(LEVELS)
        for cohort in range(4)
    ]
    return [np.array(each, dtype=np.int64) for each in found if each]


def nth(ordered: list[T], part: Fraction, of: int) -> T:
    """By nearest rank."""
    return ordered[max(ceil(part * of), 1) - 1]


def peers_by_hand(values: list[float], idle: int, top: Fraction) -> Told:
    known = sorted(value for value in values if not isnan(value))
    count, everyone = len(known), [*[(False, 0.0)] * idle, *((True, value) for value in known)]
    twentieths = [Fraction(step, GRID - 1) for step in range(GRID)]
    is_told = idle and len(everyone) > 1
    return {
        "peers": count,
        "lower": nth(known, top, count - 1) if count > 1 else MISSING,
        "upper": known[ceil(top * (count - 1))] if count > 1 else MISSING,
        "grid": [nth(known, each, count) if known else MISSING for each in twentieths],
        "everyone": len(everyone),
        "outside": nth(everyone[1:], top, len(everyone) - 1)[1] if is_told else MISSING,
    }


def market_by_hand(pairs: list[tuple[float, float]]) -> Told:
    known = sorted((each for each in pairs if not isnan(each[0])), key=lambda each: each[0])
    up_to = list(accumulate(weight for _, weight in known))
    if not known or up_to[-1] == 0:
        return {"moves": MISSING, "movers": len(known)}
    half = up_to[-1] / 2
    low = next(value for (value, _), weight in zip(known, up_to, strict=True) if weight >= half)
    high = next(value for (value, _), weight in zip(known, up_to, strict=True) if weight > half)
    return {"moves": (low + high) / 2, "movers": len(known)}


def require_same(found: Peers | Market, wanted: list[Told]) -> None:
    for name, array in found._asdict().items():
        by_hand = np.array([each[name] for each in wanted], dtype=array.dtype)
        assert (name, array.tobytes()) == (name, by_hand.tobytes())


@given(shops=st.lists(SHOPS, min_size=1, max_size=40), top=TOPS)
def test_what_peers_show_is_what_each_cohort_shows_by_itself(shops: Shops, top: int) -> None:
    members = members_of(shops)
    values = [value for value, *_ in shops]
    idle = [isnan(value) and is_idle for value, _, is_idle, _ in shops]
    found = Groups(members).peers(np.array(values), np.array(idle), top)
    wanted = [
        peers_by_hand(
            [values[at] for at in each], sum(idle[at] for at in each), Fraction(top, 1000)
        )
        for each in members
    ]
    require_same(found, wanted)


@given(shops=st.lists(SHOPS, min_size=1, max_size=40))
def test_the_market_moves_by_the_weighted_median_of_each_cohort(shops: Shops) -> None:
    members = members_of(shops)
    pairs = [(value, weight) for value, weight, *_ in shops]
    found = Groups(members).market(*np.array(pairs).T)
    require_same(found, [market_by_hand([pairs[at] for at in each]) for each in members])


def test_weights_that_are_no_whole_numbers_are_added_up_in_the_order_of_the_shops() -> None:
    """Both halves weigh the same, and rounding alone decides: so it must always be the same."""
    for seed in range(20):
        chance = np.random.default_rng(seed)
        values, weights = np.repeat([0.0, 1.0], 300), np.tile(chance.random(300), 2)
        shuffled = chance.permutation(600)
        pairs = np.stack([values, weights])[:, shuffled]
        found = Groups([np.arange(600)]).market(*pairs)
        require_same(found, [market_by_hand([(one, other) for one, other in pairs.T.tolist()])])


@given(
    pairs=st.lists(
        st.tuples(st.integers(-9, 9) | st.just(None), st.integers(0, 4)), min_size=1, max_size=12
    )
)
def test_a_weighted_median_is_the_median_of_each_value_as_often_as_it_weighs(
    pairs: list[tuple[int | None, int]],
) -> None:
    values = np.array([MISSING if value is None else float(value) for value, _ in pairs])
    weights = np.array([float(weight) for _, weight in pairs])
    often = [value for value, weight in pairs for _ in range(weight) if value is not None]
    (found,) = Groups([np.arange(len(pairs))]).market(values, weights).moves
    if often:
        assert found == statistics.median(often)
    else:
        assert isnan(found)
