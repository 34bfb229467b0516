import ast
import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shopace.service.simulate as package
from shopace.core.vocabulary.channels import SHOP, Channel
from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.core.warehouse.mapping import load_mapping
from shopace.service.simulate import CAUSES, Simulation, simulate
from shopace.service.simulate.draws import Draws

SHOPS = 700
MARKET = tuple(key for key, cause in CAUSES.items() if cause.kind == "market")
NOT_DELIVERED = {
    "gifts_with_purchase",
    "low_score_creators",
    "opportunities_matched",
    "opportunities_submitted",
    "qualified_hero_products",
}

# cause → what it does to the shops that suffer it: numerator, denominator, channel (None: the whole
# shop), and at least by which factor.
EFFECTS: dict[str, tuple[str, str, str | None, float]] = {
    "stock_out": ("out_of_stock_products", "active_products", None, 3.0),
    "videos_stopped": ("new_videos", "", "seller_video", 0.3),
    "video_hold_lost": ("video_completed_views", "video_views", "seller_video", 0.8),
    "lives_stopped": ("live_hours", "", "seller_live", 0.3),
    "live_hold_lost": ("live_viewing_seconds_total", "live_views", "seller_live", 0.7),
    "ad_budget_cut": ("ad_spend", "", None, 0.4),
    "ad_fatigue": ("ad_gmv", "ad_spend", None, 0.7),
    "handling_slowed": ("late_dispatched_orders", "dispatch_due_orders", None, 4.0),
    "tracking_lost": ("valid_tracking_orders", "shipped_orders", None, 0.85),
    "price_raised": ("sku_orders", "product_clicks", None, 0.75),
    "violations": ("new_violations", "", None, 10.0),
    "creator_left": ("affiliate_gmv_top_creator", "", None, 0.75),
    "creators_idle": ("creators_posted", "", None, 0.6),
    "samples_delayed": ("sample_approval_hours_total", "sample_requests_approved", None, 2.0),
    "listings_deactivated": ("deactivated_listings", "", None, 8.0),
    "replies_slowed": ("inquiries_replied_24h", "inquiries", None, 0.75),
    "after_sales_slowed": ("after_sales_hours_total", "after_sales_closed", None, 2.0),
    "quality_dropped": ("negative_reviews_60d", "reviews_60d", None, 1.1),
    "coupons_ended": ("promotion_gmv", "gmv", None, 0.5),
    "campaign_left_out": ("campaign_gmv", "gmv", None, 0.2),
    "pictures_changed": ("product_clicks", "product_impressions", None, 0.8),
    "low_ctr": ("product_clicks", "product_impressions", None, 0.75),
    "high_prices": ("price_competitive_products", "active_products", None, 0.6),
    "poor_listings": ("listings_good", "active_products", None, 0.7),
    "narrow_assortment": ("active_products", "", None, 0.6),
    "dead_stock": ("products_with_sales_30d", "active_products", None, 0.6),
    "chronic_stock_outs": ("out_of_stock_products", "active_products", None, 2.5),
    "hero_dependence": ("hero_product_gmv", "gmv", None, 1.5),
    "poor_quality": ("negative_reviews_60d", "reviews_60d", None, 2.0),
    "slow_handling": ("handling_hours_total", "shipped_orders", None, 1.4),
    "slow_replies": ("inquiries_replied_24h", "inquiries", None, 0.85),
    "slow_after_sales": ("after_sales_hours_total", "after_sales_closed", None, 1.8),
    "own_fulfillment": ("fbt_products", "active_products", None, 0.5),
    "low_commission": ("average_commission_rate", "", None, 0.75),
    "closed_to_creators": ("open_collaboration_products", "active_products", None, 0.6),
    "few_samples": ("free_sample_products", "active_products", None, 0.6),
    "few_creators": ("collaborating_creators", "", None, 0.6),
    "one_creator": ("affiliate_gmv_top_creator", "", None, 1.4),
    "few_videos": ("new_videos", "", "seller_video", 0.6),
    "few_products_in_videos": ("products_with_video", "", "seller_video", 0.6),
    "weak_videos": ("video_engagements", "video_views", "seller_video", 0.85),
    "few_lives": ("live_days", "", "seller_live", 0.7),
    "weak_lives": ("live_viewing_seconds_total", "live_views", "seller_live", 0.75),
    "hardly_any_ads": ("ad_spend", "", None, 0.5),
    "low_ad_return": ("ad_gmv", "ad_spend", None, 0.7),
    "few_creatives": ("ad_creatives", "", None, 0.6),
    "no_campaigns": ("campaigns_joined", "campaigns_eligible", None, 0.5),
    "no_promotions": ("promoted_products", "active_products", None, 0.5),
    "no_free_shipping": ("free_shipping_products", "active_products", None, 0.5),
    "standing_violations": ("coalesce(health_rating, 600 - 20 * penalty_points)", "", None, 0.75),
    "sales_festival": ("gmv", "", None, 1.3),
    "autumn_break": ("gmv", "", None, 0.8),
    "long_weekend": ("gmv", "", None, 0.85),
}

