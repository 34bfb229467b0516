"""What a person sees of the products behind a finding."""

import io
import re
import unicodedata
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import BY_THE_CLOCK, examples

from shopace.core.records.card import ProductRef
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.steering import STEERING
from shopace.service.render import show
from shopace.service.render_products import names
from shopace.service.terminal import console

Make = Callable[..., Diagnosis]
A, B, C = (ProductRef(id=f"p{n}", title=title) for n, title in enumerate(("Serum", "Oil", "Mask")))


def told(diagnosis: Diagnosis, *products: ProductRef, count: int | None, hero: ProductRef) -> str:
    """The diagnosis printed, with these products on every card and note."""
    cards = tuple(
        msgspec.structs.replace(card, products=products, products_behind=count, product=hero)
        for card in diagnosis.cards
    )
    notes = tuple(msgspec.structs.replace(n, products=products) for n in diagnosis.need_attention)
    changed = msgspec.structs.replace(diagnosis, cards=cards, need_attention=notes)
    out = io.StringIO()
    show(console(out, width=100), changed)
    return out.getvalue()


@pytest.mark.parametrize(
    ("products", "count", "text"),
    [
        ((A,), 1, "Serum"),
        ((A, B), 2, "Serum and Oil"),
        ((A, B, C), 3, "Serum, Oil and Mask"),
        ((A, B, C), 7, "Serum, Oil, Mask and 4 more"),
        ((A, B, C), 1234, "Serum, Oil, Mask and 1,231 more"),
        ((ProductRef(id="p9"), B), None, "p9 and Oil"),
        ((), None, ""),
    ],
)
def test_products_are_listed_as_people_list_things(
    products: tuple[ProductRef, ...], count: int | None, text: str
) -> None:
    assert names(products, count) == text


def test_cards_and_notes_name_them(make_diagnosis: Make) -> None:
    hero = ProductRef(id="p0", title="Serum", gmv_30d=1234.5)
    text = " ".join(told(make_diagnosis(), A, B, C, count=5, hero=hero).split())
    assert "Products behind it: Serum, Oil, Mask and 2 more" in text
    assert "Product: Serum, 30-day GMV USD 1,234" in text
    assert re.search(r"NEED ATTENTION.*Serum, Oil and Mask.*CAN IMPROVE", text)


def test_without_product_facts_nothing_is_said_of_products(make_diagnosis: Make) -> None:
    out = io.StringIO()
    show(console(out, width=100), make_diagnosis())
    assert not re.search("Product:|Products behind", out.getvalue())


HOSTILE = (
    st.text(st.characters(codec="utf-8"), max_size=60)
    | st.text("\x00\x07\x1b[2J\r\n\u202e\u2028\u200b\ufeff\ud800\udfff[/red]", max_size=60)
    | st.just("x" * 65536)
)


@settings(
    max_examples=examples(40),
    suppress_health_check=[BY_THE_CLOCK, HealthCheck.function_scoped_fixture],
)
@given(title=HOSTILE)
def test_no_title_steers_the_terminal_or_takes_it_over(make_diagnosis: Make, title: str) -> None:
    product = ProductRef(id="p1", title=title, gmv_30d=1.0)
    text = told(make_diagnosis(), product, count=1, hero=product)
    assert not [each for each in text if STEERING.match(each) and each != "\n"]
    assert not [each for each in text if unicodedata.category(each) == "Cc" and each != "\n"]
    text.encode()
    assert len(names((product,))) <= 40
