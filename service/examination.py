"""Looks at an installation, and says what is found: servers, queue, configuration, snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import redis

from shopace.core.configuration import Configuration
from shopace.core.errors import ServerError, ShopaceError, redacted
from shopace.core.host.registry import Registry
from shopace.core.warehouse.benchmarks import latest_benchmarks
from shopace.core.warehouse.policy import load_policy
from shopace.core.warehouse.programmes import load_programmes
from shopace.core.warehouse.snapshot import latest_snapshot, marketplaces
from shopace.plugins import POLICY_PACKS
from shopace.service.figures import counted
from shopace.service.findings import (
    Finding,
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
    ok,
    refusal,
    wrong,
)
from shopace.service.opening import outdated_metrics
from shopace.workers.condition import read_condition
from shopace.workers.deadletters import dead_letters
from shopace.workers.embedded import is_alive
from shopace.workers.fitness import Facts, require_same_time
from shopace.workers.intake import intake_state
from shopace.workers.runs import latest_runs, progress
from shopace.workers.settings import (
    Role,
    ServerFile,
    Settings,
    check_server,
    connect_to_look,
    read_server_file,
)

RUNS_LOOKED_AT = 20


def examine(
    environ: Mapping[str, str],
    data: Path,
    settings: Callable[[], Settings],
    configuration: Callable[[], Configuration],
    registry: Callable[[], Registry],
    *,
    oldest_seconds: float,
) -> Iterator[Finding]:
    """Look at everything. A job may wait for `oldest_seconds` before that is told."""
    yield from _of_server_file(data, named=any(environ.values()))
    try:
        named = settings()
    except ShopaceError as error:
        yield from refusal("servers" if isinstance(error, ServerError) else "settings", error)
    else:
        yield from _of_servers(named, oldest_seconds)
    yield from _of_data(data, configuration, registry)


def _of_server_file(data: Path, *, named: bool) -> Iterator[Finding]:
    path = ServerFile.path(data)
    try:
        found = read_server_file(data)
    except ShopaceError as error:
        yield wrong("server.json", error.message, error.hint)
        return
    if found is None:
        return
    alive = is_alive(found.broker)
    if alive and named:
        what = f"{path} names a running server, and the environment another, which is used"
        way_out = "end that worker, or unset SHOPACE_BROKER_URL and SHOPACE_RESULTS_URL"
        yield Finding(level="warn", about="server.json", what=what, way_out=way_out)
    elif not alive:
        what = f"{path} is stale: the server of process {found.pid} does not answer"
        way_out = f"shopace worker --embedded --data {data} starts one anew, or remove the file"
        level: Level = "warn" if named else "wrong"
        yield Finding(level=level, about="server.json", what=what, way_out=way_out)


def _of_servers(settings: Settings, oldest_seconds: float) -> Iterator[Finding]:
    facts: dict[Role, Facts] = {}
    urls: dict[Role, str] = {"broker": settings.broker_url, "results": settings.results_url}
    for role, url in urls.items():
        try:
            facts[role] = check_server(url, role)
        except ShopaceError as error:
            yield wrong(role, error.message, error.hint)
        else:
            yield from _of_time(facts[role], role, settings)
    seconds: dict[Role, float] = {}
    for role, about in facts.items():
        client = connect_to_look(urls[role], role)
        try:
            seconds[role] = _seconds(client)
            yield from _told(role, _of_server(client, role, about.place))
            if role == "broker":
                yield from _told(role, _of_queue(client, settings, oldest_seconds))
        except redis.RedisError as error:
            yield wrong(role, f"it does not answer any more: {redacted(str(error))}")
        finally:
            client.close()
    if len(facts) == len(seconds) == len(urls):
        yield of_apartness(facts["broker"], facts["results"])
        yield of_clocks(seconds["broker"], seconds["results"])
    if "results" in seconds:
        yield from _of_nights(settings, seconds["results"])


def _of_time(facts: Facts, role: Role, settings: Settings) -> Iterator[Finding]:
    try:
        require_same_time(facts, role, settings.clock_skew_seconds)
    except ShopaceError as error:
        yield wrong("clocks", f"workers here refuse to start: {error.message}", error.hint)


def _of_nights(settings: Settings, now_seconds: float) -> Iterator[Finding]:
    try:
        latest = [(run, progress(run)) for run in latest_runs(settings, RUNS_LOOKED_AT)]
    except ShopaceError as error:
        yield wrong("results", error.message, error.hint)
    else:
        yield from of_runs(latest, settings, now_seconds)


def _of_server(client: redis.Redis, role: Role, at: str) -> Iterator[Finding]:
    info: Any = client.info()
    version = info.get("valkey_version", info.get("redis_version"))
    yield ok(role, f"{info.get('server_name', 'redis')} {version}, never evicts, at {at}")
    try:
        answer: Any = client.config_get("appendfsync")
    except redis.ResponseError:  # the user may not ask
        answer = {}
    yield of_persistence(role, info, answer.get("appendfsync"))
    yield of_memory(role, info)


def _of_queue(client: redis.Redis, settings: Settings, oldest: float) -> Iterator[Finding]:
    condition = read_condition(client)
    yield from of_workers(condition, settings)
    yield from of_ages(condition, settings, oldest)
    yield from of_plugins(condition)
    yield of_intake(intake_state(client))
    yield from of_dead_letters([letter.reason for letter in dead_letters(client)])


def _told(about: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """What was found out before the server refused to tell more."""
    try:
        yield from findings
    except redis.ResponseError as error:
        what = f"the server refuses to tell more: {redacted(str(error))}"
        yield Finding(level="warn", about=about, what=what, way_out="see the ACL of the user")


def _of_data(
    data: Path, configuration: Callable[[], Configuration], registry: Callable[[], Registry]
) -> Iterator[Finding]:
    try:
        configured = configuration()
    except ShopaceError as error:
        yield from refusal("configuration", error)
        return
    loads: dict[str, Callable[[], object]] = {
        "policy packs": lambda: load_policy(configured.packs(POLICY_PACKS)),
        "incentives": lambda: load_programmes(configured.incentive_files, configured.ladders),
    }
    for about, load in loads.items():
        try:
            load()
        except ShopaceError as error:
            yield from refusal(about, error)
        else:
            yield ok(about, "they load")
    try:
        loaded = registry()
    except ShopaceError as error:
        yield from refusal("plugins", error)
        return
    for rejection in loaded.rejected:
        what = f"plugin {rejection.plugin} {rejection.version} is rejected: {rejection.problems[0]}"
        yield wrong("plugins", what, "shopace plugins check lists all that is wrong with it")
    if not loaded.rejected:
        yield ok("plugins", f"{counted(len(loaded.plugins), 'plugin')}, none is rejected")
    yield from _of_snapshots(data, loaded)


def _of_snapshots(data: Path, registry: Registry) -> Iterator[Finding]:
    home = data / "snapshots"
    names = marketplaces(home)
    if not names:
        what, way_out = f"there is none in {home}", "shopace snapshot build"
        yield Finding(level="warn", about="snapshots", what=what, way_out=way_out)
    for name in names:
        about = f"snapshot of {name}"
        try:
            snapshot = latest_snapshot(home, name)
            old = outdated_metrics(registry, snapshot)
            benchmarks = latest_benchmarks(data / "benchmarks", snapshot.id)
        except ShopaceError as error:
            yield from refusal(about, error)
            continue
        if old:
            yield Finding(
                level="warn",
                about=about,
                what=f"{snapshot.id} is older than the plugins: {counted(len(old), 'metric')}"
                " cannot be told from it",
                way_out="shopace snapshot build && shopace benchmarks build",
            )
        else:
            yield ok(about, f"{snapshot.id}, as of {snapshot.manifest.as_of}")
        if benchmarks is None:
            what = f"{snapshot.id} has no benchmarks: nothing is compared with peers"
            way_out = f"shopace benchmarks build {snapshot.id}"
            yield Finding(level="warn", about=about, what=what, way_out=way_out)


def _seconds(client: redis.Redis) -> float:
    answer: Any = client.time()
    return int(answer[0]) + int(answer[1]) / 1_000_000
