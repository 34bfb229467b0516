"""Which listings wait for a correction, a review or a document? A part of the page `listing_risk`.

S1 and S4 name the statuses, S2 the goods that need a permission. The lines are ours (policy pack).
"""

from shopace.core import (
    Action,
    Benchmark,
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
    crosses,
    measure,
    product_is,
)

SALES_KEPT = "Sales of these listings"
ATTENTION_PAGE = Action(label="View listings", target="/products/manage?status=attention")
NOTED = Parameter(
    key="listing_risk.attention_line",
    default=3,
    unit=Unit.COUNT,
    title="Listings that need attention from which a comparison with other sellers is told",
)
NOTED_SHARE = Parameter(
    key="listing_risk.attention_share_line",
    default=0.05,
    unit=Unit.RATIO,
    maximum=1.0,
    title="The same, as a share of all listings",
)

NOTICES: tuple[Declaration, ...] = (
    Metric(
        key="attention_listings",
        title="Listings that need attention",
        definition="Listings with the status Needs attention.",
        formula=measure("attention_listings"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
        products=(product_is("status", "needs_attention"),),
        source="S1",
    ),
    Benchmark(metric="attention_listings"),
    TaskTemplate(
        key="listing_risk.read_notices_weekly",
        title="Set a time each week for the notices on your listings",
        why="More of your listings need attention than those of benchmark sellers like you.",
        steps=(
            "Choose an hour of the week, and a person.",
            "Go through the listings that need attention, best sellers first.",
            "Note what is asked for most often, and get it right in new listings.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="correct_listings",
        trigger=behind_peers("attention_listings"),
        only_if=(
            at_least("attention_listings", NOTED),
            at_least("attention_listing_share", NOTED_SHARE),
        ),
        action=ATTENTION_PAGE,
        benefit="Fewer listings at risk",
        effort=Effort.LOW,
        valid_days=14,
    ),
    Metric(
        key="attention_listing_share",
        title="Share of listings that need attention",
        definition="Listings with the status Needs attention, as a share of all listings.",
        formula=measure("attention_listings") / measure("all_listings"),
        unit=Unit.RATIO,
        direction=Direction.LOWER,
        min_sample=10,
        products=(product_is("status", "needs_attention"),),
        source="S1",
    ),
    Benchmark(metric="attention_listing_share"),
    TaskTemplate(
        key="listing_risk.correct_listings",
        title="Correct the listings that need attention",
        why="The platform asks for corrections; a listing that stays uncorrected may go off sale.",
        steps=(
            "Filter your product list by Needs attention.",
            "Correct what each notice names: attributes, images, price or documents.",
            "Look again after a day whether the status has gone.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="correct_listings",
        trigger=crosses("attention_some"),
        action=ATTENTION_PAGE,
        benefit=SALES_KEPT,
        effort=Effort.LOW,
    ),
    Metric(
        key="listings_in_review_long",
        title="Listings in review too long",
        definition="Listings whose review takes longer than the platform says it does.",
        formula=measure("listings_in_review_long"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
        products=(product_is("status", "reviewing"),),
        source="S4",
    ),
    Benchmark(metric="listings_in_review_long"),
    TaskTemplate(
        key="listing_risk.ask_about_review",
        title="Ask about listings that stay in review",
        why="A listing in review cannot be bought.",
        steps=(
            "Look in each listing for missing attributes or documents, and add them.",
            "Ask support with the product ids if nothing is missing.",
            "Wait for the answer before you submit the same product again.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="pass_review",
        trigger=crosses("review_long"),
        action=Action(label="View listings", target="/products/manage?status=reviewing"),
        benefit=SALES_KEPT,
        effort=Effort.LOW,
    ),
    Metric(
        key="unqualified_listings",
        title="Listings restricted or missing a qualification",
        definition="Listings in a restricted category, or without a document it asks for.",
        formula=measure("listings_unqualified"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
        source="S2",
    ),
    Benchmark(metric="unqualified_listings"),
    TaskTemplate(
        key="listing_risk.add_qualifications",
        title="Add the missing qualifications of your listings",
        why="Without the document that its category asks for, a listing may not be sold.",
        steps=(
            "Open the qualification page and read which document each category asks for.",
            "Upload licences, certificates or brand authorizations that are valid and legible.",
            "Withdraw the listings for which you cannot get one.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="qualify_listings",
        trigger=crosses("unqualified_some"),
        action=Action(label="Add documents", target="/qualifications"),
        benefit=SALES_KEPT,
        valid_days=14,
    ),
)
