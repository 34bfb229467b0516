"""Tables of products, their days, contents, creators and violations, opened and in one shape.

Every kind has a view of its own name (`products`, `product_facts`, `contents`, `creators`,
`violations`), empty where nothing was delivered: ids and words as text, numbers as DOUBLE, sums as
DECIMAL(18,4), days as DATE in the column `day`, channels by their keys. Unknown is NULL.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shopace.core.errors import FactsError, Problem
from shopace.core.vocabulary.channels import FIVE, Channel, parse_channel
from shopace.core.warehouse.delivery import Delivery, connected, home_of
from shopace.core.warehouse.details import SHAPES, DetailTable, FieldType
from shopace.core.warehouse.mapping_parts import Source
from shopace.core.warehouse.sql import (
    as_date,
    as_day,
    as_number,
    as_text,
    is_day,
    is_flag,
    is_id,
    is_number,
    is_text,
    name,
    reader,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shopace.core.warehouse.details import Field
    from shopace.core.warehouse.mapping import FactsMapping
    from shopace.core.warehouse.mapping_parts import Kind

BOUND = 1e12
"""Numbers are smaller; a larger one is none."""
_YES = ("yes", "true", "1", "1.0", "y")
_NO = ("no", "false", "0", "0.0", "n")


@dataclass(frozen=True, eq=False)
class OpenedDetail:
    """A table as it was found."""

    table: DetailTable
    files: tuple[Path, ...]
    columns: dict[str, str]
    """Name → DuckDB type."""
    sources: tuple[Source, ...]
    words: dict[str | None, Channel | None]
    """Words of the channel column; None: kept out."""
    undeclared: tuple[str, ...]
    first_day: date | None = None
    """The first day that is known; None: no rows, or no days in this kind."""
    last_day: date | None = None
    """The last day that is known."""
    last_row: date | None = None

    @property
    def kind(self) -> Kind:
        return self.table.kind

    @property
    def source(self) -> str:
        """The files, as SQL."""
        return reader(self.files)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the view that make a row the same as another."""
        shape = self.table.shape
        return (*map(column_of, shape.keys), *(("channel",) if shape.has_channel else ()))


@dataclass
class Details(Delivery):
    """Opened tables of these kinds alone. Use it as `open_details` gives it, within its block."""

    details: dict[Kind, OpenedDetail] = field(default_factory=dict)
    """What was delivered. The views of the other kinds are empty."""


