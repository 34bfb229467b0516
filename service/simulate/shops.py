"""Who the shops are: region, industry, size, channels, and the usual level of every lever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.draws import Draws, Floats

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Industry:
    key: str
    noun: str
    price: float
    """Median USD per SKU order."""
    ctr: float
    """Factor on the usual click-through rates; likewise `ctor`."""
    ctor: float
    mix: tuple[float, float, float, float, float]
    """GMV over the five channels, for a shop that has them all."""
    returns: float
    """Share of delivered orders sent back for no fault of the buyer."""
    holidays: float
    """How strongly holidays move it."""


INDUSTRIES = (
    Industry("beauty", "Beauty", 19.0, 1.1, 1.2, (0.16, 0.18, 0.34, 0.14, 0.18), 0.020, 1.1),
    Industry("womens_fashion", "Wear", 27.0, 1.2, 0.85, (0.18, 0.30, 0.20, 0.14, 0.18), 0.060, 1.2),
    Industry("home_living", "Home", 31.0, 0.9, 0.9, (0.20, 0.10, 0.30, 0.06, 0.34), 0.035, 0.9),
    Industry("electronics", "Tech", 46.0, 0.95, 0.7, (0.16, 0.12, 0.26, 0.06, 0.40), 0.045, 1.0),
    Industry(
        "sports_outdoor", "Sports", 34.0, 0.9, 0.8, (0.24, 0.10, 0.30, 0.06, 0.30), 0.040, 1.0
    ),
    Industry(
        "food_beverage", "Pantry", 22.0, 1.0, 1.35, (0.14, 0.16, 0.36, 0.10, 0.24), 0.012, 0.8
    ),
    Industry("toys_hobbies", "Toys", 24.0, 1.15, 1.0, (0.14, 0.28, 0.24, 0.10, 0.24), 0.025, 1.3),
    Industry("health", "Health", 26.0, 0.85, 1.25, (0.14, 0.10, 0.44, 0.08, 0.24), 0.018, 0.9),
)

USUAL_CTR = (0.030, 0.060, 0.034, 0.058, 0.026)
USUAL_CTOR = (0.020, 0.036, 0.024, 0.038, 0.034)

# 30-day GMV in USD of tiers 1 to 5: median, log sd, lowest, highest.
_SIZES = (
    (2_600, 1.0, 90, 11_500),
    (29_000, 0.42, 13_500, 60_000),
    (108_000, 0.3, 70_000, 185_000),
    (330_000, 0.28, 215_000, 560_000),
    (1_050_000, 0.45, 640_000, 4_500_000),
)
_TIER_SHARES = (0.07, 0.36, 0.28, 0.16, 0.09, 0.04)
_SG_SHARE = 0.15
_USD_PER_SGD = 0.75
_NEW_SHARE = 0.06
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_FIRST = (
    *(
        "Maple",
        "Juniper",
        "Harbor",
        "Copper",
        "Willow",
        "Amber",
        "Cedar",
        "Meadow",
        "Lunar",
        "Coral",
    ),
    *(
        "Velvet",
        "Aspen",
        "Saffron",
        "Indigo",
        "Marble",
        "Clover",
        "Echo",
        "Hazel",
        "Summit",
        "Tidal",
    ),
)
_SECOND = (
    *(
        "Lane",
        "Works",
        "House",
        "Corner",
        "Supply",
        "Studio",
        "Market",
        "Craft",
        "Yard",
        "Collective",
    ),
    *("Room", "Bay", "Depot", "Union", "Garden", "Loft", "Trading", "Goods", "Nook", "Street"),
)
_ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shops:
    """A chunk of shops. Arrays over shops; `mix`, `ctr`, `ctor` over shops × the five channels."""

    ids: list[str]
    names: list[str]
    regions: list[str]
    currencies: list[str]
    timezones: list[str]
    focus: list[str | None]
    industry: NDArray[np.int64]
    opened: NDArray[np.int64]
    """Day counted from the first day of the facts; before it: negative."""
    has: dict[str, Flags]
    """`selling`, `affiliates`, `ads`, and each content channel."""
    gmv_a_day: Floats
    """In the shop's own currency, at usual levels."""
    price: Floats
    mix: Floats
    ctr: Floats
    ctor: Floats
    schedule: NDArray[np.bool_]
    """(shops, 7): goes LIVE on this weekday, Monday first."""
    level: dict[str, Floats]

    def opened_on(self, first_day: date) -> list[date]:
        return [first_day + timedelta(int(each)) for each in self.opened]

    def industries(self) -> list[str]:
        return [INDUSTRIES[each].key for each in self.industry]


