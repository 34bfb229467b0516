"""What a diagnosis is made from, opened from a data folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shopace.core.errors import (
    BenchmarkError,
    NotFoundError,
    SnapshotError,
    did_you_mean,
    shortened,
)
from shopace.core.pipeline.plan import Plan
from shopace.core.pipeline.run import Inputs
from shopace.core.warehouse.benchmarks import (
    BenchmarkSet,
    latest_benchmarks,
    open_benchmarks,
    require_fit,
)
from shopace.core.warehouse.policy import Policy, load_policy
from shopace.core.warehouse.programmes import load_programmes
from shopace.core.warehouse.snapshot import Snapshot, latest_snapshot, open_snapshot
from shopace.plugins import POLICY_PACKS

if TYPE_CHECKING:
    from shopace.core.configuration import Configuration
    from shopace.core.host.registry import Registry

WITHOUT = "--without-benchmarks goes on, and compares with no peers"


def find_snapshot(
    data: Path,
    *,
    name: str | None = None,
    as_of: dt.date | None = None,
    marketplace: str | None = None,
) -> Snapshot:
    """The snapshot of that name, or the latest as of a day. Raises SnapshotError, NotFoundError."""
    home = data / "snapshots"
    if name is None:
        return latest_snapshot(home, marketplace, as_of)
    snapshot = open_snapshot(named_folder(home, name))
    if as_of not in (None, snapshot.manifest.as_of):
        raise SnapshotError(f"snapshot {name} is as of {snapshot.manifest.as_of}, not {as_of}")
    return snapshot


def named_folder(home: Path, name: str) -> Path:
    """The folder of that id. Raises NotFoundError with the nearest one."""
    there = names_in(home)
    if name not in there:
        hint = did_you_mean(name, there) or f"there are: {', '.join(there) or 'none'}"
        raise NotFoundError(f'there is no "{shortened(name)}" in {home}', hint=hint)
    return home / name


def names_in(home: Path) -> list[str]:
    """The folders there, those that are being written left out."""
    found = home.iterdir() if home.is_dir() else ()
    return sorted(each.name for each in found if each.is_dir() and not each.name.startswith("."))


def find_benchmarks(data: Path, snapshot: Snapshot) -> BenchmarkSet:
    """The benchmark set of the snapshot. Raises BenchmarkError with what there is instead."""
    home = data / "benchmarks"
    found = latest_benchmarks(home, snapshot.id)
    if found is not None:
        return found
    others = [path.parent for path in home.glob("*/manifest.json")]
    if others:
        nearest = max(others, key=lambda each: each.stat().st_mtime)
        try:
            near = open_benchmarks(nearest)
            top = near.manifest.top_peers
            require_fit(near, snapshot.id, snapshot.manifest.as_of, top_peers=top)
        except BenchmarkError as error:
            raise BenchmarkError(error.message, hint=f"{error.hint}; {WITHOUT}") from None
    hint = f"build one: shopace benchmarks build {snapshot.id}; {WITHOUT}"
    raise BenchmarkError(f"there is no benchmark set of snapshot {snapshot.id}", hint=hint)


def outdated_metrics(registry: Registry, snapshot: Snapshot) -> tuple[str, ...]:
    """Metrics of today's plugins that the snapshot lacks, or holds by other rules."""
    dark = Plan(registry, snapshot.manifest, Policy(id="none", lines=()), None).dark
    found = (each.metrics for each in dark if each.reason == "rebuild_snapshot")
    return tuple(metric for metrics in found for metric in metrics)


def warn_of_outdated(registry: Registry, snapshot: Snapshot) -> None:
    """One line on standard error: what comes of such a snapshot is sound, and says less."""
    count = len(outdated_metrics(registry, snapshot))
    if count:
        unknown = "1 metric stays" if count == 1 else f"{count:,} metrics stay"
        what = f"snapshot {snapshot.id} is older than the plugins: {unknown} unknown"
        click.secho(f"{what} (build it again: shopace snapshot build)", fg="yellow", err=True)


def open_inputs(
    data: Path,
    registry: Registry,
    configuration: Configuration,
    *,
    snapshot: str | None = None,
    as_of: dt.date | None = None,
    marketplace: str | None = None,
    with_benchmarks: bool = True,
) -> Inputs:
    """Snapshot, its benchmarks, and policy and incentives as configured, for diagnoses here."""
    found = find_snapshot(data, name=snapshot, as_of=as_of, marketplace=marketplace)
    benchmarks = find_benchmarks(data, found) if with_benchmarks else None
    return Inputs(
        registry,
        found,
        benchmarks,
        load_policy(configuration.packs(POLICY_PACKS)),
        load_programmes(configuration.incentive_files, configuration.ladders),
    )
