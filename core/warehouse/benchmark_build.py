"""Building a benchmark set: every shop of a snapshot measured by the pipeline's own code.

The formulas are evaluated by the same stages that diagnose, so a shop and its peers can never be
measured in two ways. Order statistics are exact; `benchmarks.py` says what is stored.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.host.registry import fingerprint
from shopace.core.pipeline.plan import Plan
from shopace.core.pipeline.survey import MOVE_BYTES, ROW_BYTES, cohorts_in, survey
from shopace.core.vocabulary.parameters import TOP_PEERS
from shopace.core.vocabulary.units import Direction
from shopace.core.warehouse.benchmarks import (
    ARRAYS,
    GRID,
    BenchmarkManifest,
    BenchmarkSet,
    open_benchmarks,
)
from shopace.core.warehouse.folders import MANIFEST, publish, unfinished, write_array
from shopace.core.warehouse.order_statistics import PER_MILLE, Groups
from shopace.core.warehouse.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray

    from shopace.core.host.registry import Registry
    from shopace.core.warehouse.benchmarks import Failure
    from shopace.core.warehouse.cohorts import Cohort
    from shopace.core.warehouse.folders import File
    from shopace.core.warehouse.order_statistics import Market, Peers
    from shopace.core.warehouse.snapshot import Snapshot

    Step = Callable[[], None]

RULES = 7
"""Counts up when what is computed here changes, so that sets of earlier rules are built anew."""
MEMORY_BYTES = 1 << 30
"""For the numbers of all shops that are kept together."""
THREADS = 4
"""They sort; what is between two sorts runs one at a time, so more would wait for each other."""


def build_benchmarks(
    registry: Registry,
    snapshot: Snapshot,
    folder: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    memory_bytes: int = MEMORY_BYTES,
    threads: int = THREADS,
) -> BenchmarkSet:
    """The benchmark set of a snapshot, written into `folder/<id>/`, whole or not at all.

    The id is a fingerprint of the snapshot and of the metrics with their benchmarks: what is built
    already is returned as it is. `progress` is told (done, of).

    The snapshot is measured once, and up to 25 bytes are kept of a shop for every metric in every
    channel: half a gigabyte for 200 of them and 100,000 shops. What would take more than
    `memory_bytes` is done in as many passes as it takes, down to a row each. Besides, a thread
    takes some 150 bytes a shop. The set is the same whatever the passes and the threads.

    Where a plugin's own code fails, what it derives of those shops is missing, the set says so, and
    it is built anew when it is asked for again.
    """
    plan = Plan(registry, snapshot.manifest, Policy(id="none", lines=()), None)
    rows = [
        number
        for number, column in enumerate(plan.columns)
        if column.metric.key in registry.benchmarks
    ]
    moves = [
        number
        for number, column in enumerate(plan.columns)
        if column.metric.direction is not Direction.NEITHER
    ]
    used = sorted({plan.columns[n].metric.key for n in (*rows, *moves)})
    prints = {metric: plan.print_of(metric) for metric in used}
    about = [RULES, snapshot.id, prints, registry.ladders]
    identity = f"{snapshot.id}-{fingerprint(about, 8)}"
    if (folder / identity / MANIFEST).is_file():
        (folder / identity / MANIFEST).touch()  # the latest again, though another came between
        return open_benchmarks(folder / identity)

    needed = snapshot.manifest.shops * (ROW_BYTES * len(rows) + MOVE_BYTES * len(moves))
    passes = min(-(-needed // memory_bytes), max(len(rows), len(moves))) or 1
    done, total = count(), passes * len(snapshot) + len(rows) + len(moves)

    def step() -> None:
        if progress is not None:
            progress(next(done), total)

    step()
    with ThreadPoolExecutor(threads) as pool:
        parts = [
            _part(
                plan,
                snapshot,
                _cut(rows, at, passes),
                _cut(moves, at, passes),
                pool=pool,
                step=step,
            )
            for at in range(passes)
        ]
    failures = tuple(dict.fromkeys(failure for part in parts for failure in part.failures))
    if failures:  # never taken for the set without them
        identity = f"{snapshot.id}-{fingerprint([*about, failures], 8)}"

    def named(numbers: list[int]) -> tuple[tuple[str, str], ...]:
        return tuple((plan.columns[n].metric.key, plan.columns[n].channel.value) for n in numbers)

    def written(to: Path, name: str) -> File:
        whole = np.concatenate([part.arrays[name] for part in parts], axis=1)
        return write_array(to, f"{name}.npy", whole)

    with unfinished(folder, identity) as hidden:
        manifest = BenchmarkManifest(
            id=identity,
            snapshot=snapshot.id,
            as_of=snapshot.manifest.as_of,
            top_peers=registry.values[TOP_PEERS],
            rows=named(rows),
            moves=named(moves),
            metrics=prints,
            cohorts=parts[0].cohorts,
            files={name: written(hidden, name) for name in ARRAYS},
            failures=failures,
        )
        publish(hidden, folder / identity, manifest)
    return open_benchmarks(folder / identity)


class _Part(NamedTuple):
    """What a set holds of some of its rows."""

    cohorts: tuple[Cohort, ...]
    """All of them, in every part."""
    arrays: Mapping[str, NDArray[np.float64 | np.int64]]
    failures: tuple[Failure, ...]


def _cut(columns: list[int], at: int, of: int) -> list[int]:
    """One of so many stretches, all of about one length, in their order."""
    return columns[len(columns) * at // of : len(columns) * (at + 1) // of]


def _part(
    plan: Plan, snapshot: Snapshot, rows: list[int], moves: list[int], *, pool: Executor, step: Step
) -> _Part:
    surveyed = survey(plan, snapshot, rows, moves, step)
    cohorts, members = cohorts_in(plan, surveyed)
    groups = Groups(members)
    tops = [_per_mille(plan.registry, plan.columns[n].metric.key) for n in rows]
    arrays = _empty(len(cohorts), len(rows), len(moves))
    by_row: tuple[Iterator[Peers | Market], ...] = (
        pool.map(groups.peers, surveyed.values, surveyed.idle, tops),
        pool.map(groups.market, surveyed.changes, surveyed.weights),
    )
    for found in by_row:
        for row, statistics in enumerate(found):
            for name, of_cohorts in statistics._asdict().items():
                arrays[name][:, row] = of_cohorts
            step()
    return _Part(tuple(cohorts), arrays, surveyed.failures)


def _per_mille(registry: Registry, metric: str) -> int:
    top = registry.benchmarks[metric].top
    return round(PER_MILLE * (registry.values[TOP_PEERS] if top is None else top))


def _empty(cohorts: int, rows: int, moves: int) -> dict[str, NDArray[np.float64 | np.int64]]:
    return {
        "peers": np.zeros((cohorts, rows), dtype=np.int64),
        "lower": np.full((cohorts, rows), np.nan),
        "upper": np.full((cohorts, rows), np.nan),
        "grid": np.full((cohorts, rows, GRID), np.nan),
        "everyone": np.zeros((cohorts, rows), dtype=np.int64),
        "outside": np.full((cohorts, rows), np.nan),
        "moves": np.full((cohorts, moves), np.nan),
        "movers": np.zeros((cohorts, moves), dtype=np.int64),
    }
