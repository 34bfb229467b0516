"""What buyers say of the products, send back and dispute; how well listings are filled in."""

from __future__ import annotations

from shopace.core.vocabulary.measures.measure import daily_uniques, gauge, total
from shopace.core.vocabulary.units import Unit

QUALITY = (
    gauge("product_rating", "product rating", unit=Unit.SCORE, max_age_days=7),
    gauge("reviews_60d", "reviews of 60 days"),
    gauge("negative_reviews_60d", "negative reviews of 60 days"),
    gauge("delivered_orders_60d", "delivered orders of 60 days"),
    gauge("non_buyer_fault_returns_60d", "returns and refunds of 60 days not due to the buyer"),
    total("complaints", "complaints"),
    gauge("open_disputes", "open disputes"),
    total("refunds", "refunds", unit=Unit.MONEY),
    total("refunded_orders", "orders refunded"),
    total("items_refunded", "items refunded"),
    daily_uniques("refund_customers", "refund customers"),
    gauge("listings_good", "listings of good quality"),
    gauge("listings_fair", "listings of fair quality"),
    gauge("listings_poor", "listings of poor quality"),
    gauge("complete_product_pages", "complete product pages"),
)
