"""The plan: what there is to compute for a snapshot, worked out once and used for every batch.

A *column* is a metric in a channel. Everything that does not depend on a shop (row numbers, signs,
lines, the words of a task) is looked up here, so that the stages only do arithmetic on arrays of
shape (columns, shops).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.evaluation import evaluate, periods_of
from shopace.core.host.registry import fingerprint
from shopace.core.pipeline.rewards import Rewards
from shopace.core.pipeline.violations import counted_rows
from shopace.core.records.metrics import Legend, LegendColumn
from shopace.core.vocabulary.campaigns import CAMPAIGN_GMV
from shopace.core.vocabulary.channels import ALL, FIVE, Channel
from shopace.core.vocabulary.formula import Operation, Ref, constant_factor, denominator, refs
from shopace.core.vocabulary.triggers import (
    AtLeast,
    AtMost,
    BehindPeers,
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
    Unit,
)
from shopace.core.warehouse.programmes import NO_PROGRAMMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from shopace.core.evaluation import Column as Row
    from shopace.core.evaluation import Floats
    from shopace.core.host.registry import Registry
    from shopace.core.pipeline.batch import Integers
    from shopace.core.vocabulary.campaigns import Campaign
    from shopace.core.vocabulary.formula import Formula
    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric
    from shopace.core.vocabulary.products import ProductCondition
    from shopace.core.vocabulary.tasks import TaskTemplate
    from shopace.core.vocabulary.triggers import Condition
    from shopace.core.warehouse.benchmarks import BenchmarkSet
    from shopace.core.warehouse.cohorts import Cohort
    from shopace.core.warehouse.policy import Policy, PolicyLine
    from shopace.core.warehouse.programmes import Programmes
    from shopace.core.warehouse.snapshot_files import Manifest

CHANNELS = (*ALL, Channel.PRODUCT_CARD)
"""Channels by number, in ranking order where all else is equal."""
_ORDER = {channel: number for number, channel in enumerate(CHANNELS)}


class Column(NamedTuple):
    """A metric in a channel."""

    metric: Metric
    channel: Channel
    category: str

    @property
    def key(self) -> str:
        return f"{self.metric.key}:{self.channel}"


class Test(NamedTuple):
    """A condition on one column. `line` is the resolved number of a plain line."""

    condition: Condition
    column: int
    line: float = np.nan


class Triggers(NamedTuple):
    """Conditions of one kind, by the offers that they trigger."""

    offer: NDArray[np.int64]
    """Position in the plan's offers."""
    column: NDArray[np.int64]
    line: Floats
    """Of plain lines; shape (conditions, 1)."""


class Offer(NamedTuple):
    """A task template in one channel: what can be proposed to a shop."""

    template: TaskTemplate
    category: str
    channel: Channel
    column: int
    """Of the evidence."""
    trigger: Test | None
    """None: the trigger is a policy line."""
    line: str
    """Key of the policy line, else empty."""
    only_if: tuple[Test, ...]
    priority: Priority

    @property
    def id(self) -> str:
        """The fingerprint of the card that comes of it."""
        return f"{self.template.objective}:{self.channel}"


class Drivers(NamedTuple):
    """Which columns drive which: what `explain` walks."""

    columns: Integers
    """The columns that drive another or are driven."""
    answered: Integers
    """Of every offer the position in `columns` of that whose decline it answers; −1 none."""
    steps: tuple[tuple[Integers, Integers], ...]
    """Positions of (driven, driver), channel by channel, the drivers' own drivers before."""


