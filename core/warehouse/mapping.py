"""The mapping file: what the columns of a marketplace's facts mean. Declared, never guessed.

TOML, judged whole: `load_mapping` raises one MappingError with every problem. See
`examples/*.mapping.toml` and docs/facts.md.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from shopace.core.errors import MappingError
from shopace.core.host.registry import fingerprint
from shopace.core.reading import parse_toml, read_toml
from shopace.core.vocabulary.channels import FIVE, Channel, parse_channel
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Aggregation
from shopace.core.warehouse.details import SHAPES, DetailTable, read_detail
from shopace.core.warehouse.mapping_parts import (
    AbsentDay,
    Kind,
    Source,
    channel_of,
    channel_words_of,
    files_of,
    scale_of,
)
from shopace.core.warehouse.regions import CODES
from shopace.core.warehouse.toml_reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shopace.core.vocabulary.measures import Measure

__all__ = [
    "PROFILE_FIELDS",
    "SCHEMA",
    "AbsentDay",
    "DetailTable",
    "FactsMapping",
    "Kind",
    "Layout",
    "Marketplace",
    "Source",
    "Table",
    "load_mapping",
    "parse_focus",
    "parse_mapping",
]

SCHEMA = "shopace.mapping/1"
PROFILE_FIELDS = (
    "name",
    "region",
    "industry",
    "currency",
    "timezone",
    "opened_on",
    "focus_channels",
)


class Layout(StrEnum):
    WIDE = "wide"
    """A column per measure."""
    LONG = "long"
    """A row per measure: its name in one column, its value in another."""


class Table(Record, frozen=True, kw_only=True):
    """A set of files with one meaning."""

    files: str
    """Glob, relative to the facts folder."""
    shop: str
    kind: Kind = Kind.FACTS
    date: str = ""
    absent_day: AbsentDay | None = None
    known_until: dt.date | None = None
    """Days up to it are known, with rows or without. None: to the last date in the table."""
    channel: str | None = None
    layout: Layout = Layout.WIDE
    measure: str = ""
    value: str = ""
    sources: tuple[Source, ...] | None = None
    """None: every column (word) that is named like a known measure."""
    channel_words: tuple[tuple[str, Channel], ...] = ()
    profile: tuple[tuple[str, str], ...] = ()
    """(profile field, column)."""

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.files).suffix.lower()


class Marketplace(Record, frozen=True, kw_only=True):
    name: str
    region: str
    """Of shops that carry none of their own; likewise currency and timezone."""
    currency: str
    timezone: str = "UTC"
    channels: tuple[Channel, ...] = FIVE
    channels_declared: bool = False
    """The list was given: a channel of it without any row is zero where absent days are zero."""
    first_day: dt.date | None = None
    """Days before it are missing, never zero. None: each table's own first date."""
    latest_final_day: dt.date | None = None
    """Later dates are refused, and some table must reach it. None: the latest date in the facts."""


class FactsMapping(Record, frozen=True, dict=True):
    """A mapping that is sound in itself; whether it fits the files is judged by `open_facts`."""

    marketplace: Marketplace
    tables: tuple[Table, ...]
    """Of facts and of shops."""
    details: tuple[DetailTable, ...] = ()
    """At most one of each kind."""
    places: tuple[int, ...] = ()
    """The number of each of `tables` in the file."""
    origin: str = "mapping.toml"
    """The file's name, for problems."""

    @cached_property
    def fingerprint(self) -> str:
        parts = [SCHEMA, self.marketplace, self.tables, *([self.details] if self.details else [])]
        return fingerprint(parts)


def load_mapping(path: Path | str, measures: Mapping[str, Measure]) -> FactsMapping:
    """Read and judge a mapping file. Raises MappingError with all its problems."""
    file = Path(path)
    try:
        document = read_toml(file)
    except ValueError as error:
        raise MappingError(f"the mapping {file} cannot be read: {error}") from error
    return _judged(document, measures, file.name)


def parse_mapping(
    text: str, measures: Mapping[str, Measure], *, origin: str = "mapping.toml"
) -> FactsMapping:
    """Judge the text of a mapping file. Raises MappingError with all its problems."""
    try:
        document = parse_toml(text)
    except ValueError as error:
        raise MappingError(f"the mapping {origin} cannot be read: {error}") from error
    return _judged(document, measures, origin)


