"""`shopace enqueue`: single shops, ahead of the night's blocks."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from shopace.core.errors import Problem, ServerError, ShopaceError
from shopace.service.cli.session import Leaf, error_for_programs, session
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
              help="Seconds to wait for all of them.")  # fmt: skip
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
    with an exit code other than 0 when a shop failed or is not diagnosed in time.
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
        waited = _wait(wanted, runs, timeout, tell) if wait else _Waited([None] * len(runs))
    told = [
        {"shop": shop, "run": run.id, "fence": run.fence, "as_of": run.as_of,
         "done": end is not None and not end.failed, "joined": run.joined,
         "older_than_published": end is not None and end.stale > 0}
        for shop, run, end in zip(wanted, runs, waited.ends, strict=True)
    ]  # fmt: skip
    if session().json:
        if waited.error is None:
            session().emit({"enqueued": told})
            return
        session().emit({"enqueued": told, "error": error_for_programs(waited.error)})
        click.get_current_context().exit(waited.error.exit_code)
    if many:
        click.echo(_summary(told, as_of=str(snapshot.manifest.as_of)))
    else:
        for each in told:
            state = "diagnosed" if each["done"] else "enqueued"
            joined = "; it waited or ran already" if each["joined"] else ""
            kept = "; a newer diagnosis stays published" if each["older_than_published"] else ""
            where = f"as of {each['as_of']}, run {each['run']}"
            click.echo(f"{each['shop']}: {state} {where}{joined}{kept}")
    if waited.error is not None:
        raise waited.error


def _summary(told: Sequence[dict[str, Any]], *, as_of: str) -> str:
    done, joined, older = (
        sum(each[name] for each in told) for name in ("done", "joined", "older_than_published")
    )
    number = counted(len(told), "shop")
    line = f"{number} {'diagnosed' if done == len(told) else 'enqueued'} as of {as_of}"
    line += f", {done:,} of them diagnosed" if 0 < done < len(told) else ""
    line += f", {joined:,} of them waited or ran already" if joined else ""
    return line + (f"; of {older:,} a newer diagnosis stays published" if older else "")


def _ids(file: Path) -> list[str]:
    try:
        with click.open_file(str(file), encoding="utf-8", errors="replace") as opened:
            lines = [line.partition("#")[0].strip() for line in opened]
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint="--from") from error
    return [line for line in lines if line]


class _Waited(NamedTuple):
    ends: Sequence[Progress | None]
    """How each ended; None: not, as far as anybody waited."""
    error: ShopaceError | None = None
    """Of every shop that is left without a document."""


def _wait(shops: Sequence[str], runs: Sequence[Run], timeout: float, tell: Tell) -> _Waited:
    from shopace.workers.runs import wait

    deadline = time.monotonic() + timeout
    ends: list[Progress | None] = []
    for run in runs:
        try:
            ends.append(wait(run, timeout=max(0.0, deadline - time.monotonic())))
        except ServerError as error:
            return _Waited([*ends, *[None] * (len(runs) - len(ends))], error)
        except ShopaceError:  # its time is over
            ends.append(None)
        tell("shops diagnosed", len(ends), len(runs))
    problems = [
        Problem(where=f'shop "{shop}"', what=f"is not diagnosed after {timeout:g} s")
        if end is None
        else Problem(
            where=f'shop "{shop}"', what=", ".join(end.errors.values()) or "was not diagnosed"
        )
        for shop, end in zip(shops, ends, strict=True)
        if end is None or end.failed
    ]
    if not problems:
        return _Waited(ends)
    late = None in ends
    what = f"{counted(len(problems), 'shop')} {'not diagnosed' if late else 'failed'}"
    hint = "what is not done yet goes on; are workers running? see `shopace status`" if late else ""
    return _Waited(ends, ShopaceError(what, problems=problems, hint=hint))
