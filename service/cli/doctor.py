"""`shopace doctor`: what is wrong, and what to do."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import click

from shopace.service.cli.session import Leaf, session

if TYPE_CHECKING:
    from shopace.service.findings import Finding, Level

COLOURS = {"wrong": "red", "warn": "yellow", "ok": "green"}
"""Level → colour, the worst first."""
OLDEST_SECONDS = 3600.0


@click.command(cls=Leaf, examples=("shopace doctor", "shopace doctor --json"))
@click.option("--oldest", type=click.FloatRange(0), default=OLDEST_SECONDS, show_default=True,
              help="Seconds that a job may wait before it is told.")  # fmt: skip
def command(oldest: float) -> None:
    """Say what is wrong and what to do.

    Looks at both servers, workers, queue, intake, dead letters, nights, configuration, plugins and
    snapshots. Changes nothing. Ends with exit code 1 when something is wrong; a warning is none.
    """
    from shopace.service.examination import examine
    from shopace.workers.settings import URL_VARIABLES, settings_from_environment

    findings = list(
        examine(
            {name: os.environ.get(name, "") for name in URL_VARIABLES.values()},
            session().folder,
            lambda: settings_from_environment(data=session().data),
            session().configuration,
            session().registry,
            oldest_seconds=oldest,
        )
    )
    levels = Counter(finding.level for finding in findings)
    if session().json:
        session().emit({"healthy": levels["wrong"] == 0, "findings": findings})
    else:
        _print(findings, levels)
    if levels["wrong"]:
        click.get_current_context().exit(1)


def _print(findings: list[Finding], levels: Counter[Level]) -> None:
    from rich.text import Text

    from shopace.service.clean import clean
    from shopace.service.terminal import add_row, table

    made = table("", "", "", wrap=("",))
    made.show_header = False
    for level, colour in COLOURS.items():
        for each in (finding for finding in findings if finding.level == level):
            told = Text(clean(each.what))
            if each.way_out:
                told.append(f"\n→ {clean(each.way_out)}", style="dim")
            add_row(made, (Text(level, style=colour), each.about, told))
    session().console().print(made)
    counts = (f"{levels['wrong']:,} wrong", f"{levels['warn']:,} to mind", f"{levels['ok']:,} ok")
    click.echo("\n" + ", ".join(counts))
