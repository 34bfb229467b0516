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
from shopace.plugins.content.seller_video_quantity_products import PRODUCTS

VIDEO = (Channel.SELLER_VIDEO,)
ACTIVE = measure("active_products", Channel.SHOP)

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
            action=Action(label="Create video", target="/content/videos/create"),
            effort=Effort.HIGH,
            valid_days=14,
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
            why="Benchmark sellers like you publish on more days.",
            steps=(
                "Schedule videos one per day instead of several at once.",
                "Keep two finished videos in reserve for busy days.",
            ),
            type=TaskType.CHALLENGE,
            objective="post_videos",
            trigger=behind_peers("posting_days"),
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
