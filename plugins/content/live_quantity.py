"""Are there enough LIVEs, long enough, with enough products in them?

S0 names the category ("supply quantity of LIVEs"), S1 the new LIVE count. The other metrics are 3P.
A creator's LIVE has its own task: the seller invites, the creator goes LIVE. How long a LIVE is and
how much it shows is the family `live_quantity_sessions`.
"""

from shopace.core import (
    LIVES,
    Action,
    Alias,
    Benchmark,
    Channel,
    Direction,
    Effort,
    Metric,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    behind_peers,
    declined,
    hookimpl,
    measure,
)
from shopace.plugins.content.live_quantity_sessions import SESSIONS

OWN = (Channel.SELLER_LIVE,)
CREATORS = (Channel.AFFILIATE_LIVE,)

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
            why="Benchmark sellers like you go LIVE more often.",
            steps=(
                "Choose two hours a week when your viewers are active.",
                "Keep them for four weeks and announce them in your profile.",
                "Compare views and orders, and move the weaker one.",
            ),
            type=TaskType.CHALLENGE,
            objective="go_live",
            trigger=behind_peers("new_lives"),
            channels=OWN,
            action=Action(label="Schedule LIVE", target="/live/schedule"),
            effort=Effort.HIGH,
            valid_days=30,
        ),
        TaskTemplate(
            key="live_quantity.invite_back_live_creators",
            title="Ask LIVE creators for a new date",
            why="Creators went LIVE with your products less often than in the week before.",
            steps=(
                "List the creators who went LIVE for you in the last 30 days.",
                "Offer a date, an offer only for the LIVE, and enough stock for it.",
                "Send samples of the products to show.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="invite_creator_lives",
            trigger=declined("new_lives"),
            channels=CREATORS,
            action=Action(label="Message creators", target="/affiliate/creators"),
        ),
        TaskTemplate(
            key="live_quantity.find_live_creators",
            title="Find creators who go LIVE",
            why="At benchmark sellers like you, creators go LIVE more often.",
            steps=(
                "Filter creators by LIVE sales in your industry.",
                "Offer three of them a targeted collaboration for one LIVE.",
                "Provide offer, samples and a contact during the LIVE.",
            ),
            type=TaskType.CHALLENGE,
            objective="invite_creator_lives",
            trigger=behind_peers("new_lives"),
            channels=CREATORS,
            action=Action(label="Find creators", target="/affiliate/creators/find"),
            valid_days=30,
        ),
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
