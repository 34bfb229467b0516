"""Supply quality of seller videos, the family of sales: clicks and GMV of a video.

Clicks are API, the other metrics 3P. The video CTR counts clicks per video view: never compare it
with the product CTR, which counts clicks per product impression.
"""

from shopace.core import (
    Action,
    Benchmark,
    Channel,
    Declaration,
    Direction,
    Effort,
    Metric,
    TaskTemplate,
    TaskType,
    Unit,
    behind_peers,
    declined,
    measure,
)

VIDEO = (Channel.SELLER_VIDEO,)
VIEWS = measure("video_views")

SALES: tuple[Declaration, ...] = (
    Metric(
        key="video_ctr",
        title="Video CTR (clicks per view)",
        definition="Clicks on a product per video view; not the product CTR.",
        formula=measure("video_clicks") / VIEWS,
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        channels=VIDEO,
        min_sample=1_000,
        is_key=True,
        source="API",
    ),
    Benchmark(metric="video_ctr"),
    TaskTemplate(
        key="seller_video_quality.check_links",
        title="Check the product links in your videos",
        why="Of those who watched your videos, fewer clicked than in the week before.",
        steps=(
            "Open your most-watched videos and follow each product link.",
            "Replace links to products that are off sale or out of stock.",
            "Point to the link in the picture, and say where to tap.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="lift_video_sales",
        trigger=declined("video_ctr"),
        action=Action(label="View videos", target="/content/videos"),
        effort=Effort.LOW,
    ),
    Metric(
        key="video_gpm",
        title="Video GPM (GMV per thousand views)",
        definition="GMV per thousand video views.",
        formula=measure("gmv") * 1000 / VIEWS,
        unit=Unit.MONEY,
        direction=Direction.HIGHER,
        channels=VIDEO,
        sample=measure("sku_orders"),
        min_sample=20,
        source="3P",
    ),
    Benchmark(metric="video_gpm"),
    TaskTemplate(
        key="seller_video_quality.match_products",
        title="Match the products in your videos with your viewers",
        why="Your videos bring less GMV per thousand views than those of benchmark sellers.",
        steps=(
            "Compare which products sell in your videos with which you show most.",
            "Film those that sell more often, and show an offer with them.",
            "Name the price and what is in the box.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="lift_video_sales",
        trigger=behind_peers("video_gpm"),
        action=Action(label="View videos", target="/analytics/videos"),
        valid_days=14,
    ),
    Metric(
        key="selling_video_share",
        title="Share of videos with sales",
        definition="Videos that sold, as a share of those online, counted day by day.",
        formula=measure("videos_with_sales") / measure("live_videos"),
        unit=Unit.RATIO,
        direction=Direction.NEITHER,
        channels=VIDEO,
        source="3P",
    ),
)
