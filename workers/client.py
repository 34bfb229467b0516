"""The client for schedulers: enqueue a shop or a night, and follow the run."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from pathlib import Path
from typing import Self

from shopace.core.configuration import Configuration, load_configuration
from shopace.core.warehouse.benchmarks import latest_benchmarks
from shopace.core.warehouse.policy import Policy, load_policy
from shopace.core.warehouse.programmes import Programmes, load_programmes
from shopace.core.warehouse.snapshot import latest_snapshot
from shopace.plugins import POLICY_PACKS
from shopace.workers.runs import Run, start_nightly, start_single
from shopace.workers.settings import (
    Servers,
    Settings,
    connect_briefly,
    settings_from_environment,
)


class SchedulerClient:
    """Enqueues jobs on the latest snapshot of a data folder, or that of a date.

    Every call answers or raises within 3 s when a server is away (ServerError); a nightly run first
    verifies the snapshot, which takes as long as reading it.
    """

    def __init__(
        self,
        broker_url: str,
        results_url: str,
        data: Path | str,
        *,
        configuration: Path | None = None,
    ) -> None:
        """`configuration` names policy packs and incentive programmes.

        None: `shopace.toml` of the data folder.
        """
        self._settings = Settings(
            broker_url=broker_url,
            results_url=results_url,
            data=Path(data),
            configuration=configuration,
        )

    @classmethod
    def from_environment(
        cls, data: Path | None = None, *, configuration: Path | None = None
    ) -> Self:
        """From SHOPACE_BROKER_URL and SHOPACE_RESULTS_URL, else the data folder's own server."""
        found = settings_from_environment(data=data)
        return cls(found.broker_url, found.results_url, found.data, configuration=configuration)

    def enqueue_shop(
        self, shop: str, as_of: dt.date | None = None, *, marketplace: str | None = None
    ) -> Run:
        """One shop, ahead of blocks. Raises UnknownShopError, SnapshotError, ServerError."""
        servers = self._servers
        folder = self._settings.snapshots
        snapshot = latest_snapshot(folder, marketplace=marketplace, as_of=as_of)
        benchmarks = latest_benchmarks(self._settings.benchmarks, snapshot.id)
        return start_single(
            self._settings,
            snapshot,
            shop,
            benchmarks,
            self._policy,
            programmes=self._programmes,
            servers=servers,
        )

    def enqueue_nightly(
        self, as_of: dt.date | None = None, *, marketplace: str | None = None, again: bool = False
    ) -> Run:
        """Every shop of the snapshot, once: a run of that date is joined, unless `again`.

        Raises SnapshotError, ServerError.
        """
        servers = self._servers
        folder = self._settings.snapshots
        snapshot = latest_snapshot(folder, marketplace=marketplace, as_of=as_of)
        benchmarks = latest_benchmarks(self._settings.benchmarks, snapshot.id)
        return start_nightly(
            self._settings,
            snapshot,
            benchmarks,
            self._policy,
            programmes=self._programmes,
            servers=servers,
            again=again,
        )

    @cached_property
    def _servers(self) -> Servers:
        return Servers(
            broker=connect_briefly(self._settings.broker_url, "broker"),
            results=connect_briefly(self._settings.results_url, "results"),
        )

    @cached_property
    def _configuration(self) -> Configuration:
        return load_configuration(self._settings.configuration_file)

    @cached_property
    def _policy(self) -> Policy:
        return load_policy(self._configuration.packs(POLICY_PACKS))

    @cached_property
    def _programmes(self) -> Programmes:
        return load_programmes(self._configuration.incentive_files, self._configuration.ladders)
