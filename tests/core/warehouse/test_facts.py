"""What facts are refused for, what becomes missing, and what the report tells."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from shopace.core import STANDARD_MEASURES, Channel, Measure, Unit
from shopace.core.errors import FactsError
from shopace.core.warehouse.facts import FactsReport, MeasureReport, check_facts
from shopace.core.warehouse.facts_tables import open_facts
from shopace.core.warehouse.mapping import FactsMapping

if TYPE_CHECKING:
    from tests.core.warehouse.conftest import Mapper, Writer

COLUMNS = {"shop_id": "VARCHAR", "date": "DATE", "gmv": "DOUBLE", "orders": "INTEGER"}
TABLE = """
[[tables]]
files = "days.parquet"
shop = "shop_id"
date = "date"
absent_day = "zero"
"""
CHANNELS = TABLE + 'channel = "channel"\n'
DAY = date(2026, 3, 1)


def day(offset: int) -> date:
    return date.fromordinal(DAY.toordinal() + offset)


def check(mapping: FactsMapping, folder: Path, today: date | None = None) -> FactsReport:
    return check_facts(mapping, folder, STANDARD_MEASURES, today=today)


def of(report: FactsReport, measure: str, channel: Channel = Channel.SHOP) -> MeasureReport:
    (found,) = (
        each for each in report.measures if (each.measure, each.channel) == (measure, channel)
    )
    return found


def refusal(mapping: FactsMapping, folder: Path) -> str:
    with pytest.raises(FactsError) as caught:
        check(mapping, folder)
    return str(caught.value)


def test_the_report_counts_rows_shops_and_days(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write(
        "days.parquet", COLUMNS, [("a", day(0), 1.5, 1), ("a", day(2), 2.5, 2), ("b", day(1), 1, 1)]
    )
    report = check(mapped(TABLE), facts_folder)
    assert (report.rows, report.shops, report.first_day, report.last_day) == (3, 2, DAY, day(2))
    assert report.problems == ()
    assert report.delivered == (("gmv", "shop"), ("orders", "shop"))
    assert "visitors" in report.not_delivered
    assert "gmv" not in report.not_delivered


def test_absent_days_are_counted_from_a_shops_first_row_with_what_they_mean(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = COLUMNS | {"sps": "DOUBLE"}
    rows = [("a", day(0), 1, 1, 4.0), ("a", day(3), 1, 1, 4.0), ("b", day(2), 1, 1, 4.0)]
    write("days.parquet", columns, rows)
    mapping = mapped(TABLE + '[tables.measures]\ngmv = "gmv"\nsps = "sps"\n'
                     'orders = { column = "orders", absent_day = "missing" }')  # fmt: skip
    report = check(mapping, facts_folder)
    told = {each.measure: (each.absent_days, each.absent_day) for each in report.measures}
    assert told == {"gmv": (3, "zero"), "orders": (3, "missing"), "sps": (3, "last value")}


def test_bad_cells_become_missing_and_are_counted_by_kind(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    cells = [1.0, None, float("nan"), float("inf"), float("-inf"), -3.0, 1e13, 2.0]
    rows = [("a", day(i), gmv, 1) for i, gmv in enumerate(cells)]
    write("days.parquet", COLUMNS, rows)
    report = check(mapped(TABLE), facts_folder)
    gmv = of(report, "gmv")
    assert (gmv.cells, gmv.known, gmv.missing) == (8, 2, 6)
    assert (gmv.nan, gmv.infinite, gmv.negative, gmv.too_large) == (1, 2, 1, 1)
    assert report.problems == ()


def test_a_measure_that_may_be_negative_keeps_its_negative_cells(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    balance = Measure(key="acme.balance", title="balance", unit=Unit.MONEY, may_be_negative=True)
    write("days.parquet", {"shop_id": "VARCHAR", "date": "DATE", "acme.balance": "DOUBLE"},
          [("a", day(0), -2.5)])  # fmt: skip
    report = check_facts(mapped(TABLE), facts_folder, {"acme.balance": balance})
    assert (of(report, "acme.balance").known, of(report, "acme.balance").negative) == (1, 0)


def test_columns_nobody_declared_are_reported_and_not_refused(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS | {"mood": "VARCHAR"}, [("a", day(0), 1, 1, "good")])
    report = check(mapped(TABLE), facts_folder)
    assert report.tables[0].undeclared == ("mood",)
    assert report.problems == ()


def test_a_column_without_a_known_cell_is_not_delivered(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), None, 1)])
    report = check(mapped(TABLE), facts_folder)
    assert report.delivered == (("orders", "shop"),)
    assert "gmv" in report.not_delivered


def test_equal_duplicates_are_folded_and_counted(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    row = ("a", day(0), 1.0, 1)
    write("days.parquet", COLUMNS, [row, row, row, ("a", day(1), 1.0, 1)])
    report = check(mapped(TABLE), facts_folder)
    assert report.tables[0].duplicates == 2
    assert report.problems == ()


def test_duplicates_that_differ_are_refused_with_their_keys(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1.0, 1), ("a", day(0), 2.0, 1)])
    (problem,) = check(mapped(TABLE), facts_folder).problems
    assert "different values: a 2026-03-01" in problem.what


def test_two_words_for_one_channel_are_the_same_key(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = {"shop_id": "VARCHAR", "date": "DATE", "channel": "VARCHAR", "gmv": "DOUBLE"}
    rows = [("a", day(0), "seller_live", 1.0), ("a", day(0), "self live", 2.0)]
    write("days.parquet", columns, rows)
    (problem,) = check(mapped(CHANNELS), facts_folder).problems
    assert "a 2026-03-01 seller_live" in problem.what


def test_dates_past_the_latest_final_day_are_refused(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1), ("a", day(5), 1, 1)])
    mapping = mapped(TABLE, f"latest_final_day = {day(1)}\n")
    report = check(mapping, facts_folder)
    assert "1 rows are dated after 2026-03-02, the latest final day" in report.problems[0].what
    assert report.last_day == day(1)


def test_without_a_declared_last_day_dates_past_today_are_refused(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1), ("a", date(2099, 1, 1), 1, 1)])
    (problem,) = check(mapped(TABLE), facts_folder, today=day(3)).problems
    assert "1 rows are dated after 2026-03-04, today; the last 2099-01-01" in problem.what


def test_a_latest_final_day_that_no_table_reaches_is_refused(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1), ("a", day(5), 1, 1)])
    (problem,) = check(mapped(TABLE, "latest_final_day = 2099-01-01\n"), facts_folder).problems
    assert "marketplace.latest_final_day" in problem.where
    assert problem.what == "is 2099-01-01, and the facts end on 2026-03-06"
    assert not check(mapped(TABLE, f"latest_final_day = {day(5)}\n"), facts_folder).problems


def test_ids_that_are_none_are_refused_with_examples(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    rows = [("ok-1", day(0), 1, 1), ("no spaces", day(0), 1, 1), (None, day(0), 1, 1)]
    write("days.parquet", COLUMNS, rows)
    (problem,) = check(mapped(TABLE), facts_folder).problems
    assert "2 rows have no usable shop id" in problem.what
    assert "'no spaces'" in problem.what
    assert "(empty)" in problem.what


def test_unknown_channels_are_kept_out_and_counted(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = {"shop_id": "VARCHAR", "date": "DATE", "channel": "VARCHAR", "gmv": "DOUBLE"}
    rows = [
        ("a", day(0), "Self LIVE", 1.0),
        ("a", day(0), "carrier pigeon", 2.0),
        ("a", day(1), "carrier pigeon", 2.0),
        ("a", day(0), "shop_tab", 2.0),
        ("a", day(0), None, 2.0),
    ]
    write("days.parquet", columns, rows)
    report = check(mapped(CHANNELS, 'channels = ["seller_live"]\n'), facts_folder)
    assert report.tables[0].unknown_channels == (
        ("(empty)", 1),
        ("carrier pigeon", 2),
        ("shop_tab", 1),
    )
    assert report.delivered == (("gmv", "seller_live"),)
    assert report.problems == ()


def test_a_listed_channel_without_rows_is_delivered_as_zero_where_absent_is_zero(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = {"shop_id": "VARCHAR", "date": "DATE", "channel": "VARCHAR", "gmv": "DOUBLE"}
    write("days.parquet", columns, [("a", day(0), "seller_live", 1.0)])
    two = 'channels = ["seller_live", "shop_tab"]\n'
    zero = check(mapped(CHANNELS, two), facts_folder)
    assert zero.delivered == (("gmv", "seller_live"), ("gmv", "shop_tab"))
    missing = check(mapped(CHANNELS.replace("zero", "missing"), two), facts_folder)
    assert missing.delivered == (("gmv", "seller_live"),)
    unlisted = check(mapped(CHANNELS), facts_folder)
    assert unlisted.delivered == (("gmv", "seller_live"),)


def test_one_measure_from_two_tables_is_refused(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1.0, 1)])
    write("more.parquet", COLUMNS, [("a", day(0), 1.0, 1)])
    second = TABLE.replace("days", "more") + '[tables.measures]\ngmv = "gmv"\n'
    (problem,) = check(mapped(TABLE + second), facts_folder).problems
    assert "gmv of shop comes from days.parquet and from more.parquet" in problem.what


def test_text_that_is_no_number_is_refused_with_an_example(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    cells = ["1,234.50", "", " 7.25 "]
    rows = [("a", day(i), cell, 1) for i, cell in enumerate(cells)]
    write("days.csv", COLUMNS | {"gmv": "VARCHAR"}, rows)
    (problem,) = check(mapped(TABLE.replace(".parquet", ".csv")), facts_folder).problems
    assert '1 cells of "gmv" are no numbers, such as that of a on 2026-03-01' in problem.what


def test_a_date_that_cannot_be_read_is_refused(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write(
        "days.csv",
        COLUMNS | {"date": "VARCHAR"},
        [("a", "31/12/2026", 1, 1), ("a", "2026-01-01", 1, 1)],
    )
    (problem,) = check(mapped(TABLE.replace(".parquet", ".csv")), facts_folder).problems
    assert "1 rows have no date" in problem.what


def test_a_column_that_is_not_there_is_told_with_the_nearest_and_the_file(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1)])
    table = TABLE.replace('"date"', '"dat"') + '[tables.measures]\ngmv = "gmvv"\norders = "n"\n'
    text = refusal(mapped(table), facts_folder)
    assert 'tables[0].date: names the column "dat", which days.parquet does not have' in text
    assert 'tables[0].measures.gmv: names the column "gmvv"' in text
    assert 'did you mean "gmv"?' in text
    assert 'tables[0].measures.orders: names the column "n"' in text


def test_of_a_table_with_many_columns_only_some_are_told(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = {f"column_{number:03}": "INTEGER" for number in range(200)}
    write("days.parquet", columns, [tuple(range(200))])
    text = refusal(mapped(TABLE), facts_folder)
    assert "it has column_000, " in text
    assert "column_011 and 188 more" in text


def test_a_column_missing_in_one_file_of_many_is_told_with_that_file(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("d/1.parquet", COLUMNS, [("a", day(0), 1, 1)])
    write(
        "d/2.parquet",
        {"shop_id": "VARCHAR", "date": "DATE", "orders": "INTEGER"},
        [("a", day(1), 1)],
    )
    table = TABLE.replace("days.parquet", "d/*.parquet") + '[tables.measures]\ngmv = "gmv"\n'
    assert "which d/2.parquet does not have" in refusal(mapped(table), facts_folder)


def test_wrong_types_are_refused_all_at_once(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = {"shop_id": "DOUBLE", "date": "INTEGER", "gmv": "DATE", "orders": "INTEGER"}
    write("days.parquet", columns, [(1.0, 20260301, day(0), 1)])
    table = TABLE + '[tables.measures]\ngmv = "gmv"\norders = "orders"\n'
    text = refusal(mapped(table), facts_folder)
    assert "tables[0].shop" in text
    assert "loses digits of ids beyond 2^53" in text
    assert 'tables[0].date: the column "date" of days.parquet is INTEGER, not a day' in text
    assert 'tables[0].measures.gmv: the column "gmv" of days.parquet is DATE' in text


def test_an_empty_folder_and_a_missing_one_are_told_apart(
    facts_folder: Path, mapped: Mapper
) -> None:
    assert "is empty" in refusal(mapped(TABLE), facts_folder)
    assert "there is no facts folder" in refusal(mapped(TABLE), facts_folder / "none")


def test_a_file_that_is_not_there_comes_with_the_nearest(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("day.parquet", COLUMNS, [("a", day(0), 1, 1)])
    assert 'days.parquet: there is no such file (did you mean "day.parquet"?)' in refusal(
        mapped(TABLE), facts_folder
    )


def test_facts_without_rows_are_refused(facts_folder: Path, write: Writer, mapped: Mapper) -> None:
    write("days.parquet", COLUMNS, [])
    assert "the facts have no rows" in refusal(mapped(TABLE), facts_folder)


def test_a_parquet_file_cut_off_is_told_with_its_name(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("d/1.parquet", COLUMNS, [("a", day(0), 1, 1)])
    path = write("d/2.parquet", COLUMNS, [("a", day(1), 1, 1)])
    path.write_bytes(path.read_bytes()[:-20])
    text = refusal(mapped(TABLE.replace("days", "d/*")), facts_folder)
    assert "d/2.parquet: cannot be read as Parquet" in text
    assert "d/1.parquet" not in text


def test_a_parquet_file_damaged_inside_is_told_with_its_name(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    rows = [(f"shop{i}", day(i % 60), i * 1.37, i) for i in range(5000)]
    write("d/1.parquet", COLUMNS, rows[:10])
    path = write("d/2.parquet", COLUMNS, rows)
    content = bytearray(path.read_bytes())
    content[4:600] = b"\xff" * 596  # the pages of the first column; the footer stays whole
    path.write_bytes(content)
    text = refusal(mapped(TABLE.replace("days", "d/*")), facts_folder)
    assert "d/2.parquet: cannot be read" in text
    assert "d/1.parquet" not in text


def test_problems_of_several_tables_come_together(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", {"shop_id": "VARCHAR", "day": "DATE"}, [("a", day(0))])
    (facts_folder / "shops.parquet").write_bytes(b"not parquet at all")
    shops = '[[tables]]\nkind = "shops"\nfiles = "shops.parquet"\nshop = "shop_id"\n'
    text = refusal(mapped(TABLE + shops), facts_folder)
    assert 'names the column "date"' in text
    assert "shops.parquet: cannot be read as Parquet" in text


def test_words_of_a_long_table_that_nobody_declared_are_reported(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    columns = {"shop_id": "VARCHAR", "date": "DATE", "metric": "VARCHAR", "value": "DOUBLE"}
    write("days.parquet", columns, [("a", day(0), "gmv", 1.0), ("a", day(0), "mood", 2.0)])
    long = TABLE + 'layout = "long"\nmeasure = "metric"\nvalue = "value"\n'
    report = check(mapped(long), facts_folder)
    assert report.delivered == (("gmv", "shop"),)
    assert report.tables[0].undeclared == ("mood",)


def test_a_shop_listed_twice_with_different_profiles_is_refused(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1)])
    write("shops.csv", {"shop_id": "VARCHAR", "name": "VARCHAR"}, [("a", "One"), ("a", "Two")])
    shops = '[[tables]]\nkind = "shops"\nfiles = "shops.csv"\nshop = "shop_id"\n'
    mapping = mapped(TABLE + shops + '[tables.profile]\nname = "name"\n')
    (problem,) = check(mapping, facts_folder).problems
    assert problem.where == "shops.csv"
    assert "different values: a" in problem.what


def test_focus_channels_nobody_knows_are_told(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1)])
    write("shops.csv", {"shop_id": "VARCHAR", "focus": "VARCHAR"}, [("a", "shop_tab,radio")])
    shops = '[[tables]]\nkind = "shops"\nfiles = "shops.csv"\nshop = "shop_id"\n'
    mapping = mapped(TABLE + shops + '[tables.profile]\nfocus_channels = "focus"\n')
    assert check(mapping, facts_folder).tables[1].unknown_focus == (("radio", 1),)


CSV = TABLE.replace(".parquet", ".csv")


def csv(folder: Path, text: str | bytes) -> None:
    (folder / "days.csv").write_bytes(text.encode() if isinstance(text, str) else text)


def test_dates_that_no_calendar_of_a_shop_has_are_refused(
    facts_folder: Path, mapped: Mapper
) -> None:
    wrong = ("1970-01-01", "0044-03-15 (BC)", "290000-01-01", "-infinity", "9999-12-31", "")
    rows = "".join(f"a,{each},1\n" for each in ("2026-03-01", *wrong))
    csv(facts_folder, "shop_id,date,gmv\n" + rows)
    report = check(mapped(CSV), facts_folder)
    (problem,) = report.problems
    assert problem.what.startswith("6 rows have no date that can be read in")
    assert (report.first_day, report.last_day) == (DAY, DAY)
    csv(facts_folder, "shop_id,date,gmv\na,1970-01-01,1\n")
    assert "none of 1 rows has a date that can be read" in refusal(mapped(CSV), facts_folder)


def test_a_stray_date_makes_no_zeros_unless_the_first_day_is_declared(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("b", day(-40), 1, 1), ("a", day(0), 1, 1)])
    (problem,) = check(mapped(TABLE), facts_folder).problems
    assert problem.what.startswith("no row is dated 2026-01-21 to 2026-02-28, and absent_day says")
    for table, market in ((TABLE, f"first_day = {day(-40)}\n"), (TABLE, f"first_day = {DAY}\n"),
                          (TABLE.replace("zero", "missing"), "")):  # fmt: skip
        assert not check(mapped(table, market), facts_folder).problems


def test_days_without_a_row_of_any_shop_are_told(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    days = (0, 1, 3, 6)
    write("days.parquet", COLUMNS, [("ab"[each % 2], day(each), 1, 1) for each in days])
    for absent, zero in (("zero", ("gmv", "orders")), ("missing", ())):
        report = check(mapped(TABLE.replace("zero", absent)), facts_folder)
        (lost,) = report.lost_days(report.first_day, report.last_day)
        assert (lost.days, lost.spans) == (3, ((day(2), day(2)), (day(4), day(5))))
        assert lost.zero == zero
        (later,) = report.lost_days(day(5), report.last_day)
        assert (later.days, later.spans) == (1, ((day(5), day(5)),))
        assert report.lost_days(day(6), report.last_day) == ()


@pytest.mark.parametrize("key", ["first_day", "known_until"])
def test_declared_days_that_no_row_reaches_are_refused(
    facts_folder: Path, write: Writer, mapped: Mapper, key: str
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1)])
    line = f"{key} = 2026-12-01\n"
    tables, market = (TABLE, line) if key == "first_day" else (TABLE + line, "")
    (problem,) = check(mapped(tables, market), facts_folder).problems
    assert problem.where.endswith(f".{key}")
    assert problem.what == "is 2026-12-01, and the facts end on 2026-03-01"


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("region", "3 cells of \"where\" are no region codes: 'USA', 'usa' (did you mean \"US"),
        ("currency", "3 cells of \"where\" are no currency codes: 'USA', 'usa' (did you mean"),
        ("opened_on", '5 cells of "where" are no dates, such as "USA"'),
    ],
)
def test_cells_by_which_it_is_chosen_how_a_shop_is_judged_are_no_typing_errors(
    facts_folder: Path, write: Writer, mapped: Mapper, field: str, told: str
) -> None:
    known = {"region": ("CN", "GB"), "currency": ("CNY", "GBP")}.get(field, ("x", "y"))
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1)])
    rows = [(f"s{place}", word) for place, word in enumerate(["USA", "USA", "usa", *known, None])]
    write("shops.csv", {"shop_id": "VARCHAR", "where": "VARCHAR"}, rows)
    shops = '[[tables]]\nkind = "shops"\nfiles = "shops.csv"\nshop = "shop_id"\n'
    report = check(mapped(TABLE + shops + f'[tables.profile]\n{field} = "where"\n'), facts_folder)
    (problem,) = report.problems
    assert str(problem).startswith(f"shops.csv: {told}")
    assert report.regions == (("CN", "GB", "US") if field == "region" else ("US",))


def long(write: Writer, rows: list[tuple[object, ...]]) -> str:
    columns = {"shop_id": "VARCHAR", "date": "DATE", "channel": "VARCHAR",
               "metric": "VARCHAR", "value": "DOUBLE"}  # fmt: skip
    write("days.parquet", columns, rows)
    return CHANNELS + 'layout = "long"\nmeasure = "metric"\nvalue = "value"\n'


def test_a_declared_word_that_no_row_holds_is_told_or_refused_where_another_is_meant(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    table = long(write, [("a", day(0), "shop_tab", each, 1.0) for each in ("gmv", "orders")])
    table += '[tables.measures]\ngmv = "gmv"\nvisitors = "uv"\n'
    report = check(mapped(table, 'channels = ["shop_tab"]\n'), facts_folder)
    assert report.tables[0].absent_words == ("uv",)
    assert report.delivered == (("gmv", "shop_tab"),)
    text = refusal(mapped(table + 'orders = "ordres"\n'), facts_folder)
    assert 'tables[0].measures.orders: names the measure "ordres", which days.parquet' in text
    assert 'did you mean "orders"?' in text


def test_a_measure_without_a_row_in_one_channel_is_zero_there_in_the_long_layout_too(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    rows = [("a", day(0), channel, "gmv", 1.0) for channel in ("seller_live", "shop_tab")]
    table = long(write, [*rows, ("a", day(0), "seller_live", "orders", 1.0)])
    two = 'channels = ["seller_live", "shop_tab"]\n'
    report = check(mapped(table, two), facts_folder)
    assert ("orders", "shop_tab") in report.delivered
    missing = check(mapped(table.replace("zero", "missing"), two), facts_folder)
    assert ("orders", "shop_tab") not in missing.delivered


def test_a_column_of_which_every_cell_is_bad_is_counted_and_not_delivered(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(each), -1, 1) for each in range(3)])
    report = check(mapped(TABLE), facts_folder)
    (gmv,) = report.unusable
    assert (gmv.measure, gmv.cells, gmv.known, gmv.negative) == ("gmv", 3, 0, 3)
    assert report.delivered == (("orders", "shop"),)
    assert "gmv" in report.not_delivered


LINES = "shop_id,date,gmv\na,2026-03-01,1\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LINES + "b,2026-03-02\n", "line 3 has 2 columns, and the header 3"),
        (LINES + "b,2026-03-02,1,2\n", "line 3 has 4 columns, and the header 3"),
        (LINES + '"b,2026-03-02,1\n', "line 3 has a quote that nothing closes"),
        (LINES.encode() + b"\xe9,2026-03-02,1\n", "line 3 is not UTF-8"),
        (b"shop_id,date,gmv,\xe9\n", "its header, line 1, is not UTF-8"),
        (LINES.replace("\n", "\r\n") + "b,2026-03-02,1\nc,2026-03-02,1\r\n", "of two kinds"),
        ("", "the file is empty"),
        ("\n" + LINES, "its first line, the header, is empty"),
        ("shop_id,date,gmv,GMV\n", 'two columns are called "GMV"'),
        ("Report of March\n" + LINES, "it has Report of March"),
    ],
)
def test_a_csv_file_that_is_none_is_told_with_the_cause(
    facts_folder: Path, mapped: Mapper, content: str | bytes, told: str
) -> None:
    csv(facts_folder, content)
    assert told in refusal(mapped(CSV), facts_folder)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_files_of_one_table_are_read_by_their_own_headers(
    facts_folder: Path, mapped: Mapper, separator: str
) -> None:
    csv(facts_folder, "\ufeff" + LINES.replace(",", separator))
    (facts_folder / "days2.csv").write_text('gmv,"date",shop_id,\r\n2.5,2026-03-02,"b, c",\r\n')
    table = CSV.replace("days.csv", "days*.csv")
    (problem,) = check(mapped(table), facts_folder).problems
    assert "1 rows have no usable shop id: 'b, c'" in problem.what
    (facts_folder / "days2.csv").write_text('gmv,"date",shop_id\n2.5,2026-03-02,"b"\n')
    report = check(mapped(table), facts_folder)
    assert (report.problems, report.rows, of(report, "gmv").known) == ((), 2, 2)


def test_an_empty_optional_column_whose_writer_knew_no_type_is_taken(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1)])
    with duckdb.connect() as connection:
        select = "SELECT NULL AS shop, NULL AS id, NULL AS ends, NULL AS points WHERE false"
        connection.execute(f"COPY ({select}) TO '{facts_folder / 'violations.parquet'}'")
    table = """
[[tables]]
kind = "violations"
files = "violations.parquet"
shop = "shop"
violation = "id"
fields = { ends_on = "ends", points = "points" }
"""
    assert check(mapped(TABLE + table), facts_folder).problems == ()


def test_too_little_memory_is_no_fault_of_the_files(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(each), 1, 1) for each in range(9)])
    with pytest.raises(FactsError) as caught:
        check_facts(mapped(TABLE), facts_folder, STANDARD_MEASURES, memory_limit="1KB")
    assert "the files may be sound" in str(caught.value)
    assert "damaged" not in str(caught.value)


def test_what_does_not_fit_into_memory_has_a_temporary_folder_that_is_gone_afterwards(
    facts_folder: Path, write: Writer, mapped: Mapper
) -> None:
    write("days.parquet", COLUMNS, [("a", day(0), 1, 1)])
    with open_facts(mapped(TABLE), facts_folder, STANDARD_MEASURES) as facts:
        (spill,) = facts.rows("SELECT current_setting('temp_directory')")[0]
        assert Path(spill).is_dir()
    assert not Path(spill).exists()
