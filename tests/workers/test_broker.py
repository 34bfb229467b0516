"""What is in the queues, message by message."""

import datetime as dt

import dramatiq
import pytest
import redis

from shopace.core.records.job import Job
from shopace.workers.broker import Broker, enqueue
from shopace.workers.queue import BLOCKS, SHOPS, Queue, QueueDepth, queue_depth
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
