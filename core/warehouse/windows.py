"""Days become windows: DuckDB adds days up to buckets, NumPy adds buckets up to periods and weeks.

Every period and week begins and ends where a bucket does, so one pass over each table serves them
all. Sums stay integers to the end (see `facts_tables`): the same facts give the same bits whatever
the number of threads, the size of blocks and the layout of the tables.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shopace.core.evaluation import Column, evaluate, required_columns, weekly_noise
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import Ref, refs
from shopace.core.vocabulary.units import Aggregation, Period
from shopace.core.warehouse.facts import FactsReport, facts_view
from shopace.core.warehouse.facts_tables import CODE, Cell, Facts, FactsTable, units_of
from shopace.core.warehouse.mapping import AbsentDay
from shopace.core.warehouse.profiles import Profiles
from shopace.core.warehouse.snapshot_files import BlockArrays, HistoryRow
from shopace.core.warehouse.summands import Key, summands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

WEEKS = 13
"""Whole weeks before the current seven days that tell a shop's own noise."""
DAYS_READ = 7 * (WEEKS + 1)
"""Days up to the as-of date that periods and weeks read."""
RANGE_BLOCKS = 64
"""Blocks that are aggregated at once; more shops are staged, sorted, and taken in ranges."""

_AGE, _BIAS = 1 << 55, 1 << 54
"""A gauge's cell and its age make one integer, age · _AGE + _BIAS + cell: the least is the latest.
"""
_WIDEST = 128
"""Days of the widest bucket, so that ages within a bucket stay below 256."""
_LEAST = np.iinfo(np.int64).min
_NEVER = np.iinfo(np.int64).max

Span = tuple[int, int]
"""(days ago of the last day, days)."""


@dataclass(frozen=True)
class Cube:
    """One measure in one channel, days added up to buckets. Shapes are (buckets, shops)."""

    value: Integers
    """Sum, maximum or last value of the bucket, in integer units."""
    known: Integers
    """Known days; of a gauge: how many days ago its last value was, `_NEVER` without one."""


