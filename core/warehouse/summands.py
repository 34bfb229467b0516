"""Which delivered columns a column is made of: itself, or the channels that it is the sum of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.vocabulary.channels import GROUP_MEMBERS, Channel
from shopace.core.vocabulary.units import Aggregation

if TYPE_CHECKING:
    from collections.abc import Collection

    from shopace.core.vocabulary.measures import Measure

Key = tuple[str, Channel]
"""A measure in a channel."""


def summands(
    measure: Measure, channel: Channel, delivered: Collection[Key], market: Collection[Channel]
) -> tuple[Key, ...]:
    """The delivered columns that a column is the sum of; itself, where it is delivered.

    `market` are the channels that the marketplace has. Empty where the column is neither delivered
    nor the sum of delivered ones: one missing channel makes no sum.
    """
    if (measure.key, channel) in delivered:
        return ((measure.key, channel),)
    if not measure.additive or measure.aggregation is Aggregation.MAX:
        return ()
    of = market if channel is Channel.SHOP else GROUP_MEMBERS.get(channel, ())
    members = tuple(
        (measure.key, each) for each in of if each in market and each in measure.channels
    )
    return members if all(each in delivered for each in members) else ()
