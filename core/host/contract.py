"""The contract between a plugin and the host: a table of small rules.

Each rule looks at one page and yields what is wrong with it. The host applies them at load, the
command `shopace plugins check` prints them, and the tests walk the same table.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from shopace.core.errors import did_you_mean
from shopace.core.steering import STEERING
from shopace.core.vocabulary.channels import FIVE, GROUP_MEMBERS, Channel
from shopace.core.vocabulary.formula import denominator, refs
from shopace.core.vocabulary.measures import STANDARD_MEASURES, Measure
from shopace.core.vocabulary.metrics import Benchmark, Metric
from shopace.core.vocabulary.objectives import STANDARD_OBJECTIVES
from shopace.core.vocabulary.parameters import Parameter
from shopace.core.vocabulary.products import (
    ListingQuality,
    ProductIs,
    ProductStatus,
    ProductWord,
)
from shopace.core.vocabulary.tasks import Objective, TaskTemplate
from shopace.core.vocabulary.triggers import AtLeast, AtMost, BehindPeers, Crosses, Declined
from shopace.core.vocabulary.units import CATEGORIES, Direction, Pillar, Unit, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shopace.core.vocabulary.formula import Formula
    from shopace.core.vocabulary.plugins import Declaration, Plugin

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,59})?")
TEXT_LIMIT = 300
"""Characters of one sentence in a declaration."""
STEPS_LIMIT = 6

_PRODUCT_WORDS: dict[ProductWord, tuple[str, ...]] = {
    ProductWord.STATUS: tuple(ProductStatus),
    ProductWord.LISTING_QUALITY: tuple(ListingQuality),
}

Kind = TypeVar("Kind")


class Known(NamedTuple):
    """What declarations may refer to: the core's own and those of all plugins at hand."""

    measures: Mapping[str, Measure]
    metrics: Mapping[str, Metric]
    benchmarks: Mapping[str, Benchmark]
    objectives: Mapping[str, Objective]


class Rule(NamedTuple):
    """One clause of the contract. `check` yields (where, what, hint)."""

    says: str
    check: Callable[[Plugin, Known], Iterator[Finding]]


class Finding(NamedTuple):
    where: str
    what: str
    hint: str = ""


def known_to(plugins: Iterator[Plugin] | list[Plugin]) -> Known:
    """The core's records and those of `plugins`."""
    declared = [each for plugin in plugins for each in plugin.declares]
    return Known(
        {**STANDARD_MEASURES, **{each.key: each for each in declared if isinstance(each, Measure)}},
        {each.key: each for each in declared if isinstance(each, Metric)},
        {each.metric: each for each in declared if isinstance(each, Benchmark)},
        {
            **STANDARD_OBJECTIVES,
            **{each.key: each for each in declared if isinstance(each, Objective)},
        },
    )


def is_builtin(plugin: Plugin) -> bool:
    """A built-in plugin is named for the category that it diagnoses."""
    return plugin.key == plugin.category


def name_of(declaration: Declaration) -> str:
    """How messages name a declaration: `metric ctr`, `task ads.raise_budget`."""
    task = isinstance(declaration, TaskTemplate)
    kind = "task" if task else type(declaration).__name__.lower()
    return f"{kind} {declaration.metric if isinstance(declaration, Benchmark) else declaration.key}"


def parameters_of(template: TaskTemplate) -> list[Parameter]:
    """The named lines that a template's trigger, conditions and completion stand on."""
    conditions = (template.trigger, *template.only_if)
    lines = [each.line for each in conditions if isinstance(each, AtLeast | AtMost)]
    done = template.completion
    return [*lines, done.line] if done and isinstance(done.line, Parameter) else lines


def _types(plugin: Plugin, _: Known) -> Iterator[Finding]:
    for declaration in plugin.declares:
        try:
            msgspec.convert(msgspec.to_builtins(declaration), type(declaration))
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            yield Finding(name_of(declaration), str(error))


def _page(plugin: Plugin, _: Known) -> Iterator[Finding]:
    if not _NAME.fullmatch(plugin.key):
        yield Finding("key", f'"{plugin.key}" is not a lower-case name', "letters, digits and _")
    if plugin.category not in CATEGORIES:
        hint = did_you_mean(plugin.category, CATEGORIES)
        yield Finding("category", f'"{plugin.category}" is none of the 17 categories', hint)
    if plugin.key in CATEGORIES and plugin.key != plugin.category:
        yield Finding("key", f'"{plugin.key}" is the name of another category')
    if not plugin.version:
        yield Finding("version", "is empty")
    if not plugin.declares:
        yield Finding("declares", "is empty")


def _keys(plugin: Plugin, _: Known) -> Iterator[Finding]:
    names = Counter(name_of(each) for each in plugin.declares)
    for name, count in names.items():
        if count > 1:
            yield Finding(name, f"is declared {count} times")
    for declaration in plugin.declares:
        if isinstance(declaration, Benchmark):
            continue
        key = declaration.key
        if not _KEY.fullmatch(key):
            yield Finding(name_of(declaration), "key is not of the form name or owner.name")
        elif isinstance(declaration, TaskTemplate) or not is_builtin(plugin):
            if not key.startswith(f"{plugin.key}."):
                hint = f'"{plugin.key}.{key.rsplit(".", 1)[-1]}"'
                yield Finding(name_of(declaration), "key lacks the plugin's prefix", hint)
        elif "." in key:
            yield Finding(name_of(declaration), "only third-party plugins prefix this key")


