"""Do buyers take more than one thing at a time?"""

from shopace.core import (
    Action,
    Benchmark,
    Direction,
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

PLUGIN = Plugin(
    key="vendor",
    category="product_competitiveness",
    version="0.1.0",
    title="Full baskets",
    question="Do buyers take more than one thing at a time?",
    declares=(
        Metric(
            key="vendor.items_per_order",
            title="Items per order",
            definition="Items sold per order.",
            formula=measure("items_sold") / measure("orders"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            min_sample=50,
            is_key=True,
        ),
        Benchmark(metric="vendor.items_per_order"),
        TaskTemplate(
            key="vendor.restore_bundles",
            title="Restore the offers that filled your orders",
            why="Orders hold fewer items than a week ago.",
            steps=(
                "Look up which products were bought together before, and no longer are.",
                "Bring back the bundle or the free-shipping line that is gone.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="raise_order_value",
            trigger=declined("vendor.items_per_order"),
            action=Action(label="View orders", target="/orders"),
        ),
        TaskTemplate(
            key="vendor.offer_bundles",
            title="Offer bundles of what goes together",
            why="Benchmark sellers like you sell more items per order.",
            steps=(
                "Pick two products that buyers need together.",
                "Offer both at a price below their sum.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="raise_order_value",
            trigger=behind_peers("vendor.items_per_order"),
            action=Action(label="Create a bundle", target="/promotions/bundles"),
            valid_days=14,
        ),
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
