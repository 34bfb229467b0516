"""From levers to facts: a small causal model of shops over days and channels.

What a seller does (posts, LIVEs, creators, ads, campaigns, stock, listings) makes product
impressions; impressions make clicks, clicks SKU orders, SKU orders money; orders make parcels,
questions, returns and reviews; those make the scores. Every count is drawn.

Arrays are (shops, days), by channel (shops, days, 5) in the order of `FIVE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.causes import Plan
from shopace.service.simulate.draws import Draws, Floats
from shopace.service.simulate.shops import INDUSTRIES, Shops

SELLER_VIDEO, SELLER_LIVE, AFFILIATE_VIDEO, AFFILIATE_LIVE, SHOP_TAB = range(5)
_WEEK = (0.95, 0.94, 0.95, 0.98, 1.05, 1.08, 1.05)
"""Monday first; the mean is 1."""
_MISSING = np.nan


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
        whole = np.full((*self.shape, len(FIVE)), _MISSING)
        for channel, values in by_channel.items():
            whole[:, :, channel] = values
        self.channel[measure] = whole


def live_through(world: World) -> None:
    """Fills `world.shop` and `world.channel`, stage by stage, causes first."""
    _violations(world)
    _assortment(world)
    _creators(world)
    pull = _content(world) * _support(world)
    _sales(world, pull)
    _whole_shop(world)
    _video_and_live(world)
    _ads_and_promotions(world)
    _parcels(world)
    _questions_and_returns(world)
    _score(world)
    _listings_at_risk(world)


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


def _existed(world: World) -> Floats:
    return np.maximum(-world.shops.opened[:, None], 0).astype(np.float64)


def _violations(world: World) -> None:
    """Violations, what they cost on the region's ladder, and what they hold up."""
    shop, draws = world.shop, world.draws
    planted = world.move("violations") - 1.0
    chance = draws.poisson("violations", np.full(world.shape, 0.003))
    found = chance + np.floor(planted + (planted > 0) * 0.5)
    shop["new_violations"] = found
    kinds = ("products", "logistics", "service", "after_sales", "rules", "other")
    main = (draws.uniform("violation kind", (world.shape[0], 1)) * 5).astype(np.int64)
    stays = 0.5 ** (1 / 25)
    standing = np.rint(
        world.now("old_points") / 5 + draws.normal("standing", (world.shape[0], 1), 0.2)
    )
    open_ = found.copy()
    open_[:, 0] += np.maximum(standing[:, 0], 0)
    for day in range(1, world.days):
        open_[:, day] += open_[:, day - 1] * stays
    for number, kind in enumerate(kinds):
        part = np.where(main == number, 0.8, 0.04)
        shop[f"open_violations_{kind}"] = np.rint(open_ * part)
    shop["fraud_violations"] = np.zeros(world.shape) + (
        draws.uniform("fraud", (world.shape[0], 1)) < 0.004
    )
    recent = rolling(found, 30, _existed(world) * 0)
    shop["appealable_violations"] = recent
    last = np.maximum.accumulate(np.where(found > 0, np.arange(world.days), -99), axis=1)
    left = 30.0 - (np.arange(world.days) - last)
    shop["appeal_days_left"] = np.where(recent > 0, np.maximum(left, 0), _MISSING)

    # Two ladders: penalty points that add up and end, or a rating that falls and is earned back.
    each = np.rint(draws.uniform("points each", (world.shape[0], 1), 3, 7))
    old = np.rint(world.now("old_points"))
    ends = draws.uniform("points end", (world.shape[0], 1), 5, 150)
    age = np.arange(world.days)
    old = np.where(age < ends, old, np.floor(old / 3))
    points = np.minimum(old + np.cumsum(found, axis=1) * each, 60)
    ending = np.where((ends - age <= 30) & (age < ends), old - np.floor(old / 3), 0.0)
    earned = draws.uniform("goodwill", (world.shape[0], 1), 0.0, 0.4) * age
    rating = np.clip(
        np.rint(world.now("health") + earned) - np.cumsum(found, axis=1) * each * 7, 0, 1000
    )
    by_points = np.array([region == "GB" for region in world.shops.regions])[:, None]
    shop["penalty_points"] = np.where(by_points, points, _MISSING)
    shop["penalty_points_ending_30d"] = np.where(by_points, ending, _MISSING)
    shop["health_rating"] = np.where(by_points, _MISSING, rating)


def _held_up(world: World) -> Floats:
    """Where points or rating stand badly, the platform shows the shop less."""
    points, rating = world.shop["penalty_points"], world.shop["health_rating"]
    return np.where((points >= 12) | (rating <= 150), 0.9, 1.0)


