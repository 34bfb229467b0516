"""The files of a snapshot: manifest and blocks, written so that nobody sees half of one.

Everything is written to a hidden sibling folder, synced, and renamed in one step; the manifest is
the last file. What has no manifest is not a snapshot.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
import numpy as np

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SCHEMA = "shopace.snapshot/1"
MANIFEST = "manifest.json"
BLOCKS = "blocks"

ARRAYS = ("values", "known", "history", "profile")
"""The arrays of a block, a file each."""

NAME_BYTES = 200
"""Longer shop names are cut at a character's end."""

Row = tuple[Period, str, Channel]
HistoryRow = tuple[str, Channel]


class BlockFile(Record, frozen=True, kw_only=True):
    name: str
    bytes: int
    crc32: int


class BlockEntry(Record, frozen=True, kw_only=True):
    first: str
    """The block's first shop."""
    shops: int
    files: dict[str, BlockFile]
    """By array: values, known, history, profile."""


class Manifest(Record, frozen=True, kw_only=True):
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


class _Summed:
    """A binary file that knows the checksum of what was written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self.size, self.crc = 0, 0

    def write(self, data: Any) -> int:  # noqa: ANN401  # whatever has a buffer
        self.crc = crc32(data, self.crc)
        written = self._file.write(data)
        self.size += written
        return written

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def write_block(folder: Path, index: int, arrays: BlockArrays) -> BlockEntry:
    """Write the block's files under `folder`/blocks, synced, and tell what they are."""
    files: dict[str, BlockFile] = {}
    for array in ARRAYS:
        name = f"{BLOCKS}/{index:05d}.{array}.npy"
        target = _Summed(folder / name)
        try:
            np.save(target, np.ascontiguousarray(getattr(arrays, array)), allow_pickle=False)
        finally:
            target.close()
        files[array] = BlockFile(name=name, bytes=target.size, crc32=target.crc)
    ids = arrays.profile["id"]
    return BlockEntry(first=ids[0].decode() if len(ids) else "", shops=len(ids), files=files)


@contextmanager
def unfinished(folder: Path, name: str) -> Iterator[Path]:
    """A hidden folder beside where `folder`/`name` will be; gone when the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    hidden = Path(mkdtemp(prefix=f".{name}.", suffix=".partial", dir=folder))
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def publish(hidden: Path, target: Path, manifest: Manifest) -> None:
    """Write the manifest, sync, and make the folder visible under its name in one step.

    Somebody who published the same snapshot first is left alone: equal ids are equal content.
    """
    with (hidden / MANIFEST).open("xb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(hidden / BLOCKS)
    _sync_folder(hidden)
    hidden.chmod(0o755)
    try:
        hidden.rename(target)
    except OSError:
        if not (target / MANIFEST).is_file():
            raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
