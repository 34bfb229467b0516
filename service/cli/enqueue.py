"""`shopace enqueue`: single shops, ahead of the night's blocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shopace.core.errors import Problem, ShopaceError
from shopace.service.cli.session import Leaf, session
from shopace.service.cli.snapshot import DAY
from shopace.service.figures import counted

if TYPE_CHECKING:
    from shopace.core.records.run import Progress
    from shopace.service.progress import Tell
    from shopace.workers.runs import Run

LISTED = 20
"""More shops than these are told in one line; --json lists all."""


@click.command(
    cls=Leaf,
    examples=(
        "shopace enqueue 10023 10107 --wait",
        "shopace enqueue --from shops.txt",
        "shopace enqueue --from - --json",
    ),
)
@click.argument("shops", nargs=-1, metavar="[SHOP…]")
@click.option("--from", "file", metavar="FILE",
              type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
              help="A shop id per line; - is standard input, # begins a comment.")  # fmt: skip
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
@click.option("--wait", is_flag=True, help="Wait until they are diagnosed.")
@click.option("--timeout", type=click.FloatRange(0), default=60.0, show_default=True,
              help="Seconds to wait for each.")  # fmt: skip
@click.option("--without-benchmarks", is_flag=True, help="Go on without a benchmark set.")
def command(
    *,
    shops: tuple[str, ...],
    file: Path | None,
    as_of: dt.datetime | None,
    marketplace: str | None,
    wait: bool,
    timeout: float,
    without_benchmarks: bool,
) -> None:
    """Enqueue single shops.

    They go ahead of a nightly run's blocks; one that waits or runs already is joined. All names are
    looked up in the snapshot first: with one unknown shop nothing is enqueued. With --wait it ends
    with an exit code other than 0 when a shop failed.
    """
    wanted = list(dict.fromkeys([*shops, *(_ids(file) if file is not None else ())]))
    if not wanted:
        raise click.UsageError("Name a shop, or a file of them with --from.")
    from shopace.service.opening import find_benchmarks, find_snapshot
    from shopace.service.progress import steps
    from shopace.workers.client import SchedulerClient

    day = as_of.date() if as_of is not None else None
    client = SchedulerClient.from_environment(session().data, configuration=session().config)
    snapshot = find_snapshot(session().folder, as_of=day, marketplace=marketplace)
    if not without_benchmarks:
        find_benchmarks(session().folder, snapshot)
    many = len(wanted) > LISTED and not session().json
    with client, steps(shown=many) as tell:
        runs = client.enqueue_shops(
            wanted,
            day,
            marketplace=marketplace,
            on_progress=lambda done, total: tell("shops enqueued", done, total),
        )
        ends = _wait(wanted, runs, timeout, tell) if wait else []
    told = [
        {"shop": shop, "run": run.id, "fence": run.fence, "as_of": run.as_of, "done": wait,
         "joined": run.joined, "older_than_published": wait and ends[place].stale > 0}
        for place, (shop, run) in enumerate(zip(wanted, runs, strict=True))
    ]  # fmt: skip
    if session().json:
        session().emit({"enqueued": told})
        return
    state = "diagnosed" if wait else "enqueued"
    if many:
        joined = sum(run.joined for run in runs)
        older = sum(end.stale > 0 for end in ends)
        line = f"{counted(len(runs), 'shop')} {state} as of {snapshot.manifest.as_of}"
        line += f", {joined:,} of them waited or ran already" if joined else ""
        line += f"; of {older:,} a newer diagnosis stays published" if older else ""
        click.echo(line)
        return
    for each in told:
        joined_it = "; it waited or ran already" if each["joined"] else ""
        kept = "; a newer diagnosis stays published" if each["older_than_published"] else ""
        click.echo(
            f"{each['shop']}: {state} as of {each['as_of']}, run {each['run']}{joined_it}{kept}"
        )


def _ids(file: Path) -> list[str]:
    try:
        with click.open_file(str(file), encoding="utf-8", errors="replace") as opened:
            lines = [line.partition("#")[0].strip() for line in opened]
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint="--from") from error
    return [line for line in lines if line]


def _wait(shops: Sequence[str], runs: Sequence[Run], timeout: float, tell: Tell) -> list[Progress]:
    """How each ended. Raises ShopaceError with every shop that is left without a document."""
    from shopace.workers.runs import wait

    ends = []
    for run in runs:
        ends.append(wait(run, timeout=timeout))
        tell("shops diagnosed", len(ends), len(runs))
    problems = [
        Problem(where=f'shop "{shop}"', what=", ".join(end.errors.values()) or "was not diagnosed")
        for shop, end in zip(shops, ends, strict=True)
        if end.failed
    ]
    if problems:
        raise ShopaceError(f"{counted(len(problems), 'shop')} failed", problems=problems)
    return ends
