"""The catalogue as services read it: `docs/catalog/catalog.json`, `shopace catalog --json`.

Words are English; keys and numbers stand beside them. Numbers are those in use: the defaults in the
committed document, the configured ones in the command's.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.measures import Origin
from shopace.core.vocabulary.metrics import Alias
from shopace.core.vocabulary.tasks import Action, Effort, TaskType
from shopace.core.vocabulary.units import Aggregation, Direction, Pillar, Unit, Window


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of every part of the catalogue. Later versions may add fields."""


class PluginEntry(Entry, frozen=True, kw_only=True):
    key: str
    version: str
    title: str
    question: str
    """What it asks about a shop."""


class PeersEntry(Entry, frozen=True, kw_only=True):
    """How a metric is compared with peers, over 30 days."""

    top: float
    """The benchmark is the value that this share of the other shops does not exceed."""
    cohorts: tuple[str, ...]
    """Tried in this order: the first with enough peers is used."""
    peers: int
    """Enough of them."""
    words: str


class MetricEntry(Entry, frozen=True, kw_only=True):
    key: str
    title: str
    definition: str
    formula: str
    """Over keys of measures."""
    formula_in_words: str
    unit: Unit
    direction: Direction
    channels: tuple[Channel, ...]
    windows: tuple[Window, ...]
    measures: tuple[str, ...]
    """What the formula reads."""
    denominator: str | None = None
    """In words; absent for a metric that is no quotient."""
    min_sample: float = 0.0
    """Below it no comparison is made."""
    sample: str | None = None
    """What the minimum sample counts, in words; absent without one."""
    is_key: bool = False
    """Its decline makes a task card."""
    gmv_factor: bool = False
    driven_by: tuple[str, ...] = ()
    """Metrics that bring it about: where one makes up most of a decline, its task stands for it."""
    benchmark: PeersEntry | None = None
    lines: tuple[str, ...] = ()
    """Policy lines that judge it."""
    tasks: tuple[str, ...] = ()
    """Tasks that stand on it: by trigger, condition, completion or policy line."""
    aliases: tuple[Alias, ...] = ()
    since: str
    source: str = ""
    plugin: str


class ConditionEntry(Entry, frozen=True, kw_only=True):
    """What makes a task fire, or must hold besides."""

    kind: str
    """`crosses`, `declined`, `behind_peers`, `at_least` or `at_most`."""
    test: str
    """Short, with keys."""
    words: str
    metric: str | None = None
    policy_line: str | None = None
    channel: Channel | None = None
    """Where it is looked up; absent: where the task is offered, else in the whole shop."""
    parameter: str | None = None
    """The named line; operators may move it."""
    value: float | None = None
    """The line in use."""
    default: float | None = None
    parameter_title: str | None = None
    source: str = ""
    """Of the line; empty: our default."""


class CompletionEntry(Entry, frozen=True, kw_only=True):
    metric: str
    at: str
    """`least` or `most`."""
    line: float
    words: str


class TaskEntry(Entry, frozen=True, kw_only=True):
    key: str
    title: str
    why: str
    steps: tuple[str, ...]
    type: TaskType
    objective: str
    objective_title: str
    priority: str
    """`P0`, `P1` or `P2`; the trigger's kind sets it."""
    fires_when: ConditionEntry
    only_if: tuple[ConditionEntry, ...] = ()
    channels: tuple[Channel, ...]
    """Where it is offered."""
    completion: CompletionEntry | None = None
    """Absent: done when it no longer fires."""
    benefit: str
    has_amount: bool = False
    """Closing the gap of its metric has a GMV value, so that a card may carry an amount."""
    effort: Effort
    valid_days: int
    action: Action
    names_hero: bool = False
    """Its card names the product with the highest GMV of 30 days."""
    since: str
    plugin: str


class LineEntry(Entry, frozen=True, kw_only=True):
    """A row of the policy packs."""

    key: str
    ladder: str
    metric: str
    channel: Channel
    window: Window
    words: str
    """When a shop stands on it."""
    value: float
    level: str
    rule: str
    loses: str
    next: str | None = None
    requires: str | None = None
    """What must hold for it to be judged, in words."""
    regions: tuple[str, ...]
    """Groups by their name; `*` is every region without rows of its own for the ladder."""
    effective_from: dt.date
    effective_to: dt.date | None = None
    """The first day on which it no longer holds."""
    source: str
    note: str = ""


class MeasureEntry(Entry, frozen=True, kw_only=True):
    """A daily input fact."""

    key: str
    title: str
    unit: Unit
    definition: str = ""
    aggregation: Aggregation
    adds_up: str
    """The additivity rule in words."""
    channels: tuple[Channel, ...]
    origin: Origin
    derived_from: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    """What cannot be computed without it."""


class TrafficEntry(Entry, frozen=True, kw_only=True):
    """A metric of Product Traffic Analysis, of one product and of all together."""

    key: str
    title: str
    definition: str
    formula: str
    formula_in_words: str
    unit: Unit
    formats: tuple[Format, ...]
    formats_from: str
    aliases: tuple[Alias, ...] = ()


class CategoryEntry(Entry, frozen=True, kw_only=True):
    category: str
    pillar: Pillar
    plugins: tuple[PluginEntry, ...]
    metrics: tuple[MetricEntry, ...]
    tasks: tuple[TaskEntry, ...]
    lines: tuple[LineEntry, ...] = ()
    """Policy lines over its metrics."""


class Catalogue(Entry, frozen=True, kw_only=True):
    """Every metric, benchmark, task, policy line and measure there is."""

    fingerprint: str
    """Of all declarations and values in use: the same wherever diagnoses are made the same way."""
    policy: str
    """Id of the policy."""
    categories: tuple[CategoryEntry, ...]
    """In the page's order; all 17, also those without a plugin."""
    measures: tuple[MeasureEntry, ...]
    traffic: tuple[TrafficEntry, ...] = ()
