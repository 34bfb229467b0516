"""What can happen to a shop, what can be wrong with it, and what happens to everyone.

A cause moves *levers*: what a seller (or the market) does, never what is measured. A lever stands
at its usual level times one plus `gain × strength` for every cause at work. Weaknesses have
no first day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from shopace.core.vocabulary.channels import Channel
from shopace.service.simulate.draws import Draws, Floats

TEMPORARY, WEAKNESS, MARKET = "temporary", "weakness", "market"

_SUFFERING_SHARE = 0.28
_WEAK_SHARE = 0.36
_SECOND_WEAKNESS_SHARE = 0.4
_RECENT_SHARE = 0.75
_RECENT_DAYS = (5, 10)
"""Most temporary causes begin so many days before the end: the last seven days show them."""
_CALM_DAYS = 28
"""Nothing begins before: the first weeks stand in for the time before the facts."""
_PAST_DAYS = (7, 21)
"""The others are over after so many days, unless the facts end first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    key: str
    kind: str
    story: str
    moves: Mapping[str, float]
    """Lever → gain: the lever is multiplied by 1 + gain × strength."""
    strength: tuple[float, float] = (0.6, 1.0)
    needs: str | None = None
    """What a shop must have to suffer it: a channel, `affiliates` or `ads`."""
    at_once: bool = False
    """Strikes on its first day; what follows is the consequence."""

    @property
    def channel(self) -> Channel:
        return _CHANNEL_OF.get(self.needs or "", Channel.SHOP)


_CHANNEL_OF = {
    "seller_video": Channel.SELLER_VIDEO,
    "seller_live": Channel.SELLER_LIVE,
    "affiliates": Channel.CREATOR_CONTENT,
}


_happens = partial(Cause, kind=TEMPORARY)
_lasts = partial(Cause, kind=WEAKNESS)

_TEMPORARY = (
    _happens(key="stock_out", story="best sellers run out of stock", moves={"in_stock": -0.7}),
    _happens(
        key="videos_stopped",
        story="the seller posts no videos any more",
        moves={"video_posts": -1.0},
        strength=(0.8, 1.0),
        needs="seller_video",
    ),
    _happens(
        key="video_hold_lost",
        story="new videos do not hold their viewers",
        moves={"video_hold": -0.55},
        needs="seller_video",
    ),
    _happens(
        key="lives_stopped",
        story="the seller does not go LIVE any more",
        moves={"live_presence": -1.0},
        strength=(0.8, 1.0),
        needs="seller_live",
    ),
    _happens(
        key="live_hold_lost",
        story="viewers leave the LIVEs early",
        moves={"live_hold": -0.55},
        needs="seller_live",
    ),
    _happens(
        key="ad_budget_cut",
        story="the ad budget is cut",
        moves={"ad_budget": -1.0},
        strength=(0.6, 0.95),
        needs="ads",
    ),
    _happens(
        key="ad_fatigue",
        story="worn-out ads bring fewer sales",
        moves={"ad_pull": -0.7},
        needs="ads",
    ),
    _happens(
        key="handling_slowed", story="orders take longer to leave", moves={"handling_hours": 1.8}
    ),
    _happens(
        key="tracking_lost", story="parcels leave without valid tracking", moves={"tracking": -0.4}
    ),
    _happens(
        key="price_raised",
        story="prices go up",
        moves={"price": 0.45, "price_competitive": -0.6},
        strength=(0.5, 1),
    ),
    _happens(
        key="violations",
        story="violations are found",
        moves={"violations": 6.0},
        strength=(0.5, 1),
        at_once=True,
    ),
    _happens(
        key="creator_left",
        story="the creator who sells most leaves",
        moves={"top_creator": -1.0},
        strength=(0.8, 1.0),
        needs="affiliates",
    ),
    _happens(
        key="creators_idle",
        story="creators post less",
        moves={"creator_posts": -0.85},
        needs="affiliates",
    ),
    _happens(
        key="samples_delayed",
        story="creators wait for their samples",
        moves={"sample_hours": 4.0, "sample_approval": -0.6, "creator_posts": -0.15},
        needs="affiliates",
    ),
    _happens(
        key="listings_deactivated",
        story="the platform takes listings down",
        moves={"listings_up": -0.55},
    ),
    _happens(key="replies_slowed", story="buyers wait for replies", moves={"reply_share": -0.6}),
    _happens(
        key="after_sales_slowed",
        story="returns and claims are left lying",
        moves={"after_sales_hours": 3.0},
    ),
    _happens(key="quality_dropped", story="a bad batch is shipped", moves={"defects": 5.0}),
    _happens(
        key="coupons_ended",
        story="promotions and coupons end",
        moves={"promotions": -0.95, "coupons": -0.95},
    ),
    _happens(
        key="campaign_left_out",
        story="the shop is in no campaign any more",
        moves={"campaigns": -1.0},
        strength=(0.9, 1.0),
    ),
    _happens(
        key="pictures_changed", story="new main pictures draw fewer clicks", moves={"ctr": -0.45}
    ),
)

