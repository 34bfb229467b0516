"""`shopace catalog --measures`: the input contract, measure by measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shopace.service.cli.session import session

if TYPE_CHECKING:
    from shopace.service.catalog.records import Catalogue, MeasureEntry


def print_measures(catalogue: Catalogue, category: str | None = None) -> None:
    """Every measure with the metrics over it; of a category, those that its metrics read."""
    from msgspec.structs import replace

    wanted = {
        metric.key
        for each in catalogue.categories
        if category in (None, each.category)
        for metric in each.metrics
    }
    over = [
        replace(each, metrics=tuple(key for key in each.metrics if key in wanted))
        for each in catalogue.measures
    ]
    told = [each for each in over if category is None or each.metrics]
    if session().json:
        session().emit({"measures": told})
        return
    for each in told:
        _print(each)
    click.echo(f"{len(told)} measures. Not delivered ones leave dark what is over them.")


def _print(told: MeasureEntry) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from shopace.service.clean import clean

    lines = {
        "counts": f"{told.unit}; {told.adds_up}",
        "channels": ", ".join(told.channels),
        "derived from": ", ".join(told.derived_from),
        "warehouse": told.origin.warehouse,
        "partner API": told.origin.api,
        "Seller Center": told.origin.export,
        "metrics over it": ", ".join(told.metrics) or "none",
    }
    console = session().console()
    head = Text(clean(told.key), style="cyan")
    head.append(clean(f"  {told.definition or told.title}"), style="default")
    console.print(head)
    for name, value in lines.items():
        if value:
            line = Text(f"{name}: ", style="dim")
            line.append(clean(value), style="default")
            console.print(Padding(line, (0, 0, 0, 4)))
    console.print()