def _judged(document: dict[str, Any], measures: Mapping[str, Measure], origin: str) -> FactsMapping:
    reader = Reader(document, origin)
    schema = reader.text("schema", required=True)
    if schema and schema != SCHEMA:
        hint = f'this program reads "{SCHEMA}"'
        reader.problem("schema", f'unknown version "{schema}"', hint)
    marketplace = _marketplace(reader.table("marketplace"))
    tables: dict[int, Table] = {}
    details: list[DetailTable] = []
    for place, each in enumerate(reader.tables("tables")):
        kind = each.choice("kind", Kind) or Kind.FACTS
        if kind in SHAPES:
            details.append(read_detail(each, kind, place))
        else:
            tables[place] = _table(each, kind, measures)
    reader.end()
    _judge_together(reader, tables)
    _judge_details(reader, details)
    _judge_days(reader, marketplace, {**tables, **{each.place: each for each in details}})
    if reader.problems:
        raise MappingError(f"{origin} is not usable", problems=reader.problems)
    return FactsMapping(
        marketplace=marketplace,
        tables=tuple(tables.values()),
        details=tuple(details),
        places=tuple(tables),
        origin=origin,
    )


def _marketplace(reader: Reader) -> Marketplace:
    channels: tuple[Channel, ...] = FIVE
    declared = reader.texts("channels")
    if declared is not None:
        found = [channel_of(reader, "channels", word) for word in declared]
        channels = tuple(each for each in FIVE if each in found)
        for each in found:
            if each is not None and each not in FIVE:
                reader.problem("channels", f"{each} is none of the five: {', '.join(FIVE)}")
    first, last = reader.date("first_day"), reader.date("latest_final_day")
    if first is not None and last is not None and last < first:
        reader.problem("latest_final_day", f"{last} lies before first_day, {first}")
    record = Marketplace(
        name=reader.text(
            "name",
            required=True,
            pattern=r"[A-Za-z0-9_.-]{1,40}",  # ids that begin with it stay within 80
            means="1–40 of A-Z a-z 0-9 _ . -",
        ),
        region=_code(reader, "region"),
        currency=_code(reader, "currency"),
        timezone=reader.text("timezone") or "UTC",
        channels=channels,
        channels_declared=declared is not None,
        first_day=first,
        latest_final_day=last,
    )
    if record.name.startswith((".", "-")):
        reader.problem("name", "must begin with a letter or a digit")
    reader.end()
    return record


def _code(reader: Reader, field: str) -> str:
    codes, word = CODES[field], reader.text(field, required=True)
    if word.strip() and word not in codes.known:
        reader.problem(field, f'"{word}" is no {codes.noun}', codes.hint(word))
    return word


def _table(reader: Reader, kind: Kind, measures: Mapping[str, Measure]) -> Table:
    facts = kind is Kind.FACTS
    layout = reader.choice("layout", Layout) or Layout.WIDE
    channel = reader.text("channel")
    absent_day = reader.choice("absent_day", AbsentDay)
    measure, value = reader.text("measure"), reader.text("value")
    shop = reader.text("shop", required=True)
    day = reader.text("date", required=facts)
    if facts and absent_day is None and not reader.has("absent_day"):
        reader.problem(
            "absent_day",
            "is not declared",
            'say what a day without a row means: "zero" or "missing"',
        )
    for name, given in (("measure", measure), ("value", value)):
        if layout is Layout.LONG and facts and not given:
            reader.problem(name, "is not declared", 'layout = "long" needs measure and value')
        if layout is Layout.WIDE and given:
            reader.problem(name, "belongs to the long layout", 'add layout = "long"')
    sources = _sources(reader, measures, has_channel=bool(channel))
    words = channel_words_of(reader)
    if words and not channel:
        reader.problem("channels", "has no column to read", "add channel = …, the column's name")
    if not facts:
        for name in ("date", "absent_day", "known_until", "channel", "layout", "measure", "value",
                     "measures"):  # fmt: skip
            if reader.has(name):
                reader.problem(name, "has no meaning in a table of shops")
    profile = _profile(reader)
    known_until = reader.date("known_until")
    table = Table(
        files=files_of(reader),
        shop=shop,
        kind=kind,
        date=day,
        absent_day=absent_day,
        known_until=known_until,
        channel=channel or None,
        layout=layout,
        measure=measure,
        value=value,
        sources=sources,
        channel_words=words,
        profile=profile,
    )
    reader.end()
    return table


