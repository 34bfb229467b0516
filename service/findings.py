"""What may be wrong with an installation, each as a sentence with its way out.

The rules are functions of what was read, so that each can be tried without the fault; who reads is
`examination`. Limits without a source are ours, and stand here with their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from shopace.core.errors import ServerError, ShopaceError
from shopace.core.records.run import Progress
from shopace.service.figures import counted, duration
from shopace.workers.condition import Condition
from shopace.workers.counters import PLUGIN_FAILURES, family
from shopace.workers.fitness import Facts, is_shared, require_apart
from shopace.workers.intake import IntakeState
from shopace.workers.register import Run
from shopace.workers.settings import Role, Settings

Level = Literal["ok", "warn", "wrong"]

SKEW_WARN_SECONDS = 5
"""Between the two servers' clocks: ages of jobs are wrong by as much."""
SKEW_WRONG_SECONDS = 600
MEMORY_WARN, MEMORY_WRONG = 0.8, 0.95
"""Shares of a server's memory limit. A full server refuses to be written to."""
INTAKE_LAG_SECONDS = 60
FAILED_LATELY_SECONDS = 3600


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    level: Level
    """`wrong`: promises are broken, or will be. `warn`: to be known, or seen to."""
    about: str
    what: str
    way_out: str = ""
    """Empty where nothing is to be done."""


def wrong(about: str, what: str, way_out: str = "") -> Finding:
    return Finding(level="wrong", about=about, what=what, way_out=way_out)


def ok(about: str, what: str) -> Finding:
    return Finding(level="ok", about=about, what=what)


def refusal(about: str, error: ShopaceError) -> Iterator[Finding]:
    if not error.problems:
        yield wrong(about, error.message, error.hint)
    for problem in error.problems:
        yield wrong(about, f"{problem.where}: {problem.what}", problem.hint or error.hint)


def of_persistence(role: Role, info: Mapping[str, Any], fsync: str | None) -> Finding:
    """What the server loses when it stops, by its INFO and its `appendfsync`, if known."""
    about = f"{role} on disk"
    lost = "messages" if role == "broker" else "diagnoses and what shops' tasks were before"
    if not info.get("aof_enabled"):
        return Finding(
            level="warn",
            about=about,
            what=f"it keeps no append-only file: when it stops, {lost} are lost, all or, with"
            " snapshots, those since the last one",
            way_out="`appendonly yes` and `appendfsync everysec`; fine for a trial as it is",
        )
    if info.get("aof_last_write_status", "ok") != "ok":
        return wrong(about, "it cannot write its append-only file", "is its disk full? see its log")
    ends = {
        "always": "nothing that it acknowledged is lost",
        "everysec": f"{lost} of about the last second are lost should its machine lose power",
        "no": f"{lost} of about the last 30 seconds are lost should its machine lose power",
    }
    return ok(about, f"it keeps an append-only file: {ends.get(fsync or '', 'fsync unknown')}")


def of_memory(role: Role, info: Mapping[str, Any]) -> Finding:
    """How near the server is to refusing every write."""
    about, limit, used = f"{role} memory", info.get("maxmemory") or 0, info.get("used_memory") or 0
    size = f"{used / 2**20:,.0f} MiB"
    if not limit:
        return ok(about, f"{size} of no limit of its own")
    share = used / limit
    what = f"{size} of {limit / 2**20:,.0f} are used; a full server refuses every write"
    way_out = "more memory, or `shopace dlq purge`" if role == "broker" else "more memory"
    if share >= MEMORY_WRONG:
        return wrong(about, what, way_out)
    if share >= MEMORY_WARN:
        return Finding(level="warn", about=about, what=what, way_out=way_out)
    return ok(about, f"{size} of {limit / 2**20:,.0f} are used")


def of_clocks(broker_seconds: float, results_seconds: float) -> Finding:
    """Ages of jobs are the broker's clock less the results server's."""
    skew = abs(broker_seconds - results_seconds)
    what = f"the clocks of broker and results are {duration(skew)} apart"
    way_out = "let both machines keep time (NTP): ages of jobs are wrong by as much"
    if skew > SKEW_WRONG_SECONDS:
        return wrong("clocks", what, way_out)
    if skew > SKEW_WARN_SECONDS:
        return Finding(level="warn", about="clocks", what=what, way_out=way_out)
    return ok("clocks", "broker and results agree on the time")


def of_apartness(broker: Facts, results: Facts) -> Finding:
    """Whether the one can fill or empty the other."""
    about = "apart"
    try:
        require_apart(broker, results)
    except ServerError as error:
        return wrong(about, error.message, error.hint)
    if is_shared(broker, results):
        return Finding(
            level="warn",
            about=about,
            what="broker and results are two databases of one server: one that is full or gone is"
            " both",
            way_out="two servers in production; fine for a trial as it is",
        )
    return ok(about, "broker and results are two servers")


