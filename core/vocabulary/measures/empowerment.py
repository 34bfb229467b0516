"""Ads, campaigns and promotions."""

from __future__ import annotations

from shopace.core.vocabulary.channels import CONTENT, SHOP
from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

EMPOWERMENT = (
    total("ad_spend", "ad spend", unit=Unit.MONEY),
    total("ad_budget", "ad budget", unit=Unit.MONEY),
    total("ad_gmv", "GMV from ads", unit=Unit.MONEY),
    total("ad_sku_orders", "SKU orders from ads"),
    gauge("ad_creatives", "ad creatives in supply", channels=(*SHOP, *CONTENT)),
    gauge("advertised_products", "products advertised"),
    gauge("campaigns_joined", "campaigns joined"),
    gauge("campaigns_eligible", "eligible campaigns"),
    gauge("campaign_products", "products enrolled in campaigns"),
    total("campaign_gmv", "GMV from campaigns", unit=Unit.MONEY),
    gauge("promoted_products", "products with a promotion"),
    gauge("free_shipping_products", "products with free shipping"),
    total("discount_amount", "discounts given", unit=Unit.MONEY),
    total("list_price_gmv", "promoted sales at list price", unit=Unit.MONEY),
    gauge("flash_deals", "flash deals running"),
    gauge("gifts_with_purchase", "gifts with purchase running"),
    total("coupons_issued", "coupons issued", by_choice=True),
    total("coupons_redeemed", "coupons redeemed"),
    total("promotion_gmv", "GMV from promotions", unit=Unit.MONEY),
)
