"""The built-in plugins, one module per category, by their dotted names.

Names, not imports: whoever starts a process passes them to the host, which loads them one by one.
"""

BUILTIN: tuple[str, ...] = (
    "shopace.plugins.assortment.supply_scale",
    "shopace.plugins.assortment.product_competitiveness",
    "shopace.plugins.assortment.product_quality",
    "shopace.plugins.assortment.fulfillment_service",
    "shopace.plugins.content.affiliate_foundation",
    "shopace.plugins.content.creator_network",
    "shopace.plugins.content.creator_ecosystem",
    "shopace.plugins.content.seller_video_quantity",
    "shopace.plugins.content.seller_video_quality",
    "shopace.plugins.content.live_quantity",
    "shopace.plugins.content.live_quality",
    "shopace.plugins.empowerment.ads",
    "shopace.plugins.empowerment.campaigns",
    "shopace.plugins.empowerment.promotions",
    "shopace.plugins.risk.policy_violations",
    "shopace.plugins.risk.listing_risk",
    "shopace.plugins.risk.shop_performance_score",
)
"""In the order of `CATEGORIES`."""

POLICY_PACKS: tuple[tuple[str, str], ...] = (("shopace.plugins.risk", "default_policy.json"),)
"""The policy packs that come with the plugins, as (package, resource)."""
