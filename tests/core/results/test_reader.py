import datetime as dt
import socket
import threading
from typing import Any

import msgspec
import pytest
import redis

from shopace.core.errors import DocumentError, JobError, ServerError
from shopace.core.records.diagnosis import (
    SCHEMA,
    Conclusion,
    Diagnosis,
    Freshness,
    GmvBreakdown,
    GmvPart,
    ShopProfile,
    TierStanding,
)
from shopace.core.records.document import Document
from shopace.core.records.job import Event
from shopace.core.records.metrics import Legend, LegendColumn, MetricValues
from shopace.core.records.text import fill
from shopace.core.results.reader import DiagnosisReader
from shopace.core.results.store import ResultStore
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Direction, Unit
from shopace.workers.embedded import Server

DAY = dt.date(2026, 10, 31)
KEY = "shopace:v1:diagnosis:{7495}"
DIAGNOSIS = Diagnosis(
    schema=SCHEMA,
    shop=ShopProfile(id="7495", name="Nord"),
    as_of=DAY,
    counts={"P0": 0, "P1": 1, "P2": 0},
    tier=TierStanding(outcome="no_data"),
    conclusion=Conclusion(sentence=fill("Nothing moved.")),
    gmv=GmvBreakdown(total=GmvPart(channel=Channel.SHOP, amount=0.0), channels=(), groups=()),
    freshness=Freshness(
        latest_available_date=DAY,
        snapshot="demo-2026-10-31-0a1b2c3d",
        benchmarks="",
        policy="policy-0a1b2c3d",
        registry="0a1b2c3d",
        plugins={},
        memory=False,
    ),
)
METRICS = MetricValues(
    legend="legend-1", l7d=(1.5, None), p7d=(0.0, None), l30d=(2.0, None), benchmark=(None, None),
    aa="on", ab="nn",
)  # fmt: skip
DOCUMENT = Document(
    shop="7495",
    as_of=DAY,
    body=msgspec.json.encode(DIAGNOSIS),
    metrics=msgspec.json.encode(METRICS),
    memory=b"{}",
    changed=("new", "cards"),
    cards={"P1": 1},
    partial=False,
)


@pytest.fixture
def reader(results_client: redis.Redis) -> DiagnosisReader:
    return DiagnosisReader(results_client)


def test_what_was_written_is_read_back(store: ResultStore, reader: DiagnosisReader) -> None:
    store.write([DOCUMENT], fence=7)
    stored = reader.get("7495")
    assert stored is not None
    assert (stored.as_of, stored.fence) == (DAY, 7)
    assert stored.diagnosis == DIAGNOSIS
    assert stored.metrics == METRICS


def test_a_reader_made_from_a_url_reads_the_same(store: ResultStore, server: Server) -> None:
    store.write([DOCUMENT], fence=7)
    stored = DiagnosisReader(server.url_results).get("7495")
    assert stored is not None
    assert stored.diagnosis == DIAGNOSIS


def test_a_shop_without_a_diagnosis_is_none(reader: DiagnosisReader) -> None:
    assert reader.get("1234") is None


@pytest.mark.parametrize("shop", ["7495}:{1", "a b", "", 7495, None])
def test_what_is_no_shop_id_is_refused(reader: DiagnosisReader, shop: Any) -> None:
    with pytest.raises(JobError, match="not a shop id"):
        reader.get(shop)


