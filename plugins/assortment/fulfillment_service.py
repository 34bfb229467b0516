"""Do parcels arrive in time, and do buyers get an answer?

S0 names the category and the share of FBT products; S2 what costs points: late and false shipments,
wrong tracking, cancellations. Lines without a source are our defaults. Families beside this page:
`fulfillment_service_dispatch` (in time) and `…_care` (answers and after-sales).
"""

from shopace.core import (
    CONTENT,
    SHOP,
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
    at_least,
    at_most,
    behind_peers,
    declined,
    hookimpl,
    measure,
)
from shopace.plugins.assortment.fulfillment_service_care import CARE
from shopace.plugins.assortment.fulfillment_service_dispatch import DISPATCH

CANCELLED = Parameter(
    key="fulfillment_service.cancellation_line",
    default=0.025,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Seller-fault cancellation rate from which it is worth a task",
)
TRACKED = Parameter(
    key="fulfillment_service.valid_tracking_line",
    default=0.95,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Valid tracking rate at or below which tracking needs repair",
)
FALSE = Parameter(
    key="fulfillment_service.false_shipment_line",
    default=0.01,
    unit=Unit.RATIO,
    maximum=1.0,
    title="False shipment rate from which parcels need a check",
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
            why="You cancelled more of your orders than in the week before.",
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
            why="You cancel more orders for lack of stock than benchmark sellers like you.",
            steps=(
                "Count the products behind these cancellations and correct their stock.",
                "Connect your warehouse system, or keep a reserve per sales channel.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="cut_cancellations",
            trigger=behind_peers("out_of_stock_cancellation_rate"),
            only_if=(at_least("out_of_stock_cancellation_rate", CANCELLED),),
            action=Action(label="Update stock", target="/products/inventory"),
            benefit="Fewer cancellations",
            valid_days=14,
        ),
        Metric(
            key="false_shipment_rate",
            title="False shipment rate",
            definition="Orders marked as shipped that were not, as a share of all shipped.",
            formula=measure("false_shipments") / measure("shipped_orders"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=20,
            source="S2",
        ),
        Benchmark(metric="false_shipment_rate"),
        TaskTemplate(
            key="fulfillment_service.check_false_shipments",
            title="Check orders marked as shipped without a scan",
            why="Orders of yours were counted as false shipments, which costs points.",
            steps=(
                "Search the parcels without a carrier scan and hand them over.",
                "Mark orders as shipped only once the carrier has the parcel.",
                "Appeal where you can prove the hand-over.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="fix_tracking",
            trigger=at_least("false_shipment_rate", FALSE),
            action=Action(label="View shipments", target="/orders/shipped"),
            benefit="Fewer violations",
            valid_days=3,
        ),
        Metric(
            key="valid_tracking_rate",
            title="Valid tracking rate",
            definition="Orders with a tracking number that works, as a share of all shipped.",
            formula=measure("valid_tracking_orders") / measure("shipped_orders"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=20,
            source="S2, 3P",
        ),
        Benchmark(metric="valid_tracking_rate"),
        TaskTemplate(
            key="fulfillment_service.repair_tracking",
            title="Repair the tracking numbers of your parcels",
            why="Too many buyers cannot follow their parcel.",
            steps=(
                "List shipped orders whose tracking shows nothing.",
                "Correct the carrier and number you entered.",
                "Buy labels in the Seller Center, so that numbers enter themselves.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="fix_tracking",
            trigger=at_most("valid_tracking_rate", TRACKED),
            action=Action(label="View shipments", target="/orders/shipped"),
            benefit="Fewer questions about parcels",
        ),
        Metric(
            key="fbt_product_share",
            title="Share of FBT products",
            definition="Products fulfilled by the platform, as a share of active products.",
            formula=measure("fbt_products") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            channels=(*SHOP, *CONTENT),
            min_sample=5,
            source="S0",
        ),
        Benchmark(metric="fbt_product_share"),
        TaskTemplate(
            key="fulfillment_service.move_to_fbt",
            title="Move best sellers to fulfilment by the platform",
            why="A smaller part of your products is fulfilled by the platform than at benchmark "
            "sellers.",
            steps=(
                "Compare fees and storage with what shipping costs you now.",
                "Begin with two products that sell every day.",
                "Send the first stock and check delivery times after two weeks.",
            ),
            type=TaskType.CHALLENGE,
            objective="use_platform_fulfillment",
            trigger=behind_peers("fbt_product_share"),
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
