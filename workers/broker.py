"""The broker: Dramatiq's workers on our queue.

Two queues: `blocks` for runs, `shops` for single shops, which go first within a process. What stock
Dramatiq leaves to chance is decided here: a message that cannot be read is dead-lettered with its
bytes, a failure becomes one command that cannot lose or double the message, and a job that ends its
process is cut into parts until the shop that does it stands alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

import dramatiq
import msgspec
import redis
from dramatiq.common import compute_backoff
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware, SkipMessage

from shopace.core.errors import JobError, NotFoundError, Problem, redacted
from shopace.core.records.job import Job
from shopace.core.steering import STEERING
from shopace.workers.logging import Events
from shopace.workers.marker import Marker
from shopace.workers.queue import BLOCKS, CANARY, SHOPS, Delivery, Queue, Reason, Start, Why
from shopace.workers.settings import Settings

ACTORS = {SHOPS: "diagnose_shop", BLOCKS: "diagnose_block"}
PRIORITIES = {BLOCKS: 10, SHOPS: 0}
"""Lower goes first."""
STARTS_ALONE = 3
"""So often a single shop may end its process before it is dead-lettered."""
GIVEN_BACK = 5
"""So often a worker may be gone in the middle of a job though nobody saw it die: it fell silent or
was stopped. Then the job is taken for the cause: it may end its whole machine each time."""
PARTS = 16
"""Into so many a block is cut that ended its process."""
LARGEST_MESSAGE_BYTES = 64 * 1024

_SHORTEST_SLEEP_MS = 5
_CANARY_SLEEP_MS = 1000
_FIRST_FENCE = 10**15

_AWAY = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
)

log = Events(__name__)

_Answer = TypeVar("_Answer")
OnDead = Callable[[Job, Why], None]


class Broker(dramatiq.Broker):
    """Dramatiq's broker for a worker process. Producers need none: see `enqueue`."""

    def __init__(
        self, queue: Queue, settings: Settings, *, on_dead: OnDead, marker: Marker | None = None
    ) -> None:
        """`on_dead` hears of every job that is dead-lettered, and why, until it succeeds."""
        self.queue = queue
        self.settings = settings
        self.on_dead = on_dead
        self.marker = marker if marker is not None else Marker.create()
        self.known: dict[str, set[str]] = {}
        """Ids of the messages that this process knows it holds, by queue."""
        self.freed: dict[str, threading.Event] = {}
        """Set when a message of the queue has ended, so that there is room for another."""
        self.verdicts: dict[str, Why | int] = {}
        """What follows a message's processing: why it failed, or the milliseconds until it is
        tried again. None of both: it is done."""
        self.came_to: dict[str, Mapping[str, int]] = {}
        """What is counted of a message when it is done."""
        self.processing = ""
        """The id of the message that is being processed."""
        self.start: Start | None = None
        """Of that message."""
        self.rests_until = 0.0
        """No message is fetched before: a server is away that jobs need."""
        super().__init__(middleware=[Deliveries(self)])

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        patience = _CANARY_SLEEP_MS if queue_name == CANARY else timeout
        return Consumer(self, queue_name, prefetch, patience)

    def declare_queue(self, queue_name: str) -> None:
        if queue_name in self.known:
            return
        self.known[queue_name] = set()
        self.freed[queue_name] = threading.Event()
        self.queues[queue_name] = None
        self.emit_after("declare_queue", queue_name)

    def enqueue(
        self, message: dramatiq.Message[Any], *, delay: int | None = None
    ) -> dramatiq.Message[Any]:
        self.queue.enqueue(
            message.queue_name,
            [Delivery(message.message_id, message.encode())],
            delay_ms=delay or 0,
        )
        return message

    def count(self, came_to: Mapping[str, int]) -> None:
        """What the message that is being processed came to, for when it is done."""
        self.came_to[self.processing] = came_to

    def get_declared_queues(self) -> set[str]:
        return set(self.known)

    def close(self) -> None:
        """Leave the queue: what was fetched and never begun goes back at once."""
        self.queue.leave()


