"""Supply scale, the family of growth: new products, and opportunities to list.

S1 names the opportunities that products match; new products are 3P.
"""

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
    measure,
    product_at_least,
)

ENOUGH_SELLS = Parameter(
    key="supply_scale.enough_sells_line",
    default=0.3,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Sell-through share from which more products make sense",
)

GROWTH: tuple[Declaration, ...] = (
    Metric(
        key="new_products",
        title="New products listed",
        definition="Products put on sale for the first time within the period.",
        formula=measure("new_products"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        min_sample=5,
        source="3P",
    ),
    Benchmark(metric="new_products"),
    TaskTemplate(
        key="supply_scale.plan_new_products",
        title="Plan new listings for every week",
        why="Benchmark sellers like you list more new products, and much of what you list sells.",
        steps=(
            "Choose a fixed weekday for new listings, and products for the next four weeks.",
            "Prepare images, attributes and stock before the day comes.",
            "Present each new product in a video on the day it goes on sale.",
        ),
        type=TaskType.CHALLENGE,
        objective="widen_assortment",
        trigger=behind_peers("new_products"),
        only_if=(at_least("sell_through_share", ENOUGH_SELLS),),
        action=Action(label="Add product", target="/products/create"),
        valid_days=30,
    ),
    Metric(
        key="opportunities_matched",
        title="Listing opportunities matched",
        definition="Products of yours that match a product opportunity of the platform.",
        formula=measure("opportunities_matched"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        products=(product_at_least("opportunity_matched", 1),),
        source="S1",
    ),
    Metric(
        key="opportunities_submitted",
        title="Listing opportunities submitted",
        definition="Matched product opportunities for which a product was submitted.",
        formula=measure("opportunities_submitted"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="S1",
    ),
    Metric(
        key="opportunity_submission_share",
        title="Share of listing opportunities submitted",
        definition="Submitted listing opportunities, as a share of the matched ones.",
        formula=measure("opportunities_submitted") / measure("opportunities_matched"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=3,
        products=(product_at_least("opportunity_matched", 1),),
        source="S1",
    ),
    Benchmark(metric="opportunity_submission_share"),
    TaskTemplate(
        key="supply_scale.submit_opportunities",
        title="Submit products for your matched opportunities",
        why="Benchmark sellers like you take up more of the opportunities matched to them.",
        steps=(
            "Open the Opportunity Center and filter your products by “Opportunity matched”.",
            "Submit the products that you can keep in stock.",
        ),
        type=TaskType.CHALLENGE,
        objective="take_opportunities",
        trigger=behind_peers("opportunity_submission_share"),
        action=Action(label="Submit products", target="/growth/opportunities"),
        effort=Effort.LOW,
        valid_days=14,
    ),
)
