"""Facts of two real marketplaces: checked, and their windows computed a second way."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from shopace.core import STANDARD_MEASURES, Channel, Metric
from shopace.core.host.discovery import load_registry
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.facts import check_facts
from shopace.core.warehouse.mapping import FactsMapping, load_mapping
from shopace.core.warehouse.snapshot import Snapshot, build_snapshot
from shopace.plugins import BUILTIN

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = {"olist": "seller_days.parquet", "koubei": "shop_days.parquet"}
FOREIGN = ("ad_", "affiliate_", "live_", "creator", "low_stock", "out_of_stock", "new_lives")
"""How measures begin that neither marketplace has."""


@pytest.fixture(scope="module")
def real_data() -> Path:
    folder = os.environ.get("SHOPACE_REAL_DATA")
    if not folder:
        pytest.skip("set SHOPACE_REAL_DATA to the folder that holds olist/ and koubei/")
    return Path(folder)


@pytest.fixture(scope="module")
def metrics() -> dict[str, Metric]:
    return dict(load_registry(BUILTIN, use_entry_points=False).metrics)


def mapping_of(market: str) -> FactsMapping:
    return load_mapping(EXAMPLES / f"{market}.mapping.toml", STANDARD_MEASURES)


def rows(query: str) -> dict[str, float | None]:
    with duckdb.connect() as connection:
        return dict(connection.execute(query).fetchall())


@pytest.mark.parametrize(
    ("market", "shops", "count", "first"),
    [("olist", 3095, 63_663, date(2017, 1, 9)), ("koubei", 738, 155_934, date(2015, 6, 26))],
)
def test_the_facts_pass_the_check(
    real_data: Path, market: str, shops: int, count: int, first: date
) -> None:
    report = check_facts(mapping_of(market), real_data / market, STANDARD_MEASURES)
    assert report.problems == ()
    assert (report.shops, report.rows, report.first_day) == (shops, count, first)


@pytest.mark.parametrize("market", FILES)
def test_what_a_marketplace_does_not_have_is_not_delivered(real_data: Path, market: str) -> None:
    report = check_facts(mapping_of(market), real_data / market, STANDARD_MEASURES)
    delivered = {each.measure for each in report.measures}
    assert not {each for each in delivered if each.startswith(FOREIGN)}
    assert {each.channel for each in report.measures} == {Channel.SHOP}


def test_koubeis_views_are_unknown_before_they_were_counted(real_data: Path) -> None:
    report = check_facts(mapping_of("koubei"), real_data / "koubei", STANDARD_MEASURES)
    (clicks,) = (each for each in report.measures if each.measure == "product_clicks")
    assert clicks.missing == 62_663
    assert (clicks.nan, clicks.negative) == (0, 0)
    assert "gmv_proxy" in report.tables[0].undeclared


def built(
    market: str, day: date, real_data: Path, folder: Path, metrics: dict[str, Metric]
) -> Snapshot:
    snapshot = build_snapshot(
        mapping_of(market),
        real_data / market,
        folder,
        measures=STANDARD_MEASURES,
        metrics=metrics,
        as_of=day,
    )
    snapshot.verify()
    return snapshot


def values(snapshot: Snapshot, measure: str, period: Period) -> dict[str, float]:
    row = snapshot.row_of[period, measure, Channel.SHOP]
    blocks = [snapshot.block(index) for index in range(len(snapshot))]
    return {
        shop: float(value)
        for block in blocks
        for shop, value in zip(block.shops, block.values[row], strict=True)
    }


PERIODS = (Period.L7D, Period.P7D, Period.L30D, Period.P30D)


@pytest.mark.parametrize("day", [date(2018, 6, 20), date(2018, 5, 31), date(2017, 3, 1)], ids=str)
def test_olists_windows_are_the_sums_of_its_days_with_zero_where_nothing_was_sold(
    real_data: Path, tmp_path: Path, metrics: dict[str, Metric], day: date
) -> None:
    snapshot = built("olist", day, real_data, tmp_path, metrics)
    source = f"'{real_data / 'olist' / FILES['olist']}'"
    for measure, column in (("gmv", "gmv"), ("orders", "orders")):
        for period in PERIODS:
            reaches_back = period.days_ago + period.days <= (day - date(2017, 1, 9)).days + 1
            expected = rows(
                f"SELECT shop_id, coalesce(sum({column}::DECIMAL(18, 4)) FILTER "
                f"(WHERE DATE '{day}' - date >= {period.days_ago} "
                f"AND DATE '{day}' - date < {period.days_ago + period.days}), 0)::DOUBLE "
                f"FROM {source} WHERE date <= DATE '{day}' GROUP BY shop_id"
            )
            found = values(snapshot, measure, period)
            if reaches_back:
                assert found == expected
            else:
                assert all(np.isnan(each) for each in found.values())


@pytest.mark.parametrize("day", [date(2016, 6, 29), date(2016, 2, 10), date(2016, 3, 3)], ids=str)
def test_koubeis_windows_are_the_sums_of_complete_days_and_missing_otherwise(
    real_data: Path, tmp_path: Path, metrics: dict[str, Metric], day: date
) -> None:
    snapshot = built("koubei", day, real_data, tmp_path, metrics)
    source = f"'{real_data / 'koubei' / FILES['koubei']}'"
    for measure, column in (("orders", "orders"), ("product_clicks", "views")):
        for period in PERIODS:
            within = (
                f"FILTER (WHERE DATE '{day}' - date >= {period.days_ago} "
                f"AND DATE '{day}' - date < {period.days_ago + period.days})"
            )
            expected = rows(
                f"SELECT shop_id::VARCHAR, CASE WHEN count({column}) {within} = {period.days} "
                f"THEN (sum({column}) {within})::DOUBLE END "
                f"FROM {source} WHERE date <= DATE '{day}' GROUP BY shop_id"
            )
            found = {
                shop: None if np.isnan(value) else value
                for shop, value in values(snapshot, measure, period).items()
            }
            assert found == expected
