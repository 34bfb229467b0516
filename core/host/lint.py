"""Lint: what no page shows by itself, because it takes all of them, and the policy, together.

Each rule looks at everything that is loaded and yields what is wrong and which plugin has to mend
it. An *error* rejects a plugin of another vendor at load and stops `shopace plugins check`; a
*warning* is told there. Pages are judged here only when each keeps the contract.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from shopace.core.errors import did_you_mean
from shopace.core.host.contract import Finding, is_builtin, name_of
from shopace.core.host.shelf import Push, channels_of, metrics_of, place_of, pushes, shelf_of
from shopace.core.host.spans import ANY, Span, span_of
from shopace.core.host.units import sums_of_two_units, units_of
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import Ref, refs
from shopace.core.vocabulary.metrics import Metric
from shopace.core.vocabulary.tasks import TaskTemplate
from shopace.core.vocabulary.triggers import AtLeast, AtMost, Crosses, Declined
from shopace.core.vocabulary.units import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shopace.core.host.contract import Known
    from shopace.core.host.shelf import Line, Shelf
    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.plugins import Plugin
    from shopace.core.vocabulary.units import Unit


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Rule(NamedTuple):
    """One clause. `check` yields the plugin that has to mend it, and what is wrong."""

    says: str
    severity: Severity
    check: Callable[[Shelf], Iterator[tuple[Plugin, Finding]]]


class Remark(NamedTuple):
    """A finding with its rule."""

    plugin: str
    severity: Severity
    rule: str
    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.hint})" if self.hint else "")


def lint(plugins: Iterable[Plugin], lines: Iterable[Line] | None = None) -> list[Remark]:
    """All that is wrong between the plugins, in the order of the rules.

    `lines` are the rows of the policy packs; without them rules about policy lines are silent.
    """
    shelf = shelf_of(plugins, lines)
    return [
        Remark(plugin.key, rule.severity, rule.says, *finding)
        for rule in RULES
        for plugin, finding in rule.check(shelf)
    ]


def clashes(plugin: Plugin, before: Iterable[Plugin]) -> list[Finding]:
    """Declarations of a plugin whose names are taken by plugins before it."""
    taken = {name_of(each): other for other in before for each in other.declares}
    return [
        Finding(name_of(each), f"is already declared by plugin {taken[name_of(each)].key}")
        for each in plugin.declares
        if name_of(each) in taken
    ]


def _names(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    for number, plugin in enumerate(shelf.plugins):
        yield from ((plugin, each) for each in clashes(plugin, shelf.plugins[:number]))


def _units(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    measures, metrics = shelf.known.measures, shelf.known.metrics
    for plugin in shelf.plugins:
        for each in plugin.declares:
            if isinstance(each, Metric):
                yield from (
                    (plugin, Finding(name_of(each), what)) for what in _of_unit(each, measures)
                )
            elif isinstance(each, TaskTemplate):
                for metric, unit, about in _named_units(each):
                    judged = metrics[metric]
                    if judged.unit is not unit:
                        what = f"{about} is of unit {unit}, metric {metric} of {judged.unit}"
                        yield plugin, Finding(name_of(each), what)


def _of_unit(metric: Metric, measures: Mapping[str, Measure]) -> Iterator[str]:
    """What is wrong with the unit of a metric and with those of its measures."""
    plain = metric.formula if isinstance(metric.formula, Ref) else None
    namesake = measures.get(plain.key if plain is not None else metric.key)
    if namesake is not None and namesake.unit is not metric.unit:
        yield f"is of unit {metric.unit}, measure {namesake.key} of {namesake.unit}"
    for one, other in sums_of_two_units(metric.formula, measures):
        yield f"formula adds {' or '.join(one)} and {' or '.join(other)}"
    found = units_of(metric.formula, measures) if plain is None else None
    if found is not None and metric.unit not in found:
        yield f"is of unit {metric.unit}, its formula gives {' or '.join(found)}"


def _named_units(template: TaskTemplate) -> Iterator[tuple[str, Unit, str]]:
    """(metric, unit, where) of every line that a task draws on a metric."""
    for condition in (template.trigger, *template.only_if):
        if isinstance(condition, AtLeast | AtMost):
            yield condition.metric, condition.line.unit, f"parameter {condition.line.key}"
    if template.completion is not None:
        yield template.completion.metric, template.completion.unit, "its completion"


class _Aim(NamedTuple):
    """A push, who pushes and what says so."""

    plugin: Plugin
    template: TaskTemplate
    push: Push
    why: str


def _opposed(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    aims: dict[tuple[str, str], list[_Aim]] = {}
    for plugin, template in shelf.tasks():
        for push, why in pushes(template, shelf).items():
            found = aims.setdefault((template.objective, push.metric), [])
            found.append(_Aim(plugin, template, push, why))
    for (objective, metric), found in aims.items():
        for pair in combinations(found, 2):
            if pair[0].push.up is pair[1].push.up:
                continue
            blamed = shelf.to_blame(pair[0].plugin, pair[1].plugin)
            aim, other = sorted(pair, key=lambda each: each.plugin is not blamed)
            way, back = ("up", "down") if aim.push.up else ("down", "up")
            whose = "" if other.template is aim.template else f" of task {other.template.key}"
            what = f"{aim.why} pushes {metric} {way}, {other.why}{whose} {back}"
            yield blamed, Finding(name_of(aim.template), f'objective "{objective}": {what}')


def _channels(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    for plugin, template in shelf.tasks():
        offered = channels_of(template, shelf)
        if offered is None:
            continue
        for condition in template.only_if:
            if not any(place_of(condition, each, shelf.known) for each in offered):
                known = ", ".join(sorted(shelf.known.metrics[condition.metric].channels))
                what = f"is offered in {', '.join(sorted(offered))}, where no {condition.metric} is"
                yield plugin, Finding(name_of(template), what, f"it is known in {known}")


def _reach(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    for plugin, template in shelf.tasks():
        for metric, at, line, about in _drawn(template, shelf.known):
            low, high = span_of(shelf.known.metrics[metric], shelf.known.measures)
            if at is AtLeast and line > high:
                what = f"{about} asks for {metric} ≥ {line:g}, which is never above {high:g}"
            elif at is AtMost and line < low:
                what = f"{about} asks for {metric} ≤ {line:g}, which is never below {low:g}"
            else:
                continue
            yield plugin, Finding(name_of(template), what)


def _drawn(
    template: TaskTemplate, known: Known
) -> Iterator[tuple[str, type[AtLeast | AtMost], float, str]]:
    """(metric, side, line, where) of every line that a task must reach to fire or to end."""
    for condition in (template.trigger, *template.only_if):
        if isinstance(condition, AtLeast | AtMost):
            line = condition.line
            yield condition.metric, type(condition), line.default, f"the default of {line.key}"
    completion = template.completion
    if completion is not None:
        lower = known.metrics[completion.metric].direction is Direction.LOWER
        side = AtMost if lower else AtLeast
        yield completion.metric, side, completion.number({}), "its completion"


def _room(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    for plugin, template in shelf.tasks():
        offered = channels_of(template, shelf) or ()
        shut = [_shut(template, each, shelf.known) for each in offered]
        if shut and all(shut):
            metric, least, most = next(each for each in shut if each)
            what = f"asks for {metric} ≥ {least:g} and ≤ {most:g} at once"
            yield plugin, Finding(name_of(template), what)


def _shut(
    template: TaskTemplate, channel: Channel, known: Known
) -> tuple[str, float, float] | None:
    """A metric that would have to be over one line and under a lower one."""
    spans: dict[tuple[str, Channel | None], Span] = {}
    for condition in (template.trigger, *template.only_if):
        if not isinstance(condition, AtLeast | AtMost):
            continue
        place = (condition.metric, place_of(condition, channel, known))
        low, high = spans.get(place, ANY)
        line = condition.line.default
        at_least = isinstance(condition, AtLeast)
        spans[place] = Span(max(low, line), high) if at_least else Span(low, min(high, line))
    return next(
        ((metric, low, high) for (metric, _), (low, high) in spans.items() if low > high), None
    )


def _past(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    measures = shelf.known.measures
    for plugin, template in shelf.tasks():
        for condition in (template.trigger, *template.only_if):
            if not isinstance(condition, Declined):
                continue
            formula = shelf.known.metrics[condition.metric].formula
            read = [measures[ref.key] for ref in refs(formula) if ref.key in measures]
            derived = next((each.key for each in read if each.derived_from), None)
            if derived is not None:
                what = f"{condition.metric} stands on {derived}, which is derived and has no past"
                yield plugin, Finding(name_of(template), what)


def _goals(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    for plugin, template in shelf.tasks():
        if template.completion is None:
            continue
        metric = shelf.known.metrics[template.completion.metric]
        if metric.direction is Direction.NEITHER:
            what = f"{metric.key} has no direction in which its completion could be reached"
            yield plugin, Finding(name_of(template), what)
        offered = channels_of(template, shelf)
        if offered is not None and not {*offered, Channel.SHOP} & set(metric.channels):
            what = f"its completion asks for {metric.key}, unknown in {', '.join(sorted(offered))}"
            yield plugin, Finding(name_of(template), what)


def _lines(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    if shelf.lines is None:
        return
    for plugin, template in shelf.tasks():
        if isinstance(template.trigger, Crosses) and template.trigger.line not in shelf.lines:
            what = f'no policy pack in use has a line "{template.trigger.line}"'
            hint = did_you_mean(template.trigger.line, shelf.lines)
            yield plugin, Finding(name_of(template), what, hint)


def _use(shelf: Shelf) -> Iterator[tuple[Plugin, Finding]]:
    if shelf.lines is None:
        return
    used = {metric for _, template in shelf.tasks() for metric in metrics_of(template, shelf)}
    for plugin in shelf.plugins:
        for each in plugin.declares:
            if (
                isinstance(each, Metric)
                and each.direction is not Direction.NEITHER
                and each.key not in used
            ):
                what = f"{each.direction} is better, and no task stands on it"
                yield plugin, Finding(name_of(each), what, 'a task, or direction "neither"')


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
RULES: tuple[Rule, ...] = (
    Rule("A name is declared once, by one plugin.", _ERROR, _names),
    Rule("A number has the same unit wherever it is named.", _ERROR, _units),
    Rule("Tasks with one objective never push a metric both ways.", _ERROR, _opposed),
    Rule("A task's conditions are known in a channel where it is offered.", _ERROR, _channels),
    Rule("Lines lie where the metric's values can lie.", _ERROR, _reach),
    Rule("Conditions on one metric leave room for a value.", _ERROR, _room),
    Rule("Only what has a past can decline.", _ERROR, _past),
    Rule("A completion can be reached where its task is offered.", _ERROR, _goals),
    Rule("A line that a task waits for stands in a policy pack.", _WARNING, _lines),
    Rule("A metric with a direction serves a task.", _WARNING, _use),
)


def errors_of_vendors(plugins: Sequence[Plugin]) -> dict[str, list[Finding]]:
    """Plugin key → its errors, for plugins that are not built in: ours are mended, not rejected."""
    vendors = {each.key for each in plugins if not is_builtin(each)}
    found: dict[str, list[Finding]] = {}
    for each in lint(plugins) if vendors else ():
        if each.plugin in vendors and each.severity is Severity.ERROR:
            found.setdefault(each.plugin, []).append(Finding(each.where, each.what, each.hint))
    return found
