"""`shopace demo`: the whole of it on one machine, with nothing left running."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

import click
import msgspec
from click.core import ParameterSource

from shopace.core.errors import ConfigurationError, ShopaceError
from shopace.service.cli.session import Leaf, session
from shopace.service.figures import counted

if TYPE_CHECKING:
    import redis

    from shopace.core.results.reader import DiagnosisReader, Stored
    from shopace.core.warehouse.snapshot import Snapshot
    from shopace.service.progress import Tell

FOLDER = "shopace-demo"
NOTE = "demo.json"
PROCESSES = 2
_LOOKED_AT = 400
"""Shops among which the one to show is chosen."""
_LONGEST_SECONDS = 600


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo's facts were made with; kept beside them."""

    shops: int
    days: int
    seed: int = 1


@click.command(
    cls=Leaf,
    examples=("shopace demo", "shopace demo --shops 200 --days 60", "shopace demo --keep"),
    data_help=f"A new folder, or an earlier demo's. [default: ./{FOLDER}]",
)
@click.option("--shops", type=click.IntRange(1, 1_000_000), default=2000, show_default=True,
              help="Shops of the marketplace.")  # fmt: skip
@click.option("--days", type=click.IntRange(30, 1000), default=91, show_default=True,
              help="Days of facts for each shop.")  # fmt: skip
@click.option("--keep", is_flag=True, help="Keep server and workers running until Ctrl-C.")
def command(shops: int, days: int, keep: bool) -> None:
    """Make a marketplace, diagnose all of it, and show a shop.

    Facts, snapshot, benchmarks, the bundled server, two worker processes and a nightly run: what
    production does, in ./shopace-demo whatever SHOPACE_DATA says. What it starts it ends; the data
    folder stays. A folder that no demo made is left alone.
    """
    began = time.monotonic()
    data = session().data = _folder(click.get_current_context())
    recipe = Recipe(shops=shops, days=days)
    _claim(data, recipe)
    with _ended_by_sigterm(), _logs_in(data / "demo.log") as terminal:
        outcome = _run(data, recipe, terminal, began, keep=keep)
    if session().json:
        session().emit(outcome)


def _folder(context: click.Context) -> Path:
    """What --data names; the environment names the folder of real facts."""
    named = session().data
    asked: click.Context | None = context
    while named is not None and asked is not None:
        if asked.get_parameter_source("data") is ParameterSource.COMMANDLINE:
            return named
        asked = asked.parent
    return Path(FOLDER)


def _claim(data: Path, recipe: Recipe) -> None:
    """Refuse a folder with anything in it that no demo made."""
    note = data / NOTE
    if note.exists():
        return
    if data.is_dir() and any(data.iterdir()):
        raise ConfigurationError(
            f"{data} holds what the demo did not make",
            hint="name a new folder: shopace demo --data PATH",
        )
    data.mkdir(parents=True, exist_ok=True)
    note.write_bytes(msgspec.json.encode(recipe))


