"""What of a delivery `facts check` tells: what its tables light up, and what stays dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shopace.service.cli.session import session

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry
    from shopace.core.warehouse.dark import Darkness, Things
    from shopace.core.warehouse.facts import FactsReport
    from shopace.core.warehouse.mapping import FactsMapping
    from shopace.core.warehouse.policy import Policy
    from shopace.core.warehouse.summands import Key

TOP = 15
"""Measures told without `--all`."""
_NAMED = 6
"""Metrics that a table's line names."""


def policy_in_use() -> Policy:
    """As the session is configured."""
    from shopace.core.warehouse.policy import load_policy
    from shopace.plugins import POLICY_PACKS

    return load_policy(session().configuration().packs(POLICY_PACKS))


def darkness_of(
    registry: Registry, policy: Policy, mapping: FactsMapping, report: FactsReport
) -> Darkness:
    """What this delivery leaves dark."""
    from shopace.core.warehouse.dark import darkness

    delivered = _delivered(mapping, report)
    return darkness(registry, policy, delivered, mapping.marketplace.channels)


def _delivered(mapping: FactsMapping, report: FactsReport) -> frozenset[Key]:
    """The measures at hand, and those that violations one by one add up to."""
    from shopace.core.vocabulary.channels import Channel
    from shopace.core.vocabulary.violations import COUNTED
    from shopace.core.warehouse.mapping import Kind

    one_by_one = any(each.kind is Kind.VIOLATIONS for each in mapping.details)
    counted = COUNTED if one_by_one else ()
    return frozenset({*report.delivered, *((key, Channel.SHOP) for key in counted)})


def lit_by_table(
    registry: Registry, policy: Policy, mapping: FactsMapping, report: FactsReport
) -> list[tuple[str, Things]]:
    """(glob of files, what could not be judged without it) of each table with measures."""
    from shopace.core.warehouse.dark import lights_up

    indexes = sorted({each.table for each in report.measures})
    parts = [
        [(each.measure, each.channel) for each in report.measures if each.table == index]
        for index in indexes
    ]
    channels = mapping.marketplace.channels
    found = lights_up(registry, policy, _delivered(mapping, report), channels, parts)
    names = [mapping.tables[index].files for index in indexes]
    return list(zip(names, found, strict=True))


def print_lit(registry: Registry, tables: list[tuple[str, Things]]) -> None:
    """A line per table. What two tables give alike is lit by neither alone."""
    from shopace.service.clean import clean

    for files, things in tables:
        titles = [registry.metrics[key].title for key in _first(registry, things.metrics)]
        more = len(things.metrics) - len(titles)
        named = ", ".join(titles) + (f" and {more} more" if more > 0 else "")
        told = f"{files} lights up {amounts(things)}" + (f": {named}" if named else "")
        click.echo(clean(told))


def print_dark(dark: Darkness, known: int, *, every: bool) -> None:
    """How much stays dark, and for lack of which measures most of it."""
    from shopace.service.terminal import add_row, table

    whole = (len(dark.lit.metrics) + len(dark.dark.metrics), *_totals(dark))
    if not dark.missing:
        click.echo(f"\nEvery one of the {whole[0]} metrics can be judged from these facts.")
        return
    gone = sum(not each.delivered_in for each in dark.missing)
    click.echo(
        f"\n{gone} of {known} known measures are not delivered. Without them"
        f" {len(dark.dark.metrics)} of {whole[0]} metrics, {len(dark.dark.tasks)} of {whole[1]}"
        f" tasks and {len(dark.dark.lines)} of {whole[2]} policy lines cannot be judged: they stay"
        " unknown, and nothing is recommended from them.\n"
    )
    numbers = ("metrics", "tasks", "lines", "alone")
    elsewhere = any(each.delivered_in for each in dark.missing)
    made = table("cannot be judged without", *numbers, "delivered in" if elsewhere else "",
                 right=numbers, wrap=("delivered in",))  # fmt: skip
    shown = dark.missing if every else dark.missing[:TOP]
    for each in shown:
        things = (each.dark.metrics, each.dark.tasks, each.dark.lines)
        counts = (*(len(keys) for keys in things), each.sole.count)
        add_row(made, (each.measure, *map(str, counts), ", ".join(each.delivered_in)))
    session().console().print(made)
    if len(shown) < len(dark.missing):
        click.echo(f"and {len(dark.missing) - len(shown)} more: --all")
    click.echo(
        "\nalone: of these, what could be judged if this measure came and no other."
        "\nWhat each counts and where it usually comes from: shopace catalog --measures"
    )


def amounts(things: Things) -> str:
    """`2 metrics and 3 tasks`; policy lines where there are any."""
    from shopace.service.figures import counted

    kinds = {"metric": things.metrics, "task": things.tasks, "policy line": things.lines}
    told = [counted(len(keys), noun) for noun, keys in kinds.items() if keys]
    return " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]])) or "nothing by itself"


def _first(registry: Registry, metrics: tuple[str, ...]) -> list[str]:
    """Key metrics before the others, in the catalogue's order."""
    order = [key for key in registry.metrics if key in metrics]
    return sorted(order, key=lambda key: not registry.metrics[key].is_key)[:_NAMED]


def _totals(dark: Darkness) -> tuple[int, int]:
    return (
        len(dark.lit.tasks) + len(dark.dark.tasks),
        len(dark.lit.lines) + len(dark.dark.lines),
    )
