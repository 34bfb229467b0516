"""Of tasks that achieve the same, one is shown; every other one is kept with a true reason."""

import dataclasses
from collections import Counter
from typing import NamedTuple

import numpy as np
from hypothesis import given
from tests.core.pipeline.conftest import proposals

from shopace.core.pipeline.batch import Proposals
from shopace.core.pipeline.merge import SEATS_ELSEWHERE, merge
from shopace.core.pipeline.plan import Plan
from shopace.core.pipeline.rank import rank
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.triggers import Priority


class Fate(NamedTuple):
    """What became of a proposal, in ranking order."""

    place: int
    shop: int
    objective: str
    channel: Channel
    product: int
    priority: Priority
    seats: float
    """Of its channel's list."""
    for_you: bool
    in_channel: bool
    kept_by: int

    @property
    def shown(self) -> bool:
        return self.for_you or self.in_channel

    @property
    def cut(self) -> bool:
        """Withheld because the lists are full."""
        return not self.shown and self.kept_by == self.place


def staked(plan: Plan, found: Proposals) -> Proposals:
    """The same, with one stake per shop and channel, as it is of a channel's GMV."""
    first: dict[tuple[int, Channel], float] = {}
    stake = [
        first.setdefault((shop, plan.offers[at].channel), amount)
        for shop, at, amount in zip(
            found.shop.tolist(), found.offer.tolist(), found.stake.tolist(), strict=True
        )
    ]
    return dataclasses.replace(found, stake=np.array(stake, dtype=np.float64))


def fates(plan: Plan, found: Proposals) -> list[Fate]:
    merged = merge(plan, rank(plan, staked(plan, found)))
    ranked = merged.proposals
    per_channel = plan.values["core.cards_per_channel"]
    return [
        Fate(
            place,
            int(ranked.shop[place]),
            plan.offers[at].template.objective,
            plan.offers[at].channel,
            int(ranked.product[place]),
            plan.offers[at].priority,
            SEATS_ELSEWHERE if ranked.stake[place] == 0 else per_channel,
            bool(merged.for_you[place]),
            bool(merged.in_channel[place]),
            int(merged.kept_by[place]),
        )
        for place, at in enumerate(ranked.offer.tolist())
    ]


@given(found=proposals())
def test_one_card_is_shown_per_objective_channel_and_product(plan: Plan, found: Proposals) -> None:
    shown = [each for each in fates(plan, found) if each.shown]
    cards = Counter((each.shop, each.objective, each.channel, each.product) for each in shown)
    assert set(cards.values()) <= {1}


@given(found=proposals())
def test_the_overall_list_holds_one_card_per_objective_the_best_of_it(
    plan: Plan, found: Proposals
) -> None:
    all_of = fates(plan, found)
    best: dict[tuple[int, str], int] = {}
    for each in all_of:
        best.setdefault((each.shop, each.objective), each.place)
    assert {each.place for each in all_of if each.for_you} <= set(best.values())


@given(found=proposals())
def test_a_channels_list_holds_cards_of_that_channel_alone(plan: Plan, found: Proposals) -> None:
    assert all(each.channel is not Channel.SHOP for each in fates(plan, found) if each.in_channel)


@given(found=proposals())
def test_what_gave_way_names_a_shown_card_that_ranks_higher_and_achieves_the_same(
    plan: Plan, found: Proposals
) -> None:
    all_of = fates(plan, found)
    for each in all_of:
        kept = all_of[each.kept_by]
        if each.shown:
            assert kept is each
        elif kept is not each:
            assert kept.shown
            assert kept.place < each.place
            assert (kept.shop, kept.objective) == (each.shop, each.objective)
            assert each.channel in (kept.channel, Channel.SHOP)


@given(found=proposals())
def test_no_limit_cuts_a_risk(plan: Plan, found: Proposals) -> None:
    all_of = fates(plan, found)
    for each in all_of:
        if each.priority is Priority.P0 and not each.shown:
            assert not each.cut
            assert all_of[each.kept_by].priority is Priority.P0


@given(found=proposals())
def test_a_list_is_cut_only_when_it_is_full_and_from_its_end(plan: Plan, found: Proposals) -> None:
    limit = plan.values["core.cards_for_you"]
    all_of = fates(plan, found)
    for each in all_of:
        if not each.cut:
            continue
        above = [other for other in all_of[: each.place] if other.shop == each.shop]
        same = [other for other in above if other.objective == each.objective]
        if not same:
            assert sum(other.for_you for other in above) >= limit
        elif each.channel is Channel.SHOP:
            assert not same[0].shown
        if each.channel is not Channel.SHOP and each.channel not in {o.channel for o in same}:
            seated = [o for o in above if o.in_channel and o.channel is each.channel]
            assert len(seated) >= each.seats


@given(found=proposals())
def test_beside_risks_no_list_is_longer_than_its_limit(plan: Plan, found: Proposals) -> None:
    values = plan.values
    shown = [each for each in fates(plan, found) if each.priority is not Priority.P0]
    overall = Counter(each.shop for each in shown if each.for_you)
    channels = Counter((each.shop, each.channel) for each in shown if each.in_channel)
    assert all(count <= values["core.cards_for_you"] for count in overall.values())
    assert all(count <= values["core.cards_per_channel"] for count in channels.values())
