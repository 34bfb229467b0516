"""Are the facts fit for use? `facts check` and every build ask this first.

Refused are conflicting duplicates, dates past the latest final day, ids that are none, and values
that are no numbers. Single bad cells become missing and are counted. Nothing is repaired silently.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from shopace.core.errors import FactsError, Problem, shortened
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Aggregation
from shopace.core.warehouse.days import first_day_problem, lost_days
from shopace.core.warehouse.delivery import counted_words, examples, in_words, quoted
from shopace.core.warehouse.detail_check import check_details
from shopace.core.warehouse.facts_measures import measures_of
from shopace.core.warehouse.facts_report import FactsReport, MeasureReport, TableReport
from shopace.core.warehouse.facts_tables import (
    CHANNELS,
    Facts,
    FactsTable,
    facts_view,
    open_facts,
    shops_view,
)
from shopace.core.warehouse.mapping import AbsentDay, FactsMapping, Kind, parse_focus
from shopace.core.warehouse.regions import CODES
from shopace.core.warehouse.sql import (
    DAYS_ARE,
    as_date,
    as_day,
    is_given,
    is_no_usable_id,
    name,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shopace.core.vocabulary.measures import Measure

__all__ = [
    "FactsReport",
    "MeasureReport",
    "TableReport",
    "check",
    "check_facts",
    "facts_view",
    "require_sound",
    "shops_view",
]


def check_facts(
    mapping: FactsMapping,
    folder: Path | str,
    measures: Mapping[str, Measure],
    *,
    today: date | None = None,
    memory_limit: str | None = None,
) -> FactsReport:
    """Read all facts and tell all that is wrong with them.

    Dates past the mapping's latest final day are refused; where it declares none, dates past
    `today`. What does not fit into memory spills to a temporary folder; `memory_limit` as in
    `delivery.connected`. Raises FactsError for files that cannot be read at all.
    """
    with open_facts(mapping, folder, measures, memory_limit=memory_limit) as facts:
        return check(facts, today=today)


def require_sound(report: FactsReport) -> None:
    """Raise FactsError with all problems of the report, if any."""
    if report.problems:
        raise FactsError("the facts are refused", problems=report.problems)


def check(facts: Facts, *, today: date | None = None) -> FactsReport:
    """The report of opened facts; afterwards each table has its views `facts_{i}`, `shops_{i}`."""
    problems: list[Problem] = []
    tables: list[TableReport] = []
    found: list[MeasureReport] = []
    for table in facts.tables:
        tables.append(_check_table(facts, table, today, problems))
        found += measures_of(facts, table, problems)
    measures = [each for each in found if each.known or not each.cells]
    tables += [_check_shops(facts, table, problems) for table in facts.shop_tables]
    sources = [f"SELECT shop FROM {each.profile}" for each in (*facts.tables, *facts.shop_tables)]
    shops = f"SELECT DISTINCT shop FROM ({' UNION ALL '.join(sources)})"
    if facts.details:
        facts.rows(f"CREATE OR REPLACE TEMP TABLE known_shops AS {shops}")
        shops = "FROM known_shops"
        market = facts.mapping.marketplace
        limit = market.latest_final_day if market.latest_final_day is not None else today
        tables += check_details(facts, facts.details.values(), shops, limit, problems)
    problems += _out_of_reach(facts, tables)
    problems += _delivered_twice(facts, measures)
    delivered = {each.measure for each in measures}
    count = facts.rows(f"SELECT count(shop) FROM ({shops})")
    return FactsReport(
        marketplace=facts.mapping.marketplace.name,
        regions=_regions(facts),
        rows=sum(each.rows for each in tables),
        shops=count[0][0],
        first_day=facts.first_day,
        last_day=facts.last_day,
        tables=tuple(tables),
        measures=tuple(sorted(measures, key=lambda each: (each.measure, each.channel))),
        not_delivered=tuple(sorted(set(facts.measures) - delivered)),
        unusable=tuple(each for each in found if each.cells and not each.known),
        problems=tuple(problems),
    )


def _check_table(
    facts: Facts, table: FactsTable, today: date | None, problems: list[Problem]
) -> TableReport:
    market = facts.mapping.marketplace
    where = table.table.files
    limit = market.latest_final_day if market.latest_final_day is not None else today
    rows, shops, undated, first, last = facts.rows(
        "SELECT count(*), count(DISTINCT shop), count(*) FILTER (day IS NULL), min(day), max(day) "
        f"FROM {table.raw}",
        table,
    )[0]
    problems += _bad_ids(facts, table)
    problems += _bad_openings(facts, table)
    problems += _bad_codes(facts, table)
    if undated:
        problems.append(_undated(facts, table, undated))
    if limit is not None and last is not None and last > limit:
        late = facts.rows(f"SELECT count(*) FROM {table.raw} WHERE day > DATE '{limit}'", table)
        means = "the latest final day" if market.latest_final_day is not None else "today"
        what = f"{late[0][0]} rows are dated after {limit}, {means}; the last {last}"
        hint = "deliver days when they are over, or correct latest_final_day in the mapping"
        problems.append(Problem(where=where, what=what, hint=hint))
    lost = lost_days(facts, table.raw, table, limit)
    is_zero = any(
        each.absent_day is AbsentDay.ZERO and each.measure.aggregation is not Aggregation.LAST
        for each in table.cells
    )
    if is_zero and market.first_day is None:
        problems += first_day_problem(where, lost)
    columns = ", ".join((table.keys, *table.cell_columns))
    folded = _fold(
        facts,
        table,
        view=facts_view(table),
        source=f"SELECT {columns} FROM {table.raw} WHERE channel IS NOT NULL",
        keys=table.keys,
        problems=problems,
    )
    return TableReport(
        files=where,
        table=table.index,
        file_count=len(table.files),
        kind=table.table.kind,
        rows=rows,
        shops=shops,
        first_day=first,
        last_day=last,
        known_until=table.last_day,
        lost_days=lost,
        duplicates=folded,
        undeclared=table.undeclared,
        absent_words=table.absent_words,
        unknown_channels=_unknown_channels(facts, table),
        unknown_focus=_unknown_focus(facts, table),
    )


def _check_shops(facts: Facts, table: FactsTable, problems: list[Problem]) -> TableReport:
    rows, shops = facts.rows(f"SELECT count(*), count(DISTINCT shop) FROM {table.profile}", table)[
        0
    ]
    problems += _bad_ids(facts, table)
    problems += _bad_openings(facts, table)
    problems += _bad_codes(facts, table)
    folded = _fold(
        facts,
        table,
        view=shops_view(table),
        source=f"SELECT * FROM {table.profile}",
        keys="shop",
        problems=problems,
    )
    return TableReport(
        files=table.table.files,
        file_count=len(table.files),
        kind=table.table.kind,
        rows=rows,
        shops=shops,
        duplicates=folded,
        undeclared=table.undeclared,
        unknown_focus=_unknown_focus(facts, table),
    )


def _undated(facts: Facts, table: FactsTable, count: int) -> Problem:
    column = table.table.date
    day = as_day(name(column), table.columns[column])
    given = f"CAST({name(column)} AS VARCHAR)"
    (such,) = facts.rows(f"SELECT min({given}) FROM {table.source} WHERE {day} IS NULL", table)[0]
    what = f'{count} rows have no date that can be read in "{column}"'
    if such is not None:
        what += f", such as {shortened(such)!r}"
    return Problem(where=table.table.files, what=what, hint=DAYS_ARE)


def _bad_ids(facts: Facts, table: FactsTable) -> list[Problem]:
    bad = facts.rows(
        f"SELECT shop, count(*) FROM {table.profile} GROUP BY shop "
        f"HAVING {is_no_usable_id('shop')} ORDER BY shop",
        table,
    )
    if not bad:
        return []
    shown = examples(bad, lambda row: quoted(row[0]))
    what = f"{sum(each[1] for each in bad)} rows have no usable shop id: {shown}"
    hint = "ids are 1–64 of A-Z a-z 0-9 _ . -"
    return [Problem(where=table.table.files, what=what, hint=hint)]


def _bad_openings(facts: Facts, table: FactsTable) -> list[Problem]:
    column = dict(table.table.profile).get("opened_on")
    if column is None:
        return []
    kind = table.columns[column]
    bad = facts.rows(
        f"SELECT CAST({name(column)} AS VARCHAR), count(*) FROM {table.source} "
        f"WHERE {is_given(name(column), kind)} AND {as_date(name(column), kind)} IS NULL "
        "GROUP BY ALL ORDER BY ALL",
        table,
    )
    if not bad:
        return []
    count, such = sum(each[1] for each in bad), shortened(bad[0][0])
    what = f'{count} cells of "{column}" are no dates, such as "{such}"'
    return [Problem(where=table.table.files, what=what, hint="days are written 2026-10-31")]


def _bad_codes(facts: Facts, table: FactsTable) -> list[Problem]:
    """Cells of region or currency that are no codes: by them it is chosen how a shop is judged."""
    problems = []
    columns = dict(table.table.profile)
    for field, codes in CODES.items():
        if field not in columns:
            continue
        known = ", ".join(map(text, sorted(codes.known)))
        bad = facts.rows(
            f"SELECT {field}, count(*) FROM {table.profile} "
            f"WHERE {field} IS NOT NULL AND {field} NOT IN ({known}) GROUP BY ALL ORDER BY ALL",
            table,
        )
        if bad:
            shown = examples(bad, lambda row: quoted(row[0]))
            count = sum(each[1] for each in bad)
            what = f'{count} cells of "{columns[field]}" are no {codes.noun}s: {shown}'
            hint = codes.hint(shortened(bad[0][0]))
            problems.append(Problem(where=table.table.files, what=what, hint=hint))
    return problems


def _regions(facts: Facts) -> tuple[str, ...]:
    found = {facts.mapping.marketplace.region}
    for table in (*facts.tables, *facts.shop_tables):
        if "region" in dict(table.table.profile):
            query = f"SELECT DISTINCT region FROM {table.profile} WHERE region IS NOT NULL"
            found |= {region for (region,) in facts.rows(query, table)}
    return tuple(sorted(found & CODES["region"].known))


def _unknown_focus(facts: Facts, table: FactsTable) -> tuple[tuple[str, int], ...]:
    if "focus_channels" not in dict(table.table.profile):
        return ()
    counts: dict[str, int] = {}
    query = f"SELECT focus_channels, count(*) FROM {table.profile} GROUP BY ALL"
    for focus, rows in facts.rows(query, table):
        for word in parse_focus(focus or "")[1]:
            counts[word] = counts.get(word, 0) + rows
    return counted_words(counts.items())


def _fold(
    facts: Facts, table: FactsTable, *, view: str, source: str, keys: str, problems: list[Problem]
) -> int:
    """Create `view` with each key once. Duplicates that differ are a problem; equal ones count."""
    create = f"CREATE OR REPLACE TEMP VIEW {view} AS "
    facts.rows(create + source)
    repeated = f"SELECT {keys} FROM {view} GROUP BY {keys} HAVING count(*) > 1"
    (several,) = facts.rows(f"SELECT count(*) FROM ({repeated})", table)[0]
    if not several:
        return 0
    rows = facts.rows(f"SELECT count(*) FROM {view}", table)[0][0]
    facts.rows(create + source.replace("SELECT", "SELECT DISTINCT", 1))
    distinct = facts.rows(f"SELECT count(*) FROM {view}", table)[0][0]
    conflicts = facts.rows(f"{repeated} ORDER BY ALL", table)
    if conflicts:
        shown = examples(conflicts, lambda row: in_words(_key(table, row)), "; ")
        what = f"{len(conflicts)} keys have several rows with different values: {shown}"
        hint = "deliver one row per shop and day, and per channel where there is one"
        if "day" not in keys:
            hint = "deliver one row per shop"
        problems.append(Problem(where=table.table.files, what=what, hint=hint))
    return int(rows - distinct)


def _key(table: FactsTable, key: tuple[object, ...]) -> Iterable[object]:
    """A key as its author knows it."""
    parts = list(key)
    if len(parts) > 2 and isinstance(parts[2], int):
        parts[2] = CHANNELS[parts[2]]
    if len(parts) > 3 and isinstance(parts[3], int):
        parts[3] = table.cells[parts[3]].source.column
    if table.table.channel is None and len(parts) > 2 and not table.is_long:
        del parts[2]
    return parts


def _unknown_channels(facts: Facts, table: FactsTable) -> tuple[tuple[str, int], ...]:
    unknown = [word for word, channel in table.words.items() if channel is None]
    if not unknown or table.table.channel is None:
        return ()
    column = f"CAST({name(table.table.channel)} AS VARCHAR)"
    counts = dict(facts.rows(f"SELECT {column}, count(*) FROM {table.source} GROUP BY ALL", table))
    return counted_words(
        ("(empty)" if word is None else word, counts.get(word, 0)) for word in unknown
    )


def _out_of_reach(facts: Facts, tables: Iterable[TableReport]) -> list[Problem]:
    """Declared days that the rows do not reach: every shop would look as if it had closed."""
    market, origin = facts.mapping.marketplace, facts.mapping.origin
    facts_alone = (each for each in tables if each.kind == Kind.FACTS)
    last = max((each.last_day for each in facts_alone if each.last_day is not None), default=None)
    if last is None:
        return []
    problems: list[Problem] = []
    declared = [("marketplace.latest_final_day", market.latest_final_day)]
    declared += [
        (f"tables[{facts.mapping.places[each.index]}].known_until", each.table.known_until)
        for each in facts.tables
    ]
    declared += [
        (f"tables[{each.table.place}].known_until", each.table.known_until)
        for each in facts.details.values()
    ]
    for key, day in declared:
        if day is not None and day > last:
            what = f"is {day}, and the facts end on {last}"
            hint = "deliver the days between, or leave it out: then the latest date counts"
            problems.append(Problem(where=f"{origin}: {key}", what=what, hint=hint))
    if market.first_day is not None and market.first_day > last:
        what = f"is {market.first_day}, and the facts end on {last}"
        hint = "days before it are missing, so that nothing would be known"
        problems.append(Problem(where=f"{origin}: marketplace.first_day", what=what, hint=hint))
    return problems


def _delivered_twice(facts: Facts, measures: Iterable[MeasureReport]) -> list[Problem]:
    first: dict[tuple[str, Channel], MeasureReport] = {}
    problems = []
    for each in measures:
        other = first.setdefault((each.measure, each.channel), each)
        if other is not each:
            tables = facts.mapping.tables
            what = (
                f"{each.measure} of {each.channel} comes from {tables[other.table].files} "
                f"and from {tables[each.table].files}"
            )
            where = f"{facts.mapping.origin}: tables[{facts.mapping.places[each.table]}].measures"
            hint = "name the measures of one of the tables and leave it out"
            problems.append(Problem(where=where, what=what, hint=hint))
    return problems
