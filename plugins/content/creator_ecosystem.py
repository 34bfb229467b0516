"""Does affiliate GMV rest on many shoulders, and on good ones?

S0 names the category ("creator ecosystem structure"). The metrics come from account managers' tools
(3P). How much hangs on how few is the family `creator_ecosystem_concentration`.
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
    behind_peers,
    hookimpl,
    measure,
)
from shopace.plugins.content.creator_ecosystem_concentration import (
    AFFILIATE_GMV,
    AFFILIATE_ORDERS,
    CONCENTRATION,
)

PLUGIN = Plugin(
    key="creator_ecosystem",
    category="creator_ecosystem",
    version="0.1.0",
    title="Creator ecosystem structure",
    question="Does affiliate GMV rest on many shoulders, and on good ones?",
    declares=(
        *CONCENTRATION,
        Metric(
            key="high_gmv_creator_share",
            title="Share of high-GMV creators",
            definition="Creators of the platform's high-GMV group, as a share of those who work "
            "with the shop.",
            formula=measure("high_gmv_creators") / measure("collaborating_creators"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=10,
            source="3P",
        ),
        Benchmark(metric="high_gmv_creator_share"),
        TaskTemplate(
            key="creator_ecosystem.invite_strong_creators",
            title="Invite creators with strong sales in your industry",
            why="A smaller part of your creators has high GMV than at benchmark sellers.",
            steps=(
                "Filter creators by GMV and by your industry.",
                "Offer five of them a targeted collaboration with a commission of their own.",
                "Send a sample before they ask.",
            ),
            type=TaskType.CHALLENGE,
            objective="win_creators",
            trigger=behind_peers("high_gmv_creator_share"),
            action=Action(label="Find creators", target="/affiliate/creators/find"),
            valid_days=30,
        ),
        Metric(
            key="low_score_creator_share",
            title="Share of creators with a low score",
            definition="Creators with a low performance score, as a share of those who work with "
            "the shop.",
            formula=measure("low_score_creators") / measure("collaborating_creators"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=10,
            source="3P",
        ),
        Benchmark(metric="low_score_creator_share"),
        TaskTemplate(
            key="creator_ecosystem.set_creator_rules",
            title="Set conditions for creators who take your products",
            why="A larger part of your creators has a low score than at benchmark sellers.",
            steps=(
                "Set a lowest performance score for samples and targeted collaborations.",
                "End collaborations that bring returns or complaints.",
                "Watch the videos of the others for claims that you cannot keep.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="better_creators",
            trigger=behind_peers("low_score_creator_share"),
            action=Action(label="Set conditions", target="/affiliate/settings"),
            benefit="Creators with better scores",
            effort=Effort.LOW,
            valid_days=14,
        ),
        Metric(
            key="repeat_posting_share",
            title="Creators who posted again",
            definition="Creators with more than one post, as a share of those who posted in 30 "
            "days.",
            formula=measure("repeat_posting_creators") / measure("creators_posted_30d"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=10,
            source="3P",
        ),
        Benchmark(metric="repeat_posting_share"),
        TaskTemplate(
            key="creator_ecosystem.thank_creators",
            title="Thank creators after their first post",
            why="A smaller part of your creators posts a second time than at benchmark sellers.",
            steps=(
                "Write to each creator within two days of the first post.",
                "Say what worked and suggest the next product.",
                "Send a sample of it to those whose post sold.",
            ),
            type=TaskType.CHALLENGE,
            objective="keep_creators",
            trigger=behind_peers("repeat_posting_share"),
            action=Action(label="Message creators", target="/affiliate/messages"),
            benefit="More posts per creator",
            effort=Effort.LOW,
            valid_days=14,
        ),
        Metric(
            key="gmv_per_creator",
            title="GMV per creator",
            definition="Affiliate GMV of the period per collaborating creator.",
            formula=AFFILIATE_GMV / measure("collaborating_creators"),
            unit=Unit.MONEY,
            direction=Direction.HIGHER,
            sample=AFFILIATE_ORDERS,
            min_sample=20,
            source="3P",
        ),
        Benchmark(metric="gmv_per_creator"),
        TaskTemplate(
            key="creator_ecosystem.share_best_products",
            title="Share with creators which of your products sell",
            why="Your creators bring less GMV each than those of benchmark sellers.",
            steps=(
                "List the five products of which creators' viewers order most per click.",
                "Send the list to creators who promote other products of yours.",
                "Add an offer that only their followers get.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="lift_creator_sales",
            trigger=behind_peers("gmv_per_creator"),
            action=Action(label="Message creators", target="/affiliate/messages"),
            valid_days=14,
        ),
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