class Windows:
    """The arrays of a snapshot, block by block, and what its manifest tells of them."""

    def __init__(
        self,
        facts: Facts,
        report: FactsReport,
        as_of: date,
        metrics: Mapping[str, Metric],
        *,
        block_shops: int,
        range_blocks: int = RANGE_BLOCKS,
    ) -> None:
        self._facts, self._as_of, self._metrics = facts, as_of, metrics
        self._block_shops, self._range_shops = block_shops, block_shops * range_blocks
        self._tables = {each.index: each for each in facts.tables}
        self._delivered: dict[Key, tuple[FactsTable, int]] = {
            (each.measure, each.channel): (
                self._tables[each.table],
                _cell_index(self._tables[each.table], each.measure, each.channel),
            )
            for each in report.measures
        }
        self._profiles = Profiles(facts, as_of)

    @property
    def shop_count(self) -> int:
        return self._profiles.count

    @property
    def block_count(self) -> int:
        return -(-self.shop_count // self._block_shops)

    @property
    def vocabularies(self) -> dict[str, tuple[str, ...]]:
        return self._profiles.vocabularies

    @cached_property
    def rows(self) -> tuple[Column, ...]:
        """What metrics read and the facts have."""
        columns = required_columns(self._metrics.values(), self._facts.measures)
        return tuple(each for each in columns if self._members(each[1], each[2]))

    @cached_property
    def history(self) -> tuple[HistoryRow, ...]:
        return tuple(
            (metric.key, channel)
            for _, metric in sorted(self._metrics.items())
            for channel in sorted(metric.channels)
            if all(self._members(*each) for each in _reads(metric, channel))
        )

    def blocks(self) -> Iterator[BlockArrays]:
        """The blocks, in order of the shops' ids."""
        tables = [each for each in self._tables.values() if self._needed_cells(each)]
        self._create_days()
        staged = self.shop_count > self._range_shops
        if staged:
            for table in tables:
                self._stage(table)
        for start in range(0, self.shop_count, self._range_shops):
            stop = min(start + self._range_shops, self.shop_count)
            for table in tables:
                self._aggregate(table, start, stop, staged=staged)
            for first in range(start, stop, self._block_shops):
                count = min(self._block_shops, stop - first)
                yield self._block(tables, first, count)

    def _members(self, key: str, channel: Channel) -> tuple[Key, ...]:
        """The delivered columns that a column is made of; empty where there are none."""
        measure = self._facts.measures.get(key)
        market = self._facts.mapping.marketplace.channels
        return summands(measure, channel, self._delivered, market) if measure is not None else ()

    @cached_property
    def _needed(self) -> dict[Key, tuple[Key, ...]]:
        """Every column that a row or the history reads → the delivered ones it is made of."""
        wanted = {(measure, channel) for _, measure, channel in self.rows}
        for metric, channel in self.history:
            wanted |= set(_reads(self._metrics[metric], channel))
        return {each: self._members(*each) for each in sorted(wanted)}

    @cached_property
    def _spans(self) -> dict[Key, set[Span]]:
        """Column → the periods and weeks that are asked of it."""
        spans: dict[Key, set[Span]] = {each: set() for each in self._needed}
        for period, measure, channel in self.rows:
            spans[measure, channel].add((period.days_ago, period.days))
        for metric, channel in self.history:
            for each in _reads(self._metrics[metric], channel):
                spans[each] |= set(_WEEK_SPANS)
        return spans

    @cached_property
    def _bounds(self) -> tuple[int, ...]:
        """Bucket i holds the days from bounds[i] to below bounds[i + 1] days ago."""
        bounds, oldest = {0, 1}, 0
        for (key, _), spans in self._spans.items():
            measure = self._facts.measures[key]
            for ago, days in spans:
                bounds |= {ago, ago + days}
                if measure.aggregation is Aggregation.LAST:
                    oldest = max(oldest, ago + measure.max_age_days)
        end = max(oldest + 1, *bounds)
        return tuple(sorted(bounds | {end, *range(0, end, _WIDEST)}))

    @property
    def _buckets(self) -> int:
        return len(self._bounds) - 1

    def _needed_cells(self, table: FactsTable) -> list[int]:
        delivered = {each for members in self._needed.values() for each in members}
        found = {self._delivered[each] for each in delivered}
        return sorted(index for owner, index in found if owner is table)

    def _create_days(self) -> None:
        """The table of days: the bucket of each, and what its age adds to a gauge's cell."""
        bounds = self._bounds
        rows = []
        for ago in range(bounds[-1]):
            bucket = bisect_right(bounds, ago) - 1
            age = (ago - bounds[bucket]) * _AGE + _BIAS
            rows.append(f"(DATE '{self._as_of}' - {ago}, {bucket}, {age})")
        self._facts.rows(
            "CREATE OR REPLACE TEMP TABLE days AS SELECT day, CAST(bucket AS UTINYINT) AS bucket, "
            f"CAST(age AS BIGINT) AS age FROM (VALUES {', '.join(rows)}) AS v(day, bucket, age)"
        )

    def _placed(self, table: FactsTable) -> str:
        """The rows of a table with their shop's number and their bucket, as SQL."""
        only, cells = "", ", ".join(f"c{i}" for i in self._needed_cells(table))
        if table.is_long:
            listed = ", ".join(str(i) for i in self._needed_cells(table))
            cells, only = "cell, c", f" AND cell IN ({listed})"
        return (
            f"SELECT no, channel, bucket, age, {cells} FROM {facts_view(table)} "
            f"JOIN days USING (day) JOIN shops USING (shop) WHERE day >= DATE '{table.first_day}'"
            + only
        )

    def _stage(self, table: FactsTable) -> None:
        self._facts.rows(
            f"CREATE TEMP TABLE staged_{table.index} AS {self._placed(table)} ORDER BY no", table
        )

    def _aggregate(self, table: FactsTable, start: int, stop: int, *, staged: bool) -> None:
        source = f"staged_{table.index}" if staged else f"({self._placed(table)})"
        keys = "no, channel, bucket" + (", cell" if table.is_long else "")
        if table.is_long:
            columns = [part for each in Aggregation for part in _bucket("c", each, f"_{each}")]
        else:
            columns = [
                part
                for i in self._needed_cells(table)
                for part in _bucket(f"c{i}", table.cells[i].measure.aggregation, str(i))
            ]
        self._facts.rows(
            f"CREATE OR REPLACE TEMP TABLE windows_{table.index} AS "
            f"SELECT {keys}, count(*) AS n, {', '.join(columns)} FROM {source} "
            f"WHERE no >= {start} AND no < {stop} GROUP BY {keys}",
            table,
        )

    def _block(self, tables: Sequence[FactsTable], first: int, count: int) -> BlockArrays:
        loaded = {
            each.index: _Loaded(
                each,
                self._facts.arrays(
                    f"SELECT * FROM windows_{each.index} "
                    f"WHERE no >= {first} AND no < {first + count}"
                ),
                first=first,
                count=count,
                bounds=self._bounds,
                days=self._days_per_bucket(each),
            )
            for each in tables
        }
        values = np.full((len(self.rows), count), np.nan)
        known = np.zeros((len(self.rows), count), dtype=np.uint8)
        weekly: dict[Key, Floats] = {}
        positions: dict[Key, list[tuple[int, Period]]] = {}
        for row, (period, name, channel) in enumerate(self.rows):
            positions.setdefault((name, channel), []).append((row, period))
        for key, members in self._needed.items():
            measure = self._facts.measures[key[0]]
            cubes = [
                loaded[table.index].cube(index, channel)
                for member in members
                for (table, index), channel in [(self._delivered[member], member[1])]
            ]
            for row, period in positions.get(key, ()):
                span = (period.days_ago, period.days)
                values[row], known[row] = self._window(measure, cubes, span)
            if self._spans[key].issuperset(_WEEK_SPANS):
                weeks = [self._window(measure, cubes, span)[0] for span in reversed(_WEEK_SPANS)]
                weekly[key] = np.stack(weeks)
        return BlockArrays(
            values=values,
            known=known,
            history=self._noise(weekly, count),
            profile=self._profiles.block(first, count),
        )

    def _window(
        self, measure: Measure, cubes: Sequence[Cube], span: Span
    ) -> tuple[Floats, NDArray[np.uint8]]:
        """Value and known days of a span; over several channels all of them must be known."""
        totals = [self._total(measure, cube, span) for cube in cubes]
        value, known = totals[0]
        for other, days in totals[1:]:
            value, known = value + other, np.minimum(known, days)
        needed = 1 if measure.aggregation is Aggregation.LAST else span[1]
        scale = units_of(measure) * (span[1] if measure.aggregation is Aggregation.MEAN else 1)
        number = np.where(known == needed, value / scale, np.nan)
        return number, known.astype(np.uint8)

    def _total(self, measure: Measure, cube: Cube, span: Span) -> tuple[Integers, Integers]:
        """Integer units and known days of a span; units mean nothing where days are unknown."""
        start, stop = self._bounds.index(span[0]), self._bounds.index(span[0] + span[1])
        match measure.aggregation:
            case Aggregation.LAST:
                latest = cube.known[start:].argmin(axis=0)[None]
                ago = np.take_along_axis(cube.known[start:], latest, axis=0)[0]
                value = np.take_along_axis(cube.value[start:], latest, axis=0)[0]
                return value, (ago <= span[0] + measure.max_age_days).astype(np.int64)
            case Aggregation.MAX:
                return cube.value[start:stop].max(axis=0), cube.known[start:stop].sum(axis=0)
            case _:
                return cube.value[start:stop].sum(axis=0), cube.known[start:stop].sum(axis=0)

    def _noise(self, weekly: Mapping[Key, Floats], count: int) -> Floats:
        history = np.full((len(self.history), count), np.nan)
        for row, (key, channel) in enumerate(self.history):

            def of(ref: Ref, channel: Channel = channel) -> Floats:
                return weekly[ref.key, ref.channel or channel]

            history[row] = weekly_noise(evaluate(self._metrics[key].formula, of))
        return history

    def _days_per_bucket(self, table: FactsTable) -> Integers:
        """How many days of each bucket the table covers at all."""
        days = np.zeros(self._buckets, dtype=np.int64)
        if table.first_day is not None and table.last_day is not None:
            newest = max((self._as_of - table.last_day).days, 0)
            oldest = (self._as_of - table.first_day).days
            for bucket in range(self._buckets):
                low, high = self._bounds[bucket], self._bounds[bucket + 1] - 1
                days[bucket] = max(min(high, oldest) - max(low, newest) + 1, 0)
        return days


class _Loaded:
    """The buckets of one table for one block, as cubes on demand."""

    def __init__(
        self,
        table: FactsTable,
        columns: Mapping[str, Any],
        *,
        first: int,
        count: int,
        bounds: tuple[int, ...],
        days: Integers,
    ) -> None:
        self._table, self._columns, self._bounds, self._days = table, columns, bounds, days
        self._shape = (len(days), count)
        self._place = columns["bucket"].astype(np.int64) * count + (columns["no"] - first)
        self._pick: dict[tuple[int, int], NDArray[np.intp]] = {}

    def cube(self, index: int, channel: Channel) -> Cube:
        cell = self._table.cells[index]
        aggregation = cell.measure.aggregation
        rows = self._rows(index, cell, channel)
        of = f"_{aggregation}" if self._table.is_long else str(index)
        if aggregation is Aggregation.LAST:
            return self._gauge(self._grid(f"v{of}", rows, _NEVER))
        value = self._grid(f"v{of}", rows, _LEAST if aggregation is Aggregation.MAX else 0)
        known = self._grid(f"k{of}", rows, 0)
        if cell.absent_day is AbsentDay.ZERO:
            absent = np.maximum(self._days[:, None] - self._grid("n", rows, 0), 0)
            known += absent
            if aggregation is Aggregation.MAX:
                value = np.where(absent > 0, np.maximum(value, 0), value)
        return Cube(value, known)

    def _gauge(self, packed: Integers) -> Cube:
        ago = np.array(self._bounds[:-1])[:, None] + packed // _AGE
        return Cube(packed % _AGE - _BIAS, np.where(packed == _NEVER, _NEVER, ago))

    def _rows(self, index: int, cell: Cell, channel: Channel) -> NDArray[np.intp]:
        """Which rows hold the cell in the channel."""
        own = cell.source.channel is not None and not self._table.is_long
        code = CODE[Channel.SHOP if own else channel]
        key = (index if self._table.is_long else -1, code)
        if key not in self._pick:
            chosen = self._columns["channel"] == code
            if self._table.is_long:
                chosen &= self._columns["cell"] == index
            self._pick[key] = np.flatnonzero(chosen)
        return self._pick[key]

    def _grid(self, column: str, rows: NDArray[np.intp], nothing: int) -> Integers:
        grid = np.full(self._shape[0] * self._shape[1], nothing, dtype=np.int64)
        values = self._columns[column][rows]
        grid[self._place[rows]] = np.ma.filled(values, nothing)
        return grid.reshape(self._shape)


_WEEK_SPANS: tuple[Span, ...] = tuple((7 * week, 7) for week in range(1, WEEKS + 1))


def _reads(metric: Metric, channel: Channel) -> list[Key]:
    return [(each.key, each.channel or channel) for each in refs(metric.formula)]


def _cell_index(table: FactsTable, measure: str, channel: Channel) -> int:
    return next(
        i
        for i, each in enumerate(table.cells)
        if each.measure.key == measure and each.source.channel in (None, channel)
    )


def _bucket(cell: str, aggregation: Aggregation, alias: str) -> tuple[str, ...]:
    """How days become a bucket, as SQL: v, the value, and k, the known days."""
    match aggregation:
        case Aggregation.LAST:
            return (f"min(age + {cell}) AS v{alias}",)
        case Aggregation.MAX:
            return f"max({cell}) AS v{alias}", f"count({cell}) AS k{alias}"
        case _:
            return f"CAST(sum({cell}) AS BIGINT) AS v{alias}", f"count({cell}) AS k{alias}"
