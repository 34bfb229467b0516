"""The oracle: the rules of a diagnosis once more, in plain Python, one shop at a time.

An independent reading of the rules for two purposes. Its documents must equal the engine's byte by
byte, so that a slip in either is found; and it is what a team would write without arrays, so that
the engine's speed is told against something (bench/run.py). It knows the engine's records, the
vocabulary and the readers of snapshot, benchmark set and policy, and none of the engine's stages.

What no shop changes is looked up once, in `Oracle.__init__`. A shop is a `Shop`: lists of floats by
row of the snapshot, None where a number is missing; everything else is worked out from those.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np

from shopace.core.errors import did_you_mean
from shopace.core.host.registry import Registry, fingerprint
from shopace.core.records.card import (
    Benefit,
    Ending,
    Evidence,
    Goal,
    ProductRef,
    Reward,
    Risk,
    TaskBasics,
    TaskCard,
)
from shopace.core.records.diagnosis import (
    SCHEMA,
    CampaignReadiness,
    Conclusion,
    Criterion,
    Diagnosis,
    Eligibility,
    Factor,
    Freshness,
    GmvBreakdown,
    GmvPart,
    MetricNote,
    NotEvaluated,
    RiskMonitor,
    ShopProfile,
    TierStanding,
    Withheld,
)
from shopace.core.records.document import Document
from shopace.core.records.memory import Memory, Recollection, before
from shopace.core.records.metrics import MetricValues
from shopace.core.records.text import Text, fill
from shopace.core.vocabulary.channels import ALL, FIVE, GROUP_MEMBERS, Channel
from shopace.core.vocabulary.formula import (
    Constant,
    Formula,
    Ref,
    constant_factor,
    denominator,
    refs,
)
from shopace.core.vocabulary.incentives import Programme
from shopace.core.vocabulary.metrics import Metric
from shopace.core.vocabulary.parameters import Parameter
from shopace.core.vocabulary.products import ProductAtLeast, ProductCondition, ProductIs
from shopace.core.vocabulary.tasks import TaskTemplate
from shopace.core.vocabulary.tiers import ladder_for
from shopace.core.vocabulary.triggers import (
    AtLeast,
    AtMost,
    BehindPeers,
    Condition,
    Crosses,
    Declined,
    Priority,
    priority_of,
)
from shopace.core.vocabulary.units import (
    CATEGORIES,
    PERIODS_OF,
    Aggregation,
    Direction,
    Period,
    Pillar,
    Unit,
    Window,
)
from shopace.core.warehouse.benchmarks import BenchmarkSet, require_fit
from shopace.core.warehouse.cohorts import Cohort
from shopace.core.warehouse.policy import Policy, PolicyLine
from shopace.core.warehouse.programmes import NO_PROGRAMMES, Programmes
from shopace.core.warehouse.snapshot import Block, Snapshot

Number = float | None
"""A value; None is missing."""
Cell = Callable[[Sequence[Number]], Number]
"""A formula in one channel and period: from a shop's rows to its value."""
Row = tuple[Period, str, Channel]

OK, ISSUE, NO_DATA, NOT_APPLICABLE = "o", "i", "n", "a"
CHANNEL_ORDER = (*ALL, Channel.PRODUCT_CARD)
COHORT_LEVELS = ("industry+tier", "industry", "tier", "region")
FACTORS = ("product impressions", "CTR", "CTOR", "AOV")
SEVERITY = {"low": 1, "medium": 2, "high": 3}
STEADY = 0.05
NOTES, IMPROVED_NOTES, SHOWN_FACTORS = 5, 3, 3
SEATS_ELSEWHERE = 1
"""Cards in the list of a channel in which nothing is at stake."""
SHARE_DECIMALS = 4

COUNTED = (
    "penalty_points",
    "penalty_points_ending_30d",
    "open_violations_products",
    "open_violations_logistics",
    "open_violations_service",
    "open_violations_after_sales",
    "open_violations_rules",
    "open_violations_other",
    "appealable_violations",
    "appeal_days_left",
    "second_appeal_days_left",
)
"""What violations one by one add up to, where it is not delivered as a number."""

_encode = msgspec.json.Encoder(order="deterministic").encode


# --- one shop --------------------------------------------------------------------------------


class Product(NamedTuple):
    """What a shop sells. An unknown word is empty, an unknown number None."""

    id: str
    title: str
    words: dict[str, str]
    numbers: dict[str, Number]

    def meets(self, condition: ProductCondition) -> bool:
        if isinstance(condition, ProductIs):
            return self.words.get(condition.field, "") in condition.words
        number = self.numbers.get(condition.field)
        if number is None:
            return False
        if isinstance(condition, ProductAtLeast):
            return number >= condition.line
        return number <= condition.line

    @property
    def gmv(self) -> Number:
        return self.numbers["gmv_30d"]

    @property
    def told(self) -> ProductRef:
        return ProductRef(id=self.id, title=self.title, gmv_30d=rounded(self.gmv, 2))


class Violation(NamedTuple):
    """What a shop is blamed for. An unknown word is empty, everything else unknown is None."""

    category: str
    status: str
    points: Number
    issued_on: dt.date | None
    ends_on: dt.date | None
    """First day without the points."""
    appeal_by: dt.date | None

    def counts_on(self, day: dt.date) -> bool:
        """Whether its points count, as far as is known."""
        return self.status != "revoked" and (self.ends_on is None or self.ends_on > day)

    @property
    def is_open(self) -> bool:
        return self.status in {"open", "appealing"}


@dataclass(slots=True)
class Shop:
    """What is known about a shop before anything is worked out."""

    id: str
    name: str
    region: str
    industry: str
    currency: str
    timezone: str
    opened_on: dt.date | None
    focus: tuple[Channel, ...]
    rows: list[Number]
    """By row of the snapshot, derived measures behind."""
    known: list[int]
    """By row of the snapshot: known days."""
    noise: list[Number]
    """By row of the snapshot's history."""
    products: list[Product]
    violations: list[Violation]

    def behind(self, metric: Metric) -> list[Product]:
        """The products behind a metric, the highest GMV of 30 days first."""
        found = [
            product
            for product in self.products
            if metric.products and all(map(product.meets, metric.products))
        ]
        return sorted(found, key=lambda each: (each.gmv is None, -(each.gmv or 0.0), each.id))

    def hero(self) -> Product | None:
        """The product on sale with the highest GMV of 30 days."""
        sold = [each for each in self.products if each.words["status"] == "live" and each.gmv]
        return min(sold, key=lambda each: (-(each.gmv or 0.0), each.id)) if sold else None


class Column(NamedTuple):
    """A metric in a channel, with everything about it that no shop changes."""

    number: int
    metric: Metric
    channel: Channel
    category: str
    decimals: int
    sign: int
    is_quotient: bool
    is_counted: bool
    is_chance: bool
    is_activity: bool
    """It counts what is done in a content channel."""
    is_mean: bool
    """What is counted is told as a mean per day."""
    is_share: bool
    """A part of things counted."""
    is_sized: bool
    """A number or an amount of the whole: larger shops have more of it."""
    is_state: bool
    """Gauges alone: how things stand, on the last day."""
    values: dict[Period, Cell]
    samples: dict[Period, Cell]
    events: dict[Period, Cell]
    noise_row: int | None
    peer_row: int | None
    move_row: int | None
    shown_row: int | None
    """Of the product impressions without which there are no sales to judge."""

    @property
    def key(self) -> str:
        return f"{self.metric.key}:{self.channel}"


class Test(NamedTuple):
    """A condition on a column."""

    condition: Condition
    column: Column
    line: float


class Offer(NamedTuple):
    """A task template in one channel."""

    number: int
    template: TaskTemplate
    category: str
    channel: Channel
    column: Column
    priority: Priority
    line: str
    """Key of the policy line that triggers it; empty for the other triggers."""
    trigger: Test | None
    only_if: tuple[Test, ...]
    label: Benefit
    goal: Goal | None

    @property
    def id(self) -> str:
        return f"{self.template.objective}:{self.channel}"


class Previous(NamedTuple):
    """Outcome of a column against the seven days before."""

    outcome: str
    change: float = 0.0
    market: Number = None
    deviation: float = 0.0
    improved: bool = False


class Peers(NamedTuple):
    """Outcome of a column against benchmark sellers."""

    outcome: str
    benchmark: Number = None
    gap: float = 0.0
    percentile: int = -1
    peers: int = 0
    level: str = ""


class Stand(NamedTuple):
    """A policy line that the shop stands on."""

    line: PolicyLine
    since: dt.date
    until: dt.date | None
    """The last day of the loss."""
    level: str
    stake: Number
    """GMV that runs through it."""

    @property
    def place(self) -> str:
        return f"{self.line.key}:{self.line.channel}"


class Told(NamedTuple):
    """A policy line that the shop stands on, and the card that tells it."""

    line: str
    level: str
    rule: Text
    since: dt.date
    until: dt.date | None
    card: str
    counts: bool = True
    """Whether it is a risk of its own in the monitor."""


@dataclass(slots=True)
class Findings:
    """What was worked out about a shop, stage by stage."""

    shop: Shop
    l7d: list[Number] = field(default_factory=list)
    p7d: list[Number] = field(default_factory=list)
    l30d: list[Number] = field(default_factory=list)
    tier: int | None = None
    tier_outcome: str = "ok"
    cohorts: list[int | None] = field(default_factory=list)
    """Position in the benchmark set by level; None where there is none."""
    core: tuple[Channel, ...] = ()
    previous: list[Previous] = field(default_factory=list)
    peers: list[Peers] = field(default_factory=list)
    lines: dict[str, Stand] = field(default_factory=dict)
    """By key and channel."""

    def value(self, column: Column, period: Period) -> Number:
        cell = column.values.get(period)
        return cell(self.shop.rows) if cell is not None else None


class Proposal(NamedTuple):
    offer: Offer
    severity: int
    stake: float
    """−1: unknown."""
    days: int
    """Until it is too late."""
    line: Stand | None
    programme: Programme | None
    product: Product | None
    cause: str = ""
    """The metric, in the same channel, whose decline is the cause of this one."""

    @property
    def declined(self) -> tuple[str, Channel] | None:
        """The metric in a channel whose decline it answers."""
        trigger = self.offer.template.trigger
        return (trigger.metric, self.offer.channel) if isinstance(trigger, Declined) else None

    @property
    def id(self) -> str:
        """Of the card that comes of it."""
        return self.offer.id + (f":{self.product.id}" if self.product is not None else "")


# --- numbers ---------------------------------------------------------------------------------


def bind(formula: Formula, row_of: Callable[[Ref], int | None]) -> Cell | None:
    """The formula as a function of a shop's rows; None where a measure is not delivered."""
    rows = {ref: row_of(ref) for ref in refs(formula)}
    if None in rows.values():
        return None
    cell = _bind(formula, rows)
    if isinstance(formula, Ref):
        return cell

    def finite(values: Sequence[Number]) -> Number:
        value = cell(values)
        return value if value is not None and math.isfinite(value) else None

    return finite


def _bind(formula: Formula, rows: dict[Ref, Any]) -> Cell:
    if isinstance(formula, Ref):
        row: int = rows[formula]
        return lambda values: values[row]
    if isinstance(formula, Constant):
        constant = formula.value
        return lambda _: constant
    left, right, op = _bind(formula.left, rows), _bind(formula.right, rows), formula.op

    def calculate(values: Sequence[Number]) -> Number:
        one, other = left(values), right(values)
        if one is None or other is None:
            return None
        if op == "/":
            return one / other if other != 0 else None
        if op == "+":
            return one + other
        if op == "-":
            return one - other
        return one * other

    return calculate


def midpoint_change(current: Number, previous: Number) -> Number:
    """−2 … 2, defined when one side is 0."""
    if current is None or previous is None:
        return None
    middle = (abs(current) + abs(previous)) / 2
    return (current - previous) / middle if middle != 0 else 0.0


def rounded(value: Number, decimals: int) -> Number:
    """Half to even; never −0.0."""
    if value is None:
        return None
    scale = 10.0**decimals
    return round(value * scale) / scale + 0.0


def relative_change(current: Number, previous: Number) -> Number:
    if current is None or previous is None or previous == 0:
        return None
    return rounded(current / previous - 1.0, SHARE_DECIMALS)


def added(numbers: Sequence[Number]) -> Number:
    total = 0.0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def known(number: float) -> Number:
    return None if math.isnan(number) else number


