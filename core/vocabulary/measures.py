"""Measures: the daily input facts, and the catalogue of the standard ones.

This catalogue is the input contract. A measure not delivered is *missing*: metrics over it come out
as `no_data`, never as zero. Plugins add their own as `vendor.name`.
"""

from __future__ import annotations

from shopace.core.vocabulary.channels import AFFILIATE, ALL, CONTENT, LIVES, SHOP, VIDEOS, Channel
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Aggregation, Unit

GAUGE_MAX_AGE_DAYS = 3
"""Our default: a gauge older than this says nothing about today."""


class Measure(Record, frozen=True, kw_only=True):
    """One number per shop, day and channel."""

    key: str
    title: str
    unit: Unit
    aggregation: Aggregation = Aggregation.SUM
    channels: tuple[Channel, ...] = SHOP
    additive: bool = True
    """May be summed over channels. Unique counts may not: a buyer can come through two of them."""
    max_age_days: int = GAUGE_MAX_AGE_DAYS
    """For gauges (aggregation `last`): how old the last value may be; ignored otherwise."""
    may_be_negative: bool = False
    """False: a negative cell means "not final yet" and becomes missing (API)."""
    by_choice: bool = False
    """The seller decides how many there are (videos posted, products listed): no chance in it."""
    derived_from: tuple[str, ...] = ()
    """The measures that the plugin's `shopace_derive` computes it from; empty: it is delivered."""

    @property
    def is_number_of_things(self) -> bool:
        """Whether a window's value is a whole number of things; a mean per day is not."""
        return self.unit is Unit.COUNT and self.aggregation is not Aggregation.MEAN

    @property
    def varies_by_chance(self) -> bool:
        """Whether it counts independent events, so that few of them vary much by chance alone."""
        counted = self.is_number_of_things and self.aggregation is Aggregation.SUM
        return counted and not self.by_choice


def _sum(
    key: str,
    title: str,
    unit: Unit = Unit.COUNT,
    channels: tuple[Channel, ...] = SHOP,
    *,
    additive: bool = True,
    by_choice: bool = False,
) -> Measure:
    return Measure(
        key=key, title=title, unit=unit, channels=channels, additive=additive, by_choice=by_choice
    )


def _gauge(
    key: str,
    title: str,
    unit: Unit = Unit.COUNT,
    channels: tuple[Channel, ...] = SHOP,
    max_age_days: int = GAUGE_MAX_AGE_DAYS,
) -> Measure:
    return Measure(
        key=key,
        title=title,
        unit=unit,
        channels=channels,
        aggregation=Aggregation.LAST,
        additive=False,
        max_age_days=max_age_days,
    )


_MONEY, _HOURS, _SECONDS = Unit.MONEY, Unit.HOURS, Unit.SECONDS

_FUNNEL = (
    _sum("product_impressions", "product impressions", channels=ALL),
    _sum("unique_product_impressions", "unique product impressions", channels=ALL, additive=False),
    _sum("product_clicks", "product clicks", channels=ALL),
    _sum("unique_product_clicks", "unique product clicks", channels=ALL, additive=False),
    _sum("add_to_carts", "add-to-cart actions", channels=ALL),
    _sum("add_to_cart_users", "add-to-cart users", channels=ALL, additive=False),
    _sum("orders", "orders", channels=ALL),
    _sum("sku_orders", "SKU orders", channels=ALL),
    _sum("unique_buyers", "unique buyers", channels=ALL, additive=False),
    _sum("est_customers", "est. customers", channels=ALL, additive=False),
    _sum("items_sold", "items sold", channels=ALL),
    _sum("gmv", "GMV", _MONEY, ALL),
    _sum("gmv_with_tax", "GMV with tax", _MONEY),
    _sum("tax", "tax", _MONEY),
    _sum("gmv_with_cofunding", "GMV with co-funding", _MONEY),
    _sum("shipping_fees", "shipping fees", _MONEY),
    _sum("visitors", "shop visitors"),
)

_SUPPLY = (
    _gauge("active_products", "active products", channels=ALL),
    _gauge("out_of_stock_products", "products out of stock", channels=ALL),
    _gauge("low_stock_products", "products low on stock"),
    _sum("new_products", "new products listed", by_choice=True),
    _gauge("products_with_sales_30d", "products with sales in 30 days"),
    _sum("hero_product_gmv", "GMV of the best-selling product", _MONEY),
    _gauge("opportunities_matched", "listing opportunities matched"),
    _gauge("opportunities_submitted", "listing opportunities submitted"),
    _gauge("price_competitive_products", "products priced competitively"),
    _gauge("products_over_20_reviews", "products with more than 20 reviews"),
    _gauge("qualified_hero_products", "qualified hero products"),
)

