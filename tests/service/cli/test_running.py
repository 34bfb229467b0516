"""nightly, enqueue, show, status, worker and demo: with the embedded server and real workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.conftest import Until
from tests.service.cli.conftest import Running

Call = Callable[..., Result]
Ask = Callable[..., Any]
PROGRAM = [sys.executable, "-m", "shopace.service.cli"]


def test_a_nightly_run_tells_what_it_did(running: Running) -> None:
    run = running.nightly
    assert run["shops"] == run["progress"]["written"] == 120
    assert run["blocks"] == run["progress"]["blocks_done"] == 3
    assert set(run["progress"]["cards"]) == {"P0", "P1", "P2"}


def test_the_published_diagnosis_is_the_one_made_without_a_server(
    running: Running, ask: Ask, shop: str
) -> None:
    shown = ask("show", shop, "--data", running.data, "--metrics")
    here = ask("diagnose", shop, "--data", running.data)
    assert shown["diagnosis"] == here["diagnosis"]
    assert shown["metrics"] == here["metrics"]
    assert shown["legend"]["id"] == shown["metrics"]["legend"]


def test_show_for_people_names_the_fence(running: Running, call: Call, shop: str) -> None:
    text = call("show", shop, "--data", running.data, "--metrics").stdout
    assert "Published with fence" in text
    assert "EVERY METRIC" in text


def test_a_shop_without_diagnosis_is_told_with_the_way_out(running: Running, call: Call) -> None:
    result = call("show", "nobody", "--data", running.data)
    assert result.exit_code == 4
    assert "shopace enqueue nobody" in result.stderr


@pytest.mark.parametrize("shop", ["a b", "../x", "x\n", ""])
def test_what_is_no_shop_id_is_refused(running: Running, call: Call, shop: str) -> None:
    assert call("show", shop, "--data", running.data).exit_code in (3, 4)


def test_an_enqueued_shop_is_diagnosed_again_under_a_newer_fence(
    running: Running, ask: Ask, shop: str
) -> None:
    before = ask("show", shop, "--data", running.data)["fence"]
    (told,) = ask("enqueue", shop, "--wait", "--data", running.data)["enqueued"]
    after = ask("show", shop, "--data", running.data)["fence"]
    assert before < after == told["fence"]


def test_an_earlier_day_leaves_the_newer_diagnosis_and_says_so(
    running: Running, call: Call, ask: Ask, shop: str
) -> None:
    ask("snapshot", "build", "--data", running.data, "--as-of", "2026-10-30")
    ask("benchmarks", "build", "--data", running.data, "--as-of", "2026-10-30")
    before = ask("show", shop, "--data", running.data)
    result = call("enqueue", shop, "--as-of", "2026-10-30", "--wait", "--data", running.data)
    assert result.exit_code == 0
    assert "a newer diagnosis stays published" in result.stdout
    assert ask("show", shop, "--data", running.data) == before


def test_with_one_unknown_shop_nothing_is_enqueued(
    running: Running, call: Call, ask: Ask, shop: str
) -> None:
    before = ask("show", shop, "--data", running.data)["fence"]
    result = call("enqueue", shop, "nobody", "--data", running.data)
    assert result.exit_code == 4
    assert 'shop "nobody"' in result.stderr
    assert "nothing is enqueued" in result.stderr
    assert ask("show", shop, "--data", running.data)["fence"] == before


def test_status_tells_servers_queues_and_the_run(
    running: Running, call: Call, ask: Ask, until: Until
) -> None:
    def is_acknowledged() -> bool:  # a run is at its end before the last message is
        told = ask("status", "--data", running.data)
        return bool(told["counters"]["done"] >= 3 and told["queues"]["blocks"]["held"] == 0)

    until(is_acknowledged, "the run's blocks are acknowledged")
    told = ask("status", "--data", running.data)
    assert set(told["servers"]) == {"broker", "results"}
    assert told["queues"]["blocks"] == {
        "waiting": 0,
        "held": 0,
        "delayed": 0,
        "dead_lettered": 0,
        "oldest_seconds": None,
    }
    assert told["servers"]["broker"]["eviction"] == "noeviction"
    assert told["workers"]["heard_of_lately"] >= 1
    assert running.nightly["run"] in [each["run"] for each in told["runs"]]
    assert list(told["data"]["snapshots"].values()) == [running.nightly["snapshot"]]
    text = call("status", "--data", running.data)
    assert text.exit_code == 0
    assert "worker process" in text.stdout
    assert f"{running.nightly['run']} " in text.stdout


def test_status_of_a_run_tells_what_came_of_it(running: Running, call: Call, ask: Ask) -> None:
    name = running.nightly["run"]
    told = ask("status", name, "--data", running.data)
    assert told["finished"]
    assert told["progress"]["written"] == told["shops"] == 120
    text = call("status", name, "--data", running.data).stdout
    assert f"{name}: finished" in text
    assert "120 of 120 done: 120 written" in text
    unknown = call("status", "nightly-x", "--data", running.data)
    assert unknown.exit_code == 4
    assert "nightly-x" in unknown.stderr


COMMANDS = [("nightly",), ("enqueue", "1"), ("show", "1"), ("status",), ("worker",)]


@pytest.mark.parametrize("arguments", COMMANDS, ids=[each[0] for each in COMMANDS])
def test_without_a_named_server_no_command_looks_for_one(
    call: Call, arguments: tuple[str, ...]
) -> None:
    result = call(*arguments)
    assert result.exit_code == 5
    assert "SHOPACE_BROKER_URL" in result.stderr
    assert "shopace worker --embedded" in result.stderr


def test_a_server_that_is_away_is_told_without_its_password(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "redis://operator:secret@127.0.0.1:1/0"
    monkeypatch.setenv("SHOPACE_BROKER_URL", url)
    monkeypatch.setenv("SHOPACE_RESULTS_URL", url)
    result = call("status")
    assert result.exit_code == 5
    assert "127.0.0.1:1" in result.stderr
    assert "secret" not in result.output


def test_a_nightly_run_without_benchmarks_is_refused_before_anything_is_enqueued(
    running: Running, call: Call, ask: Ask, data: Path
) -> None:
    (data / "benchmarks").rename(data / "elsewhere")
    (data / "server.json").write_bytes((running.data / "server.json").read_bytes())
    before = ask("status", "--data", running.data)["runs"]
    result = call("nightly", "--data", data)
    assert result.exit_code == 4
    assert "--without-benchmarks" in result.stderr
    assert ask("status", "--data", running.data)["runs"] == before


@pytest.mark.timeout(60)
def test_an_embedded_worker_ends_its_server_and_children_on_sigterm(tmp_path: Path) -> None:
    command = [*PROGRAM, "worker", "--embedded", "--processes", "1", "--data", str(tmp_path)]
    worker = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        while not (tmp_path / "server.json").exists():
            assert worker.poll() is None
            time.sleep(0.05)
        server = json.loads((tmp_path / "server.json").read_text())["pid"]
    finally:
        worker.send_signal(signal.SIGTERM)
        _, log = worker.communicate(timeout=60)
    assert worker.returncode == 0, log
    assert not (tmp_path / "server.json").exists()
    assert "Ctrl-C ends it" in log
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_an_embedded_server_is_refused_where_every_other_command_would_go_elsewhere(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOPACE_RESULTS_URL", "redis://elsewhere/1")
    result = call("worker", "--embedded", "--data", tmp_path)
    assert result.exit_code == 2
    assert "SHOPACE_RESULTS_URL of the environment" in result.stderr
    assert not (tmp_path / "server.json").exists()


def test_a_server_is_announced_only_once_the_address_of_its_metrics_is_had(
    call: Call, tmp_path: Path
) -> None:
    address = ("--metrics-port", "0", "--metrics-host", "no-such-host.invalid")
    result = call("worker", "--embedded", "--data", tmp_path, *address)
    assert result.exit_code == 1
    assert "there is no host no-such-host.invalid" in result.stderr
    assert "is there for every command" not in result.stderr
    assert not (tmp_path / "server.json").exists()


def demo(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, "demo", "--shops", "60", "--days", "45", "--data", str(data), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


def test_the_demo_shows_a_shop_leaves_nothing_running_and_says_what_to_try(
    tmp_path: Path,
) -> None:
    data = tmp_path / "demo"
    first = demo(data)
    assert first.returncode == 0, first.stderr
    assert "GMV BREAKDOWN" in first.stdout
    assert "60 shops in" in first.stdout
    assert "TRY NEXT" in first.stdout
    assert not (data / "server.json").exists()
    again = demo(data, "--json")
    told = json.loads(again.stdout)
    assert told["shops"] == told["progress"]["written"] == 60
    assert told["shown"] in first.stdout
    assert f"diagnose {told['shown']} --data {data}" in first.stdout


def test_the_demo_touches_no_facts_that_it_did_not_make(data: Path) -> None:
    before = (data / "facts" / "mapping.toml").read_bytes()
    result = demo(data)
    assert result.returncode == 3
    assert "--data PATH" in result.stderr
    assert (data / "facts" / "mapping.toml").read_bytes() == before
    assert not list(data.glob("demo.*"))


def test_the_demo_goes_into_no_folder_that_the_environment_names(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPACE_DATA", str(tmp_path / "real"))
    (tmp_path / "shopace-demo").mkdir()
    (tmp_path / "shopace-demo" / "shopace.toml").write_text("# somebody's own\n")
    result = call("demo")
    assert result.exit_code == 3
    assert "shopace-demo holds what the demo did not make" in result.stderr
    assert not (tmp_path / "real").exists()
    assert [each.name for each in (tmp_path / "shopace-demo").iterdir()] == ["shopace.toml"]
    assert "shopace-data" not in call("demo", "--help").stdout


def test_an_interrupted_demo_ends_what_it_started_and_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    data = tmp_path / "demo"
    command = [*PROGRAM, "demo", "--shops", "60", "--days", "45", "--keep", "--data", str(data)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not (data / "server.json").exists():
            assert first.poll() is None
            time.sleep(0.02)
        server = json.loads((data / "server.json").read_text())["pid"]
    finally:
        first.terminate()
        first.communicate(timeout=60)
    assert first.returncode in (0, 130)
    assert not (data / "server.json").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
    facts = data / "facts"
    (facts / "mapping.toml").rename(facts / ".mapping.toml.partial")  # as a simulation cut short
    assert demo(data).returncode == 0
