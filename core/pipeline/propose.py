"""propose: task templates whose trigger fired and whose conditions hold → proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.pipeline.batch import ISSUE, Proposals
from shopace.core.pipeline.risks import OVER, closed, days_to_act, through
from shopace.core.vocabulary.channels import FIVE, GROUP_MEMBERS, Channel
from shopace.core.vocabulary.triggers import AtLeast, BehindPeers, Declined, Priority
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.policy import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Compared, Crossed, Flags, Integers, Measured
    from shopace.core.pipeline.plan import Plan, Test
    from shopace.core.vocabulary.triggers import Condition

UNKNOWN_STAKE = -1.0
NO_LINE = -1


def propose(batch: Batch, measured: Measured, compared: Compared) -> Proposals:
    """Every offer that fires for a shop, with its severity, the GMV at stake and the reward."""
    plan = batch.plan
    stakes = _stakes(batch, measured)
    parts: list[tuple[Integers, Integers, Integers, Floats, Integers]] = []

    def add(
        number: int, fired: Flags, severity: Integers, stake: Floats, line: int = NO_LINE
    ) -> None:
        for test in plan.offers[number].only_if:
            kind = type(test.condition)
            fired = np.asarray(fired & _holds(measured, compared, kind, test.column, test.line))
        shop = np.nonzero(fired)[0]
        if shop.size:
            of_all = (np.full(shop.size, each) for each in (number, line))
            parts.append((shop, next(of_all), severity[shop], stake[shop], next(of_all)))

    on_line: dict[tuple[str, Channel], list[tuple[int, Crossed]]] = {}
    for place, crossed in enumerate(compared.lines):  # a line has a row per group of regions
        on_line.setdefault((crossed.line.key, crossed.line.channel), []).append((place, crossed))
    fired = np.asarray(_triggered(plan, measured, compared) & ~closed(plan, measured))
    anywhere = np.asarray(fired.any(axis=1))
    for number, offer in enumerate(plan.offers):
        if offer.trigger is None:
            for place, crossed in on_line.get((offer.line, offer.channel), ()):
                severity = np.where(crossed.over, SEVERITY[OVER], SEVERITY[crossed.line.level])
                stake = _or_unknown(through(plan, measured, crossed))
                add(number, crossed.shops, severity, stake, place)
        elif anywhere[number]:
            stake = stakes[offer.channel]
            severity = _severity(plan.values, compared, offer.trigger)
            if offer.priority is Priority.P2:  # a gap where nothing is at stake is never severe
                severity = np.where(stake == 0, 1, severity)
            add(number, fired[number], severity, stake)
    joined = [np.concatenate(each) for each in zip(*parts, strict=True)] if parts else _nothing()
    shop, offer_number, severity, stake, line = joined
    reward = plan.rewards.find(batch.profile, measured.tier, offer=offer_number, shop=shop)
    return Proposals(
        shop=shop,
        offer=offer_number,
        severity=severity,
        stake=stake,
        warns=_of_a_fall(compared, line),
        days=_days(batch, measured, compared, offer=offer_number, shop=shop, line=line),
        line=line,
        reward=reward,
        cause=np.full(shop.size, -1, dtype=np.int64),
        product=_heroes(batch, offer_number, shop),
    )


def _of_a_fall(compared: Compared, line: Integers) -> Flags:
    falls = np.array([each.line.kind == "drop" for each in compared.lines] + [False])
    return np.asarray(falls[line])  # no line is the last


def _days(
    batch: Batch,
    measured: Measured,
    compared: Compared,
    *,
    offer: Integers,
    shop: Integers,
    line: Integers,
) -> Integers:
    """The validity of each task, or the days until a deadline of its line, if that is sooner."""
    valid = np.array([each.template.valid_days for each in batch.plan.offers], dtype=np.int64)
    days: Integers = valid[offer]
    for place, crossed in enumerate(compared.lines):
        of_line = np.flatnonzero(line == place)
        left = days_to_act(batch.plan, measured, crossed.line)[shop[of_line]]
        days[of_line] = np.clip(np.fmin(days[of_line], left), 0, None)
    return days


def _heroes(batch: Batch, offer: Integers, shop: Integers) -> Integers:
    """The row of the product that each proposal names; −1 none."""
    names = np.array([each.template.names_hero for each in batch.plan.offers], dtype=bool)[offer]
    if not names.any():
        return np.full(offer.size, -1, dtype=np.int64)
    return np.where(names, batch.products.heroes[shop], -1)


def _nothing() -> list[np.ndarray]:
    none = np.zeros(0, dtype=np.int64)
    return [none, none, none, np.zeros(0), none]


def _triggered(plan: Plan, measured: Measured, compared: Compared) -> Flags:
    """Where which offer's trigger holds, policy lines apart; shape (offers, shops)."""
    fired = np.zeros((len(plan.offers), measured.rows.shape[1]), dtype=bool)
    for kind, each in plan.triggers.items():
        fired[each.offer] = _holds(measured, compared, kind, each.column, each.line)
    return fired


