"""What do the listings at risk sell? A part of the page `listing_risk`.

The amount comes from account managers' tools (3P); the line is ours (policy pack).
"""

from shopace.core import (
    Action,
    Benchmark,
    Declaration,
    Direction,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    at_most,
    behind_peers,
    crosses,
    measure,
    product_is,
)

SALES_KEPT = "Sales of these listings"
SALES_PAGE = Action(label="View listings", target="/products/manage?sort=gmv")
SOME = Parameter(
    key="listing_risk.some_gmv_line",
    default=0.05,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Share of GMV at risk from which a comparison with other sellers is told",
)
MUCH = Parameter(
    key="listing_risk.much_gmv_line",
    default=0.0999,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Share of GMV at risk up to which it is told; above it is a risk of its own",
)

SALES: tuple[Declaration, ...] = (
    Metric(
        key="gmv_at_risk",
        title="GMV at risk",
        definition="30-day GMV of listings that are suspended, deactivated or need attention.",
        formula=measure("gmv_30d_at_risk"),
        unit=Unit.MONEY,
        direction=Direction.LOWER,
        products=(product_is("status", "needs_attention"),),
        source="3P",
    ),
    Benchmark(metric="gmv_at_risk"),
    TaskTemplate(
        key="listing_risk.prepare_replacement",
        title="Prepare a replacement for each best seller with a notice",
        why="More of your sales hang on listings at risk than those of benchmark sellers like you.",
        steps=(
            "Sort the listings at risk by GMV and take the first three.",
            "List a product that can replace each of them, in stock and with its documents.",
            "Give the replacement a video or a place in your next LIVE.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="spread_risk",
        trigger=behind_peers("gmv_at_risk"),
        only_if=(
            at_least("gmv_at_risk_share", SOME),
            at_most("gmv_at_risk_share", MUCH),
        ),
        action=SALES_PAGE,
        benefit="Sales that go on",
        valid_days=14,
    ),
    Metric(
        key="gmv_at_risk_share",
        title="Share of GMV at risk",
        definition="30-day GMV of listings at risk, as a share of that of all listings.",
        formula=measure("gmv_30d_at_risk") / measure("gmv_30d_listings"),
        unit=Unit.RATIO,
        direction=Direction.LOWER,
        products=(product_is("status", "needs_attention"),),
        source="3P",
    ),
    Benchmark(metric="gmv_at_risk_share"),
    TaskTemplate(
        key="listing_risk.secure_best_sellers",
        title="Secure the best sellers among the listings at risk",
        why="A good part of your sales comes from listings that are off sale or about to be.",
        steps=(
            "Sort the listings at risk by GMV and take the first three.",
            "Settle what their notices name today, before any other listing.",
            "Have another product of the same kind ready for sale.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_listings",
        trigger=crosses("gmv_at_risk_tenth"),
        action=SALES_PAGE,
        benefit=SALES_KEPT,
        valid_days=3,
    ),
)