def _assortment(world: World) -> None:
    shop, draws = world.shop, world.draws
    listings = world.now("assortment")
    shop["new_products"] = draws.poisson("new products", listings * world.usual("new_products"))
    listings = np.maximum(np.rint(listings + np.cumsum(shop["new_products"], axis=1) * 0.3), 3)
    shop["all_listings"] = listings
    up = np.clip(world.now("listings_up"), 0.02, 1.0)
    down = draws.gauge("down", listings, 1.0 - up)
    shop["suspended_listings"] = draws.gauge("suspended", down, 0.15)
    shop["deactivated_listings"] = down - shop["suspended_listings"]
    shop["listings_in_review_long"] = draws.gauge("in review", listings - down, 0.006)
    active = listings - down - shop["listings_in_review_long"]
    shop["active_products"] = active
    shop["attention_listings"] = draws.gauge("attention", active, 0.02 + 0.3 * (1 - up))
    shop["listings_unqualified"] = draws.gauge("unqualified", active, 0.004)
    in_stock = np.clip(world.now("in_stock"), 0.02, 1.0)
    shop["out_of_stock_products"] = draws.gauge("out of stock", active, 1.0 - in_stock)
    shop["low_stock_products"] = draws.gauge(
        "low stock", active - shop["out_of_stock_products"], 0.06 + 0.25 * (1.0 - in_stock)
    )
    # Sales of 30 days forget slowly what stock and listings lose at once.
    sells = world.now("sell_through") * smooth(in_stock * up / world.usual("in_stock"), 20)
    shop["products_with_sales_30d"] = draws.gauge("with sales", active, sells)
    quality = np.clip(world.now("page_quality"), 0.02, 0.97)
    good = draws.gauge("good", active, quality)
    shop["listings_good"] = good
    shop["listings_fair"] = draws.gauge("fair", active - good, 0.7)
    shop["listings_poor"] = active - good - shop["listings_fair"]
    shop["complete_product_pages"] = draws.gauge("complete", active, 0.1 + 0.88 * quality)
    price = world.now("price_competitive")
    shop["price_competitive_products"] = draws.gauge("competitive", active, price)
    shop["products_over_20_reviews"] = draws.gauge(
        "reviewed", active, world.usual("over_20_reviews") * world.has("selling")
    )
    fbt = world.now("fbt")
    shop["fbt_products"] = draws.gauge("fbt", active, fbt)
    shop["promoted_products"] = draws.gauge("promoted", active, world.now("promotions"))
    shop["free_shipping_products"] = draws.gauge(
        "free shipping", active, world.now("free_shipping")
    )
    # The part of the assortment that each channel shows.
    creators = world.has("affiliates")
    cover = {
        SELLER_VIDEO: world.now("video_cover") * world.has("seller_video"),
        SELLER_LIVE: 0.3 * world.has("seller_live"),
        AFFILIATE_VIDEO: 0.7 * world.now("open_collaboration") * creators,
        AFFILIATE_LIVE: 0.3 * world.now("open_collaboration") * world.has("affiliate_live"),
    }
    shown = {each: draws.gauge(f"shown {each}", active, part) for each, part in cover.items()}
    world.put("active_products", {**shown, SHOP_TAB: active})
    world.put(
        "out_of_stock_products",
        {
            **{e: draws.gauge(f"out {e}", of, 1.0 - in_stock) for e, of in shown.items()},
            SHOP_TAB: shop["out_of_stock_products"],
        },
    )
    world.put("fbt_products", {e: draws.gauge(f"fbt {e}", of, fbt) for e, of in shown.items()})
    world.put("products_with_video", {SELLER_VIDEO: shown[SELLER_VIDEO]})


