"""A small marketplace for the workers, and worker processes whose jobs can be held."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import redis

from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.run import Inputs
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import Policy, load_policy
from shopace.core.warehouse.snapshot import Snapshot, build_snapshot, open_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.simulate import simulate
from shopace.workers.settings import Settings, encode_settings

HELD_CHILD = Path(__file__).with_name("held_child.py")
BLOCKS = 6
BLOCK_SHOPS = 5
NAMESPACE = "shopace:v1:{broker}"


class Marketplace(NamedTuple):
    """What a run of the tests is made from."""

    settings: Settings
    snapshot: Snapshot
    policy: Policy
    inputs: Inputs


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a snapshot of six blocks of five shops."""
    data = tmp_path_factory.mktemp("marketplace")
    made = simulate(data / "facts", shops=BLOCKS * BLOCK_SHOPS, days=30)
    registry = load_registry(BUILTIN)
    build_snapshot(
        load_mapping(made.mapping, registry.measures),
        data / "facts",
        data / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
        block_shops=BLOCK_SHOPS,
    )
    shutil.rmtree(data / "facts")
    return data


@pytest.fixture
def marketplace(built: Path, settings: Settings) -> Marketplace:
    """The marketplace in a data folder of the test's own, on an emptied server."""
    shutil.copytree(built, settings.data, dirs_exist_ok=True)
    snapshot = open_snapshot(next((settings.data / "snapshots").iterdir()))
    policy = load_policy(POLICY_PACKS)
    registry = load_registry(BUILTIN)
    return Marketplace(settings, snapshot, policy, Inputs(registry, snapshot, None, policy))


class Hold:
    """Jobs of held children wait while the file is there, each after leaving its process id."""

    command = (sys.executable, str(HELD_CHILD))
    """Starts a held child."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "hold"
        for name in ("running", "stopping", "ready"):
            (folder / name).mkdir(parents=True)
        self.file.touch()

    def release(self) -> None:
        self.file.unlink(missing_ok=True)

    def pids(self) -> list[int]:
        """Of processes that have begun a job."""
        return [int(name) for name in self._left("running")]

    def stopping(self) -> list[int]:
        """Ids of processes that will begin no other job."""
        return [int(name) for name in self._left("stopping")]

    def ready(self) -> list[str]:
        """Queues of which a job lies ready in a process."""
        return self._left("ready")

    def _left(self, where: str) -> list[str]:
        return [path.name for path in self.file.with_name(where).iterdir()]


@pytest.fixture
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hold]:
    held = Hold(tmp_path / "held")
    monkeypatch.setenv("TEST_HOLD", str(held.file))
    yield held
    held.release()


StartChild = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_child() -> Iterator[StartChild]:
    """Start a worker process by itself, without a supervisor; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(settings: Settings, command: Sequence[str] | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command or [sys.executable, "-m", "shopace.workers.child"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "SHOPACE_SUPERVISOR_PID": str(os.getpid())},
        )
        started.append(process)
        assert process.stdin is not None
        process.stdin.write(encode_settings(settings))
        process.stdin.close()
        process.stdin = None
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


class Queue:
    """The blocks' queue as it lies in Redis."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        self._key = f"{NAMESPACE}:blocks"

    def waiting(self) -> int:
        return int(self._client.llen(self._key))

    def bodies(self) -> int:
        """Messages that wait or run."""
        return int(self._client.hlen(f"{self._key}.msgs"))

    def unacknowledged(self) -> int:
        """Messages that some worker fetched and has neither finished nor handed back."""
        names = self._client.keys(f"{NAMESPACE}:held:*")
        return sum(int(self._client.hlen(name)) for name in names)

    def dead_letters(self) -> list[dict[str, Any]]:
        stored = self._client.hvals(f"{self._key}.XQ.msgs")
        return [msgspec.json.decode(each) for each in stored]

    def put_first_raw(self, content: bytes) -> None:
        """Something that is no message, before all others."""
        self._client.hset(f"{self._key}.msgs", "raw", content)
        self._client.lpush(self._key, "raw")

    def put_first(self, change: dict[str, Any]) -> None:
        """A copy of some message, before all others, with its job changed."""
        message = msgspec.json.decode(self._client.hvals(f"{self._key}.msgs")[0])
        message["options"]["redis_message_id"] = "changed"
        message["args"][0] |= change
        self._client.hset(f"{self._key}.msgs", "changed", msgspec.json.encode(message))
        self._client.lpush(self._key, "changed")


@pytest.fixture
def queue(broker_client: redis.Redis) -> Queue:
    return Queue(broker_client)
