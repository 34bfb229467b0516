"""Words: what cards and notes say, whoever they are for, made once per plan."""

from __future__ import annotations

import datetime as dt
from functools import cached_property, partial
from typing import TYPE_CHECKING

from shopace.core.records.card import Benefit, Evidence, Goal, Reward, TaskBasics
from shopace.core.records.text import Text, fill
from shopace.core.vocabulary.triggers import BehindPeers, Crosses, Declined
from shopace.core.vocabulary.units import CATEGORIES, Period

if TYPE_CHECKING:
    from collections.abc import Callable

    from shopace.core.pipeline.plan import Offer, Plan

METHOD = "30-day GMV of the channel × the gap to benchmark sellers, told up to {cap:.0%}"
MESSAGES = (METHOD,)
"""What is said here, for translation."""


class Words:
    """Lists are by offer of the plan, but for `titles` and `states`, by column, and `rewards`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.titles = [Text(column.metric.title) for column in plan.columns]
        self.states = [plan.is_state(column.metric) for column in plan.columns]
        self.method = fill(METHOD, cap=plan.values["core.benefit_cap"])
        self._days: dict[int, dt.date] = {}

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
    def ids(self) -> list[str]:
        return [offer.id for offer in self._plan.offers]

    @cached_property
    def priorities(self) -> list[str]:
        return [offer.priority.name for offer in self._plan.offers]

    @cached_property
    def labels(self) -> list[Benefit]:
        return [Benefit(label=Text(offer.template.benefit)) for offer in self._plan.offers]

    @cached_property
    def rewards(self) -> list[Reward]:
        """By position in the plan's `rewards.offered`."""
        return [
            Reward(
                reward=each.reward,
                amount=each.amount,
                currency=each.currency,
                valid_until=each.ends_on,
                valid_days=each.valid_days,
                programme=each.key,
                title=Text(each.title),
            )
            for each in self._plan.rewards.offered
        ]

    @cached_property
    def goals(self) -> list[Goal | None]:
        return [self._goal(offer) for offer in self._plan.offers]

    @cached_property
    def evidence(self) -> list[Callable[..., Evidence]]:
        """The evidence of each offer, to be called with its numbers."""
        return [self._evidence(offer) for offer in self._plan.offers]

    def _evidence(self, offer: Offer) -> Callable[..., Evidence]:
        metric = self._plan.columns[offer.column].metric
        about = partial(
            Evidence,
            metric=metric.key,
            title=self.titles[offer.column],
            unit=metric.unit,
            channel=offer.channel,
            state=self.states[offer.column],
            direction=metric.direction,
        )
        match offer.template.trigger:
            case Crosses():  # the window is the line's
                return partial(about, comparison="policy")
            case Declined():
                return partial(about, comparison="previous", window=Period.L7D.value)
            case BehindPeers():
                return partial(about, comparison="peers", window=Period.L30D.value)
            case _:
                line = offer.trigger.line if offer.trigger is not None else None
                return partial(about, comparison="line", window=Period.L7D.value, line=line)

    def _goal(self, offer: Offer) -> Goal | None:
        completion = offer.template.completion
        metrics = self._plan.registry.metrics
        if completion is None or completion.metric not in metrics:  # its plugin is switched off
            return None
        return Goal(
            metric=completion.metric,
            at=completion.side(metrics[completion.metric].direction),
            line=completion.number(self._plan.values),
        )

    def day(self, days: int) -> dt.date:
        """The date so many days after the as-of date."""
        if days not in self._days:
            self._days[days] = self._plan.manifest.as_of + dt.timedelta(days=days)
        return self._days[days]