# What must hold in every row of the shop's days, where nothing is missing.
SHOP_RULES = (
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
    "gmv_with_tax = gmv + tax",
    "gmv_with_cofunding >= gmv",
    "hero_product_gmv <= gmv",
    "ad_gmv <= gmv",
    "ad_sku_orders <= sku_orders",
    "ad_spend <= ad_budget",
    "campaign_gmv <= gmv",
    "promotion_gmv <= gmv",
    "list_price_gmv = promotion_gmv + discount_amount",
    "coupons_redeemed <= coupons_issued",
    "affiliate_gmv_top_creator <= affiliate_gmv_top3_creators",
    "active_products + deactivated_listings + suspended_listings <= all_listings",
    "listings_good + listings_fair + listings_poor = active_products",
    "out_of_stock_products + low_stock_products <= active_products",
    "products_with_sales_30d <= active_products",
    "open_collaboration_products <= collaboration_products",
    "collaboration_products <= active_products",
    "sample_requests_approved <= sample_requests",
    "creator_invitations_accepted <= creator_invitations",
    "creators_posted <= collaborating_creators",
    "creators_posted_30d <= collaborating_creators",
    "creators_posted <= creators_posted_30d",
    "repeat_posting_creators <= creators_posted_30d",
    "gmv_30d_at_risk <= gmv_30d_listings",
    "late_dispatched_orders <= dispatch_due_orders",
    "on_time_delivered_orders <= delivery_due_orders",
    "valid_tracking_orders <= shipped_orders",
    "out_of_stock_cancellations <= seller_fault_cancellations",
    "inquiries_replied_24h <= inquiries",
    "chats_rated <= inquiries",
    "chats_dissatisfied <= chats_rated",
    "refunded_orders <= items_refunded",
    "refund_customers <= refunded_orders",
    "negative_reviews_60d <= reviews_60d",
    "non_buyer_fault_returns_60d <= delivered_orders_60d",
    "campaigns_joined <= campaigns_eligible",
    "penalty_points_ending_30d <= penalty_points",
    "(health_rating IS NULL) <> (penalty_points IS NULL)",
    "sps BETWEEN 0 AND 5",
    "product_rating BETWEEN 1 AND 5",
)
CHANNEL_RULES = (
    *SHOP_RULES[:13],
    "out_of_stock_products <= active_products",
    "fbt_products <= active_products",
    "shoppable_videos <= new_videos",
    "posting_days <= 1",
    "video_completed_views <= video_views",
    "video_clicks <= video_views",
    "videos_with_sales <= live_videos",
    "videos_with_sales <= sku_orders",
    "live_days <= 1",
    "live_days <= new_lives",
    "lives_with_tools <= new_lives",
    "live_views <= live_impressions",
    "(live_hours > 0) = (new_lives > 0)",
)
ADDITIVE = ("product_impressions", "product_clicks", "orders", "sku_orders", "items_sold", "gmv")
UNIQUE = ("unique_product_clicks", "add_to_cart_users", "est_customers", "unique_buyers")


