"""Building a benchmark set: every shop of a snapshot measured by the pipeline's own code.

The formulas are evaluated by the same stages that diagnose, so a shop and its peers can never be
measured in two ways. Order statistics are exact; `benchmarks.py` says what is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.evaluation import midpoint_change, weighted_median
from shopace.core.host.registry import fingerprint
from shopace.core.pipeline.derive import derive
from shopace.core.pipeline.load import load
from shopace.core.pipeline.measure import measure, vocabularies
from shopace.core.pipeline.plan import Plan
from shopace.core.vocabulary.parameters import TOP_PEERS
from shopace.core.vocabulary.units import Direction, Period
from shopace.core.warehouse.benchmarks import (
    ARRAYS,
    GRID,
    BenchmarkManifest,
    BenchmarkSet,
    open_benchmarks,
)
from shopace.core.warehouse.cohorts import Cohort, cohorts_of
from shopace.core.warehouse.folders import MANIFEST, publish, unfinished, write_array
from shopace.core.warehouse.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats
    from shopace.core.host.registry import Registry
    from shopace.core.pipeline.batch import Flags, Integers, Measured
    from shopace.core.warehouse.snapshot import Block, Snapshot

RULES = 7
"""Counts up when what is computed here changes, so that sets of earlier rules are built anew."""
PER_MILLE = 1000
ROWS_AT_ONCE = 64
"""Rows kept in memory together, over all shops: bounds memory at 64 × 8 bytes a shop."""


def build_benchmarks(
    registry: Registry,
    snapshot: Snapshot,
    folder: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> BenchmarkSet:
    """The benchmark set of a snapshot, written into `folder/<id>/`, whole or not at all.

    The id is a fingerprint of the snapshot and of the metrics with their benchmarks: what is built
    already is returned as it is. `progress` is told (done, of).
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
    identity = f"{snapshot.id}-{fingerprint([RULES, snapshot.id, prints, registry.ladders], 8)}"
    if (folder / identity / MANIFEST).is_file():
        (folder / identity / MANIFEST).touch()  # the latest again, though another came between
        return open_benchmarks(folder / identity)

    cohorts, members = _cohorts(plan, snapshot)
    tops = [_per_mille(registry, plan.columns[n].metric.key) for n in rows]
    arrays = _empty(len(cohorts), len(rows), len(moves))
    steps = [rows[i : i + ROWS_AT_ONCE] for i in range(0, len(rows), ROWS_AT_ONCE)]
    steps_of_moves = [moves[i : i + ROWS_AT_ONCE] for i in range(0, len(moves), ROWS_AT_ONCE)]
    total, done = len(steps) + len(steps_of_moves), 0
    for at, part in enumerate(steps):
        values, idle = _oriented(plan, snapshot, part)
        first = at * ROWS_AT_ONCE
        for cohort, shops in enumerate(members):
            known = _order_statistics(values[:, shops], tops, arrays, cohort, first)
            without = np.count_nonzero(idle[:, shops], axis=1)
            here = slice(first, first + len(part))
            arrays["everyone"][cohort, here] = arrays["peers"][cohort, here] + without
            arrays["outside"][cohort, here] = _of_the_idle(known, without, tops[here])
        done = _tell(progress, done, total)
    for at, part in enumerate(steps_of_moves):
        values, weights = _moves(plan, snapshot, part)
        place = slice(at * ROWS_AT_ONCE, at * ROWS_AT_ONCE + len(part))
        for cohort, shops in enumerate(members):
            inside, weight = values[:, shops].T, weights[:, shops].T
            arrays["moves"][cohort, place] = weighted_median(inside, weight)
            arrays["movers"][cohort, place] = np.count_nonzero(~np.isnan(inside), axis=0)
        done = _tell(progress, done, total)

    def named(numbers: list[int]) -> tuple[tuple[str, str], ...]:
        return tuple((plan.columns[n].metric.key, plan.columns[n].channel.value) for n in numbers)

    with unfinished(folder, identity) as hidden:
        manifest = BenchmarkManifest(
            id=identity,
            snapshot=snapshot.id,
            as_of=snapshot.manifest.as_of,
            top_peers=registry.values[TOP_PEERS],
            rows=named(rows),
            moves=named(moves),
            metrics=prints,
            cohorts=tuple(cohorts),
            files={name: write_array(hidden, f"{name}.npy", arrays[name]) for name in ARRAYS},
        )
        publish(hidden, folder / identity, manifest)
    return open_benchmarks(folder / identity)


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


