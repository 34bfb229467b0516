"""`shopace nightly`: every shop of a snapshot."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import click

from shopace.core.errors import Problem, ShopaceError
from shopace.service.cli.session import Leaf, Session, log_warnings_alone, session
from shopace.service.cli.snapshot import DAY
from shopace.service.figures import counted

if TYPE_CHECKING:
    from shopace.workers.runs import Progress, Run


@click.command(
    cls=Leaf,
    examples=(
        "shopace nightly",
        "shopace nightly --wait --timeout 3600 --json",
        "shopace nightly --again",
    ),
)
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
@click.option("--again", is_flag=True, help="Run that day once more, under a newer fence.")
@click.option("--wait", is_flag=True, help="Show progress and wait until every shop is done.")
@click.option("--timeout", type=click.FloatRange(0), help="Seconds to wait. [default: no limit]")
@click.option("--without-benchmarks", is_flag=True, help="Go on without a benchmark set.")
def command(
    *,
    as_of: dt.datetime | None,
    marketplace: str | None,
    again: bool,
    wait: bool,
    timeout: float | None,
    without_benchmarks: bool,
) -> None:
    """Enqueue every shop of a snapshot.

    Once per marketplace and day: a run that is there already is joined, and goes on if it was
    interrupted. With --wait it ends with an exit code other than 0 when a block failed. What to put
    into cron: docs/scheduling.md.
    """
    log_warnings_alone()
    run = start(
        session(),
        as_of=as_of.date() if as_of is not None else None,
        marketplace=marketplace,
        again=again,
        without_benchmarks=without_benchmarks,
    )
    if run.joined:
        click.echo(how_joined(run), err=True)
    if not wait:
        if session().json:
            session().emit(told(run))
        else:
            blocks = counted(len(run.block_shops), "block")
            click.echo(f"{run.id}: {counted(run.shops, 'shop')} in {blocks} as of {run.as_of}")
        return
    began = time.monotonic()
    try:
        done = follow(run, timeout=timeout, shown=not session().json)
    except KeyboardInterrupt:
        goes_on = f"\nrun {run.id} goes on without us; shopace status shows how far it is"
        click.echo(goes_on, err=True)
        raise
    seconds = time.monotonic() - began
    require_done(done)
    if session().json:
        session().emit(told(run, done, seconds))
    else:
        click.echo(summary(done, None if run.joined else seconds))


def start(
    here: Session,
    *,
    as_of: dt.date | None = None,
    marketplace: str | None = None,
    again: bool = False,
    without_benchmarks: bool = False,
) -> Run:
    """Start the night of the latest snapshot, or of that of a day, or join its run."""
    from shopace.service.opening import find_benchmarks, find_snapshot, warn_of_outdated
    from shopace.workers.client import SchedulerClient

    client = SchedulerClient.from_environment(here.data, configuration=here.config)
    snapshot = find_snapshot(here.folder, as_of=as_of, marketplace=marketplace)
    if not without_benchmarks:
        find_benchmarks(here.folder, snapshot)
    warn_of_outdated(here.registry(), snapshot)
    return client.enqueue_nightly(as_of=as_of, marketplace=marketplace, again=again)


def how_joined(run: Run) -> str:
    """What to say where a night has its run already."""
    joined = f"the night of {run.as_of} has its run already, which is joined: {run.id}"
    if not run.differs:
        return joined
    return f"{joined}; its {' and '.join(run.differs)} would be another now: --again runs it anew"


def follow(run: Run, *, timeout: float | None = None, shown: bool = True) -> Progress:
    """Wait for a run with bars on the terminal."""
    from shopace.service.progress import steps
    from shopace.workers.runs import Progress, wait

    with steps(shown=shown) as tell:

        def show(progress: Progress) -> None:
            tell("blocks done", progress.blocks_done, progress.blocks)
            tell("shops diagnosed", progress.shops_done, progress.shops)

        show(Progress(run=run.id, blocks=len(run.block_shops), shops=run.shops))
        return wait(run, show, timeout=timeout)


def require_done(progress: Progress) -> None:
    """Raise ShopaceError with what became of the shops that have no document."""
    if progress.failed or progress.errors:
        problems = [
            Problem(where=f"block {block}", what=error) for block, error in progress.errors.items()
        ]
        failed = counted(progress.failed, "shop")
        raise ShopaceError(f"{failed} of run {progress.run} failed", problems=problems)


def told(
    run: Run, progress: Progress | None = None, seconds: float | None = None
) -> dict[str, Any]:
    """A run for programs."""
    about: dict[str, Any] = {
        "run": run.id,
        "marketplace": run.marketplace,
        "as_of": run.as_of,
        "fence": run.fence,
        "snapshot": run.snapshot,
        "benchmarks": run.benchmarks,
        "policy": run.policy,
        "incentives": run.incentives,
        "shops": run.shops,
        "blocks": len(run.block_shops),
        "joined": run.joined,
    }
    if progress is not None:
        about["progress"] = progress
    if seconds is not None:
        about["seconds"] = round(seconds, 3)
    return about


def summary(progress: Progress, seconds: float | None) -> str:
    """A run in a few lines; `seconds` is what all of it took, None where nobody saw all of it."""
    done = counted(progress.shops_done, "shop")
    if seconds:
        done += f" in {seconds:.1f} s, {progress.shops_done / seconds:,.0f} shops/s"
    cards = ", ".join(f"{progress.cards.get(each, 0):,} {each}" for each in ("P0", "P1", "P2"))
    total = sum(progress.cards.values())
    lines = [
        done,
        f"{counted(total, 'card')}: {cards}",
    ]
    others = {
        "partial": progress.partial,
        "published before": progress.duplicate,
        "older than what is published": progress.stale,
        "failed": progress.failed,
    }
    noted = [f"{count:,} {what}" for what, count in others.items() if count]
    return "\n".join([*lines, *([", ".join(noted)] if noted else [])])
