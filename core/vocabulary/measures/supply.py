"""What the shop offers, and whether it is in stock."""

from __future__ import annotations

from shopace.core.vocabulary.channels import ALL
from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

SUPPLY = (
    gauge(
        "active_products",
        "active products",
        "Products that are live at the end of the day; of a channel, those on offer in it.",
        channels=ALL,
        warehouse="products by status, at the end of the day",
        api="Search Products: products with status ACTIVATE",
        export="Product listing: Active Products",
    ),
    gauge(
        "out_of_stock_products",
        "products out of stock",
        "Live products of which nothing can be bought at the end of the day, in any variant.",
        channels=ALL,
        warehouse="stock per SKU, at the end of the day: products without any left",
    ),
    gauge(
        "low_stock_products",
        "products low on stock",
        "Live products with little stock left at the end of the day, by your own line for little.",
        warehouse="stock per SKU beside its recent sales, at the end of the day",
    ),
    total(
        "new_products",
        "new products listed",
        "Products that went on sale for the first time on the day.",
        by_choice=True,
        warehouse="products by the day they first went live",
        api="Search Products: create_time (listed, not yet live)",
    ),
    gauge(
        "products_with_sales_30d",
        "products with sales in 30 days",
        "Products with at least one paid order in the 30 days up to the day.",
        warehouse="order lines of 30 days, distinct products",
        api="Get Shop Product Performance List: products with orders, over 30 days",
    ),
    total(
        "hero_product_gmv",
        "GMV of the best-selling product",
        "GMV of the one product that sold most on the day.",
        unit=Unit.MONEY,
        warehouse="order lines by time of payment: the largest amount of a product per day",
        api="Get Shop Product Performance List: gmv of the first, sorted by gmv",
    ),
    gauge(
        "opportunities_matched",
        "listing opportunities matched",
        "Products that match an opportunity of the Opportunity Center at the end of the day.",
        warehouse="product opportunities, at the end of the day",
        export="Product List: Opportunity matched",
    ),
    gauge(
        "opportunities_submitted",
        "listing opportunities submitted",
        "Of the matched opportunities, those for which the shop has submitted a product.",
        warehouse="product opportunities with a submission, at the end of the day",
    ),
    gauge(
        "price_competitive_products",
        "products priced competitively",
        "Live products whose price is like or below that of comparable ones, as the platform says.",
        warehouse="price comparison per product, at the end of the day",
    ),
    gauge(
        "products_over_20_reviews",
        "products with more than 20 reviews",
        "Live products with more than 20 reviews since they were listed.",
        warehouse="reviews, counted per product",
        api="Search Product Reviews, counted per product",
    ),
    gauge(
        "qualified_hero_products",
        "qualified hero products",
        "Products that meet the platform's criteria for a hero product at the end of the day.",
        warehouse="hero product programme, at the end of the day",
    ),
)
