"""A night's blocks come onto the queue a few at a time, whoever dies and whatever is lost."""

import datetime as dt
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry
from structlog.testing import capture_logs
from tests.conftest import examples

from shopace.core.errors import ServerError
from shopace.core.records.job import BlockReport, Job
from shopace.core.records.run import RunReport
from shopace.core.results import keys
from shopace.workers import queue as queues
from shopace.workers.broker import decode_job, decode_message, encode_message, parts_of
from shopace.workers.embedded import Server
from shopace.workers.feeding import Feeder, feed, feed_by_name
from shopace.workers.queue import Delivery, Feeding, Queue, Why, queue_depth
from shopace.workers.register import (
    Run,
    count_progress,
    ended,
    find_night,
    latest,
    open_runs,
    register_night,
)
from shopace.workers.settings import Servers, Settings, connect_both_patiently
from shopace.workers.tally import report_field

DAY = dt.date(2026, 10, 31)
AWAY = Settings(broker_url="redis://127.0.0.1:1", results_url="redis://127.0.0.1:1", data=Path())
WEEK = 7 * 24 * 60 * 60


def night(servers: Servers, *, blocks: int, limit: int, fence: int = 7) -> Run:
    return Run(
        id=f"nightly-demo-{DAY}-{fence}",
        marketplace="demo",
        as_of=DAY,
        fence=fence,
        snapshot="demo-2026-10-31-00000000",
        benchmarks=None,
        policy="policy-00000000",
        incentives=None,
        block_shops=(40,) * blocks,
        queued_at_once=limit,
        results=servers.results,
        broker=servers.broker,
    )


@contextmanager
def emptied(server: Server) -> Iterator[Servers]:
    servers = Servers(
        broker=redis.Redis.from_url(server.url_broker),
        results=redis.Redis.from_url(server.url_results),
    )
    servers.broker.flushall()
    try:
        yield servers
    finally:
        servers.close()


def ids_there(servers: Servers) -> set[str]:
    names: Any = servers.broker.hkeys(queues.key("blocks.msgs"))
    return {name.decode() for name in names}


class World:
    """Two workers, feeders and schedulers, each of which can be stopped between any two steps."""

    def __init__(self, servers: Servers, run: Run) -> None:
        self.servers, self.run = servers, run
        self.feeder = Queue(servers.broker)
        self.seen: Feeding | None = None
        """What a feeder saw that was stopped before it fed, and the blocks that had ended."""
        self.done: set[int] = set()
        self.lossless = True
        self.queues = [Queue(servers.broker, f"w{number}") for number in range(2)]
        self.held: list[Delivery | None] = [None, None]
        self.acknowledged: Counter[str] = Counter()

    def job(self, delivery: Delivery) -> Job:
        return decode_job(decode_message("blocks", delivery).args[0])

    def fetch(self, who: int) -> None:
        if self.held[who] is None:
            fetched = self.queues[who].fetch("blocks", 1, [])
            if fetched:
                self.held[who] = fetched[0]
                self.queues[who].start("blocks", fetched[0].id)

    def report(self, who: int, error: str = "") -> None:
        held = self.held[who]
        if held is not None:
            job = self.job(held)
            assert job.block is not None
            assert job.count is not None
            told = BlockReport(block=job.block, first=job.first, shops=job.count, error=error)
            self.servers.results.hsetnx(
                keys.run_blocks_key(job.run), report_field(told), msgspec.json.encode(told)
            )

    def finish(self, who: int) -> None:
        held = self.held[who]
        if held is not None:
            self.report(who)
            self.held[who] = None
            if self.queues[who].ack("blocks", held.id):
                self.acknowledged[held.id] += 1

    def dead_letter(self, who: int) -> None:
        held = self.held[who]
        if held is not None:
            self.report(who, "it fails")
            self.queues[who].nack("blocks", held.id, Why(reason="failed", error="it fails"))
            self.acknowledged[held.id] += 1
            self.held[who] = None

    def cut(self, who: int) -> None:
        held = self.held[who]
        if held is not None and (parts := parts_of(self.job(held))):
            deliveries = [encode_message("blocks", part) for part in parts]
            self.queues[who].split("blocks", held.id, deliveries)
            self.held[who] = None

    def die(self, who: int) -> None:
        self.queues[who].leave()
        self.held[who] = None

    def feed(self, _: int) -> None:
        feed(self.feeder, self.run)

    def look(self, _: int) -> None:
        self.seen = self.feeder.feeding("blocks", self.run.id) or Feeding()
        self.done = ended(self.run)

    def feed_late(self, _: int) -> None:
        if self.seen is None:
            return
        blocks, limit = len(self.run.block_shops), self.run.queued_at_once
        chosen = range(self.seen.next, min(self.seen.next + limit, blocks))
        if chosen:
            fed = Feeding(self.seen.turn, chosen.stop, blocks, limit)
            missing = (each for each in chosen if each not in self.done)
            messages = [encode_message("blocks", self.run.job(block=each)) for each in missing]
            self.feeder.feed("blocks", self.run.id, fed, messages, 1000 * WEEK)

    def schedule(self, _: int) -> None:
        wanted = replace(self.run, id=f"{self.run.id}0", fence=10 * self.run.fence)
        joined = register_night(wanted, WEEK, again=False)
        assert joined.id == self.run.id
        assert joined.joined
        feed(self.feeder, joined)

    def lose_broker(self, _: int) -> None:
        self.servers.broker.flushdb()
        self.held, self.seen, self.lossless = [None, None], None, False

    def lose_reports(self, _: int) -> None:
        # A server that breaks off loses its latest writes: with a report all that came after it.
        if open_runs(self.servers.results):
            self.servers.results.delete(keys.run_blocks_key(self.run.id))
            self.lossless = False


