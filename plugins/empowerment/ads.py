"""Do ads bring sales at a return that makes sense?

S0 names the category and ad creative supply by channel; the amounts and ratios are those of account
managers (3P). A task asks for more money only where the return carries it. Parts of this page:
`ads_return` (what ad money returns) and `ads_supply` (what ads are made of).
"""

from shopace.core import (
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
from shopace.plugins.empowerment.ads_return import RETURN
from shopace.plugins.empowerment.ads_supply import GOOD_RETURN, SUPPLY

NO_SPEND = Parameter(
    key="ads.no_spend_line",
    default=0,
    unit=Unit.MONEY,
    title="Ad spend of seven days up to which a shop does not advertise",
)
BUDGET_BINDS = Parameter(
    key="ads.budget_binds_line",
    default=0.9,
    unit=Unit.RATIO,
    title="Used share of the ad budget from which the budget holds the ads back",
)
STEADY = Parameter(
    key="ads.steady_orders_line",
    default=50,
    unit=Unit.COUNT,
    title="Orders of seven days from which a product sells steadily enough to try ads with it",
)
CONVERTS = Parameter(
    key="ads.converts_line",
    default=0.02,
    unit=Unit.RATIO,
    title="Orders per click from which bought clicks can pay",
)

PLUGIN = Plugin(
    key="ads",
    category="ads",
    version="0.1.0",
    title="Ads",
    question="Do ads bring sales at a return that makes sense?",
    declares=(
        Metric(
            key="ad_spend",
            title="Ad spend",
            definition="What the shop paid for ads.",
            formula=measure("ad_spend"),
            unit=Unit.MONEY,
            direction=Direction.NEITHER,
            source="3P",
        ),
        Metric(
            key="ad_gmv",
            title="Ad GMV",
            definition="GMV of orders that ads brought.",
            formula=measure("ad_gmv"),
            unit=Unit.MONEY,
            direction=Direction.HIGHER,
            sample=measure("ad_sku_orders"),
            min_sample=20,
            is_key=True,
            source="3P",
        ),
        Benchmark(metric="ad_gmv"),
        TaskTemplate(
            key="ads.resume_ads",
            title="Check ads that were paused or lost budget",
            why="GMV from ads fell within a week, while your ad money still returns well.",
            steps=(
                "Open your ads and look for paused, rejected or ended ones.",
                "Check whether a budget or a balance ran out.",
                "Switch back on what brought orders at a good return before.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="run_ads",
            trigger=declined("ad_gmv"),
            only_if=(at_least("roas", GOOD_RETURN),),
            action=Action(label="View ads", target="/ads/manage"),
            effort=Effort.LOW,
        ),
        TaskTemplate(
            key="ads.restart_ads",
            title="Decide whether your ads should run again",
            why="GMV from ads fell, and no ad has spent anything for seven days.",
            steps=(
                "Check whether a payment failed or all ads ended.",
                "Compare what the ads returned in their last weeks with what they cost.",
                "Restart the ones that paid for themselves; leave the others off.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="run_ads",
            trigger=declined("ad_gmv"),
            only_if=(at_most("ad_spend", NO_SPEND),),
            action=Action(label="View ads", target="/ads/manage"),
            effort=Effort.LOW,
        ),
        *RETURN,
        Metric(
            key="ad_gmv_share",
            title="Ad GMV share",
            definition="GMV from ads as a share of the shop's GMV.",
            formula=measure("ad_gmv") / measure("gmv"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            sample=measure("orders"),
            min_sample=50,
            source="3P",
        ),
        Benchmark(metric="ad_gmv_share"),
        TaskTemplate(
            key="ads.start_ads",
            title="Try ads with one product that already sells",
            why="Your products sell to those who click, and benchmark sellers buy clicks with ads.",
            steps=(
                "Choose a product with steady sales, good reviews and enough stock.",
                "Set a small daily budget that you can afford to lose, for 7 days.",
                "Go on only if the orders pay for the ads.",
            ),
            type=TaskType.CHALLENGE,
            objective="run_ads",
            trigger=behind_peers("ad_gmv_share"),
            only_if=(
                at_most("ad_spend", NO_SPEND),
                at_least("orders", STEADY),
                at_least("ctor", CONVERTS),
            ),
            action=Action(label="Create ad", target="/ads/create"),
            valid_days=14,
            names_hero=True,
        ),
        TaskTemplate(
            key="ads.raise_budget",
            title="Raise the budget of ads that run out of it",
            why="Your ads return well but use up their budget; benchmark sellers sell more by ads.",
            steps=(
                "Find the ads that reach their daily budget and return best.",
                "Raise their budget by a fifth, not more at once.",
                "Take it back if the return falls within the next 7 days.",
            ),
            type=TaskType.CHALLENGE,
            objective="run_ads",
            trigger=behind_peers("ad_gmv_share"),
            only_if=(at_least("ad_budget_used_share", BUDGET_BINDS), at_least("roas", GOOD_RETURN)),
            action=Action(label="Edit budgets", target="/ads/manage"),
            effort=Effort.LOW,
            valid_days=14,
        ),
        *SUPPLY,
        Metric(
            key="ad_budget_used_share",
            title="Ad budget used",
            definition="Ad spend as a share of the budgets set for it.",
            formula=measure("ad_spend") / measure("ad_budget"),
            unit=Unit.RATIO,
            direction=Direction.NEITHER,
            source="3P",
        ),
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
