"""Snapshots appear whole or not at all, are found again, and say what is wrong with them."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shopace.core import STANDARD_MEASURES, Channel, Direction, Metric, Unit, measure
from shopace.core.errors import FactsError, SnapshotError, UnknownShopError
from shopace.core.vocabulary.channels import FIVE
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.folders import unfinished
from shopace.core.warehouse.mapping import FactsMapping
from shopace.core.warehouse.snapshot import (
    Block,
    Snapshot,
    build_snapshot,
    latest_snapshot,
    open_snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.warehouse.conftest import Mapper, Writer

LAST = date(2026, 3, 31)
COLUMNS = {"shop_id": "VARCHAR", "date": "DATE", "gmv": "DOUBLE", "orders": "INTEGER"}
TABLE = """
[[tables]]
files = "days.parquet"
shop = "shop_id"
date = "date"
absent_day = "zero"
"""
SHOPS = """
[[tables]]
files = "shops.parquet"
kind = "shops"
shop = "shop_id"
[tables.profile]
name = "name"
industry = "industry"
region = "region"
opened_on = "opened_on"
focus_channels = "focus"
"""
METRICS = {
    "aov": Metric(
        key="aov", title="AOV", definition="GMV per order.", unit=Unit.MONEY,
        formula=measure("gmv") / measure("orders"), direction=Direction.HIGHER,
    )
}  # fmt: skip

VISITS = {
    "visits": Metric(
        key="visits", title="Visits", definition="Visitors.", unit=Unit.COUNT,
        formula=measure("visitors"), direction=Direction.HIGHER,
    )
}  # fmt: skip


def ago(days: int) -> date:
    return LAST - timedelta(days=days)


class Folders:
    """Where a test's facts lie and its snapshots go."""

    def __init__(self, facts: Path, snapshots: Path, mapping: FactsMapping) -> None:
        self.facts, self.snapshots, self.mapping = facts, snapshots, mapping

    def build(self, **more: Any) -> Snapshot:
        more = {"measures": STANDARD_MEASURES, "metrics": METRICS, **more}
        return build_snapshot(self.mapping, self.facts, self.snapshots, **more)


@pytest.fixture
def folders(facts_folder: Path, write: Writer, mapped: Mapper, tmp_path: Path) -> Folders:
    ids = [f"shop-{number:02d}" for number in range(11)]
    rows = [(shop, ago(day), 10.5, 2) for shop in ids for day in range(0, 60, 2)]
    write("days.parquet", COLUMNS, rows)
    return Folders(facts_folder, tmp_path / "snapshots", mapped(TABLE))


@pytest.fixture
def snapshot(folders: Folders) -> Snapshot:
    return folders.build(block_shops=4)


def test_a_snapshot_holds_the_windows_of_every_shop_in_order_of_ids(snapshot: Snapshot) -> None:
    assert [snapshot.block(i).shops for i in range(len(snapshot))] == [
        [f"shop-{number:02d}" for number in part] for part in (range(4), range(4, 8), range(8, 11))
    ]
    row = snapshot.row_of[Period.L7D, "gmv", Channel.SHOP]
    for index in range(len(snapshot)):
        assert set(snapshot.block(index).values[row]) == {42.0}


def test_rows_are_those_that_metrics_read_and_facts_have(snapshot: Snapshot) -> None:
    measures = {row[1] for row in snapshot.manifest.rows}
    assert measures == {"gmv", "orders"}
    assert {row[2] for row in snapshot.manifest.rows} == {Channel.SHOP}
    assert snapshot.manifest.history == (("aov", Channel.SHOP),)


def test_without_metrics_a_snapshot_holds_what_the_core_reads(folders: Folders) -> None:
    snapshot = folders.build(metrics={})
    assert {row[1] for row in snapshot.manifest.rows} == {"gmv", "orders"}
    assert (snapshot.manifest.history, snapshot.block(0).history.shape) == ((), (0, 11))


