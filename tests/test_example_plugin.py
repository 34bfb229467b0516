"""The sample third-party package, installed beside the product as its users would."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `pip install --target` made of the sample, without network."""
    source = tmp_path_factory.mktemp("source") / "acme_returns"
    target = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "examples" / "acme_returns", source)
    run = subprocess.run(
        [sys.executable, "-m", "pip", "install", *OFFLINE, "--target", target, source],
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
    }


def test_the_plugin_keeps_the_contract(installed: Path) -> None:
    run = shopace(installed, "plugins", "check")
    assert run.returncode == 0, run.stdout + run.stderr


def test_its_metric_its_benchmark_and_its_tasks_are_in_the_catalogue(installed: Path) -> None:
    catalog = told(installed, "catalog", "--category", "product_quality")
    (category,) = catalog["categories"]
    (metric,) = [each for each in category["metrics"] if each["plugin"] == "acme"]
    assert metric["formula"] == "acme.warranty_claims ÷ orders"
    assert metric["benchmark"] == {"top": 0.75, "window": "L30D"}
    tasks = [each["key"] for each in category["tasks"] if each["plugin"] == "acme"]
    assert tasks == ["acme.find_faulty_batch", "acme.improve_manual"]


def test_without_the_package_nothing_of_it_is_known(tmp_path: Path) -> None:
    assert "acme" not in shopace(tmp_path, "catalog").stdout
