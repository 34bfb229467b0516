"""conclude: the diagnosis of each shop, in one piece.

The first stage in which a shop becomes an object, and only what is shown becomes one: cards, notes,
the breakdown. Every other number stays in the metrics arrays.
"""

from __future__ import annotations

import datetime as dt
from itertools import compress, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from msgspec.structs import replace

from shopace.core.pipeline.batch import ISSUE, OUTCOME_LETTERS
from shopace.core.pipeline.breakdown import Breakdowns
from shopace.core.pipeline.cards import CardMaker
from shopace.core.pipeline.carry import Carrier
from shopace.core.pipeline.eligibility import Eligibilities
from shopace.core.pipeline.figures import tidy_rows
from shopace.core.pipeline.lines import shut, value_of
from shopace.core.pipeline.notes import Notes
from shopace.core.pipeline.readiness import readiness
from shopace.core.pipeline.risks import closed, operating
from shopace.core.pipeline.sentences import Storyteller
from shopace.core.pipeline.stale import Doubt, still_shown, with_stale
from shopace.core.pipeline.standings import Standings
from shopace.core.records.diagnosis import (
    SCHEMA,
    Diagnosis,
    Freshness,
    NotEvaluated,
    RiskMonitor,
    ShopProfile,
)
from shopace.core.records.memory import Memory, Recollection
from shopace.core.records.metrics import MetricValues
from shopace.core.records.text import fill
from shopace.core.vocabulary.channels import FIVE, Channel
from shopace.core.vocabulary.formula import refs
from shopace.core.vocabulary.triggers import Priority
from shopace.core.vocabulary.units import CATEGORIES, Aggregation, Period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Codes, Compared, Flags, Measured, Merged
    from shopace.core.pipeline.plan import Plan
    from shopace.core.pipeline.risks import Standing
    from shopace.core.pipeline.words import Words
    from shopace.core.records.card import TaskCard

NOTES_LIMIT = 5
IMPROVED_LIMIT = 3
CHANGES = ("tier", "risk", "cards")
"""In the order in which they are told."""
RISK = Priority.P0.name
NO_CARDS = {each.name: 0 for each in Priority}
ONE_RISK = "One risk needs action: {rule}"
RISKS = "{count} risks need action, first of all: {rule}"
MESSAGES = (ONE_RISK, RISKS)
"""What is said here, for translation."""
SOME_DAYS = "{known} of {expected} days known: {measure}"
NO_VALUE = "no value known: {measure}"


class Concluded(NamedTuple):
    """One shop, before it is encoded."""

    diagnosis: Diagnosis
    metrics: MetricValues
    memory: Memory
    changed: tuple[str, ...]


def conclude(
    batch: Batch, measured: Measured, compared: Compared, merged: Merged, words: Words
) -> Iterator[Concluded]:
    """The diagnoses of a batch, in its order of shops."""
    return _Writer(batch, measured, compared, merged, words).write()


