"""Supply quantity of seller videos, the family of products: what the videos show and link.

S3 recommends shoppable videos. The metrics are 3P.
"""

from shopace.core import (
    Action,
    Benchmark,
    Channel,
    Completion,
    Declaration,
    Direction,
    Effort,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    measure,
)

VIDEO = (Channel.SELLER_VIDEO,)
ACTIVE = measure("active_products", Channel.SHOP)

FILMS = Parameter(
    key="seller_video_quantity.films_line",
    default=1,
    unit=Unit.COUNT,
    title="New videos of seven days from which a shop films",
)

PRODUCTS: tuple[Declaration, ...] = (
    Metric(
        key="shoppable_video_share",
        title="Share of shoppable videos",
        definition="New videos with a product link, as a share of all new videos.",
        formula=measure("shoppable_videos") / measure("new_videos"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        channels=VIDEO,
        min_sample=5,
        source="S3, 3P",
    ),
    Benchmark(metric="shoppable_video_share"),
    TaskTemplate(
        key="seller_video_quantity.link_products",
        title="Link a product in every video",
        why="A smaller part of your videos has a product link than at benchmark sellers.",
        steps=(
            "Add product links to recent videos where this is still possible.",
            "From now on, choose the product before you film and link it when you publish.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="make_videos_shoppable",
        trigger=behind_peers("shoppable_video_share"),
        action=Action(label="View videos", target="/content/videos"),
        benefit="More videos that can sell",
        effort=Effort.LOW,
        completion=Completion(metric="shoppable_video_share", line=1, unit=Unit.RATIO),
    ),
    Metric(
        key="video_product_share",
        title="Products covered by videos",
        definition="Products shown in a video of the seller, as a share of active products.",
        formula=measure("products_with_video") / ACTIVE,
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        channels=VIDEO,
        min_sample=5,
        source="3P",
    ),
    Benchmark(metric="video_product_share"),
    TaskTemplate(
        key="seller_video_quantity.cover_products",
        title="Film products that have no video yet",
        why="You film, and a smaller part of your products is shown than at benchmark sellers.",
        steps=(
            "List the products without a video, those with sales first.",
            "Film one short video for each of the first five.",
            "Add the video to the product page as well.",
        ),
        type=TaskType.CHALLENGE,
        objective="cover_products",
        trigger=behind_peers("video_product_share"),
        only_if=(at_least("new_videos", FILMS),),
        action=Action(label="Create video", target="/content/videos/create"),
        benefit="More products with a video",
        valid_days=14,
    ),
    Metric(
        key="videos_per_product",
        title="Videos per active product",
        definition="New videos of the period per active product.",
        formula=measure("new_videos") / ACTIVE,
        unit=Unit.MULTIPLE,
        direction=Direction.NEITHER,
        channels=VIDEO,
        source="3P",
    ),
)
