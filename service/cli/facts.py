"""`shopace facts`: are the facts fit for use?"""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shopace.core.errors import FactsError, MappingError
from shopace.service.cli.dark import darkness_of, lit_by_table, policy_in_use, print_dark, print_lit
from shopace.service.cli.session import Branch, Leaf, session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rich.table import Table

    from shopace.core.warehouse.dark import Things
    from shopace.core.warehouse.facts import FactsReport, MeasureReport, TableReport
    from shopace.core.warehouse.facts_report import EarlyEnd, LostDays
    from shopace.core.warehouse.policy import Policy

MAPPING_FILE = "mapping.toml"


@click.group(cls=Branch)
def command() -> None:
    """Check daily facts before anything is built from them.

    What the columns mean is declared in a mapping file, never guessed: see docs/facts.md.
    """


@command.command(
    cls=Leaf,
    examples=("shopace facts check mapping.toml facts/", "shopace facts check --data shopace-demo"),
)
@click.argument("mapping", type=click.Path(path_type=Path), required=False)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--all", "every", is_flag=True, help="Tell every missing measure, not the first 15.")
def check(mapping: Path | None, folder: Path | None, every: bool) -> None:
    """Read all facts and tell all that is wrong with them, at once.

    Also told: what each table lights up, and what cannot be judged for lack of which measures.
    Without arguments: the folder "facts" of the data folder and the mapping.toml in it. Ends with
    exit code 3 when the facts are refused. Columns that nobody declared are told, not refused.
    """
    from shopace.core.warehouse.facts import check_facts
    from shopace.core.warehouse.mapping import load_mapping

    mapping_file, facts = places(mapping, folder)
    registry, policy = session().registry(), policy_in_use()
    declared = load_mapping(mapping_file, registry.measures)
    report = check_facts(declared, facts, registry.measures, today=today())
    dark = darkness_of(registry, policy, declared, report)
    lit = lit_by_table(registry, policy, declared, report)
    refused = None
    if report.problems:
        refused = FactsError("the facts are refused", problems=report.problems)
    if session().json:
        told = {"lights_up": [{"files": files, **_plain(by)} for files, by in lit], "dark": dark}
        session().judged(_plain(report) | told, refused)
        return
    _print(report)
    _print_regions(report, policy)
    click.echo()
    print_lit(registry, lit)
    print_dark(dark, len(registry.measures), every=every)
    if refused is not None:
        raise refused
    click.secho("The facts are fit for use.", fg="green")


def places(mapping: Path | None, folder: Path | None, *, call: str = "") -> tuple[Path, Path]:
    """The mapping file and the folder of facts, by default those of the data folder.

    `call` is how they are named to the command that runs; empty: as its arguments.
    """
    facts = folder if folder is not None else session().folder / "facts"
    if mapping is None and not (facts / MAPPING_FILE).exists():
        as_arguments = f"{click.get_current_context().command_path} mapping.toml facts/"
        raise MappingError(
            f"there is no mapping {facts / MAPPING_FILE}",
            hint=f"name mapping file and folder: {call or as_arguments}",
        )
    return (mapping if mapping is not None else facts / MAPPING_FILE), facts


def today() -> dt.date:
    """The latest date that it is anywhere: facts of a later day cannot be final."""
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=14))).date()


def _plain(report: FactsReport | Things) -> dict[str, object]:
    import msgspec

    return msgspec.structs.asdict(report)


def _print(report: FactsReport) -> None:
    from shopace.service.figures import counted
    from shopace.service.terminal import add_row, table

    console = session().console()
    click.echo(
        f"{counted(report.shops, 'shop')}, {counted(report.rows, 'row')},"
        f" {report.first_day} to {report.last_day}\n"
    )
    numbers = ("files", "rows", "shops", "repeated")
    made = table("table", *numbers, "days", right=numbers, wrap=("table",))
    for each in report.tables:
        days = f"{each.first_day} – {each.last_day}" if each.first_day is not None else ""
        counts = (each.file_count, each.rows, each.shops, each.duplicates)
        add_row(made, (each.files, *(f"{count:,}" for count in counts), days))
    console.print(made)
    _print_unread(report.tables)
    print_ends(report.early_ends(report.last_day))
    print_lost(report.lost_days(report.first_day, report.last_day))
    click.echo()
    console.print(_measures(report.measures))
    _print_bad_cells((*report.measures, *report.unusable))


