"""Writing documents, each only over an older one.

A script call per shop replaces the hash, then the events of those that changed are added: keys of
different shops may lie on different nodes of a cluster. Who dies in between is delivered the same
documents again, and a second delivery adds its events again: no change is stored and never told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any, Literal, TypeVar

import msgspec
import redis

from shopace.core.errors import DocumentError, Problem
from shopace.core.records.diagnosis import SCHEMA
from shopace.core.records.document import Document
from shopace.core.records.metrics import Legend
from shopace.core.results import keys

_Item = TypeVar("_Item")
Outcome = Literal["written", "duplicate", "stale"]

MAX_BYTES = 1024 * 1024
"""Body, metrics and memory of one shop together."""
LARGEST_FENCE = 2**53 - 1
"""Beyond it, scripts of the server would round."""

_OUTCOMES: dict[int, Outcome] = {1: "written", 0: "duplicate", -1: "stale"}
_DOCUMENTS_PER_ROUND_TRIP = 128
_DAY_SECONDS = 24 * 60 * 60


def oversize(document: Document) -> Problem | None:
    """What is wrong with the document's size, if anything."""
    size = len(document.body) + len(document.metrics) + len(document.memory)
    if size <= MAX_BYTES:
        return None
    return Problem(
        where=f"shop {document.shop}",
        what=f"its document is {size:,} bytes, {MAX_BYTES:,} is the limit",
        hint="a plugin puts too much text into its cards?",
    )


class ResultStore:
    """The writing side of the result store. `client` must not decode responses."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        ttl_seconds: float = 3 * _DAY_SECONDS,
        event_age_seconds: float = 2 * _DAY_SECONDS,
    ) -> None:
        self._client = client
        self._ttl_ms = round(ttl_seconds * 1000)
        self._event_age_ms = round(event_age_seconds * 1000)
        self._write = client.register_script(_script("write.lua"))
        self._fence = client.register_script(_script("fence.lua"))

    def next_fence(self) -> int:
        """A fence above every one handed out before; microseconds by the server's clock."""
        return int(self._fence(keys=[keys.FENCE]))

    def write(self, documents: Sequence[Document], fence: int) -> list[Outcome]:
        """What became of each document, in their order, by (as_of, fence).

        A newer one replaces what is stored, and an event follows if it says `changed`. An equal one
        is a second delivery: nothing is written, its event is sent again. An older one is refused
        and counted. Raises DocumentError before anything is written.
        """
        if not 1 <= fence <= LARGEST_FENCE:
            raise DocumentError(f"fence {fence} is out of range, 1 to {LARGEST_FENCE} are possible")
        too_large = [problem for each in documents if (problem := oversize(each)) is not None]
        if too_large:
            raise DocumentError("documents over the size limit are refused", problems=too_large)
        outcomes: list[Outcome] = []
        for part in _parts(documents):
            with self._client.pipeline(transaction=False) as pipeline:
                for document in part:
                    self._write(
                        keys=[keys.diagnosis_key(document.shop)],
                        args=self._arguments(document, fence),
                        client=pipeline,
                    )
                pipeline.time()
                *written, now = pipeline.execute()
            self._tell(part, fence, [_OUTCOMES[each] for each in written], now)
            outcomes += (_OUTCOMES[each] for each in written)
        return outcomes

    def _tell(
        self,
        documents: Sequence[Document],
        fence: int,
        outcomes: Sequence[Outcome],
        now: tuple[int, int],
    ) -> None:
        """Add an event for each change that stands, and count what was refused."""
        oldest = now[0] * 1000 + now[1] // 1000 - self._event_age_ms
        stale = outcomes.count("stale")
        with self._client.pipeline(transaction=False) as pipeline:
            for document, outcome in zip(documents, outcomes, strict=True):
                if outcome != "stale" and document.changed:
                    event: Any = {
                        "shop": document.shop,
                        "as_of": document.as_of.isoformat(),
                        "fence": fence,
                        "changed": ",".join(document.changed),
                    }
                    pipeline.xadd(keys.EVENTS, event, minid=oldest, approximate=True)
            if stale:
                pipeline.hincrby(keys.COUNTERS, keys.STALE_WRITES, stale)
            pipeline.execute()

    def recall(self, shops: Sequence[str]) -> list[bytes | None]:
        """Each shop's memory, None for a shop without a document."""
        return self._field("memory", shops)

    def bodies(self, shops: Sequence[str]) -> list[bytes | None]:
        """Each shop's stored diagnosis, encoded; None for a shop without a document."""
        return self._field("body", shops)

    def _field(self, name: str, shops: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for part in _parts(shops):
            with self._client.pipeline(transaction=False) as pipeline:
                for shop in part:
                    pipeline.hget(keys.diagnosis_key(shop), name)
                found += pipeline.execute()
        return found

    def put_legend(self, legend: Legend) -> None:
        """Store the names of the `metrics` positions; to be called before documents that use it.

        It outlives every document written within one lifetime from now.
        """
        key = keys.legend_key(legend.id)
        if not self._client.pexpire(key, 2 * self._ttl_ms):  # its id says what is in it
            self._client.set(key, msgspec.json.encode(legend), px=2 * self._ttl_ms)

    def _arguments(self, document: Document, fence: int) -> list[str | bytes | int]:
        return [
            document.as_of.isoformat(),
            fence,
            SCHEMA,
            "json",
            document.body,
            document.metrics,
            document.memory,
            self._ttl_ms,
        ]


def _script(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _DOCUMENTS_PER_ROUND_TRIP):
        yield items[start : start + _DOCUMENTS_PER_ROUND_TRIP]
