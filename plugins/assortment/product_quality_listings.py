"""Product quality, the family of listings: what the platform's check says about them.

Good, fair and poor are the API's grades of listing quality; complete pages are 3P.
"""

from shopace.core import (
    Action,
    Benchmark,
    Declaration,
    Direction,
    Metric,
    TaskTemplate,
    TaskType,
    Unit,
    behind_peers,
    measure,
)

GRADED = measure("listings_good") + measure("listings_fair") + measure("listings_poor")

LISTINGS: tuple[Declaration, ...] = (
    Metric(
        key="good_listing_share",
        title="Good listings",
        definition="Listings that the platform grades as good, as a share of the graded ones.",
        formula=measure("listings_good") / GRADED,
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=5,
        source="API",
    ),
    Benchmark(metric="good_listing_share"),
    TaskTemplate(
        key="product_quality.lift_fair_listings",
        title="Lift your listings from fair to good",
        why="A smaller part of your listings is graded good than at benchmark sellers.",
        steps=(
            "Filter your products by listing quality Fair, the best sellers first.",
            "Follow the hints on title, images, attributes and size table.",
            "Submit the changes and look at the grade again after the review.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="improve_listings",
        trigger=behind_peers("good_listing_share"),
        action=Action(label="Optimize listings", target="/products/quality"),
        benefit="Better product pages",
        valid_days=14,
    ),
    Metric(
        key="fair_listing_share",
        title="Fair listings",
        definition="Listings that the platform grades as fair, as a share of the graded ones.",
        formula=measure("listings_fair") / GRADED,
        unit=Unit.RATIO,
        direction=Direction.NEITHER,
        source="API",
    ),
    Metric(
        key="poor_listing_share",
        title="Poor listings",
        definition="Listings that the platform grades as poor, as a share of the graded ones.",
        formula=measure("listings_poor") / GRADED,
        unit=Unit.RATIO,
        direction=Direction.LOWER,
        min_sample=5,
        source="API",
    ),
    Benchmark(metric="poor_listing_share"),
    TaskTemplate(
        key="product_quality.rework_poor_listings",
        title="Rework the listings graded poor",
        why="A larger part of your listings is graded poor than at benchmark sellers.",
        steps=(
            "Filter your products by listing quality Poor.",
            "Replace unclear images and complete the required attributes.",
            "Delete listings of products that you no longer sell.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="improve_listings",
        trigger=behind_peers("poor_listing_share"),
        action=Action(label="Optimize listings", target="/products/quality"),
        benefit="Better product pages",
        valid_days=14,
    ),
    Metric(
        key="complete_page_share",
        title="Complete product pages",
        definition="Products whose page has all recommended parts, as a share of active products.",
        formula=measure("complete_product_pages") / measure("active_products"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=5,
        source="3P",
    ),
    Benchmark(metric="complete_page_share"),
    TaskTemplate(
        key="product_quality.complete_pages",
        title="Complete your product pages",
        why="A smaller part of your product pages is complete than at benchmark sellers.",
        steps=(
            "Open the incomplete pages of products that sell.",
            "Add what is missing: video, size table, detail photos, package content.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="improve_listings",
        trigger=behind_peers("complete_page_share"),
        action=Action(label="Edit listings", target="/products/manage"),
        benefit="Better product pages",
        valid_days=14,
    ),
)
