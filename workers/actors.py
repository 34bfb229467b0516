"""The one job there is: diagnose a block of a snapshot, or one shop of it, and publish.

Thin on purpose: ids in, the pipeline, documents out. Any number of deliveries has the same effect.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import dramatiq
import msgspec
import redis
import structlog

from shopace.core.errors import JobError, NotFoundError
from shopace.core.pipeline.derive import Hooks, Watch
from shopace.core.pipeline.run import Inputs, diagnose_block, diagnose_shop
from shopace.core.records.job import BlockReport, Job
from shopace.core.results import keys
from shopace.core.results.store import Outcome, ResultStore, oversize
from shopace.core.warehouse.benchmarks import open_benchmarks
from shopace.core.warehouse.policy import load_saved
from shopace.core.warehouse.programmes import NO_PROGRAMMES, load_saved_programmes
from shopace.core.warehouse.snapshot import Snapshot, open_snapshot
from shopace.workers.broker import ACTORS, PRIORITIES, Broker, about, decode_job
from shopace.workers.counters import counters_of
from shopace.workers.logging import Events
from shopace.workers.queue import CANARY, Why
from shopace.workers.tally import report_field

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry
    from shopace.core.records.document import Document
    from shopace.workers.settings import Settings

_KEPT = 2
"""Snapshots that a process keeps open: yesterday's run may still be draining."""

log = Events(__name__)


class Workbench:
    """What a worker process has at hand for every job: plugins, results, and opened snapshots."""

    def __init__(self, settings: Settings, registry: Registry, client: redis.Redis) -> None:
        self._settings = settings
        self._registry = registry
        self._client = client
        self._opened: dict[tuple[str | None, ...], Inputs] = {}
        self.store = ResultStore(
            client,
            ttl_seconds=settings.result_ttl_seconds,
            event_age_seconds=settings.event_age_seconds,
        )

    def open(self, job: Job) -> Inputs:
        """What the job names, each by its id, kept for the next job."""
        ids = (job.snapshot, job.benchmarks, job.policy, job.incentives)
        found = self._opened.get(ids)
        if found is None:
            found = Inputs(
                registry=self._registry,
                snapshot=open_snapshot(self._settings.snapshots / job.snapshot),
                benchmarks=None
                if job.benchmarks is None
                else open_benchmarks(self._settings.benchmarks / job.benchmarks),
                policy=load_saved(self._settings.policies, job.policy),
                programmes=NO_PROGRAMMES
                if job.incentives is None
                else load_saved_programmes(self._settings.incentives, job.incentives),
            )
            while len(self._opened) >= _KEPT:
                self._opened.pop(next(iter(self._opened)))
            self._opened[ids] = found
            _tell_what_is_dark(found)
        return found

    def report(self, run: str, report: BlockReport) -> None:
        """Keep the first full report of a block or part; later deliveries tell of duplicates only.

        One that had failed and was replayed has a report of its own again.
        """
        key, field, content = (
            keys.run_blocks_key(run),
            report_field(report),
            msgspec.json.encode(report),
        )
        if not self._client.hsetnx(key, field, content) and report.error == "":
            stored: Any = self._client.hget(key, field)
            if stored is not None and msgspec.json.decode(stored, type=BlockReport).error:
                self._client.hset(key, field, content)
        self._client.expire(key, self._settings.run_ttl_seconds)

    def report_dead(self, job: Job, why: Why) -> None:
        """Mark the job's block as failed, so that its run comes to an end.

        A job that its run never had (damaged, or made by hand) marks nothing, as does one whose
        run is not there, or not whole.
        """
        fields = ("fence", "as_of", "block_shops")
        stored: Any = self._client.hmget(keys.run_key(job.run), fields)
        fence, as_of, block_shops = stored
        if None in stored or int(fence) > job.fence or as_of != job.as_of.isoformat().encode():
            return
        shops_of = msgspec.json.decode(block_shops, type=list[int])
        block = job.block if job.block is not None else 0
        if block < len(shops_of):
            shops = job.count if job.count is not None else shops_of[block]
            told = BlockReport(
                block=block,
                first=job.first,
                shops=shops,
                failed=shops,
                reason=why.reason,
                error=why.error or why.reason,
            )
            self.report(job.run, told)


def declare_actors(broker: Broker, bench: Workbench) -> None:
    """Let the broker's workers run jobs from both queues."""

    def act(job: object) -> None:
        suspects = broker.start.suspects if broker.start is not None else ()
        without = {each.plugin: each.reason for each in suspects}
        report = diagnose_job(bench, job, without=without, watch=broker.marker.running)
        broker.count(counters_of(report))

    def canary() -> None:
        broker.queue.canary()

    for queue, name in ACTORS.items():
        dramatiq.actor(
            actor_name=name,
            queue_name=queue,
            priority=PRIORITIES[queue],
            broker=broker,
            throws=(JobError, NotFoundError),
        )(act)
    dramatiq.actor(actor_name=CANARY, queue_name=CANARY, priority=0, broker=broker)(canary)


