"""plugins, catalog and schemas: what there is, and what is wrong with it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from shopace.core.vocabulary.units import CATEGORIES
from shopace.service.catalog.coverage import Row
from shopace.service.schemas import DOCUMENTS

Call = Callable[..., Result]
Ask = Callable[..., Any]

PAGE = """
from shopace.core import *
@hookimpl
def {hook}():
    return Plugin(key="{key}", category="{category}", version="2.0", title="T", question="Q?",
                  declares=({declares},))
"""
METRIC = """Metric(key="{key}", title="T", definition="D", formula=measure("{measure}"),
    unit=Unit.COUNT, direction=Direction.HIGHER)"""


def package(folder: Path, name: str, source: str) -> None:
    """An installed distribution with one entry point, as pip would leave it."""
    (folder / f"{name}_module.py").write_text(source)
    info = folder / f"{name}_dist-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(f"[shopace.plugins]\n{name} = {name}_module\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Third-party packages, every one with its own fault, and a sound one."""
    site = tmp_path / "site"
    site.mkdir()
    metric = METRIC.format(key="sound.orders", measure="orders")
    sound = PAGE.format(hook="shopace_plugin", key="sound", category="ads", declares=metric)
    package(site, "sound", sound)
    package(site, "gone", "import a_module_that_is_not_there\n")
    package(site, "leaver", "raise SystemExit(0)\n")
    package(site, "misspelt", PAGE.format(
        hook="shopace_plugn", key="misspelt", category="ads", declares=metric))  # fmt: skip
    package(site, "taker", PAGE.format(
        hook="shopace_plugin", key="taker", category="ads",
        declares=METRIC.format(key="ctr", measure="orders")))  # fmt: skip
    package(site, "wrong", PAGE.format(
        hook="shopace_plugin", key="wrong", category="adds",
        declares=METRIC.format(key="wrong.\x1b[31mx", measure="ordrs")))  # fmt: skip
    return site


def with_site(site: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shopace.service.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(site)},
    )


def test_check_names_every_rejected_plugin_with_version_and_all_its_problems(site: Path) -> None:
    run = with_site(site, "plugins", "check", "--json")
    told = json.loads(run.stdout)
    assert run.returncode == 6
    assert told["sound"] is False
    assert {each["where"].split()[1] for each in told["problems"]} == {
        each["plugin"] for each in told["rejected"]
    }
    assert "sound 2.0" in told["plugins"]
    problems = {
        each["plugin"]: " ".join(f"{p['what']} {p['hint']}" for p in each["problems"])
        for each in told["rejected"]
    }
    assert set(problems) == {"gone", "leaver", "misspelt", "taker", "wrong"}
    assert {each["version"] for each in told["rejected"]} == {"2.0"}
    assert "a_module_that_is_not_there" in problems["gone"]
    assert "SystemExit" in problems["leaver"]
    assert 'did you mean "shopace_plugin"?' in problems["misspelt"]
    assert "metric ctr" in problems["taker"]
    assert 'did you mean "ads"?' in problems["wrong"]
    assert 'did you mean "orders"?' in problems["wrong"]


def test_check_tells_what_plugins_do_to_each_other_and_strict_fails_on_it(site: Path) -> None:
    for name in ("gone", "leaver", "misspelt", "taker", "wrong"):
        (site / f"{name}_dist-2.0.dist-info" / "entry_points.txt").unlink()
    assert with_site(site, "plugins", "check").returncode == 0
    assert with_site(site, "plugins", "check", "--strict").returncode == 6
    (warning,) = [
        each
        for each in json.loads(with_site(site, "plugins", "check", "--json").stdout)["remarks"]
        if each["plugin"] == "sound"
    ]
    assert warning["severity"] == "warning"
    assert warning["where"] == "metric sound.orders"
    text = with_site(site, "plugins", "check").stdout
    assert "warning: sound: metric sound.orders: higher is better, and no task stands on it" in text


def test_check_for_people_says_the_same_and_cannot_steer_the_terminal(site: Path) -> None:
    run = with_site(site, "plugins", "check", "-v")
    assert run.returncode == 6
    assert "gone 2.0: rejected" in run.stdout
    assert f"(at {site / 'gone_module.py'}:1)" in run.stdout
    assert "    Traceback (most recent call last):" in run.stdout
    assert "18 plugins keep the contract" in run.stdout
    assert "\x1b" not in run.stdout


def test_the_list_tells_where_each_plugin_comes_from(site: Path) -> None:
    told = json.loads(with_site(site, "plugins", "list", "--json").stdout)["plugins"]
    by_key = {each["key"]: each for each in told}
    assert by_key["sound"]["origin"] == "sound-dist 2.0"
    assert by_key["sound"]["state"] == "in use"
    assert by_key["sound"]["problem"] is None
    assert by_key["gone"]["state"] == "rejected"
    assert by_key["gone"]["category"] is None
    assert "a_module_that_is_not_there" in by_key["gone"]["problem"]
    assert by_key["ads"]["origin"] == "built-in"


