"""What the tables of facts have of each measure, channel by channel: known cells and bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.errors import Problem, shortened
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Aggregation
from shopace.core.warehouse.facts_report import MeasureReport
from shopace.core.warehouse.facts_tables import (
    CHANNELS,
    CODE,
    Cell,
    Facts,
    FactsTable,
    facts_view,
)
from shopace.core.warehouse.mapping import AbsentDay

if TYPE_CHECKING:
    from collections.abc import Mapping


def measures_of(facts: Facts, table: FactsTable, problems: list[Problem]) -> list[MeasureReport]:
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
