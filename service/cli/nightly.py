"""`shopace nightly`: every shop of a snapshot."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import click

from shopace.core.errors import Problem, ServerError, ShopaceError
from shopace.service.cli.session import (
    Leaf,
    Session,
    error_for_programs,
    log_warnings_alone,
    session,
)
from shopace.service.cli.snapshot import DAY
from shopace.service.figures import counted

if TYPE_CHECKING:
    from shopace.workers.client import SchedulerClient
    from shopace.workers.runs import Progress, Run


@click.command(
    cls=Leaf,
    examples=(
        "shopace nightly",
        "shopace nightly --wait --timeout 3600 --json",
        "shopace nightly --again",
        "shopace nightly --snapshot demo-2026-10-31-0a1b2c3d --again",
    ),
)
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
@click.option("--snapshot", metavar="ID", help="This one. [default: the latest of its day]")
@click.option("--again", is_flag=True, help="Run that day once more, under a newer fence.")
@click.option("--wait", is_flag=True, help="Show progress and wait until every shop is done.")
@click.option("--timeout", type=click.FloatRange(0), help="Seconds to wait. [default: no limit]")
@click.option("--without-benchmarks", is_flag=True, help="Go on without a benchmark set.")
def command(
    *,
    as_of: dt.datetime | None,
    marketplace: str | None,
    snapshot: str | None,
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
    from shopace.workers.client import SchedulerClient

    log_warnings_alone()
    here = session()
    with SchedulerClient.from_environment(here.data, configuration=here.config) as client:
        run = start(
            here,
            client,
            as_of=as_of.date() if as_of is not None else None,
            marketplace=marketplace,
            snapshot=snapshot,
            again=again,
            without_benchmarks=without_benchmarks,
        )
        if run.joined:
            click.echo(how_joined(run), err=True)
        if wait:
            _wait_for(here, run, timeout)
        elif here.json:
            here.emit(told(run))
        else:
            blocks = counted(len(run.block_shops), "block")
            click.echo(f"{run.id}: {counted(run.shops, 'shop')} in {blocks} as of {run.as_of}")


def _wait_for(here: Session, run: Run, timeout: float | None) -> None:
    began = time.monotonic()
    try:
        done = follow(run, timeout=timeout, shown=not here.json)
        require_done(done)
    except KeyboardInterrupt:
        goes_on = f"\nrun {run.id} goes on without us; shopace status shows how far it is"
        click.echo(goes_on, err=True)
        raise
    except ShopaceError as error:
        if not here.json:
            raise
        here.emit(told(run, _now(run)) | {"error": error_for_programs(error)})
        click.get_current_context().exit(error.exit_code)
    seconds = None if run.joined else time.monotonic() - began  # of a joined one nobody saw all
    if here.json:
        here.emit(told(run, done, seconds))
    else:
        click.echo(summary(done, seconds))


def start(
    here: Session,
    client: SchedulerClient,
    *,
    as_of: dt.date | None = None,
    marketplace: str | None = None,
    snapshot: str | None = None,
    again: bool = False,
    without_benchmarks: bool = False,
) -> Run:
    """Start the night of the latest snapshot, of that of a day or of one, or join its run."""
    from shopace.service.opening import find_benchmarks, find_snapshot, warn_of_outdated

    found = find_snapshot(here.folder, name=snapshot, as_of=as_of, marketplace=marketplace)
    if not without_benchmarks:
        find_benchmarks(here.folder, found)
    warn_of_outdated(here.registry(), found)
    return client.enqueue_nightly(
        as_of=as_of, marketplace=marketplace, snapshot=snapshot, again=again
    )


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


def _now(run: Run) -> Progress | None:
    from shopace.workers.runs import progress

    with contextlib.suppress(ServerError):
        return progress(run)
    return None


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
    """A run for programs. `differs` is what a joined one is made from that would be another now."""
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
        "differs": run.differs,
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
