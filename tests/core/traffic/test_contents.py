"""The LIVEs, videos and creators behind a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.traffic.deliveries import day, days

from shopace.core.errors import NotFoundError
from shopace.core.traffic.contents import product_contents
from shopace.core.traffic.periods import period_of
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.units import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.core.traffic.deliveries import Deliver

    from shopace.core.records.traffic import ProductContents
    from shopace.core.traffic.source import ShopFacts


def content(name: str, kind: str, creator: str = "", **row: object) -> dict[str, object]:
    account = "affiliate" if creator else "seller"
    counts = {"views": 100, "product_impressions": 50, "product_clicks": 10, "sku_orders": 2}
    about = {"content": name, "kind": kind, "account": account, "creator": creator}
    return {**about, "title": name.title(), **counts, "gmv": 20, **row}


CONTENTS = [
    content("l1", "live", date=day(8)),
    content("v1", "video", gmv=5, date=day(9)),
    content("v1", "video", gmv=7, date=day(10)),
    content("a1", "video", "17001", gmv=30),
    content("a2", "LIVE", "17001", gmv=40),
    content("a3", "video", "17002", gmv=60),
    content("a4", "video", "17003", gmv=""),
    content("old", "video", "17002", date=day(7)),
    content("other", "video", "17002", product="q"),
]
CREATORS = [
    {"creator": "17001", "name": "Mila Ö", "type": "Star"},
    {"creator": "17002", "name": "100% Deals", "type": "Micro"},
]


@pytest.fixture
def source(deliver: Deliver) -> Iterator[ShopFacts]:
    facts = days(range(1, 15), gmv=1)
    with deliver(product_facts=facts, contents=CONTENTS, creators=CREATORS) as opened:
        yield opened


def ask(source: ShopFacts, form: Format = Format.ALL, **rest: object) -> ProductContents:
    period = period_of(source.known, window=Window.L7D)
    return product_contents(source, period, form, "p", **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "names", "creators"),
    [
        (Format.ALL, ["a3", "a2", "a1", "l1", "v1", "a4"], ["17001", "17002", "17003"]),
        (Format.SELLER_LIVE, ["l1"], []),
        (Format.SELLER_VIDEO, ["v1"], []),
        (Format.AFFILIATE, ["a3", "a2", "a1", "a4"], ["17001", "17002", "17003"]),
        (Format.AFFILIATE_LIVE, ["a2"], ["17001"]),
        (Format.AFFILIATE_VIDEO, ["a3", "a1", "a4"], ["17002", "17001", "17003"]),
    ],
)
def test_a_format_shows_its_contents_and_their_creators_the_most_gmv_first(
    source: ShopFacts, form: Format, names: list[str], creators: list[str]
) -> None:
    found = ask(source, form)
    assert [each.id for each in found.contents] == names
    assert [each.id for each in found.creators] == creators
    assert (found.total_contents, found.total_creators) == (len(names), len(creators))


@pytest.mark.parametrize("form", [Format.PRODUCT_CARD, Format.SHOP_TAB])
def test_a_format_that_is_no_content_has_none(source: ShopFacts, form: Format) -> None:
    with pytest.raises(NotFoundError, match=form.tab):
        ask(source, form)


def test_a_content_is_the_sum_of_its_days_and_missing_where_one_is(source: ShopFacts) -> None:
    found = {each.id: each.figures for each in ask(source).contents}
    assert found["v1"] == {
        "views": 200,
        "product_impressions": 100,
        "product_clicks": 20,
        "ctr": 0.2,
        "sku_orders": 4,
        "ctor": 0.2,
        "gmv": 12,
    }
    assert found["a4"]["gmv"] is None
    assert found["a4"]["views"] == 100


def test_a_creator_is_the_sum_of_their_contents(source: ShopFacts) -> None:
    mila = next(each for each in ask(source).creators if each.id == "17001")
    assert (mila.name, mila.type, mila.lives, mila.videos) == ("Mila Ö", "Star", 1, 1)
    assert (mila.figures["gmv"], mila.figures["ctor"]) == (70, 0.2)
    stranger = next(each for each in ask(source).creators if each.id == "17003")
    assert (stranger.name, stranger.type, stranger.figures["gmv"]) == ("", "", None)


@pytest.mark.parametrize(
    ("search", "creators"),
    [
        ("mila", ["17001"]),
        ("ö", ["17001"]),
        ("1700", ["17001", "17002", "17003"]),
        ("17003", ["17003"]),
        ("%", ["17002"]),
        ("' OR true --", []),
    ],
)
def test_creators_are_found_by_part_of_their_name_or_id(
    source: ShopFacts, search: str, creators: list[str]
) -> None:
    found = ask(source, Format.AFFILIATE, search=search)
    assert [each.id for each in found.creators] == creators
    assert {each.creator for each in found.contents} == set(creators)


def test_creators_are_filtered_by_one_of_the_types_that_there_are(source: ShopFacts) -> None:
    found = ask(source, Format.AFFILIATE, creator_type="star")
    assert [each.id for each in found.creators] == ["17001"]
    assert found.creator_types == ("Micro", "Star")
    with pytest.raises(NotFoundError, match="Star"):
        ask(source, Format.AFFILIATE, creator_type="Stra")


def test_a_list_may_be_cut_and_ranked_otherwise_and_tells_how_many_there_are(
    source: ShopFacts,
) -> None:
    found = ask(source, by="views", top=1)
    assert [each.id for each in found.contents] == ["v1"]
    assert [each.id for each in found.creators] == ["17001"]
    assert (found.total_contents, found.total_creators) == (6, 3)
    with pytest.raises(NotFoundError, match="views"):
        ask(source, by="view")


def test_without_a_table_of_contents_there_are_none(deliver: Deliver) -> None:
    with deliver(product_facts=days(range(1, 15), gmv=1)) as source:
        found = ask(source)
    assert (found.contents, found.creators, found.total_contents) == ((), (), 0)
