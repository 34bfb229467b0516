"""The registry: everything the loaded plugins declare, in one canonical order.

The same plugins give the same registry whatever order they were found in: by category, then key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from shopace.core.configuration import Configuration
from shopace.core.errors import ConfigurationError, Guesses, PluginError, Problem
from shopace.core.host.contract import known_to, parameters_of
from shopace.core.vocabulary.measures import Measure
from shopace.core.vocabulary.metrics import Benchmark, Metric
from shopace.core.vocabulary.parameters import CORE_PARAMETERS, TOP_PEERS, Parameter
from shopace.core.vocabulary.tasks import Objective, TaskTemplate
from shopace.core.vocabulary.units import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shopace.core.vocabulary.campaigns import Campaign
    from shopace.core.vocabulary.plugins import Plugin
    from shopace.core.vocabulary.tiers import TierLadder


UNKNOWN = "?"
"""The version of a plugin that names none."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that was found and is not used. Its category is not diagnosed, and says so."""

    plugin: str
    version: str = UNKNOWN
    category: str = ""
    """Empty where the plugin never got as far as naming it."""
    problems: tuple[Problem, ...]
    trace: str = ""
    """The way to the error, where the plugin's own code raised one."""


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Records by key. Build it with `build_registry` or `load_registry`, never by hand."""

    plugins: Mapping[str, Plugin]
    measures: Mapping[str, Measure]
    metrics: Mapping[str, Metric]
    benchmarks: Mapping[str, Benchmark]
    """By metric, each with its `top` resolved."""
    objectives: Mapping[str, Objective]
    templates: Mapping[str, TaskTemplate]
    parameters: Mapping[str, Parameter]
    values: Mapping[str, float]
    """The resolved value of every parameter."""
    owner_of: Mapping[str, str]
    """Metric or template key → plugin key."""
    ladders: tuple[TierLadder, ...]
    campaigns: tuple[Campaign, ...] = ()
    """As configured; whether one is ahead depends on the date."""
    derivers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Plugin key → its `shopace_derive`, where it has one."""
    rejected: tuple[Rejection, ...] = ()
    fingerprint: str = ""
    """Of all declarations and resolved values: the same everywhere that diagnoses the same way."""

    def category_of(self, key: str) -> str:
        """The category of a metric or template."""
        return self.plugins[self.owner_of[key]].category


def build_registry(
    plugins: Iterable[Plugin],
    configuration: Configuration | None = None,
    *,
    derivers: Mapping[str, Callable[..., Any]] | None = None,
    rejected: Sequence[Rejection] = (),
) -> Registry:
    """The registry of plugins that keep the contract, as configured.

    Raises ConfigurationError with every key that the configuration names and nobody declares.
    """
    configured = configuration if configuration is not None else Configuration()
    found = sorted(plugins, key=lambda each: (list(CATEGORIES).index(each.category), each.key))
    used = [each for each in found if each.key not in configured.disabled_plugins]
    known, own_code = known_to(used), derivers if derivers is not None else {}
    templates = {
        each.key: each
        for plugin in used
        for each in plugin.declares
        if isinstance(each, TaskTemplate)
    }
    parameters = {each.key: each for each in CORE_PARAMETERS} | {
        line.key: line for template in templates.values() for line in parameters_of(template)
    }
    _require_known(configured, found, rejected, templates, parameters)
    values = {
        key: configured.parameters.get(key, parameter.default)
        for key, parameter in sorted(parameters.items())
    }
    shown = {k: v for k, v in templates.items() if k not in configured.disabled_templates}
    return Registry(
        plugins={each.key: each for each in used},
        measures=known.measures,
        metrics=known.metrics,
        benchmarks={
            key: each if each.top is not None else replace(each, top=values[TOP_PEERS])
            for key, each in known.benchmarks.items()
        },
        objectives=known.objectives,
        templates=shown,
        parameters=parameters,
        values=values,
        owner_of={
            each.key: plugin.key
            for plugin in used
            for each in plugin.declares
            if isinstance(each, Metric | TaskTemplate)
        },
        ladders=configured.ladders,
        campaigns=configured.campaigns,
        derivers={each.key: own_code[each.key] for each in used if each.key in own_code},
        rejected=tuple(rejected),
        fingerprint=fingerprint(
            [used, sorted(shown), values, configured.ladders, configured.campaigns]
        ),
    )


def fingerprint(content: object, length: int = 12) -> str:
    """Hexadecimal digest of anything msgspec encodes; equal content, equal digest."""
    encoded = msgspec.json.encode(content, order="sorted")
    return blake2b(encoded, digest_size=length // 2).hexdigest()


def require_sound(registry: Registry) -> None:
    """Raise PluginError with every problem of every rejected plugin, if any."""
    problems = [problem for each in registry.rejected for problem in each.problems]
    if problems:
        count = len(registry.rejected)
        raise PluginError(f"{count} plugin{'s' * (count > 1)} rejected", problems=problems)


def _require_known(
    configuration: Configuration,
    plugins: Sequence[Plugin],
    rejected: Sequence[Rejection],
    templates: Mapping[str, TaskTemplate],
    parameters: Mapping[str, Parameter],
) -> None:
    problems: list[Problem] = []

    guess = Guesses()

    def unknown(section: str, word: str, names: Iterable[str]) -> None:
        where, hint = f"{configuration.source}: {section}", guess(word, names)
        problems.append(Problem(where=where, what=f'nobody declares "{word}"', hint=hint))

    keys = [each.key for each in plugins] + [each.plugin for each in rejected]
    off = {
        each.key
        for plugin in plugins
        if plugin.key in configuration.disabled_plugins
        for each in plugin.declares
        if isinstance(each, TaskTemplate)
    }
    for word in configuration.disabled_plugins:
        if word not in keys:
            unknown("disable.plugins", word, keys)
    for word in configuration.disabled_templates:
        if word not in templates and word not in off:
            unknown("disable.templates", word, templates)
    for word, value in configuration.parameters.items():
        parameter = parameters.get(word)
        if parameter is None:
            unknown("parameters", word, parameters)
        elif not parameter.minimum <= value <= parameter.maximum:
            what = f"{value:g} lies outside {parameter.minimum:g} … {parameter.maximum:g}"
            where = f'{configuration.source}: parameters."{word}"'
            problems.append(Problem(where=where, what=what))
    if problems:
        raise ConfigurationError(f"{configuration.source} is not usable", problems=problems)
