"""Does the shop take part in the platform's campaigns, with enough products, and sell through them?

S0 names the category and "sign up for a campaign" as a task; the metrics are those of account
managers (3P). Eligible campaigns are all that the shop may be in, joined ones among them. What
campaigns sell is the part `campaigns_sales`.
"""

from shopace.core import (
    Action,
    Benchmark,
    Direction,
    Effort,
    Metric,
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
from shopace.plugins.empowerment.campaigns_sales import IN_CAMPAIGN, OPEN_CAMPAIGN, SALES

PLUGIN = Plugin(
    key="campaigns",
    category="campaigns",
    version="0.1.0",
    title="Campaigns",
    question="Does the shop take part in campaigns, with enough products, and sell through them?",
    declares=(
        Metric(
            key="campaigns_joined",
            title="Campaigns joined",
            definition="Platform campaigns that the shop is signed up for on the last day.",
            formula=measure("campaigns_joined"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            source="3P",
        ),
        Benchmark(metric="campaigns_joined"),
        TaskTemplate(
            key="campaigns.join_campaign",
            title="Sign up for a campaign that is open to you",
            why="Benchmark sellers like you joined more campaigns, and some are open to you.",
            steps=(
                "Open the list of campaigns that you are eligible for.",
                "Choose one whose discount your margin can carry and whose dates your stock can.",
                "Sign up before registration closes and enroll your products.",
            ),
            type=TaskType.INCENTIVE_CAMPAIGN,
            objective="join_campaigns",
            trigger=behind_peers("campaigns_joined"),
            only_if=(at_least("campaigns_not_joined", OPEN_CAMPAIGN),),
            action=Action(label="Sign up", target="/campaigns/available"),
            effort=Effort.LOW,
        ),
        Metric(
            key="campaigns_not_joined",
            title="Eligible campaigns not joined",
            definition="Campaigns open to the shop that it is not signed up for.",
            formula=measure("campaigns_eligible") - measure("campaigns_joined"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            source="3P",
        ),
        Metric(
            key="campaign_join_share",
            title="Eligible campaigns joined",
            definition="Campaigns joined as a share of those that the shop is eligible for.",
            formula=measure("campaigns_joined") / measure("campaigns_eligible"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=3,
            source="3P",
        ),
        Benchmark(metric="campaign_join_share"),
        TaskTemplate(
            key="campaigns.plan_campaigns",
            title="Plan the next month of campaigns",
            why="You join a smaller part of the campaigns open to you than benchmark sellers.",
            steps=(
                "Note the registration deadline and the days of each campaign open to you.",
                "Mark those whose price your margin can carry and whose days your stock can.",
                "Sign up for the marked ones and order their stock in time.",
            ),
            type=TaskType.INCENTIVE_CAMPAIGN,
            objective="join_campaigns",
            trigger=behind_peers("campaign_join_share"),
            only_if=(at_least("campaigns_not_joined", OPEN_CAMPAIGN),),
            action=Action(label="View campaigns", target="/campaigns/available"),
            benefit="More campaigns joined in time",
            valid_days=30,
        ),
        Metric(
            key="campaign_product_share",
            title="Products enrolled in campaigns",
            definition="Products enrolled in a campaign, as a share of active products.",
            formula=measure("campaign_products") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=10,
            is_key=True,
            source="3P",
        ),
        Benchmark(metric="campaign_product_share"),
        TaskTemplate(
            key="campaigns.reenroll_products",
            title="Put products back into your campaigns",
            why="A smaller part of your products is enrolled than a week ago.",
            steps=(
                "Look up which products left a campaign, and the reason given.",
                "Correct price, stock or listing where that was the reason.",
                "Enroll them again, or others that meet the campaign's conditions.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="enroll_products",
            trigger=declined("campaign_product_share"),
            only_if=(at_least("campaigns_joined", IN_CAMPAIGN),),
            action=Action(label="View campaigns", target="/campaigns/mine"),
            effort=Effort.LOW,
        ),
        TaskTemplate(
            key="campaigns.enroll_products",
            title="Enroll more products in the campaigns you joined",
            why="Benchmark sellers like you enroll a larger part of their products.",
            steps=(
                "Open each campaign you joined and list the products that meet its conditions.",
                "Enroll those whose margin carries the campaign price.",
                "Set aside stock for the days of the campaign.",
            ),
            type=TaskType.INCENTIVE_CAMPAIGN,
            objective="enroll_products",
            trigger=behind_peers("campaign_product_share"),
            only_if=(at_least("campaigns_joined", IN_CAMPAIGN),),
            action=Action(label="Enroll products", target="/campaigns/mine"),
        ),
        *SALES,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
