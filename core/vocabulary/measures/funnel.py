"""What shoppers see, click, put into the cart and buy."""

from __future__ import annotations

from shopace.core.vocabulary.channels import ALL
from shopace.core.vocabulary.measures.measure import daily_uniques, total
from shopace.core.vocabulary.units import Unit

FUNNEL = (
    total("product_impressions", "product impressions", channels=ALL),
    daily_uniques("unique_product_impressions", "unique product impressions", channels=ALL),
    total("product_clicks", "product clicks", channels=ALL),
    daily_uniques("unique_product_clicks", "unique product clicks", channels=ALL),
    total("add_to_carts", "add-to-cart actions", channels=ALL),
    daily_uniques("add_to_cart_users", "add-to-cart users", channels=ALL),
    total("orders", "orders", channels=ALL),
    total("sku_orders", "SKU orders", channels=ALL),
    daily_uniques("unique_buyers", "unique buyers", channels=ALL),
    daily_uniques("est_customers", "est. customers", channels=ALL),
    total("items_sold", "items sold", channels=ALL),
    total("gmv", "GMV", unit=Unit.MONEY, channels=ALL),
    total("gmv_with_tax", "GMV with tax", unit=Unit.MONEY),
    total("tax", "tax", unit=Unit.MONEY),
    total("gmv_with_cofunding", "GMV with co-funding", unit=Unit.MONEY),
    total("shipping_fees", "shipping fees", unit=Unit.MONEY),
    total("visitors", "shop visitors"),
)
