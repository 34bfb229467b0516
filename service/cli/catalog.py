"""`shopace catalog`: all that can be said about a shop, read off the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shopace.core.errors import NotFoundError, did_you_mean
from shopace.core.vocabulary.triggers import (
    AtLeast,
    AtMost,
    BehindPeers,
    Condition,
    Crosses,
    Declined,
    Trigger,
    priority_of,
)
from shopace.core.vocabulary.units import CATEGORIES, Direction
from shopace.service.cli.measures import print_measures
from shopace.service.cli.session import Leaf, session

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry
    from shopace.core.vocabulary.metrics import Metric
    from shopace.core.vocabulary.tasks import TaskTemplate

_ARROWS = {Direction.HIGHER: "higher is better", Direction.LOWER: "lower is better"}


@click.command(
    cls=Leaf,
    examples=(
        "shopace catalog",
        "shopace catalog --category ads --json",
        "shopace catalog --measures",
        "shopace catalog --parameters",
    ),
)
@click.option("--category", metavar="NAME", help="Only this one of the 17 categories.")
@click.option("--measures", is_flag=True, help="Only the measures: what facts there can be.")
@click.option("--parameters", is_flag=True, help="Only the numbers that shopace.toml may set.")
def command(category: str | None, measures: bool, parameters: bool) -> None:
    """Print every metric, benchmark and task there is.

    Metrics come with their formula, channels and aliases, tasks with what makes them fire. Plugins
    of other vendors stand beside the built-in ones.
    """
    if category is not None and category not in CATEGORIES:
        hint = did_you_mean(category, CATEGORIES)
        raise NotFoundError(f'no category "{category}"', hint=hint)
    registry = session().registry()
    if measures:
        print_measures(registry, category)
        return
    if parameters:
        _parameters(registry, category)
        return
    wanted = [category] if category is not None else list(CATEGORIES)
    told = [_category(registry, each) for each in wanted]
    if session().json:
        session().emit({"fingerprint": registry.fingerprint, "categories": told})
        return
    for each in told:
        _print(each)
    click.echo(
        f"{sum(len(each['metrics']) for each in told)} metrics, "
        f"{sum('benchmark' in metric for each in told for metric in each['metrics'])} benchmarks, "
        f"{sum(len(each['tasks']) for each in told)} tasks"
    )


def _parameters(registry: Registry, category: str | None) -> None:
    """The named lines: those of the plugins of a category, or all with the core's own."""
    owners = {
        plugin.key for plugin in registry.plugins.values() if category in (None, plugin.category)
    } | ({"core"} if category is None else set())
    told = [
        {
            "key": key,
            "value": registry.values[key],
            "default": each.default,
            "unit": each.unit,
            "minimum": each.minimum,
            "maximum": each.maximum,
            "title": each.title,
            "source": each.source,
        }
        for key, each in sorted(registry.parameters.items())
        if key.partition(".")[0] in owners
    ]
    if session().json:
        session().emit({"parameters": told})
        return
    from shopace.service.terminal import add_row, table

    made = table("parameter", "value", "default", "means", right=("value", "default"),
                 wrap=("parameter", "means"))  # fmt: skip
    for each in told:
        numbers = (f"{each['value']:g}", f"{each['default']:g}")
        style = "" if each["value"] == each["default"] else "yellow"
        add_row(made, (str(each["key"]), *numbers, str(each["title"])), style=style)
    session().console().print(made)


def _category(registry: Registry, category: str) -> dict[str, Any]:
    return {
        "category": category,
        "pillar": CATEGORIES[category],
        "plugins": [
            {"key": each.key, "version": each.version, "question": each.question}
            for each in registry.plugins.values()
            if each.category == category
        ],
        "metrics": [
            _metric(registry, each)
            for key, each in registry.metrics.items()
            if registry.category_of(key) == category
        ],
        "tasks": [
            _task(registry, each)
            for key, each in registry.templates.items()
            if registry.category_of(key) == category
        ],
    }


def _metric(registry: Registry, metric: Metric) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": metric.key,
        "title": metric.title,
        "definition": metric.definition,
        "formula": str(metric.formula),
        "unit": metric.unit,
        "direction": metric.direction,
        "channels": metric.channels,
        "windows": metric.windows,
        "min_sample": metric.min_sample,
        "is_key": metric.is_key,
        "aliases": [{"name": each.name, "reason": each.reason} for each in metric.aliases],
        "since": metric.since,
        "source": metric.source,
        "plugin": registry.owner_of[metric.key],
    }
    benchmark = registry.benchmarks.get(metric.key)
    if benchmark is not None:
        told["benchmark"] = {"top": benchmark.top}
    return told


def _task(registry: Registry, template: TaskTemplate) -> dict[str, Any]:
    return {
        "key": template.key,
        "title": template.title,
        "why": template.why,
        "priority": priority_of(template.trigger).name,
        "type": template.type,
        "objective": template.objective,
        "fires_when": _condition(registry, template.trigger),
        "only_if": [_condition(registry, each) for each in template.only_if],
        "channels": template.channels,
        "steps": template.steps,
        "benefit": template.benefit,
        "effort": template.effort,
        "valid_days": template.valid_days,
        "since": template.since,
        "plugin": registry.owner_of[template.key],
    }


def _condition(registry: Registry, condition: Trigger | Condition) -> str:
    match condition:
        case Crosses(line=line):
            return f"the policy line {line} is crossed"
        case Declined(metric=metric):
            return f"{metric} declined"
        case BehindPeers(metric=metric):
            return f"{metric} is behind top peers"
        case AtLeast(metric=metric, line=line, channel=channel):
            sign = "≥"
        case AtMost(metric=metric, line=line, channel=channel):
            sign = "≤"
    value = registry.values.get(line.key, line.default)
    return f"{metric}{f'[{channel}]' if channel else ''} {sign} {value:g} ({line.key})"


def _print(told: dict[str, Any]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from shopace.service.clean import clean

    console = session().console()
    name = told["category"].replace("_", " ")
    console.print(Text(f"{name.upper()}  {told['pillar']}", style="bold"))
    for plugin in told["plugins"]:
        about = f"{plugin['key']} {plugin['version']}: {plugin['question']}"
        console.print(Text(clean(about), style="dim"))
    for metric in told["metrics"]:
        line = Text(clean(metric["key"]), style="cyan")
        line.append(clean(f"  {metric['title']} = {metric['formula']}"), style="default")
        notes = [_ARROWS.get(metric["direction"], ""), "key metric" if metric["is_key"] else ""]
        if "benchmark" in metric:
            notes.append("compared with peers")
        notes += [f"was {each['name']}" for each in metric["aliases"]]
        noted = ", ".join(filter(None, notes))
        line.append(clean(f"  ({noted})") if noted else "", style="dim")
        console.print(Padding(line, (0, 0, 0, 2)))
    for task in told["tasks"]:
        line = Text(f"{task['priority']} ", style="bold")
        line.append(clean(task["title"]))
        conditions = " and ".join([task["fires_when"], *task["only_if"]])
        line.append(clean(f"  when {conditions}"), style="dim")
        console.print(Padding(line, (0, 0, 0, 2)))
    console.print()
