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
from shopace.core.warehouse.delivery import counted_words
from shopace.core.warehouse.detail_check import check_details
from shopace.core.warehouse.facts_report import FactsReport, MeasureReport, TableReport
from shopace.core.warehouse.facts_tables import (
    CHANNELS,
    CODE,
    Cell,
    Facts,
    FactsTable,
    open_facts,
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

_EXAMPLES = 3


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
        found += _measures(facts, table, problems)
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


def facts_view(table: FactsTable) -> str:
    """The view of a checked table: rows of known channels, each once."""
    return f"facts_{table.index}"


def shops_view(table: FactsTable) -> str:
    """The view of a checked table of shops: each shop once."""
    return f"shops_{table.index}"


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
    shown = ", ".join(_shown(each[0]) for each in bad[:_EXAMPLES])
    more = " …" if len(bad) > _EXAMPLES else ""
    what = f"{sum(each[1] for each in bad)} rows have no usable shop id: {shown}{more}"
    hint = "ids are 1–64 of A-Z a-z 0-9 _ . -"
    return [Problem(where=table.table.files, what=what, hint=hint)]


def _shown(shop: str | None) -> str:
    return "(empty)" if shop is None else repr(shortened(shop))


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
            shown = ", ".join(_shown(each[0]) for each in bad[:_EXAMPLES])
            more = " …" if len(bad) > _EXAMPLES else ""
            count = sum(each[1] for each in bad)
            what = f'{count} cells of "{columns[field]}" are no {codes.noun}s: {shown}{more}'
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
        shown = "; ".join(
            " ".join(shortened(str(part)) for part in _key(table, each))
            for each in conflicts[:_EXAMPLES]
        )
        more = " …" if len(conflicts) > _EXAMPLES else ""
        what = f"{len(conflicts)} keys have several rows with different values: {shown}{more}"
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


def _measures(facts: Facts, table: FactsTable, problems: list[Problem]) -> list[MeasureReport]:
    """Every (measure, channel) of a table that has a number, or is zero by declaration."""
    if not table.cells or table.first_day is None or table.last_day is None:
        return []
    found: list[MeasureReport] = []
    tallies = _tallies(facts, table)
    absent = _absent_days(facts, table)
    for (index, channel), (rows, given, numbers, known) in sorted(tallies.items()):
        cell = table.cells[index]
        if given > numbers:
            problems.append(_no_number(facts, table, index, given - numbers))
        if not numbers:
            continue
        counts = _bad_cells(facts, table, index, channel) if known < numbers else {}
        is_gauge = cell.measure.aggregation is Aggregation.LAST
        found.append(
            MeasureReport(
                measure=cell.measure.key,
                channel=channel,
                table=table.index,
                column=cell.source.column,
                cells=rows,
                known=known,
                absent_days=absent.get((index, channel), 0),
                absent_day="last value" if is_gauge else cell.absent_day.value,
                **counts,
            )
        )
    return found + _zero_channels(facts, table, tallies)


Tally = tuple[int, int, int, int]


def _tallies(facts: Facts, table: FactsTable) -> dict[tuple[int, Channel], Tally]:
    """Per (cell, channel): rows, cells given, numbers among them, known ones."""
    known_channels = f"FROM {table.raw} WHERE channel IS NOT NULL GROUP BY ALL"
    if table.is_long:
        rows = facts.rows(
            f"SELECT cell, channel, count(*), count_if(t), count(x), count(c) {known_channels}",
            table,
        )
        return {(row[0], CHANNELS[row[1]]): row[2:] for row in rows}
    counts = ", ".join(f"count_if(t{i}), count(x{i}), count(c{i})" for i in range(len(table.cells)))
    return {
        (i, _own(cell, CHANNELS[row[0]])): (row[1], *row[2 + 3 * i : 5 + 3 * i])
        for row in facts.rows(f"SELECT channel, count(*), {counts} {known_channels}", table)
        for i, cell in enumerate(table.cells)
    }


def _own(cell: Cell, channel: Channel) -> Channel:
    return cell.source.channel if cell.source.channel is not None else channel


def _columns_of(table: FactsTable, index: int, channel: Channel) -> tuple[str, str, str]:
    """X and c of a cell, and which rows hold it."""
    if table.is_long:
        return "x", "c", f"cell = {index} AND channel = {CODE[channel]}"
    own = table.cells[index].source.channel is not None
    where = "channel IS NOT NULL" if own else f"channel = {CODE[channel]}"
    return f"x{index}", f"c{index}", where


def _bad_cells(facts: Facts, table: FactsTable, index: int, channel: Channel) -> dict[str, int]:
    x, c, where = _columns_of(table, index, channel)
    nan, infinite, negative, other = facts.rows(
        f"SELECT count_if(isnan({x})), count_if(isinf({x})), "
        f"count_if({x} < 0 AND NOT isinf({x})), count_if({x} >= 0 AND isfinite({x})) "
        f"FROM {table.raw} WHERE {where} AND {x} IS NOT NULL AND {c} IS NULL",
        table,
    )[0]
    large = other
    if table.cells[index].measure.may_be_negative:
        negative, large = 0, other + negative
    return {"nan": nan, "infinite": infinite, "negative": negative, "too_large": large}


def _no_number(facts: Facts, table: FactsTable, index: int, count: int) -> Problem:
    source = table.cells[index].source
    t, x = ("t", "x") if table.is_long else (f"t{index}", f"x{index}")
    only = f" AND cell = {index}" if table.is_long else ""
    (shop, day), *_ = facts.rows(
        f"SELECT shop, day FROM {table.raw} WHERE {t} AND {x} IS NULL{only} ORDER BY ALL LIMIT 1",
        table,
    )
    such = f"that of {shortened(shop or '(empty)')} on {day}"
    what = f'{count} cells of "{source.column}" are no numbers, such as {such}'
    hint = "numbers are written 1234.5, without thousands separators, units or currency"
    return Problem(where=table.table.files, what=what, hint=hint)


def _absent_days(facts: Facts, table: FactsTable) -> dict[tuple[int, Channel], int]:
    """Per (cell, channel): days without a row, from each shop's first row in the table on."""
    view = facts_view(table)
    known = f"day BETWEEN DATE '{table.first_day}' AND DATE '{table.last_day}'"
    (days,) = facts.rows(
        f"SELECT coalesce(sum(DATE '{table.last_day}' - first + 1), 0)::BIGINT "
        f"FROM (SELECT min(day) AS first FROM {view} WHERE {known} GROUP BY shop)",
        table,
    )[0]
    keys = "cell, channel" if table.is_long else "channel"
    rows = facts.rows(f"SELECT {keys}, count(*) FROM {view} WHERE {known} GROUP BY ALL", table)
    if table.is_long:
        return {(row[0], CHANNELS[row[1]]): days - row[2] for row in rows}
    return {
        (i, _own(cell, CHANNELS[row[0]])): days - row[1]
        for row in rows
        for i, cell in enumerate(table.cells)
    }


def _zero_channels(
    facts: Facts, table: FactsTable, tallies: Mapping[tuple[int, Channel], Tally]
) -> list[MeasureReport]:
    """Measures without a row in a channel that the mapping lists: zero, where absent days are.

    Of a measure that no channel has a known cell of, nothing is known, and nothing is zero.
    """
    market = facts.mapping.marketplace
    if table.table.channel is None or not market.channels_declared:
        return []
    known = {index for (index, _), (*_, count) in tallies.items() if count}
    return [
        MeasureReport(
            measure=cell.measure.key,
            channel=channel,
            table=table.index,
            column=cell.source.column,
            cells=0,
            known=0,
            absent_day=cell.absent_day.value,
        )
        for channel in market.channels
        for index, cell in enumerate(table.cells)
        if index in known
        and (index, channel) not in tallies
        and channel in cell.measure.channels
        and cell.absent_day is AbsentDay.ZERO
        and cell.measure.aggregation is not Aggregation.LAST
    ]


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