def _cohorts(plan: Plan, snapshot: Snapshot) -> tuple[list[Cohort], list[NDArray[np.int64]]]:
    """Every cohort of the snapshot, sorted, and the positions of its shops."""
    codes: dict[str, list[NDArray[np.int64]]] = {"region": [], "currency": [], "industry": []}
    tier = []
    for block, measured in _measured(plan, snapshot):
        tier.append(measured.tier)
        for field, parts in codes.items():
            parts.append(block.profile[field].astype(np.int64))
    levels = cohorts_of(
        np.concatenate(codes["region"]),
        np.concatenate(codes["currency"]),
        np.concatenate(codes["industry"]),
        np.concatenate(tier),
        vocabularies(plan),
    )
    found = {
        cohort: np.nonzero(codes == code)[0]
        for codes, cohorts in levels
        for code, cohort in enumerate(cohorts)
    }
    ordered = sorted(found)
    return ordered, [found[cohort] for cohort in ordered]


def _measured(plan: Plan, snapshot: Snapshot) -> Iterator[tuple[Block, Measured]]:
    """Every block, as the pipeline measures it."""
    for number in range(len(snapshot)):
        block = snapshot.block(number)
        yield block, measure(load(plan, block, 0, len(block.shops)), derive(plan, block))


def _oriented(plan: Plan, snapshot: Snapshot, columns: list[int]) -> tuple[Floats, Flags]:
    """30-day values times the metric's sign, NaN for who is no peer; and who is idle."""
    sign = plan.sign[columns]
    values, idle = [], []
    for _, measured in _measured(plan, snapshot):
        value = sign * measured.values[Period.L30D][columns]
        nothing = plan.is_activity[columns][:, None] & (value == 0)
        values.append(np.where(measured.is_peer[columns] & ~nothing, value, np.nan))
        idle.append(measured.is_peer[columns] & nothing)
    return np.concatenate(values, axis=1), np.concatenate(idle, axis=1)


def _moves(plan: Plan, snapshot: Snapshot, columns: list[int]) -> tuple[Floats, Floats]:
    """Midpoint change of seven days against the seven before, and what each weighs.

    NaN without a sample in both: from no orders to none is no change of the market, and where most
    shops are idle their zeros would hide that all the others fell. A sample below the metric's
    minimum weighs in proportion to it: three orders that became two tell little of the market.
    Weights are the samples up to the minimum: whole numbers where samples are counts, so "exactly
    half of all weight" is exact, and no order of addition decides which shop is in the middle.
    """
    changes, weights = [], []
    least = plan.min_sample[columns]
    weeks = (Period.L7D, Period.P7D)
    for _, measured in _measured(plan, snapshot):
        change = midpoint_change(*(measured.values[week][columns] for week in weeks))
        sample = np.minimum(*(measured.samples[week][columns] for week in weeks))
        changes.append(np.where(sample > 0, change, np.nan))
        weights.append(np.where(least > 0, np.minimum(sample, least), 1.0))
    return np.concatenate(changes, axis=1), np.concatenate(weights, axis=1)


def _order_statistics(
    values: Floats,
    tops: list[int],
    arrays: dict[str, NDArray[np.float64 | np.int64]],
    cohort: int,
    first: int,
) -> Floats:
    """Fill in one cohort's peers, neighbours of the benchmark, and percentile grid.

    Returns the values in ascending order, NaN last.
    """
    ordered = np.sort(values, axis=1)  # NaN last
    known = np.count_nonzero(~np.isnan(ordered), axis=1)
    for place, count in enumerate(known.tolist()):
        row = first + place
        arrays["peers"][cohort, row] = count
        if count == 0:
            continue
        here = ordered[place]
        if count > 1:
            rank = -(-tops[row] * (count - 1) // PER_MILLE)  # ⌈top × (m − 1)⌉, from 1
            arrays["lower"][cohort, row] = here[rank - 1]
            arrays["upper"][cohort, row] = here[rank]
        at = [max(-(-step * count // (GRID - 1)), 1) - 1 for step in range(GRID)]
        arrays["grid"][cohort, row] = here[at]
    return ordered


def _of_the_idle(ordered: Floats, without: Integers, tops: list[int]) -> list[float]:
    """The benchmark of each row's idle shops among all others, idle or not; NaN without any."""
    found = []
    for active, idle, top in zip(ordered, without.tolist(), tops, strict=True):
        others = int(np.count_nonzero(~np.isnan(active))) + idle - 1
        if not idle or not others:
            found.append(np.nan)
            continue
        rank = -(-top * others // PER_MILLE) - (idle - 1)  # from 1, among those that are active
        found.append(float(active[rank - 1]) if rank > 0 else 0.0)
    return found


def _tell(progress: Callable[[int, int], None] | None, done: int, total: int) -> int:
    if progress is not None:
        progress(done + 1, total)
    return done + 1
