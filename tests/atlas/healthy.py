"""A healthy shop's days: what a shop of its industry and tier does, sells and is told off for.

Each number is struck by the cause where it comes about, so what hangs on it follows: no posts, no
views; no clicks, no orders.
"""

from typing import NamedTuple

import numpy as np
from tests.atlas.daily import DAYS, Daily, Facts, Floats, month
from tests.marketplace import LAST_DAY

WEEK = (0.94, 0.94, 0.95, 0.98, 1.05, 1.08, 1.06)
"""Monday first; the mean is 1."""
VIDEO, LIVE, CREATOR_VIDEO, CREATOR_LIVE, TAB = (
    *("seller_video", "seller_live", "affiliate_video", "affiliate_live"),
    "shop_tab",
)
FIVE = (VIDEO, LIVE, CREATOR_VIDEO, CREATOR_LIVE, TAB)
MIX = (0.2, 0.2, 0.25, 0.1, 0.25)
CTR = (0.030, 0.060, 0.034, 0.058, 0.026)
CTOR = (0.024, 0.036, 0.026, 0.038, 0.034)
PRICE = {"beauty": 19.0, "home_living": 31.0, "womens_fashion": 27.0}
LIVE_WEEKDAYS = (3, 5, 1, 6, 0, 4, 2)
"""Which days a shop takes first: Thursday, Saturday, …"""


class Size(NamedTuple):
    """What goes with a tier."""

    gmv_30d: float
    listings: float
    creators: float
    videos_a_day: float
    live_days: int
    followers: float


SIZES = (
    Size(800, 30, 16, 0.6, 2, 320),
    Size(11_000, 60, 30, 1.0, 3, 1_900),
    Size(36_000, 110, 50, 1.6, 4, 6_000),
    Size(115_000, 180, 100, 2.4, 5, 24_000),
    Size(360_000, 300, 220, 3.6, 6, 80_000),
    Size(1_100_000, 480, 450, 5.0, 7, 300_000),
)


class Who(NamedTuple):
    """Among which peers a shop is one."""

    industry: str
    tier: int
    region: str = "US"

    @property
    def size(self) -> Size:
        return SIZES[self.tier]

    @property
    def sells(self) -> bool:
        return self.tier > 0


def live_through(who: Who, daily: Daily) -> None:
    """All facts of the shop, in the order in which one thing leads to another."""
    _assortment(who, daily)
    _creators(who, daily)
    _content(who, daily)
    _support(who, daily)
    _funnel(who, daily, _pull(daily))
    _watching(daily)
    _whole_shop(daily)
    _money_by_source(daily)
    _parcels(daily)
    _after_the_sale(who, daily)
    _standing(who, daily)


def _rhythm() -> Floats:
    first = LAST_DAY.weekday() - (DAYS - 1)
    return np.array([WEEK[(first + day) % 7] for day in range(DAYS)])


def _assortment(who: Who, d: Daily) -> None:
    listings = d.gauge("all_listings", d.level(who.size.listings))
    d.count("new_products", d.level(0.02) * listings)
    gone = d.gauge("suspended_listings", 0.0) + d.gauge("deactivated_listings", 0.0)
    d.gauge("attention_listings", 0.0)
    d.gauge("listings_in_review_long", 0.0)
    d.gauge("listings_unqualified", 0.0)
    active = d.gauge("active_products", listings - gone)
    out = d.gauge("out_of_stock_products", d.level(0.065, 0.02) * active)
    fbt = d.gauge("fbt_products", d.level(0.45) * active)
    shown = {VIDEO: 0.5, LIVE: 0.4, CREATOR_VIDEO: 0.6, CREATOR_LIVE: 0.4, TAB: 1.0}
    shown |= {"seller_content": 0.7, "creator_content": 0.7}
    for channel, part in shown.items():
        d.gauge(f"active_products@{channel}", part * active, follows=True)
        d.gauge(f"out_of_stock_products@{channel}", part * out, follows=True)
        if channel in FIVE[:4]:
            d.gauge(f"fbt_products@{channel}", part * fbt, follows=True)
    shares = {
        "low_stock_products": 0.1,
        "products_with_sales_30d": 0.6 if who.sells else 0.0,
        "price_competitive_products": 0.62,
        "products_over_20_reviews": 0.35 if who.sells else 0.0,
        "complete_product_pages": 0.8,
        "open_collaboration_products": 0.7,
        "collaboration_products": 0.78,
        "free_sample_products": 0.45,
        "advertised_products": 0.4,
        "campaign_products": 0.35,
        "promoted_products": 0.5,
        "free_shipping_products": 0.6,
    }
    for measure, share in shares.items():
        d.gauge(measure, d.level(share) * active)
    d.gauge(f"products_with_video@{VIDEO}", d.level(0.42) * active)
    good = d.gauge("listings_good", d.level(0.7) * active)
    poor = d.gauge("listings_poor", d.level(0.1, 0.02) * active)
    d.gauge("listings_fair", np.maximum(active - good - poor, 0))
    d.gauge("qualified_hero_products", 1.0 + who.tier)
    d.gauge("opportunities_matched", 10.0)
    d.gauge("opportunities_submitted", 6.0)


