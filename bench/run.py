"""`make bench`: how fast, side by side in one run. Prints figures and asserts none.

On a demo marketplace made for it:

- the engine, from the mapped snapshot to encoded documents, against the oracle of plain Python (its
  shops are read into lists and floats beforehand; that reading is not counted), on one core, one
  round of one after a round of the other, the documents compared byte by byte;
- a night end to end: enqueue, two worker processes, documents in the embedded server;
- building the benchmarks, against building the snapshot;
- one shop, from before it is enqueued until it can be read, with idle workers and beside a night;
- the bytes of an average shop.

Absolute figures are of this machine and this moment. Ratios are what travels.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.oracle import Oracle, Shop

from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.run import Inputs, diagnose_block, diagnose_shop
from shopace.core.records.document import Document
from shopace.core.results import keys
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import load_policy
from shopace.core.warehouse.snapshot import build_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.progress import Tell, steps
from shopace.service.simulate import simulate
from shopace.service.terminal import console
from shopace.workers.embedded import embedded_server
from shopace.workers.logging import configure_logging
from shopace.workers.runs import Run, progress, start_nightly, start_single, wait
from shopace.workers.settings import Servers, Settings, connect_both
from shopace.workers.supervisor import Supervisor

PROCESSES = 2
BLOCKS_PER_PROCESS = 4
LOOK_SECONDS = 0.001
PATIENCE_SECONDS = 120.0


class Size(NamedTuple):
    """How much is measured."""

    shops: int
    by_oracle: int
    """Shops that the oracle diagnoses in a round."""
    rounds: int
    singles: int


FULL = Size(shops=4000, by_oracle=250, rounds=7, singles=100)
QUICK = Size(shops=800, by_oracle=100, rounds=5, singles=25)


class Spread(msgspec.Struct, frozen=True):
    """A figure over all rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float
    p95: float
    most: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        p50, p95, most = np.percentile(np.array(seconds) * 1000, [50, 95, 100]).round(2).tolist()
        return cls(p50, p95, most, len(seconds))


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All of a run; what `--json` writes."""

    at: dt.datetime
    machine: str
    python: str
    cores: int
    load_before: float
    """Processes that wanted a core in the minute before: what else the machine did."""
    shops: int
    columns: int
    rounds: int
    engine: Spread
    """Shops a second on one core; likewise below."""
    oracle: Spread
    ratio: Spread
    """Engine ÷ oracle, round by round."""
    compared: int
    """Documents found equal to the oracle's, byte by byte."""
    snapshot_seconds: float
    """To build the snapshot of all shops from their facts, once."""
    benchmarks: Spread
    """Seconds to build the benchmark set of all shops."""
    benchmarks_ratio: Spread
    """Seconds of the snapshot ÷ these."""
    alone: Latency
    """One shop by the engine in this process."""
    processes: int
    blocks: int
    night: Spread
    """Shops a second, from before the run is enqueued until its last block is reported."""
    single: Latency
    single_beside_night: Latency
    body_bytes: float
    metrics_bytes: float
    memory_bytes: float
    cards: float


