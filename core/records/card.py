"""The task card (S0): why to act, what to do, what it brings, and where to begin."""

from __future__ import annotations

import datetime as dt

import msgspec

from shopace.core.records.text import Text
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.tasks import Action, Effort, TaskType
from shopace.core.vocabulary.units import Direction, Pillar, Unit


class TaskBasics(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a card that is the same for every shop: the template in words.

    A diagnosis holds each once, however many channels it has a card in.
    """

    category: str
    pillar: Pillar
    type: TaskType
    objective: str
    title: Text
    why: Text
    steps: tuple[Text, ...]
    action: Action
    effort: Effort


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The comparison that made the task fire. Absent numbers do not belong to the comparison."""

    comparison: str
    """`policy`, `previous` (AA), `peers` (AB) or `line`."""
    metric: str
    title: Text
    unit: Unit
    channel: Channel
    window: str
    """Of `value`: `L7D`, `L30D`, … ending on the as-of date."""
    value: float
    state: bool = False
    """`value` is how things stand at the window's end, as stock and followers do, and `previous`
    how they stood at the end of the window before: not what came together within it."""
    direction: Direction
    """Which way is better."""
    previous: float | None = None
    """The value of the period of the same length just before."""
    change: float | None = None
    """`value ÷ previous − 1`; absent where previous is 0 or unknown."""
    market_change: float | None = None
    """Median midpoint change of the shop's cohort, taken out before judging."""
    noise: float | None = None
    """What the change was judged by, one standard deviation of a midpoint change: the larger of
    the shop's own week-to-week noise and the chance of counting so few events."""
    benchmark: float | None = None
    """What top peers of the cohort show, this shop excluded."""
    cohort: str | None = None
    """`industry+tier`, `industry`, `tier` or `region`: the widest that was needed."""
    peers: int | None = None
    """Other shops of the cohort with a known value."""
    percentile: int | None = None
    """Share of the cohort that the shop does better than, in steps of five."""
    line: float | None = None
    """The policy line or named line that was crossed."""


class ProductRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A product that stands behind a finding, or that a task acts on."""

    id: str
    title: str = ""
    gmv_30d: float | None = None
    """Absent when unknown."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Penalty points that end by themselves, and the first day without them."""

    on: dt.date
    points: float


class Risk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a P0 card says beyond its evidence."""

    level: str
    """`low`, `medium` or `high` (ours); `low` once the loss is over."""
    line: str
    rule: Text
    """The rule in words."""
    source: str
    loses: Text
    """The privilege that is lost."""
    gmv_30d_at_stake: float | None = None
    """GMV of the last 30 days that runs through the privilege; absent when unknown, and when the
    loss is over."""
    next_line: str | None = None
    next_value: float | None = None
    next_loses: Text | None = None
    """What is lost from there on."""
    distance: float | None = None
    """How far the next step of the ladder is."""
    ending_30d: float | None = None
    """Points that end within 30 days; absent when unknown."""
    endings: tuple[Ending, ...] = ()
    """When the points end, the next first; empty when not known in detail. Each with the first day
    without them, while `until_date` is a last day."""
    from_date: dt.date | None = None
    """Since when the shop stands on the line: the day that the facts tell, else the as-of date of
    the first diagnosis that found it there, so it may have begun earlier."""
    until_date: dt.date | None = None
    """The last day of a loss that ends by itself, counted from `from_date`; absent where it does
    not end, or where its length is not known. Past: the loss is over, the line still reached, and
    what remains is the way to the next step."""
    act_by: dt.date | None = None
    """The last day to act, where a deadline is known: an appeal, the next monthly check."""


class Benefit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A label, or an amount with its method. No GMV is promised twice in one diagnosis."""

    label: Text
    amount: float | None = None
    method: Text | None = None


class Reward(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An incentive on a card. Amount in `currency`."""

    reward: str
    amount: float
    currency: str
    valid_until: dt.date
    """The last day on which it is offered."""
    valid_days: int
    """How long it can be used once it is earned."""
    programme: str
    """Key of the incentive programme that offers it."""
    title: Text
    """The programme's own words."""


class Goal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When the task counts as done."""

    metric: str
    at: str
    """`least` or `most`: the line suffices; `above` or `below`: it is to be passed."""
    line: float


class TaskCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task, offered to one shop in one channel."""

    id: str
    """The fingerprint `objective:channel`, or `objective:channel:product` where a product is named:
    stable over the life of an episode."""
    priority: str
    """`P0`, `P1` or `P2`: set by the kind of comparison."""
    severity: int
    """3 high, 2 medium, 1 low."""
    channel: Channel
    template: str
    """Key into `tasks` of the diagnosis: title, why, steps and action."""
    evidence: Evidence
    benefit: Benefit
    valid_until: dt.date
    """The last day on which this diagnosis offers it, no later than `act_by` of its risk; a later
    diagnosis that still finds the task offers it longer."""
    since: dt.date
    """The as-of date of the first diagnosis of this episode."""
    stale_since: dt.date | None = None
    """The as-of date that the card comes from, where its plugin failed after it: everything on it
    is of that day. Absent on a fresh card."""
    most_recommended: bool = False
    risk: Risk | None = None
    incentive: Reward | None = None
    goal: Goal | None = None
    product: ProductRef | None = None
    """The product that the task acts on, where it names one."""
    products: tuple[ProductRef, ...] = ()
    """The products behind the finding, at most three, the highest GMV of 30 days first."""
    products_behind: int | None = None
    """How many there are in all; absent where none is known, as without product facts."""
