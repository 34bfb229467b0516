"""Do the shop's own offers (discounts, flash deals, gifts, coupons, free shipping) bring sales?

S0 names the category and "set a discount for a hero product" as a task, S4 flash deals and gifts
with purchase; the other metrics are those of account managers (3P). Discount depth is shown and
never judged: a deeper discount is not a better one. Coupons are the family `promotions_coupons`.
"""

from shopace.core import (
    Action,
    Benchmark,
    Direction,
    Effort,
    Metric,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_most,
    behind_peers,
    declined,
    hookimpl,
    measure,
)
from shopace.plugins.empowerment.promotions_coupons import COUPONS

NO_DEALS = Parameter(
    key="promotions.no_deals_line",
    default=0,
    unit=Unit.COUNT,
    title="Flash deals up to which a shop is told to run one: beyond it, more are not better",
)

PLUGIN = Plugin(
    key="promotions",
    category="promotions",
    version="0.1.0",
    title="Promotions",
    question="Do the shop's own offers bring sales?",
    declares=(
        Metric(
            key="promotion_gmv",
            title="Promotion GMV",
            definition="GMV of orders with a promotion of the shop's own.",
            formula=measure("promotion_gmv"),
            unit=Unit.MONEY,
            direction=Direction.HIGHER,
            sample=measure("orders"),
            min_sample=50,
            is_key=True,
            source="3P",
        ),
        Benchmark(metric="promotion_gmv"),
        TaskTemplate(
            key="promotions.renew_promotions",
            title="Renew promotions that ended",
            why="GMV from your promotions fell against the week before.",
            steps=(
                "Look up which promotions ended or ran out of their budget in the last 14 days.",
                "Renew those that sold, at the same depth or less.",
                "Leave out products that are short of stock.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="promote_products",
            trigger=declined("promotion_gmv"),
            action=Action(label="View promotions", target="/promotions/manage"),
            effort=Effort.LOW,
        ),
        Metric(
            key="promotion_gmv_share",
            title="Promotion GMV share",
            definition="Promotion GMV as a share of the shop's GMV.",
            formula=measure("promotion_gmv") / measure("gmv"),
            unit=Unit.RATIO,
            direction=Direction.NEITHER,
            sample=measure("orders"),
            min_sample=50,
            source="3P",
        ),
        Metric(
            key="promoted_product_share",
            title="Products with a promotion",
            definition="Products with a running promotion, as a share of active products.",
            formula=measure("promoted_products") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=10,
            source="3P",
        ),
        Benchmark(metric="promoted_product_share"),
        TaskTemplate(
            key="promotions.set_discount",
            title="Set a discount for a hero product",
            why="Benchmark sellers like you run promotions on a larger part of their products.",
            steps=(
                "Choose a product with many views, good reviews and stock for two weeks.",
                "Set a discount that still leaves a margin, with a start and an end date.",
                "Compare its orders per click after 7 days with those before.",
            ),
            type=TaskType.CHALLENGE,
            objective="promote_products",
            trigger=behind_peers("promoted_product_share"),
            action=Action(label="Create now", target="/promotions/create"),
            effort=Effort.LOW,
        ),
        Metric(
            key="free_shipping_product_share",
            title="Products with free shipping",
            definition="Products that ship free of charge, as a share of active products.",
            formula=measure("free_shipping_products") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=10,
            source="3P",
        ),
        Benchmark(metric="free_shipping_product_share"),
        TaskTemplate(
            key="promotions.offer_free_shipping",
            title="Offer free shipping from a minimum order",
            why="Benchmark sellers like you ship a larger part of their products free of charge.",
            steps=(
                "Work out from which order value your margin carries the shipping fee.",
                "Set free shipping from that value on.",
                "Check after 14 days whether orders rose to that value.",
            ),
            type=TaskType.CHALLENGE,
            objective="offer_free_shipping",
            trigger=behind_peers("free_shipping_product_share"),
            action=Action(label="Create now", target="/promotions/shipping-fee"),
            valid_days=14,
        ),
        Metric(
            key="discount_depth",
            title="Average discount depth",
            definition="Discounts given, as a share of the promoted sales at list price.",
            formula=measure("discount_amount") / measure("list_price_gmv"),
            unit=Unit.RATIO,
            direction=Direction.NEITHER,
            source="3P",
        ),
        Metric(
            key="flash_deals",
            title="Flash deals",
            definition="Flash deals running on the last day.",
            formula=measure("flash_deals"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            source="S4",
        ),
        Benchmark(metric="flash_deals"),
        TaskTemplate(
            key="promotions.run_flash_deal",
            title="Run a flash deal on a product that sells",
            why="You have no flash deal running; benchmark sellers like you do.",
            steps=(
                "Choose a product with steady orders and more stock than two weeks need.",
                "Set a flash deal of a few hours, with a limit on the quantity.",
                "Start it together with a LIVE or a video that shows the product.",
            ),
            type=TaskType.CHALLENGE,
            objective="run_flash_deals",
            trigger=behind_peers("flash_deals"),
            only_if=(at_most("flash_deals", NO_DEALS),),
            action=Action(label="Create now", target="/promotions/flash-deals"),
            effort=Effort.LOW,
        ),
        Metric(
            key="gifts_with_purchase",
            title="Gifts with purchase",
            definition="Offers with a gift running on the last day.",
            formula=measure("gifts_with_purchase"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            source="S4",
        ),
        *COUPONS,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
