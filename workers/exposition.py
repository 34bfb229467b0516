"""Metrics for Prometheus: read from the servers at every scrape, never kept here.

What the queue has counted lies in Redis and is the same from every supervisor; what is about one
supervisor's own processes begins with `shopace_child`. No label holds the id of a shop, a run or a
message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import redis
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from shopace.core.errors import redacted
from shopace.core.results import keys
from shopace.workers import counters
from shopace.workers.condition import Condition, read_condition
from shopace.workers.intake import IntakeState, intake_state
from shopace.workers.logging import Events
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Health

log = Events(__name__)

_MICROS = 1_000_000


class Exposition:
    """Renders all metrics for one scrape. `health` tells of the supervisor's own children."""

    def __init__(
        self,
        settings: Settings,
        broker: redis.Redis,
        results: redis.Redis,
        health: Callable[[], Health],
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Collected(settings, broker, results, health))

    def render(self, accept: str) -> tuple[bytes, str]:
        """The text and its content type, by what the scraper accepts."""
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind


class _Collected(Collector):
    def __init__(
        self,
        settings: Settings,
        broker: redis.Redis,
        results: redis.Redis,
        health: Callable[[], Health],
    ) -> None:
        self._settings, self._broker, self._results = settings, broker, results
        self._health = health

    def describe(self) -> list[Metric]:
        return []  # to be asked would mean to ask the servers

    def collect(self) -> Iterator[Metric]:
        """A server that does not answer leaves its metrics out: missing is not zero."""
        yield from _children(self._health())
        up = GaugeMetricFamily("shopace_server_up", "Whether the server answers", labels=["server"])
        condition = self._ask("broker", lambda: read_condition(self._broker))
        up.add_metric(["broker"], float(condition is not None))
        intake = self._ask("broker", lambda: intake_state(self._broker))
        stale = self._ask("results", lambda: _stale_writes(self._results))
        answers = self._ask("results", self._results.ping)
        up.add_metric(["results"], float(answers is not None))
        yield up
        if stale is not None:
            yield _counter("shopace_stale_writes", "Documents refused as too old", {"": stale})
        if condition is not None:
            yield from _queue(condition, self._settings.heartbeat_timeout_ms)
            yield from _jobs(condition.counters)
            yield from _plugins(condition.counters)
        if intake is not None:
            yield from _intake(intake)

    def _ask(self, server: str, question: Callable[[], Any]) -> Any:  # noqa: ANN401  # as redis-py
        try:
            return question()
        except redis.RedisError as error:
            log.warning("scrape.incomplete", server=server, error=redacted(str(error)))
            return None


def _stale_writes(results: redis.Redis) -> int:
    stored: Any = results.hget(keys.COUNTERS, keys.STALE_WRITES)
    return int(stored) if stored is not None else 0


def _children(health: Health) -> Iterator[Metric]:
    yield _gauge("shopace_children", "Worker processes there should be", health.children)
    yield _gauge("shopace_children_ready", "Those that have asked for work lately", health.asking)
    yield _gauge("shopace_children_working", "Those in the middle of a job", health.working)
    deaths = {kind: health.deaths.get(kind, 0) for kind in ("ended", "exit", "signal")}
    yield _counter("shopace_child_deaths", "Worker processes that died", deaths, "kind")


def _queue(condition: Condition, heartbeat_ms: int) -> Iterator[Metric]:
    workers = condition.workers(heartbeat_ms)
    yield _gauge("shopace_workers", "Worker processes heard of lately, everywhere", workers)
    depth = GaugeMetricFamily(
        "shopace_queue_messages", "Messages, each counted once", labels=["queue", "state"]
    )
    oldest = GaugeMetricFamily(
        "shopace_queue_oldest_job_age_seconds",
        "Since the oldest waiting job was enqueued; absent where none waits",
        labels=["queue"],
    )
    for queue, counts in condition.depth.items():
        for state, count in counts._asdict().items():
            depth.add_metric([queue, state], count)
        age = condition.oldest_seconds[queue]
        if age is not None:
            oldest.add_metric([queue], age)
    yield depth
    yield oldest
    if condition.canary_seconds is not None:
        told = "Since a job that does nothing last went through the queue"
        yield _gauge("shopace_canary_age_seconds", told, condition.canary_seconds)


def _jobs(told: Mapping[str, int]) -> Iterator[Metric]:
    dead = counters.family(told, "dead_lettered")
    outcomes = {name: told.get(name, 0) for name in ("done", "retried", "split")}
    outcomes["dead_lettered"] = sum(dead.values())
    yield _counter("shopace_jobs", "What became of jobs that were begun", outcomes, "outcome")
    yield _counter("shopace_deliveries", "Jobs begun", {"": told.get("started", 0)})
    again, about = {"": told.get("redelivered", 0)}, "Jobs left in the middle, to be begun again"
    yield _counter("shopace_redeliveries", about, again)
    quarantined = {"": dead.get("undecodable", 0)}
    yield _counter("shopace_quarantined", "Messages that could not be read", quarantined)
    yield _counter("shopace_dead_letters", "Messages given up", dead, "reason")
    shops = dict.fromkeys(counters.OUTCOMES, 0) | counters.family(told, counters.SHOPS)
    yield _counter("shopace_shops", "Shops of finished jobs", shops, "outcome")
    cards = dict.fromkeys(("P0", "P1", "P2"), 0) | counters.family(told, counters.CARDS)
    yield _counter("shopace_cards", "Cards of finished jobs", cards, "priority")
    yield _durations(told)


def _durations(told: Mapping[str, int]) -> Metric:
    by_bucket = counters.family(told, counters.JOB_BUCKET)
    passed, buckets = 0, []
    for number, limit in enumerate((*counters.BUCKETS, float("inf"))):
        passed += by_bucket.get(str(number), 0)
        buckets.append(("+Inf" if limit == float("inf") else str(limit), passed))
    made = HistogramMetricFamily("shopace_job_duration_seconds", "Of finished jobs")
    made.add_metric([], buckets, told.get(counters.JOB_MICROS, 0) / _MICROS)
    return made


def _plugins(told: Mapping[str, int]) -> Iterator[Metric]:
    micros = counters.family(told, counters.PLUGIN_MICROS)
    seconds = {plugin: each / _MICROS for plugin, each in micros.items()}
    yield _counter("shopace_plugin_seconds", "Spent in plugins' own code", seconds, "plugin")
    failures = counters.family(told, counters.PLUGIN_FAILURES)
    what = "Jobs in which a plugin's own code failed or was not run"
    yield _counter("shopace_plugin_failures", what, failures, "plugin")


def _intake(state: IntakeState) -> Iterator[Metric]:
    yield _gauge("shopace_intake_waiting", "Entries nobody has judged yet", state.waiting)
    if state.waiting:
        told = "Since the oldest waiting entry came; absent where none waits"
        yield _gauge("shopace_intake_oldest_entry_age_seconds", told, state.oldest_seconds)
    outcomes = {name: getattr(state, name) for name in ("accepted", "joined", "rejected")}
    yield _counter("shopace_intake_entries", "What became of entries", outcomes, "outcome")


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _counter(name: str, what: str, values: Mapping[str, Any], label: str = "") -> Metric:
    made = CounterMetricFamily(name, what, labels=[label] if label else [])
    for each, value in sorted(values.items()):
        made.add_metric([each] if label else [], float(value))
    return made
