"""Do parcels arrive in time, and do buyers get an answer?

S0 names the category and the share of FBT products; S2 what costs points: late and false shipments,
wrong tracking, cancellations. Lines without a source are our defaults. Families beside this page:
`fulfillment_service_dispatch` (in time), `…_tracking` (false shipments, tracking numbers) and
`…_care` (answers and after-sales).
"""

from shopace.core import (
    CONTENT,
    SHOP,
    Action,
    Alias,
    Benchmark,
    Completion,
    Direction,
    Effort,
    Metric,
    Parameter,
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
from shopace.plugins.assortment.fulfillment_service_care import CARE
from shopace.plugins.assortment.fulfillment_service_dispatch import DISPATCH
from shopace.plugins.assortment.fulfillment_service_tracking import TRACKING

CANCELLED = Parameter(
    key="fulfillment_service.cancellation_line",
    default=0.025,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Cancellation rate, by the seller's fault or for lack of stock, that is worth a task",
)
STEADY = Parameter(
    key="fulfillment_service.steady_orders_line",
    default=50,
    unit=Unit.COUNT,
    title="Orders of seven days from which fulfilment by the platform is worth a comparison",
)

PLUGIN = Plugin(
    key="fulfillment_service",
    category="fulfillment_service",
    version="0.1.0",
    title="Fulfillment service",
    question="Do parcels arrive in time, and do buyers get an answer?",
    declares=(
        *DISPATCH,
        Metric(
            key="seller_fault_cancellation_rate",
            title="Seller-fault cancellation rate",
            definition="Orders cancelled by the seller's fault per order paid within the period.",
            formula=measure("seller_fault_cancellations") / measure("orders"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=20,
            is_key=True,
            source="S2, API",
        ),
        Benchmark(metric="seller_fault_cancellation_rate"),
        TaskTemplate(
            key="fulfillment_service.stop_cancellations",
            title="Stop the cause of your cancellations",
            why="A larger part of your orders was cancelled by your fault than in the week before.",
            steps=(
                "Group this week's cancellations by product and reason.",
                "Correct stock and price of those products, or take them off sale.",
                "Offer waiting buyers a replacement before you cancel.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="cut_cancellations",
            trigger=declined("seller_fault_cancellation_rate"),
            only_if=(at_least("seller_fault_cancellation_rate", CANCELLED),),
            action=Action(label="View cancellations", target="/orders/cancelled"),
            benefit="Fewer cancellations",
            completion=Completion(
                metric="seller_fault_cancellation_rate", line=CANCELLED, unit=Unit.RATIO
            ),
        ),
        Metric(
            key="out_of_stock_cancellation_rate",
            title="Out-of-stock cancellation rate",
            definition="Orders cancelled for lack of stock per order paid within the period.",
            formula=measure("out_of_stock_cancellations") / measure("orders"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=20,
            source="S2",
        ),
        Benchmark(metric="out_of_stock_cancellation_rate"),
        TaskTemplate(
            key="fulfillment_service.sync_stock",
            title="Bring listed stock in line with the warehouse",
            why="You cancel more of your orders for lack of stock than benchmark sellers like you.",
            steps=(
                "Count the products behind these cancellations and correct their stock.",
                "Let your warehouse system update the stock, or keep a reserve per sales channel.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="cut_cancellations",
            trigger=behind_peers("out_of_stock_cancellation_rate"),
            only_if=(at_least("out_of_stock_cancellation_rate", CANCELLED),),
            action=Action(label="Update stock", target="/products/inventory"),
            benefit="Fewer cancellations",
            valid_days=14,
            completion=Completion(
                metric="out_of_stock_cancellation_rate", line=CANCELLED, unit=Unit.RATIO
            ),
        ),
        *TRACKING,
        Metric(
            key="fbt_product_share",
            title="Products fulfilled by the platform (FBT)",
            definition="Products fulfilled by the platform, as a share of active products.",
            formula=measure("fbt_products") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            channels=(*SHOP, *CONTENT),
            min_sample=5,
            aliases=(Alias(name="Share of FBT products", reason="S0's name"),),
            source="S0",
        ),
        Benchmark(metric="fbt_product_share"),
        TaskTemplate(
            key="fulfillment_service.move_to_fbt",
            title="Move best sellers to fulfilment by the platform (FBT)",
            why="With orders like yours, benchmark sellers let the platform fulfil more products.",
            steps=(
                "Compare fees and storage with what shipping costs you now.",
                "Begin with two products that sell every day.",
                "Send the first stock and check delivery times after two weeks.",
            ),
            type=TaskType.CHALLENGE,
            objective="use_platform_fulfillment",
            trigger=behind_peers("fbt_product_share"),
            only_if=(at_least("orders", STEADY),),
            channels=SHOP,
            action=Action(label="Sign up", target="/fulfillment/fbt"),
            benefit="Faster delivery",
            effort=Effort.HIGH,
            valid_days=30,
        ),
        *CARE,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
