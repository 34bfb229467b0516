"""Violations one by one: what they add up to, when points end, since when and until when."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from tests.marketplace import LAST_DAY, Shop, build, diagnose, write_facts

from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.run import Inputs
from shopace.core.records.card import Ending, Risk
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS

MAPPING = """
[[tables]]
kind = "violations"
files = "violations.parquet"
shop = "shop"
violation = "violation"
[tables.fields]
category = "category"
points = "points"
issued_on = "issued_on"
ends_on = "ends_on"
appeal_by = "appeal_by"
status = "status"
"""


class Violation(NamedTuple):
    """Days count from the as-of date: negative ones lie before it."""

    shop: str = "BR"
    category: str | None = "products"
    points: float | None = 12.0
    issued: int | None = -10
    ends: int | None = 170
    appeal_by: int | None = None
    status: str | None = "closed"


def market(folder: Path, *violations: Violation, **facts: float) -> Inputs:
    """A shop per region, known by it, with these violations and daily facts."""
    registry = load_registry(BUILTIN, use_entry_points=False)
    regions = ("BR", "SG", "US")
    shops = [Shop(id=each, region=each, facts={"gmv": 10.0, **facts}) for each in regions]
    home = folder / "facts"
    write_facts(home, shops, registry)
    with (home / "mapping.toml").open("a") as mapping:
        mapping.write(MAPPING)
    rows = [
        (
            each.shop,
            f"v{number}",
            each.category,
            each.points,
            *(day(days) for days in (each.issued, each.ends, each.appeal_by)),
            each.status,
        )
        for number, each in enumerate(violations)
    ]
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE given (shop VARCHAR, violation VARCHAR, category VARCHAR, "
            "points DOUBLE, issued_on DATE, ends_on DATE, appeal_by DATE, status VARCHAR)"
        )
        if rows:
            database.executemany("INSERT INTO given VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute(f"COPY given TO '{home / 'violations.parquet'}' (FORMAT parquet)")
    return build(folder, shops, registry, policy=load_policy(POLICY_PACKS))


def day(days: int | None) -> dt.date | None:
    return None if days is None else LAST_DAY + dt.timedelta(days)


def diagnosis(folder: Path, *violations: Violation, shop: str = "BR", **facts: float) -> Diagnosis:
    return diagnose(market(folder, *violations, **facts))[shop].diagnosis


def risk(found: Diagnosis, line: str) -> Risk:
    (each,) = (card.risk for card in found.cards if card.risk and card.risk.line == line)
    return each


def lines(found: Diagnosis) -> set[str]:
    return {card.risk.line for card in found.cards if card.risk is not None}


def test_points_that_are_not_delivered_are_counted_from_violations(tmp_path: Path) -> None:
    found = diagnosis(tmp_path, Violation(points=8), Violation(points=4, issued=-3))
    assert lines(found) == {"points_12"}
    assert risk(found, "points_12").distance == 12


def test_revoked_violations_and_ended_points_do_not_count(tmp_path: Path) -> None:
    kept = Violation(points=11)
    found = diagnosis(tmp_path, kept, Violation(status="revoked"), Violation(ends=0))
    assert not lines(found)
    assert not risk_monitor(found)


def risk_monitor(found: Diagnosis) -> bool:
    return found.risk_monitor is not None


def test_delivered_points_judge_and_violations_only_explain(tmp_path: Path) -> None:
    found = diagnosis(tmp_path, Violation(points=40), penalty_points=12.0)
    assert lines(found) == {"points_12"}
    assert risk(found, "points_12").endings == (Ending(on=day(170), points=40),)  # type: ignore[arg-type]


def test_endings_are_told_by_day_the_next_first(tmp_path: Path) -> None:
    violations = [Violation(points=each, ends=ends) for each, ends in ((6, 40), (5, 9), (4, 40))]
    told = risk(diagnosis(tmp_path, *violations), "points_12")
    assert [(each.on, each.points) for each in told.endings] == [(day(9), 5), (day(40), 10)]
    assert told.ending_30d == 5


@pytest.mark.parametrize(("shop", "days"), [("BR", 180), ("SG", 90)])
def test_where_the_end_is_not_told_the_rules_of_the_region_say_it(
    tmp_path: Path, shop: str, days: int
) -> None:
    found = diagnosis(tmp_path, Violation(shop=shop, ends=None), shop=shop)
    (ending,) = risk(found, "points_12").endings
    assert ending.on == day(days - 10)


@pytest.mark.parametrize(
    "vague", [Violation(points=None), Violation(status=None), Violation(issued=None, ends=None)]
)
def test_a_violation_of_which_something_is_unknown_leaves_the_points_unknown(
    tmp_path: Path, vague: Violation
) -> None:
    seen = diagnose(market(tmp_path, Violation(points=30), vague))
    assert seen["BR"].values["penalty_points", "shop"] is None
    assert not lines(seen["BR"].diagnosis)
    assert seen["SG"].values["penalty_points", "shop"] == 0


def test_a_loss_counts_from_the_violation_that_reached_the_line(tmp_path: Path) -> None:
    violations = [Violation(points=6, issued=issued) for issued in (-50, -4, -20)]
    told = risk(diagnosis(tmp_path, *violations), "points_12")
    assert (told.from_date, told.until_date) == (day(-20), day(-14))


def test_the_next_appeal_that_is_not_delivered_is_the_nearest_last_day(tmp_path: Path) -> None:
    appeals = [
        Violation(points=1, status="open", appeal_by=days, issued=-5) for days in (20, 3, -1)
    ]
    told = risk(diagnosis(tmp_path, *appeals), "appeal_ending")
    assert told.act_by == day(3)


def test_on_its_last_day_an_appeal_is_still_in_time(tmp_path: Path) -> None:
    found = diagnosis(tmp_path, Violation(points=1, status="open", appeal_by=0))
    assert risk(found, "appeal_ending").act_by == LAST_DAY


def test_a_rejected_appeal_leaves_the_second_one(tmp_path: Path) -> None:
    found = diagnosis(tmp_path, Violation(points=1, status="upheld", appeal_by=9))
    assert lines(found) == {"second_appeal"}
    assert risk(found, "second_appeal").act_by == day(9)


def test_open_violations_are_counted_by_kind_and_stand_since_the_first(tmp_path: Path) -> None:
    found = diagnosis(
        tmp_path,
        Violation(points=1, category="rules", status="open", issued=-7),
        Violation(points=1, category="rules", status="appealing", issued=-9),
        Violation(points=1, category="logistics"),
    )
    assert lines(found) == {"open_violations_rules"}
    assert risk(found, "open_violations_rules").from_date == day(-9)


def test_delivered_days_left_are_those_that_are_told(tmp_path: Path) -> None:
    appeal = Violation(points=1, status="open", appeal_by=20, issued=-5)
    found = diagnosis(tmp_path, appeal, appeal_days_left=6.0, appealable_violations=1.0)
    assert risk(found, "appeal_ending").act_by == day(6)


def test_a_table_without_rows_of_a_shop_says_that_it_has_no_violations(tmp_path: Path) -> None:
    found = diagnosis(tmp_path)
    assert found.eligibility is not None
    points = next(each for each in found.eligibility.criteria if each.key == "eligibility_points")
    assert (points.outcome, points.value) == ("met", 0)
