"""measure: metrics from formulas, growth stage, cohorts and core channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.evaluation import EVER_SOLD
from shopace.core.pipeline.batch import Batch, Measured
from shopace.core.vocabulary.channels import ALL, FIVE, Channel
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.cohorts import Vocabularies, cohorts_of, positions, tiers

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Derived, Flags
    from shopace.core.pipeline.plan import Plan

_GMV_PERIODS = (Period.L7D, Period.P7D, Period.L30D, Period.P30D)


def measure(batch: Batch, derived: Derived) -> Measured:
    """Every column's values, and what the other stages need to know of the shops."""
    plan, profile = batch.plan, batch.profile
    rows = np.concatenate([batch.rows, derived.rows]) if plan.derived else batch.rows
    if plan.counted:
        rows = np.concatenate([rows, batch.violations.rows()])

    def row(period: Period, measure: str, channel: Channel = Channel.SHOP) -> Floats:
        number = plan.row_of.get((period, measure, channel))
        return rows[number] if number is not None else np.full(len(batch.shops), np.nan)

    words = vocabularies(plan)
    codes = {name: profile[name].astype(np.int64) for name in ("region", "currency", "industry")}
    tier = tiers(
        row(Period.L30D, "gmv"),
        first_known([row(period, "orders") for period in EVER_SOLD]),
        codes["region"],
        codes["currency"],
        words=words,
        ladders=plan.registry.ladders,
    )
    levels = cohorts_of(codes["region"], codes["currency"], codes["industry"], tier, words)
    gmv = {
        (period, channel): rows[plan.row_of[period, "gmv", channel]]
        for period in _GMV_PERIODS
        for channel in ALL
        if (period, "gmv", channel) in plan.row_of
    }
    samples = {period: program.run(rows) for period, program in plan.samples.items()}
    return Measured(
        rows=rows,
        values={period: program.run(rows) for period, program in plan.programs.items()},
        samples=samples,
        sufficient=_sufficient(plan, samples[Period.L7D]),
        is_peer=_sufficient(plan, samples[Period.L30D]) & ~_unused(plan, rows),
        events={period: program.run(rows) for period, program in plan.events.items()},
        tier=tier,
        cohorts=positions(levels, plan.cohort_index),
        gmv=gmv,
        core=core_channels(
            np.stack([row(Period.L30D, "gmv", channel) for channel in FIVE]),
            profile["focus"].astype(np.int64),
            plan.values["core.core_channel_share"],
        ),
        failed=derived.failed,
    )


def _sufficient(plan: Plan, sample: Floats) -> Flags:
    """Whether a value may be held to a line or a peer: a quotient needs its minimum sample."""
    enough = (plan.min_sample == 0) | (sample >= plan.min_sample)
    return np.asarray(enough | ~plan.is_quotient)


def _unused(plan: Plan, rows: Floats) -> Flags:
    """Sales columns of channels in which the shop showed nothing for 30 days."""
    unused = np.zeros((len(plan.columns), rows.shape[1]), dtype=bool)
    judged = plan.shown_row >= 0
    unused[judged] = rows[plan.shown_row[judged]] == 0
    return unused


def vocabularies(plan: Plan) -> Vocabularies:
    """The words behind the profile codes of the plan's snapshot."""
    words = plan.manifest.vocabularies
    return Vocabularies(words["region"], words["currency"], words["industry"])


def first_known(rows: list[Floats]) -> Floats:
    """Of each shop the first row that is not missing."""
    value = rows[0]
    for other in rows[1:]:
        value = np.where(np.isnan(value), other, value)
    return value


def core_channels(gmv_30d: Floats, focus: np.ndarray, share: float) -> Flags:
    """The channels that the shop selected, else the fewest that make `share` of its 30-day GMV.

    `gmv_30d` has the shape (the five, shops); a missing one is no core channel. `focus` holds one
    bit per channel. Where nothing was sold, none.
    """
    selected = (focus[None] >> np.arange(len(FIVE))[:, None] & 1).astype(bool)
    amount = np.where(np.isnan(gmv_30d), 0.0, gmv_30d)
    order = np.argsort(-amount, axis=0, kind="stable")
    ranked = np.take_along_axis(amount, order, axis=0)
    total = np.zeros(amount.shape[1])
    for each in amount:  # one after the other: the same sum whatever the batch
        total = total + each
    before = np.zeros_like(total)
    fewest = np.zeros_like(selected)
    for rank, each in enumerate(ranked):
        wanted = (each > 0) & (before < share * total)
        fewest[order[rank], np.arange(amount.shape[1])] = wanted
        before = before + each
    return np.asarray(np.where(focus[None] > 0, selected, fewest))
