"""The products of a diagnosis for a terminal: those behind a finding, the one a task acts on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from shopace.core.records.card import ProductRef, TaskCard
from shopace.core.vocabulary.units import Unit
from shopace.service.clean import clean
from shopace.service.figures import figure

_CHARACTERS = 40
"""Of a title; it is there to be recognised."""


def product_lines(card: TaskCard, currency: str) -> Iterator[Text]:
    """What a card says of products; nothing without product facts."""
    if card.product is not None:
        line = Text("Product: ")
        line.append(_title(card.product), style="bold")
        line.append(_sold(card.product, currency))
        yield line
    if card.products:
        line = Text("Products behind it: ")
        line.append(names(card.products, card.products_behind), style="bold")
        yield line


def names(products: Sequence[ProductRef], count: int | None = None) -> str:
    """`A, B and C`, or `A, B, C and 4 more`; one line, whatever the titles hold."""
    told = [_title(each) for each in products]
    more = (count if count is not None else 0) - len(told)
    if more > 0:
        told.append(f"{more:,} more")
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _title(product: ProductRef) -> str:
    title = clean(product.title).strip() or clean(product.id)
    return title if len(title) <= _CHARACTERS else title[: _CHARACTERS - 1] + "…"


def _sold(product: ProductRef, currency: str) -> str:
    if product.gmv_30d is None:
        return ""
    return clean(f", 30-day GMV {figure(product.gmv_30d, Unit.MONEY, currency)}")
