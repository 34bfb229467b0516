"""Do LIVEs draw viewers, hold them, and sell?

S0 names the category ("supply quality of LIVEs"). Views are API, the other metrics 3P. Families
beside this page: `live_quality_interaction` (comments, tools) and `…_sales` (what a LIVE sells).
"""

from shopace.core import (
    LIVES,
    Action,
    Benchmark,
    Channel,
    Direction,
    Effort,
    Metric,
    Parameter,
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
from shopace.plugins.content.live_quality_interaction import INTERACTION
from shopace.plugins.content.live_quality_sales import SALES

OWN = (Channel.SELLER_LIVE,)
VIEWS = measure("live_views")
LIVES_HELD = Parameter(
    key="live_quality.lives_held_line",
    default=1,
    unit=Unit.COUNT,
    title="LIVEs of seven days from which there is something to say about how they were watched",
)

PLUGIN = Plugin(
    key="live_quality",
    category="live_quality",
    version="0.1.0",
    title="Supply quality of LIVEs",
    question="Do LIVEs draw viewers, hold them, and sell?",
    declares=(
        Metric(
            key="live_views",
            title="LIVE views",
            definition="How many times somebody entered a LIVE with the shop's products.",
            formula=VIEWS,
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=LIVES,
            min_sample=500,
            is_key=True,
            driven_by=("new_lives", "live_hours"),
            source="API",
        ),
        Benchmark(metric="live_views"),
        TaskTemplate(
            key="live_quality.announce_lives",
            title="Announce your LIVEs the day before",
            why="Your LIVEs were watched less often than in the week before.",
            steps=(
                "Publish a video the day before that shows what there is only in the LIVE.",
                "Go LIVE at the hour that brought most viewers in the last 30 days.",
                "Choose a title and a cover picture that say what viewers get.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_live_views",
            trigger=declined("live_views"),
            only_if=(at_least("new_lives", LIVES_HELD),),
            channels=OWN,
            action=Action(label="Schedule LIVE", target="/live/schedule"),
            benefit="More viewers",
            effort=Effort.LOW,
        ),
        TaskTemplate(
            key="live_quality.support_creator_lives",
            title="Support your creators' LIVEs with an offer",
            why="Creators' LIVEs with your products were watched less often than the week before.",
            steps=(
                "Ask your LIVE creators for their next dates.",
                "Give them an offer to announce, valid during the LIVE.",
                "Point to their LIVE from your own account.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_live_views",
            trigger=declined("live_views"),
            only_if=(at_least("new_lives", LIVES_HELD),),
            channels=(Channel.AFFILIATE_LIVE,),
            action=Action(label="Message creators", target="/affiliate/creators"),
            benefit="More viewers",
        ),
        Metric(
            key="live_impressions_per_hour",
            title="LIVE impressions per hour",
            definition="How many times LIVEs were shown, per hour of LIVE.",
            formula=measure("live_impressions") / measure("live_hours"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=LIVES,
            min_sample=3,
            source="3P",
        ),
        Benchmark(metric="live_impressions_per_hour"),
        TaskTemplate(
            key="live_quality.move_live_hours",
            title="Move your LIVEs to better hours",
            why="Your LIVEs are shown less per hour than those of benchmark sellers.",
            steps=(
                "Compare impressions per hour of your LIVEs by weekday and time.",
                "Try two new hours next week and keep the rest as it is.",
                "Improve light, sound and background before you compare.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_live_views",
            trigger=behind_peers("live_impressions_per_hour"),
            channels=OWN,
            action=Action(label="View LIVE data", target="/analytics/lives"),
            benefit="More viewers",
            valid_days=14,
        ),
        Metric(
            key="average_viewing_seconds",
            title="Average viewing time",
            definition="Seconds that a viewer stays, per LIVE view.",
            formula=measure("live_viewing_seconds_total") / VIEWS,
            unit=Unit.SECONDS,
            direction=Direction.HIGHER,
            channels=LIVES,
            sample=VIEWS,
            min_sample=500,
            source="3P",
        ),
        Benchmark(metric="average_viewing_seconds"),
        TaskTemplate(
            key="live_quality.script_rounds",
            title="Plan your LIVE in rounds of five minutes",
            why="Viewers leave your LIVEs sooner than those of benchmark sellers.",
            steps=(
                "Say every five minutes who you are, what is on offer and what comes next.",
                "Show the product in use instead of holding it up.",
                "Announce one offer for each half hour, and keep to it.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="hold_viewers",
            trigger=behind_peers("average_viewing_seconds"),
            channels=OWN,
            action=Action(label="View LIVE data", target="/analytics/lives"),
            benefit="Viewers who stay",
            valid_days=14,
        ),
        *INTERACTION,
        *SALES,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
