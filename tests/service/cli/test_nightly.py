"""One run per night, however often and by whomever it is started; and the schedule that does it."""

import dataclasses
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.service.cli.conftest import Running

from shopace.service.cli import schedule
from shopace.service.cli.session import Session
from shopace.workers.embedded import embedded_server
from shopace.workers.queue import key
from shopace.workers.settings import connect_both, settings_from_environment

Call = Callable[..., Result]
Ask = Callable[..., Any]
PROGRAM = (sys.executable, "-m", "shopace.service.cli")


@pytest.fixture
def home(running: Running, tmp_path: Path) -> Path:
    """A data folder of the test's own, with the server of the running one and its night."""
    data = tmp_path / "home"
    ignored = shutil.ignore_patterns("*.sock", "worker.log")
    return Path(shutil.copytree(running.data, data, ignore=ignored))


@pytest.fixture
def served(data: Path) -> Iterator[Path]:
    """A data folder with a server of its own, on which nobody works."""
    with embedded_server(data):
        yield data


def runs_listed(ask: Ask, data: Path) -> list[str]:
    return [each["run"] for each in ask("status", "--data", data, "--runs", "1000")["runs"]]


def test_a_second_call_joins_the_nights_run_and_says_so(home: Path, call: Call, ask: Ask) -> None:
    first = ask("nightly", "--data", home)
    listed = runs_listed(ask, home)
    second = call("nightly", "--data", home)
    assert second.exit_code == 0
    assert f"has its run already, which is joined: {first['run']}" in second.stderr
    assert "--again" not in second.stderr
    told = ask("nightly", "--data", home, "--wait")
    assert (told["run"], told["joined"], told["differs"]) == (first["run"], True, [])
    assert "seconds" not in told
    assert told["progress"]["shops_done"] == told["shops"]
    assert runs_listed(ask, home) == listed


def test_again_is_another_run_under_a_newer_fence(home: Path, ask: Ask) -> None:
    first = ask("nightly", "--data", home)
    again = ask("nightly", "--data", home, "--again", "--wait")
    assert not again["joined"]
    assert again["fence"] > first["fence"]
    assert again["progress"]["written"] == again["shops"]
    assert ask("nightly", "--data", home)["run"] == again["run"]


def test_a_joined_run_says_what_would_be_another_now(served: Path, call: Call, ask: Ask) -> None:
    first = ask("nightly", "--data", served)
    ask("snapshot", "build", "--data", served, "--block-shops", "30")
    ask("benchmarks", "build", "--data", served)
    joined = call("nightly", "--data", served)
    assert joined.exit_code == 0
    assert first["run"] in joined.stdout
    assert "its snapshot and benchmarks would be another now: --again" in joined.stderr
    assert ask("nightly", "--data", served)["differs"] == ["snapshot", "benchmarks"]
    of_the_first = ask("nightly", "--data", served, "--snapshot", first["snapshot"])
    assert (of_the_first["run"], of_the_first["differs"]) == (first["run"], [])


def test_a_snapshot_that_is_not_there_starts_no_night(served: Path, call: Call, ask: Ask) -> None:
    (snapshot,) = ask("snapshot", "list", "--data", served)["snapshots"]
    result = call("nightly", "--data", served, "--snapshot", snapshot["id"][:-1])
    assert result.exit_code == 4
    assert f'did you mean "{snapshot["id"]}"?' in result.stderr
    assert runs_listed(ask, served) == []


