"""The supervisor's line to the broker: says who is alive, gives back what the dead held, sweeps.

A thread of its own, so that a broker that is away holds up nobody. What it could not say is said
when the broker is back.
"""

from __future__ import annotations

import queue as threads
import threading
import uuid
from collections.abc import Callable, Sequence

import redis
import structlog

from shopace.core.errors import redacted
from shopace.workers.broker import canary_message
from shopace.workers.queue import CANARY, Queue, Suspicion
from shopace.workers.settings import Settings, connect_patiently

log = structlog.get_logger(__name__)

Farewell = tuple[str, str, Suspicion | None]
"""(worker, the message it worked on, the plugin that ran)"""


class Keeper:
    """Runs from entry to exit. `alive` tells the queue ids of the children that are alive."""

    def __init__(self, settings: Settings, alive: Callable[[], Sequence[str]]) -> None:
        self._settings = settings
        self._alive = alive
        self._farewells: threads.SimpleQueue[Farewell] = threads.SimpleQueue()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._canary_in = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Say what is still to be said, if the broker is there, and end."""
        self._stop.set()
        self._wake.set()
        self._thread.join(self._settings.grace_seconds)

    def bury(self, worker: str, message: str = "", suspicion: Suspicion | None = None) -> None:
        """A child is gone: what it held goes back at once."""
        self._farewells.put((worker, message, suspicion))
        self._wake.set()

    def _run(self) -> None:
        client = connect_patiently(self._settings.broker_url, "broker")
        queue = Queue(client, worker=f"janitor-{uuid.uuid4()}")
        waiting: list[Farewell] = []
        away = False
        while True:
            ends = self._stop.is_set()
            self._wake.clear()
            while not self._farewells.empty():
                waiting.append(self._farewells.get())
            try:
                self._say(client, queue, waiting)
            except redis.RedisError as error:
                if not away:
                    log.warning("broker.away", error=redacted(str(error)))
                away = True
            else:
                if away:
                    log.info("broker.back")
                away = False
            if ends:
                break
            self._wake.wait(self._settings.beat_seconds)
        client.close()

    def _say(self, client: redis.Redis, queue: Queue, waiting: list[Farewell]) -> None:
        while waiting:
            worker, message, suspicion = waiting[0]
            given = Queue(client, worker).leave(message, suspicion)
            if given:
                log.info("messages.given_back", worker=worker, messages=given)
            waiting.pop(0)
        queue.beat([each for each in self._alive() if each])
        swept = queue.sweep(
            lock_ms=round(4000 * self._settings.beat_seconds),
            silent_ms=self._settings.heartbeat_timeout_ms,
            dead_letter_ms=self._settings.dead_message_ttl_ms,
        )
        if swept is None:
            return
        if any(swept):
            log.info("queue.swept", **swept._asdict())
        self._canary_in -= self._settings.beat_seconds
        if self._canary_in <= 0:
            self._canary_in = self._settings.canary_seconds
            lifetime = round(10_000 * self._settings.canary_seconds)
            queue.enqueue_unique(CANARY, canary_message(), CANARY, lifetime)
