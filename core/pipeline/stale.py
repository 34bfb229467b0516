"""Cards of the last diagnosis that a plugin's failure leaves without a verdict: kept for a while.

A card is in doubt when its template, its trigger or a condition, leans on measures of a plugin that
failed, or when its plugin was rejected at load. What was known yesterday is not gone because code
failed: such a card is shown again as it was, marked with the day that it comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from shopace.core.pipeline.cards import Tasks
from shopace.core.pipeline.risks import Standing
from shopace.core.records.card import Benefit
from shopace.core.records.diagnosis import Withheld

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from shopace.core.pipeline.plan import Offer, Plan
    from shopace.core.records.card import TaskBasics, TaskCard
    from shopace.core.records.memory import LastCards
    from shopace.core.vocabulary.channels import Channel

STALE_DAYS = 2
"""As-of days for which a card is kept (ours)."""


class Doubt:
    """Which cards nobody can judge. False where that is none, as on every good day."""

    def __init__(self, plan: Plan, failed: Collection[str]) -> None:
        self._offers = {
            (offer.template.key, offer.channel)
            for offer in (plan.offers if failed else ())
            if not _owners(plan, offer).isdisjoint(failed)
        }
        rejected = {each.plugin for each in plan.registry.rejected}
        self._rejected = rejected - plan.registry.plugins.keys()

    def __bool__(self) -> bool:
        return bool(self._offers or self._rejected)

    def of(self, card: TaskCard) -> bool:
        """Whether this card is in doubt."""
        plugin = card.template.partition(".")[0]
        return (card.template, card.channel) in self._offers or plugin in self._rejected


def _owners(plan: Plan, offer: Offer) -> AbstractSet[str]:
    """The plugins whose own code the offer needs."""
    tests = offer.only_if if offer.trigger is None else (offer.trigger, *offer.only_if)
    metrics = [plan.columns[at].metric for at in (offer.column, *(each.column for each in tests))]
    return {owner for metric in metrics for owner in plan.derivers_of(metric)}


def still_shown(
    last: LastCards, doubt: Doubt, as_of: dt.date, *, closed: bool
) -> tuple[TaskCard, ...]:
    """The cards in doubt, marked; of a shop that is `closed` its risks alone.

    They say what they said, but promise no money: amounts and rewards are today's or none.
    """
    return tuple(
        replace(
            card,
            stale_since=since,
            most_recommended=False,
            benefit=Benefit(label=card.benefit.label),
            incentive=None,
        )
        for card in last.cards
        for since in (card.stale_since or last.as_of,)
        if doubt.of(card)
        and card.template in last.tasks
        and (as_of - since).days <= STALE_DAYS
        and as_of <= card.valid_until
        and (card.risk is not None or not closed)
    )


def with_stale(
    tasks: Tasks, stale: Sequence[TaskCard], last: LastCards, basics: Mapping[str, TaskBasics]
) -> Tasks:
    """Today's tasks and the kept cards behind them, band by band.

    A kept card takes nobody's seat, but a card of a lower band gives way to it as it would to a
    fresh one: one card per objective, channel and product, and one per objective in the overall
    list. It stands in the lists in which it stood.
    """
    by_id: dict[str, TaskCard] = {}
    for card in sorted((*tasks.cards, *stale), key=lambda each: each.priority):
        by_id.setdefault(card.id, card)
    kept = {each.id for each in stale if by_id[each.id] is each}

    overall = {*tasks.for_you, *(kept & set(last.for_you))}
    leaders: dict[str, str] = {}
    by_channel: dict[Channel, list[str]] = {}
    for card in by_id.values():
        if card.id in overall:
            words = (last.tasks if card.id in kept else basics)[card.template]
            leaders.setdefault(words.objective, card.id)
        stood = last.by_channel.get(card.channel, ()) if card.id in kept else ()
        if card.id in {*stood, *tasks.by_channel.get(card.channel, ())}:
            by_channel.setdefault(card.channel, []).append(card.id)
    for_you = tuple(leaders.values())
    shown = {*for_you, *(each for ids in by_channel.values() for each in ids)}
    instead = {
        card.id: card.id if card.id in kept else leaders[basics[card.template].objective]
        for card in tasks.cards
        if card.id in kept or card.id not in shown
    }
    withheld = [replace(each, kept=instead.get(each.kept, each.kept)) for each in tasks.withheld]
    withheld += [
        Withheld(
            template=card.template,
            channel=card.channel,
            reason="same_objective",
            kept=instead[card.id],
        )
        for card in tasks.cards
        if card.id in instead
    ]
    return Tasks(
        cards=tuple(
            replace(card, most_recommended=card.most_recommended and card.id in for_you)
            for card in by_id.values()
            if card.id in shown
        ),
        for_you=for_you,
        by_channel={channel: tuple(ids) for channel, ids in sorted(by_channel.items())},
        withheld=tuple(withheld),
        lines=(
            *(each._replace(card=instead.get(each.card, each.card)) for each in tasks.lines),
            *_lines(each for each in by_id.values() if each.id in kept & shown),
        ),
    )


def _lines(cards: Iterable[TaskCard]) -> Iterator[Standing]:
    """The policy lines that kept cards tell."""
    for card in cards:
        if card.risk is not None and card.risk.from_date is not None:
            risk, since = card.risk, card.risk.from_date
            yield Standing(risk.line, risk.level, risk.rule, since, risk.until_date, card.id)