def _creators(world: World) -> None:
    """The creators: how many, what they are offered, how many post."""
    shop, draws = world.shop, world.draws
    shape, with_ = world.shape, world.has("affiliates")
    active = shop["active_products"]
    leaves = 1.0 - world.move("top_creator")
    grown = np.linspace(0.97, 1.03, world.days)
    wanted = world.usual("creators") * smooth(world.move("creators"), 10) * grown
    creators = np.maximum(np.rint(wanted) - np.rint(leaves), 0) * with_
    shop["collaborating_creators"] = creators
    posts = world.now("creator_posts")
    videos = draws.binomial("creators posting videos", creators, np.clip(posts, 0, 0.95))
    goes_live = world.has("affiliate_live")
    chance = world.now("creator_lives") * world.move("creator_posts") * goes_live
    lives = draws.binomial("creators going LIVE", creators, np.clip(chance, 0, 0.95))
    shop["creators_posted"] = np.maximum(videos, lives) + np.rint(np.minimum(videos, lives) * 0.6)
    world.put("creators_posted", {AFFILIATE_VIDEO: videos, AFFILIATE_LIVE: lives})
    offered = draws.gauge("open collaboration", active, world.now("open_collaboration")) * with_
    shop["open_collaboration_products"] = offered
    shop["collaboration_products"] = (
        offered + draws.gauge("targeted", active - offered, 0.15) * with_
    )
    shop["free_sample_products"] = draws.gauge("samples", active, world.now("samples")) * with_
    wobble = 1.0 + draws.walk("commission", shape, 0.97, 0.01)
    rate = np.clip(world.now("commission") * wobble, 0.01, 0.6)
    shop["average_commission_rate"] = np.where(with_ > 0, np.round(rate, 4), _MISSING)
    asked = draws.poisson(
        "sample requests", (0.15 + creators * 0.035) * smooth(world.move("samples"), 3) * with_
    )
    shop["sample_requests"] = asked
    approved = draws.binomial("approved", asked, np.clip(world.now("sample_approval"), 0, 0.99))
    shop["sample_requests_approved"] = approved
    shop["sample_approval_hours_total"] = np.round(
        approved * world.now("sample_hours") * draws.spread("approval hours", shape, 0.1), 2
    )
    shop["creators_sampled"] = draws.binomial("sampled", counted_before(approved, 3), 0.95)
    invited = draws.poisson("invitations", (0.3 + creators * 0.05) * with_)
    shop["creator_invitations"] = invited
    accepts = 0.16 * world.move("commission") ** 0.7
    accepted = draws.binomial("accepted", invited, np.clip(accepts, 0, 1))
    shop["creator_invitations_accepted"] = accepted
    shop["new_creators"] = accepted + draws.poisson("arrivals", creators * 0.004)
    shop["creators_with_sales_30d"] = draws.gauge(
        "creators with sales", creators, 0.38 * world.move("creator_posts") ** 0.2
    )
    shop["high_gmv_creators"] = draws.gauge("high GMV creators", creators, 0.08)
    month = np.minimum(0.75 * smooth(world.move("creator_posts"), 12) ** 0.5, 0.95)
    posted = draws.gauge("posted in 30 days", creators, month)
    shop["creators_posted_30d"] = np.maximum(posted, shop["creators_posted"])
    again = np.minimum(0.62 * smooth(world.move("creator_posts"), 12) ** 0.3, 0.95)
    shop["repeat_posting_creators"] = draws.gauge("posting again", posted, again)
    written = draws.poisson("messages", (0.4 + creators * 0.08) * with_)
    shop["creator_messages"] = written
    shop["creator_replies"] = draws.binomial("replies", written, world.usual("creator_replies"))


def _top_share(world: World) -> Floats:
    """Share of the affiliates' GMV that hangs on the creator who sells most."""
    return np.clip(world.usual("top_share") * world.move("top_share"), 0.02, 0.85)


def _content(world: World) -> Floats:
    """Posts and LIVEs, and how much they pull: 1 is usual, (shops, days, 5)."""
    draws, shape = world.draws, world.shape
    posts = draws.poisson("posts", world.now("video_posts") * world.has("seller_video"))
    made = draws.poisson("affiliate videos", world.channel["creators_posted"][:, :, 2] * 1.2)
    world.put("new_videos", {SELLER_VIDEO: posts, AFFILIATE_VIDEO: made})
    world.put("posting_days", {SELLER_VIDEO: np.minimum(posts, 1.0)})
    shoppable = draws.binomial("shoppable", posts, 0.86)
    world.put("shoppable_videos", {SELLER_VIDEO: shoppable})

    weekdays = (world.first_day.weekday() + np.arange(world.days)) % 7
    planned = world.shops.schedule[:, weekdays] * world.has("seller_live")
    comes = draws.uniform("comes", shape) < 0.95 * world.move("live_presence")
    sessions = planned * comes * (1 + (draws.uniform("second LIVE", shape) < 0.06))
    hours = sessions * world.usual("live_session_hours") * draws.spread("LIVE hours", shape, 0.12)
    hours = np.round(hours, 2)
    shows = world.channel["creators_posted"][:, :, 3]
    aff_hours = np.round(shows * 1.8 * draws.spread("affiliate LIVE hours", shape, 0.2), 2)
    world.put("new_lives", {SELLER_LIVE: sessions, AFFILIATE_LIVE: shows})
    world.put("live_hours", {SELLER_LIVE: hours, AFFILIATE_LIVE: aff_hours})
    world.put(
        "live_days",
        {SELLER_LIVE: np.minimum(sessions, 1.0), AFFILIATE_LIVE: np.minimum(shows, 1.0)},
    )

    pull = np.ones((*shape, len(FIVE)))
    pull[:, :, SELLER_VIDEO] = 0.15 + 0.85 * smooth(world.move("video_posts"), 2)
    pull[:, :, SELLER_VIDEO] *= smooth(world.move("video_hold"), 1) ** 0.8
    usual_hours = world.shops.schedule.mean(axis=1)[:, None] * 0.95 * 1.06
    usual_hours = usual_hours * world.usual("live_session_hours")
    pull[:, :, SELLER_LIVE] = 0.02 + 0.98 * hours / usual_hours
    pull[:, :, SELLER_LIVE] *= world.move("live_hold") ** 0.8
    stays = 1.0 - _top_share(world) * (1.0 - world.move("top_creator"))
    creators = (smooth(world.move("creators"), 10) * world.move("creator_posts")) ** 0.8
    creators = smooth(creators, 2) * stays
    pull[:, :, AFFILIATE_VIDEO] = creators
    pull[:, :, AFFILIATE_LIVE] = creators
    return pull


