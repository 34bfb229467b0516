"""The queue as it lies in Redis: what producers, workers and operators may do with it.

Every command is one script call (`queue.lua`), whole or not at all, and may be sent twice with the
effect of once; so a client may simply try again when an answer is lost. Commands raise what
redis-py raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import msgspec
import redis

NAMESPACE = "shopace:v1:{broker}"
"""Of all keys. The literal braces would keep them on one node of a cluster."""
BLOCKS = "blocks"
SHOPS = "shops"
QUEUES = (SHOPS, BLOCKS)
CANARY = "canary"
"""A queue of its own, so that it does not count as work."""

_MESSAGES_PER_ROUND_TRIP = 500
_ADDING = frozenset({"enqueue", "enqueue_unique", "feed", "replay"})
"""Commands that bring new jobs."""


class Delivery(NamedTuple):
    """A message as it was fetched."""

    id: str
    body: bytes


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that ran when its process died or was ended."""

    plugin: str
    reason: str


class Start(NamedTuple):
    """What is known of a message when its processing begins."""

    times: int
    """How often it was begun, this time included; 0 when another worker has it by now.

    Counted are starts that ended in a death that was seen; all others are taken back.
    """
    suspects: tuple[Suspicion, ...]
    now_ms: int
    """The broker server's clock."""
    given_back: int
    """How often its worker was gone in the middle of it without a death that was seen.

    It fell silent, perhaps with its machine, or was stopped.
    """


Reason = Literal["undecodable", "refused", "failed", "kills_its_process", "expired"]
"""Why a message is dead-lettered."""


