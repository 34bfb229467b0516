"""What tests share: one real server for the run, emptied before each test that asks for it.

Every run draws alike (order, examples, schedules of faults), so that a change is judged by what it
changed. With `SHOPACE_RANDOM=1` a run draws anew, and five times the examples.
"""

import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from shopace.core.results.store import ResultStore
from shopace.workers.embedded import Server, embedded_server
from shopace.workers.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
RANDOM = bool(os.environ.get("SHOPACE_RANDOM"))
BY_THE_CLOCK = HealthCheck.too_slow
"""To be suppressed by whoever suppresses another check: no test fails by the clock."""


def examples(count: int) -> int:
    """How many examples a property is tried with, of `count` where every run draws alike."""
    return 5 * count if RANDOM else count


hypothesis_settings.register_profile(
    "shopace",
    deadline=None,
    suppress_health_check=[BY_THE_CLOCK],
    derandomize=not RANDOM,
    max_examples=examples(100),
)
hypothesis_settings.load_profile("shopace")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not RANDOM and config.getoption("randomly_seed", None) == "default":
        config.option.randomly_seed = 1


class Until(Protocol):
    def __call__(self, condition: Callable[[], object], what: str, seconds: float = 30) -> None: ...


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Poll a condition until it holds; fail with what was awaited when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds} s still not: {what}")
        time.sleep(0.01)


@pytest.fixture
def until() -> Until:
    return wait_until


def is_running(pid: int) -> bool:
    """Whether the process is there and is more than its unread exit code."""
    try:
        os.kill(pid, 0)
        if sys.platform != "linux":
            return True
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except (ProcessLookupError, FileNotFoundError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The embedded server, as a user gets it. Database 0 is the broker's, 1 the results'."""
    with embedded_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def results_client(server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url_results) as client:
        client.flushall()
        yield client


@pytest.fixture
def broker_client(server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url_broker) as client:
        client.flushall()
        yield client


@pytest.fixture
def store(results_client: redis.Redis) -> ResultStore:
    return ResultStore(results_client)


@pytest.fixture
def settings(server: Server, broker_client: redis.Redis, tmp_path: Path) -> Settings:
    """Settings for an emptied server and an empty data folder, with short waits."""
    return Settings(
        broker_url=server.url_broker,
        results_url=server.url_results,
        data=tmp_path,
        heartbeat_timeout_ms=10_000,
        beat_seconds=0.2,
        canary_seconds=1,
        min_backoff_ms=10,
        max_backoff_ms=50,
        restart_delay_ms=100,
        respawn_seconds=0.1,
        grace_seconds=10,
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a user gets it, built from a copy, so that nothing is left in the checkout."""
    source = tmp_path_factory.mktemp("source")
    target = tmp_path_factory.mktemp("wheel")
    shutil.copy(ROOT / "pyproject.toml", source)
    shutil.copy(ROOT / "README.md", source)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for folder in project["tool"]["setuptools"]["package-dir"].values():
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    build = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", target, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    return next(target.glob("*.whl"))