def _support(world: World) -> Floats:
    """What else makes impressions: stock, listings, ads, campaigns, standing; (shops, days, 5)."""
    in_stock = np.clip(world.now("in_stock"), 0, 1) / world.usual("in_stock")
    up = np.clip(world.now("listings_up"), 0, 1) / world.usual("listings_up")
    common = (0.35 + 0.65 * in_stock) * up**0.9 * world.move("assortment") ** 0.3
    share = world.usual("campaign_share")
    common = common * (1.0 - share + share * world.move("campaigns")) * _held_up(world)
    ads = world.usual("ad_share") * world.has("ads")
    boost = world.move("ad_budget") * world.move("ad_pull")
    reach = np.array([1.0, 1.0, 0.5, 0.5, 1.0])
    pull: Floats = common[:, :, None] * (1.0 + reach * (ads * (boost - 1.0))[:, :, None])
    return pull


def _demand(world: World) -> Floats:
    """What nobody in a shop decides: weekday, holidays, growth, chance; (shops, days, 5)."""
    draws, (n, days) = world.draws, world.shape
    weekday = np.array(_WEEK)[(world.first_day.weekday() + np.arange(days)) % 7]
    sensitive = np.array([INDUSTRIES[each].holidays for each in world.shops.industry])[:, None]
    market = 1.0 + (world.plan.move("demand") - 1.0) * sensitive
    slope = draws.normal("growth", (n, 1), 0.012) + 0.004
    age = np.arange(days) - world.shops.opened[:, None]
    starts = np.clip(age / 21.0, 0.0, 1.0)
    growth = np.exp(slope * (np.arange(days) - days + 15) / 7) * starts
    noise = world.usual("noise")
    own = np.exp(draws.walk("shop noise", (n, days), 0.5) * noise)
    chance = np.exp(draws.normal("channel noise", (n, days, 5)) * (1.4 * noise)[:, :, None])
    wanted: Floats = (weekday * market * growth * own)[:, :, None] * chance
    return wanted


def _sales(world: World, pull: Floats) -> None:
    """Impressions, clicks, carts, orders and money, by channel and for the shop."""
    shops, draws = world.shops, world.draws
    channel, shape = world.channel, (*world.shape, len(FIVE))
    price = shops.price[:, None] * world.move("price")
    quality = smooth(world.move("defects"), 6)
    in_stock = np.clip(world.now("in_stock"), 0, 1) / world.usual("in_stock")
    ctr = world.move("ctr") * world.move("price") ** -0.3 * world.move("page_quality") ** 0.1
    ctor = world.move("ctor") * world.move("price") ** -1.3 * in_stock**0.6
    ctor = ctor * (1.0 - 0.45 * world.usual("promotions") * (1.0 - world.move("promotions")))
    ctor = ctor * np.maximum(1.0 - 0.05 * (quality - 1.0), 0.5)
    ctor = ctor * (1.0 - 0.12 * (1.0 - world.move("reply_share")))
    ctr = shops.ctr[:, None, :] * ctr[:, :, None] * draws.spread("ctr day", shape, 0.03)
    ctor = shops.ctor[:, None, :] * ctor[:, :, None] * draws.spread("ctor day", shape, 0.04)
    target = np.where(world.has("selling") > 0, shops.gmv_a_day[:, None], 6.0)
    usual = target * shops.mix / (shops.price[:, None] * shops.ctor * shops.ctr)
    seen = draws.poisson("impressions", usual[:, None, :] * pull * _demand(world))
    channel["product_impressions"] = seen
    channel["unique_product_impressions"] = draws.binomial("unique impressions", seen, 0.68)
    clicks = draws.binomial("clicks", seen, np.minimum(ctr, 0.5))
    channel["product_clicks"] = clicks
    channel["unique_product_clicks"] = np.minimum(
        draws.binomial("unique clicks", clicks, 0.86), channel["unique_product_impressions"]
    )
    sold = draws.binomial("sku orders", clicks, np.minimum(ctor, 0.5))
    sold = sold * world.has("selling")[:, :, None]
    channel["sku_orders"] = sold
    carts = draws.binomial("carts", clicks, np.minimum(0.03 + 2.2 * ctor, 0.8))
    channel["add_to_carts"] = carts
    channel["add_to_cart_users"] = np.minimum(
        np.maximum(draws.binomial("cart users", carts, 0.84), carts > 0),
        channel["unique_product_clicks"],
    )
    orders = np.maximum(sold - draws.binomial("joined orders", sold, 0.1), sold > 0)
    channel["orders"] = orders
    customers = np.maximum(draws.binomial("customers", orders, 0.97), orders > 0)
    channel["est_customers"] = customers
    channel["unique_buyers"] = np.minimum(
        draws.binomial("buyers", customers, 0.985), channel["unique_product_clicks"]
    )
    channel["items_sold"] = sold + draws.poisson("more items", sold * 0.18)
    each = price[:, :, None] * np.exp(draws.normal("basket", shape, 0.5) / np.sqrt(sold + 1))
    channel["gmv"] = np.round(sold * each, 2)


