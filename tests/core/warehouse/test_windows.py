"""Windows of a snapshot against a plain recomputation, day by day, in Python."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import examples

from shopace.core import Aggregation, Channel, Direction, Measure, Metric, Unit, Window, measure
from shopace.core.evaluation import weekly_noise
from shopace.core.vocabulary.channels import ALL, FIVE, GROUP_MEMBERS
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.facts import check
from shopace.core.warehouse.facts_tables import open_facts
from shopace.core.warehouse.mapping import parse_mapping
from shopace.core.warehouse.snapshot import Snapshot, build_snapshot
from shopace.core.warehouse.windows import WEEKS, Windows

AS_OF = date(2026, 5, 31)
HISTORY = 7 * (WEEKS + 1) + 10
FIRST = AS_OF - timedelta(days=HISTORY - 1)
CHANNELS = (Channel.SELLER_LIVE, Channel.SHOP_TAB)


def _measure(
    key: str, aggregation: Aggregation, unit: Unit = Unit.COUNT, **more: object
) -> Measure:
    return Measure(key=key, title=key, unit=unit, aggregation=aggregation, channels=ALL, **more)  # type: ignore[arg-type]


MEASURES = {
    each.key: each
    for each in (
        _measure("gmv", Aggregation.SUM, Unit.MONEY),
        _measure("balance", Aggregation.SUM, Unit.MONEY, may_be_negative=True),
        _measure("unique", Aggregation.SUM, additive=False),
        _measure("hours", Aggregation.MEAN, Unit.HOURS),
        _measure("peak", Aggregation.MAX),
        _measure("stock", Aggregation.LAST, max_age_days=2, additive=False),
        _measure("rating", Aggregation.LAST, Unit.SCORE, max_age_days=40, additive=False),
    )
}
WINDOWS = (Window.L1D, Window.L7D, Window.L30D, Window.L60D)
METRICS = {
    key: Metric(
        key=key, title=key, definition=key, formula=measure(key), unit=each.unit,
        direction=Direction.HIGHER, channels=ALL, windows=WINDOWS,
    )
    for key, each in MEASURES.items()
} | {
    "share": Metric(
        key="share", title="share", definition="share", formula=measure("hours") / measure("gmv"),
        unit=Unit.RATIO, direction=Direction.HIGHER, channels=ALL, windows=WINDOWS,
    )
}  # fmt: skip
PERIODS = ("L1D", "P1D", "L7D", "P7D", "L30D", "P30D", "L60D")

MAPPING = """
schema = "shopace.mapping/1"
[marketplace]
name = "tiny"
region = "US"
currency = "USD"
channels = ["seller_live", "shop_tab"]
first_day = {first}
latest_final_day = {last}
[[tables]]
files = "days.parquet"
shop = "shop_id"
date = "date"
channel = "channel"
absent_day = "{absent}"
{layout}
"""

Key = tuple[str, date, str]
Cells = dict[str, float | None]


class Case(NamedTuple):
    rows: dict[Key, Cells]
    absent: str
    first: date


NUMBERS = st.one_of(
    st.integers(0, 500).map(float),
    st.integers(0, 10**6).map(lambda cents: cents / 100),
    st.sampled_from([None, 0.0, float("nan"), float("inf"), -1.0, -0.25]),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A few shops; dense stretches with holes, so that some windows are whole and some are not."""
    rows: dict[Key, Cells] = {}
    usual = draw(st.lists(NUMBERS.filter(lambda x: x is not None and isfinite(x) and x >= 0),
                          min_size=8, max_size=8))  # fmt: skip
    for shop, channel in product(("a", "b"), CHANNELS):
        start = draw(st.integers(0, HISTORY))
        holes = draw(st.sets(st.integers(0, HISTORY), max_size=4))
        odd = draw(st.dictionaries(st.integers(0, HISTORY), NUMBERS, max_size=4))
        for ago in range(start):
            if ago not in holes:
                cells: Cells = {
                    key: odd.get(ago, usual[(ago + i) % len(usual)])
                    for i, key in enumerate(MEASURES)
                }
                rows[shop, AS_OF - timedelta(days=ago), channel.value] = cells
    rows.setdefault(("a", AS_OF, "shop_tab"), dict.fromkeys(MEASURES, 1.0))
    rows.setdefault(("a", AS_OF, "seller_live"), dict.fromkeys(MEASURES, 1.0))
    return Case(
        rows,
        draw(st.sampled_from(["zero", "missing"])),
        draw(st.sampled_from([FIRST, AS_OF - timedelta(days=40)])),
    )


