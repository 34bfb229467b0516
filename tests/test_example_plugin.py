"""The sample third-party package and a new one, installed beside the product by their users."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from click.testing import CliRunner

from shopace.service.cli import shopace as shopace_command
from shopace.service.skeleton import copy

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `pip install --target` made of both, without network."""
    sources, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("site")
    acme, zenith = sources / "acme_returns", sources / "zenith"
    shutil.copytree(ROOT / "examples" / "acme_returns", acme)
    copy(zenith, "zenith", "ads")
    run = subprocess.run(
        [sys.executable, "-m", "pip", "install", *OFFLINE, "--target", target, acme, zenith],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return target


def shopace(installed: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command line with the sample package installed."""
    return subprocess.run(
        [sys.executable, "-m", "shopace.service.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(installed)},
    )


def told(installed: Path, *arguments: str | Path) -> Any:
    run = shopace(installed, *arguments, "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout)


def test_the_plugin_is_listed_with_its_package_and_version(installed: Path) -> None:
    (acme,) = [
        each for each in told(installed, "plugins", "list")["plugins"] if each["key"] == "acme"
    ]
    assert acme == {
        "key": "acme",
        "category": "product_quality",
        "version": "1.2.0",
        "metrics": 1,
        "tasks": 2,
        "origin": "acme-returns 1.2.0",
        "state": "in use",
        "problem": None,
    }


def test_the_plugin_keeps_the_contract(installed: Path) -> None:
    run = shopace(installed, "plugins", "check")
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_new_plugin_keeps_the_contract_as_its_own_test_says(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = CliRunner().invoke(
        shopace_command,
        ["plugins", "new", "zenith", "--category", "ads", "--into", str(tmp_path), "--json"],
    )
    names = ["pyproject.toml", "shopace_zenith.py", "test_page.py"]
    assert json.loads(called.stdout)["written"] == [str(tmp_path / "zenith" / n) for n in names]
    assert (tmp_path / "zenith" / names[1]).read_text() == (installed / names[1]).read_text()
    monkeypatch.setenv("PYTHONPATH", str(installed))
    own = runpy.run_path(str(tmp_path / "zenith" / "test_page.py"))
    own["test_the_page_keeps_the_contract"](tmp_path)


def test_its_metric_its_benchmark_and_its_tasks_are_in_the_catalogue(installed: Path) -> None:
    catalog = told(installed, "catalog", "--category", "product_quality")
    (category,) = catalog["categories"]
    (metric,) = [each for each in category["metrics"] if each["plugin"] == "acme"]
    assert metric["formula"] == "acme.warranty_claims ÷ orders"
    assert metric["benchmark"]["top"] == 0.75
    assert metric["benchmark"]["cohorts"] == ["industry+tier", "industry", "tier", "region"]
    tasks = [each["key"] for each in category["tasks"] if each["plugin"] == "acme"]
    assert tasks == ["acme.find_faulty_batch", "acme.improve_manual"]


def test_without_the_package_nothing_of_it_is_known(tmp_path: Path) -> None:
    assert "acme" not in shopace(tmp_path, "catalog").stdout


class Marketplace(NamedTuple):
    """A data folder whose facts carry the vendor's measure."""

    data: Path
    faulty: str
    """A shop whose claims rose within the last week."""
    careless: str
    """A shop whose claims were always many."""


LARGEST = """
SELECT shop_id FROM read_parquet($facts) AS days JOIN read_parquet($shops) AS shops USING (shop_id)
WHERE region = 'US'  -- the region with peers enough
GROUP BY shop_id ORDER BY sum(orders) DESC LIMIT 2
"""
CLAIMS = """
COPY (
    SELECT shop_id, date,
           (orders * CASE WHEN shop_id = $careless THEN 0.2
                          WHEN shop_id = $faulty AND date > DATE '2026-10-24' THEN 0.2
                          ELSE 0.02 END)::INTEGER AS "acme.warranty_claims"
    FROM read_parquet($facts)
) TO '{out}' (FORMAT csv)
"""
MAPPING = """
[[tables]]
files = "acme_claims.csv"
shop = "shop_id"
date = "date"
absent_day = "zero"
"""


@pytest.fixture(scope="module")
def marketplace(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Marketplace:
    data = tmp_path_factory.mktemp("data")
    facts = data / "facts"
    told(installed, "simulate", facts, "--shops", "120", "--days", "60", "--without-causes")
    source = str(facts / "shop_days.parquet")
    largest = duckdb.execute(LARGEST, {"facts": source, "shops": str(facts / "shops.parquet")})
    (faulty,), (careless,) = largest.fetchall()
    duckdb.execute(
        CLAIMS.format(out=facts / "acme_claims.csv"),
        {"careless": careless, "faulty": faulty, "facts": source},
    )
    with (facts / "mapping.toml").open("a", encoding="utf-8") as mapping:
        mapping.write(MAPPING)
    told(installed, "snapshot", "build", "--data", data)
    told(installed, "benchmarks", "build", "--data", data)
    return Marketplace(data, faulty, careless)


def cards(installed: Path, data: Path, shop: str) -> dict[str, Any]:
    """Template → card, of the plugin's own cards."""
    diagnosis = told(installed, "diagnose", shop, "--data", data)["diagnosis"]
    return {
        each["template"]: each
        for each in diagnosis["cards"]
        if each["template"].startswith("acme.")
    }


def test_its_measure_is_delivered_like_any_other(installed: Path, marketplace: Marketplace) -> None:
    report = told(installed, "facts", "check", "--data", marketplace.data)
    assert "acme.warranty_claims" in {each["measure"] for each in report["measures"]}


def test_a_rise_of_claims_becomes_its_card_with_the_figures_of_the_facts(
    installed: Path, marketplace: Marketplace
) -> None:
    card = cards(installed, marketplace.data, marketplace.faulty)["acme.find_faulty_batch"]
    facts = marketplace.data / "facts"
    rate = """
        SELECT sum("acme.warranty_claims") / sum(orders)
        FROM read_csv($claims) JOIN read_parquet($days) USING (shop_id, date)
        WHERE shop_id = $shop AND date BETWEEN $first AND $last
    """
    given = {
        "claims": str(facts / "acme_claims.csv"),
        "days": str(facts / "shop_days.parquet"),
        "shop": marketplace.faulty,
    }
    weeks = (("2026-10-25", "2026-10-31"), ("2026-10-18", "2026-10-24"))
    now, before = (
        duckdb.execute(rate, given | {"first": first, "last": last}).fetchone()
        for first, last in weeks
    )
    assert now is not None
    assert before is not None
    assert card["priority"] == "P1"
    assert card["evidence"]["value"] == pytest.approx(now[0], abs=1e-5)
    assert card["evidence"]["previous"] == pytest.approx(before[0], abs=1e-5)


def test_a_gap_to_peers_becomes_its_card(installed: Path, marketplace: Marketplace) -> None:
    card = cards(installed, marketplace.data, marketplace.careless)["acme.improve_manual"]
    assert card["priority"] == "P2"
    assert card["evidence"]["benchmark"] < card["evidence"]["value"]


def test_a_snapshot_without_its_measure_is_told_and_nothing_is_recommended(
    installed: Path, marketplace: Marketplace, tmp_path: Path
) -> None:
    shutil.copytree(marketplace.data / "facts", tmp_path / "data" / "facts")
    mapping = tmp_path / "data" / "facts" / "mapping.toml"
    mapping.write_text(mapping.read_text("utf-8").replace(MAPPING, ""), "utf-8")
    without = tmp_path / "nothing installed"
    without.mkdir()
    told(without, "snapshot", "build", "--data", tmp_path / "data")
    told(without, "benchmarks", "build", "--data", tmp_path / "data")
    whole = told(installed, "diagnose", marketplace.faulty, "--data", tmp_path / "data")
    missing = [
        each
        for each in whole["diagnosis"]["not_evaluated"]
        if "acme.warranty_claim_rate" in each.get("metrics", ())
    ]
    assert [each["reason"] for each in missing] == ["rebuild_snapshot"]
    assert not cards(installed, tmp_path / "data", marketplace.faulty)
