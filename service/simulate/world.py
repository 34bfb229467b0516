"""A chunk of shops while its facts come about, and how the past is felt in a day.

Arrays are (shops, days), by channel (shops, days, 5) in the order of `FIVE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.causes import Plan
from shopace.service.simulate.draws import Draws, Floats
from shopace.service.simulate.shops import Shops

SELLER_VIDEO, SELLER_LIVE, AFFILIATE_VIDEO, AFFILIATE_LIVE, SHOP_TAB = range(5)
MISSING = np.nan


@dataclass(slots=True)
class World:
    """A chunk of shops while its facts come about."""

    shops: Shops
    plan: Plan
    draws: Draws
    first_day: date
    days: int
    shop: dict[str, Floats] = field(default_factory=dict)
    """Facts of the whole shop: measure → (shops, days)."""
    channel: dict[str, Floats] = field(default_factory=dict)
    """Facts by channel: measure → (shops, days, 5), missing where the measure does not exist."""
    blame: dict[str, Floats] = field(default_factory=dict)
    """What violations cost a shop: name → (shops, 1)."""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.shops.ids), self.days

    def usual(self, lever: str) -> Floats:
        return self.shops.level[lever][:, None]

    def move(self, lever: str) -> Floats:
        return self.plan.move(lever)

    def now(self, lever: str) -> Floats:
        return self.usual(lever) * self.move(lever)

    def has(self, thing: str) -> Floats:
        return self.shops.has[thing][:, None].astype(np.float64)

    def put(self, measure: str, by_channel: dict[int, Floats]) -> None:
        """Facts of a measure that exists in some channels only."""
        whole = np.full((*self.shape, len(FIVE)), MISSING)
        for channel, values in by_channel.items():
            whole[:, :, channel] = values
        self.channel[measure] = whole


def smooth(values: Floats, half_life: float) -> Floats:
    """What is still felt of the days before: an exponential mean, the first day as its start."""
    keep = 0.5 ** (1.0 / half_life)
    felt = values.copy()
    for day in range(1, values.shape[1]):
        felt[:, day] = keep * felt[:, day - 1] + (1.0 - keep) * values[:, day]
    return felt


def before(values: Floats, days: int) -> Floats:
    """The values of `days` ago; at the beginning the first week stands in for the time before."""
    first = values[:, :7].mean(axis=1, keepdims=True)
    return np.concatenate([np.repeat(first, days, axis=1), values], axis=1)[:, : values.shape[1]]


def counted_before(values: Floats, days: int) -> Floats:
    """The same for counts, which stay whole numbers."""
    return np.rint(before(values, days))


def rolling(values: Floats, days: int, had: Floats) -> Floats:
    """Sums of the last `days` days; the first four weeks stand in for the time before them.

    `had` (shops, 1) is how many days before the first one the shop already existed.
    """
    usual = values[:, :28].mean(axis=1, keepdims=True)
    sums = np.cumsum(values, axis=1)
    sums[:, days:] -= sums[:, :-days].copy()
    absent = np.clip(days - 1 - np.arange(values.shape[1]), 0, None)
    earlier: Floats = np.rint(usual * np.minimum(absent, had))
    return sums + earlier


def days_existed(world: World) -> Floats:
    return np.maximum(-world.shops.opened[:, None], 0).astype(np.float64)
