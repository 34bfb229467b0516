"""What cannot be judged for lack of measures: metrics, tasks and policy lines that stay dark.

A thing needs measures in channels, in one of several ways: a metric is judged in whichever of its
channels has all of its measures, a task in whichever of its channels has all of its metrics. It is
dark where no way is open. The same rule decides in the pipeline what a diagnosis calls
`not_delivered`.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import refs
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.triggers import AtLeast, AtMost, Crosses
from shopace.core.warehouse.summands import Key, summands

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from shopace.core.host.registry import Registry
    from shopace.core.vocabulary.metrics import Metric
    from shopace.core.vocabulary.tasks import TaskTemplate
    from shopace.core.vocabulary.triggers import Condition, Trigger
    from shopace.core.warehouse.policy import Policy


class Things(Record, frozen=True, kw_only=True):
    """Keys of metrics, tasks and policy lines, each sorted."""

    metrics: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.metrics) + len(self.tasks) + len(self.lines)

    def without(self, other: Things) -> Things:
        """These, but not those."""
        return Things(
            metrics=tuple(each for each in self.metrics if each not in other.metrics),
            tasks=tuple(each for each in self.tasks if each not in other.tasks),
            lines=tuple(each for each in self.lines if each not in other.lines),
        )


class Missing(Record, frozen=True, kw_only=True):
    """A measure for lack of which something stays dark."""

    measure: str
    title: str
    delivered_in: tuple[Channel, ...]
    """Empty: it is not delivered at all. Otherwise it lacks where it would be needed."""
    dark: Things
    """All that cannot be judged without it; other measures may be missing for it too."""
    sole: Things
    """Of these: what it would light up by itself, because nothing else is missing."""


class Darkness(Record, frozen=True, kw_only=True):
    """What the delivered measures allow to judge, and what not for lack of which others."""

    lit: Things
    dark: Things
    missing: tuple[Missing, ...]
    """First that for lack of which most stays dark; of equals, that which lights up most alone."""


Need = tuple[str, Channel | None]
"""A measure in a channel; None: in whichever (what a plugin derives its measures from)."""
Ways = tuple[frozenset[Need], ...]
"""The ways in which something can be judged: what each needs."""


def darkness(
    registry: Registry, policy: Policy, delivered: Collection[Key], market: Collection[Channel]
) -> Darkness:
    """What stays dark with only `delivered` (measure, channel) in a marketplace of these channels.

    Tasks count where their trigger or one of their conditions cannot be judged, whatever the shop.
    """
    return _Judge(registry, policy).darkness(set(delivered), market)


def lights_up(
    registry: Registry,
    policy: Policy,
    delivered: Collection[Key],
    market: Collection[Channel],
    parts: Iterable[Collection[Key]],
) -> list[Things]:
    """Of each part of what is delivered: what could not be judged without it."""
    judge, all_of_it = _Judge(registry, policy), set(delivered)
    lit = judge.lit(all_of_it, market)
    return [lit.without(judge.lit(all_of_it - set(part), market)) for part in parts]


def readers(registry: Registry) -> dict[str, tuple[str, ...]]:
    """Measure → the metrics over it, directly or through a derived measure; all measures."""
    found: dict[str, list[str]] = {key: [] for key in registry.measures}
    for metric in registry.metrics.values():
        direct = {ref.key for ref in refs(metric.formula)}
        sources = {source for key in direct for source in registry.measures[key].derived_from}
        for key in direct | sources:
            found[key].append(metric.key)
    return {key: tuple(sorted(metrics)) for key, metrics in found.items()}


class _Thing(NamedTuple):
    kind: str
    """The field of `Things`."""
    key: str
    ways: Ways


class _Judge:
    """The ways of every metric, task and line of a registry and a policy."""

    def __init__(self, registry: Registry, policy: Policy) -> None:
        self._registry, self._policy = registry, policy
        metrics = registry.metrics.values()
        self._things = [
            *(_Thing("metrics", each.key, self._of_metric(each)) for each in metrics),
            *(
                _Thing("tasks", each.key, self._of_task(each))
                for each in registry.templates.values()
            ),
            *(_Thing("lines", key, ways) for key, ways in self._of_lines().items()),
        ]

    def lit(self, delivered: set[Key], market: Collection[Channel]) -> Things:
        known = self._known(delivered, market)
        return _things(each for each in self._things if any(way <= known for way in each.ways))

    def darkness(self, delivered: set[Key], market: Collection[Channel]) -> Darkness:
        known = self._known(delivered, market)
        lit: list[_Thing] = []
        dark: list[_Thing] = []
        lacking: dict[str, list[_Thing]] = {}
        sole: dict[str, list[_Thing]] = {}
        for thing in self._things:
            if any(way <= known for way in thing.ways):
                lit.append(thing)
                continue
            dark.append(thing)
            lacks = _lacks(thing.ways, known)
            for measure in lacks:
                lacking.setdefault(measure, []).append(thing)
                if len(lacks) == 1:
                    sole.setdefault(measure, []).append(thing)
        channels: dict[str, list[Channel]] = {}
        for measure, channel in delivered:
            channels.setdefault(measure, []).append(channel)
        missing = [
            Missing(
                measure=measure,
                title=self._registry.measures[measure].title,
                delivered_in=tuple(sorted(channels.get(measure, ()))),
                dark=_things(things),
                sole=_things(sole.get(measure, ())),
            )
            for measure, things in lacking.items()
        ]
        missing.sort(key=lambda each: (-each.dark.count, -each.sole.count, each.measure))
        return Darkness(lit=_things(lit), dark=_things(dark), missing=tuple(missing))

    def _known(self, delivered: set[Key], market: Collection[Channel]) -> set[Need]:
        """Every need that is met: delivered columns, and the sums of them."""
        known: set[Need] = {(measure, None) for measure, _ in delivered}
        needed = {need for thing in self._things for way in thing.ways for need in way}
        for measure, channel in needed:
            if channel is not None and summands(
                self._registry.measures[measure], channel, delivered, market
            ):
                known.add((measure, channel))
        return known

    def _of_metric(self, metric: Metric) -> Ways:
        return tuple(dict.fromkeys(self._needs(metric, channel) for channel in metric.channels))

    def _needs(self, metric: Metric, channel: Channel) -> frozenset[Need]:
        needs: set[Need] = set()
        for ref in refs(metric.formula):
            sources = self._registry.measures[ref.key].derived_from
            needs |= {(source, None) for source in sources}
            if not sources:
                needs.add((ref.key, ref.channel or channel))
        return frozenset(needs)

    def _of_column(self, key: str, channels: Sequence[Channel]) -> Ways:
        """The ways of a metric in one of these channels; none where nobody declares it."""
        metric = self._registry.metrics.get(key)
        if metric is None:
            return ()
        return tuple(self._needs(metric, each) for each in channels if each in metric.channels)

    def _of_task(self, template: TaskTemplate) -> Ways:
        trigger = template.trigger
        starts: list[tuple[Channel, Ways]] = []
        if isinstance(trigger, Crosses):
            lines = [line for line in self._policy.lines if line.key == trigger.line]
            starts += [
                (each.channel, self._of_column(each.metric, (each.channel,))) for each in lines
            ]
        else:
            judged = self._registry.metrics.get(trigger.metric)
            channels = template.channels or (judged.channels if judged is not None else ())
            starts += [
                (each, self._of_column(trigger.metric, _places(trigger, (each,))))
                for each in channels
            ]
        ways: dict[frozenset[Need], None] = {}
        for channel, first in starts:
            # A condition may be of the whole shop.
            rest = [
                self._of_column(each.metric, _places(each, (channel, Channel.SHOP)))
                for each in template.only_if
            ]
            ways |= {frozenset().union(*way): None for way in product(first, *rest)}
        return tuple(ways)

    def _of_lines(self) -> Mapping[str, Ways]:
        found: dict[str, Ways] = {}
        for line in self._policy.lines:
            ways = self._of_column(line.metric, (line.channel,))
            found[line.key] = tuple(dict.fromkeys((*found.get(line.key, ()), *ways)))
        return found


def _places(condition: Trigger | Condition, otherwise: tuple[Channel, ...]) -> tuple[Channel, ...]:
    pinned = condition.channel if isinstance(condition, AtLeast | AtMost) else None
    return (pinned,) if pinned is not None else otherwise


def _lacks(ways: Ways, known: set[Need]) -> frozenset[str]:
    """The measures for lack of which no way is open.

    Those that every way lacks; where the ways lack different ones, those of the way that lacks
    fewest. None where there is no way at all.
    """
    each = [frozenset(measure for measure, _ in way - known) for way in ways]
    if not each:
        return frozenset()
    return frozenset.intersection(*each) or min(each, key=lambda lacks: (len(lacks), sorted(lacks)))


def _things(things: Iterable[_Thing]) -> Things:
    keys: dict[str, list[str]] = {"metrics": [], "tasks": [], "lines": []}
    for thing in things:
        keys[thing.kind].append(thing.key)
    return Things(**{kind: tuple(sorted(of)) for kind, of in keys.items()})
