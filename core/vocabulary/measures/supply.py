"""What the shop offers, and whether it is in stock."""

from __future__ import annotations

from shopace.core.vocabulary.channels import ALL
from shopace.core.vocabulary.measures.measure import gauge, total
from shopace.core.vocabulary.units import Unit

SUPPLY = (
    gauge("active_products", "active products", channels=ALL),
    gauge("out_of_stock_products", "products out of stock", channels=ALL),
    gauge("low_stock_products", "products low on stock"),
    total("new_products", "new products listed", by_choice=True),
    gauge("products_with_sales_30d", "products with sales in 30 days"),
    total("hero_product_gmv", "GMV of the best-selling product", unit=Unit.MONEY),
    gauge("opportunities_matched", "listing opportunities matched"),
    gauge("opportunities_submitted", "listing opportunities submitted"),
    gauge("price_competitive_products", "products priced competitively"),
    gauge("products_over_20_reviews", "products with more than 20 reviews"),
    gauge("qualified_hero_products", "qualified hero products"),
)
