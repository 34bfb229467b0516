"""The mapping file is judged whole, and says what it would take."""

import re
from datetime import date
from pathlib import Path

import pytest

from shopace.core import STANDARD_MEASURES, Channel
from shopace.core.errors import MappingError
from shopace.core.records.job import NAME
from shopace.core.vocabulary.channels import FIVE
from shopace.core.warehouse.mapping import (
    AbsentDay,
    Layout,
    load_mapping,
    parse_focus,
    parse_mapping,
)

EXAMPLES = Path(__file__).parents[3] / "examples"

HEAD = """
schema = "shopace.mapping/1"
[marketplace]
name = "demo"
region = "US"
currency = "USD"
"""
TABLE = """
[[tables]]
files = "shop_days.parquet"
shop = "shop_id"
date = "date"
absent_day = "zero"
"""


def problems_of(text: str) -> dict[str, str]:
    """where (without the file) → what and hint."""
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, STANDARD_MEASURES, origin="m.toml")
    prefix = "m.toml: "
    assert all(each.where.startswith(prefix) for each in caught.value.problems)
    return {
        each.where.removeprefix(prefix): f"{each.what} ({each.hint})"
        for each in caught.value.problems
    }


def test_a_small_mapping_has_the_documented_defaults() -> None:
    mapping = parse_mapping(HEAD + TABLE, STANDARD_MEASURES)
    market, (table,) = mapping.marketplace, mapping.tables
    assert (market.channels, market.channels_declared, market.timezone) == (FIVE, False, "UTC")
    assert (market.first_day, market.latest_final_day) == (None, None)
    assert (table.layout, table.sources, table.channel) == (Layout.WIDE, None, None)


def test_everything_a_mapping_can_say_arrives() -> None:
    mapping = parse_mapping(
        HEAD
        + 'timezone = "Asia/Tokyo"\nchannels = ["shop_tab", "creator_live"]\n'
        + "first_day = 2026-08-02\nlatest_final_day = 2026-10-31\n"
        + TABLE
        + """
        [tables.measures]
        gmv = "amount"
        orders = { column = "n", scale = 0.01, absent_day = "missing" }
        "gmv@self_live" = "live_amount"
        [tables.profile]
        industry = "category"
        [[tables]]
        files = "channels/*.csv"
        shop = "id"
        date = "day"
        absent_day = "missing"
        channel = "source"
        layout = "long"
        measure = "metric"
        value = "value"
        [tables.channels]
        "Self LIVE" = "seller_live"
        """,
        STANDARD_MEASURES,
    )
    market, (wide, long) = mapping.marketplace, mapping.tables
    assert market.channels == (Channel.AFFILIATE_LIVE, Channel.SHOP_TAB)
    assert (market.first_day, market.latest_final_day) == (date(2026, 8, 2), date(2026, 10, 31))
    assert wide.sources is not None
    found = {(each.measure, each.channel): each for each in wide.sources}
    assert found["gmv", None].column == "amount"
    assert found["gmv", Channel.SELLER_LIVE].column == "live_amount"
    orders = found["orders", None]
    assert (orders.scale, orders.absent_day) == (0.01, AbsentDay.MISSING)
    assert wide.profile == (("industry", "category"),)
    assert long.channel_words == (("Self LIVE", Channel.SELLER_LIVE),)
    assert (long.layout, long.measure, long.value) == (Layout.LONG, "metric", "value")


def test_all_problems_are_told_at_once_with_their_place() -> None:
    found = problems_of(
        """
        schema = "shopace.mapping/9"
        [marketplace]
        name = "no spaces"
        currency = "Dollar"
        chanels = []
        [[tables]]
        files = "days.xlsx"
        shop = "shop_id"
        [tables.measures]
        gmw = "gmv"
        orders = { colum = "n" }
        [tables.profile]
        industri = "category"
        """
    )
    assert set(found) == {
        "schema",
        "marketplace.name",
        "marketplace.region",
        "marketplace.currency",
        "marketplace.chanels",
        "tables[0].files",
        "tables[0].date",
        "tables[0].absent_day",
        "tables[0].measures.gmw",
        "tables[0].measures.orders.column",
        "tables[0].measures.orders.colum",
        "tables[0].profile.industri",
    }
    assert 'did you mean "channels"?' in found["marketplace.chanels"]
    assert 'did you mean "gmv"?' in found["tables[0].measures.gmw"]
    assert 'did you mean "industry"?' in found["tables[0].profile.industri"]


