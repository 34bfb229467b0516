"""The files of a snapshot: what its manifest tells and what its blocks hold."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.facts_report import EarlyEnd, LostDays
from shopace.core.warehouse.folders import File, write_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SCHEMA = "shopace.snapshot/1"
BLOCKS = "blocks"

ARRAYS = ("values", "known", "history", "profile")
"""The arrays of a block, a file each."""

OFFSETS = "offsets"
"""The array of a detail table that tells whose rows are whose."""

NAME_BYTES = 200
"""Longer shop names are cut at a character's end."""

Row = tuple[Period, str, Channel]
HistoryRow = tuple[str, Channel]


class BlockEntry(Record, frozen=True, kw_only=True):
    first: str
    """The block's first shop."""
    shops: int
    files: dict[str, File]
    """By array: values, known, history, profile; then `table.column` of each detail table."""


class Manifest(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a snapshot holds and what it was made from."""

    schema: str
    id: str
    marketplace: str
    as_of: date
    latest_available_date: date
    """The latest final day of the facts; the as-of date is this day or an earlier one."""
    first_day: date
    """The first day with facts. Days before it are missing."""
    facts: str
    """Fingerprint of the files the facts came from."""
    mapping: str
    """Fingerprint of the mapping."""
    shops: int
    block_shops: int
    """Shops per block; the last block may hold fewer."""
    channels: tuple[Channel, ...]
    """The channels of this marketplace."""
    rows: tuple[Row, ...]
    """The rows of `values` and `known`. What is not among them was not delivered."""
    history: tuple[HistoryRow, ...]
    """The rows of `history`, by metric."""
    measures: dict[str, str]
    """Fingerprint of every measure known at the build."""
    metrics: dict[str, str]
    """Fingerprint of every metric known at the build."""
    blocks: tuple[BlockEntry, ...]
    vocabularies: dict[str, tuple[str, ...]]
    """Words behind the codes of region, industry, currency and timezone."""
    early_ends: tuple[EarlyEnd, ...] = ()
    """Tables of the facts that end before the as-of date."""
    lost_days: tuple[LostDays, ...] = ()
    """Tables that have no row on some of the days that the windows read."""
    details: dict[str, dict[str, tuple[str, ...]]] = msgspec.field(default_factory=dict)
    """Tables with any number of rows per shop → their columns → the words behind a column's codes,
    of which the first has the code 1 and 0 is unknown. Tables not delivered are absent."""


class BlockArrays(msgspec.Struct, frozen=True, kw_only=True):
    """The arrays of one block; the last axis is the shop."""

    values: NDArray[np.float64]
    """(rows, shops); NaN is missing."""
    known: NDArray[np.uint8]
    """(rows, shops): how many days of the period are known; for gauges 1 or 0."""
    history: NDArray[np.float64]
    """(metrics, shops): robust standard deviation of week-to-week midpoint changes."""
    profile: NDArray[Any]
    """Structured, see `profile_dtype`."""


class DetailArrays(msgspec.Struct, frozen=True, kw_only=True):
    """One detail table of a block. Rows of shop i: from offsets[i] to before offsets[i + 1]."""

    offsets: NDArray[np.int64]
    """(shops + 1)."""
    columns: dict[str, NDArray[Any]]
    """Each of shape (rows). Ids and titles are UTF-8, unknown numbers NaN, unknown days NaT."""


def profile_dtype(name_bytes: int = NAME_BYTES) -> np.dtype[Any]:
    """Profile of a shop. Codes are -1 and dates NaT where unknown; `focus` has a bit per FIVE."""
    return np.dtype(
        [
            ("id", "S64"),
            ("name", f"S{max(name_bytes, 1)}"),
            ("region", "<i4"),
            ("industry", "<i4"),
            ("currency", "<i4"),
            ("timezone", "<i4"),
            ("opened_on", "<M8[D]"),
            ("focus", "u1"),
        ]
    )


def write_block(
    folder: Path, index: int, arrays: BlockArrays, details: Mapping[str, NDArray[Any]]
) -> BlockEntry:
    """Write the block's files under `folder`/blocks, synced, and tell what they are.

    `details` are arrays by `table.column`.
    """
    wanted = {array: getattr(arrays, array) for array in ARRAYS} | dict(details)
    files = {
        name: write_array(folder, f"{BLOCKS}/{index:05d}.{name}.npy", array)
        for name, array in wanted.items()
    }
    ids = arrays.profile["id"]
    return BlockEntry(first=ids[0].decode() if len(ids) else "", shops=len(ids), files=files)