_QUALITY = (
    _gauge("product_rating", "product rating", Unit.SCORE, max_age_days=7),
    _gauge("reviews_60d", "reviews of 60 days"),
    _gauge("negative_reviews_60d", "negative reviews of 60 days"),
    _gauge("delivered_orders_60d", "delivered orders of 60 days"),
    _gauge("non_buyer_fault_returns_60d", "returns and refunds of 60 days not due to the buyer"),
    _sum("complaints", "complaints"),
    _gauge("open_disputes", "open disputes"),
    _sum("refunds", "refunds", _MONEY),
    _sum("refunded_orders", "orders refunded"),
    _sum("items_refunded", "items refunded"),
    _sum("refund_customers", "refund customers", additive=False),
    _gauge("listings_good", "listings of good quality"),
    _gauge("listings_fair", "listings of fair quality"),
    _gauge("listings_poor", "listings of poor quality"),
    _gauge("complete_product_pages", "complete product pages"),
)

_SERVICE = (
    _sum("dispatch_due_orders", "orders due for dispatch"),
    _sum("late_dispatched_orders", "orders dispatched late"),
    _sum("delivery_due_orders", "orders due for delivery"),
    _sum("on_time_delivered_orders", "orders delivered on time"),
    _sum("seller_fault_cancellations", "orders cancelled by the seller's fault"),
    _sum("out_of_stock_cancellations", "orders cancelled for lack of stock"),
    _sum("false_shipments", "false shipments"),
    _sum("shipped_orders", "orders shipped"),
    _sum("valid_tracking_orders", "orders shipped with valid tracking"),
    _sum("handling_hours_total", "handling hours, all shipped orders", _HOURS),
    _gauge("fbt_products", "products fulfilled by the platform", channels=(*SHOP, *CONTENT)),
    _sum("inquiries", "customer inquiries"),
    _sum("inquiries_replied_24h", "inquiries replied to within 24 hours"),
    _sum("after_sales_closed", "after-sales requests closed"),
    _sum("after_sales_hours_total", "after-sales handling hours, all requests closed", _HOURS),
    _gauge("orders_awaiting_shipment", "orders awaiting shipment"),
    _gauge("orders_overdue", "orders overdue for shipment"),
    _gauge("open_inquiries", "open inquiries"),
    _gauge("pending_returns", "pending returns"),
)

_AFFILIATES = (
    _gauge("open_collaboration_products", "products in open collaboration"),
    _gauge("collaboration_products", "products in any collaboration"),
    _gauge("free_sample_products", "products with free samples"),
    _gauge("average_commission_rate", "average commission rate", Unit.RATIO),
    _sum("sample_requests", "sample requests"),
    _sum("sample_requests_approved", "sample requests approved"),
    _sum("sample_approval_hours_total", "sample approval hours, all approved requests", _HOURS),
    _sum("creator_invitations", "creator invitations sent", by_choice=True),
    _sum("creator_invitations_accepted", "creator invitations accepted"),
    _gauge("collaborating_creators", "collaborating creators"),
    Measure(
        key="creators_posted",
        title="creators who posted content",
        unit=Unit.COUNT,
        aggregation=Aggregation.MEAN,
        channels=(*SHOP, *AFFILIATE, Channel.CREATOR_CONTENT),
        additive=False,
    ),
    _gauge("creators_posted_30d", "creators who posted in 30 days"),
    _sum("new_creators", "new creators"),
    _sum("creators_sampled", "creators who received samples"),
    _gauge("creators_with_sales_30d", "creators with sales in 30 days"),
    _sum("creator_messages", "messages to creators", by_choice=True),
    _sum("creator_replies", "creators' replies"),
    _sum("affiliate_gmv_top_creator", "GMV of the top creator", _MONEY),
    _sum("affiliate_gmv_top3_creators", "GMV of the top three creators", _MONEY),
    _gauge("high_gmv_creators", "high-GMV creators"),
    _gauge("low_score_creators", "creators with a low performance score"),
    _gauge("repeat_posting_creators", "creators with repeat posts"),
)

_VIDEO = (
    _sum("new_videos", "new videos", channels=VIDEOS, by_choice=True),
    _sum("posting_days", "days with a post", channels=(Channel.SELLER_VIDEO,), by_choice=True),
    _sum(
        "shoppable_videos", "new shoppable videos", channels=(Channel.SELLER_VIDEO,), by_choice=True
    ),
    _gauge("products_with_video", "products covered by videos", channels=(Channel.SELLER_VIDEO,)),
    _sum("video_views", "video views", channels=VIDEOS),
    _sum("video_completed_views", "video views watched to the end", channels=VIDEOS),
    _sum("video_engagements", "likes, comments and shares of videos", channels=VIDEOS),
    _sum("video_clicks", "clicks from videos", channels=VIDEOS),
    _sum("videos_with_sales", "videos with sales", channels=VIDEOS),
    _sum("live_videos", "videos live and viewed", channels=VIDEOS),
    _gauge("videos_with_violations", "videos with violations", channels=(Channel.SELLER_VIDEO,)),
)

