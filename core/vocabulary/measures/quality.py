"""What buyers say of the products, send back and dispute; how well listings are filled in."""

from __future__ import annotations

from shopace.core.vocabulary.measures.measure import daily_uniques, gauge, total
from shopace.core.vocabulary.units import Unit

QUALITY = (
    gauge(
        "product_rating",
        "product rating",
        "Mean rating of the shop's products, 1 to 5, as shown at the end of the day.",
        unit=Unit.SCORE,
        max_age_days=7,
        warehouse="reviews: mean of the stars",
        export="Product Details: Product rating (per product)",
    ),
    gauge(
        "reviews_60d",
        "reviews of 60 days",
        "Reviews written in the 60 days up to the day.",
        warehouse="reviews of 60 days",
        api="Search Product Reviews: over 60 days",
    ),
    gauge(
        "negative_reviews_60d",
        "negative reviews of 60 days",
        "Of the reviews of 60 days, those that the platform counts as negative.",
        warehouse="reviews of 60 days, negative ones",
        api="Search Product Reviews: rating, over 60 days",
    ),
    gauge(
        "delivered_orders_60d",
        "delivered orders of 60 days",
        "Orders delivered in the 60 days up to the day.",
        warehouse="orders of 60 days, by time of delivery",
        api="Get Order List: orders with status DELIVERED or COMPLETED",
    ),
    gauge(
        "non_buyer_fault_returns_60d",
        "returns and refunds of 60 days not due to the buyer",
        "Delivered orders of 60 days that were returned or refunded for a reason not the buyer's.",
        warehouse="returns and refunds of 60 days, by reason",
        api="Search Returns: return reason, over 60 days",
    ),
    total(
        "complaints",
        "complaints",
        "Complaints of buyers about products or the shop, on the day they are made.",
        warehouse="customer service cases that are complaints, by time of opening",
    ),
    gauge(
        "open_disputes",
        "open disputes",
        "Disputes between a buyer and the shop that are not settled at the end of the day.",
        warehouse="disputes that are open, at the end of the day",
        api="Search Returns: arbitration_status IN_PROGRESS",
    ),
    total(
        "refunds",
        "refunds",
        "Amount refunded, on the day the refund is processed, whenever the order was paid.",
        unit=Unit.MONEY,
        warehouse="refunds, by time of processing: amount",
        api="Get Shop Performance: refunds",
        export="Product Traffic: Refunds",
    ),
    total(
        "refunded_orders",
        "orders refunded",
        "Orders with a refund, on the day it is processed, whenever the order was paid.",
        warehouse="refunds, by time of processing, distinct orders",
        api="Search Returns: refunds that are complete",
    ),
    total(
        "items_refunded",
        "items refunded",
        "Pieces refunded from returned or cancelled orders, on the day of processing.",
        warehouse="refund lines, by time of processing: quantity",
        export="Product Traffic: Items refunded",
    ),
    daily_uniques(
        "refund_customers",
        "refund customers",
        "Customers who received a refund, each counted once per day.",
        warehouse="refunds, by time of processing, distinct buyers per day",
        export="Product Traffic: Refund customers",
    ),
    gauge(
        "listings_good",
        "listings of good quality",
        "Listings that the platform grades as good at the end of the day.",
        warehouse="listing quality, at the end of the day",
        api="Search Products: listing_quality_tier GOOD",
    ),
    gauge(
        "listings_fair",
        "listings of fair quality",
        "Listings that the platform grades as fair at the end of the day.",
        warehouse="listing quality, at the end of the day",
        api="Search Products: listing_quality_tier FAIR",
    ),
    gauge(
        "listings_poor",
        "listings of poor quality",
        "Listings that the platform grades as poor at the end of the day.",
        warehouse="listing quality, at the end of the day",
        api="Search Products: listing_quality_tier POOR",
    ),
    gauge(
        "complete_product_pages",
        "complete product pages",
        "Live products whose page has all the parts that the platform recommends.",
        warehouse="listing quality: products without a recommendation left",
    ),
)
