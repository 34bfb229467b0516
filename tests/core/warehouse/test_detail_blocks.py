"""What a snapshot holds of products and violations, and that it costs nothing without them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shopace.core import STANDARD_MEASURES
from shopace.core.errors import SnapshotError
from shopace.core.warehouse.detail_blocks import TITLE_CHARACTERS
from shopace.core.warehouse.snapshot import Snapshot, build_snapshot, open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.warehouse.conftest import Mapper, Writer

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
fields = { title = "title", status = "status", stock = "stock", listing_quality = "quality" }
"""
SOLD = """
[[tables]]
kind = "product_facts"
files = "sold.parquet"
shop = "shop"
product = "sku"
date = "date"
absent_day = "{absent}"
known_until = 2026-03-31
"""
BY_CHANNEL = SOLD + 'channel = "channel"\n'
VIOLATIONS = """
[[tables]]
kind = "violations"
files = "violations.parquet"
shop = "shop"
violation = "id"
[tables.fields]
category = "about"
points = "points"
issued_on = "issued"
ends_on = "ends"
status = "status"
"""
PRODUCT = {
    "shop": "VARCHAR",
    "sku": "VARCHAR",
    "title": "VARCHAR",
    "status": "VARCHAR",
    "stock": "INTEGER",
    "quality": "VARCHAR",
}
SALE = {"shop": "VARCHAR", "sku": "VARCHAR", "date": "DATE", "gmv": "DOUBLE"}
AS_OF = date(2026, 3, 31)


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


@pytest.fixture(autouse=True)
def days(write: Writer) -> None:
    """Three shops with facts of forty days."""
    columns = {"shop": "VARCHAR", "date": "DATE", "gmv": "DOUBLE"}
    rows = [(shop, ago(n), 1.0) for shop in "abc" for n in (0, 40)]
    write("days.parquet", columns, rows)


@pytest.fixture
def built(facts_folder: Path, tmp_path: Path, mapped: Mapper) -> Any:
    def build(tables: str, block_shops: int = 2048, as_of: date | None = None) -> Snapshot:
        return build_snapshot(
            mapped(tables, f"first_day = {ago(40)}\nlatest_final_day = {AS_OF}\n"),
            facts_folder,
            tmp_path / "snapshots",
            measures=STANDARD_MEASURES,
            metrics={},
            as_of=as_of,
            block_shops=block_shops,
        )

    return build


def table(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    """Every row of a detail table with its shop, words for codes, None for unknown."""
    found = []
    for index in range(len(snapshot)):
        block = snapshot.block(index)
        detail = block.detail(name)
        assert detail is not None
        for shop, first, stop in zip(
            block.shops, detail.offsets[:-1], detail.offsets[1:], strict=True
        ):
            for row in range(first, stop):
                cells: dict[str, Any] = {"shop": shop}
                for column, words in snapshot.manifest.details[name].items():
                    value = detail.columns[column][row]
                    if words:
                        cells[column] = ("", *words)[value]
                    elif isinstance(value, bytes):
                        cells[column] = value.decode()
                    elif isinstance(value, np.datetime64):
                        cells[column] = value.tolist()
                    else:
                        cells[column] = None if np.isnan(value) else float(value)
                found.append(cells)
    return found


def products(*rows: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return [(*each, *(None,) * (len(PRODUCT) - len(each))) for each in rows]


def test_a_snapshot_without_them_holds_nothing_of_them(built: Any) -> None:
    snapshot = built(DAYS)
    assert snapshot.block(0).detail("products") is None
    assert set(snapshot.manifest.blocks[0].files) == {"values", "known", "history", "profile"}
    assert b"details" not in (snapshot.path / "manifest.json").read_bytes()


@pytest.mark.parametrize("block_shops", [1, 2, 2048])
def test_every_shop_has_its_own_products_in_order_of_their_ids(
    built: Any,
    write: Writer,
    block_shops: int,
) -> None:
    rows = products(
        ("c", "p9", "Nine", "Live", 0, "poor"),
        ("a", "p2", None, "reviewing", 3, "good"),
        ("a", "p1", "One", "mystery", None, None),
        ("a", "p3", "gone", "Deleted", 1, "good"),
        ("z", "p1", "of a shop without facts", "Live", 1, "good"),
    )
    write("products.parquet", PRODUCT, rows)
    snapshot = built(DAYS + PRODUCTS, block_shops)
    keys = ("shop", "id", "title", "status", "stock", "listing_quality")
    assert [tuple(row[key] for key in keys) for row in table(snapshot, "products")] == [
        ("a", "p1", "One", "", None, ""),
        ("a", "p2", "", "reviewing", 3.0, "good"),
        ("c", "p9", "Nine", "live", 0.0, "poor"),
    ]
    snapshot.verify()


def test_a_table_without_a_row_is_there_and_empty(built: Any, write: Writer) -> None:
    write("products.parquet", PRODUCT, [])
    snapshot = built(DAYS + PRODUCTS)
    assert table(snapshot, "products") == []
    assert snapshot.block(0).detail("products").offsets.tolist() == [0, 0, 0, 0]


def gmv_of(snapshot: Snapshot) -> dict[str, float | None]:
    return {row["id"]: row["gmv_30d"] for row in table(snapshot, "products")}


def test_gmv_is_of_thirty_days_and_unknown_where_a_cell_is(
    built: Any,
    write: Writer,
) -> None:
    write("products.parquet", PRODUCT, products(*[("a", f"p{i}") for i in range(1, 5)]))
    rows = [
        ("a", "p1", ago(0), 1.1),
        ("a", "p1", ago(29), 2.2),
        ("a", "p1", ago(30), 100.0),
        ("a", "p2", ago(5), None),
        ("a", "p3", ago(35), 9.0),
        ("b", "p4", ago(5), 7.0),
    ]
    write("sold.parquet", SALE, rows)
    snapshot = built(DAYS + PRODUCTS + SOLD.format(absent="zero"))
    assert gmv_of(snapshot) == {"p1": 3.3, "p2": None, "p3": 0.0, "p4": 0.0}


def test_where_an_absent_day_is_missing_every_day_must_be_there(
    built: Any,
    write: Writer,
) -> None:
    write("products.parquet", PRODUCT, products(("a", "p1"), ("a", "p2"), ("a", "p3")))
    rows = [("a", "p1", ago(n), 0.1) for n in range(30)] + [
        ("a", "p2", ago(n), 0.1) for n in range(29)
    ]
    write("sold.parquet", SALE, rows)
    snapshot = built(DAYS + PRODUCTS + SOLD.format(absent="missing"))
    assert gmv_of(snapshot) == {"p1": 3.0, "p2": None, "p3": None}


def test_gmv_is_unknown_where_the_days_do_not_reach_back(built: Any, write: Writer) -> None:
    write("products.parquet", PRODUCT, products(("a", "p1")))
    write("sold.parquet", SALE, [("a", "p1", ago(25), 1.0)])
    tables = DAYS + PRODUCTS + SOLD.format(absent="zero")
    assert gmv_of(built(tables)) == {"p1": 1.0}
    assert gmv_of(built(tables, as_of=ago(20))) == {"p1": None}


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ([("shop", 9.0), ("seller_live", 1.0), ("shop_tab", 2.0)], 9.0),
        ([("seller_live", 1.0), ("affiliate_video", 2.0), ("shop_tab", 4.0)], 7.0),
        ([("seller_live", 1.0), ("shop_tab", 4.0), ("product_card", 4.0)], 5.0),
        ([("seller_live", 1.0), ("product_card", 4.0)], 5.0),
        ([("seller_video", 1.0), ("Affiliate", 2.0), ("affiliate_live", 1.5)], 3.0),
    ],
)
def test_a_products_total_is_the_delivered_one_or_the_sum_of_parts_that_do_not_overlap(
    built: Any,
    write: Writer,
    rows: list[tuple[str, float]],
    total: float,
) -> None:
    write("products.parquet", PRODUCT, products(("a", "p1")))
    columns = SALE | {"channel": "VARCHAR"}
    write("sold.parquet", columns, [("a", "p1", ago(1), gmv, channel) for channel, gmv in rows])
    assert gmv_of(built(DAYS + PRODUCTS + BY_CHANNEL.format(absent="zero"))) == {"p1": total}