class Program:
    """The formulas of many columns in one period, evaluated together.

    Plain measures and quotients of two measures, nearly all there are, are done in two strokes;
    of the others those together that differ in nothing but their channel.
    """

    def __init__(
        self,
        wanted: Iterable[tuple[int, Formula, Channel]],
        period: Period,
        row_of: Mapping[Row, int],
        columns: int,
    ) -> None:
        self._columns = columns
        plain: list[tuple[int, int]] = []
        quotients: list[tuple[int, int, int]] = []
        others: dict[Formula, list[tuple[int, list[int | None]]]] = {}
        for column, formula, channel in wanted:
            rows = [row_of.get((period, ref.key, ref.channel or channel)) for ref in refs(formula)]
            if any(row is None for row in rows):
                continue
            match formula, rows:
                case Ref(), [int(row)]:
                    plain.append((column, row))
                case Operation(op="/", left=Ref(), right=Ref()), [int(top), int(bottom)]:
                    quotients.append((column, top, bottom))
                case _:
                    others.setdefault(formula, []).append((column, rows))
        self._plain = np.array(plain, dtype=np.int64).reshape(-1, 2).T
        self._quotients = np.array(quotients, dtype=np.int64).reshape(-1, 3).T
        self._others = [
            (
                formula,
                [column for column, _ in found],
                {
                    ref: np.array([rows[at] for _, rows in found])
                    for at, ref in enumerate(refs(formula))
                },
            )
            for formula, found in others.items()
        ]

    def run(self, rows: Floats) -> Floats:
        """Values of shape (columns, shops); NaN is missing."""
        values = np.full((self._columns, rows.shape[1]), np.nan)
        columns, row = self._plain
        values[columns] = rows[row]
        columns, top, bottom = self._quotients
        below = rows[bottom]
        with np.errstate(all="ignore"):
            quotient = rows[top] / below
        quotient[(below == 0) | ~np.isfinite(quotient)] = np.nan
        values[columns] = quotient
        for formula, together, sources in self._others:
            values[together] = evaluate(formula, lambda ref, at=sources: rows[at[ref]])  # type: ignore[misc]
        return values


@dataclass(frozen=True)
class Dark:
    """Metrics of a category that this snapshot cannot tell, by reason."""

    category: str
    reason: str
    metrics: tuple[str, ...]


