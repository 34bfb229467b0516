"""`shopace show`: a published diagnosis."""

from __future__ import annotations

import click

from shopace.core.errors import NotFoundError
from shopace.service.cli.session import Leaf, cards_option, language_option, session


@click.command(
    cls=Leaf,
    examples=("shopace show 10023", "shopace show 10023 --json", "shopace show 10023 --metrics"),
)
@click.argument("shop")
@cards_option
@click.option("--metrics", is_flag=True, help="Show every metric by channel too.")
@language_option
def command(shop: str, cards: int, metrics: bool, language: str) -> None:
    """Show a shop's published diagnosis.

    Reads it from the results server, as another service would: see docs/reading-results.md.
    """
    from shopace.core.results.reader import DiagnosisReader
    from shopace.core.texts.translator import Translator
    from shopace.service.render import show, show_metrics
    from shopace.workers.settings import connect_to_read, settings_from_environment

    translator = Translator(language)
    settings = settings_from_environment(data=session().data)
    reader = DiagnosisReader(connect_to_read(settings.results_url, "results"))
    stored = reader.get(shop)
    if stored is None:
        raise NotFoundError(
            f'no diagnosis of shop "{shop}" is published',
            hint=f"never diagnosed, or too long ago: shopace enqueue {shop}",
        )
    diagnosis = translator.translate(stored.diagnosis)
    legend = reader.legend(stored.metrics.legend) if metrics else None
    if session().json:
        told = {
            "shop": shop,
            "as_of": stored.as_of,
            "fence": stored.fence,
            "diagnosis": diagnosis,
            "metrics": stored.metrics,
        }
        session().emit(told | ({"legend": legend} if metrics else {}))
        return
    console = session().console()
    show(console, diagnosis, cards=cards, note=f"Published with fence {stored.fence}.")
    if legend is not None:
        show_metrics(console, stored.metrics, legend, diagnosis.shop.currency)
