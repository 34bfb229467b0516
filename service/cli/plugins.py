"""`shopace plugins`: which plugins there are, and whether they keep the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NamedTuple

import click

from shopace.core.errors import PluginError
from shopace.core.host.contract import is_builtin
from shopace.core.host.hooks import ENTRY_POINT_GROUP
from shopace.core.host.lint import Remark, Severity, lint
from shopace.core.vocabulary.metrics import Metric
from shopace.core.vocabulary.tasks import TaskTemplate
from shopace.core.vocabulary.units import CATEGORIES
from shopace.service.cli.session import Branch, Leaf, session

if TYPE_CHECKING:
    from shopace.core.errors import Problem
    from shopace.core.host.registry import Registry
    from shopace.core.warehouse.policy import Policy

BUILT_IN = "built-in"


class Row(NamedTuple):
    """One plugin as the table shows it. `state` is `in use`, `switched off` or `rejected`."""

    key: str
    category: str
    version: str
    metrics: int
    tasks: int
    origin: str
    state: str


@click.group(cls=Branch)
def command() -> None:
    """List the plugins, or check them by the contract.

    Built-in plugins come with shopace, one per category. Others are found by the entry-point group
    "shopace.plugins" of installed packages; docs/plugins.md shows how to write one.
    """


@command.command("list", cls=Leaf, examples=("shopace plugins list", "shopace plugins list --json"))
def list_plugins() -> None:
    """List every plugin that was found, with its state."""
    registry = session().registry()
    rows = sorted(_rows(registry), key=_place)
    if session().json:
        session().emit({"plugins": [row._asdict() for row in rows]})
        return
    from shopace.service.terminal import add_row, table

    made = table(
        "plugin", "version", "metrics", "tasks", "state", "from",
        right=("metrics", "tasks"), wrap=("plugin", "from"),
    )  # fmt: skip
    for row in rows:
        style = "" if row.state == "in use" else "red" if row.state == "rejected" else "dim"
        name = row.key if row.category == row.key else f"{row.key} in {row.category or '?'}"
        counts = (f"{row.metrics}", f"{row.tasks}")
        add_row(made, (name, row.version, *counts, row.state, row.origin), style=style)
    session().console().print(made)
    if registry.rejected:
        click.echo('\n"shopace plugins check" tells why a plugin is rejected', err=True)


@command.command(
    cls=Leaf, examples=("shopace plugins check", "shopace plugins check --strict --json")
)
@click.option(
    "--strict", is_flag=True, help="Fail also on warnings, and on a category without a plugin."
)
def check(strict: bool) -> None:
    """Check every plugin by the contract and beside the others, and the policy packs.

    Ends with exit code 6 when a plugin is rejected, plugins contradict each other or a policy line
    cannot be judged; warnings are told. A worker goes on without a rejected plugin and says "not
    diagnosed" in every diagnosis; in CI this command is what stops the build.
    """
    registry, policy = session().registry(), _policy()
    missing = _undiagnosed(registry) if strict else []
    unfit = _unfit_lines(policy, registry)
    remarks = lint(registry.plugins.values(), policy.lines)
    wrong = any(strict or each.severity is Severity.ERROR for each in remarks)
    sound = not (registry.rejected or missing or unfit or wrong)
    if session().json:
        session().emit(
            {
                "sound": sound,
                "plugins": [f"{each.key} {each.version}" for each in registry.plugins.values()],
                "rejected": registry.rejected,
                "categories_without_plugin": missing,
                "remarks": [each._asdict() for each in remarks],
                "policy_problems": unfit,
                "fingerprint": registry.fingerprint,
            }
        )
    else:
        _print_check(registry, missing, unfit, remarks)
    if not sound:
        click.get_current_context().exit(PluginError.exit_code)


def _print_check(
    registry: Registry, missing: list[str], unfit: Sequence[Problem], remarks: Sequence[Remark]
) -> None:
    from shopace.service.clean import clean

    for each in registry.rejected:
        click.secho(clean(f"{each.plugin} {each.version}: rejected"), fg="red", bold=True)
        for problem in each.problems:
            hint = f" ({problem.hint})" if problem.hint else ""
            click.echo(clean(f"  - {problem.what}{hint}"))
    for category in missing:
        click.secho(f"{category}: no plugin diagnoses this category", fg="red")
    for problem in unfit:
        click.secho(clean(str(problem)), fg="red")
    for remark in remarks:
        colour = "red" if remark.severity is Severity.ERROR else "yellow"
        click.secho(clean(f"{remark.severity}: {remark.plugin}: {remark}"), fg=colour)
    count = len(registry.plugins)
    click.echo(
        f"{count} plugins keep the contract: {len(registry.metrics)} metrics, "
        f"{len(registry.benchmarks)} benchmarks, {len(registry.templates)} tasks"
        + (f"; {len(registry.rejected)} rejected" if registry.rejected else "")
    )


def _rows(registry: Registry) -> Iterator[Row]:
    third_party = {
        point.name: f"{point.dist.name} {point.dist.version}" if point.dist else "entry point"
        for point in entry_points(group=ENTRY_POINT_GROUP)
    }
    for plugin in registry.plugins.values():
        yield Row(
            key=plugin.key,
            category=plugin.category,
            version=plugin.version,
            metrics=sum(isinstance(each, Metric) for each in plugin.declares),
            tasks=sum(isinstance(each, TaskTemplate) for each in plugin.declares),
            origin=BUILT_IN if is_builtin(plugin) else third_party.get(plugin.key, "entry point"),
            state="in use",
        )
    for each in registry.rejected:
        origin = third_party.get(each.plugin, BUILT_IN)
        yield Row(each.plugin, each.category or "?", each.version, 0, 0, origin, "rejected")
    for key in session().configuration().disabled_plugins:
        if key not in registry.plugins:
            origin = BUILT_IN if key in CATEGORIES else third_party.get(key, "entry point")
            category = key if key in CATEGORIES else "?"
            yield Row(key, category, "–", 0, 0, origin, "switched off")


def _place(row: Row) -> tuple[int, str]:
    order = list(CATEGORIES)
    place = order.index(row.category) if row.category in order else len(order)
    return (place, "" if row.origin == BUILT_IN else row.key)


def _policy() -> Policy:
    from shopace.core.warehouse.policy import load_policy
    from shopace.plugins import POLICY_PACKS

    return load_policy(session().configuration().packs(POLICY_PACKS))


def _unfit_lines(policy: Policy, registry: Registry) -> Sequence[Problem]:
    """Policy lines that ask for what no plugin in use declares."""
    from shopace.core.warehouse.policy import unfit

    return unfit(policy, registry.metrics, registry.measures)


def _undiagnosed(registry: Registry) -> list[str]:
    held = {plugin.category for plugin in registry.plugins.values()}
    return [category for category in CATEGORIES if category not in held]
