"""What is in the queues, message by message."""

import datetime as dt
from typing import Any

import dramatiq
import msgspec
import pytest
import redis
from structlog.testing import capture_logs

from shopace.core.errors import JobError
from shopace.core.records.job import Job
from shopace.workers.broker import Broker, canary_message, enqueue
from shopace.workers.condition import read_condition
from shopace.workers.deadletters import Wanted, dead_letters
from shopace.workers.queue import (
    BLOCKS,
    CANARY,
    SHOPS,
    Queue,
    QueueDepth,
    Suspicion,
    key,
    queue_depth,
)
from shopace.workers.settings import Settings

EMPTY = QueueDepth(waiting=0, held=0, delayed=0, dead_lettered=0)


def jobs(count: int) -> list[Job]:
    return [
        Job(run="r", fence=1, as_of=dt.date(2026, 10, 31), snapshot="s", policy="p", block=number)
        for number in range(count)
    ]


def fetch(consumer: dramatiq.Consumer) -> dramatiq.MessageProxy:
    message = next(consumer)
    assert message is not None
    return message


@pytest.fixture
def broker(settings: Settings, broker_client: redis.Redis) -> Broker:
    made = Broker(Queue(broker_client, "w1"), settings, on_dead=lambda _, __: None)
    made.declare_queue(BLOCKS)
    return made


def test_every_message_is_counted_once_wherever_it_is(
    broker: Broker, broker_client: redis.Redis
) -> None:
    enqueue(broker.queue, BLOCKS, jobs(1201))
    assert queue_depth(broker_client) == {BLOCKS: EMPTY._replace(waiting=1201), SHOPS: EMPTY}

    consumer = broker.consume(BLOCKS, prefetch=3, timeout=1)
    first, second, third = (fetch(consumer) for _ in range(3))
    assert queue_depth(broker_client)[BLOCKS] == EMPTY._replace(waiting=1198, held=3)

    consumer.ack(first)
    consumer.nack(second)
    broker.verdicts[third.options["redis_message_id"]] = 3_600_000
    consumer.ack(third)
    assert queue_depth(broker_client)[BLOCKS] == QueueDepth(
        waiting=1198, held=0, delayed=1, dead_lettered=1
    )
    consumer.close()


def test_canaries_run_again_and_again_and_count_as_no_work(broker_client: redis.Redis) -> None:
    queue = Queue(broker_client, "w1")
    for _ in range(2):
        queue.enqueue_unique(CANARY, canary_message(), CANARY, 60_000)
        (message,) = queue.fetch(CANARY, 1, ())
        assert queue.start(CANARY, message.id).times == 1
        queue.canary()
        assert queue.ack(CANARY, message.id, CANARY)
    condition = read_condition(broker_client)
    assert condition.canary_seconds is not None
    assert condition.counters == {}


def test_what_a_job_came_to_is_counted_once_for_all_its_deliveries(
    broker_client: redis.Redis,
) -> None:
    first, second = Queue(broker_client, "w1"), Queue(broker_client, "w2")
    enqueue(first, BLOCKS, jobs(1))
    (message,) = first.fetch(BLOCKS, 1, ())
    first.start(BLOCKS, message.id)
    Queue(broker_client, "w1").leave()  # it was taken for dead, and is not
    second.fetch(BLOCKS, 1, ())
    second.start(BLOCKS, message.id)
    came_to = {"cards:P0": 3, "plugin_failures:acme": 1}
    assert not first.ack(BLOCKS, message.id, came_to=came_to)
    assert second.ack(BLOCKS, message.id, came_to=came_to)
    assert not second.ack(BLOCKS, message.id, came_to=came_to)  # the answer was lost
    condition = read_condition(broker_client)
    assert condition.counters == {"started": 2, "redelivered": 1, "done": 1} | came_to
    assert list(condition.failing_seconds) == ["acme"]


def test_an_id_that_is_no_text_is_quarantined_and_no_neighbour_notices(
    broker: Broker, broker_client: redis.Redis
) -> None:
    raw = broker_client
    name: Any = b"\xff\x00:\x1b"
    raw.hset(key("blocks.msgs"), name, b"{}")
    raw.rpush(key("blocks"), name)
    enqueue(broker.queue, BLOCKS, jobs(1))
    consumer = broker.consume(BLOCKS, prefetch=2, timeout=1)
    assert fetch(consumer).args[0]["block"] == 0
    assert raw.hkeys(key("blocks.XQ.msgs")) == [name]
    assert queue_depth(broker_client)[BLOCKS] == EMPTY._replace(held=1, dead_lettered=1)


def test_the_oldest_waiting_job_tells_its_age_by_its_fence(broker_client: redis.Redis) -> None:
    queue = Queue(broker_client)
    assert read_condition(broker_client).oldest_seconds == {BLOCKS: None, SHOPS: None}
    seconds: Any = broker_client.time()
    fence = (seconds[0] - 100) * 1_000_000
    aged = [msgspec.structs.replace(each, fence=fence + i) for i, each in enumerate(jobs(3))]
    enqueue(queue, BLOCKS, [jobs(1)[0], *aged])  # the first has a fence made by hand
    age = read_condition(broker_client).oldest_seconds[BLOCKS]
    assert age is not None
    assert age >= 99


@pytest.mark.parametrize("queue", [BLOCKS, SHOPS])
def test_every_line_about_a_job_names_its_run_and_its_block_or_shop(
    broker: Broker, queue: str
) -> None:
    broker.declare_queue(SHOPS)
    (job,) = jobs(1)
    if queue == SHOPS:
        job = msgspec.structs.replace(job, block=None, shop="10023")
    enqueue(broker.queue, queue, [job])
    consumer = broker.consume(queue, prefetch=1, timeout=1)
    message = fetch(consumer)
    with capture_logs() as lines:
        for error in (OSError("redis://u:s3cret@h/0\nis gone"), JobError("no such block")):
            broker.emit_before("process_message", message)
            broker.emit_after("process_message", message, exception=error)
        consumer.nack(message)
    assert [line["event"] for line in lines] == ["job.retried", "job.dead_lettered"]
    own = {"shop": "10023"} if queue == SHOPS else {"block": 0, "first": 0}
    for line in lines:
        assert {"run": "r", **own}.items() <= line.items()
        assert "s3cret" not in str(line)
        assert "\n" not in line["error"]


def test_a_dead_letter_names_the_plugins_that_ran_when_its_process_died(
    broker: Broker, broker_client: redis.Redis
) -> None:
    enqueue(broker.queue, BLOCKS, jobs(1))
    for plugin in ("acme", "umbrella"):
        (message,) = broker.queue.fetch(BLOCKS, 1, ())
        broker.queue.start(BLOCKS, message.id)
        broker.queue.leave(message.id, Suspicion(plugin=plugin, reason="SIGKILL"))
    consumer = broker.consume(BLOCKS, prefetch=1, timeout=1)
    proxy = fetch(consumer)
    broker.emit_before("process_message", proxy)
    broker.emit_after("process_message", proxy, exception=JobError("no such block"))
    consumer.nack(proxy)
    (letter,) = dead_letters(broker_client, Wanted(plugin="umbrella"))
    assert (letter.plugins, letter.starts, letter.reason) == (("acme", "umbrella"), 3, "refused")
    assert dead_letters(broker_client, Wanted(plugin="else")) == []
