"""`shopace status`: servers, workers, the queue and the latest runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shopace.core.errors import ShopaceError
from shopace.service.cli.session import Leaf, session
from shopace.service.figures import counted

if TYPE_CHECKING:
    import redis

    from shopace.workers.settings import Settings

RUNS = 5


@click.command(cls=Leaf, examples=("shopace status", "shopace status --json"))
@click.option("--runs", type=click.IntRange(0, 1000), default=RUNS, show_default=True,
              help="How many of the latest nightly runs.")  # fmt: skip
def command(runs: int) -> None:
    """Show servers, workers, the queue and the latest runs.

    Ends with exit code 5 when a server is away, or set up so that promises would break.
    """
    from shopace.workers.settings import answered, connect_briefly, settings_from_environment

    settings = settings_from_environment(data=session().data)
    broker = connect_briefly(settings.broker_url, "broker")
    results = connect_briefly(settings.results_url, "results")
    with answered("broker"):
        queue = {"workers": _workers(broker, settings), "queues": _queues(broker)}
        broker_server = _server(broker, settings.broker_url)
    with answered("results"):
        results_server = _server(results, settings.results_url)
        published = _results(results)
    told = {
        "servers": {"broker": broker_server, "results": results_server},
        **queue,
        "results": published,
        "runs": _runs(settings, runs),
        "data": _data(),
    }
    if session().json:
        session().emit(told)
    else:
        _print(told)


def _server(client: redis.Redis, url: str) -> dict[str, Any]:
    from shopace.workers.settings import place

    about: Any = client.info()
    return {
        "at": place(url),
        "name": about.get("server_name", "redis"),
        "version": about.get("valkey_version", about["redis_version"]),
        "memory_bytes": about["used_memory"],
    }


def _workers(broker: redis.Redis, settings: Settings) -> dict[str, Any]:
    from shopace.workers.queue import workers_heard_of

    within = settings.heartbeat_timeout_ms
    return {"heard_of_lately": workers_heard_of(broker, within), "within_seconds": within / 1000}


def _queues(broker: redis.Redis) -> dict[str, dict[str, int]]:
    from shopace.workers.queue import queue_depth

    return {
        queue: {
            "waiting": depth.waiting,
            "delayed": depth.delayed,
            "dead_lettered": depth.dead_lettered,
        }
        for queue, depth in queue_depth(broker).items()
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
    from shopace.service.terminal import add_row, table

    for role, server in told["servers"].items():
        size = f"{server['memory_bytes'] / 2**20:,.0f} MiB"
        click.echo(f"{role:8} {server['name']} {server['version']}, {size}, at {server['at']}")
    workers = told["workers"]
    heard = counted(workers["heard_of_lately"], "worker process")
    click.echo(f"workers  {heard} heard of within {workers['within_seconds']:g} s")
    for name, queue in told["queues"].items():
        states = ", ".join(f"{count:,} {state.replace('_', '-')}" for state, count in queue.items())
        click.echo(f"queue    {name}: {states}")
    results = told["results"]
    click.echo(f"results  {results['events']:,} events, {results['stale_writes']:,} stale writes")
    data = told["data"]
    found = [*data["snapshots"].values(), *data["problems"]]
    click.echo(clean(f"data     {data['folder']}: {', '.join(found) or 'no snapshot'}"))
    if not told["runs"]:
        return
    numbers = ("shops", "done", "failed", "cards")
    made = table("run", *numbers, right=numbers, wrap=("run",))
    for run in told["runs"]:
        progress = run["progress"]
        cells = (progress.shops, progress.shops_done, progress.failed, sum(progress.cards.values()))
        style = "red" if progress.failed else "" if run["finished"] else "yellow"
        add_row(made, (run["run"], *(f"{each:,}" for each in cells)), style)
    click.echo()
    session().console().print(made)
