import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from shopace.core.errors import DocumentError, JobError
from shopace.core.records.document import Document
from shopace.core.records.metrics import Legend
from shopace.core.results.store import LARGEST_FENCE, MAX_BYTES, ResultStore

DAY = dt.date(2026, 10, 31)
KEY = "shopace:v1:diagnosis:{7495}"
EVENTS = "shopace:v1:events"


def document(
    text: str = "body",
    *,
    shop: str = "7495",
    as_of: dt.date = DAY,
    changed: Sequence[str] = ("cards",),
) -> Document:
    return Document(
        shop=shop,
        as_of=as_of,
        body=text.encode(),
        metrics=b"metrics of " + text.encode(),
        memory=b"memory of " + text.encode(),
        changed=tuple(changed),
        cards={"P1": 1},
        partial=False,
    )


def events(client: redis.Redis) -> list[dict[str, str]]:
    entries: Any = client.xrange(EVENTS)
    return [
        {name.decode(): value.decode() for name, value in fields.items()} for _, fields in entries
    ]


def test_a_first_document_is_written_with_every_field_and_a_lifetime(
    store: ResultStore, results_client: redis.Redis
) -> None:
    assert store.write([document("first")], fence=7) == ["written"]
    assert results_client.hgetall(KEY) == {
        b"as_of": b"2026-10-31",
        b"fence": b"7",
        b"schema": b"shopace.diagnosis/1",
        b"enc": b"json",
        b"body": b"first",
        b"metrics": b"metrics of first",
        b"memory": b"memory of first",
    }
    three_days = 3 * 24 * 60 * 60
    assert three_days - 60 < results_client.ttl(KEY) <= three_days


@pytest.mark.parametrize(
    ("as_of", "fence"), [(DAY, 8), (DAY + dt.timedelta(days=1), 1), (dt.date(2027, 1, 1), 7)]
)
def test_a_newer_document_replaces_the_stored_one(
    store: ResultStore, results_client: redis.Redis, as_of: dt.date, fence: int
) -> None:
    store.write([document("old")], fence=7)
    assert store.write([document("new", as_of=as_of)], fence=fence) == ["written"]
    assert results_client.hget(KEY, "body") == b"new"


@pytest.mark.parametrize(
    ("as_of", "fence"),
    [(DAY, 6), (DAY - dt.timedelta(days=1), LARGEST_FENCE), (dt.date(2025, 12, 31), 8)],
)
def test_an_older_document_is_refused_and_counted_and_says_nothing(
    store: ResultStore, results_client: redis.Redis, as_of: dt.date, fence: int
) -> None:
    store.write([document("stored")], fence=7)
    before = results_client.hgetall(KEY)
    assert store.write([document("late", as_of=as_of)], fence=fence) == ["stale"]
    assert results_client.hgetall(KEY) == before
    assert results_client.hget("shopace:v1:counters", "stale_writes") == b"1"
    assert len(events(results_client)) == 1


def test_a_second_delivery_writes_nothing_and_sends_its_event_again(
    store: ResultStore, results_client: redis.Redis
) -> None:
    store.write([document("stored")], fence=7)
    results_client.expire(KEY, 1000)
    before = results_client.hgetall(KEY)
    assert store.write([document("other bytes", changed=["tier"])], fence=7) == ["duplicate"]
    assert results_client.hgetall(KEY) == before
    assert results_client.ttl(KEY) <= 1000
    said = {"shop": "7495", "as_of": "2026-10-31", "fence": "7"}
    assert events(results_client) == [{**said, "changed": "cards"}, {**said, "changed": "tier"}]


def test_a_document_in_which_nothing_changed_has_no_event(
    store: ResultStore, results_client: redis.Redis
) -> None:
    store.write([document(changed=["new", "cards"])], fence=7)
    store.write([document(changed=[])], fence=8)
    store.write([document(changed=[])], fence=8)
    assert [event["changed"] for event in events(results_client)] == ["new,cards"]


def test_outcomes_come_in_the_order_of_the_documents_however_many_there_are(
    store: ResultStore,
) -> None:
    shops = [f"shop-{number}" for number in range(300)]
    store.write([document("newer", shop=shop) for shop in shops[::3]], fence=9)
    store.write([document("same", shop=shop) for shop in shops[1::3]], fence=8)
    outcomes = store.write([document("now", shop=shop) for shop in shops], fence=8)
    assert outcomes == ["stale", "duplicate", "written"] * 100


def test_memory_is_recalled_in_the_order_asked_with_none_for_an_unknown_shop(
    store: ResultStore,
) -> None:
    store.write([document("a", shop="A"), document("b", shop="B")], fence=1)
    assert store.recall(["B", "C", "A"]) == [b"memory of b", None, b"memory of a"]
    assert store.recall([]) == []


def test_stored_diagnoses_are_read_likewise(store: ResultStore) -> None:
    written = [document("a", shop="A"), document("b", shop="B")]
    store.write(written, fence=1)
    assert store.bodies(["B", "C", "A"]) == [written[1].body, None, written[0].body]


def test_a_document_over_a_mebibyte_is_refused_by_shop_and_size_and_nothing_is_written(
    store: ResultStore, results_client: redis.Redis
) -> None:
    large = document("x" * (MAX_BYTES + 1), shop="7777")
    with pytest.raises(DocumentError, match=r"shop 7777: its document is [\d,]+ bytes, 1,048,576"):
        store.write([document(), large], fence=1)
    assert results_client.keys("*") == []


@pytest.mark.parametrize("fence", [0, -1, LARGEST_FENCE + 1])
def test_a_fence_that_scripts_would_round_is_refused(store: ResultStore, fence: int) -> None:
    with pytest.raises(DocumentError, match="out of range"):
        store.write([document()], fence=fence)


def test_a_shop_id_that_is_none_is_refused(store: ResultStore, results_client: redis.Redis) -> None:
    with pytest.raises(JobError):
        store.write([document(shop="a}b")], fence=1)
    assert results_client.keys("*") == []


def test_events_past_their_age_are_trimmed_by_the_servers_clock(
    results_client: redis.Redis,
) -> None:
    for number in range(300):  # trimming is by whole nodes of about a hundred entries
        results_client.xadd(EVENTS, {"shop": "old"}, id=f"{number + 1}-0")
    ResultStore(results_client).write([document()], fence=1)
    assert [event["shop"] for event in events(results_client)][-1] == "7495"
    assert len(events(results_client)) < 300


def test_a_legend_outlives_the_documents_that_use_it(
    store: ResultStore, results_client: redis.Redis
) -> None:
    store.put_legend(Legend(id="legend-1", columns=()))
    store.write([document()], fence=1)
    assert results_client.ttl("shopace:v1:legend:legend-1") > results_client.ttl(KEY)


def test_fences_rise_with_the_servers_clock_and_survive_a_lost_counter(
    store: ResultStore, results_client: redis.Redis
) -> None:
    seconds, microseconds = results_client.time()
    first = store.next_fence()
    assert first >= seconds * 1_000_000 + microseconds
    results_client.delete("shopace:v1:fence")
    assert store.next_fence() > first


def test_fences_rise_even_when_the_servers_clock_steps_back(
    store: ResultStore, results_client: redis.Redis
) -> None:
    ahead = store.next_fence() + 10**12
    results_client.set("shopace:v1:fence", ahead)
    assert [store.next_fence(), store.next_fence()] == [ahead + 1, ahead + 2]
