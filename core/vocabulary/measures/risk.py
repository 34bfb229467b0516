"""Penalty points, violations, listings at risk and the Shop Performance Score."""

from __future__ import annotations

from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

_WEEK = 7
RISK = (
    gauge("penalty_points", "penalty points not yet expired", unit=Unit.POINTS, max_age_days=_WEEK),
    gauge("penalty_points_ending_30d", "penalty points that end within 30 days", unit=Unit.POINTS),
    gauge("health_rating", "account health rating", unit=Unit.POINTS, max_age_days=_WEEK),
    gauge("open_violations_products", "open violations: products"),
    gauge("open_violations_logistics", "open violations: logistics"),
    gauge("open_violations_service", "open violations: customer service"),
    gauge("open_violations_after_sales", "open violations: after-sales"),
    gauge("open_violations_rules", "open violations: platform rules"),
    gauge("open_violations_other", "open violations: other"),
    gauge("fraud_violations", "fraud-related violations"),
    total("new_violations", "new violations"),
    gauge("appealable_violations", "violations that can be appealed"),
    gauge("appeal_days_left", "days left of the next appeal", unit=Unit.DAYS),
    gauge("suspended_listings", "suspended listings"),
    gauge("deactivated_listings", "listings deactivated by the platform"),
    gauge("attention_listings", 'listings that "need attention"'),
    gauge("listings_in_review_long", "listings in review too long"),
    gauge("listings_unqualified", "listings restricted or missing a qualification"),
    gauge("gmv_30d_at_risk", "30-day GMV of listings at risk", unit=Unit.MONEY),
    gauge("gmv_30d_listings", "30-day GMV of all listings", unit=Unit.MONEY),
    gauge("all_listings", "all listings"),
    gauge("sps", "Shop Performance Score", unit=Unit.SCORE, max_age_days=_WEEK),
    gauge("sps_product", "SPS: product satisfaction", unit=Unit.SCORE, max_age_days=_WEEK),
    gauge("sps_fulfillment", "SPS: fulfilment", unit=Unit.SCORE, max_age_days=_WEEK),
    gauge("sps_service", "SPS: service", unit=Unit.SCORE, max_age_days=_WEEK),
    total("chats_rated", "chats rated"),
    total("chats_dissatisfied", "chats rated dissatisfied"),
    gauge("on_probation", "on probation (1 yes, 0 no)"),
    gauge("followers", "followers", max_age_days=_WEEK),
    total("completed_orders", "completed orders"),
)
