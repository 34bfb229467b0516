"""Supply quality of LIVEs, the family of interaction: what viewers write, and what invites them to.

All metrics are 3P.
"""

from shopace.core import (
    LIVES,
    Action,
    Benchmark,
    Channel,
    Completion,
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
VIEWS = measure("live_views")

INTERACTION: tuple[Declaration, ...] = (
    Metric(
        key="comments_per_thousand_views",
        title="Comments per thousand LIVE views",
        definition="Comments in LIVEs per thousand LIVE views.",
        formula=measure("live_comments") * 1000 / VIEWS,
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=LIVES,
        min_sample=500,
        source="3P",
    ),
    Benchmark(metric="comments_per_thousand_views"),
    TaskTemplate(
        key="live_quality.talk_with_viewers",
        title="Talk with your viewers by name",
        why="Viewers write less in your LIVEs than in those of benchmark sellers.",
        steps=(
            "Let a second person read out comments and names.",
            "Ask questions that one word answers: size, colour, use.",
            "Answer each question about a product before you go on.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="engage_viewers",
        trigger=behind_peers("comments_per_thousand_views"),
        channels=OWN,
        action=Action(label="View LIVE data", target="/analytics/lives"),
        benefit="More interaction",
        effort=Effort.LOW,
        valid_days=14,
    ),
    Metric(
        key="followers_per_thousand_views",
        title="New followers per thousand LIVE views",
        definition="Followers won in LIVEs per thousand LIVE views.",
        formula=measure("live_new_followers") * 1000 / VIEWS,
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        channels=LIVES,
        source="3P",
    ),
    Metric(
        key="lives_with_tools_share",
        title="LIVEs with engagement tools",
        definition="LIVEs that used polls, prize draws or similar tools, as a share of all.",
        formula=measure("lives_with_tools") / measure("new_lives"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        channels=LIVES,
        min_sample=3,
        source="3P",
    ),
    Benchmark(metric="lives_with_tools_share"),
    TaskTemplate(
        key="live_quality.use_tools",
        title="Use a poll or a prize draw in each LIVE",
        why="Benchmark sellers like you use engagement tools in more of their LIVEs.",
        steps=(
            "Prepare one poll and one prize draw before you go LIVE.",
            "Start the poll early, and the draw when viewers begin to leave.",
        ),
        type=TaskType.CHALLENGE,
        objective="engage_viewers",
        trigger=behind_peers("lives_with_tools_share"),
        channels=OWN,
        action=Action(label="Set up tools", target="/live/tools"),
        benefit="More interaction",
        effort=Effort.LOW,
        valid_days=14,
        completion=Completion(metric="lives_with_tools_share", line=1, unit=Unit.RATIO),
    ),
)
