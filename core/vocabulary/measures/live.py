"""LIVEs of the shop and of its affiliates."""

from __future__ import annotations

from shopace.core.vocabulary.channels import LIVES
from shopace.core.vocabulary.measures.measure import total
from shopace.core.vocabulary.units import Unit

LIVE = (
    total(
        "new_lives",
        "new LIVEs",
        "LIVEs with products of the shop that began on the day.",
        channels=LIVES,
        by_choice=True,
        warehouse="LIVE sessions, by time of start",
        api="Get Shop LIVE Performance List: start_time, by account_type",
        export="Product Traffic: New Live count",
    ),
    total(
        "live_hours",
        "LIVE hours",
        "Hours of LIVEs with products of the shop, on the day the LIVE began.",
        unit=Unit.HOURS,
        channels=LIVES,
        warehouse="LIVE sessions, by time of start: hours to the end",
        api="Get Shop LIVE Performance List: end_time − start_time",
    ),
    total(
        "live_days",
        "days with a LIVE",
        "1 on a day on which a LIVE with products of the shop began, else 0.",
        channels=LIVES,
        by_choice=True,
        warehouse="LIVE sessions, by time of start",
        api="Get Shop LIVE Performance List: start_time",
    ),
    total(
        "live_products_shown",
        "products shown, all LIVEs",
        "Products pinned or presented, summed over the LIVEs that began on the day.",
        channels=LIVES,
        by_choice=True,
        warehouse="products of LIVE sessions, by time of start",
        api="Get Shop LIVE Performance List: products_added",
    ),
    total(
        "live_views",
        "LIVE views",
        "Times that somebody entered a LIVE, each time counted.",
        channels=LIVES,
        warehouse="events: LIVE entered",
        api="Get Shop LIVE Performance List: views (own accounts)",
    ),
    total(
        "live_impressions",
        "LIVE impressions",
        "Times that a LIVE was shown to somebody, entered or not.",
        channels=LIVES,
        warehouse="events: LIVE shown",
    ),
    total(
        "live_viewing_seconds_total",
        "viewing seconds, all LIVE views",
        "Seconds watched, summed over all views of the LIVEs.",
        unit=Unit.SECONDS,
        channels=LIVES,
        warehouse="events: LIVE entered and left, seconds between",
        api="Get Shop LIVE Performance List: avg_viewing_duration × views (own accounts)",
    ),
    total(
        "live_comments",
        "LIVE comments",
        "Comments that viewers wrote in the LIVEs.",
        channels=LIVES,
        warehouse="events: comment in a LIVE",
        api="Get Shop LIVE Performance List: comments (own accounts)",
    ),
    total(
        "live_new_followers",
        "new followers from LIVEs",
        "Viewers who began to follow the host during the LIVEs.",
        channels=LIVES,
        warehouse="events: follow in a LIVE",
        api="Get Shop LIVE Performance List: new_followers (own accounts)",
    ),
    total(
        "lives_with_tools",
        "LIVEs with engagement tools",
        "Of the LIVEs begun on the day, those with a poll, a draw or a similar tool.",
        channels=LIVES,
        by_choice=True,
        warehouse="LIVE sessions with a tool in use, by time of start",
    ),
    total(
        "lives_with_promotions",
        "LIVEs with promotions",
        "Of the LIVEs begun on the day, those with a promotion of the shop.",
        channels=LIVES,
        by_choice=True,
        warehouse="LIVE sessions with a promotion, by time of start",
    ),
)
