"""The tables of a facts folder, opened in DuckDB and brought to one shape.

However a table was delivered (Parquet or CSV, wide or long, ids as text or integers, numbers as
text), its view has the columns `shop`, `day`, `channel` (a code, see `CHANNELS`) and cells: numbers
as integers of 1/units, so that sums are exact and the same whatever the number of threads. An
amount is thus held as the integer of its DECIMAL(18,4). What is no number (NaN, infinity, too
large, negative where that means "not final yet") is NULL: missing.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from shopace.core.errors import FactsError, Problem, did_you_mean
from shopace.core.host.registry import fingerprint
from shopace.core.vocabulary.channels import FIVE, Channel, parse_channel
from shopace.core.vocabulary.units import Unit
from shopace.core.warehouse.delivery import (
    Delivery,
    HasFiles,
    connected,
    digest,
    home_of,
)
from shopace.core.warehouse.detail_tables import OpenedDetail, open_tables
from shopace.core.warehouse.mapping import AbsentDay, FactsMapping, Kind, Layout, Source, Table
from shopace.core.warehouse.sql import (
    DAYS_ARE,
    as_date,
    as_day,
    as_number,
    as_text,
    is_day,
    is_given,
    is_id,
    is_number,
    is_text,
    name,
    reader,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from shopace.core.vocabulary.measures import Measure

CHANNELS = tuple(Channel)
"""The channel of a code."""
CODE = {channel: code for code, channel in enumerate(CHANNELS)}

_FINE = frozenset({Unit.RATIO, Unit.SCORE, Unit.MULTIPLE, Unit.HOURS})
"""Kept to six decimals; amounts, counts and the like to four."""
_CELL_BOUND = 1e16
"""Cells are smaller, in integer units: 180 days of five channels then fit 64 bits."""


FileState = tuple[int, int, int]


def _state(file: Path) -> FileState | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns


def units_of(measure: Measure) -> int:
    """How many integer units make 1 of the measure."""
    return 1_000_000 if measure.unit in _FINE else 10_000


@dataclass(frozen=True)
class Cell:
    """A measure as one table delivers it."""

    measure: Measure
    source: Source
    absent_day: AbsentDay


@dataclass(frozen=True, eq=False)
class FactsTable:
    """An opened table.

    `raw` is the view of all rows, with x (number), t (whether anything is given) and c (integer
    units) per cell; in the long layout one of each and `cell`, the index into `cells`.
    """

    index: int
    table: Table
    files: tuple[Path, ...]
    cells: tuple[Cell, ...]
    columns: dict[str, str]
    """Name → DuckDB type."""
    words: dict[str | None, Channel | None]
    """Words of the channel column; None: kept out."""
    undeclared: tuple[str, ...]
    first_day: date | None
    """The first day that is known; None: the table has no rows."""
    last_day: date | None
    """The last day that is known."""
    absent_words: tuple[str, ...] = ()
    """In the long layout: words of declared measures that no row holds."""

    @property
    def is_long(self) -> bool:
        return self.table.layout is Layout.LONG

    @property
    def source(self) -> str:
        """The files, as SQL."""
        return reader(self.files)

    @property
    def raw(self) -> str:
        return f"raw_{self.index}"

    @property
    def profile(self) -> str:
        return f"profile_{self.index}"

    @property
    def keys(self) -> str:
        """The columns that make a row the same as another."""
        return "shop, day, channel" + (", cell" if self.is_long else "")

    @property
    def cell_columns(self) -> tuple[str, ...]:
        return ("c",) if self.is_long else tuple(f"c{i}" for i in range(len(self.cells)))


def facts_view(table: FactsTable) -> str:
    """The view of a checked table: rows of known channels, each once."""
    return f"facts_{table.index}"


def shops_view(table: FactsTable) -> str:
    """The view of a checked table of shops: each shop once."""
    return f"shops_{table.index}"


@dataclass
class Facts(Delivery):
    """Opened facts. Use it as `open_facts` gives it, within its `with` block."""

    measures: Mapping[str, Measure]
    tables: list[FactsTable] = field(default_factory=list)
    shop_tables: list[FactsTable] = field(default_factory=list)
    details: dict[Kind, OpenedDetail] = field(default_factory=dict)
    """What was delivered of the other kinds; each kind has a view of its name in any case."""

    @property
    def first_day(self) -> date:
        return min(each.first_day for each in self.tables if each.first_day is not None)

    @property
    def last_day(self) -> date:
        """The latest final day."""
        declared = self.mapping.marketplace.latest_final_day
        if declared is not None:
            return declared
        return max(each.last_day for each in self.tables if each.last_day is not None)

    def day_of(self, as_of: date | None) -> date:
        """The as-of date of a snapshot. Raises FactsError for a day without facts."""
        if as_of is None:
            return self.last_day
        if not self.first_day <= as_of <= self.last_day:
            raise FactsError(
                f"there are no final facts of {as_of}",
                hint=f"they reach from {self.first_day} to {self.last_day}",
            )
        return as_of

    @property
    def files(self) -> list[Path]:
        """Of all tables, sorted."""
        tables: list[HasFiles] = [*self.tables, *self.shop_tables, *self.details.values()]
        return sorted({file for each in tables for file in each.files})

    def fingerprint(self) -> str:
        """Of the files' names and contents."""
        return fingerprint([(self.name_of(file), digest(file)) for file in self.files])

    def states(self) -> dict[Path, FileState | None]:
        """What tells a file that was written again from the one before."""
        return {file: _state(file) for file in self.files}

    def require_unchanged(self, before: Mapping[Path, FileState | None]) -> None:
        """Raise FactsError naming the files whose states are no more what they were."""
        changed = [file for file, state in before.items() if _state(file) != state]
        if changed:
            problems = [
                Problem(where=self.name_of(file), what="changed while it was read")
                for file in changed
            ]
            hint = "build again when the delivery is complete"
            raise FactsError("the facts are not used", problems=problems, hint=hint)