def diagnose_job(
    bench: Workbench,
    payload: object,
    *,
    without: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> BlockReport:
    """Run one job. What it raises is retried, except JobError and NotFoundError.

    `without` names plugins whose code is not run, and why; `watch` is told whose code runs.
    """
    try:
        job = decode_job(payload)
    except JobError as error:
        log.error("job.refused", error=str(error))  # noqa: TRY400  # a sentence, not a traceback
        raise
    with structlog.contextvars.bound_contextvars(**about(job)):
        log.info("job.started", snapshot=job.snapshot, fence=job.fence)
        began = time.monotonic()
        inputs = bench.open(job)
        _require_place(job, inputs.snapshot)
        bench.store.put_legend(inputs.legend)
        own = _PluginCode(watch)
        hooks = Hooks(without=without or {}, watch=own.running, on_failure=own.failed)
        report = _publish(bench.store, job, _documents(inputs, job, bench.store, hooks))
        report = msgspec.structs.replace(
            report,
            seconds=round(time.monotonic() - began, 3),
            plugin_seconds={name: round(spent, 6) for name, spent in own.seconds.items()},
            plugin_errors=own.errors,
        )
        bench.report(job.run, report)
        log.info(
            "job.finished",
            shops=report.shops,
            seconds=report.seconds,
            cards=report.cards,
            written=report.written,
            duplicate=report.duplicate,
            stale=report.stale,
            partial=report.partial,
            plugin_errors=report.plugin_errors,
        )
        return report


def _tell_what_is_dark(inputs: Inputs) -> None:
    """Once per snapshot: what a newer snapshot would bring, which no count of a run shows."""
    dark = [each for each in inputs.plan.dark if each.reason == "rebuild_snapshot"]
    if dark:
        log.warning(
            "snapshot.older_than_plugins",
            metrics=[metric for each in dark for metric in each.metrics],
            way_out="shopace snapshot build && shopace benchmarks build",
        )


class _PluginCode:
    """What plugins' own code took and came to in one job."""

    def __init__(self, watch: Watch | None) -> None:
        self._watch = watch
        self.seconds: dict[str, float] = {}
        self.errors: dict[str, str] = {}

    @contextmanager
    def running(self, plugin: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            with self._watch(plugin) if self._watch is not None else nullcontext():
                yield
        finally:
            spent = time.perf_counter() - began
            self.seconds[plugin] = self.seconds.get(plugin, 0.0) + spent

    def failed(self, plugin: str, why: str) -> None:
        self.errors.setdefault(plugin, why)


def _documents(
    inputs: Inputs, job: Job, store: ResultStore, hooks: Hooks
) -> Iterable[Sequence[Document]]:
    if job.shop is not None:
        return [
            [diagnose_shop(inputs, job.shop, recall=store.recall, bodies=store.bodies, hooks=hooks)]
        ]
    assert job.block is not None  # noqa: S101  # `decode_job` sees to it
    return diagnose_block(
        inputs,
        job.block,
        first=job.first,
        count=job.count,
        recall=store.recall,
        bodies=store.bodies,
        hooks=hooks,
    )


def _publish(store: ResultStore, job: Job, slices: Iterable[Sequence[Document]]) -> BlockReport:
    outcomes: Counter[Outcome] = Counter()
    cards: Counter[str] = Counter()
    shops = partial = failed = 0
    for documents in slices:
        fitting = []
        for document in documents:
            if (problem := oversize(document)) is None:
                fitting.append(document)
            else:
                log.error("document.refused", shop=document.shop, error=str(problem))
        outcomes.update(store.write(fitting, job.fence))
        for document in fitting:
            cards.update(document.cards)
        shops += len(documents)
        failed += len(documents) - len(fitting)
        partial += sum(document.partial for document in fitting)
    return BlockReport(
        block=job.block if job.block is not None else 0,
        first=job.first,
        shops=shops,
        written=outcomes["written"],
        duplicate=outcomes["duplicate"],
        stale=outcomes["stale"],
        partial=partial,
        failed=failed,
        cards=dict(sorted(cards.items())),
    )


def _require_place(job: Job, snapshot: Snapshot) -> None:
    manifest = snapshot.manifest
    if manifest.as_of != job.as_of:
        raise JobError(
            f"the job is of {job.as_of}, its snapshot {job.snapshot} of {manifest.as_of}"
        )
    if job.block is not None and job.block >= len(manifest.blocks):
        raise JobError(
            f"there is no block {job.block} in snapshot {job.snapshot}:"
            f" it has {len(manifest.blocks)}"
        )
    if job.block is not None:
        shops, end = manifest.blocks[job.block].shops, job.first + (job.count or 1)
        if end > shops:
            raise JobError(f"block {job.block} has {shops} shops, the job goes to {end}")
