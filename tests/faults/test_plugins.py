"""Plugins whose own code hangs, crashes, hoards memory or cannot be loaded.

What a diagnosis keeps of a plugin that failed (its last good cards) is the pipeline's own matter;
here the question is whether everybody else gets theirs.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from tests.faults import rude
from tests.faults.conftest import BLOCK_SHOPS, House, Play, StartCluster, with_site

from shopace.core.records.diagnosis import Diagnosis
from shopace.plugins import BUILTIN

MEBIBYTE = 1024 * 1024


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def begun(house: House) -> dict[str, list[float]]:
    """When each rude plugin's code began."""
    found: dict[str, list[float]] = {}
    for line in (house.tmp / "rude.log").read_text("utf-8").splitlines():
        name, _, when = line.partition(" ")
        found.setdefault(name, []).append(float(when))
    return found


def one_block(house: House, fence: int = 1) -> None:
    """The first block, enqueued."""
    job = msgspec.structs.replace(house.jobs(fence)[0], shop=None, block=0, count=BLOCK_SHOPS)
    house.ledger.enqueue(house.queue, [job])


def diagnoses(house: House) -> dict[str, Diagnosis]:
    return {
        shop: msgspec.json.decode(body, type=Diagnosis) for shop, body in house.stored().items()
    }


def require_everybody_else(house: House, rude_ones: set[str]) -> dict[str, str]:
    """Every shop of the block has all cards of the others, and is told whose failed, and why."""
    expected = house.documents()
    told: dict[str, str] = {}
    found = diagnoses(house)
    assert len(found) == BLOCK_SHOPS
    for shop, diagnosis in found.items():
        whole = msgspec.json.decode(expected[shop].body, type=Diagnosis)
        assert diagnosis.cards == whole.cards
        assert diagnosis.partial
        reasons = [each for each in diagnosis.not_evaluated if each.reason == "failed"]
        for name in rude_ones:
            (reason,) = [each.detail for each in reasons if f"plugin {name} 1.3" in each.detail]
            told[name] = reason
        assert len(reasons) == len(rude_ones)
    return told


def environment(house: House) -> dict[str, str]:
    return {rude.LOG_VARIABLE: str(house.tmp / "rude.log")}


def test_f6_code_that_does_not_come_to_an_end(
    house: House, cluster: StartCluster, play: Play, site: Path
) -> None:
    rude.install(site, rude.SLOW)
    settings = house.with_(plugin_seconds=3)  # no stall of an innocent one is so long
    workers = cluster(1, settings, site, environment(house))
    one_block(house)
    house.until(lambda: house.ledger.left() == 0, "the block is done", 90)
    deaths = workers.events("child.died")
    assert {each["plugin"] for each in deaths} == set(rude.SLOW), "F6 must fire"
    assert len(deaths) == len(rude.SLOW), "each costs one process"
    for death in deaths:  # the line that hung is told
        assert any(f"{death['plugin']}_module.py:" in each for each in death["stack"]), death
    told = require_everybody_else(house, set(rude.SLOW))
    assert all("ran longer than 3 s" in each for each in told.values())
    assert house.keep_promises().dead == 0
    late = [
        each["when"] - min(begun(house)[each["plugin"]]) - settings.plugin_seconds
        for each in deaths
    ]
    play.add("F6", "plugins", ", ".join(rude.SLOW))
    play.add("F6", "killed after the budget", late, "s")
    play.add("F6", "cards of other plugins", "100 %")


