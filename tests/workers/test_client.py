"""The clients for schedulers: many shops at once, joined runs, event loops, servers that hang."""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import msgspec
import pytest
import redis
import structlog
from tests.faults.servers import ServerProcess
from tests.workers.conftest import BLOCK_SHOPS, BLOCKS, Marketplace

from shopace.core.errors import JobError, ServerError, SnapshotError, UnknownShopError
from shopace.core.results import keys
from shopace.workers.broker import Broker
from shopace.workers.client import AsyncSchedulerClient, SchedulerClient
from shopace.workers.queue import SHOPS, Queue, key, queue_depth
from shopace.workers.runs import Run, open_run, wait
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Supervisor

MANY = BLOCKS * BLOCK_SHOPS


def all_shops(made: Marketplace) -> list[str]:
    return [shop for block in range(BLOCKS) for shop in made.snapshot.block(block).shops]


def client_of(settings: Settings) -> SchedulerClient:
    return SchedulerClient(settings.broker_url, settings.results_url, settings.data)


def async_client_of(settings: Settings) -> AsyncSchedulerClient:
    return AsyncSchedulerClient(settings.broker_url, settings.results_url, settings.data)


def registered(client: redis.Redis) -> set[str]:
    found: Any = client.keys("shopace:v1:run:*")
    return {each.decode() for each in found}


@pytest.fixture
def client(marketplace: Marketplace) -> Iterator[SchedulerClient]:
    with client_of(marketplace.settings) as made:
        yield made


def test_many_shops_are_enqueued_in_one_call_each_with_a_run_and_a_fence_of_its_own(
    marketplace: Marketplace, client: SchedulerClient, broker_client: redis.Redis
) -> None:
    shops, seen = all_shops(marketplace), []
    runs = client.enqueue_shops(shops, on_progress=lambda *now: seen.append(now))
    assert len({run.id for run in runs}) == len({run.fence for run in runs}) == MANY
    assert [run.fence for run in runs] == sorted(run.fence for run in runs)
    assert not any(run.joined for run in runs)
    assert queue_depth(broker_client)[SHOPS].waiting == MANY
    assert seen == [(MANY, MANY)]
    assert client.enqueue_shop(shops[0]) == runs[0]
    with Supervisor(marketplace.settings, processes=1):
        ends = [wait(run, timeout=60) for run in runs]
    assert not [end for end in ends if end.written + end.duplicate != 1]


def test_a_shop_that_waits_is_joined_and_nothing_is_left_of_the_second_call(
    marketplace: Marketplace, client: SchedulerClient,
    broker_client: redis.Redis, results_client: redis.Redis,
) -> None:  # fmt: skip
    shop, other, *_ = all_shops(marketplace)
    first = client.enqueue_shop(shop)
    again, same, new = client.enqueue_shops([shop, shop, other])
    assert again == same == first
    assert (first.joined, again.joined, same.joined, new.joined) == (False, True, True, False)
    assert queue_depth(broker_client)[SHOPS].waiting == 2
    assert registered(results_client) == {keys.run_key(first.id), keys.run_key(new.id)}
    assert open_run(marketplace.settings, again.id) == again


@pytest.mark.parametrize("end", ["done", "dead-lettered"])
def test_a_shop_that_runs_or_is_tried_again_is_joined_until_it_ends(
    marketplace: Marketplace, client: SchedulerClient, broker_client: redis.Redis,
    until: Callable[..., None], end: str,
) -> None:  # fmt: skip
    shop = all_shops(marketplace)[0]
    broker = Broker(Queue(broker_client, "w1"), marketplace.settings, on_dead=lambda _, __: None)
    broker.declare_queue(SHOPS)
    consumer = broker.consume(SHOPS, prefetch=1, timeout=1)
    first = client.enqueue_shop(shop)

    def fetch() -> dramatiq.MessageProxy:
        got: list[dramatiq.MessageProxy] = []

        def comes() -> bool:
            message = next(consumer)
            got.extend([message] if message is not None else [])
            return bool(got)

        until(comes, "the message comes")
        return got[0]

    message = fetch()
    assert client.enqueue_shop(shop) == first
    broker.verdicts[message.options["redis_message_id"]] = 1
    consumer.ack(message)
    assert client.enqueue_shop(shop) == first
    message = fetch()
    (consumer.ack if end == "done" else consumer.nack)(message)
    assert not client.enqueue_shop(shop).joined