def _creators(who: Who, d: Daily) -> None:
    creators = d.gauge("collaborating_creators", d.level(who.size.creators))
    videos = d.count(f"creators_posted@{CREATOR_VIDEO}", d.level(0.12) * creators, of=creators)
    lives = d.count(f"creators_posted@{CREATOR_LIVE}", d.level(0.05) * creators, of=creators)
    for name in ("creators_posted@creator_content", "creators_posted"):
        d.put(name, videos + lives, follows=True)
    d.gauge("creators_posted_30d", d.level(0.7) * creators)
    d.gauge("creators_with_sales_30d", d.level(0.4) * creators)
    d.gauge("high_gmv_creators", d.level(0.2, 0.02) * creators)
    d.gauge("low_score_creators", d.level(0.1, 0.02) * creators)
    d.gauge("repeat_posting_creators", d.level(0.6) * d.facts["creators_posted_30d"])
    d.put("average_commission_rate", np.round(d.level(0.14), 4))
    asked = d.count("sample_requests", d.level(0.05) * creators)
    approved = d.count("sample_requests_approved", d.level(0.8) * asked, of=asked)
    d.put("sample_approval_hours_total", approved * d.level(20.0) * d.noise())
    d.count("creators_sampled", approved, of=approved)
    invited = d.count("creator_invitations", d.level(0.06) * creators)
    accepted = d.count("creator_invitations_accepted", d.level(0.3) * invited, of=invited)
    d.count("new_creators", accepted + d.level(0.01) * creators)
    written = d.count("creator_messages", d.level(0.1) * creators)
    d.count("creator_replies", d.level(0.55) * written, of=written)


def _content(who: Who, d: Daily) -> None:
    videos = d.count(f"new_videos@{VIDEO}", d.level(who.size.videos_a_day))
    d.count(f"posting_days@{VIDEO}", np.minimum(videos, 1.0))
    d.count(f"shoppable_videos@{VIDEO}", d.level(0.9) * videos)
    d.count(f"new_videos@{CREATOR_VIDEO}", d.facts[f"creators_posted@{CREATOR_VIDEO}"])
    first = LAST_DAY.weekday() - (DAYS - 1)
    days = {*LIVE_WEEKDAYS[: who.size.live_days]}
    planned = np.array([float((first + day) % 7 in days) for day in range(DAYS)])
    sessions = {
        LIVE: d.count(f"new_lives@{LIVE}", planned),
        CREATOR_LIVE: d.count(
            f"new_lives@{CREATOR_LIVE}", d.facts[f"creators_posted@{CREATOR_LIVE}"]
        ),
    }
    for channel, lives in sessions.items():
        d.put(f"live_days@{channel}", np.minimum(lives, 1.0))
        d.put(f"live_hours@{channel}", np.round(lives * d.level(2.5) * d.noise(), 2))
        d.count(f"live_products_shown@{channel}", lives * d.level(16.0))
        d.count(f"lives_with_tools@{channel}", d.level(0.6) * lives)
        d.count(f"lives_with_promotions@{channel}", d.level(0.55) * lives)


