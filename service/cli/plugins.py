"""`shopace plugins`: which plugins there are, and whether they keep the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from shopace.core.errors import InputError, PluginError, Problem
from shopace.core.host.contract import NAME, is_builtin
from shopace.core.host.hooks import ENTRY_POINT_GROUP
from shopace.core.host.lint import Remark, Severity, lint
from shopace.core.host.registry import UNKNOWN
from shopace.core.vocabulary.metrics import Metric
from shopace.core.vocabulary.tasks import TaskTemplate
from shopace.core.vocabulary.units import CATEGORIES
from shopace.service.cli.session import Branch, Leaf, session
from shopace.service.skeleton import CATEGORY, copy

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry
    from shopace.core.warehouse.policy import Policy

BUILT_IN = "built-in"
UNDIAGNOSED = "no plugin diagnoses this category"


class Row(NamedTuple):
    """One plugin as the table shows it; None: not known, since nothing of it is used."""

    key: str
    category: str | None
    version: str | None
    metrics: int
    tasks: int
    origin: str
    state: Literal["in use", "switched off", "rejected"]
    problem: str | None = None
    """The first thing that it is rejected for; `plugins check` tells all."""


@click.group(cls=Branch)
def command() -> None:
    """List the plugins, check them by the contract, or begin one.

    Built-in plugins come with shopace, one per category. Others are found by the entry-point group
    "shopace.plugins" of installed packages; "new" writes one to begin from, and docs/plugins.md
    says what it may hold.
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
        name = row.key if row.category in {row.key, None} else f"{row.key} in {row.category}"
        counts = (f"{row.metrics}", f"{row.tasks}")
        add_row(made, (name, row.version or "–", *counts, row.state, row.origin), style=style)
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
    diagnosed" in every diagnosis; in CI this command is what stops the build. -v adds the traceback
    where a plugin's own code failed.
    """
    registry, policy = session().registry(), _policy()
    missing = _undiagnosed(registry) if strict else []
    unfit = _unfit_lines(policy, registry)
    remarks = lint(registry.plugins.values(), policy.lines)
    wrong = [each for each in remarks if strict or each.severity is Severity.ERROR]
    problems = [problem for each in registry.rejected for problem in each.problems]
    problems += [Problem(where=each, what=UNDIAGNOSED) for each in missing]
    problems += unfit
    problems += [
        Problem(where=f"plugin {each.plugin}: {each.where}", what=each.what, hint=each.hint)
        for each in wrong
    ]
    unsound = PluginError("the plugins are not sound", problems=problems) if problems else None
    if session().json:
        session().judged(
            {
                "plugins": [f"{each.key} {each.version}" for each in registry.plugins.values()],
                "rejected": registry.rejected,
                "categories_without_plugin": missing,
                "remarks": [each._asdict() for each in remarks],
                "policy_problems": unfit,
                "fingerprint": registry.fingerprint,
            },
            unsound,
        )
        return
    _print_check(registry, missing, unfit, remarks)
    if unsound is not None:
        click.get_current_context().exit(unsound.exit_code)


def _name(context: click.Context, _: click.Parameter, value: str) -> str:
    if not NAME.fullmatch(value) or value in CATEGORIES:
        what = "is a category's own name" if value in CATEGORIES else "is not a lower-case name"
        raise click.BadParameter(f'"{value}" {what}', context)
    return value


@command.command(
    cls=Leaf,
    examples=(
        "shopace plugins new acme",
        "shopace plugins new acme --category ads --into ~/plugins",
    ),
)
@click.argument("name", metavar="NAME", callback=_name)
@click.option(
    "--category",
    type=click.Choice(list(CATEGORIES)),
    default=CATEGORY,
    metavar="CATEGORY",
    show_default=True,
    help='Which of the 17 it extends; "shopace plugins list" names them.',
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="PATH",
    help="Where to make its folder.  [default: here]",
)
def new(name: str, category: str, into: Path) -> None:
    """Write a small plugin that keeps the contract: a package, a page and a test of it.

    NAME becomes its key: lower-case letters, digits and _. Nothing is installed.
    """
    folder = into / name
    if folder.exists():
        hint = "choose another NAME, or a place for it with --into"
        raise InputError(f"{folder} is there already", hint=hint)
    written = copy(folder, name, category)
    if session().json:
        session().emit({"folder": str(folder), "written": [str(each) for each in written]})
        return
    click.echo("wrote " + ", ".join(str(each) for each in written))
    click.echo(f'"pip install -e {folder}" and "shopace plugins check --strict" come next')


def _print_check(
    registry: Registry, missing: list[str], unfit: Sequence[Problem], remarks: Sequence[Remark]
) -> None:
    from shopace.service.clean import clean

    for each in registry.rejected:
        click.secho(clean(f"{each.plugin} {each.version}: rejected"), fg="red", bold=True)
        for problem in each.problems:
            hint = f" ({problem.hint})" if problem.hint else ""
            click.echo(clean(f"  - {problem.what}{hint}"))
        if session().verbosity:
            for line in each.trace.splitlines():
                click.echo(f"    {clean(line)}")
    for category in missing:
        click.secho(f"{category}: {UNDIAGNOSED}", fg="red")
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
        version = None if each.version == UNKNOWN else each.version
        problem = each.problems[0].what
        yield Row(each.plugin, each.category or None, version, 0, 0, origin, "rejected", problem)
    rejected = {each.plugin for each in registry.rejected}
    for key in session().configuration().disabled_plugins:
        if key not in registry.plugins and key not in rejected:
            origin = BUILT_IN if key in CATEGORIES else third_party.get(key, "entry point")
            category = key if key in CATEGORIES else None
            yield Row(key, category, None, 0, 0, origin, "switched off")


def _place(row: Row) -> tuple[int, str]:
    order = list(CATEGORIES)
    place = order.index(row.category) if row.category is not None else len(order)
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
