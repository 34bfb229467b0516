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
from msgspec.structs import replace

from shopace.core.errors import did_you_mean
from shopace.core.steering import STEERING
from shopace.core.vocabulary.channels import FIVE, GROUP_MEMBERS, Channel
from shopace.core.vocabulary.formula import Constant, Operation, denominator, refs
from shopace.core.vocabulary.measures import STANDARD_MEASURES, Measure
from shopace.core.vocabulary.metrics import Benchmark, Metric
from shopace.core.vocabulary.objectives import STANDARD_OBJECTIVES
from shopace.core.vocabulary.parameters import Parameter
from shopace.core.vocabulary.plugins import Declaration, Plugin
from shopace.core.vocabulary.products import (
    ListingQuality,
    ProductIs,
    ProductStatus,
    ProductWord,
)
from shopace.core.vocabulary.tasks import Action, Completion, Objective, TaskTemplate
from shopace.core.vocabulary.triggers import AtLeast, AtMost, BehindPeers, Crosses, Declined
from shopace.core.vocabulary.units import CATEGORIES, Direction, Pillar, Unit, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shopace.core.vocabulary.formula import Formula

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""A plugin's key."""
CORE = "core"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,59})?")
TEXT_LIMIT = 300
"""Characters of one sentence in a declaration."""
STEPS_LIMIT = 6
DEPTH_LIMIT = 50
"""How deep a formula may be nested: a sum of 50 measures."""

_PRODUCT_WORDS: dict[ProductWord, tuple[str, ...]] = {
    ProductWord.STATUS: tuple(ProductStatus),
    ProductWord.LISTING_QUALITY: tuple(ListingQuality),
}

_PAGE_TEXTS = ("key", "category", "version", "title", "question")
_OF_TASKS = (Action, Completion, Parameter)
"""Records that look like declarations of their own."""
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


def converted(page: Plugin) -> tuple[Plugin, list[Finding]]:
    """The page with every field of its declared type, and the fields that cannot be.

    Words become members of enums and lists tuples: what is judged is what is used.
    """
    wrong = [*_untyped(page)]
    declares: list[Declaration] = []
    for declaration in page.declares if not wrong else ():
        try:
            plain = msgspec.to_builtins(declaration, order="deterministic")
            declares.append(msgspec.convert(plain, type(declaration)))
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            wrong.append(Finding(name_of(declaration), str(error)))
    return (page if wrong else replace(page, declares=tuple(declares))), wrong


def _untyped(page: Plugin) -> Iterator[Finding]:
    """What is wrong with the page around its declarations."""
    for field in _PAGE_TEXTS:
        value = getattr(page, field)
        if not isinstance(value, str):
            hint = f'"{value}", in quotes' if isinstance(value, int | float) else ""
            yield Finding(field, f"is no text but {_kind(value)}", hint)
    if not isinstance(page.declares, tuple | list):
        hint = "a single one needs its comma: (metric,)"
        yield Finding("declares", f"is no tuple but {_kind(page.declares)}", hint)
        return
    for number, each in enumerate(page.declares):
        if not isinstance(each, Declaration):
            hint = "it belongs in the task that uses it" if isinstance(each, _OF_TASKS) else ""
            yield Finding(f"declares[{number}]", f"is no declaration but {_kind(each)}", hint)


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def _types(plugin: Plugin, _: Known) -> Iterator[Finding]:
    yield from converted(plugin)[1]


def _page(plugin: Plugin, _: Known) -> Iterator[Finding]:
    if not NAME.fullmatch(plugin.key):
        yield Finding("key", f'"{plugin.key}" is not a lower-case name', "letters, digits and _")
    if plugin.category not in CATEGORIES:
        hint = did_you_mean(plugin.category, CATEGORIES)
        yield Finding("category", f'"{plugin.category}" is none of the 17 categories', hint)
    if plugin.key in CATEGORIES and plugin.key != plugin.category:
        yield Finding("key", f'"{plugin.key}" is the name of another category')
    if plugin.key == CORE:
        yield Finding("key", f'"{CORE}" is the owner of the parameters of the product')
    for field in ("version", "title", "question"):
        yield from _unfit(field, getattr(plugin, field), field)
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
        where = name_of(declaration)
        for field, text in _strings(msgspec.to_builtins(declaration)):
            if text or not _may_be_empty(declaration, field):
                yield from _unfit(where, text, field)
        if isinstance(declaration, TaskTemplate) and not declaration.title[:1].isupper():
            yield Finding(where, "title does not begin with a capital letter")


