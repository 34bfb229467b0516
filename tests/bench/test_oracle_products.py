"""Engine and oracle name the same products, whatever is sold and whatever is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.oracle import Oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import examples
from tests.core.pipeline.test_products import Product, market, page
from tests.marketplace import diagnose

from shopace.core.vocabulary.products import (
    ListingQuality,
    ProductCondition,
    ProductNumber,
    ProductStatus,
    ProductWord,
    product_at_least,
    product_at_most,
    product_is,
)

if TYPE_CHECKING:
    from enum import StrEnum

    import pytest


def words(kind: type[StrEnum]) -> st.SearchStrategy[str]:
    return st.sampled_from([each.value for each in kind])


NUMBERS = st.none() | st.sampled_from((0.0, 1.0, 2.5, 4.0))
CONDITIONS = st.lists(
    st.one_of(
        st.builds(product_at_most, st.sampled_from(ProductNumber), st.sampled_from((0, 1, 4))),
        st.builds(product_at_least, st.sampled_from(ProductNumber), st.sampled_from((0, 1, 4))),
        words(ProductStatus).map(lambda word: product_is(ProductWord.STATUS, word)),
    ),
    max_size=2,
).map(tuple)
PRODUCTS = st.lists(
    st.builds(
        Product,
        shop=st.sampled_from("ab"),
        product=st.sampled_from([f"p{n}" for n in range(12)]),
        title=st.text(st.characters(codec="utf-8"), max_size=5),
        status=st.none() | words(ProductStatus),
        listing_quality=st.none() | words(ListingQuality),
        price=NUMBERS,
        rating=NUMBERS,
        stock=NUMBERS,
        opportunity_matched=st.none() | st.booleans(),
        gmv=NUMBERS,
    ),
    max_size=20,
    unique_by=lambda each: (each.shop, each.product),
)


@settings(max_examples=examples(15))
@given(conditions=CONDITIONS, products=PRODUCTS)
def test_whatever_is_sold_all_documents_are_the_oracles(
    conditions: tuple[ProductCondition, ...],
    products: list[Product],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    inputs = market(tmp_path_factory.mktemp("market"), page(conditions), *products)
    oracle = Oracle(inputs.registry, inputs.snapshot, inputs.benchmarks, inputs.policy)
    documents = {shop: each.document for shop, each in diagnose(inputs).items()}
    assert documents == {
        shop.id: oracle.diagnose(shop) for shop in oracle.read(inputs.snapshot.block(0))
    }