def test_what_a_plugin_prints_does_not_spoil_the_json(site: Path) -> None:
    page = site / "sound_module.py"
    page.write_text('print("hello")\n' + page.read_text())
    done = with_site(site, "plugins", "list", "--json")
    assert "sound" in {each["key"] for each in json.loads(done.stdout)["plugins"]}
    assert "hello" in done.stderr


def test_a_snapshot_older_than_a_plugin_is_told_where_something_is_made_of_it(
    site: Path, data: Path
) -> None:
    page = PAGE.format(
        hook="shopace_plugin", key="later", category="ads",
        declares='Measure(key="later.clicks", title="T", unit=Unit.COUNT),'
        + METRIC.format(key="later.rate", measure="later.clicks"),
    )  # fmt: skip
    package(site, "later", page)
    done = with_site(site, "benchmarks", "build", "--json", "--data", data)
    assert done.returncode == 0
    assert "is older than the plugins: 1 metric stays unknown" in done.stderr
    assert "shopace snapshot build" in done.stderr
    assert json.loads(done.stdout)["comparisons"] > 0


def test_a_rejected_plugin_leaves_the_diagnosis_of_its_category_partial(
    site: Path, built: Path, shop: str
) -> None:
    run = with_site(site, "diagnose", shop, "--data", built, "--json")
    assert run.returncode == 0, run.stderr
    diagnosis = json.loads(run.stdout)["diagnosis"]
    assert diagnosis["partial"] is True
    rejected = [each for each in diagnosis["not_evaluated"] if each["reason"] == "rejected"]
    assert any("taker" in each.get("detail", "") for each in rejected)


def test_a_plugin_begins_in_a_folder_of_its_own_under_a_name_of_its_own(
    call: Call, tmp_path: Path
) -> None:
    def begun(name: str) -> Result:
        return call("plugins", "new", name, "--into", tmp_path)

    assert "shopace_vendor2.py" in begun("vendor2").stdout
    assert (tmp_path / "vendor2" / "pyproject.toml").exists()
    assert begun("vendor2").exit_code == 3
    assert "is there already" in begun("vendor2").stderr
    assert begun("Vendor").exit_code == 2
    assert "is a category's own name" in begun("ads").stderr


def test_without_third_parties_all_17_keep_the_contract(call: Call, ask: Ask) -> None:
    assert call("plugins", "check", "--strict").exit_code == 0
    listed = ask("plugins", "list")["plugins"]
    assert [each["key"] for each in listed] == list(CATEGORIES)
    assert all(each["metrics"] and each["tasks"] >= 2 for each in listed)


def test_strict_asks_for_a_plugin_of_every_category(call: Call, ask: Ask, data: Path) -> None:
    (data / "shopace.toml").write_text('[disable]\nplugins = ["campaigns"]\n')
    (off,) = [
        each
        for each in ask("plugins", "list", "--data", data)["plugins"]
        if each["state"] == "switched off"
    ]
    assert (off["key"], off["category"], off["version"]) == ("campaigns", "campaigns", None)
    assert call("plugins", "check", "--data", data).exit_code == 0
    result = call("plugins", "check", "--strict", "--data", data)
    assert result.exit_code == 6
    assert "campaigns: no plugin diagnoses this category" in result.stdout


def test_no_column_of_the_list_is_cut_at_80_columns(call: Call) -> None:
    assert "…" not in call("plugins", "list").stdout


def test_the_catalogue_holds_every_category_with_its_formulas(call: Call, ask: Ask) -> None:
    told = ask("catalog")
    assert [each["category"] for each in told["categories"]] == list(CATEGORIES)
    competitiveness = told["categories"][1]
    (ctr,) = [each for each in competitiveness["metrics"] if each["key"] == "ctr"]
    assert ctr["formula"] == "product_clicks ÷ product_impressions"
    assert ctr["benchmark"]["top"] == 0.75
    text = call("catalog", "--category", "product_competitiveness").stdout
    assert "product_clicks ÷ product_impressions" in " ".join(text.split())


def test_the_measures_are_told_with_their_origin_and_the_metrics_over_each(
    call: Call, ask: Ask
) -> None:
    told = {each["key"]: each for each in ask("catalog", "--measures")["measures"]}
    assert len(told) >= 155
    stock = told["out_of_stock_products"]
    assert stock["metrics"] == ["out_of_stock_rate"]
    assert stock["definition"]
    assert stock["origin"]["warehouse"]
    uniques = told["unique_product_clicks"]
    assert "never over products or channels" in uniques["adds_up"]
    text = call("catalog", "--measures", "--category", "ads").stdout
    assert "ad_spend" in text
    assert "out_of_stock_products" not in text


