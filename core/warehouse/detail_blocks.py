"""Products and violations as a snapshot holds them: column by column, each shop's rows together.

DuckDB does the work; NumPy only packs what a block holds.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shopace.core.vocabulary.channels import GROUP_MEMBERS, Channel
from shopace.core.vocabulary.products import ListingQuality, ProductStatus
from shopace.core.vocabulary.violations import ViolationKind, ViolationStatus
from shopace.core.warehouse.mapping import AbsentDay, Kind
from shopace.core.warehouse.snapshot_files import OFFSETS
from shopace.core.warehouse.sql import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from shopace.core.warehouse.detail_tables import OpenedDetail
    from shopace.core.warehouse.facts_tables import Facts

TITLE_CHARACTERS = 80
"""Longer titles are cut: a card names the product, its page shows it."""
GMV_DAYS = 30


class Column(NamedTuple):
    """One column of a table: its name, SQL over the view, and how it is kept."""

    name: str
    sql: str
    type: str
    """NumPy's; `S` is UTF-8 as wide as the block's longest."""
    words: tuple[str, ...] = ()
    """What the codes mean; the code 0 is unknown, 1 the first word."""


def _word(name: str, words: Iterable[str]) -> Column:
    known = tuple(map(str, words))
    listed = ", ".join(map(text, known))
    return Column(name, f"coalesce(list_position([{listed}], {name}), 0)", "u1", known)


_PRODUCTS = (
    Column("id", "product", "S"),
    Column("title", f"coalesce(left(title, {TITLE_CHARACTERS}), '')", "S"),
    _word("status", ProductStatus),
    _word("listing_quality", ListingQuality),
    Column("price", "price", "<f8"),
    Column("rating", "rating", "<f8"),
    Column("stock", "stock", "<f8"),
    Column("opportunity_matched", "CAST(opportunity_matched AS DOUBLE)", "<f8"),
    Column("gmv_30d", "gmv_30d", "<f8"),
)
_VIOLATIONS = (
    Column("id", "violation", "S"),
    _word("category", ViolationKind),
    _word("status", ViolationStatus),
    Column("points", "points", "<f8"),
    Column("issued_on", "issued_on", "<M8[D]"),
    Column("ends_on", "ends_on", "<M8[D]"),
    Column("appeal_by", "appeal_by", "<M8[D]"),
)
_COLUMNS = {Kind.PRODUCTS: _PRODUCTS, Kind.VIOLATIONS: _VIOLATIONS}
_ORDER = {Kind.PRODUCTS: "no, gmv_30d DESC NULLS LAST, id", Kind.VIOLATIONS: "no, id"}
"""Whoever reads the first rows of a shop has what matters most."""


class DetailBlocks:
    """The tables of a snapshot that have any number of rows per shop.

    It needs the numbered shops of `Profiles`. Left out are deleted products, violations of after
    the as-of date, and settled ones whose points have ended by then.
    """

    def __init__(self, facts: Facts, as_of: date) -> None:
        self._facts, self._as_of = facts, as_of
        self._kinds = [kind for kind in _COLUMNS if kind in facts.details]
        for kind in self._kinds:
            self._stage(kind)

    @property
    def layout(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Table → column → the words behind its codes."""
        return {
            kind.value: {column.name: column.words for column in _COLUMNS[kind]}
            for kind in self._kinds
        }

    def block(self, first: int, count: int) -> dict[str, NDArray[Any]]:
        """Of `count` shops from number `first` on: each column as `table.column`, and `offsets`.

        Rows of shop i are those from offsets[i] to before offsets[i + 1].
        """
        found: dict[str, NDArray[Any]] = {}
        for kind in self._kinds:
            rows = self._facts.arrays(
                f"SELECT * FROM staged_{kind} WHERE no >= {first} AND no < {first + count} "
                f"ORDER BY {_ORDER[kind]}"
            )
            offsets = np.zeros(count + 1, dtype=np.int64)
            offsets[1:] = np.bincount(rows["no"] - first, minlength=count).cumsum()
            found[f"{kind}.{OFFSETS}"] = offsets
            for column in _COLUMNS[kind]:
                found[f"{kind}.{column.name}"] = _pack(rows[column.name], column.type)
        return found

    def _stage(self, kind: Kind) -> None:
        source, where = kind.value, "status IS DISTINCT FROM 'deleted'"
        if kind is Kind.PRODUCTS:
            source = self._products()
        else:
            unsettled = "coalesce(status IN ('open', 'appealing'), true)"
            where = (
                f"(issued_on IS NULL OR issued_on <= DATE '{self._as_of}') AND "
                f"(ends_on IS NULL OR ends_on > DATE '{self._as_of}' OR {unsettled})"
            )
        columns = ", ".join(f"{each.sql} AS {each.name}" for each in _COLUMNS[kind])
        self._facts.rows(
            f"CREATE OR REPLACE TEMP TABLE staged_{kind} AS SELECT no, {columns} "
            f"FROM {source} JOIN shops USING (shop) WHERE {where} ORDER BY {_ORDER[kind]}",
            self._facts.details[kind],
        )

    def _products(self) -> str:
        """The products with their GMV of the last 30 days, as SQL; NULL where a day is unknown."""
        opened = self._facts.details.get(Kind.PRODUCT_FACTS)
        unknown = "(SELECT *, CAST(NULL AS DOUBLE) AS gmv_30d FROM products)"
        if opened is None or opened.first_day is None or opened.last_day is None:
            return unknown
        first = self._as_of - timedelta(days=GMV_DAYS - 1)
        delivered = any(each.measure == "gmv" for each in opened.sources)
        if not delivered or first < opened.first_day or self._as_of > opened.last_day:
            return unknown
        channels = _whole(opened)
        known, never = "count(gmv) = count(*)", "0.0"  # who has no row sold nothing
        if opened.table.absent_day is AbsentDay.MISSING:
            known, never = f"count(gmv) = {GMV_DAYS * len(channels)}", "NULL"
        sold = (
            "SELECT shop, product, true AS has_rows, "
            f"CASE WHEN {known} THEN CAST(sum(gmv) AS DOUBLE) END AS sold FROM product_facts "
            f"WHERE day BETWEEN DATE '{first}' AND DATE '{self._as_of}' "
            f"AND channel IN ({', '.join(map(text, channels))}) GROUP BY shop, product"
        )
        return (
            f"(SELECT *, CASE WHEN has_rows THEN sold ELSE {never} END AS gmv_30d "
            f"FROM products LEFT JOIN ({sold}) USING (shop, product))"
        )


