"""Fulfillment service, the family of tracking: is what was marked as shipped on its way?

False shipments and wrong tracking are S2's. The lines are our defaults.
"""

from shopace.core import (
    Action,
    Benchmark,
    Completion,
    Declaration,
    Direction,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    at_most,
    measure,
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

TRACKING: tuple[Declaration, ...] = (
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
        why="Orders of yours were counted as false shipments, which can cost penalty points.",
        steps=(
            "Search the parcels without a carrier scan and hand them over.",
            "Mark orders as shipped only once the carrier has the parcel.",
            "Appeal where you can prove the hand-over to the carrier.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="fix_tracking",
        trigger=at_least("false_shipment_rate", FALSE),
        action=Action(label="View shipments", target="/orders/shipped"),
        benefit="Fewer false shipments",
        valid_days=3,
        completion=Completion(metric="false_shipment_rate", line=FALSE, unit=Unit.RATIO),
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
        why="Too many of your tracking numbers do not work, which can cost penalty points.",
        steps=(
            "List shipped orders whose tracking shows nothing.",
            "Correct the carrier and number you entered.",
            "Buy shipping labels in the Seller Center, which enters their numbers for you.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="fix_tracking",
        trigger=at_most("valid_tracking_rate", TRACKED),
        action=Action(label="View shipments", target="/orders/shipped"),
        benefit="More parcels that can be tracked",
        completion=Completion(metric="valid_tracking_rate", line=TRACKED, unit=Unit.RATIO),
    ),
)
