"""Metrics and probes of a supervisor with real children, and what systemd is told."""

import datetime as dt
import json
import os
import re
import signal
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families
from tests.faults.cluster import Cluster
from tests.workers.conftest import BLOCK_SHOPS, BLOCKS, Hold, Marketplace

from shopace.core.errors import ShopaceError
from shopace.core.records.job import BlockReport, Job
from shopace.workers.broker import encode_message
from shopace.workers.counters import BUCKETS, counters_of
from shopace.workers.endpoint import endpoint, livez
from shopace.workers.exposition import Exposition
from shopace.workers.intake import STREAM
from shopace.workers.notify import ServiceManager
from shopace.workers.queue import BLOCKS as QUEUE
from shopace.workers.queue import Delivery, Queue, Why
from shopace.workers.runs import start_nightly, wait
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Health, Supervisor

SHOPS = BLOCKS * BLOCK_SHOPS
WELL = Health(
    children=1, asking=1, working=0, looked_seconds=0.0, stopping=False, deaths={"signal": 2}
)
Until = Callable[..., None]
Samples = dict[str, float]


class Told(NamedTuple):
    code: int
    body: str
    kind: str


def get(port: int, path: str) -> Told:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return Told(answer.status, answer.read().decode(), answer.headers["Content-Type"])
    except urllib.error.HTTPError as error:
        with error:
            return Told(error.code, error.read().decode(), error.headers["Content-Type"])


def samples(text: str) -> Samples:
    """`name{label=value}` → value; the parser refuses what Prometheus would."""
    told = [each for family in text_string_to_metric_families(text) for each in family.samples]
    return {
        each.name
        + "".join(f"{{{name}={value}}}" for name, value in sorted(each.labels.items())): each.value
        for each in told
    }


def test_metrics_tell_of_a_run_and_of_a_killed_child(
    marketplace: Marketplace, hold: Hold, until: Until
) -> None:
    settings = marketplace.settings
    supervisor = Supervisor(settings, processes=2, command=hold.command)
    with supervisor, endpoint(settings, supervisor.health, "127.0.0.1", 0) as port:
        run = start_nightly(settings, marketplace.snapshot, None, marketplace.policy)
        until(lambda: len(hold.pids()) == 2, "both children are in the middle of a block")
        os.kill(hold.pids()[0], signal.SIGKILL)
        hold.release()
        done = wait(run, timeout=60)
        until(
            lambda: (
                samples(get(port, "/metrics").body)["shopace_shops_total{outcome=written}"] == SHOPS
            ),
            "every shop is counted",
        )
        told = samples(get(port, "/metrics").body)
    assert told["shopace_child_deaths_total{kind=signal}"] == 1
    assert told["shopace_server_up{server=broker}"] == 1
    assert told["shopace_server_up{server=results}"] == 1
    jobs = told["shopace_jobs_total{outcome=done}"]
    assert jobs == told["shopace_job_duration_seconds_count"] >= BLOCKS
    assert told["shopace_job_duration_seconds_bucket{le=+Inf}"] == jobs
    assert told["shopace_job_duration_seconds_sum"] > 0
    for priority, count in done.cards.items():
        assert told[f"shopace_cards_total{{priority={priority}}}"] == count
    assert told["shopace_redeliveries_total"] >= 1
    assert told["shopace_queue_messages{queue=blocks}{state=waiting}"] == 0
    assert "shopace_queue_oldest_job_age_seconds{queue=blocks}" not in told


def test_no_metric_names_a_shop_a_run_or_a_message(
    settings: Settings, broker_client: redis.Redis, results_client: redis.Redis
) -> None:
    queue = Queue(broker_client, "w1")
    hostile = 'a"b\\c\nd{e="f"} 1\n'
    queue.enqueue(QUEUE, [Delivery("10023", b"{}"), Delivery("done", b"{}")])
    queue.fetch(QUEUE, 2, ())
    queue.nack(QUEUE, "10023", Why(reason="undecodable", error="shop 10023"))
    queue.ack(QUEUE, "done", came_to={f"plugin_failures:{hostile}": 1})
    text, kind = Exposition(settings, broker_client, results_client, lambda: WELL).render("")
    told = samples(text.decode())
    assert "10023" not in text.decode()
    assert kind.startswith("text/plain")
    assert told["shopace_quarantined_total"] == 1
    assert told["shopace_dead_letters_total{reason=undecodable}"] == 1
    assert told[f"shopace_plugin_failures_total{{plugin={hostile}}}"] == 1


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, 0), (0.005, 0), (0.0051, 1), (300, 14), (301, 15)]
)
def test_a_duration_falls_into_the_bucket_whose_limit_it_does_not_pass(
    seconds: float, bucket: int
) -> None:
    assert len(BUCKETS) == 15
    counted = counters_of(BlockReport(block=0, shops=1, seconds=seconds))
    assert counted[f"job_bucket:{bucket}"] == 1
    assert all(count > 0 for count in counted.values())


