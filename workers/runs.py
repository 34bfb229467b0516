"""Runs: start one, find it again, see how far it is.

A nightly run is registered in the result store and its blocks come onto the queue by `feeding`, so
that a start which breaks off is no less a start. Progress is counted from the reports of blocks, so
it is true whatever became of messages: a block is done when its documents stand, or when it was
dead-lettered.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Sequence

import msgspec

from shopace.core.errors import ServerError, ShopaceError, SnapshotError
from shopace.core.records.run import Progress
from shopace.core.results.store import ResultStore
from shopace.core.warehouse.benchmarks import BenchmarkSet
from shopace.core.warehouse.policy import Policy
from shopace.core.warehouse.programmes import NO_PROGRAMMES, Programmes
from shopace.core.warehouse.snapshot import Manifest, Snapshot
from shopace.workers.feeding import feed
from shopace.workers.logging import Events
from shopace.workers.queue import Queue
from shopace.workers.register import (
    Run,
    count_progress,
    find_night,
    latest,
    read_run,
    register_night,
)
from shopace.workers.settings import (
    Servers,
    Settings,
    answered,
    connect_both_briefly,
    connect_briefly,
)
from shopace.workers.singles import start_single
from shopace.workers.sources import Pinned, pin

__all__ = (
    "Progress",
    "Run",
    "latest_runs",
    "open_run",
    "progress",
    "start_nightly",
    "start_single",
    "wait",
)

_LOOK_SECONDS = 0.02
_FEED_SECONDS = 1
_AWAY_SECONDS = 30
"""For so long a waiting caller puts up with a results server that is away."""

log = Events(__name__)


def start_nightly(
    settings: Settings,
    snapshot: Snapshot,
    benchmarks: BenchmarkSet | None,
    policy: Policy,
    *,
    programmes: Programmes = NO_PROGRAMMES,
    servers: Servers | None = None,
    again: bool = False,
) -> Run:
    """Diagnose every shop of a snapshot, a message per block.

    The marketplace's run of that date is joined if there is one, whatever it is made from;
    `again` starts another under a newer fence. Checksums are verified here once, so that workers
    need not. Raises ServerError within 3 s when a server is away, SnapshotError and BenchmarkError
    when an input is damaged or does not fit. A run that is registered goes on by itself, also when
    the error is that it could not be enqueued.
    """
    servers = servers if servers is not None else connect_both_briefly(settings)
    manifest = snapshot.manifest
    _require_final(manifest)
    pinned = pin(settings, snapshot, benchmarks, policy, programmes)
    run: Run | None = None
    if not again:
        with answered("results"):
            run = find_night(servers.results, manifest.marketplace, manifest.as_of, servers.broker)
    if run is None:
        snapshot.verify()
        if benchmarks is not None:
            benchmarks.verify()
        fence = _next_fence(servers)
        counts = [block.shops for block in manifest.blocks]
        name = f"nightly-{manifest.marketplace}-{manifest.as_of}-{fence}"
        started = _run(name, fence, pinned, counts, servers, queued_at_once=settings.blocks_queued)
        with answered("results"):
            run = register_night(started, settings.run_ttl_seconds, again=again)
    if run.joined:
        made = msgspec.structs.asdict(pinned)
        other = tuple(name for name, value in made.items() if getattr(run, name) != value)
        run = dataclasses.replace(run, differs=other)
    try:
        feed(Queue(servers.broker), run)
    except ServerError as error:
        what = f"{error.message}; run {run.id} is registered and goes on when it does"
        raise ServerError(what, hint=error.hint) from error
    log.info(
        "run.joined" if run.joined else "run.started",
        run=run.id,
        shops=run.shops,
        blocks=len(run.block_shops),
        **({"differs": run.differs} if run.differs else {}),
    )
    return run


def open_run(settings: Settings, run: str) -> Run:
    """A run by its id. Raises NotFoundError when there is none, or none any more."""
    client = connect_briefly(settings.results_url, "results")
    with answered("results"):
        return read_run(client, run)


def latest_runs(settings: Settings, count: int = 5) -> list[Run]:
    """The latest nightly runs, newest first."""
    client = connect_briefly(settings.results_url, "results")
    with answered("results"):
        return latest(client, count)


def progress(run: Run) -> Progress:
    """How far the run is now. Raises ServerError."""
    with answered("results"):
        return count_progress(run)


def wait(
    run: Run,
    on_progress: Callable[[Progress], None] | None = None,
    timeout: float | None = None,
) -> Progress:
    """Block until every block of the run is done or failed; `timeout` in seconds.

    Who started the run sees to it that it goes on. A results server that goes away is waited for.
    Raises ShopaceError when the time is over.
    """
    began = last_answer = last_fed = time.monotonic()
    shown: Progress | None = None
    while True:
        asked = time.monotonic()
        if run.broker is not None and asked - last_fed > _FEED_SECONDS:
            last_fed = asked
            with contextlib.suppress(ServerError):  # workers feed too
                feed(Queue(run.broker), run)
        try:
            now = progress(run)
        except ServerError:
            if time.monotonic() - last_answer > _AWAY_SECONDS:
                raise
        else:
            last_answer = time.monotonic()
            if on_progress is not None and now != shown:
                on_progress(now)
            shown = now
            if now.is_finished:
                return now
        if timeout is not None and time.monotonic() - began > timeout:
            done = shown.blocks_done if shown is not None else 0
            raise ShopaceError(
                f"run {run.id} is not finished after {timeout:g} s:"
                f" {done} of {len(run.block_shops)} blocks are done",
                hint="are workers running? see `shopace status`",
            )
        answer_took = time.monotonic() - asked
        time.sleep(max(_LOOK_SECONDS, 10 * answer_took))  # of a large run, asking is work


def _run(
    name: str,
    fence: int,
    pinned: Pinned,
    block_shops: Sequence[int],
    servers: Servers,
    *,
    queued_at_once: int = 0,
) -> Run:
    return Run(
        id=name,
        fence=fence,
        **msgspec.structs.asdict(pinned),
        block_shops=tuple(block_shops),
        queued_at_once=queued_at_once,
        results=servers.results,
        broker=servers.broker,
    )


def _require_final(manifest: Manifest) -> None:
    if manifest.as_of > manifest.latest_available_date:
        raise SnapshotError(
            f"snapshot {manifest.id} is as of a day that is not final: facts reach to"
            f" {manifest.latest_available_date}",
            hint="wait for that day's facts and build it again: shopace snapshot build",
        )


def _next_fence(servers: Servers) -> int:
    with answered("results"):
        return ResultStore(servers.results).next_fence()
