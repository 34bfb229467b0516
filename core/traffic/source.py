"""The facts of one shop, its products and their days, ready to be added up.

Tables of the connection, made by `open_shop`:

- `traffic_products`: what is known of each product; a row too for products that only facts name;
- `traffic_days`: the rows of `product_facts`, of this shop;
- `traffic_shop`: (day, channel, measure, value), the shop's own facts of the same measures.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shopace.core.errors import FactsError, NotFoundError, UnknownShopError, did_you_mean
from shopace.core.traffic.metrics import METRICS
from shopace.core.traffic.periods import Span
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import refs
from shopace.core.vocabulary.gmv_ranges import GmvRanges, ranges_for
from shopace.core.vocabulary.units import Aggregation
from shopace.core.warehouse.details import SHAPES
from shopace.core.warehouse.facts_tables import (
    CHANNELS,
    Facts,
    FactsTable,
    open_facts,
    units_of,
)
from shopace.core.warehouse.mapping import AbsentDay, FactsMapping, Kind
from shopace.core.warehouse.sql import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shopace.core.vocabulary.measures import Measure

MEASURES = tuple(
    dict.fromkeys(ref.key for metric in METRICS.values() for ref in refs(metric.formula))
)
"""What the metrics of product traffic read."""
PRODUCT_FIELDS = tuple(each.name for each in SHAPES[Kind.PRODUCTS].fields)
_IDS_COMPARED = 10_000


@dataclass(frozen=True)
class Delivered:
    """A measure in a channel that the facts have, and what a day without a row means."""

    measure: str
    channel: Channel
    absent_is_zero: bool
    first_day: date
    last_day: date


_CellOf = tuple[int, Channel]
"""The index of a cell, and a channel."""


@dataclass(frozen=True, eq=False)
class ShopFacts:
    """One shop. Use it as `open_shop` gives it, within its `with` block."""

    facts: Facts
    shop: str
    currency: str
    ranges: GmvRanges | None

    @cached_property
    def known(self) -> Span:
        """The days with final facts."""
        first = [self.facts.first_day]
        opened = self.facts.details[Kind.PRODUCT_FACTS]
        if opened.first_day is not None:
            first.append(opened.first_day)
        return Span(min(first), self.facts.last_day)

    @cached_property
    def of_products(self) -> tuple[Delivered, ...]:
        """What the table of product facts has, of any shop."""
        opened = self.facts.details[Kind.PRODUCT_FACTS]
        if opened.first_day is None or opened.last_day is None:
            return ()
        zero = opened.table.absent_day is AbsentDay.ZERO
        counts = ", ".join(f"count({each}) > 0" for each in self.product_measures)
        rows = self.facts.rows(
            f"SELECT channel, {counts} FROM {Kind.PRODUCT_FACTS} GROUP BY channel", opened
        )
        found = {
            (measure, Channel(channel))
            for channel, *known in rows
            for measure, there in zip(self.product_measures, known, strict=True)
            if there
        }
        if zero and opened.table.channel is not None:
            with_rows = {Channel(row[0]) for row in rows}
            found |= self._zero_channels(with_rows, {measure for measure, _ in found})
        return tuple(
            Delivered(measure, channel, zero, opened.first_day, opened.last_day)
            for measure, channel in sorted(found)
        )

    @cached_property
    def product_measures(self) -> tuple[str, ...]:
        """The measures of product facts that somebody delivered."""
        sources = {each.measure for each in self.facts.details[Kind.PRODUCT_FACTS].sources}
        return tuple(each for each in MEASURES if each in sources)

    @cached_property
    def of_shop(self) -> tuple[Delivered, ...]:
        """What the tables of shops' own facts have of the same measures, of any shop."""
        return tuple(each for table in self.facts.tables for each in self._delivered(table))

    def measure(self, key: str) -> Measure:
        return self.facts.measures[key]

    def require_product(self, product: str) -> None:
        """Raise NotFoundError for a product that the shop does not have."""
        query = "SELECT product FROM traffic_products"
        if self.facts.rows(f"{query} WHERE product = {text(product)}"):
            return
        rows = self.facts.rows(f"{query} ORDER BY product LIMIT {_IDS_COMPARED}")
        known = [row[0] for row in rows]
        hint = did_you_mean(product, known) or f"shopace products list {self.shop}"
        raise NotFoundError(f'shop {self.shop} has no product "{product}"', hint=hint)

    def _delivered(self, table: FactsTable) -> Iterator[Delivered]:
        if not table.cells or table.first_day is None or table.last_day is None:
            return
        found, seen = self._known_cells(table)
        for index, cell in enumerate(table.cells):
            measure = cell.measure
            if measure.key not in MEASURES or measure.aggregation is Aggregation.LAST:
                continue
            zero = cell.absent_day is AbsentDay.ZERO
            channels = {channel for of, channel in found if of == index}
            if zero and channels and table.table.channel is not None:
                with_rows = {channel for of, channel in seen if of == index}
                channels |= {each[1] for each in self._zero_channels(with_rows, [measure.key])}
            for channel in sorted(channels):
                yield Delivered(measure.key, channel, zero, table.first_day, table.last_day)

    def _known_cells(self, table: FactsTable) -> tuple[set[_CellOf], set[_CellOf]]:
        """Those with a known value, and those with rows."""
        found: set[_CellOf] = set()
        if table.is_long:
            query = "SELECT channel, cell, count(c) > 0"
            rows = self.facts.rows(f"{query} FROM {table.raw} GROUP BY channel, cell", table)
        else:
            counts = ", ".join(f"count(c{index}) > 0" for index in range(len(table.cells)))
            query = f"SELECT channel, {counts} FROM {table.raw} GROUP BY channel"
            rows = [
                (code, index, there)
                for code, *known in self.facts.rows(query, table)
                for index, there in enumerate(known)
            ]
        for code, index, there in rows:
            if code is not None and there:
                own = table.cells[index].source.channel if not table.is_long else None
                found.add((index, own if own is not None else CHANNELS[code]))
        return found, {(index, CHANNELS[code]) for code, index, _ in rows if code is not None}

    def _zero_channels(
        self, seen: Iterable[Channel], measures: Iterable[str]
    ) -> set[tuple[str, Channel]]:
        """Channels that the mapping lists and no row has: zero, where absent days are.

        Not of a measure that no channel has a known value of: of it nothing is known.
        """
        market = self.facts.mapping.marketplace
        if not market.channels_declared:
            return set()
        return {
            (each, channel)
            for each in measures
            for channel in market.channels
            if channel not in set(seen) and channel in self.measure(each).channels
        }


