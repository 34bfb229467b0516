"""Deliveries that come often, late and in any order, and versions that meet."""

import datetime as dt
import threading
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.faults.conftest import SEED, House, Play, StartCluster
from tests.faults.servers import ServerProcess

from shopace.core.errors import DocumentError
from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.document import Document
from shopace.core.results.reader import DiagnosisReader
from shopace.core.results.store import ResultStore
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.plugins import BUILTIN
from shopace.workers.runs import start_nightly
from shopace.workers.singles import start_single

DAY = dt.date(2026, 10, 31)
FOLD = 11


def test_f12_jobs_that_are_enqueued_and_delivered_many_times(
    house: House, cluster: StartCluster, play: Play
) -> None:
    jobs = house.jobs(1, 16)
    for _ in range(3):
        house.ledger.enqueue(house.queue, jobs)
    assert house.ledger.left() == len(jobs), "a job that is there is not there twice"
    workers = cluster(2)
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    once = house.stored()
    assert once == {shop: each.body for shop, each in house.documents().items() if shop in once}
    for _ in range(FOLD - 1):
        house.ledger.enqueue(house.queue, jobs)
        house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    runs = len(workers.events("job.finished"))
    assert runs >= FOLD * len(jobs), "F12 must fire"
    differ = sum(body != once[shop] for shop, body in house.stored().items())
    assert differ == 0, "I3"
    house.keep_promises()
    play.add("F12", f"enqueued 3 times, delivered {FOLD} times: documents that differ", differ)


def test_f12_two_schedulers_at_once(house: House, cluster: StartCluster, play: Play) -> None:
    names: list[str] = []

    def schedule() -> None:
        for shop in house.shops[:10]:
            start_single(house.settings, house.snapshot, shop, None, house.policy)
        run = start_nightly(house.settings, house.snapshot, None, house.policy)
        names.append(run.id)

    schedulers = [threading.Thread(target=schedule) for _ in range(2)]
    for each in schedulers:
        each.start()
    for each in schedulers:
        each.join()
    assert len(names) == 2, "F12 must fire"
    assert len(set(names)) == 1, "the second one joins the run of the first"
    jobs = house.ledger.left()
    assert jobs == 10 + len(house.snapshot), "one job per shop and one per block"
    cluster(2)
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    assert len(house.stored()) == len(house.shops)
    play.add("F12", "two schedulers: jobs", f"{jobs} of 10 shops and {len(house.snapshot)} blocks")


def document(shop: str, as_of: dt.date, fence: int) -> Document:
    body = f"{as_of} {fence}".encode()
    return Document(
        shop=shop, as_of=as_of, body=body, metrics=b"metrics of " + body,
        memory=b"memory of " + body, changed=("cards",), cards={}, partial=False,
    )  # fmt: skip


def test_f13_results_in_any_order(redis_proc: ServerProcess, play: Play) -> None:
    client = redis_proc.client(1)
    store = ResultStore(client)
    seen = {"interleavings": 0, "refused": 0, "overwritten": 0}

    @hypothesis_seed(SEED)
    @profile(
        max_examples=play.times(400, 10_000),
        database=None,
    )
    @given(st.data())
    def deliver(data: st.DataObject) -> None:
        fences = st.integers(1, 5) | st.just(2**53 - 1)  # the largest that Lua counts with
        places = st.tuples(st.integers(0, 3), fences)
        results = data.draw(st.lists(places, min_size=2, max_size=6, unique=True))
        again = data.draw(st.lists(st.sampled_from(results), max_size=4))
        order = data.draw(st.permutations(results + again))
        seen["interleavings"] += 1
        shop = f"shop-{seen['interleavings']}"
        highest = (-1, 0)
        for days, fence in order:
            (outcome,) = store.write([document(shop, DAY + dt.timedelta(days=days), fence)], fence)
            assert outcome == (
                "written" if (days, fence) > highest
                else "duplicate" if (days, fence) == highest else "stale"
            )  # fmt: skip
            highest = max(highest, (days, fence))
            seen["refused"] += outcome == "stale"
        stored: Any = client.hmget(f"shopace:v1:diagnosis:{{{shop}}}", "body", "metrics", "memory")
        newest = document(shop, DAY + dt.timedelta(days=highest[0]), highest[1])
        seen["overwritten"] += stored != [newest.body, newest.metrics, newest.memory]
        assert not seen["overwritten"], (stored, newest)

    deliver()
    assert seen["refused"] > 0, "F13 must fire"
    assert int(client.hget("shopace:v1:counters", "stale_writes")) == seen["refused"]
    play.add("F13", "interleavings", seen["interleavings"])
    play.add("F13", "older ones refused and counted", seen["refused"])
    play.add("F13", "stale overwrites", seen["overwritten"])