class Facts:
    """A simulated marketplace and the same without any cause but the market's own."""

    def __init__(self, simulation: Simulation, healthy: Simulation) -> None:
        self.simulation = simulation
        self.database = duckdb.connect(config={"threads": 1})
        for name, made in (("", simulation), ("healthy_", healthy)):
            for table in ("shops", "shop_days", "channel_days"):
                path = made.folder / f"{table}.parquet"
                self.database.execute(f"CREATE TABLE {name}{table} AS FROM '{path}'")
        self.database.execute(
            f"""CREATE TABLE truth AS SELECT shop_id, cause, kind, channel,
                coalesce(started_on, DATE '{simulation.first_day}') AS first,
                coalesce(ended_on, DATE '{simulation.last_day}') AS last, strength
                FROM read_csv('{simulation.truth}', types = {{
                  'shop_id': 'VARCHAR', 'started_on': 'DATE', 'ended_on': 'DATE'}})"""
        )

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self.database.execute(sql).fetchall()

    def number(self, sql: str) -> float:
        value = self.rows(sql)[0][0]
        assert isinstance(value, int | float), sql
        return value


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    folder = tmp_path_factory.mktemp("facts")
    made = Facts(
        simulate(folder / "all", shops=SHOPS),
        simulate(folder / "healthy", shops=SHOPS, causes=MARKET),
    )
    yield made
    made.database.close()


def columns(facts: Facts, table: str) -> list[str]:
    return [str(row[0]) for row in facts.rows(f"DESCRIBE {table}")]


def content(simulation: Simulation) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in simulation.files}


