"""Worker processes that are killed, told to go, stopped, and lost with their machine."""

import os
import signal
import time
from typing import Any

import msgspec
import pytest
from tests.faults.cluster import Cluster
from tests.faults.conftest import LONG, SILENT_MS, House, Play, StartCluster


def key_of(event: dict[str, Any]) -> str:
    """The message of a `job.started`, as `child.died` names it; without the part of a block."""
    what = event["shop"] if "shop" in event else event["block"]
    return f"{event['run']}:{event['fence']}:{what}"


def deaths_in_jobs(*clusters: Cluster) -> list[dict[str, Any]]:
    return [
        event
        for each in clusters
        for event in each.events("child.died")
        if event["message"] is not None and event["message"] != "canary"
    ]


def redeliveries(cluster: Cluster, dead: list[dict[str, Any]]) -> list[float]:
    """Seconds from each death in a job until that job was begun again."""
    started = cluster.events("job.started")
    waits = []
    for death in dead:
        again = [
            event["when"] - death["when"]
            for event in started
            if death["message"].startswith(key_of(event)) and event["when"] > death["when"]
        ]
        if again:
            waits.append(min(again))
    return waits


def respawns(cluster: Cluster) -> list[float]:
    """Seconds from each death until there was another process in its place."""
    waits = []
    for death in cluster.events("child.died"):
        again = [
            event["when"] - death["when"]
            for event in cluster.events("child.started")
            if event["child"] == death["child"] and event["when"] > death["when"]
        ]
        if again:
            waits.append(min(again))
    return waits


def test_f1_workers_killed_in_the_middle_of_jobs(
    house: House, cluster: StartCluster, play: Play
) -> None:
    kills, rounds = play.times(5, 200), play.times(2, 104)
    workers = cluster(3, slow_seconds=play.times(40, 50) / 1000)
    house.until(lambda: len(workers.ready) == 3, "three workers", 60)
    number = 0
    while number < rounds:
        number += 1
        house.ledger.enqueue(house.queue, house.jobs(fence=number))
    victims: list[int] = []
    while len(victims) < kills:
        time.sleep(play.chance.uniform(0.05, 0.4))
        if house.ledger.left() < len(house.shops):  # there is always work to be killed in
            number += 1
            house.ledger.enqueue(house.queue, house.jobs(fence=number))
        ready = workers.ready
        if len(ready) < 2:
            continue
        victims.append(play.chance.choice(ready))
        os.kill(victims[-1], signal.SIGKILL)
        house.until(lambda: victims[-1] not in workers.pids, "the death is noticed")
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", play.times(60, 1200))
    house.until(lambda: len(workers.pids) == 3, "the last dead one is replaced")
    dead = deaths_in_jobs(workers)
    assert len(victims) == kills, "F1 must fire"
    assert dead, "F1: no kill fell into a job"
    died = {event["pid"] for event in workers.events("child.died")}
    assert [each for each in workers.events("child.died") if each["pid"] not in victims] == []
    assert died == set(victims), "siblings live"
    verdict = house.keep_promises()
    assert verdict.dead == 0, "random kills condemn nobody"
    again = redeliveries(workers, dead)
    assert len(again) == len(dead)
    play.add("F1", "kills", f"{kills}, {len(dead)} of them in a job")
    play.add("F1", "jobs", len(house.ledger.accepted))
    play.add("F1", "lost", len(verdict.lost))
    play.add("F1", "dead-lettered", verdict.dead)
    play.add("F1", "siblings lost", len(died - set(victims)))
    play.add("F1", "begun again after", again, "s")
    play.add("F1", "respawned after", respawns(workers), "s")


def test_f1_blocks_killed_in_the_middle_are_cut_and_done(
    house: House, cluster: StartCluster, play: Play
) -> None:
    hold = house.tmp / "hold"
    hold.touch()
    workers = cluster(2, hold=hold)
    house.nightly()
    house.until(lambda: len(workers.events("job.started")) == 2, "two blocks are begun", 60)
    os.kill(workers.ready[0], signal.SIGKILL)
    hold.unlink()
    house.until(lambda: house.ledger.left() == 0, "all blocks are at their end", 60)
    assert deaths_in_jobs(workers), "F1: the kill fell into no block"
    verdict = house.keep_promises()
    assert verdict.done == len(house.shops)
    expected = house.documents()
    assert house.stored() == {shop: each.body for shop, each in expected.items()}, "I3"
    play.add("F1", "blocks: shops lost", len(verdict.lost))


