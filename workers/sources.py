"""What jobs are made from: a snapshot, its benchmarks, the policy and the incentive programmes.

Jobs name each by its id. What is not in the data folder as such, policy and programmes, is put
there first, so that every worker reads the same.
"""

from __future__ import annotations

import datetime as dt
import time
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from shopace.core.configuration import Configuration, load_configuration
from shopace.core.errors import SnapshotError
from shopace.core.vocabulary.parameters import CORE_PARAMETERS, TOP_PEERS
from shopace.core.warehouse.benchmarks import BenchmarkSet, latest_benchmarks, require_fit
from shopace.core.warehouse.policy import Policy, load_policy, save_policy
from shopace.core.warehouse.programmes import (
    NO_PROGRAMMES,
    Programmes,
    load_programmes,
    save_programmes,
)
from shopace.core.warehouse.snapshot import Snapshot, latest_snapshot, open_snapshot
from shopace.plugins import POLICY_PACKS
from shopace.workers.settings import Settings

_FRESH_SECONDS = 1
"""For so long what was opened is used again, as long as nothing came or went beside it."""


class Pinned(msgspec.Struct, frozen=True):
    """Ids of what jobs read."""

    marketplace: str
    as_of: dt.date
    snapshot: str
    benchmarks: str | None
    policy: str
    incentives: str | None


class Source(NamedTuple):
    """An opened snapshot and its benchmarks, and the ids of all that goes with it."""

    snapshot: Snapshot
    benchmarks: BenchmarkSet | None
    pinned: Pinned


class Sources:
    """The sources of a data folder; of each marketplace and date the latest, as it is now."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: dict[tuple[str | None, dt.date | None], tuple[object, float, Source]] = {}

    def find(self, marketplace: str | None = None, as_of: dt.date | None = None) -> Source:
        """The snapshot and what goes with it.

        Raises SnapshotError where there is none or it is damaged, BenchmarkError, PolicyError,
        IncentivesError, ConfigurationError.
        """
        home, now = self._settings.snapshots, time.monotonic()
        beside = (_changed(home), _changed(self._settings.benchmarks))
        known = self._opened.get((marketplace, as_of))
        if known is not None and known[0] == beside and now - known[1] < _FRESH_SECONDS:
            return known[2]
        source = self._source(latest_snapshot(home, marketplace=marketplace, as_of=as_of))
        self._opened = {key: each for key, each in self._opened.items() if each[0] == beside}
        self._opened[marketplace, as_of] = (beside, now, source)
        return source

    def named(self, snapshot: str) -> Source:
        """Those of one snapshot, the latest or not. Raises as `find`."""
        return self._source(open_snapshot(self._settings.snapshots / snapshot))

    def _source(self, snapshot: Snapshot) -> Source:
        benchmarks = latest_benchmarks(self._settings.benchmarks, snapshot.id)
        pinned = pin(self._settings, snapshot, benchmarks, self.policy, self.programmes)
        return Source(snapshot, benchmarks, pinned)

    @cached_property
    def policy(self) -> Policy:
        return load_policy(self._configuration.packs(POLICY_PACKS))

    @cached_property
    def programmes(self) -> Programmes:
        return load_programmes(self._configuration.incentive_files, self._configuration.ladders)

    @cached_property
    def _configuration(self) -> Configuration:
        return load_configuration(self._settings.configuration_file)


def pin(
    settings: Settings,
    snapshot: Snapshot,
    benchmarks: BenchmarkSet | None,
    policy: Policy,
    programmes: Programmes,
) -> Pinned:
    """The ids of these. Raises SnapshotError where workers would not find the snapshot."""
    manifest = snapshot.manifest
    home = settings.snapshots
    if snapshot.path.resolve() != (home / snapshot.id).resolve():
        raise SnapshotError(
            f"snapshot {snapshot.id} lies in {snapshot.path.parent}, workers look in {home}",
            hint="build it there, or name that data folder with --data",
        )
    if benchmarks is not None:
        configuration = load_configuration(settings.configuration_file)
        default = next(each.default for each in CORE_PARAMETERS if each.key == TOP_PEERS)
        top = configuration.parameters.get(TOP_PEERS, default)
        require_fit(benchmarks, snapshot.id, manifest.as_of, top_peers=top)
    save_policy(policy, settings.policies)
    if programmes != NO_PROGRAMMES:
        save_programmes(programmes, settings.incentives)
    return Pinned(
        manifest.marketplace,
        manifest.as_of,
        snapshot.id,
        benchmarks.id if benchmarks is not None else None,
        policy.id,
        programmes.id or None,
    )


def _changed(folder: Path) -> int:
    """When something last came to the folder or went; 0 without it."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