def write_pack(file: Path, value: int) -> None:
    line = {
        "key": "points_9", "ladder": "points", "metric": "penalty_points", "at": "least",
        "value": value, "level": "medium", "rule": "Nine points or more.", "loses": "Campaigns",
        "regions": ["*"], "effective_from": "2025-01-01", "source": "default",
    }  # fmt: skip
    file.write_bytes(msgspec.json.encode({"schema": "shopace.policy/1", "lines": [line]}))


def test_what_is_made_from_something_else_is_enqueued_beside_it(
    marketplace: Marketplace, client: SchedulerClient, tmp_path: Path
) -> None:
    """Of another policy the same shop is another diagnosis."""
    shop = all_shops(marketplace)[0]
    first = client.enqueue_shop(shop)
    write_pack(tmp_path / "ours.json", 9)
    configuration = tmp_path / "ours.toml"
    configuration.write_text('[policy]\npacks = ["ours.json"]\nuse_default = false\n')
    settings = marketplace.settings
    with SchedulerClient(
        settings.broker_url, settings.results_url, settings.data, configuration=configuration
    ) as stricter:
        second = stricter.enqueue_shop(shop)
    assert not second.joined
    assert second.policy != first.policy


def test_what_operators_write_counts_from_the_next_call_on(
    marketplace: Marketplace, client: SchedulerClient
) -> None:
    data, shop = marketplace.settings.data, all_shops(marketplace)[0]
    policies = [client.enqueue_shop(shop).policy]
    write_pack(data / "ours.json", 10)
    (data / "shopace.toml").write_text('[policy]\npacks = ["ours.json"]\nuse_default = false\n')
    policies.append(client.enqueue_shop(shop).policy)
    write_pack(data / "ours.json", 9)
    policies.append(client.enqueue_nightly().policy)
    (data / "shopace.toml").unlink()
    assert len(set(policies)) == 3
    assert client.enqueue_shop(shop).policy == policies[0]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda client: client.enqueue_shop(10023), 'shop: 10023 is no text ("10023"?)'),
        (lambda client: client.enqueue_shops("10023"), "shops: '10023' is no list of shop ids"),
        (lambda client: client.enqueue_shops(None), "shops: None is no list of shop ids"),
        (lambda client: client.enqueue_shop("1", as_of="2026-10-31"), "date.fromisoformat"),
        (
            lambda client: client.enqueue_nightly("2026-10-31"),
            "as_of: '2026-10-31' is no datetime.date",
        ),
        (lambda client: client.enqueue_nightly(dt.datetime(2026, 10, 31)), "its .date() is one"),  # noqa: DTZ001
        (lambda client: client.enqueue_nightly(marketplace=1), "marketplace: 1 is no text"),
    ],
)
def test_an_argument_that_cannot_be_what_it_is_for_is_named(
    client: SchedulerClient, ask: Callable[[SchedulerClient], object], said: str
) -> None:
    with pytest.raises(JobError) as caught:
        ask(client)
    assert said in str(caught.value)