def test_blocks_are_mapped_read_only(snapshot: Snapshot) -> None:
    block = snapshot.block(0)
    assert isinstance(block.values, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        block.values[0, 0] = 1


def test_find_tells_block_and_offset_of_every_shop(snapshot: Snapshot) -> None:
    for number in range(11):
        shop = f"shop-{number:02d}"
        block, offset = snapshot.find(shop)
        assert snapshot.block(block).shops[offset] == shop


@pytest.mark.parametrize("shop", ["", "a", "shop-0", "shop-041", "zzz"])
def test_an_unknown_shop_is_told(snapshot: Snapshot, shop: str) -> None:
    with pytest.raises(UnknownShopError, match=f'shop "{shop}" is not in snapshot tiny-2026-03-31'):
        snapshot.find(shop)


def test_missing_and_find_agree_on_every_shop(snapshot: Snapshot) -> None:
    known = [shop for index in range(len(snapshot)) for shop in snapshot.block(index).shops]
    others = ["", "0", "shop-05x", "zzz", "\u0661", known[0] + "\n", known[-1].upper() + "x"]
    assert snapshot.missing([*known, *others, *known]) == set(others)
    assert snapshot.missing([]) == set()


def test_an_unknown_shop_comes_with_the_nearest(snapshot: Snapshot) -> None:
    with pytest.raises(UnknownShopError, match='did you mean "shop-05"'):
        snapshot.find("shop-05x")


def test_the_same_input_gives_the_same_id_and_is_not_built_again(folders: Folders) -> None:
    first = folders.build()
    steps: list[str] = []
    second = folders.build(progress=lambda what, _done, _all: steps.append(what))
    assert second.path == first.path
    assert "building blocks" not in steps


def test_other_facts_mapping_records_or_days_give_another_id(
    folders: Folders, write: Writer, mapped: Mapper
) -> None:
    ids = {folders.build().id, folders.build(as_of=ago(1)).id}
    changed = {"aov": METRICS["aov"].__class__(**_fields(METRICS["aov"], min_sample=3.0))}
    ids.add(folders.build(metrics=changed).id)
    folders.mapping = mapped(TABLE.replace("zero", "missing"))
    ids.add(folders.build().id)
    write("days.parquet", COLUMNS, [("shop-00", LAST, 10.5, 3)])
    ids.add(folders.build().id)
    assert len(ids) == 5


def _fields(metric: Metric, **changes: object) -> dict[str, Any]:
    return {name: getattr(metric, name) for name in metric.__struct_fields__} | changes


def test_nothing_is_visible_of_a_build_that_is_interrupted(folders: Folders) -> None:
    def interrupt(what: str, done: int, _all: int) -> None:
        if what == "building blocks" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folders.build(block_shops=4, progress=interrupt)
    assert list(folders.snapshots.iterdir()) == []


def test_nothing_is_visible_while_a_build_runs(folders: Folders) -> None:
    seen: list[str] = []

    def look(_what: str, _done: int, _all: int) -> None:
        seen.extend(each.name for each in folders.snapshots.iterdir())
        with pytest.raises(SnapshotError, match="there is no snapshot"):
            latest_snapshot(folders.snapshots)

    folders.build(block_shops=4, progress=look)
    assert seen
    assert all(name.startswith(".") for name in seen)


def test_what_a_killed_build_left_is_removed_and_what_another_builds_is_not(
    folders: Folders,
) -> None:
    left = folders.snapshots / ".tiny.left.partial"
    (left / "spill").mkdir(parents=True)
    with unfinished(folders.snapshots, "other") as others:
        made = folders.build()
        assert sorted(folders.snapshots.iterdir()) == sorted([others, made.path])
    assert list(folders.snapshots.iterdir()) == [made.path]


def test_facts_that_change_while_they_are_read_make_no_snapshot(
    folders: Folders, write: Writer
) -> None:
    def deliver(what: str, done: int, _all: int) -> None:
        if what == "building blocks" and done == 0:
            write("days.parquet", COLUMNS, [("a", LAST, 1.0, 1)])

    with pytest.raises(FactsError, match=r"days\.parquet: changed while it was read"):
        folders.build(progress=deliver)
    assert list(folders.snapshots.iterdir()) == []


@pytest.mark.parametrize("market", ["", f"latest_final_day = {LAST}\n"])
def test_days_after_a_tables_last_row_are_missing_unless_they_are_declared_to_be_known(
    folders: Folders, write: Writer, mapped: Mapper, market: str
) -> None:
    write("visits.parquet", {"shop_id": "VARCHAR", "date": "DATE", "visitors": "INTEGER"},
          [("shop-00", ago(day), 2) for day in range(3, 40)])  # fmt: skip
    visits = TABLE.replace("days.parquet", "visits.parquet")
    for more, week, zero in (("", None, ()), (f"known_until = {LAST}\n", 8.0, ("visitors",))):
        folders.mapping = mapped(TABLE + visits + more, market)
        snapshot = folders.build(metrics=VISITS)
        found = snapshot.block(0).values[snapshot.row_of[Period.L7D, "visitors", Channel.SHOP], 0]
        assert (None if np.isnan(found) else found) == week
        (end,) = snapshot.manifest.early_ends
        assert (end.files, end.days, end.zero) == ("visits.parquet", 3, zero)


def test_a_day_that_no_shop_has_a_row_of_is_told(folders: Folders, write: Writer) -> None:
    write("days.parquet", COLUMNS, [("a", ago(day), 1.0, 1) for day in range(40) if day not in
                                    (5, 6, 9)])  # fmt: skip
    (lost,) = folders.build().manifest.lost_days
    assert (lost.days, lost.zero) == (3, ("gmv", "orders"))
    assert lost.spans == ((ago(9), ago(9)), (ago(6), ago(5)))
    assert folders.build(as_of=ago(10)).manifest.lost_days == ()


def test_refused_facts_leave_nothing_behind(folders: Folders, write: Writer) -> None:
    write("days.parquet", COLUMNS, [("a", LAST, 1.0, 1), ("a", LAST, 2.0, 1)])
    with pytest.raises(FactsError, match="different values"):
        folders.build()
    assert list(folders.snapshots.iterdir()) == []


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2020, 1, 1)])
def test_an_as_of_date_without_facts_is_told_with_the_days_there_are(
    folders: Folders, day: date
) -> None:
    with pytest.raises(FactsError, match="reach from 2026-02-01 to 2026-03-31"):
        folders.build(as_of=day)