def of_workers(condition: Condition, settings: Settings) -> Iterator[Finding]:
    """Whether somebody works, and whether work gets done."""
    workers, within = (
        condition.workers(settings.heartbeat_timeout_ms),
        settings.heartbeat_timeout_ms,
    )
    if workers == 0:
        nobody = f"no worker was heard of for {within / 1000:g} s"
        start = "start some: shopace worker"
        if condition.waiting:
            yield wrong("workers", f"{counted(condition.waiting, 'job')} wait and {nobody}", start)
        else:
            yield Finding(level="warn", about="workers", what=nobody, way_out=start)
        return
    yield ok("workers", f"{counted(workers, 'worker process')} heard of")
    ago = condition.canary_seconds
    way_out = "look at the workers' logs; /readyz of --metrics-port says why"
    if ago is None:
        what = "no job that does nothing has gone through the queue yet"
        way_out = "look again in a minute: it is enqueued once workers are there"
        yield Finding(level="warn", about="canary", what=what, way_out=way_out)
    elif ago > settings.job_seconds + 3 * settings.canary_seconds:
        what = f"the last canary job ran {duration(ago)} ago: workers are there and do no jobs"
        yield wrong("canary", what, way_out)
    elif ago > 3 * settings.canary_seconds:
        what = f"the last canary job ran {duration(ago)} ago: all workers have long jobs, or hang"
        yield Finding(level="warn", about="canary", what=what, way_out=way_out)
    else:
        yield ok("canary", f"a canary job ran {duration(ago)} ago")


def of_ages(condition: Condition, settings: Settings, oldest_seconds: float) -> Iterator[Finding]:
    """Whether jobs wait for too long."""
    for queue, age in condition.oldest_seconds.items():
        about = f"queue {queue}"
        if age is None:
            yield ok(about, "nothing waits")
            continue
        what = f"its oldest job was enqueued {duration(age)} ago"
        limit = settings.job_age_limit_ms / 1000
        if age > limit / 2:
            what += f"; at {duration(limit)} it is given up"
            yield wrong(about, what, "more workers: shopace worker --processes N, on more machines")
        elif age > oldest_seconds:
            way_out = "more workers, unless a large run has just begun; --oldest sets the limit"
            yield Finding(level="warn", about=about, what=what, way_out=way_out)
        else:
            yield ok(about, what)


def of_plugins(condition: Condition) -> Iterator[Finding]:
    """Plugins whose own code failed within the last hour."""
    for plugin, ago in sorted(condition.failing_seconds.items()):
        if ago <= FAILED_LATELY_SECONDS:
            jobs = family(condition.counters, PLUGIN_FAILURES).get(plugin, 0)
            yield Finding(
                level="warn",
                about=f"plugin {plugin}",
                what=f"its own code failed {duration(ago)} ago, in {counted(jobs, 'job')} so far;"
                " its category is unknown there",
                way_out="see plugin_errors of job.finished in the log, or shopace status RUN",
            )


def of_intake(state: IntakeState) -> Finding:
    """Whether the bridge keeps up, and what it refused."""
    if state.waiting and state.oldest_seconds > INTAKE_LAG_SECONDS:
        what = f"{state.waiting:,} entries wait, the oldest for {duration(state.oldest_seconds)}"
        return wrong("intake", what, "workers judge them: are there any? see their logs")
    if state.rejections_kept:
        rejected = f"{state.rejections_kept:,} entries were rejected"
        way_out = "their reasons stand in the stream of rejections; see docs/scheduling.md"
        return Finding(level="warn", about="intake", what=rejected, way_out=way_out)
    return ok("intake", f"{state.waiting:,} entries wait, none was rejected")


def of_dead_letters(reasons: Sequence[str]) -> Iterator[Finding]:
    """Dead letters by reason."""
    if not reasons:
        yield ok("dead letters", "there is none")
    ways = {
        "undecodable": "shopace dlq show ID says what came; who sends it?",
        "refused": "the job asked for what is not there: mend that, then replay them",
        "failed": "mend the cause, then replay them",
        "kills_its_process": "shopace dlq show ID names the shop: what is odd about its facts?",
        "expired": "more workers; a new run is better than a replay",
    }
    for reason in sorted(set(reasons)):
        number = counted(reasons.count(reason), "dead letter")
        way_out = f"{ways.get(reason, '')}; shopace dlq list --reason {reason}".removeprefix("; ")
        told = reason.replace("_", " ")
        yield Finding(level="warn", about="dead letters", what=f"{number}: {told}", way_out=way_out)


def of_runs(
    latest: Sequence[tuple[Run, Progress]], settings: Settings, now_seconds: float
) -> Iterator[Finding]:
    """Of each marketplace its last night: does it come often enough, did it leave shops out."""
    lifetime = settings.result_ttl_seconds
    if not latest:
        yield Finding(
            level="warn",
            about="nights",
            what="no nightly run is known of the last week",
            way_out="shopace nightly; every day: docs/scheduling.md",
        )
    seen = set()
    for run, done in latest:
        if run.marketplace in seen:
            continue
        seen.add(run.marketplace)
        about, age = f"nights of {run.marketplace}", now_seconds - run.fence / 1_000_000
        what = f"the last one began {duration(age)} ago; diagnoses live for {duration(lifetime)}"
        way_out = "does the schedule run? see docs/scheduling.md"
        if age > lifetime:
            yield wrong(about, f"{what}: they are gone", way_out)
        elif age > lifetime / 2:
            yield Finding(level="warn", about=about, what=what, way_out=way_out)
        else:
            yield ok(about, what)
        if done.failed:
            yield Finding(
                level="warn",
                about=about,
                what=f"{counted(done.failed, 'shop')} of {run.id} have no diagnosis of that run",
                way_out=f"shopace status {run.id}; shopace dlq replay --run {run.id}",
            )
