"""`shopace status`: servers, workers, the queue and the latest runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shopace.core.errors import ShopaceError
from shopace.service.cli.session import Leaf, session
from shopace.service.figures import counted, duration

if TYPE_CHECKING:
    import redis

    from shopace.core.records.run import RunReport
    from shopace.workers.condition import Condition
    from shopace.workers.settings import Settings

RUNS = 5
FAILED_LATELY_SECONDS = 3600
ERRORS_SHOWN = 10


@click.command(cls=Leaf, examples=("shopace status", "shopace status RUN", "shopace status --json"))
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--runs", type=click.IntRange(0, 1000), default=RUNS, show_default=True,
              help="How many of the latest nightly runs.")  # fmt: skip
def command(run: str | None, runs: int) -> None:
    """Show servers, workers, the queue and the latest runs.

    With a run, show what came of it. Ends with exit code 5 when a server is away, or set up so that
    promises would break; what is wrong otherwise, and what to do, says "shopace doctor".
    """
    from shopace.workers.settings import settings_from_environment

    settings = settings_from_environment(data=session().data)
    if run is not None:
        _show_run(settings, run)
        return
    told = _everything(settings, runs)
    if session().json:
        session().emit(told)
    else:
        _print(told)


def _everything(settings: Settings, runs: int) -> dict[str, Any]:
    from shopace.workers.condition import read_condition
    from shopace.workers.intake import intake_state
    from shopace.workers.settings import answered, connect_briefly

    broker = connect_briefly(settings.broker_url, "broker")
    results = connect_briefly(settings.results_url, "results")
    with answered("broker"):
        condition = read_condition(broker)
        intake = intake_state(broker)._asdict()
        broker_server = _server(broker, settings.broker_url)
    with answered("results"):
        results_server = _server(results, settings.results_url)
        published = _results(results)
    within = settings.heartbeat_timeout_ms
    return {
        "servers": {"broker": broker_server, "results": results_server},
        "workers": {
            "heard_of_lately": condition.workers(within),
            "within_seconds": within / 1000,
            "canary_seconds_ago": condition.canary_seconds,
        },
        "queues": _queues(condition),
        "intake": intake,
        "counters": dict(sorted(condition.counters.items())),
        "failing_plugins": condition.failing_seconds,
        "results": published,
        "runs": _runs(settings, runs),
        "data": _data(),
    }


def _server(client: redis.Redis, url: str) -> dict[str, Any]:
    from shopace.workers.settings import place

    about: Any = client.info()
    return {
        "at": place(url),
        "name": about.get("server_name", "redis"),
        "version": about.get("valkey_version", about["redis_version"]),
        "memory_bytes": about["used_memory"],
        "memory_limit_bytes": about.get("maxmemory") or None,
        "eviction": about.get("maxmemory_policy"),
    }


def _queues(condition: Condition) -> dict[str, dict[str, Any]]:
    return {
        queue: depth._asdict() | {"oldest_seconds": condition.oldest_seconds[queue]}
        for queue, depth in condition.depth.items()
    }


def _results(results: redis.Redis) -> dict[str, Any]:
    from shopace.core.results import keys

    stale: Any = results.hget(keys.COUNTERS, keys.STALE_WRITES)
    events: Any = results.xlen(keys.EVENTS)
    return {"events": events, "stale_writes": int(stale) if stale is not None else 0}


def _runs(settings: Settings, count: int) -> list[dict[str, Any]]:
    from shopace.service.cli.nightly import told
    from shopace.workers.runs import latest_runs, progress

    if count == 0:
        return []
    return [
        told(run, done) | {"finished": done.is_finished}
        for run in latest_runs(settings, count)
        for done in (progress(run),)
    ]


def _data() -> dict[str, Any]:
    """The latest snapshot of each marketplace, or what is wrong with it."""
    from shopace.core.warehouse.snapshot import latest_snapshot, marketplaces

    home = session().folder / "snapshots"
    snapshots: dict[str, str] = {}
    problems: list[str] = []
    for name in marketplaces(home):
        try:
            snapshots[name] = latest_snapshot(home, name).id
        except ShopaceError as error:
            problems.append(error.message)
    return {"folder": str(session().folder), "snapshots": snapshots, "problems": problems}


def _print(told: dict[str, Any]) -> None:
    from shopace.service.clean import clean

    for role, server in told["servers"].items():
        click.echo(clean(f"{role:8} {_server_line(server)}"))
    workers = told["workers"]
    heard = counted(workers["heard_of_lately"], "worker process")
    ran = workers["canary_seconds_ago"]
    canary = "never ran" if ran is None else f"ran {duration(ran)} ago"
    click.echo(
        f"workers  {heard} heard of within {workers['within_seconds']:g} s; a canary job {canary}"
    )
    intake = told["intake"]
    waits = f", the oldest for {duration(intake['oldest_seconds'])}" if intake["waiting"] else ""
    click.echo(
        f"intake   {intake['waiting']:,} waiting{waits}; so far {intake['accepted']:,} accepted,"
        f" {intake['joined']:,} joined others, {intake['rejected']:,} rejected"
    )
    counters = told["counters"]
    dead = sum(each for name, each in counters.items() if name.startswith("dead_lettered:"))
    parts = {name: counters.get(name, 0) for name in ("done", "retried", "redelivered", "split")}
    jobs = ", ".join(f"{count:,} {name}" for name, count in parts.items())
    click.echo(f"jobs     so far {jobs}, {dead:,} dead-lettered")
    results = told["results"]
    click.echo(f"results  {results['events']:,} events, {results['stale_writes']:,} stale writes")
    lately = {k: v for k, v in told["failing_plugins"].items() if v < FAILED_LATELY_SECONDS}
    if lately:
        names = ", ".join(f"{name} {duration(ago)} ago" for name, ago in sorted(lately.items()))
        click.secho(clean(f"plugins  failed lately: {names}"), fg="yellow")
    data = told["data"]
    found = [*data["snapshots"].values(), *data["problems"]]
    click.echo(clean(f"data     {data['folder']}: {', '.join(found) or 'no snapshot'}"))
    click.echo()
    _print_queues(told["queues"])
    if told["runs"]:
        click.echo()
        _print_runs(told["runs"])


def _server_line(server: dict[str, Any]) -> str:
    limit = server["memory_limit_bytes"]
    memory = f"{server['memory_bytes'] / 2**20:,.0f} MiB"
    memory += f" of {limit / 2**20:,.0f}" if limit else ""
    evicts = server["eviction"] or "eviction unknown"
    return f"{server['name']} {server['version']}, {memory}, {evicts}, at {server['at']}"


def _print_queues(queues: dict[str, dict[str, Any]]) -> None:
    from shopace.service.terminal import add_row, table

    states = ("waiting", "held", "delayed", "dead_lettered")
    titles = (*(each.replace("_", "-") for each in states), "oldest waits")
    made = table("queue", *titles, right=titles)
    for name, queue in queues.items():
        cells = (*(f"{queue[state]:,}" for state in states), duration(queue["oldest_seconds"]))
        add_row(made, (name, *cells), "red" if queue["dead_lettered"] else "")
    session().console().print(made)


def _print_runs(runs: list[dict[str, Any]]) -> None:
    from shopace.service.terminal import add_row, table

    numbers = ("shops", "done", "failed", "stale", "cards")
    made = table("run", *numbers, right=numbers, wrap=("run",))
    for run in runs:
        progress = run["progress"]
        cards = sum(progress.cards.values())
        cells = (progress.shops, progress.shops_done, progress.failed, progress.stale, cards)
        style = "red" if progress.failed else "" if run["finished"] else "yellow"
        add_row(made, (run["run"], *(f"{each:,}" for each in cells)), style)
    session().console().print(made)


def _show_run(settings: Settings, name: str) -> None:
    from shopace.workers.register import report_of
    from shopace.workers.runs import open_run, progress

    run = open_run(settings, name)
    report = report_of(run, progress(run))
    if session().json:
        session().emit(report)
    else:
        _print_run(report)


def _print_run(report: RunReport) -> None:
    from shopace.service.clean import clean

    done = report.progress
    share = 100 * done.shops_done // done.shops if done.shops else 100
    state = "finished" if report.finished else f"running, {share} % done"
    cards = ", ".join(f"{count:,} {priority}" for priority, count in done.cards.items())
    lines = {
        "run": f"{report.run}: {state}",
        "about": f"{report.marketplace} as of {report.as_of}, snapshot {report.snapshot}",
        "with": f"benchmarks {report.benchmarks or 'none'}, policy {report.policy},"
        f" incentives {report.incentives or 'none'}",
        "shops": f"{done.shops_done:,} of {done.shops:,} done: {done.written:,} written,"
        f" {done.partial:,} partial, {done.duplicate:,} published before,"
        f" {done.stale:,} superseded, {done.failed:,} failed",
        "blocks": f"{done.blocks_done:,} of {done.blocks:,} done,"
        f" {done.blocks_failed:,} dead-lettered",
        "cards": cards or "none",
        "time": f"{done.worker_seconds:,.1f} s of all workers together",
    }
    if done.block_seconds is not None:
        spread = done.block_seconds
        lines["time"] += (
            f"; a block {spread.p50:.3g} s, 99 of 100 no longer than {spread.p99:.3g} s,"
            f" the longest {spread.longest:.3g} s"
        )
    for title, text in lines.items():
        click.echo(clean(f"{title:8} {text}"))
    _print_plugins(report)
    for number, (block, error) in enumerate(done.errors.items()):
        if number == ERRORS_SHOWN:
            click.echo(f"and {len(done.errors) - ERRORS_SHOWN:,} more; --json lists them all")
            break
        click.secho(clean(f"block {block} was dead-lettered: {error}"), fg="red")
    if done.errors:
        click.echo(f"again: shopace dlq replay --run {report.run}")


def _print_plugins(report: RunReport) -> None:
    from shopace.service.terminal import add_row, table

    plugins = report.progress.plugins
    if not plugins:
        return
    numbers = ("seconds", "failed in blocks")
    made = table("plugin with code", *numbers, "first error", right=numbers, wrap=("first error",))
    for each in plugins:
        cells = (each.plugin, f"{each.seconds:.3g}", f"{each.blocks_failed:,}", each.error)
        add_row(made, cells, "yellow" if each.blocks_failed else "")
    click.echo()
    session().console().print(made)