def test_who_waits_too_briefly_is_told_the_run_and_how_far_it_is(served: Path, call: Call) -> None:
    result = call("nightly", "--data", served, "--wait", "--timeout", "0", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == told["error"]["exit_code"] == 1
    assert "is not finished after 0 s" in told["error"]["message"]
    assert told["progress"]["blocks_done"] == 0
    assert told["run"].startswith("nightly-demo-2026-10-31-")


def test_a_day_beyond_what_there_is_is_refused_with_the_way_out(home: Path, call: Call) -> None:
    result = call("nightly", "--data", home, "--as-of", "2099-01-01")
    assert result.exit_code == 4
    assert "the latest is as of 2026-10-31" in result.stderr
    assert "once the facts of 2099-01-01 are final" in result.stderr
    assert "shopace snapshot build --as-of 2099-01-01" in result.stderr


def test_a_snapshot_of_a_day_that_is_not_final_is_refused(home: Path, call: Call) -> None:
    (manifest,) = (home / "snapshots").glob("*-2026-10-31-*/manifest.json")
    content = manifest.read_text("utf-8")
    early = re.sub(r'("latest_available_date": ?)"2026-10-31"', r'\1"2026-10-29"', content)
    assert early != content
    manifest.write_text(early, "utf-8")
    result = call("nightly", "--data", home)
    assert result.exit_code == 4
    assert "facts reach to 2026-10-29" in result.stderr


@contextmanager
def scheduled(data: Path, *options: str) -> Iterator[Callable[..., dict[str, Any]]]:
    """A scheduler of its own process; gives a function that waits for an event of its log."""
    command = [*PROGRAM, "schedule", "--json", "--data", str(data), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    lines: list[dict[str, Any]] = []
    came = threading.Condition()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            with came:
                lines.append(json.loads(line))
                came.notify_all()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def awaited(*events: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((each for each in lines if each["event"] in events), None)

        with came:
            told = came.wait_for(found, timeout=60)
        assert told is not None, lines
        return told

    with process:
        try:
            yield awaited
        finally:
            process.send_signal(signal.SIGTERM)
            reader.join(60)
            assert process.stdout is not None
            out = process.stdout.read()
    assert process.returncode == 0
    assert json.loads(out) == {"stopped": True}


def test_schedules_catch_up_once_and_end_on_sigterm(served: Path, ask: Ask) -> None:
    with scheduled(served, "--at", "02:30") as one, scheduled(served) as other:
        assert one("schedule.started")["next"].endswith(" 02:30 UTC")
        assert other("schedule.started")["next"].endswith(" 00:00 UTC")
        first, second = (each("run.started", "run.joined") for each in (one, other))
    assert first["run"] == second["run"]
    assert {first["event"], second["event"]} == {"run.started", "run.joined"}
    assert runs_listed(ask, served) == [first["run"]]


def test_without_its_package_the_schedule_says_what_else_there_is(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apscheduler.schedulers.background", None)
    result = call("schedule", "--data", home)
    assert result.exit_code == 4
    assert "pip install -e '.[schedule]'" in result.stderr
    assert "cron" in result.stderr


def test_a_time_that_is_none_is_refused(call: Call) -> None:
    assert call("schedule", "--at", "25:00").exit_code == 2


class Scheduler:
    """Remembers what it is asked to do."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []

    def add_job(self, _: object, *trigger: str, **options: Any) -> None:
        self.jobs.append({"trigger": trigger, **options})


def test_a_start_that_fails_is_tried_again_in_a_minute(tmp_path: Path) -> None:
    scheduler = Scheduler()
    tick = schedule._Tick(scheduler, Session(data=tmp_path), None, False)
    tick()
    (soon,) = scheduler.jobs
    assert soon["trigger"] == ("date",)
    assert soon["replace_existing"]


def test_a_night_that_the_results_server_lost_is_run_anew(served: Path, ask: Ask) -> None:
    tick = schedule._Tick(Scheduler(), Session(data=served), None, False)
    tick.look()
    assert runs_listed(ask, served) == []  # it has started none
    tick()
    (first,) = runs_listed(ask, served)
    tick.look()
    assert runs_listed(ask, served) == [first]
    servers = connect_both(settings_from_environment(data=served))
    with closing(servers):
        servers.results.flushdb()
        young = tick._night
        assert young is not None
        tick._night = dataclasses.replace(young, fence=young.fence - 6 * 24 * 3600 * 1_000_000)
        tick.look()
        assert runs_listed(ask, served) == []  # it may be gone for its age
        tick._night = young
        tick.look()
        (second,) = runs_listed(ask, served)
        assert second != first
        assert second.rpartition("-")[0] == first.rpartition("-")[0]
        assert int(second.rpartition("-")[2]) > int(first.rpartition("-")[2])
        waiting: Any = servers.broker.hkeys(key("blocks.msgs"))
        assert any(name.startswith(second.encode()) for name in waiting)
    tick.look()
    assert runs_listed(ask, served) == [second]


def test_a_night_is_left_alone_while_its_server_is_away(served: Path, ask: Ask) -> None:
    tick = schedule._Tick(Scheduler(), Session(data=served), None, False)
    tick()
    (first,) = runs_listed(ask, served)
    there = served / "server.json"
    there.rename(served / "away.json")
    tick.look()
    (served / "away.json").rename(there)
    tick.look()
    assert runs_listed(ask, served) == [first]