USUAL = ("fetch", "finish", "feed", "look", "feed_late")
AWKWARD = ("report", "die", "dead_letter", "cut", "schedule")
LOSSES = ("lose_broker", "lose_reports")


def steps(*names: str) -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(st.tuples(st.sampled_from(names), st.integers(0, 1)), min_size=40, max_size=90)


@settings(max_examples=examples(60))
@given(
    steps=steps(*USUAL * 3, *AWKWARD) | steps(*USUAL * 3, *AWKWARD, *LOSSES),
    blocks=st.integers(1, 12),
    limit=st.integers(1, 5),
)
def test_every_block_ends_reported_whatever_happens_in_between(
    server: Server, steps: list[tuple[str, int]], blocks: int, limit: int
) -> None:
    with emptied(server) as servers:
        run = register_night(night(servers, blocks=blocks, limit=limit), WEEK, again=False)
        world = World(servers, run)
        whole = {encode_message("blocks", run.job(block=block)).id for block in range(blocks)}
        for step, who in steps:
            getattr(world, step)(who)
            assert len(ids_there(servers) & whole) <= limit
        for _ in range(40 * blocks):
            feed_by_name(world.feeder, servers.results, run.id)
            if not open_runs(servers.results):
                break
            for who in range(2):
                world.fetch(who)
                world.finish(who)
            assert len(ids_there(servers) & whole) <= limit
        end = count_progress(run)
        assert end.is_finished
        assert end.shops_done == end.shops == 40 * blocks
        assert open_runs(servers.results) == []
        assert ids_there(servers) == set()
        if world.lossless:  # no block or part ended twice
            assert set(world.acknowledged.values()) == {1}
        stored: Any = servers.results.get(keys.run_report_key(run.id))
        assert msgspec.json.decode(stored, type=RunReport).progress == end


def test_no_more_than_the_limit_is_on_the_queue_with_many_feeders_and_workers(
    server: Server,
) -> None:
    blocks, limit = 300, 8
    with emptied(server) as servers:
        run = register_night(night(servers, blocks=blocks, limit=limit), WEEK, again=False)
        seen: list[int] = []

        def work(number: int) -> int:
            queue, done = Queue(servers.broker, f"w{number}"), 0
            while open_runs(servers.results):
                feed_by_name(queue, servers.results, run.id)
                for held in queue.fetch("blocks", 1, []):
                    seen.append(len(ids_there(servers)))
                    queue.start("blocks", held.id)
                    job = decode_job(decode_message("blocks", held).args[0])
                    assert job.block is not None
                    told = BlockReport(block=job.block, shops=40)
                    servers.results.hset(
                        keys.run_blocks_key(run.id), report_field(told), msgspec.json.encode(told)
                    )
                    done += queue.ack("blocks", held.id)
            return done

        with ThreadPoolExecutor(6) as pool:
            finished = list(pool.map(work, range(6)))
        assert sum(finished) == blocks  # each once
        assert max(seen) <= limit
        assert count_progress(run).is_finished


