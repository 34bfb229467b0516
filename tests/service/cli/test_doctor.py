"""doctor: on real servers, well and not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from click.testing import Result
from tests.service.cli.conftest import Running

from shopace.workers.embedded import Server
from shopace.workers.queue import BLOCKS, Delivery, Queue, Why

Call = Callable[..., Result]


def levels(result: Result) -> dict[str, set[str]]:
    """What each level was found about."""
    found: dict[str, set[str]] = {"ok": set(), "warn": set(), "wrong": set()}
    for each in json.loads(result.stdout)["findings"]:
        found[each["level"]].add(each["about"])
    return found


@pytest.fixture
def named(server: Server, broker_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("SHOPACE_BROKER_URL", server.url_broker)
    monkeypatch.setenv("SHOPACE_RESULTS_URL", server.url_results)
    return server


def test_what_runs_well_is_well(running: Running, call: Call) -> None:
    result = call("doctor", "--json", "--data", running.data)
    found = levels(result)
    assert (result.exit_code, found["wrong"]) == (0, set())
    assert {"workers", "queue blocks", "plugins", "nights of demo", "snapshot of demo"} <= found[
        "ok"
    ]
    assert {"broker on disk", "results on disk", "apart"} <= found["warn"], "a trial's server"
    text = call("doctor", "--data", running.data)
    assert text.exit_code == 0
    assert "0 wrong" in text.stdout
    assert "→" in text.stdout


def test_without_servers_the_rest_is_looked_at_all_the_same(call: Call, built: Path) -> None:
    result = call("doctor", "--json", "--data", built)
    found = levels(result)
    assert result.exit_code == 1
    assert found["wrong"] == {"servers"}
    assert {"plugins", "policy packs", "snapshot of demo"} <= found["ok"]


def test_a_server_that_is_away_is_told_and_no_password(
    call: Call, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPACE_BROKER_URL", "redis://u:s3cret@127.0.0.1:1/0")
    monkeypatch.setenv("SHOPACE_RESULTS_URL", server.url_results)
    result = call("doctor", "--json")
    assert levels(result)["wrong"] == {"broker"}
    assert "s3cret" not in result.output


def test_one_database_for_both_is_wrong(
    call: Call, named: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPACE_RESULTS_URL", named.url_broker)
    assert "apart" in levels(call("doctor", "--json"))["wrong"]


def test_jobs_without_workers_are_wrong_and_dead_letters_are_told(
    call: Call, named: Server, broker_client: redis.Redis
) -> None:
    queue = Queue(broker_client, "w1")
    queue.enqueue(BLOCKS, [Delivery("a", b"{}"), Delivery("b", b"{}")])
    queue.fetch(BLOCKS, 1, ())
    queue.nack(BLOCKS, "a", Why(reason="undecodable"))
    broker_client.delete("shopace:v1:{broker}:workers")
    result = call("doctor", "--json")
    assert result.exit_code == 1
    found = levels(result)
    assert "workers" in found["wrong"]
    assert "dead letters" in found["warn"]
    assert "shopace worker" in call("doctor").stdout


def test_a_stale_server_file_is_told(call: Call, tmp_path: Path, named: Server) -> None:
    (tmp_path / "server.json").write_text(
        json.dumps({"pid": 1, "broker": "unix:///gone?db=0", "results": "unix:///gone?db=1"})
    )
    assert "server.json" in levels(call("doctor", "--json", "--data", tmp_path))["warn"]
    (tmp_path / "server.json").write_text('{"pid":1,"broker":"nowhere","results":"nowhere"}')
    assert "server.json" in levels(call("doctor", "--json", "--data", tmp_path))["wrong"]
    assert not levels(call("doctor", "--json", "--data", tmp_path / "x"))["wrong"]


def test_settings_of_the_environment_that_cannot_be_used_are_told_one_by_one(
    call: Call, named: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPACE_MEMORY_MB", "2.5")
    monkeypatch.setenv("SHOPACE_GRACE_SECOND", "60")
    found = call("doctor", "--json")
    assert "settings" in levels(found)["wrong"]
    assert "SHOPACE_MEMORY_MB: '2.5' is no whole number" in found.stdout
    assert "did you mean SHOPACE_GRACE_SECONDS?" in found.stdout


def test_a_configuration_that_does_not_load_is_wrong(
    call: Call, tmp_path: Path, named: Server
) -> None:
    file = tmp_path / "shopace.toml"
    file.write_text('[incentives]\nprogrammes = ["absent.json"]\n')
    assert "incentives" in levels(call("doctor", "--json", "--data", tmp_path))["wrong"]
    file.write_text("[parameter]\n")
    assert "configuration" in levels(call("doctor", "--json", "--data", tmp_path))["wrong"]
