"""Which listings has the platform taken off sale, or is about to, and what do they sell?

S0 names delisting among the operational risks, S4 the statuses (suspended, in review). No source
gives numbers: the lines are ours, and the policy pack marks them so. Listings that wait for the
seller or the platform are the family `listing_risk_notices`, what all of them sell
`listing_risk_sales`.
"""

from shopace.core import (
    Action,
    Benchmark,
    Direction,
    Effort,
    Metric,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    crosses,
    hookimpl,
    measure,
)
from shopace.plugins.risk.listing_risk_notices import NOTICES
from shopace.plugins.risk.listing_risk_sales import SALES

SALES_KEPT = "Sales of these listings"
REMOVED_PAGE = Action(label="View listings", target="/products/manage?status=suspended")
REMOVED = Parameter(
    key="listing_risk.removed_line",
    default=3,
    unit=Unit.COUNT,
    title="Suspended, or deactivated, listings from which a comparison with other sellers is told",
)
WORTH_A_WORD = Parameter(
    key="listing_risk.removed_share_floor",
    default=0.01,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Share of listings off sale from which it is told",
)

PLUGIN = Plugin(
    key="listing_risk",
    category="listing_risk",
    version="0.1.0",
    title="Listing risk",
    question="Which listings are off sale or about to be, and what do they sell?",
    declares=(
        Metric(
            key="suspended_listings",
            title="Suspended listings",
            definition="Listings that the platform has suspended.",
            formula=measure("suspended_listings"),
            unit=Unit.COUNT,
            direction=Direction.LOWER,
            source="S4",
        ),
        Benchmark(metric="suspended_listings"),
        TaskTemplate(
            key="listing_risk.check_before_listing",
            title="Check new listings against the rules before you submit them",
            why="More of your listings are suspended than those of benchmark sellers like you.",
            steps=(
                "Note the reasons for which your listings were suspended.",
                "Make them a checklist: images, claims, brand names, documents, category.",
                "Go through it with every new listing before you submit it.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="prevent_removals",
            trigger=behind_peers("suspended_listings"),
            only_if=(
                at_least("suspended_listings", REMOVED),
                at_least("removed_listing_share", WORTH_A_WORD),
            ),
            action=REMOVED_PAGE,
            benefit="Fewer listings lost",
            effort=Effort.LOW,
            valid_days=14,
        ),
        Metric(
            key="deactivated_listings",
            title="Listings deactivated by the platform",
            definition="Listings that the platform, not the shop, took off sale.",
            formula=measure("deactivated_listings"),
            unit=Unit.COUNT,
            direction=Direction.LOWER,
            source="S1",
        ),
        Benchmark(metric="deactivated_listings"),
        TaskTemplate(
            key="listing_risk.correct_lookalikes",
            title="Correct live listings that resemble the deactivated ones",
            why="More of your listings are deactivated than those of benchmark sellers like you.",
            steps=(
                "Read the reasons for which your listings were deactivated.",
                "Search your live listings for the same images, words, brands or documents.",
                "Correct them now, or withdraw those that cannot be corrected.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="prevent_removals",
            trigger=behind_peers("deactivated_listings"),
            only_if=(
                at_least("deactivated_listings", REMOVED),
                at_least("removed_listing_share", WORTH_A_WORD),
            ),
            action=REMOVED_PAGE,
            benefit="Fewer listings lost",
            valid_days=14,
        ),
        Metric(
            key="removed_listing_share",
            title="Listings suspended or deactivated",
            definition="Listings suspended or deactivated by the platform, as a share of all.",
            formula=(measure("suspended_listings") + measure("deactivated_listings"))
            / measure("all_listings"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            is_key=True,
            source="S0, S4",
        ),
        Benchmark(metric="removed_listing_share"),
        TaskTemplate(
            key="listing_risk.restore_listings",
            title="Bring suspended listings back on sale",
            why="Nobody can buy these listings until their notices are settled.",
            steps=(
                "Filter your product list by Suspended and Deactivated, best sellers first.",
                "Correct what the notice on each one names, and submit it again.",
                "Appeal where the notice is wrong; delete what may not be sold.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="restore_listings",
            trigger=crosses("removed_some"),
            action=REMOVED_PAGE,
            benefit=SALES_KEPT,
        ),
        TaskTemplate(
            key="listing_risk.check_all_listings",
            title="Check all listings for the cause of the suspensions",
            why="So many listings went off sale that you should look for one common cause.",
            steps=(
                "Group the suspended listings by the reason given.",
                "Look for the same reason in the listings that are still live.",
                "Correct those first, so that they stay on sale; then restore the others.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="restore_listings",
            trigger=crosses("removed_tenth"),
            action=REMOVED_PAGE,
            benefit=SALES_KEPT,
            effort=Effort.HIGH,
        ),
        *NOTICES,
        *SALES,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
