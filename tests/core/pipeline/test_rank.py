"""What is worth doing first: band, severity, losses, stake, haste, and reward at last."""

import dataclasses
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.core.pipeline.conftest import proposals

from shopace.core.pipeline.batch import Proposals
from shopace.core.pipeline.plan import Plan
from shopace.core.pipeline.rank import rank

FIELDS = (
    *("shop", "offer", "severity", "stake", "warns"),
    *("days", "line", "reward", "cause", "product"),
)


def entries(found: Proposals) -> list[tuple[Any, ...]]:
    columns = (getattr(found, field).tolist() for field in FIELDS)
    return [*zip(*columns, strict=True)]


def merits(plan: Plan, found: Proposals) -> list[tuple[Any, ...]]:
    """What the domain ranks by, the reward left out; smaller is better."""
    return [
        (shop, plan.offers[at].priority, -severity, warns, -stake, days)
        for shop, at, severity, stake, warns, days, *_ in entries(found)
    ]


@given(found=proposals())
def test_nothing_is_lost_and_nothing_made_up(plan: Plan, found: Proposals) -> None:
    assert sorted(entries(rank(plan, found))) == sorted(entries(found))


@given(found=proposals())
def test_the_order_is_by_merit_then_reward_then_catalogue(plan: Plan, found: Proposals) -> None:
    ranked = rank(plan, found)
    keys = [
        (*merit, not rewarded, at)
        for merit, rewarded, at in zip(
            merits(plan, ranked), (ranked.reward >= 0).tolist(), ranked.offer.tolist(), strict=True
        )
    ]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys), "a total order: no two proposals are equal in it"


@given(found=proposals(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_arrival_does_not_matter(plan: Plan, found: Proposals, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(found.shop.size)
    shuffled = Proposals(**{field: getattr(found, field)[order] for field in FIELDS})
    assert entries(rank(plan, shuffled)) == entries(rank(plan, found))


@given(found=proposals())
def test_bands_are_never_mixed(plan: Plan, found: Proposals) -> None:
    ranked = rank(plan, found)
    bands = [(shop, band) for shop, band, *_ in merits(plan, ranked)]
    assert bands == sorted(bands)


@given(found=proposals())
def test_a_reward_lifts_nothing_over_anything_that_is_worth_more(
    plan: Plan, found: Proposals
) -> None:
    none = dataclasses.replace(found, reward=np.full_like(found.reward, -1))
    assert merits(plan, rank(plan, found)) == merits(plan, rank(plan, none))
