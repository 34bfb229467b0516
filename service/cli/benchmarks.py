"""`shopace benchmarks`: what top peers show."""

from __future__ import annotations

import datetime as dt

import click

from shopace.service.cli.session import Branch, Leaf, session
from shopace.service.cli.snapshot import DAY
from shopace.service.figures import counted


@click.group(cls=Branch)
def command() -> None:
    """Build what top peers show, from a snapshot.

    A benchmark set holds, for every cohort (industry and tier, and the wider ones), what its top
    shops show and how the cohort itself moved. A diagnosis takes the set of its own snapshot.
    """


@command.command(
    cls=Leaf,
    examples=(
        "shopace benchmarks build",
        "shopace benchmarks build --as-of 2026-10-24 --data shopace-demo",
        "shopace benchmarks build demo-2026-10-31-0a1b2c3d",
    ),
)
@click.argument("snapshot", required=False)
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
def build(snapshot: str | None, as_of: dt.datetime | None, marketplace: str | None) -> None:
    """Build the benchmark set of a snapshot.

    Without its name: of the latest snapshot. The same snapshot and plugins give the same set; one
    that is there already is not built again.
    """
    from shopace.core.warehouse.benchmark_build import build_benchmarks
    from shopace.service.opening import find_snapshot, warn_of_outdated
    from shopace.service.progress import steps

    day = as_of.date() if as_of is not None else None
    found = find_snapshot(session().folder, name=snapshot, as_of=day, marketplace=marketplace)
    registry = session().registry()
    warn_of_outdated(registry, found)
    with steps(shown=not session().json) as tell:
        made = build_benchmarks(
            registry,
            found,
            session().folder / "benchmarks",
            progress=lambda done, total: tell("building benchmarks", done, total),
        )
    manifest = made.manifest
    told = {
        "id": made.id,
        "path": str(session().folder / "benchmarks" / made.id),
        "snapshot": manifest.snapshot,
        "as_of": manifest.as_of.isoformat(),
        "cohorts": len(manifest.cohorts),
        "comparisons": len(manifest.rows),
    }
    if session().json:
        session().emit(told)
        return
    cohorts, rows = counted(len(manifest.cohorts), "cohort"), len(manifest.rows)
    click.echo(f"benchmarks {made.id}: {cohorts}, {rows:,} metrics by channel")
