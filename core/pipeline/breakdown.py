"""GMV by channel and group: amount, share and change, from arrays prepared once per batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.pipeline.figures import SHARE_DECIMALS, listed, relative_changes, tidied
from shopace.core.records.diagnosis import GmvBreakdown, GmvPart
from shopace.core.vocabulary.channels import ALL, FIVE, GROUP_MEMBERS, Channel
from shopace.core.vocabulary.units import Period

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Measured

MONEY_DECIMALS = 2


class _Part(NamedTuple):
    """Of one channel, per shop; None is missing."""

    amount: list[float | None]
    share: list[float | None]
    previous: list[float | None]
    change: list[float | None]


class Breakdowns:
    """The breakdowns of one batch."""

    def __init__(self, batch: Batch, measured: Measured) -> None:
        shops = len(batch.shops)
        unknown = np.full(shops, np.nan)
        young = batch.too_young(Period.P30D)

        def amounts(period: Period) -> dict[Channel, Floats]:
            return {
                place: tidied(measured.gmv.get((period, place), unknown), MONEY_DECIMALS)
                for place in ALL
            }

        current, previous = amounts(Period.L30D), amounts(Period.P30D)
        whole = current[Channel.SHOP]
        self._parts = {
            place: _Part(
                amount=listed(amount),
                share=listed(_share(amount, whole) if place is not Channel.SHOP else unknown),
                previous=listed(previous[place]),
                change=listed(np.where(young, np.nan, relative_changes(amount, previous[place]))),
            )
            for place, amount in current.items()
        }
        named = np.zeros(shops)
        for group, members in GROUP_MEMBERS.items():  # in one order: the same sum in any batch
            parts = np.zeros(shops)
            for place in members:
                parts = parts + current[place]
            named = named + np.where(np.isnan(parts), current[group], parts)
        self._residual = listed(tidied(whole - named, MONEY_DECIMALS))

    def amount(self, shop: int) -> float | None:
        """The shop's GMV of 30 days; None is missing."""
        return self._parts[Channel.SHOP].amount[shop]

    def of(self, shop: int) -> GmvBreakdown:
        """The breakdown of one shop."""
        return GmvBreakdown(
            total=self._part(Channel.SHOP, shop),
            channels=tuple(self._part(channel, shop) for channel in FIVE),
            groups=tuple(self._part(group, shop) for group in GROUP_MEMBERS),
            residual=self._residual[shop],
        )

    def _part(self, channel: Channel, shop: int) -> GmvPart:
        part = self._parts[channel]
        return GmvPart(
            channel=channel,
            amount=part.amount[shop],
            share=part.share[shop],
            previous=part.previous[shop],
            change=part.change[shop],
        )


def _share(amount: Floats, whole: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return tidied(np.where(whole == 0, np.nan, amount / whole), SHARE_DECIMALS)