def test_f7_code_that_crashes(house: House, cluster: StartCluster, play: Play, site: Path) -> None:
    rude.install(site, rude.CRASHING)
    workers = cluster(1, house.settings, site, environment(house))
    one_block(house)
    house.until(lambda: house.ledger.left() == 0, "the block is done", 90)
    assert set(begun(house)) == set(rude.CRASHING), "F7 must fire"
    deaths = workers.events("child.died")
    assert {each["plugin"] for each in deaths} == {"segfaulter", "quitter", "aborter"}
    told = require_everybody_else(house, set(rude.CRASHING))
    for name, reason in {
        "raiser": "ZeroDivisionError: no orders",
        "leaver": "SystemExit: 3",
        "segfaulter": "SIGSEGV",
        "quitter": "exit code 7",
        "aborter": "SIGABRT",
    }.items():
        assert reason in told[name]
        assert "shopace_derive" in told[name]
    verdict = house.keep_promises()
    assert (verdict.done, verdict.dead) == (BLOCK_SHOPS, 0)
    play.add("F7", "plugins", ", ".join(rude.CRASHING))
    play.add("F7", "processes lost", len(deaths))
    play.add("F7", "shops without a diagnosis", BLOCK_SHOPS - verdict.done)
    play.add("F7", "told", told["segfaulter"])


def test_f8_plugins_that_cannot_be_loaded(
    house: House, cluster: StartCluster, play: Play, site: Path
) -> None:
    rude.install(site, {"sound": "pass"})
    rude.install_broken(site)
    asked = time.time()
    workers = cluster(1, house.settings, site, environment(house))
    house.until(lambda: workers.ready, "a worker", 60)
    took = workers.events("child.ready")[0]["when"] - asked
    rejected = {each["plugin"]: each["problems"] for each in workers.events("plugin.rejected")}
    assert set(rejected) == set(rude.BROKEN), "F8 must fire"
    one_block(house)
    house.until(lambda: house.ledger.left() == 0, "the block is done", 60)
    house.keep_promises()
    names = {dotted.rpartition(".")[2] for dotted in BUILTIN} | {"sound"}
    for diagnosis in diagnoses(house).values():
        assert set(diagnosis.freshness.plugins) == names
        assert diagnosis.partial, "what is rejected is not healthy"
    check = subprocess.run(
        [sys.executable, "-m", "shopace.service.cli", "plugins", "check"],
        env=os.environ | {"PYTHONPATH": with_site(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode != 0
    assert all(name in check.stdout + check.stderr for name in rude.BROKEN)
    play.add("F8", f"start with {len(rude.BROKEN)} broken plugins", took, "s")
    play.add("F8", "other plugins loaded", f"{len(names)} of {len(names)}")
    play.add("F8", "`shopace plugins check` exits with", str(check.returncode))


def test_f9_code_that_takes_all_memory(
    house: House, cluster: StartCluster, play: Play, site: Path
) -> None:
    rude.install(site, {"hoarder": rude.HOARDING})
    workers = cluster(2, house.with_(memory_mb=1024), site, environment(house))
    house.until(lambda: len(workers.ready) == 2, "two workers", 60)
    watched = {"supervisor": workers.process.pid, "server": house.server.pid}
    house.ledger.enqueue(house.queue, house.jobs(1, 8))
    house.until(lambda: house.ledger.left() == 0, "the first jobs are done", 60)
    before = {name: resident(pid) for name, pid in watched.items()}
    for fence in range(2, 2 + play.times(1, 10)):
        house.ledger.enqueue(house.queue, house.jobs(fence))
    house.until(lambda: house.ledger.left() == 0, "all jobs are done", 90)
    grown = {name: (resident(pid) - before[name]) / MEBIBYTE for name, pid in watched.items()}
    batches = len(begun(house)["hoarder"])
    assert batches >= 96, "F9 must fire"
    assert not workers.events("child.died"), "it is refused in place"
    (told,) = {
        each.detail
        for diagnosis in diagnoses(house).values()
        for each in diagnosis.not_evaluated
        if each.reason == "failed"
    }
    assert "MemoryError" in told
    assert house.keep_promises().dead == 0
    assert max(grown.values()) < 50
    play.add("F9", "batches", batches)
    for name, value in grown.items():
        play.add("F9", f"{name} grew by", value, "MiB")


def resident(pid: int) -> int:
    """Bytes of memory that the process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf(
        "SC_PAGE_SIZE"
    )
