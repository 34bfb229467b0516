"""Ads, campaigns and promotions."""

from __future__ import annotations

from shopace.core.vocabulary.channels import CONTENT, SHOP
from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

EMPOWERMENT = (
    total(
        "ad_spend",
        "ad spend",
        "Amount that the shop's ads cost on the day.",
        unit=Unit.MONEY,
        warehouse="ad reports by day: cost",
        api="TikTok API for Business, GMV Max report: cost",
    ),
    total(
        "ad_budget",
        "ad budget",
        "Amount set as the ads' budget for the day, all running ads together.",
        unit=Unit.MONEY,
        warehouse="ad campaigns that run: daily budget",
    ),
    total(
        "ad_gmv",
        "GMV from ads",
        "GMV of orders that the ads brought, as the ad platform attributes it.",
        unit=Unit.MONEY,
        warehouse="ad reports by day: revenue",
        api="TikTok API for Business, GMV Max report: gross_revenue",
    ),
    total(
        "ad_sku_orders",
        "SKU orders from ads",
        "SKU orders that the ads brought, as the ad platform attributes them.",
        warehouse="ad reports by day: SKU orders",
        api="TikTok API for Business, GMV Max report: orders",
    ),
    gauge(
        "ad_creatives",
        "ad creatives in supply",
        "Videos and LIVEs that ads can be made of at the end of the day.",
        channels=(*SHOP, *CONTENT),
        warehouse="ad creatives that may be used, at the end of the day",
    ),
    gauge(
        "advertised_products",
        "products advertised",
        "Live products in at least one running ad at the end of the day.",
        warehouse="products of running ads, distinct, at the end of the day",
    ),
    gauge(
        "campaigns_joined",
        "campaigns joined",
        "Campaigns of the platform that the shop is signed up for at the end of the day.",
        warehouse="campaign registrations, at the end of the day",
    ),
    gauge(
        "campaigns_eligible",
        "eligible campaigns",
        "Campaigns of the platform that are open to the shop, joined or not.",
        warehouse="campaigns open to the shop, at the end of the day",
    ),
    gauge(
        "campaign_products",
        "products enrolled in campaigns",
        "Live products enrolled in a campaign at the end of the day.",
        warehouse="products of campaign registrations, distinct, at the end of the day",
    ),
    total(
        "campaign_gmv",
        "GMV from campaigns",
        "GMV of orders at a campaign's conditions, on the day of payment.",
        unit=Unit.MONEY,
        warehouse="orders by time of payment with a campaign's mark: amount paid",
    ),
    gauge(
        "promoted_products",
        "products with a promotion",
        "Live products with a running promotion of the shop at the end of the day.",
        warehouse="promotions that run, distinct products at the end of the day",
        api="Search Activities: status ONGOING, distinct products",
    ),
    gauge(
        "free_shipping_products",
        "products with free shipping",
        "Live products that ship free of charge at the end of the day.",
        warehouse="shipping promotions that run, distinct products at the end of the day",
        api="Search Activities: activity_type SHIPPING_DISCOUNT, status ONGOING",
    ),
    total(
        "discount_amount",
        "discounts given",
        "Discounts that the shop paid for on the orders of the day, at the time of payment.",
        unit=Unit.MONEY,
        warehouse="order lines by time of payment: discount of the seller",
        api="Get Order Detail: seller_discount in the payment, summed",
    ),
    total(
        "list_price_gmv",
        "promoted sales at list price",
        "What the promoted pieces sold on the day would have cost without the discount.",
        unit=Unit.MONEY,
        warehouse="order lines with a promotion, by time of payment: list price × quantity",
        api="Get Order Detail: original_total_product_price, orders with a discount, summed",
    ),
    gauge(
        "flash_deals",
        "flash deals running",
        "Flash deals of the shop that run at the end of the day.",
        warehouse="promotions that run: flash deals",
        api="Search Activities: activity_type FLASHSALE, status ONGOING",
        export="Promotional Deals: flash deals",
    ),
    gauge(
        "gifts_with_purchase",
        "gifts with purchase running",
        "Offers of a gift with a purchase that run at the end of the day.",
        warehouse="promotions that run: gifts with purchase",
        export="Promotional Deals: gift-with-purchase promotions",
    ),
    total(
        "coupons_issued",
        "coupons issued",
        "Coupons of the shop that customers collected on the day.",
        warehouse="coupons, by time of collection",
    ),
    total(
        "coupons_redeemed",
        "coupons redeemed",
        "Coupons of the shop used in an order paid on the day.",
        warehouse="coupons, by time of use",
    ),
    total(
        "promotion_gmv",
        "GMV from promotions",
        "GMV of orders with a promotion of the shop's own, on the day of payment.",
        unit=Unit.MONEY,
        warehouse="orders by time of payment with a promotion: amount paid",
    ),
)
