"""Benchmark sets: what peers show, per cohort and metric, of one snapshot.

On disk a folder `<id>/` with `manifest.json` and memory-mappable arrays, C-order:

| file | shape | what |
| --- | --- | --- |
| `peers.npy` | (cohorts, rows) | shops with a known, sufficient value |
| `lower.npy`, `upper.npy` | (cohorts, rows) | the benchmark, this shop excluded: two neighbours |
| `grid.npy` | (cohorts, rows, 21) | every twentieth of the cohort, nearest rank, ascending |
| `everyone.npy` | (cohorts, rows) | the same with the idle: who has none of an activity |
| `outside.npy` | (cohorts, rows) | the benchmark of who is idle; NaN where nobody is |
| `moves.npy`, `movers.npy` | (cohorts, move rows) | the market's move of L7D, of how many shops |

Values are *oriented*: multiplied by −1 where lower is better, so that more is always better. Of m
values the benchmark of a shop is the k-th of the other m − 1, k = ⌈top × (m − 1)⌉: without the shop
the ranks above it shift by one, so it is `upper` for a shop at or below `lower`, else `lower`.
Counts of what is done in a content channel are compared in two ways, for the zeros of those who do
not use it would make little of it look good: who does something is compared with those who do, who
is idle with everyone.
Moves are told by shops with a sample in both weeks: who is idle says nothing of the market.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from shopace.core.errors import BenchmarkError
from shopace.core.warehouse.cohorts import Cohort
from shopace.core.warehouse.folders import MANIFEST, File, wrong_contents, wrong_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats

SCHEMA = "shopace.benchmarks/3"
GRID = 21
"""Points of the percentile grid: 0, 5, … 100."""
ARRAYS = ("peers", "lower", "upper", "grid", "everyone", "outside", "moves", "movers")
REBUILD = "build it again: shopace benchmarks build"
AGAIN = f"delete the folder and {REBUILD}"


class _Head(msgspec.Struct):
    """What every format of a manifest has."""

    schema: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Shops of some blocks are missing among the peers: a plugin's own code failed for them."""

    plugin: str
    why: str
    """Of the first block, with the plugin's version and the function."""
    blocks: tuple[int, ...]


class BenchmarkManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark set holds, and which snapshot it belongs to."""

    schema: str = SCHEMA
    id: str
    snapshot: str
    as_of: dt.date
    top_peers: float
    """The value of `core.top_peers` that it was built by."""
    rows: tuple[tuple[str, str], ...]
    """(metric, channel) of the peers comparison."""
    moves: tuple[tuple[str, str], ...]
    """(metric, channel) of the market's move."""
    metrics: dict[str, str]
    """Metric → fingerprint of metric and benchmark."""
    cohorts: tuple[Cohort, ...]
    files: dict[str, File]
    """By array."""
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class BenchmarkSet:
    """An opened set. Arrays are memory-mapped and read-only."""

    path: Path
    manifest: BenchmarkManifest
    peers: NDArray[np.int64]
    lower: Floats
    upper: Floats
    grid: Floats
    everyone: NDArray[np.int64]
    outside: Floats
    moves: Floats
    movers: NDArray[np.int64]

    @property
    def id(self) -> str:
        return self.manifest.id

    def verify(self) -> None:
        """Read everything once. Raises BenchmarkError with all files whose content changed."""
        problems = wrong_contents(self.path, self.manifest.files.values())
        if problems:
            raise BenchmarkError(
                f"benchmark set {self.id} is damaged", problems=problems, hint=AGAIN
            )


def open_benchmarks(path: Path) -> BenchmarkSet:
    """The set in a folder: manifest and file sizes are checked, contents are not.

    Raises BenchmarkError where it is missing, half-written, of another version or damaged.
    """
    try:
        content = (path / MANIFEST).read_bytes()
    except OSError:
        raise BenchmarkError(f"there is no benchmark set {path.name}", hint=REBUILD) from None
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
        if schema != SCHEMA:
            what = f"benchmark set {path.name} is of format {schema}, this is {SCHEMA}"
            raise BenchmarkError(what, hint=AGAIN)
        manifest = msgspec.json.decode(content, type=BenchmarkManifest)
    except msgspec.DecodeError as error:
        raise BenchmarkError(f"benchmark set {path.name} is damaged: {error}", hint=AGAIN) from None
    problems = wrong_sizes(path, manifest.files.values())
    if problems:
        what = f"benchmark set {path.name} is incomplete or damaged"
        raise BenchmarkError(what, problems=problems, hint=AGAIN)
    try:
        arrays = {
            name: np.load(path / manifest.files[name].name, mmap_mode="r", allow_pickle=False)
            for name in ARRAYS
        }
    except (OSError, ValueError, KeyError) as error:
        raise BenchmarkError(
            f"benchmark set {path.name} is damaged: {error}", hint=AGAIN
        ) from error
    return BenchmarkSet(path, manifest, **arrays)


def require_fit(
    benchmarks: BenchmarkSet, snapshot: str, as_of: dt.date, *, top_peers: float
) -> None:
    """Raise BenchmarkError unless the set was built from this very snapshot, by this `top_peers`.

    A shop's own value is taken out of its peers by rank, so both must come from the same numbers.
    """
    manifest = benchmarks.manifest
    if manifest.snapshot == snapshot:
        if manifest.top_peers == top_peers:
            return
        what = (
            f"benchmark set {manifest.id} was built with core.top_peers {manifest.top_peers:g}, "
            f"the configuration says {top_peers:g}"
        )
        raise BenchmarkError(what, hint=f"{REBUILD} {snapshot}")
    age = (as_of - manifest.as_of).days
    older = f"{age} day{'s' * (age != 1)} older" if age > 0 else "of another snapshot"
    what = f"benchmark set {manifest.id} is {older}: snapshot {snapshot} is of {as_of}"
    raise BenchmarkError(what, hint=f"build its own: shopace benchmarks build {snapshot}")


def latest_benchmarks(folder: Path, snapshot: str) -> BenchmarkSet | None:
    """The set of a snapshot that was built last; None where there is none."""
    fitting = folder.glob(f"{snapshot}-*/{MANIFEST}")
    latest = max(fitting, key=lambda each: (each.stat().st_mtime_ns, each), default=None)
    return open_benchmarks(latest.parent) if latest is not None else None
