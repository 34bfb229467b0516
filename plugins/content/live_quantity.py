"""Are there enough LIVEs, long enough, with enough products in them?

S0 names the category ("supply quantity of LIVEs"), S1 the new LIVE count. The other metrics are 3P.
Families beside this page: `live_quantity_creators` (LIVEs of creators) and `…_sessions` (how long a
LIVE is, and how much it shows).
"""

from shopace.core import (
    LIVES,
    Action,
    Alias,
    Benchmark,
    Channel,
    Completion,
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
from shopace.plugins.content.live_quantity_creators import CREATOR_LIVES
from shopace.plugins.content.live_quantity_sessions import SESSIONS

OWN = (Channel.SELLER_LIVE,)
GOES_LIVE = Parameter(
    key="live_quantity.goes_live_line",
    default=1,
    unit=Unit.COUNT,
    title="LIVEs of seven days from which a shop goes LIVE",
)
NO_LIVES = Parameter(
    key="live_quantity.no_lives_line",
    default=0,
    unit=Unit.COUNT,
    title="LIVEs of seven days up to which a shop does not go LIVE",
)
LIVES_SELL = Parameter(
    key="live_quantity.creator_lives_sell_line",
    default=200,
    unit=Unit.COUNT,
    title="Clicks of seven days in creators' LIVEs from which own LIVEs suggest themselves",
)

PLUGIN = Plugin(
    key="live_quantity",
    category="live_quantity",
    version="0.1.0",
    title="Supply quantity of LIVEs",
    question="Are there enough LIVEs, long enough, with enough products in them?",
    declares=(
        Metric(
            key="new_lives",
            title="New LIVEs",
            definition="LIVEs with the shop's products that began within the period.",
            formula=measure("new_lives"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=LIVES,
            min_sample=3,
            is_key=True,
            aliases=(Alias(name="New LIVE count", reason="S1's name"),),
            source="S1",
        ),
        Benchmark(metric="new_lives"),
        TaskTemplate(
            key="live_quantity.resume_lives",
            title="Resume your LIVE schedule",
            why="You went LIVE less often than in the week before.",
            steps=(
                "Schedule the LIVEs of the next seven days at your usual hours.",
                "Announce each in a video the day before.",
                "Prepare products, offers and a second host.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="go_live",
            trigger=declined("new_lives"),
            channels=OWN,
            action=Action(label="Schedule LIVE", target="/live/schedule"),
        ),
        TaskTemplate(
            key="live_quantity.plan_lives",
            title="Plan fixed LIVE hours for each week",
            why="You go LIVE already, and benchmark sellers like you do so more often.",
            steps=(
                "Choose two more fixed hours a week, at which your LIVEs are watched most.",
                "Keep them for four weeks and announce them in your profile.",
                "Compare views and orders, and move the weaker one.",
            ),
            type=TaskType.CHALLENGE,
            objective="go_live",
            trigger=behind_peers("new_lives"),
            only_if=(at_least("new_lives", GOES_LIVE),),
            channels=OWN,
            action=Action(label="Schedule LIVE", target="/live/schedule"),
            effort=Effort.HIGH,
            valid_days=30,
        ),
        TaskTemplate(
            key="live_quantity.go_live_with_what_sells",
            title="Go LIVE with products that creators already sell LIVE",
            why="Creators' LIVEs bring you clicks, and you were not LIVE for seven days.",
            steps=(
                "Look up which creator LIVE sold most, and which products and offers it showed.",
                "Choose five products that sold in those LIVEs, and check that they are in stock.",
                "Announce a LIVE of an hour in a video, go LIVE, and compare what it sold.",
            ),
            type=TaskType.CHALLENGE,
            objective="go_live",
            trigger=behind_peers("new_lives"),
            only_if=(
                at_most("new_lives", NO_LIVES),
                at_least("product_clicks", LIVES_SELL, Channel.AFFILIATE_LIVE),
            ),
            channels=OWN,
            action=Action(label="Schedule LIVE", target="/live/schedule"),
            effort=Effort.HIGH,
            valid_days=30,
            completion=Completion(metric="new_lives", line=NO_LIVES, unit=Unit.COUNT),
        ),
        *CREATOR_LIVES,
        Metric(
            key="live_hours",
            title="LIVE hours",
            definition="Hours of LIVEs with the shop's products.",
            formula=measure("live_hours"),
            unit=Unit.HOURS,
            direction=Direction.HIGHER,
            channels=LIVES,
            min_sample=3,
            is_key=True,
            driven_by=("new_lives",),
            source="3P",
        ),
        Benchmark(metric="live_hours"),
        TaskTemplate(
            key="live_quantity.restore_live_hours",
            title="Bring your LIVE hours back",
            why="Your LIVEs ran for fewer hours than in the week before.",
            steps=(
                "See whether LIVEs were missing or ended early.",
                "Arrange a second host where LIVEs end early.",
                "Add the missing hours at your best time of day.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="go_live",
            trigger=declined("live_hours"),
            channels=OWN,
            action=Action(label="Schedule LIVE", target="/live/schedule"),
        ),
        Metric(
            key="live_days",
            title="LIVE days",
            definition="Days with a LIVE.",
            formula=measure("live_days"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            channels=LIVES,
            source="3P",
        ),
        *SESSIONS,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