def _sources(
    reader: Reader, measures: Mapping[str, Measure], *, has_channel: bool
) -> tuple[Source, ...] | None:
    if not reader.has("measures"):
        return None
    inner = reader.table("measures")
    found: dict[tuple[str, Channel | None], Source] = {}
    for name in inner.names():
        source = _source(inner, name, measures, has_channel=has_channel)
        if source is None:
            continue
        key = (source.measure, source.channel)
        if key in found:
            inner.problem(name, f"{source.measure} is declared twice for one channel")
        found[key] = source
    inner.end()
    return tuple(found.values())


def _source(
    reader: Reader, name: str, measures: Mapping[str, Measure], *, has_channel: bool
) -> Source | None:
    key, _, word = name.partition("@")
    channel = channel_of(reader, name, word) if word else None
    measure = measures.get(key)
    if measure is None:
        reader.unknown(name, f'nobody declares the measure "{key}"', key, measures)
    if word and has_channel:
        hint = "the row's channel decides; put such columns into a table without one"
        reader.problem(name, "names a channel in a table with a channel column", hint)
    if not reader.is_table(name):
        column = reader.text(name, required=True)
        return Source(measure=key, column=column, channel=channel)
    inner = reader.table(name)
    column = inner.text("column", required=True)
    scale = scale_of(inner)
    absent_day = inner.choice("absent_day", AbsentDay)
    if absent_day is AbsentDay.ZERO and measure and measure.aggregation is Aggregation.LAST:
        hint = f"its last value counts for {measure.max_age_days} days; leave absent_day out"
        inner.problem("absent_day", f"{key} is a gauge and has no zero days", hint)
    inner.end()
    return Source(
        measure=key,
        column=column,
        channel=channel,
        scale=scale,
        absent_day=absent_day,
    )


def _profile(reader: Reader) -> tuple[tuple[str, str], ...]:
    if not reader.has("profile"):
        return ()
    inner = reader.table("profile")
    fields = []
    for name in inner.names():
        if name in PROFILE_FIELDS:
            fields.append((name, inner.text(name, required=True)))
        else:
            inner.unknown(name, "is no field of a profile", name, PROFILE_FIELDS)
    inner.end()
    return tuple(fields)


def _judge_together(reader: Reader, tables: Mapping[int, Table]) -> None:
    facts = [each for each in tables.values() if each.kind is Kind.FACTS]
    if not facts:
        hint = "add [[tables]] with files, shop, date and absent_day"
        reader.problem("tables", "no table of facts is declared", hint)
    seen: dict[str, int] = {}
    for index, table in tables.items():
        for field, _ in table.profile:
            if field in seen:
                what = f"{field} already comes from tables[{seen[field]}]"
                reader.problem(f"tables[{index}].profile.{field}", what)
            seen.setdefault(field, index)


def _judge_details(reader: Reader, tables: Iterable[DetailTable]) -> None:
    seen: dict[Kind, int] = {}
    for table in tables:
        if table.kind in seen:
            what = f"{table.kind} already come from tables[{seen[table.kind]}]"
            hint = "one glob may name many files"
            reader.problem(f"tables[{table.place}].kind", what, hint)
        seen.setdefault(table.kind, table.place)


def _judge_days(
    reader: Reader, marketplace: Marketplace, tables: Mapping[int, Table | DetailTable]
) -> None:
    final = marketplace.latest_final_day
    for index, table in sorted(tables.items()):
        if table.known_until is not None and final is not None and table.known_until > final:
            what = f"{table.known_until} lies after latest_final_day, {final}"
            reader.problem(f"tables[{index}].known_until", what)


def parse_focus(text: str) -> tuple[frozenset[Channel], tuple[str, ...]]:
    """Channels of a shop's focus, from words with , ; or | between, and the words nobody knows."""
    found: set[Channel] = set()
    unknown: list[str] = []
    for word in text.replace(";", ",").replace("|", ",").strip("[]").split(","):
        name = word.strip().strip("'\"")
        if not name:
            continue
        try:
            found.add(parse_channel(name))
        except ValueError:
            unknown.append(name)
    return frozenset(found), tuple(unknown)