def test_of_many_schedulers_at_once_one_registers_and_all_get_its_run(server: Server) -> None:
    with emptied(server) as servers:

        def start(fence: int) -> Run:
            run = night(servers, blocks=20, limit=8, fence=fence)
            started = register_night(run, WEEK, again=False)
            feed(Queue(servers.broker), started)
            return started

        with ThreadPoolExecutor(16) as pool:
            runs = list(pool.map(start, random.Random(1).sample(range(1, 1000), 64)))
        assert len({run.id for run in runs}) == 1
        assert sum(not run.joined for run in runs) == 1
        assert open_runs(servers.results) == [runs[0].id]
        assert len(servers.results.keys("shopace:v1:run:*")) == 1
        assert queue_depth(servers.broker)["blocks"].waiting == 8


SCHEDULER = """
import datetime as dt, sys
import redis
from shopace.workers.settings import Servers
from tests.workers.test_feeding import WEEK, night
from shopace.workers.feeding import feed
from shopace.workers.queue import Queue
from shopace.workers.register import register_night

broker, results, fence = sys.argv[1:]
servers = Servers(redis.Redis.from_url(broker), redis.Redis.from_url(results))
run = register_night(night(servers, blocks=20, limit=8, fence=int(fence)), WEEK, again=False)
feed(Queue(servers.broker), run)
print(run.id, run.joined)
"""


def test_two_schedulers_in_processes_of_their_own_start_one_run(server: Server) -> None:
    with emptied(server) as servers:
        started = [
            subprocess.Popen(
                [sys.executable, "-c", SCHEDULER, server.url_broker, server.url_results, fence],
                stdout=subprocess.PIPE,
                text=True,
            )
            for fence in ("11", "12")
        ]
        told = sorted(process.communicate(timeout=60)[0].split()[1] for process in started)
        assert told == ["False", "True"]
        assert queue_depth(servers.broker)["blocks"].waiting == 8
        assert len(open_runs(servers.results)) == 1


def test_what_could_not_be_fed_for_a_broker_that_was_away_is_fed_later(server: Server) -> None:
    away = redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    with emptied(server) as servers:
        run = register_night(night(servers, blocks=3, limit=2), WEEK, again=False)
        with pytest.raises(ServerError, match="broker"):
            feed(Queue(away), run)
        assert open_runs(servers.results) == [run.id]
        feed_by_name(Queue(servers.broker), servers.results, run.id)
        assert queue_depth(servers.broker)["blocks"].waiting == 2
    away.close()


def test_a_run_that_is_kept_no_longer_is_closed(server: Server) -> None:
    with emptied(server) as servers:
        run = register_night(night(servers, blocks=3, limit=2), WEEK, again=False)
        servers.results.delete(keys.run_key(run.id))
        feed_by_name(Queue(servers.broker), servers.results, run.id)
        assert open_runs(servers.results) == []


def test_who_registered_and_died_before_opening_the_run_is_helped_by_the_next(
    server: Server,
) -> None:
    with emptied(server) as servers:
        run = register_night(night(servers, blocks=3, limit=2), WEEK, again=False)
        servers.results.delete(keys.OPEN_RUNS, keys.RUNS)
        again = register_night(night(servers, blocks=3, limit=2, fence=9), WEEK, again=False)
        assert again.id == run.id
        assert open_runs(servers.results) == [run.id]


def test_a_night_that_is_over_is_joined_and_stays_over(server: Server) -> None:
    with emptied(server) as servers:
        run = register_night(night(servers, blocks=1, limit=2), WEEK, again=False)
        queue, world = Queue(servers.broker), World(servers, run)
        feed(queue, run)
        world.fetch(0)
        world.finish(0)
        assert feed(queue, run)
        joined = register_night(night(servers, blocks=1, limit=2, fence=9), WEEK, again=False)
        assert joined.id == run.id
        assert open_runs(servers.results) == []
        assert feed(queue, joined)
        assert queue_depth(servers.broker)["blocks"].waiting == 0


class Dying(redis.Redis):
    """A scheduler's client whose process ends before it has sent its n-th command."""

    left = 0

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if self.left == 0:
            raise ZeroDivisionError
        self.left -= 1
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