def test_a_client_prints_nothing_and_tells_logging(
    client: SchedulerClient, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = structlog.get_config() if structlog.is_configured() else None
    structlog.reset_defaults()
    try:
        with caplog.at_level("INFO", "shopace.workers"):
            night = client.enqueue_nightly()
            client.enqueue_nightly()
    finally:
        if before is not None:
            structlog.configure(**before)
    assert capsys.readouterr().out == ""
    told = [each for each in caplog.messages if each.startswith("event=run.")]
    assert [each.split()[:2] for each in told] == [
        ["event=run.started", f"run={night.id}"],
        ["event=run.joined", f"run={night.id}"],
    ]


def test_a_name_that_outlived_its_time_or_its_message_holds_up_nobody(
    marketplace: Marketplace, client: SchedulerClient, broker_client: redis.Redis
) -> None:
    shop = all_shops(marketplace)[0]
    first = client.enqueue_shop(shop)
    name, *others = broker_client.keys(key("unique:*"))
    assert not others
    left: Any = broker_client.pttl(name)
    assert 0 < left <= 1000 * marketplace.settings.unique_seconds
    broker_client.delete(name)
    second = client.enqueue_shop(shop)
    assert not second.joined
    broker_client.delete(key(f"{SHOPS}.msgs"), key(SHOPS))
    third = client.enqueue_shop(shop)
    assert not third.joined
    assert first.fence < second.fence < third.fence


def test_all_unknown_shops_are_told_at_once_and_nothing_is_enqueued(
    marketplace: Marketplace, client: SchedulerClient, broker_client: redis.Redis
) -> None:
    shop = all_shops(marketplace)[0]
    with pytest.raises(UnknownShopError) as caught:
        client.enqueue_shops([shop, shop[:-1], "a b", "{x}", "\x00", "", "é", "a b"])
    wheres = [each.where for each in caught.value.problems]
    assert wheres == [f'shop "{each}"' for each in (shop[:-1], "a b", "{x}", "\x00", "", "é")]
    assert f'did you mean "{shop}"?' in str(caught.value)
    assert not any(queue_depth(broker_client)[SHOPS])


def test_shops_are_looked_up_in_the_snapshot_that_is_the_latest_now(
    marketplace: Marketplace, client: SchedulerClient
) -> None:
    shop = all_shops(marketplace)[0]
    client.enqueue_shop(shop)
    folder = marketplace.settings.snapshots
    (folder / marketplace.snapshot.id).rename(folder.parent / "elsewhere")
    with pytest.raises(SnapshotError, match="there is no snapshot"):
        client.enqueue_shop(shop)


def test_nothing_at_all_is_enqueued_without_a_word(client: SchedulerClient) -> None:
    assert client.enqueue_shops([]) == []


def test_an_event_loop_enqueues_by_the_same_rules(
    marketplace: Marketplace, broker_client: redis.Redis
) -> None:
    shops = all_shops(marketplace)

    async def enqueue() -> tuple[list[Run], Run, Run]:
        async with async_client_of(marketplace.settings) as client:
            several = await asyncio.gather(*(client.enqueue_shop(shop) for shop in shops[:3]))
            rest = await client.enqueue_shops(shops[3:])
            again = await client.enqueue_shop(shops[0])
            with pytest.raises(UnknownShopError, match="nobody"):
                await client.enqueue_shop("nobody")
            with pytest.raises(SnapshotError, match="1999-12-31"):
                await client.enqueue_shop(shops[0], marketplace.snapshot.manifest.as_of.replace(
                    1999, 12, 31))  # fmt: skip
            return [*several, *rest], again, await client.enqueue_nightly()

    with client_of(marketplace.settings) as blocking:
        runs, again, night = asyncio.run(enqueue())
        assert again == runs[0] == blocking.enqueue_shop(shops[0])
    assert queue_depth(broker_client)[SHOPS].waiting == MANY
    with Supervisor(marketplace.settings, processes=1):
        assert wait(night, timeout=60).shops_done == MANY
        assert all(wait(run, timeout=60).is_finished for run in runs)


@pytest.fixture
def own_server() -> Iterator[ServerProcess]:
    """A server that a test may harm."""
    with ServerProcess() as server:
        yield server


@pytest.mark.parametrize("role", ["broker", "results"])
@pytest.mark.parametrize("connected", [True, False], ids=["later", "from the start"])
def test_a_server_that_falls_silent_is_an_error_and_no_endless_wait(
    marketplace: Marketplace, own_server: ServerProcess, role: str, connected: bool
) -> None:
    url = {f"{role}_url": own_server.url(0)}
    settings = msgspec.structs.replace(marketplace.settings, **url)
    shops = all_shops(marketplace)
    client = client_of(settings)
    if connected:
        client.enqueue_shop(shops[0])
        for each in client._servers:  # as after a quiet minute
            for connection in each.connection_pool._available_connections:
                connection.next_health_check = 0
    own_server.pause()
    with pytest.raises(ServerError, match=role) as caught:
        client.enqueue_shop(shops[1])
    assert "no answer in time" in str(caught.value)

    async def enqueue() -> None:
        async with async_client_of(settings) as waiting:
            if connected:
                own_server.resume()
                await waiting.enqueue_shop(shops[2])
                own_server.pause()
            await waiting.enqueue_shop(shops[3])

    with pytest.raises(ServerError, match=role):
        asyncio.run(enqueue())
    client.close()


def test_a_broker_that_goes_in_the_middle_is_told_with_how_many_are_enqueued(
    marketplace: Marketplace, own_server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopace.workers.singles._SHOPS_PER_STEP", 10)
    settings = msgspec.structs.replace(marketplace.settings, broker_url=own_server.url(0))
    shops = all_shops(marketplace)
    with client_of(settings) as client:

        def stop_after_ten(done: int, _: int) -> None:
            if done == 10:
                own_server.pause()

        with pytest.raises(ServerError, match="10 of 30 shops are enqueued"):
            client.enqueue_shops(shops, on_progress=stop_after_ten)
        own_server.resume()
        runs = client.enqueue_shops(shops)
        assert all(run.joined for run in runs[:10])
    with redis.Redis.from_url(settings.broker_url) as broker:
        assert queue_depth(broker)[SHOPS].waiting == MANY
