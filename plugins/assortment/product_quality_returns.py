"""Product quality, the family of returns: what comes back, and what is paid back.

The refund measures are S1's: refunds count on the day they are processed, GMV at payment, so the
refund rate of a short window compares different orders. The 60-day rate is API and 3P.
"""

from shopace.core import (
    Action,
    Benchmark,
    Completion,
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

MANY_REFUNDS = Parameter(
    key="product_quality.many_refunds_line",
    default=0.05,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Refund or return rate from which its causes are worth a task",
)

RETURNS: tuple[Declaration, ...] = (
    Metric(
        key="non_buyer_fault_return_rate",
        title="Returns not due to the buyer (60 days)",
        definition="Orders of 60 days that came back for a reason that is not the buyer's, "
        "as a share of delivered orders.",
        formula=measure("non_buyer_fault_returns_60d") / measure("delivered_orders_60d"),
        unit=Unit.RATIO,
        direction=Direction.LOWER,
        min_sample=30,
        source="API, 3P",
    ),
    Benchmark(metric="non_buyer_fault_return_rate"),
    TaskTemplate(
        key="product_quality.match_description",
        title="Match descriptions with what you ship",
        why="More of your orders come back for reasons that are not the buyer's than at "
        "benchmark sellers.",
        steps=(
            "Group the returns of 60 days by product and reason.",
            "For “not as described”: correct photos, sizes and materials on the page.",
            "For “damaged” or “defective”: check the stock and pack it better.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="cut_returns",
        trigger=behind_peers("non_buyer_fault_return_rate"),
        only_if=(at_least("non_buyer_fault_return_rate", MANY_REFUNDS),),
        action=Action(label="View returns", target="/orders/returns"),
        benefit="Fewer returns",
        effort=Effort.HIGH,
        valid_days=30,
        completion=Completion(
            metric="non_buyer_fault_return_rate", line=MANY_REFUNDS, unit=Unit.RATIO
        ),
    ),
    Metric(
        key="refund_rate",
        title="Refund rate",
        definition="Orders refunded within the period per order paid within it; the two are "
        "not the same orders.",
        formula=measure("refunded_orders") / measure("orders"),
        unit=Unit.RATIO,
        direction=Direction.LOWER,
        min_sample=20,
        is_key=True,
        source="S1",
    ),
    Benchmark(metric="refund_rate"),
    TaskTemplate(
        key="product_quality.find_refund_cause",
        title="Find the product behind the higher refund rate",
        why="More refunds were processed for each order of the week than in the week before.",
        steps=(
            "See which moved, refunds or orders: refunds often belong to earlier weeks' orders.",
            "Sort this week's refunds by product and reason.",
            "If one product or batch stands out, stop selling it until the cause is clear.",
            "Tell waiting buyers what you do about it.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="cut_returns",
        trigger=declined("refund_rate"),
        only_if=(at_least("refund_rate", MANY_REFUNDS),),
        action=Action(label="View refunds", target="/orders/returns"),
        benefit="Fewer returns",
        completion=Completion(metric="refund_rate", line=MANY_REFUNDS, unit=Unit.RATIO),
    ),
    TaskTemplate(
        key="product_quality.prevent_refunds",
        title="Prevent refunds by answering questions before the order",
        why="A larger part of your orders is refunded than at benchmark sellers.",
        steps=(
            "List the three most frequent reasons for refunds.",
            "Answer them on the product page: size advice, what is in the box, delivery time.",
            "Say the same in your videos and LIVEs.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="cut_returns",
        trigger=behind_peers("refund_rate"),
        only_if=(at_least("refund_rate", MANY_REFUNDS),),
        action=Action(label="Edit listings", target="/products/manage"),
        benefit="Fewer returns",
        valid_days=14,
        completion=Completion(metric="refund_rate", line=MANY_REFUNDS, unit=Unit.RATIO),
    ),
    Metric(
        key="refunds",
        title="Refunds",
        definition="Amount refunded, on the day of the refund: often for orders of earlier weeks.",
        formula=measure("refunds"),
        unit=Unit.MONEY,
        direction=Direction.NEITHER,
        source="S1",
    ),
    Metric(
        key="items_refunded",
        title="Items refunded",
        definition="Pieces refunded of returned or cancelled orders, on the day of the refund.",
        formula=measure("items_refunded"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="S1",
    ),
    Metric(
        key="refund_customers",
        title="Refund customers",
        definition="Buyers who received a refund, each once per day and summed over the days.",
        formula=measure("refund_customers"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="S1",
    ),
)
