"""What is told about the facts of a marketplace."""

from __future__ import annotations

from datetime import date

from shopace.core.errors import Problem
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.record import Record

Span = tuple[date, date]
"""First and last day."""
SPANS_TOLD = 5


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
    """Measures that count as zero on these days, because the mapping says so by `known_until` and
    `absent_day`. All others of the table are missing."""


class LostDays(Record, frozen=True, kw_only=True):
    """Days between others without a row of any shop: a lost file looks like a day without sales."""

    files: str
    days: int
    spans: tuple[Span, ...]
    """The latest of them, oldest first."""
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
    known_until: date | None = None
    """Up to it a day without a row means what `absent_day` says; later days are missing."""
    lost_days: tuple[Span, ...] = ()
    """Days from the first known one to the last row without a row of any shop."""
    duplicates: int = 0
    """Rows that repeat another one exactly; they count once."""
    undeclared: tuple[str, ...] = ()
    """Columns (in the long layout: measures) that the mapping does not name. They are not read."""
    absent_words: tuple[str, ...] = ()
    """In the long layout: measures that the mapping names and no row holds. They are missing."""
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
    regions: tuple[str, ...]
    """The marketplace's and those of its shops."""
    rows: int
    shops: int
    first_day: date
    last_day: date
    tables: tuple[TableReport, ...]
    measures: tuple[MeasureReport, ...]
    """Delivered ones. What is not among them is missing everywhere."""
    not_delivered: tuple[str, ...]
    """Known measures without a single known cell."""
    unusable: tuple[MeasureReport, ...]
    """Measures given in a channel of which every cell is bad, so that it is not delivered there."""
    problems: tuple[Problem, ...]

    def early_ends(self, until: date) -> tuple[EarlyEnd, ...]:
        """The tables whose rows end before `until`."""
        found = []
        for table in self.tables:
            if table.last_day is None or table.last_day >= until:
                continue
            declared = table.known_until is not None and table.known_until >= until
            if table.table is None and declared:
                continue  # what the products sold on these days is known
            days = (until - table.last_day).days
            zero = self._zero_in(table) if declared else ()
            found.append(EarlyEnd(files=table.files, last_day=table.last_day, days=days, zero=zero))
        return tuple(found)

    def lost_days(self, since: date, until: date) -> tuple[LostDays, ...]:
        """The days from `since` to `until` that a table has nothing of, though it has later ones.

        Told of tables of facts alone: products may all be without a sale on a day.
        """
        found = []
        for table in self.tables:
            if table.table is None:
                continue
            spans = [
                (max(first, since), min(last, until))
                for first, last in table.lost_days
                if first <= until and last >= since
            ]
            if spans:
                found.append(
                    LostDays(
                        files=table.files,
                        days=sum((last - first).days + 1 for first, last in spans),
                        spans=tuple(spans[-SPANS_TOLD:]),
                        zero=self._zero_in(table),
                    )
                )
        return tuple(found)

    def _zero_in(self, table: TableReport) -> tuple[str, ...]:
        found = (
            each.measure
            for each in self.measures
            if each.table == table.table and each.absent_day == "zero"
        )
        return tuple(dict.fromkeys(found))

    @property
    def delivered(self) -> tuple[tuple[str, Channel], ...]:
        return tuple((each.measure, each.channel) for each in self.measures)
