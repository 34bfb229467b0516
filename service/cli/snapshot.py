"""`shopace snapshot`: what workers compute from, built from the facts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shopace.service.cli.facts import places, print_ends, print_lost, today
from shopace.service.cli.session import Branch, Leaf, session
from shopace.service.cli.stored import list_stored, verify_stored
from shopace.service.figures import counted

if TYPE_CHECKING:
    from shopace.core.warehouse.snapshot import Snapshot

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Branch)
def command() -> None:
    """Build, list and verify snapshots of the facts.

    A snapshot holds the windows of all shops as of one day, and each shop's own history. It is
    written whole or not at all, and never changed.
    """


@command.command(
    cls=Leaf,
    examples=(
        "shopace snapshot build mapping.toml facts/",
        "shopace snapshot build --as-of 2026-10-24 --data shopace-demo",
    ),
)
@click.argument("mapping", type=click.Path(path_type=Path), required=False)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--as-of", type=DAY, help="Last day of the windows. [default: the latest final day]")
@click.option(
    "--block-shops",
    type=click.IntRange(1, 65_536),
    default=2048,
    show_default=True,
    help="Shops per block, which is what a worker computes at once.",
)
def build(
    mapping: Path | None, folder: Path | None, as_of: dt.datetime | None, block_shops: int
) -> None:
    """Build a snapshot from a folder of facts.

    Without arguments: the folder "facts" of the data folder and the mapping.toml in it. The same
    facts give the same snapshot; one that is there already is not built again.
    """
    from shopace.core.warehouse.mapping import load_mapping
    from shopace.core.warehouse.snapshot import build_snapshot
    from shopace.service.progress import steps

    mapping_file, facts = places(mapping, folder)
    registry = session().registry()
    with steps(shown=not session().json) as tell:
        snapshot = build_snapshot(
            load_mapping(mapping_file, registry.measures),
            facts,
            session().folder / "snapshots",
            measures=registry.measures,
            metrics=registry.metrics,
            as_of=as_of.date() if as_of is not None else None,
            today=today(),
            block_shops=block_shops,
            progress=tell,
        )
    if session().json:
        session().emit(_told(snapshot))
        return
    manifest = snapshot.manifest
    print_ends(manifest.early_ends, err=True)
    print_lost(manifest.lost_days, err=True)
    shops, blocks = counted(manifest.shops, "shop"), counted(len(snapshot), "block")
    click.echo(f"snapshot {snapshot.id}: {shops} in {blocks}, as of {manifest.as_of}")


@command.command(
    "list", cls=Leaf, examples=("shopace snapshot list", "shopace snapshot list --json")
)
def list_snapshots() -> None:
    """List the snapshots of the data folder, newest first, damaged ones too."""
    from shopace.core.warehouse.snapshot import open_snapshot

    list_stored(
        "snapshots",
        lambda path: _told(open_snapshot(path)),
        noun="snapshot",
        command="snapshot",
        numbers=("shops", "blocks"),
    )


@command.command(
    cls=Leaf,
    examples=("shopace snapshot verify", "shopace snapshot verify demo-2026-10-31-0a1b2c3d"),
)
@click.argument("snapshot", required=False)
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
def verify(snapshot: str | None, marketplace: str | None) -> None:
    """Read a snapshot once and compare every checksum.

    Without its name: the latest one. Ends with exit code 4 and names all damaged files.
    """
    from shopace.service.opening import find_snapshot

    found = find_snapshot(session().folder, name=snapshot, marketplace=marketplace)
    verify_stored(found, _told(found), f"snapshot {found.id} is as it was written")


def _told(snapshot: Snapshot) -> dict[str, Any]:
    manifest = snapshot.manifest
    return {
        "id": snapshot.id,
        "path": str(snapshot.path),
        "marketplace": manifest.marketplace,
        "as_of": manifest.as_of.isoformat(),
        "latest_available_date": manifest.latest_available_date.isoformat(),
        "first_day": manifest.first_day.isoformat(),
        "shops": manifest.shops,
        "blocks": len(snapshot),
        "bytes": sum(file.bytes for block in manifest.blocks for file in block.files.values()),
        "early_ends": manifest.early_ends,
        "lost_days": manifest.lost_days,
    }
