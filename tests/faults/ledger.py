"""What the queue accepted, written down by who enqueued it: the only judge of what was lost."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from shopace.core.records.job import Job
from shopace.core.warehouse.snapshot import Snapshot
from shopace.workers.broker import enqueue
from shopace.workers.queue import BLOCKS, QUEUES, SHOPS, Queue
from shopace.workers.runs import Run

Place = tuple[dt.date, int]
"""(as_of, fence)."""


class Verdict(NamedTuple):
    """What became of every shop of every job that was accepted."""

    done: int = 0
    superseded: int = 0
    """A newer diagnosis stands there."""
    dead: int = 0
    lost: tuple[str, ...] = ()


class Ledger:
    """Reads the servers with clients of its own, past every proxy."""

    def __init__(self, broker: Any, results: Any, snapshot: Snapshot) -> None:
        self._broker, self._results = broker, results
        self._snapshot = snapshot
        self._shops = [list(snapshot.block(each).shops) for each in range(len(snapshot))]
        self.accepted: list[Job] = []

    def enqueue(self, queue: Queue, jobs: Sequence[Job]) -> None:
        """Enqueue; what raises was not accepted."""
        enqueue(queue, SHOPS if jobs[0].shop is not None else BLOCKS, jobs)
        self.accepted += jobs

    def accept(self, run: Run) -> None:
        """A run whose enqueueing returned."""
        self.accepted += [
            Job(
                run=run.id, fence=run.fence, as_of=run.as_of, snapshot=run.snapshot,
                policy=run.policy, block=number, count=shops,
            )
            for number, shops in enumerate(run.block_shops)
        ]  # fmt: skip

    def places(self) -> dict[str, Place]:
        """Of every shop's document."""
        with self._results.pipeline(transaction=False) as pipeline:
            for shop in self._all():
                pipeline.hmget(f"shopace:v1:diagnosis:{{{shop}}}", "as_of", "fence")
            answers = pipeline.execute()
        return {
            shop: (dt.date.fromisoformat(as_of.decode()), int(fence))
            for shop, (as_of, fence) in zip(self._all(), answers, strict=True)
            if as_of is not None
        }

    def dead_letters(self) -> list[tuple[bytes, dict[str, Any]]]:
        """(bytes as they came, why), of both queues."""
        found = []
        for queue in QUEUES:
            at = f"shopace:v1:{{broker}}:{queue}.XQ"
            whys = self._broker.hgetall(f"{at}.why")
            for name, body in self._broker.hgetall(f"{at}.msgs").items():
                found.append((body, msgspec.json.decode(whys[name])))
        return found

    def judge(self) -> Verdict:
        """What became of what was accepted."""
        places = self.places()
        dead = {each for body, _ in self.dead_letters() for each in self._dead(body)}
        done = superseded = buried = 0
        lost: list[str] = []
        for job in self.accepted:
            own = (job.as_of, job.fence)
            for shop in self._shops_of(job):
                stands = places.get(shop)
                if stands == own:
                    done += 1
                elif stands is not None and stands > own:
                    superseded += 1
                elif (shop, job.fence) in dead:
                    buried += 1
                else:
                    lost.append(f"{shop} of {job.run} (fence {job.fence}): {stands}")
        return Verdict(done, superseded, buried, tuple(lost))

    def left(self) -> int:
        """Messages that are not at their end: waiting, held, or to be tried again."""
        return sum(int(self._broker.hlen(f"shopace:v1:{{broker}}:{each}.msgs")) for each in QUEUES)

    def counter(self, name: str) -> int:
        return int(self._broker.hget("shopace:v1:{broker}:counters", name) or 0)

    def _dead(self, body: bytes) -> Iterator[tuple[str, int]]:
        try:
            job = msgspec.convert(msgspec.json.decode(body)["args"][0], Job)
        except (msgspec.DecodeError, msgspec.ValidationError, KeyError, IndexError, TypeError):
            return
        yield from ((shop, job.fence) for shop in self._shops_of(job))

    def _shops_of(self, job: Job) -> list[str]:
        if job.shop is not None:
            return [job.shop]
        assert job.block is not None
        end = None if job.count is None else job.first + job.count
        return self._shops[job.block][job.first : end]

    def _all(self) -> list[str]:
        return [shop for block in self._shops for shop in block]