def test_a_server_that_is_away_leaves_out_its_metrics_and_says_not_ready(
    settings: Settings,
) -> None:
    away = msgspec.structs.replace(settings, broker_url="redis://u:s3cret@127.0.0.1:1/0")
    with endpoint(away, lambda: WELL, "127.0.0.1", 0) as port:
        told = samples(get(port, "/metrics").body)
        assert told["shopace_server_up{server=broker}"] == 0
        assert told["shopace_server_up{server=results}"] == 1
        assert not [name for name in told if name.startswith(("shopace_queue", "shopace_jobs"))]
        ready = get(port, "/readyz")
        assert ready.code == 503
        assert "the broker server does not answer" in ready.body
        assert "s3cret" not in ready.body
        assert get(port, "/livez").code == 200


def test_nothing_that_goes_wrong_in_a_scrape_ends_the_endpoint(settings: Settings) -> None:
    def broken() -> Health:
        raise ValueError("gone")

    with endpoint(settings, broken, "127.0.0.1", 0) as port:
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"\x00\xff no request\r\n\r\n")
        for path in ("/metrics", "/livez", "/readyz"):
            assert get(port, path).code == 500
        assert get(port, "/elsewhere").code == 404


def test_ready_means_that_jobs_go_through(
    settings: Settings, broker_client: redis.Redis, until: Until
) -> None:
    queue = Queue(broker_client, "w1")
    queue.enqueue(QUEUE, [Delivery("x", b"{}")])
    queue.fetch(QUEUE, 1, ())
    queue.ack(QUEUE, "x", came_to={"plugin_failures:acme": 1})
    supervisor = Supervisor(settings, processes=1)
    with endpoint(settings, supervisor.health, "127.0.0.1", 0) as port:
        told = [get(port, "/readyz")]
        first = json.loads(told[0].body)
        assert not first["ready"]
        assert "0 of 1 worker processes ask for work" in first["reasons"]
        assert "no canary job ran lately" in first["reasons"]

        def answers(code: int) -> bool:
            told.append(get(port, "/readyz"))
            return told[-1].code == code

        with supervisor:
            until(lambda: answers(200), "a canary ran")
            assert told[-1].kind == "application/json"
            assert "acme" in told[-1].body, "a plugin that failed is told, and is no reason"
            supervisor.stop()
            until(lambda: answers(503), "it is stopping")


def test_alive_means_that_children_are_looked_after() -> None:
    assert livez(WELL).code == 200
    assert livez(WELL._replace(looked_seconds=60)).code == 503
    assert livez(WELL._replace(looked_seconds=60, stopping=True)).code == 200


def test_a_supervisor_one_of_whose_threads_ended_is_to_be_started_again() -> None:
    told = livez(WELL._replace(chores_gone=("feeder",)))
    assert (told.code, told.body) == (503, b"threads of the supervisor have ended: feeder\n")


def test_an_address_that_cannot_be_had_is_told(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(ShopaceError, match=f"port {port}"),
            endpoint(settings, lambda: WELL, "127.0.0.1", port),
        ):
            pass
    with (
        pytest.raises(ShopaceError, match="no host"),
        endpoint(settings, lambda: WELL, "no-such-host.invalid", 0),
    ):
        pass


def test_systemd_is_told_ready_alive_and_stopping(settings: Settings, tmp_path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="shopace-") as short,  # as a socket's path must be
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line,
    ):
        address = str(Path(short, "notify"))
        line.bind(address)
        line.settimeout(60)
        environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"}
        with Cluster(settings, tmp_path / "log", 1, environment=environment) as supervisor:
            told = [line.recv(100)]
            while b"READY=1" not in told:
                told.append(line.recv(100))
            assert b"WATCHDOG=1" in [line.recv(100) for _ in range(3)]
            supervisor.process.terminate()
            while b"STOPPING=1" not in told:
                told.append(line.recv(100))
            assert supervisor.process.wait(60) == 0


def test_a_manager_that_does_not_listen_any_more_is_no_reason_to_end(tmp_path: Path) -> None:
    environ: Any = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "10"}
    manager = ServiceManager(environ)
    manager.ready()
    manager.alive()
    ServiceManager({}).ready()


def test_the_page_on_operations_names_every_metric_and_no_other(
    settings: Settings, broker_client: redis.Redis, results_client: redis.Redis
) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
    rows = re.findall(r"^\| (`shopace_.*?) \|", page.read_text("utf-8"), re.MULTILINE)
    told = {name.removesuffix("_total") for row in rows for name in re.findall(r"`(\w+)`", row)}
    queue = Queue(broker_client)
    queue.enqueue(QUEUE, [encode_message(QUEUE, job_of_now(broker_client))])
    queue.canary()
    intake: Any = broker_client
    intake.xadd(STREAM, {"job": "{}"})
    text, _ = Exposition(settings, broker_client, results_client, lambda: WELL).render("")
    assert {family.name for family in text_string_to_metric_families(text.decode())} == told


def job_of_now(client: redis.Redis) -> Job:
    now: Any = client.time()
    return Job(
        run="r", fence=now[0] * 1_000_000, as_of=dt.date(2026, 10, 31), snapshot="s", policy="p",
        shop="10023",
    )  # fmt: skip
