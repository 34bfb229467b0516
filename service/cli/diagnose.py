"""`shopace diagnose`: one shop, here and now."""

from __future__ import annotations

import datetime as dt

import click

from shopace.service.cli.session import Leaf, cards_option, language_option, session
from shopace.service.cli.snapshot import DAY

NOTE = "Diagnosed here, without a server; nothing was published."


@click.command(
    cls=Leaf,
    examples=(
        "shopace diagnose USLCAKYHPN8J --data shopace-demo",
        "shopace diagnose 10023 --cards 10 --metrics",
        "shopace diagnose 10023 --as-of 2026-10-24 --json",
    ),
)
@click.argument("shop")
@click.option("--as-of", type=DAY, help="Of the snapshot as of this day. [default: the latest]")
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
@cards_option
@click.option("--metrics", is_flag=True, help="Show every metric by channel too.")
@language_option
@click.option("--without-benchmarks", is_flag=True, help="Compare with no peers.")
def command(
    *,
    shop: str,
    as_of: dt.datetime | None,
    marketplace: str | None,
    cards: int,
    metrics: bool,
    language: str,
    without_benchmarks: bool,
) -> None:
    """Diagnose one shop here and now, without a server.

    Reads the latest snapshot of the data folder, its benchmarks and the policy packs. It has no
    memory of earlier diagnoses, so "since when" is always today, and it publishes nothing.
    """
    import msgspec

    from shopace.core.pipeline.run import diagnose_shop
    from shopace.core.records.diagnosis import Diagnosis
    from shopace.core.records.metrics import MetricValues
    from shopace.core.texts.translator import Translator
    from shopace.service.opening import open_inputs
    from shopace.service.render import show, show_metrics

    translator = Translator(language)
    inputs = open_inputs(
        session().folder,
        session().registry(),
        session().configuration(),
        as_of=as_of.date() if as_of is not None else None,
        marketplace=marketplace,
        with_benchmarks=not without_benchmarks,
    )
    document = diagnose_shop(inputs, shop)
    diagnosis = translator.translate(msgspec.json.decode(document.body, type=Diagnosis))
    if session().json:
        told = {
            "shop": document.shop,
            "as_of": document.as_of,
            "published": False,
            "diagnosis": diagnosis,
            "metrics": msgspec.json.decode(document.metrics),
        }
        session().emit(told | ({"legend": inputs.legend} if metrics else {}))
        return
    console = session().console()
    show(console, diagnosis, cards=cards, note=NOTE)
    if metrics:
        values = msgspec.json.decode(document.metrics, type=MetricValues)
        show_metrics(console, values, inputs.legend, diagnosis.shop.currency)