def _whole_shop(world: World) -> None:
    """Sales of all channels together, and what hangs on one product, one creator, one campaign."""
    shops, shop, draws, channel = world.shops, world.shop, world.draws, world.channel
    for additive in (
        *("product_impressions", "product_clicks", "add_to_carts", "orders", "sku_orders"),
        *("items_sold", "gmv"),
    ):
        shop[additive] = np.round(channel[additive].sum(axis=2), 2)
    for unique, of in (
        ("unique_product_impressions", "product_impressions"),
        ("unique_product_clicks", "product_clicks"),
        ("add_to_cart_users", "add_to_carts"),
        ("est_customers", "orders"),
        ("unique_buyers", "orders"),
    ):
        # Somebody who came through two channels is counted once.
        total, most = channel[unique].sum(axis=2), channel[unique].max(axis=2)
        twice = draws.binomial(f"twice {unique}", np.minimum(total - most, most), 0.12)
        shop[unique] = np.minimum(total - twice, shop[of])
    shop["unique_buyers"] = np.minimum(shop["unique_buyers"], shop["est_customers"])
    looked = draws.poisson("profile visits", 0.25 * shop["unique_product_clicks"] + 0.5)
    shop["visitors"] = shop["unique_product_clicks"] + looked
    tax = np.where(np.array(shops.regions) == "GB", 0.2, 0.07)[:, None]
    shop["tax"] = np.round(shop["gmv"] * tax, 2)
    shop["gmv_with_tax"] = np.round(shop["gmv"] + shop["tax"], 2)
    paid = 0.02 * world.now("campaigns") * shop["gmv"]
    shop["gmv_with_cofunding"] = np.round(shop["gmv"] + paid, 2)
    paying = 1.0 - np.clip(world.now("free_shipping"), 0, 1)
    shop["shipping_fees"] = np.round(shop["orders"] * 4.2 * paying, 2)
    best = np.clip(world.now("hero_share") * draws.spread("hero day", world.shape, 0.1), 0, 0.95)
    shop["hero_product_gmv"] = np.round(shop["gmv"] * best, 2)
    affiliate = channel["gmv"][:, :, AFFILIATE_VIDEO] + channel["gmv"][:, :, AFFILIATE_LIVE]
    top, left = _top_share(world), world.move("top_creator")
    second = 0.45 * np.minimum(top, 1.0 - top)
    base = 1.0 - top * (1.0 - left)
    first = np.clip(np.maximum(top * left, second) / base, 0, 0.97)
    first = np.clip(first * draws.spread("top day", world.shape, 0.06), 0, 0.97)
    third = np.clip(first + (1.0 - first) * 0.42, 0, 1)
    shop["affiliate_gmv_top_creator"] = np.round(affiliate * first, 2)
    shop["affiliate_gmv_top3_creators"] = np.round(affiliate * third, 2)
    campaign = world.now("campaigns") / 0.66 * world.usual("campaign_share")
    shop["campaign_gmv"] = np.round(
        shop["gmv"] * np.clip(campaign * draws.spread("campaign day", world.shape, 0.1), 0, 0.8),
        2,
    )