def _whole(opened: OpenedDetail) -> tuple[Channel, ...]:
    """The channels whose GMV adds up to a product's: the delivered total, else its parts."""
    if opened.table.channel is None:
        return (Channel.SHOP,)
    there = {each for each in opened.words.values() if each is not None}
    if Channel.SHOP in there:
        return (Channel.SHOP,)
    parts: list[Channel] = []
    for group, members in GROUP_MEMBERS.items():
        if group in there:
            parts.append(group)
        elif group is Channel.SHOP_TAB and Channel.PRODUCT_CARD in there:
            parts.append(Channel.PRODUCT_CARD)
        else:
            parts += [each for each in members if each in there]
    return tuple(parts)


def _pack(values: NDArray[Any], kind: str) -> NDArray[Any]:
    """A column without masks: unknown is NaN or NaT."""
    if kind == "S":
        packed = list(map(str.encode, np.ma.getdata(values).tolist()))
        return np.array(packed, dtype=np.bytes_) if packed else np.zeros(0, dtype="S1")
    if kind.startswith("<M8"):
        days = np.ma.getdata(values).astype(kind)
        days[np.ma.getmaskarray(values)] = np.datetime64("NaT")
        return days
    return np.ma.filled(values, np.nan if kind == "<f8" else 0).astype(kind)
