"""Everything that is loaded, side by side, and what follows from it for a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from shopace.core.host.contract import Known, is_builtin, known_to
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.tasks import TaskTemplate
from shopace.core.vocabulary.triggers import AtLeast, AtMost, BehindPeers, Crosses, Declined
from shopace.core.vocabulary.units import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shopace.core.vocabulary.plugins import Plugin
    from shopace.core.vocabulary.triggers import Condition, Trigger


class Gated(Protocol):
    @property
    def metric(self) -> str: ...


class Line(Protocol):
    """What lint reads of a policy line."""

    @property
    def key(self) -> str: ...
    @property
    def metric(self) -> str: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def kind(self) -> str: ...
    @property
    def rises(self) -> bool: ...
    @property
    def requires(self) -> Gated | None: ...


class Shelf(NamedTuple):
    """Everything that is loaded."""

    plugins: tuple[Plugin, ...]
    known: Known
    lines: Mapping[str, tuple[Line, ...]] | None
    """The rows of the policy by key; None: no policy is at hand, and rules about it are silent."""

    def tasks(self) -> Iterator[tuple[Plugin, TaskTemplate]]:
        """Every task whose metrics are all there: the plugin of one may be switched off."""
        for plugin in self.plugins:
            for each in plugin.declares:
                if isinstance(each, TaskTemplate) and named_by(each) <= self.known.metrics.keys():
                    yield plugin, each

    def rows(self, key: str) -> tuple[Line, ...]:
        """The rows of a policy line; none where it, or the policy, is unknown."""
        return (self.lines or {}).get(key, ())

    def to_blame(self, one: Plugin, other: Plugin) -> Plugin:
        """Of two plugins that contradict each other: another vendor's, else the later."""
        return max(one, other, key=lambda each: (not is_builtin(each), self.plugins.index(each)))


def shelf_of(plugins: Iterable[Plugin], lines: Iterable[Line] | None = None) -> Shelf:
    pages = tuple(plugins)
    by_key: dict[str, tuple[Line, ...]] = {}
    for line in lines or ():
        by_key[line.key] = (*by_key.get(line.key, ()), line)
    return Shelf(pages, known_to(list(pages)), None if lines is None else by_key)


class Push(NamedTuple):
    """Where a task wants to move a metric: up or down."""

    metric: str
    up: bool


def pushes(template: TaskTemplate, shelf: Shelf) -> dict[Push, str]:
    """What a task works towards, with what says so: its trigger, or its completion.

    A trigger pushes its metric to where it would not fire: `declined` and `behind_peers` to the
    better side, `at_least` down, `at_most` up, a crossed policy line back over the line (down where
    the ladder rises; up where it falls, and after a drop). A completion pushes its metric to the
    better side, since that is where its line is reached. Conditions in `only_if` push nothing: they
    say when, not what for. Two tasks are opposed when one pushes up what the other pushes down, in
    whichever channels: the overall list shows one task of an objective, whatever the channel.
    """
    found: dict[Push, str] = {}
    trigger, metrics = template.trigger, shelf.known.metrics
    match trigger:
        case Declined(metric=metric) | BehindPeers(metric=metric):
            found[Push(metric, metrics[metric].direction is Direction.HIGHER)] = "its trigger"
        case AtLeast(metric=metric) | AtMost(metric=metric):
            found[Push(metric, isinstance(trigger, AtMost))] = "its trigger"
        case Crosses(line=key):
            for row in shelf.rows(key):
                up = row.kind == "drop" or not row.rises
                found[Push(row.metric, up)] = f"policy line {key}"
    completion = template.completion
    if completion is not None and metrics[completion.metric].direction is not Direction.NEITHER:
        up = metrics[completion.metric].direction is Direction.HIGHER
        found.setdefault(Push(completion.metric, up), "its completion")
    return found


def place_of(condition: Trigger | Condition, channel: Channel, known: Known) -> Channel | None:
    """Where a condition of a task in `channel` is looked up: there, else in the whole shop.

    A pinned one where it is pinned; None: nowhere.
    """
    if isinstance(condition, Crosses):
        return channel
    pinned = condition.channel if isinstance(condition, AtLeast | AtMost) else None
    places = (pinned,) if pinned is not None else (channel, Channel.SHOP)
    channels = known.metrics[condition.metric].channels
    return next((each for each in places if each in channels), None)


def channels_of(template: TaskTemplate, shelf: Shelf) -> tuple[Channel, ...] | None:
    """Where a task can be offered at all; None: only the policy knows, and none is at hand."""
    trigger = template.trigger
    if isinstance(trigger, Crosses):
        rows = shelf.rows(trigger.line)
        return tuple(dict.fromkeys(row.channel for row in rows)) if rows else None
    return template.channels or shelf.known.metrics[trigger.metric].channels


def named_by(template: TaskTemplate) -> set[str]:
    """The metrics that a task names: in trigger, conditions and completion."""
    conditions = (template.trigger, *template.only_if)
    found = {each.metric for each in conditions if not isinstance(each, Crosses)}
    return found | ({template.completion.metric} if template.completion is not None else set())


def metrics_of(template: TaskTemplate, shelf: Shelf) -> set[str]:
    """The metrics that a task stands on: those it names, and those of its policy line."""
    found = named_by(template)
    if isinstance(template.trigger, Crosses):
        for row in shelf.rows(template.trigger.line):
            found |= {row.metric} | ({row.requires.metric} if row.requires is not None else set())
    return found