def build(case: Case, folder: Path, layout: str, **more: int) -> Snapshot:
    facts = folder / layout
    facts.mkdir()
    path = facts / "days.parquet"
    with duckdb.connect() as connection:
        names = ", ".join(f'"{key}" DOUBLE' for key in MEASURES)
        if layout == "long":
            names = "metric VARCHAR, value DOUBLE"
        connection.execute(f"CREATE TABLE t (shop_id VARCHAR, date DATE, channel VARCHAR, {names})")
        rows: list[tuple[object, ...]] = [
            (*key, *cells.values()) for key, cells in case.rows.items()
        ]
        if layout == "long":
            rows = [
                (*key, name, value)
                for key, cells in case.rows.items()
                for name, value in cells.items()
            ]
        literal = ", ".join("(" + ", ".join(_literal(part) for part in row) + ")" for row in rows)
        connection.execute(f"INSERT INTO t VALUES {literal}")
        connection.execute(f"COPY t TO '{path}'")
    long = 'layout = "long"\nmeasure = "metric"\nvalue = "value"'
    text = MAPPING.format(
        first=case.first,
        last=AS_OF,
        absent=case.absent,
        layout=long if layout == "long" else "",
    )
    return build_snapshot(
        parse_mapping(text, MEASURES),
        facts,
        folder / f"{layout}-snapshots",
        measures=MEASURES,
        metrics=METRICS,
        **more,  # type: ignore[arg-type]
    )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" + ("::DOUBLE" if isinstance(value, float) else "")


def naive_cell(case: Case, key: str, channel: Channel, shop: str, day: date) -> Decimal | None:
    """One day of one shop, None where it is not known."""
    if not case.first <= day <= AS_OF:
        return None
    record = MEASURES[key]
    row = case.rows.get((shop, day, channel.value))
    if row is None:
        is_zero = case.absent == "zero" and record.aggregation is not Aggregation.LAST
        return Decimal(0) if is_zero else None
    value = row[key]
    if value is None or not isfinite(value) or (value < 0 and not record.may_be_negative):
        return None
    return Decimal(str(value))


def naive(case: Case, key: str, channel: Channel, shop: str, span: tuple[int, int]) -> float | None:
    """The value of a span (days ago of its last day, days), None where it is missing."""
    record = MEASURES[key]
    if channel not in CHANNELS:
        of = CHANNELS if channel is Channel.SHOP else GROUP_MEMBERS[channel]
        parts = [naive_total(case, key, each, shop, span) for each in of if each in CHANNELS]
        known = [part for part in parts if part is not None]
        return _rounded(record, sum(known), span) if len(known) == len(parts) else None
    total = naive_total(case, key, channel, shop, span)
    return None if total is None else _rounded(record, total, span)


def naive_total(
    case: Case, key: str, channel: Channel, shop: str, span: tuple[int, int]
) -> Decimal | None:
    record, (ago, days) = MEASURES[key], span
    last = AS_OF - timedelta(days=ago)
    if record.aggregation is Aggregation.LAST:
        recent = (
            naive_cell(case, key, channel, shop, last - timedelta(days=age))
            for age in range(record.max_age_days + 1)
        )
        return next((value for value in recent if value is not None), None)
    cells = [
        naive_cell(case, key, channel, shop, last - timedelta(days=back)) for back in range(days)
    ]
    known = [each for each in cells if each is not None]
    if len(known) < days:
        return None
    return max(known) if record.aggregation is Aggregation.MAX else sum(known, Decimal(0))


def _rounded(record: Measure, total: Decimal | int, span: tuple[int, int]) -> float:
    return float(total) / (span[1] if record.aggregation is Aggregation.MEAN else 1)


def available(key: str, channel: Channel) -> bool:
    if channel in CHANNELS:
        return True
    record = MEASURES[key]
    members = CHANNELS if channel is Channel.SHOP else GROUP_MEMBERS.get(channel, ())
    sums = record.additive and record.aggregation is not Aggregation.MAX
    return channel not in FIVE and sums and any(each in CHANNELS for each in members)


def same(one: float, other: float | None) -> bool:
    return np.isnan(one) if other is None else bool(np.isclose(one, other, rtol=1e-12, atol=0))


@settings(max_examples=examples(12))
@given(cases())
def test_every_window_of_every_channel_is_what_adding_up_the_days_gives(case: Case) -> None:
    with TemporaryDirectory() as folder:
        snapshot = build(case, Path(folder), "wide")
        block = snapshot.block(0)
        delivered = {
            (key, channel)
            for key in MEASURES
            for channel in ALL
            if available(key, channel) and _is_delivered(case, key, channel)
        }
        assert {(row[1], row[2]) for row in snapshot.manifest.rows} == delivered
        for (period, key, channel), row in snapshot.row_of.items():
            assert period in PERIODS
            span = (period.days_ago, period.days)
            for column, shop in enumerate(block.shops):
                expected = naive(case, key, channel, shop, span)
                got = block.values[row, column]
                assert same(got, expected), (period, key, channel, shop, got, expected)


