"""Registry and policy → the catalogue."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from shopace.core.host.discovery import load_registry
from shopace.core.host.shelf import Shelf, channels_of, metrics_of, place_of, shelf_of
from shopace.core.traffic.metrics import METRICS as TRAFFIC
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import denominator, refs
from shopace.core.vocabulary.parameters import TOP_PEERS
from shopace.core.vocabulary.triggers import (
    AtLeast,
    AtMost,
    BehindPeers,
    Crosses,
    priority_of,
)
from shopace.core.vocabulary.units import CATEGORIES
from shopace.core.warehouse.cohorts import LEVELS, LEVELS_OF_SIZE
from shopace.core.warehouse.dark import readers
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.catalog.records import (
    Catalogue,
    CategoryEntry,
    CompletionEntry,
    ConditionEntry,
    LineEntry,
    MeasureEntry,
    MetricEntry,
    PeersEntry,
    PluginEntry,
    TaskEntry,
    TrafficEntry,
)
from shopace.service.catalog.words import (
    condition_in_words,
    formula_in_words,
    line_in_words,
    peers_in_words,
    rule_in_words,
    side,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shopace.core.configuration import Pack
    from shopace.core.host.registry import Registry
    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric
    from shopace.core.vocabulary.tasks import Completion, TaskTemplate
    from shopace.core.vocabulary.triggers import Condition, Trigger
    from shopace.core.warehouse.policy import Policy, PolicyLine

    Groups = Mapping[str, Sequence[str]]


def shipped() -> tuple[Registry, Policy, Groups]:
    """The built-in plugins with their defaults, and the policy that comes with them."""
    registry = load_registry(BUILTIN, use_entry_points=False)
    return registry, load_policy(POLICY_PACKS), region_groups(POLICY_PACKS)


def region_groups(packs: Sequence[Pack]) -> Groups:
    """The names that policy packs give to groups of regions; the packs are known to be sound."""
    found: dict[str, Sequence[str]] = {}
    for pack in packs:
        path = pack if isinstance(pack, Path) else files(pack[0]).joinpath(pack[1])
        found |= msgspec.json.decode(path.read_bytes()).get("region_groups", {})
    return found


def build(registry: Registry, policy: Policy, groups: Groups) -> Catalogue:
    """All that the registry and the policy say, in the page's order."""
    maker = _Maker(registry, policy, groups)
    return Catalogue(
        fingerprint=registry.fingerprint,
        policy=policy.id,
        categories=tuple(maker.category(each) for each in CATEGORIES),
        measures=tuple(maker.measure(each) for each in registry.measures.values()),
        traffic=tuple(maker.traffic()),
    )


