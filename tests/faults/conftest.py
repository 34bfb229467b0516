"""The fault suite: its servers, wires, worker processes, and who judges them.

Short by default. `SHOPACE_FAULTS=long` repeats as often as the catalogue asks, and
`SHOPACE_FAULTS_REPORT=docs/faults.md` writes the page; `make faults` does both, by a schedule that
is drawn anew. `SHOPACE_FAULTS_SEED` replays one. `SHOPACE_TEST_REDIS` names another server.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.conftest import RANDOM, Until
from tests.faults.cluster import FAULTY_CHILD, Cluster
from tests.faults.ledger import Ledger, Verdict
from tests.faults.proxy import Proxy
from tests.faults.report import Figures, Value
from tests.faults.servers import ServerProcess
from tests.faults.watch import Watch

from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.derive import Hooks
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.document import Document
from shopace.core.records.job import Job
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import Policy, load_policy, save_policy
from shopace.core.warehouse.snapshot import Snapshot, build_snapshot, open_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.simulate import simulate
from shopace.workers.queue import Queue
from shopace.workers.runs import Run, start_nightly
from shopace.workers.settings import Settings

LONG = os.environ.get("SHOPACE_FAULTS") == "long"
DRAWN = random.SystemRandom().randrange(10**6) if RANDOM else 1
SEED = int(os.environ.get("SHOPACE_FAULTS_SEED") or DRAWN)
REPORT = os.environ.get("SHOPACE_FAULTS_REPORT")
SHOPS, BLOCK_SHOPS = 96, 16
BLOCKS = SHOPS // BLOCK_SHOPS
SILENT_MS = 2_000
"""The heartbeat where a machine is to be taken for dead; elsewhere no stall may look like that."""
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = Figures(SEED, long=LONG)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("faults")
            item.add_marker(pytest.mark.timeout(3600 if LONG else 120))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed and item.path.is_relative_to(HERE):
        report.sections.append(("replay", f"SHOPACE_FAULTS_SEED={SEED}"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if REPORT:
        page = session.config.stash[FIGURES].page()
        (ROOT / REPORT).write_text(page, "utf-8")


class Play(NamedTuple):
    """How a fault is played: how often, by which chance; and who hears the figures."""

    chance: random.Random
    """The same for the same seed, whatever ran before."""
    figures: Figures

    def times(self, short: int, long: int) -> int:
        """How often: in the short form, in the long one."""
        return long if LONG else short

    def add(self, row: str, name: str, value: Value, unit: str = "") -> None:
        """A figure, as `Figures.add`."""
        self.figures.add(row, name, value, unit)


@pytest.fixture
def play(request: pytest.FixtureRequest) -> Play:
    chance = random.Random(f"{SEED} {request.node.name}")
    return Play(chance, request.config.stash[FIGURES])


@pytest.fixture
def redis_proc(request: pytest.FixtureRequest, play: Play) -> Iterator[ServerProcess]:
    """A server of the test's own, with the options that the test may name."""
    with ServerProcess(*getattr(request, "param", ())) as server:
        if not play.figures.server:
            facts = server.client(0).info("server")
            name = facts.get("server_name", "redis").capitalize()
            play.figures.server = f"{name} {facts.get('valkey_version', facts['redis_version'])}"
        yield server


