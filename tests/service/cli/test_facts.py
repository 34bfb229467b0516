"""facts check and snapshot: what is refused, and how it is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result

Call = Callable[..., Result]
Ask = Callable[..., Any]


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """Three shops over forty days in CSV, with a mapping; sound."""
    folder = tmp_path / "facts"
    folder.mkdir()
    days = [f"2026-{month:02}-{day:02}" for month in (9, 10) for day in range(1, 21)]
    rows = [f"{shop},{day},{10 * shop},{100.5 * shop}" for shop in (1, 2, 3) for day in days]
    (folder / "days.csv").write_text("\n".join(["shop,day,orders,gmv", *rows]) + "\n")
    (folder / "mapping.toml").write_text(MAPPING)
    return folder


MAPPING = """
schema = "shopace.mapping/1"
[marketplace]
name = "small"
region = "US"
currency = "USD"
channels = []
latest_final_day = 2026-10-20
[[tables]]
files = "*.csv"
shop = "shop"
date = "day"
absent_day = "zero"
"""


def test_sound_facts_are_told_as_fit_with_their_days(call: Call, facts: Path) -> None:
    result = call("facts", "check", facts / "mapping.toml", facts)
    assert result.exit_code == 0
    assert "3 shops, 120 rows, 2026-09-01 to 2026-10-20" in result.stdout
    assert "The facts are fit for use." in result.stdout
    assert "known measures are not delivered" in result.stdout


def test_the_report_is_one_json_document(ask: Ask, facts: Path) -> None:
    report = ask("facts", "check", facts / "mapping.toml", facts)
    assert report["sound"] is True
    assert report["shops"] == 3
    assert {each["measure"] for each in report["measures"]} == {"orders", "gmv"}
    assert "ad_spend" in report["not_delivered"]


def test_what_cannot_be_judged_is_told_by_the_measures_it_lacks(call: Call, facts: Path) -> None:
    told = call("facts", "check", facts / "mapping.toml", facts).stdout
    assert "*.csv lights up " in told
    assert "policy lines cannot be judged: they stay unknown" in told
    lines = told.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("cannot be judged without"))
    end = next(i for i, line in enumerate(lines) if line.startswith("and ") and "--all" in line)
    assert end - start == 16
    assert "active_products" in told


def test_with_all_every_missing_measure_is_told(call: Call, ask: Ask, facts: Path) -> None:
    told = call("facts", "check", facts / "mapping.toml", facts, "--all").stdout
    assert "more: --all" not in told
    report = ask("facts", "check", facts / "mapping.toml", facts)
    shown = {line.split(" ")[0] for line in told.splitlines()}
    assert {each["measure"] for each in report["dark"]["missing"]} <= shown


def test_the_json_report_names_what_is_dark_and_what_each_table_lights_up(
    ask: Ask, facts: Path
) -> None:
    report = ask("facts", "check", facts / "mapping.toml", facts)
    (table,) = report["lights_up"]
    assert table["files"] == "*.csv"
    assert {"orders", "gmv"} <= set(table["metrics"])
    missing = {each["measure"]: each for each in report["dark"]["missing"]}
    assert missing["out_of_stock_products"]["dark"]["metrics"] == ["out_of_stock_rate"]
    assert missing["out_of_stock_products"]["dark"]["tasks"]
    assert missing["sps"]["dark"]["lines"]
    assert "out_of_stock_rate" in report["dark"]["dark"]["metrics"]
    assert "gmv" in report["dark"]["lit"]["metrics"]


def test_without_arguments_the_data_folder_is_checked(call: Call, built: Path) -> None:
    assert call("facts", "check", "--data", built).exit_code == 0


def test_without_arguments_and_without_a_mapping_the_call_is_shown(call: Call) -> None:
    result = call("facts", "check")
    assert result.exit_code == 3
    assert "there is no mapping shopace-data/facts/mapping.toml" in result.stderr
    assert "shopace facts check mapping.toml facts/" in result.stderr
    assert "shopace snapshot build mapping.toml facts/" in call("snapshot", "build").stderr
    assert "--mapping mapping.toml --facts facts/" in call("products", "list", "1").stderr


def test_bad_cells_become_missing_and_are_counted(call: Call, facts: Path) -> None:
    text = (facts / "days.csv").read_text()
    text = text.replace("2,2026-09-02,20,", "2,2026-09-02,-1,").replace(
        "3,2026-09-03,30,", "3,2026-09-03,nan,"
    )
    (facts / "days.csv").write_text(text)
    result = call("facts", "check", facts / "mapping.toml", facts)
    assert result.exit_code == 0
    assert "orders (shop): 1 NaN, 1 negative, taken as missing" in result.stdout


@pytest.fixture
def stopped(facts: Path) -> Path:
    """The same with a table of visitors whose feed stopped three days before the end."""
    rows = "\n".join(f"{shop},2026-10-17,3" for shop in (1, 2, 3))
    (facts / "visits.csv").write_text(f"shop,day,visitors\n{rows}\n")
    table = MAPPING.partition("[[tables]]")[2]
    mapping = MAPPING.replace("*.csv", "days.csv")
    (facts / "mapping.toml").write_text(
        mapping + "[[tables]]" + table.replace("*.csv", "visits.csv")
    )
    return facts


ENDS_EARLY = "visits.csv: ends on 2026-10-17, 3 days early: nothing is known of them"


def test_a_table_that_ends_before_the_others_is_told(call: Call, stopped: Path) -> None:
    result = call("facts", "check", stopped / "mapping.toml", stopped)
    assert result.exit_code == 0
    assert ENDS_EARLY in result.stdout


def test_a_snapshot_says_of_which_table_the_last_days_are_missing_whenever_it_is_built(
    call: Call, ask: Ask, stopped: Path, tmp_path: Path
) -> None:
    build = ("snapshot", "build", stopped / "mapping.toml", stopped, "--data", tmp_path / "data")
    for _ in range(2):
        result = call(*build)
        assert result.exit_code == 0
        assert ENDS_EARLY in result.stderr
        assert ENDS_EARLY not in result.stdout
    (end,) = ask(*build)["early_ends"]
    assert (end["days"], end.get("zero", [])) == (3, [])
    assert "visits.csv" not in call(*build, "--as-of", "2026-10-17").stderr


def test_days_after_the_last_row_count_as_zero_only_where_they_are_declared_to_be_known(
    ask: Ask, stopped: Path
) -> None:
    mapping = stopped / "mapping.toml"
    build = ("snapshot", "build", mapping, stopped, "--data", stopped / "data")
    head, zero, last = mapping.read_text().rpartition('absent_day = "zero"\n')
    for absent, counted in ((zero, ["visitors"]), (zero.replace("zero", "missing"), [])):
        mapping.write_text(f"{head}{absent}known_until = 2026-10-20\n{last}")
        (end,) = ask(*build)["early_ends"]
        assert (end["files"], end.get("zero", [])) == ("visits.csv", counted)


class Harm(NamedTuple):
    """A change to the delivery that must be refused, and a word of the cause that is told."""

    file: str
    content: str | None
    told: str


HARMS = {
    "a missing column": Harm("days.csv", "shop,orders\n1,2\n", '"day"'),
    "a mapping that names an absent column": Harm(
        "mapping.toml", MAPPING + '[tables.measures]\norders = "ordrs"\n', '"ordrs"'
    ),
    "a date in the future": Harm("days.csv", "shop,day,orders\n1,2031-01-01,2\n", "2031-01-01"),
    "conflicting rows": Harm(
        "days.csv", "shop,day,orders\n1,2026-10-01,2\n1,2026-10-01,3\n", "2026-10-01"
    ),
    "a value that is no number": Harm(
        "days.csv", "shop,day,orders\n1,2026-10-01,two\n", "no numbers"
    ),
    "no file": Harm("days.csv", None, "*.csv"),
    "a mapping of wrong types": Harm("mapping.toml", "schema = 3", "schema"),
    "an undeclared absent day": Harm(
        "mapping.toml", MAPPING.replace('absent_day = "zero"', ""), "absent_day"
    ),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
@pytest.mark.parametrize("command", [("facts", "check"), ("snapshot", "build")])
def test_what_is_refused_ends_with_3_names_the_cause_and_leaves_nothing(
    call: Call, facts: Path, tmp_path: Path, harm: Harm, command: tuple[str, str]
) -> None:
    if harm.content is None:
        (facts / harm.file).unlink()
    else:
        (facts / harm.file).write_text(harm.content)
    result = call(*command, facts / "mapping.toml", facts, "--data", tmp_path / "data")
    assert result.exit_code == 3, result.output
    assert harm.told in result.stderr
    assert not list((tmp_path / "data").rglob("*.npy"))


def test_refused_facts_with_json_keep_their_report_and_all_problems(
    call: Call, facts: Path
) -> None:
    (facts / "days.csv").write_text(
        "shop,day,orders\n1,2026-10-01,2\n1,2026-10-01,3\n2,2031-01-01,1\n"
    )
    result = call("facts", "check", facts / "mapping.toml", facts, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 3
    assert report["sound"] is False
    assert len(report["problems"]) >= 2


def test_a_corrupt_parquet_file_is_refused_by_its_name(call: Call, data: Path) -> None:
    (data / "facts" / "shop_days.parquet").write_bytes(b"PAR1 this is none PAR1")
    result = call("facts", "check", "--data", data)
    assert result.exit_code == 3
    assert "shop_days.parquet" in result.stderr


def test_an_empty_folder_is_told_with_the_way_out(call: Call, facts: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = call("facts", "check", facts / "mapping.toml", tmp_path / "empty")
    assert result.exit_code == 3
    assert "empty" in result.stderr


def test_the_same_facts_give_the_same_snapshot(ask: Ask, built: Path) -> None:
    first = ask("snapshot", "list", "--data", built)["snapshots"]
    again = ask("snapshot", "build", "--data", built, "--block-shops", "50")
    assert [each["id"] for each in first] == [again["id"]]


def test_a_snapshot_of_an_earlier_day_stands_beside_the_latest(ask: Ask, data: Path) -> None:
    ask("snapshot", "build", "--data", data, "--as-of", "2026-10-24")
    listed = ask("snapshot", "list", "--data", data)["snapshots"]
    assert [each["as_of"] for each in listed] == ["2026-10-31", "2026-10-24"]
    assert {(each["state"], each["problem"]) for each in listed} == {("usable", None)}


def test_a_changed_file_is_found_by_verify_and_named(call: Call, data: Path) -> None:
    assert call("snapshot", "verify", "--data", data).exit_code == 0
    values = next((data / "snapshots").rglob("00000.values.npy"))
    content = bytearray(values.read_bytes())
    content[-1] ^= 1
    values.write_bytes(content)
    result = call("snapshot", "verify", "--data", data)
    assert result.exit_code == 4
    assert values.name in result.stderr
    report = call("snapshot", "verify", "--data", data, "--json")
    assert report.exit_code == 4
    told = json.loads(report.stdout)
    assert (told["sound"], told["verified"]) == (False, False)
    assert values.name in told["problems"][0]["where"]


def test_a_snapshot_that_is_not_there_is_answered_with_the_near_one(
    call: Call, built: Path, tmp_path: Path
) -> None:
    (snapshot,) = (built / "snapshots").iterdir()
    near = call("snapshot", "verify", snapshot.name[:-1], "--data", built)
    assert near.exit_code == 4
    assert f'did you mean "{snapshot.name}"?' in near.stderr
    (tmp_path / "elsewhere").symlink_to(snapshot)
    outside = call("snapshot", "verify", "../../elsewhere", "--data", tmp_path / "data")
    assert outside.exit_code == 4
    assert 'there is no "../../elsewhere"' in outside.stderr


def test_benchmark_sets_are_listed_and_verified(call: Call, ask: Ask, data: Path) -> None:
    (listed,) = ask("benchmarks", "list", "--data", data)["benchmarks"]
    (snapshot,) = ask("snapshot", "list", "--data", data)["snapshots"]
    assert (listed["state"], listed["snapshot"]) == ("usable", snapshot["id"])
    for named in ((), (listed["id"],)):
        assert ask("benchmarks", "verify", *named, "--data", data)["verified"]
    file = next((data / "benchmarks" / listed["id"]).glob("*.npy"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    result = call("benchmarks", "verify", "--data", data)
    assert result.exit_code == 4
    assert file.name in result.stderr
    report = call("benchmarks", "verify", "--data", data, "--json")
    assert json.loads(report.stdout)["sound"] is False
    (data / "benchmarks" / listed["id"] / "manifest.json").unlink()
    (broken,) = ask("benchmarks", "list", "--data", data)["benchmarks"]
    assert broken["state"] == "unusable"
    assert call("benchmarks", "verify", "nope", "--data", data).exit_code == 4


def test_a_half_written_snapshot_is_listed_as_such_and_never_used(
    call: Call, ask: Ask, data: Path, shop: str
) -> None:
    next((data / "snapshots").glob("*/manifest.json")).unlink()
    (listed,) = ask("snapshot", "list", "--data", data)["snapshots"]
    assert listed["state"] == "unusable"
    assert "half-written" in listed["problem"]
    assert "half-written" in call("snapshot", "list", "--data", data).stdout
    result = call("diagnose", shop, "--data", data)
    assert result.exit_code == 4
    assert "half-written" in result.stderr
    assert "shopace snapshot build" in result.stderr


def test_an_empty_data_folder_says_what_to_build(call: Call) -> None:
    assert "shopace snapshot build" in call("snapshot", "list").stdout
    result = call("snapshot", "verify")
    assert result.exit_code == 4
    assert "shopace snapshot build" in result.stderr


def test_simulate_gives_the_same_facts_twice_and_others_with_another_seed(
    ask: Ask, tmp_path: Path
) -> None:
    def made(name: str, seed: str) -> bytes:
        ask("simulate", tmp_path / name, "--shops", "5", "--days", "30", "--seed", seed)
        return (tmp_path / name / "shop_days.parquet").read_bytes()

    assert made("a", "1") == made("b", "1")
    assert made("c", "2") != made("a", "1")


def test_the_smallest_marketplace_is_fit_for_use(call: Call, ask: Ask, tmp_path: Path) -> None:
    ask("simulate", tmp_path / "facts", "--shops", "1", "--days", "30")
    assert call("facts", "check", "--data", tmp_path).exit_code == 0


def test_facts_of_somebodys_own_are_not_replaced_by_made_up_ones(call: Call, facts: Path) -> None:
    before = {each.name: each.read_bytes() for each in facts.iterdir()}
    result = call("simulate", facts, "--shops", "1")
    assert result.exit_code == 3
    assert "name a new or an empty folder" in result.stderr
    assert {each.name: each.read_bytes() for each in facts.iterdir()} == before


def test_an_unknown_cause_is_a_wrong_call(call: Call, tmp_path: Path) -> None:
    result = call("simulate", tmp_path / "out", "--cause", "stock_aut")
    assert result.exit_code == 2
    assert "stock_aut" in result.stderr
    assert "did you mean stock_out?" in result.stderr
    assert not (tmp_path / "out" / "mapping.toml").exists()


def test_violations_one_by_one_light_up_what_they_add_up_to(facts: Path, ask: Ask) -> None:
    def dark() -> set[str]:
        report = ask("facts", "check", facts / "mapping.toml", facts)
        return {each["measure"] for each in report["dark"]["missing"]}

    counted = {"penalty_points", "open_violations_rules", "appeal_days_left"}
    assert counted <= dark()
    (facts / "blame").mkdir()
    (facts / "blame" / "all.csv").write_text("shop,id,points\n1,v1,4\n")
    with (facts / "mapping.toml").open("a") as mapping:
        mapping.write(VIOLATIONS)
    assert not counted & dark()


VIOLATIONS = """
[[tables]]
kind = "violations"
files = "blame/*.csv"
shop = "shop"
violation = "id"
[tables.fields]
points = "points"
"""
