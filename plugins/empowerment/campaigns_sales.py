"""What campaigns sell. A part of the page `campaigns`."""

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
    behind_peers,
    declined,
    measure,
)

OPEN_CAMPAIGN = Parameter(
    key="campaigns.open_campaign_line",
    default=1,
    unit=Unit.COUNT,
    title="Eligible campaigns not joined from which a task may ask to join one",
)
IN_CAMPAIGN = Parameter(
    key="campaigns.in_campaign_line",
    default=1,
    unit=Unit.COUNT,
    title="Campaigns joined from which a task may speak of products in campaigns",
)
ENROLLED = Parameter(
    key="campaigns.enrolled_line",
    default=0.1,
    unit=Unit.RATIO,
    title="Share of products enrolled from which missing campaign sales are no matter of enrolling",
)

SALES: tuple[Declaration, ...] = (
    Metric(
        key="campaign_gmv",
        title="Campaign GMV",
        definition="GMV of orders at a campaign's conditions.",
        formula=measure("campaign_gmv"),
        unit=Unit.MONEY,
        direction=Direction.HIGHER,
        sample=measure("orders"),
        min_sample=50,
        is_key=True,
        source="3P",
    ),
    Benchmark(metric="campaign_gmv"),
    TaskTemplate(
        key="campaigns.join_next_campaign",
        title="Sign up for the next campaign",
        why="GMV from campaigns fell against the week before, and a campaign is open to you.",
        steps=(
            "Check which of your campaigns ended.",
            "Choose the next one whose conditions your margin and stock can carry.",
            "Sign up before registration closes and enroll what sold in the last campaign.",
        ),
        type=TaskType.INCENTIVE_CAMPAIGN,
        objective="join_campaigns",
        trigger=declined("campaign_gmv"),
        only_if=(
            declined("campaign_gmv_share"),  # not where all sales fell
            at_least("campaigns_not_joined", OPEN_CAMPAIGN),
        ),
        action=Action(label="Sign up", target="/campaigns/available"),
    ),
    Metric(
        key="campaign_gmv_share",
        title="Campaign GMV share",
        definition="Campaign GMV as a share of the shop's GMV.",
        formula=measure("campaign_gmv") / measure("gmv"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        sample=measure("orders"),
        min_sample=50,
        source="3P",
    ),
    Benchmark(metric="campaign_gmv_share"),
    TaskTemplate(
        key="campaigns.show_campaign_products",
        title="Show your campaign products in content",
        why="Your products are enrolled, but campaigns bring you less than benchmark sellers.",
        steps=(
            "Pin the enrolled products in your next LIVE and link them in your next video.",
            "Say the campaign price and its last day.",
            "Check that they stay in stock while the campaign runs.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="lift_campaign_sales",
        trigger=behind_peers("campaign_gmv_share"),
        only_if=(
            at_least("campaigns_joined", IN_CAMPAIGN),
            at_least("campaign_product_share", ENROLLED),
        ),
        action=Action(label="View campaigns", target="/campaigns/mine"),
    ),
)