class Plan:
    """All about a registry, a snapshot, a policy and a benchmark set that no shop changes."""

    def __init__(
        self,
        registry: Registry,
        manifest: Manifest,
        policy: Policy,
        benchmarks: BenchmarkSet | None,
        programmes: Programmes = NO_PROGRAMMES,
    ) -> None:
        self.registry, self.manifest = registry, manifest
        self.policy, self.benchmarks = policy, benchmarks
        self.programmes = programmes
        self.values = registry.values
        self._lines_in = cache(partial(policy.lines_on, manifest.as_of))
        """Of a region; what `lines_for` and its like choose from."""
        self.row_of = self._rows()
        self.columns = self._columns()
        self.index = {(c.metric.key, c.channel): i for i, c in enumerate(self.columns)}
        self.dark = self._dark()

    def _rows(self) -> dict[Row, int]:
        """Row numbers by (period, measure, channel); of derived measures behind the snapshot's."""
        manifest, measures = self.manifest, self.registry.measures
        self.outdated = {
            key
            for key, print_ in manifest.measures.items()
            if key in measures and fingerprint(measures[key].numbers) != print_
        }
        rows: dict[Row, int] = {
            (Period(period), measure, Channel(channel)): number
            for number, (period, measure, channel) in enumerate(manifest.rows)
            if measure in measures and measure not in self.outdated
        }
        derived = [key for key, measure in measures.items() if measure.derived_from]
        number = len(manifest.rows)
        self.derived: dict[Row, int] = {}
        for key in derived:
            for channel in measures[key].channels:
                for period in Period:
                    if (period, key, channel) not in rows:
                        self.derived[period, key, channel] = number
                        number += 1
        self.counted = counted_rows(manifest, measures, number)
        return rows | self.derived | self.counted

    def _columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(metric, channel, self.registry.category_of(metric.key))
            for metric in self.registry.metrics.values()
            for channel in sorted(metric.channels, key=_ORDER.__getitem__)
            if all(
                (Period.L7D, ref.key, ref.channel or channel) in self.row_of
                for ref in refs(metric.formula)
            )
        )

    def _dark(self) -> tuple[Dark, ...]:
        lit = {column.metric.key for column in self.columns}
        delivered = {measure for _, measure, _ in self.manifest.rows}
        found: dict[tuple[str, str], list[str]] = {}
        for metric in self.registry.metrics.values():
            if metric.key in lit:
                continue
            stale = any(
                ref.key in self.outdated
                or (ref.key not in self.manifest.measures and ref.key not in delivered)
                for ref in refs(metric.formula)
            )
            reason = "rebuild_snapshot" if stale else "not_delivered"
            category = self.registry.category_of(metric.key)
            found.setdefault((category, reason), []).append(metric.key)
        order = list(CATEGORIES)
        return tuple(
            Dark(category, reason, tuple(sorted(metrics)))
            for (category, reason), metrics in sorted(
                found.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
            )
        )

    @cached_property
    def mismatched(self) -> tuple[Dark, ...]:
        """Metrics with a value that nothing is compared with: what was built knows others."""
        judged = [
            metric
            for metric in dict.fromkeys(column.metric.key for column in self.columns)
            if self.registry.metrics[metric].direction is not Direction.NEITHER
        ]
        known, metrics = self.manifest.metrics, self.registry.metrics
        found = {
            "rebuild_snapshot": [
                key for key in judged if known.get(key) != fingerprint(metrics[key].numbers)
            ]
        }
        if self.benchmarks is not None:
            held = self.benchmarks.manifest.metrics
            found["rebuild_benchmarks"] = [
                key for key in judged if held.get(key) != self.print_of(key)
            ]
        return tuple(
            Dark(category, reason, tuple(sorted(mine)))
            for reason, keys in found.items()
            for category in CATEGORIES
            if (mine := [key for key in keys if self.registry.category_of(key) == category])
        )

    @cached_property
    def column_by_key(self) -> dict[str, int]:
        """Column number by `metric:channel`."""
        return {column.key: number for number, column in enumerate(self.columns)}

    @cached_property
    def product_conditions(self) -> tuple[tuple[ProductCondition, ...], ...]:
        """Every set of conditions for the products behind a metric, once."""
        return tuple(dict.fromkeys(c.metric.products for c in self.columns if c.metric.products))

    @cached_property
    def products_of(self) -> list[int]:
        """Position of each column's conditions in `product_conditions`; −1: no products."""
        places = {each: number for number, each in enumerate(self.product_conditions)}
        return [places.get(column.metric.products, -1) for column in self.columns]

    @cached_property
    def columns_of(self) -> dict[str, list[int]]:
        """The columns of each category that has any, in the page's order of categories."""
        found: dict[str, list[int]] = {category: [] for category in CATEGORIES}
        for number, column in enumerate(self.columns):
            found[column.category].append(number)
        return {category: columns for category, columns in found.items() if columns}

    @cached_property
    def sign(self) -> Floats:
        """+1 higher is better, −1 lower is better, 0 never judged; shape (columns, 1)."""
        signs = {Direction.HIGHER: 1.0, Direction.LOWER: -1.0, Direction.NEITHER: 0.0}
        return self._per_column(signs[column.metric.direction] for column in self.columns)

    @cached_property
    def min_sample(self) -> Floats:
        return self._per_column(column.metric.min_sample for column in self.columns)

    @cached_property
    def is_quotient(self) -> NDArray[np.bool_]:
        """Whether the value is a quotient: its sample must suffice wherever it is compared.

        A count needs no sample to be low: that it is low is what there is to tell.
        """
        return (
            self._per_column(
                denominator(column.metric.formula) is not None for column in self.columns
            )
            > 0
        )

    @cached_property
    def is_counted(self) -> NDArray[np.bool_]:
        """Whether the value rests on a number of things, which bounds its noise from below."""
        return self._per_event(lambda measure, _: measure.is_number_of_things)

    @cached_property
    def is_chance(self) -> NDArray[np.bool_]:
        """Whether those things happen by chance, so that few of them vary much."""
        return self._per_event(lambda measure, channel: measure.varies_by_chance(channel))

    def _per_event(self, holds: Callable[[Measure, Channel], bool]) -> NDArray[np.bool_]:
        measures = self.registry.measures
        return (
            self._per_column(
                all(
                    holds(measures[ref.key], ref.channel or column.channel)
                    for ref in refs(column.metric.event_formula)
                )
                for column in self.columns
            )
            > 0
        )

    @cached_property
    def unit_events(self) -> Floats:
        """Events behind a value of 1: of a quotient, per unit of its sample; shape (columns, 1).

        NaN where a metric counts something else as its sample: only its value tells how many of
        these make 1.
        """
        return self._per_column(
            np.nan
            if column.metric.sample is not None
            else (Period.L30D.days if self._is_mean(column.metric) else 1.0)
            / constant_factor(column.metric.formula)
            for column in self.columns
        )

    @cached_property
    def is_share(self) -> NDArray[np.bool_]:
        """Whether the value is a part of things counted: 95 of 100 vary less than 95 do."""
        measures = self.registry.measures
        return np.array(
            [
                column.metric.unit is Unit.RATIO
                and column.metric.sample is None
                and all(
                    measures[ref.key].is_number_of_things for ref in refs(column.metric.formula)
                )
                for column in self.columns
            ],
            dtype=bool,
        )

    @cached_property
    def shown_row(self) -> NDArray[np.int64]:
        """For sales of a channel: the row of its product impressions in 30 days, else −1.

        Where nothing was shown there is nothing to judge sales by: that a channel is not used is
        told by the metrics of its content.
        """
        measures = self.registry.measures
        return np.array(
            [
                self.row_of.get((Period.L30D, "product_impressions", column.channel), -1)
                if column.channel is not Channel.SHOP
                and all(
                    set(FIVE) <= set(measures[ref.key].channels)
                    and measures[ref.key].aggregation is Aggregation.SUM
                    for ref in refs(column.metric.formula)
                )
                else -1
                for column in self.columns
            ],
            dtype=np.int64,
        )

    @cached_property
    def is_activity(self) -> NDArray[np.bool_]:
        """Whether it counts what is done in a content channel: who does nothing there is idle.

        What is sold there is judged by what was shown (`shown_row`).
        """
        measures = self.registry.measures
        sums = {Aggregation.SUM, Aggregation.MEAN}
        return np.array(
            [
                column.channel is not Channel.SHOP
                and column.metric.direction is Direction.HIGHER
                and not quotient
                and all(
                    measures[ref.key].aggregation in sums for ref in refs(column.metric.formula)
                )
                for column, quotient in zip(self.columns, self.is_quotient[:, 0], strict=True)
            ],
            dtype=bool,
        ) & (self.shown_row < 0)

    @cached_property
    def grows_with_shop(self) -> NDArray[np.bool_]:
        """Whether peers must be of the shop's own tier; shape (columns, 1)."""
        return self._per_column(column.metric.grows_with_shop for column in self.columns) > 0

    @cached_property
    def scale(self) -> Floats:
        """Ten to the power of the decimals that published numbers keep."""
        return self._per_column(10.0**column.metric.unit.decimals for column in self.columns)

    @cached_property
    def noise_row(self) -> NDArray[np.int64]:
        """Each column's row in the snapshot's history; −1: none (the metric is newer)."""
        metrics, known = self.registry.metrics, self.manifest.metrics
        history = enumerate(self.manifest.history)
        rows = {(metric, Channel(channel)): i for i, (metric, channel) in history}
        return np.array(
            [
                rows.get((c.metric.key, c.channel), -1)
                if known.get(c.metric.key) == fingerprint(metrics[c.metric.key].numbers)
                else -1
                for c in self.columns
            ],
            dtype=np.int64,
        )

    def _per_column(self, values: Iterable[float]) -> Floats:
        return np.array(list(values), dtype=np.float64)[:, None]

    @cached_property
    def programs(self) -> dict[Period, Program]:
        """The metrics themselves, in every period that the stages or a policy line ask for."""
        asked = {Period.L7D, Period.P7D, Period.L30D}
        for line in self.policy.lines:
            windows = [line.window, *([line.requires.window] if line.requires is not None else ())]
            asked.update(period for window in windows for period in PERIODS_OF[window])
        return {
            period: self._program(
                period,
                lambda m, at=period: m.formula if at in periods_of(m) else None,  # type: ignore[misc]
            )
            for period in Period
            if period in asked
        }

    @cached_property
    def samples(self) -> dict[Period, Program]:
        """What the minimum sample counts."""
        periods = (Period.L7D, Period.P7D, Period.L30D)
        return {each: self._program(each, lambda m: m.sample_formula) for each in periods}

    @cached_property
    def events(self) -> dict[Period, Program]:
        """The counted events behind the values; of a mean per day those of all days."""
        periods = (Period.L7D, Period.P7D, Period.L30D)
        return {
            each: self._program(
                each,
                lambda m, at=each: (
                    m.event_formula * at.days if self._is_mean(m) else m.event_formula
                ),  # type: ignore[misc]
            )
            for each in periods
        }

    def is_state(self, metric: Metric) -> bool:
        """Whether its value is how things stand, as of a gauge, and not what a window holds."""
        measures = self.registry.measures
        return all(
            measures[ref.key].aggregation is Aggregation.LAST for ref in refs(metric.formula)
        )

    def _is_mean(self, metric: Metric) -> bool:
        """Whether the things behind it are told as a mean per day."""
        measures = self.registry.measures
        return any(
            measures[ref.key].aggregation is Aggregation.MEAN for ref in refs(metric.event_formula)
        )

    def _program(self, period: Period, formula_of: Callable[[Metric], Formula | None]) -> Program:
        wanted = [
            (number, formula, column.channel)
            for number, column in enumerate(self.columns)
            if (formula := formula_of(column.metric)) is not None
        ]
        return Program(wanted, period, self.row_of, len(self.columns))

    @cached_property
    def peer_rows(self) -> NDArray[np.int64]:
        """(column, row in the benchmark set) of every comparison with peers; shape (2, rows)."""
        return self._in_set("rows")

    @cached_property
    def move_rows(self) -> NDArray[np.int64]:
        """(column, row in the benchmark set) of every known market move; shape (2, rows)."""
        return self._in_set("moves")

    @cached_property
    def cohort_index(self) -> dict[Cohort, int]:
        """Position of each cohort in the benchmark set."""
        cohorts = self.benchmarks.manifest.cohorts if self.benchmarks is not None else ()
        return {cohort: number for number, cohort in enumerate(cohorts)}

    def _in_set(self, kind: str) -> NDArray[np.int64]:
        pairs: list[tuple[int, int]] = []
        if self.benchmarks is not None:
            manifest = self.benchmarks.manifest
            for row, (metric, channel) in enumerate(getattr(manifest, kind)):
                column = self.index.get((metric, Channel(channel)))
                if column is not None and manifest.metrics.get(metric) == self.print_of(metric):
                    pairs.append((column, row))
        return np.array(pairs, dtype=np.int64).reshape(-1, 2).T

    def print_of(self, metric: str) -> str:
        """Fingerprint of a metric together with its benchmark, and with the code behind it."""
        declared, registry = self.registry.metrics[metric], self.registry
        versions = [registry.plugins[each].version for each in sorted(self.derivers_of(declared))]
        parts = [declared.numbers, registry.benchmarks.get(metric)]
        return fingerprint([*parts, versions] if versions else parts)

    def derivers_of(self, metric: Metric) -> set[str]:
        """The plugins whose own code computes what a metric reads."""
        formulas = (metric.formula, metric.sample_formula, metric.event_formula)
        read = {ref.key for formula in formulas for ref in refs(formula)}
        return {measure.partition(".")[0] for measure in read & self._derived_measures}

    @cached_property
    def _derived_measures(self) -> set[str]:
        return {measure for _, measure, _ in self.derived}

    @cached_property
    def drivers(self) -> Drivers:
        """The drivers of each metric, in the channels in which both are known."""
        pairs = [
            np.array(found, dtype=np.int64).T
            for driven, driver in _from_the_causes(self.registry.metrics)
            if (
                found := [
                    (self.index[driven, channel], self.index[driver, channel])
                    for channel in CHANNELS
                    if {(driven, channel), (driver, channel)} <= self.index.keys()
                ]
            )
        ]
        columns = np.unique(np.concatenate(pairs, axis=None)) if pairs else np.zeros(0, np.int64)
        place = np.full(len(self.columns), -1, dtype=np.int64)
        place[columns] = np.arange(columns.size)
        answered = np.full(len(self.offers), -1, dtype=np.int64)
        if Declined in self.triggers:
            declines = self.triggers[Declined]
            answered[declines.offer] = place[declines.column]
        return Drivers(columns, answered, tuple((place[of], place[by]) for of, by in pairs))

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Every template in every channel where it can act and its numbers exist."""
        return tuple(
            offer
            for template in self.registry.templates.values()
            for offer in self._offers_of(template)
        )

    @cached_property
    def offer_columns(self) -> Integers:
        """The column of each offer's evidence."""
        return np.array([offer.column for offer in self.offers], dtype=np.int64)

    def _offers_of(self, template: TaskTemplate) -> Iterable[Offer]:
        category, trigger = self.registry.category_of(template.key), template.trigger
        priority = priority_of(trigger)
        if isinstance(trigger, Crosses):
            lines = [line for line in self.policy.lines if line.key == trigger.line]
            for channel, metric in dict.fromkeys((line.channel, line.metric) for line in lines):
                column = self.index.get((metric, channel))
                tests = self._tests(template, channel)
                if column is not None and tests is not None:
                    yield Offer(
                        template, category, channel, column, None, trigger.line, tests, priority
                    )
            return
        judged = self.registry.metrics.get(trigger.metric)  # None: its plugin is switched off
        channels = template.channels or (judged.channels if judged is not None else ())
        for channel in sorted(channels, key=_ORDER.__getitem__):
            test = self._test(trigger, (channel,))  # evidence is of the card's own channel
            tests = self._tests(template, channel)
            if test is not None and tests is not None:
                yield Offer(template, category, channel, test.column, test, "", tests, priority)

    def _tests(self, template: TaskTemplate, channel: Channel) -> tuple[Test, ...] | None:
        places = (channel, Channel.SHOP)  # a condition may be of the whole shop
        tests = [self._test(condition, places) for condition in template.only_if]
        return None if None in tests else tuple(test for test in tests if test is not None)

    def _test(self, condition: Condition, places: tuple[Channel, ...]) -> Test | None:
        """The condition's column, in the first of the places that has one; None: it is dark."""
        pinned = condition.channel if isinstance(condition, AtLeast | AtMost) else None
        places = (pinned,) if pinned else places
        column = next(
            (
                self.index[condition.metric, p]
                for p in places
                if (condition.metric, p) in self.index
            ),
            None,
        )
        if column is None:
            return None
        if isinstance(condition, Declined | BehindPeers):
            return Test(condition, column)
        return Test(condition, column, self.values[condition.line.key])

    @cached_property
    def triggers(self) -> dict[type[Condition], Triggers]:
        """The triggers that are no policy lines, by their kind."""
        found: dict[type[Condition], list[tuple[int, Test]]] = {}
        for number, offer in enumerate(self.offers):
            if offer.trigger is not None:
                found.setdefault(type(offer.trigger.condition), []).append((number, offer.trigger))
        return {
            kind: Triggers(
                offer=np.array([number for number, _ in each]),
                column=np.array([test.column for _, test in each]),
                line=np.array([[test.line] for _, test in each]),
            )
            for kind, each in found.items()
        }

    @cached_property
    def ways(self) -> dict[str, tuple[tuple[Condition | Crosses, str], ...]]:
        """Card without its product → the triggers that lead to it, and the column of each.

        Also where that column is dark; it is empty for a policy line.
        """
        found: dict[str, list[tuple[Condition | Crosses, str]]] = {}
        for template in self.registry.templates.values():
            trigger = template.trigger
            if isinstance(trigger, Crosses):
                lines = (line for line in self.policy.lines if line.key == trigger.line)
                places = [(channel, "") for channel in {line.channel for line in lines}]
            else:
                metric = self.registry.metrics.get(trigger.metric)
                channels = template.channels or (metric.channels if metric is not None else ())
                pinned = trigger.channel if isinstance(trigger, AtLeast | AtMost) else None
                places = [(each, f"{trigger.metric}:{pinned or each}") for each in channels]
            for channel, column in places:
                found.setdefault(f"{template.objective}:{channel}", []).append((trigger, column))
        return {card: tuple(ways) for card, ways in found.items()}

    @cached_property
    def rewards(self) -> Rewards:
        """Which programme rewards which offer for whom."""
        return Rewards(self.programmes, self.manifest, self.offers)

    @cached_property
    def campaigns(self) -> tuple[Campaign, ...]:
        """The campaigns to prepare for on the as-of date, the nearest first."""
        ahead = (each for each in self.registry.campaigns if each.is_ahead(self.manifest.as_of))
        return tuple(sorted(ahead, key=lambda each: (each.starts_on, each.name)))

    @cached_property
    def closing_lines(self) -> frozenset[str]:
        """Policy lines on which campaigns are closed to a shop.

        They are those that put campaigns at stake, and the later steps of the same ladder.
        """
        first: dict[str, float] = {}
        for line in self.policy.lines:
            if line.stake is not None and line.stake.measure == CAMPAIGN_GMV:
                first[line.ladder] = min(first.get(line.ladder, line.rung), line.rung)
        return frozenset(
            line.key
            for line in self.policy.lines
            if line.rung >= first.get(line.ladder, float("inf"))
        )

    @cached_property
    def deadlines(self) -> frozenset[str]:
        """Metrics of the days left to act."""
        lines = self.policy.lines
        told = {each.deadline.measure for each in lines if each.deadline is not None}
        metrics = self.registry.metrics
        return frozenset(
            key for key in metrics if any(ref.key in told for ref in refs(metrics[key].formula))
        )

    def lines_for(self, region: str) -> tuple[PolicyLine, ...]:
        """The policy lines that hold on the as-of date in a region and can be read here."""
        return tuple(
            line for line in self._lines_in(region) if (line.metric, line.channel) in self.index
        )

    def rows_of(self, line: str, region: str) -> tuple[PolicyLine, ...]:
        """The rows of a line that hold on the as-of date in a region, read here or not."""
        return tuple(row for row in self._lines_in(region) if row.key == line)

    def criteria_for(self, region: str) -> dict[str, PolicyLine]:
        """The rows that are conditions in a region on the as-of date, by key."""
        lines = self._lines_in(region)
        return {line.key: line for line in lines if line.criterion is not None}

    def points_last_days(self, region: str) -> int | None:
        """How long penalty points last in a region on the as-of date; None: no row says it."""
        lines = self._lines_in(region)
        told = (each.points_end_after_days for each in lines if each.metric == "penalty_points")
        return next((days for days in told if days is not None), None)

    def next_of(self, line: PolicyLine) -> PolicyLine | None:
        """The next step of a line's ladder on the as-of date; None for the last."""
        as_of, regions = self.manifest.as_of, set(line.regions)
        return next(
            (
                other
                for other in self.policy.lines
                if other.key == line.next
                and other.holds_on(as_of)
                and regions.intersection(other.regions)
            ),
            None,
        )

    @cached_property
    def legend(self) -> Legend:
        """What the positions of the metrics arrays mean; its id is a fingerprint of all of it."""
        columns = tuple(
            LegendColumn(
                metric=column.metric.key,
                title=column.metric.title,
                channel=column.channel,
                category=column.category,
                unit=column.metric.unit,
                direction=column.metric.direction,
                is_key=column.metric.is_key,
            )
            for column in self.columns
        )
        return Legend(id=fingerprint(columns), columns=columns)


def _from_the_causes(metrics: Mapping[str, Metric]) -> list[tuple[str, str]]:
    """(metric, driver) of all that drives anything; before each pair those of its driver."""
    found: dict[tuple[str, str], None] = {}

    def walk(key: str, above: frozenset[str]) -> None:
        for driver in metrics[key].driven_by if key in metrics and key not in above else ():
            walk(driver, above | {key})
            found[key, driver] = None

    for key in metrics:
        walk(key, frozenset())
    return list(found)