class Why(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept beside a dead letter."""

    reason: Reason
    error: str = ""
    """One line."""
    plugins: tuple[str, ...] = ()
    """Whose code ran when the job ended a process."""
    starts: int = 0


class Swept(NamedTuple):
    """What the janitor found."""

    workers: int = 0
    """Silent ones, whose messages were given back."""
    messages: int = 0
    dead_letters: int = 0
    """Dropped for their age."""


class Feeding(NamedTuple):
    """How far a run's messages were put on the queue."""

    turn: int = 0
    """How often it was fed."""
    next: int = 0
    """The first block that was not yet looked at."""
    blocks: int = 0
    limit: int = 0
    """How many of its messages may be there at once."""
    there: int = 0
    """How many are: waiting, delayed or held."""


class QueueDepth(NamedTuple):
    """The messages of one queue, each counted once."""

    waiting: int
    held: int
    """Fetched by a worker: running, or next."""
    delayed: int
    """To be tried again later."""
    dead_lettered: int


class Queue:
    """Commands to the broker's server. `client` must not decode responses.

    `worker` is the id of the worker process for which messages are fetched; producers and operators
    have none.
    """

    def __init__(self, client: redis.Redis, worker: str = "") -> None:
        self._client = client
        script = (files(__package__) / "queue.lua").read_text("utf-8")
        self._script = client.register_script(script)
        # A full server takes no new jobs; working off what it has makes room.
        self._script_when_full = client.register_script(f"#!lua flags=allow-oom\n{script}")
        self.worker = worker

    def enqueue(self, queue: str, messages: Iterable[Delivery], *, delay_ms: int = 0) -> int:
        """Put messages on a queue, many per round trip; how many were not there already."""
        added = 0
        parts: list[Any] = []
        for message in messages:
            parts += (message.id, message.body, delay_ms)
            if len(parts) == 3 * _MESSAGES_PER_ROUND_TRIP:
                added += self._call("enqueue", queue, *parts)
                parts.clear()
        return added + (self._call("enqueue", queue, *parts) if parts else 0)

    def enqueue_unique(self, queue: str, message: Delivery, name: str, lifetime_ms: int) -> str:
        """Put a message on a queue unless one of that name waits or runs; the id of the one.

        The name is free again when its message ends, or after its lifetime: a saving of work, never
        a lock to rely on.
        """
        answer: list[bytes] = self._call(
            "enqueue_unique", queue, lifetime_ms, message.id, message.body, name
        )
        return answer[0].decode()

    def feeding(self, queue: str, run: str) -> Feeding | None:
        """How far the run is fed; None for one that never was."""
        answer: list[int] = self._call("feeding", queue, run)
        return Feeding(*answer) if answer else None

    def feed(
        self, queue: str, run: str, fed: Feeding, messages: Sequence[Delivery], lifetime_ms: int
    ) -> bool:
        """Put the next messages of a run on its queue; then it stands as `fed` says, a turn on.

        False, and nothing is done, where it was fed since `fed.turn`, or has no room for all.
        """
        flat = [value for message in messages for value in message]
        return bool(
            self._call(
                "feed", queue, run, fed.turn, fed.next, fed.blocks, fed.limit, lifetime_ms, *flat
            )
        )

    def fetch(self, queue: str, count: int, known: Iterable[str]) -> list[Delivery]:
        """Messages for this worker, and again those that it holds without knowing (`known`)."""
        answer: list[bytes] = self._call("fetch", queue, count, *known)
        return [Delivery(text_id(answer[i]), answer[i + 1]) for i in range(0, len(answer), 2)]

    def start(self, queue: str, message: str) -> Start:
        """Count that the processing of a message begins."""
        times, told, now_ms, given_back = self._call("start", queue, message)
        lines = told.split(b"\n") if told else []
        suspects = tuple(msgspec.json.decode(line, type=Suspicion) for line in lines)
        return Start(times, suspects, now_ms, given_back)

    def ack(
        self, queue: str, message: str, name: str = "", came_to: Mapping[str, int] | None = None
    ) -> bool:
        """The message is done; False when another worker has it by now.

        `came_to` is added to the counters, once for all deliveries of the message.
        """
        flat = [value for pair in (came_to or {}).items() for value in pair]
        return bool(self._call("ack", queue, message, name, *flat))

    def retry(self, queue: str, message: Delivery, delay_ms: int) -> bool:
        """Try the message again later, as `message.body` says."""
        return bool(self._call("retry", queue, message.id, message.body, delay_ms))

    def nack(self, queue: str, message: str, why: Why, name: str = "") -> bool:
        """Dead-letter the message, with its bytes as they came."""
        told = msgspec.json.encode(why)
        return bool(self._call("nack", queue, message, name, told, why.reason))

    def split(self, queue: str, message: str, parts: Sequence[Delivery], name: str = "") -> bool:
        """Put `parts` in the place of the message, ahead of all others."""
        flat = [value for part in parts for value in part]
        return bool(self._call("split", queue, message, name, *flat))

    def requeue(self, queue: str, messages: Sequence[str]) -> None:
        """Hand back what was fetched and not begun."""
        if messages:
            self._call("requeue", queue, *messages)

    def leave(self, message: str = "", suspicion: Suspicion | None = None) -> int:
        """End this worker: what it holds goes back, and how many messages that were.

        `message` is what the process worked on when it died, and `suspicion` falls on the plugin
        that ran then. Without a message nobody saw it die of anything.
        """
        told = msgspec.json.encode(suspicion) if suspicion is not None else ""
        return int(self._call("leave", "", message, told))

    def beat(self, workers: Sequence[str]) -> None:
        """Vouch for workers that are alive, though they may be too busy to say so."""
        if workers:
            self._call("beat", "", *workers)

    def sweep(self, *, lock_ms: int, silent_ms: int, dead_letter_ms: int) -> Swept | None:
        """Be the janitor for `lock_ms`, unless another is: None."""
        answer = self._call("sweep", "", lock_ms, silent_ms, dead_letter_ms, *QUEUES)
        return Swept(*answer) if answer else None

    def canary(self) -> None:
        """A canary job has run."""
        self._call("canary", "")

    def replay(self, queue: str, dead: str, message: Delivery) -> bool:
        """Put a new message in the place of a dead letter; False when that is gone."""
        return bool(self._call("replay", queue, dead, message.id, message.body))

    def purge(self, queue: str, dead: Sequence[str]) -> int:
        """Drop dead letters; how many there were."""
        return int(self._call("purge_dead", queue, *dead)) if dead else 0

    def _call(self, command: str, queue: str, *args: Any) -> Any:  # noqa: ANN401  # as redis-py
        plain = [raw_id(each) if isinstance(each, str) else each for each in args]
        script = self._script if command in _ADDING else self._script_when_full
        return script(keys=[NAMESPACE], args=[command, queue, self.worker, *plain])


def text_id(name: bytes) -> str:
    """The id of a message, whatever bytes somebody put there: `raw_id` takes it back."""
    return name.decode("utf-8", "surrogateescape")


def raw_id(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def key(name: str) -> str:
    """A key of the queue, as `queue.lua` lists them."""
    return f"{NAMESPACE}:{name}"


def queue_depth(client: redis.Redis) -> dict[str, QueueDepth]:
    """How much is in each queue."""
    with client.pipeline(transaction=True) as pipeline:
        for queue in QUEUES:
            pipeline.llen(key(queue))
            pipeline.hlen(key(f"{queue}.msgs"))
            pipeline.zcard(key(f"{queue}.delayed"))
            pipeline.zcard(key(f"{queue}.XQ"))
        counts = iter(pipeline.execute())
    depth = {}
    for queue in QUEUES:
        waiting, bodies, delayed, dead = (next(counts) for _ in range(4))
        depth[queue] = QueueDepth(waiting, bodies - waiting - delayed, delayed, dead)
    return depth
