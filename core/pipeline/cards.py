"""From proposals to task cards: the words of the templates and the evidence of each shop."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.pipeline.cells import Cells
from shopace.core.pipeline.figures import listed, tidied, tidy
from shopace.core.pipeline.plan import CHANNELS
from shopace.core.pipeline.risks import Risks, Standing
from shopace.core.records.card import Benefit, Evidence, TaskCard
from shopace.core.records.diagnosis import Withheld
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.triggers import BehindPeers, Declined
from shopace.core.vocabulary.units import PERIODS_OF, Period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopace.core.pipeline.batch import Batch, Compared, Integers, Measured, Merged
    from shopace.core.pipeline.plan import Plan
    from shopace.core.pipeline.words import Words


class Tasks(NamedTuple):
    """What one shop is told to do, and what it is not told."""

    cards: tuple[TaskCard, ...]
    """Every card shown somewhere, ranked."""
    for_you: tuple[str, ...]
    by_channel: dict[Channel, tuple[str, ...]]
    withheld: tuple[Withheld, ...]
    lines: tuple[Standing, ...]
    """Every policy line that the shop stands on and that a task answers, ranked."""


class CardMaker:
    """Makes the cards of one batch from the proposals that are shown.

    Lists are by position in the ranked proposals.
    """

    def __init__(
        self, batch: Batch, measured: Measured, compared: Compared, merged: Merged, words: Words
    ) -> None:
        plan, ranked = batch.plan, merged.proposals
        self._plan, self._words = plan, words
        self._measured, self._lines = measured, compared.lines
        self._risks = Risks(batch, measured, compared)
        self._recommended = plan.values["core.most_recommended"]
        self._bounds: list[int] = np.searchsorted(
            ranked.shop, np.arange(len(batch.shops) + 1)
        ).tolist()
        self._offer: list[int] = ranked.offer.tolist()
        self._severity: list[int] = ranked.severity.tolist()
        self._days: list[int] = ranked.days.tolist()
        self._line: list[int] = ranked.line.tolist()
        self._reward: list[int] = ranked.reward.tolist()
        self._kept_by: list[int] = merged.kept_by.tolist()
        self._explained: list[bool] = (ranked.cause >= 0).tolist()
        self._for_you: list[bool] = merged.for_you.tolist()
        self._in_channel: list[bool] = merged.in_channel.tolist()
        column = plan.offer_columns[ranked.offer]
        self._cells = Cells(plan, measured, compared, column=column, shop=ranked.shop)
        self._names = _names(batch, merged, words)
        self._products, self._product = batch.products, ranked.product.tolist()
        self._worth = _worth(plan, measured, compared, column, merged)

    def tasks(self, shop: int, opened: Mapping[str, dt.date]) -> Tasks:
        """The tasks of the batch's shop.

        `opened` says since when a card's episode lasts. The first card of the overall list for
        which an honest estimate in money exists tells it: no GMV is promised twice.
        """
        as_of = self._plan.manifest.as_of
        cards: list[TaskCard] = []
        for_you: list[str] = []
        by_channel: dict[Channel, list[str]] = {}
        withheld: list[Withheld] = []
        lines: dict[int, Standing] = {}
        promised = False
        for at in range(self._bounds[shop], self._bounds[shop + 1]):
            overall, listed_, place = self._for_you[at], self._in_channel[at], self._line[at]
            if place >= 0 and place not in lines:
                told_by, gave_way = self._names[self._kept_by[at]], self._kept_by[at] != at
                lines[place] = self._risks.standing(place, shop, told_by, gave_way=gave_way)
            if not overall and not listed_:
                withheld.append(self._withheld(at))
                continue
            name = self._names[at]
            worth = self._worth[at] if overall and not promised else None
            promised = promised or worth is not None
            card = self._card(
                at,
                shop,
                since=opened.get(name, as_of),
                recommended=overall and len(for_you) < self._recommended,
                worth=worth,
            )
            cards.append(card)
            if overall:
                for_you.append(name)
            if listed_:
                by_channel.setdefault(card.channel, []).append(name)
        lists = {channel: tuple(names) for channel, names in sorted(by_channel.items())}
        return Tasks(tuple(cards), tuple(for_you), lists, tuple(withheld), tuple(lines.values()))

    def _withheld(self, at: int) -> Withheld:
        offer, kept_by = self._plan.offers[self._offer[at]], self._kept_by[at]
        if kept_by == at:
            return Withheld(template=offer.template.key, channel=offer.channel, reason="limit")
        return Withheld(
            template=offer.template.key,
            channel=offer.channel,
            reason="explained" if self._explained[at] else "same_objective",
            kept=self._names[kept_by],
        )

    def _card(
        self,
        at: int,
        shop: int,
        *,
        since: dt.date,
        recommended: bool,
        worth: float | None,
    ) -> TaskCard:
        number, line, reward, words = (
            self._offer[at],
            self._line[at],
            self._reward[at],
            self._words,
        )
        offer = self._plan.offers[number]
        product = self._product[at]
        behind = self._products.behind(offer.column, shop)
        return TaskCard(
            id=self._names[at],
            priority=words.priorities[number],
            severity=self._severity[at],
            channel=offer.channel,
            template=offer.template.key,
            evidence=self._evidence(at, shop),
            benefit=self._benefit(number, worth),
            valid_until=words.day(self._days[at]),
            since=since,
            most_recommended=recommended,
            risk=self._risks.of(line, shop) if line >= 0 else None,
            incentive=words.rewards[reward] if reward >= 0 else None,
            goal=words.goals[number],
            product=self._products.ref(product) if product >= 0 else None,
            products=behind.named if behind is not None else (),
            products_behind=behind.total if behind is not None else None,
        )

    def _benefit(self, offer: int, worth: float | None) -> Benefit:
        label = self._words.labels[offer]
        if worth is None:
            return label
        return Benefit(label=label.label, amount=worth, method=self._words.method)

    def _evidence(self, at: int, shop: int) -> Evidence:
        number, cells = self._offer[at], self._cells
        evidence, offer = self._words.evidence[number], self._plan.offers[number]
        if self._line[at] >= 0:
            line = self._lines[self._line[at]].line
            period, *before = PERIODS_OF[line.window]
            return evidence(
                window=period.value,
                value=self._number(offer.column, period, shop),
                line=line.value,
                previous=self._number(offer.column, before[0], shop)
                if line.kind == "drop"
                else None,
            )
        trigger = offer.template.trigger
        if isinstance(trigger, Declined):
            return evidence(
                value=cells.l7d[at],
                previous=cells.p7d[at],
                change=cells.change[at],
                market_change=cells.market[at],
                noise=cells.noise[at],
            )
        if isinstance(trigger, BehindPeers):
            return evidence(
                value=cells.l30d[at],
                benchmark=cells.benchmark[at],
                cohort=cells.cohort[at],
                peers=cells.peers[at],
                percentile=cells.percentile[at],
            )
        return evidence(value=cells.l7d[at])

    def _number(self, column: int, period: Period, shop: int) -> float | None:
        decimals = self._plan.columns[column].metric.unit.decimals
        return tidy(float(self._measured.values[period][column, shop]), decimals)


def _names(batch: Batch, merged: Merged, words: Words) -> list[str]:
    """The card id of every proposal."""
    ranked, refer = merged.proposals, batch.products.id_of
    return [
        words.ids[offer] if product < 0 else f"{words.ids[offer]}:{refer(product)}"
        for offer, product in zip(ranked.offer.tolist(), ranked.product.tolist(), strict=True)
    ]


def _worth(
    plan: Plan, measured: Measured, compared: Compared, column: Integers, merged: Merged
) -> list[float | None]:
    """GMV of 30 days that closing the gap is worth, other factors equal; None: not honest.

    Beyond the cap nobody knows what closing the gap would bring, and the cap is no measurement.
    """
    ranked = merged.proposals
    is_factor = np.array(
        [
            plan.columns[offer.column].metric.gmv_factor
            and isinstance(offer.template.trigger, BehindPeers)
            for offer in plan.offers
        ],
        dtype=bool,
    )
    place = np.array([CHANNELS.index(offer.channel) for offer in plan.offers], dtype=np.int64)
    unknown = np.full(measured.tier.shape, np.nan)
    gmv = np.stack([measured.gmv.get((Period.L30D, channel), unknown) for channel in CHANNELS])
    amount = gmv[place[ranked.offer], ranked.shop]
    value = measured.values[Period.L30D][column, ranked.shop]
    with np.errstate(all="ignore"):
        gap = compared.benchmark[column, ranked.shop] / value - 1.0
        worth = amount * gap
    honest = is_factor[ranked.offer] & (value > 0) & (amount > 0)
    honest &= gap <= plan.values["core.benefit_cap"]
    return listed(tidied(np.where(honest, worth, np.nan), 2))