# --- the oracle ------------------------------------------------------------------------------


class Oracle:
    """Diagnoses the shops of one snapshot."""

    def __init__(
        self,
        registry: Registry,
        snapshot: Snapshot,
        benchmarks: BenchmarkSet | None,
        policy: Policy,
        programmes: Programmes = NO_PROGRAMMES,
    ) -> None:
        if benchmarks is not None:
            require_fit(
                benchmarks,
                snapshot.manifest.id,
                snapshot.manifest.as_of,
                top_peers=registry.values["core.top_peers"],
            )
        self.registry, self.snapshot, self.policy = registry, snapshot, policy
        self.programmes = programmes
        self.values = registry.values
        self.as_of: dt.date = snapshot.manifest.as_of
        self.benchmarks = benchmarks
        self._number_rows()
        self._read_benchmarks()
        self.columns = self._list_columns()
        self.column_at = {(each.metric.key, each.channel): each for each in self.columns}
        self.columns_of = {
            category: found
            for category in CATEGORIES
            if (found := [each for each in self.columns if each.category == category])
        }
        self.basics_of = {key: self._basics(each) for key, each in registry.templates.items()}
        self.offers = self._list_offers()
        self.lines_of: dict[str, list[PolicyLine]] = {}
        self.freshness = {kept: self._freshness(with_memory=kept) for kept in (False, True)}
        self.rejected, self.dark = self._told_of_plugins(), self._told_of_dark_metrics()
        self.legend = fingerprint(
            [
                {
                    "metric": at.metric.key,
                    "title": at.metric.title,
                    "channel": at.channel,
                    "category": at.category,
                    "unit": at.metric.unit,
                    "direction": at.metric.direction,
                    "is_key": at.metric.is_key,
                }
                for at in self.columns
            ]
        )
        self.method = fill(
            "30-day GMV of the channel × the gap to benchmark sellers, told up to {cap:.0%}",
            cap=self.values["core.benefit_cap"],
        )

    # --- what no shop changes --------------------------------------------------------------

    def _number_rows(self) -> None:
        manifest, measures = self.snapshot.manifest, self.registry.measures
        self.outdated = {
            key
            for key, built in manifest.measures.items()
            if key in measures and fingerprint(measures[key].numbers) != built
        }
        self.row_of: dict[Row, int] = {
            (Period(period), measure, Channel(channel)): number
            for number, (period, measure, channel) in enumerate(manifest.rows)
            if measure in measures and measure not in self.outdated
        }
        self.derived: dict[Row, int] = {}
        for key, measure in measures.items():
            if measure.derived_from:
                for channel in measure.channels:
                    for period in Period:
                        if (period, key, channel) not in self.row_of:
                            number = len(manifest.rows) + len(self.derived)
                            self.derived[period, key, channel] = number
        self.row_of |= self.derived
        self.counted: dict[Row, int] = {}
        if "violations" in manifest.details:
            delivered = {measure for _, measure, _ in manifest.rows}
            for key in COUNTED:
                for period in Period:
                    if key in measures and key not in delivered and period.days_ago == 0:
                        number = len(manifest.rows) + len(self.derived) + len(self.counted)
                        self.counted[period, key, Channel.SHOP] = number
        self.row_of |= self.counted

    def _read_benchmarks(self) -> None:
        """Peers, benchmarks and market moves as plain lists: cohort → row → number."""
        self.cohort_at: dict[Cohort, int] = {}
        self.peer_row_of: dict[tuple[str, Channel], int] = {}
        self.move_row_of: dict[tuple[str, Channel], int] = {}
        if self.benchmarks is None:
            return
        manifest = self.benchmarks.manifest
        self.cohort_at = {cohort: number for number, cohort in enumerate(manifest.cohorts)}
        for rows, found in ((manifest.rows, self.peer_row_of), (manifest.moves, self.move_row_of)):
            for number, (metric, channel) in enumerate(rows):
                if metric in self.registry.metrics and manifest.metrics.get(metric) == self._print(
                    metric
                ):
                    found[metric, Channel(channel)] = number
        self.peer_counts: list[list[int]] = self.benchmarks.peers.tolist()
        self.lower: list[list[float]] = self.benchmarks.lower.tolist()
        self.upper: list[list[float]] = self.benchmarks.upper.tolist()
        self.grid: list[list[list[float]]] = self.benchmarks.grid.tolist()
        self.everyone: list[list[int]] = self.benchmarks.everyone.tolist()
        self.outside: list[list[float]] = self.benchmarks.outside.tolist()
        self.moves: list[list[float]] = self.benchmarks.moves.tolist()
        self.movers: list[list[int]] = self.benchmarks.movers.tolist()

    def _print(self, key: str) -> str:
        """What a benchmark set says of the metrics that it was built by."""
        metric = self.registry.metrics[key]
        content: list[object] = [metric.numbers, self.registry.benchmarks.get(key)]
        own_code = {
            measure.partition(".")[0]
            for formula in (metric.formula, metric.sample_formula, metric.event_formula)
            for measure in (ref.key for ref in refs(formula))
            if any(measure == derived for _, derived, _ in self.derived)
        }
        if own_code:
            content.append([self.registry.plugins[each].version for each in sorted(own_code)])
        return fingerprint(content)

    def _list_columns(self) -> list[Column]:
        columns: list[Column] = []
        for metric in self.registry.metrics.values():
            for channel in sorted(metric.channels, key=CHANNEL_ORDER.index):
                if self._bind(metric.formula, Period.L7D, channel) is not None:
                    columns.append(self._column(len(columns), metric, channel))
        return columns

    def _column(self, number: int, metric: Metric, channel: Channel) -> Column:
        def cells(formula: Formula, periods: Sequence[Period]) -> dict[Period, Cell]:
            bound = {period: self._bind(formula, period, channel) for period in periods}
            return {period: cell for period, cell in bound.items() if cell is not None}

        manifest, measures = self.snapshot.manifest, self.registry.measures
        history = {(key, Channel(at)): row for row, (key, at) in enumerate(manifest.history)}
        declared = [period for window in metric.windows for period in PERIODS_OF[window]]
        sells = channel is not Channel.SHOP and all(
            set(FIVE) <= set(measures[ref.key].channels)
            and measures[ref.key].aggregation is Aggregation.SUM
            for ref in refs(metric.formula)
        )
        return Column(
            number=number,
            metric=metric,
            channel=channel,
            category=self.registry.category_of(metric.key),
            decimals=metric.unit.decimals,
            sign={Direction.HIGHER: 1, Direction.LOWER: -1, Direction.NEITHER: 0}[metric.direction],
            is_quotient=denominator(metric.formula) is not None,
            is_counted=all(
                measures[ref.key].is_number_of_things for ref in refs(metric.event_formula)
            ),
            is_share=metric.unit is Unit.RATIO
            and metric.sample is None
            and all(measures[ref.key].is_number_of_things for ref in refs(metric.formula)),
            is_chance=all(
                measures[ref.key].varies_by_chance(ref.channel or channel)
                for ref in refs(metric.event_formula)
            ),
            is_activity=channel is not Channel.SHOP
            and not sells
            and metric.direction is Direction.HIGHER
            and denominator(metric.formula) is None
            and all(
                measures[ref.key].aggregation in {Aggregation.SUM, Aggregation.MEAN}
                for ref in refs(metric.formula)
            ),
            is_mean=any(
                measures[ref.key].aggregation is Aggregation.MEAN
                for ref in refs(metric.event_formula)
            ),
            is_sized=metric.unit in {Unit.COUNT, Unit.MONEY, Unit.HOURS}
            and denominator(metric.formula) is None,
            is_state=not any(
                measures[ref.key].aggregation is not Aggregation.LAST
                for ref in refs(metric.formula)
            ),
            values=cells(metric.formula, declared),
            samples=cells(metric.sample_formula, (Period.L7D, Period.P7D, Period.L30D)),
            events=cells(metric.event_formula, (Period.L7D, Period.P7D, Period.L30D)),
            noise_row=history.get((metric.key, channel))
            if manifest.metrics.get(metric.key) == fingerprint(metric.numbers)
            else None,
            peer_row=self.peer_row_of.get((metric.key, channel)),
            move_row=self.move_row_of.get((metric.key, channel)),
            shown_row=self.row_of.get((Period.L30D, "product_impressions", channel))
            if sells
            else None,
        )

    def _bind(self, formula: Formula, period: Period, channel: Channel) -> Cell | None:
        return bind(formula, lambda ref: self.row_of.get((period, ref.key, ref.channel or channel)))

    def _list_offers(self) -> list[Offer]:
        offers: list[Offer] = []
        for template in self.registry.templates.values():
            for channel, column, line, trigger in self._places(template):
                places = (channel, Channel.SHOP)
                tests = [self._test(each, places) for each in template.only_if]
                if None not in tests:
                    offers.append(
                        Offer(
                            number=len(offers),
                            template=template,
                            category=self.registry.category_of(template.key),
                            channel=channel,
                            column=column,
                            priority=priority_of(template.trigger),
                            line=line,
                            trigger=trigger,
                            only_if=tuple(each for each in tests if each is not None),
                            label=Benefit(label=Text(template.benefit)),
                            goal=self._goal(template),
                        )
                    )
        return offers

    def _places(self, template: TaskTemplate) -> Iterator[tuple[Channel, Column, str, Test | None]]:
        """Channels in which the template's trigger can be judged, and by which column."""
        trigger = template.trigger
        if isinstance(trigger, Crosses):
            lines = [line for line in self.policy.lines if line.key == trigger.line]
            for channel, metric in dict.fromkeys((line.channel, line.metric) for line in lines):
                column = self.column_at.get((metric, channel))
                if column is not None:
                    yield channel, column, trigger.line, None
            return
        judged = self.registry.metrics.get(trigger.metric)
        channels = template.channels or (judged.channels if judged is not None else ())
        for channel in sorted(channels, key=CHANNEL_ORDER.index):
            test = self._test(trigger, (channel,))
            if test is not None:
                yield channel, test.column, "", test

    def _test(self, condition: Condition, places: Sequence[Channel]) -> Test | None:
        """The condition in its pinned channel, or in the first place where its metric is known."""
        plain = isinstance(condition, AtLeast | AtMost)
        pinned = condition.channel if isinstance(condition, AtLeast | AtMost) else None
        for place in (pinned,) if pinned else places:
            column = self.column_at.get((condition.metric, place))
            if column is not None:
                line = self.values[condition.line.key] if plain else 0.0  # type: ignore[union-attr]
                return Test(condition, column, line)
        return None

    def _basics(self, template: TaskTemplate) -> TaskBasics:
        category = self.registry.category_of(template.key)
        return TaskBasics(
            category=category,
            pillar=CATEGORIES[category],
            type=template.type,
            objective=template.objective,
            title=Text(template.title),
            why=Text(template.why),
            steps=tuple(Text(step) for step in template.steps),
            action=template.action,
            effort=template.effort,
        )

    def _goal(self, template: TaskTemplate) -> Goal | None:
        completion = template.completion
        if completion is None or completion.metric not in self.registry.metrics:
            return None
        lower = self.registry.metrics[completion.metric].direction is Direction.LOWER
        if isinstance(completion.line, Parameter):
            set_to = self.values[completion.line.key]
            return Goal(metric=completion.metric, at="below" if lower else "above", line=set_to)
        at = "most" if lower else "least"
        return Goal(metric=completion.metric, at=at, line=completion.line)

    def _told_of_plugins(self) -> list[NotEvaluated]:
        return [
            NotEvaluated(
                category=each.category or each.plugin,
                reason="rejected",
                detail=f"plugin {each.plugin} {each.version}",
            )
            for each in self.registry.rejected
        ]

    def _told_of_dark_metrics(self) -> list[NotEvaluated]:
        """Metrics without a column in any channel: their measures are not in the snapshot."""
        manifest = self.snapshot.manifest
        lit = {column.metric.key for column in self.columns}
        delivered = {measure for _, measure, _ in manifest.rows}
        dark: dict[tuple[str, str], list[str]] = {}
        for key, metric in self.registry.metrics.items():
            if key not in lit:
                stale = any(
                    ref.key in self.outdated
                    or (ref.key not in manifest.measures and ref.key not in delivered)
                    for ref in refs(metric.formula)
                )
                reason = "rebuild_snapshot" if stale else "not_delivered"
                dark.setdefault((self.registry.category_of(key), reason), []).append(key)
        order = list(CATEGORIES)
        return [
            NotEvaluated(category=category, reason=reason, metrics=tuple(sorted(dark[at])))
            for at in sorted(dark, key=lambda at: (order.index(at[0]), at[1]))
            for category, reason in (at,)
        ] + self._told_of_changed_metrics()

    def _told_of_changed_metrics(self) -> list[NotEvaluated]:
        """Metrics that the snapshot or the benchmark set knows by other rules."""
        lit = {column.metric.key: column.metric for column in self.columns}
        judged = {key: each for key, each in lit.items() if each.direction != Direction.NEITHER}
        built = self.snapshot.manifest.metrics
        stale = {
            "rebuild_snapshot": {
                key for key, each in judged.items() if built.get(key) != fingerprint(each.numbers)
            }
        }
        if self.benchmarks is not None:
            held = self.benchmarks.manifest.metrics
            stale["rebuild_benchmarks"] = {
                key for key in judged if held.get(key) != self._print(key)
            }
        return [
            NotEvaluated(category=category, reason=reason, metrics=tuple(sorted(metrics)))
            for reason, keys in stale.items()
            for category in CATEGORIES
            if (metrics := {key for key in keys if self.registry.category_of(key) == category})
        ]

    # --- reading ---------------------------------------------------------------------------

    def read(self, block: Block) -> list[Shop]:
        """The shops of a block as plain Python numbers."""
        words = self.snapshot.manifest.vocabularies

        def word(name: str, code: int) -> str:
            return words[name][code] if code >= 0 else ""

        products, violations = self._products(block), self._violations(block)
        values = block.values.T.tolist()
        days, history = block.known.T.tolist(), block.history.T.tolist()
        shops = []
        for place, row in enumerate(block.profile.tolist()):
            identity, name, region, industry, currency, timezone, opened_on, focus = row
            shops.append(
                Shop(
                    id=identity.decode(),
                    name=name.decode("utf-8", "replace"),
                    region=word("region", region),
                    industry=word("industry", industry),
                    currency=word("currency", currency),
                    timezone=word("timezone", timezone),
                    opened_on=opened_on,
                    focus=tuple(c for bit, c in enumerate(FIVE) if focus >> bit & 1),
                    rows=[known(each) for each in values[place]],
                    known=days[place],
                    noise=[known(each) for each in history[place]],
                    products=products[place],
                    violations=violations[place],
                )
            )
        return shops

    def _products(self, block: Block) -> list[list[Product]]:
        """Of each shop of a block."""
        table = block.detail("products")
        if table is None:
            return [[] for _ in block.shops]
        words = self.snapshot.manifest.details["products"]
        cells = {name: column.tolist() for name, column in table.columns.items()}

        def product(row: int) -> Product:
            return Product(
                id=cells["id"][row].decode(),
                title=cells["title"][row].decode("utf-8", "replace"),
                words={
                    name: known_words[cells[name][row] - 1] if cells[name][row] else ""
                    for name, known_words in words.items()
                    if known_words
                },
                numbers={
                    name: known(column[row])
                    for name, column in cells.items()
                    if isinstance(column[row], float)
                },
            )

        starts = table.offsets.tolist()
        return [
            [product(row) for row in range(starts[place], starts[place + 1])]
            for place in range(len(starts) - 1)
        ]

    def _violations(self, block: Block) -> list[list[Violation]]:
        """Of each shop of a block; the day on which points end may follow from the rules."""
        table = block.detail("violations")
        if table is None:
            return [[] for _ in block.shops]
        words = self.snapshot.manifest.details["violations"]
        regions = (*self.snapshot.manifest.vocabularies["region"], "")
        cells = {name: column.tolist() for name, column in table.columns.items()}
        found = []
        for place, profile in enumerate(block.profile.tolist()):
            lasts = None
            for row in self.policy.lines_on(self.as_of, regions[profile[2]]):
                if row.metric == "penalty_points" and lasts is None:
                    lasts = row.points_end_after_days
            of_shop = []
            for at in range(table.offsets[place], table.offsets[place + 1]):
                category, status = (
                    words[name][cells[name][at] - 1] if cells[name][at] else ""
                    for name in ("category", "status")
                )
                issued, ends = cells["issued_on"][at], cells["ends_on"][at]
                if ends is None and issued is not None and lasts is not None:
                    ends = issued + dt.timedelta(days=lasts)
                of_shop.append(
                    Violation(
                        category=category,
                        status=status,
                        points=known(cells["points"][at]),
                        issued_on=issued,
                        ends_on=ends,
                        appeal_by=cells["appeal_by"][at],
                    )
                )
            found.append(of_shop)
        return found

    def _counted(self, shop: Shop) -> dict[str, Number]:
        """The numbers that violations add up to; one that is not known leaves its sums unknown."""
        told, today = shop.violations, self.as_of
        standing = [each for each in told if each.counts_on(today)]
        no_points = any(
            each.points is None or each.ends_on is None or not each.status for each in standing
        )
        soon = today + dt.timedelta(days=30)
        first, second = (
            [each.appeal_by for each in told if each.status == status and each.appeal_by]
            for status in ("open", "upheld")
        )
        first = [day for day in first if day >= today]
        second = [day for day in second if day >= today]
        no_status = any(not each.status for each in told)
        no_date = any(
            each.appeal_by is None and (each.is_open or each.status == "upheld") for each in told
        )
        unsettled = [each for each in told if each.is_open]
        no_kind = no_status or any(not each.category for each in unsettled)
        counted: dict[str, Number] = {
            "penalty_points": sum(each.points or 0.0 for each in standing),
            "penalty_points_ending_30d": sum(
                each.points or 0.0 for each in standing if each.ends_on and each.ends_on <= soon
            ),
            "appealable_violations": float(len(first) + len(second)),
            "appeal_days_left": float((min(first) - today).days) if first else None,
            "second_appeal_days_left": float((min(second) - today).days) if second else None,
        }
        if no_points:
            counted["penalty_points"] = counted["penalty_points_ending_30d"] = None
        if no_status or no_date:
            counted["appealable_violations"] = None
        for kind in ("products", "logistics", "service", "after_sales", "rules", "other"):
            number = float(sum(each.category == kind for each in unsettled))
            counted[f"open_violations_{kind}"] = None if no_kind else number
        return counted

    # --- a diagnosis -----------------------------------------------------------------------

    def diagnose(
        self,
        shop: Shop,
        memory: bytes | None = None,
        body: bytes | None = None,
        failed: dict[str, str] | None = None,
    ) -> Document:
        """The document of a shop; `memory` and `body` are the fields of its last one.

        `failed` are the plugins that are out for the whole job, and why.
        """
        remembered = _decoded(memory)
        earlier, same_day = before(remembered, self.as_of), None
        if remembered is not None and remembered.latest.as_of == self.as_of:
            same_day = remembered.latest
        failed = dict(failed) if failed is not None else self.failures([shop])
        self._derive(shop, failed)
        if self.counted:
            counted = self._counted(shop)
            shop.rows = [*shop.rows, *(counted[key] for _, key, _ in self.counted)]
        found = Findings(shop)
        self._measure(found)
        was_open = set(earlier.declined) if earlier is not None else set()
        found.previous = [self._with_previous(found, c, was_open) for c in self.columns]
        found.peers = [self._with_peers(found, c) for c in self.columns]
        stood = earlier.lines if earlier is not None else {}
        for line in self._with_policy(found):
            stands = self._stand(shop, line, stood.get(line.key, self.as_of))
            found.lines[stands.place] = stands
        ranked = sorted(self._with_causes(found, list(self._propose(found))), key=_rank)
        return self._conclude(found, (earlier, same_day), ranked, failed, self._last(body))

    def failures(self, shops: Sequence[Shop]) -> dict[str, str]:
        """The plugins whose own code fails for one of the shops: they are out for all."""
        failed: dict[str, str] = {}
        for shop in shops:
            self._derive(shop, failed)
        order = list(self.registry.derivers)
        return {plugin: failed[plugin] for plugin in sorted(failed, key=order.index)}

    def _derive(self, shop: Shop, failed: dict[str, str]) -> None:
        """Put the measures that plugins derive behind the shop's rows. Hooks speak arrays.

        Who `failed` is not asked; who fails now is added.
        """
        if not self.derived:
            return
        first = len(self.snapshot.manifest.rows)
        delivered = shop.rows[:first]
        shop.rows = delivered + [None] * len(self.derived)

        for plugin, derive in self.registry.derivers.items():
            if plugin in failed:
                continue
            view = self._view(plugin, delivered)
            try:
                for (measure, channel, period), values in derive(view=view).items():
                    row = self.derived.get((period, measure, channel))
                    if row is None or not measure.startswith(f"{plugin}."):
                        raise ValueError(  # noqa: TRY301
                            f"{measure} in {channel} is no measure that it may derive"
                        )
                    value = float(values[0])
                    shop.rows[row] = value if math.isfinite(value) else None
            except Exception as error:  # noqa: BLE001
                version = self.registry.plugins[plugin].version
                failed[plugin] = (
                    f"plugin {plugin} {version}: shopace_derive: {type(error).__name__}: {error}"
                )
                for (_, measure, _), row in self.derived.items():
                    if measure.startswith(f"{plugin}."):
                        shop.rows[row] = None

    def _view(self, plugin: str, delivered: list[Number]) -> Callable[..., Any]:
        """The one shop's numbers, of what the plugin's measures are declared to come from."""
        derived = [each for each in self.registry.measures.values() if each.derived_from]
        own = [each.derived_from for each in derived if each.key.startswith(f"{plugin}.")]
        readable = sorted({source for sources in own for source in sources})

        def view(measure: str, channel: Channel, period: Period) -> Any:  # noqa: ANN401
            if measure not in readable:
                near = did_you_mean(measure, readable) or ", ".join(readable)
                raise ValueError(
                    f'"{measure}" is none of the measures that it derives from ({near})'
                )
            row = self.row_of.get((Period(period), measure, Channel(channel)))
            value = delivered[row] if row is not None and row < len(delivered) else None
            array = np.array([value if value is not None else np.nan])
            array.flags.writeable = False
            return array

        return view

    def _row(self, shop: Shop, period: Period, measure: str, channel: Channel) -> Number:
        row = self.row_of.get((period, measure, channel))
        return shop.rows[row] if row is not None else None

    def _gmv(self, shop: Shop, period: Period, channel: Channel) -> Number:
        return self._row(shop, period, "gmv", channel)

    # --- measure ---------------------------------------------------------------------------

    def _measure(self, found: Findings) -> None:
        found.l7d = [found.value(column, Period.L7D) for column in self.columns]
        found.p7d = [found.value(column, Period.P7D) for column in self.columns]
        found.l30d = [found.value(column, Period.L30D) for column in self.columns]
        shop = found.shop
        self._find_tier(found)
        found.core = self._core_channels(shop)
        found.cohorts = []
        for level in COHORT_LEVELS:
            by_industry, by_tier = "industry" in level, "tier" in level
            complete = (
                shop.region
                and shop.currency
                and (shop.industry or not by_industry)
                and (found.tier is not None or not by_tier)
            )
            cohort = Cohort(
                level,
                shop.region,
                shop.currency,
                shop.industry if by_industry else "",
                found.tier if by_tier and found.tier is not None else -1,
            )
            found.cohorts.append(self.cohort_at.get(cohort) if complete else None)

    def _find_tier(self, found: Findings) -> None:
        shop = found.shop
        ladder = ladder_for(self.registry.ladders, shop.region, shop.currency)
        gmv = self._gmv(shop, Period.L30D, Channel.SHOP)
        if ladder is None:
            found.tier_outcome = "not_applicable"
            return
        if gmv is None:
            found.tier_outcome = "no_data"
            return
        longest = (Period.L180D, Period.L90D, Period.L60D, Period.L30D)
        orders = [self._row(shop, period, "orders", Channel.SHOP) for period in longest]
        orders_ever = next((each for each in orders if each is not None), None)
        if gmv == 0 and orders_ever is None:  # it may or may not have sold
            found.tier_outcome = "no_data"
        elif gmv == 0 and orders_ever == 0:
            found.tier = 0
        else:
            reached = bisect_right([step.gmv_from for step in ladder.steps[1:]], gmv)
            found.tier = max(reached, 1)

    def _core_channels(self, shop: Shop) -> tuple[Channel, ...]:
        if shop.focus:
            return shop.focus
        amounts = {channel: self._gmv(shop, Period.L30D, channel) or 0.0 for channel in FIVE}
        total = sum(amounts.values())
        enough = self.values["core.core_channel_share"] * total
        reached, core = 0.0, set()
        for channel in sorted(FIVE, key=lambda each: -amounts[each]):
            if amounts[channel] > 0 and reached < enough:
                core.add(channel)
            reached += amounts[channel]
        return tuple(channel for channel in FIVE if channel in core)

    # --- compare ---------------------------------------------------------------------------

    def _with_previous(self, found: Findings, column: Column, was_open: set[str]) -> Previous:
        """Against the shop's own previous seven days."""
        shop, rows = found.shop, found.shop.rows
        change = midpoint_change(found.l7d[column.number], found.p7d[column.number])
        if change is None:
            return Previous(NO_DATA)
        if column.sign == 0 or self._is_too_young(shop) or not _has_sample(column, rows):
            return Previous(NOT_APPLICABLE)
        noise = shop.noise[column.noise_row] if column.noise_row is not None else None
        if noise is None:
            return Previous(NO_DATA)
        deviation = math.sqrt(max(noise * noise, _chance(column, rows)))
        market = self._market_move(found, column)
        own = column.sign * change
        beyond_market = column.sign * (change - (market if market is not None else 0.0))
        floor = self.values["core.aa_floor"]
        times = self.values["core.aa_noise_open" if column.key in was_open else "core.aa_noise"]
        stands_out = abs(beyond_market) >= max(times * deviation, floor)
        worse = stands_out and beyond_market < 0 and own <= -floor
        better = stands_out and beyond_market > 0 and own >= floor
        return Previous(ISSUE if worse else OK, change, market, deviation, better)

    def _is_too_young(self, shop: Shop, days: int = 14) -> bool:
        """Whether it was not open all through the last `days` days: both weeks, unless told."""
        return shop.opened_on is not None and (self.as_of - shop.opened_on).days < days - 1

    def _market_move(self, found: Findings, column: Column) -> Number:
        row = column.move_row
        if row is not None:
            for cohort in found.cohorts:
                if cohort is not None:
                    others = self.movers[cohort][row] - 1
                    if others >= self.values["core.ab_peers"]:
                        return known(self.moves[cohort][row])
        return None

    def _with_peers(self, found: Findings, column: Column) -> Peers:
        """Against benchmark sellers of the narrowest cohort with enough peers."""
        row = column.peer_row
        if row is None:
            return Peers(NOT_APPLICABLE)
        value = found.l30d[column.number]
        if value is None:
            return Peers(NO_DATA)
        least = column.metric.min_sample
        if column.is_quotient and least > 0:
            cell = column.samples.get(Period.L30D)
            sample = cell(found.shop.rows) if cell is not None else None
            if sample is None or sample < least:
                return Peers(NOT_APPLICABLE)
        if column.shown_row is not None and found.shop.rows[column.shown_row] == 0:
            return Peers(NOT_APPLICABLE)
        for level, cohort in zip(COHORT_LEVELS, found.cohorts, strict=True):
            if cohort is None or (column.is_sized and level in {"industry", "region"}):
                continue
            peers = self.everyone if column.is_activity and value == 0 else self.peer_counts
            others = peers[cohort][row] - 1
            if others >= self.values["core.ab_peers"]:
                return self._with_cohort(found, column, cohort=cohort, others=others, level=level)
        return Peers(NOT_APPLICABLE)

    def _with_cohort(
        self, found: Findings, column: Column, *, cohort: int, others: int, level: str
    ) -> Peers:
        row, sign, value = column.peer_row, column.sign, found.l30d[column.number]
        assert row is not None
        assert value is not None
        own, lower = sign * value, self.lower[cohort][row]
        top = self.upper[cohort][row] if own <= lower else lower
        if column.is_activity and own == 0:
            top = self.outside[cohort][row]
        size = max(abs(top), abs(own))
        gap = (top - own) / size if size != 0 else 0.0
        is_wide = gap >= self.values["core.ab_gap"] and not self._is_chance(found, column, abs(top))
        percentile, issue = -1, False
        if is_wide or found.previous[column.number].improved:
            percentile = max(bisect_left(self.grid[cohort][row], own) - 1, 0) * 5
            up_to = max(bisect_right(self.grid[cohort][row], own) - 1, 0) * 5
            issue = is_wide and (percentile + up_to) / 2 <= self.values["core.ab_percentile"]
        return Peers(ISSUE if issue else OK, sign * top, gap, percentile, others, level)

    def _is_chance(self, found: Findings, column: Column, benchmark: float) -> bool:
        """Whether a gap may come of so few events; those of the benchmark at the shop's size."""
        value = abs(found.l30d[column.number] or 0.0)
        events = _events(column, found.shop.rows, Period.L30D)
        if not column.is_chance or events is None:
            return False
        if value != 0:
            expected = events / value * benchmark
        elif column.metric.sample is not None:
            return False  # how many of them would come with the benchmark is not known
        else:
            each = 1.0 / constant_factor(column.metric.formula)
            size = self._cell(column.samples, found) if column.is_quotient else 1.0
            if size is None:
                return False
            if column.is_mean:
                size *= Period.L30D.days
            expected = each * size * benchmark
        change = midpoint_change(value, benchmark)
        if change is None:
            return False
        if events + expected == 0:
            return True
        variance = 4.0 / (events + expected)
        part = (value + benchmark) / 2
        if column.is_share and part < 1:  # of things that are there or not
            variance *= 1.0 - part
        noise = math.sqrt(variance)
        return abs(change) < self.values["core.ab_noise"] * noise

    @staticmethod
    def _cell(cells: dict[Period, Cell], found: Findings) -> Number:
        cell = cells.get(Period.L30D)
        return cell(found.shop.rows) if cell is not None else None

    def _with_policy(self, found: Findings) -> list[PolicyLine]:
        """Of each ladder the highest step that the shop stands on."""
        region = found.shop.region
        if region not in self.lines_of:
            self.lines_of[region] = sorted(
                (
                    line
                    for line in self.policy.lines_on(self.as_of, region)
                    if (line.metric, line.channel) in self.column_at
                ),
                key=lambda line: (line.ladder, -line.rung, line.key),
            )
        stood_on: list[PolicyLine] = []
        ladders = set()
        for line in self.lines_of[region]:
            if line.ladder not in ladders and self._is_crossed(found, line):
                stood_on.append(line)
                if line.ladder:
                    ladders.add(line.ladder)
        return stood_on

    def _is_crossed(self, found: Findings, line: PolicyLine) -> bool:
        column, periods = self.column_at[line.metric, line.channel], PERIODS_OF[line.window]
        value = found.value(column, periods[0])
        if line.kind == "drop":
            previous = found.value(column, periods[1])
            value = previous - value if previous is not None and value is not None else None
        if value is None:
            return False
        if line.window is Window.L7D and not _has_sample_now(column, found.shop.rows):
            return False
        value = round(value, 9)
        reached = {
            "least": value >= line.value,
            "most": value <= line.value,
            "above": value > line.value,
            "below": value < line.value,
        }[line.at]
        return reached and not self._is_gated(found, line)

    def _is_gated(self, found: Findings, line: PolicyLine) -> bool:
        """Whether the row does not apply, because too little is known to be there."""
        gate = line.requires
        column = self.column_at.get((gate.metric, Channel.SHOP)) if gate is not None else None
        if gate is None or column is None:
            return False
        value = found.value(column, PERIODS_OF[gate.window][0])
        return value is not None and value < gate.at_least

    # --- propose ---------------------------------------------------------------------------

    def _propose(self, found: Findings) -> Iterator[Proposal]:
        stakes = self._stakes(found)
        is_closed = self._row(found.shop, Period.L7D, "shop_active", Channel.SHOP) == 0
        for offer in self.offers:
            line = found.lines.get(f"{offer.line}:{offer.channel}")
            if offer.trigger is None:
                fires = line is not None
            else:
                fires = not is_closed and _holds(found, offer.trigger)
            if fires and all(_holds(found, test) for test in offer.only_if):
                stake, days = stakes.get(offer.channel), offer.template.valid_days
                if line is not None:
                    severity, stake = SEVERITY[line.level], line.stake
                    act_by = self._act_by(found.shop, line.line)
                    if act_by is not None:
                        days = max(min(days, (act_by - self.as_of).days), 0)
                elif offer.priority is Priority.P2 and stake == 0:
                    severity = 1  # a gap where nothing is at stake
                else:
                    severity = self._severity(found, offer)
                yield Proposal(
                    offer,
                    severity,
                    stake if stake is not None else -1.0,
                    days,
                    line,
                    self._reward(found, offer),
                    found.shop.hero() if offer.template.names_hero else None,
                )

    def _with_causes(self, found: Findings, proposals: list[Proposal]) -> list[Proposal]:
        """One fall is told once: declines that another one explains know it as their cause."""
        declines = {each.declined for each in proposals if each.declined is not None}
        causes = {each: self._cause(found, *each, declines) for each in declines}
        worst = {
            each: max(
                (
                    other.severity
                    for other in proposals
                    if other.declined is not None
                    and other.declined[1] == each[1]
                    and causes[other.declined] == each[0]
                ),
                default=0,
            )
            for each in declines
        }
        return [
            each._replace(
                cause=causes[each.declined] or "",
                severity=max(each.severity, worst[each.declined]),
            )
            if each.declined is not None
            else each
            for each in proposals
        ]

    def _cause(
        self, found: Findings, metric: str, channel: Channel, declines: set[tuple[str, Channel]]
    ) -> str | None:
        """The deepest of a metric's drivers that makes up most of its fall and has a task."""
        fall = self._fall(found, metric, channel)
        drivers = self.registry.metrics[metric].driven_by if metric in self.registry.metrics else ()
        for driver in drivers:
            part = self._fall(found, driver, channel)
            if fall is None or part is None or fall >= 0 or part >= 0:
                continue
            if round(part / fall, 9) >= self.values["core.explained_share"]:
                deeper = self._cause(found, driver, channel, declines)
                if deeper is not None:
                    return deeper
                if (driver, channel) in declines:
                    return driver
        return None

    def _fall(self, found: Findings, metric: str, channel: Channel) -> Number:
        """Logarithm of what is left of last week's value; of nothing, that of a millionth."""
        column = self.column_at.get((metric, channel))
        if column is None:
            return None
        now, before = found.value(column, Period.L7D), found.value(column, Period.P7D)
        if now is None or before is None or before <= 0:
            return None
        return math.log(max(now / before, 1e-6))

    def _severity(self, found: Findings, offer: Offer) -> int:
        assert offer.trigger is not None
        condition, column = offer.trigger.condition, offer.trigger.column
        if isinstance(condition, Declined):
            size, kind = abs(found.previous[column.number].change), "aa"
        elif isinstance(condition, BehindPeers):
            size, kind = found.peers[column.number].gap, "ab"
        else:
            return 2
        if size >= self.values[f"core.{kind}_severe"]:
            return 3
        return 2 if size >= self.values[f"core.{kind}_marked"] else 1

    def _reward(self, found: Findings, offer: Offer) -> Programme | None:
        """The programme that pays most for the task; of equal ones that which ends first."""
        shop, best = found.shop, None
        for programme in self.programmes.programmes:  # by key
            limits: tuple[tuple[Sequence[Any], Any], ...] = (
                (programme.regions, shop.region.strip().upper()),
                (programme.industries, shop.industry),
                (programme.tiers, found.tier),
                (programme.categories, offer.category),
                (programme.tasks, offer.template.key),
                (programme.types, offer.template.type),
            )
            if (
                programme.currency == shop.currency
                and programme.starts_on <= self.as_of <= programme.ends_on
                and round(programme.budget - programme.spent - programme.amount, 6) >= 0
                and all(not limit or value in limit for limit, value in limits)
            ):
                merit = (programme.amount, -programme.ends_on.toordinal())
                if best is None or merit > (best.amount, -best.ends_on.toordinal()):
                    best = programme
        return best

    def _stakes(self, found: Findings) -> dict[Channel, Number]:
        """30-day GMV of each channel as far as it is a core channel."""
        shop = found.shop
        stakes: dict[Channel, Number] = {
            channel: self._gmv(shop, Period.L30D, channel) for channel in FIVE
        }
        for channel, gmv in stakes.items():
            elsewhere = gmv is not None or shop.focus
            if elsewhere and channel not in found.core:
                stakes[channel] = 0.0
        total = added([stakes[channel] for channel in FIVE]) if found.core else None
        if total is None:
            total = self._gmv(shop, Period.L30D, Channel.SHOP)
        stakes[Channel.SHOP] = total
        for group, members in GROUP_MEMBERS.items():
            if group not in stakes:
                stakes[group] = added([stakes[each] for each in members])
                if stakes[group] is None:
                    stakes[group] = self._gmv(shop, Period.L30D, group)
        return stakes

    # --- merge and conclude ----------------------------------------------------------------

    def _tasks(
        self, found: Findings, opened: dict[str, dt.date], ranked: Sequence[Proposal]
    ) -> tuple[list[TaskCard], list[str], dict[Channel, list[str]], list[Withheld]]:
        """Of ranked proposals the cards, the two kinds of lists, and what is not shown and why."""
        seen: set[str] = set()
        shown: set[str] = set()
        leader: dict[str, str] = {}
        seats: dict[Channel, int] = {}
        cards: list[TaskCard] = []
        for_you: list[str] = []
        by_channel: dict[Channel, list[str]] = {}
        instead: dict[tuple[str, Channel], str] = {}
        promised = False
        for proposal in (each for each in ranked if not each.cause):
            offer, objective = proposal.offer, proposal.offer.template.objective
            always = offer.priority is Priority.P0
            overall = listed = False
            if proposal.id not in seen:
                seen.add(proposal.id)
                if objective not in leader:
                    leader[objective] = proposal.id
                    overall = always or len(leader) <= self.values["core.cards_for_you"]
                if offer.channel is not Channel.SHOP:
                    seats[offer.channel] = seats.get(offer.channel, 0) + 1
                    is_core = proposal.stake != 0
                    limit = self.values["core.cards_per_channel"] if is_core else SEATS_ELSEWHERE
                    listed = always or seats[offer.channel] <= limit
            if not overall and not listed:
                kept = proposal.id if proposal.id in shown else ""
                if offer.channel is Channel.SHOP and leader[objective] in shown:
                    kept = kept or leader[objective]
                instead[offer.template.key, offer.channel] = kept
                continue
            shown.add(proposal.id)
            amount = self._estimate(found, offer) if overall and not promised else None
            promised = promised or amount is not None
            recommended = overall and len(for_you) < self.values["core.most_recommended"]
            cards.append(self._card(found, proposal, opened, amount, recommended=recommended))
            if overall:
                for_you.append(proposal.id)
            if listed:
                by_channel.setdefault(offer.channel, []).append(proposal.id)
        return cards, for_you, by_channel, list(_withheld(ranked, instead))

    def _told_lines(
        self, ranked: Sequence[Proposal], cards: list[TaskCard], for_you: list[str]
    ) -> list[Told]:
        """Each line that a task answers, with its card or that of the same objective."""
        shown = {each.id: self.basics_of[each.template].objective for each in cards}
        answers = {(each.id, each.template) for each in cards}
        told: dict[str, Told] = {}
        for proposal in ranked:
            if proposal.line is not None and proposal.line.place not in told:
                line, since, until, level, _ = proposal.line
                objective = proposal.offer.template.objective
                by = proposal.id
                if by not in shown:
                    by = next(each for each in for_you if shown[each] == objective)
                has_card = (by, proposal.offer.template.key) in answers
                counts = has_card or line.kind == "level"
                told[proposal.line.place] = Told(
                    line.key, level, self._rule(line), since, until, by, counts
                )
        return list(told.values())

    def _conclude(
        self,
        found: Findings,
        memories: tuple[Recollection | None, Recollection | None],
        ranked: Sequence[Proposal],
        failed: dict[str, str],
        last: Diagnosis | None,
    ) -> Document:
        shop, (earlier, same_day) = found.shop, memories
        opened = {**earlier.dark, **earlier.open} if earlier is not None else {}
        cards, for_you, by_channel, withheld = self._tasks(found, opened, ranked)
        risks = self._told_lines(ranked, cards, for_you)
        words = {card.template: self.basics_of[card.template] for card in cards}
        kept = self._kept(last, failed) if last is not None else []
        if self._row(shop, Period.L7D, "shop_active", Channel.SHOP) == 0:
            kept = [card for card in kept if card.priority == "P0"]
        if last is not None and kept:
            words = {card.template: last.tasks[card.template] for card in kept} | words
            cards, for_you, by_channel, withheld, instead = self._with_kept(
                (cards, for_you, by_channel, withheld), kept, last
            )
            risks = [risk._replace(card=instead.get(risk.card, risk.card)) for risk in risks]
            for card in cards:
                risk = card.risk
                if card.stale_since is not None and risk is not None and risk.from_date is not None:
                    since, until = risk.from_date, risk.until_date
                    risks.append(Told(risk.line, risk.level, risk.rule, since, until, card.id))
        counts = {"P0": 0, "P1": 0, "P2": 0}
        cards_of: dict[tuple[str, Channel], list[str]] = {}
        for card in cards:
            counts[card.priority] += 1
            cards_of.setdefault((card.evidence.metric, card.channel), []).append(card.id)
        not_evaluated = self._not_evaluated(found, failed)
        tier = self._tier(found, earlier)
        attention = self._attention_notes(found, cards_of)
        diagnosis = Diagnosis(
            schema=SCHEMA,
            shop=ShopProfile(
                id=shop.id,
                name=shop.name,
                region=shop.region,
                industry=shop.industry,
                currency=shop.currency,
                timezone=shop.timezone,
                opened_on=shop.opened_on,
                core_channels=found.core,
            ),
            as_of=self.as_of,
            partial=any(each.reason in {"rejected", "failed"} for each in not_evaluated),
            counts=counts,
            tier=tier,
            conclusion=self._story_of_shop(shop, attention[0] if attention else None),
            channel_conclusions=self._stories_of_channels(shop),
            gmv=self._breakdown(shop),
            risk_monitor=_monitor(risks) if self._operates(found) else None,
            eligibility=self._criteria(found, "seller_center"),
            star_badge=self._criteria(found, "star_badge"),
            need_attention=attention,
            can_improve=self._peers_notes(found, cards_of),
            improved=self._improved_notes(found, cards_of),
            cards=tuple(cards),
            tasks={card.template: words[card.template] for card in cards},
            for_you=tuple(for_you),
            by_channel={channel: tuple(ids) for channel, ids in by_channel.items()},
            withheld=tuple(withheld),
            campaigns=tuple(self._campaigns(shop.region, cards, risks)),
            not_evaluated=tuple(not_evaluated),
            freshness=self.freshness[earlier is not None],
        )
        today = Recollection(
            as_of=self.as_of,
            tier=tier.level,
            tier_since=tier.since,
            open={card.id: card.since for card in cards},
            risk=tuple(card.id for card in cards if card.priority == "P0"),
            lines={risk.line: risk.since for risk in risks},
            declined=tuple(
                column.key
                for column, previous in zip(self.columns, found.previous, strict=True)
                if previous.outcome == ISSUE
            ),
        )
        changed = _changes(earlier, today)
        if same_day is not None and earlier is not None:
            again = set(_changes(same_day, today)) or set(same_day.changed)
            changed = tuple(w for w in ("tier", "risk", "cards") if w in {*changed, *again})
        now = msgspec.structs.replace(self._with_silence(found, earlier, today), changed=changed)
        return Document(
            shop=shop.id,
            as_of=self.as_of,
            body=_encode(diagnosis),
            metrics=self._metrics(found),
            memory=_encode(Memory(now, earlier)),
            changed=changed,
            cards=counts,
            partial=diagnosis.partial,
        )

    # --- what a silent feed leaves ------------------------------------------------------------

    def _with_silence(
        self, found: Findings, earlier: Recollection | None, today: Recollection
    ) -> Recollection:
        """Today's memory, and of the last one what nobody can judge for want of a number."""
        if earlier is None:
            return today
        missed: dict[str, dt.date] = {}

        def recent(column: str) -> bool:
            known = earlier.unknown.get(column, earlier.as_of)
            if known < self.as_of - dt.timedelta(days=7):
                return False
            missed[column] = known
            return True

        lines = {
            key: since
            for key, since in earlier.lines.items()
            if key not in today.lines
            and [column for column in self._missing_of(found, key) if recent(column)]
        }
        declined = [
            key
            for key in earlier.declined
            if key not in today.declined and self._is_silent(found, key, "aa") and recent(key)
        ]

        def is_silent(trigger: Any, column: str) -> bool:  # noqa: ANN401
            if isinstance(trigger, Crosses):
                return trigger.line in lines
            if isinstance(trigger, Declined):
                return column in declined
            kind = "ab" if isinstance(trigger, BehindPeers) else "value"
            return self._is_silent(found, column, kind) and recent(column)

        cards = {}
        for card, since in {**earlier.dark, **earlier.open}.items():
            triggers = self._triggers_of(card) if card not in today.open else ()
            if next((True for each in triggers if is_silent(*each)), False):
                cards[card] = since
        return msgspec.structs.replace(
            today,
            lines={**lines, **today.lines},
            declined=(*today.declined, *declined),
            dark=cards,
            unknown=missed,
        )

    def _triggers_of(self, card: str) -> Iterator[tuple[Any, str]]:
        """What makes a card of that objective and channel, with the column that it asks for."""
        objective, channel = card.split(":")[:2]
        for template in self.registry.templates.values():
            trigger = template.trigger
            if template.objective != objective:
                continue
            if isinstance(trigger, Crosses):
                rows = [row for row in self.policy.lines if row.key == trigger.line]
                if any(row.channel == channel for row in rows):
                    yield trigger, ""
                continue
            metric = self.registry.metrics.get(trigger.metric)
            if channel in (template.channels or (metric.channels if metric else ())):
                place = getattr(trigger, "channel", None) or channel
                yield trigger, f"{trigger.metric}:{place}"

    def _missing_of(self, found: Findings, key: str) -> set[str]:
        """Columns that the rows of a line would judge here today, were they known."""
        missing = set()
        for row in self.policy.lines_on(self.as_of, found.shop.region):
            column = self.column_at.get((row.metric, row.channel))
            periods = PERIODS_OF[row.window][: 2 if row.kind == "drop" else 1]
            if row.key == key and (
                column is None or None in [found.value(column, each) for each in periods]
            ):
                missing.add(f"{row.metric}:{row.channel}")
        return missing

    def _is_silent(self, found: Findings, key: str, kind: str) -> bool:
        column = next((each for each in self.columns if each.key == key), None)
        if column is None:
            return True
        if kind == "aa":
            return found.previous[column.number].outcome == NO_DATA
        if kind == "ab":
            return found.peers[column.number].outcome == NO_DATA
        return found.l7d[column.number] is None

    # --- what a failed plugin leaves ---------------------------------------------------------

    def _last(self, body: bytes | None) -> Diagnosis | None:
        """The diagnosis that is stored, where it can be read and is none of a later day."""
        try:
            last = msgspec.json.decode(body or b"", type=Diagnosis)
        except msgspec.DecodeError:
            return None
        return last if last.schema == SCHEMA and last.as_of <= self.as_of else None

    def _kept(self, last: Diagnosis, failed: dict[str, str]) -> list[TaskCard]:
        """Cards of at most two days ago that cannot be judged, without what they promised."""
        kept = []
        for card in last.cards:
            of = card.stale_since if card.stale_since is not None else last.as_of
            if (
                self._is_unsure(card, failed)
                and card.template in last.tasks
                and of >= self.as_of - dt.timedelta(days=2)
                and card.valid_until >= self.as_of
            ):
                changes: dict[str, Any] = {
                    "stale_since": of,
                    "most_recommended": False,
                    "incentive": None,
                    "benefit": Benefit(label=card.benefit.label),
                }
                kept.append(msgspec.structs.replace(card, **changes))
        return kept

    def _is_unsure(self, card: TaskCard, failed: dict[str, str]) -> bool:
        """Whether the card's plugin was rejected, or a measure that it needs comes of a failed one.

        A measure that is delivered needs nobody's code.
        """
        plugin = card.template.split(".")[0]
        if plugin not in self.registry.plugins:
            return any(each.plugin == plugin for each in self.registry.rejected)
        derived = {measure for _, measure, _ in self.derived}
        for offer in self.offers:
            if (offer.template.key, offer.channel) == (card.template, card.channel):
                tests = [each for each in (offer.trigger, *offer.only_if) if each is not None]
                for metric in [offer.column.metric, *(test.column.metric for test in tests)]:
                    for formula in (metric.formula, metric.sample_formula, metric.event_formula):
                        for ref in refs(formula):
                            if ref.key in derived and ref.key.split(".")[0] in failed:
                                return True
        return False

    def _with_kept(
        self,
        today: tuple[list[TaskCard], list[str], dict[Channel, list[str]], list[Withheld]],
        kept: list[TaskCard],
        last: Diagnosis,
    ) -> tuple[list[TaskCard], list[str], dict[Channel, list[str]], list[Withheld], dict[str, str]]:
        """Kept cards behind those of today, band by band; a lower band gives way to them.

        Last, which card stands in for each that gave way.
        """
        cards, for_you, by_channel, withheld = today
        holder: dict[str, TaskCard] = {}
        for band in ("P0", "P1", "P2"):
            for card in (*cards, *kept):
                if card.priority == band and card.id not in holder:
                    holder[card.id] = card
        leader, lists = self._lists(list(holder.values()), for_you, by_channel, last)
        standing = [each for ids in lists.values() for each in ids] + list(leader.values())
        gives_way = {}
        for card in cards:
            if holder[card.id] is not card:
                gives_way[card.id] = card.id
            elif card.id not in standing:
                gives_way[card.id] = leader[self.basics_of[card.template].objective]
        told = [
            msgspec.structs.replace(each, kept=gives_way.get(each.kept, each.kept))
            for each in withheld
        ] + [
            Withheld(
                template=card.template,
                channel=card.channel,
                reason="same_objective",
                kept=gives_way[card.id],
            )
            for card in cards
            if card.id in gives_way
        ]
        shown = []
        for card in holder.values():
            if card.id in standing:
                recommended = card.most_recommended and card.id in leader.values()
                shown.append(msgspec.structs.replace(card, most_recommended=recommended))
        return shown, list(leader.values()), lists, told, gives_way

    def _lists(
        self,
        cards: list[TaskCard],
        for_you: list[str],
        by_channel: dict[Channel, list[str]],
        last: Diagnosis,
    ) -> tuple[dict[str, str], dict[Channel, list[str]]]:
        """Who leads each objective in the overall list, and the lists of channels.

        A kept card stands where it stood, or where the card stood that gave way to it.
        """
        leader: dict[str, str] = {}
        lists: dict[Channel, list[str]] = {}
        for card in cards:
            stale = card.stale_since is not None
            words = last.tasks if stale else self.basics_of
            overall, listed = list(for_you), list(by_channel.get(card.channel, []))
            if stale:
                overall += last.for_you
                listed += last.by_channel.get(card.channel, ())
            if card.id in overall:
                leader.setdefault(words[card.template].objective, card.id)
            if card.id in listed:
                lists.setdefault(card.channel, []).append(card.id)
        return leader, lists

    def _operates(self, found: Findings) -> bool:
        """Whether any number about the shop's business is known, its risks aside."""
        return any(
            week is not None or month is not None
            for column, week, month in zip(self.columns, found.l7d, found.l30d, strict=True)
            if CATEGORIES[column.category] is not Pillar.RISK
        )

    def _card(
        self,
        found: Findings,
        proposal: Proposal,
        opened: dict[str, dt.date],
        amount: Number,
        *,
        recommended: bool,
    ) -> TaskCard:
        offer, template = proposal.offer, proposal.offer.template
        benefit = offer.label
        if amount is not None:
            benefit = Benefit(label=offer.label.label, amount=amount, method=self.method)
        programme, reward = proposal.programme, None
        if programme is not None:
            reward = Reward(
                reward=programme.reward,
                amount=programme.amount,
                currency=programme.currency,
                valid_until=programme.ends_on,
                valid_days=programme.valid_days,
                programme=programme.key,
                title=Text(programme.title),
            )
        product, behind = proposal.product, found.shop.behind(offer.column.metric)
        return TaskCard(
            id=proposal.id,
            priority=offer.priority.name,
            severity=proposal.severity,
            channel=offer.channel,
            template=template.key,
            evidence=self._evidence(found, offer, proposal.line),
            benefit=benefit,
            valid_until=self.as_of + dt.timedelta(days=proposal.days),
            since=opened.get(proposal.id, self.as_of),
            most_recommended=recommended,
            risk=self._risk(found, proposal.line) if proposal.line is not None else None,
            incentive=reward,
            goal=offer.goal,
            product=product.told if product is not None else None,
            products=tuple(each.told for each in behind[:3]),
            products_behind=len(behind) or None,
        )

    def _estimate(self, found: Findings, offer: Offer) -> Number:
        """GMV of 30 days that closing the gap is worth, other factors equal."""
        column = offer.column
        if not column.metric.gmv_factor or not isinstance(offer.template.trigger, BehindPeers):
            return None
        gmv = self._gmv(found.shop, Period.L30D, offer.channel)
        value, benchmark = found.l30d[column.number], found.peers[column.number].benchmark
        if gmv is None or value is None or benchmark is None or gmv <= 0 or value <= 0:
            return None
        relative = benchmark / value - 1.0
        return None if relative > self.values["core.benefit_cap"] else rounded(gmv * relative, 2)

    def _evidence(self, found: Findings, offer: Offer, stands: Stand | None) -> Evidence:
        line = stands.line if stands is not None else None
        column, trigger = offer.column, offer.trigger
        metric, decimals = column.metric, column.decimals
        more: dict[str, Any] = {}
        if line is not None:
            periods = PERIODS_OF[line.window]
            comparison, window = "policy", periods[0]
            more = {"line": line.value}
            if line.kind == "drop":
                more["previous"] = rounded(found.value(column, periods[1]), decimals)
        elif trigger is not None and isinstance(trigger.condition, Declined):
            comparison, window = "previous", Period.L7D
            current, previous = found.l7d[column.number], found.p7d[column.number]
            aa = found.previous[column.number]
            more = {
                "previous": rounded(previous, decimals),
                "change": relative_change(current, previous),
                "market_change": rounded(aa.market, SHARE_DECIMALS),
                "noise": rounded(aa.deviation, SHARE_DECIMALS),
            }
        elif trigger is not None and isinstance(trigger.condition, BehindPeers):
            comparison, window = "peers", Period.L30D
            ab = found.peers[column.number]
            more = {
                "benchmark": rounded(ab.benchmark, decimals),
                "cohort": ab.level,
                "peers": ab.peers,
                "percentile": ab.percentile,
            }
        else:
            comparison, window = "line", Period.L7D
            more = {"line": trigger.line if trigger is not None else None}
        value = rounded(found.value(column, window), decimals)
        return Evidence(
            comparison=comparison,
            metric=metric.key,
            title=Text(metric.title),
            unit=metric.unit,
            channel=offer.channel,
            window=window.value,
            value=value,  # type: ignore[arg-type]  # nothing fires on a missing value
            state=column.is_state,
            direction=metric.direction,
            **more,
        )

    def _stand(self, shop: Shop, line: PolicyLine, remembered: dt.date) -> Stand:
        """Since when, and what is at stake; what is over takes nothing any more."""
        since, until = self._stands_since(shop, line, remembered), None
        if line.lasts_days is not None:
            until = since + dt.timedelta(days=line.lasts_days) - dt.timedelta(days=1)
        if until is not None and until < self.as_of:
            return Stand(line, since, until, "low", 0.0)
        stake: Number = 0.0
        if line.stake is not None:
            stake = self._row(shop, Period.L30D, line.stake.measure, line.stake.channel)
        return Stand(line, since, until, line.level, stake)

    def _stands_since(self, shop: Shop, line: PolicyLine, remembered: dt.date) -> dt.date:
        """The earliest day that violations or memory tell; today where neither does."""
        days = [remembered]
        dated: list[tuple[dt.date, float]] = []
        if line.kind == "level" and line.at in {"least", "above"}:
            for each in shop.violations:
                if each.issued_on is None:
                    continue
                if line.metric == "penalty_points" and each.counts_on(self.as_of):
                    dated.append((each.issued_on, each.points or 0.0))
                elif line.metric == f"open_violations_{each.category}" and each.is_open:
                    dated.append((each.issued_on, 1.0))
        total = 0.0
        for day, number in sorted(dated):
            total += number
            if total > line.value or (total == line.value and line.at == "least"):
                days.append(day)
                break
        return min(days)

    def _endings(self, shop: Shop) -> tuple[Ending, ...]:
        ends: dict[dt.date, float] = {}
        for each in shop.violations:
            if each.counts_on(self.as_of) and each.ends_on is not None and each.points:
                ends[each.ends_on] = ends.get(each.ends_on, 0.0) + each.points
        return tuple(Ending(on=day, points=ends[day]) for day in sorted(ends))

    def _risk(self, found: Findings, stands: Stand) -> Risk:
        shop, line = found.shop, stands.line
        stake = distance = None
        if line.stake is not None and not (stands.until and stands.until < self.as_of):
            stake = rounded(stands.stake, 2)
        following = self._next_of(line)
        if following is not None:
            column = self.column_at[line.metric, line.channel]
            value = found.value(column, PERIODS_OF[line.window][0])
            distance = rounded(abs(following.value - value), 4) if value is not None else None
        return Risk(
            level=stands.level,
            line=line.key,
            rule=self._rule(line),
            source=line.source,
            loses=Text(line.loses),
            gmv_30d_at_stake=stake,
            next_line=following.key if following is not None else None,
            next_value=following.value if following is not None else None,
            next_loses=Text(following.loses) if following is not None else None,
            distance=distance,
            ending_30d=self._gauge(shop, line.ending),
            endings=self._endings(shop) if line.ending is not None else (),
            from_date=stands.since,
            until_date=stands.until,
            act_by=self._act_by(shop, line),
        )

    def _gauge(self, shop: Shop, measure: str | None) -> Number:
        """A state of the whole shop as a whole number."""
        if measure is None:
            return None
        return rounded(self._row(shop, Period.L7D, measure, Channel.SHOP), 0)

    def _act_by(self, shop: Shop, line: PolicyLine) -> dt.date | None:
        if line.criterion is not None and line.criterion.of == "seller_center":
            return self._next_check()
        if line.deadline is None:
            return None
        days = self._gauge(shop, line.deadline.measure)
        if days is None or self._gauge(shop, line.deadline.of) == 0:
            return None
        return self.as_of + dt.timedelta(days=int(days))

    def _next_check(self) -> dt.date | None:
        """The first day after the as-of date that is the configured one, or a month's last."""
        wanted = int(self.values["core.eligibility_check_day"])
        if wanted == 0:
            return None
        day = self.as_of + dt.timedelta(days=1)
        while day.day != wanted:
            tomorrow = day + dt.timedelta(days=1)
            if tomorrow.day == 1 and day.day < wanted:
                break
            day = tomorrow
        return day

    def _rule(self, line: PolicyLine) -> Text:
        return self._filled(line.rule, line)

    def _filled(self, sentence: str, line: PolicyLine) -> Text:
        """A share in per cent, a score with its decimal, other numbers as they are."""
        if "{line}" not in sentence:
            return Text(sentence)
        metric, told = self.registry.metrics.get(line.metric), _in_full(line.value)
        if metric is not None and metric.unit is Unit.RATIO:
            told = f"{_in_full(100 * line.value)} %"
        elif metric is not None and metric.unit is Unit.SCORE:
            told = f"{line.value:,}"
        return fill(sentence, line=told)

    def _criteria(self, found: Findings, of: str) -> Eligibility | None:
        """Each condition of a set by the row of the shop's region; nothing where none is known."""
        asked: dict[str, PolicyLine] = {}
        for row in self.policy.lines:
            if row.criterion is not None and row.criterion.of == of:
                asked[row.key] = row
        here = {row.key: row for row in self.policy.lines_on(self.as_of, found.shop.region)}
        criteria = [self._criterion(found, here.get(k), row) for k, row in asked.items()]
        outcomes = {each.outcome for each in criteria}
        if not outcomes & {"met", "not_met"}:
            return None
        return Eligibility(
            outcome=next(each for each in ("not_met", "no_data", "met") if each in outcomes),
            criteria=tuple(criteria),
            next_check=self._next_check() if of == "seller_center" else None,
        )

    def _criterion(
        self, found: Findings, row: PolicyLine | None, elsewhere: PolicyLine
    ) -> Criterion:
        line = row if row is not None else elsewhere
        column = self.column_at.get((line.metric, line.channel))
        outcome, value, distance = "not_applicable", None, None
        if row is not None:
            value = found.value(column, PERIODS_OF[row.window][0]) if column is not None else None
            if column is not None and self._is_gated(found, row):
                outcome = "not_applicable"
            elif value is None or column is None or not _is_enough(column, found.shop, row):
                outcome = "no_data"
            else:
                missed = self._is_crossed(found, row)
                outcome = "not_met" if missed else "met"
                away = abs(value - row.value) if missed else 0.0
                distance = rounded(away, column.decimals)
            value = rounded(value, column.decimals) if column is not None else None
        metric = self.registry.metrics.get(line.metric)
        title = line.criterion.title if line.criterion is not None else ""
        opposite = {"least": "below", "below": "least", "most": "above", "above": "most"}
        return Criterion(
            key=line.key,
            title=self._filled(title, line),
            metric=line.metric,
            outcome=outcome,  # type: ignore[arg-type]
            at=opposite[line.at],
            line=line.value,
            unit=metric.unit if metric is not None else Unit.COUNT,
            value=value,
            distance=distance,
            source=line.source,
        )

    def _next_of(self, line: PolicyLine) -> PolicyLine | None:
        """The next step of the ladder, as it stands on the as-of date in the line's regions."""
        for other in self.policy.lines:
            shared = set(other.regions) & set(line.regions)
            if other.key == line.next and other.holds_on(self.as_of) and shared:
                return other
        return None

    def _campaigns(
        self, region: str, cards: list[TaskCard], risks: list[Told]
    ) -> Iterator[CampaignReadiness]:
        """Those of the next 45 days in the region, and what stands in their way."""
        closes = [
            line
            for line in self.policy.lines
            if line.stake is not None and line.stake.measure == "campaign_gmv"
        ]
        closing = {
            line.key
            for line in self.policy.lines
            if any(line.ladder == it.ladder and line.rung >= it.rung for it in closes)
        }
        for campaign in sorted(self.registry.campaigns, key=lambda at: (at.starts_on, at.name)):
            days_left = (campaign.starts_on - self.as_of).days
            if 1 <= days_left <= 45 and {region, "*"} & set(campaign.regions):
                blocked_by: list[str] = []
                for risk in risks:
                    over = risk.until is not None and risk.until < campaign.starts_on
                    if risk.line in closing and not over and risk.card not in blocked_by:
                        blocked_by.append(risk.card)
                yield CampaignReadiness(
                    name=campaign.name,
                    starts_on=campaign.starts_on,
                    days_left=days_left,
                    blocked_by=tuple(blocked_by),
                    fix_first=tuple(c.id for c in cards if c.priority != "P2"),
                )

    def _tier(self, found: Findings, earlier: Recollection | None) -> TierStanding:
        shop, level = found.shop, found.tier
        gmv = rounded(self._gmv(shop, Period.L30D, Channel.SHOP), 2)
        ladder = ladder_for(self.registry.ladders, shop.region, shop.currency)
        if level is None or ladder is None:
            return TierStanding(outcome=found.tier_outcome, gmv_30d=gmv)
        since, days_since = self.as_of, None
        if earlier is not None and earlier.tier == level and earlier.tier_since is not None:
            since = earlier.tier_since
        if earlier is not None and earlier.tier is not None:
            days_since = (self.as_of - since).days
        step = ladder.steps[level]
        above = ladder.steps[level + 1] if level + 1 < len(ladder.steps) else None
        missing = days_to_next = None
        if above is not None and level > 0 and gmv is not None:
            missing = rounded(max(above.gmv_from - gmv, 0.0), 2)
            days_to_next = self._days_to_next(shop, missing)
        return TierStanding(
            outcome="ok",
            level=level,
            name=step.name,
            gmv_30d=gmv,
            next_name=above.name if above is not None else None,
            missing_to_next=missing,
            since=since,
            days_since_change=days_since,
            days_to_next=days_to_next,
            benefits=tuple(Text(each) for each in step.benefits),
            next_benefits=tuple(
                Text(each)
                for each in (above.benefits if above is not None else ())
                if each not in step.benefits
            ),
        )

    def _days_to_next(self, shop: Shop, missing: Number) -> int | None:
        """Day by day a day of the last week's pace comes in and a mean older day goes out."""
        week = self._gmv(shop, Period.L7D, Channel.SHOP)
        month = self._gmv(shop, Period.L30D, Channel.SHOP)
        if week is None or month is None or missing is None:
            return None
        gain = week / 7 - (month - week) / 23
        if gain <= 0:
            return None
        for days in range(1, 24):
            if round(missing / gain, 9) <= days:
                return days
        return None

    def _breakdown(self, shop: Shop) -> GmvBreakdown:
        whole = self._part(shop, Channel.SHOP, None)
        channels = tuple(self._part(shop, channel, whole.amount) for channel in FIVE)
        groups = tuple(self._part(shop, group, whole.amount) for group in GROUP_MEMBERS)
        by_channel = {part.channel: part.amount for part in channels}
        named: list[Number] = []
        for group in groups:
            split = added([by_channel[each] for each in GROUP_MEMBERS[group.channel]])
            named.append(group.amount if split is None else split)
        rest = added(named)
        residual = None
        if whole.amount is not None and rest is not None:
            residual = rounded(whole.amount - rest, 2)
        return GmvBreakdown(
            total=whole,
            channels=channels,
            groups=groups,
            residual=residual,
        )

    def _part(self, shop: Shop, channel: Channel, whole: Number) -> GmvPart:
        amount = rounded(self._gmv(shop, Period.L30D, channel), 2)
        previous = rounded(self._gmv(shop, Period.P30D, channel), 2)
        share = rounded(amount / whole, SHARE_DECIMALS) if amount is not None and whole else None
        return GmvPart(
            channel=channel,
            amount=amount,
            share=share,
            previous=previous,
            change=None if self._is_too_young(shop, 60) else relative_change(amount, previous),
        )

    # --- notes -----------------------------------------------------------------------------

    def _attention_notes(
        self, found: Findings, cards_of: dict[tuple[str, Channel], list[str]]
    ) -> tuple[MetricNote, ...]:
        """Key metrics that fell, the steepest first."""
        fell = [
            column
            for column in self.columns
            if column.metric.is_key and found.previous[column.number].outcome == ISSUE
        ]
        fell.sort(key=lambda column: -abs(found.previous[column.number].change))
        return tuple(
            MetricNote(
                metric=column.metric.key,
                title=Text(column.metric.title),
                channel=column.channel,
                unit=column.metric.unit,
                window="L7D",
                value=rounded(found.l7d[column.number], column.decimals),  # type: ignore[arg-type]
                state=column.is_state,
                previous=rounded(found.p7d[column.number], column.decimals),
                change=relative_change(found.l7d[column.number], found.p7d[column.number]),
                cards=tuple(cards_of.get((column.metric.key, column.channel), ())),
                products=self._named(found, column),
            )
            for column in fell[:NOTES]
        )

    def _peers_notes(
        self, found: Findings, cards_of: dict[tuple[str, Channel], list[str]]
    ) -> tuple[MetricNote, ...]:
        """Metrics behind peers, the widest gap first."""
        behind = [each for each in self.columns if found.peers[each.number].outcome == ISSUE]
        behind.sort(key=lambda column: -self._told_gap(found, column))
        return tuple(
            msgspec.structs.replace(
                self._peers_note(found, each, cards_of), products=self._named(found, each)
            )
            for each in behind[:NOTES]
        )

    def _named(self, found: Findings, column: Column) -> tuple[ProductRef, ...]:
        return tuple(each.told for each in found.shop.behind(column.metric)[:3])

    def _told_gap(self, found: Findings, column: Column) -> float:
        """A number where peers show none of what should be low comes after all gaps."""
        peers = found.peers[column.number]
        return 0.0 if peers.benchmark == 0 and column.sign < 0 else abs(peers.gap)

    def _improved_notes(
        self, found: Findings, cards_of: dict[tuple[str, Channel], list[str]]
    ) -> tuple[MetricNote, ...]:
        """Key metrics that rose, shown against peers."""
        rose = [
            column
            for column in self.columns
            if column.metric.is_key
            and found.previous[column.number].improved
            and found.peers[column.number].outcome in {OK, ISSUE}
        ]
        rose.sort(key=lambda column: -abs(found.previous[column.number].change))
        return tuple(self._peers_note(found, each, cards_of) for each in rose[:IMPROVED_NOTES])

    def _peers_note(
        self, found: Findings, column: Column, cards_of: dict[tuple[str, Channel], list[str]]
    ) -> MetricNote:
        peers = found.peers[column.number]
        return MetricNote(
            metric=column.metric.key,
            title=Text(column.metric.title),
            channel=column.channel,
            unit=column.metric.unit,
            window="L30D",
            value=rounded(found.l30d[column.number], column.decimals),  # type: ignore[arg-type]
            state=column.is_state,
            benchmark=rounded(peers.benchmark, column.decimals),
            percentile=peers.percentile,
            peers=peers.peers,
            cohort=peers.level,
            cards=tuple(cards_of.get((column.metric.key, column.channel), ())),
        )

    # --- what was not evaluated ------------------------------------------------------------

    def _not_evaluated(self, found: Findings, failed: dict[str, str]) -> list[NotEvaluated]:
        plugins = self.registry.plugins
        told = [
            NotEvaluated(
                category=plugins[plugin].category,
                reason="failed",
                detail=why,
            )
            for plugin, why in failed.items()
        ]
        silent = [
            self._why_silent(found.shop, category, columns)
            for category, columns in self.columns_of.items()
            if all(found.l7d[column.number] is None for column in columns)
        ]
        named = {each.category for each in silent}
        risks = []
        for category, columns in self._untold_risks(found).items():
            why = self._why_silent(found.shop, category, columns)
            if category not in named:
                risks.append(why)
        return [*self.rejected, *told, *self.dark, *silent, *risks]

    def _untold_risks(self, found: Findings) -> dict[str, list[Column]]:
        """What the lines of the shop's region judge, and no number of which was delivered."""
        days_left = {line.deadline.measure for line in self.policy.lines if line.deadline}
        untold: dict[str, set[int]] = {}
        for line in self.policy.lines_on(self.as_of, found.shop.region):
            column = self.column_at.get((line.metric, line.channel))
            if column is None or line.kind == "drop" or line.criterion is not None:
                continue
            asked = list(refs(column.metric.formula))
            if any(ref.key in days_left for ref in asked) or self._is_gated(found, line):
                continue
            missing = [
                ref
                for ref in asked
                if self._row(found.shop, Period.L7D, ref.key, ref.channel or column.channel) is None
            ]
            if missing and found.value(column, PERIODS_OF[line.window][0]) is None:
                untold.setdefault(column.category, set()).add(column.number)
        return {
            category: [self.columns[number] for number in sorted(untold[category])]
            for category in CATEGORIES
            if category in untold
        }

    def _why_silent(self, shop: Shop, category: str, columns: list[Column]) -> NotEvaluated:
        metrics = tuple(dict.fromkeys(column.metric.key for column in columns))
        for column in columns:
            for ref in refs(column.metric.formula):
                row = self.row_of[Period.L7D, ref.key, ref.channel or column.channel]
                if shop.rows[row] is None:
                    days = shop.known[row] if row < len(shop.known) else 0
                    measure = self.registry.measures[ref.key]
                    told = f"{days} of {Period.L7D.days} days known: {measure.title}"
                    if measure.aggregation is Aggregation.LAST:
                        told = f"no value known: {measure.title}"
                    return NotEvaluated(
                        category=category, reason="incomplete", metrics=metrics, detail=told
                    )
        return NotEvaluated(category=category, reason="no_activity", metrics=metrics)

    def _freshness(self, *, with_memory: bool) -> Freshness:
        manifest = self.snapshot.manifest
        return Freshness(
            latest_available_date=manifest.latest_available_date,
            snapshot=manifest.id,
            benchmarks=self.benchmarks.id if self.benchmarks is not None else "",
            policy=self.policy.id,
            registry=self.registry.fingerprint,
            plugins={key: plugin.version for key, plugin in self.registry.plugins.items()},
            memory=with_memory,
            incentives=self.programmes.id,
        )

    def _metrics(self, found: Findings) -> bytes:
        def published(values: Sequence[Number]) -> list[Number]:
            pairs = zip(values, self.columns, strict=True)
            return [_whole(rounded(value, column.decimals)) for value, column in pairs]

        return _encode(
            MetricValues(
                legend=self.legend,
                l7d=published(found.l7d),  # type: ignore[arg-type]
                p7d=published(found.p7d),  # type: ignore[arg-type]
                l30d=published(found.l30d),  # type: ignore[arg-type]
                benchmark=published([each.benchmark for each in found.peers]),  # type: ignore[arg-type]
                aa="".join(each.outcome for each in found.previous),
                ab="".join(each.outcome for each in found.peers),
            )
        )

    # --- sentences -------------------------------------------------------------------------

    def _story_of_shop(self, shop: Shop, worst: MetricNote | None) -> Conclusion:
        """What GMV did, in which channel most, through which factor; else the worst decline."""
        if self._is_too_young(shop):
            young = "The shop opened less than 14 days ago: its GMV is not compared with"
            return Conclusion(sentence=Text(f"{young} the previous 7 days yet"))
        current = self._gmv(shop, Period.L7D, Channel.SHOP)
        previous = self._gmv(shop, Period.P7D, Channel.SHOP)
        unknown = current is None or previous is None
        if unknown and worst is not None and worst.change is not None:
            verb = "fell" if worst.change < 0 else "rose"
            instead: dict[str, Any] = {"metric": worst.title, "change": abs(worst.change)}
            subject = "{metric}"
            if worst.channel is not Channel.SHOP:
                subject, instead["channel"] = "{metric} in {channel}", worst.channel.label
            rest = f"{verb} {{change:.0%}} against the previous 7 days; GMV is not known"
            return Conclusion(sentence=fill(f"{subject} {rest}", **instead))
        direction = _direction(current, previous)
        if direction == 0 or current is None or previous is None:
            return Conclusion(sentence=_flat(current, previous))
        change = abs(current / previous - 1.0)
        moved = self._moved(shop, direction)
        if not moved:
            return self._story_by_factor(shop, Channel.SHOP, direction, change)
        channel = max(FIVE, key=lambda each: moved.get(each, 0.0))
        verb = "fell" if direction < 0 else "rose"
        message = (
            f"GMV {verb} {{change:.0%}} against the previous 7 days"
            ", the largest part in {channel}"
        )
        params: dict[str, str | float] = {
            "change": rounded(change, SHARE_DECIMALS) or 0.0,
            "channel": channel.label,
        }
        strongest = self._strongest(shop, channel, direction)
        if strongest is not None:
            message += f", where {{factor}} {verb} {{factor_change:.0%}}"
            params |= {"factor": strongest[0], "factor_change": abs(strongest[1])}
        factors = []
        for place in sorted(moved, key=lambda each: -moved[each]):
            found = self._strongest(shop, place, direction)
            if found is not None:
                factors.append(Factor(factor=found[0], channel=place, change=found[1]))
        return Conclusion(sentence=fill(message, **params), factors=tuple(factors[:SHOWN_FACTORS]))

    def _stories_of_channels(self, shop: Shop) -> dict[Channel, Conclusion]:
        """A sentence for every channel that sells or did."""
        stories: dict[Channel, Conclusion] = {}
        if self._is_too_young(shop):
            return stories
        for channel in FIVE:
            current = self._gmv(shop, Period.L7D, channel)
            previous = self._gmv(shop, Period.P7D, channel)
            if current is None or previous is None or current == previous == 0:
                continue
            direction = _direction(current, previous)
            if direction == 0:
                stories[channel] = Conclusion(sentence=_flat(current, previous))
            else:
                change = abs(current / previous - 1.0)
                stories[channel] = self._story_by_factor(shop, channel, direction, change)
        return stories

    def _story_by_factor(
        self, shop: Shop, channel: Channel, direction: int, change: float
    ) -> Conclusion:
        verb = "fell" if direction < 0 else "rose"
        message = f"GMV {verb} {{change:.0%}} against the previous 7 days"
        params: dict[str, str | float] = {"change": rounded(change, SHARE_DECIMALS) or 0.0}
        strongest = self._strongest(shop, channel, direction)
        if strongest is not None:
            message += f", as {{factor}} {verb} {{factor_change:.0%}}"
            params |= {"factor": strongest[0], "factor_change": abs(strongest[1])}
        return Conclusion(sentence=fill(message, **params))

    def _moved(self, shop: Shop, direction: int) -> dict[Channel, float]:
        """How far GMV went in the direction, of the channels in which it did; all or nothing."""
        weeks = (Period.L7D, Period.P7D)
        if None in [self._gmv(shop, week, channel) for week in weeks for channel in FIVE]:
            return {}
        moved = {}
        for channel in FIVE:
            current = self._gmv(shop, Period.L7D, channel)
            previous = self._gmv(shop, Period.P7D, channel)
            if current is not None and previous is not None:
                step = direction * (current - previous)
                if step > 0:
                    moved[channel] = step
        return moved

    def _strongest(self, shop: Shop, channel: Channel, direction: int) -> tuple[str, float] | None:
        """The factor that went furthest in the direction, and its relative change."""
        now = self._funnel(shop, Period.L7D, channel)
        then = self._funnel(shop, Period.P7D, channel)
        best, furthest = "", STEADY
        for factor, one, other in zip(FACTORS, now, then, strict=True):
            change = midpoint_change(one, other)
            if change is not None and direction * change > furthest:
                best, furthest = factor, direction * change
        if not best:
            return None
        midpoint = direction * furthest
        if midpoint >= 2.0:  # from nothing: no relative change
            return None
        relative = rounded(2.0 * midpoint / (2.0 - midpoint), SHARE_DECIMALS)
        return (best, relative) if relative is not None else None

    def _funnel(self, shop: Shop, period: Period, channel: Channel) -> tuple[Number, ...]:
        """Impressions, CTR, CTOR and AOV."""
        impressions, clicks, orders, gmv = (
            self._row(shop, period, measure, channel)
            for measure in ("product_impressions", "product_clicks", "sku_orders", "gmv")
        )

        def ratio(above: Number, below: Number) -> Number:
            return above / below if above is not None and below is not None and below > 0 else None

        return impressions, ratio(clicks, impressions), ratio(orders, clicks), ratio(gmv, orders)


