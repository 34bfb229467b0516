"""Creator ecosystem structure, the family of concentration: on how many does GMV rest?

All metrics but the affiliate share are 3P; the lines are our defaults.
"""

from shopace.core import (
    Action,
    Benchmark,
    Channel,
    Completion,
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
)

AFFILIATE_GMV = measure("gmv", Channel.CREATOR_CONTENT)
AFFILIATE_ORDERS = measure("orders", Channel.CREATOR_CONTENT)
TOP_HEAVY = Parameter(
    key="creator_ecosystem.top_creator_line",
    default=0.5,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Share of affiliate GMV from one creator from which the shop depends on them",
)
TOP_THREE_HEAVY = Parameter(
    key="creator_ecosystem.top_three_line",
    default=0.75,
    unit=Unit.RATIO,
    maximum=1.0,
    title="The same share, from the top three creators",
)

CONCENTRATION: tuple[Declaration, ...] = (
    Metric(
        key="affiliate_gmv_share",
        title="Affiliate share of GMV",
        definition="GMV through creators' videos and LIVEs, as a share of all GMV.",
        formula=AFFILIATE_GMV / measure("gmv"),
        unit=Unit.RATIO,
        direction=Direction.NEITHER,
        source="S0",
    ),
    Metric(
        key="top_creator_gmv_share",
        title="GMV share of the top creator",
        definition="GMV of the creator who sells most each day, as a share of affiliate GMV.",
        formula=measure("affiliate_gmv_top_creator") / AFFILIATE_GMV,
        unit=Unit.RATIO,
        direction=Direction.LOWER,
        sample=AFFILIATE_ORDERS,
        min_sample=50,
        source="3P",
    ),
    Benchmark(metric="top_creator_gmv_share"),
    TaskTemplate(
        key="creator_ecosystem.build_second_creator",
        title="Build up a second strong creator",
        why="A larger part of your affiliate GMV hangs on one creator than at benchmark sellers.",
        steps=(
            "Choose three creators who sell and whose share is still small.",
            "Offer each a better commission or a sample of a product of their choice.",
            "After a month, go on with the one who sells most.",
        ),
        type=TaskType.CHALLENGE,
        objective="spread_creators",
        trigger=behind_peers("top_creator_gmv_share"),
        only_if=(at_least("top_creator_gmv_share", TOP_HEAVY),),
        action=Action(label="View creators", target="/affiliate/creators"),
        benefit="Less dependence on one creator",
        effort=Effort.HIGH,
        valid_days=30,
        completion=Completion(metric="top_creator_gmv_share", line=TOP_HEAVY, unit=Unit.RATIO),
    ),
    Metric(
        key="top_three_gmv_share",
        title="GMV share of the top three creators",
        definition="GMV of the three creators who sell most each day, as a share of affiliate GMV.",
        formula=measure("affiliate_gmv_top3_creators") / AFFILIATE_GMV,
        unit=Unit.RATIO,
        direction=Direction.LOWER,
        sample=AFFILIATE_ORDERS,
        min_sample=50,
        source="3P",
    ),
    Benchmark(metric="top_three_gmv_share"),
    TaskTemplate(
        key="creator_ecosystem.widen_middle",
        title="Support the creators who sell a little",
        why="More of your affiliate GMV hangs on three creators than at benchmark sellers.",
        steps=(
            "List creators with one to ten orders in the last 30 days.",
            "Show them the videos of your top creators and which product to take.",
            "Give those who sell again a higher commission.",
        ),
        type=TaskType.CHALLENGE,
        objective="spread_creators",
        trigger=behind_peers("top_three_gmv_share"),
        only_if=(at_least("top_three_gmv_share", TOP_THREE_HEAVY),),
        action=Action(label="View creators", target="/affiliate/creators"),
        benefit="Less dependence on few creators",
        valid_days=30,
        completion=Completion(metric="top_three_gmv_share", line=TOP_THREE_HEAVY, unit=Unit.RATIO),
    ),
)
