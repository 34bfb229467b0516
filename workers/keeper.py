"""The supervisor's line to the broker: says who is alive, gives back what the dead held, sweeps."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence

import redis

from shopace.workers.broker import canary_message
from shopace.workers.logging import Events
from shopace.workers.queue import CANARY, Queue, Suspicion
from shopace.workers.settings import Settings

log = Events(__name__)

Farewell = tuple[str, str, Suspicion | None]
"""(worker, the message it worked on, the plugin that ran)"""


class Keeper:
    """`alive` tells the queue ids of the children that are alive."""

    def __init__(
        self, broker: redis.Redis, settings: Settings, alive: Callable[[], Sequence[str]]
    ) -> None:
        self._broker = broker
        self._settings = settings
        self._alive = alive
        self._queue = Queue(broker, worker=f"janitor-{uuid.uuid4()}")
        self._farewells: deque[Farewell] = deque()
        """What could not be said yet; said when the broker is back."""
        self._canary_due = 0.0

    def bury(self, worker: str, message: str = "", suspicion: Suspicion | None = None) -> None:
        """A child is gone: what it held goes back with the next step. From any thread."""
        self._farewells.append((worker, message, suspicion))

    def step(self) -> float:
        """Say all there is to say; seconds until the next time. Raises RedisError."""
        settings, queue = self._settings, self._queue
        while self._farewells:
            worker, message, suspicion = self._farewells[0]
            given = Queue(self._broker, worker).leave(message, suspicion)
            if given:
                log.info("messages.given_back", worker=worker, messages=given)
            self._farewells.popleft()
        queue.beat([each for each in self._alive() if each])
        swept = queue.sweep(
            lock_ms=round(4000 * settings.beat_seconds),
            silent_ms=settings.heartbeat_timeout_ms,
            dead_letter_ms=settings.dead_message_ttl_ms,
        )
        if swept is None:  # another one is the janitor
            return settings.beat_seconds
        if any(swept):
            log.info("queue.swept", **swept._asdict())
        if time.monotonic() >= self._canary_due:
            lifetime = round(10_000 * settings.canary_seconds)
            queue.enqueue_unique(CANARY, canary_message(), CANARY, lifetime)
            self._canary_due = time.monotonic() + settings.canary_seconds  # not before it is there
        return settings.beat_seconds