def _support(who: Who, d: Daily) -> None:
    """Ads, campaigns and promotions as far as the seller decides them."""
    a_day = who.size.gmv_30d / 30
    budget = d.money("ad_budget", d.level(0.06) * a_day * who.sells)
    d.money("ad_spend", d.level(0.85) * budget * d.noise())
    creatives = d.gauge("ad_creatives", d.level(6 + 4 * who.tier, 0.02) * who.sells)
    for channel, part in zip(FIVE, (0.5, 0.15, 0.35, 0.15), strict=False):
        d.gauge(f"ad_creatives@{channel}", part * creatives, follows=True)
    d.gauge("campaigns_eligible", 6.0)
    d.gauge("campaigns_joined", 4.0)
    d.gauge("flash_deals", 3.0)
    d.gauge("gifts_with_purchase", 2.0)


def _pull(d: Daily) -> dict[str, Floats]:
    """How much of its usual traffic a channel gets: content, stock, ads and campaigns make it."""
    ads = 0.8 + 0.2 * d.moved("ad_spend")
    campaigns = 0.88 + 0.12 * d.moved("campaigns_joined")
    # What is left over takes part of the traffic of what is gone.
    common = d.compared(_buyable) ** 0.5 * ads * campaigns
    videos = d.moved(f"new_videos@{VIDEO}", half_life=2)
    creator_videos = d.moved(f"new_videos@{CREATOR_VIDEO}", half_life=2)
    hours = {
        each: d.facts[f"live_hours@{each}"] / d.usual(f"live_hours@{each}")
        for each in (LIVE, CREATOR_LIVE)
    }
    return {
        VIDEO: common * (0.2 + 0.8 * videos),
        LIVE: common * hours[LIVE],
        CREATOR_VIDEO: common * (0.1 + 0.9 * creator_videos),
        CREATOR_LIVE: common * hours[CREATOR_LIVE],
        TAB: common,
    }


def _buyable(facts: Facts) -> Floats:
    return facts["active_products"] - facts["out_of_stock_products"]


def _funnel(who: Who, d: Daily, pull: dict[str, Floats]) -> None:
    price = d.level(PRICE[who.industry])
    rhythm = _rhythm() * d.level(1.0)
    promotions = 0.85 + 0.15 * d.moved("promoted_products")
    for channel, mix, ctr, ctor in zip(FIVE, MIX, CTR, CTOR, strict=True):
        usual = who.size.gmv_30d / 30 * mix / (PRICE[who.industry] * ctr * ctor)
        traffic = usual * rhythm * pull[channel] * d.noise()
        if channel in (VIDEO, CREATOR_VIDEO):
            views = d.count(f"video_views@{channel}", traffic / 0.6)
            traffic = 0.6 * views
        if channel in (LIVE, CREATOR_LIVE):
            hours = d.facts[f"live_hours@{channel}"]
            shown = d.count(f"live_impressions@{channel}", traffic * 1.8 * (hours > 0))
            views = d.count(f"live_views@{channel}", 0.25 * shown, of=shown)
            traffic = views / 0.45
        seen = d.count(f"product_impressions@{channel}", traffic)
        d.count(f"unique_product_impressions@{channel}", 0.7 * seen, of=seen)
        clicks = d.count(
            f"product_clicks@{channel}", seen * d.level(ctr, 0.03) * d.noise(0.02), of=seen
        )
        d.count(f"unique_product_clicks@{channel}", 0.86 * clicks, of=clicks)
        carts = d.count(f"add_to_carts@{channel}", clicks * d.level(0.1, 0.03), of=clicks)
        d.count(f"add_to_cart_users@{channel}", 0.85 * carts, of=carts)
        bought = d.level(ctor, 0.03) * d.noise(0.02) * promotions * who.sells
        sold = d.count(f"sku_orders@{channel}", clicks * bought, of=clicks)
        orders = d.count(f"orders@{channel}", 0.92 * sold, of=sold)
        d.count(f"est_customers@{channel}", 0.97 * orders, of=orders)
        d.count(f"unique_buyers@{channel}", 0.95 * orders, of=orders)
        d.count(f"items_sold@{channel}", 1.15 * sold)
        d.money(f"gmv@{channel}", sold * price * d.noise(0.02))