def shop_id(index: int, seed: int, region: str) -> str:
    """A code that says nothing about its order: a walk through all 32⁸ codes by a fixed stride."""
    size = len(_CODE) ** 8
    place = (index * 613_178_442_641 + seed * 10_007_000_003 + 402_653_189) % size
    letters = ""
    for _ in range(8):
        place, letter = divmod(place, len(_CODE))
        letters = _CODE[letter] + letters
    return f"{region}LC{letters}"


def draw_shops(draws: Draws, count: int, *, first: int, seed: int, days: int) -> Shops:
    """`count` shops, the first of them being shop number `first` of the marketplace."""
    n = (count,)
    industry = np.minimum((draws.uniform("industry", n) * len(INDUSTRIES)).astype(np.int64), 7)
    of = [INDUSTRIES[each] for each in industry]
    tier = np.searchsorted(np.cumsum(_TIER_SHARES), draws.uniform("tier", n), side="right").clip(
        0, 5
    )
    selling = tier > 0
    abroad = draws.uniform("region", n) < _SG_SHARE
    rate = np.where(abroad, _USD_PER_SGD, 1.0)

    median, sd, low, high = np.array(_SIZES)[np.maximum(tier - 1, 0)].T
    gmv_30d = np.clip(median * np.exp(draws.normal("size", n) * sd), low, high)
    price = np.array([each.price for each in of]) * draws.spread("price", n, 0.3) / rate

    # Larger shops more often have every channel.
    wide = 0.1 * (tier - 2)
    has = {
        "selling": selling,
        "seller_video": draws.uniform("has video", n) < 0.88 + wide / 2,
        "seller_live": draws.uniform("has LIVE", n) < 0.52 + wide,
        "affiliates": draws.uniform("has affiliates", n) < 0.76 + wide,
        "ads": (draws.uniform("has ads", n) < 0.6 + wide) & selling,
    }
    has["affiliate_video"] = has["affiliates"]
    has["affiliate_live"] = has["affiliates"] & (draws.uniform("creators LIVE", n) < 0.55 + wide)
    present = np.stack([has.get(each.value, np.ones(count, bool)) for each in FIVE], axis=1)
    mix = np.array([each.mix for each in of]) * draws.spread("mix", (count, 5), 0.45) * present
    mix /= mix.sum(axis=1, keepdims=True)

    skill = draws.spread("ctr", (count, 1), 0.13) * draws.spread("ctr by channel", (count, 5), 0.07)
    ctr = np.array(USUAL_CTR) * np.array([[each.ctr] for each in of]) * skill
    skill = draws.spread("ctor", (count, 1), 0.15) * draws.spread(
        "ctor by channel", (count, 5), 0.08
    )
    ctor = np.array(USUAL_CTOR) * np.array([[each.ctor] for each in of]) * skill

    new = (draws.uniform("new", n) < np.where(selling, _NEW_SHARE, 0.4)) & (days > 20)
    age = draws.uniform("age", n)
    opened = np.where(new, days - 8 - age * (days - 9), -40 - age * age * 1500).astype(np.int64)

    dice = draws.uniform("names", (count, 5))
    regions = ["SG" if each else "US" for each in abroad]
    focus = [
        ",".join(
            str(FIVE[each]) for each in sorted(np.argsort(-mix[shop])[:2]) if mix[shop, each] > 0
        )
        if dice[shop, 4] < 0.4
        else None
        for shop in range(count)
    ]
    return Shops(
        ids=[shop_id(first + each, seed, regions[each]) for each in range(count)],
        names=[
            f"{_FIRST[int(a * 20)]} {_SECOND[int(b * 20)]} {of[shop].noun}"
            for shop, (a, b) in enumerate(dice[:, :2])
        ],
        regions=regions,
        currencies=["SGD" if each else "USD" for each in abroad],
        timezones=[
            "Asia/Singapore" if abroad[shop] else _ZONES[int(dice[shop, 2] * len(_ZONES))]
            for shop in range(count)
        ],
        focus=focus,
        industry=industry,
        opened=opened,
        has=has,
        gmv_a_day=gmv_30d / 30 / rate * selling,
        price=price,
        mix=mix,
        ctr=ctr,
        ctor=ctor,
        schedule=_schedule(draws, count, tier),
        level=_levels(draws, n, tier, of),
    )