class _Writer:
    def __init__(
        self, batch: Batch, measured: Measured, compared: Compared, merged: Merged, words: Words
    ) -> None:
        self._plan, self._batch, self._words = batch.plan, batch, words
        self._measured, self._compared, self._merged = measured, compared, merged
        self._as_of: dt.date = batch.plan.manifest.as_of
        self._cards = CardMaker(batch, measured, compared, merged, words)
        self._seller_center = Eligibilities(batch, measured, "seller_center")
        self._star_badge = Eligibilities(batch, measured, "star_badge")
        self._carrier = Carrier(batch, measured, compared)
        self._operating = operating(batch.plan, measured)
        self._story = Storyteller(batch, measured)
        self._breakdowns = Breakdowns(batch, measured)
        scale = batch.plan.scale
        self._l7d, self._p7d, self._l30d = (
            tidy_rows(measured.values[period], scale)
            for period in (Period.L7D, Period.P7D, Period.L30D)
        )
        self._benchmark = tidy_rows(compared.benchmark, scale)
        self._aa, self._ab = _letters(compared.aa), _letters(compared.ab)
        columns = batch.plan.columns
        key = np.array([each.metric.is_key for each in columns], dtype=bool)[:, None]

        def notes(flags: Flags, size: Floats, limit: int, **more: bool) -> Notes:
            return Notes(
                batch, measured, compared, words, flags=flags, size=size, limit=limit, **more
            )

        declined = compared.aa == ISSUE
        better = compared.improved & key & (compared.ab <= ISSUE)
        self._attention = notes(declined & key, compared.change, NOTES_LIMIT, peers=False)
        gap = _told_gap(compared, batch.plan)
        self._improve = notes(compared.ab == ISSUE, gap, NOTES_LIMIT, peers=True)
        self._improved = notes(better, compared.change, IMPROVED_LIMIT, peers=True, named=False)
        self._declined = _per_shop(declined)
        self._profiles, self._standings = _profiles(batch, measured), Standings(batch, measured)
        self._column_keys = list(batch.plan.column_by_key)
        self._freshness, self._legend = _freshness(batch.plan), batch.plan.legend.id
        self._doubt = Doubt(batch.plan, measured.failed)
        self._closed: list[bool] = closed(batch.plan, measured).tolist()

    def write(self) -> Iterator[Concluded]:
        dark = _not_evaluated(self._plan, self._measured)
        self._partial = any(each.reason in {"rejected", "failed"} for each in dark)
        silent = _silent_categories(self._batch, self._measured)
        dark_risks = _dark_risks(self._batch, self._measured)
        for shop in range(len(self._batch.shops)):
            silence = silent(shop)
            told = {each.category for each in silence}
            risks = [each for each in dark_risks(shop) if each.category not in told]
            yield self._one(shop, (*dark, *silence, *risks))

    def _one(self, shop: int, not_evaluated: tuple[NotEvaluated, ...]) -> Concluded:
        before, profile = self._batch.recollections[shop], self._profiles[shop]
        opened = before.dark | before.open if before is not None else {}
        tasks, basics = self._cards.tasks(shop, opened), self._words.basics
        last = self._batch.last[shop]
        stale: tuple[TaskCard, ...] = ()
        if last is not None:
            stale = still_shown(last, self._doubt, self._as_of, closed=self._closed[shop])
        if last is not None and stale:
            tasks, basics = with_stale(tasks, stale, last, basics), {**last.tasks, **basics}
        cards, for_you, by_channel, withheld, lines = tasks
        tier = self._standings.of(shop, before, region=profile.region, currency=profile.currency)
        monitor = _monitor(lines) if self._operating[shop] else None
        counts = dict(NO_CARDS)
        for card in cards:
            counts[card.priority] += 1
        ids_of: dict[tuple[str, Channel], list[str]] = {}
        for card in cards:
            ids_of.setdefault((card.evidence.metric, card.channel), []).append(card.id)
        attention = self._attention.of(shop, ids_of)
        diagnosis = Diagnosis(
            schema=SCHEMA,
            shop=profile,
            as_of=self._as_of,
            partial=self._partial,
            counts=counts,
            tier=tier,
            conclusion=self._story.shop(shop, attention[0] if attention else None),
            channel_conclusions={
                channel: told
                for channel in FIVE
                if (told := self._story.channel(channel, shop)) is not None
            },
            gmv=self._breakdowns.of(shop),
            risk_monitor=monitor,
            eligibility=self._seller_center.of(shop),
            star_badge=self._star_badge.of(shop),
            need_attention=attention,
            can_improve=self._improve.of(shop, ids_of),
            improved=self._improved.of(shop, ids_of),
            cards=cards,
            tasks={card.template: basics[card.template] for card in cards},
            for_you=for_you,
            by_channel=by_channel,
            withheld=withheld,
            campaigns=readiness(
                self._plan.campaigns,
                profile.region,
                self._as_of,
                cards,
                [each for each in lines if each.line in self._plan.closing_lines],
            ),
            not_evaluated=not_evaluated,
            freshness=self._freshness[before is not None],
        )
        metrics = MetricValues(
            legend=self._legend,
            l7d=self._l7d[shop],  # type: ignore[arg-type]  # lists encode faster than tuples
            p7d=self._p7d[shop],  # type: ignore[arg-type]
            l30d=self._l30d[shop],  # type: ignore[arg-type]
            benchmark=self._benchmark[shop],  # type: ignore[arg-type]
            aa=self._aa[shop],
            ab=self._ab[shop],
        )
        now = Recollection(
            as_of=self._as_of,
            tier=tier.level,
            tier_since=tier.since,
            open={card.id: card.since for card in cards},
            risk=tuple(card.id for card in cards if card.priority == RISK),
            lines={each.line: each.since for each in lines},
            declined=tuple(self._column_keys[column] for column in self._declined[shop]),
        )
        changed = _told_changes(before, self._batch.same_day[shop], now)
        now = replace(self._with_carried(now, shop, before, profile.region), changed=changed)
        return Concluded(diagnosis, metrics, Memory(now, before), changed)

    def _with_carried(
        self, now: Recollection, shop: int, before: Recollection | None, region: str
    ) -> Recollection:
        if before is None:
            return now
        carried = self._carrier.of(
            shop, before, region=region, cards=now.open, lines=now.lines, declined=now.declined
        )
        return replace(
            now,
            lines=carried.lines | now.lines,
            declined=(*now.declined, *carried.declined),
            dark=carried.cards,
            unknown=carried.unknown,
        )


