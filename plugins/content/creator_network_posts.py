"""Number of collaborating creators, the family of posts: who publishes, and how much.

The mean per day is S1's: each creator counts once per day. Counts of 30 days are 3P.
"""

from shopace.core import (
    AFFILIATE,
    SHOP,
    Action,
    Alias,
    Benchmark,
    Channel,
    Declaration,
    Direction,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    declined,
    measure,
)

WITH_CREATORS = Parameter(
    key="creator_network.with_creators_line",
    default=1,
    unit=Unit.COUNT,
    title="Collaborating creators from which a shop works with creators",
)

POSTS: tuple[Declaration, ...] = (
    Metric(
        key="creators_posted",
        title="Creators who posted, mean per day",
        definition="Creators who published a video or LIVE with the shop's products, "
        "each once per day, averaged over the days.",
        formula=measure("creators_posted"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=(*SHOP, *AFFILIATE, Channel.CREATOR_CONTENT),
        min_sample=1,
        is_key=True,
        aliases=(Alias(name="Avg. daily creators posted content", reason="S1's name"),),
        source="S1",
    ),
    Benchmark(metric="creators_posted"),
    TaskTemplate(
        key="creator_network.remind_creators",
        title="Remind creators who fell silent",
        why="Fewer of your creators posted per day than in the week before.",
        steps=(
            "Filter creators who posted in the week before and not in this one.",
            "Send them something to post about: a new product, an offer, an example that worked.",
            "Check that the products they promote are in stock.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="activate_creators",
        trigger=declined("creators_posted"),
        channels=(*SHOP, *AFFILIATE),
        action=Action(label="Message creators", target="/affiliate/creators"),
    ),
    TaskTemplate(
        key="creator_network.brief_creators",
        title="Brief creators with examples that sold",
        why="At benchmark sellers like you, more creators post per day.",
        steps=(
            "Collect the three creator videos with most sales in your industry.",
            "Write one page: what to show, what to say first, what not to claim.",
            "Send it to every creator who holds a sample and has not posted.",
        ),
        type=TaskType.CHALLENGE,
        objective="activate_creators",
        trigger=behind_peers("creators_posted"),
        only_if=(at_least("collaborating_creators", WITH_CREATORS),),
        channels=(*SHOP, Channel.AFFILIATE_VIDEO),
        action=Action(label="Message creators", target="/affiliate/creators"),
        valid_days=14,
    ),
    Metric(
        key="creators_posted_30d",
        title="Creators who posted",
        definition="Creators who published content with the shop's products in 30 days.",
        formula=measure("creators_posted_30d"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="3P",
    ),
    Metric(
        key="new_affiliate_videos",
        title="New affiliate videos",
        definition="Videos with the shop's products that creators published in the period.",
        formula=measure("new_videos"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=(Channel.AFFILIATE_VIDEO,),
        min_sample=5,
        is_key=True,
        driven_by=("creators_posted",),
        source="S1, 3P",
    ),
    Benchmark(metric="new_affiliate_videos"),
    TaskTemplate(
        key="creator_network.agree_on_videos",
        title="Agree on the next videos with your best creators",
        why="Creators published fewer videos with your products than in the week before.",
        steps=(
            "Choose the five creators whose videos sold most in the last 30 days.",
            "Agree on product, number of videos and date with each.",
            "Send samples of what is new.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="activate_creators",
        trigger=declined("new_affiliate_videos"),
        action=Action(label="Message creators", target="/affiliate/creators"),
    ),
)
