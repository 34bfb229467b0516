"""On a node of a cluster every command's keys must lie in one slot, or the node refuses it."""

import socket
from collections.abc import Callable, Iterator

import msgspec
import pytest
import redis
from tests.faults.servers import ServerProcess
from tests.workers.conftest import Marketplace

from shopace.core.results.reader import DiagnosisReader
from shopace.workers import runs
from shopace.workers.runs import start_nightly, start_single, wait
from shopace.workers.supervisor import Supervisor


@pytest.fixture
def node(until: Callable[..., None]) -> Iterator[ServerProcess]:
    """A cluster of one node, which has all slots."""
    with started_node() as server, server.client(0) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: client.cluster("info")["cluster_state"] == "ok", "the cluster is up")
        yield server


def started_node() -> ServerProcess:
    """On a socket; but its bus needs a port, which may be taken between its choice and its use."""
    tries = 10
    while True:
        tries -= 1
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            bus = probe.getsockname()[1]
        node = ServerProcess(
            *f"--cluster-enabled yes --cluster-port {bus} --bind 127.0.0.1".split(),
            *["--cluster-databases", "2", "--appendonly", "no"],
        )
        try:
            node.start()
            return node
        except AssertionError:
            node.__exit__()
            if not tries:
                raise


def test_runs_single_shops_and_readers_work_on_a_node_of_a_cluster(
    marketplace: Marketplace, node: ServerProcess
) -> None:
    settings = msgspec.structs.replace(
        marketplace.settings, broker_url=node.url(0), results_url=node.url(1)
    )
    with node.client(0) as client, pytest.raises(redis.ResponseError, match="slot"):
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
