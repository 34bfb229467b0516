"""From a proposal to a task card: the words of the template and the evidence of the shop."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING

from shopace.core.pipeline.figures import SHARE_DECIMALS, relative_change, tidy
from shopace.core.records.card import (
    Benefit,
    Evidence,
    Goal,
    Reward,
    Risk,
    TaskBasics,
    TaskCard,
)
from shopace.core.records.text import Text, fill
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.triggers import BehindPeers, Declined
from shopace.core.vocabulary.units import CATEGORIES, PERIODS_OF, Direction, Period
from shopace.core.warehouse.cohorts import LEVELS

if TYPE_CHECKING:
    from shopace.core.pipeline.batch import Batch, Compared, Measured
    from shopace.core.pipeline.plan import Offer, Plan
    from shopace.core.warehouse.policy import PolicyLine

METHOD = "30-day GMV of the channel × the gap to benchmark sellers, at most {cap:.0%} of it"


class CardMaker:
    """Makes the cards of one batch. The words, the same for every shop, are prepared once."""

    def __init__(self, batch: Batch, measured: Measured, compared: Compared, words: Words) -> None:
        self._plan, self._words = batch.plan, words
        self._measured, self._compared = measured, compared
        self._as_of = batch.plan.manifest.as_of

    def card(
        self,
        offer: int,
        shop: int,
        *,
        severity: int,
        line: int,
        since: dt.date,
        recommended: bool,
        with_amount: bool,
        currency: str,
    ) -> TaskCard:
        """The card of the plan's offer for the batch's shop.

        `line` is the position in the lines stood on, −1 for none. `with_amount` asks for the
        estimate in money; where no honest one exists the label stands alone.
        """
        chosen = self._plan.offers[offer]
        stood_on = self._compared.lines[line][0] if line >= 0 else None
        template = chosen.template
        return TaskCard(
            id=chosen.id,
            priority=chosen.priority.name,
            severity=severity,
            channel=chosen.channel,
            template=template.key,
            evidence=self._evidence(chosen, shop, stood_on),
            benefit=self._benefit(offer, shop) if with_amount else self._words.labels[offer],
            valid_until=self._as_of + dt.timedelta(days=template.valid_days),
            since=since,
            most_recommended=recommended,
            risk=self._risk(stood_on, shop) if stood_on is not None else None,
            incentive=_reward(chosen, self._as_of, currency),
            goal=self._words.goals[offer],
        )

    def estimate(self, offer: int, shop: int) -> float | None:
        """GMV of 30 days that closing the gap is worth, other factors equal; None: not honest."""
        chosen = self._plan.offers[offer]
        column = chosen.column
        metric = self._plan.columns[column].metric
        if not metric.gmv_factor or not isinstance(chosen.template.trigger, BehindPeers):
            return None
        gmv = self._measured.gmv.get((Period.L30D, chosen.channel))
        value = float(self._measured.values[Period.L30D][column, shop])
        if gmv is None or not value > 0 or not float(gmv[shop]) > 0:
            return None
        gap = float(self._compared.benchmark[column, shop]) / value - 1.0
        return tidy(float(gmv[shop]) * min(gap, self._plan.values["core.benefit_cap"]), 2)

    def _benefit(self, offer: int, shop: int) -> Benefit:
        label = self._words.labels[offer]
        amount = self.estimate(offer, shop)
        if amount is None:
            return label
        return Benefit(label=label.label, amount=amount, method=self._words.method)

    def _evidence(self, offer: Offer, shop: int, line: PolicyLine | None) -> Evidence:
        column, compared = offer.column, self._compared
        metric = self._plan.columns[column].metric
        decimals = metric.unit.decimals

        def number(period: Period) -> float | None:
            return tidy(float(self._measured.values[period][column, shop]), decimals)

        trigger = offer.template.trigger
        more: dict[str, float | int | str | None] = {}
        if line is not None:
            periods = PERIODS_OF[line.window]
            kind, window = "policy", periods[0]
            more["line"] = line.value
            if line.kind == "drop":
                more["previous"] = number(periods[1])
        elif isinstance(trigger, Declined):
            kind, window = "previous", Period.L7D
            values = self._measured.values
            more["previous"] = number(Period.P7D)
            more["change"] = relative_change(
                float(values[Period.L7D][column, shop]), float(values[Period.P7D][column, shop])
            )
            more["market_change"] = tidy(float(compared.market[column, shop]), SHARE_DECIMALS)
            more["noise"] = tidy(float(compared.deviation[column, shop]), SHARE_DECIMALS)
        elif isinstance(trigger, BehindPeers):
            kind, window = "peers", Period.L30D
            more["benchmark"] = tidy(float(compared.benchmark[column, shop]), decimals)
            more["cohort"] = LEVELS[int(compared.level[column, shop])]
            more["peers"] = int(compared.peers[column, shop])
            more["percentile"] = int(compared.percentile[column, shop])
        else:
            kind, window = "line", Period.L7D
            more["line"] = offer.trigger.line if offer.trigger is not None else None
        value = number(window)
        return Evidence(
            comparison=kind,
            metric=metric.key,
            title=self._words.titles[column],
            unit=metric.unit,
            channel=offer.channel,
            window=window.value,
            value=value if value is not None else float("nan"),  # nothing fires on missing
            direction=metric.direction,
            **more,  # type: ignore[arg-type]  # names and types are those of the record
        )

    def _risk(self, line: PolicyLine, shop: int) -> Risk:
        plan, rows = self._plan, self._measured.rows
        stake = ending = None
        if line.stake is not None:
            row = plan.row_of.get((Period.L30D, line.stake.measure, line.stake.channel))
            stake = tidy(float(rows[row, shop]), 2) if row is not None else None
        if line.ladder == "penalty_points":
            row = plan.row_of.get((Period.L7D, "penalty_points_ending_30d", Channel.SHOP))
            ending = tidy(float(rows[row, shop]), 0) if row is not None else None
        following = plan.next_of(line)
        distance = None
        if following is not None:
            column = plan.index[line.metric, line.channel]
            value = self._measured.values[PERIODS_OF[line.window][0]][column, shop]
            distance = tidy(abs(following.value - float(value)), 2)
        return Risk(
            level=line.level,
            line=line.key,
            rule=fill(line.rule, line=f"{line.value:g}") if "{" in line.rule else Text(line.rule),
            source=line.source,
            loses=Text(line.loses),
            gmv_30d_at_stake=stake,
            next_line=following.key if following is not None else None,
            next_value=following.value if following is not None else None,
            distance=distance,
            ending_30d=ending,
        )


class Words:
    """What cards and notes say, whoever they are for: made once per plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.titles = [Text(column.metric.title) for column in plan.columns]
        self.method = fill(METHOD, cap=plan.values["core.benefit_cap"])

    @cached_property
    def basics(self) -> dict[str, TaskBasics]:
        """By template."""
        return {
            offer.template.key: TaskBasics(
                category=offer.category,
                pillar=CATEGORIES[offer.category],
                type=offer.template.type,
                objective=offer.template.objective,
                title=Text(offer.template.title),
                why=Text(offer.template.why),
                steps=tuple(Text(step) for step in offer.template.steps),
                action=offer.template.action,
                effort=offer.template.effort,
            )
            for offer in self._plan.offers
        }

    @cached_property
    def labels(self) -> list[Benefit]:
        return [Benefit(label=Text(offer.template.benefit)) for offer in self._plan.offers]

    @cached_property
    def goals(self) -> list[Goal | None]:
        return [self._goal(offer) for offer in self._plan.offers]

    def _goal(self, offer: Offer) -> Goal | None:
        completion = offer.template.completion
        if completion is None:
            return None
        lower = self._plan.registry.metrics[completion.metric].direction is Direction.LOWER
        at = "most" if lower else "least"
        return Goal(metric=completion.metric, at=at, line=completion.line)


def _reward(offer: Offer, as_of: dt.date, currency: str) -> Reward | None:
    """The incentive, where it is paid in the shop's own currency."""
    incentive = offer.template.incentive
    if incentive is None or incentive.currency != currency:
        return None
    return Reward(
        reward=incentive.reward,
        amount=incentive.amount,
        currency=incentive.currency,
        valid_until=as_of + dt.timedelta(days=incentive.valid_days),
    )