def test_every_task_of_the_catalogue_says_when_it_fires(ask: Ask) -> None:
    tasks = [task for each in ask("catalog")["categories"] for task in each["tasks"]]
    assert {each["priority"] for each in tasks} == {"P0", "P1", "P2"}
    assert all(each["fires_when"] for each in tasks)


def test_lines_in_the_catalogue_are_the_configured_ones(ask: Ask, data: Path) -> None:
    def lines() -> str:
        return json.dumps(ask("catalog", "--category", "supply_scale", "--data", data))

    assert "0.42 (supply_scale.enough_sells_line)" not in lines()
    (data / "shopace.toml").write_text('[parameters]\n"supply_scale.enough_sells_line" = 0.42\n')
    assert "0.42 (supply_scale.enough_sells_line)" in lines()


def test_the_coverage_of_the_product_is_a_table_with_a_verdict(call: Call, ask: Ask) -> None:
    told = json.loads(call("catalog", "--coverage", "--json").stdout)
    rows = {each["says"]: each for each in told["rows"]}
    assert (rows["categories"]["has"], rows["categories"]["of"]) == (17, 17)
    assert rows["metrics"]["state"] == "met"
    result = call("catalog", "--coverage")
    assert result.exit_code == (0 if told["met"] else 1)
    assert "categories" in result.stdout


def test_pages_are_of_the_product_alone(site: Path, call: Call, tmp_path: Path) -> None:
    pages, data = tmp_path / "pages", tmp_path / "configured"
    pages.mkdir()
    data.mkdir()
    assert call("catalog", "--write", "--folder", pages).exit_code == 0
    (data / "shopace.toml").write_text('[disable]\nplugins = ["ads"]\n')
    beside = with_site(site, "catalog", "--check", "--folder", pages, "--data", data)
    assert beside.returncode == 0, beside.stderr
    (pages / "ads.md").write_text("stale\n")
    stale = call("catalog", "--check", "--folder", pages)
    assert stale.exit_code == 7
    assert "shopace catalog --write" in stale.stderr
    assert "ads.md: is not what the plugins say" in stale.stderr
    report = json.loads(call("catalog", "--check", "--folder", pages, "--json").stdout)
    assert report["sound"] is False
    assert [each["where"] for each in report["problems"]] == ["ads.md"]
    assert call("catalog", "--check", "--folder", tmp_path / "nowhere").exit_code == 4
    assert call("catalog", "--check", "--coverage").exit_code == 2


def test_a_floor_that_is_not_met_ends_with_1(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (Row(says="metrics", has=0, of=1),)
    monkeypatch.setattr("shopace.service.catalog.coverage.coverage", lambda *_: rows)
    assert call("catalog", "--coverage").exit_code == 1


def test_an_unknown_category_is_answered_with_the_near_one(call: Call) -> None:
    result = call("catalog", "--category", "campains")
    assert result.exit_code == 4
    assert 'did you mean "campaigns"?' in result.stderr


def test_schemas_are_listed_written_and_checked(call: Call, ask: Ask, tmp_path: Path) -> None:
    assert [each["name"] for each in ask("schemas")["schemas"]] == [each.name for each in DOCUMENTS]
    folder = tmp_path / "schemas"
    assert call("schemas", "--write", "--folder", folder).exit_code == 4
    folder.mkdir()
    assert len(ask("schemas", "--write", "--folder", folder)["written"]) == len(DOCUMENTS)
    assert call("schemas", "--check", "--folder", folder).exit_code == 0
    (folder / "job.schema.json").unlink()
    stale = call("schemas", "--check", "--folder", folder)
    assert stale.exit_code == 7
    assert "job.schema.json: is missing" in stale.stderr
    report = call("schemas", "--check", "--folder", folder, "--json")
    assert report.exit_code == 7
    assert json.loads(report.stdout)["sound"] is False
    assert call("schemas", "--write", "--check").exit_code == 2


def test_every_number_that_can_be_set_is_listed_with_its_value(ask: Ask, data: Path) -> None:
    (data / "shopace.toml").write_text('[parameters]\n"core.aa_floor" = 0.2\n')
    told = ask("catalog", "--parameters", "--data", data)["parameters"]
    values = {each["key"]: (each["value"], each["default"]) for each in told}
    assert values["core.aa_floor"] == (0.2, 0.15)
    assert values["supply_scale.enough_sells_line"][0] == 0.3
    one = ask("catalog", "--parameters", "--category", "supply_scale")["parameters"]
    assert {each["key"].split(".")[0] for each in one} == {"supply_scale"}
