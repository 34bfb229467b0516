"""Product competitiveness, the family of reach: product impressions, and who can win them back.

What brings impressions differs by channel, and so do the tasks: listings for Shop Tab & Search,
videos, LIVEs, creators.
"""

from shopace.core import (
    ALL,
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

LIVES_HELD = Parameter(
    key="product_competitiveness.lives_held_line",
    default=1,
    unit=Unit.COUNT,
    title="LIVEs of seven days from which there is something to say about what they showed",
)

REACH: tuple[Declaration, ...] = (
    Metric(
        key="product_impressions",
        title="Product impressions",
        definition="How many times products of the shop were shown.",
        formula=measure("product_impressions"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=ALL,
        min_sample=1_000,
        is_key=True,
        gmv_factor=True,
        aliases=(
            Alias(
                name="Impressions", reason="S1: it counted by content type, now product impressions"
            ),
        ),
        driven_by=("active_products", "live_views", "live_hours", "video_views", "creators_posted"),
        source="S1",
    ),
    Benchmark(metric="product_impressions"),
    TaskTemplate(
        key="product_competitiveness.refresh_listings",
        title="Refresh the listings that lost impressions",
        why="Your products were shown less often than in the week before.",
        steps=(
            "Sort Product Traffic by the loss of impressions and take the first ten products.",
            "Check that they are Live, in stock and in the right category.",
            "Put the words that buyers search for into their titles and attributes.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="win_impressions",
        trigger=declined("product_impressions"),
        channels=(*SHOP, Channel.SHOP_TAB),
        action=Action(label="View product traffic", target="/analytics/product-traffic"),
    ),
    TaskTemplate(
        key="product_competitiveness.film_products",
        title="Film the products that lost impressions",
        why="Your videos showed your products less often than in the week before.",
        steps=(
            "List the products that lost most impressions in your videos.",
            "Publish one shoppable video for each of the first three.",
            "Link the product in the video and name it within the first seconds.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="win_impressions",
        trigger=declined("product_impressions"),
        channels=(Channel.SELLER_VIDEO,),
        action=Action(label="Create video", target="/content/videos/create"),
    ),
    TaskTemplate(
        key="product_competitiveness.present_products_live",
        title="Present your products again in a LIVE",
        why="Your LIVEs showed your products less often than in the week before.",
        steps=(
            "Compare hours and number of products of this week's LIVEs with the week before.",
            "Schedule the LIVEs that are missing and announce them in a video.",
            "Pin each product while you speak about it.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="win_impressions",
        trigger=declined("product_impressions"),
        only_if=(at_least("new_lives", LIVES_HELD),),
        channels=(Channel.SELLER_LIVE,),
        action=Action(label="Schedule LIVE", target="/live/schedule"),
    ),
    TaskTemplate(
        key="product_competitiveness.ask_creators",
        title="Ask your creators to feature your products again",
        why="Creators' content showed your products less often than in the week before.",
        steps=(
            "Find the creators whose content brought fewer impressions than the week before.",
            "Ask them what holds them back: samples, commission, stock.",
            "Agree on the next video or LIVE, with product and date.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="win_impressions",
        trigger=declined("product_impressions"),
        channels=(Channel.AFFILIATE_VIDEO, Channel.AFFILIATE_LIVE),
        action=Action(label="Message creators", target="/affiliate/creators"),
    ),
    TaskTemplate(
        key="product_competitiveness.make_products_found",
        title="Make your products easier to find",
        why="Benchmark sellers like you get more product impressions.",
        steps=(
            "Complete category, brand and attributes of your best sellers.",
            "Begin titles with what the product is, in the words of buyers.",
            "Give the best sellers a place on the shop page.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="win_impressions",
        trigger=behind_peers("product_impressions"),
        channels=(*SHOP, Channel.SHOP_TAB),
        action=Action(label="Edit listings", target="/products/manage"),
        valid_days=14,
    ),
)