def _is_delivered(case: Case, key: str, channel: Channel) -> bool:
    """With a known cell in every channel that it is made of."""
    of = (channel,) if channel in CHANNELS else GROUP_MEMBERS.get(channel, CHANNELS)
    return all(
        any(
            value is not None and isfinite(value) and (value >= 0 or MEASURES[key].may_be_negative)
            for (_, _, word), cells in case.rows.items()
            if word == each
            for value in [cells[key]]
        )
        for each in of
        if each in CHANNELS
    )


@settings(max_examples=examples(8))
@given(cases())
def test_history_is_the_noise_of_the_thirteen_weeks_before_the_current_one(case: Case) -> None:
    with TemporaryDirectory() as folder:
        snapshot = build(case, Path(folder), "wide")
        block = snapshot.block(0)
        for (key, channel), row in snapshot.history_of.items():
            if key == "share":
                continue
            for column, shop in enumerate(block.shops):
                weeks = [
                    naive(case, key, Channel(channel), shop, (7 * week, 7))
                    for week in range(WEEKS, 0, -1)
                ]
                weekly = np.array([[np.nan if each is None else each] for each in weeks])
                expected = weekly_noise(weekly)[0]
                got = block.history[row, column]
                assert np.isclose(got, expected, rtol=1e-9, atol=1e-12, equal_nan=True)


def _arrays(snapshot: Snapshot) -> tuple[list[object], list[bytes]]:
    blocks = [snapshot.block(index) for index in range(len(snapshot))]
    joined = [
        np.concatenate([getattr(block, name) for block in blocks], axis=-1).tobytes()
        for name in ("values", "known", "history", "profile")
    ]
    return [snapshot.manifest.rows, snapshot.manifest.history], joined


@settings(max_examples=examples(8))
@given(cases())
def test_wide_and_long_tables_and_any_size_of_blocks_give_the_same_bits(case: Case) -> None:
    with TemporaryDirectory() as folder:
        wide = build(case, Path(folder), "wide")
        long = build(case, Path(folder), "long")
        assert _arrays(wide) == _arrays(long)
        (Path(folder) / "small").mkdir()
        small = build(case, Path(folder) / "small", "wide", block_shops=1)
        assert len(small) == small.manifest.shops
        assert _arrays(small) == _arrays(wide)


def test_threads_and_staging_do_not_change_a_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    rows: dict[Key, Cells] = {
        (f"shop{shop}", AS_OF - timedelta(days=ago), channel.value): {
            key: float(rng.integers(0, 10**7)) / 100 for key in MEASURES
        }
        for shop in range(20)
        for ago in range(70)
        for channel in CHANNELS
    }
    case = Case(rows, "zero", FIRST)
    build(case, tmp_path, "wide")
    text = MAPPING.format(first=FIRST, last=AS_OF, absent="zero", layout="")
    mapping = parse_mapping(text, MEASURES)

    def arrays(threads: int, block_shops: int, range_blocks: int) -> list[bytes]:
        with open_facts(mapping, tmp_path / "wide", MEASURES, threads=threads) as facts:
            windows = Windows(
                facts, check(facts), AS_OF, METRICS,
                block_shops=block_shops, range_blocks=range_blocks,
            )  # fmt: skip
            blocks = list(windows.blocks())
            return [
                np.concatenate([getattr(block, name) for block in blocks], axis=-1).tobytes()
                for name in ("values", "known", "history")
            ]

    whole = arrays(1, 64, 64)
    assert arrays(4, 64, 64) == whole
    assert arrays(2, 3, 2) == whole


def test_known_days_tell_how_much_of_a_period_is_there(tmp_path: Path) -> None:
    rows: dict[Key, Cells] = {
        ("a", AS_OF - timedelta(days=ago), channel.value): dict.fromkeys(MEASURES, 1.0)
        for ago in (0, 1, 4, 9)
        for channel in CHANNELS
    }
    rows["a", AS_OF, "shop_tab"]["gmv"] = None
    snapshot = build(Case(rows, "missing", FIRST), tmp_path, "wide")
    block = snapshot.block(0)

    def known(period: Period, key: str, channel: Channel) -> int:
        return int(block.known[snapshot.row_of[period, key, channel], 0])

    assert known(Period.L7D, "gmv", Channel.SELLER_LIVE) == 3
    assert known(Period.L7D, "gmv", Channel.SHOP_TAB) == 2
    assert known(Period.L7D, "gmv", Channel.SHOP) == 2
    assert known(Period.P7D, "gmv", Channel.SHOP) == 1
    assert known(Period.L7D, "stock", Channel.SHOP_TAB) == 1
    assert known(Period.P30D, "stock", Channel.SHOP_TAB) == 0


