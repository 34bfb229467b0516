"""Penalty points, violations, listings at risk and the Shop Performance Score.

No public API serves points, ratings, violations and scores: they come from exports or from an
operator's feed, and unknown is a normal state.
"""

from __future__ import annotations

from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

_WEEK = 7
_TODAY = 0
"""Days left are those of their own day: a day later they are one less."""
_HEALTH = "Shop Health"
_SPS = "Shop Performance Score"
_VIOLATIONS = "violations by kind and state, at the end of the day"

RISK = (
    gauge(
        "penalty_points",
        "penalty points not yet expired",
        "Points for violations that have not expired at the end of the day.",
        unit=Unit.POINTS,
        max_age_days=_WEEK,
        warehouse="violations with points and their last day, summed",
        export=_HEALTH,
    ),
    gauge(
        "penalty_points_ending_30d",
        "penalty points that end within 30 days",
        "Of the points not yet expired, those that expire within the next 30 days.",
        unit=Unit.POINTS,
        warehouse="violations with points whose last day is near, summed",
        export=_HEALTH,
    ),
    gauge(
        "health_rating",
        "account health rating",
        "The platform's rating of the account's compliance, 0 to 1,000, at the end of the day.",
        unit=Unit.POINTS,
        max_age_days=_WEEK,
        warehouse="account health by day",
        export=_HEALTH,
    ),
    gauge(
        "open_violations_products",
        "open violations: products",
        "Open violations for counterfeit, misdescribed, faulty or forbidden products.",
        warehouse=_VIOLATIONS,
        export=_HEALTH,
    ),
    gauge(
        "open_violations_logistics",
        "open violations: logistics",
        "Open violations for late, false or untraceable shipments.",
        warehouse=_VIOLATIONS,
        export=_HEALTH,
    ),
    gauge(
        "open_violations_service",
        "open violations: customer service",
        "Open violations for late or improper answers to customers.",
        warehouse=_VIOLATIONS,
        export=_HEALTH,
    ),
    gauge(
        "open_violations_after_sales",
        "open violations: after-sales",
        "Open violations for refused returns, unclear terms or unsettled disputes.",
        warehouse=_VIOLATIONS,
        export=_HEALTH,
    ),
    gauge(
        "open_violations_rules",
        "open violations: platform rules",
        "Open violations for false orders, reviews or discounts, or for unpaid fees.",
        warehouse=_VIOLATIONS,
        export=_HEALTH,
    ),
    gauge(
        "open_violations_other",
        "open violations: other",
        "Open violations of any other kind: complaints, cancellations, low ratings.",
        warehouse=_VIOLATIONS,
        export=_HEALTH,
    ),
    gauge(
        "fraud_violations",
        "fraud-related violations",
        "Violations on record that the platform counts as fraud.",
        warehouse=_VIOLATIONS,
        export=_HEALTH,
    ),
    total(
        "new_violations",
        "new violations",
        "Violations that the platform recorded on the day.",
        warehouse="violations, by time of record",
        export=_HEALTH,
    ),
    gauge(
        "appealable_violations",
        "violations that can be appealed",
        "Decisions against the shop whose time for an appeal has not run out.",
        warehouse="violations with an appeal still open, at the end of the day",
        export=_HEALTH,
    ),
    gauge(
        "appeal_days_left",
        "days left of the next appeal",
        "Days until the first of the open appeals runs out; empty where none is open.",
        unit=Unit.DAYS,
        max_age_days=_TODAY,
        warehouse="violations with an appeal still open: the nearest last day",
        export=_HEALTH,
    ),
    gauge(
        "second_appeal_days_left",
        "days left of the next second appeal",
        "Days until the first of the second appeals runs out; empty where none is open.",
        unit=Unit.DAYS,
        max_age_days=_TODAY,
        warehouse="violations with a rejected first appeal: the nearest last day",
        export=_HEALTH,
    ),
    gauge(
        "suspended_listings",
        "suspended listings",
        "Listings that the platform has suspended at the end of the day.",
        warehouse="products by status, at the end of the day",
        export="Product listing: Suspended Listings",
    ),
    gauge(
        "deactivated_listings",
        "listings deactivated by the platform",
        "Listings that the platform, not the shop, took off sale, at the end of the day.",
        warehouse="products by status, at the end of the day",
        api="Search Products: products with status PLATFORM_DEACTIVATED",
        export="Product List: status Deactivated (by the shop too)",
    ),
    gauge(
        "attention_listings",
        'listings that "need attention"',
        "Listings with the status Needs attention at the end of the day.",
        warehouse="products by status, at the end of the day",
        export="Product List: status Needs attention",
    ),
    gauge(
        "listings_in_review_long",
        "listings in review too long",
        "Listings whose review takes longer than the platform says, at the end of the day.",
        warehouse="products in review, by time since submission",
        export="Product List: status Reviewing",
    ),
    gauge(
        "listings_unqualified",
        "listings restricted or missing a qualification",
        "Listings in a restricted category, or without a document that it asks for.",
        warehouse="products by qualification state, at the end of the day",
    ),
    gauge(
        "gmv_30d_at_risk",
        "30-day GMV of listings at risk",
        "GMV of 30 days of the listings that are suspended, deactivated or need attention.",
        unit=Unit.MONEY,
        warehouse="order lines of 30 days of the products at risk: amount paid",
    ),
    gauge(
        "gmv_30d_listings",
        "30-day GMV of all listings",
        "GMV of 30 days of all listings, whatever their status.",
        unit=Unit.MONEY,
        warehouse="order lines of 30 days: amount paid",
        api="Get Shop Product Performance List: gmv, over 30 days, summed",
    ),
    gauge(
        "all_listings",
        "all listings",
        "Listings of any status but draft and deleted, at the end of the day.",
        warehouse="products by status, at the end of the day",
        api="Search Products: products by status",
    ),
    gauge(
        "sps",
        "Shop Performance Score",
        "The platform's score of products, fulfilment and service, 0 to 5; never estimated.",
        unit=Unit.SCORE,
        max_age_days=_WEEK,
        warehouse="shop scores by day",
        export=_SPS,
    ),
    gauge(
        "sps_product",
        "SPS: product satisfaction",
        "The score's part for products: negative reviews, returns not due to the buyer.",
        unit=Unit.SCORE,
        max_age_days=_WEEK,
        warehouse="shop scores by day",
        export=_SPS,
    ),
    gauge(
        "sps_fulfillment",
        "SPS: fulfilment",
        "The score's part for fulfilment: cancellations by the seller, delivery on time.",
        unit=Unit.SCORE,
        max_age_days=_WEEK,
        warehouse="shop scores by day",
        export=_SPS,
    ),
    gauge(
        "sps_service",
        "SPS: service",
        "The score's part for service: dissatisfied chats, after-sales handling.",
        unit=Unit.SCORE,
        max_age_days=_WEEK,
        warehouse="shop scores by day",
        export=_SPS,
    ),
    total(
        "chats_rated",
        "chats rated",
        "Chats with customers that were rated on the day.",
        warehouse="customer chats, by time of rating",
    ),
    total(
        "chats_dissatisfied",
        "chats rated dissatisfied",
        "Of the chats rated on the day, those that the customer was dissatisfied with.",
        warehouse="customer chats, by time of rating: low ratings",
    ),
    gauge(
        "on_probation",
        "on probation (1 yes, 0 no)",
        "1 while the shop is on probation at the end of the day, 0 once it has passed.",
        warehouse="shops by state, at the end of the day",
    ),
    gauge(
        "shop_active",
        "shop active (1 yes, 0 no)",
        "1 while the shop is active at the end of the day, 0 while it is closed or suspended.",
        warehouse="shops by state, at the end of the day",
    ),
    gauge(
        "followers",
        "followers",
        "Followers of the shop's account at the end of the day.",
        max_age_days=_WEEK,
        warehouse="account statistics by day",
    ),
    total(
        "completed_orders",
        "completed orders",
        "Orders delivered and completed on the day.",
        warehouse="orders, by time of completion",
        api="Get Order List: orders with status COMPLETED",
    ),
)