def _video_and_live(world: World) -> None:
    """How content is watched."""
    draws, channel, shape = world.draws, world.channel, world.shape
    hold = {SELLER_VIDEO: smooth(world.move("video_hold"), 1), AFFILIATE_VIDEO: np.ones(shape)}
    names = ("video_views", "video_completed_views", "video_engagements", "video_clicks")
    found: dict[str, dict[int, Floats]] = {
        name: {} for name in (*names, "videos_with_sales", "live_videos")
    }
    for at, holds in hold.items():
        made = channel["new_videos"][:, :, at]
        clicks, seen = channel["product_clicks"][:, :, at], channel["product_impressions"][:, :, at]
        per = world.usual("views_per_impression")
        found["video_views"][at] = draws.poisson(f"views {at}", seen * per)
        views = found["video_views"][at]
        ends = np.clip(world.usual("completion") * holds**0.8, 0.01, 0.9)
        found["video_completed_views"][at] = draws.binomial(f"completed {at}", views, ends)
        likes = np.clip(world.usual("engagement") * holds**0.6, 0.001, 0.5)
        found["video_engagements"][at] = draws.binomial(f"engaged {at}", views, likes)
        found["video_clicks"][at] = np.minimum(draws.binomial(f"vclicks {at}", clicks, 0.97), views)
        watched = np.maximum(np.rint(smooth(made, 8) * 11), made) * (seen > 0)
        found["live_videos"][at] = watched
        sold = channel["sku_orders"][:, :, at]
        found["videos_with_sales"][at] = np.minimum(
            np.ceil(watched * (1 - np.exp(-sold * 0.6 / np.maximum(watched, 1)))), sold
        )
        found["videos_with_sales"][at] = np.minimum(found["videos_with_sales"][at], watched)
    for name, values in found.items():
        world.put(name, values)
    flagged = draws.gauge(
        "flagged videos", np.rint(smooth(channel["new_videos"][:, :, 0], 8) * 20), 0.01
    )
    world.put("videos_with_violations", {SELLER_VIDEO: flagged})

    watch = {SELLER_LIVE: world.move("live_hold"), AFFILIATE_LIVE: np.ones(shape)}
    out: dict[str, dict[int, Floats]] = {
        name: {}
        for name in (
            *("live_views", "live_impressions", "live_viewing_seconds_total", "live_comments"),
            *("live_new_followers", "live_products_shown", "lives_with_tools"),
            "lives_with_promotions",
        )
    }
    for at, holds in watch.items():
        lives, seen = channel["new_lives"][:, :, at], channel["product_impressions"][:, :, at]
        views = draws.poisson(f"live views {at}", seen * 0.45 * (lives > 0))
        out["live_views"][at] = views
        out["live_impressions"][at] = views + draws.poisson(f"live seen {at}", views * 3.5)
        stay = world.usual("viewing_seconds") * holds * draws.spread(f"stay {at}", shape, 0.05)
        out["live_viewing_seconds_total"][at] = np.rint(views * stay)
        out["live_comments"][at] = draws.poisson(f"comments {at}", views * 0.05 * holds**0.7)
        out["live_new_followers"][at] = draws.binomial(f"follows {at}", views, 0.006 * holds)
        shown = lives * world.usual("products_per_live") * draws.spread(f"shows {at}", shape, 0.1)
        out["live_products_shown"][at] = np.rint(shown)
        out["lives_with_tools"][at] = draws.binomial(
            f"tools {at}", lives, world.usual("live_tools")
        )
        with_promotions = np.clip(world.usual("live_promotions") * world.move("promotions"), 0, 1)
        out["lives_with_promotions"][at] = draws.binomial(f"promos {at}", lives, with_promotions)
    for name, values in out.items():
        world.put(name, values)
    gained = np.nansum(channel["live_new_followers"], axis=2)
    gained = gained + draws.poisson("followers", 0.01 * world.shop["unique_product_clicks"])
    world.shop["followers"] = np.rint(world.usual("followers") + np.cumsum(gained, axis=1))