class Consumer(dramatiq.Consumer):
    """Fetches messages of one queue, and says what became of them."""

    def __init__(self, broker: Broker, queue: str, prefetch: int, timeout_ms: int) -> None:
        self._broker, self._queue = broker, queue
        self._prefetch, self._timeout_ms = prefetch, timeout_ms
        self._known, self._freed = broker.known[queue], broker.freed[queue]
        self._fetched: list[Delivery] = []
        self._misses = 0

    def __next__(self) -> dramatiq.MessageProxy | None:
        self._broker.marker.beat()
        self._freed.clear()
        if not self._fetched:
            self._fetched = self._fetch()
        while self._fetched:
            message = self._decode(self._fetched.pop(0))
            if message is not None:
                self._misses = 0
                return message
        self._misses, backoff_ms = compute_backoff(
            self._misses, factor=_SHORTEST_SLEEP_MS, max_backoff=self._timeout_ms
        )
        if self._freed.wait(backoff_ms / 1000):
            self._misses = 0
        return None

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """End the message: done, or to be tried again."""
        at, name = _id_of(message), _unique_of(message)
        verdict = self._broker.verdicts.get(at)
        if isinstance(verdict, int):
            body = message._message.encode()  # noqa: SLF001  # the proxy has no other way
            self._tell(lambda: self._broker.queue.retry(self._queue, Delivery(at, body), verdict))
        else:
            came_to = self._broker.came_to.get(at)
            self._tell(lambda: self._broker.queue.ack(self._queue, at, name, came_to))
        self._forget(at)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Dead-letter the message, once its run knows."""
        at, name = _id_of(message), _unique_of(message)
        verdict = self._broker.verdicts.get(at)
        why = verdict if isinstance(verdict, Why) else Why(reason="refused", error="no such task")
        self._tell(lambda: self._report(message, why))
        self._tell(lambda: self._broker.queue.nack(self._queue, at, why, name))
        self._forget(at)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        ids = [_id_of(message) for message in messages]
        self._tell(lambda: self._broker.queue.requeue(self._queue, ids))
        self._known.difference_update(ids)

    def close(self) -> None:
        """What was fetched and not handed out is fetched again, here or by another."""
        fetched, self._fetched = self._fetched, []
        self._tell(lambda: self._broker.queue.requeue(self._queue, [each.id for each in fetched]))

    def _fetch(self) -> list[Delivery]:
        free = self._prefetch - len(self._known)
        if free <= 0 or time.monotonic() < self._broker.rests_until:
            return []
        return self._tell(lambda: self._broker.queue.fetch(self._queue, free, self._known))

    def _decode(self, delivery: Delivery) -> dramatiq.MessageProxy | None:
        try:
            message = decode_message(self._queue, delivery)
        except JobError as error:
            why = Why(reason="undecodable", error=str(error))
            log.error("message.quarantined", message=delivery.id[:200], error=str(error))  # noqa: TRY400
            self._tell(lambda: self._broker.queue.nack(self._queue, delivery.id, why))
            return None
        self._known.add(delivery.id)
        return dramatiq.MessageProxy(message)

    def _report(self, message: dramatiq.MessageProxy, why: Why) -> None:
        """A run that cannot be told of it must not keep the message: it has this place only."""
        job, told = _job_or_none(message), _told(message)
        log.error("job.dead_lettered", **told, reason=why.reason, error=why.error)
        if job is None:
            return
        try:
            self._broker.on_dead(job, why)
        except redis.RedisError:
            raise
        except Exception:
            log.exception("run.not_told", **told)

    def _forget(self, message: str) -> None:
        self._known.discard(message)
        self._freed.set()
        self._broker.verdicts.pop(message, None)
        self._broker.came_to.pop(message, None)

    def _tell(self, command: Callable[[], _Answer]) -> _Answer:
        """Dramatiq waits and tries again after its own error only."""
        try:
            return command()
        except redis.RedisError as error:
            raise ConnectionClosed(redacted(str(error)) or type(error).__name__) from None  # type: ignore[no-untyped-call]


class Deliveries(Middleware):
    """Counts what is begun, decides what becomes of what ended its process, and of failures."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._working = ExitStack()

    @property
    def actor_options(self) -> set[str]:
        return {"throws"}

    def before_process_message(
        self,
        broker: dramatiq.Broker,  # noqa: ARG002
        message: dramatiq.MessageProxy,
    ) -> None:
        at = self._broker.processing = _id_of(message)
        self._working.enter_context(self._broker.marker.working(at))
        try:
            start = self._broker.queue.start(message.queue_name, at)
        except redis.RedisError as error:
            raise NotBegun(redacted(str(error))) from None
        self._broker.start = start
        if start.times == 0:
            raise SkipMessage("another worker has it by now")
        if message.actor_name == CANARY:
            return
        job = _job_or_none(message)
        if job is None:
            return  # the actor says what is wrong with it
        settings = self._broker.settings
        if _age_ms(job, start.now_ms) > settings.job_age_limit_ms:
            self._bury(message, "expired", "it is older than what it would write may live")
            return
        deaths = start.times - 1 - len(start.suspects)
        if deaths > 0 or start.given_back >= GIVEN_BACK:
            self._contain(message, job, deaths, start.given_back)

    def after_process_message(
        self,
        broker: dramatiq.Broker,  # noqa: ARG002
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,  # noqa: ANN401, ARG002
        exception: BaseException | None = None,
    ) -> None:
        self._working.close()
        if exception is None:
            return
        settings = self._broker.settings
        # First of all: an error in what follows must not look like success.
        self._broker.verdicts[_id_of(message)] = settings.max_backoff_ms
        told = redacted(f"{type(exception).__name__}: {' '.join(str(exception).split())}")[:500]
        if isinstance(exception, JobError | NotFoundError):  # a second try would find the same
            self._bury(message, "refused", told)
            return
        if isinstance(exception, NotBegun) or is_away(exception):  # no fault of the job
            delay = settings.restart_delay_ms
            self._broker.verdicts[_id_of(message)] = delay
            self._broker.rests_until = time.monotonic() + delay / 1000
            log.warning("job.retried", **_told(message), error=told, again_in_ms=delay)
            return
        retries = message.options.get("retries", 0)
        if retries >= settings.max_retries:
            self._bury(message, "failed", told)
            return
        message.options["retries"] = retries + 1
        _, delay = compute_backoff(
            retries, factor=settings.min_backoff_ms, max_backoff=settings.max_backoff_ms
        )
        self._broker.verdicts[_id_of(message)] = delay
        log.warning("job.retried", **_told(message), error=told, again_in_ms=delay)

    def after_skip_message(
        self,
        broker: dramatiq.Broker,  # noqa: ARG002
        message: dramatiq.MessageProxy,  # noqa: ARG002
    ) -> None:
        self._working.close()

    def _contain(
        self, message: dramatiq.MessageProxy, job: Job, deaths: int, given_back: int
    ) -> None:
        """The job ended its process without a plugin that could be blamed for it, or may have."""
        parts = parts_of(job)
        if parts:
            at = _id_of(message)
            told = {"deaths": deaths, "given_back": given_back}
            log.warning("job.cut", **_told(message), parts=len(parts), **told)
            deliveries = [encode_message(message.queue_name, part) for part in parts]
            try:
                self._broker.queue.split(message.queue_name, at, deliveries, _unique_of(message))
            except redis.RedisError as error:
                raise NotBegun(redacted(str(error))) from None
            raise SkipMessage("cut into parts")
        why = ""
        if deaths >= STARTS_ALONE:
            why = f"its process died {deaths} times while it was diagnosed alone"
        elif given_back >= GIVEN_BACK:
            why = f"{given_back} workers fell silent or were stopped while it was diagnosed alone"
        if why:
            self._bury(message, "kills_its_process", why)

    def _bury(self, message: dramatiq.MessageProxy, reason: Reason, error: str) -> None:
        start = self._broker.start
        suspects = start.suspects if start is not None else ()
        self._broker.verdicts[_id_of(message)] = Why(
            reason=reason,
            error=error,
            plugins=tuple(dict.fromkeys(each.plugin for each in suspects)),
            starts=start.times + start.given_back if start is not None else 0,
        )
        message.fail()


