"""`make kills`: work goes on while worker processes are killed. Prints figures, asserts none.

On a made-up marketplace, with two worker processes under our supervisor and the embedded server:
every shop as a job of its own, then all of them as a night of blocks; each first undisturbed and
then with one of the two processes killed (SIGKILL) every few seconds. Afterwards each shop's
document is looked up: whose fence is older than that of the shop's job is lost.

With --data the marketplace is kept there for the next time.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import redis
from rich.table import Table

from shopace.core.host.discovery import load_registry
from shopace.core.results import keys
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.snapshot import build_snapshot, latest_snapshot
from shopace.plugins import BUILTIN
from shopace.service.simulate import simulate
from shopace.service.terminal import console
from shopace.workers.client import SchedulerClient
from shopace.workers.embedded import embedded_server
from shopace.workers.logging import configure_logging
from shopace.workers.queue import key, queue_depth
from shopace.workers.settings import Servers, Settings, connect_both
from shopace.workers.supervisor import Supervisor

DAYS = 31
LOOK_SECONDS = 0.05
PER_ROUND_TRIP = 2000


class Phase(NamedTuple):
    """What one round came to."""

    name: str
    shops: int
    seconds: float
    kills: int
    lost: int
    """Shops whose document is older than their job."""
    stale: int
    """Writes refused because a newer document stood there."""
    dead_lettered: int
    redelivered: int
    """Begun more than once."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shops", type=int, default=100_000)
    parser.add_argument(
        "--calm", type=int, help="so many single shops without kills. [default: all]"
    )
    parser.add_argument("--every", type=float, default=2.0, help="seconds between kills")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data", type=Path, help="keep the marketplace here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = asked.data if asked.data is not None else Path(folder)
        prepare(data, asked.shops)
        phases = list(run(data, asked.every, asked.calm, random.Random(asked.seed)))
    show(phases, asked.seed)


def prepare(data: Path, shops: int) -> None:
    """Make facts and a snapshot, unless they are there."""
    if (data / "snapshots").is_dir():
        return
    began = time.monotonic()
    made = simulate(data / "facts", shops=shops, days=DAYS)
    registry = load_registry(BUILTIN)
    build_snapshot(
        load_mapping(made.mapping, registry.measures),
        data / "facts",
        data / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
    )
    say(f"{shops:,} shops made in {time.monotonic() - began:.0f} s")


def run(data: Path, every: float, calm: int | None, chance: random.Random) -> Iterator[Phase]:
    """The four phases, one after the other."""
    configure_logging(json=True)
    snapshot = latest_snapshot(data / "snapshots")
    shops = [shop for block in range(len(snapshot)) for shop in snapshot.block(block).shops]
    log = data / "kills.log"
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)
    with embedded_server(data) as server:
        settings = Settings(broker_url=server.url_broker, results_url=server.url_results, data=data)
        servers = connect_both(settings)
        client = SchedulerClient(server.url_broker, server.url_results, data)
        with Supervisor(settings, processes=2) as supervisor:
            for kills in (False, True):
                began = time.monotonic()
                with killing(supervisor, every if kills else 0.0, chance) as killed:
                    before = counted(servers)
                    part = shops if kills else shops[:calm]
                    runs = client.enqueue_shops(part)
                    enqueued = time.monotonic() - began
                    drained(servers.broker)
                took = time.monotonic() - began
                say(f"{len(part):,} single shops: {took:.0f} s, {enqueued:.1f} s to enqueue")
                fences = dict(zip(part, (each.fence for each in runs), strict=True))
                name = "single shops" + (", under kills" if kills else "")
                yield phase(name, took, len(killed), fences=fences, servers=servers, before=before)
            for kills in (False, True):
                began = time.monotonic()
                with killing(supervisor, every if kills else 0.0, chance) as killed:
                    before = counted(servers)
                    night = client.enqueue_nightly(again=True)
                    drained(servers.broker)
                took = time.monotonic() - began
                say(f"a night of {len(shops):,}: {took:.0f} s")
                fences = dict.fromkeys(shops, night.fence)
                name = "night" + (", under kills" if kills else "")
                yield phase(name, took, len(killed), fences=fences, servers=servers, before=before)
        servers.close()


@contextmanager
def killing(supervisor: Supervisor, every: float, chance: random.Random) -> Iterator[list[int]]:
    """Kill one of the processes every so often, meanwhile; the pids of the dead."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while every and not over.wait(every):
            pids = supervisor.pids
            if pids:
                victim = chance.choice(pids)
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def drained(broker: redis.Redis) -> None:
    """Wait until nothing waits, runs or is delayed."""
    while any(any(depth[:3]) for depth in queue_depth(broker).values()):
        time.sleep(LOOK_SECONDS)


def counted(servers: Servers) -> dict[str, int]:
    """The counters now."""
    queue: Any = servers.broker.hgetall(key("counters"))
    stale: Any = servers.results.hget(keys.COUNTERS, keys.STALE_WRITES)
    found = {name.decode(): int(value) for name, value in queue.items() if value.isdigit()}
    return found | {"stale": int(stale or 0)}


def phase(
    name: str,
    seconds: float,
    kills: int,
    *,
    fences: dict[str, int],
    servers: Servers,
    before: dict[str, int],
) -> Phase:
    """Look up every document, and what was counted meanwhile."""
    now = counted(servers)

    def more(what: str) -> int:
        return now.get(what, 0) - before.get(what, 0)

    return Phase(
        name=name,
        shops=len(fences),
        seconds=seconds,
        kills=kills,
        lost=sum(stored < fences[shop] for shop, stored in stored_fences(servers, list(fences))),
        stale=more("stale"),
        dead_lettered=sum(depth.dead_lettered for depth in queue_depth(servers.broker).values()),
        redelivered=more("redelivered"),
    )


def stored_fences(servers: Servers, shops: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each shop with the fence of its document; 0 without one."""
    for start in range(0, len(shops), PER_ROUND_TRIP):
        part = shops[start : start + PER_ROUND_TRIP]
        with servers.results.pipeline(transaction=False) as pipeline:
            for shop in part:
                pipeline.hget(keys.diagnosis_key(shop), "fence")
            stored = pipeline.execute()
        yield from ((shop, int(fence or 0)) for shop, fence in zip(part, stored, strict=True))


def show(phases: Sequence[Phase], seed: int) -> None:
    """The figures, beside those of the undisturbed round."""
    table = Table(title=f"Two worker processes, seed {seed}")
    for column in ("", "shops", "shops/s", "of undisturbed", *Phase._fields[3:]):
        table.add_column(column.replace("_", " "), justify="right" if column else "left")
    for calm, wild in zip(phases[::2], phases[1::2], strict=True):
        for each in (calm, wild):
            rate = each.shops / each.seconds
            ratio = rate / (calm.shops / calm.seconds)
            numbers = (f"{number:,}" for number in each[3:])
            table.add_row(each.name, f"{each.shops:,}", f"{rate:,.0f}", f"{ratio:.0%}", *numbers)
    console().print(table)
    say(msgspec.json.encode([each._asdict() for each in phases]).decode())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
