"""On a node of a cluster every command's keys must lie in one slot, or the node refuses it."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from tests.workers.conftest import Marketplace

from shopace.core.results.reader import DiagnosisReader
from shopace.workers import runs
from shopace.workers.embedded import server_binary
from shopace.workers.runs import start_nightly, start_single, wait
from shopace.workers.supervisor import Supervisor


@pytest.fixture
def node(tmp_path: Path, until: Callable[..., None]) -> Iterator[str]:
    """The URL, without a database, of a cluster of one node, which has all slots."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bus = port - 10_000 if port > 50_000 else port + 10_000
    options = {
        "port": port,
        "cluster-port": bus,
        "bind": "127.0.0.1",
        "dir": str(tmp_path),
        "cluster-enabled": "yes",
        "cluster-databases": 2,
        "save": "",
    }
    arguments = [str(each) for name, value in options.items() for each in (f"--{name}", value)]
    process = subprocess.Popen([server_binary(), *arguments], stdout=subprocess.DEVNULL)
    client: Any = redis.Redis(port=port)

    def is_up() -> bool:
        try:
            return bool(client.cluster("info")["cluster_state"] == "ok")
        except redis.ConnectionError:
            return False

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    try:
        until(answers, "the node answers")
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(is_up, "the cluster is up")
        yield f"redis://127.0.0.1:{port}"
    finally:
        client.close()
        process.terminate()
        process.wait()


def test_runs_single_shops_and_readers_work_on_a_node_of_a_cluster(
    marketplace: Marketplace, node: str
) -> None:
    settings = msgspec.structs.replace(
        marketplace.settings, broker_url=f"{node}/0", results_url=f"{node}/1"
    )
    with redis.Redis.from_url(node) as client, pytest.raises(redis.ResponseError, match="slot"):
        client.mget("shopace:v1:runs", "shopace:v1:events")
    with Supervisor(settings, processes=1):
        night = start_nightly(settings, marketplace.snapshot, None, marketplace.policy)
        end = wait(night, timeout=60)
        assert (end.shops_done, end.written, end.failed) == (end.shops, end.shops, 0)
        shop = marketplace.snapshot.block(0).shops[0]
        single = start_single(settings, marketplace.snapshot, shop, None, marketplace.policy)
        assert wait(single, timeout=60).written == 1
    reader = DiagnosisReader(settings.results_url)
    found = reader.get(shop)
    assert found is not None
    assert found.fence == single.fence
    assert reader.legend(found.metrics.legend) is not None
    assert {event.shop for _, event in reader.events()}
    assert [each.id for each in runs.latest_runs(settings)] == [night.id]
