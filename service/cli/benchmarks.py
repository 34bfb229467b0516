"""`shopace benchmarks`: what top peers show."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from shopace.service.cli.session import Branch, Leaf, session
from shopace.service.cli.snapshot import DAY
from shopace.service.cli.stored import list_stored, verify_stored
from shopace.service.figures import counted

if TYPE_CHECKING:
    from shopace.core.warehouse.benchmarks import BenchmarkSet


@click.group(cls=Branch)
def command() -> None:
    """Build, list and verify what top peers show, from a snapshot.

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
    that is there already is not built again, unless a plugin's own code failed at it.
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
    for failure in manifest.failures:
        lack = f"no peers in {counted(len(failure.blocks), 'block')} of {len(found):,}"
        click.secho(f"{failure.why}: {lack}", fg="yellow", err=True)
    if session().json:
        session().emit(_told(made))
        return
    cohorts, rows = counted(len(manifest.cohorts), "cohort"), len(manifest.rows)
    click.echo(f"benchmarks {made.id}: {cohorts}, {rows:,} metrics by channel")


@command.command(
    "list", cls=Leaf, examples=("shopace benchmarks list", "shopace benchmarks list --json")
)
def list_sets() -> None:
    """List the benchmark sets of the data folder, newest first, damaged ones too."""
    from shopace.core.warehouse.benchmarks import open_benchmarks

    list_stored(
        "benchmarks",
        lambda path: _told(open_benchmarks(path)),
        noun="benchmark set",
        command="benchmarks",
        numbers=("cohorts",),
    )


@command.command(
    cls=Leaf, examples=("shopace benchmarks verify", "shopace benchmarks verify --json")
)
@click.argument("benchmarks", required=False)
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
def verify(benchmarks: str | None, marketplace: str | None) -> None:
    """Read a benchmark set once and compare every checksum.

    Without its name: that of the latest snapshot. Ends with exit code 4 and names all damaged
    files.
    """
    from shopace.core.warehouse.benchmarks import open_benchmarks
    from shopace.service.opening import find_benchmarks, find_snapshot, named_folder

    data = session().folder
    if benchmarks is None:
        found = find_benchmarks(data, find_snapshot(data, marketplace=marketplace))
    else:
        found = open_benchmarks(named_folder(data / "benchmarks", benchmarks))
    verify_stored(found, _told(found), f"benchmarks {found.id} are as they were written")


def _told(found: BenchmarkSet) -> dict[str, Any]:
    manifest = found.manifest
    return {
        "id": found.id,
        "path": str(session().folder / "benchmarks" / found.id),
        "snapshot": manifest.snapshot,
        "as_of": manifest.as_of.isoformat(),
        "cohorts": len(manifest.cohorts),
        "comparisons": len(manifest.rows),
        "failures": manifest.failures,
    }