def test_a_past_date_knows_only_what_was_known_then(folders: Folders, write: Writer) -> None:
    rows = [("old", ago(day), 1.0, 1) for day in range(40)]
    write("days.parquet", COLUMNS, [*rows, ("new", ago(3), 5.0, 1)])
    past = folders.build(as_of=ago(10))
    assert past.block(0).shops == ["old"]
    assert past.manifest.latest_available_date == LAST
    assert folders.build().block(0).shops == ["new", "old"]


def test_days_before_a_shop_opened_are_zero_and_days_before_the_facts_missing(
    folders: Folders, write: Writer
) -> None:
    rows = [("old", ago(day), 1.0, 1) for day in range(40)]
    write("days.parquet", COLUMNS, [*rows, ("new", ago(3), 5.0, 1)])
    snapshot = folders.build()
    block = snapshot.block(0)
    gmv = {period: block.values[snapshot.row_of[period, "gmv", Channel.SHOP], 0] for period in
           (Period.L7D, Period.P7D, Period.L30D, Period.P30D)}  # fmt: skip
    assert gmv[Period.L7D] == 5.0
    assert gmv[Period.P7D] == 0.0
    assert gmv[Period.L30D] == 5.0
    assert np.isnan(gmv[Period.P30D])


def test_integer_ids_beyond_2_to_the_53_stay_exact(folders: Folders, write: Writer) -> None:
    columns = COLUMNS | {"shop_id": "BIGINT"}
    ids = [9007199254740993, 7494105698760099999, 7494105698760099998]
    write("days.parquet", columns, [(each, LAST, 1.0, 1) for each in ids])
    assert folders.build().block(0).shops == sorted(str(each) for each in ids)


