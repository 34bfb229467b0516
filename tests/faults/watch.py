"""A reader that looks all the time: nothing may go back, and nothing be half written."""

import contextlib
import random
import threading
from typing import Any, Self

import redis
from tests.faults.ledger import Place

from shopace.core.errors import DocumentError, ServerError
from shopace.core.results.reader import DiagnosisReader

_LOOK_SECONDS = 0.02


class Watch:
    """Reads documents past every proxy, from entry to exit, and then says what it saw."""

    def __init__(self, results: redis.Redis, shops: list[str], seed: int) -> None:
        self._reader = DiagnosisReader(results)
        self._shops = shops
        self._random = random.Random(seed)
        self._seen: dict[str, Place] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self.looks = 0
        self.went_back: list[str] = []
        self.unreadable: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            shop = self._random.choice(self._shops)
            with contextlib.suppress(ServerError, redis.RedisError):  # it may be away
                self._read(shop)

    def _read(self, shop: str) -> None:
        try:
            stored: Any = self._reader.get(shop)
        except DocumentError as error:
            self.unreadable.append(str(error))
            return
        self.looks += 1
        if stored is None:
            return
        place = (stored.as_of, stored.fence)
        if stored.diagnosis.as_of != stored.as_of:
            self.unreadable.append(f"{shop}: fields of two documents")
        if place < self._seen.get(shop, place):
            self.went_back.append(f"{shop}: {self._seen[shop]} → {place}")
        self._seen[shop] = place