def _profiles(batch: Batch, measured: Measured) -> list[ShopProfile]:
    profile, vocabularies = batch.profile, batch.plan.manifest.vocabularies

    def words(field: str) -> list[str]:
        known = (*vocabularies[field], "")  # code −1 is unknown
        return [known[code] for code in profile[field].tolist()]

    return [
        ShopProfile(
            id=shop,
            name=name.decode("utf-8", "replace"),
            region=region,
            industry=industry,
            currency=currency,
            timezone=timezone,
            opened_on=opened_on,
            core_channels=tuple(compress(FIVE, core)),
        )
        for shop, name, region, industry, currency, timezone, opened_on, core in zip(
            batch.shops,
            profile["name"].tolist(),
            words("region"),
            words("industry"),
            words("currency"),
            words("timezone"),
            profile["opened_on"].tolist(),
            measured.core.T.tolist(),
            strict=True,
        )
    ]


def _letters(codes: Codes) -> list[str]:
    """(columns, shops) outcomes → a text per shop, with a letter per column."""
    columns, shops = codes.shape
    letters = np.frombuffer(OUTCOME_LETTERS, dtype=np.uint8)[codes.T].tobytes().decode("ascii")
    return [letters[shop * columns : (shop + 1) * columns] for shop in range(shops)]


def _per_shop(flags: Flags) -> list[list[int]]:
    """(columns, shops) → the columns that are set, per shop."""
    column, shop = np.nonzero(flags)
    order = np.argsort(shop, kind="stable")
    bounds = np.searchsorted(shop[order], np.arange(flags.shape[1] + 1))
    columns: list[int] = column[order].tolist()
    return [columns[first:end] for first, end in pairwise(bounds.tolist())]


def _monitor(lines: Sequence[Standing]) -> RiskMonitor | None:
    """The module on top; None without a medium or high risk.

    It counts lines: two of them may be told by one card, which achieves the same for both.
    """
    risks = [each for each in lines if each.level != "low" and not each.is_echo]
    if not risks:
        return None
    level = "high" if any(risk.level == "high" for risk in risks) else "medium"
    rule = risks[0].rule
    sentence = (
        fill(ONE_RISK, rule=rule) if len(risks) == 1 else fill(RISKS, count=len(risks), rule=rule)
    )
    return RiskMonitor(
        level=level, sentence=sentence, cards=tuple(dict.fromkeys(risk.card for risk in risks))
    )


def _told_gap(compared: Compared, plan: Plan) -> Floats:
    """What goes first among the gaps to peers, (C, shops).

    Where they show none of what should be low, any number is the whole of the gap, which says
    little: it comes last.
    """
    none = (compared.benchmark == 0) & (plan.sign < 0)
    return np.where(none, 0.0, compared.gap)


def _told_changes(
    before: Recollection | None, same_day: Recollection | None, now: Recollection
) -> tuple[str, ...]:
    """What changed since the day before, and since an earlier diagnosis of this one.

    Where that came to the same, this may be its second delivery, and tells what it told.
    """
    changed = _changes(before, now)
    if before is None or same_day is None:
        return changed
    since = _changes(same_day, now) or same_day.changed
    return tuple(what for what in CHANGES if what in {*changed, *since})


def _changes(before: Recollection | None, now: Recollection) -> tuple[str, ...]:
    if before is None:
        return ("new",)
    differs = {
        "tier": before.tier != now.tier,
        "risk": set(before.risk) != set(now.risk),
        "cards": set(before.open) != set(now.open),
    }
    return tuple(what for what, changed in differs.items() if changed)


