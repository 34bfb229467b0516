"""Clocks that are wrong: the servers' decide, and a machine whose own is off is refused."""

import os
import subprocess
import time

import pytest
from tests.faults.cluster import FAULTY_CHILD
from tests.faults.conftest import House, Play, StartCluster

from shopace.core.errors import ServerError
from shopace.workers.settings import check_for_work, encode_settings

DAY = 24 * 60 * 60


def test_f14_workers_whose_clocks_are_set_while_they_work(
    house: House, cluster: StartCluster, play: Play
) -> None:
    flag = house.tmp / "skewed"
    off = [
        cluster(1, skew_seconds=seconds, skew_file=flag, slow_seconds=0.02)
        for seconds in (DAY, -DAY)
    ]
    right = cluster(1, slow_seconds=0.02)
    house.until(lambda: all(each.ready for each in (*off, right)), "three workers", 60)
    house.ledger.enqueue(house.queue, house.jobs(house.fence()))
    house.until(lambda: all(each.events("job.finished") for each in off), "they work")
    flag.touch()
    set_at = flag.stat().st_mtime
    house.ledger.enqueue(house.queue, house.jobs(house.fence()))
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    assert flag.with_name("skewed.told").exists(), "F14 must fire"
    wrong = 0
    for each in off:
        assert not each.events("child.died")
        jobs = [event for event in each.events("job.finished") if event["when"] > set_at]
        assert jobs, "F14 must fire"
        wrong += len(jobs)
    verdict = house.keep_promises()
    astray = verdict.dead + house.ledger.counter("redelivered")
    assert astray == 0
    lives = house.results.pttl(f"shopace:v1:diagnosis:{{{house.shops[0]}}}") / 1000
    assert 0 <= house.settings.result_ttl_seconds - lives < 600
    play.add("F14", "set by ± 1 day: jobs done by such workers", wrong)
    play.add("F14", "redelivered, expired, dead-lettered", astray)


@pytest.mark.parametrize("seconds", [120, -120, DAY, -DAY])
def test_f14_a_machine_whose_clock_is_off_is_refused(
    house: House, play: Play, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    began = time.monotonic()
    child = subprocess.run(
        FAULTY_CHILD,
        input=encode_settings(house.settings),
        capture_output=True,
        env=os.environ | {"FAULT_SKEW_SECONDS": str(seconds)},
        check=False,
    )
    took = time.monotonic() - began
    assert child.returncode == ServerError.exit_code
    side = "behind" if seconds > 0 else "ahead of"
    assert f"{abs(seconds):,} s {side} that of this machine, 5 s".encode() in child.stderr
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + seconds)
    with pytest.raises(ServerError, match="the clock of the broker server"):
        check_for_work(house.settings)
    check_for_work(house.with_(clock_skew_seconds=2 * DAY))
    play.add("F14", "start refused after", took, "s")


def test_f14_an_old_job_expires_by_the_servers_clock(
    house: House, cluster: StartCluster, play: Play
) -> None:
    seconds, micros = house.results.time()
    now = seconds * 1_000_000 + micros
    limit = house.settings.job_age_limit_ms * 1000
    old, young = now - limit - 1_000_000, now - limit + 60_000_000
    settings = house.with_(clock_skew_seconds=2 * DAY)
    workers = cluster(1, settings, skew_seconds=DAY)
    house.ledger.enqueue(house.queue, house.jobs(old, 1))
    house.ledger.enqueue(house.queue, house.jobs(young)[1:2])
    house.until(lambda: house.ledger.left() == 0, "both are at their end", 60)
    assert workers.events("job.finished")
    verdict = house.keep_promises()
    assert (verdict.done, verdict.dead) == (1, 1)
    ((_, why),) = house.ledger.dead_letters()
    assert why["reason"] == "expired"
    play.add("F14", "its own clock is a day off, 1 s past the limit", why["reason"])
