"""A delivery of one shop, written by hand and opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.traffic.deliveries import HEAD, PRODUCT_COLUMNS, TABLES, day, write

from shopace.core import STANDARD_MEASURES
from shopace.core.traffic.source import ShopFacts, open_shop
from shopace.core.vocabulary.gmv_ranges import DEFAULT_GMV_RANGES
from shopace.core.warehouse.mapping import parse_mapping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.core.traffic.deliveries import Deliver, Row


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Write a delivery of the shop `s` and open it. A row of a product is of the shop as a whole,
    of day 14 and of product `p`, unless it says otherwise."""

    def deliverer(
        *,
        product_facts: Sequence[Row],
        facts: Sequence[Row] = (),
        products: Sequence[Row] = (),
        contents: Sequence[Row] = (),
        creators: Sequence[Row] = (),
        absent_day: str = "zero",
        first_day: str = "first_day = 2026-10-01",
        shop: str = "s",
    ) -> AbstractContextManager[ShopFacts]:
        common = {"shop": "s", "date": day(14)}
        about = {"shop": "s", "product": "p"}
        own = [{"channel": "shop", "visitors": 1, **common, **row} for row in facts or [{}]]
        write(tmp_path / "facts.csv", own)
        daily = [{"channel": "shop", **common, **about, **row} for row in product_facts]
        write(tmp_path / "product_facts.csv", daily)
        mapping = HEAD + first_day + TABLES["facts"]
        mapping += TABLES["product_facts"].format(absent_day=absent_day)
        if products:
            write(tmp_path / "products.csv", [about | {**row} for row in products], PRODUCT_COLUMNS)
            mapping += TABLES["products"]
        if contents:
            write(tmp_path / "contents.csv", [common | about | {**row} for row in contents])
            mapping += TABLES["contents"]
        if creators:
            write(tmp_path / "creators.csv", creators)
            mapping += TABLES["creators"]
        parsed = parse_mapping(mapping, STANDARD_MEASURES)
        return open_shop(parsed, tmp_path, STANDARD_MEASURES, shop, ranges=DEFAULT_GMV_RANGES)

    return deliverer
