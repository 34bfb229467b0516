"""Benchmark sets: what peers show, per cohort and metric, of one snapshot.

On disk a folder `<id>/` with `manifest.json` and memory-mappable arrays, C-order:

| file | shape | what |
| --- | --- | --- |
| `peers.npy` | (cohorts, rows) | shops with a known, sufficient value |
| `lower.npy`, `upper.npy` | (cohorts, rows) | the benchmark, this shop excluded: two neighbours |
| `grid.npy` | (cohorts, rows, 21) | every twentieth of the cohort, nearest rank, ascending |
| `moves.npy`, `movers.npy` | (cohorts, move rows) | median midpoint change L7D, of how many shops |

Values are *oriented*: multiplied by −1 where lower is better, so that more is always better. Of m
values the benchmark of a shop is the k-th of the other m − 1, k = ⌈top × (m − 1)⌉: without the shop
the ranks above it shift by one, so it is `upper` for a shop at or below `lower`, else `lower`.
Moves are told by shops with a sample in both weeks: who is idle says nothing of the market.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from shopace.core.errors import BenchmarkError
from shopace.core.warehouse.cohorts import Cohort
from shopace.core.warehouse.folders import MANIFEST, File

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats

SCHEMA = "shopace.benchmarks/1"
GRID = 21
"""Points of the percentile grid: 0, 5, … 100."""
ARRAYS = ("peers", "lower", "upper", "grid", "moves", "movers")
REBUILD = "build it again: shopace benchmarks build"


class BenchmarkManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark set holds, and which snapshot it belongs to."""

    schema: str = SCHEMA
    id: str
    snapshot: str
    as_of: dt.date
    rows: tuple[tuple[str, str], ...]
    """(metric, channel) of the peers comparison."""
    moves: tuple[tuple[str, str], ...]
    """(metric, channel) of the market's move."""
    metrics: dict[str, str]
    """Metric → fingerprint of metric and benchmark."""
    cohorts: tuple[Cohort, ...]
    files: dict[str, File]
    """By array."""


@dataclass(frozen=True)
class BenchmarkSet:
    """An opened set. Arrays are memory-mapped and read-only."""

    manifest: BenchmarkManifest
    peers: NDArray[np.int64]
    lower: Floats
    upper: Floats
    grid: Floats
    moves: Floats
    movers: NDArray[np.int64]

    @property
    def id(self) -> str:
        return self.manifest.id


def open_benchmarks(path: Path) -> BenchmarkSet:
    """The set in a folder.

    Raises BenchmarkError where it is missing, half-written, of another version or damaged.
    """
    try:
        content = (path / MANIFEST).read_bytes()
    except OSError:
        raise BenchmarkError(f"there is no benchmark set {path.name}", hint=REBUILD) from None
    try:
        manifest = msgspec.json.decode(content, type=BenchmarkManifest)
    except msgspec.DecodeError as error:
        raise BenchmarkError(
            f"benchmark set {path.name} is damaged: {error}", hint=REBUILD
        ) from None
    if manifest.schema != SCHEMA:
        what = f"benchmark set {path.name} is of format {manifest.schema}, this is {SCHEMA}"
        raise BenchmarkError(what, hint=REBUILD)
    for written in manifest.files.values():
        file = path / written.name
        if not file.is_file() or file.stat().st_size != written.bytes:
            what = f"benchmark set {path.name} is damaged: {file.name} is not {written.bytes} bytes"
            raise BenchmarkError(what, hint=REBUILD)
    arrays = {name: np.load(path / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    return BenchmarkSet(manifest, **arrays)


def require_fit(benchmarks: BenchmarkSet, snapshot: str, as_of: dt.date) -> None:
    """Raise BenchmarkError unless the set was built from this very snapshot.

    A shop's own value is taken out of its peers by rank, so both must come from the same numbers.
    """
    manifest = benchmarks.manifest
    if manifest.snapshot == snapshot:
        return
    age = (as_of - manifest.as_of).days
    older = f"{age} day{'s' * (age != 1)} older" if age > 0 else "of another snapshot"
    what = f"benchmark set {manifest.id} is {older}: snapshot {snapshot} is of {as_of}"
    raise BenchmarkError(what, hint=REBUILD)


def latest_benchmarks(folder: Path, snapshot: str) -> BenchmarkSet | None:
    """The set of a snapshot that was built last; None where there is none."""
    fitting = folder.glob(f"{snapshot}-*/{MANIFEST}")
    latest = max(fitting, key=lambda each: (each.stat().st_mtime_ns, each), default=None)
    return open_benchmarks(latest.parent) if latest is not None else None
