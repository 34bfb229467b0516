"""The broker: Dramatiq on Redis with the settings that keep our promises.

Two queues: `blocks` for runs, `shops` for single shops, which go first within a process. All keys
lie below `shopace:v1:{broker}`, whose literal braces keep them on one node of a cluster.

Not here yet, and here is its place: quarantine of undecodable messages (`Consumer.__next__`), a
count of deliveries (middleware), one janitor in place of maintenance by lottery (`make_broker`).
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import dramatiq
import msgspec
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed, DecodeError
from dramatiq.middleware import Middleware, Retries, TimeLimit

from shopace.core.errors import JobError, Problem
from shopace.core.records.job import Job
from shopace.workers.settings import Settings

NAMESPACE = "shopace:v1:{broker}"
BLOCKS = "blocks"
SHOPS = "shops"
ACTORS = {BLOCKS: "diagnose_block", SHOPS: "diagnose_shop"}
PRIORITIES = {BLOCKS: 10, SHOPS: 0}
"""Lower goes first."""

_MESSAGES_PER_ROUND_TRIP = 500
_LARGEST_JOB_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


class SafeRetries(Retries):
    """Retries that dead-letter a message when the broker is away: stock ones would lose it."""

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,  # noqa: ANN401  # as the base class has it
        exception: BaseException | None = None,
    ) -> None:
        try:
            super().after_process_message(broker, message, result=result, exception=exception)  # type: ignore[no-untyped-call]
        except redis.RedisError:
            message.fail()


class Failures(Middleware):
    """Tells, once per dead-lettered message, which job it was and what it failed with."""

    def __init__(self, tell: Callable[[Job, str], None]) -> None:
        self._tell = tell
        self._errors: dict[str, str] = {}

    def after_process_message(
        self,
        broker: dramatiq.Broker,  # noqa: ARG002
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,  # noqa: ANN401, ARG002
        exception: BaseException | None = None,
    ) -> None:
        if exception is not None:
            self._errors[message.message_id] = f"{type(exception).__name__}: {exception}"

    def after_ack(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:  # noqa: ARG002
        self._errors.pop(message.message_id, None)

    def after_nack(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:  # noqa: ARG002
        error = self._errors.pop(message.message_id, "it was refused")
        try:
            job = job_of(message)
        except JobError:
            return  # said when it was refused; it belongs to no run that could wait for it
        log.error("job.failed", run=job.run, block=job.block, shop=job.shop, error=error)
        try:
            self._tell(job, error)
        except redis.RedisError as problem:
            log.warning(
                "job.failure_not_reported", run=job.run, block=job.block, error=str(problem)
            )


class Consumer(_RedisConsumer):  # Dramatiq has no public name for it
    """A consumer that hands back what it fetched and never passed on, and survives time-outs."""

    def __next__(self) -> dramatiq.MessageProxy | None:
        with _connection_closed():
            found: dramatiq.MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        return found

    def ack(self, message: dramatiq.MessageProxy) -> None:
        with _connection_closed():
            super().ack(message)  # type: ignore[no-untyped-call]

    def nack(self, message: dramatiq.MessageProxy) -> None:
        with _connection_closed():
            super().nack(message)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        fetched, self.message_cache = self.message_cache, []
        ids = [redis_id for data in fetched if (redis_id := _redis_message_id(data)) is not None]
        if ids:
            with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                self.broker.do_requeue(self.queue_name, *ids)
        super().close()


class Broker(RedisBroker):
    """The Redis broker with our consumer."""

    @property
    def consumer_class(self) -> type[Consumer]:
        return Consumer


def make_broker(
    client: redis.Redis, settings: Settings, *, on_dead: Callable[[Job, str], None]
) -> Broker:
    """A broker for a worker process. Producers need none: see `enqueue`.

    `on_dead` hears of every job that was dead-lettered, with its error.
    """
    return Broker(  # type: ignore[no-untyped-call]
        client=client,
        namespace=NAMESPACE,
        middleware=[
            SafeRetries(
                max_retries=settings.max_retries,
                min_backoff=settings.min_backoff_ms,
                max_backoff=settings.max_backoff_ms,
            ),
            TimeLimit(time_limit=settings.job_time_limit_ms),
            Failures(on_dead),
        ],
        heartbeat_timeout=settings.heartbeat_timeout_ms,
        maintenance_chance=settings.maintenance_chance_per_million,
        dead_message_ttl=settings.dead_message_ttl_ms,
    )


def enqueue(client: redis.Redis, queue: str, jobs: Sequence[Job]) -> None:
    """Put jobs on a queue, many per round trip; each batch arrives whole or not at all.

    Written without a broker: every one of those would be one more worker that seems to have died.
    """
    for start in range(0, len(jobs), _MESSAGES_PER_ROUND_TRIP):
        messages: Any = dict(
            _message(queue, job) for job in jobs[start : start + _MESSAGES_PER_ROUND_TRIP]
        )
        with client.pipeline(transaction=True) as pipeline:
            pipeline.hset(f"{NAMESPACE}:{queue}.msgs", mapping=messages)
            pipeline.rpush(f"{NAMESPACE}:{queue}", *messages)
            pipeline.execute()


class QueueDepth(NamedTuple):
    """The messages of one queue, each counted once."""

    waiting: int
    held: int
    """Fetched by a worker: running, or next."""
    delayed: int
    """To be tried again, whether a worker holds them until then or none."""
    dead_lettered: int


def queue_depth(client: redis.Redis) -> dict[str, QueueDepth]:
    """How much is in each queue."""
    with client.pipeline(transaction=True) as pipeline:
        for queue in ACTORS:
            pipeline.llen(f"{NAMESPACE}:{queue}")
            pipeline.hlen(f"{NAMESPACE}:{queue}.msgs")
            pipeline.hlen(f"{NAMESPACE}:{queue}.DQ.msgs")
            pipeline.zcard(f"{NAMESPACE}:{queue}.XQ")
        counts = iter(pipeline.execute())
    depth = {}
    for queue in ACTORS:
        waiting, bodies, delayed, dead = (next(counts) for _ in range(4))
        depth[queue] = QueueDepth(waiting, bodies - waiting, delayed, dead)
    return depth


def workers_heard_of(client: redis.Redis, within_ms: int) -> int:
    """Worker processes by their heartbeat; one that ended cleanly is gone from it after a while."""
    since = int(time.time() * 1000) - within_ms
    count: Any = client.zcount(f"{NAMESPACE}:__heartbeats__", since, "+inf")
    return int(count)


def decode_job(payload: object) -> Job:
    """The job in a message. Raises JobError with what is wrong."""
    if len(msgspec.json.encode(payload)) > _LARGEST_JOB_BYTES:
        raise JobError("a job carries ids, never data: this one is over 64 KiB")
    try:
        job = msgspec.convert(payload, Job)
    except msgspec.ValidationError as error:
        problem = Problem(where="job", what=str(error), hint="see schemas/job.schema.json")
        raise JobError("a job is refused", problems=[problem]) from error
    if (job.block is None) == (job.shop is None):
        raise JobError("a job names either a block or a shop", hint="exactly one of the two")
    return job


def job_of(message: dramatiq.MessageProxy) -> Job:
    """Likewise, of a whole message."""
    payload = message.args[0] if len(message.args) == 1 else message.kwargs.get("job")
    return decode_job(payload)


@contextlib.contextmanager
def _connection_closed() -> Iterator[None]:
    """Dramatiq reconnects after its own error only, and a time-out of redis-py is not that."""
    try:
        yield
    except redis.TimeoutError as error:
        raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


def _message(queue: str, job: Job) -> tuple[str, bytes]:
    redis_id = str(uuid.uuid4())
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=queue,
        actor_name=ACTORS[queue],
        args=(msgspec.to_builtins(job),),
        kwargs={},
        options={"redis_message_id": redis_id},
    )
    return redis_id, message.encode()


def _redis_message_id(data: bytes | None) -> str | None:
    if data is None:
        return None
    try:
        found = dramatiq.Message.decode(data).options.get("redis_message_id")
    except (DecodeError, AttributeError):
        return None
    return found if isinstance(found, str) else None