# --- small rules ------------------------------------------------------------------------------


def _has_sample(column: Column, rows: Sequence[Number]) -> bool:
    """A denominator must suffice in both periods, a count in one of them."""
    least = column.metric.min_sample
    if least == 0:
        return True
    cells = [column.samples.get(period) for period in (Period.L7D, Period.P7D)]
    samples = [cell(rows) if cell is not None else None for cell in cells]
    current, previous = samples
    if current is None or previous is None:
        return False
    sample = min(current, previous) if column.is_quotient else max(current, previous)
    return sample >= least


def _has_sample_now(column: Column, rows: Sequence[Number]) -> bool:
    """A quotient's denominator must suffice before the value is held to a line."""
    least = column.metric.min_sample
    if least == 0 or not column.is_quotient:
        return True
    cell = column.samples.get(Period.L7D)
    sample = cell(rows) if cell is not None else None
    return sample is not None and sample >= least


def _is_enough(column: Column, shop: Shop, row: PolicyLine) -> bool:
    """Whether a week's value says enough to be held to the row; longer windows always do."""
    return row.window is not Window.L7D or _has_sample_now(column, shop.rows)


def _events(column: Column, rows: Sequence[Number], period: Period) -> Number:
    """How many things the value of a period counts."""
    cell = column.events.get(period)
    number = cell(rows) if cell is not None else None
    return number * period.days if number is not None and column.is_mean else number