def _texts(plugin: Plugin, _: Known) -> Iterator[Finding]:
    for declaration in plugin.declares:
        for field, text in _strings(declaration):
            if not text.strip():
                yield Finding(name_of(declaration), f"{field} is empty")
            elif len(text) > TEXT_LIMIT:
                yield Finding(name_of(declaration), f"{field} has {len(text)} characters", "300")
            elif STEERING.search(text):
                yield Finding(name_of(declaration), f"{field} holds a control character")
        if isinstance(declaration, TaskTemplate) and not declaration.title[:1].isupper():
            yield Finding(name_of(declaration), "title does not begin with a capital letter")


def _strings(declaration: Declaration) -> Iterator[tuple[str, str]]:
    match declaration:
        case Metric():
            yield "title", declaration.title
            yield "definition", declaration.definition
        case TaskTemplate():
            yield "title", declaration.title
            yield "why", declaration.why
            yield "benefit", declaration.benefit
            yield "action.label", declaration.action.label
            yield from ((f"steps[{i}]", step) for i, step in enumerate(declaration.steps))
        case Measure(origin=origin):
            yield "title", declaration.title
            may_be_empty = {
                "definition": declaration.definition,
                "origin.warehouse": origin.warehouse,
                "origin.api": origin.api,
                "origin.export": origin.export,
            }
            yield from ((field, text) for field, text in may_be_empty.items() if text)
        case Objective():
            yield "title", declaration.title


