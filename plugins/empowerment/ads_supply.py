"""What ads are made of: creatives and products. A part of the page `ads`."""

from shopace.core import (
    CONTENT,
    SHOP,
    Action,
    Benchmark,
    Channel,
    Declaration,
    Direction,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    measure,
)

ANY_SPEND = Parameter(
    key="ads.any_spend_line",
    default=1,
    unit=Unit.MONEY,
    title="Ad spend of seven days from which a shop advertises",
)
GOOD_RETURN = Parameter(
    key="ads.good_return_line",
    default=3,
    unit=Unit.MULTIPLE,
    title="ROAS from which a task may ask for more ad money",
)

SUPPLY: tuple[Declaration, ...] = (
    Metric(
        key="ad_creatives",
        title="Ad creative supply",
        definition="Videos and LIVEs that ads can be made of, on the last day.",
        formula=measure("ad_creatives"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=(*SHOP, *CONTENT),
        source="S0",
    ),
    Benchmark(metric="ad_creatives"),
    TaskTemplate(
        key="ads.add_creatives",
        title="Authorize more content as ad creatives",
        why="You advertise with fewer creatives than benchmark sellers like you.",
        steps=(
            "List the videos and LIVEs that sold in the last 30 days.",
            "Authorize yours for ads, and ask creators for the right to use theirs.",
            "Add them to the ads that run already.",
        ),
        type=TaskType.CHALLENGE,
        objective="supply_creatives",
        trigger=behind_peers("ad_creatives"),
        only_if=(at_least("ad_spend", ANY_SPEND, Channel.SHOP),),
        action=Action(label="Add creatives", target="/ads/creatives"),
        benefit="More content to advertise with",
        valid_days=14,
    ),
    Metric(
        key="advertised_product_share",
        title="Products advertised",
        definition="Products in at least one running ad, as a share of active products.",
        formula=measure("advertised_products") / measure("active_products"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=10,
        source="3P",
    ),
    Benchmark(metric="advertised_product_share"),
    TaskTemplate(
        key="ads.advertise_products",
        title="Advertise more of the products that sell",
        why="Benchmark sellers like you advertise a larger part of their products.",
        steps=(
            "List products with orders in the last 30 days that no ad shows.",
            "Add three of them to your ads within the present budget.",
            "Keep those that bring orders, take the others out after 7 days.",
        ),
        type=TaskType.CHALLENGE,
        objective="advertise_products",
        trigger=behind_peers("advertised_product_share"),
        only_if=(at_least("roas", GOOD_RETURN),),
        action=Action(label="Add products", target="/ads/manage"),
        valid_days=14,
    ),
)