def _watching(d: Daily) -> None:
    for channel in (VIDEO, CREATOR_VIDEO):
        views = d.facts[f"video_views@{channel}"]
        d.count(f"video_completed_views@{channel}", d.level(0.24) * views, of=views)
        d.count(f"video_engagements@{channel}", d.level(0.045) * views)
        clicks = np.minimum(d.facts[f"product_clicks@{channel}"], views)
        d.count(f"video_clicks@{channel}", d.level(0.95) * clicks, of=clicks)
        made = d.facts[f"new_videos@{channel}"]
        online = np.maximum(month(made, 14), made)
        online = d.gauge(f"live_videos@{channel}", online)
        sold = d.facts[f"sku_orders@{channel}"]
        d.count(f"videos_with_sales@{channel}", np.minimum(0.3 * online, sold), of=online)
    d.gauge(f"videos_with_violations@{VIDEO}", 0.0)
    for channel in (LIVE, CREATOR_LIVE):
        views = d.facts[f"live_views@{channel}"]
        seconds = d.level(62.0) * d.noise(0.02) * views
        d.put(f"live_viewing_seconds_total@{channel}", np.rint(seconds))
        d.count(f"live_comments@{channel}", d.level(0.05) * views)
        d.count(f"live_new_followers@{channel}", d.level(0.006) * views)


_SUMMED = (
    *("product_impressions", "product_clicks", "add_to_carts", "orders", "sku_orders"),
    *("items_sold", "gmv"),
)
_UNIQUE = (
    *("unique_product_impressions", "unique_product_clicks", "add_to_cart_users"),
    *("est_customers", "unique_buyers"),
)


def _whole_shop(d: Daily) -> None:
    groups = {"seller_content": FIVE[:2], "creator_content": FIVE[2:4]}
    for measure in (*_SUMMED, *_UNIQUE):
        by_channel = {each: d.facts[f"{measure}@{each}"] for each in FIVE}
        total = np.sum([*by_channel.values()], axis=0)
        d.whole(measure, total if measure in _SUMMED else np.rint(0.95 * total))
        for group, members in groups.items() if measure in _UNIQUE else ():
            united = 0.97 * np.sum([by_channel[each] for each in members], axis=0)
            d.facts[f"{measure}@{group}"] = np.rint(united)
    d.count("visitors", d.level(1.25) * d.facts["unique_product_clicks"])


def _money_by_source(d: Daily) -> None:
    gmv, orders = d.facts["gmv"], d.facts["orders"]
    tax = d.money("tax", 0.07 * gmv)
    d.money("gmv_with_tax", gmv + tax)
    d.money("gmv_with_cofunding", 1.012 * gmv)
    d.money("shipping_fees", 1.7 * orders)
    d.money("hero_product_gmv", d.level(0.25) * d.noise() * gmv)
    by_creators = d.facts[f"gmv@{CREATOR_VIDEO}"] + d.facts[f"gmv@{CREATOR_LIVE}"]
    top = d.money("affiliate_gmv_top_creator", d.level(0.2) * d.noise() * by_creators)
    d.money("affiliate_gmv_top3_creators", np.minimum(top + 0.16 * by_creators, by_creators))
    spent = d.moved("ad_spend")
    ads = 0.24 * spent / (0.8 + 0.2 * spent)
    from_ads = d.money("ad_gmv", d.level(1.0) * ads * d.noise() * gmv)
    price = np.divide(gmv, d.facts["sku_orders"], out=np.ones(DAYS), where=gmv > 0)
    d.count("ad_sku_orders", from_ads / price, of=d.facts["sku_orders"])
    enrolled = d.moved("campaign_products") * d.moved("campaigns_joined")
    d.money("campaign_gmv", d.level(0.16) * d.noise() * gmv * enrolled)
    promoted = d.moved("promoted_products")
    reduced = d.money("promotion_gmv", d.level(0.4) * d.noise() * gmv * promoted)
    at_list = d.money("list_price_gmv", reduced / (1 - d.level(0.16)))
    d.money("discount_amount", at_list - reduced)
    issued = d.count("coupons_issued", d.level(0.6) * orders)
    d.count("coupons_redeemed", d.level(0.3) * issued, of=issued)


def _later(values: Floats, days: int) -> Floats:
    return np.concatenate([np.full(days, np.rint(values[:28].mean())), values])[:DAYS]