@contextmanager
def open_details(
    mapping: FactsMapping,
    folder: Path | str,
    *,
    spill: Path | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> Iterator[Details]:
    """Open the tables of products, contents, creators and violations, and nothing else.

    Rows that repeat another are there once. Raises FactsError with every file that cannot be used;
    what else can be wrong with them, `check_facts` tells. `spill` as in `open_facts`.
    """
    home = home_of(folder)
    with connected(spill, threads, memory_limit) as connection:
        opened = Details(mapping, home, connection)
        problems: list[Problem] = []
        opened.details.update(open_tables(opened, problems))
        if problems:
            raise FactsError("the facts are refused", problems=problems)
        for each in opened.details.values():
            create_view(opened, each.kind, each, distinct=True)
        yield opened


def open_tables(delivery: Delivery, problems: list[Problem]) -> dict[Kind, OpenedDetail]:
    """Open what the mapping declares, with a view of every kind; `problems` grows."""
    found: dict[Kind, OpenedDetail] = {}
    for table in delivery.mapping.details:
        opened = _open(delivery, table, problems)
        if opened is not None:
            found[table.kind] = opened
    for kind in SHAPES:
        create_view(delivery, kind, found.get(kind))
    return {kind: _with_days(delivery, each) for kind, each in found.items()}


def create_view(
    delivery: Delivery, kind: Kind, opened: OpenedDetail | None, *, distinct: bool = False
) -> None:
    """(Re)create the view of a kind; `distinct`: rows that repeat another are left out."""
    columns = _columns(kind, opened)
    listed = ", ".join(f"{sql} AS {column}" for column, sql in columns.items())
    source = f"FROM {opened.source}" if opened is not None else "WHERE false"
    select = "SELECT DISTINCT" if distinct else "SELECT"
    rows = f"{select} * FROM (SELECT {listed} {source})"
    if opened is not None and opened.table.channel is not None:
        rows += " WHERE channel IS NOT NULL"
    delivery.rows(f"CREATE OR REPLACE TEMP VIEW {kind} AS {rows}", opened)


def column_of(key: str) -> str:
    """The view's name of a key."""
    return "day" if key == "date" else key


def _open(delivery: Delivery, table: DetailTable, problems: list[Problem]) -> OpenedDetail | None:
    before = len(problems)
    found = delivery.open_files(table.files, table.place, _named(table), problems)
    if found is None:
        return None
    files, columns = found
    sources = table.sources
    if sources is None:
        delivered = [each for each in table.shape.measures if each in columns]
        sources = tuple(Source(measure=each, column=each) for each in delivered)
    _judge_types(delivery, table, columns, problems)
    if len(problems) > before:
        return None
    used = {column for _, column in _named(table)} | {each.column for each in sources}
    undeclared = tuple(each for each in columns if each not in used)
    opened = OpenedDetail(table, files, columns, sources, {}, undeclared)
    if table.channel is not None:
        where = f"{delivery.mapping.origin}: tables[{table.place}].channel"
        declared = dict(table.channel_words)
        for word in delivery.words(opened, opened.source, table.channel, where, problems):
            opened.words[word] = _channel(word, declared, delivery.mapping)
    return opened


def _named(table: DetailTable) -> list[tuple[str, str]]:
    """(key of the mapping, column that it names)."""
    named = list(table.keys)
    if table.channel is not None:
        named.append(("channel", table.channel))
    named += [(f"fields.{name}", column) for name, column in table.fields]
    return named + [(f"measures.{each.measure}", each.column) for each in table.sources or ()]


def _judge_types(
    delivery: Delivery, table: DetailTable, columns: Mapping[str, str], problems: list[Problem]
) -> None:
    types = {f"fields.{each.name}": each.type for each in table.shape.fields}
    for key, column in _named(table):
        kind, hint = columns.get(column, "VARCHAR"), ""
        of = types.get(key)
        if key == "date" or of is FieldType.DAY:
            means, fits = "a day: deliver DATE", is_day(kind)
        elif key.startswith("measures.") or of is FieldType.NUMBER:
            means, fits = "a number", is_number(kind)
        elif of is FieldType.FLAG:
            means, fits = "yes or no: deliver BOOLEAN", is_flag(kind)
        elif of is not None or key == "channel":
            means, fits = "text", is_text(kind)
        else:
            means, fits = "an id: deliver text or an integer", is_id(kind)
            if kind in ("FLOAT", "DOUBLE"):
                hint = "floating point loses digits of ids beyond 2^53"
        if not fits:
            where = f"{delivery.mapping.origin}: tables[{table.place}].{key}"
            what = f'the column "{column}" of {table.files} is {kind}, not {means}'
            problems.append(Problem(where=where, what=what, hint=hint))


def _columns(kind: Kind, opened: OpenedDetail | None) -> dict[str, str]:
    """Every column of the view, as SQL over the files."""
    shape = SHAPES[kind]
    keys = {column_of(each): "DATE" if each == "date" else "VARCHAR" for each in shape.keys}
    if shape.has_channel:
        keys["channel"] = "VARCHAR"
    types = keys | {each.name: each.type.sql for each in shape.fields}
    types |= dict.fromkeys(shape.measures, "DECIMAL(18,4)")
    made = {column: f"CAST(NULL AS {kind})" for column, kind in types.items()}
    if opened is None:
        return made
    table, columns = opened.table, opened.columns
    for key, column in table.keys:
        quoted = name(column)
        sql = as_day(quoted, columns[column]) if key == "date" else f"CAST({quoted} AS VARCHAR)"
        made[column_of(key)] = sql
    if shape.has_channel:
        made["channel"] = _channel_column(opened)
    declared = {each.name: each for each in shape.fields}
    for field_name, column in table.fields:
        if declared[field_name].type is FieldType.NUMBER:
            continue
        made[field_name] = _field(table, declared[field_name], column, columns[column])
    return made | {each.name: each.value for each in numbers_of(opened)}


def _field(table: DetailTable, about: Field, column: str, kind: str) -> str:
    quoted = name(column)
    match about.type:
        case FieldType.TEXT:
            return as_text(quoted)
        case FieldType.DAY:
            return as_date(quoted, kind)
        case FieldType.FLAG:
            word = word_of(table, about, column)
            return f"CASE {word} WHEN 'yes' THEN true WHEN 'no' THEN false END"
        case _:
            return word_of(table, about, column)


def word_of(table: DetailTable, about: Field, column: str) -> str:
    """Our word for what stands in a column, NULL where nobody knows it."""
    given = as_text(name(column))
    declared = "".join(
        f" WHEN {given} = {text(word)} THEN {text(ours)}"
        for of, word, ours in table.words
        if of == about.name
    )
    plain = f"replace(replace(lower({given}), ' ', '_'), '-', '_')"
    spellings: dict[str, tuple[str, ...]] = {each: (each,) for each in about.words}
    if about.type is FieldType.FLAG:
        spellings = {"yes": _YES, "no": _NO}
    known = "".join(
        f" WHEN {plain} IN ({', '.join(text(each) for each in spelt)}) THEN {text(word)}"
        for word, spelt in spellings.items()
    )
    return f"CASE{declared}{known} END"


class Number(NamedTuple):
    """A number of the view, as SQL over the files."""

    name: str
    column: str
    raw: str
    """As delivered; NULL where it is no number."""
    value: str
    """As used; NULL also where it cannot be."""


def numbers_of(opened: OpenedDetail) -> list[Number]:
    """Every number of the table, fields and measures."""
    types = {each.name: each.type for each in opened.table.shape.fields}
    found = []
    for name_, column in opened.table.fields:
        if types[name_] is FieldType.NUMBER:
            raw = as_number(name(column), opened.columns[column])
            found.append(Number(name_, column, raw, _bounded(raw)))
    for each in opened.sources:
        raw = as_number(name(each.column), opened.columns[each.column])
        scaled = f"{raw} * {each.scale!r}" if each.scale != 1.0 else raw
        value = f"CAST({_bounded(scaled)} AS DECIMAL(18,4))"
        found.append(Number(each.measure, each.column, raw, value))
    return found


def _bounded(number: str) -> str:
    return f"CASE WHEN {number} >= 0 AND {number} < {BOUND!r} THEN {number} END"


def _channel_column(opened: OpenedDetail) -> str:
    if opened.table.channel is None:
        return text(Channel.SHOP)
    known = "".join(
        f" WHEN {text(word)} THEN {text(each)}"
        for word, each in opened.words.items()
        if word is not None and each is not None
    )
    if not known:
        return "CAST(NULL AS VARCHAR)"
    return f"CASE CAST({name(opened.table.channel)} AS VARCHAR){known} END"


def _channel(
    word: str | None, declared: Mapping[str, Channel], mapping: FactsMapping
) -> Channel | None:
    if word is None:
        return None
    try:
        channel = declared[word] if word in declared else parse_channel(word)
    except ValueError:
        return None
    absent = channel in FIVE and channel not in mapping.marketplace.channels
    return None if absent else channel


def _with_days(delivery: Delivery, opened: OpenedDetail) -> OpenedDetail:
    """Which days are known: declared ones, else from the first to the last date of the table."""
    if not opened.table.shape.has_days:
        return opened
    first, last = delivery.rows(f"SELECT min(day), max(day) FROM {opened.kind}", opened)[0]
    market = delivery.mapping.marketplace
    if first is not None:
        declared = opened.table.first_day, market.first_day
        first = next((each for each in declared if each is not None), first)
    known = max(last, opened.table.known_until or last) if last is not None else None
    return replace(opened, first_day=first, last_day=known, last_row=last)