def _chance(column: Column, rows: Sequence[Number]) -> float:
    """The variance that counting brings: √n of events by chance, one of what somebody sets."""
    if not column.is_counted:
        return 0.0
    events = added([_events(column, rows, period) for period in (Period.L7D, Period.P7D)])
    if events is None or events < 0:
        return 0.0
    one = 2.0 / events if events > 0 else math.inf
    return 2.0 * one if column.is_chance else one * one


def _holds(found: Findings, test: Test) -> bool:
    """Whether a condition holds, on known numbers."""
    condition, number = test.condition, test.column.number
    if isinstance(condition, Declined):
        return found.previous[number].outcome == ISSUE
    if isinstance(condition, BehindPeers):
        return found.peers[number].outcome == ISSUE
    value = found.l7d[number]
    if value is None or not _has_sample_now(test.column, found.shop.rows):
        return False
    return value >= test.line if isinstance(condition, AtLeast) else value <= test.line


def _withheld(
    ranked: Sequence[Proposal], instead: dict[tuple[str, Channel], str]
) -> Iterator[Withheld]:
    """What is not shown, and why; `instead` has what is shown for those that nothing explains."""
    stands: dict[tuple[str, Channel] | None, str] = {}
    for each in ranked:
        if not each.cause:
            place = (each.offer.template.key, each.offer.channel)
            stands.setdefault(each.declined, instead.get(place, each.id))
    for each in ranked:
        template, channel = each.offer.template.key, each.offer.channel
        if not each.cause and (template, channel) not in instead:
            continue
        if each.cause and (kept := stands[each.cause, channel]):
            yield Withheld(template=template, channel=channel, reason="explained", kept=kept)
        elif not each.cause and (kept := instead[template, channel]):
            yield Withheld(template=template, channel=channel, reason="same_objective", kept=kept)
        else:
            yield Withheld(template=template, channel=channel, reason="limit")