def test_whoever_dies_while_starting_a_night_that_has_a_run_has_one_that_is_fed(
    server: Server,
) -> None:
    with emptied(server) as servers, Dying.from_url(server.url_results) as dying:
        for commands in range(20):
            servers.broker.flushall()
            dying.left, died = commands, False
            try:
                register_night(
                    replace(night(servers, blocks=3, limit=2), results=dying), WEEK, again=False
                )
            except ZeroDivisionError:
                died = True
            if servers.results.exists(keys.night_key("demo", DAY)):
                Feeder(servers, AWAY).step()
                assert queue_depth(servers.broker)["blocks"].waiting == 2
            if not died:
                break
        assert commands > 3
        assert not died


def test_a_night_whose_run_is_gone_is_taken_over_by_one_of_many_schedulers(
    server: Server,
) -> None:
    with emptied(server) as servers:
        lost = register_night(night(servers, blocks=3, limit=2), WEEK, again=False)
        servers.results.delete(keys.run_key(lost.id))
        assert find_night(servers.results, "demo", DAY) is None

        def start(fence: int) -> Run:
            run = night(servers, blocks=3, limit=2, fence=fence)
            return register_night(run, WEEK, again=False)

        with ThreadPoolExecutor(8) as pool:
            runs = list(pool.map(start, range(10, 26)))
        assert len({run.id for run in runs}) == 1
        assert runs[0].id != lost.id
        found = find_night(servers.results, "demo", DAY)
        assert found is not None
        assert found.id == runs[0].id


def test_what_is_no_run_or_a_damaged_one_holds_up_no_other_and_is_told_once(
    server: Server,
) -> None:
    with emptied(server) as servers, capture_logs() as logs:
        results = servers.results
        foreign: Any = {"no run id": 1, b"\xff": 2}
        results.zadd(keys.OPEN_RUNS, foreign)
        halves, wrong, scribbled, good = (
            register_night(night(servers, blocks=3, limit=2, fence=fence), WEEK, again=True)
            for fence in (11, 12, 13, 14)
        )
        results.hdel(keys.run_key(halves.id), "fence")
        results.set(keys.run_key(wrong.id), "no hash")
        results.zrem(keys.RUNS, wrong.id)
        results.hset(keys.run_blocks_key(scribbled.id), "a note", "of somebody")
        feeder = Feeder(servers, AWAY)
        for _ in range(3):
            assert feeder.step() == AWAY.beat_seconds
        told = [log for log in logs if log["event"] == "run.not_fed"]
        assert {log["run"] for log in told} == {"no run id", "\ufffd", halves.id, wrong.id}
        assert len(told) == 4
        assert not any("exc_info" in log for log in told)
        (damaged,) = (log["error"] for log in told if log["run"] == halves.id)
        assert "field 'fence' is missing" in damaged
        assert queue_depth(servers.broker)["blocks"].waiting == 4
        assert [run.id for run in latest(results, 5)] == [good.id, scribbled.id]
    with pytest.raises(ServerError, match="results server"):
        Feeder(connect_both_patiently(AWAY), AWAY).step()


def test_asked_again_a_night_gets_a_run_of_its_own_and_both_come_to_their_end(
    server: Server,
) -> None:
    with emptied(server) as servers:
        first = register_night(night(servers, blocks=3, limit=2), WEEK, again=False)
        second = register_night(night(servers, blocks=3, limit=2, fence=9), WEEK, again=True)
        assert second.id != first.id
        joined = register_night(night(servers, blocks=3, limit=2, fence=10), WEEK, again=False)
        assert joined.id == second.id
        world = World(servers, first)
        for _ in range(20):
            for name in open_runs(servers.results):
                feed_by_name(Queue(servers.broker), servers.results, name)
            world.fetch(0)
            world.finish(0)
        assert open_runs(servers.results) == []
        assert count_progress(first).is_finished
        assert count_progress(second).is_finished


def test_a_block_that_was_cut_is_not_fed_again_while_its_parts_are_there(server: Server) -> None:
    with emptied(server) as servers:
        run = register_night(night(servers, blocks=1, limit=2), WEEK, again=False)
        world = World(servers, run)
        feed(world.feeder, run)
        world.fetch(0)
        world.cut(0)
        parts = ids_there(servers)
        assert len(parts) > 1
        assert not feed(world.feeder, run)
        assert ids_there(servers) == parts
        for _ in parts:
            assert not feed(world.feeder, run)
            world.fetch(1)
            world.finish(1)
        assert feed(world.feeder, run)
        assert count_progress(run).is_finished