def test_the_same_arguments_give_the_same_bytes_and_another_seed_gives_others(
    tmp_path: Path,
) -> None:
    first, again, other = (
        content(simulate(tmp_path / name, shops=40, days=30, seed=seed))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again
    assert all(first[name] != other[name] for name in first if name != "mapping.toml")


def test_the_facts_are_the_same_in_one_file_or_in_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = simulate(tmp_path / "one", shops=300, days=30)
    monkeypatch.setattr(package, "_FILE_SHOPS", 256)
    many = simulate(tmp_path / "many", shops=300, days=30)
    assert [path.name for path in many.files if path.name.startswith("shop_days")] == [
        "shop_days-0000.parquet",
        "shop_days-0001.parquet",
    ]
    with duckdb.connect() as database:
        for table in ("shop_days", "channel_days"):
            rows = database.execute(
                f"""(FROM '{one.folder}/{table}.parquet'
                     EXCEPT ALL FROM '{many.folder}/{table}-*.parquet')"""
            ).fetchall()
            assert not rows
    assert (many.shop_rows, many.channel_rows) == (one.shop_rows, one.channel_rows)
    smaller = simulate(tmp_path / "many", shops=10, days=30)
    left = {path.name for path in smaller.folder.iterdir()}
    assert left == {path.name for path in smaller.files}, "files of the larger one are gone"


def test_nothing_but_the_input_contract_of_the_product_is_imported() -> None:
    allowed = {"shopace.core.vocabulary.measures", "shopace.core.vocabulary.channels"}
    folder = Path(str(package.__file__)).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {node.module or ""}
            elif isinstance(node, ast.Import):
                names = {each.name for each in node.names}
            else:
                continue
            ours = {each for each in names if each.split(".")[0] == "shopace"}
            foreign = {each for each in ours if not each.startswith(package.__name__)}
            assert foreign <= allowed, path.name


def test_every_column_is_a_standard_measure_and_five_are_not_delivered(facts: Facts) -> None:
    shop = columns(facts, "shop_days")[2:]
    channel = columns(facts, "channel_days")[3:]
    assert set(shop) | set(channel) == set(STANDARD_MEASURES) - NOT_DELIVERED, (
        "a new standard measure is made by the simulator, or named as not delivered"
    )
    assert all(Channel.SHOP in STANDARD_MEASURES[each].channels for each in shop)
    assert all(STANDARD_MEASURES[each].channels != SHOP for each in channel)


def test_a_measure_has_facts_in_the_channels_where_it_exists_and_in_no_other(facts: Facts) -> None:
    for measure in columns(facts, "channel_days")[3:]:
        found = facts.rows(f"SELECT DISTINCT channel FROM channel_days WHERE {measure} IS NOT NULL")
        five = {each for each in STANDARD_MEASURES[measure].channels if each not in GROUPS}
        assert {Channel(str(row[0])) for row in found} == five, measure


GROUPS = {Channel.SHOP, Channel.SELLER_CONTENT, Channel.CREATOR_CONTENT}


def test_the_mapping_is_accepted(facts: Facts) -> None:
    mapping = load_mapping(facts.simulation.mapping, STANDARD_MEASURES)
    assert mapping.marketplace.latest_final_day == facts.simulation.last_day
    assert mapping.marketplace.first_day == facts.simulation.first_day
    assert [each.files for each in mapping.tables] == [
        "shops.parquet",
        "shop_days.parquet",
        "channel_days.parquet",
    ]


@pytest.mark.parametrize("rule", SHOP_RULES)
def test_a_shops_day_is_consistent(facts: Facts, rule: str) -> None:
    assert facts.number(f"SELECT count(*) FROM shop_days WHERE {rule}") > 0
    assert facts.rows(f"FROM shop_days WHERE NOT ({rule}) LIMIT 1") == []


@pytest.mark.parametrize("rule", CHANNEL_RULES)
def test_a_channels_day_is_consistent(facts: Facts, rule: str) -> None:
    assert facts.number(f"SELECT count(*) FROM channel_days WHERE {rule}") > 0
    assert facts.rows(f"FROM channel_days WHERE NOT ({rule}) LIMIT 1") == []


@pytest.mark.parametrize("table", ["shop_days", "channel_days"])
def test_no_number_is_negative_or_not_a_number(facts: Facts, table: str) -> None:
    for each in columns(facts, table):
        if each in STANDARD_MEASURES:
            wrong = f"{each} < 0 OR NOT isfinite({each}::DOUBLE)"
            assert facts.number(f"SELECT count(*) FROM {table} WHERE {wrong}") == 0, each


@pytest.mark.parametrize("measure", ADDITIVE)
def test_the_channels_of_a_shop_add_up_to_the_shop(facts: Facts, measure: str) -> None:
    apart = f"""SELECT count(*) FROM
        (SELECT shop_id, date, sum({measure}) AS parts, bool_or({measure} IS NULL) AS lost
         FROM channel_days GROUP BY ALL)
        JOIN shop_days USING (shop_id, date) WHERE NOT lost AND parts <> {measure}"""
    assert facts.number(apart) == 0


@pytest.mark.parametrize("measure", UNIQUE)
def test_uniques_do_not_add_up_but_lie_between_the_largest_channel_and_the_sum(
    facts: Facts, measure: str
) -> None:
    both = f"""(SELECT shop_id, date, sum({measure}) AS parts, max({measure}) AS most,
         bool_or({measure} IS NULL) AS lost FROM channel_days GROUP BY ALL)
        JOIN shop_days USING (shop_id, date) WHERE NOT lost AND """
    assert facts.number(f"SELECT count(*) FROM {both} ({measure} > parts OR {measure} < most)") == 0
    assert facts.number(f"SELECT count(*) FROM {both} {measure} < parts") > 0


def test_ids_are_codes_that_tell_no_order(facts: Facts) -> None:
    ids = [str(row[0]) for row in facts.rows("SELECT shop_id FROM shops")]
    assert len(set(ids)) == SHOPS
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", each) for each in ids)
    assert not any(each.isdigit() for each in ids)
    ascending = sum(a < b for a, b in pairwise(ids))
    assert 0.3 < ascending / SHOPS < 0.7


def test_every_tier_both_regions_and_all_industries_are_there(facts: Facts) -> None:
    tiers = facts.rows(
        f"""WITH month AS (SELECT shop_id,
              sum(gmv * if(currency = 'SGD', 0.75, 1)) FILTER (date > DATE '{
            facts.simulation.last_day
        }' - 30) AS usd, sum(orders) AS ever FROM shop_days JOIN shops USING (shop_id) GROUP BY ALL)
        SELECT CASE WHEN ever = 0 THEN 0 WHEN usd < 12500 THEN 1 WHEN usd < 65000 THEN 2
          WHEN usd < 200000 THEN 3 WHEN usd < 600000 THEN 4 ELSE 5 END AS tier, count(*)
        FROM month GROUP BY tier ORDER BY tier"""
    )
    assert [row[0] for row in tiers] == [0, 1, 2, 3, 4, 5]
    assert min(int(str(row[1])) for row in tiers) >= 10
    pairs = facts.rows("SELECT DISTINCT region, currency FROM shops ORDER BY ALL")
    assert pairs == [("SG", "SGD"), ("US", "USD")]
    assert facts.number("SELECT count(DISTINCT industry) FROM shops") == 8


def test_a_starter_is_seen_and_never_sold(facts: Facts) -> None:
    starters = "(SELECT shop_id FROM shop_days GROUP BY ALL HAVING sum(orders) = 0)"
    assert facts.number(f"SELECT count(*) FROM {starters}") >= 10
    sold = f"""SELECT sum(gmv + refunds + ad_spend + completed_orders + shipped_orders)::DOUBLE,
        sum(product_impressions)::BIGINT FROM shop_days WHERE shop_id IN {starters}"""
    gmv, seen = facts.rows(sold)[0]
    assert gmv == 0
    assert isinstance(seen, int)
    assert seen > 0


def test_a_new_shop_has_no_rows_before_it_opened(facts: Facts) -> None:
    first = "SELECT shop_id, min(date) AS first FROM shop_days GROUP BY ALL"
    new = f"""({first}) JOIN shops USING (shop_id)
        WHERE opened_on > DATE '{facts.simulation.first_day}'"""
    assert facts.number(f"SELECT count(*) FROM {new} AND first = opened_on") >= 10
    assert facts.number(f"SELECT count(*) FROM {new} AND first <> opened_on") == 0


def test_some_shops_lack_a_channel_and_then_have_no_row_of_it(facts: Facts) -> None:
    for channel in ("seller_video", "seller_live", "affiliate_video", "affiliate_live"):
        with_ = facts.number(
            f"SELECT count(DISTINCT shop_id) FROM channel_days WHERE channel = '{channel}'"
        )
        assert 0.3 * SHOPS < with_ < 0.97 * SHOPS


def test_a_score_needs_thirty_orders_of_ninety_days(facts: Facts) -> None:
    young = """(SELECT shop_id, sum(orders) AS sold FROM shop_days GROUP BY ALL)
        JOIN shops USING (shop_id) JOIN shop_days USING (shop_id)"""
    last = f"date = DATE '{facts.simulation.last_day}'"
    few = f"SELECT count(*) FROM {young} WHERE {last} AND sold < 30"
    assert facts.number(few) > 0
    assert facts.number(f"{few} AND sps IS NOT NULL") == 0
    assert (
        facts.number(f"SELECT count(*) FROM {young} WHERE {last} AND sold > 60 AND sps IS NULL")
        == 0
    )


def test_a_broken_feed_leaves_cells_empty_and_rows_in_place(facts: Facts) -> None:
    lost = facts.rows(
        "SELECT DISTINCT shop_id FROM shop_days WHERE product_clicks IS NULL AND gmv IS NOT NULL"
    )
    assert 0 < len(lost) < 0.05 * SHOPS
    by_channel = (
        "SELECT count(*) FROM channel_days WHERE product_clicks IS NULL AND gmv IS NOT NULL"
    )
    assert facts.number(by_channel) > 0


def test_about_the_intended_share_of_shops_suffers(facts: Facts) -> None:
    share = "SELECT count(DISTINCT shop_id) / {} FROM truth WHERE kind = '{}'"
    assert 0.2 < facts.number(share.format(SHOPS, "temporary")) < 0.32
    assert 0.27 < facts.number(share.format(SHOPS, "weakness")) < 0.42
    last_week = f"kind = 'temporary' AND first > DATE '{facts.simulation.last_day}' - 11"
    recent = facts.number(f"SELECT count(*) FROM truth WHERE {last_week}")
    assert recent > 0.6 * facts.number("SELECT count(*) FROM truth WHERE kind = 'temporary'")
    assert facts.number("SELECT count(*) FROM truth WHERE kind = 'market' AND shop_id = '*'") == 3
    counted = facts.rows("SELECT cause, count(*) FROM truth GROUP BY ALL ORDER BY ALL")
    assert {str(key): count for key, count in counted} == facts.simulation.causes


@pytest.mark.parametrize("table", ["shop_days", "channel_days"])
def test_only_shops_of_the_truth_table_differ_from_their_healthy_selves(
    facts: Facts, table: str
) -> None:
    differing = facts.rows(
        f"SELECT DISTINCT shop_id FROM (FROM {table} EXCEPT FROM healthy_{table}) ORDER BY ALL"
    )
    planted = facts.rows("SELECT DISTINCT shop_id FROM truth WHERE kind <> 'market' ORDER BY ALL")
    assert set(differing) <= set(planted)
    if table == "shop_days":  # a shop too small to be touched by its cause is rare
        assert len(differing) > 0.95 * len(planted)


def test_nothing_differs_before_the_first_cause_begins(facts: Facts) -> None:
    early = """(SELECT shop_id, min(first) AS first FROM truth WHERE kind <> 'market' GROUP BY ALL)
        JOIN {} USING (shop_id) WHERE date < first"""
    kept = "SELECT count(*) FROM (SELECT {0}.* FROM {1} EXCEPT SELECT {2}.* FROM {3})"
    apart = kept.format(
        "shop_days",
        early.format("shop_days"),
        "healthy_shop_days",
        early.format("healthy_shop_days"),
    )
    assert facts.number(apart) == 0
    assert facts.number("SELECT count(*) FROM " + early.format("shop_days")) > 1000


def test_every_cause_has_an_expected_effect() -> None:
    assert set(EFFECTS) == set(CAUSES)


@pytest.mark.parametrize("key", [key for key in EFFECTS if key not in MARKET])
def test_a_cause_moves_what_it_should_against_the_same_shop_without_it(
    facts: Facts, key: str
) -> None:
    of, per, channel, factor = EFFECTS[key]
    per = per or "1"
    table = "channel_days" if channel else "shop_days"
    where = f"AND day.channel = '{channel}'" if channel else ""
    value = f"sum({of})::DOUBLE / sum({per})::DOUBLE"
    sick, well = (
        facts.number(
            f"""SELECT {value} FROM (SELECT day.* FROM truth JOIN {prefix}{table} AS day
                ON truth.shop_id = day.shop_id AND date BETWEEN first AND last
                WHERE cause = '{key}' {where})"""
        )
        for prefix in ("", "healthy_")
    )
    assert sick <= factor * well if factor < 1 else sick >= factor * well, (sick, well)
    assert sick != well


@pytest.mark.parametrize("key", MARKET)
def test_a_holiday_moves_everyone(facts: Facts, tmp_path: Path, key: str) -> None:
    factor = EFFECTS[key][3]
    day, calm = facts.rows(
        f"""SELECT avg(gmv) FILTER (date BETWEEN first AND last),
            avg(gmv) FILTER (date BETWEEN first - 14 AND first - 8) FROM
            (SELECT date, sum(gmv)::DOUBLE AS gmv FROM healthy_shop_days GROUP BY date),
            (SELECT first, last FROM truth WHERE cause = '{key}')"""
    )[0]
    assert isinstance(day, float)
    assert isinstance(calm, float)
    assert day / calm <= factor if factor < 1 else day / calm >= factor


def test_a_run_cut_short_leaves_no_mapping(tmp_path: Path) -> None:
    simulate(tmp_path, shops=5, days=30)

    def cut(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path, shops=5, days=30, seed=2, progress=cut)
    assert not (tmp_path / "mapping.toml").exists()


def test_a_folder_of_other_files_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    for name in ("mapping.toml", "shops.parquet", "shop_days-archive.parquet"):
        (tmp_path / name).write_text("# somebody's own\n")
    with pytest.raises(FileExistsError, match="not of a made-up marketplace"):
        simulate(tmp_path, shops=1, days=30)
    assert all(each.read_text() == "# somebody's own\n" for each in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 3


def test_of_an_earlier_marketplace_only_its_own_files_are_replaced(tmp_path: Path) -> None:
    simulate(tmp_path, shops=1, days=30)
    (tmp_path / "shop_days-0001.parquet").write_text("of a larger one")
    (tmp_path / "shop_days-archive.parquet").write_text("somebody's own")
    made = simulate(tmp_path, shops=1, days=30, seed=2)
    kept = {each.name for each in tmp_path.iterdir()} - {each.name for each in made.files}
    assert kept == {"shop_days-archive.parquet"}


def test_a_column_without_a_single_text_has_its_type(tmp_path: Path) -> None:
    made = simulate(tmp_path, shops=1, days=30, causes=())
    with duckdb.connect() as database:
        for file in made.files:
            if file.suffix == ".parquet":
                kinds = database.execute(f"DESCRIBE FROM '{file}'").fetchall()
                assert '"NULL"' not in [row[1] for row in kinds], file.name


def test_a_folder_may_have_a_quote_in_its_name(tmp_path: Path) -> None:
    made = simulate(tmp_path / "the seller's", shops=5, days=30)
    assert all(path.stat().st_size > 0 for path in made.files)


def test_only_the_named_causes_are_kept(tmp_path: Path) -> None:
    one = simulate(tmp_path / "one", shops=200, days=40, causes=("stock_out",))
    none = simulate(tmp_path / "none", shops=200, days=40, causes=())
    assert [*one.causes] == ["stock_out"]
    assert none.causes == {}
    assert none.truth.read_text("utf-8").count("\n") == 1


def test_progress_is_told_up_to_the_last_shop(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    simulate(tmp_path, shops=300, days=30, progress=lambda done, all_: told.append((done, all_)))
    assert told == [(256, 300), (300, 300)]


def test_the_last_day_is_the_one_asked_for(tmp_path: Path) -> None:
    made = simulate(tmp_path, shops=5, days=30, last_day=date(2026, 2, 28))
    assert (made.first_day, made.last_day) == (date(2026, 1, 30), date(2026, 2, 28))
    with duckdb.connect() as database:
        days = database.execute(f"SELECT max(date) FROM '{made.folder}/shop_days.parquet'")
        assert days.fetchall() == [(date(2026, 2, 28),)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shops": 0}, "at least one shop"),
        ({"days": 7}, "too few"),
        ({"seed": -1}, "a whole number from 0"),
        ({"causes": ("bad_luck",)}, "unknown causes: bad_luck"),
    ],
)
def test_impossible_wishes_are_refused(
    tmp_path: Path, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        simulate(tmp_path, **arguments)  # type: ignore[arg-type]
    assert not [*tmp_path.iterdir()]


@given(st.integers(0, 3000), st.floats(0, 1))
def test_a_binomial_count_lies_between_none_and_all(trials: int, chance: float) -> None:
    counts = Draws(1, 0).binomial("x", np.full(50, float(trials)), chance)
    assert counts.min() >= 0
    assert counts.max() <= trials
    assert np.array_equal(counts, np.rint(counts))


@pytest.mark.parametrize("mean", [0.0, 0.02, 0.7, 5.0, 7.9, 8.1, 40.0, 3000.0])
def test_poisson_counts_have_the_mean_and_variance_of_their_rate(mean: float) -> None:
    counts = Draws(3, 0).poisson("x", np.full(60_000, mean))
    assert counts.mean() == pytest.approx(mean, rel=0.05, abs=0.004)
    assert counts.var() == pytest.approx(mean, rel=0.05, abs=0.004)


@pytest.mark.parametrize(
    ("trials", "chance"), [(1, 0.5), (6, 0.9), (20, 0.3), (40, 0.97), (500, 0.01), (9000, 0.4)]
)
def test_binomial_counts_have_the_mean_and_variance_of_theirs(trials: int, chance: float) -> None:
    counts = Draws(3, 0).binomial("x", np.full(60_000, float(trials)), chance)
    assert counts.mean() == pytest.approx(trials * chance, rel=0.02)
    assert counts.var() == pytest.approx(trials * chance * (1 - chance), rel=0.05)


def test_another_rate_for_one_cell_leaves_the_others_as_they_are() -> None:
    rates = np.linspace(0.1, 60, 200)
    changed = rates.copy()
    changed[7] = 900.0
    before, after = (Draws(5, 2).poisson("x", each) for each in (rates, changed))
    assert [int(each) for each in np.flatnonzero(before != after)] == [7]


def test_a_name_is_drawn_once() -> None:
    draws = Draws(1, 0)
    draws.normal("x", (3,))
    with pytest.raises(ValueError, match='"x" is drawn twice'):
        draws.uniform("x", (3,))