def _formulas(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for metric in _all(plugin, Metric):
        formulas: tuple[Formula, ...] = (metric.formula, metric.sample_formula)
        used = list(dict.fromkeys(ref for formula in formulas for ref in refs(formula)))
        if not refs(metric.formula):
            yield Finding(name_of(metric), "formula reads no measure")
        for ref in used:
            measure = known.measures.get(ref.key)
            if measure is None:
                hint = did_you_mean(ref.key, known.measures)
                yield Finding(name_of(metric), f'formula reads unknown measure "{ref.key}"', hint)
                continue
            for channel in (ref.channel,) if ref.channel else metric.channels:
                if not can_deliver(measure, channel):
                    what = f'measure "{ref.key}" does not exist in channel {channel}'
                    yield Finding(name_of(metric), what, "pin the channel, or drop it")


def _measures(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for measure in _all(plugin, Measure):
        for key in measure.derived_from:
            source = known.measures.get(key)
            if source is None:
                hint = did_you_mean(key, known.measures)
                yield Finding(name_of(measure), f'derived from unknown measure "{key}"', hint)
            elif source.derived_from:
                yield Finding(name_of(measure), f"derived from {key}, which is derived itself")


def can_deliver(measure: Measure, channel: Channel) -> bool:
    """Whether a measure exists in a channel: delivered there, or the sum of channels it has."""
    if channel in measure.channels:
        return True
    members = FIVE if channel is Channel.SHOP else GROUP_MEMBERS.get(channel, ())
    return measure.additive and any(each in measure.channels for each in members)


def _metrics(plugin: Plugin, _: Known) -> Iterator[Finding]:
    for metric in _all(plugin, Metric):
        where = name_of(metric)
        for field, values in (("channels", metric.channels), ("windows", metric.windows)):
            if not values or len(set(values)) < len(values):
                yield Finding(where, f"{field} is empty or repeats itself")
        if not {Window.L7D, Window.L30D} <= set(metric.windows):
            yield Finding(where, "windows must hold L7D and L30D", "every page shows both")
        if metric.min_sample < 0 or not math.isfinite(metric.min_sample):
            yield Finding(where, "min_sample must be 0 or more")
        if metric.is_key and metric.direction is Direction.NEITHER:
            yield Finding(where, "a key metric needs a direction")
        if metric.gmv_factor and metric.direction is not Direction.HIGHER:
            yield Finding(where, "a GMV factor is better when higher")
        derived = any("." in ref.key for ref in refs(metric.formula))
        gauge = metric.unit is Unit.RATIO and denominator(metric.formula) is None
        if gauge and len(refs(metric.formula)) > 1 and not derived:
            yield Finding(where, "a ratio needs a denominator")


def _benchmarks(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for benchmark in _all(plugin, Benchmark):
        where, metric = name_of(benchmark), known.metrics.get(benchmark.metric)
        if metric is None:
            hint = did_you_mean(benchmark.metric, known.metrics)
            yield Finding(where, f'unknown metric "{benchmark.metric}"', hint)
        elif metric.direction is Direction.NEITHER:
            yield Finding(where, "a metric without a direction cannot be compared with peers")
        if benchmark.top is not None and not 0.5 <= benchmark.top < 1:
            yield Finding(where, "top must be 0.5 or more and below 1")


def _triggers(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for template in _all(plugin, TaskTemplate):
        where = name_of(template)
        if isinstance(template.trigger, Crosses):
            if CATEGORIES.get(plugin.category) is not Pillar.RISK:
                yield Finding(where, "only risk plugins cross policy lines (P0)")
            continue
        metric = known.metrics.get(template.trigger.metric)
        if metric is None:
            continue  # told below
        if isinstance(template.trigger, Declined) and not metric.is_key:
            yield Finding(where, f"{metric.key} is no key metric: its decline makes no card")
        stray = set(template.channels or ()) - set(metric.channels)
        if stray:
            yield Finding(where, f"{metric.key} is not known in {', '.join(sorted(stray))}")


def _conditions(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for template in _all(plugin, TaskTemplate):
        where = name_of(template)
        for condition in (template.trigger, *template.only_if):
            if isinstance(condition, Crosses):
                continue
            metric = known.metrics.get(condition.metric)
            if metric is None:
                hint = did_you_mean(condition.metric, known.metrics)
                yield Finding(where, f'unknown metric "{condition.metric}"', hint)
            elif isinstance(condition, Declined | BehindPeers):
                if metric.direction is Direction.NEITHER:
                    yield Finding(where, f"{metric.key} has no direction and is never judged")
                if isinstance(condition, BehindPeers) and metric.key not in known.benchmarks:
                    yield Finding(where, f"{metric.key} has no benchmark")
            elif condition.channel is not None and condition.channel not in metric.channels:
                yield Finding(where, f"{metric.key} is not known in {condition.channel}")


def _templates(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for template in _all(plugin, TaskTemplate):
        where = name_of(template)
        if template.objective not in known.objectives:
            hint = did_you_mean(template.objective, known.objectives)
            yield Finding(where, f'unknown objective "{template.objective}"', hint)
        if not 1 <= len(template.steps) <= STEPS_LIMIT:
            yield Finding(where, f"has {len(template.steps)} steps", "1 to 6")
        if not 1 <= template.valid_days <= 90:
            yield Finding(where, "valid_days must be 1 to 90")
        if not template.action.target.startswith("/"):
            yield Finding(where, "action.target must be a path that begins with /")
        if template.completion and template.completion.metric not in known.metrics:
            hint = did_you_mean(template.completion.metric, known.metrics)
            yield Finding(where, f'unknown metric "{template.completion.metric}"', hint)


def _lines(plugin: Plugin, _: Known) -> Iterator[Finding]:
    lines: dict[str, Parameter] = {}
    for template in _all(plugin, TaskTemplate):
        for line in parameters_of(template):
            where = f"{name_of(template)}: {line.key}"
            if not line.key.startswith(f"{plugin.key}."):
                yield Finding(where, "parameter key lacks the plugin's prefix")
            if not line.minimum <= line.default <= line.maximum:
                yield Finding(where, f"default lies outside {line.minimum:g} … {line.maximum:g}")
            if lines.setdefault(line.key, line) != line:
                yield Finding(where, "is declared twice, differently")


def _products(plugin: Plugin, _: Known) -> Iterator[Finding]:
    for metric in _all(plugin, Metric):
        for each in metric.products:
            if isinstance(each, ProductIs):
                known = _PRODUCT_WORDS[each.field]
                for word in each.words:
                    if word not in known:
                        what = f'"{word}" is no {each.field} of a product'
                        yield Finding(name_of(metric), what, did_you_mean(word, known))
                if not each.words:
                    yield Finding(name_of(metric), f"no product has a {each.field} out of none")
            elif not math.isfinite(each.line):
                yield Finding(name_of(metric), f"the line of a product's {each.field} is no number")


RULES: tuple[Rule, ...] = (
    Rule("Every field has the type that its record declares.", _types),
    Rule("The page names itself, its category and its version.", _page),
    Rule("Keys are well-formed, unique, and prefixed where they must be.", _keys),
    Rule("Texts are there, short, and free of control characters.", _texts),
    Rule("Derived measures come from delivered ones.", _measures),
    Rule("Formulas read known measures in channels that have them.", _formulas),
    Rule("Metrics can be evaluated and judged.", _metrics),
    Rule("Products behind a metric are told in known words.", _products),
    Rule("Benchmarks compare directed metrics.", _benchmarks),
    Rule("A trigger gives no more than its kind of comparison allows.", _triggers),
    Rule("Triggers and conditions stand on known, judged metrics.", _conditions),
    Rule("Tasks lead somewhere, achieve something, and end.", _templates),
    Rule("Named lines belong to the plugin and hold their own default.", _lines),
)


def violations(plugin: Plugin, known: Known) -> list[Finding]:
    """All that is wrong with a page. A page with wrong types is judged no further."""
    first, *rest = RULES
    wrong = list(first.check(plugin, known))
    if wrong:
        return wrong
    return [finding for rule in rest for finding in rule.check(plugin, known)]


def _all(plugin: Plugin, kind: type[Kind]) -> list[Kind]:
    return [each for each in plugin.declares if isinstance(each, kind)]