def _schedule(draws: Draws, count: int, tier: NDArray[np.int64]) -> Flags:
    """So many LIVE days a week, spread over it."""
    wanted = np.clip(np.rint(2 + 0.8 * tier + draws.normal("LIVE days", (count,), 1.0)), 1, 7)
    order = np.argsort(draws.uniform("LIVE weekdays", (count, 7)), axis=1)
    return np.argsort(order, axis=1) < wanted[:, None]


def _levels(
    draws: Draws, n: tuple[int], tier: NDArray[np.int64], of: list[Industry]
) -> dict[str, Floats]:
    """What is usual for each shop: rates, shares, hours and counts before any cause."""

    def share(name: str, usual: float, spread: float = 0.35) -> Floats:
        odds = np.log(usual / (1 - usual)) + draws.normal(f"level {name}", n, spread)
        found: Floats = 1.0 / (1.0 + np.exp(-odds))
        return found

    def about(name: str, usual: ArrayLike, spread: float = 0.2) -> Floats:
        return np.asarray(usual, np.float64) * draws.spread(f"level {name}", n, spread)

    grown = np.maximum(tier, 0.5)
    return {
        "assortment": np.maximum(np.rint(about("assortment", 22 * 1.75**tier, 0.3)), 4),
        "in_stock": share("in_stock", 0.955),
        "listings_up": share("listings_up", 0.988),
        "sell_through": share("sell_through", 0.5) * np.where(tier > 0, 1.0, 0.0),
        "new_products": about("new_products", 0.008),
        "hero_share": share("hero_share", 0.26),
        "page_quality": share("page_quality", 0.7),
        "price_competitive": share("price_competitive", 0.62),
        "over_20_reviews": share("over_20_reviews", 0.3),
        "fbt": share("fbt", 0.45),
        "defects": about("defects", 0.028, 0.22),
        "returns": about("returns", np.array([each.returns for each in of]), 0.15),
        "refunds": about("refunds", 0.035, 0.15),
        "handling_hours": about("handling_hours", 19.0, 0.14),
        "tracking": share("tracking", 0.985, 0.3),
        "reply_share": share("reply_share", 0.93),
        "after_sales_hours": about("after_sales_hours", 17.0, 0.15),
        "video_posts": about("video_posts", 0.35 * 1.5**grown, 0.35),
        "video_cover": share("video_cover", 0.42),
        "views_per_impression": about("views_per_impression", 1.7, 0.15),
        "completion": share("completion", 0.24, 0.2),
        "engagement": share("engagement", 0.042, 0.2),
        "live_session_hours": about("live_session_hours", 1.6 * 1.12**grown, 0.2),
        "viewing_seconds": about("viewing_seconds", 62.0, 0.18),
        "products_per_live": about("products_per_live", 9 * 1.2**grown, 0.25),
        "live_tools": share("live_tools", 0.6),
        "live_promotions": share("live_promotions", 0.55),
        "creators": np.maximum(np.rint(about("creators", 5 * 2.05**tier, 0.35)), 3),
        "creator_posts": share("creator_posts", 0.14, 0.2),
        "creator_lives": share("creator_lives", 0.05, 0.2),
        "creator_replies": share("creator_replies", 0.55),
        "top_share": share("top_share", 0.26, 0.3),
        "commission": share("commission", 0.14, 0.18),
        "open_collaboration": share("open_collaboration", 0.66),
        "samples": share("samples", 0.42),
        "sample_approval": share("sample_approval", 0.78),
        "sample_hours": about("sample_hours", 20.0, 0.2),
        "ad_share": share("ad_share", 0.26, 0.3),
        "roas": about("roas", 4.0, 0.18),
        "ad_used": share("ad_used", 0.88, 0.3),
        "advertised": share("advertised", 0.4),
        "creatives": about("creatives", 3.5 * 1.6**grown, 0.25),
        "campaigns_eligible": np.rint(2 + grown + draws.uniform("level eligible", n, 0, 2.5)),
        "campaigns": share("campaigns", 0.66),
        "campaign_products": share("campaign_products", 0.35),
        "campaign_share": share("campaign_share", 0.16, 0.2),
        "promotions": share("promotions", 0.52),
        "promotion_sales": share("promotion_sales", 0.42),
        "discount": share("discount", 0.16, 0.25),
        "coupons": about("coupons", 0.5, 0.25),
        "redemption": share("redemption", 0.24, 0.2),
        "free_shipping": share("free_shipping", 0.6),
        "old_points": about("old_points", 0.9, 0.6),
        "health": 205 + about("health", 95.0, 0.5),
        "followers": about("followers", 160 * 4.2**tier, 0.6),
        "noise": about("noise", 0.075, 0.3),
    }
