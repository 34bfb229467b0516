"""Days side by side, and everything in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.traffic.deliveries import days

from shopace.core.errors import InputError, NotFoundError
from shopace.core.traffic.export import COLUMNS, export_rows
from shopace.core.traffic.metrics import METRICS
from shopace.core.traffic.periods import period_of
from shopace.core.traffic.trend import product_trend
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.units import Window

if TYPE_CHECKING:
    from tests.core.traffic.deliveries import Deliver

CTR, CLICKS, GMV = METRICS["ctr"], METRICS["product_clicks"], METRICS["gmv"]
ALWAYS = range(1, 15)


def test_two_metrics_run_side_by_side_and_end_in_a_ratio_of_sums(deliver: Deliver) -> None:
    rows = days(ALWAYS, channel="seller_video", product_impressions=100, product_clicks=10)
    rows[8] |= {"product_impressions": 0, "product_clicks": 0}
    rows[9] |= {"product_impressions": 900, "product_clicks": ""}
    del rows[10]
    with deliver(product_facts=rows) as source:
        week = period_of(source.known, window=Window.L7D)
        found = product_trend(source, week, Format.SELLER_VIDEO, [CTR, CLICKS], "p")
    ctr, clicks = found.lines
    assert [each.day for each in found.dates] == list(range(8, 15))
    assert clicks.values == (10, 0, None, 0, 10, 10, 10)
    assert ctr.values == (0.1, None, None, None, 0.1, 0.1, 0.1)
    assert (clicks.total.value, clicks.total.previous) == (None, 70)
    assert (ctr.total.value, ctr.total.previous) == (None, 0.1)


def test_a_trend_is_of_metrics_that_the_format_has_and_of_two_at_most(deliver: Deliver) -> None:
    with deliver(product_facts=days(ALWAYS, gmv=1)) as source:
        week = period_of(source.known, window=Window.L7D)
        with pytest.raises(NotFoundError, match="Shop tab"):
            product_trend(source, week, Format.SHOP_TAB, [GMV], "p")
        with pytest.raises(InputError, match="not 3"):
            product_trend(source, week, Format.ALL, [GMV, CTR, CLICKS], "p")
        same = product_trend(source, week, Format.ALL, [GMV, GMV], "p")
    assert len(same.lines) == 1


def test_the_export_holds_every_product_in_every_format(deliver: Deliver) -> None:
    rows = [
        *days(ALWAYS, product="a", gmv=10, product_clicks=4, product_impressions=8),
        *days(ALWAYS, product="a", channel="shop_tab", gmv=3, product_clicks=2),
        *days(ALWAYS, product="b", channel="seller_live", gmv=1.25),
    ]
    products = [
        {"product": "a", "title": "Lamp", "status": "Needs attention", "opportunity_matched": "yes"}
    ]
    with deliver(product_facts=rows, products=products) as source:
        week = period_of(source.known, window=Window.L7D)
        found = export_rows(source, week)
    titles = [each.title for each in COLUMNS]
    told = {(row[0], row[3]): dict(zip(titles, row, strict=True)) for row in found}
    assert list(told) == [(form.tab, product) for form in Format for product in ("a", "b")]
    lamp = told["All", "a"]
    assert (lamp["Product name"], lamp["Status"]) == ("Lamp", "Needs attention")
    assert (lamp["Opportunity matched"], lamp["Currency"]) == ("Yes", "USD")
    assert (lamp["First day"], lamp["Last day"]) == ("2026-10-08", "2026-10-14")
    assert (lamp["GMV"], lamp["CTR"], lamp["Orders"]) == (70, 0.5, None)
    tab = told["Shop tab", "a"]
    assert tab["GMV"] is None  # delivered, and no metric of the shop tab in S1
    assert tab["Product clicks"] == 14
    assert told["Seller LIVE", "b"]["GMV"] == 8.75
    assert told["Seller LIVE", "b"]["Product name"] is None


def test_the_export_has_every_metric_by_name() -> None:
    titles = [each.title for each in COLUMNS]
    assert titles[0] == "Tab Name"
    assert {each.title for each in METRICS.values()} <= set(titles)
    assert len(titles) == len(set(titles))