def _unfit(where: str, text: str, field: str) -> Iterator[Finding]:
    """What is wrong with one text; `where` alone names a field of the page."""
    named = "" if where == field else f"{field} "
    if not text.strip():
        yield Finding(where, f"{named}is empty")
    elif len(text) > TEXT_LIMIT:
        yield Finding(where, f"{named}has {len(text)} characters", f"{TEXT_LIMIT}")
    elif STEERING.search(text):
        yield Finding(where, f"{named}holds a control character")


def _strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in plain data, with the path to it: `steps[1]`, `action.label`."""
    match value:
        case str():
            yield path, value
        case dict():
            for key, each in value.items():
                yield from _strings(each, f"{path}.{key}" if path else key)
        case list() | tuple():
            for number, each in enumerate(value):
                yield from _strings(each, f"{path}[{number}]")


def _may_be_empty(declaration: Declaration, field: str) -> bool:
    if isinstance(declaration, Measure) and field == "definition":
        return True
    return field.rpartition(".")[2] in {"source", "warehouse", "api", "export"}


def _formulas(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for metric in _all(plugin, Metric):
        formulas: tuple[Formula, ...] = (metric.formula, metric.sample_formula)
        used = list(dict.fromkeys(ref for formula in formulas for ref in refs(formula)))
        if not refs(metric.formula):
            yield Finding(name_of(metric), "formula reads no measure")
        whole = metric.formula if metric.sample is None else metric.formula + metric.sample
        yield from (Finding(name_of(metric), what) for what in dict.fromkeys(_miscounts(whole)))
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


def _miscounts(formula: Formula, depth: int = 1) -> Iterator[str]:
    """What no shop's numbers could mend."""
    match formula:
        case Constant(value=value) if not math.isfinite(value):
            yield f"formula holds {value:g}, which is no number"
        case Operation() if depth > DEPTH_LIMIT:
            yield f"formula is nested more than {DEPTH_LIMIT} deep"
        case Operation(op=op, left=left, right=right):
            if op == "/" and right == Constant(0.0):
                yield "formula divides by 0"
            yield from _miscounts(left, depth + 1)
            yield from _miscounts(right, depth + 1)


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


def _drivers(plugin: Plugin, known: Known) -> Iterator[Finding]:
    for metric in _all(plugin, Metric):
        where = name_of(metric)
        for key in metric.driven_by:
            driver = known.metrics.get(key)
            if driver is None:
                hint = did_you_mean(key, known.metrics)
                yield Finding(where, f'driven by unknown metric "{key}"', hint)
            elif {metric.direction, driver.direction} != {Direction.HIGHER}:
                yield Finding(where, f"driven by {key}: both must be better when higher")
            elif not set(metric.channels) & set(driver.channels):
                yield Finding(where, f"driven by {key}, which is known in no channel of it")
        if metric.key in _all_that_drive(metric, known):
            yield Finding(where, "drives itself, by way of its drivers")


def _all_that_drive(metric: Metric, known: Known) -> set[str]:
    """The drivers of a metric, theirs, and so on."""
    found: set[str] = set()
    ahead = list(metric.driven_by)
    while ahead:
        key = ahead.pop()
        if key not in found:
            found.add(key)
            ahead += known.metrics[key].driven_by if key in known.metrics else ()
    return found


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
        done = template.completion
        if done and done.metric not in known.metrics:
            hint = did_you_mean(done.metric, known.metrics)
            yield Finding(where, f'unknown metric "{done.metric}"', hint)
        if done and not math.isfinite(done.number({})):
            yield Finding(where, f"is done at {done.number({}):g}, which is no number")


def _lines(plugin: Plugin, _: Known) -> Iterator[Finding]:
    lines: dict[str, Parameter] = {}
    for template in _all(plugin, TaskTemplate):
        for line in parameters_of(template):
            where = f"{name_of(template)}: {line.key}"
            if not line.key.startswith(f"{plugin.key}."):
                yield Finding(where, "parameter key lacks the plugin's prefix")
            if math.isinf(line.minimum) or math.isinf(line.maximum):
                yield Finding(where, "minimum and maximum must be numbers")
            elif not line.minimum <= line.default <= line.maximum:
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
    Rule("Drivers are known metrics, and nothing drives itself.", _drivers),
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
