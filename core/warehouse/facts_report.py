"""What is told about the facts of a marketplace."""

from __future__ import annotations

from datetime import date

from shopace.core.errors import Problem
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.record import Record


class MeasureReport(Record, frozen=True, kw_only=True):
    """A measure in one channel, as the facts deliver it."""

    measure: str
    channel: Channel
    table: int
    """Index into the mapping's tables."""
    column: str
    cells: int
    """Rows of the channel, duplicates among them."""
    known: int
    nan: int = 0
    infinite: int = 0
    negative: int = 0
    """Of a measure that cannot be negative: "not final yet"."""
    too_large: int = 0
    absent_days: int = 0
    """Days without a row, from each shop's first row to the last known day."""
    absent_day: str = "missing"
    """What they mean: zero, missing, or for a gauge `last value`."""

    @property
    def missing(self) -> int:
        """Cells that are not known, for whatever reason."""
        return self.cells - self.known


class UnknownWord(Record, frozen=True, kw_only=True):
    """A word that nobody knows: in its rows the field is unknown."""

    field: str
    word: str
    rows: int
    hint: str = ""


class EarlyEnd(Record, frozen=True, kw_only=True):
    """A table that ends before the others: a feed that stopped looks like shops that closed."""

    files: str
    last_day: date
    days: int
    """Without a row of it, up to the last day of the facts or the as-of date."""
    zero: tuple[str, ...] = ()
    """Measures that count as zero on these days, because the mapping's `absent_day` says so."""


class TableReport(Record, frozen=True, kw_only=True):
    files: str
    table: int | None = None
    """Index into the mapping's tables; None for tables without measures."""
    file_count: int
    kind: str
    rows: int
    shops: int
    first_day: date | None = None
    last_day: date | None = None
    duplicates: int = 0
    """Rows that repeat another one exactly; they count once."""
    undeclared: tuple[str, ...] = ()
    """Columns (in the long layout: measures) that the mapping does not name. They are not read."""
    unknown_channels: tuple[tuple[str, int], ...] = ()
    """(word, rows): channels nobody knows or this marketplace does not have. Rows are kept out."""
    unknown_focus: tuple[tuple[str, int], ...] = ()
    """(word, rows): focus channels of profiles that nobody knows. They are left out."""
    unknown_words: tuple[UnknownWord, ...] = ()
    """Statuses, qualities and the like; the most frequent ones."""
    unknown_shops: int = 0
    """Rows of shops that neither a table of facts nor one of shops holds. They are kept out."""
    bad_cells: tuple[tuple[str, int], ...] = ()
    """(column, cells): NaN, infinite, negative or too large, taken as missing. Of facts, each
    measure's own report counts them."""


class FactsReport(Record, frozen=True, kw_only=True):
    """What `facts check` found. With problems the facts are refused."""

    marketplace: str
    rows: int
    shops: int
    first_day: date
    last_day: date
    tables: tuple[TableReport, ...]
    measures: tuple[MeasureReport, ...]
    """Delivered ones. What is not among them is missing everywhere."""
    not_delivered: tuple[str, ...]
    """Known measures without a single known cell."""
    problems: tuple[Problem, ...]

    def early_ends(self, until: date) -> tuple[EarlyEnd, ...]:
        """The tables whose rows end before `until`."""
        return tuple(
            EarlyEnd(
                files=each.files,
                last_day=each.last_day,
                days=(until - each.last_day).days,
                zero=tuple(dict.fromkeys(self._zero_in(each))),
            )
            for each in self.tables
            if each.last_day is not None and each.last_day < until
        )

    def _zero_in(self, table: TableReport) -> list[str]:
        return [
            each.measure
            for each in self.measures
            if each.table == table.table and each.absent_day == "zero"
        ]

    @property
    def delivered(self) -> tuple[tuple[str, Channel], ...]:
        return tuple((each.measure, each.channel) for each in self.measures)
