"""merge: of proposals with one objective only the highest-ranked is shown, the others with reason.

One proposal per (objective, channel, product) makes a card; one card per objective stands in the
overall list ("For you"). Both lists have a limit that never cuts a risk card. A proposal for the
whole shop has only the overall list to stand in. A proposal that another explains makes no card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.pipeline.batch import Merged
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.triggers import Priority

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Flags, Integers, Proposals
    from shopace.core.pipeline.plan import Plan

SEATS_ELSEWHERE = 1
"""Cards in the list of a channel that is none of the shop's core channels."""


def merge(plan: Plan, ranked: Proposals) -> Merged:
    """What becomes of each ranked proposal."""
    objectives = {key: i for i, key in enumerate(sorted(plan.registry.objectives))}
    channels = {channel: i for i, channel in enumerate(Channel)}
    offers = plan.offers
    objective = np.array([objectives[o.template.objective] for o in offers], dtype=np.int64)
    channel = np.array([channels[o.channel] for o in offers], dtype=np.int64)
    risk = np.array([o.priority is Priority.P0 for o in offers], dtype=bool)
    at, shop = ranked.offer, ranked.shop

    by_objective = shop * len(objectives) + objective[at]
    entry = np.arange(at.size)
    place = by_objective * len(channels) + channel[at]
    explained = ranked.cause >= 0
    alone = -1 - entry  # a key of its own: what is explained stands in nobody's way
    by_card = place * 2 + (ranked.product >= 0)  # a shop has one hero product or none
    best = _first_of(np.where(explained, alone, by_card))
    card = (best == entry) & ~explained
    leader = _first_of(np.where(explained, alone, by_objective))
    always = risk[at]
    first = (leader == entry) & ~explained
    for_you = first & (_within(shop, first, plan.values["core.cards_for_you"]) | always)
    in_shop = channel[at] == channels[Channel.SHOP]
    listed = card & ~in_shop
    seats = np.where(ranked.stake == 0, SEATS_ELSEWHERE, plan.values["core.cards_per_channel"])
    seat = _within(shop * len(channels) + channel[at], listed, seats)
    in_channel = listed & (seat | always)

    shown = for_you | in_channel
    instead = np.where(shown[best], best, np.where(in_shop & shown[leader], leader, entry))
    if explained.any():
        told = _of_causes(ranked, plan.offer_columns[at], instead)
        instead = np.where(explained, np.where(shown[told], told, entry), instead)
    return Merged(
        proposals=ranked,
        kept_by=np.where(shown, entry, instead),
        for_you=for_you,
        in_channel=in_channel,
    )


def _of_causes(ranked: Proposals, column: Integers, instead: Integers) -> Integers:
    """For each explained proposal what stands for its cause; of all others, itself."""
    columns = int(column.max()) + 1
    answer = ranked.shop * columns + column
    named = ranked.shop * columns + ranked.cause
    declines = np.nonzero(ranked.cause < 0)[0]
    keys, first = np.unique(answer[declines], return_index=True)
    at = np.minimum(np.searchsorted(keys, named), keys.size - 1)
    found = (keys[at] == named) & (ranked.cause >= 0)
    return np.where(found, instead[declines[first[at]]], np.arange(column.size))


def _first_of(key: Integers) -> Integers:
    """For each entry the position of the first with the same key."""
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    firsts: Integers = first[inverse.reshape(-1)]
    return firsts


def _within(group: Integers, counted: Flags, limit: float | Floats) -> Flags:
    """Whether an entry is among the first `limit` counted ones of its group, in ranking order."""
    order = np.argsort(group, kind="stable")
    running = np.cumsum(counted[order])
    starts = np.nonzero(np.diff(group[order], prepend=-1))[0]
    before: Integers = running[starts] - counted[order][starts]
    sizes = np.diff(np.append(starts, group.size))
    place = np.empty(group.size, dtype=np.int64)
    place[order] = running - np.repeat(before, sizes)
    return np.asarray(place <= limit)
