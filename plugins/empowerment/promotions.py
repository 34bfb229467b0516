"""Do the shop's own offers (discounts, flash deals, gifts, coupons, free shipping) bring sales?

S0 names the category and "set a discount for a hero product" as a task, S4 flash deals and gifts
with purchase; the other metrics are those of account managers (3P). Discount depth is shown and
never judged: a deeper discount is not a better one. Parts of this page:
`promotions_coupons`, and `promotions_deals` (flash deals, gifts, free shipping).
"""

from shopace.core import (
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
)
from shopace.plugins.empowerment.promotions_coupons import COUPONS
from shopace.plugins.empowerment.promotions_deals import DEALS, STEADY

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
            only_if=(declined("promoted_product_share"),),  # not where all sales fell
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
            why="Your products sell, and benchmark sellers promote a larger part of theirs.",
            steps=(
                "Choose a product with many views, good reviews and stock for two weeks.",
                "Set a discount that still leaves a margin, with a start and an end date.",
                "After 7 days, compare its orders per click with the week before.",
            ),
            type=TaskType.CHALLENGE,
            objective="promote_products",
            trigger=behind_peers("promoted_product_share"),
            only_if=(at_least("orders", STEADY),),
            action=Action(label="Create now", target="/promotions/create"),
            effort=Effort.LOW,
            names_hero=True,
        ),
        *DEALS,
        Metric(
            key="discount_depth",
            title="Average discount depth",
            definition="Discounts given, as a share of the promoted sales at list price.",
            formula=measure("discount_amount") / measure("list_price_gmv"),
            unit=Unit.RATIO,
            direction=Direction.NEITHER,
            source="3P",
        ),
        *COUPONS,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
