"""`shopace catalog --measures`: the input contract, measure by measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shopace.service.cli.session import session

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry


def measures_told(registry: Registry, category: str | None = None) -> list[dict[str, Any]]:
    """Every measure with the metrics over it; of a category, those that its metrics read."""
    from shopace.core.warehouse.dark import readers

    over = {
        key: [
            each for each in metrics if category is None or registry.category_of(each) == category
        ]
        for key, metrics in readers(registry).items()
    }
    return [
        {
            "key": key,
            "title": each.title,
            "definition": each.definition,
            "unit": each.unit,
            "aggregation": each.aggregation,
            "adds_up": each.adds_up,
            "channels": each.channels,
            "origin": each.origin,
            "derived_from": each.derived_from,
            "metrics": over[key],
        }
        for key, each in registry.measures.items()
        if category is None or over[key]
    ]


def print_measures(registry: Registry, category: str | None = None) -> None:
    told = measures_told(registry, category)
    if session().json:
        session().emit({"measures": told})
        return
    for each in told:
        _print(each)
    click.echo(f"{len(told)} measures. Not delivered ones leave dark what is over them.")


def _print(told: dict[str, Any]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from shopace.service.clean import clean

    origin = told["origin"]
    lines = {
        "counts": f"{told['unit']}; {told['adds_up']}",
        "channels": ", ".join(told["channels"]),
        "derived from": ", ".join(told["derived_from"]),
        "warehouse": origin.warehouse,
        "partner API": origin.api,
        "Seller Center": origin.export,
        "metrics over it": ", ".join(told["metrics"]) or "none",
    }
    console = session().console()
    head = Text(clean(told["key"]), style="cyan")
    head.append(clean(f"  {told['definition'] or told['title']}"), style="default")
    console.print(head)
    for name, value in lines.items():
        if value:
            line = Text(f"{name}: ", style="dim")
            line.append(clean(value), style="default")
            console.print(Padding(line, (0, 0, 0, 4)))
    console.print()