class NotBegun(dramatiq.middleware.MiddlewareError):
    """The queue could not be asked whether the message may be begun; it is tried again."""


def is_away(error: BaseException) -> bool:
    """Whether a server does not answer, or takes nothing more for now."""
    return isinstance(error, _AWAY) or (
        isinstance(error, redis.ResponseError) and "MISCONF" in str(error)  # its disk is full
    )


def enqueue(queue: Queue, name: str, jobs: Sequence[Job], *, delay_ms: int = 0) -> int:
    """Put jobs on a queue; how many were not there already."""
    return queue.enqueue(name, (encode_message(name, job) for job in jobs), delay_ms=delay_ms)


def message_id(job: Job) -> str:
    """The id of a job's message: a job that is enqueued twice is there once."""
    what = job.shop if job.shop is not None else str(job.block)
    part = f":{job.first}+{job.count}" if job.count is not None else ""  # of a block
    return f"{job.run}:{job.fence}:{what}{part}"


def about(job: Job) -> dict[str, str | int | None]:
    """What every log line of a job carries."""
    if job.shop is not None:
        return {"run": job.run, "shop": job.shop}
    return {"run": job.run, "block": job.block, "first": job.first}


def run_of(message: str) -> str:
    """The run of the job whose message has this id."""
    return message.partition(":")[0]


