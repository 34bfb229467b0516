"""How do customers' experiences score, and what does the score open or close?

S2 and the API tell the Shop Performance Score (0 to 5), the 30 orders it needs and its lines; the
dimensions are 3P. The score comes from the platform and is never estimated from other numbers.
Seller Center eligibility (S3) is the family `shop_performance_score_eligibility`.
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
    behind_peers,
    crosses,
    hookimpl,
    measure,
)
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
            why="Below 3.5 the score is yellow, and working with affiliates is said to end.",
            steps=(
                "Open the score and find the dimension with the lowest value.",
                "Product: withdraw or correct the products with most returns and bad reviews.",
                "Fulfilment: dispatch on the day of the order, and sell only what is in stock.",
                "Service: answer every message within 24 hours, every return request at once.",
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
            why="Below 2.5 the score is red, and the shop cannot take part in campaigns.",
            steps=(
                "Withdraw the products behind most returns and bad reviews of 60 days.",
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
            why="A fall of more than 0.5 within a day has a cause that you can still see.",
            steps=(
                "Compare the three dimensions with those of yesterday.",
                "Read the reviews, returns and cancellations that came in since.",
                "Stop the sale of the product they name until it is put right.",
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
            why="A fall of more than 0.5 within 7 days leads to limits if it goes on.",
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
        Metric(
            key="sps_product",
            title="SPS: product satisfaction",
            definition="The score's part for products: bad reviews, returns not due to the buyer.",
            formula=measure("sps_product"),
            unit=Unit.SCORE,
            direction=Direction.HIGHER,
            source="S2, 3P",
        ),
        Benchmark(metric="sps_product"),
        Metric(
            key="sps_fulfillment",
            title="SPS: fulfilment",
            definition="The score's part for fulfilment: own cancellations, delivery on time.",
            formula=measure("sps_fulfillment"),
            unit=Unit.SCORE,
            direction=Direction.HIGHER,
            source="S2, 3P",
        ),
        Benchmark(metric="sps_fulfillment"),
        Metric(
            key="sps_service",
            title="SPS: service",
            definition="The score's part for service: dissatisfied chats, after-sales handling.",
            formula=measure("sps_service"),
            unit=Unit.SCORE,
            direction=Direction.HIGHER,
            source="S2, 3P",
        ),
        Benchmark(metric="sps_service"),
        Metric(
            key="chat_dissatisfaction_rate",
            title="Chat dissatisfaction rate",
            definition="Chats that customers rated dissatisfied, as a share of the rated ones.",
            formula=measure("chats_dissatisfied") / measure("chats_rated"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=20,
            source="3P",
        ),
        Benchmark(metric="chat_dissatisfaction_rate"),
        TaskTemplate(
            key="shop_performance_score.read_bad_chats",
            title="Read the chats that customers rated badly",
            why="Customers of benchmark sellers like you are dissatisfied with fewer chats.",
            steps=(
                "Read the badly rated chats of the last 30 days and note what was asked.",
                "Write better answers to the three most frequent questions.",
                "Put what customers ask most on the product page.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="satisfy_chats",
            trigger=behind_peers("chat_dissatisfaction_rate"),
            action=Action(label="View chats", target="/messages?rating=dissatisfied"),
            benefit="Better service score",
            effort=Effort.LOW,
            valid_days=14,
        ),
        *ELIGIBILITY,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
