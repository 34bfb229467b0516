"""How do customers' experiences score, and what does the score open or close?

S2 and the API tell the Shop Performance Score (0 to 5), the 30 orders it needs and its lines. The
score comes from the platform and is never estimated from other numbers. Its three dimensions are
the family `shop_performance_score_dimensions`, Seller Center eligibility (S3)
`shop_performance_score_eligibility`.
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
    Window,
    crosses,
    hookimpl,
    measure,
)
from shopace.plugins.risk.shop_performance_score_dimensions import DIMENSIONS
from shopace.plugins.risk.shop_performance_score_eligibility import ELIGIBILITY

SCORE_PAGE = Action(label="View score", target="/shop-performance-score")

PLUGIN = Plugin(
    key="shop_performance_score",
    category="shop_performance_score",
    version="0.1.0",
    title="Shop Performance Score",
    question="How do customers' experiences score, and what does the score open or close?",
    declares=(
        Metric(
            key="sps",
            title="Shop Performance Score",
            definition="The platform's score of products, fulfilment and service, from 0 to 5.",
            formula=measure("sps"),
            unit=Unit.SCORE,
            direction=Direction.HIGHER,
            windows=(Window.L1D, Window.L7D, Window.L30D),
            is_key=True,
            source="S2, API",
        ),
        Benchmark(metric="sps"),
        TaskTemplate(
            key="shop_performance_score.regain_affiliates",
            title="Raise the weakest part of your Shop Performance Score",
            why="With a yellow score sellers report that they cannot work with creators.",
            steps=(
                "Open the score and find the dimension with the lowest value.",
                "Products: correct or withdraw those with most returns and bad reviews.",
                "Fulfilment: dispatch on the day of the order, and sell only what is in stock.",
                "Service: answer messages within 24 hours, and return requests at once.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="raise_sps",
            trigger=crosses("sps_3_5"),
            action=SCORE_PAGE,
            benefit="Affiliate collaborations",
            valid_days=14,
        ),
        TaskTemplate(
            key="shop_performance_score.regain_campaigns",
            title="Stop what pulls your Shop Performance Score down",
            why="With a red score the shop cannot take part in the platform's campaigns.",
            steps=(
                "Withdraw the products behind most of the returns and bad reviews of 60 days.",
                "Pause what you cannot dispatch in time; cancel no order for lack of stock.",
                "Answer all open messages, returns and disputes today.",
                "Look at the three dimensions again every week.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="raise_sps",
            trigger=crosses("sps_2_5"),
            action=SCORE_PAGE,
            benefit="Campaigns and their subsidies",
            effort=Effort.HIGH,
            valid_days=14,
        ),
        TaskTemplate(
            key="shop_performance_score.explain_drop_since_yesterday",
            title="Find out what took the score down since yesterday",
            why="So large a fall within a day needs action before the next limit is reached.",
            steps=(
                "Compare the three dimensions with those of yesterday.",
                "Read the reviews, returns and cancellations that came in since.",
                "Stop selling the product that they name until it is put right.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="raise_sps",
            trigger=crosses("sps_drop_day"),
            action=SCORE_PAGE,
            benefit="Normal operation",
            effort=Effort.LOW,
            valid_days=3,
        ),
        TaskTemplate(
            key="shop_performance_score.explain_drop_of_a_week",
            title="Find out what took the score down this week",
            why="So large a fall within 7 days leads to limits if it goes on.",
            steps=(
                "Compare the three dimensions with those of 7 days ago.",
                "Group this week's bad reviews, late orders and complaints by product.",
                "Correct the product or the process that appears most often.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="raise_sps",
            trigger=crosses("sps_drop_week"),
            action=SCORE_PAGE,
            benefit="Normal operation",
        ),
        *DIMENSIONS,
        *ELIGIBILITY,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
