"""Supply quantity of LIVEs, the family of sessions: how long one is, and how much it shows.

All metrics are 3P.
"""

from shopace.core import (
    LIVES,
    Action,
    Benchmark,
    Channel,
    Declaration,
    Direction,
    Effort,
    Metric,
    TaskTemplate,
    TaskType,
    Unit,
    behind_peers,
    measure,
)

OWN = (Channel.SELLER_LIVE,)

SESSIONS: tuple[Declaration, ...] = (
    Metric(
        key="products_per_live",
        title="Products shown per LIVE",
        definition="Products pinned or presented, per LIVE.",
        formula=measure("live_products_shown") / measure("new_lives"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=LIVES,
        min_sample=3,
        source="3P",
    ),
    Benchmark(metric="products_per_live"),
    TaskTemplate(
        key="live_quantity.add_products_to_live",
        title="Add products to your LIVE list",
        why="You show fewer products per LIVE than benchmark sellers like you.",
        steps=(
            "Make a list: a low-priced product to begin with, best sellers, new products, sets.",
            "Plan how long you speak about each, and repeat the best sellers.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="show_more_products",
        trigger=behind_peers("products_per_live"),
        channels=OWN,
        action=Action(label="Edit product list", target="/live/products"),
        benefit="More products shown",
        effort=Effort.LOW,
        valid_days=14,
    ),
    Metric(
        key="average_live_hours",
        title="Average LIVE duration",
        definition="Hours per LIVE.",
        formula=measure("live_hours") / measure("new_lives"),
        unit=Unit.HOURS,
        direction=Direction.HIGHER,
        channels=LIVES,
        sample=measure("new_lives"),
        min_sample=3,
        source="3P",
    ),
    Benchmark(metric="average_live_hours"),
    TaskTemplate(
        key="live_quantity.lengthen_lives",
        title="Stay LIVE longer",
        why="Your LIVEs are shorter than those of benchmark sellers.",
        steps=(
            "Plan a round of products that you can repeat every half hour.",
            "Add half an hour to the LIVEs that still gain viewers at the end.",
            "Take turns with a second host.",
        ),
        type=TaskType.CHALLENGE,
        objective="go_live",
        trigger=behind_peers("average_live_hours"),
        channels=OWN,
        action=Action(label="Schedule LIVE", target="/live/schedule"),
        valid_days=14,
    ),
)
