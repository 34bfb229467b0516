"""A run from enqueue to documents, through real worker processes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from structlog.testing import capture_logs
from tests.faults.cluster import Cluster
from tests.workers.conftest import BLOCK_SHOPS, BLOCKS, Hold, Marketplace, Queue

from shopace.core import Direction, Measure, Metric, Plugin, Unit, measure
from shopace.core.errors import (
    IncentivesError,
    NotFoundError,
    ServerError,
    ShopaceError,
    SnapshotError,
    UnknownShopError,
)
from shopace.core.host.registry import build_registry
from shopace.core.pipeline.run import diagnose_block, diagnose_shop
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.job import Job
from shopace.core.results import keys
from shopace.core.results.reader import DiagnosisReader
from shopace.core.warehouse.policy import load_saved, save_policy
from shopace.core.warehouse.programmes import NO_PROGRAMMES, load_saved_programmes
from shopace.workers import queue as queues
from shopace.workers import runs
from shopace.workers.actors import Workbench
from shopace.workers.broker import enqueue
from shopace.workers.client import SchedulerClient
from shopace.workers.queue import Why, queue_depth
from shopace.workers.runs import Progress, latest_runs, open_run, start_nightly, start_single, wait
from shopace.workers.settings import Servers, Settings
from shopace.workers.supervisor import Supervisor

SHOPS = BLOCKS * BLOCK_SHOPS


def nothing(shops: Sequence[str]) -> list[bytes | None]:
    """What the store recalls of shops that were never diagnosed."""
    return [None] * len(shops)


def stored_bodies(client: redis.Redis) -> dict[str, dict[bytes, bytes]]:
    names: Any = client.keys("shopace:v1:diagnosis:*")
    bodies: dict[str, dict[bytes, bytes]] = {}
    for name in names:
        fields: Any = client.hgetall(name)
        bodies[name.decode().partition("{")[2].rstrip("}")] = fields
    return bodies


def nightly(made: Marketplace, *, again: bool = False) -> runs.Run:
    return start_nightly(made.settings, made.snapshot, None, made.policy, again=again)


def test_a_nightly_run_leaves_every_shops_diagnosis_as_the_pipeline_makes_it(
    marketplace: Marketplace,
    results_client: redis.Redis,
    broker_client: redis.Redis,
    queue: Queue,
    until: Callable[..., None],
) -> None:
    seen: list[Progress] = []
    with Supervisor(marketplace.settings, processes=2):
        run = nightly(marketplace)
        end = wait(run, seen.append, timeout=60)
        until(lambda: queue.unacknowledged() == 0, "every message is acknowledged")
    expected = {
        document.shop: document
        for block in range(BLOCKS)
        for part in diagnose_block(marketplace.inputs, block, recall=nothing)
        for document in part
    }
    stored = stored_bodies(results_client)
    assert stored.keys() == expected.keys()
    for shop, document in expected.items():
        fields = stored[shop]
        assert fields[b"body"] == document.body
        assert fields[b"metrics"] == document.metrics
        assert fields[b"fence"] == str(run.fence).encode()
    assert (end.blocks, end.blocks_done, end.blocks_failed) == (BLOCKS, BLOCKS, 0)
    assert (end.shops, end.shops_done, end.written) == (SHOPS, SHOPS, SHOPS)
    assert (end.duplicate, end.stale, end.failed) == (0, 0, 0)
    assert end.cards == {
        band: sum(document.cards[band] for document in expected.values())
        for band in ("P0", "P1", "P2")
    }
    assert seen[-1] == end
    assert not any(map(any, queue_depth(broker_client).values()))
    reader = DiagnosisReader(results_client)
    changed = {event.shop for _, event in reader.events()}
    assert changed == {shop for shop, document in expected.items() if document.changed}
    first = reader.get(next(iter(expected)))
    assert first is not None
    assert reader.legend(first.metrics.legend) == marketplace.inputs.legend


def test_jobs_delivered_three_times_leave_the_same_bytes_and_the_first_report(
    marketplace: Marketplace, results_client: redis.Redis, broker_client: redis.Redis,
    until: Callable[..., None],
) -> None:  # fmt: skip
    with Supervisor(marketplace.settings, processes=1):
        run = nightly(marketplace)
        first = wait(run, timeout=60)
        once = stored_bodies(results_client)
        jobs = [
            Job(
                run=run.id, fence=run.fence, as_of=run.as_of, snapshot=run.snapshot,
                policy=run.policy, block=number,
            )
            for number in range(BLOCKS)
        ]  # fmt: skip
        for _ in range(2):
            enqueue(queues.Queue(broker_client), queues.BLOCKS, jobs)
            until(lambda: not any(queue_depth(broker_client)["blocks"]), "all are done")
        again = runs.progress(run)
    assert stored_bodies(results_client) == once
    assert again == first


def test_a_later_run_replaces_and_a_late_job_of_an_earlier_one_is_refused(
    marketplace: Marketplace, results_client: redis.Redis, broker_client: redis.Redis,
    until: Callable[..., None],
) -> None:  # fmt: skip
    with Supervisor(marketplace.settings, processes=1):
        early, late = nightly(marketplace), nightly(marketplace, again=True)
        assert late.fence > early.fence
        wait(early, timeout=60)
        wait(late, timeout=60)
        results_client.hdel(f"shopace:v1:run:{{{early.id}}}:blocks", f"0:0+{BLOCK_SHOPS}")
        job = Job(
            run=early.id, fence=early.fence, as_of=early.as_of, snapshot=early.snapshot,
            policy=early.policy, block=0,
        )  # fmt: skip
        enqueue(queues.Queue(broker_client), queues.BLOCKS, [job])
        until(lambda: runs.progress(early).is_finished, "the late job is done")
    assert runs.progress(early).stale == BLOCK_SHOPS
    fences = {fields[b"fence"] for fields in stored_bodies(results_client).values()}
    assert fences == {str(late.fence).encode()}


def test_a_single_shop_is_diagnosed_by_the_same_code(
    marketplace: Marketplace, results_client: redis.Redis
) -> None:
    shop = marketplace.snapshot.block(2).shops[3]
    settings = marketplace.settings
    client = SchedulerClient(settings.broker_url, settings.results_url, settings.data)
    with Supervisor(settings, processes=1):
        run = client.enqueue_shop(shop)
        end = wait(run, timeout=60)
    assert (end.blocks, end.shops, end.written) == (1, 1, 1)
    stored = stored_bodies(results_client)
    assert list(stored) == [shop]
    document = diagnose_shop(marketplace.inputs, shop, recall=nothing)
    assert stored[shop][b"body"] == document.body


def test_single_shops_go_before_blocks_that_wait(
    marketplace: Marketplace, hold: Hold, until: Callable[..., None], tmp_path: Path
) -> None:
    shop = marketplace.snapshot.block(0).shops[0]
    with Cluster(marketplace.settings, tmp_path / "log", 1, command=hold.command) as workers:
        run = nightly(marketplace)
        until(hold.pids, "the first block has begun")
        single = start_single(
            marketplace.settings, marketplace.snapshot, shop, None, marketplace.policy
        )
        until(lambda: queues.SHOPS in hold.ready(), "the shop lies ready beside a second block")
        hold.release()
        wait(run, timeout=60)
        begun = [event["run"] for event in workers.events("job.started")]
    assert begun == [run.id, single.id, *[run.id] * (BLOCKS - 1)]


def test_the_scheduler_takes_the_snapshot_of_the_date_it_names(marketplace: Marketplace) -> None:
    settings = marketplace.settings
    client = SchedulerClient(settings.broker_url, settings.results_url, settings.data)
    run = client.enqueue_nightly(marketplace.snapshot.manifest.as_of)
    assert run.snapshot == marketplace.snapshot.id
    with pytest.raises(SnapshotError, match="1999-12-31"):
        client.enqueue_nightly(marketplace.snapshot.manifest.as_of.replace(1999, 12, 31))


def test_a_scheduler_takes_numbers_too_from_the_environment(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch, queue: Queue
) -> None:
    settings = marketplace.settings
    monkeypatch.setenv("SHOPACE_BROKER_URL", settings.broker_url)
    monkeypatch.setenv("SHOPACE_RESULTS_URL", settings.results_url)
    monkeypatch.setenv("SHOPACE_BLOCKS_QUEUED", "2")
    with SchedulerClient.from_environment(settings.data) as client:
        assert client.enqueue_nightly().queued_at_once == queue.waiting() == 2


def test_the_scheduler_pins_the_policy_of_the_configuration_that_it_is_given(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    line = {
        "key": "points_9", "ladder": "points", "metric": "penalty_points", "at": "least",
        "value": 9, "level": "medium", "rule": "Nine points or more.", "loses": "Campaigns",
        "regions": ["*"], "effective_from": "2025-01-01", "source": "default",
    }  # fmt: skip
    pack = {"schema": "shopace.policy/1", "lines": [line]}
    (tmp_path / "ours.json").write_bytes(msgspec.json.encode(pack))
    configuration = tmp_path / "ours.toml"
    configuration.write_text('[policy]\npacks = ["ours.json"]\nuse_default = false\n')
    settings = marketplace.settings
    client = SchedulerClient(
        settings.broker_url, settings.results_url, settings.data, configuration=configuration
    )
    run = client.enqueue_nightly()
    assert [each.key for each in load_saved(settings.policies, run.policy).lines] == ["points_9"]


def test_a_run_pins_the_incentive_programmes_and_its_workers_offer_those(
    marketplace: Marketplace, tmp_path: Path, results_client: redis.Redis
) -> None:
    as_of = str(marketplace.snapshot.manifest.as_of)
    row = {
        "title": "Credit", "reward": "ads_credit", "amount": 50,
        "starts_on": as_of, "ends_on": as_of, "budget": 5000,
    }  # fmt: skip
    file, configuration = tmp_path / "incentives.json", tmp_path / "ours.toml"

    def offer(**changes: object) -> None:
        rows = [row | changes | {"key": each.lower(), "currency": each} for each in ("SGD", "USD")]
        document = {"schema": "shopace.incentives/1", "programmes": rows}
        file.write_bytes(msgspec.json.encode(document))

    configuration.write_text('[incentives]\nprogrammes = ["incentives.json"]\n')
    settings = marketplace.settings
    offer()
    client = SchedulerClient(
        settings.broker_url, settings.results_url, settings.data, configuration=configuration
    )
    run = client.enqueue_nightly()
    offer(amount=99)  # what comes later is another run's
    with Supervisor(settings, processes=1):
        wait(run, timeout=60)
    pinned = load_saved_programmes(settings.incentives, run.incentives or "")
    assert {each.amount for each in pinned.programmes} == {50}
    assert open_run(settings, run.id) == run
    paid: list[float] = []
    for fields in stored_bodies(results_client).values():
        diagnosis = msgspec.json.decode(fields[b"body"], type=Diagnosis)
        assert diagnosis.freshness.incentives == run.incentives
        paid += [each.incentive.amount for each in diagnosis.cards if each.incentive]
    assert set(paid) == {50}


def test_a_job_whose_incentive_programmes_are_gone_fails_and_offers_nothing_else(
    marketplace: Marketplace, results_client: redis.Redis
) -> None:
    made = marketplace
    save_policy(made.policy, made.settings.policies)
    bench = Workbench(made.settings, made.inputs.registry, results_client)
    job = Job(
        run="by-hand",
        as_of=made.snapshot.manifest.as_of,
        fence=1,
        snapshot=made.snapshot.id,
        policy=made.policy.id,
        incentives="incentives-00000000",
        block=0,
    )
    with pytest.raises(IncentivesError, match="incentives-00000000 is not in"):
        bench.open(job)
    assert bench.open(msgspec.structs.replace(job, incentives=None)).programmes == NO_PROGRAMMES


def test_a_run_of_which_only_a_part_is_there_is_told_of_no_dead_letter(
    marketplace: Marketplace, results_client: redis.Redis
) -> None:
    made, day = marketplace, marketplace.snapshot.manifest.as_of
    bench = Workbench(made.settings, made.inputs.registry, results_client)
    job = Job(run="half", as_of=day, fence=1, snapshot=made.snapshot.id, policy="p", block=0)
    results_client.hset(keys.run_key("half"), mapping={"fence": 1, "as_of": day.isoformat()})
    bench.report_dead(job, Why(reason="failed"))
    assert not results_client.exists(keys.run_blocks_key("half"))


def test_a_worker_tells_once_that_the_snapshot_lacks_what_its_plugins_read(
    marketplace: Marketplace, results_client: redis.Redis
) -> None:
    claims = Measure(key="acme.claims", title="claims", unit=Unit.COUNT)
    metric = Metric(
        key="acme.claims_30d",
        title="Claims",
        definition="Claims received.",
        formula=measure("acme.claims"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
    )
    page = Plugin(
        key="acme",
        category="product_quality",
        version="1.0",
        title="Claims",
        question="Do products last?",
        declares=(claims, metric),
    )
    made = marketplace
    registry = build_registry((*made.inputs.registry.plugins.values(), page))
    bench = Workbench(made.settings, registry, results_client)
    save_policy(made.policy, made.settings.policies)
    job = Job(
        run="by-hand",
        as_of=made.snapshot.manifest.as_of,
        fence=1,
        snapshot=made.snapshot.id,
        policy=made.policy.id,
        block=0,
    )
    with capture_logs() as logs:
        bench.open(job)
        bench.open(job)
    (told,) = [each for each in logs if each["event"] == "snapshot.older_than_plugins"]
    assert told["metrics"] == ["acme.claims_30d"]


def test_a_shop_that_is_not_there_is_refused_before_anything_is_enqueued(
    marketplace: Marketplace, broker_client: redis.Redis
) -> None:
    settings = marketplace.settings
    client = SchedulerClient(settings.broker_url, settings.results_url, settings.data)
    near = marketplace.snapshot.block(0).shops[0] + "0"
    with pytest.raises(UnknownShopError):
        client.enqueue_shop(near)
    assert not any(map(any, queue_depth(broker_client).values()))


def test_without_a_server_the_scheduler_is_told_at_once(built: Any) -> None:
    client = SchedulerClient("redis://127.0.0.1:1/0", "redis://127.0.0.1:1/1", built)
    with pytest.raises(ServerError, match="broker server at 127"):
        client.enqueue_nightly()
    with pytest.raises(ServerError, match="broker server at 127"):
        client.enqueue_shop("1")


def test_a_damaged_snapshot_is_refused_before_anything_is_enqueued(
    marketplace: Marketplace, broker_client: redis.Redis
) -> None:
    file = next((marketplace.snapshot.path / "blocks").glob("*.values.npy"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(SnapshotError, match="is damaged"):
        nightly(marketplace)
    assert not any(queue_depth(broker_client)["blocks"])


def test_a_snapshot_that_workers_would_not_find_is_refused(
    marketplace: Marketplace, settings: Settings
) -> None:
    elsewhere = msgspec.structs.replace(settings, data=settings.data / "elsewhere")
    with pytest.raises(SnapshotError, match="workers look in"):
        start_nightly(elsewhere, marketplace.snapshot, None, marketplace.policy)


def test_a_block_that_keeps_failing_is_dead_lettered_and_the_run_comes_to_an_end(
    marketplace: Marketplace, queue: Queue
) -> None:
    broken = marketplace.snapshot.path / "blocks" / "00001.values.npy"
    with Supervisor(marketplace.settings, processes=1):
        run = nightly(marketplace)
        broken.write_bytes(bytes(broken.stat().st_size))
        end = wait(run, timeout=60)
    assert (end.blocks_done, end.blocks_failed, end.failed) == (BLOCKS, 1, BLOCK_SHOPS)
    assert end.written == SHOPS - BLOCK_SHOPS
    assert "SnapshotError" in end.errors[1]
    assert [letter["args"][0]["block"] for letter in queue.dead_letters()] == [1]


@pytest.mark.parametrize(
    "change",
    [
        {"fence": "soon"},
        {"fence": 0},
        {"block": 10**6},
        {"block": None},
        {"block": -1},
        {"shop": "7495"},
        {"as_of": "2026-02-31"},
        {"as_of": "1999-12-31"},
        {"snapshot": "../../etc"},
        {"run": "a\nb"},
        {"policy": ".."},
        {"incentives": "../.."},
    ],
    ids=str,
)
def test_a_bad_job_is_dead_lettered_at_once_and_its_neighbours_are_done(
    marketplace: Marketplace, change: dict[str, Any], queue: Queue, until: Callable[..., None]
) -> None:
    run = nightly(marketplace)
    queue.put_first(change)
    with Supervisor(marketplace.settings, processes=1):
        end = wait(run, timeout=60)
        until(lambda: len(queue.dead_letters()) == 1, "the bad one is dead-lettered")
    assert (end.written, end.blocks_failed) == (SHOPS, 0)
    assert "retries" not in queue.dead_letters()[0]["options"]


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"actor_name": "diagnose_block"}'])
def test_what_is_no_message_does_not_strand_its_neighbours(
    marketplace: Marketplace, content: bytes, queue: Queue
) -> None:
    run = nightly(marketplace)
    queue.put_first_raw(content)
    with Supervisor(marketplace.settings, processes=1):
        assert wait(run, timeout=60).written == SHOPS


def test_a_run_can_be_found_again_by_its_id_and_the_latest_are_listed(
    marketplace: Marketplace, settings: Settings
) -> None:
    first, second = nightly(marketplace), nightly(marketplace, again=True)
    assert open_run(settings, first.id) == first
    assert latest_runs(settings) == [second, first]
    assert latest_runs(settings, count=1) == [second]
    with pytest.raises(NotFoundError, match="there is no run nightly-x"):
        open_run(settings, "nightly-x")


def test_waiting_in_vain_ends_with_how_far_it_got(marketplace: Marketplace) -> None:
    with pytest.raises(ShopaceError, match="0 of 6 blocks are done"):
        wait(nightly(marketplace), timeout=0.1)


def test_a_run_that_could_not_be_enqueued_is_registered_and_the_next_call_goes_on_with_it(
    marketplace: Marketplace, settings: Settings, broker_client: redis.Redis
) -> None:
    away = redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    servers = Servers(broker=away, results=redis.Redis.from_url(settings.results_url))
    with pytest.raises(ServerError, match=r"broker server.* is registered and goes on") as refused:
        start_nightly(
            marketplace.settings,
            marketplace.snapshot,
            None,
            marketplace.policy,
            servers=servers,
        )
    (listed,) = latest_runs(settings)
    assert listed.id in str(refused.value)
    joined = nightly(marketplace)
    assert joined == listed
    assert joined.joined
    assert queue_depth(broker_client)["blocks"].waiting == BLOCKS
    servers.close()


def test_workers_alone_bring_a_run_to_its_end_that_is_fed_one_block_at_a_time(
    marketplace: Marketplace, queue: Queue
) -> None:
    settings = msgspec.structs.replace(marketplace.settings, blocks_queued=1)
    run = start_nightly(settings, marketplace.snapshot, None, marketplace.policy)
    assert queue.bodies() == 1
    with Supervisor(settings, processes=2):
        followed = open_run(settings, run.id)  # who only looks feeds nothing
        assert followed.broker is None
        end = wait(followed, timeout=60)
    assert (end.blocks_done, end.written, end.duplicate) == (BLOCKS, SHOPS, 0)
    assert end.block_seconds is not None
    assert [each.blocks_failed for each in end.plugins] == [0] * len(end.plugins)
