"""What stands behind the numbers of a shop: products, their days, contents, creators, violations.

Each is an optional table of the facts with a shape of its own. Here is what their columns are, and
how a mapping declares them.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum, auto
from typing import TYPE_CHECKING, NamedTuple

from shopace.core.errors import did_you_mean
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.contents import Account, ContentKind
from shopace.core.vocabulary.products import ListingQuality, ProductStatus
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.violations import ViolationKind, ViolationStatus
from shopace.core.warehouse.mapping_parts import (
    AbsentDay,
    Kind,
    Source,
    channel_words_of,
    files_of,
    scale_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopace.core.warehouse.toml_reader import Reader


class FieldType(StrEnum):
    TEXT = auto()
    WORD = auto()
    """One of a list."""
    NUMBER = auto()
    """Zero or more."""
    FLAG = auto()
    """Yes or no."""
    DAY = auto()

    @property
    def sql(self) -> str:
        """Its type in the views."""
        return {self.NUMBER: "DOUBLE", self.FLAG: "BOOLEAN", self.DAY: "DATE"}.get(self, "VARCHAR")


class Field(NamedTuple):
    """A column that tells something of a row. Unknown is NULL."""

    name: str
    type: FieldType = FieldType.TEXT
    words: tuple[str, ...] = ()


class Shape(NamedTuple):
    """The columns of a kind of table."""

    keys: tuple[str, ...]
    """What makes a row the same as another, beside the channel. `date` is `day` in the views."""
    fields: tuple[Field, ...] = ()
    measures: tuple[str, ...] = ()
    """Keys of standard measures; DECIMAL(18,4) in the views, so that sums are exact."""
    has_channel: bool = False
    has_absent_days: bool = False

    @property
    def has_days(self) -> bool:
        return "date" in self.keys


_YES_NO = ("yes", "no")

SHAPES: Mapping[Kind, Shape] = {
    Kind.PRODUCTS: Shape(
        keys=("shop", "product"),
        fields=(
            Field("title"),
            Field("category"),
            Field("image"),
            Field("link"),
            Field("status", FieldType.WORD, tuple(ProductStatus)),
            Field("price", FieldType.NUMBER),
            Field("rating", FieldType.NUMBER),
            Field("stock", FieldType.NUMBER),
            Field("listing_quality", FieldType.WORD, tuple(ListingQuality)),
            Field("opportunity_matched", FieldType.FLAG, _YES_NO),
        ),
    ),
    Kind.PRODUCT_FACTS: Shape(
        keys=("shop", "product", "date"),
        measures=(
            "product_impressions",
            "unique_product_impressions",
            "product_clicks",
            "unique_product_clicks",
            "add_to_carts",
            "add_to_cart_users",
            "orders",
            "sku_orders",
            "unique_buyers",
            "est_customers",
            "items_sold",
            "gmv",
            "gmv_with_tax",
            "tax",
            "gmv_with_cofunding",
            "shipping_fees",
            "refunds",
            "items_refunded",
            "refund_customers",
            "creators_posted",
            "new_videos",
            "new_lives",
        ),
        has_channel=True,
        has_absent_days=True,
    ),
    Kind.CONTENTS: Shape(
        keys=("shop", "product", "date", "content"),
        fields=(
            Field("content_kind", FieldType.WORD, tuple(ContentKind)),
            Field("account", FieldType.WORD, tuple(Account)),
            Field("creator"),
            Field("title"),
        ),
        measures=("product_impressions", "product_clicks", "sku_orders", "gmv", "views"),
    ),
    Kind.CREATORS: Shape(keys=("creator",), fields=(Field("name"), Field("type"))),
    Kind.VIOLATIONS: Shape(
        keys=("shop", "violation"),
        fields=(
            Field("category", FieldType.WORD, tuple(ViolationKind)),
            Field("points", FieldType.NUMBER),
            Field("issued_on", FieldType.DAY),
            Field("ends_on", FieldType.DAY),
            Field("appeal_by", FieldType.DAY),
            Field("status", FieldType.WORD, tuple(ViolationStatus)),
        ),
    ),
}
"""By kind. What is none of these is a table of facts or of shops."""


class DetailTable(Record, frozen=True, kw_only=True):
    """A set of files of one of these kinds."""

    files: str
    """Glob, relative to the facts folder."""
    kind: Kind
    place: int
    """Its number among the tables of the mapping file."""
    keys: tuple[tuple[str, str], ...]
    """(key, column)."""
    fields: tuple[tuple[str, str], ...] = ()
    """(field, column)."""
    words: tuple[tuple[str, str, str], ...] = ()
    """(field, word as delivered, our word)."""
    sources: tuple[Source, ...] | None = None
    """None: every column that is named like a measure of the kind."""
    channel: str | None = None
    channel_words: tuple[tuple[str, Channel], ...] = ()
    absent_day: AbsentDay | None = None
    """What a day without a row of a product means; None where the kind has no such days."""
    first_day: date | None = None
    """Days before it are missing, never zero. None: as the marketplace's."""
    known_until: date | None = None
    """Days up to it are known, with rows or without. None: to the last date in the table."""

    @property
    def shape(self) -> Shape:
        return SHAPES[self.kind]