@contextmanager
def open_facts(
    mapping: FactsMapping,
    folder: Path | str,
    measures: Mapping[str, Measure],
    *,
    spill: Path | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> Iterator[Facts]:
    """Open all tables. Raises FactsError with every file that cannot be used, and why.

    `spill` is the folder for what does not fit into memory; None: a temporary one.
    """
    home = home_of(folder)
    with connected(spill, threads, memory_limit) as connection:
        facts = Facts(mapping, home, connection, measures)
        problems: list[Problem] = []
        for index, table in enumerate(mapping.tables):
            opened = _open(facts, index, table, problems)
            if opened is not None:
                (facts.tables if table.kind is Kind.FACTS else facts.shop_tables).append(opened)
        facts.details.update(open_tables(facts, problems))
        if not problems and all(each.first_day is None for each in facts.tables):
            rows = sum(
                facts.rows(f"SELECT count(*) FROM {each.raw}")[0][0] for each in facts.tables
            )
            what = "the facts have no rows"
            if rows:
                what = f"none of {rows} rows has a date that can be read"
            problems.append(Problem(where=home.name, what=what, hint=DAYS_ARE if rows else ""))
        if problems:
            raise FactsError("the facts are refused", problems=problems)
        yield facts


def _open(facts: Facts, index: int, table: Table, problems: list[Problem]) -> FactsTable | None:
    before = len(problems)
    found = facts.open_files(table.files, _place(facts, index), _named_columns(table), problems)
    if found is None:
        return None
    files, columns = found
    _judge_types(facts, index, table, columns, problems)
    if len(problems) > before:
        return None
    opened = FactsTable(index, table, files, (), columns, {}, (), None, None)
    words = _measure_words(facts, opened, problems)
    if table.channel is not None:
        opened.words.update(_channel_words(facts, opened, problems))
    if len(problems) > before:
        return None
    cells, undeclared = _cells(facts, table, columns, words)
    absent = tuple(_absent_words(facts, opened, words, undeclared, problems))
    if len(problems) > before:
        return None
    opened = replace(opened, cells=cells, undeclared=undeclared, absent_words=absent)
    _create_views(facts, opened)
    if table.kind is Kind.SHOPS:
        return opened
    return _with_days(facts, opened)


def _place(facts: Facts, index: int) -> int:
    """The number of a table in the mapping file."""
    return facts.mapping.places[index]


def _named_columns(table: Table) -> list[tuple[str, str]]:
    """(key of the mapping, column that it names)."""
    named = [("shop", table.shop)]
    if table.kind is Kind.FACTS:
        named.append(("date", table.date))
    if table.channel is not None:
        named.append(("channel", table.channel))
    if table.layout is Layout.LONG:
        named += [("measure", table.measure), ("value", table.value)]
    elif table.sources is not None:
        for each in table.sources:
            key = each.measure + (f"@{each.channel}" if each.channel else "")
            named.append((f"measures.{key}", each.column))
    return named + [(f"profile.{field}", column) for field, column in table.profile]


def _judge_types(
    facts: Facts, index: int, table: Table, columns: Mapping[str, str], problems: list[Problem]
) -> None:
    named = _named_columns(table)
    if table.kind is Kind.FACTS and table.layout is Layout.WIDE and table.sources is None:
        named += [(f"measures.{each}", each) for each in columns if each in facts.measures]
    for key, column in named:
        kind = columns.get(column, "VARCHAR")
        hint = ""
        if key == "shop":
            means, fits = "an id: deliver text or an integer", is_id(kind)
            if kind in ("FLOAT", "DOUBLE"):
                hint = "floating point loses digits of ids beyond 2^53"
        elif key in ("date", "profile.opened_on"):
            means, fits = "a day: deliver DATE", is_day(kind)
        elif key == "value" or key.startswith("measures."):
            means, fits = "a number", is_number(kind)
        elif key == "profile.focus_channels":
            means, fits = "text", is_text(kind) or kind == "VARCHAR[]"
        else:
            means, fits = "text", is_text(kind)
        if not fits:
            where = f"{facts.mapping.origin}: tables[{_place(facts, index)}].{key}"
            what = f'the column "{column}" of {table.files} is {kind}, not {means}'
            problems.append(Problem(where=where, what=what, hint=hint))


def _measure_words(facts: Facts, table: FactsTable, problems: list[Problem]) -> list[str]:
    """The words of a long table's measure column."""
    if not table.is_long:
        return []
    where = f"{facts.mapping.origin}: tables[{_place(facts, table.index)}].measure"
    words = facts.words(table, table.source, table.table.measure, where, problems)
    return sorted(word for word in words if word is not None)


def _cells(
    facts: Facts, table: Table, columns: Mapping[str, str], words: Sequence[str]
) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """The measures of a table, and the columns (words) that nobody declared."""
    if table.kind is not Kind.FACTS:
        used = {column for _, column in _named_columns(table)}
        return (), tuple(each for each in columns if each not in used)
    present = list(words) if table.layout is Layout.LONG else list(columns)
    used = {column for _, column in _named_columns(table)}
    sources = table.sources
    if sources is None:
        named = [each for each in present if each in facts.measures]
        sources = tuple(Source(measure=each, column=each) for each in named)
        used |= set(named)
    else:
        used |= {each.column for each in sources}
    default = table.absent_day if table.absent_day is not None else AbsentDay.MISSING
    cells = tuple(
        Cell(
            facts.measures[each.measure],
            each,
            each.absent_day if each.absent_day is not None else default,
        )
        for each in sources
    )
    return cells, tuple(each for each in present if each not in used)


def _absent_words(
    facts: Facts,
    table: FactsTable,
    words: Collection[str],
    undeclared: Sequence[str],
    problems: list[Problem],
) -> Iterator[str]:
    """Declared words that no row holds; a problem where one that nobody declared is meant."""
    for each in (table.table.sources or ()) if table.is_long else ():
        if each.column in words:
            continue
        hint = did_you_mean(each.column, undeclared)
        if not hint:
            yield each.column
            continue
        key = each.measure + (f"@{each.channel}" if each.channel else "")
        where = f"{facts.mapping.origin}: tables[{_place(facts, table.index)}].measures.{key}"
        what = f'names the measure "{each.column}", which {table.table.files} does not have'
        problems.append(Problem(where=where, what=what, hint=hint))


def _channel_words(
    facts: Facts, table: FactsTable, problems: list[Problem]
) -> dict[str | None, Channel | None]:
    where = f"{facts.mapping.origin}: tables[{_place(facts, table.index)}].channel"
    words = facts.words(table, table.source, str(table.table.channel), where, problems)
    declared = dict(table.table.channel_words)
    return {word: _channel(word, declared, facts.mapping) for word in words}


def _channel(
    word: str | None, declared: Mapping[str, Channel], mapping: FactsMapping
) -> Channel | None:
    if word is None:
        return None
    channel = declared.get(word)
    if channel is None:
        try:
            channel = parse_channel(word)
        except ValueError:
            return None
    absent = channel in FIVE and channel not in mapping.marketplace.channels
    return None if absent else channel


def _cell(number: str, cell: Cell) -> str:
    """Integer units of a number, NULL where it is none."""
    factor = repr(cell.source.scale * units_of(cell.measure))
    scaled = f"{number} * {factor}"
    low = f"-{_CELL_BOUND!r}" if cell.measure.may_be_negative else "0"
    fits = f"{scaled} >= {low} AND {scaled} < {_CELL_BOUND!r}"
    return f"CASE WHEN {fits} THEN TRY_CAST({scaled} AS BIGINT) END"


def _create_views(facts: Facts, table: FactsTable) -> None:
    declared, columns = table.table, table.columns
    shop = f"CAST({name(declared.shop)} AS VARCHAR) AS shop"
    base = reader(table.files)
    day = ""
    if declared.kind is Kind.FACTS:
        day = f", {as_day(name(declared.date), columns[declared.date])} AS day"
        facts.connection.execute(
            f"CREATE TEMP VIEW {table.raw} AS SELECT {shop}{day}, {_cell_columns(table)} "
            f"FROM {base}" + _long_rows(table)
        )
    fields = [_profile_column(field, column, columns[column]) for field, column in declared.profile]
    facts.connection.execute(
        f"CREATE TEMP VIEW {table.profile} AS SELECT {', '.join([shop + day, *fields])} FROM {base}"
    )


def _cell_columns(table: FactsTable) -> str:
    """Channel code and cells of a row, as SQL."""
    declared, columns = table.table, table.columns
    channel = str(CODE[Channel.SHOP])
    if declared.channel is not None:
        known = "".join(
            f" WHEN {text(word)} THEN {CODE[each]}"
            for word, each in table.words.items()
            if word is not None and each is not None
        )
        column = f"CAST({name(declared.channel)} AS VARCHAR)"
        channel = f"CASE {column}{known} ELSE NULL END" if known else "NULL"
    if not table.is_long:
        parts = [f"CAST({channel} AS UTINYINT) AS channel"]
        for i, cell in enumerate(table.cells):
            column = name(cell.source.column)
            number = as_number(column, columns[cell.source.column])
            parts += [
                f"{number} AS x{i}",
                f"{is_given(column, columns[cell.source.column])} AS t{i}",
                f"{_cell(number, cell)} AS c{i}",
            ]
        return ", ".join(parts)
    word = f"CAST({name(declared.measure)} AS VARCHAR)"
    value = name(declared.value)
    number = as_number(value, columns[declared.value])
    codes, cells, own = "", "", ""
    for i, cell in enumerate(table.cells):
        when = f" WHEN {text(cell.source.column)} THEN "
        codes += f"{when}{i}"
        cells += f"{when}{_cell(number, cell)}"
        if cell.source.channel is not None:
            own += f"{when}{CODE[cell.source.channel]}"
    channel = f"CASE {word}{own} ELSE {channel} END" if own else channel
    return (
        f"CAST({channel} AS UTINYINT) AS channel, "
        f"CAST({f'CASE {word}{codes} END' if codes else 'NULL'} AS USMALLINT) AS cell, "
        f"{number} AS x, {is_given(value, columns[declared.value])} AS t, "
        f"{f'CASE {word}{cells} END' if cells else 'CAST(NULL AS BIGINT)'} AS c"
    )


def _long_rows(table: FactsTable) -> str:
    """A long table's rows of undeclared words are not looked at."""
    if not table.is_long:
        return ""
    words = ", ".join(text(cell.source.column) for cell in table.cells)
    return f" WHERE CAST({name(table.table.measure)} AS VARCHAR) IN ({words or 'NULL'})"


def _profile_column(field: str, column: str, kind: str) -> str:
    quoted = name(column)
    if field == "opened_on":
        return f"{as_date(quoted, kind)} AS {field}"
    if kind == "VARCHAR[]":
        return f"NULLIF(array_to_string({quoted}, ','), '') AS {field}"
    return f"{as_text(quoted)} AS {field}"


def _with_days(facts: Facts, table: FactsTable) -> FactsTable:
    """Which days are known: declared ones, else from the first to the last date of the table."""
    first, last = facts.rows(f"SELECT min(day), max(day) FROM {table.raw}", table)[0]
    market = facts.mapping.marketplace
    if first is not None:
        first = market.first_day if market.first_day is not None else first
        last = max(last, table.table.known_until or last)
    return replace(table, first_day=first, last_day=last)