@pytest.mark.parametrize("form", ["test settings", "default"])
def test_f1_a_machine_is_lost_and_another_goes_on(
    house: House, cluster: StartCluster, play: Play, form: str
) -> None:
    settings = house.with_(heartbeat_timeout_ms=SILENT_MS)
    if form == "default":
        if not LONG:
            pytest.skip("takes its 15 s")
        settings = house.with_(heartbeat_timeout_ms=15_000, beat_seconds=2)
    hold = house.tmp / "hold"
    hold.touch()
    lost = cluster(2, settings, hold=hold)
    house.nightly()
    house.until(
        lambda: len(lost.events("job.started")) == 2, "both are in the middle of a block", 60
    )
    other = cluster(1, settings)
    house.until(lambda: other.ready, "another machine is there", 60)
    house.until(lambda: house.ledger.left() == 2 * 2, "it has done what nobody held", 60)
    began = time.time()
    lost.kill()
    house.until(lambda: house.ledger.left() == 0, "what the lost one held is done elsewhere", 90)
    assert house.keep_promises().done == len(house.shops)
    known = {key_of(event) for event in lost.events("job.started")}
    again = [
        event["when"] - began
        for event in other.events("job.started")
        if key_of(event) in known and event["when"] > began
    ]
    assert again, "F1: it held nothing"
    play.add("F1", f"machine lost, {form}: begun elsewhere after", max(again), "s")


def test_f2_a_rolling_deployment_under_load(
    house: House, cluster: StartCluster, play: Play
) -> None:
    rounds = play.times(2, 10)
    old = cluster(2, slow_seconds=0.03)
    house.until(lambda: len(old.ready) == 2, "the first workers are there", 60)
    begun = finished = 0
    took: list[float] = []
    for number in range(rounds):
        house.ledger.enqueue(house.queue, house.jobs(fence=number + 1))
        house.until(lambda: len(old.events("job.finished")) > 5, "it works")  # noqa: B023
        new = cluster(2, slow_seconds=0.03)
        asked = time.monotonic()
        assert old.terminate() == 0
        took.append(time.monotonic() - asked)
        begun += len(old.events("job.started"))
        finished += len(old.events("job.finished"))
        old = new
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    verdict = house.keep_promises()
    assert verdict.dead == 0
    assert finished == begun, "what was begun was finished"
    assert house.ledger.counter("redelivered") == 0
    events = [
        (fields[b"shop"], fields[b"fence"])
        for _, fields in house.results.xrange("shopace:v1:events")
    ]
    assert len(events) == len(set(events)), "an event of a card came twice"
    play.add("F2", "deployments", rounds)
    play.add("F2", "lost", len(verdict.lost))
    play.add("F2", "running jobs finished", f"{finished} of {begun}")
    play.add("F2", "events told twice", len(events) - len(set(events)))
    play.add("F2", "ended after", took, "s")


def test_f30_a_child_that_is_stopped_in_a_job_is_replaced(
    house: House, cluster: StartCluster, play: Play
) -> None:
    settings = house.with_(wedged_seconds=play.times(5, 20))
    workers = cluster(2, settings, slow_seconds=0.2)
    house.until(lambda: len(workers.ready) == 2, "two workers", 60)
    waits = []
    for number in range(play.times(1, 4)):
        begun = len(workers.events("job.started"))
        house.ledger.enqueue(house.queue, house.jobs(fence=number + 1, count=12))
        house.until(lambda: len(workers.events("job.started")) > begun + 1, "they work")  # noqa: B023
        victim = workers.ready[0]
        os.kill(victim, signal.SIGSTOP)
        stopped = time.monotonic()
        house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 90)
        house.until(lambda: len(workers.ready) == 2, "it is replaced", 90)
        waits.append(time.monotonic() - stopped)
        assert victim not in workers.pids, "F30 must fire"
    assert house.keep_promises().dead == 0
    assert any("asked for work" in each["cause"] for each in workers.events("child.died"))
    play.add("F30", f"stopped ({settings.wedged_seconds:g} s allowed), replaced after", waits, "s")


def test_f30_children_killed_at_boot(house: House, cluster: StartCluster, play: Play) -> None:
    settings = msgspec.structs.replace(house.settings, respawn_seconds=0.5)
    workers = cluster(1, settings)
    waits: list[float] = []
    for number in range(play.times(3, 20)):  # each kills one that works, and the next as it boots
        if number:
            os.kill(workers.ready[0], signal.SIGKILL)
        house.until(lambda: len(workers.events("child.started")) > 2 * number, "it boots")  # noqa: B023
        time.sleep(play.chance.uniform(0, 0.6))
        victim = workers.events("child.started")[-1]["pid"]
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        house.ledger.enqueue(house.queue, house.jobs(fence=number + 1, count=3))
        house.until(lambda: house.ledger.left() == 0, "back to work", 60)
        waits.append(time.monotonic() - killed)
        house.until(lambda: workers.ready, "another child")
    assert len(workers.events("child.died")) >= len(waits), "F30 must fire"
    house.keep_promises()
    play.add("F30", "killed at boot, back to work", f"{len(waits)} of {len(waits)}")
    play.add("F30", "killed at boot, back to work after", waits, "s")