@contextmanager
def open_shop(
    mapping: FactsMapping,
    folder: Path | str,
    measures: Mapping[str, Measure],
    shop: str,
    *,
    ranges: Iterable[GmvRanges] = (),
    spill: Path | None = None,
) -> Iterator[ShopFacts]:
    """Open the facts of one shop.

    Raises UnknownShopError, and FactsError where there are no product facts, where the shop's rows
    contradict each other, or where files cannot be used; `check_facts` tells what else is wrong.
    """
    with open_facts(mapping, folder, measures, spill=spill) as facts:
        if Kind.PRODUCT_FACTS not in facts.details:
            raise FactsError(
                f"{mapping.origin} declares no product facts",
                hint=f'add [[tables]] with kind = "{Kind.PRODUCT_FACTS}": see docs/facts.md',
            )
        _require_shop(facts, shop)
        currency = _currency(facts, shop)
        _collect(facts, shop)
        yield ShopFacts(facts, shop, currency, ranges_for(tuple(ranges), currency))


def _require_shop(facts: Facts, shop: str) -> None:
    tables = [each.profile for each in (*facts.tables, *facts.shop_tables)]
    tables += [kind for kind in (Kind.PRODUCTS, Kind.PRODUCT_FACTS) if kind in facts.details]
    if any(facts.rows(f"FROM {each} WHERE shop = {text(shop)} LIMIT 1") for each in tables):
        return
    every = " UNION ".join(f"SELECT shop FROM {each}" for each in tables)
    known = [row[0] for row in facts.rows(f"FROM ({every}) ORDER BY shop LIMIT {_IDS_COMPARED}")]
    raise UnknownShopError(f'the facts have no shop "{shop}"', hint=did_you_mean(shop, known))


