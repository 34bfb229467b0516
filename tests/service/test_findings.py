"""The rules of doctor, each tried without its fault."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import redis

from shopace.core.records.run import Progress
from shopace.service.findings import (
    Level,
    of_ages,
    of_apartness,
    of_clocks,
    of_dead_letters,
    of_intake,
    of_memory,
    of_persistence,
    of_plugins,
    of_runs,
    of_workers,
)
from shopace.workers.condition import Condition
from shopace.workers.fitness import Facts
from shopace.workers.intake import IntakeState
from shopace.workers.queue import QueueDepth
from shopace.workers.register import Run
from shopace.workers.settings import Settings

SETTINGS = Settings(broker_url="redis://b", results_url="redis://r", data=Path("data"))
NOW_MS = 1_800_000_000_000
DAY = 86_400.0
AOF = {"aof_enabled": 1, "aof_last_write_status": "ok"}
SERVER = Facts(
    place="b:6379", database=0, run="a", version="7.2", policy="noeviction", primary="",
    clustered=False, loading="", ahead_seconds=0.0,
)  # fmt: skip


def condition(**changes: Any) -> Condition:
    told: dict[str, Any] = {
        "now_ms": NOW_MS,
        "depth": {"blocks": QueueDepth(0, 0, 0, 0)},
        "oldest_seconds": {"blocks": None},
        "last_heard_ms": {"w1": NOW_MS - 1000},
        "canary_seconds": 4.0,
        "failing_seconds": {},
        "counters": {},
    }
    return Condition(**told | changes)


@pytest.mark.parametrize(
    ("info", "fsync", "level", "told"),
    [
        ({"aof_enabled": 0}, None, "warn", "no append-only file"),
        (AOF, "everysec", "ok", "last second"),
        (AOF, "always", "ok", "nothing that it acknowledged"),
        (AOF, None, "ok", "unknown"),
        (AOF | {"aof_last_write_status": "err"}, "everysec", "wrong", "cannot write"),
    ],
)
def test_what_a_server_loses_when_it_stops(
    info: dict[str, Any], fsync: str | None, level: Level, told: str
) -> None:
    found = of_persistence("broker", info, fsync)
    assert found.level == level
    assert told in found.what


@pytest.mark.parametrize(
    ("used", "limit", "level"),
    [(500, 0, "ok"), (500, 1000, "ok"), (800, 1000, "warn"), (950, 1000, "wrong")],
)
def test_a_full_server_refuses_writes(used: int, limit: int, level: Level) -> None:
    assert of_memory("results", {"used_memory": used, "maxmemory": limit}).level == level


@pytest.mark.parametrize(
    ("skew", "level"), [(0.5, "ok"), (6, "warn"), (-6, "warn"), (601, "wrong")]
)
def test_clocks_that_disagree_make_ages_wrong(skew: float, level: Level) -> None:
    assert of_clocks(1000.0, 1000.0 + skew).level == level


@pytest.mark.parametrize(
    ("results", "level"),
    [
        (SERVER._replace(run="b"), "ok"),
        (SERVER._replace(database=1), "warn"),
        (SERVER._replace(place="other-name:6379"), "wrong"),
    ],
)
def test_broker_and_results_are_apart(results: Facts, level: Level) -> None:
    assert of_apartness(SERVER, results).level == level


@pytest.mark.parametrize(
    ("changes", "levels"),
    [
        ({}, ["ok", "ok"]),
        ({"last_heard_ms": {"w1": NOW_MS - 60_000}}, ["warn"]),
        ({"last_heard_ms": {}, "depth": {"blocks": QueueDepth(3, 0, 0, 0)}}, ["wrong"]),
        ({"canary_seconds": None}, ["ok", "warn"]),
        ({"canary_seconds": 100.0}, ["ok", "warn"]),
        ({"canary_seconds": 1000.0}, ["ok", "wrong"]),
    ],
)
def test_somebody_works_and_jobs_get_done(changes: dict[str, Any], levels: list[Level]) -> None:
    assert [each.level for each in of_workers(condition(**changes), SETTINGS)] == levels


@pytest.mark.parametrize(
    ("age", "level"), [(None, "ok"), (60.0, "ok"), (3700.0, "warn"), (1.1 * DAY, "wrong")]
)
def test_a_job_that_waits_for_long_is_told(age: float | None, level: Level) -> None:
    (found,) = of_ages(condition(oldest_seconds={"blocks": age}), SETTINGS, 3600)
    assert found.level == level


def test_a_plugin_that_failed_within_the_hour_is_told() -> None:
    told = condition(
        failing_seconds={"acme": 10.0, "old": 2 * DAY}, counters={"plugin_failures:acme": 3}
    )
    (found,) = of_plugins(told)
    assert (found.level, found.about) == ("warn", "plugin acme")
    assert "3 jobs" in found.what


@pytest.mark.parametrize(
    ("waiting", "oldest", "kept", "level"),
    [(0, 0.0, 0, "ok"), (5, 1.0, 0, "ok"), (0, 0.0, 2, "warn"), (5, 100.0, 2, "wrong")],
)
def test_the_intake_is_judged_in_time(waiting: int, oldest: float, kept: int, level: Level) -> None:
    state = IntakeState(
        waiting=waiting, oldest_seconds=oldest, accepted=1, joined=0, rejected=kept,
        rejections_kept=kept,
    )  # fmt: skip
    assert of_intake(state).level == level


def test_dead_letters_are_told_by_reason_with_the_way_to_them() -> None:
    found = list(of_dead_letters(["failed", "expired", "failed", "of_a_later_version"]))
    assert [each.level for each in found] == ["warn"] * 3
    assert "2 dead letters: failed" in [each.what for each in found]
    assert all("shopace dlq list --reason" in each.way_out for each in found)
    assert [each.level for each in of_dead_letters([])] == ["ok"]


@pytest.mark.parametrize(
    ("days", "failed", "levels"),
    [
        (1, 0, ["ok"]),
        (2, 0, ["warn"]),
        (4, 0, ["wrong"]),
        (1, 7, ["ok", "warn"]),
    ],
)
def test_nights_come_before_their_diagnoses_expire(
    days: int, failed: int, levels: list[Level]
) -> None:
    now = NOW_MS / 1000
    run = Run(
        id="nightly-x", marketplace="x", as_of=dt.date(2026, 10, 31),
        fence=round((now - days * DAY) * 1_000_000), snapshot="s", benchmarks=None, policy="p",
        incentives=None, block_shops=(9,), results=redis.Redis(),
    )  # fmt: skip
    done = Progress(run=run.id, blocks=1, shops=9, failed=failed)
    assert [each.level for each in of_runs([(run, done)], SETTINGS, now)] == levels
    assert [each.level for each in of_runs([], SETTINGS, now)] == ["warn"]
