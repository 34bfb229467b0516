"""What a shop should fix before a named campaign begins."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from shopace.core.records.diagnosis import CampaignReadiness
from shopace.core.vocabulary.triggers import Priority

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shopace.core.pipeline.risks import Standing
    from shopace.core.records.card import TaskCard
    from shopace.core.vocabulary.campaigns import Campaign

FIRST = (Priority.P0.name, Priority.P1.name)
"""Risks and declines come before a campaign; gaps to peers can wait until after it."""


def readiness(
    campaigns: Sequence[Campaign],
    region: str,
    as_of: dt.date,
    cards: Sequence[TaskCard],
    closing: Sequence[Standing],
) -> tuple[CampaignReadiness, ...]:
    """For each campaign in the shop's region; `closing` are the lines that close campaigns to it.

    A line whose loss ends before a campaign begins does not close that one.
    """
    ahead = [each for each in campaigns if region in each.regions or "*" in each.regions]
    if not ahead:
        return ()
    fix_first = tuple(card.id for card in cards if card.priority in FIRST)
    return tuple(
        CampaignReadiness(
            name=each.name,
            starts_on=each.starts_on,
            days_left=(each.starts_on - as_of).days,
            blocked_by=tuple(
                dict.fromkeys(
                    line.card
                    for line in closing
                    if line.until is None or line.until >= each.starts_on
                )
            ),
            fix_first=fix_first,
        )
        for each in ahead
    )
