"""A chore: what a supervisor does again and again, in a thread of its own.

A server that is away or full and a mistake of ours hold a chore up until its next step; they never
end it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import redis

from shopace.core.errors import ServerError, redacted
from shopace.workers.logging import Events

log = Events(__name__)


class Chore:
    """Calls `step`, which says how many seconds to rest, until it is asked to stop.

    After an error it rests for `retry_seconds`. Where `finishes` is set, one more step is made
    after it was asked to stop, for what came in meanwhile.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float],
        *,
        retry_seconds: float,
        finishes: bool = False,
    ) -> None:
        self.name = name
        self._step = step
        self._retry_seconds = retry_seconds
        self._finishes = finishes
        self._woken = threading.Event()
        self._asked_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._away = False

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """It has something to do: the next step is made at once."""
        self._woken.set()

    def ask_to_stop(self) -> None:
        """Returns at once."""
        self._asked_to_stop.set()
        self._woken.set()

    def join(self, deadline: float) -> None:
        """Wait until it has ended, until `deadline` at most, an instant of the monotonic clock."""
        if self._thread.ident is None:
            return
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            log.warning("chore.left", chore=self.name)

    @property
    def is_gone(self) -> bool:
        """Whether it has ended although nobody asked it to."""
        was_started = self._thread.ident is not None
        return was_started and not self._thread.is_alive() and not self._asked_to_stop.is_set()

    def _run(self) -> None:
        while True:
            self._woken.clear()
            ends = self._asked_to_stop.is_set()  # read after: what is asked now wakes us again
            if ends and not self._finishes:
                return
            rest = self._make_step()
            if ends:
                return
            self._woken.wait(rest)

    def _make_step(self) -> float:
        try:
            rest = self._step()
        except (redis.RedisError, ServerError) as error:
            if not self._away:
                log.warning("chore.away", chore=self.name, error=redacted(str(error)))
            self._away = True
        except Exception:
            log.exception("chore.failed", chore=self.name)
        else:
            if self._away:
                log.info("chore.back", chore=self.name)
            self._away = False
            return rest
        return self._retry_seconds