def profiles(write: Writer) -> None:
    write("days.parquet", COLUMNS, [("a", ago(9), 1.0, 1), ("b", ago(5), 1.0, 1)])
    columns = {"shop_id": "VARCHAR", "name": "VARCHAR", "industry": "VARCHAR",
               "region": "VARCHAR", "opened_on": "DATE", "focus": "VARCHAR"}  # fmt: skip
    write(
        "shops.parquet",
        columns,
        [
            ("a", "é" * 150, "toys", "MX", date(2024, 5, 1), "shop_tab, self live"),
            ("idle", None, None, None, None, None),
            ("later", "Later", "toys", "US", date(2026, 4, 1), None),
        ],
    )


def test_profiles_come_with_codes_defaults_and_unknowns(
    folders: Folders, write: Writer, mapped: Mapper
) -> None:
    profiles(write)
    folders.mapping = mapped(TABLE + SHOPS)
    snapshot = folders.build()
    block = snapshot.block(0)
    assert block.shops == ["a", "b", "idle"]
    words = snapshot.manifest.vocabularies
    assert words["industry"] == ("toys",)
    assert words["region"] == ("MX", "US")
    a, b, idle = block.profile
    assert a["name"].decode() == "é" * 100
    assert [each["region"] for each in (a, b, idle)] == [0, 1, 1]
    assert [each["industry"] for each in (a, b, idle)] == [0, -1, -1]
    assert {words["currency"][each["currency"]] for each in (a, b, idle)} == {"USD"}
    assert a["focus"] == sum(
        1 << FIVE.index(each) for each in (Channel.SELLER_LIVE, Channel.SHOP_TAB)
    )
    assert (b["focus"], idle["focus"]) == (0, 0)


def test_a_first_row_is_no_opening(folders: Folders, write: Writer, mapped: Mapper) -> None:
    profiles(write)
    folders.mapping = mapped(TABLE + SHOPS)
    a, b, idle = folders.build().block(0).profile["opened_on"]
    assert a == np.datetime64("2024-05-01")
    assert np.isnat(b)
    assert np.isnat(idle)
    folders.mapping = mapped(TABLE, f"first_day = {ago(50)}\n")
    assert np.isnat(folders.build().block(0).profile["opened_on"]).all()


def test_a_profile_in_daily_rows_is_the_last_one_known_on_the_day(
    folders: Folders, write: Writer, mapped: Mapper
) -> None:
    columns = COLUMNS | {"category": "VARCHAR"}
    rows = [
        ("a", ago(9), 1.0, 1, "toys"),
        ("a", ago(5), 1.0, 1, None),
        ("a", LAST, 1.0, 1, "games"),
    ]
    write("days.parquet", columns, rows)
    folders.mapping = mapped(TABLE + '[tables.profile]\nindustry = "category"\n')

    def industry(day: date) -> str:
        snapshot = folders.build(as_of=day)
        code = snapshot.block(0).profile["industry"][0]
        return str(snapshot.manifest.vocabularies["industry"][code])

    assert (industry(ago(1)), industry(LAST)) == ("toys", "games")


def damage_manifest(change: Callable[[dict[str, Any]], None], path: Path) -> None:
    content = json.loads((path / "manifest.json").read_text("utf-8"))
    change(content)
    (path / "manifest.json").write_text(json.dumps(content), "utf-8")


def test_a_folder_without_a_manifest_is_half_written(snapshot: Snapshot) -> None:
    (snapshot.path / "manifest.json").unlink()
    with pytest.raises(SnapshotError, match="half-written: it has no manifest") as caught:
        open_snapshot(snapshot.path)
    assert "shopace snapshot build" in caught.value.hint


def test_building_again_heals_a_half_written_snapshot(folders: Folders) -> None:
    made = folders.build()
    (made.path / "manifest.json").unlink()
    (made.path / "blocks" / "00000.values.npy").write_bytes(b"half")
    again = folders.build()
    again.verify()
    assert again.id == made.id
    assert [each.name for each in made.path.parent.iterdir()] == [made.id]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="there is no snapshot at"):
        open_snapshot(tmp_path / "none")


