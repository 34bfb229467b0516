"""diagnose, truth and benchmarks: without any server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from click.testing import Result

from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.metrics import Legend, MetricValues

Call = Callable[..., Result]
Ask = Callable[..., Any]


def test_a_diagnosis_for_people_says_that_it_had_no_memory(
    call: Call, built: Path, shop: str
) -> None:
    result = call("diagnose", shop, "--data", built)
    assert result.exit_code == 0
    assert shop in result.stdout
    assert "GMV BREAKDOWN" in result.stdout
    assert " ".join(result.stdout.split()).count("no memory of earlier diagnoses") == 1


def test_a_diagnosis_for_programs_is_the_published_document(
    ask: Ask, built: Path, shop: str
) -> None:
    told = ask("diagnose", shop, "--data", built, "--metrics")
    assert told["published"] is False
    diagnosis = msgspec.convert(told["diagnosis"], Diagnosis)
    metrics = msgspec.convert(told["metrics"], MetricValues)
    legend = msgspec.convert(told["legend"], Legend)
    assert diagnosis.shop.id == shop
    assert not diagnosis.freshness.memory
    assert metrics.legend == legend.id
    assert len(metrics.l7d) == len(metrics.aa) == len(legend.columns)


def test_the_metrics_table_counts_what_has_no_value(call: Call, built: Path, shop: str) -> None:
    text = call("diagnose", shop, "--data", built, "--metrics", "--cards", "0").stdout
    assert "EVERY METRIC" in text
    assert "more have no value for this shop" in text


def test_diagnosing_twice_gives_the_same_text(call: Call, built: Path, shop: str) -> None:
    texts = {call("diagnose", shop, "--data", built).stdout for _ in range(2)}
    assert len(texts) == 1


def test_an_unknown_shop_is_answered_with_the_near_one(call: Call, built: Path, shop: str) -> None:
    result = call("diagnose", shop[:-1] + "_", "--data", built)
    assert result.exit_code == 4
    assert f'did you mean "{shop}"?' in result.stderr
    as_json = call("diagnose", "nobody", "--data", built, "--json")
    assert json.loads(as_json.stdout)["error"]["kind"] == "UnknownShopError"


def test_a_day_without_snapshot_is_told(call: Call, built: Path, shop: str) -> None:
    result = call("diagnose", shop, "--data", built, "--as-of", "2020-01-01")
    assert result.exit_code == 4
    assert "2020-01-01" in result.stderr


def test_an_older_benchmark_set_is_refused_unless_none_is_wanted(
    call: Call, ask: Ask, data: Path, shop: str
) -> None:
    ask("snapshot", "build", "--data", data, "--as-of", "2026-10-30")
    ask("benchmarks", "build", "--data", data)
    earlier = next((data / "snapshots").glob("*2026-10-30*")).name
    for path in (data / "benchmarks").glob("*2026-10-31*"):
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    ask("benchmarks", "build", earlier, "--data", data)
    result = call("diagnose", shop, "--data", data)
    assert result.exit_code == 4
    assert "1 day older" in result.stderr
    latest = next((data / "snapshots").glob("*2026-10-31*")).name
    assert f"shopace benchmarks build {latest};" in result.stderr
    without = ask("diagnose", shop, "--data", data, "--without-benchmarks")
    assert without["diagnosis"]["freshness"]["benchmarks"] == ""
    assert without["diagnosis"]["counts"]["P2"] == 0


def test_of_several_marketplaces_in_one_folder_one_is_named(
    call: Call, ask: Ask, data: Path, shop: str
) -> None:
    mapping = data / "facts" / "mapping.toml"
    mapping.write_text(mapping.read_text().replace('name = "demo"', 'name = "other"'))
    ask("snapshot", "build", "--data", data)
    for command in (("benchmarks", "build"), ("diagnose", shop), ("snapshot", "verify")):
        result = call(*command, "--data", data)
        assert result.exit_code == 4
        assert "demo, other (name one of them: --marketplace)" in result.stderr
        ask(*command, "--data", data, "--marketplace", "other")
    told = ask("diagnose", shop, "--data", data, "--marketplace", "demo")
    assert told["diagnosis"]["freshness"]["snapshot"].startswith("demo-")


def test_without_any_benchmark_set_the_way_out_is_told(call: Call, data: Path, shop: str) -> None:
    (data / "benchmarks").rename(data / "elsewhere")
    result = call("diagnose", shop, "--data", data)
    assert result.exit_code == 4
    assert "there is no benchmark set" in result.stderr
    assert "shopace benchmarks build" in result.stderr


def test_parameters_of_shopace_toml_change_what_is_told(ask: Ask, data: Path) -> None:
    before = ask("truth", "--data", data)
    (data / "shopace.toml").write_text('[disable]\nplugins = ["promotions"]\n')
    after = ask("truth", "--data", data)
    assert sum(after["cards"].values()) < sum(before["cards"].values())


def test_a_switched_off_plugin_is_listed_as_such(ask: Ask, data: Path) -> None:
    (data / "shopace.toml").write_text('[disable]\nplugins = ["promotions"]\n')
    listed = ask("plugins", "list", "--data", data)["plugins"]
    assert {each["key"] for each in listed if each["state"] == "switched off"} == {"promotions"}


def test_truth_counts_every_cause_and_card_once(ask: Ask, built: Path) -> None:
    told = ask("truth", "--data", built)
    assert told["shops"] == 120
    assert 0 <= told["found"] <= told["planted"]
    assert sum(each["planted"] for each in told["causes"]) == told["planted"]
    assert sum(each["found"] for each in told["causes"]) == told["found"]
    for priority, cards in told["cards"].items():
        healthy = told["in_healthy_shops"].get(priority, 0)
        assert healthy <= told["unexplained"].get(priority, 0) <= cards


def test_a_truth_of_another_marketplace_or_of_unknown_causes_is_refused(
    call: Call, data: Path
) -> None:
    file = data / "facts" / "truth.csv"
    header, *rows = file.read_text().splitlines()
    planted = [row.split(",") for row in rows if not row.startswith("*")]
    elsewhere = [",".join(["X" + row[0], *row[1:]]) for row in planted]
    file.write_text("\n".join([header, *elsewhere]) + "\n")
    result = call("truth", "--data", data)
    assert result.exit_code == 3
    assert "no shop of the truth table is in snapshot" in result.stderr
    file.write_text(f"{header}\n{planted[0][0]},stock_aut,temporary,shop,,,1\n")
    result = call("truth", "--data", data)
    assert result.exit_code == 3
    assert 'no cause is called "stock_aut" (did you mean "stock_out"?)' in result.stderr


def test_without_a_truth_table_truth_says_where_it_comes_from(call: Call, data: Path) -> None:
    (data / "facts" / "truth.csv").unlink()
    result = call("truth", "--data", data)
    assert result.exit_code == 4
    assert "shopace simulate" in result.stderr


def test_a_file_that_is_no_truth_table_is_refused(call: Call, data: Path) -> None:
    (data / "facts" / "truth.csv").write_text("shop_id,cause\n1,stock_out\n")
    result = call("truth", "--data", data)
    assert result.exit_code == 3
    assert "truth.csv" in result.stderr
