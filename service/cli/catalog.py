"""`shopace catalog`: all that can be said about a shop, read off the registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shopace.core.errors import DocumentError, NotFoundError, ShopaceError, did_you_mean
from shopace.core.vocabulary.units import CATEGORIES, Direction
from shopace.service.cli.measures import print_measures
from shopace.service.cli.session import Leaf, session

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry
    from shopace.service.catalog.coverage import Row
    from shopace.service.catalog.records import Catalogue, CategoryEntry

_ARROWS = {Direction.HIGHER: "higher is better", Direction.LOWER: "lower is better"}
FOLDER = Path("docs") / "catalog"
NAMES_SHOWN = 10


@click.command(
    cls=Leaf,
    examples=(
        "shopace catalog",
        "shopace catalog --category ads --json",
        "shopace catalog --measures",
        "shopace catalog --parameters",
        "shopace catalog --coverage",
        "shopace catalog --check",
    ),
)
@click.option("--category", metavar="NAME", help="Only this one of the 17 categories.")
@click.option("--measures", is_flag=True, help="Only the measures: what facts there can be.")
@click.option("--parameters", is_flag=True, help="Only the numbers that shopace.toml may set.")
@click.option("--coverage", is_flag=True, help="What the catalogue has to hold, and whether.")
@click.option("--write", is_flag=True, help="Write the pages that are not up to date.")
@click.option("--check", is_flag=True, help="Fail when a page is not what the plugins say.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="Where the pages lie.",
)
def command(
    *,
    category: str | None,
    measures: bool,
    parameters: bool,
    coverage: bool,
    write: bool,
    check: bool,
    folder: Path,
) -> None:
    """Print every metric, benchmark and task there is.

    Metrics come with their formula, channels and aliases, tasks with what makes them fire. Plugins
    of other vendors stand beside the built-in ones. --write, --check and --coverage are about what
    comes with the product alone: no other plugin and no shopace.toml changes them. --check ends
    with exit code 7 when a page is not up to date, --coverage with 1 when something is missing.
    """
    asked = [category is not None or measures or parameters, coverage, write, check]
    if sum(asked) > 1:
        raise click.UsageError("--coverage, --write and --check stand alone")
    if category is not None and category not in CATEGORIES:
        hint = did_you_mean(category, CATEGORIES) or f"there are: {', '.join(CATEGORIES)}"
        raise NotFoundError(f'no category "{category}"', hint=hint)
    if write:
        _write(folder)
    elif check:
        _check(folder)
    elif coverage:
        _coverage()
    elif measures:
        print_measures(_catalogue(), category)
    elif parameters:
        _parameters(session().registry(), category)
    else:
        _list(category)


def _list(category: str | None) -> None:
    from msgspec.structs import replace

    whole = _catalogue()
    told = tuple(each for each in whole.categories if category in (None, each.category))
    if session().json:
        session().emit(whole if category is None else replace(whole, categories=told))
        return
    for each in told:
        _print(each)
    click.echo(
        f"{sum(len(each.metrics) for each in told)} metrics, "
        f"{sum(metric.benchmark is not None for each in told for metric in each.metrics)} "
        f"benchmarks, {sum(len(each.tasks) for each in told)} tasks"
    )


def _catalogue() -> Catalogue:
    """All plugins and policy packs, as configured."""
    from shopace.core.warehouse.policy import load_policy
    from shopace.plugins import POLICY_PACKS
    from shopace.service.catalog.build import build, region_groups

    packs = session().configuration().packs(POLICY_PACKS)
    return build(session().registry(), load_policy(packs), region_groups(packs))


def _write(folder: Path) -> None:
    from shopace.service.catalog import files

    _require(folder)
    written = [path.name for path in files.write(folder)]
    if session().json:
        session().emit({"written": written})
    else:
        click.echo(f"written: {', '.join(written)}" if written else "all up to date")


def _check(folder: Path) -> None:
    from shopace.service.catalog import files

    _require(folder)
    problems, outdated = files.check(folder), None
    if problems:
        hint = "shopace catalog --write"
        outdated = DocumentError("the catalogue is not up to date", problems=problems, hint=hint)
    if session().json:
        session().judged({"checked": sorted(path.name for path in folder.iterdir())}, outdated)
        return
    if outdated is not None:
        raise outdated
    click.echo("the catalogue is up to date")


def _require(folder: Path) -> None:
    if not folder.is_dir():
        hint = "call it in the repository, or name another with --folder"
        raise NotFoundError(f"no folder {folder}", hint=hint)


def _coverage() -> None:
    from msgspec.structs import asdict

    from shopace.service.catalog.build import shipped
    from shopace.service.catalog.coverage import coverage

    registry, policy, _ = shipped()
    rows = coverage(registry, policy)
    met = all(row.met for row in rows)
    if session().json:
        told = [{**asdict(row), "state": row.state} for row in rows]
        session().emit({"met": met, "rows": told})
    else:
        _print_coverage(rows)
    if not met:
        click.get_current_context().exit(ShopaceError.exit_code)


def _print_coverage(rows: tuple[Row, ...]) -> None:
    from shopace.service.clean import clean
    from shopace.service.terminal import add_row, table

    made = table("there are", "has", "asked", "state", right=("has", "asked"), wrap=("there are",))
    for row in rows:
        style = "" if row.state == "met" else "red" if row.state == "missed" else "yellow"
        add_row(made, (row.says, f"{row.has:,}", f"{row.of:,}", row.state), style=style)
    session().console().print(made)
    for row in rows:
        if row.missing:
            click.echo(f"\nmissing of {row.says}:", err=True)
        for each in row.missing[:NAMES_SHOWN]:
            click.echo(clean(f"  - {each}"), err=True)
        if len(row.missing) > NAMES_SHOWN:
            further = len(row.missing) - NAMES_SHOWN
            click.echo(f"  and {further:,} more; --json lists them all", err=True)


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


def _print(told: CategoryEntry) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from shopace.service.clean import clean

    console = session().console()
    name = told.category.replace("_", " ")
    console.print(Text(f"{name.upper()}  {told.pillar}", style="bold"))
    for plugin in told.plugins:
        about = f"{plugin.key} {plugin.version}: {plugin.question}"
        console.print(Text(clean(about), style="dim"))
    for metric in told.metrics:
        line = Text(clean(metric.key), style="cyan")
        line.append(clean(f"  {metric.title} = {metric.formula}"), style="default")
        notes = [_ARROWS.get(metric.direction, ""), "key metric" if metric.is_key else ""]
        notes.append("compared with peers" if metric.benchmark is not None else "")
        notes += [f"was {each.name}" for each in metric.aliases]
        noted = ", ".join(filter(None, notes))
        line.append(clean(f"  ({noted})") if noted else "", style="dim")
        console.print(Padding(line, (0, 0, 0, 2)))
    for task in told.tasks:
        line = Text(f"{task.priority} ", style="bold")
        line.append(clean(task.title))
        conditions = " and ".join(each.test for each in (task.fires_when, *task.only_if))
        line.append(clean(f"  when {conditions}"), style="dim")
        console.print(Padding(line, (0, 0, 0, 2)))
    console.print()
