"""The register of runs in the result store: which there are, and what each is about.

One nightly run per marketplace and as-of date holds that night's key; who wants to start another
joins it, unless asked to run again. Every step is a command on the keys of one node.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import redis

from shopace.core.errors import JobError, NotFoundError
from shopace.core.records.job import Job
from shopace.core.records.run import Progress, RunReport
from shopace.core.results import keys
from shopace.workers.tally import ended_blocks, tally

_LISTED = 1000
_TAKE_NIGHT = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[3] then
  return holder
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return ARGV[1]
"""
"""(night, run, seconds, a run that is gone) → the run that holds the night afterwards."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is diagnosed together, under one fence."""

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
    queued_at_once: int = 0
    """Messages of it that may be on the queue at once; 0 for a single shop, which goes at once."""
    results: redis.Redis = field(repr=False, compare=False)
    broker: redis.Redis | None = field(default=None, repr=False, compare=False)
    """Where it was started from here: who waits for the run can see to it that it goes on."""
    joined: bool = field(default=False, repr=False, compare=False)
    """It was there already when it was to be started."""
    differs: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Of a joined run: what it is made from that would be another now, as `snapshot`."""

    @property
    def shops(self) -> int:
        return sum(self.block_shops)

    def job(self, *, block: int | None = None, shop: str | None = None) -> Job:
        """The job of one of its blocks, or of its shop."""
        return Job(
            run=self.id,
            fence=self.fence,
            as_of=self.as_of,
            snapshot=self.snapshot,
            benchmarks=self.benchmarks,
            policy=self.policy,
            incentives=self.incentives,
            block=block,
            count=self.block_shops[block] if block is not None else None,
            shop=shop,
        )


def register(run: Run, lifetime_seconds: int) -> None:
    """Write down what a run is about."""
    with run.results.pipeline(transaction=True) as pipeline:
        for command in registration(run, lifetime_seconds):
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
        pipeline.execute()


def registration(run: Run, lifetime_seconds: int) -> list[tuple[Any, ...]]:
    """The commands that write down what a run is about."""
    key = keys.run_key(run.id)
    content: dict[str, Any] = {
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
        "queued_at_once": run.queued_at_once,
    }
    flat = [value for field in content.items() for value in field]
    return [("HSET", key, *flat), ("EXPIRE", key, lifetime_seconds)]


def register_night(run: Run, lifetime_seconds: int, *, again: bool) -> Run:
    """Open a nightly run and register it; another, where the night has one already.

    `again` takes the night over, and so does who finds that its run is gone. Of any number of
    callers at once one wins, and all get its run. A run is opened before its night names it, so
    that a night's run is fed whoever dies; what is fed in that moment of one that then loses the
    night is harmless by its fence.
    """
    client, night = run.results, keys.night_key(run.marketplace, run.as_of)
    if not again:
        found = find_night(client, run.marketplace, run.as_of, run.broker)
        if found is not None:
            return found
    register(run, lifetime_seconds)  # first: nothing names a run that is not there
    _open(run)
    if again:
        client.set(night, run.id, ex=lifetime_seconds)
        return run
    take, gone = client.register_script(_TAKE_NIGHT), ""
    while True:
        answer: Any = take(keys=[night], args=[run.id, lifetime_seconds, gone])
        holder = answer.decode()
        if holder == run.id:
            return run
        try:
            joined = _joined(read_run(client, holder), run.broker)
        except NotFoundError:
            gone = holder
        else:
            _withdraw(run)
            return joined


def find_night(
    client: redis.Redis, marketplace: str, as_of: dt.date, broker: redis.Redis | None = None
) -> Run | None:
    """The nightly run of a marketplace and date; None where there is none, or none any more."""
    holder: Any = client.get(keys.night_key(marketplace, as_of))
    if holder is None:
        return None
    try:
        return _joined(read_run(client, holder.decode()), broker)
    except NotFoundError:  # its week is over
        return None


def read_run(client: redis.Redis, name: str) -> Run:
    """A run by its id.

    Raises NotFoundError when there is none, or none any more; JobError when it is not readable.
    """
    stored: Any = client.hgetall(keys.run_key(name))
    if not stored:
        raise NotFoundError(f"there is no run {name}", hint="runs are kept for a week")
    try:
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
            queued_at_once=int(fields.get("queued_at_once", 0)),
            results=client,
        )
    except (KeyError, ValueError) as error:  # msgspec's errors are ValueErrors
        what = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        raise JobError(
            f"run {name} is damaged in the results server: {what}",
            hint="shopace nightly --again runs its night anew",
        ) from error


def latest(client: redis.Redis, count: int) -> list[Run]:
    """The latest nightly runs, newest first."""
    return _read_all(client, client.zrange(keys.RUNS, 0, count - 1, desc=True))


def open_runs(client: redis.Redis) -> list[str]:
    """Ids of nightly runs that have not come to their end, the oldest first."""
    names: Any = client.zrange(keys.OPEN_RUNS, 0, -1)
    return [name.decode("utf-8", "replace") for name in names]


def ended(run: Run) -> set[int]:
    """Blocks that are reported whole."""
    fields: Any = run.results.hkeys(keys.run_blocks_key(run.id))
    return ended_blocks([field.decode() for field in fields], run.block_shops)


def count_progress(run: Run) -> Progress:
    """How far the run is now."""
    stored: Any = run.results.hvals(keys.run_blocks_key(run.id))
    return tally(run.id, run.block_shops, stored)


def report_of(run: Run, progress: Progress) -> RunReport:
    """All there is to say of a run."""
    return RunReport(
        run=run.id,
        marketplace=run.marketplace,
        as_of=run.as_of,
        fence=run.fence,
        snapshot=run.snapshot,
        benchmarks=run.benchmarks,
        policy=run.policy,
        incentives=run.incentives,
        shops=run.shops,
        blocks=len(run.block_shops),
        finished=progress.is_finished,
        progress=progress,
    )


def close(run: Run) -> Progress | None:
    """The run has come to its end: its report stays; None when another has closed it."""
    progress = count_progress(run)
    left: Any = run.results.pttl(keys.run_key(run.id))
    if left > 0:
        content = msgspec.json.encode(report_of(run, progress))
        run.results.set(keys.run_report_key(run.id), content, px=left)
    return progress if forget_open(run.results, run.id) else None


def forget_open(client: redis.Redis, name: str) -> bool:
    """Take a run off the list of open ones; whether it was on it."""
    return bool(client.zrem(keys.OPEN_RUNS, name))


def _open(run: Run) -> None:
    run.results.zadd(keys.OPEN_RUNS, {run.id: run.fence})
    run.results.zadd(keys.RUNS, {run.id: run.fence})
    run.results.zremrangebyrank(keys.RUNS, 0, -_LISTED - 1)


def _withdraw(run: Run) -> None:
    run.results.zrem(keys.OPEN_RUNS, run.id)
    run.results.zrem(keys.RUNS, run.id)
    run.results.delete(keys.run_key(run.id))


def _joined(run: Run, broker: redis.Redis | None) -> Run:
    """The run that holds a night; opened, should the server have lost that."""
    if not run.results.exists(keys.run_report_key(run.id)):
        _open(run)
    return replace(run, broker=broker, joined=True)


def _read_all(client: redis.Redis, names: Any) -> list[Run]:  # noqa: ANN401  # as redis-py
    runs = []
    for name in names:
        try:
            runs.append(read_run(client, name.decode("utf-8", "replace")))
        except (NotFoundError, JobError):  # it outlived its hash, or is no run of ours
            continue
    return runs
