"""Who the shops of a snapshot are: the last profile known on the as-of date."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shopace.core.vocabulary.channels import FIVE
from shopace.core.warehouse.facts import facts_view, shops_view
from shopace.core.warehouse.facts_tables import Facts, FactsTable
from shopace.core.warehouse.mapping import PROFILE_FIELDS, parse_focus
from shopace.core.warehouse.snapshot_files import NAME_BYTES, profile_dtype
from shopace.core.warehouse.sql import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODED = ("region", "industry", "currency", "timezone")
"""Fields kept as codes of a vocabulary."""


class Profiles:
    """All shops that exist on the as-of date, numbered by id, as the table `shops` of the facts.

    A shop exists from its first row, or when a table of shops lists it and it had opened by then.
    When it opened is known from its profile alone: a first row is only a first sale.
    """

    def __init__(self, facts: Facts, as_of: date) -> None:
        self._facts, self._as_of = facts, as_of
        self._number_shops()
        self._collect()

    @cached_property
    def count(self) -> int:
        return int(self._facts.rows("SELECT count(*) FROM shops")[0][0])

    @cached_property
    def vocabularies(self) -> dict[str, tuple[str, ...]]:
        """Every word of the coded fields, sorted."""
        return {
            field: tuple(
                row[0]
                for row in self._facts.rows(
                    f"SELECT DISTINCT {field} FROM profiles WHERE {field} IS NOT NULL ORDER BY 1"
                )
            )
            for field in CODED
        }

    def block(self, first: int, count: int) -> NDArray[Any]:
        """The profiles of `count` shops from number `first` on, as `profile_dtype`."""
        rows = self._facts.rows(
            f"SELECT shop, {', '.join(PROFILE_FIELDS)} FROM profiles "
            f"WHERE no >= {first} AND no < {first + count} ORDER BY no"
        )
        columns = dict(zip(("shop", *PROFILE_FIELDS), zip(*rows, strict=True), strict=True))
        names = [_cut(each) for each in columns["name"]]
        profile = np.zeros(len(rows), dtype=profile_dtype(max(len(each) for each in names)))
        profile["id"] = [each.encode() for each in columns["shop"]]
        profile["name"] = names
        for field in CODED:
            code = {word: index for index, word in enumerate(self.vocabularies[field])}
            profile[field] = [code.get(word, -1) for word in columns[field]]
        profile["opened_on"] = np.array(columns["opened_on"], dtype="datetime64[D]")
        masks = {each: _mask(each) for each in set(columns["focus_channels"])}
        profile["focus"] = [masks[each] for each in columns["focus_channels"]]
        return profile

    def _number_shops(self) -> None:
        listed = [
            f"SELECT DISTINCT shop FROM {facts_view(table)} WHERE day <= DATE '{self._as_of}'"
            for table in self._facts.tables
        ]
        for table in self._facts.shop_tables:
            opened = ""
            if "opened_on" in dict(table.table.profile):
                opened = f" WHERE opened_on IS NULL OR opened_on <= DATE '{self._as_of}'"
            listed.append(f"SELECT shop FROM {shops_view(table)}{opened}")
        self._facts.rows(
            "CREATE OR REPLACE TEMP TABLE shops AS SELECT "
            "CAST(row_number() OVER (ORDER BY shop) - 1 AS INTEGER) AS no, shop "
            f"FROM ({' UNION '.join(listed)}) ORDER BY no"
        )

    def _collect(self) -> None:
        market = self._facts.mapping.marketplace
        sources = [_latest(table, self._as_of) for table in self._facts.tables]
        sources += [f"SELECT * FROM {shops_view(each)}" for each in self._facts.shop_tables]
        tables = (*self._facts.tables, *self._facts.shop_tables)
        delivered = {field: None for each in tables for field, _ in each.table.profile}
        joins = "".join(
            f" LEFT JOIN ({source}) AS p{i} USING (shop)"
            for i, (source, table) in enumerate(zip(sources, tables, strict=True))
            if table.table.profile
        )
        fallback = {
            "region": text(market.region),
            "currency": text(market.currency),
            "timezone": text(market.timezone),
        }
        fields = ", ".join(
            f"coalesce({field if field in delivered else 'NULL'}, {fallback.get(field, 'NULL')})"
            f" AS {field}"
            for field in PROFILE_FIELDS
        )
        self._facts.rows(
            f"CREATE OR REPLACE TEMP TABLE profiles AS SELECT no, shop, {fields} FROM shops{joins}"
        )


def _latest(table: FactsTable, as_of: date) -> str:
    """The last known value of each profile field in a table of facts, as SQL."""
    fields = ", ".join(
        f"(max(struct_pack(day := day, value := {field})) FILTER "
        f"(WHERE {field} IS NOT NULL)).value AS {field}"
        for field, _ in table.table.profile
    )
    known = f"FROM {table.profile} WHERE day <= DATE '{as_of}' GROUP BY shop"
    return f"SELECT shop, {fields} {known}" if fields else ""


def _cut(name: str | None) -> bytes:
    """At most NAME_BYTES of UTF-8, cut at a character's end."""
    return (name or "").encode()[:NAME_BYTES].decode(errors="ignore").encode()


def _mask(focus: str | None) -> int:
    known, _ = parse_focus(focus or "")
    return sum(1 << bit for bit, channel in enumerate(FIVE) if channel in known)
