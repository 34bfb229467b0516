"""survey: some numbers of every shop of a snapshot, kept together: what benchmarks are made from.

They are measured by the stages that diagnose, slice by slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.evaluation import midpoint_change
from shopace.core.pipeline.derive import derive
from shopace.core.pipeline.load import load
from shopace.core.pipeline.measure import measure, vocabularies
from shopace.core.pipeline.run import SLICE_SHOPS
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.benchmarks import Failure
from shopace.core.warehouse.cohorts import Cohort, cohorts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Flags, Integers, Measured
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.snapshot import Snapshot

ROW_BYTES, MOVE_BYTES = 8 + 1, 8 + 8
"""What is kept of a shop for a row of the peers comparison, and for one of the market's move."""


class Survey(NamedTuple):
    """Of all shops in some rows; shape (rows, shops) each."""

    values: Floats
    """30-day values times the metric's sign; NaN for who is no peer."""
    idle: Flags
    """Peers who have none of an activity."""
    changes: Floats
    """Of the last week, as the market's move is told by them; NaN where there is none to tell."""
    weights: Floats
    """What each of these weighs."""
    who: Integers
    """Codes of region, currency and industry, and the tier; shape (4, shops)."""
    failures: tuple[Failure, ...]
    """Of plugins' own code; what it derives of the shops of those blocks is missing."""


def survey(
    plan: Plan, snapshot: Snapshot, rows: list[int], moves: list[int], step: Callable[[], None]
) -> Survey:
    """Those columns of every shop. `step` is called after every block."""
    shops = snapshot.manifest.shops
    values, idle = np.empty((len(rows), shops)), np.empty((len(rows), shops), dtype=bool)
    changes, weights = np.empty((len(moves), shops)), np.empty((len(moves), shops))
    who = np.empty((4, shops), dtype=np.int64)
    failed: dict[str, list[tuple[int, str]]] = {}
    place = 0
    for number in range(len(snapshot)):
        block = snapshot.block(number)
        derived = derive(plan, block)
        for plugin, why in derived.failed.items():
            failed.setdefault(plugin, []).append((number, why))
        for first in range(0, len(block.profile), SLICE_SHOPS):
            end = min(first + SLICE_SHOPS, len(block.profile))
            batch = load(plan, block, first, end)
            measured = measure(batch, derived.part(first, end))
            at = slice(place + first, place + end)
            values[:, at], idle[:, at] = _oriented(plan, measured, rows)
            changes[:, at], weights[:, at] = _changes(plan, measured, moves)
            codes = (batch.profile[field] for field in ("region", "currency", "industry"))
            for row, each in zip(who, (*codes, measured.tier), strict=True):
                row[at] = each
        place += len(block.profile)
        step()
    failures = tuple(
        Failure(plugin=plugin, why=found[0][1], blocks=tuple(number for number, _ in found))
        for plugin, found in failed.items()
    )
    return Survey(values, idle, changes, weights, who, failures)


def cohorts_in(plan: Plan, surveyed: Survey) -> tuple[list[Cohort], list[NDArray[np.int64]]]:
    """Every cohort of the snapshot, sorted, and the positions of its shops."""
    region, currency, industry, tier = surveyed.who
    found = {
        cohort: np.nonzero(codes == code)[0]
        for codes, cohorts in cohorts_of(region, currency, industry, tier, vocabularies(plan))
        for code, cohort in enumerate(cohorts)
    }
    ordered = sorted(found)
    return ordered, [found[cohort] for cohort in ordered]


def _oriented(plan: Plan, measured: Measured, columns: list[int]) -> tuple[Floats, Flags]:
    value = plan.sign[columns] * measured.values[Period.L30D][columns]
    is_peer = measured.is_peer[columns]
    nothing = plan.is_activity[columns][:, None] & (value == 0)
    return np.where(is_peer & ~nothing, value, np.nan), is_peer & nothing


def _changes(plan: Plan, measured: Measured, columns: list[int]) -> tuple[Floats, Floats]:
    """Midpoint change of seven days against the seven before, and what each weighs.

    NaN without a sample in both: from no orders to none is no change of the market, and where most
    shops are idle their zeros would hide that all the others fell. A sample below the metric's
    minimum weighs in proportion to it: three orders that became two tell little of the market.
    Weights are the samples up to the minimum: whole numbers where samples are counts, so "exactly
    half of all weight" is exact, and no order of addition decides which shop is in the middle.
    """
    least = plan.min_sample[columns]
    weeks = (Period.L7D, Period.P7D)
    change = midpoint_change(*(measured.values[week][columns] for week in weeks))
    sample = np.minimum(*(measured.samples[week][columns] for week in weeks))
    weight = np.where(least > 0, np.minimum(sample, least), 1.0)
    return np.where(sample > 0, change, np.nan), weight