@pytest.mark.parametrize(
    ("line", "where", "says"),
    [
        ('absent_day = "none"', "tables[0].absent_day", '"zero" or "missing"'),
        ('layout = "long"', "tables[0].measure", "needs measure and value"),
        ('layout = "long"', "tables[0].value", "needs measure and value"),
        ('measure = "metric"', "tables[0].measure", 'layout = "long"'),
        ('date = ""', "tables[0].date", "is empty"),
        ('channel = "c"\n[tables.channels]\nx = "liv"', "tables[0].channels.x", "unknown channel"),
        ('[tables.channels]\nx = "shop_tab"', "tables[0].channels", "no column to read"),
        ('files = "../x.csv"', "tables[0].files", "leads out of the facts folder"),
        (
            '[tables.measures]\ngmv = { column = "x", scale = 0 }',
            "tables[0].measures.gmv.scale",
            "positive",
        ),
        (
            f'[tables.measures]\ngmv = {{ column = "x", scale = {"9" * 400} }}',
            "tables[0].measures.gmv.scale",
            "is too large a number",
        ),
        (
            'channel = "c"\n[tables.measures]\n"gmv@shop_tab" = "x"',
            "tables[0].measures.gmv@shop_tab",
            "channel column",
        ),
        ('kind = "shops"', "tables[0].absent_day", "no meaning in a table of shops"),
    ],
)
def test_a_wrong_line_of_a_table_is_told_where_it_stands(line: str, where: str, says: str) -> None:
    key = line.split(" =", maxsplit=1)[0]
    kept = [each for each in TABLE.splitlines() if each.split(" =")[0] != key]
    found = problems_of(HEAD + "\n".join(kept) + "\n" + line)
    assert says in found[where]


@pytest.mark.parametrize(
    ("field", "word", "says"),
    [
        ("region", "USA", '"USA" is no region code (did you mean "US"?)'),
        ("region", "us", '"us" is no region code (did you mean "US"?)'),
        ("region", "Brazil", '"Brazil" is no region code (two capital letters'),
        ("currency", "USS", '"USS" is no currency code (did you mean "'),
        ("currency", "usd", '"usd" is no currency code (did you mean "USD"?)'),
    ],
)
def test_codes_of_regions_and_currencies_are_those_of_the_standards(
    field: str, word: str, says: str
) -> None:
    own = {"region": "US", "currency": "USD"}[field]
    text = HEAD.replace(f'{field} = "{own}"', f'{field} = "{word}"') + TABLE
    assert problems_of(text)[f"marketplace.{field}"].startswith(says)


def test_a_table_is_known_until_the_latest_final_day_at_most() -> None:
    days = "latest_final_day = 2026-01-31\n"
    text = HEAD + days + TABLE + "known_until = 2026-02-01\n"
    assert "lies after latest_final_day" in problems_of(text)["tables[0].known_until"]


def test_a_gauge_cannot_be_declared_zero_on_absent_days() -> None:
    line = '[tables.measures]\nsps = { column = "sps", absent_day = "zero" }'
    found = problems_of(HEAD + TABLE + line)
    assert "is a gauge and has no zero days" in found["tables[0].measures.sps.absent_day"]


def test_a_mapping_without_a_table_of_facts_is_refused() -> None:
    assert "no table of facts" in problems_of(HEAD)["tables"]


def test_one_profile_field_comes_from_one_table() -> None:
    shops = '[[tables]]\nkind = "shops"\nfiles = "s.csv"\nshop = "id"\n'
    field = '[tables.profile]\nname = "name"\n'
    found = problems_of(HEAD + TABLE + field + shops + field)
    assert "already comes from tables[0]" in found["tables[1].profile.name"]


def test_a_last_day_before_the_first_is_refused() -> None:
    days = "first_day = 2026-02-01\nlatest_final_day = 2026-01-01\n"
    assert "lies before" in problems_of(HEAD + days + TABLE)["marketplace.latest_final_day"]


def test_the_longest_name_of_a_marketplace_leaves_room_for_the_ids_that_begin_with_it() -> None:
    def named(name: str) -> str:
        return HEAD.replace('name = "demo"', f'name = "{name}"') + TABLE

    name = parse_mapping(named("m" * 40), STANDARD_MEASURES).marketplace.name
    benchmarks = f"{name}-2026-10-31-0a1b2c3d-0a1b2c3d"
    run = f"nightly-{name}-2026-10-31-1790000000000000"
    assert all(re.fullmatch(NAME, each) for each in (benchmarks, run))
    assert "1–40" in problems_of(named("m" * 41))["marketplace.name"]


def test_what_is_not_toml_is_one_sentence() -> None:
    with pytest.raises(MappingError, match=r"m\.toml cannot be read: it is not TOML"):
        parse_mapping("schema = ", STANDARD_MEASURES, origin="m.toml")


def test_a_mapping_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read: No such file"):
        load_mapping(tmp_path / "none.toml", STANDARD_MEASURES)


def test_the_fingerprint_follows_the_content_and_not_the_file_name(tmp_path: Path) -> None:
    one, other = tmp_path / "a.toml", tmp_path / "b.toml"
    one.write_text(HEAD + TABLE, "utf-8")
    other.write_text("# a comment\n" + HEAD + TABLE, "utf-8")
    first = load_mapping(one, STANDARD_MEASURES)
    assert first.fingerprint == load_mapping(other, STANDARD_MEASURES).fingerprint
    changed = parse_mapping(HEAD + TABLE.replace("zero", "missing"), STANDARD_MEASURES)
    assert first.fingerprint != changed.fingerprint


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("*.mapping.toml")), ids=lambda path: path.name
)
def test_every_example_mapping_is_usable(path: Path) -> None:
    assert load_mapping(path, STANDARD_MEASURES).tables


def test_focus_channels_are_read_with_aliases_and_unknown_words_are_told() -> None:
    known, unknown = parse_focus("Self LIVE, shop_tab; nonsense")
    assert known == {Channel.SELLER_LIVE, Channel.SHOP_TAB}
    assert unknown == ("nonsense",)