def test_f18_a_benchmark_set_is_published_in_the_middle_of_a_run(
    house: House, cluster: StartCluster, play: Play
) -> None:
    folder = house.settings.benchmarks
    registry = house.inputs.registry
    first = build_benchmarks(registry, house.snapshot, folder)
    hold = house.tmp / "hold"
    hold.touch()
    workers = cluster(2, hold=hold)
    run = start_nightly(house.settings, house.snapshot, first, house.policy)
    house.ledger.accept(run)
    house.until(lambda: len(workers.events("job.started")) == 2, "the run is under way", 60)
    second = build_benchmarks(load_registry(BUILTIN[1:]), house.snapshot, folder)
    assert house.ledger.left() > 0, "F18 must fire"
    assert second.id != first.id
    hold.unlink()
    house.until(lambda: house.ledger.left() == 0, "the run is done", 60)
    inputs = Inputs(registry, house.snapshot, first, house.policy)
    assert house.stored() == {
        each.shop: each.body
        for block in range(len(house.snapshot))
        for part in diagnose_block(inputs, block, recall=lambda shops: [None] * len(shops))
        for each in part
    }
    later = start_nightly(house.settings, house.snapshot, second, house.policy, again=True)
    house.ledger.accept(later)
    house.until(lambda: house.ledger.left() == 0, "the next run is done", 60)
    mixed = sum(
        msgspec.json.decode(body, type=Diagnosis).freshness.benchmarks != second.id
        for body in house.stored().values()
    )
    assert mixed == 0
    house.keep_promises()
    play.add("F18", "shops", len(house.shops))
    play.add("F18", "cards of two sets", mixed)


def test_f19_readers_of_older_and_newer_documents(
    house: House, cluster: StartCluster, play: Play
) -> None:
    house.ledger.enqueue(house.queue, house.jobs(1, 1))
    cluster(1)
    house.until(lambda: house.ledger.left() == 0, "a document is there", 60)
    shop = house.shops[0]
    at = f"shopace:v1:diagnosis:{{{shop}}}"
    reader = DiagnosisReader(house.results)
    now = reader.get(shop)
    assert now is not None
    body = msgspec.json.decode(house.results.hget(at, "body"))

    def store(**changes: Any) -> None:
        house.results.hset(at, "body", msgspec.json.encode(body | changes))

    store(later={"deep": [1]}, cards=[each | {"mood": "good"} for each in body.get("cards", ())])
    house.results.hset(at, "later", "a field of the hash")
    newer = reader.get(shop)
    assert newer is not None
    assert newer.diagnosis == now.diagnosis, "what it does not know is left alone"
    old = {name: value for name, value in body.items() if name not in OPTIONAL}
    house.results.hset(at, "body", msgspec.json.encode(old))
    older = reader.get(shop)
    assert older is not None
    assert older.diagnosis.tier == now.diagnosis.tier
    store(by_channel={"hologram": []})
    with pytest.raises(DocumentError, match="hologram"):
        reader.get(shop)
    store()
    house.results.hset(at, "schema", "shopace.diagnosis/2")
    with pytest.raises(DocumentError, match="install the version"):
        reader.get(shop)
    house.results.hset(at, "schema", "shopace.diagnosis/1")
    assert reader.get(shop) == now
    play.add("F19", "documents with unknown or without optional fields", "read")
    play.add("F19", "next major, unknown word of an enumeration", "refused with a sentence")


OPTIONAL = {
    "partial", "channel_conclusions", "risk_monitor", "eligibility", "star_badge",
    "need_attention", "can_improve", "improved", "cards", "tasks", "for_you", "by_channel",
    "withheld", "campaigns", "not_evaluated",
}  # fmt: skip
"""Fields that a version before may not have known."""
