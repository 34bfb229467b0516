"""Formulas, conditions and lines as people read them."""

import pytest

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import Formula, measure
from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.core.vocabulary.units import Unit
from shopace.service.catalog.words import formula_in_words, peers_in_words, side

GMV, TAX, ORDERS = measure("gmv"), measure("tax"), measure("orders")


@pytest.mark.parametrize(
    ("formula", "keys", "words"),
    [
        (GMV / ORDERS, "gmv ÷ orders", "GMV ÷ orders"),
        (GMV + TAX + ORDERS, "gmv + tax + orders", "GMV + tax + orders"),
        (GMV - (TAX + ORDERS), "gmv − (tax + orders)", "GMV − (tax + orders)"),
        ((GMV + TAX) / ORDERS, "(gmv + tax) ÷ orders", "(GMV + tax) ÷ orders"),
        (GMV / (TAX / ORDERS), "gmv ÷ (tax ÷ orders)", "GMV ÷ (tax ÷ orders)"),
        (GMV / TAX / ORDERS, "(gmv ÷ tax) ÷ orders", "(GMV ÷ tax) ÷ orders"),
        (GMV * TAX * ORDERS, "gmv × tax × orders", "GMV × tax × orders"),
        (1 - GMV / TAX, "1 − gmv ÷ tax", "1 − GMV ÷ tax"),
        (
            measure("gmv", Channel.SHOP_TAB) / GMV,
            "gmv[shop_tab] ÷ gmv",
            "GMV (Shop Tab & Search) ÷ GMV",
        ),
        (measure("acme.unknown") / GMV, "acme.unknown ÷ gmv", "acme.unknown ÷ GMV"),
    ],
)
def test_a_formula_is_printed_with_keys_and_with_titles(
    formula: Formula, keys: str, words: str
) -> None:
    assert str(formula) == keys
    assert formula_in_words(formula, STANDARD_MEASURES) == words


@pytest.mark.parametrize(
    ("at", "value", "unit", "words"),
    [
        ("least", 0.05, Unit.RATIO, "5 % or more"),
        ("most", 4, Unit.SCORE, "4 or less"),
        ("above", 12, Unit.POINTS, "more than 12 points"),
        ("below", 3.5, Unit.SCORE, "below 3.5"),
        ("least", 3, Unit.MULTIPLE, "3× or more"),
    ],
)
def test_a_side_of_a_line(at: str, value: float, unit: Unit, words: str) -> None:
    assert side(at, value, unit) == words


def test_peers_are_told_with_their_floor_and_who_comes_next() -> None:
    assert peers_in_words(0.75, 20, ("industry+tier", "industry", "region")) == (
        "what the best 25 % of the other shops of the same industry and tier reach, over 30 days; "
        "with fewer than 20 of them, of the same industry, then of the same region and currency"
    )
