"""Worker processes: killed, told to stop, left behind."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from structlog.testing import capture_logs
from tests.conftest import is_running
from tests.faults.cluster import Cluster
from tests.workers.conftest import (
    BLOCK_SHOPS,
    BLOCKS,
    NAMESPACE,
    Hold,
    Marketplace,
    Queue,
    StartChild,
)

from shopace.core.errors import ServerError
from shopace.workers import runs
from shopace.workers.embedded import embedded_server
from shopace.workers.keeper import Keeper
from shopace.workers.runs import start_nightly, wait
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Supervisor

SHOPS = BLOCKS * BLOCK_SHOPS
Until = Callable[..., None]


def nightly(made: Marketplace) -> runs.Run:
    return start_nightly(made.settings, made.snapshot, None, made.policy)


def test_a_killed_child_is_replaced_alone_and_its_jobs_are_done_elsewhere(
    marketplace: Marketplace, hold: Hold, until: Until,
    queue: Queue,
) -> None:  # fmt: skip
    with Supervisor(marketplace.settings, processes=2, command=hold.command) as supervisor:
        run = nightly(marketplace)
        until(lambda: len(hold.pids()) == 2, "both children are in the middle of a block")
        victim, sibling = hold.pids()
        os.kill(victim, signal.SIGKILL)
        until(lambda: not is_running(victim), "the victim is dead")
        assert queue.unacknowledged() >= 2, "the fault must hit a job"
        hold.release()
        end = wait(run, timeout=60)
        until(lambda: len(supervisor.pids) == 2, "the dead child is replaced")
        assert sibling in supervisor.pids
        assert victim not in supervisor.pids
        until(lambda: queue.unacknowledged() == 0, "nothing is left to a dead worker")
    assert (end.shops_done, end.failed) == (SHOPS, 0)
    assert end.written + end.duplicate == SHOPS


def test_told_to_stop_a_child_finishes_its_job_and_hands_back_the_others(
    marketplace: Marketplace, hold: Hold, until: Until,
    start_child: StartChild, queue: Queue,
) -> None:  # fmt: skip
    run = nightly(marketplace)
    child = start_child(marketplace.settings, hold.command)
    until(hold.pids, "the first block has begun")
    until(lambda: queue.unacknowledged() == 2, "a second one is fetched")
    child.send_signal(signal.SIGTERM)
    until(hold.stopping, "it will begin no other")
    assert child.poll() is None
    hold.release()
    assert child.wait(30) == 0
    assert queue.unacknowledged() == 0
    assert runs.progress(run).blocks_done == 1
    assert queue.waiting() == queue.bodies() == BLOCKS - 1


def test_an_idle_child_ends_cleanly_and_leaves_ctrl_c_to_the_supervisor(
    marketplace: Marketplace, hold: Hold, until: Until,
    start_child: StartChild,
) -> None:  # fmt: skip
    child = start_child(marketplace.settings, hold.command)
    run = nightly(marketplace)
    until(hold.pids, "it works")
    child.send_signal(signal.SIGINT)
    hold.release()
    wait(run, timeout=60)
    assert child.poll() is None
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_supervisor_told_to_stop_takes_its_children_along(
    marketplace: Marketplace, hold: Hold, until: Until,
    number: signal.Signals, queue: Queue,
) -> None:  # fmt: skip
    run = nightly(marketplace)
    with Cluster(
        marketplace.settings, marketplace.settings.data / "log", 2, command=hold.command
    ) as supervisor:
        until(lambda: len(hold.pids()) == 2, "both children work")
        supervisor.process.send_signal(number)
        until(lambda: len(hold.stopping()) == 2, "both will begin no other block")
        hold.release()
        assert supervisor.process.wait(30) == 0
    assert not any(is_running(pid) for pid in hold.pids())
    assert queue.unacknowledged() == 0
    assert runs.progress(run).blocks_done == 2


@pytest.mark.skipif(sys.platform != "linux", reason="parent death signals are Linux's own")
def test_children_do_not_outlive_a_supervisor_that_was_killed(
    marketplace: Marketplace, hold: Hold, until: Until
) -> None:
    nightly(marketplace)
    with Cluster(
        marketplace.settings, marketplace.settings.data / "log", 2, command=hold.command
    ) as supervisor:
        until(lambda: len(hold.pids()) == 2, "both children work")
        supervisor.process.kill()
        supervisor.process.wait()
    hold.release()
    until(lambda: not any(is_running(pid) for pid in hold.pids()), "the children are gone")


def test_a_child_that_does_not_end_within_its_grace_is_killed(
    marketplace: Marketplace, hold: Hold, until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("shopace.workers.supervisor._BEYOND_GRACE_SECONDS", 0)
    settings = msgspec.structs.replace(marketplace.settings, grace_seconds=0.2)
    nightly(marketplace)
    with capture_logs() as logs:
        with Supervisor(settings, processes=1, command=hold.command):
            until(hold.pids, "the child is in the middle of a block")
            (pid,) = hold.pids()
            os.kill(pid, signal.SIGSTOP)
        assert not is_running(pid)
    assert "child.killed" in [log["event"] for log in logs]


def test_children_that_die_at_once_are_started_ever_more_slowly(
    settings: Settings, until: Until
) -> None:
    impatient = msgspec.structs.replace(
        settings, respawn_seconds=0.01, respawn_longest_seconds=0.05
    )
    command = [sys.executable, "-c", "raise SystemExit(7)"]
    with capture_logs() as logs:

        def waits() -> list[Any]:
            deaths = [log for log in logs if log["event"] == "child.died"]
            assert all(death["cause"] == "exit code 7" for death in deaths)
            return [death["again_in_seconds"] for death in deaths]

        with Supervisor(impatient, processes=1, command=command):
            until(lambda: len(waits()) >= 5, "five deaths")
    assert waits()[:5] == sorted(waits()[:5])
    assert waits()[0] < waits()[4] == pytest.approx(0.1, abs=0.06)


def test_a_child_that_cannot_be_started_is_tried_again(settings: Settings, until: Until) -> None:
    impatient = msgspec.structs.replace(settings, respawn_longest_seconds=0.05)
    with capture_logs() as logs:

        def failures() -> list[Any]:
            return [log["cause"] for log in logs if log["event"] == "child.not_started"]

        with Supervisor(impatient, processes=1, command=["/no/such/program"]) as supervisor:
            until(lambda: len(failures()) >= 3, "three failures")
            assert supervisor.pids == []
    assert "/no/such/program" in failures()[0]


def test_a_child_that_dies_of_a_signal_without_a_name_costs_nobody_else(
    settings: Settings, until: Until
) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with capture_logs() as logs, Supervisor(settings, processes=2, command=command) as supervisor:
        until(lambda: len(supervisor.pids) == 2, "two children")
        victim, sibling = supervisor.pids
        os.kill(victim, 35)
        until(lambda: [log for log in logs if log["event"] == "child.died"], "its death is told")
        until(lambda: len(supervisor.pids) == 2, "it is replaced")
        assert sibling in supervisor.pids
    (death,) = [log for log in logs if log["event"] == "child.died"]
    assert (death["pid"], death["cause"]) == (victim, "signal 35")


def test_a_mistake_of_ours_over_one_child_costs_nobody_else(
    settings: Settings, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("shopace.workers.supervisor._cause", fail)
    monkeypatch.setattr("shopace.workers.supervisor._AFTER_MISTAKE_SECONDS", 0)
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with capture_logs() as logs, Supervisor(settings, processes=2, command=command) as supervisor:
        until(lambda: len(supervisor.pids) == 2, "two children")
        victim, sibling = supervisor.pids
        os.kill(victim, signal.SIGKILL)
        told = "child.not_looked_after"
        until(lambda: [log["event"] for log in logs].count(told) > 1, "it fails, and goes on")
        assert supervisor.pids == [sibling]


def test_a_child_that_never_asks_for_work_is_ended_wherever_it_hangs(
    settings: Settings, until: Until
) -> None:
    answers = "from shopace.workers.marker import Marker; Marker.inherited().answer(); "
    for prepared, stack in ((answers, ["<string>:1 <module>"]), ("", [])):
        # Long enough to get that far, or so short that it never does.
        impatient = msgspec.structs.replace(settings, wedged_seconds=3 if prepared else 0.5)
        hangs = [sys.executable, "-c", f"{prepared}import time; time.sleep(600)"]
        with capture_logs() as logs, Supervisor(impatient, processes=1, command=hangs):
            until(lambda: [log for log in logs if log["event"] == "child.died"], "it is ended")
        death = next(log for log in logs if log["event"] == "child.died")
        assert death["cause"].startswith("has not asked for work for ")
        assert death["stack"] == stack


WORKING = """#!{python}
import signal
from shopace.workers.marker import Marker
marker = Marker.inherited()
marker.name("w1")
marker.beat()
with marker.working("x"):
    signal.pause()
