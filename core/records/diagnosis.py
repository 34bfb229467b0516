"""The diagnosis of a shop (S0), in one piece: both pages of it must show the same numbers."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from shopace.core.records.card import ProductRef, TaskBasics, TaskCard
from shopace.core.records.text import Text
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Unit

SCHEMA = "shopace.diagnosis/1"
"""Name and major version of the document; it changes only with a breaking change."""


class ShopProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the shop is. Empty text and absent dates are unknown."""

    id: str
    name: str = ""
    region: str = ""
    industry: str = ""
    currency: str = ""
    """ISO 4217; every amount of the document is in it."""
    timezone: str = ""
    opened_on: dt.date | None = None
    """Where the facts do not say it: the first day with facts of the shop."""
    core_channels: tuple[Channel, ...] = ()


class TierStanding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The growth stage. `outcome` is `ok`, `no_data` or `not_applicable` (no ladder fits)."""

    outcome: str
    level: int | None = None
    name: str | None = None
    gmv_30d: float | None = None
    next_name: str | None = None
    missing_to_next: float | None = None
    """GMV of 30 days; absent for who never sold, since a paid order leads on, not an amount."""
    since: dt.date | None = None
    """First as-of date of the present tier, as far as memory goes."""
    days_since_change: int | None = None
    """Days from `since` to the as-of date; absent when no earlier diagnosis knew the tier."""
    days_to_next: int | None = None
    """Days until the next tier at today's pace: each day brings a mean day of the last seven and
    takes a mean day of the 23 before. Absent when unknown, and when that does not lead there."""
    benefits: tuple[Text, ...] = ()
    """What the tier unlocks, as configured."""
    next_benefits: tuple[Text, ...] = ()
    """What the next tier unlocks, less what the present one does already."""


class GmvPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """GMV of one channel or group. Absent is unknown, not zero."""

    channel: Channel
    amount: float | None = None
    share: float | None = None
    previous: float | None = None
    change: float | None = None
    """Absent too where the shop was not open through all of the period before."""


class GmvBreakdown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """30-day GMV and where it came from.

    The channels need not add up to the total: `residual` is the rest. A group counts as it was
    delivered where its channels are not known.
    """

    window: str = "L30D"
    total: GmvPart
    channels: tuple[GmvPart, ...]
    groups: tuple[GmvPart, ...]
    residual: float | None = None


class Factor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one factor of GMV = impressions × CTR × CTOR × AOV moved against the previous period."""

    factor: str
    channel: Channel
    change: float


class Conclusion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sentence, and the factors behind it, the strongest first."""

    sentence: Text
    factors: tuple[Factor, ...] = ()


class RiskMonitor(msgspec.Struct, frozen=True, kw_only=True):
    """Pinned on top. Absent without a medium or high risk, or without operational data."""

    level: str
    sentence: Text
    """It counts the policy lines that the shop stands on, but for a fall that led to another. Two
    that the same task answers have one card, so there may be fewer cards than risks."""
    cards: tuple[str, ...]


class Criterion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One condition of Seller Center eligibility (S3) or of the star badge (S2)."""

    key: str
    title: Text
    metric: str
    outcome: Literal["met", "not_met", "no_data", "not_applicable"]
    at: str
    """`least`, `most`, `above` or `below`: how the value must stand to the line."""
    line: float
    unit: Unit
    value: float | None = None
    distance: float | None = None
    """How far the value is from meeting the line; 0 when met, absent when unknown."""
    source: str = ""


class Eligibility(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Seller Center eligibility or the star badge, each criterion met or not."""

    outcome: Literal["met", "not_met", "no_data"]
    """`met` only when every applicable criterion is known to be; `not_met` when one is known not
    to be."""
    criteria: tuple[Criterion, ...]
    next_check: dt.date | None = None
    """The next monthly check, where its day is configured."""


class MetricNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of "need attention" or "can improve"."""

    metric: str
    title: Text
    channel: Channel
    unit: Unit
    window: str
    value: float
    state: bool = False
    """As of the evidence of a card: how things stand at the window's end."""
    previous: float | None = None
    change: float | None = None
    benchmark: float | None = None
    percentile: int | None = None
    peers: int | None = None
    cohort: str | None = None
    cards: tuple[str, ...] = ()
    products: tuple[ProductRef, ...] = ()
    """The products behind it, at most three, the highest GMV of 30 days first."""


class Withheld(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal that is not shown, and why: the answer to "why do I not see this task?"."""

    template: str
    channel: Channel
    reason: str
    """`same_objective`, `limit`, or `explained`: the decline is part of another one, whose task
    stands for both. Later versions may know others: take such a word as it is."""
    kept: str = ""
    """The card shown instead; empty for `limit`."""


class CampaignReadiness(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to fix before a named campaign begins."""

    name: str
    starts_on: dt.date
    days_left: int
    blocked_by: tuple[str, ...] = ()
    """Cards of the risks that close campaigns to the shop and last until it begins."""
    fix_first: tuple[str, ...] = ()
    """Cards of risks and declines, ranked; gaps to peers can wait."""


class NotEvaluated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a category was not diagnosed, and why."""

    category: str
    reason: str
    """`not_delivered`, `incomplete`, `no_activity` (the facts are complete, and there is nothing in
    them to divide by), `rejected`, `failed`; `rebuild_snapshot` and `rebuild_benchmarks`: what was
    built is of other rules. Later versions may know others: take such a word as it is."""
    metrics: tuple[str, ...] = ()
    detail: str = ""


class Freshness(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the diagnosis rests on."""

    latest_available_date: dt.date
    snapshot: str
    benchmarks: str
    """Empty: diagnosed without benchmarks."""
    policy: str
    registry: str
    plugins: dict[str, str]
    """Plugin key → version."""
    memory: bool
    """False: no earlier diagnosis was at hand."""
    incentives: str = ""
    """The incentive programmes in use; empty without any."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of `shopace:v1:diagnosis:{shop}`. The same input gives the same bytes."""

    schema: str
    shop: ShopProfile
    as_of: dt.date
    """Last day included; windows end on it."""
    partial: bool = False
    """A plugin failed or was rejected: its category is unknown, not healthy."""
    counts: dict[str, int]
    """Cards by priority: `P0`, `P1`, `P2`."""
    tier: TierStanding
    conclusion: Conclusion
    channel_conclusions: dict[Channel, Conclusion] = {}
    gmv: GmvBreakdown
    risk_monitor: RiskMonitor | None = None
    eligibility: Eligibility | None = None
    """Absent where nothing of it is known."""
    star_badge: Eligibility | None = None
    """What the star badge asks for (S2); a reward, never a risk. Absent likewise."""
    need_attention: tuple[MetricNote, ...] = ()
    can_improve: tuple[MetricNote, ...] = ()
    improved: tuple[MetricNote, ...] = ()
    cards: tuple[TaskCard, ...] = ()
    """Every card shown somewhere, ranked."""
    tasks: dict[str, TaskBasics] = {}
    """The words of the cards, by template."""
    for_you: tuple[str, ...] = ()
    """The overall list: card ids, one per objective, ranked."""
    by_channel: dict[Channel, tuple[str, ...]] = {}
    withheld: tuple[Withheld, ...] = ()
    campaigns: tuple[CampaignReadiness, ...] = ()
    """The campaigns ahead in the shop's region."""
    not_evaluated: tuple[NotEvaluated, ...] = ()
    freshness: Freshness