def _ads_and_promotions(world: World) -> None:
    shop, draws, shape = world.shop, world.draws, world.shape
    active, ads = shop["active_products"], world.has("ads")
    share = world.usual("ad_share") * ads
    plan = world.shops.gmv_a_day[:, None] * share / world.usual("roas")
    age = np.arange(world.days) - world.shops.opened[:, None]
    budget = plan * world.move("ad_budget") * (age >= 0) / world.usual("ad_used")
    budget = np.round(budget * draws.spread("budget", (shape[0], 1), 0.05), 0)
    shop["ad_budget"] = budget
    used = np.clip(world.usual("ad_used") * draws.spread("budget used", shape, 0.05), 0, 1)
    shop["ad_spend"] = np.round(budget * used, 2)
    bought = share * world.move("ad_budget") * world.move("ad_pull")
    bought = bought / (1.0 - share + bought)
    orders = draws.binomial("ad orders", shop["sku_orders"], np.clip(bought, 0, 1) * (budget > 0))
    shop["ad_sku_orders"] = orders
    worth = np.divide(
        shop["gmv"], shop["sku_orders"], where=shop["sku_orders"] > 0, out=np.zeros(shape)
    )
    worth = worth * draws.spread("ad basket", shape, 0.05)
    shop["ad_gmv"] = np.minimum(np.round(orders * worth, 2), shop["gmv"])
    creatives = (
        np.rint(world.now("creatives") * (1 + draws.walk("creatives", shape, 0.95, 0.05))) * ads
    )
    shop["ad_creatives"] = np.maximum(creatives, 0)
    parts = {SELLER_VIDEO: 0.5, SELLER_LIVE: 0.1, AFFILIATE_VIDEO: 0.35, AFFILIATE_LIVE: 0.05}
    world.put("ad_creatives", {at: np.floor(creatives * part) for at, part in parts.items()})
    wide = world.usual("advertised") * np.clip(world.move("ad_budget"), 0.02, 1) ** 0.5 * ads
    shop["advertised_products"] = draws.gauge("advertised", active, wide)

    eligible = world.now("campaigns_eligible")
    shop["campaigns_eligible"] = eligible
    shop["campaigns_joined"] = np.minimum(np.rint(eligible * world.now("campaigns")), eligible)
    joined = world.usual("campaign_products") * world.move("campaigns")
    shop["campaign_products"] = draws.gauge("enrolled", active, joined)
    reach = np.clip(world.usual("promotion_sales") * world.move("promotions"), 0, 0.9)
    sold = np.clip(reach * draws.spread("promotion day", shape, 0.06), 0, 0.95)
    shop["promotion_gmv"] = np.round(shop["gmv"] * sold, 2)
    depth = np.clip(world.usual("discount") * draws.spread("depth day", shape, 0.04), 0.01, 0.7)
    shop["list_price_gmv"] = np.round(shop["promotion_gmv"] / (1.0 - depth), 2)
    shop["discount_amount"] = np.round(shop["list_price_gmv"] - shop["promotion_gmv"], 2)
    shop["flash_deals"] = np.rint(2.2 * world.move("promotions") * world.usual("promotions"))
    issued = draws.poisson("coupons", shop["orders"] * world.now("coupons"))
    shop["coupons_issued"] = issued
    shop["coupons_redeemed"] = np.minimum(
        draws.binomial("redeemed", issued, world.usual("redemption")), shop["orders"]
    )


def _late_share(hours: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-(hours - 44.0) / 7.0))


def _parcels(world: World) -> None:
    """Orders become parcels, two days later due for dispatch, six days later for delivery."""
    shop, draws, shape = world.shop, world.draws, world.shape
    hours = world.now("handling_hours") * draws.spread("handling day", shape, 0.06)
    late = _late_share(hours)
    in_stock = np.clip(world.now("in_stock"), 0, 1)
    placed = counted_before(shop["orders"], 1)
    no_stock = np.clip(0.003 + 0.12 * (world.usual("in_stock") - in_stock), 0, 1)
    gone = draws.binomial("no stock", placed, no_stock)
    other = draws.binomial("other cancellations", placed - gone, 0.006 + 0.03 * late)
    shop["out_of_stock_cancellations"] = gone
    shop["seller_fault_cancellations"] = gone + other
    due = counted_before(placed - gone - other, 1)
    shop["dispatch_due_orders"] = due
    shop["late_dispatched_orders"] = draws.binomial("late", due, late)
    shop["shipped_orders"] = due
    shop["handling_hours_total"] = np.round(due * hours, 2)
    known = np.clip(world.now("tracking"), 0.02, 0.999)
    shop["valid_tracking_orders"] = draws.binomial("tracking", due, known)
    invalid = due - shop["valid_tracking_orders"]
    shop["false_shipments"] = draws.binomial("false shipments", invalid, 0.05)
    arriving = counted_before(due, 4)
    shop["delivery_due_orders"] = arriving
    on_time = 0.965 - 0.6 * before(late, 3)
    shop["on_time_delivered_orders"] = draws.binomial("on time", arriving, np.clip(on_time, 0.1, 1))
    shop["completed_orders"] = counted_before(arriving, 1)
    shop["orders_awaiting_shipment"] = np.rint(smooth(shop["orders"], 1) * hours / 24)
    shop["orders_overdue"] = np.rint(shop["orders_awaiting_shipment"] * late)


