"""Incentive programmes: rewards that operations offer for tasks, as data, without a release."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.tasks import TaskType

LEVELS_END = 100
"""A ladder has fewer levels than this."""

Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$(?!\n)")]
Money = Annotated[float, Meta(ge=0, le=1e12)]
Level = Annotated[int, Meta(ge=0, lt=LEVELS_END)]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
Words = Annotated[tuple[Word, ...], Meta(max_length=100)]


class RewardKind(StrEnum):
    """S0's four rewards."""

    PRODUCT_COUPON = "product_coupon"
    ADS_CREDIT = "ads_credit"
    PROMOTE_COUPON = "promote_coupon"
    CASH = "cash"


class Programme(Record, frozen=True, kw_only=True):
    """A reward for tasks, on top of their benefit. It never lifts a task out of its band.

    An empty list means: no restriction. All restrictions that are given must hold, on known
    facts: a shop whose tier is unknown is in no tier.
    """

    key: Key
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    """The words on the card."""
    reward: RewardKind
    amount: Annotated[float, Meta(gt=0, le=1e12)]
    """Of one reward, in `currency`. Paid only to shops of that currency: nothing is converted."""
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
    """ISO 4217."""
    starts_on: dt.date
    ends_on: dt.date
    """The last day on which it is offered."""
    budget: Money
    """In `currency`, for all shops together."""
    spent: Money = 0.0
    """Granted so far, as operations tell it. Offered while one more reward fits in the budget."""
    valid_days: Annotated[int, Meta(ge=1, le=365)] = 14
    """How long a reward can be used once it is earned."""
    regions: Words = ()
    """Codes as in ISO 3166-1."""
    tiers: Annotated[tuple[Level, ...], Meta(max_length=100)] = ()
    """Levels of the tier ladder."""
    industries: Words = ()
    """As the facts spell them."""
    categories: Words = ()
    """ACE categories of the tasks."""
    tasks: Words = ()
    """Keys of task templates."""
    types: Annotated[tuple[TaskType, ...], Meta(max_length=10)] = ()
    """Of the tasks."""

    @property
    def has_budget(self) -> bool:
        """Whether one more reward fits; differences are freed from the dust of binary fractions."""
        return round(self.spent + self.amount - self.budget, 6) <= 0

    def is_offered_on(self, date: dt.date) -> bool:
        """Whether it runs on that day and can still be paid."""
        return self.starts_on <= date <= self.ends_on and self.has_budget


class ProgrammeFile(Record, frozen=True, kw_only=True):
    """What operations write: `incentives.json`. What a schema cannot say is judged after it."""

    schema: Literal["shopace.incentives/1"]
    note: Annotated[str, Meta(max_length=1000)] = ""
    """For people; nothing reads it."""
    programmes: Annotated[tuple[Programme, ...], Meta(max_length=200)]