def _holds(
    measured: Measured,
    compared: Compared,
    kind: type[Condition],
    column: int | Integers,
    line: float | Floats,
) -> Flags:
    """Whether a condition holds, or several of a kind, on known numbers; missing holds nothing."""
    if kind is Declined:
        return np.asarray(compared.aa[column] == ISSUE)
    if kind is BehindPeers:
        return np.asarray(compared.ab[column] == ISSUE)
    value = measured.values[Period.L7D][column]
    beyond = value >= line if kind is AtLeast else value <= line
    return np.asarray(beyond & measured.sufficient[column])


def _severity(values: Mapping[str, float], compared: Compared, test: Test) -> Integers:
    """3, 2 or 1 by how far the change or the gap goes; a plain line is 2."""
    condition, column = test.condition, test.column
    if isinstance(condition, Declined):
        size, kind = np.abs(compared.change[column]), "aa"
    elif isinstance(condition, BehindPeers):
        size, kind = compared.gap[column], "ab"
    else:
        return np.full(compared.gap.shape[1], 2)
    marked, severe = values[f"core.{kind}_marked"], values[f"core.{kind}_severe"]
    return np.where(size >= severe, 3, np.where(size >= marked, 2, 1))


def _stakes(batch: Batch, measured: Measured) -> dict[Channel, Floats]:
    """30-day GMV of each channel as far as it is a core channel; −1 where it is unknown.

    A channel of unknown GMV may be a core channel, unless the shop selected others.
    """
    shops = len(batch.shops)
    unknown, chosen = np.full(shops, np.nan), batch.profile["focus"] > 0
    month = {channel: gmv for (period, channel), gmv in measured.gmv.items() if period == "L30D"}
    stakes: dict[Channel, Floats] = {}
    for place, channel in enumerate(FIVE):
        gmv = month.get(channel, unknown)
        counts = measured.core[place] | (np.isnan(gmv) & ~chosen)
        stakes[channel] = np.where(counts, gmv, 0.0)
    for group, members in GROUP_MEMBERS.items():
        if group not in stakes:
            own, parts = month.get(group, unknown), _sum([stakes[each] for each in members])
            stakes[group] = np.where(np.isnan(parts), own, parts)
    total = _sum([stakes[channel] for channel in FIVE])
    split = measured.core.any(axis=0) & ~np.isnan(total)
    stakes[Channel.SHOP] = np.where(split, total, month.get(Channel.SHOP, unknown))
    stakes[Channel.PRODUCT_CARD] = month.get(Channel.PRODUCT_CARD, unknown)
    return {key: _or_unknown(each) for key, each in stakes.items()}


def _or_unknown(stake: Floats) -> Floats:
    return np.where(np.isnan(stake), UNKNOWN_STAKE, stake)


def _sum(rows: list[Floats]) -> Floats:
    total = rows[0]
    for each in rows[1:]:
        total = total + each
    return total