_WEAKNESSES = (
    _lasts(key="low_ctr", story="listings draw few clicks", moves={"ctr": -0.5}),
    _lasts(
        key="high_prices",
        story="prices are above the market's",
        moves={"price_competitive": -0.8, "ctor": -0.4},
    ),
    _lasts(
        key="poor_listings",
        story="product pages are incomplete",
        moves={"page_quality": -0.7, "ctr": -0.15, "ctor": -0.1},
    ),
    _lasts(key="narrow_assortment", story="few products on sale", moves={"assortment": -0.8}),
    _lasts(key="dead_stock", story="most products never sell", moves={"sell_through": -0.7}),
    _lasts(key="chronic_stock_outs", story="stock is always short", moves={"in_stock": -0.3}),
    _lasts(key="hero_dependence", story="sales hang on one product", moves={"hero_share": 1.4}),
    _lasts(key="poor_quality", story="products disappoint", moves={"defects": 3.5}),
    _lasts(key="slow_handling", story="orders always leave late", moves={"handling_hours": 1.0}),
    _lasts(key="slow_replies", story="buyers always wait for replies", moves={"reply_share": -0.4}),
    _lasts(
        key="slow_after_sales", story="claims always take long", moves={"after_sales_hours": 2.5}
    ),
    _lasts(
        key="own_fulfillment",
        story="hardly any product uses the platform's warehouses",
        moves={"fbt": -0.95},
    ),
    _lasts(
        key="low_commission",
        story="commission is low",
        moves={"commission": -0.6, "creators": -0.25},
        needs="affiliates",
    ),
    _lasts(
        key="closed_to_creators",
        story="few products are open to creators",
        moves={"open_collaboration": -0.85, "creators": -0.2},
        needs="affiliates",
    ),
    _lasts(
        key="few_samples",
        story="hardly any product has free samples",
        moves={"samples": -0.9, "creators": -0.15},
        needs="affiliates",
    ),
    _lasts(
        key="few_creators",
        story="few creators work with the shop",
        moves={"creators": -0.75},
        needs="affiliates",
    ),
    _lasts(
        key="one_creator",
        story="one creator makes most sales",
        moves={"top_share": 1.6},
        needs="affiliates",
    ),
    _lasts(
        key="few_videos",
        story="the seller posts few videos",
        moves={"video_posts": -0.75},
        needs="seller_video",
    ),
    _lasts(
        key="few_products_in_videos",
        story="videos show few products",
        moves={"video_cover": -0.75},
        needs="seller_video",
    ),
    _lasts(
        key="weak_videos",
        story="videos do not hold their viewers",
        moves={"video_hold": -0.55},
        needs="seller_video",
    ),
    _lasts(
        key="few_lives",
        story="the seller seldom goes LIVE",
        moves={"live_presence": -0.7},
        needs="seller_live",
    ),
    _lasts(
        key="weak_lives",
        story="LIVEs do not hold their viewers",
        moves={"live_hold": -0.55},
        needs="seller_live",
    ),
    _lasts(
        key="hardly_any_ads",
        story="next to no money goes into ads",
        moves={"ad_budget": -0.9},
        needs="ads",
    ),
    _lasts(key="low_ad_return", story="ads bring few sales", moves={"ad_pull": -0.65}, needs="ads"),
    _lasts(key="few_creatives", story="few ad creatives", moves={"creatives": -0.85}, needs="ads"),
    _lasts(key="no_campaigns", story="the shop stays out of campaigns", moves={"campaigns": -0.95}),
    _lasts(
        key="no_promotions", story="no promotions", moves={"promotions": -0.95, "coupons": -0.95}
    ),
    _lasts(key="no_free_shipping", story="buyers pay for shipping", moves={"free_shipping": -0.95}),
    _lasts(
        key="standing_violations",
        story="old violations weigh",
        moves={"old_points": 18.0, "health": -0.75},
    ),
)

_MARKET = (
    Cause(
        key="sales_festival",
        kind=MARKET,
        story="a festival lifts everyone",
        moves={"demand": 1.0},
        strength=(0.5, 0.5),
    ),
    Cause(
        key="autumn_break",
        kind=MARKET,
        story="school holidays sink everyone",
        moves={"demand": -1.0},
        strength=(0.3, 0.3),
    ),
    Cause(
        key="long_weekend",
        kind=MARKET,
        story="a long weekend sinks everyone at the end",
        moves={"demand": -1.0},
        strength=(0.28, 0.28),
    ),
)
_MARKET_DAYS = {"sales_festival": (60, 4), "autumn_break": (34, 6), "long_weekend": (4, 4)}
"""Days before the last one, and length."""

