"""`shopace nightly`: every shop of a snapshot."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import click

from shopace.core.errors import Problem, ShopaceError
from shopace.service.cli.session import Leaf, log_warnings_alone, session
from shopace.service.cli.snapshot import DAY
from shopace.service.figures import counted

if TYPE_CHECKING:
    from shopace.workers.runs import Progress, Run


@click.command(
    cls=Leaf,
    examples=("shopace nightly", "shopace nightly --wait --timeout 3600 --json"),
)
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
@click.option("--wait", is_flag=True, help="Show progress and wait until every shop is done.")
@click.option("--timeout", type=click.FloatRange(0), help="Seconds to wait. [default: no limit]")
@click.option("--without-benchmarks", is_flag=True, help="Go on without a benchmark set.")
def command(
    *,
    as_of: dt.datetime | None,
    marketplace: str | None,
    wait: bool,
    timeout: float | None,
    without_benchmarks: bool,
) -> None:
    """Enqueue every shop of a snapshot.

    One message per block of shops; workers diagnose and publish them. With --wait it ends with an
    exit code other than 0 when a block failed. What to put into cron: docs/scheduling.md.
    """
    from shopace.service.opening import find_benchmarks, find_snapshot, warn_of_outdated
    from shopace.workers.client import SchedulerClient

    log_warnings_alone()
    day = as_of.date() if as_of is not None else None
    client = SchedulerClient.from_environment(session().data, configuration=session().config)
    snapshot = find_snapshot(session().folder, as_of=day, marketplace=marketplace)
    if not without_benchmarks:
        find_benchmarks(session().folder, snapshot)
    warn_of_outdated(session().registry(), snapshot)
    run = client.enqueue_nightly(as_of=day, marketplace=marketplace)
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
        click.echo(summary(done, seconds))


def follow(run: Run, *, timeout: float | None = None, shown: bool = True) -> Progress:
    """Wait for a run with a bar on the terminal."""
    from shopace.service.progress import steps
    from shopace.workers.runs import wait

    with steps(shown=shown) as tell:
        tell("diagnosing shops", 0, run.shops)
        return wait(
            run,
            lambda progress: tell("diagnosing shops", progress.shops_done, progress.shops),
            timeout=timeout,
        )


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
    }
    if progress is not None:
        about["progress"] = progress
    if seconds is not None:
        about["seconds"] = round(seconds, 3)
    return about


def summary(progress: Progress, seconds: float) -> str:
    """A run in a few lines."""
    rate = progress.shops_done / seconds if seconds > 0 else 0.0
    cards = ", ".join(f"{progress.cards.get(each, 0):,} {each}" for each in ("P0", "P1", "P2"))
    total = sum(progress.cards.values())
    lines = [
        f"{counted(progress.shops_done, 'shop')} in {seconds:.1f} s, {rate:,.0f} shops/s",
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
