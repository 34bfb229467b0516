"""Small deliveries of one shop as CSV: the mapping of each table, and days of October 2026."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from shopace.core.traffic.source import ShopFacts

HEAD = """
schema = "shopace.mapping/1"
[marketplace]
name = "tiny"
region = "US"
currency = "USD"
latest_final_day = 2026-10-14
"""
TABLES = {
    "facts": """
[[tables]]
files = "facts.csv"
shop = "shop"
date = "date"
channel = "channel"
absent_day = "zero"
""",
    "product_facts": """
[[tables]]
files = "product_facts.csv"
kind = "product_facts"
shop = "shop"
product = "product"
date = "date"
channel = "channel"
absent_day = "{absent_day}"
""",
    "products": """
[[tables]]
files = "products.csv"
kind = "products"
shop = "shop"
product = "product"
[tables.fields]
title = "title"
category = "category"
image = "image"
link = "link"
status = "status"
price = "price"
rating = "rating"
stock = "stock"
listing_quality = "listing_quality"
opportunity_matched = "opportunity_matched"
""",
    "contents": """
[[tables]]
files = "contents.csv"
kind = "contents"
shop = "shop"
product = "product"
date = "date"
content = "content"
[tables.fields]
content_kind = "kind"
account = "account"
creator = "creator"
title = "title"
""",
    "creators": """
[[tables]]
files = "creators.csv"
kind = "creators"
creator = "creator"
[tables.fields]
name = "name"
type = "type"
""",
}
PRODUCT_COLUMNS = (
    "title",
    "category",
    "image",
    "link",
    "status",
    "price",
    "rating",
    "stock",
    "listing_quality",
    "opportunity_matched",
)

Row = Mapping[str, Any]


def day(number: int) -> str:
    """A day of October 2026: 8 to 14 are the last seven, 1 to 7 those before."""
    return f"2026-10-{number:02}"


def days(numbers: Iterable[int], **row: Any) -> list[dict[str, Any]]:
    """The same row on each of some days."""
    return [{"date": day(each), **row} for each in numbers]


class Deliver(Protocol):
    def __call__(
        self,
        *,
        product_facts: Sequence[Row],
        facts: Sequence[Row] = (),
        products: Sequence[Row] = (),
        contents: Sequence[Row] = (),
        creators: Sequence[Row] = (),
        absent_day: str = "zero",
        first_day: str = "first_day = 2026-10-01",
        shop: str = "s",
    ) -> AbstractContextManager[ShopFacts]: ...


def write(path: Path, rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
    names = list(dict.fromkeys([*columns, *(key for row in rows for key in row)]))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