class _Maker:
    def __init__(self, registry: Registry, policy: Policy, groups: Groups) -> None:
        self.registry, self.policy, self.groups = registry, policy, groups
        self.shelf: Shelf = shelf_of(registry.plugins.values(), policy.lines)
        self.readers = readers(registry)
        self.lines = sorted(
            policy.lines, key=lambda at: (at.ladder, at.regions, at.effective_from, at.rung)
        )
        offered = [each for _, each in self.shelf.tasks() if each.key in registry.templates]
        self.templates = {each.key: each for each in offered}
        self.tasks_on: dict[str, list[str]] = {}
        for template in offered:
            for metric in sorted(metrics_of(template, self.shelf)):
                self.tasks_on.setdefault(metric, []).append(template.key)

    def category(self, category: str) -> CategoryEntry:
        registry = self.registry
        keys = {key for key in registry.owner_of if registry.category_of(key) == category}
        return CategoryEntry(
            category=category,
            pillar=CATEGORIES[category],
            plugins=tuple(
                PluginEntry(
                    key=each.key, version=each.version, title=each.title, question=each.question
                )
                for each in registry.plugins.values()
                if each.category == category
            ),
            metrics=tuple(
                self.metric(each) for key, each in registry.metrics.items() if key in keys
            ),
            tasks=tuple(self.task(each) for key, each in self.templates.items() if key in keys),
            lines=tuple(self.line(each) for each in self.lines if each.metric in keys),
        )

    def metric(self, metric: Metric) -> MetricEntry:
        measures = self.registry.measures
        below = denominator(metric.formula)
        has_sample = metric.min_sample > 0
        return MetricEntry(
            key=metric.key,
            title=metric.title,
            definition=metric.definition,
            formula=str(metric.formula),
            formula_in_words=formula_in_words(metric.formula, measures),
            unit=metric.unit,
            direction=metric.direction,
            channels=metric.channels,
            windows=metric.windows,
            measures=tuple(dict.fromkeys(ref.key for ref in refs(metric.formula))),
            denominator=None if below is None else formula_in_words(below, measures),
            min_sample=metric.min_sample,
            sample=formula_in_words(metric.sample_formula, measures) if has_sample else None,
            is_key=metric.is_key,
            gmv_factor=metric.gmv_factor,
            driven_by=tuple(key for key in metric.driven_by if key in self.registry.metrics),
            benchmark=self.peers(metric),
            lines=tuple(
                dict.fromkeys(line.key for line in self.lines if line.metric == metric.key)
            ),
            tasks=tuple(self.tasks_on.get(metric.key, ())),
            aliases=metric.aliases,
            since=metric.since,
            source=metric.source,
            plugin=self.registry.owner_of[metric.key],
        )

    def peers(self, metric: Metric) -> PeersEntry | None:
        benchmark = self.registry.benchmarks.get(metric.key)
        if benchmark is None:
            return None
        top = benchmark.top if benchmark.top is not None else self.registry.values[TOP_PEERS]
        peers = round(self.registry.values["core.ab_peers"])
        levels = LEVELS_OF_SIZE if metric.grows_with_shop else LEVELS
        words = peers_in_words(top, peers, levels)
        return PeersEntry(top=top, cohorts=levels, peers=peers, words=words)

    def task(self, template: TaskTemplate) -> TaskEntry:
        trigger, metrics = template.trigger, self.registry.metrics
        closes = isinstance(trigger, BehindPeers) and metrics[trigger.metric].gmv_factor
        return TaskEntry(
            key=template.key,
            title=template.title,
            why=template.why,
            steps=template.steps,
            type=template.type,
            objective=template.objective,
            objective_title=self.registry.objectives[template.objective].title,
            priority=priority_of(trigger).name,
            fires_when=self.condition(trigger),
            only_if=tuple(self.condition(each) for each in template.only_if),
            channels=self.channels(template),
            completion=self.completion(template.completion),
            benefit=template.benefit,
            has_amount=closes,
            effort=template.effort,
            valid_days=template.valid_days,
            action=template.action,
            names_hero=template.names_hero,
            since=template.since,
            plugin=self.registry.owner_of[template.key],
        )

    def channels(self, template: TaskTemplate) -> tuple[Channel, ...]:
        """Where its trigger and all of its conditions are known."""
        known = self.shelf.known
        return tuple(
            each
            for each in channels_of(template, self.shelf) or ()
            if all(place_of(condition, each, known) for condition in template.only_if)
        )

    def condition(self, condition: Trigger | Condition) -> ConditionEntry:
        kind, metrics = str(condition.__struct_config__.tag), self.registry.metrics
        if isinstance(condition, Crosses):
            rows = [line for line in self.lines if line.key == condition.line]
            rules = [rule_in_words(line, metrics.get(line.metric)) for line in rows]
            return ConditionEntry(
                kind=kind,
                test=f"the policy line {condition.line} is crossed",
                words=condition_in_words(condition, metrics, 0, rules),
                policy_line=condition.line,
            )
        if not isinstance(condition, AtLeast | AtMost):
            told = "declined" if kind == "declined" else "is behind top peers"
            return ConditionEntry(
                kind=kind,
                test=f"{condition.metric} {told}",
                words=condition_in_words(condition, metrics, 0),
                metric=condition.metric,
            )
        line = condition.line
        value = self.registry.values.get(line.key, line.default)
        sign = "≥" if isinstance(condition, AtLeast) else "≤"
        where = f"[{condition.channel}]" if condition.channel is not None else ""
        return ConditionEntry(
            kind=kind,
            test=f"{condition.metric}{where} {sign} {value:g} ({line.key})",
            words=condition_in_words(condition, metrics, value),
            metric=condition.metric,
            channel=condition.channel,
            parameter=line.key,
            value=value,
            default=line.default,
            parameter_title=line.title,
            source=line.source,
        )

    def completion(self, completion: Completion | None) -> CompletionEntry | None:
        if completion is None:
            return None
        metric = self.registry.metrics[completion.metric]
        at = completion.side(metric.direction)
        line = completion.number(self.registry.values)
        words = f"{metric.title}: {side(at, line, metric.unit)}"
        return CompletionEntry(metric=metric.key, at=at, line=line, words=words)

    def line(self, line: PolicyLine) -> LineEntry:
        metrics, gate = self.registry.metrics, line.requires
        requires = None
        if gate is not None and gate.metric in metrics:
            judged = metrics[gate.metric]
            days = gate.window.days
            requires = f"{judged.title} of {days} days: {side('least', gate.at_least, judged.unit)}"
        return LineEntry(
            key=line.key,
            ladder=line.ladder,
            metric=line.metric,
            channel=line.channel,
            window=line.window,
            words=line_in_words(line, metrics.get(line.metric)),
            value=line.value,
            level=line.level,
            rule=rule_in_words(line, metrics.get(line.metric)),
            loses=line.loses,
            next=line.next,
            requires=requires,
            regions=self.regions(line),
            effective_from=line.effective_from,
            effective_to=line.effective_to,
            source=line.source,
            note=line.note,
        )

    def regions(self, line: PolicyLine) -> tuple[str, ...]:
        """The codes of a line, members of a group left to the group's name."""
        named = [group for group in self.groups if group in line.regions]
        inside = {member for group in named for member in self.groups[group]}
        return tuple(each for each in line.regions if each not in inside)

    def measure(self, measure: Measure) -> MeasureEntry:
        return MeasureEntry(
            key=measure.key,
            title=measure.title,
            unit=measure.unit,
            definition=measure.definition,
            aggregation=measure.aggregation,
            adds_up=measure.adds_up,
            channels=measure.channels,
            origin=measure.origin,
            derived_from=measure.derived_from,
            metrics=self.readers[measure.key],
        )

    def traffic(self) -> list[TrafficEntry]:
        return [
            TrafficEntry(
                key=each.key,
                title=each.title,
                definition=each.definition,
                formula=str(each.formula),
                formula_in_words=formula_in_words(each.formula, self.registry.measures),
                unit=each.unit,
                formats=each.formats,
                formats_from=each.formats_from,
                aliases=each.aliases,
            )
            for each in TRAFFIC.values()
        ]
