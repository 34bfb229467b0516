"""Incentive programmes: rewards that operations offer for tasks, as data, without a release."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from shopace.core.vocabulary.record import Record


class RewardKind(StrEnum):
    """S0's four rewards."""

    PRODUCT_COUPON = "product_coupon"
    ADS_CREDIT = "ads_credit"
    PROMOTE_COUPON = "promote_coupon"
    CASH = "cash"


class Incentive(Record, frozen=True, kw_only=True):
    """A reward on top. It never lifts a task out of its band."""

    reward: RewardKind
    amount: float
    currency: str
    valid_days: int = 14


class Programme(Record, frozen=True, kw_only=True):
    """A reward for tasks, on top of their benefit. It never lifts a task out of its band.

    An empty tuple means: no restriction. All restrictions that are given must hold, on known
    facts: a shop whose tier is unknown is in no tier.
    """

    key: str
    title: str
    reward: RewardKind
    amount: float
    """Of one reward, in `currency`. Paid only to shops of that currency: nothing is converted."""
    currency: str
    """ISO 4217."""
    starts_on: dt.date
    ends_on: dt.date
    """The last day on which it is offered."""
    budget: float
    """In `currency`, for all shops together."""
    spent: float = 0.0
    """Granted so far, as operations tell it. Offered while one more reward fits in the budget."""
    valid_days: int = 14
    """How long a reward can be used once it is earned."""
    regions: tuple[str, ...] = ()
    tiers: tuple[int, ...] = ()
    """Levels of the tier ladder."""
    industries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """ACE categories of the tasks."""
    tasks: tuple[str, ...] = ()
    """Keys of task templates."""
    types: tuple[str, ...] = ()
    """Task types, as in `TaskType`."""