def _freshness(plan: Plan) -> dict[bool, Freshness]:
    """With and without memory; the rest is the same for every shop."""
    return {
        remembered: Freshness(
            latest_available_date=plan.manifest.latest_available_date,
            snapshot=plan.manifest.id,
            benchmarks=plan.benchmarks.id if plan.benchmarks is not None else "",
            policy=plan.policy.id,
            registry=plan.registry.fingerprint,
            plugins={key: plugin.version for key, plugin in plan.registry.plugins.items()},
            memory=remembered,
            incentives=plan.programmes.id,
        )
        for remembered in (False, True)
    }


def _not_evaluated(plan: Plan, measured: Measured) -> list[NotEvaluated]:
    """What is not diagnosed for any shop: rejected and failed plugins, measures not delivered."""
    told = [
        NotEvaluated(
            category=each.category or each.plugin,
            reason="rejected",
            detail=f"plugin {each.plugin} {each.version}",
        )
        for each in plan.registry.rejected
    ]
    told += [
        NotEvaluated(
            category=plan.registry.plugins[plugin].category,
            reason="failed",
            detail=why,
        )
        for plugin, why in measured.failed.items()
    ]
    told += [
        NotEvaluated(category=each.category, reason=each.reason, metrics=each.metrics)
        for each in (*plan.dark, *plan.mismatched)
    ]
    return told


def _silent_categories(batch: Batch, measured: Measured) -> Callable[[int], list[NotEvaluated]]:
    """For a shop: the categories of which not one value is known, and why."""
    plan = batch.plan
    values = measured.values[Period.L7D]
    columns_of = plan.columns_of
    silent: dict[str, list[bool]] = {
        category: np.asarray(np.isnan(values[columns]).all(axis=0)).tolist()
        for category, columns in columns_of.items()
    }

    def of(shop: int) -> list[NotEvaluated]:
        return [
            _why_silent(batch, measured, category, columns_of[category], shop)
            for category, flags in silent.items()
            if flags[shop]
        ]

    return of


def _dark_risks(batch: Batch, measured: Measured) -> Callable[[int], list[NotEvaluated]]:
    """For a shop: the risk metrics that the policy asks for in its region and nobody told.

    A ratio over nothing is no risk. Days left to act are unknown where nothing is to be done.
    """
    plan, regions = batch.plan, batch.profile["region"].astype(np.int64)
    names = (*plan.manifest.vocabularies["region"], "")  # code −1 is unknown
    found: dict[int, dict[str, dict[int, None]]] = {}
    for code in sorted(set(regions.tolist())):
        for line in plan.lines_for(names[code]):
            if line.kind == "drop" or line.criterion is not None or line.metric in plan.deadlines:
                continue
            column = plan.index[line.metric, line.channel]
            dark = np.isnan(value_of(plan, measured, line)) & ~shut(plan, measured, line)
            for shop in np.flatnonzero(dark & (regions == code)).tolist():
                if _missing_row(plan, measured, column, shop) is not None:
                    category = plan.columns[column].category
                    found.setdefault(shop, {}).setdefault(category, {})[column] = None

    def of(shop: int) -> list[NotEvaluated]:
        dark = found.get(shop, {})
        return [
            _why_silent(batch, measured, category, sorted(dark[category]), shop)
            for category in CATEGORIES
            if category in dark
        ]

    return of


def _missing_row(plan: Plan, measured: Measured, column: int, shop: int) -> tuple[int, str] | None:
    """Row and measure of the first number that the column lacks; None: it lacks none."""
    metric, channel, _ = plan.columns[column]
    for ref in refs(metric.formula):
        row = plan.row_of[Period.L7D, ref.key, ref.channel or channel]
        if np.isnan(measured.rows[row, shop]):
            return row, ref.key
    return None


def _why_silent(
    batch: Batch, measured: Measured, category: str, columns: Sequence[int], shop: int
) -> NotEvaluated:
    plan = batch.plan
    metrics = tuple(dict.fromkeys(plan.columns[column].metric.key for column in columns))
    for column in columns:
        missing = _missing_row(plan, measured, column, shop)
        if missing is not None:
            row, key = missing
            measure = plan.registry.measures[key]
            known = int(batch.known[row, shop]) if row < len(batch.known) else 0
            message = NO_VALUE if measure.aggregation is Aggregation.LAST else SOME_DAYS
            detail = message.format(measure=measure.title, known=known, expected=Period.L7D.days)
            return NotEvaluated(
                category=category, reason="incomplete", metrics=metrics, detail=detail
            )
    return NotEvaluated(category=category, reason="no_activity", metrics=metrics)
