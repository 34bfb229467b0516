"""The servers and the wires to them: killed, cut, silent, full, and set up wrongly."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
from tests.faults.cluster import Cluster
from tests.faults.conftest import BLOCK_SHOPS, SILENT_MS, House, Play, StartCluster
from tests.faults.ledger import Ledger
from tests.faults.proxy import Proxy
from tests.faults.servers import ServerProcess

from shopace.core.errors import ServerError
from shopace.workers.broker import enqueue
from shopace.workers.queue import SHOPS, Queue
from shopace.workers.settings import Settings, answered, connect_briefly


class Producer:
    """Enqueues shop after shop all the time; the ledger has what was accepted."""

    def __init__(self, house: House, url: str) -> None:
        self._house, self._url = house, url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._produce, name="producer", daemon=True)
        self.refused = 0
        self.longest_seconds = 0.0
        """Of one call, whether accepted or refused."""

    def _produce(self) -> None:
        client: Any = None
        fence = 0
        while not self._stop.wait(0.1):
            fence += 1
            jobs = self._house.jobs(fence, 4)
            began = time.monotonic()
            try:
                if client is None:
                    client = connect_briefly(self._url, "broker")
                with answered("broker"):
                    self._house.ledger.enqueue(Queue(client), jobs)
            except ServerError:
                self.refused += 1
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def through(house: House, wire: Proxy, **changes: Any) -> Settings:
    return house.with_(broker_url=wire.url(0), results_url=wire.url(1), **changes)


# What is acknowledged is in the file then; else a slow disk may hold it up for two seconds.
written_through = pytest.mark.parametrize(
    "redis_proc", [("--appendfsync", "always")], indirect=True, ids=["written through"]
)


def first_after(cluster: Cluster, instant: float, event: str = "job.finished") -> float | None:
    """Seconds from an instant to the first event of that name."""
    return next(
        (at["when"] - instant for at in cluster.events(event) if at["when"] > instant), None
    )


@written_through
def test_f3_the_server_is_killed_and_started_again(
    house: House, cluster: StartCluster, play: Play
) -> None:
    workers = cluster(2, slow_seconds=0.01)
    house.until(lambda: len(workers.ready) == 2, "two workers", 60)
    rounds, resumed = play.times(2, 5), []
    with Producer(house, house.settings.broker_url) as producer:
        for _ in range(rounds):
            done = len(workers.events("job.finished"))
            house.until(lambda: len(workers.events("job.finished")) > done + 3, "it works")  # noqa: B023
            time.sleep(play.chance.uniform(0.1, 0.5))
            house.server.kill()
            time.sleep(2)
            house.server.start()
            up = time.time()
            house.until(lambda: first_after(workers, up) is not None, "work goes on")  # noqa: B023
            resumed.append(first_after(workers, up) or 0.0)
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    assert producer.refused, "F3 must fire"
    assert not workers.events("child.died")
    verdict = house.keep_promises()
    assert verdict.dead == 0
    play.add("F3", "rounds", rounds)
    play.add("F3", "accepted", len(house.ledger.accepted))
    play.add("F3", "lost", len(verdict.lost))
    play.add("F3", "worker restarts", len(workers.events("child.died")))
    play.add("F3", "work resumed after", resumed, "s")


def test_f5a_connections_are_cut(
    house: House, proxy: Proxy, cluster: StartCluster, play: Play
) -> None:
    workers = cluster(2, through(house, proxy), slow_seconds=0.01)
    house.until(lambda: len(workers.ready) == 2, "two workers", 60)
    with Producer(house, proxy.url(0)) as producer:
        house.until(lambda: len(workers.events("job.finished")) > 3, "it works")
        proxy.set("cut")
        time.sleep(play.times(3, 8))
        proxy.set("pass")
        healed = time.time()
        house.until(lambda: first_after(workers, healed) is not None, "work goes on")
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    assert proxy.resets, "F5a must fire"
    assert producer.refused
    assert not workers.events("child.died")
    verdict = house.keep_promises()
    assert verdict.dead == 0
    play.add("F5a", "connections cut", proxy.resets)
    play.add("F5a", "lost", len(verdict.lost))
    play.add("F5a", "work resumed after", first_after(workers, healed) or 0.0, "s")
    play.add("F5a", "enqueueing refused within", producer.longest_seconds, "s")


@pytest.mark.parametrize("mode", ["blackhole", "one_way", "stopped"])
def test_f5b_nobody_answers_and_nothing_is_closed(
    house: House,
    proxy: Proxy,
    cluster: StartCluster,
    play: Play,
    mode: str,
) -> None:
    workers = cluster(2, through(house, proxy), slow_seconds=0.01)
    house.until(lambda: len(workers.ready) == 2, "two workers", 60)

    @contextmanager
    def silent() -> Iterator[None]:
        if mode == "stopped":
            house.server.pause()
        else:
            proxy.set("blackhole" if mode == "blackhole" else "one_way")
        yield
        if mode == "stopped":
            house.server.resume()
        else:
            proxy.set("pass")

    with Producer(house, proxy.url(0)) as producer:
        house.until(lambda: len(workers.events("job.finished")) > 3, "it works")
        with silent():
            began = time.time()
            house.until(lambda: producer.refused, "a producer is refused")
            house.until(lambda: workers.events("chore.away"), "the workers noticed")
            time.sleep(max(0.0, began + play.times(4, 30) - time.time()))
        healed = time.time()
        house.until(lambda: first_after(workers, healed) is not None, "work goes on")
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    if mode != "stopped":
        assert proxy.swallowed, "F5b must fire"
    assert not workers.events("child.died")
    verdict = house.keep_promises()
    assert verdict.dead == 0
    play.add("F5b", f"{mode}: lost", len(verdict.lost))
    play.add("F5b", "noticed after", first_after(workers, began, "chore.away") or 0.0, "s")
    play.add("F5b", "work resumed after", first_after(workers, healed) or 0.0, "s")
    play.add("F5b", "enqueueing refused within", producer.longest_seconds, "s")


def test_f5b_a_late_worker_does_not_overwrite_what_is_newer(
    house: House, proxy: Proxy, cluster: StartCluster, play: Play
) -> None:
    hold = house.tmp / "hold"
    hold.touch()
    late = cluster(1, through(house, proxy, heartbeat_timeout_ms=SILENT_MS), hold=hold)
    house.nightly()
    house.until(lambda: late.events("job.started"), "it is in the middle of a block", 60)
    proxy.set("blackhole")
    other = cluster(1, house.with_(heartbeat_timeout_ms=SILENT_MS))
    newer = house.nightly()
    house.until(lambda: house.ledger.left() == 0, "the other one has done everything", 90)
    assert other.events("job.finished")
    before = house.stored()
    proxy.set("pass")
    hold.unlink()
    house.until(lambda: late.events("job.finished"), "the late one is done too")
    stale = sum(event["stale"] for event in late.events("job.finished"))
    assert stale >= BLOCK_SHOPS, "F5b must fire"
    overwritten = sum(body != before[shop] for shop, body in house.stored().items())
    assert overwritten == 0
    assert {fence for _, fence in house.ledger.places().values()} == {newer.fence}
    house.keep_promises()
    play.add("F5b", "stale writes refused", stale)
    play.add("F5b", "stale overwrites", overwritten)


@written_through
def test_f3_after_a_long_absence_of_the_server_nobody_is_taken_for_dead(
    house: House, cluster: StartCluster, play: Play
) -> None:
    hold = house.tmp / "hold"
    hold.touch()
    settings = house.with_(heartbeat_timeout_ms=5_000)
    machines = [cluster(1, settings, hold=hold) for _ in range(3)]
    house.nightly()
    for each in machines:
        house.until(lambda: each.events("job.started"), "it is in the middle of a block", 60)  # noqa: B023
    house.server.kill()
    for each in machines:
        house.until(lambda: each.events("chore.away"), "the machine noticed")  # noqa: B023
    time.sleep(settings.heartbeat_timeout_ms / 1000)
    house.server.start()
    for each in machines:
        house.until(lambda: each.events("chore.back"), "it is back")  # noqa: B023
    beats = house.broker.zrange("shopace:v1:{broker}:workers", 0, -1, withscores=True)
    house.until(
        lambda: all(house.broker.zscore("shopace:v1:{broker}:workers", name) != score
                    for name, score in beats),
        "all workers are vouched for again",
    )  # fmt: skip
    hold.unlink()
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    assert house.keep_promises().dead == 0
    redelivered = house.ledger.counter("redelivered")
    assert redelivered == 0
    assert not any(each.events("job.cut") for each in machines)
    play.add("F3", "away beyond the heartbeat: jobs taken from workers", redelivered)


def test_f5c_answers_are_lost_after_the_work_is_done(
    house: House, proxy: Proxy, cluster: StartCluster, play: Play
) -> None:
    workers = cluster(2, through(house, proxy), slow_seconds=0.01)
    house.until(lambda: len(workers.ready) == 2, "two workers", 60)
    house.ledger.enqueue(house.queue, house.jobs(1, 8))
    house.until(lambda: house.ledger.left() == 0, "scripts are known to the server")
    client = connect_briefly(proxy.url(0), "broker")
    for fence in range(2, 2 + play.times(3, 20)):
        for word in ("fetch", "start", "ack", "HMGET", "shopace.diagnosis"):
            proxy.lose_answers(word, 2)
        proxy.lose_answers("enqueue", 1)
        house.ledger.enqueue(Queue(client), house.jobs(fence, 32))
        house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    lost, accepted = proxy.lost, len(house.ledger.accepted)
    assert lost, "F5c must fire"
    verdict = house.keep_promises()
    assert verdict.dead == 0
    runs: dict[tuple[str, str], int] = {}
    for event in workers.events("job.started"):
        at = (event["run"], event["shop"])
        runs[at] = runs.get(at, 0) + 1
    assert len(runs) == accepted, "a job never ran"
    told = Counter(
        tuple(fields[name].decode() for name in (b"shop", b"as_of", b"fence"))
        for _, fields in house.results.xrange("shopace:v1:events")
    )
    given = {(job.shop, str(job.as_of), str(job.fence)) for job in house.ledger.accepted}
    assert told.keys() <= given, "an event has the (as_of, fence) of its job"
    new = {job.shop for job in house.ledger.accepted}
    assert {shop for shop, *_ in told} == new, "of what is new there is at least one"
    play.add("F5c", "answers lost", lost)
    play.add("F5c", "jobs", accepted)
    play.add("F5c", "most runs of one job", max(runs.values()))
    play.add("F5c", "most events of one (shop, fence)", max(told.values()))
    play.add("F5c", "lost", len(verdict.lost))


def test_f15_the_broker_is_full(house: House, cluster: StartCluster, play: Play) -> None:
    with ServerProcess() as server:
        client = server.client(0)
        settings = house.with_(broker_url=server.url(0))
        ledger = Ledger(client, house.results, house.snapshot)
        house = house._replace(settings=settings, broker=client, ledger=ledger)
        workers = cluster(2, settings, slow_seconds=0.05)
        house.until(lambda: len(workers.ready) == 2, "two workers", 60)
        house.ledger.enqueue(house.queue, house.jobs(1))
        house.until(lambda: workers.events("job.finished"), "it works")
        client.config_set("maxmemory", "1mb")
        full = time.time()
        with pytest.raises(ServerError, match=r"refuses: .*maxmemory"), answered("broker"):
            enqueue(house.queue, SHOPS, house.jobs(2))
        house.until(lambda: ledger.left() == 0, "a full queue is worked off", 60)
        meanwhile = first_after(workers, full)
        assert meanwhile is not None, "F15 must fire while there is work"
        client.config_set("maxmemory", "0")
        freed = time.time()
        ledger.enqueue(house.queue, house.jobs(3, 32))
        house.until(lambda: ledger.left() == 0, "all jobs are at their end", 60)
        assert not workers.events("child.died")
        verdict = house.keep_promises()
        assert verdict.dead == 0
        restarts = [
            event for event in workers.events() if "Consumer encountered" in str(event["event"])
        ]
        assert not restarts
    play.add("F15", "lost", len(verdict.lost))
    play.add("F15", "consumer restarts", len(restarts))
    play.add("F15", "while it is full, the next job done after", meanwhile, "s")
    play.add(
        "F15",
        "after it was freed, the next job done after",
        first_after(workers, freed) or 0.0,
        "s",
    )


def test_f15_the_results_server_is_full(house: House, cluster: StartCluster, play: Play) -> None:
    with ServerProcess() as server:
        client = server.client(0)
        settings = house.with_(broker_url=server.url(0))
        ledger = Ledger(client, house.results, house.snapshot)
        house = house._replace(settings=settings, broker=client, ledger=ledger)
        workers = cluster(2, settings, slow_seconds=0.02)
        house.until(lambda: len(workers.ready) == 2, "two workers", 60)
        house.results.config_set("maxmemory", "1mb")
        ledger.enqueue(house.queue, house.jobs(1, 12))
        house.until(
            lambda: len(workers.events("job.retried")) > 60, "more often than a job is tried"
        )
        tried = workers.events("job.retried")
        took = tried[-1]["when"] - tried[0]["when"]
        house.results.config_set("maxmemory", "0")
        freed = time.time()
        house.until(lambda: ledger.left() == 0, "all jobs are at their end", 60)
        verdict = house.keep_promises()
        missed = len(verdict.lost) + verdict.dead
        assert (verdict.done, verdict.superseded, missed) == (12, 0, 0)
    play.add("F15", "results server full: lost or dead-lettered", missed)
    play.add("F15", "attempts a second (2 workers, a rest of 0.1 s)", len(tried) / took)
    play.add("F15", "resumed after", first_after(workers, freed) or 0.0, "s")


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_f16_a_server_that_would_evict_is_refused(house: House, play: Play, policy: str) -> None:
    house.server.client(0).config_set("maxmemory-policy", policy)
    began = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "shopace.service.cli", "worker", "--data", house.settings.data],
        env=os.environ
        | {
            "SHOPACE_BROKER_URL": house.settings.broker_url,
            "SHOPACE_RESULTS_URL": house.settings.results_url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    assert run.returncode == ServerError.exit_code
    assert f"maxmemory-policy {policy}" in run.stderr
    assert "Traceback" not in run.stderr
    play.add("F16", f"{policy}: refused with exit code", str(run.returncode))
    play.add("F16", "refused after", took, "s")
