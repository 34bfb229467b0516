"""`shopace incentives`: the reward programmes of operations, and whether they can be used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shopace.core.errors import IncentivesError, SnapshotError
from shopace.service.cli.session import Branch, Leaf, session
from shopace.service.cli.snapshot import DAY
from shopace.service.figures import counted

if TYPE_CHECKING:
    from shopace.core.vocabulary.incentives import Programme
    from shopace.core.warehouse.programmes import Programmes

NAMED = 'name files in shopace.toml: [incentives] programmes = ["incentives.json"]'

_TOLD = {
    "offered": "offered until {0.ends_on}",
    "not_yet": "from {0.starts_on}",
    "over": "ended {0.ends_on}",
    "budget_used_up": "budget used up",
}


@click.group(cls=Branch)
def command() -> None:
    """List the incentive programmes, or check the files they stand in.

    A programme is a reward for tasks: data of operations that shopace.toml names, in force with the
    next run. docs/incentives.md shows how to write one.
    """


@command.command(
    "list", cls=Leaf, examples=("shopace incentives list", "shopace incentives list --json")
)
@click.option("--as-of", type=DAY, help="As of this day. [default: the latest snapshot's]")
def list_programmes(as_of: dt.datetime | None) -> None:
    """List the programmes that shopace.toml names, and which of them are offered."""
    programmes = _load(())
    day = as_of.date() if as_of is not None else _day()
    rows = [(each, _state(each, day)) for each in programmes.programmes]
    if session().json:
        listed = [{"programme": each, "state": state} for each, state in rows]
        session().emit({"id": programmes.id, "as_of": day, "programmes": listed})
        return
    if not rows:
        click.echo(f"no incentive programmes; {NAMED}")
        return
    from shopace.core.vocabulary.units import Unit
    from shopace.service.figures import figure
    from shopace.service.terminal import add_row, table

    numbers = ("amount", "left")
    made = table("programme", "reward", *numbers, "state", right=numbers, wrap=("programme",))
    for each, state in rows:
        amounts = (each.amount, max(each.budget - each.spent, 0.0))
        add_row(
            made,
            (
                each.key,
                each.reward.replace("_", " "),
                *(figure(amount, Unit.MONEY, each.currency) for amount in amounts),
                _TOLD[state].format(each),
            ),
            style="" if state == "offered" else "dim",
        )
    session().console().print(made)
    click.echo(f"As of {day}.")


@command.command(
    cls=Leaf, examples=("shopace incentives check", "shopace incentives check incentives.json")
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE…]")
def check(files: tuple[Path, ...]) -> None:
    """Check incentive programmes and print all problems.

    Without FILE those that shopace.toml names. Ends with exit code 3 when a file is refused, which
    would keep runs from starting, or names a task that no plugin in use declares.
    """
    from shopace.core.warehouse.programmes import unfit

    programmes = _load(files)
    stray, refused = unfit(programmes, session().registry().templates), None
    if stray:
        refused = IncentivesError("a programme names tasks that nobody declares", problems=stray)
    overspent = [each for each in programmes.programmes if each.spent > each.budget]
    if session().json:
        told = {"id": programmes.id, "programmes": len(programmes.programmes)}
        session().judged(told | {"overspent": [each.key for each in overspent]}, refused)
        return
    if refused is not None:
        raise refused
    for each in overspent:
        spent = f"{each.spent:,.2f} {each.currency} spent of a budget of {each.budget:,.2f}"
        click.secho(f"{each.key}: {spent}; it is not offered any more", fg="yellow")
    count = counted(len(programmes.programmes), "programme")
    click.echo(f"{count}, without a problem" if programmes.id else f"no programmes; {NAMED}")


def _load(files: Sequence[Path]) -> Programmes:
    from shopace.core.warehouse.programmes import load_programmes

    configured = session().configuration()
    return load_programmes(files or configured.incentive_files, configured.ladders)


def _day() -> dt.date:
    """That of the latest snapshot; today where there is none, or several marketplaces."""
    from shopace.service.opening import find_snapshot

    try:
        return find_snapshot(session().folder).manifest.as_of
    except SnapshotError:
        return dt.datetime.now(dt.UTC).date()


def _state(programme: Programme, day: dt.date) -> str:
    if day > programme.ends_on:
        return "over"
    if not programme.has_budget:
        return "budget_used_up"
    return "offered" if day >= programme.starts_on else "not_yet"