CAUSES: dict[str, Cause] = {each.key: each for each in (*_TEMPORARY, *_WEAKNESSES, *_MARKET)}
"""By key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A cause at work: `start` and `end` are days counted from the first, `end` exclusive."""

    shop: int | None
    """Index within the chunk; None: everyone."""
    cause: Cause
    start: int
    end: int
    strength: float


@dataclass(slots=True)
class Plan:
    """All causes at work in a chunk of shops."""

    shops: int
    days: int
    planted: list[Planted] = field(default_factory=list)

    def move(self, lever: str) -> Floats:
        """What the causes multiply the lever by: (shops, days), 1 where nothing does."""
        factors = np.ones((self.shops, self.days))
        for each in self.planted:
            if lever not in each.cause.moves:
                continue
            rows = slice(None) if each.shop is None else each.shop
            end = each.start + 1 if each.cause.at_once else each.end
            factors[rows, each.start : end] *= 1.0 + each.cause.moves[lever] * each.strength
        return factors


def market_events(days: int, *, only: Collection[str] | None) -> list[Planted]:
    """The market's holidays as far as they fall within the days."""
    events = []
    for cause in _MARKET:
        before, length = _MARKET_DAYS[cause.key]
        start = days - 1 - before
        if start >= 0 and (only is None or cause.key in only):
            end = min(start + length, days)
            strength = cause.strength[0]
            events.append(Planted(shop=None, cause=cause, start=start, end=end, strength=strength))
    return events


def plant(
    draws: Draws,
    has: Mapping[str, NDArray[np.bool_]],
    opened: NDArray[np.int64],
    days: int,
    *,
    only: Collection[str] | None,
) -> list[Planted]:
    """Chooses who suffers what. `only` takes causes out afterwards: who suffers what stays put."""
    planted: list[Planted] = []
    shops = opened.size
    suffers = draws.uniform("suffers", (shops,)) < _SUFFERING_SHARE
    weak = draws.uniform("weak", (shops,))
    dice = draws.uniform("cause dice", (shops, 8))
    for shop in np.flatnonzero(has["selling"]):
        roll = dice[shop]
        able = [each for each in _TEMPORARY if each.needs is None or has[each.needs][shop]]
        hit = _pick(able, roll[0])
        moved: set[str] = set()
        if suffers[shop] and days - opened[shop] > 4 * _RECENT_DAYS[1]:
            start, end = _dates(roll[1], roll[2], roll[3], int(max(opened[shop], 0)), days)
            planted.append(
                Planted(
                    shop=int(shop), cause=hit, start=start, end=end, strength=_size(hit, roll[4])
                )
            )
            moved |= set(hit.moves)
        open_to = [each for each in _WEAKNESSES if each.needs is None or has[each.needs][shop]]
        count = int(weak[shop] < _WEAK_SHARE) + int(
            weak[shop] < _WEAK_SHARE * _SECOND_WEAKNESS_SHARE
        )
        for number in range(count):
            # A lever moved twice could not be told apart: one shop, one reason per lever.
            apart = [each for each in open_to if not moved & set(each.moves)]
            cause = _pick(apart, roll[5 + number])
            moved |= set(cause.moves)
            strength = _size(cause, roll[7] if number == 0 else 1.0 - roll[7])
            planted.append(
                Planted(shop=int(shop), cause=cause, start=0, end=days, strength=strength)
            )
    return [each for each in planted if only is None or each.cause.key in only]


def _pick(causes: list[Cause], roll: float) -> Cause:
    return causes[min(int(roll * len(causes)), len(causes) - 1)]


def _size(cause: Cause, roll: float) -> float:
    low, high = cause.strength
    return round(low + (high - low) * float(roll), 3)


def _dates(recent: float, when: float, length: float, first: int, days: int) -> tuple[int, int]:
    if recent < _RECENT_SHARE:
        low, high = _RECENT_DAYS
        return days - low - int(when * (high - low + 1)), days
    low, high = _PAST_DAYS
    room = days - first - _CALM_DAYS - low
    start = first + _CALM_DAYS + int(when * room) if room > 0 else days - low
    return start, min(start + low + int(length * (high - low + 1)), days)


TRUTH_HEADER = ("shop_id", "cause", "kind", "channel", "started_on", "ended_on", "strength")


def truth_row(planted: Planted, shop_id: str, first_day: date, days: int) -> tuple[str, ...]:
    """A line of the truth table. `ended_on` is the last day; empty: still at work, or for good."""
    cause = planted.cause
    lasting = cause.kind == WEAKNESS
    started = "" if lasting else (first_day + timedelta(planted.start)).isoformat()
    over = not lasting and planted.end < days
    ended = (first_day + timedelta(planted.end - 1)).isoformat() if over else ""
    if cause.kind == MARKET:
        ended = (first_day + timedelta(planted.end - 1)).isoformat()
    strength = f"{planted.strength:g}"
    return (shop_id, cause.key, cause.kind, cause.channel.value, started, ended, strength)