class Market(NamedTuple):
    """What is measured with."""

    settings: Callable[[str, str], Settings]
    inputs: Inputs
    snapshot_seconds: float
    sample: list[str]
    """The shops that the oracle diagnoses."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer shops: a look, not a figure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    with tempfile.TemporaryDirectory(prefix="shopace-bench-") as folder, steps() as tell:
        market = make_market(Path(folder), size, tell)
        figures = measure(market, size, load, tell)
    console(sys.stdout).print(table(figures))
    if arguments.json is not None:
        encoded = msgspec.json.format(msgspec.json.encode(figures), indent=2)
        arguments.json.write_bytes(encoded + b"\n")


def make_market(data: Path, size: Size, tell: Tell) -> Market:
    registry, policy = load_registry(BUILTIN, use_entry_points=False), load_policy(POLICY_PACKS)
    facts = data / "facts"
    simulate(facts, shops=size.shops, progress=lambda done, of: tell("making the facts", done, of))
    began = time.perf_counter()
    snapshot = build_snapshot(
        load_mapping(facts / "mapping.toml", registry.measures),
        facts,
        data / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
        block_shops=-(-size.shops // (PROCESSES * BLOCKS_PER_PROCESS)),
        progress=tell,
    )
    snapshot_seconds = time.perf_counter() - began
    benchmarks = build_benchmarks(
        registry,
        snapshot,
        data / "benchmarks",
        progress=lambda done, of: tell("building benchmarks", done, of),
    )
    inputs = Inputs(registry, snapshot, benchmarks, policy)
    shops = [shop for number in range(len(snapshot)) for shop in snapshot.block(number).shops]

    def settings(broker: str, results: str) -> Settings:
        return Settings(broker_url=broker, results_url=results, data=data)

    return Market(settings, inputs, snapshot_seconds, shops[:: -(-len(shops) // size.by_oracle)])


def measure(market: Market, size: Size, load: float, tell: Tell) -> Figures:
    inputs = market.inputs
    documents = {document.shop: document for document in by_engine(inputs)}
    oracle, read = read_by_oracle(market)
    unequal = [shop.id for shop in read if oracle.diagnose(shop) != documents[shop.id]]
    if unequal:
        raise SystemExit(f"engine and oracle differ, so nothing is measured: {unequal[:5]} …")

    gc.collect()
    gc.freeze()  # the oracle's lists are no burden of the engine's, nor all documents of either's
    engine_rate, oracle_rate, benchmarks = [], [], []
    for done in range(size.rounds):
        tell("engine and oracle, in turn", done, size.rounds)
        engine_rate.append(size.shops / timed(lambda: sum(1 for _ in by_engine(inputs))))
        oracle_rate.append(len(read) / timed(lambda: [oracle.diagnose(shop) for shop in read]))
        with tempfile.TemporaryDirectory(prefix="shopace-bench-") as folder:
            benchmarks.append(timed(lambda to=Path(folder): by_build(inputs, to)))  # type: ignore[misc]
    alone = [
        timed(lambda at=shop: diagnose_shop(inputs, at))  # type: ignore[misc]
        for shop in market.sample[: size.singles]
    ]
    gc.unfreeze()
    with workers(market) as (settings, servers):
        night, single, beside = through_workers(market, settings, servers, size, tell)
    tell("engine and oracle, in turn", size.rounds, size.rounds)
    count = len(documents)
    return Figures(
        at=dt.datetime.now(dt.UTC).replace(microsecond=0),
        machine=platform.machine(),
        python=platform.python_version(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
        load_before=load,
        shops=count,
        columns=len(inputs.plan.columns),
        rounds=size.rounds,
        engine=Spread.of(engine_rate),
        oracle=Spread.of(oracle_rate),
        ratio=Spread.of([a / b for a, b in zip(engine_rate, oracle_rate, strict=True)]),
        compared=len(read),
        snapshot_seconds=market.snapshot_seconds,
        benchmarks=Spread.of(benchmarks),
        benchmarks_ratio=Spread.of([market.snapshot_seconds / each for each in benchmarks]),
        alone=Latency.of(alone),
        processes=PROCESSES,
        blocks=len(inputs.snapshot),
        night=Spread.of(night),
        single=Latency.of(single),
        single_beside_night=Latency.of(beside),
        body_bytes=sum(len(each.body) for each in documents.values()) / count,
        metrics_bytes=sum(len(each.metrics) for each in documents.values()) / count,
        memory_bytes=sum(len(each.memory) for each in documents.values()) / count,
        cards=sum(sum(each.cards.values()) for each in documents.values()) / count,
    )


# --- engine and oracle -----------------------------------------------------------------------


def by_engine(inputs: Inputs) -> Iterator[Document]:
    for number in range(len(inputs.snapshot)):
        for documents in diagnose_block(inputs, number):
            yield from documents


def by_build(inputs: Inputs, folder: Path) -> None:
    build_benchmarks(inputs.registry, inputs.snapshot, folder)


def read_by_oracle(market: Market) -> tuple[Oracle, list[Shop]]:
    inputs = market.inputs
    oracle = Oracle(inputs.registry, inputs.snapshot, inputs.benchmarks, inputs.policy)
    wanted = set(market.sample)
    blocks = (inputs.snapshot.block(number) for number in range(len(inputs.snapshot)))
    return oracle, [shop for block in blocks for shop in oracle.read(block) if shop.id in wanted]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- through the queue -----------------------------------------------------------------------


@contextmanager
def workers(market: Market) -> Iterator[tuple[Settings, Servers]]:
    """The embedded server and two worker processes; their logs are told if anything goes wrong."""
    data = market.inputs.snapshot.path.parent.parent
    configure_logging(json=True)
    with quiet(data / "workers.log"), embedded_server(data) as server:
        settings = market.settings(server.url_broker, server.url_results)
        servers = connect_both(settings)
        try:
            with Supervisor(settings, processes=PROCESSES):
                yield settings, servers
        finally:
            servers.close()


@contextmanager
def quiet(log: Path) -> Iterator[None]:
    """What workers write to standard error goes into a file."""
    sys.stderr.flush()
    kept = os.dup(2)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        except BaseException:
            os.write(kept, log.read_bytes()[-4000:])
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def through_workers(
    market: Market, settings: Settings, servers: Servers, size: Size, tell: Tell
) -> tuple[list[float], list[float], list[float]]:
    """Shops a second of nights; seconds of single shops, idle and beside a night."""
    inputs = market.inputs

    def start() -> Run:
        return start_nightly(
            settings,
            inputs.snapshot,
            inputs.benchmarks,
            inputs.policy,
            servers=servers,
            again=True,
        )

    def one(shop: str) -> float:
        began = time.perf_counter()
        run = start_single(
            settings, inputs.snapshot, shop, inputs.benchmarks, inputs.policy, servers=servers
        )
        until_read(servers, shop, run.fence)
        return time.perf_counter() - began

    for _ in range(2):  # every process has opened its inputs
        wait(start(), timeout=PATIENCE_SECONDS)
    night = []
    for done in range(size.rounds):
        tell("nights through the workers", done, size.rounds)
        began = time.perf_counter()
        until_finished(start())
        night.append(size.shops / (time.perf_counter() - began))

    shops = market.sample[: size.singles]
    single = []
    for done, shop in enumerate(shops):
        tell("single shops", done, len(shops))
        single.append(one(shop))
    beside: list[float] = []
    running = start()
    for shop in shops:
        beside.append(one(shop))
        if progress(running).is_finished:
            running = start()
    until_finished(running)
    tell("single shops", len(shops), len(shops))
    return night, single, beside


def until_finished(run: Run) -> None:
    patience = time.monotonic() + PATIENCE_SECONDS
    while not (now := progress(run)).is_finished:
        if time.monotonic() > patience:
            raise SystemExit(f"run {run.id} does not end: {now.blocks_done} of {now.blocks} blocks")
        time.sleep(5 * LOOK_SECONDS)
    if now.failed or now.errors:
        raise SystemExit(f"run {run.id} failed: {now.errors}")


def until_read(servers: Servers, shop: str, fence: int) -> None:
    """Until a reader finds the document of that job, or a newer one."""
    patience, key = time.monotonic() + PATIENCE_SECONDS, keys.diagnosis_key(shop)
    while True:
        stored: Any = servers.results.hmget(key, ("fence", "body", "metrics"))
        if stored[0] is not None and int(stored[0]) >= fence:
            return
        if time.monotonic() > patience:
            raise SystemExit(f"no document of shop {shop} within {PATIENCE_SECONDS:g} s")
        time.sleep(LOOK_SECONDS)


# --- telling ---------------------------------------------------------------------------------


def table(figures: Figures) -> Table:
    title = f"{figures.shops:,} demo shops × {figures.columns} metrics in their channels"
    caption = (
        f"{figures.rounds} rounds in turn, Python {figures.python}, {figures.machine}, "
        f"{figures.cores} cores, load before {figures.load_before:.1f}; "
        f"{figures.compared} documents equal byte by byte"
    )
    told = Table(title=title, caption=caption)
    told.add_column("")
    for name in ("median", "least", "most"):
        told.add_column(name, justify="right")

    def add(what: str, spread: Spread, form: str) -> None:
        numbers = (spread.median, spread.least, spread.most)
        told.add_row(what, *(form.format(each) for each in numbers))

    add("engine, shops/s on one core", figures.engine, "{:,.0f}")
    add("plain Python, shops/s on one core", figures.oracle, "{:,.0f}")
    add("engine ÷ plain Python", figures.ratio, "{:.1f} ×")
    what = f"a night, {figures.processes} workers, {figures.blocks} blocks, shops/s"
    add(what, figures.night, "{:,.0f}")
    what = f"building the snapshot, {figures.snapshot_seconds:.1f} s, ÷ its benchmarks"
    add(what, figures.benchmarks_ratio, "{:.1f} ×")
    told.add_section()
    told.add_row("one shop, milliseconds", "p50", "p95", "most", style="bold")
    for name, latency in (
        ("in this process", figures.alone),
        ("enqueue → readable", figures.single),
        ("enqueue → readable, beside a night", figures.single_beside_night),
    ):
        told.add_row(name, *(f"{e:.1f}" for e in (latency.p50, latency.p95, latency.most)))
    told.add_section()
    told.add_row("an average shop", "bytes", style="bold")
    for name, count in (
        ("body", figures.body_bytes),
        ("metrics", figures.metrics_bytes),
        ("memory", figures.memory_bytes),
    ):
        told.add_row(name, f"{count:,.0f}")
    told.add_row("cards", f"{figures.cards:.1f}")
    return told


if __name__ == "__main__":
    main()
