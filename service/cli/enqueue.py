"""`shopace enqueue`: single shops, ahead of the night's blocks."""

from __future__ import annotations

import datetime as dt

import click

from shopace.core.errors import Problem, UnknownShopError
from shopace.service.cli.session import Leaf, session
from shopace.service.cli.snapshot import DAY


@click.command(
    cls=Leaf, examples=("shopace enqueue 10023", "shopace enqueue 10023 10107 --wait --json")
)
@click.argument("shops", nargs=-1, required=True, metavar="SHOP…")
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
@click.option("--wait", is_flag=True, help="Wait until they are diagnosed.")
@click.option("--timeout", type=click.FloatRange(0), default=60.0, show_default=True,
              help="Seconds to wait for each.")  # fmt: skip
@click.option("--without-benchmarks", is_flag=True, help="Go on without a benchmark set.")
def command(
    *,
    shops: tuple[str, ...],
    as_of: dt.datetime | None,
    marketplace: str | None,
    wait: bool,
    timeout: float,
    without_benchmarks: bool,
) -> None:
    """Enqueue single shops.

    They go ahead of a nightly run's blocks. All names are looked up in the snapshot first: with one
    unknown shop nothing is enqueued.
    """
    from shopace.service.opening import find_benchmarks, find_snapshot
    from shopace.workers.client import SchedulerClient
    from shopace.workers.runs import wait as wait_for

    day = as_of.date() if as_of is not None else None
    client = SchedulerClient.from_environment(session().data, configuration=session().config)
    snapshot = find_snapshot(session().folder, as_of=day, marketplace=marketplace)
    if not without_benchmarks:
        find_benchmarks(session().folder, snapshot)
    unknown = []
    for shop in dict.fromkeys(shops):
        try:
            snapshot.find(shop)
        except UnknownShopError as error:
            unknown.append(Problem(where=f'shop "{shop}"', what="is unknown", hint=error.hint))
    if unknown:
        raise UnknownShopError(
            f"not in snapshot {snapshot.id}, so nothing is enqueued", problems=unknown
        )
    runs = [
        client.enqueue_shop(shop, day, marketplace=marketplace) for shop in dict.fromkeys(shops)
    ]
    stale = [wait and wait_for(run, timeout=timeout).stale > 0 for run in runs]
    told = [
        {"shop": shop, "run": run.id, "fence": run.fence, "as_of": run.as_of, "done": wait,
         "older_than_published": older}
        for shop, run, older in zip(dict.fromkeys(shops), runs, stale, strict=True)
    ]  # fmt: skip
    if session().json:
        session().emit({"enqueued": told})
        return
    for each in told:
        state = "diagnosed" if wait else "enqueued"
        kept = "; a newer diagnosis stays published" if each["older_than_published"] else ""
        click.echo(f"{each['shop']}: {state} as of {each['as_of']}, run {each['run']}{kept}")
