"""The clients for schedulers, one that blocks and one for event loops: enqueue shops or a night."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from shopace.core.errors import JobError, Problem, shortened
from shopace.workers.register import Run
from shopace.workers.runs import start_nightly
from shopace.workers.settings import (
    Servers,
    Settings,
    connect_both_briefly,
    connect_briefly_async,
    settings_from_environment,
)
from shopace.workers.singles import (
    AsyncServers,
    OnProgress,
    Steps,
    carry_out,
    carry_out_async,
    require_known,
    single_steps,
)
from shopace.workers.sources import Sources


class _Client:
    """What both have: a data folder, and the way from shops to what the servers are told."""

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
        self._sources = Sources(self._settings)

    @classmethod
    def from_environment(
        cls, data: Path | None = None, *, configuration: Path | None = None
    ) -> Self:
        """From SHOPACE_BROKER_URL and SHOPACE_RESULTS_URL, else the data folder's own server."""
        found = settings_from_environment(data=data)
        made = cls(found.broker_url, found.results_url, found.data, configuration=configuration)
        made._settings = msgspec.structs.replace(found, configuration=configuration)
        return made

    def _steps(
        self,
        shops: Sequence[str],
        as_of: dt.date | None,
        marketplace: str | None,
        on_progress: OnProgress | None,
    ) -> Steps:
        _require_sound(shops, as_of, marketplace)
        servers = self._servers  # first: without them the rest is no use
        source = self._sources.find(marketplace, as_of)
        require_known(source.snapshot, shops)
        return single_steps(self._settings, source.pinned, shops, servers.results, on_progress)

    @cached_property
    def _servers(self) -> Servers:
        """Checked. Raises ServerError."""
        return connect_both_briefly(self._settings)

    def _nightly(
        self, as_of: dt.date | None, marketplace: str | None, snapshot: str | None, *, again: bool
    ) -> Run:
        _require_sound((), as_of, marketplace, snapshot)
        servers = self._servers
        source = (
            self._sources.find(marketplace, as_of)
            if snapshot is None
            else self._sources.named(snapshot)
        )
        return start_nightly(
            self._settings,
            source.snapshot,
            source.benchmarks,
            source.policy,
            programmes=source.programmes,
            servers=servers,
            again=again,
        )

    def _close(self) -> None:
        if "_servers" in self.__dict__:
            self.__dict__.pop("_servers").close()


class SchedulerClient(_Client):
    """Enqueues jobs on the latest snapshot of a data folder, or that of a date.

    Every call answers, or raises ServerError within 3 s of a server's silence; a nightly run first
    verifies the snapshot, which takes as long as reading it. To be closed, or used with `with`.
    """

    def enqueue_shop(
        self, shop: str, as_of: dt.date | None = None, *, marketplace: str | None = None
    ) -> Run:
        """One shop, ahead of blocks.

        Raises UnknownShopError, SnapshotError, ServerError, and JobError where an argument cannot
        be what it is for.

        Where it waits or runs already for the same inputs, that run is joined: `Run.joined`.
        """
        (run,) = self.enqueue_shops([shop], as_of, marketplace=marketplace)
        return run

    def enqueue_shops(
        self,
        shops: Sequence[str],
        as_of: dt.date | None = None,
        *,
        marketplace: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> list[Run]:
        """Likewise many, in few round trips; their runs, in the order of the shops.

        All shops that are unknown are told at once, and nothing is enqueued then. A ServerError in
        the middle says how many are enqueued; to enqueue all once more is harmless.
        """
        steps = self._steps(shops, as_of, marketplace, on_progress)
        return carry_out(steps, self._servers)

    def enqueue_nightly(
        self,
        as_of: dt.date | None = None,
        *,
        marketplace: str | None = None,
        snapshot: str | None = None,
        again: bool = False,
    ) -> Run:
        """Every shop of the snapshot, once: a run of that date is joined, unless `again`.

        `snapshot` names one by its id, in place of the latest of a marketplace and date.
        Raises SnapshotError, ServerError.
        """
        return self._nightly(as_of, marketplace, snapshot, again=again)

    def close(self) -> None:
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncSchedulerClient(_Client):
    """`SchedulerClient` for an event loop, which is never held up: files are read in threads.

    Same methods, same errors. For one loop; to be closed, or used with `async with`.
    """

    _async_servers: AsyncServers | None = None

    async def enqueue_shop(
        self, shop: str, as_of: dt.date | None = None, *, marketplace: str | None = None
    ) -> Run:
        (run,) = await self.enqueue_shops([shop], as_of, marketplace=marketplace)
        return run

    async def enqueue_shops(
        self,
        shops: Sequence[str],
        as_of: dt.date | None = None,
        *,
        marketplace: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> list[Run]:
        steps = await asyncio.to_thread(self._steps, shops, as_of, marketplace, on_progress)
        if self._async_servers is None:
            self._async_servers = AsyncServers(
                broker=connect_briefly_async(self._settings.broker_url, "broker"),
                results=connect_briefly_async(self._settings.results_url, "results"),
            )
        return await carry_out_async(steps, self._async_servers)

    async def enqueue_nightly(
        self,
        as_of: dt.date | None = None,
        *,
        marketplace: str | None = None,
        snapshot: str | None = None,
        again: bool = False,
    ) -> Run:
        """In a thread altogether: nearly all of it is reading files."""
        return await asyncio.to_thread(self._nightly, as_of, marketplace, snapshot, again=again)

    async def close(self) -> None:
        servers, self._async_servers = self._async_servers, None
        if servers is not None:
            await servers.broker.aclose()
            await servers.results.aclose()
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _require_sound(
    shops: object, as_of: object, marketplace: object, snapshot: object = None
) -> None:
    """Raise JobError with every argument that cannot be what it is for: callers check no types."""
    problems = []
    if isinstance(shops, str | bytes) or not isinstance(shops, Sequence):
        what, hint = f"{shortened(repr(shops))} is no list of shop ids", "one alone: enqueue_shop"
        problems.append(Problem(where="shops", what=what, hint=hint))
    else:
        problems += [
            Problem(where="shop", what=f"{shortened(repr(each))} is no text", hint=f'"{each}"?')
            for each in shops
            if not isinstance(each, str)
        ]
    if as_of is not None and (not isinstance(as_of, dt.date) or isinstance(as_of, dt.datetime)):
        what = f"{shortened(repr(as_of))} is no datetime.date"
        hint = "datetime.date.fromisoformat makes one" if isinstance(as_of, str) else ""
        hint = "its .date() is one" if isinstance(as_of, dt.datetime) else hint
        problems.append(Problem(where="as_of", what=what, hint=hint))
    for name, value in (("marketplace", marketplace), ("snapshot", snapshot)):
        if value is not None and not isinstance(value, str):
            what = f"{shortened(repr(value))} is no text"
            problems.append(Problem(where=name, what=what, hint="its id"))
    if problems:
        raise JobError("nothing is enqueued: the call cannot be understood", problems=problems)