@pytest.mark.parametrize(
    "title",
    [
        "x" * 65536,
        "𝔘" * 200,
        "\x1b[31mred\x07",
        "a\u202eb",
        "=cmd|' /C calc'!A0",
        "\n\r\t",
        "中文" * 50,
    ],
)
def test_titles_are_cut_and_otherwise_kept(built: Any, write: Writer, title: str) -> None:
    write("products.parquet", PRODUCT, products(("a", "p1", title), ("a", "p2", "ok")))
    snapshot = built(DAYS + PRODUCTS)
    told = [row["title"] for row in table(snapshot, "products")]
    assert told == [title[:TITLE_CHARACTERS], "ok"]
    assert snapshot.block(0).detail("products").columns["title"].itemsize <= 4 * TITLE_CHARACTERS


def test_violations_keep_their_days_but_not_those_that_are_over(
    built: Any,
    write: Writer,
) -> None:
    columns = {
        "shop": "VARCHAR", "id": "VARCHAR", "about": "VARCHAR", "points": "INTEGER",
        "issued": "DATE", "ends": "DATE", "status": "VARCHAR",
    }  # fmt: skip
    rows = [
        ("b", "v1", "logistics", 6, ago(10), ago(-170), "open"),
        ("b", "v2", "rules", None, None, None, None),
        ("b", "v3", "products", 2, ago(200), ago(20), "upheld"),
        ("b", "v4", "products", 2, ago(200), ago(20), "appealing"),
        ("b", "v5", "products", 2, ago(-1), ago(-181), "open"),
    ]
    write("violations.parquet", columns, rows)
    snapshot = built(DAYS + VIOLATIONS, as_of=AS_OF)
    found = table(snapshot, "violations")
    assert [row["id"] for row in found] == ["v1", "v2", "v4"]
    assert found[0] == {
        "shop": "b", "id": "v1", "category": "logistics", "points": 6.0, "issued_on": ago(10),
        "ends_on": ago(-170), "appeal_by": None, "status": "open",
    }  # fmt: skip
    assert (found[1]["points"], found[1]["issued_on"], found[1]["status"]) == (None, None, "")


def test_a_changed_or_missing_file_of_products_is_found(built: Any, write: Writer) -> None:
    write("products.parquet", PRODUCT, products(("a", "p1", "One")))
    snapshot = built(DAYS + PRODUCTS)
    file = snapshot.path / snapshot.manifest.blocks[0].files["products.title"].name
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"X")
    with pytest.raises(SnapshotError, match="damaged"):
        open_snapshot(snapshot.path).verify()
    file.unlink()
    with pytest.raises(SnapshotError, match="incomplete or damaged"):
        open_snapshot(snapshot.path)


def test_a_table_that_begins_later_than_the_marketplace_says_since_when(
    built: Any,
    write: Writer,
) -> None:
    write("products.parquet", PRODUCT, products(("a", "p1")))
    write("sold.parquet", SALE, [("a", "p1", ago(1), 1.0)])
    for days, known in ((29, 1.0), (28, None)):
        sold = SOLD.format(absent="zero") + f"first_day = {ago(days)}\n"
        assert gmv_of(built(DAYS + PRODUCTS + sold)) == {"p1": known}
