"""Are the products seen, clicked and ordered as well as they could be?

The funnel is S1's: product impressions → product clicks → SKU orders, with CTR and CTOR, by channel
(S0). Its families: `product_competitiveness_reach` (impressions), this page (clicks, CTR, CTOR),
`…_sales` (orders, GMV, AOV) with `…_money` (what buyers paid beside GMV), `…_offer` (carts, prices,
reviews, hero products) and `…_people` (the same funnel by people).
"""

from shopace.core import (
    ALL,
    FIVE,
    SHOP,
    Action,
    Alias,
    Benchmark,
    Direction,
    Effort,
    Metric,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    behind_peers,
    declined,
    hookimpl,
    measure,
)
from shopace.plugins.assortment.product_competitiveness_offer import OFFER
from shopace.plugins.assortment.product_competitiveness_people import PEOPLE
from shopace.plugins.assortment.product_competitiveness_reach import REACH
from shopace.plugins.assortment.product_competitiveness_sales import SALES

PLUGIN = Plugin(
    key="product_competitiveness",
    category="product_competitiveness",
    version="0.1.0",
    title="Product competitiveness",
    question="Are the products seen, clicked and ordered as well as they could be?",
    declares=(
        *REACH,
        Metric(
            key="product_clicks",
            title="Product clicks",
            definition="How many times somebody clicked on a product of the shop.",
            formula=measure("product_clicks"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=ALL,
            min_sample=100,
            is_key=True,
            aliases=(
                Alias(name="Page views", reason="S1: a click shows intent, a page view need not"),
            ),
            driven_by=("product_impressions", "ctr"),
            source="S1",
        ),
        Benchmark(metric="product_clicks"),
        TaskTemplate(
            key="product_competitiveness.recover_clicks",
            title="Find the products that lost their clicks",
            why="Your products were clicked less often than in the week before.",
            steps=(
                "Sort Product Traffic by the loss of clicks.",
                "Where impressions fell too, bring the product back into content and search.",
                "Where only clicks fell, compare image, price and discount with the week before.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_clicks",
            trigger=declined("product_clicks"),
            channels=(*SHOP, *FIVE),
            action=Action(label="View product traffic", target="/analytics/product-traffic"),
        ),
        Metric(
            key="ctr",
            title="CTR (click-through rate)",
            definition="Product clicks per product impression.",
            formula=measure("product_clicks") / measure("product_impressions"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            channels=ALL,
            min_sample=1_000,
            is_key=True,
            gmv_factor=True,
            aliases=(Alias(name="CTR", reason="the short form, as S1 writes it"),),
            source="S1",
        ),
        Benchmark(metric="ctr"),
        TaskTemplate(
            key="product_competitiveness.repair_first_sight",
            title="Check your recent changes to images, titles and prices",
            why="Of those who saw your products, fewer clicked than in the week before.",
            steps=(
                "List the images, titles and prices that changed within the last two weeks.",
                "Take back the changes on products whose click-through rate fell.",
                "Check that your discounts still show.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_clicks",
            trigger=declined("ctr"),
            channels=(*SHOP, *FIVE),
            action=Action(label="View product traffic", target="/analytics/product-traffic"),
        ),
        TaskTemplate(
            key="product_competitiveness.test_images",
            title="Try new main images and titles",
            why="Of those who see products, fewer click on yours than on benchmark sellers'.",
            steps=(
                "Choose five products that are shown often and clicked less than your average.",
                "Make a new main image for each: the product in use, large, without small print.",
                "Compare the click-through rate after a week and keep the better image.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_clicks",
            trigger=behind_peers("ctr"),
            channels=(*SHOP, *FIVE),
            action=Action(label="Edit listings", target="/products/manage"),
            valid_days=14,
        ),
        Metric(
            key="ctor",
            title="CTOR (click-to-order rate)",
            definition="SKU orders per product click.",
            formula=measure("sku_orders") / measure("product_clicks"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            channels=ALL,
            min_sample=100,
            is_key=True,
            gmv_factor=True,
            aliases=(
                Alias(name="CTOR", reason="the short form, as S1 writes it"),
                Alias(
                    name="Conversion rate", reason="S1: renamed, platforms calculate it differently"
                ),
            ),
            source="S1",
        ),
        Benchmark(metric="ctor"),
        TaskTemplate(
            key="product_competitiveness.remove_obstacles",
            title="Remove what keeps buyers from ordering",
            why="Of those who clicked on your products, fewer ordered than in the week before.",
            steps=(
                "Open the most-clicked products as a buyer would.",
                "Check price, shipping fee, delivery time and stock of each variant.",
                "Read the newest reviews and questions, and answer them on the page.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_orders",
            trigger=declined("ctor"),
            channels=(*SHOP, *FIVE),
            action=Action(label="View product traffic", target="/analytics/product-traffic"),
        ),
        TaskTemplate(
            key="product_competitiveness.convince_buyers",
            title="Complete the pages that lose buyers",
            why="Of those who click, fewer order from you than from benchmark sellers.",
            steps=(
                "Choose products that are clicked often and ordered less than your average.",
                "Add sizes, materials, a video and photos from buyers to their pages.",
                "Say delivery time and returns in plain words.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_orders",
            trigger=behind_peers("ctor"),
            channels=(*SHOP, *FIVE),
            action=Action(label="Edit listings", target="/products/manage"),
            effort=Effort.HIGH,
            valid_days=14,
        ),
        *SALES,
        *OFFER,
        *PEOPLE,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
