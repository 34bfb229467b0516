"""Tables of products, their days, contents, creators and violations: declared, judged, read."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import BY_THE_CLOCK, examples

from shopace.core import STANDARD_MEASURES
from shopace.core.errors import FactsError, MappingError
from shopace.core.vocabulary.units import Unit
from shopace.core.warehouse.detail_tables import open_details
from shopace.core.warehouse.details import SHAPES
from shopace.core.warehouse.facts import check_facts
from shopace.core.warehouse.mapping import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.warehouse.conftest import Mapper, Writer

    from shopace.core.warehouse.facts import FactsReport, TableReport
    from shopace.core.warehouse.mapping import FactsMapping

DAYS = """
[[tables]]
files = "days.parquet"
shop = "shop"
date = "date"
absent_day = "zero"
"""
PRODUCTS = """
[[tables]]
kind = "products"
files = "products.parquet"
shop = "shop"
product = "sku"
[tables.fields]
title = "name"
status = "state"
price = "price"
stock = "stock"
listing_quality = "quality"
opportunity_matched = "matched"
"""
PRODUCT_DAYS = """
[[tables]]
kind = "product_facts"
files = "product_days.parquet"
shop = "shop"
product = "sku"
date = "date"
channel = "format"
absent_day = "zero"
"""
VIOLATIONS = """
[[tables]]
kind = "violations"
files = "violations.csv"
shop = "shop"
violation = "id"
[tables.fields]
category = "about"
points = "points"
issued_on = "issued"
status = "state"
"""
PRODUCT_COLUMNS = {
    "shop": "VARCHAR",
    "sku": "VARCHAR",
    "name": "VARCHAR",
    "state": "VARCHAR",
    "price": "VARCHAR",
    "stock": "VARCHAR",
    "quality": "VARCHAR",
    "matched": "VARCHAR",
}
DAY_COLUMNS = {
    "shop": "VARCHAR",
    "sku": "VARCHAR",
    "date": "DATE",
    "format": "VARCHAR",
    "gmv": "DOUBLE",
}
DAY = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def days(write: Writer) -> None:
    """Two shops with a day of facts."""
    columns = {"shop": "VARCHAR", "date": "DATE", "gmv": "DOUBLE"}
    write("days.parquet", columns, [("a", DAY, 1.0), ("b", DAY, 1.0)])


def product(shop: str = "a", sku: str = "p1", **cells: str | None) -> tuple[str | None, ...]:
    row = dict.fromkeys(PRODUCT_COLUMNS) | {"shop": shop, "sku": sku} | cells
    return tuple(row.values())


def check(mapping: FactsMapping, folder: Path) -> FactsReport:
    return check_facts(mapping, folder, STANDARD_MEASURES)


def of(report: FactsReport, kind: Kind) -> TableReport:
    (found,) = (each for each in report.tables if each.kind == kind)
    return found


def read(mapping: FactsMapping, folder: Path, query: str) -> list[tuple[Any, ...]]:
    with open_details(mapping, folder) as details:
        return details.rows(query)


def refusal(mapping: FactsMapping, folder: Path) -> str:
    report = check(mapping, folder)
    return "\n".join(map(str, report.problems))


def test_every_kind_has_a_view_that_is_empty_where_nothing_was_delivered(
    facts_folder: Path, mapped: Mapper
) -> None:
    for kind in SHAPES:
        assert read(mapped(DAYS), facts_folder, f"SELECT * FROM {kind}") == []


def test_every_measure_of_a_kind_is_one_of_the_input_contract_but_views_of_a_content() -> None:
    named = {measure for shape in SHAPES.values() for measure in shape.measures}
    assert named - set(STANDARD_MEASURES) == {"views"}
    assert {STANDARD_MEASURES[each].unit for each in named - {"views"}} == {Unit.COUNT, Unit.MONEY}


def test_words_are_read_in_any_spelling_and_by_the_mapping(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    rows = [
        product(sku="p1", state="LIVE", quality="Good", matched="1"),
        product(sku="p2", state="Needs attention", quality="mau", matched="FALSE"),
        product(sku="p3", state=" on shelf ", quality="", matched=None),
    ]
    write("products.parquet", PRODUCT_COLUMNS, rows)
    words = '[tables.words]\nstatus = { "on shelf" = "live" }\nlisting_quality = { mau = "poor" }\n'
    mapping = mapped(DAYS + PRODUCTS + words)
    query = "SELECT status, listing_quality, opportunity_matched FROM products ORDER BY product"
    assert read(mapping, facts_folder, query) == [
        ("live", "good", True),
        ("needs_attention", "poor", False),
        ("live", None, None),
    ]
    assert of(check(mapping, facts_folder), Kind.PRODUCTS).unknown_words == ()


def test_an_unknown_word_is_missing_and_told_with_what_was_probably_meant(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    rows = [product(state="livee"), product(sku="p2", state="livee"), product(sku="p3", state="?")]
    write("products.parquet", PRODUCT_COLUMNS, rows)
    report = check(mapped(DAYS + PRODUCTS), facts_folder)
    told = of(report, Kind.PRODUCTS).unknown_words
    assert [(each.field, each.word, each.rows) for each in told] == [
        ("status", "livee", 2),
        ("status", "?", 1),
    ]
    assert (told[0].hint, told[1].hint) == ('did you mean "live"?', "")
    assert report.problems == ()


def test_numbers_that_cannot_be_are_missing_and_counted(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    prices = ["1.5", "nan", "inf", "-2", "1e300", None]
    rows = [product(sku=f"p{i}", price=each) for i, each in enumerate(prices)]
    write("products.parquet", PRODUCT_COLUMNS, rows)
    mapping = mapped(DAYS + PRODUCTS)
    assert of(check(mapping, facts_folder), Kind.PRODUCTS).bad_cells == (("price", 4),)
    known = read(mapping, facts_folder, "SELECT price FROM products WHERE price IS NOT NULL")
    assert known == [(1.5,)]


def test_text_files_are_read_like_others(facts_folder: Path, write: Writer, mapped: Mapper) -> None:
    write("products.csv", PRODUCT_COLUMNS, [product(name='A, "B"', price="1.5", matched="yes")])
    mapping = mapped(DAYS + PRODUCTS.replace(".parquet", ".csv"))
    assert check(mapping, facts_folder).problems == ()
    query = "SELECT title, price, opportunity_matched FROM products"
    assert read(mapping, facts_folder, query) == [('A, "B"', 1.5, True)]


def test_what_is_wrong_with_products_is_told_all_at_once(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    rows = [
        product(sku="../x"),
        product(sku="p2", price="1,234"),
        product(sku="p3", stock="1"),
        product(sku="p3", stock="2"),
    ]
    write("products.parquet", PRODUCT_COLUMNS, rows)
    told = refusal(mapped(DAYS + PRODUCTS), facts_folder)
    assert "no usable product id: '../x'" in told
    assert '1 cells of "price" are no numbers' in told
    assert "1 keys have several rows with different values: a p3" in told
    assert "deliver one row per shop, product" in told


def test_rows_that_repeat_another_count_once(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("products.parquet", PRODUCT_COLUMNS, [product(name="x")] * 3)
    mapping = mapped(DAYS + PRODUCTS)
    report = check(mapping, facts_folder)
    assert (of(report, Kind.PRODUCTS).duplicates, report.problems) == (2, ())
    assert read(mapping, facts_folder, "SELECT count(*) FROM products") == [(1,)]


def test_products_of_shops_without_facts_are_counted(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("products.parquet", PRODUCT_COLUMNS, [product(), product("z"), product("z", "p2")])
    told = of(check(mapped(DAYS + PRODUCTS), facts_folder), Kind.PRODUCTS)
    assert (told.rows, told.shops, told.unknown_shops) == (3, 1, 2)


def test_days_of_products_are_judged_as_facts_are(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    rows = [
        ("a", "p1", DAY, "Self LIVE", 1.25),
        ("a", "p1", DAY, "product_card", -1.0),
        ("a", "p1", DAY, "mystery", 9.0),
        ("a", "p1", date(2027, 1, 1), "shop", 9.0),
    ]
    write("product_days.parquet", DAY_COLUMNS, rows)
    mapping = mapped(DAYS + PRODUCT_DAYS, market=f"latest_final_day = {DAY}\n")
    report = check(mapping, facts_folder)
    told = of(report, Kind.PRODUCT_FACTS)
    assert (told.unknown_channels, told.bad_cells) == ((("mystery", 1),), (("gmv", 1),))
    assert "1 rows are dated after 2026-03-01" in "\n".join(map(str, report.problems))
    query = f"SELECT channel, gmv::DOUBLE FROM product_facts WHERE day = DATE '{DAY}' ORDER BY 1"
    assert read(mapping, facts_folder, query) == [("product_card", None), ("seller_live", 1.25)]


def test_violations_are_read_by_kind_with_their_days(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = dict.fromkeys(("shop", "id", "about", "points", "issued", "state"), "VARCHAR")
    rows = [
        ("a", "v1", "After-sales", "6", "2026-02-01", "open"),
        ("a", "v2", "Fraud", "x", "soon", ""),
    ]
    write("violations.csv", columns, rows)
    mapping = mapped(DAYS + VIOLATIONS)
    told = refusal(mapping, facts_folder)
    assert "1 cells of \"issued\" are no dates, such as 'soon'" in told
    assert '1 cells of "points" are no numbers' in told
    query = "SELECT category, points, issued_on, status FROM violations ORDER BY violation"
    assert read(mapping, facts_folder, query) == [
        ("after_sales", 6.0, date(2026, 2, 1), "open"),
        (None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("table", "where", "says"),
    [
        (PRODUCTS + 'rateing = "x"', "tables[1].fields.rateing", 'did you mean "rating"?'),
        (
            PRODUCTS + '[tables.words.status]\nup = "livee"',
            "tables[1].words.status.up",
            'did you mean "live"?',
        ),
        (PRODUCTS + '[tables.words.titel]\nup = "x"', "tables[1].words.titel", "no field with"),
        (PRODUCTS.replace("product =", "produkt ="), "tables[1].product", "is not declared"),
        (PRODUCTS.replace("product =", "produkt ="), "tables[1].produkt", '"product"'),
        (
            PRODUCT_DAYS.replace('absent_day = "zero"', ""),
            "tables[1].absent_day",
            '"zero" or "missing"',
        ),
        (
            PRODUCT_DAYS + '[tables.measures]\ngmw = "x"',
            "tables[1].measures.gmw",
            'did you mean "gmv"?',
        ),
        (
            PRODUCT_DAYS + '[tables.measures]\ngmv = { column = "x", scale = -1 }',
            "tables[1].measures.gmv.scale",
            "positive",
        ),
        (PRODUCTS.replace('"products"', '"product"'), "tables[1].kind", 'did you mean "products"?'),
        (PRODUCTS * 2, "tables[2].kind", "already come from tables[1]"),
    ],
)
def test_a_wrong_line_is_told_where_it_stands(
    mapped: Mapper, table: str, where: str, says: str
) -> None:
    with pytest.raises(MappingError) as caught:
        mapped(DAYS + table)
    told = {each.where.rsplit(": ", 1)[1]: str(each) for each in caught.value.problems}
    assert says in told[where]


def test_a_column_that_the_file_lacks_or_of_a_wrong_type_is_told(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    wrong = DAY_COLUMNS | {"sku": "DOUBLE", "gmv": "DATE"}
    write("product_days.parquet", wrong, [("a", 1.0, DAY, "shop", DAY)])
    columns = {key: kind for key, kind in PRODUCT_COLUMNS.items() if key != "stock"}
    write("products.parquet", columns | {"stocks": "VARCHAR"}, [])
    with pytest.raises(FactsError) as caught:
        check(mapped(DAYS + PRODUCTS + PRODUCT_DAYS + '[tables.measures]\ngmv = "gmv"'),
              facts_folder)  # fmt: skip
    told = str(caught.value)
    assert 'tables[1].fields.stock: names the column "stock"' in told
    assert 'did you mean "stocks"?' in told
    assert "floating point loses digits of ids beyond 2^53" in told
    assert "tables[2].measures.gmv" in told


def test_problems_of_facts_name_their_place_in_the_file_behind_other_kinds(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("products.parquet", PRODUCT_COLUMNS, [product()])
    with pytest.raises(FactsError, match=re.escape("tables[1].date")):
        check(mapped(PRODUCTS + DAYS.replace('"date"', '"day"')), facts_folder)


def test_what_is_declared_of_products_is_part_of_the_mappings_fingerprint(mapped: Mapper) -> None:
    words = '[tables.words.status]\nup = "live"\n'
    texts = (DAYS, DAYS + PRODUCTS, DAYS + PRODUCTS + words, PRODUCTS + DAYS)
    assert len({mapped(each).fingerprint for each in texts}) == len(texts)


HOSTILE = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\x00\x1b\r\n\u202e\u2028\u200b'\"\\;-"),
    max_size=40,
)


@settings(
    max_examples=examples(30),
    suppress_health_check=[BY_THE_CLOCK, HealthCheck.function_scoped_fixture],
)
@given(title=HOSTILE, state=HOSTILE)
def test_titles_and_words_come_through_as_text_whatever_is_in_them(
    title: str, state: str, facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    (facts_folder / "products.parquet").unlink(missing_ok=True)
    write("products.parquet", PRODUCT_COLUMNS, [product(name=title, state=state)])
    mapping = mapped(DAYS + PRODUCTS)
    assert check(mapping, facts_folder).problems == ()
    ((found,),) = read(mapping, facts_folder, "SELECT title FROM products")
    assert (found or "").strip() == title.strip(), "blanks around it are not kept"
