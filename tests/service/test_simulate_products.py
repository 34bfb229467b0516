"""What the simulator says of products fits what it says of the shops that sell them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import pytest

from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.core.warehouse.facts import check_facts
from shopace.core.warehouse.mapping import Kind, load_mapping
from shopace.service.simulate import Simulation, simulate
from shopace.service.simulate.products import DAYS, SELLING, SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOPS = 500
TABLES = (
    "shops", "shop_days", "channel_days",
    "products", "product_days", "contents", "creators", "violations",
)  # fmt: skip


class Facts:
    def __init__(self, simulation: Simulation, database: duckdb.DuckDBPyConnection) -> None:
        self.simulation, self.database = simulation, database

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.database.execute(query).fetchall()

    def number(self, query: str) -> float:
        ((value,),) = self.rows(query)
        return float(str(value))


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    made = simulate(tmp_path_factory.mktemp("simulated"), shops=SHOPS)
    with duckdb.connect() as database:
        for table in TABLES:
            database.execute(f"CREATE TABLE {table} AS FROM '{made.folder}/{table}.parquet'")
        last = f"SELECT * FROM shop_days WHERE date = DATE '{made.last_day}'"
        database.execute(f"CREATE TABLE last_day AS {last}")
        truth = f"read_csv('{made.truth}', all_varchar = true)"
        database.execute(f"CREATE TABLE truth AS FROM {truth}")
        yield Facts(made, database)


def test_they_are_sound_and_every_row_is_read(facts: Facts) -> None:
    mapping = load_mapping(facts.simulation.mapping, STANDARD_MEASURES)
    assert {each.kind for each in mapping.details} == set(Kind) - {Kind.FACTS, Kind.SHOPS}
    report = check_facts(mapping, facts.simulation.folder, STANDARD_MEASURES)
    assert report.problems == ()
    for each in report.tables:
        assert not each.duplicates
        assert not each.unknown_words
        assert not each.unknown_shops
        assert not each.bad_cells
        assert each.rows > 0


def test_the_number_of_products_is_bounded_and_their_ids_are_their_own(facts: Facts) -> None:
    assert (
        facts.number("SELECT max(n) FROM (SELECT count(*) AS n FROM products GROUP BY shop_id)")
        == SHOWN
    )
    assert facts.number("SELECT count(*) - count(DISTINCT product_id) FROM products") == 0
    sold = "SELECT count(DISTINCT product_id) AS n FROM product_days GROUP BY shop_id, date"
    assert facts.number(f"SELECT max(n) FROM ({sold})") == SELLING
    ids = [str(row[0]) for row in facts.rows("SELECT product_id FROM products")]
    assert all(re.fullmatch(r"\d{19}", each) for each in ids)
    first = facts.number("SELECT count(DISTINCT date) FROM product_days")
    assert first == DAYS


def test_every_row_is_about_a_product_that_is_listed(facts: Facts) -> None:
    for table in ("product_days", "contents"):
        other = f"SELECT count(*) FROM {table} ANTI JOIN products USING (shop_id, product_id)"
        assert facts.number(other) == 0


COUNTED = {
    "out_of_stock_products": "stock = 0",
    "deactivated_listings + suspended_listings": "status = 'deactivated'",
    "listings_in_review_long": "status = 'reviewing'",
    "attention_listings": "status = 'needs_attention'",
    "listings_poor": "listing_quality = 'poor'",
    "listings_fair": "listing_quality = 'fair'",
}


@pytest.mark.parametrize("measure", COUNTED)
def test_no_more_products_are_in_a_state_than_the_shop_counts(facts: Facts, measure: str) -> None:
    told = f"""SELECT shop_id, count(*) FILTER ({COUNTED[measure]}) AS told
        FROM products GROUP BY shop_id"""
    assert facts.number(f"SELECT sum(told) FROM ({told})") > 0
    wrong = f"SELECT count(*) FROM ({told}) JOIN last_day USING (shop_id) WHERE told > {measure}"
    assert facts.number(wrong) == 0


def test_who_has_products_out_of_stock_is_told_of_one_unless_it_is_off_sale(facts: Facts) -> None:
    silent = """SELECT count(*) FROM (SELECT shop_id, bool_or(stock = 0) AS empty,
        count(*) FILTER (status = 'live') AS live FROM products GROUP BY shop_id)
        JOIN last_day USING (shop_id) WHERE out_of_stock_products > 0 AND NOT empty AND live > 0"""
    assert facts.number(silent) == 0


def test_where_best_sellers_run_out_the_best_is_out_of_stock_and_sells_no_more(
    facts: Facts,
) -> None:
    suffer = """SELECT shop_id, started_on::DATE AS began FROM truth
        WHERE cause = 'stock_out' AND ended_on IS NULL"""
    best = """SELECT shop_id, arg_min(product_id, product_id) AS product_id
        FROM products WHERE status = 'live' GROUP BY shop_id"""
    hit = f"({suffer}) JOIN ({best}) USING (shop_id) JOIN products USING (shop_id, product_id)"
    assert facts.number(f"SELECT count(*) FROM {hit} WHERE stock = 0") >= 3
    assert facts.number(f"SELECT count(*) FROM {hit} WHERE stock > 0") == 0
    after = f"""SELECT coalesce(sum(orders), 0) FROM {hit}
        JOIN product_days USING (shop_id, product_id) WHERE date >= began"""
    assert facts.number(after) == 0
    assert facts.number(after.replace(">=", "<")) > 0


def test_nobody_orders_what_is_not_shown(facts: Facts) -> None:
    gone = f"""SELECT count(*) FROM product_days JOIN products USING (shop_id, product_id)
        WHERE status IN ('deactivated', 'reviewing') AND date = DATE '{facts.simulation.last_day}'
        AND (product_impressions > 0 OR orders > 0)"""
    assert facts.number(gone) == 0


RULES = (
    "unique_product_impressions <= product_impressions",
    "product_clicks <= product_impressions",
    "unique_product_clicks <= product_clicks",
    "unique_product_clicks <= unique_product_impressions",
    "add_to_carts <= product_clicks",
    "add_to_cart_users <= add_to_carts",
    "sku_orders <= product_clicks",
    "orders <= sku_orders",
    "sku_orders <= items_sold",
    "(orders > 0) = (sku_orders > 0)",
    "(gmv > 0) = (sku_orders > 0)",
    "est_customers <= orders",
    "unique_buyers <= est_customers",
    "least(product_impressions, product_clicks, orders, items_sold, new_videos, new_lives) >= 0",
)


@pytest.mark.parametrize("rule", RULES)
def test_a_products_day_is_consistent(facts: Facts, rule: str) -> None:
    assert facts.number(f"SELECT count(*) FROM product_days WHERE {rule}") > 0
    assert facts.rows(f"FROM product_days WHERE NOT ({rule}) LIMIT 1") == []


@pytest.mark.parametrize(
    "measure", ["product_impressions", "product_clicks", "add_to_carts", "sku_orders", "gmv"]
)
def test_products_have_no_more_than_their_shop(facts: Facts, measure: str) -> None:
    parts = f"SELECT shop_id, date, channel, sum({measure}) AS parts FROM product_days GROUP BY ALL"
    for whole, only in (("channel_days", ""), ("shop_days", "WHERE channel = 'shop'")):
        keys = "shop_id, date" + (", channel" if not only else "")
        query = f"({parts}) JOIN {whole} USING ({keys}) {only}"
        assert facts.number(f"SELECT sum(parts) FROM {query}") > 0
        over = f"SELECT count(*) FROM (SELECT parts, {measure} AS whole FROM {query})"
        assert facts.number(f"{over} WHERE parts > whole") == 0


@pytest.mark.parametrize("measure", ["product_impressions", "sku_orders", "gmv", "new_videos"])
def test_the_channels_of_a_product_add_up_and_its_card_is_part_of_the_tab(
    facts: Facts, measure: str
) -> None:
    query = f"""SELECT sum({measure}) FILTER (channel = 'shop') AS whole,
        sum({measure}) FILTER (channel NOT IN ('shop', 'product_card')) AS parts,
        sum({measure}) FILTER (channel = 'product_card') AS card,
        sum({measure}) FILTER (channel = 'shop_tab') AS tab, bool_or({measure} IS NULL) AS lost
        FROM product_days GROUP BY shop_id, product_id, date"""
    found = f"SELECT count(*) FROM ({query}) WHERE NOT lost AND "
    assert facts.number(f"{found} parts <> whole") == 0
    assert facts.number(f"{found} card > tab") == 0


def test_contents_have_a_part_of_their_products_channel_and_creators_are_known(
    facts: Facts,
) -> None:
    parts = """SELECT shop_id, product_id, date, account || '_' || content_kind AS channel,
        sum(product_impressions) AS seen, sum(gmv) AS sold, min(views) AS views
        FROM contents GROUP BY ALL"""
    over = f"""SELECT count(*) FROM ({parts})
        LEFT JOIN product_days USING (shop_id, product_id, date, channel)
        WHERE NOT (seen <= product_impressions AND sold <= gmv)"""
    assert facts.number(over) == 0
    assert facts.number(f"SELECT min(views) FROM ({parts})") > 0
    unknown = "SELECT count(*) FROM contents ANTI JOIN creators USING (creator_id)"
    assert facts.number(f"{unknown} WHERE account = 'affiliate'") == 0
    theirs = "SELECT count(*) FROM contents WHERE (creator_id IS NULL) <> (account = 'seller')"
    assert facts.number(theirs) == 0


def test_violations_are_those_that_the_shop_counts_with_their_points(facts: Facts) -> None:
    first = facts.simulation.first_day
    told = f"""SELECT shop_id, count(*) FILTER (issued_on >= DATE '{first}'
        AND ends_on = issued_on + 180) AS told, coalesce(sum(points) FILTER
        (ends_on > DATE '{facts.simulation.last_day}'), 0) AS points
        FROM violations GROUP BY shop_id"""
    counted = "SELECT shop_id, sum(new_violations) AS counted FROM shop_days GROUP BY shop_id"
    apart = f"""SELECT count(*) FROM ({counted}) LEFT JOIN ({told}) USING (shop_id)
        JOIN last_day USING (shop_id) WHERE coalesce(told, 0) < counted
        OR least(coalesce(points, 0), 60) <> coalesce(penalty_points, 0)"""
    assert facts.number(apart) == 0