def _questions_and_returns(world: World) -> None:
    shop, draws, shape = world.shop, world.draws, world.shape
    replied = np.clip(world.now("reply_share"), 0.02, 0.995)
    asked = draws.poisson("inquiries", shop["orders"] * 0.22 + shop["visitors"] * 0.004)
    shop["inquiries"] = asked
    shop["inquiries_replied_24h"] = draws.binomial("replied", asked, replied)
    shop["open_inquiries"] = np.rint(smooth(asked, 1) * (0.15 + 2.0 * (1 - replied)))
    shop["chats_rated"] = draws.binomial("chats rated", asked, 0.35)
    cross = np.clip(0.04 + 0.4 * (1 - replied), 0, 0.9)
    shop["chats_dissatisfied"] = draws.binomial("dissatisfied", shop["chats_rated"], cross)

    bad = world.move("defects")
    arrived = shop["completed_orders"]
    existed = _existed(world)
    shop["delivered_orders_60d"] = rolling(arrived, 60, existed)
    returns = np.clip(world.usual("returns") * before(bad, 1), 0, 0.7)
    returned = draws.binomial("returned", arrived, returns)
    shop["non_buyer_fault_returns_60d"] = np.minimum(
        rolling(returned, 60, existed), shop["delivered_orders_60d"]
    )
    reviews = draws.binomial("reviews", arrived, 0.14)
    shop["reviews_60d"] = rolling(reviews, 60, existed)
    negative = draws.binomial("negative", reviews, np.clip(world.usual("defects") * bad, 0, 0.8))
    shop["negative_reviews_60d"] = np.minimum(rolling(negative, 60, existed), shop["reviews_60d"])
    felt = smooth(world.usual("defects") * bad, 12)
    rating = np.clip(4.9 - 5.2 * felt + draws.walk("rating", shape, 0.95, 0.02), 1, 5)
    shop["product_rating"] = np.where(shop["reviews_60d"] > 0, np.round(rating, 2), _MISSING)
    shop["complaints"] = draws.poisson("complaints", arrived * 0.006 * bad)
    shop["open_disputes"] = np.rint(smooth(shop["complaints"], 4) * 4)
    refunded = draws.binomial(
        "refunded", counted_before(arrived, 1), np.clip(world.usual("refunds") * bad, 0, 0.7)
    )
    shop["refunded_orders"] = refunded
    shop["items_refunded"] = refunded + draws.poisson("items refunded", refunded * 0.12)
    shop["refund_customers"] = np.maximum(
        draws.binomial("refund customers", refunded, 0.97), refunded > 0
    )
    price = world.shops.price[:, None] * 1.1 * draws.spread("refund size", shape, 0.1)
    shop["refunds"] = np.round(refunded * price, 2)
    slow = world.now("after_sales_hours") * draws.spread("after-sales day", shape, 0.08)
    closed = draws.poisson("after-sales", returned + 0.03 * arrived)
    shop["after_sales_closed"] = closed
    shop["after_sales_hours_total"] = np.round(closed * slow, 2)
    shop["pending_returns"] = np.rint(smooth(returned, 2) * slow / 9)


def _score(world: World) -> None:
    """The Shop Performance Score and what is asked of a Seller Center shop."""
    shop, draws, shape = world.shop, world.draws, world.shape
    wobble = draws.walk("score", shape, 0.95, 0.03)
    negative = np.divide(
        shop["negative_reviews_60d"],
        shop["reviews_60d"],
        where=shop["reviews_60d"] > 0,
        out=np.zeros(shape),
    )
    sent_back = np.divide(
        shop["non_buyer_fault_returns_60d"],
        shop["delivered_orders_60d"],
        where=shop["delivered_orders_60d"] > 0,
        out=np.zeros(shape),
    )
    product = 5.0 - 8.0 * negative - 5.0 * sent_back + wobble
    late = smooth(_late_share(world.now("handling_hours")), 7)
    lost = smooth(1.0 - np.clip(world.now("tracking"), 0, 1), 12)
    empty = smooth(world.usual("in_stock") - np.clip(world.now("in_stock"), 0, 1), 12)
    fulfilment = 4.85 - 3.4 * late - 2.0 * lost - 1.2 * np.maximum(empty, 0) + wobble
    unanswered = smooth(1.0 - np.clip(world.now("reply_share"), 0, 1), 7)
    waits = smooth(np.maximum(world.now("after_sales_hours") - 12.0, 0), 7)
    service = 4.95 - 3.2 * unanswered - 0.022 * waits + wobble
    parts = {"sps_product": product, "sps_fulfillment": fulfilment, "sps_service": service}
    enough = rolling(shop["orders"], 90, _existed(world)) >= 30
    for name, values in parts.items():
        shop[name] = np.where(enough, np.round(np.clip(values, 0.5, 5.0), 1), _MISSING)
    whole = 0.4 * product + 0.35 * fulfilment + 0.25 * service
    shop["sps"] = np.where(enough, np.round(np.clip(whole, 0.5, 5.0), 1), _MISSING)
    age = np.arange(world.days) - world.shops.opened[:, None]
    shop["on_probation"] = (age < 60).astype(np.float64)


def _listings_at_risk(world: World) -> None:
    shop = world.shop
    at_risk = shop["suspended_listings"] + shop["deactivated_listings"] + shop["attention_listings"]
    month = rolling(shop["gmv"], 30, _existed(world))
    share = at_risk / np.maximum(shop["all_listings"], 1)
    shop["gmv_30d_listings"] = np.round(month, 2)
    shop["gmv_30d_at_risk"] = np.round(month * share, 2)
