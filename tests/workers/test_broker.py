"""What is in the queues, message by message."""

import datetime as dt

import dramatiq
import redis

from shopace.core.records.job import Job
from shopace.workers.broker import BLOCKS, SHOPS, QueueDepth, enqueue, make_broker, queue_depth
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


def test_every_message_is_counted_once_wherever_it_is(
    settings: Settings, broker_client: redis.Redis
) -> None:
    broker = make_broker(broker_client, settings, on_dead=lambda _, __: None)
    broker.declare_queue(BLOCKS)
    enqueue(broker_client, BLOCKS, jobs(1201))
    assert queue_depth(broker_client) == {BLOCKS: EMPTY._replace(waiting=1201), SHOPS: EMPTY}

    consumer = broker.consume(BLOCKS, prefetch=3, timeout=1)
    first, second, third = (fetch(consumer) for _ in range(3))
    assert queue_depth(broker_client)[BLOCKS] == EMPTY._replace(waiting=1198, held=3)

    consumer.ack(first)
    consumer.nack(second)
    broker.enqueue(third._message, delay=3_600_000)
    consumer.ack(third)
    assert queue_depth(broker_client)[BLOCKS] == QueueDepth(
        waiting=1198, held=0, delayed=1, dead_lettered=1
    )
    consumer.close()


def test_a_delayed_message_that_a_worker_holds_is_still_delayed(
    settings: Settings, broker_client: redis.Redis
) -> None:
    broker = make_broker(broker_client, settings, on_dead=lambda _, __: None)
    broker.declare_queue(BLOCKS)
    enqueue(broker_client, BLOCKS, jobs(1))
    consumer = broker.consume(BLOCKS, prefetch=1, timeout=1)
    message = fetch(consumer)
    broker.enqueue(message._message, delay=3_600_000)
    consumer.ack(message)
    later = broker.consume(f"{BLOCKS}.DQ", prefetch=1, timeout=1)
    fetch(later)
    assert queue_depth(broker_client)[BLOCKS] == EMPTY._replace(delayed=1)
    later.close()
    consumer.close()