def _run(
    data: Path, recipe: Recipe, terminal: IO[str], began: float, *, keep: bool
) -> dict[str, Any]:
    from shopace.core.results.reader import DiagnosisReader
    from shopace.service.cli.nightly import require_done, summary, told
    from shopace.service.progress import steps
    from shopace.workers.client import SchedulerClient
    from shopace.workers.embedded import embedded_server
    from shopace.workers.logging import configure_logging
    from shopace.workers.runs import wait
    from shopace.workers.settings import Settings, connect_briefly
    from shopace.workers.supervisor import Supervisor

    configure_logging(json=True)
    quiet = session().json
    with contextlib.ExitStack() as running:
        with steps(terminal, shown=not quiet) as tell:
            snapshot = _prepare(data, recipe, tell)
            tell("starting server and workers", 0, 1)
            server = running.enter_context(embedded_server(data))
            settings = Settings(
                broker_url=server.url_broker,
                results_url=server.url_results,
                data=data,
                configuration=session().config,
            )
            running.enter_context(Supervisor(settings, processes=PROCESSES))
            client = SchedulerClient(
                server.url_broker, server.url_results, data, configuration=session().config
            )
            tell("starting server and workers", 1, 1)
            started = time.monotonic()
            run = client.enqueue_nightly(as_of=snapshot.manifest.as_of)
            progress = wait(
                run,
                lambda now: tell("diagnosing shops", now.shops_done, now.shops),
                timeout=_LONGEST_SECONDS,
            )
            seconds = time.monotonic() - started
        require_done(progress)
        results = connect_briefly(server.url_results, "results")
        looked_at = snapshot.block(0).shops[:_LOOKED_AT]
        stored = _telling(DiagnosisReader(results), looked_at)
        outcome = told(run, progress, seconds) | {
            "data": str(data),
            "shown": stored.diagnosis.shop.id,
            "document_bytes": _document_bytes(results, looked_at),
            "total_seconds": round(time.monotonic() - began, 3),
        }
        if not quiet:
            click.secho(f"One of {counted(run.shops, 'shop')}:", dim=True)
            _show(data, stored)
            click.secho("\nTHE RUN", bold=True)
            click.echo(summary(progress, seconds))
            whole = time.monotonic() - began
            click.echo(
                f"With {PROCESSES} worker processes and their start; everything took {whole:.0f} s."
            )
            kilobytes = outcome["document_bytes"] / 1000
            click.echo(f"A document holds {kilobytes:.1f} KB on average, all metrics included.")
            _say_what_next(data, stored.diagnosis.shop.id, keep=keep)
        if keep:
            _until_interrupted(terminal, data)
    return outcome


