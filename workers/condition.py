"""The condition of the queue: what status, doctor, metrics and probes tell.

Everything is read from the broker's server in two round trips, and every age is by its clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import redis

from shopace.core.errors import JobError
from shopace.workers.broker import decode_job, decode_message, is_instant
from shopace.workers.queue import QUEUES, Delivery, QueueDepth, key, queue_depth, text_id

_LOOKED_AT = 16
"""Messages at the front of a queue among which the oldest is looked for."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the queue, who works on it, and what has happened so far."""

    now_ms: int
    depth: dict[str, QueueDepth]
    oldest_seconds: dict[str, float | None]
    """Queue → how long ago the oldest waiting job was enqueued; None where none waits."""
    last_heard_ms: dict[str, int]
    """Worker process → when it was last heard of."""
    canary_seconds: float | None
    """How long ago a job that does nothing last ran; None: never."""
    failing_seconds: dict[str, float]
    """Plugin → how long ago its own code last failed."""
    counters: dict[str, int]
    """Since the broker's data was last lost."""

    def workers(self, within_ms: int) -> int:
        """Worker processes that were heard of lately."""
        return sum(at >= self.now_ms - within_ms for at in self.last_heard_ms.values())

    @property
    def waiting(self) -> int:
        """Messages that nobody has fetched yet and that are due, on all queues."""
        return sum(depth.waiting for depth in self.depth.values())


def read_condition(broker: redis.Redis) -> Condition:
    """The condition now. Raises what redis-py raises."""
    depth = queue_depth(broker)
    pipeline: Any
    with broker.pipeline(transaction=False) as pipeline:
        pipeline.time()
        pipeline.get(key("canary:ran"))
        pipeline.hgetall(key("failing"))
        pipeline.hgetall(key("counters"))
        pipeline.zrange(key("workers"), 0, -1, withscores=True)
        for queue in QUEUES:
            pipeline.lrange(key(queue), 0, _LOOKED_AT - 1)
            pipeline.zrange(key(f"{queue}.delayed"), 0, _LOOKED_AT - 1)
        (seconds, micros), canary, failing, counters, heard, *fronts = pipeline.execute()
    now_ms = seconds * 1000 + micros // 1000
    ids = {
        queue: [*fronts[2 * number], *fronts[2 * number + 1]] for number, queue in enumerate(QUEUES)
    }
    return Condition(
        now_ms=now_ms,
        depth=depth,
        oldest_seconds={queue: _oldest(broker, queue, ids[queue], now_ms) for queue in QUEUES},
        last_heard_ms={name.decode("utf-8", "replace"): int(at) for name, at in heard},
        canary_seconds=None if canary is None else _ago(now_ms, int(canary)),
        failing_seconds={each: _ago(now_ms, at) for each, at in _numbers(failing).items()},
        counters=_numbers(counters),
    )


def _oldest(broker: redis.Redis, queue: str, ids: list[bytes], now_ms: int) -> float | None:
    if not ids:
        return None
    bodies: Any = broker.hmget(key(f"{queue}.msgs"), ids)
    fences = [
        fence
        for name, body in zip(ids, bodies, strict=True)
        if body is not None and (fence := _fence(queue, Delivery(text_id(name), body))) is not None
    ]
    return _ago(now_ms, min(fences) // 1000) if fences else None


def _fence(queue: str, delivery: Delivery) -> int | None:
    """When the job was enqueued, microseconds; None where the message does not say."""
    try:
        message = decode_message(queue, delivery)
        job = decode_job(message.args[0] if len(message.args) == 1 else None)
    except JobError:
        return None
    return job.fence if is_instant(job.fence) else None


def _ago(now_ms: int, at_ms: int) -> float:
    """Seconds; never negative, though two servers' clocks may differ."""
    return max(0, now_ms - at_ms) / 1000


def _numbers(stored: Mapping[bytes, bytes]) -> dict[str, int]:
    return {name.decode("utf-8", "replace"): int(value) for name, value in stored.items()}
