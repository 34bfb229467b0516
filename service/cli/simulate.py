"""`shopace simulate`: the facts of a made-up marketplace."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from shopace.core.errors import FactsError
from shopace.service.cli.session import Leaf, session
from shopace.service.figures import counted


@click.command(
    cls=Leaf,
    examples=(
        "shopace simulate shopace-data/facts",
        "shopace simulate facts --shops 500 --days 120 --seed 7",
    ),
)
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--shops", type=click.IntRange(1), default=2000, show_default=True,
              help="Shops of the marketplace.")  # fmt: skip
@click.option("--days", type=click.IntRange(30), default=91, show_default=True,
              help="Days of facts for each shop.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other shops.")
@click.option(
    "--last-day",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-10-31",
    show_default=True,
    help="The latest final day.",
)
@click.option("--cause", "causes", multiple=True, metavar="NAME", help="Plant only these causes.")
@click.option("--without-causes", is_flag=True, help="Plant none: chance and the shops alone.")
def command(
    *,
    out: Path,
    shops: int,
    days: int,
    seed: int,
    last_day: dt.datetime,
    causes: tuple[str, ...],
    without_causes: bool,
) -> None:
    """Write the facts of a made-up marketplace.

    Facts follow from causes: stock runs out, a seller stops going LIVE, a creator leaves, a holiday
    sinks everyone. What was planted where stands in truth.csv beside the facts; "shopace truth"
    compares it with what the diagnoses found. The same options give the same facts.
    """
    from shopace.service.progress import steps
    from shopace.service.simulate import simulate

    if causes and without_causes:
        raise click.UsageError("--cause and --without-causes exclude each other")
    try:
        with steps(shown=not session().json) as tell:
            made = simulate(
                out,
                shops=shops,
                days=days,
                seed=seed,
                last_day=last_day.date(),
                causes=() if without_causes else (causes or None),
                progress=lambda done, total: tell("making shops", done, total),
            )
    except FileExistsError as error:
        hint = "name a new or an empty folder: what is in it would be lost"
        raise FactsError(str(error), hint=hint) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise FactsError(f"{out} cannot be written: {reason}") from error
    if session().json:
        session().emit(
            {
                "folder": str(out),
                "mapping": str(made.mapping),
                "truth": str(made.truth),
                "shops": made.shops,
                "first_day": made.first_day,
                "last_day": made.last_day,
                "rows": made.shop_rows + made.channel_rows,
                "causes": made.causes,
            }
        )
        return
    rows = counted(made.shop_rows + made.channel_rows, "row")
    click.echo(f"{counted(made.shops, 'shop')}, {counted(days, 'day')}, {rows} in {out}")
    click.echo(f"mapping {made.mapping}, truth {made.truth}")