def _parcels(d: Daily) -> None:
    placed = _later(d.facts["orders"], 1)
    gone = d.count("out_of_stock_cancellations", d.level(0.003, 0.02) * placed, of=placed)
    other = d.count("seller_fault_cancellations", gone + d.level(0.005, 0.02) * placed, of=placed)
    due = d.put("dispatch_due_orders", _later(placed - other, 1))
    d.count("late_dispatched_orders", d.level(0.02, 0.02) * due, of=due)
    shipped = d.count("shipped_orders", due, of=due)
    d.count("valid_tracking_orders", 0.985 * shipped, of=shipped)
    d.count("false_shipments", 0.0)
    hours = d.level(19.0) * d.noise()
    hours = d.put("handling_hours_total", np.round(hours * shipped, 2)) / np.maximum(shipped, 1)
    arriving = d.put("delivery_due_orders", _later(shipped, 4))
    d.count("on_time_delivered_orders", 0.965 * arriving, of=arriving)
    d.put("completed_orders", _later(arriving, 1))
    waiting = d.gauge("orders_awaiting_shipment", hours / 24 * d.facts["orders"])
    d.gauge("orders_overdue", 0.005 * waiting)


def _after_the_sale(who: Who, d: Daily) -> None:
    asked = d.count("inquiries", d.level(0.25) * d.facts["orders"] + 2)
    d.count("inquiries_replied_24h", d.level(0.93, 0.02) * asked, of=asked)
    d.gauge("open_inquiries", 0.2 * asked)
    rated = d.count("chats_rated", 0.4 * asked * who.sells, of=asked)
    d.count("chats_dissatisfied", d.level(0.05, 0.02) * rated, of=rated)
    arrived = d.facts["completed_orders"]
    delivered = d.gauge("delivered_orders_60d", month(arrived, 60))
    reviews = d.gauge("reviews_60d", 0.15 * delivered)
    d.gauge("negative_reviews_60d", d.level(0.03, 0.02) * reviews)
    d.gauge("non_buyer_fault_returns_60d", d.level(0.025, 0.02) * delivered)
    d.put("product_rating", np.round(d.level(4.7, 0.01), 2) if who.sells else np.nan)
    d.count("complaints", d.level(0.01, 0.02) * arrived, of=arrived)
    d.gauge("open_disputes", 0.002 * delivered)
    refunded = d.count("refunded_orders", d.level(0.035, 0.02) * arrived, of=arrived)
    d.count("items_refunded", 1.1 * refunded)
    d.count("refund_customers", 0.97 * refunded, of=refunded)
    d.money("refunds", PRICE[who.industry] * refunded)
    closed = d.count("after_sales_closed", 0.06 * arrived, of=arrived)
    d.put("after_sales_hours_total", np.round(d.level(17.0) * d.noise() * closed, 2))
    d.gauge("pending_returns", 0.02 * arrived)


def _standing(who: Who, d: Daily) -> None:
    d.count("new_violations", 0.0)
    for kind in ("products", "logistics", "service", "after_sales", "rules", "other"):
        d.gauge(f"open_violations_{kind}", 0.0)
    d.gauge("fraud_violations", 0.0)
    d.gauge("appealable_violations", 0.0)
    d.gauge("appeal_days_left", np.nan)
    d.gauge("second_appeal_days_left", np.nan)
    by_points = who.region != "US"
    d.gauge("penalty_points", 0.0 if by_points else np.nan)
    d.gauge("penalty_points_ending_30d", 0.0 if by_points else np.nan)
    d.gauge("health_rating", np.nan if by_points else d.level(320.0))
    earned = month(d.facts["gmv"], 30)
    d.money("gmv_30d_listings", earned)
    d.money("gmv_30d_at_risk", 0.0)
    for part in ("sps", "sps_product", "sps_fulfillment", "sps_service"):
        d.put(part, np.round(d.level(4.6, 0.02), 1) if who.sells else np.nan)
    d.gauge("shop_active", 1.0)
    d.gauge("on_probation", 0.0 if who.sells else 1.0)
    d.gauge("followers", d.level(who.size.followers) * np.linspace(0.97, 1.0, DAYS))
