"""compare: four outcomes with their evidence, by three kinds of comparison.

AA, the shop against its own previous seven days: enough of a sample, then a change that stands
out from the shop's own week-to-week noise once the market's move is taken out, and is large enough
to matter. AB, against benchmark sellers of its cohort, itself excluded. Policy lines, by the rows
of the as-of date and the shop's region. A missing number is `no_data`, never healthy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.evaluation import midpoint_change
from shopace.core.pipeline.batch import ISSUE, NO_DATA, NOT_APPLICABLE, OK, Compared, Crossed
from shopace.core.pipeline.lines import reached, stood_since
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.benchmarks import GRID
from shopace.core.warehouse.cohorts import LEVELS, LEVELS_OF_SIZE

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Codes, Flags, Integers, Measured
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.policy import PolicyLine


class _Previous(NamedTuple):
    outcome: Codes
    change: Floats
    market: Floats
    deviation: Floats
    improved: Flags


class _Peers(NamedTuple):
    outcome: Codes
    benchmark: Floats
    gap: Floats
    peers: Integers
    level: np.ndarray
    percentile: np.ndarray


def compare(batch: Batch, measured: Measured) -> Compared:
    """Every column by AA and AB, and the policy lines that anybody stands on."""
    aa = _with_previous(batch, measured)
    ab = _with_peers(batch, measured, aa.improved)
    return Compared(
        aa=aa.outcome,
        change=aa.change,
        market=aa.market,
        deviation=aa.deviation,
        improved=aa.improved,
        ab=ab.outcome,
        benchmark=ab.benchmark,
        gap=ab.gap,
        percentile=ab.percentile,
        peers=ab.peers,
        level=ab.level,
        lines=_with_policy(batch, measured),
    )


def _with_previous(batch: Batch, measured: Measured) -> _Previous:
    plan = batch.plan
    change = midpoint_change(measured.values[Period.L7D], measured.values[Period.P7D])
    market = _market_move(plan, measured, len(batch.shops))
    coarse = _coarseness(plan, measured.events[Period.L7D] + measured.events[Period.P7D])
    deviation = np.sqrt(np.maximum(batch.noise * batch.noise, coarse))

    own = plan.sign * change
    beyond_market = plan.sign * (change - np.where(np.isnan(market), 0.0, market))
    floor = plan.values["core.aa_floor"]
    line = np.where(
        _was_open(batch), plan.values["core.aa_noise_open"], plan.values["core.aa_noise"]
    )
    with np.errstate(invalid="ignore"):  # no noise is asked for, and nothing was counted
        stands_out = np.abs(beyond_market) >= np.maximum(line * deviation, floor)
    worse = stands_out & (beyond_market < 0) & (own <= -floor)
    better = stands_out & (beyond_market > 0) & (own >= floor)

    unknown = np.isnan(change) | np.isnan(deviation)
    unfit = (plan.sign == 0) | ~_enough_to_compare(plan, measured) | batch.too_young(Period.P7D)
    outcome = np.where(worse, ISSUE, OK).astype(np.uint8)
    outcome[unknown] = NO_DATA
    outcome[unfit & ~np.isnan(change)] = NOT_APPLICABLE
    judged = outcome <= ISSUE
    return _Previous(outcome, change, market, deviation, better & judged)


def _coarseness(plan: Plan, events: Floats) -> Floats:
    """The variance of a midpoint change that the number of things counted brings by itself.

    Of events by chance √n more or fewer mean nothing; of what somebody sets, one more or fewer.
    """
    with np.errstate(all="ignore"):
        one = 2.0 / events
        variance = np.where(plan.is_chance, 2.0 * one, one * one)
    return np.where(plan.is_counted & (events >= 0), variance, 0.0)


def _market_move(plan: Plan, measured: Measured, shops: int) -> Floats:
    """The median change of the narrowest cohort with enough movers; NaN unknown. (C, shops)."""
    move = np.full((len(plan.columns), shops), np.nan)
    columns, rows = plan.move_rows
    if plan.benchmarks is None or not columns.size:
        return move
    moves, movers = plan.benchmarks.moves[:, rows], plan.benchmarks.movers[:, rows]
    found = np.full((columns.size, shops), np.nan)
    for position in measured.cohorts[::-1]:  # the widest first, overwritten by narrower ones
        others = movers[position] - 1
        enough = (others >= plan.values["core.ab_peers"]) & (position >= 0)[:, None]
        found = np.where(enough.T, moves[position].T, found)
    move[columns] = found
    return move


def _enough_to_compare(plan: Plan, measured: Measured) -> Flags:
    """A denominator must suffice in both periods; a count in one, or its fall to 0 went unseen."""
    current, previous = measured.samples[Period.L7D], measured.samples[Period.P7D]
    sample = np.where(
        plan.is_quotient, np.minimum(current, previous), np.maximum(current, previous)
    )
    enough: Flags = (plan.min_sample == 0) | (sample >= plan.min_sample)
    return enough


def _was_open(batch: Batch) -> Flags:
    """Which AA findings were open in the earlier diagnosis (C, shops)."""
    plan = batch.plan
    open_before = np.zeros((len(plan.columns), len(batch.shops)), dtype=bool)
    by_key = plan.column_by_key
    for shop, recollection in enumerate(batch.recollections):
        if recollection is not None:
            for key in recollection.declined:
                column = by_key.get(key)
                if column is not None:
                    open_before[column, shop] = True
    return open_before


def _with_peers(batch: Batch, measured: Measured, improved: Flags) -> _Peers:
    plan, shops = batch.plan, len(batch.shops)
    shape = (len(plan.columns), shops)
    outcome = np.full(shape, NOT_APPLICABLE, dtype=np.uint8)
    benchmark, gap = np.full(shape, np.nan), np.full(shape, np.nan)
    peers, level = np.zeros(shape, dtype=np.int64), np.full(shape, -1, dtype=np.int8)
    percentile = np.full(shape, -1, dtype=np.int8)
    columns, rows = plan.peer_rows
    found = _Peers(outcome, benchmark, gap, peers, level, percentile)
    if plan.benchmarks is None or not columns.size:
        return found

    sign = plan.sign[columns]
    value = sign * measured.values[Period.L30D][columns]
    idle = plan.is_activity[columns][:, None] & (value == 0)
    counts = (plan.benchmarks.peers[:, rows], plan.benchmarks.everyone[:, rows])
    used, others, cohort = _cohort_of(plan, measured, columns, counts, idle)
    cell = cohort * plan.benchmarks.lower.shape[1] + rows[:, None]
    lower, upper = plan.benchmarks.lower.ravel()[cell], plan.benchmarks.upper.ravel()[cell]
    top = np.where(value <= lower, upper, lower)
    top = np.where(idle, plan.benchmarks.outside.ravel()[cell], top)
    size = np.maximum(np.abs(top), np.abs(value))
    with np.errstate(all="ignore"):
        behind = np.where(size == 0, 0.0, (top - value) / size)
    known = ~np.isnan(value)
    judged = known & (used >= 0) & measured.is_peer[columns]
    wide = judged & (behind >= plan.values["core.ab_gap"])
    wide &= ~_by_chance(plan, measured, columns, top=top, value=value, asked=wide)

    share = np.full(value.shape, -1, dtype=np.int8)
    asked = np.nonzero(wide | (judged & improved[columns]))
    grid = plan.benchmarks.grid.reshape(-1, GRID)[cell[asked]]
    own = value[asked][:, None]
    below, up_to = (
        np.maximum(np.count_nonzero(each, axis=1) - 1, 0) * (100 // (GRID - 1))
        for each in (grid < own, grid <= own)
    )
    share[asked] = below
    middle = np.full(value.shape, np.inf)  # who is level with many others is not behind them
    middle[asked] = (below + up_to) / 2
    issue = wide & (middle <= plan.values["core.ab_percentile"])

    outcome[columns] = np.where(
        known, np.where(judged, np.where(issue, ISSUE, OK), NOT_APPLICABLE), NO_DATA
    )
    benchmark[columns] = np.where(judged, sign * top, np.nan)
    gap[columns] = np.where(judged, behind, np.nan)
    peers[columns] = others
    level[columns] = used
    percentile[columns] = share
    return found


def _by_chance(
    plan: Plan, measured: Measured, columns: Integers, *, top: Floats, value: Floats, asked: Flags
) -> Flags:
    """Which of the gaps asked for chance may have made: few events, here or at the benchmark.

    The benchmark's events are those that the shop would have, were its value the benchmark. What
    somebody sets is no chance. All of shape (rows, shops).
    """
    row, shop = np.nonzero(asked & plan.is_chance[columns])
    column = columns[row]
    here, there = np.abs(value[row, shop]), np.abs(top[row, shop])
    events = measured.events[Period.L30D][column, shop]
    sample = measured.samples[Period.L30D][column, shop]
    with np.errstate(all="ignore"):
        of_none = plan.unit_events[column, 0] * np.where(plan.is_quotient[column, 0], sample, 1.0)
        of_one = np.where(here == 0, of_none, events / here)
        variance = 4.0 / (events + of_one * there)
        middle = (here + there) / 2
        variance *= np.where(plan.is_share[column] & (middle < 1), 1.0 - middle, 1.0)
        reach = np.abs(midpoint_change(here, there))
        drowned = reach < plan.values["core.ab_noise"] * np.sqrt(variance)
    by_chance = np.zeros(asked.shape, dtype=bool)
    by_chance[row, shop] = drowned
    return by_chance


def _cohort_of(
    plan: Plan,
    measured: Measured,
    columns: Integers,
    counts: tuple[Integers, Integers],
    idle: Flags,
) -> tuple[np.ndarray, Integers, Integers]:
    """The narrowest cohort level with enough peers, how many, its position; (rows, shops) each.

    Of the counts those that are not idle are for a shop that is not, everyone for one that is.
    What grows with the shop is compared within its tier or not at all.
    """
    active, everyone = counts
    of_any_size = ~plan.grows_with_shop[columns]
    shape = idle.shape
    used = np.full(shape, -1, dtype=np.int8)
    others = np.zeros(shape, dtype=np.int64)
    cohort = np.zeros(shape, dtype=np.int64)
    for level in reversed(range(len(LEVELS))):  # the widest first, overwritten by narrower ones
        position = measured.cohorts[level]
        there = np.where(idle, everyone[position].T, active[position].T)
        without_itself = np.where(position >= 0, there - 1, 0)
        enough = without_itself >= plan.values["core.ab_peers"]
        if LEVELS[level] not in LEVELS_OF_SIZE:
            enough &= of_any_size
        used[enough] = level
        others = np.where(enough, without_itself, others)
        cohort = np.where(enough, position[None], cohort)
    return used, others, cohort


def _with_policy(batch: Batch, measured: Measured) -> list[Crossed]:
    """Of each ladder, the highest step that a shop stands on; of the other lines, each."""
    plan, shops = batch.plan, len(batch.shops)
    regions = batch.profile["region"].astype(np.int64)
    names = plan.manifest.vocabularies["region"]
    fired: dict[PolicyLine, Flags] = {}
    for code in sorted(set(regions.tolist())):
        here = regions == code
        on_ladder: dict[str, Flags] = {}
        lines = plan.lines_for(names[code] if code >= 0 else "")
        for line in sorted(lines, key=_steepest_first):
            crossed = here & reached(plan, measured, line)
            if line.ladder:
                higher = on_ladder.setdefault(line.ladder, np.zeros(shops, dtype=bool))
                crossed &= ~higher
                higher |= crossed
            if crossed.any():
                fired[line] = fired.get(line, np.zeros(shops, dtype=bool)) | crossed
    return [_crossed(batch, line, fired[line]) for line in sorted(fired, key=lambda at: at.key)]


def _crossed(batch: Batch, line: PolicyLine, shops: Flags) -> Crossed:
    since = stood_since(batch, line, shops)
    over = np.zeros(shops.shape, dtype=bool)
    if line.lasts_days is not None:
        over = shops & (since + line.lasts_days <= np.datetime64(batch.plan.manifest.as_of, "D"))
    return Crossed(line, shops, since, over)


def _steepest_first(line: PolicyLine) -> tuple[str, float, str]:
    return line.ladder, -line.rung, line.key
