"""Supply quantity of LIVEs, the family of creators: who goes LIVE for the shop.

The seller invites, the creator goes LIVE. The line is our default.
"""

from shopace.core import (
    Action,
    Channel,
    Declaration,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    declined,
)

CREATORS = (Channel.AFFILIATE_LIVE,)
CREATORS_SELL = Parameter(
    key="live_quantity.creators_sell_line",
    default=10,
    unit=Unit.COUNT,
    title="Orders of seven days through creators from which their LIVEs suggest themselves",
)

CREATOR_LIVES: tuple[Declaration, ...] = (
    TaskTemplate(
        key="live_quantity.invite_back_live_creators",
        title="Ask LIVE creators for a new date",
        why="Creators went LIVE with your products less often than in the week before.",
        steps=(
            "List the creators who went LIVE for you in the last 30 days.",
            "Suggest a date, an offer only for the LIVE, and enough stock for it.",
            "Send samples of the products to show.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="invite_creator_lives",
        trigger=declined("new_lives"),
        channels=CREATORS,
        action=Action(label="Message creators", target="/affiliate/creators"),
    ),
    TaskTemplate(
        key="live_quantity.find_live_creators",
        title="Find creators who go LIVE",
        why="Creators sell for you, and go LIVE more often for benchmark sellers like you.",
        steps=(
            "Filter creators by LIVE sales in your industry.",
            "Offer three of them a targeted collaboration for one LIVE.",
            "Give them an offer, samples and somebody to ask during the LIVE.",
        ),
        type=TaskType.CHALLENGE,
        objective="invite_creator_lives",
        trigger=behind_peers("new_lives"),
        only_if=(at_least("orders", CREATORS_SELL, Channel.CREATOR_CONTENT),),
        channels=CREATORS,
        action=Action(label="Find creators", target="/affiliate/creators/find"),
        valid_days=30,
    ),
)
