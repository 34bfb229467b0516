"""The shop's own coupons. A part of the page `promotions`."""

from shopace.core import (
    Action,
    Benchmark,
    Declaration,
    Direction,
    Effort,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    declined,
    measure,
)

COUPONS_OUT = Parameter(
    key="promotions.coupons_out_line",
    default=50,
    unit=Unit.COUNT,
    title="Coupons issued in seven days from which their redemption can be judged",
)

COUPONS: tuple[Declaration, ...] = (
    Metric(
        key="coupons_issued",
        title="Coupons issued",
        definition="Coupons of the shop that customers collected.",
        formula=measure("coupons_issued"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="3P",
    ),
    Metric(
        key="coupons_redeemed",
        title="Coupons redeemed",
        definition="Coupons of the shop that customers used in an order.",
        formula=measure("coupons_redeemed"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="3P",
    ),
    Metric(
        key="coupon_redemption_rate",
        title="Coupon redemption rate",
        definition="Coupons redeemed for each coupon issued in the same period.",
        formula=measure("coupons_redeemed") / measure("coupons_issued"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=50,
        is_key=True,
        source="3P",
    ),
    Benchmark(metric="coupon_redemption_rate"),
    TaskTemplate(
        key="promotions.remind_of_coupons",
        title="Remind customers of coupons before they end",
        why="A smaller part of your coupons is redeemed than in the week before.",
        steps=(
            "Check whether the minimum order of the running coupons was raised.",
            "Pin the coupon in LIVEs and name it in videos, with its last day.",
            "Message the customers who collected one and have not used it.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="use_coupons",
        trigger=declined("coupon_redemption_rate"),
        action=Action(label="View coupons", target="/promotions/coupons"),
        effort=Effort.LOW,
    ),
    TaskTemplate(
        key="promotions.fit_coupons",
        title="Fit coupons to what customers order",
        why="At benchmark sellers like you a larger part of the collected coupons is redeemed.",
        steps=(
            "Compare the minimum order of each coupon with your usual order value.",
            "Set a minimum that most orders come near to, and a date within two weeks.",
            "End the coupons that nobody redeems.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="use_coupons",
        trigger=behind_peers("coupon_redemption_rate"),
        only_if=(at_least("coupons_issued", COUPONS_OUT),),
        action=Action(label="Edit coupons", target="/promotions/coupons"),
        valid_days=14,
    ),
)