def test_fields_of_a_later_minor_version_are_ignored(
    store: ResultStore, reader: DiagnosisReader, results_client: redis.Redis
) -> None:
    store.write([DOCUMENT], fence=7)
    later = {**msgspec.json.decode(DOCUMENT.body), "mood": "sunny"}
    results_client.hset(KEY, mapping={"body": msgspec.json.encode(later), "weather": "fine"})
    stored = reader.get("7495")
    assert stored is not None
    assert stored.diagnosis == DIAGNOSIS


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("schema", "shopace.diagnosis/2", "is of schema 'shopace.diagnosis/2', this reader knows"),
        ("enc", "zstd", "is encoded as 'zstd', this reader knows 'json'"),
        ("body", "{", "shop 7495: body cannot be read"),
        ("body", '{"schema": 1}', r"\$\.schema"),
        ("metrics", "[]", "shop 7495: metrics cannot be read"),
        ("body", b"\xff", "shop 7495: body cannot be read"),
        ("as_of", "today", "shop 7495: as_of cannot be read"),
        ("fence", b"\xff", "shop 7495: fence cannot be read"),
        ("schema", b"\xff", "is of schema"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused_with_a_sentence(
    results_client: redis.Redis, field: str, value: str | bytes, sentence: str
) -> None:
    ResultStore(results_client).write([DOCUMENT], fence=7)
    results_client.hset(KEY, field, value)
    with pytest.raises(DocumentError, match=sentence):
        DiagnosisReader(results_client).get("7495")


def test_a_hash_that_lacks_fields_is_refused_by_their_names(
    reader: DiagnosisReader, results_client: redis.Redis
) -> None:
    results_client.hset(KEY, "body", "{}")
    with pytest.raises(DocumentError, match="lacks as_of, fence, schema, enc, metrics"):
        reader.get("7495")


def test_a_legend_names_the_positions(store: ResultStore, reader: DiagnosisReader) -> None:
    column = LegendColumn(
        metric="ctr",
        title="CTR",
        channel=Channel.SHOP,
        category="product_competitiveness",
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        is_key=True,
    )
    legend = Legend(id="legend-1", columns=(column,))
    store.put_legend(legend)
    assert reader.legend("legend-1") == legend
    assert reader.legend("legend-2") is None


def test_events_are_read_from_where_one_left_off(
    store: ResultStore, reader: DiagnosisReader
) -> None:
    store.write([DOCUMENT], fence=7)
    store.write([msgspec.structs.replace(DOCUMENT, changed=("risk",))], fence=8)
    (first, event), (last, _) = list(reader.events())
    assert event == Event(shop="7495", as_of=DAY, fence=7, changed=("new", "cards"))
    assert [event.fence for _, event in reader.events(first)] == [8]
    assert list(reader.events(last)) == []


@pytest.mark.parametrize(
    ("field", "value"), [("changed", b"\xff"), ("changed", None), ("fence", "seven")]
)
def test_an_event_that_cannot_be_read_is_refused_by_its_entry(
    reader: DiagnosisReader, results_client: redis.Redis, field: str, value: str | bytes | None
) -> None:
    fields = {"shop": "7495", "as_of": "2026-10-31", "fence": "7", "changed": "new"} | {
        field: value
    }
    known: Any = {name: each for name, each in fields.items() if each is not None}
    entry: Any = results_client.xadd("shopace:v1:events", known)
    with pytest.raises(DocumentError, match=f"event {entry.decode()}: cannot be read"):
        list(reader.events())


def test_more_events_than_one_read_returns_all_arrive(
    store: ResultStore, reader: DiagnosisReader
) -> None:
    shops = [f"shop-{number}" for number in range(1_201)]
    store.write([msgspec.structs.replace(DOCUMENT, shop=shop) for shop in shops], fence=1)
    assert [event.shop for _, event in reader.events()] == shops


def test_a_waiting_reader_gets_an_event_that_comes_later(
    store: ResultStore, server: Server
) -> None:
    found: list[Event] = []

    def follow() -> None:
        _, event = next(DiagnosisReader(server.url_results).events(wait_seconds=None))
        found.append(event)

    thread = threading.Thread(target=follow)
    thread.start()
    store.write([DOCUMENT], fence=7)
    thread.join(30)
    assert [event.shop for event in found] == ["7495"]


def test_a_server_that_is_away_is_a_server_error() -> None:
    with pytest.raises(ServerError, match="cannot be reached"):
        DiagnosisReader("redis://127.0.0.1:1/0").get("7495")


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        reader = DiagnosisReader(f"redis://127.0.0.1:{port}/0?socket_timeout=0.1")
        with pytest.raises(ServerError, match="cannot be reached"):
            reader.get("7495")


@pytest.mark.parametrize("url", ["postgres://me:s3cr3t@host/0", "redis://:s3cr3t@host:port/0"])
def test_what_is_no_redis_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ServerError, match="no Redis URL") as caught:
        DiagnosisReader(url)
    assert "s3cr3t" not in str(caught.value)
