"""Does the seller publish enough videos, and do they show enough products?

S0 names the category ("supply quantity of seller-generated videos") and S1 the new video count; S3
recommends shoppable videos. The other metrics are 3P. Which products the videos show is the family
`seller_video_quantity_products`.
"""

from shopace.core import (
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
from shopace.plugins.content.seller_video_quantity_products import FILMS, PRODUCTS

VIDEO = (Channel.SELLER_VIDEO,)
ACTIVE = measure("active_products", Channel.SHOP)
NO_VIDEOS = Parameter(
    key="seller_video_quantity.no_videos_line",
    default=0,
    unit=Unit.COUNT,
    title="New videos of seven days up to which a shop does not film",
)
SEVERAL = Parameter(
    key="seller_video_quantity.several_videos_line",
    default=3,
    unit=Unit.COUNT,
    title="New videos of seven days from which they can be spread over days",
)
CREATORS_SELL = Parameter(
    key="seller_video_quantity.creators_sell_line",
    default=200,
    unit=Unit.COUNT,
    title="Clicks of seven days in affiliate videos from which own videos suggest themselves",
)

PLUGIN = Plugin(
    key="seller_video_quantity",
    category="seller_video_quantity",
    version="0.1.0",
    title="Supply quantity of seller videos",
    question="Does the seller publish enough videos, and do they show enough products?",
    declares=(
        Metric(
            key="new_videos",
            title="New videos",
            definition="Videos that the seller published within the period.",
            formula=measure("new_videos"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=VIDEO,
            min_sample=5,
            is_key=True,
            aliases=(Alias(name="New video count", reason="S1's name"),),
            source="S1",
        ),
        Benchmark(metric="new_videos"),
        TaskTemplate(
            key="seller_video_quantity.resume_posting",
            title="Resume your posting rhythm",
            why="You published fewer videos than in the week before.",
            steps=(
                "Film three short videos in one session: one product, one use, one question each.",
                "Publish one today and schedule the others.",
                "Block a fixed hour for filming next week.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="post_videos",
            trigger=declined("new_videos"),
            action=Action(label="Create video", target="/content/videos/create"),
        ),
        TaskTemplate(
            key="seller_video_quantity.plan_video_series",
            title="Plan a series of videos",
            why="Benchmark sellers like you publish more videos.",
            steps=(
                "Pick a format that you can repeat: unpacking, comparison, question and answer.",
                "Write ten topics for it from the questions of your buyers.",
                "Film in batches and schedule them over two weeks.",
            ),
            type=TaskType.CHALLENGE,
            objective="post_videos",
            trigger=behind_peers("new_videos"),
            only_if=(at_least("new_videos", FILMS),),
            action=Action(label="Create video", target="/content/videos/create"),
            effort=Effort.HIGH,
            valid_days=14,
        ),
        TaskTemplate(
            key="seller_video_quantity.film_what_creators_sell",
            title="Film a product that creators already sell in videos",
            why="Creators' videos bring you clicks, and you published no video for seven days.",
            steps=(
                "Find the product that creators' videos sell most, and watch two of those videos.",
                "Film your own: show the product in use, say what it is for, link it.",
                "Publish it, and two more like it if people watch and order.",
            ),
            type=TaskType.CHALLENGE,
            objective="post_videos",
            trigger=behind_peers("new_videos"),
            only_if=(
                at_most("new_videos", NO_VIDEOS),
                at_least("product_clicks", CREATORS_SELL, Channel.AFFILIATE_VIDEO),
            ),
            action=Action(label="Create video", target="/content/videos/create"),
            valid_days=14,
            completion=Completion(metric="new_videos", line=NO_VIDEOS, unit=Unit.COUNT),
        ),
        Metric(
            key="posting_days",
            title="Posting days",
            definition="Days on which the seller published a video.",
            formula=measure("posting_days"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=VIDEO,
            min_sample=3,
            source="3P",
        ),
        Benchmark(metric="posting_days"),
        TaskTemplate(
            key="seller_video_quantity.spread_posts",
            title="Spread your videos over more days",
            why="You publish several videos a week, and benchmark sellers do so on more days.",
            steps=(
                "Schedule videos one per day instead of several at once.",
                "Keep two finished videos in reserve for busy days.",
            ),
            type=TaskType.CHALLENGE,
            objective="post_videos",
            trigger=behind_peers("posting_days"),
            only_if=(at_least("new_videos", SEVERAL),),
            action=Action(label="Schedule videos", target="/content/videos/schedule"),
            effort=Effort.LOW,
            valid_days=14,
        ),
        *PRODUCTS,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
