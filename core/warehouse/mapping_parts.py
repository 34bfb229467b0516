"""What tables of every kind declare alike: their files, columns of numbers, words of channels."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from shopace.core.vocabulary.channels import Channel, parse_channel
from shopace.core.vocabulary.record import Record

if TYPE_CHECKING:
    from shopace.core.warehouse.toml_reader import Reader

SUFFIXES = (".parquet", ".csv")


class Kind(StrEnum):
    """What the rows of a table are."""

    FACTS = "facts"
    """One row per shop and day, and per channel where there is one."""
    SHOPS = "shops"
    """One row per shop."""
    PRODUCTS = "products"
    """One row per shop and product, as it is now."""
    PRODUCT_FACTS = "product_facts"
    """One row per shop, product and day, and per channel where there is one."""
    CONTENTS = "contents"
    """One row per shop, product, day and LIVE or video."""
    CREATORS = "creators"
    """One row per creator."""
    VIOLATIONS = "violations"
    """One row per shop and violation."""


class AbsentDay(StrEnum):
    """What a day without a row means. A gauge takes its last value instead and has no zero days."""

    ZERO = "zero"
    MISSING = "missing"


class Source(Record, frozen=True, kw_only=True):
    """Where a measure comes from: a column or, in the long layout, a word of the measure column."""

    measure: str
    column: str
    channel: Channel | None = None
    """The channel this column is of; None: the row's, or the shop where rows have none."""
    scale: float = 1.0
    """The delivered number times this is the measure's: 0.01 for a share delivered in per cent."""
    absent_day: AbsentDay | None = None
    """None: as the table."""


def files_of(reader: Reader) -> str:
    """The glob of a table."""
    files = reader.text("files", required=True)
    path = PurePosixPath(files)
    if files and (path.is_absolute() or ".." in path.parts):
        reader.problem("files", f'"{files}" leads out of the facts folder')
    elif files and path.suffix.lower() not in SUFFIXES:
        reader.problem("files", f'"{files}" is neither .parquet nor .csv')
    return files


def scale_of(reader: Reader) -> float:
    """What a delivered number is multiplied with."""
    scale = reader.number("scale")
    if scale is not None and not 0 < scale < float("inf"):
        reader.problem("scale", f"{scale:g} is not a positive number")
        scale = None
    return scale if scale is not None else 1.0


def channel_words_of(reader: Reader) -> tuple[tuple[str, Channel], ...]:
    """(word of the channel column, channel)."""
    if not reader.has("channels"):
        return ()
    inner = reader.table("channels")
    words = [
        (word, channel_of(inner, word, inner.text(word, required=True))) for word in inner.names()
    ]
    inner.end()
    return tuple((word, channel) for word, channel in words if channel is not None)


def channel_of(reader: Reader, where: str, word: str) -> Channel | None:
    """The channel of a word that key `where` holds; a problem where nobody knows it."""
    if not word:
        return None
    try:
        return parse_channel(word)
    except ValueError as error:
        reader.problem(where, str(error))
        return None