"""


def test_of_the_dead_nobody_says_that_they_work(
    settings: Settings, tmp_path: Path, until: Until
) -> None:
    program = tmp_path / "child"
    program.write_text(WORKING.format(python=sys.executable))
    program.chmod(0o755)
    with (
        capture_logs() as logs,
        Supervisor(settings, processes=1, command=[str(program)]) as supervisor,
    ):
        until(lambda: supervisor.health().working == 1, "it works")
        assert supervisor.health().asking == 1
        program.unlink()
        os.kill(supervisor.pids[0], signal.SIGKILL)
        until(lambda: [log for log in logs if log["event"] == "child.not_started"], "none follows")
        health = supervisor.health()
        assert (health.children, health.asking, health.working) == (1, 0, 0)


def test_while_the_broker_is_full_the_keeper_goes_on_and_says_so_until_it_is_not(
    settings: Settings, broker_client: redis.Redis
) -> None:
    client: Any = broker_client
    alive = ["w1"]
    keeper = Keeper(client, settings, lambda: alive)
    client.config_set("maxmemory", "1")
    try:
        for each in ("w2", "w3"):  # the canary finds no room, and is not forgotten
            alive.append(each)
            with pytest.raises(redis.ResponseError, match="maxmemory"):
                keeper.step()
            assert each.encode() in client.zrange(f"{NAMESPACE}:workers", 0, -1)
    finally:
        client.config_set("maxmemory", "0")
    assert keeper.step() == settings.beat_seconds
    assert client.llen(f"{NAMESPACE}:canary") == 1


def test_told_to_stop_while_the_broker_is_away_a_child_ends_cleanly(
    settings: Settings, tmp_path: Path, start_child: StartChild
) -> None:
    with embedded_server(tmp_path / "own") as server:
        child = start_child(msgspec.structs.replace(settings, broker_url=server.url_broker))
        assert child.stderr is not None
        lines = [child.stderr.readline()]
        while b"child.ready" not in lines[-1]:
            lines.append(child.stderr.readline())
        os.kill(server.pid, signal.SIGKILL)
        child.send_signal(signal.SIGTERM)
        lines += child.stderr.readlines()
    assert child.wait(30) == 0
    events = [msgspec.json.decode(line)["event"] for line in lines]  # no raw traceback
    assert events[-1] == "messages.not_given_back"


def test_without_a_server_no_child_is_started(settings: Settings) -> None:
    away = msgspec.structs.replace(settings, results_url="redis://127.0.0.1:1/0")
    with pytest.raises(ServerError, match="results server"):
        Supervisor(away, processes=1).__enter__()


def test_a_child_without_a_server_says_so_in_one_line_and_ends_with_its_code(
    settings: Settings, start_child: StartChild
) -> None:
    away = msgspec.structs.replace(settings, broker_url="redis://:canary@127.0.0.1:1/0")
    child = start_child(away)
    _, written = child.communicate(timeout=30)
    assert child.returncode == ServerError.exit_code
    line = msgspec.json.decode(written)
    assert line["event"] == "child.refused"
    assert "127.0.0.1:1" in line["error"]
    assert b"canary" not in written
