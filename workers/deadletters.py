"""Dead letters: which there are and why, putting them back on the queue, and dropping them.

They are read in pages, so that thousands cost neither the server nor the caller more than their
number; nothing here blocks the queue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import redis

from shopace.core.errors import JobError
from shopace.core.records.job import Job
from shopace.core.results.store import ResultStore
from shopace.workers.broker import (
    LARGEST_MESSAGE_BYTES,
    decode_job,
    decode_message,
    encode_message,
)
from shopace.workers.queue import QUEUES, Delivery, Queue, key, raw_id, text_id
from shopace.workers.settings import answered

_PAGE = 200


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was given up."""

    id: str
    """Bytes that are no UTF-8 stand in it as halves of surrogates."""
    queue: str
    reason: str
    """As `Reason` of the queue; `unknown` where nothing is kept beside the message."""
    error: str
    plugins: tuple[str, ...]
    """Whose code ran when the job ended a process."""
    starts: int
    """How often it was begun."""
    at: dt.datetime
    """When it was dead-lettered, by the broker's clock."""
    bytes: int
    job: Job | None
    """None where it cannot be read."""
    refusal: str = ""
    """Why it cannot be replayed; empty where it can."""


class Wanted(NamedTuple):
    """Which dead letters are meant: those of which all of this is true. Empty: whichever."""

    ids: tuple[str, ...] = ()
    reason: str = ""
    plugin: str = ""
    run: str = ""
    queue: str = ""

    def matches(self, letter: DeadLetter) -> bool:
        return (
            (not self.reason or letter.reason == self.reason)
            and (not self.plugin or self.plugin in letter.plugins)
            and (not self.run or (letter.job is not None and letter.job.run == self.run))
        )


class Replayed(NamedTuple):
    """A dead letter that is a message again."""

    dead: str
    """The id that it had."""
    message: str
    """The id that it has now."""
    queue: str
    fence: int


def dead_letters(client: redis.Redis, wanted: Wanted = Wanted()) -> list[DeadLetter]:  # noqa: B008  # frozen
    """Those that are wanted, the oldest first."""
    found = (
        letter
        for queue in ((wanted.queue,) if wanted.queue else QUEUES)
        for page in (_named(client, queue, wanted.ids) if wanted.ids else _pages(client, queue))
        for letter in _read(client, queue, page)
    )
    return sorted(
        (letter for letter in found if wanted.matches(letter)), key=lambda each: (each.at, each.id)
    )


def content_of(client: redis.Redis, letter: DeadLetter) -> bytes:
    """The message as it came, whole; empty when it is gone by now."""
    found: Any = client.hget(key(f"{letter.queue}.XQ.msgs"), raw_id(letter.id))
    return found if found is not None else b""


def replay(queue: Queue, store: ResultStore, letters: Iterable[DeadLetter]) -> Iterator[Replayed]:
    """Put dead letters back on their queues, each under a new fence and with a new id.

    What they are about stays: run, date, snapshot, benchmarks, policy, block and part. Of two about
    the same shops the one that was enqueued later still wins. Those that cannot be replayed, and
    those that are gone by now, are left out. Raises ServerError; what came before it is replayed.
    """
    able = [(letter, letter.job) for letter in letters if letter.job is not None]
    for letter, job in sorted(able, key=lambda each: each[1].fence):
        with answered("results"):
            again = msgspec.structs.replace(job, fence=store.next_fence())
        message = encode_message(letter.queue, again)
        with answered("broker"):
            replayed = queue.replay(letter.queue, letter.id, message)
        if replayed:
            yield Replayed(letter.id, message.id, letter.queue, again.fence)


def purge(queue: Queue, letters: Sequence[DeadLetter]) -> int:
    """Drop dead letters for good; how many were still there."""
    gone = 0
    for name in QUEUES:
        ids = [letter.id for letter in letters if letter.queue == name]
        for start in range(0, len(ids), _PAGE):
            gone += queue.purge(name, ids[start : start + _PAGE])
    return gone


_Page = list[tuple[bytes, float]]
"""(id, when it was dead-lettered in ms)"""


def _pages(client: redis.Redis, queue: str) -> Iterator[_Page]:
    cursor, seen = 0, set[bytes]()
    while True:
        answer: Any = client.zscan(key(f"{queue}.XQ"), cursor, count=_PAGE)
        cursor, entries = answer
        page = [(name, at) for name, at in entries if name not in seen]  # a scan may repeat itself
        seen.update(name for name, _ in page)
        if page:
            yield page
        if cursor == 0:
            return


def _named(client: redis.Redis, queue: str, ids: Sequence[str]) -> Iterator[_Page]:
    names = [raw_id(each) for each in dict.fromkeys(ids)]
    for start in range(0, len(names), _PAGE):
        part = names[start : start + _PAGE]
        scores: Any = client.zmscore(key(f"{queue}.XQ"), part)  # type: ignore[arg-type]  # bytes
        page = [(name, at) for name, at in zip(part, scores, strict=True) if at is not None]
        if page:
            yield page


def _read(client: redis.Redis, queue: str, page: _Page) -> Iterator[DeadLetter]:
    names = [name for name, _ in page]
    bodies, whys = key(f"{queue}.XQ.msgs"), key(f"{queue}.XQ.why")
    pipeline: Any
    with client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hstrlen(bodies, name)
        pipeline.hmget(whys, names)
        *sizes, told = pipeline.execute()
    small = [n for n, size in zip(names, sizes, strict=True) if size <= LARGEST_MESSAGE_BYTES]
    found: Any = client.hmget(bodies, small) if small else []
    body_of = dict(zip(small, found, strict=True))
    for (name, at), size, why in zip(page, sizes, told, strict=True):
        body = body_of.get(name)
        if size == 0 and body is None:
            continue  # replayed or purged meanwhile
        job, refusal = _job(queue, text_id(name), body, size)
        known = _why(why)
        yield DeadLetter(
            id=text_id(name),
            queue=queue,
            reason=known.reason,
            error=known.error,
            plugins=known.plugins,
            starts=known.starts,
            at=dt.datetime.fromtimestamp(at / 1000, dt.UTC),
            bytes=size,
            job=job,
            refusal=refusal,
        )


def _job(queue: str, name: str, body: bytes | None, size: int) -> tuple[Job | None, str]:
    """The job in a message, or why there is none."""
    if body is None:
        return None, f"it cannot be read: {size:,} bytes"
    try:
        message = decode_message(queue, Delivery(name, body))
    except JobError as error:
        return None, f"it cannot be read: {error.message}"
    try:
        return decode_job(message.args[0] if len(message.args) == 1 else None), ""
    except JobError as error:
        told = "; ".join(each.what for each in error.problems) or error.message
        return None, f"the job in it is refused: {told}"


class _Why(msgspec.Struct):
    """As `queue.Why`, whatever a later version calls a reason."""

    reason: str = "unknown"
    error: str = ""
    plugins: tuple[str, ...] = ()
    starts: int = 0


def _why(told: bytes | None) -> _Why:
    try:
        return msgspec.json.decode(told, type=_Why) if told is not None else _Why()
    except msgspec.DecodeError:
        return _Why()
