"""What facts are refused for, what becomes missing, and what the report tells."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shopace.core import STANDARD_MEASURES, Channel, Measure, Unit
from shopace.core.errors import FactsError
from shopace.core.warehouse.facts import FactsReport, MeasureReport, check_facts
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