def read_detail(reader: Reader, kind: Kind, place: int) -> DetailTable:
    """Read and judge one `[[tables]]` of the mapping."""
    shape = SHAPES[kind]
    absent_day = reader.choice("absent_day", AbsentDay) if shape.has_absent_days else None
    if shape.has_absent_days and not reader.has("absent_day"):
        hint = 'say what a day without a row means: "zero" or "missing"'
        reader.problem("absent_day", "is not declared", hint)
    channel = reader.text("channel") if shape.has_channel else ""
    words = channel_words_of(reader) if shape.has_channel else ()
    if words and not channel:
        reader.problem("channels", "has no column to read", "add channel = …, the column's name")
    table = DetailTable(
        files=files_of(reader),
        kind=kind,
        place=place,
        keys=tuple((key, reader.text(key, required=True)) for key in shape.keys),
        fields=_fields(reader, kind),
        words=_words(reader, kind),
        sources=_sources(reader, kind) if shape.measures else (),
        channel=channel or None,
        channel_words=words,
        absent_day=absent_day,
        first_day=reader.date("first_day") if shape.has_days else None,
        known_until=reader.date("known_until") if shape.has_absent_days else None,
    )
    reader.end()
    return table


def _fields(reader: Reader, kind: Kind) -> tuple[tuple[str, str], ...]:
    known = [each.name for each in SHAPES[kind].fields]
    if not known or not reader.has("fields"):
        return ()
    inner = reader.table("fields")
    found = []
    for name in inner.names():
        if name in known:
            found.append((name, inner.text(name, required=True)))
        else:
            inner.unknown(name, f"is no field of {kind}", name, known)
    inner.end()
    return tuple(found)


def _words(reader: Reader, kind: Kind) -> tuple[tuple[str, str, str], ...]:
    known = {each.name: each.words for each in SHAPES[kind].fields if each.words}
    if not known or not reader.has("words"):
        return ()
    outer = reader.table("words")
    found: list[tuple[str, str, str]] = []
    for field in outer.names():
        if field not in known:
            outer.unknown(field, f"is no field with words of {kind}", field, known)
            continue
        inner = outer.table(field)
        for word in inner.names():
            meaning = inner.text(word, required=True)
            if meaning in known[field]:
                found.append((field, word, meaning))
            elif meaning:
                what = f'"{meaning}" is none of {", ".join(known[field])}'
                inner.problem(word, what, did_you_mean(meaning, known[field]))
        inner.end()
    outer.end()
    return tuple(found)


def _sources(reader: Reader, kind: Kind) -> tuple[Source, ...] | None:
    if not reader.has("measures"):
        return None
    known = SHAPES[kind].measures
    inner = reader.table("measures")
    found: list[Source] = []
    for name in inner.names():
        if name not in known:
            inner.unknown(name, f"is no measure of {kind}", name, known)
        elif inner.is_table(name):
            deeper = inner.table(name)
            column = deeper.text("column", required=True)
            found.append(Source(measure=name, column=column, scale=scale_of(deeper)))
            deeper.end()
        else:
            found.append(Source(measure=name, column=inner.text(name, required=True)))
    inner.end()
    return tuple(found)
