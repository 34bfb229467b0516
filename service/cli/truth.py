"""`shopace truth`: what was planted against what was found."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shopace.service.cli.session import Leaf, session
from shopace.service.cli.snapshot import DAY
from shopace.service.figures import counted, percent

if TYPE_CHECKING:
    from shopace.service.truth import Comparison


@click.command(
    cls=Leaf,
    examples=("shopace truth --data shopace-demo", "shopace truth --truth facts/truth.csv --json"),
)
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--truth", "table", type=click.Path(path_type=Path),
              help="The truth table. [default: facts/truth.csv in the data folder]")  # fmt: skip
def command(as_of: dt.datetime | None, table: Path | None) -> None:
    """Compare diagnoses with what was planted in a made-up marketplace.

    Diagnoses every shop of the latest snapshot here, without a server. Tells which share of the
    planted causes with 50 orders a week behind them led to a card of the right category, how often
    such a card stands there without the cause, and how many cards no planted cause explains.
    """
    from shopace.service.opening import open_inputs
    from shopace.service.truth import compare, read_truth

    path = table if table is not None else session().folder / "facts" / "truth.csv"
    planted = read_truth(path)
    day = as_of.date() if as_of is not None else None
    inputs = open_inputs(
        session().folder, session().registry(), session().configuration(), as_of=day
    )
    outcome = compare(inputs, planted)
    if session().json:
        session().emit(_told(outcome))
    else:
        _print(outcome)


def _told(outcome: Comparison) -> dict[str, Any]:
    return {
        "as_of": outcome.as_of,
        "shops": outcome.shops,
        "planted": outcome.planted,
        "found": outcome.found,
        "found_share": _rounded(outcome.found_share),
        "cards": outcome.cards,
        "unexplained": outcome.unexplained,
        "unexplained_share": _rounded(outcome.unexplained_share),
        "in_healthy_shops": outcome.in_healthy_shops,
        "causes": [
            {
                "cause": each.cause,
                "kind": each.kind,
                "planted": each.planted,
                "found": each.found,
                "found_share": _rounded(each.share),
                "by_chance": _rounded(each.by_chance),
            }
            for each in outcome.causes
        ],
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None or math.isnan(share) else round(share, 4)


def _print(outcome: Comparison) -> None:
    from shopace.service.terminal import add_row, table

    numbers = ("planted", "found", "share", "without it")
    made = table("cause", "kind", *numbers, right=numbers)
    for each in outcome.causes:
        shares = [percent(_rounded(share)) for share in (each.share, each.by_chance)]
        add_row(made, (each.cause, each.kind, f"{each.planted}", f"{each.found}", *shares))
    session().console().print(made)
    causes = counted(outcome.planted, "cause")
    click.echo(
        f"\n{counted(outcome.shops, 'shop')} as of {outcome.as_of}; {causes} at work with 50 orders"
        f" a week behind them:\n{percent(outcome.found_share)} led to a card of the right category"
        ' ("without it": shops that have such a card though nothing of the kind was planted).'
    )
    cards, stray, healthy = (
        sum(each.values())
        for each in (outcome.cards, outcome.unexplained, outcome.in_healthy_shops)
    )
    click.echo(
        f"{percent(outcome.unexplained_share)} of {counted(cards, 'card')} have no planted cause:"
        f" {stray:,}, of them {healthy:,} in shops in which nothing was planted."
    )
    for priority in outcome.cards:
        one = outcome.unexplained.get(priority, 0)
        share = percent(one / outcome.cards[priority])
        click.echo(f"  {priority}: {one:,} of {outcome.cards[priority]:,} ({share})")
