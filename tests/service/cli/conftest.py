"""A small marketplace, made, built and diagnosed through the public door, once per session."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result
from tests.conftest import wait_until

from shopace.service.cli import shopace

SHOPS = 120
PROGRAM = (sys.executable, "-m", "shopace.service.cli")


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(shopace, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(*arguments: str | Path) -> Any:
    """What a command prints with --json; it must succeed."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with facts, a snapshot and its benchmarks. Tests only read it."""
    data = tmp_path_factory.mktemp("built")
    told("simulate", data / "facts", "--shops", str(SHOPS), "--days", "60")
    told("snapshot", "build", "--data", data, "--block-shops", "50")
    told("benchmarks", "build", "--data", data)
    return data


@pytest.fixture
def data(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may harm."""
    return Path(shutil.copytree(built, tmp_path / "data"))


@pytest.fixture(scope="session")
def shop(built: Path) -> str:
    """The id of some shop."""
    text = (built / "facts" / "truth.csv").read_text("utf-8")
    return next(line.split(",")[0] for line in text.splitlines()[1:] if not line.startswith("*"))


class Running(NamedTuple):
    """A data folder whose server and one worker are up, with a nightly run done."""

    data: Path
    nightly: dict[str, Any]


@pytest.fixture(scope="session")
def running(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("running") / "data"
    shutil.copytree(built, data)
    for name in ("SHOPACE_BROKER_URL", "SHOPACE_RESULTS_URL"):
        os.environ.pop(name, None)
    command = [*PROGRAM, "worker", "--embedded", "--processes", "1", "--data", str(data)]
    with (data / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, stderr=log)
    try:
        wait_until((data / "server.json").exists, "the server is named")
        yield Running(data, told("nightly", "--wait", "--timeout", "60", "--data", data))
    finally:
        worker.terminate()
        worker.wait(60)


@pytest.fixture
def ask() -> Callable[..., Any]:
    return told