def _rank(proposal: Proposal) -> tuple[float, ...]:
    """Band, severity, losses before warnings, GMV at stake, time left, incentive; catalogue."""
    return (
        proposal.offer.priority,
        -proposal.severity,
        proposal.line is not None and proposal.line.line.kind == "drop",
        -proposal.stake,
        proposal.days,
        proposal.programme is None,
        proposal.offer.number,
    )


def _monitor(risks: list[Told]) -> RiskMonitor | None:
    """All lines above low, by the cards that tell of them."""
    serious = [each for each in risks if each.counts and each.level in {"medium", "high"}]
    if not serious:
        return None
    if len(serious) == 1:
        sentence = fill("One risk needs action: {rule}", rule=serious[0].rule)
    else:
        message = "{count} risks need action, first of all: {rule}"
        sentence = fill(message, count=len(serious), rule=serious[0].rule)
    cards: list[str] = []
    for risk in serious:
        if risk.card not in cards:
            cards.append(risk.card)
    worst = max((risk.level for risk in serious), key=SEVERITY.__getitem__)
    return RiskMonitor(level=worst, sentence=sentence, cards=tuple(cards))


def _changes(earlier: Recollection | None, now: Recollection) -> tuple[str, ...]:
    if earlier is None:
        return ("new",)
    changed = []
    if earlier.tier != now.tier:
        changed.append("tier")
    if set(earlier.risk) != set(now.risk):
        changed.append("risk")
    if set(earlier.open) != set(now.open):
        changed.append("cards")
    return tuple(changed)


def _direction(current: Number, previous: Number) -> int:
    if current is None or previous is None or previous <= 0:
        return 0
    change = current / previous - 1.0
    if abs(change) < STEADY:
        return 0
    return 1 if change > 0 else -1


def _flat(current: Number, previous: Number) -> Text:
    if current is None or previous is None:
        return Text("GMV of the last 14 days is not known, so nothing is said about sales")
    if previous > 0:
        return Text("GMV is steady against the previous 7 days")
    if current > 0:
        return Text("Sales began in the last 7 days; there were none in the 7 days before")
    return Text("There was no GMV in the last 14 days")


def _in_full(number: float) -> str:
    """With separators of thousands and every decimal."""
    told = f"{number:,.9f}".rstrip("0")
    return told.rstrip(".")


def _whole(number: Number) -> Number:
    """A whole number is written without its `.0`."""
    is_whole = number is not None and abs(number) < 1e15 and number == int(number)
    return int(number) if is_whole and number is not None else number


def _decoded(memory: bytes | None) -> Memory | None:
    """A memory that cannot be read is taken for none."""
    if memory is None:
        return None
    try:
        return msgspec.json.decode(memory, type=Memory)
    except msgspec.DecodeError:
        return None