def is_instant(fence: int) -> bool:
    """Whether a fence is the server's clock of when it was handed out, in microseconds.

    One that was made by hand is no instant of this century.
    """
    return fence > _FIRST_FENCE


def encode_message(queue: str, job: Job, *, unique: str = "") -> Delivery:
    """The message of a job."""
    at = message_id(job)
    return Delivery(at, _encode(queue, ACTORS[queue], at, (msgspec.to_builtins(job),), unique))


def canary_message() -> Delivery:
    """A job that does nothing but run."""
    return Delivery(CANARY, _encode(CANARY, CANARY, CANARY, (), CANARY))


def decode_message(queue: str, delivery: Delivery) -> dramatiq.Message[Any]:
    """The message that was fetched. Raises JobError with what is wrong with its bytes."""
    if len(delivery.body) > LARGEST_MESSAGE_BYTES:
        raise JobError(f"{len(delivery.body):,} bytes; a message carries ids, never data")
    if STEERING.search(delivery.id):
        raise JobError("no message: its id is no plain text")
    try:
        found = msgspec.json.decode(delivery.body, type=_Message)
    except (msgspec.DecodeError, RecursionError) as error:
        raise JobError(f"no message: {error}") from None
    return dramatiq.Message(
        queue_name=queue,
        actor_name=found.actor_name,
        args=tuple(found.args),
        kwargs=found.kwargs,
        options={
            "redis_message_id": delivery.id,
            "retries": found.options.retries,
            "unique": found.options.unique,
        },
        message_id=delivery.id,
    )


def decode_job(payload: object) -> Job:
    """The job in a message. Raises JobError with what is wrong."""
    try:
        job = msgspec.convert(payload, Job)
    except msgspec.ValidationError as error:
        problem = Problem(where="job", what=str(error), hint="see schemas/job.schema.json")
        raise JobError("a job is refused", problems=[problem]) from error
    if (job.block is None) == (job.shop is None):
        raise JobError("a job names either a block or a shop", hint="exactly one of the two")
    return job


def parts_of(job: Job) -> list[Job]:
    """A block's job in parts of about equal size.

    None where it is about one shop, or does not say how many it has.
    """
    if job.count is None or job.count == 1:
        return []
    size, end = -(-job.count // PARTS), job.first + job.count
    return [
        msgspec.structs.replace(job, first=first, count=min(size, end - first))
        for first in range(job.first, end, size)
    ]


class _Options(msgspec.Struct):
    retries: int = 0
    unique: str = ""


class _Message(msgspec.Struct):
    """What we need of a message; what else it carries is left alone."""

    actor_name: str
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    options: _Options = msgspec.field(default_factory=_Options)


def _encode(queue: str, actor: str, at: str, args: tuple[Any, ...], unique: str = "") -> bytes:
    message: dramatiq.Message[Any] = dramatiq.Message(
        queue_name=queue,
        actor_name=actor,
        args=args,
        kwargs={},
        options={"redis_message_id": at} | ({"unique": unique} if unique else {}),
        message_id=at,
    )
    return message.encode()


def _age_ms(job: Job, now_ms: int) -> int:
    """Since the job was enqueued; 0 for a fence that was made by hand."""
    return now_ms - job.fence // 1000 if is_instant(job.fence) else 0


def _id_of(message: dramatiq.MessageProxy) -> str:
    return str(message.options["redis_message_id"])


def _unique_of(message: dramatiq.MessageProxy) -> str:
    return str(message.options.get("unique") or "")


def _job_or_none(message: dramatiq.MessageProxy) -> Job | None:
    try:
        return decode_job(message.args[0] if len(message.args) == 1 else None)
    except JobError:
        return None


def _told(message: dramatiq.MessageProxy) -> dict[str, Any]:
    """What log lines carry of a message, and of the job in it, if it can be read."""
    job = _job_or_none(message)
    return {"message": _id_of(message)} | (about(job) if job is not None else {})
