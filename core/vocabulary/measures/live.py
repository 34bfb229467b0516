"""LIVEs of the shop and of its affiliates."""

from __future__ import annotations

from shopace.core.vocabulary.channels import LIVES
from shopace.core.vocabulary.measures.measure import total
from shopace.core.vocabulary.units import Unit

LIVE = (
    total("new_lives", "new LIVEs", channels=LIVES, by_choice=True),
    total("live_hours", "LIVE hours", unit=Unit.HOURS, channels=LIVES),
    total("live_days", "days with a LIVE", channels=LIVES, by_choice=True),
    total("live_products_shown", "products shown, all LIVEs", channels=LIVES, by_choice=True),
    total("live_views", "LIVE views", channels=LIVES),
    total("live_impressions", "LIVE impressions", channels=LIVES),
    total(
        "live_viewing_seconds_total",
        "viewing seconds, all LIVE views",
        unit=Unit.SECONDS,
        channels=LIVES,
    ),
    total("live_comments", "LIVE comments", channels=LIVES),
    total("live_new_followers", "new followers from LIVEs", channels=LIVES),
    total("lives_with_tools", "LIVEs with engagement tools", channels=LIVES, by_choice=True),
    total("lives_with_promotions", "LIVEs with promotions", channels=LIVES, by_choice=True),
)
