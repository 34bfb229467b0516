"""Runs: cut a snapshot into jobs, enqueue them, and see how far they are.

Progress is counted from the reports of blocks in the result store, so it is true whatever became of
messages: a block is done when its documents stand, or when it was dead-lettered.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import redis

from shopace.core.errors import NotFoundError, ServerError, ShopaceError, SnapshotError
from shopace.core.records.job import BlockReport, Job
from shopace.core.results import keys
from shopace.core.results.store import ResultStore
from shopace.core.warehouse.benchmarks import BenchmarkSet, require_fit
from shopace.core.warehouse.policy import Policy, save_policy
from shopace.core.warehouse.programmes import NO_PROGRAMMES, Programmes, save_programmes
from shopace.core.warehouse.snapshot import Snapshot
from shopace.workers.broker import enqueue
from shopace.workers.queue import BLOCKS, SHOPS, Queue
from shopace.workers.settings import Servers, Settings, answered, connect_briefly

_LOOK_SECONDS = 0.02
_AWAY_SECONDS = 30
"""For so long a waiting caller puts up with a results server that is away."""
_RUNS_LISTED = 1000


@dataclass(frozen=True, kw_only=True)
class Run:
    """What was enqueued together, under one fence."""

    id: str
    marketplace: str
    as_of: dt.date
    fence: int
    snapshot: str
    benchmarks: str | None
    policy: str
    incentives: str | None
    block_shops: tuple[int, ...]
    """Shops of each block."""
    results: redis.Redis = field(repr=False, compare=False)

    @property
    def shops(self) -> int:
        return sum(self.block_shops)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is."""

    run: str
    blocks: int
    blocks_done: int = 0
    """Reported, failed ones included."""
    blocks_failed: int = 0
    shops: int
    shops_done: int = 0
    written: int = 0
    duplicate: int = 0
    stale: int = 0
    """A newer diagnosis stood there already."""
    partial: int = 0
    failed: int = 0
    """Shops left without a document of this run."""
    cards: dict[str, int] = {}
    """By priority."""
    worker_seconds: float = 0.0
    """Spent by all workers together."""
    errors: dict[int, str] = {}
    """Block → what it was dead-lettered with."""

    @property
    def is_finished(self) -> bool:
        return self.blocks_done >= self.blocks


def start_nightly(
    settings: Settings,
    snapshot: Snapshot,
    benchmarks: BenchmarkSet | None,
    policy: Policy,
    *,
    programmes: Programmes = NO_PROGRAMMES,
    servers: Servers | None = None,
) -> Run:
    """Enqueue every shop of a snapshot, a message per block.

    Checksums are verified here once, so that workers need not. Raises ServerError within 3 s when
    a server is away, SnapshotError and BenchmarkError when an input is damaged or does not fit.
    """
    servers = servers if servers is not None else _servers(settings)
    snapshot.verify()
    if benchmarks is not None:
        benchmarks.verify()
    manifest = snapshot.manifest
    counts = tuple(block.shops for block in manifest.blocks)
    fence = _next_fence(servers)
    run = _run(
        f"nightly-{manifest.marketplace}-{manifest.as_of}-{fence}",
        fence,
        _pinned(settings, snapshot, benchmarks, policy, programmes),
        counts,
        servers,
    )
    _register(settings, run, listed=True)
    jobs = [_job(run, block=number) for number in range(len(counts))]
    try:
        with answered("broker"):
            enqueue(Queue(servers.broker), BLOCKS, jobs)
    except ServerError:
        _unlist(run)
        raise
    return run


def start_single(
    settings: Settings,
    snapshot: Snapshot,
    shop: str,
    benchmarks: BenchmarkSet | None,
    policy: Policy,
    *,
    programmes: Programmes = NO_PROGRAMMES,
    servers: Servers | None = None,
) -> Run:
    """Enqueue one shop, ahead of blocks. Raises UnknownShopError, else as `start_nightly`."""
    snapshot.find(shop)
    servers = servers if servers is not None else _servers(settings)
    fence = _next_fence(servers)
    pinned = _pinned(settings, snapshot, benchmarks, policy, programmes)
    run = _run(f"single-{fence}", fence, pinned, (1,), servers)
    _register(settings, run, listed=False)
    with answered("broker"):
        enqueue(Queue(servers.broker), SHOPS, [_job(run, shop=shop)])
    return run


def open_run(settings: Settings, run: str) -> Run:
    """A run by its id. Raises NotFoundError when there is none, or none any more."""
    client = connect_briefly(settings.results_url, "results")
    return _read(client, run)


def latest_runs(settings: Settings, count: int = 5) -> list[Run]:
    """The latest nightly runs, newest first."""
    client = connect_briefly(settings.results_url, "results")
    with answered("results"):
        names: Any = client.zrange(keys.RUNS, 0, count - 1, desc=True)
    runs = []
    for name in names:
        try:
            runs.append(_read(client, name.decode()))
        except NotFoundError:  # it outlived its hash
            continue
    return runs


def progress(run: Run) -> Progress:
    """How far the run is now. Raises ServerError."""
    with answered("results"):
        stored: Any = run.results.hvals(keys.run_blocks_key(run.id))
    decoded = (msgspec.json.decode(each, type=BlockReport) for each in stored)
    by_block: dict[int, list[BlockReport]] = {}
    for report in decoded:
        if report.block < len(run.block_shops):
            by_block.setdefault(report.block, []).append(report)
    told = {block: _apart(reports) for block, reports in by_block.items()}
    reports = [report for each in told.values() for report in each]
    cards: Counter[str] = Counter()
    for report in reports:
        cards.update(report.cards)
    return Progress(
        run=run.id,
        blocks=len(run.block_shops),
        blocks_done=sum(
            sum(report.shops for report in each) >= run.block_shops[block]
            for block, each in told.items()
        ),
        blocks_failed=sum(any(report.error for report in each) for each in told.values()),
        shops=run.shops,
        shops_done=sum(report.shops for report in reports),
        written=sum(report.written for report in reports),
        duplicate=sum(report.duplicate for report in reports),
        stale=sum(report.stale for report in reports),
        partial=sum(report.partial for report in reports),
        failed=sum(report.failed for report in reports),
        cards=dict(sorted(cards.items())),
        worker_seconds=round(sum(report.seconds for report in reports), 3),
        errors={report.block: report.error for report in reports if report.error},
    )


