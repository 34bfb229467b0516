"""Are the tables of products, contents, creators and violations fit for use?

Refused are ids that are none, days that are none or past the latest final one, texts where numbers
belong, and two different rows for one thing. Words nobody knows become unknown, rows of unknown
shops are kept out; both are counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.errors import Problem, did_you_mean
from shopace.core.warehouse.days import first_day_problem, lost_days
from shopace.core.warehouse.delivery import (
    WORDS_TOLD,
    counted_words,
    examples,
    in_words,
    quoted,
)
from shopace.core.warehouse.detail_tables import create_view, numbers_of, word_of
from shopace.core.warehouse.details import FieldType
from shopace.core.warehouse.facts_report import TableReport, UnknownWord
from shopace.core.warehouse.mapping_parts import AbsentDay
from shopace.core.warehouse.sql import (
    DAYS_ARE,
    as_date,
    as_day,
    as_text,
    is_given,
    is_no_usable_id,
    name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from shopace.core.warehouse.delivery import Delivery
    from shopace.core.warehouse.detail_tables import OpenedDetail

_WORD_CHARACTERS = 80


def check_details(
    delivery: Delivery,
    opened: Iterable[OpenedDetail],
    shops: str,
    limit: date | None,
    problems: list[Problem],
) -> list[TableReport]:
    """A report of each table; afterwards its view holds each row once.

    `shops` is a query of all known shops, `limit` the last day that facts can be of.
    """
    return [_check(delivery, each, shops, limit, problems) for each in opened]


def _check(
    delivery: Delivery,
    table: OpenedDetail,
    shops: str,
    limit: date | None,
    problems: list[Problem],
) -> TableReport:
    problems += _bad_ids(delivery, table)
    problems += _bad_days(delivery, table, limit)
    problems += _no_numbers(delivery, table)
    lost = lost_days(delivery, table.kind, table, limit)
    declared = table.table.first_day or delivery.mapping.marketplace.first_day
    if table.table.absent_day is AbsentDay.ZERO and declared is None:
        problems += first_day_problem(table.table.files, lost)
    duplicates = _fold(delivery, table, problems)
    (rows,) = delivery.rows(f"SELECT count(*) FROM {table.source}", table)[0]
    count, unknown = 0, 0
    if "shop" in table.keys:
        query = f"SELECT shop, count(*) AS rows FROM {table.kind} GROUP BY shop"
        count, unknown = delivery.rows(
            "SELECT count(*) FILTER (known.shop IS NOT NULL), "
            "coalesce(sum(rows) FILTER (known.shop IS NULL), 0)::BIGINT "
            f"FROM ({query}) AS told LEFT JOIN ({shops}) AS known USING (shop)",
            table,
        )[0]
    return TableReport(
        files=table.table.files,
        file_count=len(table.files),
        kind=table.kind,
        rows=rows,
        shops=count,
        first_day=table.first_day,
        last_day=table.last_row,
        known_until=table.last_day,
        lost_days=lost if table.table.shape.has_absent_days else (),
        duplicates=duplicates,
        undeclared=table.undeclared,
        unknown_channels=_unknown_channels(delivery, table),
        unknown_words=tuple(_unknown_words(delivery, table)),
        unknown_shops=unknown,
        bad_cells=_bad_cells(delivery, table),
    )


def _bad_ids(delivery: Delivery, table: OpenedDetail) -> list[Problem]:
    problems = []
    for key, column in table.table.keys:
        if key == "date":
            continue
        given = f"CAST({name(column)} AS VARCHAR)"
        bad = delivery.rows(
            f"SELECT id, count(*) FROM (SELECT {given} AS id FROM {table.source}) "
            f"WHERE {is_no_usable_id('id')} GROUP BY id ORDER BY id",
            table,
        )
        if bad:
            shown = examples(bad, lambda row: quoted(row[0]))
            count = sum(each[1] for each in bad)
            what = f"{count} rows have no usable {key} id: {shown}"
            hint = "ids are 1–64 of A-Z a-z 0-9 _ . -"
            problems.append(Problem(where=table.table.files, what=what, hint=hint))
    return problems


def _bad_days(delivery: Delivery, table: OpenedDetail, limit: date | None) -> list[Problem]:
    where, problems = table.table.files, []
    types = {each.name: each.type for each in table.table.shape.fields}
    named = [(key, column) for key, column in table.table.keys if key == "date"]
    named += [each for each in table.table.fields if types[each[0]] is FieldType.DAY]
    for key, column in named:
        kind = table.columns[column]
        if key == "date":
            wrong = f"{as_day(name(column), kind)} IS NULL"
        else:
            wrong = f"{as_date(name(column), kind)} IS NULL AND {is_given(name(column), kind)}"
        query = f"SELECT count(*), min(CAST({name(column)} AS VARCHAR)) FROM {table.source}"
        count, such = delivery.rows(f"{query} WHERE {wrong}", table)[0]
        if count:
            what = f'{count} cells of "{column}" are no dates, such as {quoted(such)}'
            problems.append(Problem(where=where, what=what, hint=DAYS_ARE))
    if table.table.shape.has_days and limit is not None:
        query = f"SELECT count(*), max(day) FROM {table.kind} WHERE day > DATE '{limit}'"
        count, last = delivery.rows(query, table)[0]
        if count:
            what = f"{count} rows are dated after {limit}, the latest final day; the last {last}"
            hint = "deliver days when they are over, or correct latest_final_day in the mapping"
            problems.append(Problem(where=where, what=what, hint=hint))
    return problems


def _no_numbers(delivery: Delivery, table: OpenedDetail) -> list[Problem]:
    problems = []
    for each in numbers_of(table):
        column, kind = name(each.column), table.columns[each.column]
        if kind != "VARCHAR":
            continue
        wrong = f"{is_given(column, kind)} AND {each.raw} IS NULL"
        query = f"SELECT count(*), min({column}) FROM {table.source} WHERE {wrong}"
        count, such = delivery.rows(query, table)[0]
        if count:
            what = f'{count} cells of "{each.column}" are no numbers, such as {quoted(such)}'
            hint = "numbers are written 1234.5, without thousands separators, units or currency"
            problems.append(Problem(where=table.table.files, what=what, hint=hint))
    return problems


def _bad_cells(delivery: Delivery, table: OpenedDetail) -> tuple[tuple[str, int], ...]:
    """Numbers that are none: NaN, infinite, negative, too large."""
    numbers = numbers_of(table)
    if not numbers:
        return ()
    wrong = ", ".join(f"count_if({n.raw} IS NOT NULL AND ({n.value}) IS NULL)" for n in numbers)
    counts = delivery.rows(f"SELECT {wrong} FROM {table.source}", table)[0]
    return tuple((n.column, count) for n, count in zip(numbers, counts, strict=True) if count)


def _fold(delivery: Delivery, table: OpenedDetail, problems: list[Problem]) -> int:
    """Rows that repeat another one. Those that differ from it are a problem."""
    keys = ", ".join(table.keys)
    repeated = f"SELECT {keys} FROM {table.kind} GROUP BY {keys} HAVING count(*) > 1"
    (several,) = delivery.rows(f"SELECT count(*) FROM ({repeated})", table)[0]
    if not several:
        return 0
    (rows,) = delivery.rows(f"SELECT count(*) FROM {table.kind}", table)[0]
    create_view(delivery, table.kind, table, distinct=True)
    (distinct,) = delivery.rows(f"SELECT count(*) FROM {table.kind}", table)[0]
    conflicts = delivery.rows(f"{repeated} ORDER BY ALL", table)
    if conflicts:
        shown = examples(conflicts, in_words, "; ")
        what = f"{len(conflicts)} keys have several rows with different values: {shown}"
        hint = f"deliver one row per {', '.join(key for key, _ in table.table.keys)}"
        if table.table.channel is not None:
            hint += " and channel"
        problems.append(Problem(where=table.table.files, what=what, hint=hint))
    return int(rows - distinct)


def _unknown_channels(delivery: Delivery, table: OpenedDetail) -> tuple[tuple[str, int], ...]:
    unknown = [word for word, channel in table.words.items() if channel is None]
    if not unknown or table.table.channel is None:
        return ()
    column = f"CAST({name(table.table.channel)} AS VARCHAR)"
    counts = dict(delivery.rows(f"SELECT {column}, count(*) FROM {table.source} GROUP BY 1", table))
    return counted_words(
        ("(empty)" if word is None else word, counts.get(word, 0)) for word in unknown
    )


def _unknown_words(delivery: Delivery, table: OpenedDetail) -> Iterable[UnknownWord]:
    columns = dict(table.table.fields)
    for about in table.table.shape.fields:
        if not about.words or about.name not in columns:
            continue
        column = columns[about.name]
        ours = word_of(table.table, about, column)
        given = f"left({as_text(name(column))}, {_WORD_CHARACTERS})"
        found = delivery.rows(
            f"SELECT {given} AS word, count(*) AS rows FROM {table.source} "
            f"WHERE {as_text(name(column))} IS NOT NULL AND {ours} IS NULL "
            f"GROUP BY word ORDER BY rows DESC, word LIMIT {WORDS_TOLD}",
            table,
        )
        for word, rows in found:
            hint = did_you_mean(word.lower(), about.words)
            yield UnknownWord(field=about.name, word=word, rows=rows, hint=hint)
