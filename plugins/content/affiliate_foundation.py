"""Is the ground for creators laid: products open to them, samples, a commission worth their while?

S0 names the category ("foundation for Affiliate collaboration"), S4 the search for influencers. The
metrics come from account managers' tools (3P). Samples are the family `…_samples`.
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
    declined,
    hookimpl,
    measure,
)
from shopace.plugins.content.affiliate_foundation_samples import IN_COLLABORATION, SAMPLES

STEADY = Parameter(
    key="affiliate_foundation.steady_orders_line",
    default=20,
    unit=Unit.COUNT,
    title="Orders of seven days from which a shop has something to offer to creators",
)
WITH_CREATORS = Parameter(
    key="affiliate_foundation.with_creators_line",
    default=1,
    unit=Unit.COUNT,
    title="Collaborating creators from which a shop works with creators",
)

PLUGIN = Plugin(
    key="affiliate_foundation",
    category="affiliate_foundation",
    version="0.1.0",
    title="Foundation for affiliate collaboration",
    question="Are products open to creators, with samples and a commission worth their while?",
    declares=(
        Metric(
            key="open_collaboration_share",
            title="Products in open collaboration",
            definition="Products that any creator may promote, as a share of active products.",
            formula=measure("open_collaboration_products") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=5,
            is_key=True,
            source="3P",
        ),
        Benchmark(metric="open_collaboration_share"),
        TaskTemplate(
            key="affiliate_foundation.renew_open_collaboration",
            title="Renew products that left open collaboration",
            why="A smaller part of your products is open to creators than a week ago.",
            steps=(
                "List the products whose collaboration ended or was paused.",
                "Renew those that are in stock and that creators have sold before.",
                "Tell the creators who promoted them.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="open_collaboration",
            trigger=declined("open_collaboration_share"),
            action=Action(label="Renew products", target="/affiliate/open-collaboration"),
            benefit="More products for creators",
            effort=Effort.LOW,
        ),
        TaskTemplate(
            key="affiliate_foundation.open_products",
            title="Open more products to creators",
            why="Your products sell, but benchmark sellers open a larger part to creators.",
            steps=(
                "Choose products with good ratings, stock and a margin that bears a commission.",
                "Add them to open collaboration with a commission rate.",
                "Check after two weeks which of them creators took up.",
            ),
            type=TaskType.CHALLENGE,
            objective="open_collaboration",
            trigger=behind_peers("open_collaboration_share"),
            only_if=(at_least("orders", STEADY),),
            action=Action(label="Add products", target="/affiliate/open-collaboration"),
            benefit="More products for creators",
            effort=Effort.LOW,
            valid_days=14,
        ),
        Metric(
            key="collaboration_share",
            title="Products in collaborations",
            definition="Products in any creator collaboration, as a share of active products.",
            formula=measure("collaboration_products") / measure("active_products"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=5,
            source="3P",
        ),
        Benchmark(metric="collaboration_share"),
        TaskTemplate(
            key="affiliate_foundation.plan_targeted_collaboration",
            title="Plan a targeted collaboration for products without creators",
            why="A smaller part of your products is in a collaboration than at benchmark sellers.",
            steps=(
                "List the active products that no creator can promote yet.",
                "Pick creators whose audience fits and set a commission for them.",
                "Send the plan with a sample of the product.",
            ),
            type=TaskType.CHALLENGE,
            objective="open_collaboration",
            trigger=behind_peers("collaboration_share"),
            only_if=(at_least("collaborating_creators", WITH_CREATORS),),
            action=Action(label="Create plan", target="/affiliate/targeted-collaboration"),
            benefit="More products for creators",
            valid_days=14,
        ),
        *SAMPLES,
        Metric(
            key="average_commission_rate",
            title="Average commission rate",
            definition="Mean commission that the shop offers to creators.",
            formula=measure("average_commission_rate"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            source="3P",
        ),
        Benchmark(metric="average_commission_rate", top=0.5),
        TaskTemplate(
            key="affiliate_foundation.adjust_commission",
            title="Adjust the commission on products that creators pass over",
            why="You offer less commission than most peers, and fewer creators work with you.",
            steps=(
                "Find products that sell well and that no creator promotes.",
                "Work out which commission their margin bears.",
                "Raise it on two or three products for a month and compare.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="raise_commission",
            trigger=behind_peers("average_commission_rate"),
            only_if=(
                behind_peers("collaborating_creators"),
                at_least("collaboration_share", IN_COLLABORATION),
            ),
            action=Action(label="Edit commission", target="/affiliate/open-collaboration"),
            benefit="More creators",
            valid_days=30,
        ),
        Metric(
            key="creator_invitations",
            title="Creator invitations sent",
            definition="Invitations that the shop sent to creators.",
            formula=measure("creator_invitations"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            source="3P",
        ),
        Metric(
            key="invitation_acceptance_rate",
            title="Accepted creator invitations",
            definition="Invitations that creators accepted, as a share of those sent.",
            formula=measure("creator_invitations_accepted") / measure("creator_invitations"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            min_sample=20,
            source="3P",
        ),
        Benchmark(metric="invitation_acceptance_rate"),
        TaskTemplate(
            key="affiliate_foundation.write_personal_invitations",
            title="Write invitations for the creator you address",
            why="Creators accept a smaller part of your invitations than of benchmark sellers'.",
            steps=(
                "Invite creators who already show products like yours.",
                "Name the video of theirs that made you write, the product and the commission.",
                "Offer a sample in the first message.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_creators",
            trigger=behind_peers("invitation_acceptance_rate"),
            action=Action(label="Invite creators", target="/affiliate/creators/find"),
            benefit="More creators",
            valid_days=14,
        ),
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
