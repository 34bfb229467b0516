"""Who is compared with whom: growth stage, and the cohorts from the narrowest to the widest.

Cohorts never cross a region or a currency, and there is no currency conversion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.vocabulary.tiers import ladder_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats
    from shopace.core.vocabulary.tiers import TierLadder

    Integers = NDArray[np.int64]

NO_DATA = -1
"""Tier of a shop whose 30-day GMV is unknown, or is 0 with unknown orders."""
NOT_APPLICABLE = -2
"""Tier where no ladder fits the shop's region and currency."""

LEVELS = ("industry+tier", "industry", "tier", "region")
"""From the narrowest cohort to the widest: the first with enough peers is used."""
LEVELS_OF_SIZE = tuple(level for level in LEVELS if "tier" in level)
"""The same for what grows with the shop: shops of other tiers are no measure of it."""


class Cohort(NamedTuple):
    """A group of peers. Empty text or −1: not part of what defines this cohort."""

    level: str
    region: str
    currency: str
    industry: str
    tier: int


class Vocabularies(NamedTuple):
    """The words behind a snapshot's profile codes; code −1 is unknown."""

    region: Sequence[str]
    currency: Sequence[str]
    industry: Sequence[str]


def tiers(
    gmv_30d: Floats,
    orders_ever: Floats,
    region: Integers,
    currency: Integers,
    *,
    words: Vocabularies,
    ladders: tuple[TierLadder, ...],
) -> Integers:
    """The tier of each shop by its 30-day GMV; shape (shops,).

    `orders_ever` counts as far back as the facts reach: 0 together with no GMV is "never sold".
    Without GMV and without known orders nobody knows whether the shop ever sold.
    """
    tier = np.full(gmv_30d.shape, NOT_APPLICABLE, dtype=np.int64)
    for at_region, at_currency in set(zip(region.tolist(), currency.tolist(), strict=True)):
        here = (region == at_region) & (currency == at_currency)
        ladder = ladder_for(
            ladders,
            words.region[at_region] if at_region >= 0 else "",
            words.currency[at_currency] if at_currency >= 0 else "",
        )
        if ladder is None:
            continue
        lines = np.array([step.gmv_from for step in ladder.steps[1:]])
        gmv, orders = gmv_30d[here], orders_ever[here]
        level = np.maximum(np.searchsorted(lines, gmv, side="right"), 1)
        level = np.where((gmv == 0) & (orders == 0), 0, level)
        unknown = np.isnan(gmv) | ((gmv == 0) & np.isnan(orders))
        tier[here] = np.where(unknown, NO_DATA, level)
    return tier


def cohorts_of(
    region: Integers,
    currency: Integers,
    industry: Integers,
    tier: Integers,
    words: Vocabularies,
) -> list[tuple[Integers, list[Cohort]]]:
    """For each level: the index of each shop's cohort (−1: none) and the cohorts it points to."""
    levels = []
    for level in LEVELS:
        parts = [
            region,
            currency,
            industry if "industry" in level else np.full_like(industry, -1),
            tier if "tier" in level else np.full_like(tier, -1),
        ]
        known = (region >= 0) & (currency >= 0)
        known &= (industry >= 0) | ("industry" not in level)
        known &= (tier >= 0) | ("tier" not in level)
        key = np.zeros_like(region)
        for part in parts:  # one number for all four, in the order of the four
            key = key * (part.max(initial=-1) + 2) + part + 1
        _, first, index = np.unique(key[known], return_index=True, return_inverse=True)
        codes = np.full(region.shape, -1, dtype=np.int64)
        codes[known] = index
        cohorts = [
            Cohort(
                level,
                words.region[at_region],
                words.currency[at_currency],
                words.industry[at_industry] if at_industry >= 0 else "",
                at_tier,
            )
            for at_region, at_currency, at_industry, at_tier in zip(
                *(part[known][first].tolist() for part in parts), strict=True
            )
        ]
        levels.append((codes, cohorts))
    return levels


def positions(
    levels: list[tuple[Integers, list[Cohort]]], index_of: Mapping[Cohort, int]
) -> Integers:
    """Each shop's position in a list of cohorts, by level, −1 where none; (levels, shops)."""
    rows = []
    for codes, cohorts in levels:
        places = np.array([*(index_of.get(each, -1) for each in cohorts), -1], dtype=np.int64)
        rows.append(places[codes])
    return np.stack(rows)