def _prepare(data: Path, recipe: Recipe, tell: Tell) -> Snapshot:
    """Facts, snapshot and benchmarks; what is there already is not made again."""
    from shopace.core.warehouse.benchmark_build import build_benchmarks
    from shopace.core.warehouse.mapping import load_mapping
    from shopace.core.warehouse.snapshot import build_snapshot

    facts = data / "facts"
    _make_facts(facts, recipe, tell)
    _set_example(data)
    registry = session().registry()
    snapshot = build_snapshot(
        load_mapping(facts / "mapping.toml", registry.measures),
        facts,
        data / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
        block_shops=max(1, min(512, -(-recipe.shops // PROCESSES))),
        progress=tell,
    )
    build_benchmarks(
        registry,
        snapshot,
        data / "benchmarks",
        progress=lambda done, total: tell("building benchmarks", done, total),
    )
    return snapshot


def _make_facts(facts: Path, recipe: Recipe, tell: Tell) -> None:
    from shopace.service.simulate import simulate

    note, wanted = facts.parent / NOTE, msgspec.json.encode(recipe)
    if note.read_bytes() == wanted and (facts / "mapping.toml").exists():
        return
    try:
        simulate(
            facts,
            shops=recipe.shops,
            days=recipe.days,
            seed=recipe.seed,
            progress=lambda done, total: tell("making a marketplace", done, total),
        )
    except FileExistsError as error:
        hint = "name a new folder: shopace demo --data PATH"
        raise ConfigurationError(str(error), hint=hint) from error
    note.write_bytes(wanted)


def _set_example(data: Path) -> None:
    """Rewards and benefits to look at, made up and named so; what somebody set himself stays."""
    if (data / "shopace.toml").exists():
        return
    examples = files("shopace.service.simulate")
    for name in ("incentives.json", "shopace.toml"):
        (data / name).write_bytes(examples.joinpath(f"example_{name}").read_bytes())


def _document_bytes(results: redis.Redis, shops: list[str]) -> int:
    """Mean bytes of body and metrics."""
    from shopace.core.results.keys import diagnosis_key

    with results.pipeline(transaction=False) as pipeline:
        for shop in shops:
            for field in ("body", "metrics"):
                pipeline.hstrlen(diagnosis_key(shop), field)
        sizes = pipeline.execute()
    total: int = sum(sizes)
    return total // len(shops)


def _telling(reader: DiagnosisReader, shops: list[str]) -> Stored:
    """A shop with something of everything: a risk, a decline, a gap, and sales to lose."""
    best: tuple[tuple[int, ...], Stored] | None = None
    for shop in shops:
        stored = reader.get(shop)
        if stored is None:
            continue
        score = _score(stored)
        if best is None or score > best[0]:
            best = (score, stored)
    if best is None:
        raise ShopaceError("the run published no diagnosis", hint="see demo.log in the data folder")
    return best[1]


def _score(stored: Stored) -> tuple[int, ...]:
    diagnosis = stored.diagnosis
    selling = sum((part.amount or 0.0) > 0 for part in diagnosis.gmv.channels)
    return (
        (diagnosis.risk_monitor is not None)
        + (diagnosis.counts.get("P1", 0) > 0)
        + (len(diagnosis.need_attention) > 0)
        + (len(diagnosis.can_improve) > 0),
        -abs(diagnosis.counts.get("P0", 0) - 1),
        min(diagnosis.counts.get("P1", 0), 3),
        selling,
        diagnosis.tier.level or 0,
    )


def _show(data: Path, stored: Stored) -> None:
    from shopace.service.render import show
    from shopace.service.truth import read_truth

    show(session().console(), stored.diagnosis)
    shop, as_of = stored.diagnosis.shop.id, stored.as_of
    planted = [
        f"{each.cause}{f' since {each.started_on}' if each.started_on is not None else ''}"
        for each in read_truth(data / "facts" / "truth.csv")
        if each.shop == shop and each.is_at_work(as_of)
    ]
    click.echo(f"Planted in this shop: {', '.join(planted) or 'nothing'}")


def _say_what_next(data: Path, shop: str, *, keep: bool) -> None:
    program = _program()
    kept = [(f"{program} show {shop} --data {data}", "the same from Redis")] if keep else []
    commands = [
        *kept,
        (f"{program} diagnose {shop} --data {data} --cards 10", "all its cards, without a server"),
        (f"{program} diagnose {shop} --data {data} --metrics", "every metric by channel"),
        (f"{program} truth --data {data}", "what was planted, and what was found"),
        (f"{program} catalog --category live_quality", "what there is to find, per category"),
        (f"{program} plugins list", "the 17 plugins, and yours"),
        *(
            []
            if keep
            else [(f"{program} demo --keep --data {data}", "leave server and workers on")]
        ),
    ]
    click.secho("\nTRY NEXT", bold=True)
    for line, about in commands:
        click.echo(f"  {line}")
        click.secho(f"      {about}", dim=True)


def _program() -> str:
    """How this program can be called from where the person stands."""
    called = Path(sys.argv[0])
    found = shutil.which("shopace")
    if found is not None and Path(found).resolve() == called.resolve():
        return "shopace"
    if called.name != "shopace":
        return "shopace"
    with contextlib.suppress(ValueError):
        return str(called.absolute().relative_to(Path.cwd()))
    return str(called)


def _until_interrupted(terminal: IO[str], data: Path) -> None:
    terminal.write(f"\nServer and workers of {data} keep running; Ctrl-C ends them.\n")
    terminal.flush()
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: server and workers first."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _logs_in(path: Path) -> Iterator[IO[str]]:
    """Send what this process and its children log to a file; gives the terminal to write on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    before = os.dup(2)
    try:
        with path.open("wb") as log, os.fdopen(os.dup(before), "w", encoding="utf-8") as terminal:
            os.dup2(log.fileno(), 2)
            try:
                yield terminal
            finally:
                sys.stderr.flush()
                os.dup2(before, 2)
    finally:
        os.close(before)