def wait(
    run: Run,
    on_progress: Callable[[Progress], None] | None = None,
    timeout: float | None = None,
) -> Progress:
    """Block until every block of the run is done or failed; `timeout` in seconds.

    A results server that goes away is waited for. Raises ShopaceError when the time is over.
    """
    began = last_answer = time.monotonic()
    shown: Progress | None = None
    while True:
        asked = time.monotonic()
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


def _apart(reports: Sequence[BlockReport]) -> list[BlockReport]:
    """The reports of a block without those of parts that a larger one covers.

    A block that was taken for dead may still be finished, after it was cut into parts.
    """
    kept: list[BlockReport] = []
    for report in sorted(reports, key=lambda each: (-each.shops, each.first)):
        inside = (larger.first <= report.first < larger.first + larger.shops for larger in kept)
        if not any(inside):
            kept.append(report)
    return kept


class _Pinned(msgspec.Struct, frozen=True):
    """Ids of what the jobs read."""

    marketplace: str
    as_of: dt.date
    snapshot: str
    benchmarks: str | None
    policy: str
    incentives: str | None


def _pinned(
    settings: Settings,
    snapshot: Snapshot,
    benchmarks: BenchmarkSet | None,
    policy: Policy,
    programmes: Programmes,
) -> _Pinned:
    manifest = snapshot.manifest
    home = settings.snapshots
    if snapshot.path.resolve() != (home / snapshot.id).resolve():
        raise SnapshotError(
            f"snapshot {snapshot.id} lies in {snapshot.path.parent}, workers look in {home}",
            hint="build it there, or name that data folder with --data",
        )
    if benchmarks is not None:
        require_fit(benchmarks, snapshot.id, manifest.as_of)
    save_policy(policy, settings.policies)
    if programmes != NO_PROGRAMMES:
        save_programmes(programmes, settings.incentives)
    return _Pinned(
        manifest.marketplace,
        manifest.as_of,
        snapshot.id,
        benchmarks.id if benchmarks is not None else None,
        policy.id,
        programmes.id or None,
    )


def _run(
    name: str, fence: int, pinned: _Pinned, block_shops: Sequence[int], servers: Servers
) -> Run:
    return Run(
        id=name,
        fence=fence,
        **msgspec.structs.asdict(pinned),
        block_shops=tuple(block_shops),
        results=servers.results,
    )


def _job(run: Run, *, block: int | None = None, shop: str | None = None) -> Job:
    return Job(
        run=run.id,
        fence=run.fence,
        as_of=run.as_of,
        snapshot=run.snapshot,
        benchmarks=run.benchmarks,
        policy=run.policy,
        incentives=run.incentives,
        block=block,
        count=run.block_shops[block] if block is not None else None,
        shop=shop,
    )


def _register(settings: Settings, run: Run, *, listed: bool) -> None:
    key = keys.run_key(run.id)
    content: Any = {
        "marketplace": run.marketplace,
        "as_of": run.as_of.isoformat(),
        "fence": run.fence,
        "snapshot": run.snapshot,
        "benchmarks": run.benchmarks if run.benchmarks is not None else "",
        "policy": run.policy,
        "incentives": run.incentives if run.incentives is not None else "",
        "blocks": len(run.block_shops),
        "shops": run.shops,
        "block_shops": msgspec.json.encode(run.block_shops),
    }
    with answered("results"):
        with run.results.pipeline(transaction=True) as pipeline:
            pipeline.hset(key, mapping=content)
            pipeline.expire(key, settings.run_ttl_seconds)
            pipeline.execute()
        if listed:
            run.results.zadd(keys.RUNS, {run.id: run.fence})
            run.results.zremrangebyrank(keys.RUNS, 0, -_RUNS_LISTED - 1)


def _unlist(run: Run) -> None:
    """Take back a run that was not enqueued whole: nobody should wait for its end.

    Blocks that are on their way do no harm: they are as good as any other diagnosis.
    """
    with answered("results"):
        run.results.zrem(keys.RUNS, run.id)
        run.results.delete(keys.run_key(run.id), keys.run_blocks_key(run.id))


def _read(client: redis.Redis, name: str) -> Run:
    with answered("results"):
        stored: Any = client.hgetall(keys.run_key(name))
    if not stored:
        raise NotFoundError(f"there is no run {name}", hint="runs are kept for a week")
    fields = {key.decode(): value.decode() for key, value in stored.items()}
    return Run(
        id=name,
        marketplace=fields["marketplace"],
        as_of=dt.date.fromisoformat(fields["as_of"]),
        fence=int(fields["fence"]),
        snapshot=fields["snapshot"],
        benchmarks=fields["benchmarks"] or None,
        policy=fields["policy"],
        incentives=fields.get("incentives") or None,
        block_shops=tuple(msgspec.json.decode(fields["block_shops"], type=list[int])),
        results=client,
    )


def _next_fence(servers: Servers) -> int:
    with answered("results"):
        return ResultStore(servers.results).next_fence()


def _servers(settings: Settings) -> Servers:
    return Servers(
        broker=connect_briefly(settings.broker_url, "broker"),
        results=connect_briefly(settings.results_url, "results"),
    )
