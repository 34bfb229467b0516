"""What jobs are made from: a snapshot, its benchmarks, the policy and the incentive programmes.

Jobs name each by its id. What is not in the data folder as such, policy and programmes, is put
there first, so that every worker reads the same.
"""

from __future__ import annotations

import datetime as dt
import time
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
    """An opened snapshot, all that goes with it, and the ids of these."""

    snapshot: Snapshot
    benchmarks: BenchmarkSet | None
    policy: Policy
    programmes: Programmes
    pinned: Pinned


_Stamps = tuple[tuple[int, int], ...]
"""Of files: when each last changed, and its size."""


class _Written(NamedTuple):
    """What operators wrote, all of it read together."""

    file: Path | None
    stamps: _Stamps
    """Of the file and of those that it names, from before they were read."""
    configuration: Configuration
    policy: Policy
    programmes: Programmes


class Sources:
    """The sources of a data folder as they are now; of each marketplace and date the latest.

    What is in files that change is read again, at the next question.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: dict[tuple[str | None, dt.date | None], tuple[object, float, Source]] = {}
        self._read: _Written | None = None

    def find(self, marketplace: str | None = None, as_of: dt.date | None = None) -> Source:
        """The snapshot and what goes with it.

        Raises SnapshotError where there is none or it is damaged, BenchmarkError, PolicyError,
        IncentivesError, ConfigurationError.
        """
        home, now, written = self._settings.snapshots, time.monotonic(), self._written()
        beside = (*map(_stamp, (home, self._settings.benchmarks)), *written.stamps)
        known = self._opened.get((marketplace, as_of))
        if known is not None and known[0] == beside and now - known[1] < _FRESH_SECONDS:
            return known[2]
        snapshot = latest_snapshot(home, marketplace=marketplace, as_of=as_of)
        source = self._source(snapshot, written)
        self._opened = {key: each for key, each in self._opened.items() if each[0] == beside}
        self._opened[marketplace, as_of] = (beside, now, source)
        return source

    def named(self, snapshot: str) -> Source:
        """Those of one snapshot, the latest or not. Raises as `find`."""
        opened = open_snapshot(self._settings.snapshots / snapshot)
        return self._source(opened, self._written())

    def _source(self, snapshot: Snapshot, written: _Written) -> Source:
        benchmarks = latest_benchmarks(self._settings.benchmarks, snapshot.id)
        _, _, configuration, policy, programmes = written
        pinned = pin(
            self._settings, snapshot, benchmarks, policy, programmes, configuration=configuration
        )
        return Source(snapshot, benchmarks, policy, programmes, pinned)

    def _written(self) -> _Written:
        file, known = self._settings.configuration_file, self._read
        if known is not None and known[:2] == (file, _stamps(file, known.configuration)):
            return known
        own = _stamps(file)
        configuration = load_configuration(file)
        self._read = _Written(
            file,
            own + _stamps(file, configuration)[1:],
            configuration,
            load_policy(configuration.packs(POLICY_PACKS)),
            load_programmes(configuration.incentive_files, configuration.ladders),
        )
        return self._read


def pin(
    settings: Settings,
    snapshot: Snapshot,
    benchmarks: BenchmarkSet | None,
    policy: Policy,
    programmes: Programmes,
    *,
    configuration: Configuration | None = None,
) -> Pinned:
    """The ids of these. Raises SnapshotError where workers would not find the snapshot.

    `configuration` is what was read with policy and programmes; None: it is read now.
    """
    manifest = snapshot.manifest
    home = settings.snapshots
    if snapshot.path.resolve() != (home / snapshot.id).resolve():
        raise SnapshotError(
            f"snapshot {snapshot.id} lies in {snapshot.path.parent}, workers look in {home}",
            hint="build it there, or name that data folder with --data",
        )
    if benchmarks is not None:
        if configuration is None:
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


def _stamps(file: Path | None, configuration: Configuration | None = None) -> _Stamps:
    """Of the configuration's file, and of the files that it names."""
    own = (_stamp(file),) if file is not None else ((0, 0),)
    if configuration is None:
        return own
    named = (*configuration.policy_packs, *configuration.incentive_files)
    return (*own, *map(_stamp, named))


def _stamp(path: Path) -> tuple[int, int]:
    """When a file last changed, or when something last came to a folder or went; and its size."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