def _measures(reports: tuple[MeasureReport, ...]) -> Table:
    """A line per measure, its channels together: the JSON report has them one by one."""
    from shopace.service.terminal import add_row, table

    numbers = ("in", "known", "missing")
    made = table("measure", *numbers, "days without a row", right=numbers)
    for name, group in groupby(reports, key=lambda each: each.measure):
        channels = list(group)
        missing = sum(each.missing for each in channels)
        absent = sum(each.absent_days for each in channels)
        add_row(
            made,
            (
                name,
                channels[0].channel if len(channels) == 1 else f"{len(channels)} channels",
                f"{sum(each.known for each in channels):,}",
                f"{missing:,}",
                f"{absent:,}, {channels[0].absent_day}" if absent else "",
            ),
            style="yellow" if missing else "",
        )
    return made


def _print_unread(tables: tuple[TableReport, ...]) -> None:
    from shopace.core.warehouse.delivery import some_of
    from shopace.service.clean import clean

    for each in tables:
        if each.undeclared:
            told = some_of(each.undeclared)
            click.echo(clean(f"{each.files}: not declared, not read: {told}"))
        if each.absent_words:
            told = some_of(each.absent_words)
            click.echo(clean(f"{each.files}: declared, and in no row: {told}"))
        for channel, rows in each.unknown_channels:
            click.echo(clean(f'{each.files}: unknown channel "{channel}", {rows:,} rows kept out'))
        for word in each.unknown_words:
            hint = f" ({word.hint})" if word.hint else ""
            what = f'unknown {word.field} "{word.word}" in {word.rows:,} rows, taken as missing'
            click.echo(clean(f"{each.files}: {what}{hint}"))
        if each.unknown_shops:
            what = f"{each.unknown_shops:,} rows of shops without facts, kept out"
            click.echo(clean(f"{each.files}: {what}"))
        for column, count in each.bad_cells:
            what = f'{count:,} cells of "{column}" are NaN, infinite, negative or too large'
            click.echo(clean(f"{each.files}: {what}, taken as missing"))


def print_ends(ends: Iterable[EarlyEnd], *, err: bool = False) -> None:
    """A feed that stopped looks like shops that closed, where an absent day counts as zero."""
    from shopace.service.clean import clean
    from shopace.service.figures import counted

    for each in ends:
        days = counted(each.days, "day")
        what = f"ends on {each.last_day}, {days} early: {_taken_as(each.zero)}"
        click.secho(clean(f"{each.files}: {what}"), fg="yellow", err=err)


def print_lost(lost: Iterable[LostDays], *, err: bool = False) -> None:
    """A lost file looks like days without sales, where an absent day counts as zero."""
    from shopace.service.clean import clean
    from shopace.service.figures import counted

    for each in lost:
        spans = ", ".join(f"{a} – {b}" if a != b else f"{a}" for a, b in each.spans)
        days = counted(each.days, "day")
        told = f"no row of any shop on {days}, at last {spans}: {_taken_as(each.zero)}"
        click.secho(clean(f"{each.files}: {told}"), fg="yellow", err=err)


def _taken_as(zero: Collection[str]) -> str:
    """What the days without a row are taken for."""
    if not zero:
        return "nothing is known of them"
    return f"as the mapping says, these count as 0 on them: {', '.join(zero)}"


def _print_regions(report: FactsReport, policy: Policy) -> None:
    """A code of another region would be judged as one that no policy pack knows."""
    known = {code for line in policy.lines for code in line.regions}
    unknown = [each for each in report.regions if each not in known]
    if unknown:
        told = ", ".join(unknown)
        click.echo(f"no policy pack has rows for {told}: those for all other regions hold there")


def _print_bad_cells(measures: tuple[MeasureReport, ...]) -> None:
    for each in measures:
        kinds = {
            "NaN": each.nan,
            "infinite": each.infinite,
            "negative": each.negative,
            "too large": each.too_large,
        }
        told = [f"{count:,} {kind}" for kind, count in kinds.items() if count]
        if told:
            click.echo(f"{each.measure} ({each.channel}): {', '.join(told)}, taken as missing")
