"""Passwords: in no log, no error, no document, no dead letter and no command line."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults import rude
from tests.faults.cluster import CHILD, Cluster
from tests.faults.conftest import House, Play, StartCluster
from tests.faults.proxy import Proxy

CANARY = "c4n4ry-P4ssw0rd"


def everything(client: Any) -> bytes:
    """All that a database holds, in one piece."""
    names = client.scan_iter(count=1000)  # one may be gone by the time it is asked for
    return b"\n".join(name + b" " + (client.dump(name) or b"") for name in names)


def test_f31_a_password_is_nowhere_to_be_read(
    house: House, proxy: Proxy, cluster: StartCluster, play: Play
) -> None:
    house.broker.execute_command(
        "ACL", "SETUSER", "worker", "on", f">{CANARY}", "~*", "&*", "+@all"
    )
    house.results.config_set("rdbcompression", "no")
    good = f"worker:{CANARY}@"
    urls = {
        "SHOPACE_BROKER_URL": proxy.url(0, good),
        "SHOPACE_RESULTS_URL": proxy.url(1, good),
    }
    settings = house.with_(
        broker_url=urls["SHOPACE_BROKER_URL"], results_url=urls["SHOPACE_RESULTS_URL"]
    )
    site = house.tmp / "site"
    rude.install(site, {"teller": 'raise RuntimeError(os.environ["SHOPACE_BROKER_URL"])'})
    environment = urls | {rude.LOG_VARIABLE: str(house.tmp / "rude.log")}
    workers = cluster(2, settings, site, environment)
    house.until(lambda: len(workers.ready) == 2, "two workers", 60)
    command_lines = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in workers.pids)
    house.broker.hset("shopace:v1:{broker}:shops.msgs", "raw", b"{no message")
    house.broker.rpush("shopace:v1:{broker}:shops", "raw")
    house.ledger.enqueue(house.queue, house.jobs(1, 48))
    house.until(lambda: len(workers.events("job.finished")) > 8, "they work")
    proxy.set("cut")
    os.kill(workers.ready[0], signal.SIGKILL)
    house.until(lambda: workers.events("chore.away"), "the cut is noticed")
    told = [
        subprocess.run(
            [sys.executable, "-m", "shopace.service.cli", *words, "--data", house.settings.data],
            env=os.environ | urls,
            capture_output=True,
            check=False,
        )
        for words in (["status"], ["worker"], ["dlq", "list"])
    ]
    assert all(each.returncode != 0 for each in told)
    proxy.set("pass")
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    wrong = house.with_(
        broker_url=proxy.url(0, f"worker:x{CANARY}@"), results_url=settings.results_url
    )
    with Cluster(wrong, house.tmp / "wrong.log", 1, command=CHILD) as refused:
        assert refused.process.wait(60) != 0
    house.keep_promises()
    assert house.ledger.dead_letters(), "F31 must fire: a dead letter"
    assert "teller" in (house.tmp / "rude.log").read_text("utf-8"), "F31 must fire: a plugin"
    assert workers.events("child.died"), "F31 must fire: a death"
    places = {
        "logs": workers.log.read_bytes() + refused.log.read_bytes(),
        "errors": b"".join(each.stdout + each.stderr for each in told),
        "broker": everything(house.broker),
        "results": everything(house.results),
        "command lines": command_lines,
    }
    assert all(places.values())
    hits = {name: content.count(CANARY.encode()) for name, content in places.items()}
    assert not any(hits.values())
    for name, content in places.items():
        play.add("F31", f"{name} ({len(content) / 1024:,.0f} KiB): hits", hits[name])