def _value(snapshot: Snapshot, key: str, channel: Channel, period: Period = Period.L1D) -> float:
    return float(snapshot.block(0).values[snapshot.row_of[period, key, channel], 0])


def _built(folder: Path, tables: str, files: dict[str, str], channels: str = "") -> Snapshot:
    """A snapshot of files, each from a SELECT."""
    facts = folder / "facts"
    facts.mkdir()
    with duckdb.connect() as connection:
        for name, select in files.items():
            connection.execute(f"COPY ({select}) TO '{facts / name}'")
    head = MAPPING.split("[[tables]]", maxsplit=1)[0].format(first=AS_OF, last=AS_OF)
    text = head.replace('["seller_live", "shop_tab"]', channels or '["seller_live", "shop_tab"]')
    return build_snapshot(
        parse_mapping(text + tables, MEASURES),
        facts,
        folder / "snapshots",
        measures=MEASURES,
        metrics=METRICS,
    )


BASE = f"SELECT 'a' AS shop_id, DATE '{AS_OF}' AS date, "
SHOP_TABLE = """
[[tables]]
files = "shop.{suffix}"
shop = "shop_id"
date = "date"
absent_day = "missing"
"""
CHANNEL_TABLE = """
[[tables]]
files = "channel.parquet"
shop = "shop_id"
date = "date"
absent_day = "missing"
channel = "channel"
"""


def test_a_delivered_total_is_kept_beside_channels_that_do_not_add_up_to_it(tmp_path: Path) -> None:
    channels = " UNION ALL ".join(
        f"{BASE} '{channel}' AS channel, {gmv}::DOUBLE AS gmv"
        for channel, gmv in (("seller_live", 1), ("shop_tab", 2), ("self_content", 50))
    )
    files = {"shop.parquet": f"{BASE} 100.0 AS gmv", "channel.parquet": channels}
    snapshot = _built(tmp_path, SHOP_TABLE.format(suffix="parquet") + CHANNEL_TABLE, files)
    assert _value(snapshot, "gmv", Channel.SHOP) == 100.0
    assert _value(snapshot, "gmv", Channel.SHOP_TAB) == 2.0
    assert _value(snapshot, "gmv", Channel.SELLER_CONTENT) == 50.0


def test_a_total_is_not_made_of_some_of_the_channels(tmp_path: Path) -> None:
    files = {"channel.parquet": f"{BASE} 'seller_live' AS channel, 1.0 AS gmv"}
    snapshot = _built(tmp_path, CHANNEL_TABLE, files)
    channels = {row[2] for row in snapshot.manifest.rows if row[1] == "gmv"}
    assert channels == {Channel.SELLER_LIVE, Channel.SELLER_CONTENT}


def test_a_column_of_one_channel_and_a_scale_are_read_as_declared(tmp_path: Path) -> None:
    table = SHOP_TABLE.format(suffix="csv") + (
        "[tables.measures]\n"
        '"gmv@seller_live" = "live"\n'
        'hours = { column = "minutes_x100", scale = 0.0001 }\n'
    )
    files = {"shop.csv": f"{BASE} '12.3456' AS live, 12345 AS minutes_x100, 7.0 AS gmv"}
    snapshot = _built(tmp_path, table, files)
    assert _value(snapshot, "gmv", Channel.SELLER_LIVE) == 12.3456
    assert _value(snapshot, "hours", Channel.SHOP) == 1.2345
    assert (Period.L1D, "gmv", Channel.SHOP) not in snapshot.row_of


def test_amounts_add_up_to_the_cent(tmp_path: Path) -> None:
    days = f"SELECT 'a' AS shop_id, DATE '{AS_OF}' - CAST(d AS INTEGER) AS date"
    files = {"shop.parquet": f"{days}, 1e9 + 0.1 AS gmv FROM range(30) AS r(d)"}
    facts_begin = (AS_OF - timedelta(days=29)).isoformat()
    folder = tmp_path / "facts"
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({files['shop.parquet']}) TO '{folder / 'shop.parquet'}'")
    head = MAPPING.split("[[tables]]", maxsplit=1)[0].format(first=facts_begin, last=AS_OF)
    mapping = parse_mapping(head + SHOP_TABLE.format(suffix="parquet"), MEASURES)
    snapshot = build_snapshot(
        mapping, folder, tmp_path / "snapshots", measures=MEASURES, metrics=METRICS
    )
    assert _value(snapshot, "gmv", Channel.SHOP, Period.L30D) == 30_000_000_003.0