def test_a_manifest_that_is_cut_off_is_told(snapshot: Snapshot) -> None:
    path = snapshot.path / "manifest.json"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SnapshotError, match=r"manifest\.json cannot be read"):
        open_snapshot(snapshot.path)


def test_another_schema_version_is_told(snapshot: Snapshot) -> None:
    damage_manifest(lambda content: content.update(schema="shopace.snapshot/9"), snapshot.path)
    with pytest.raises(SnapshotError, match=r"of version shopace\.snapshot/9"):
        open_snapshot(snapshot.path)


def test_missing_and_cut_files_are_told_together(snapshot: Snapshot) -> None:
    (snapshot.path / "blocks/00000.known.npy").unlink()
    values = snapshot.path / "blocks/00002.values.npy"
    values.write_bytes(values.read_bytes()[:-8])
    with pytest.raises(SnapshotError) as caught:
        open_snapshot(snapshot.path)
    assert {each.where for each in caught.value.problems} == {
        "blocks/00000.known.npy",
        "blocks/00002.values.npy",
    }


def test_verify_finds_a_changed_byte(snapshot: Snapshot) -> None:
    snapshot.verify()
    path = snapshot.path / "blocks/00001.values.npy"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotError) as caught:
        open_snapshot(snapshot.path).verify()
    assert [each.where for each in caught.value.problems] == ["blocks/00001.values.npy"]


def test_the_latest_snapshot_is_that_of_the_latest_day(folders: Folders) -> None:
    days = [ago(3), LAST, ago(7)]
    built = {day: folders.build(as_of=day) for day in days}
    assert latest_snapshot(folders.snapshots).id == built[LAST].id
    assert latest_snapshot(folders.snapshots, "tiny", ago(7)).id == built[ago(7)].id
    with pytest.raises(SnapshotError, match="no snapshot of tiny as of 2020-01-01"):
        latest_snapshot(folders.snapshots, "tiny", date(2020, 1, 1))


@pytest.mark.parametrize("later", [0, 1])
def test_of_two_snapshots_of_one_day_the_one_built_last_is_taken(
    folders: Folders, later: int
) -> None:
    both = [folders.build(), folders.build(metrics={})]
    for number, each in enumerate(both):
        manifest = each.path / "manifest.json"
        os.utime(manifest, (1_000 + (number == later), 1_000 + (number == later)))
    assert latest_snapshot(folders.snapshots).id == both[later].id
    assert folders.build().id == both[0].id
    assert latest_snapshot(folders.snapshots).id == both[0].id


def test_snapshots_of_two_marketplaces_are_never_confused(folders: Folders) -> None:
    one = folders.build()
    other = one.path.with_name(one.id.replace("tiny", "other"))
    shutil.copytree(one.path, other)
    with pytest.raises(SnapshotError, match="several marketplaces: other, tiny"):
        latest_snapshot(folders.snapshots)
    assert latest_snapshot(folders.snapshots, "tiny").path == one.path


def test_a_damaged_latest_snapshot_is_no_reason_to_take_an_older_one(folders: Folders) -> None:
    folders.build(as_of=ago(1))
    (folders.build().path / "manifest.json").unlink()
    with pytest.raises(SnapshotError, match="half-written"):
        latest_snapshot(folders.snapshots)


def test_a_block_of_a_snapshot_that_has_gone_is_told(snapshot: Snapshot) -> None:
    shutil.rmtree(snapshot.path / "blocks")
    with pytest.raises(SnapshotError, match="cannot be read"):
        snapshot.block(0)


def test_a_block_keeps_shops_and_profile_in_step(snapshot: Snapshot) -> None:
    block: Block = snapshot.block(1)
    assert block.shops == [each.decode() for each in block.profile["id"]]
    assert block.values.shape == block.known.shape == (len(snapshot.manifest.rows), 4)