@pytest.fixture
def proxy(redis_proc: ServerProcess) -> Iterator[Proxy]:
    with Proxy(redis_proc.socket) as wire:
        yield wire


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a snapshot of six blocks of sixteen shops."""
    data = tmp_path_factory.mktemp("marketplace")
    made = simulate(data / "facts", shops=SHOPS, days=30)
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


class House(NamedTuple):
    """A marketplace on a server of its own, and who looks after the promises."""

    settings: Settings
    """Past every proxy."""
    server: ServerProcess
    snapshot: Snapshot
    policy: Policy
    inputs: Inputs
    broker: Any
    results: Any
    ledger: Ledger
    watch: Watch
    tmp: Path
    until: Until

    @property
    def shops(self) -> list[str]:
        return [
            shop for each in range(len(self.snapshot)) for shop in self.snapshot.block(each).shops
        ]

    @property
    def queue(self) -> Queue:
        return Queue(self.broker)

    def with_(self, **changes: Any) -> Settings:
        return msgspec.structs.replace(self.settings, **changes)

    def nightly(self) -> Run:
        """Enqueue every shop, and write it into the ledger."""
        run = start_nightly(self.settings, self.snapshot, None, self.policy, again=True)
        self.ledger.accept(run)
        return run

    def jobs(self, fence: int, count: int | None = None) -> list[Job]:
        """A job for each of the first shops, under one fence."""
        save_policy(self.policy, self.settings.policies)
        return [
            Job(
                run=f"single-{fence}", fence=fence, as_of=self.snapshot.manifest.as_of,
                snapshot=self.snapshot.id, policy=self.policy.id, shop=shop,
            )
            for shop in self.shops[:count]
        ]  # fmt: skip

    def fence(self) -> int:
        from shopace.core.results.store import ResultStore

        return ResultStore(self.results).next_fence()

    def documents(self, without: dict[str, str] | None = None) -> dict[str, Document]:
        """What the pipeline makes of every shop that nothing is remembered of."""
        hooks = Hooks(without=without or {})
        return {
            document.shop: document
            for block in range(len(self.snapshot))
            for part in diagnose_block(self.inputs, block, recall=_nothing, hooks=hooks)
            for document in part
        }

    def stored(self, field: str = "body") -> dict[str, bytes]:
        found = {}
        for shop in self.shops:
            value = self.results.hget(f"shopace:v1:diagnosis:{{{shop}}}", field)
            if value is not None:
                found[shop] = value
        return found

    def keep_promises(self) -> Verdict:
        """I1, I2, I3 and I6: raises where one is broken."""
        verdict = self.ledger.judge()
        assert not verdict.lost, f"I1: lost {verdict.lost[:5]} (of {len(verdict.lost)})"
        newest = max((job.as_of, job.fence) for job in self.ledger.accepted)
        assert max(self.ledger.places().values()) <= newest, "I2: a place that nobody gave"
        assert not self.watch.went_back, f"I2: {self.watch.went_back[:5]}"
        assert not self.watch.unreadable, f"I6: {self.watch.unreadable[:5]}"
        assert self.watch.looks, "I7: nobody looked"
        return verdict


def _nothing(shops: Any) -> list[bytes | None]:
    return [None] * len(shops)


@pytest.fixture
def house(built: Path, redis_proc: ServerProcess, tmp_path: Path, until: Until) -> Iterator[House]:
    data = tmp_path / "data"
    shutil.copytree(built, data)
    snapshot = open_snapshot(next((data / "snapshots").iterdir()))
    policy = load_policy(POLICY_PACKS)
    settings = Settings(
        broker_url=redis_proc.url(0),
        results_url=redis_proc.url(1),
        data=data,
        heartbeat_timeout_ms=10_000,
        beat_seconds=0.2,
        canary_seconds=1,
        min_backoff_ms=50,
        max_backoff_ms=500,
        restart_delay_ms=100,
        respawn_seconds=0.1,
        grace_seconds=20,
    )
    broker, results = redis_proc.client(0), redis_proc.client(1)
    ledger = Ledger(broker, results, snapshot)
    shops = [shop for each in range(len(snapshot)) for shop in snapshot.block(each).shops]
    with Watch(redis_proc.client(1), shops, SEED) as watch:
        inputs = Inputs(load_registry(BUILTIN), snapshot, None, policy)
        yield House(
            settings, redis_proc, snapshot, policy, inputs, broker, results, ledger, watch,
            tmp_path, until,
        )  # fmt: skip
    broker.close()
    results.close()


def with_site(site: Path) -> str:
    """A Python path on which the packages of a folder are found too."""
    return os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])


StartCluster = Callable[..., Cluster]


@pytest.fixture
def cluster(house: House) -> Iterator[StartCluster]:
    """Start worker processes; `slow`, `hold`, … are what `faulty_child` reads."""
    with ExitStack() as ending:
        started: list[Cluster] = []

        def start(
            processes: int = 2,
            settings: Settings | None = None,
            site: Path | None = None,
            environment: dict[str, str] | None = None,
            **faults: object,
        ) -> Cluster:
            asked = {f"FAULT_{name.upper()}": str(value) for name, value in faults.items()}
            made = Cluster(
                settings if settings is not None else house.settings,
                house.tmp / f"cluster-{len(started)}.log",
                processes,
                **({"command": FAULTY_CHILD} if asked else {}),
                environment={
                    **asked,
                    **(environment or {}),
                    **({"PYTHONPATH": with_site(site)} if site is not None else {}),
                },
            )
            started.append(made)
            return ending.enter_context(made)

        yield start
