"""Seller Center eligibility, checked monthly (S3). A part of the page `shop_performance_score`.

Each criterion is a row of the policy pack at level low: missing one is no risk to today's business.
A shop that never met a criterion has lost nothing; the tasks for orders and followers say so.
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
    Window,
    at_most,
    behind_peers,
    crosses,
    declined,
    measure,
)

ELIGIBILITY_PAGE = Action(label="View criteria", target="/account/eligibility")
ELIGIBLE = "Seller Center eligibility"
FOLLOWERS = Parameter(
    key="shop_performance_score.followers_line",
    default=999,
    unit=Unit.COUNT,
    title="Followers up to which eligibility is not met",
    source="S3",
)

ELIGIBILITY: tuple[Declaration, ...] = (
    TaskTemplate(
        key="shop_performance_score.keep_score_for_eligibility",
        title="Raise the Shop Performance Score to 4.0",
        why="Seller Center eligibility asks for a score of 4.0 or more.",
        steps=(
            "Open the score and find the dimension with the lowest value.",
            "Read the orders behind it: bad reviews, late deliveries, unanswered messages.",
            "Correct the cause that appears most often before the monthly check.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="raise_sps",
        trigger=crosses("eligibility_sps"),
        action=ELIGIBILITY_PAGE,
        benefit=ELIGIBLE,
        valid_days=30,
    ),
    TaskTemplate(
        key="shop_performance_score.keep_points_for_eligibility",
        title="Keep out of violations until penalty points end",
        why="Seller Center eligibility allows no more than 12 penalty points.",
        steps=(
            "Look up when your points end.",
            "Appeal the decisions that you can show to be wrong.",
            "Correct the cause of the others before the monthly check.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="keep_eligibility",
        trigger=crosses("eligibility_points"),
        action=ELIGIBILITY_PAGE,
        benefit=ELIGIBLE,
        valid_days=30,
    ),
    Metric(
        key="completed_orders",
        title="Completed orders",
        definition="Orders delivered and completed.",
        formula=measure("completed_orders"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        windows=(Window.L7D, Window.L30D, Window.L90D),
        min_sample=20,
        is_key=True,
        source="S2, S3",
    ),
    Benchmark(metric="completed_orders"),
    TaskTemplate(
        key="shop_performance_score.keep_orders_for_eligibility",
        title="Win back 100 completed orders in 30 days",
        why="Your completed orders fell below the 100 that Seller Center eligibility asks for.",
        steps=(
            "Check whether best sellers are out of stock or off sale.",
            "Complete what is open: dispatch, valid tracking, delivery.",
            "Promote the product that sold most before the fall.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="keep_eligibility",
        trigger=crosses("eligibility_orders"),
        only_if=(declined("completed_orders"),),
        action=ELIGIBILITY_PAGE,
        benefit=ELIGIBLE,
        valid_days=30,
    ),
    Metric(
        key="followers",
        title="Followers",
        definition="Followers of the shop's account on the last day.",
        formula=measure("followers"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        source="S3",
    ),
    Benchmark(metric="followers"),
    TaskTemplate(
        key="shop_performance_score.win_followers",
        title="Win followers towards the first 1,000",
        why="Seller Center eligibility asks for 1,000 followers; sellers like you have more.",
        steps=(
            "Post a video with a product at least every other day.",
            "Ask viewers of videos and LIVEs to follow, and say what they get to see.",
            "Answer the comments under your videos within a day.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="win_followers",
        trigger=behind_peers("followers"),
        only_if=(at_most("followers", FOLLOWERS),),
        action=Action(label="Create video", target="/content/videos/create"),
        benefit="More followers",
        valid_days=30,
    ),
    Metric(
        key="on_probation",
        title="On probation",
        definition="1 while the shop is on probation, 0 once it has passed.",
        formula=measure("on_probation"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="S3",
    ),
)