_LIVE = (
    _sum("new_lives", "new LIVEs", channels=LIVES, by_choice=True),
    _sum("live_hours", "LIVE hours", _HOURS, LIVES),
    _sum("live_days", "days with a LIVE", channels=LIVES, by_choice=True),
    _sum("live_products_shown", "products shown, all LIVEs", channels=LIVES, by_choice=True),
    _sum("live_views", "LIVE views", channels=LIVES),
    _sum("live_impressions", "LIVE impressions", channels=LIVES),
    _sum("live_viewing_seconds_total", "viewing seconds, all LIVE views", _SECONDS, LIVES),
    _sum("live_comments", "LIVE comments", channels=LIVES),
    _sum("live_new_followers", "new followers from LIVEs", channels=LIVES),
    _sum("lives_with_tools", "LIVEs with engagement tools", channels=LIVES, by_choice=True),
    _sum("lives_with_promotions", "LIVEs with promotions", channels=LIVES, by_choice=True),
)

_EMPOWERMENT = (
    _sum("ad_spend", "ad spend", _MONEY),
    _sum("ad_budget", "ad budget", _MONEY),
    _sum("ad_gmv", "GMV from ads", _MONEY),
    _sum("ad_sku_orders", "SKU orders from ads"),
    _gauge("ad_creatives", "ad creatives in supply", channels=(*SHOP, *CONTENT)),
    _gauge("advertised_products", "products advertised"),
    _gauge("campaigns_joined", "campaigns joined"),
    _gauge("campaigns_eligible", "eligible campaigns"),
    _gauge("campaign_products", "products enrolled in campaigns"),
    _sum("campaign_gmv", "GMV from campaigns", _MONEY),
    _gauge("promoted_products", "products with a promotion"),
    _gauge("free_shipping_products", "products with free shipping"),
    _sum("discount_amount", "discounts given", _MONEY),
    _sum("list_price_gmv", "promoted sales at list price", _MONEY),
    _gauge("flash_deals", "flash deals running"),
    _gauge("gifts_with_purchase", "gifts with purchase running"),
    _sum("coupons_issued", "coupons issued", by_choice=True),
    _sum("coupons_redeemed", "coupons redeemed"),
    _sum("promotion_gmv", "GMV from promotions", _MONEY),
)

_WEEK = 7
_RISK = (
    _gauge("penalty_points", "penalty points not yet expired", Unit.POINTS, max_age_days=_WEEK),
    _gauge("penalty_points_ending_30d", "penalty points that end within 30 days", Unit.POINTS),
    _gauge("health_rating", "account health rating", Unit.POINTS, max_age_days=_WEEK),
    _gauge("open_violations_products", "open violations: products"),
    _gauge("open_violations_logistics", "open violations: logistics"),
    _gauge("open_violations_service", "open violations: customer service"),
    _gauge("open_violations_after_sales", "open violations: after-sales"),
    _gauge("open_violations_rules", "open violations: platform rules"),
    _gauge("open_violations_other", "open violations: other"),
    _gauge("fraud_violations", "fraud-related violations"),
    _sum("new_violations", "new violations"),
    _gauge("appealable_violations", "violations that can be appealed"),
    _gauge("appeal_days_left", "days left of the next appeal", Unit.DAYS),
    _gauge("suspended_listings", "suspended listings"),
    _gauge("deactivated_listings", "listings deactivated by the platform"),
    _gauge("attention_listings", 'listings that "need attention"'),
    _gauge("listings_in_review_long", "listings in review too long"),
    _gauge("listings_unqualified", "listings restricted or missing a qualification"),
    _gauge("gmv_30d_at_risk", "30-day GMV of listings at risk", _MONEY),
    _gauge("gmv_30d_listings", "30-day GMV of all listings", _MONEY),
    _gauge("all_listings", "all listings"),
    _gauge("sps", "Shop Performance Score", Unit.SCORE, max_age_days=_WEEK),
    _gauge("sps_product", "SPS: product satisfaction", Unit.SCORE, max_age_days=_WEEK),
    _gauge("sps_fulfillment", "SPS: fulfilment", Unit.SCORE, max_age_days=_WEEK),
    _gauge("sps_service", "SPS: service", Unit.SCORE, max_age_days=_WEEK),
    _sum("chats_rated", "chats rated"),
    _sum("chats_dissatisfied", "chats rated dissatisfied"),
    _gauge("on_probation", "on probation (1 yes, 0 no)"),
    _gauge("followers", "followers", max_age_days=_WEEK),
    _sum("completed_orders", "completed orders"),
)

STANDARD_MEASURES: dict[str, Measure] = {
    each.key: each
    for each in (
        *_FUNNEL,
        *_SUPPLY,
        *_QUALITY,
        *_SERVICE,
        *_AFFILIATES,
        *_VIDEO,
        *_LIVE,
        *_EMPOWERMENT,
        *_RISK,
    )
}
"""By key. The tier needs `gmv` and `orders`; the conclusion needs the funnel's five by channel."""