def _currency(facts: Facts, shop: str) -> str:
    """The shop's own, else the marketplace's."""
    for table in (*facts.shop_tables, *facts.tables):
        if "currency" not in dict(table.table.profile):
            continue
        latest = "" if table in facts.shop_tables else " ORDER BY day DESC"
        found = facts.rows(
            f"SELECT currency FROM {table.profile} WHERE shop = {text(shop)} "
            f"AND currency IS NOT NULL{latest} LIMIT 1",
            table,
        )
        if found:
            return str(found[0][0])
    return facts.mapping.marketplace.currency


def _collect(facts: Facts, shop: str) -> None:
    """The tables of this module, each row once."""
    of = f"shop = {text(shop)}"
    fields = ", ".join(PRODUCT_FIELDS)
    columns = ", ".join(("product", "day", "channel", *SHAPES[Kind.PRODUCT_FACTS].measures))
    days = facts.details[Kind.PRODUCT_FACTS]
    facts.rows(
        f"CREATE OR REPLACE TEMP TABLE traffic_days AS SELECT DISTINCT {columns} "
        f"FROM {Kind.PRODUCT_FACTS} WHERE {of} AND {_known_days(days.first_day, days.last_day)}",
        days,
    )
    facts.rows(
        f"CREATE OR REPLACE TEMP TABLE traffic_products AS "
        f"WITH listed AS (SELECT DISTINCT product, {fields} FROM {Kind.PRODUCTS} WHERE {of}) "
        f"SELECT * FROM listed UNION ALL BY NAME "
        "SELECT DISTINCT product FROM traffic_days "
        "WHERE product NOT IN (SELECT product FROM listed)",
        facts.details.get(Kind.PRODUCTS),
    )
    facts.rows(f"CREATE OR REPLACE TEMP TABLE traffic_shop AS {_shop_rows(facts, of)}")
    _require_once(facts, "traffic_products", "product", "products", shop)
    _require_once(facts, "traffic_days", "product, day, channel", "product facts", shop)
    _require_once(facts, "traffic_shop", "day, channel, measure", "facts", shop)


def _shop_rows(facts: Facts, of: str) -> str:
    """The shop's own facts in one shape, as SQL."""
    names = "".join(f" WHEN {code} THEN {text(each)}" for code, each in enumerate(CHANNELS))
    parts = []
    for table in facts.tables:
        known = f"{of} AND {_known_days(table.first_day, table.last_day)}"
        for index, cell in enumerate(table.cells):
            if cell.measure.key not in MEASURES:
                continue
            own = cell.source.channel
            channel = f"CASE channel{names} END" if own is None else text(own)
            column, only = (f"c{index}", "") if not table.is_long else ("c", f" AND cell = {index}")
            value = f"CAST({column} AS DECIMAL(18,0)) / {units_of(cell.measure)}"
            parts.append(
                f"SELECT DISTINCT day, {channel} AS channel, {text(cell.measure.key)} AS measure, "
                f"CAST({value} AS DECIMAL(18,4)) AS value FROM {table.raw} WHERE {known}{only}"
            )
    nothing = (
        "SELECT CAST(NULL AS DATE) AS day, '' AS channel, '' AS measure, "
        "CAST(NULL AS DECIMAL(18,4)) AS value WHERE false"
    )
    return " UNION ALL ".join([nothing, *parts])


def _known_days(first: date | None, last: date | None) -> str:
    """Rows that count, as SQL: of a known channel and a known day."""
    if first is None or last is None:
        return "false"
    return f"channel IS NOT NULL AND day BETWEEN DATE '{first}' AND DATE '{last}'"


def _require_once(facts: Facts, table: str, keys: str, what: str, shop: str) -> None:
    query = f"SELECT {keys} FROM {table} GROUP BY {keys} HAVING count(*) > 1 ORDER BY {keys}"
    twice = facts.rows(f"{query} LIMIT 1")
    if twice:
        shown = " ".join(str(part) for part in twice[0])
        raise FactsError(
            f"the {what} of shop {shop} contradict each other: {shown}",
            hint="two different rows for one key; shopace facts check names all of them",
        )
