"""How many creators work with the shop, and do they post?

S0 names the category ("number of collaborating creators") and S1 the average daily creators who
posted content. The other metrics are 3P. What creators publish is the family `…_posts`.
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
    declined,
    hookimpl,
    measure,
)
from shopace.plugins.content.creator_network_posts import POSTS

PLUGIN = Plugin(
    key="creator_network",
    category="creator_network",
    version="0.1.0",
    title="Number of collaborating creators",
    question="How many creators work with the shop, and do they post?",
    declares=(
        Metric(
            key="collaborating_creators",
            title="Collaborating creators",
            definition="Creators with a running collaboration on the last day.",
            formula=measure("collaborating_creators"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            min_sample=5,
            is_key=True,
            source="S0",
        ),
        Benchmark(metric="collaborating_creators"),
        TaskTemplate(
            key="creator_network.win_back_creators",
            title="Win back creators who left",
            why="Fewer creators work with you than a week ago.",
            steps=(
                "List the creators whose collaboration ended, those with most sales first.",
                "Ask what made them stop: commission, samples, stock, answers.",
                "Offer a new collaboration that removes it.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="keep_creators",
            trigger=declined("collaborating_creators"),
            action=Action(label="Message creators", target="/affiliate/creators"),
        ),
        TaskTemplate(
            key="creator_network.invite_creators",
            title="Invite creators who fit your products",
            why="Benchmark sellers like you work with more creators.",
            steps=(
                "Search creators by topic, audience and sales in your industry.",
                "Invite twenty of them with product, commission and sample.",
                "Answer within a day and send samples at once.",
            ),
            type=TaskType.CHALLENGE,
            objective="win_creators",
            trigger=behind_peers("collaborating_creators"),
            action=Action(label="Find creators", target="/affiliate/creators/find"),
            valid_days=14,
        ),
        Metric(
            key="new_creators",
            title="New creators",
            definition="Creators who began to work with the shop within the period.",
            formula=measure("new_creators"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            min_sample=5,
            source="3P",
        ),
        Benchmark(metric="new_creators"),
        TaskTemplate(
            key="creator_network.search_creators_weekly",
            title="Set a weekly hour to find new creators",
            why="Benchmark sellers like you win more new creators.",
            steps=(
                "Look through the creators recommended to you once a week.",
                "Note who sells products like yours without working with you yet.",
                "Send ten personal invitations each time.",
            ),
            type=TaskType.CHALLENGE,
            objective="win_creators",
            trigger=behind_peers("new_creators"),
            action=Action(label="Find creators", target="/affiliate/creators/find"),
            valid_days=30,
        ),
        *POSTS,
        Metric(
            key="creators_sampled",
            title="Creators who received samples",
            definition="Creators to whom a sample was delivered within the period.",
            formula=measure("creators_sampled"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            min_sample=5,
            source="3P",
        ),
        Benchmark(metric="creators_sampled"),
        TaskTemplate(
            key="creator_network.send_samples",
            title="Send samples to creators you have not tried yet",
            why="Benchmark sellers like you send samples to more creators.",
            steps=(
                "Choose ten creators who fit and have not received a sample.",
                "Send the product you would most like to see in a video.",
                "Ask for the video a week after delivery.",
            ),
            type=TaskType.CHALLENGE,
            objective="send_samples",
            trigger=behind_peers("creators_sampled"),
            action=Action(label="Send samples", target="/affiliate/samples"),
            benefit="More creators with your product in hand",
            valid_days=14,
        ),
        Metric(
            key="creators_with_sales",
            title="Creators with sales",
            definition="Creators whose content brought at least one order in 30 days.",
            formula=measure("creators_with_sales_30d"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            source="3P",
        ),
        Metric(
            key="creator_reply_rate",
            title="Creator reply rate",
            definition="Replies of creators per message that the shop sent to creators.",
            formula=measure("creator_replies") / measure("creator_messages"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=20,
            source="3P",
        ),
        Benchmark(metric="creator_reply_rate"),
        TaskTemplate(
            key="creator_network.shorten_messages",
            title="Shorten your messages to creators",
            why="Creators answer fewer of your messages than those of benchmark sellers.",
            steps=(
                "Say product, commission and what you ask for in the first two sentences.",
                "Write to creators whose last post is recent.",
                "Follow up once, three days later.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_creators",
            trigger=behind_peers("creator_reply_rate"),
            action=Action(label="Message creators", target="/affiliate/messages"),
            benefit="More creators",
            effort=Effort.LOW,
            valid_days=14,
        ),
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
