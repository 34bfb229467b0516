"""What is in the queues, message by message."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import dramatiq
import msgspec
import pytest
import redis
from structlog.testing import capture_logs

from shopace.core.errors import JobError
from shopace.core.records.job import Job
from shopace.workers.broker import GIVEN_BACK, STARTS_ALONE, Broker, canary_message, enqueue
from shopace.workers.condition import read_condition
from shopace.workers.deadletters import Wanted, dead_letters
from shopace.workers.queue import (
    BLOCKS,
    CANARY,
    SHOPS,
    Queue,
    QueueDepth,
    Start,
    Suspicion,
    Why,
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


def begin_and_lose(client: redis.Redis, lose: Callable[[Queue], object]) -> Start:
    """A worker begins the one job that waits, and is gone in the middle of it."""
    worker = Queue(client, "lost")
    (message,) = worker.fetch(BLOCKS, 1, ())
    start = worker.start(BLOCKS, message.id)
    lose(worker)
    return start


def fall_silent(worker: Queue) -> None:
    client = worker._client
    client.set(key("janitor"), "janitor@0")  # one who has had the time to hear of everybody
    client.zadd(key("workers"), {worker.worker: 0})
    swept = Queue(client, "janitor").sweep(lock_ms=60_000, silent_ms=1, dead_letter_ms=60_000)
    assert swept is not None
    assert swept.messages == 1


def test_a_worker_that_fell_silent_or_was_stopped_is_no_death(broker_client: redis.Redis) -> None:
    enqueue(Queue(broker_client), BLOCKS, jobs(1))
    stop = Queue.leave  # as for a job that outlasts its worker's grace
    seen = [begin_and_lose(broker_client, each) for each in (fall_silent, stop, fall_silent)]
    seen.append(begin_and_lose(broker_client, lambda worker: worker.leave("r:1:0")))
    seen.append(begin_and_lose(broker_client, stop))
    assert [(each.times, each.given_back) for each in seen] == [
        (1, 0),
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 3),
    ]


@pytest.mark.parametrize(
    ("times", "lose", "error"),
    [
        (STARTS_ALONE, lambda worker: worker.leave("r:1:0"), "its process died 3 times"),
        (GIVEN_BACK, fall_silent, "5 workers fell silent or were stopped"),
    ],
    ids=["its process", "its machine"],
)
def test_a_job_that_ends_whoever_has_it_is_found_at_last_and_told_as_it_was(
    broker: Broker,
    broker_client: redis.Redis,
    times: int,
    lose: Callable[[Queue], object],
    error: str,
) -> None:
    enqueue(broker.queue, BLOCKS, jobs(1))
    for _ in range(times):
        begin_and_lose(broker_client, lose)
    consumer = broker.consume(BLOCKS, prefetch=1, timeout=1)
    message = fetch(consumer)
    broker.emit_before("process_message", message)
    assert message.failed
    consumer.nack(message)
    (letter,) = dead_letters(broker_client)
    assert (letter.reason, letter.starts) == ("kills_its_process", times + 1)
    assert error in letter.error


def test_a_retry_forgets_neither_the_suspected_nor_the_deaths(
    broker: Broker, broker_client: redis.Redis
) -> None:
    enqueue(broker.queue, BLOCKS, jobs(1))
    begin_and_lose(
        broker_client,
        lambda worker: worker.leave("r:1:0", Suspicion(plugin="acme", reason="SIGKILL")),
    )
    begin_and_lose(broker_client, lambda worker: worker.leave("r:1:0"))
    for _ in range(3):  # the results server is full
        (message,) = broker.queue.fetch(BLOCKS, 1, ())
        start = broker.queue.start(BLOCKS, message.id)
        assert (start.times, [each.plugin for each in start.suspects]) == (3, ["acme"])
        assert broker.queue.retry(BLOCKS, message, 0)


def test_what_a_worker_gives_back_goes_in_the_order_in_which_it_came(
    broker_client: redis.Redis,
) -> None:
    worker = Queue(broker_client, "w1")
    enqueue(worker, BLOCKS, jobs(4))
    held = [each.id for each in worker.fetch(BLOCKS, 3, ())]
    worker.start(BLOCKS, held[0])
    worker.leave()
    assert [each.id for each in worker.fetch(BLOCKS, 3, ())] == held


def test_a_run_that_cannot_be_told_of_a_dead_letter_holds_up_no_place(
    broker: Broker, broker_client: redis.Redis
) -> None:
    def fail(_: Job, __: Why) -> None:
        raise TypeError("half a run")

    broker.on_dead = fail
    enqueue(broker.queue, BLOCKS, jobs(1))
    consumer = broker.consume(BLOCKS, prefetch=1, timeout=1)
    with capture_logs() as lines:
        consumer.nack(fetch(consumer))
    assert [line["event"] for line in lines] == ["job.dead_lettered", "run.not_told"]
    assert queue_depth(broker_client)[BLOCKS] == EMPTY._replace(dead_lettered=1)
    assert broker.known == {BLOCKS: set()}
