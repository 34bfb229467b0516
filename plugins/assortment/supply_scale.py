"""Are enough of the right products on sale, and in stock?

S0 names the category and two of its metrics (active products, out-of-stock rate by channel); S1 the
matched opportunities, S4 visitors. The other metrics are 3P. What is in stock, and how much hangs
on one product, is the family `supply_scale_stock`; what could be added is `…_growth`.
"""

from shopace.core import (
    ALL,
    ON_SALE,
    SHOP,
    Action,
    Benchmark,
    Direction,
    Effort,
    Metric,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    declined,
    hookimpl,
    measure,
    product_at_most,
)
from shopace.plugins.assortment.supply_scale_growth import ENOUGH_SELLS, GROWTH
from shopace.plugins.assortment.supply_scale_stock import STOCK

PLUGIN = Plugin(
    key="supply_scale",
    category="supply_scale",
    version="0.1.0",
    title="Supply scale",
    question="Are enough of the right products on sale, and in stock?",
    declares=(
        Metric(
            key="active_products",
            title="Active products",
            definition="Listings live on the last day; in a channel, those on offer there.",
            formula=measure("active_products"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=ALL,
            min_sample=5,
            is_key=True,
            source="S0, S4",
        ),
        Benchmark(metric="active_products"),
        TaskTemplate(
            key="supply_scale.relist_products",
            title="Put withdrawn products back on sale",
            why="Fewer of your products can be bought than a week ago.",
            steps=(
                "Filter your product list by the statuses Deactivated and Needs attention.",
                "Correct what the notice on each product names, the best sellers first.",
                "Reactivate them and check that they show as Live.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="widen_assortment",
            trigger=declined("active_products"),
            channels=SHOP,
            action=Action(label="Review products", target="/products/manage"),
            benefit="More products on sale",
        ),
        TaskTemplate(
            key="supply_scale.list_products",
            title="List more products",
            why="Benchmark sellers like you offer more products, and much of what you list sells.",
            steps=(
                "Pick products next to your best sellers: other sizes, colours, refills, sets.",
                "Create the listings with complete attributes, images and stock.",
                "Add the new products to your next video or LIVE.",
            ),
            type=TaskType.CHALLENGE,
            objective="widen_assortment",
            trigger=behind_peers("active_products"),
            only_if=(at_least("sell_through_share", ENOUGH_SELLS),),
            channels=SHOP,
            action=Action(label="Add product", target="/products/create"),
            effort=Effort.HIGH,
            valid_days=30,
        ),
        *GROWTH,
        Metric(
            key="visitors",
            title="Shop visitors",
            definition="People who opened the shop or one of its products, each once per day.",
            formula=measure("visitors"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            min_sample=100,
            source="S4",
        ),
        Benchmark(metric="visitors"),
        TaskTemplate(
            key="supply_scale.invite_visitors",
            title="Invite your viewers into the shop",
            why="Benchmark sellers like you have more shop visitors.",
            steps=(
                "Put your best sellers and current offers at the top of the shop page.",
                "Name the shop and show the way to it in every video and LIVE.",
                "Check the link to the shop in your profile.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_impressions",
            trigger=behind_peers("visitors"),
            action=Action(label="Edit shop page", target="/shop/decoration"),
            benefit="More visitors",
            effort=Effort.LOW,
            valid_days=14,
        ),
        Metric(
            key="products_with_sales",
            title="Products with sales",
            definition="Products with at least one order in the last 30 days.",
            formula=measure("products_with_sales_30d"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            products=(ON_SALE, product_at_most("gmv_30d", 0)),
            source="3P",
        ),
        Metric(
            key="sell_through_share",
            title="Sell-through share",
            definition="Products with sales in the last 30 days, as a share of active products.",
            formula=measure("products_with_sales_30d") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=10,
            products=(ON_SALE, product_at_most("gmv_30d", 0)),
            source="3P",
        ),
        Benchmark(metric="sell_through_share"),
        TaskTemplate(
            key="supply_scale.revive_products",
            title="Revive products that do not sell",
            why="A larger part of your products goes without a sale than at benchmark sellers.",
            steps=(
                "List the active products without an order in 30 days.",
                "Improve title, main image and price of those that are shown and not clicked.",
                "Show those that nobody sees in a video or LIVE, or take them off sale.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="activate_products",
            trigger=behind_peers("sell_through_share"),
            action=Action(label="View products", target="/products/manage"),
            valid_days=14,
        ),
        *STOCK,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
