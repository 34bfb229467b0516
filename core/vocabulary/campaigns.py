"""Named campaigns that shops prepare for; configuration, since every marketplace has its own."""

from __future__ import annotations

import datetime as dt

from shopace.core.vocabulary.record import Record

CAMPAIGN_GMV = "campaign_gmv"
"""A policy line that puts this measure at stake closes campaigns to the shop."""
HORIZON_DAYS = 45
"""How long before its start a campaign is prepared for. Our default."""


class Campaign(Record, frozen=True, kw_only=True):
    """A campaign of the platform, in some regions or in all ("*")."""

    name: str
    starts_on: dt.date
    ends_on: dt.date
    regions: tuple[str, ...] = ("*",)

    def is_ahead(self, as_of: dt.date) -> bool:
        """Whether it begins after a date, and soon enough to prepare for."""
        return 0 < (self.starts_on - as_of).days <= HORIZON_DAYS
