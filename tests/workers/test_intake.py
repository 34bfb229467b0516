"""The intake stream: what is accepted ends on the queue, what is not is told with all reasons."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.conftest import BY_THE_CLOCK, examples
from tests.workers.conftest import BLOCK_SHOPS, BLOCKS, Marketplace

from shopace.core.errors import JobError
from shopace.core.records.intake import IntakeJob
from shopace.core.records.job import SHOP_ID
from shopace.core.results import keys
from shopace.core.warehouse.handwritten import judge
from shopace.workers.chore import Chore
from shopace.workers.client import SchedulerClient
from shopace.workers.intake import (
    LARGEST_BYTES,
    REJECTED,
    STREAM,
    Bridge,
    intake_state,
    read_job,
    told,
)
from shopace.workers.queue import SHOPS, key
from shopace.workers.runs import open_run
from shopace.workers.settings import (
    Servers,
    Settings,
    connect_both_patiently,
    encode_settings,
)
from shopace.workers.singles import unique_name
from shopace.workers.sources import Pinned
from shopace.workers.supervisor import Supervisor

Until = Callable[..., None]
DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
HELD_BRIDGE = Path(__file__).with_name("held_bridge.py")
MANY = BLOCKS * BLOCK_SHOPS


def accepts(content: bytes) -> bool:
    try:
        read_job(content)
    except JobError:
        return False
    return True


def nested(depth: int) -> bytes:
    return b'{"shop": ' + b"[" * depth + b"]" * depth + b"}"


ACCEPTED = [
    b'{"shop":"10023"}',
    b' {"shop" : "10023"}\n',
    b'{"shop":"7495514739219597000"}',
    b'{"shop":"a.b_c-D"}',
    b'{"shop":"-"}',
    b'{"shop":"\\u0031"}',
    b'{"shop":"' + b"1" * 64 + b'"}',
    b'{"shop":"1","as_of":"2026-10-31"}',
    b'{"shop":"1","as_of":"2028-02-29"}',
    b'{"shop":"1","marketplace":"demo"}',
    b'{"shop":"1","marketplace":"' + b"m" * 80 + b'"}',
    b'{"shop":"1","requester":"crm"}',
    b'{"shop":"1","requester":""}',
    b'{"shop":"1","reason":"asked by the seller"}',
    '{"shop":"1","reason":"卖家要求 \\u0000 \u202e \\n"}'.encode(),
    b'{"reason":"' + b"r" * 200 + b'","shop":"1"}',
]
REFUSED = [
    b"",
    b" ",
    b"\0",
    b"null",
    b"true",
    b"1",
    b"NaN",
    b'"10023"',
    b"[]",
    b'[{"shop":"10023"}]',
    b"{",
    b"{}",
    b'{"shop"}',
    b'{"shop":}',
    b'{"shop":"10023",}',
    b'{"shop":"10023"}}',
    b'{"shop":"10023"}{"shop":"10024"}',
    b"{'shop':'10023'}",
    b'{shop:"10023"}',
    b'{"shop":"10023"} // why',
    b'\xef\xbb\xbf{"shop":"10023"}',
    '{"shop":"10023"}'.encode("utf-16"),
    b'{"shop":"\xff"}',
    b'{"shop":"\xc0\xaf"}',
    b'{"shop":"\\ud800"}',
    b'{"shop":"1","reason":"\\udfff"}',
    b'{"shop":"1","reason":"a\nb"}',
    b'{"shop":null}',
    b'{"shop":true}',
    b'{"shop":10023}',
    b'{"shop":-0.0}',
    b'{"shop":1e308}',
    b'{"shop":1e400}',
    b'{"shop":NaN}',
    b'{"shop":Infinity}',
    b'{"shop":-Infinity}',
    b'{"shop":9223372036854775808}',
    b'{"shop":' + b"9" * 5000 + b"}",
    b'{"shop":["10023"]}',
    b'{"shop":{"id":"10023"}}',
    b'{"shop":""}',
    b'{"shop":" "}',
    b'{"shop":"1 "}',
    b'{"shop":"1\\n"}',
    b'{"shop":"1\\u0000"}',
    b'{"shop":"a:b"}',
    b'{"shop":"{x}"}',
    b'{"shop":"*"}',
    b'{"shop":"?"}',
    b'{"shop":"[a]"}',
    b'{"shop":"../x"}',
    b'{"shop":"."}',
    b'{"shop":".."}',
    b'{"shop":"a/b"}',
    '{"shop":"١٢٣"}'.encode(),
    '{"shop":"é"}'.encode(),
    '{"shop":"１"}'.encode(),
    b'{"shop":"' + b"1" * 65 + b'"}',
    b'{"shop":"1","as_of":null}',
    b'{"shop":"1","as_of":""}',
    b'{"shop":"1","as_of":"today"}',
    b'{"shop":"1","as_of":"2026-02-30"}',
    b'{"shop":"1","as_of":"20261031"}',
    b'{"shop":"1","as_of":"2026-W44-6"}',
    b'{"shop":"1","as_of":"2026-10-31T00:00:00"}',
    b'{"shop":"1","as_of":1793404800}',
    b'{"shop":"1","marketplace":""}',
    b'{"shop":"1","marketplace":null}',
    b'{"shop":"1","marketplace":".."}',
    b'{"shop":"1","marketplace":"a/b"}',
    b'{"shop":"1","marketplace":"' + b"m" * 81 + b'"}',
    b'{"shop":"1","requester":7}',
    b'{"shop":"1","requester":"' + b"r" * 81 + b'"}',
    b'{"shop":"1","reason":null}',
    b'{"shop":"1","reason":"' + b"r" * 201 + b'"}',
    b'{"shop":"1","asof":"2026-10-31"}',
    b'{"shop":"1","Shop":"1"}',
    b'{"shop":"1","shop":"1"}',
    b'{"shop":"1","shop":"2"}',
    b'{"shop":"1","fence":1}',
    nested(3),
    nested(20),
    nested(30_000),
    b'{"a":' * 10_000,
    b'{"shop":"1","x":"' + b"\\" * 60_000,
    b'"' * 60_000,
    b'{"shop":"1",' + b",".join(b'"f%d":1' % each for each in range(5000)) + b"}",
    b'{"shop":"1","' + b"k" * 60_000 + b'":1}',
    b'{"shop":"' + b"a" * 60_000 + b'"}',
    b'{"shop":"' + b"1" * LARGEST_BYTES + b'"}',
    b" " * (LARGEST_BYTES + 1),
]


@pytest.mark.parametrize("content", ACCEPTED)
def test_both_judges_accept(content: bytes) -> None:
    assert accepts(content)
    assert not judge("job", content, "intake.schema.json").problems


@pytest.mark.parametrize("content", REFUSED, ids=lambda each: repr(each[:40]))
def test_both_judges_refuse_and_say_why_in_a_kilobyte(content: bytes) -> None:
    with pytest.raises(JobError) as caught:
        read_job(content)
    sentences = msgspec.json.decode(told(caught.value), type=list[str])
    assert sentences
    assert all(each.startswith("job") for each in sentences if not each.startswith("…"))
    assert len(told(caught.value)) <= 1024
    if len(content) <= LARGEST_BYTES and b"[[[[" not in content:
        assert judge("job", content, "intake.schema.json").problems


def test_all_that_is_wrong_is_told_with_what_was_probably_meant() -> None:
    with pytest.raises(JobError) as caught:
        read_job(b'{"shop":10023,"asof":"2026-10-31","as_of":"soon","marketplace":".."}')
    shop, as_of, place, extra = sorted(
        (str(each) for each in caught.value.problems),
        key=lambda each: ["job: shop", "job: as_o", "job: mark", "job: unkn"].index(each[:9]),
    )
    assert shop == 'job: shop: 10023 is not of type string (in quotes: "10023")'
    assert as_of == 'job: as_of: "soon" is no date of the calendar'
    assert place.startswith('job: marketplace: ".." does not fit pattern')
    assert extra == 'job: unknown "asof" (did you mean "as_of"?)'


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


@given(
    document=st.fixed_dictionaries(
        {"shop": st.from_regex(SHOP_ID, fullmatch=True) | VALUES},
        optional={
            "as_of": st.dates().map(str) | VALUES,
            "marketplace": st.just("demo") | VALUES,
            "requester": VALUES,
            "reason": VALUES,
            "more": VALUES,
        },
    )
)
def test_both_judges_agree_on_any_document(document: dict[str, Any]) -> None:
    content = msgspec.json.encode(document)
    assert accepts(content) == (not judge("job", content, "intake.schema.json").problems)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda each: each.encode()))
@example(b'{"shop":"1"')
def test_no_bytes_make_the_judge_fail_otherwise_than_with_reasons(content: bytes) -> None:
    accepts(content)


def test_every_record_that_can_be_written_is_read_again() -> None:
    job = IntakeJob(shop="1", requester="crm")
    assert read_job(msgspec.json.encode(job)) == job


@pytest.fixture
def servers(settings: Settings) -> Iterator[Servers]:
    made = connect_both_patiently(settings)
    yield made
    made.close()


@pytest.fixture
def bridge(marketplace: Marketplace, servers: Servers) -> Bridge:
    """A bridge that works when it is told to, not by itself."""
    return Bridge(servers, marketplace.settings)


@contextmanager
def at_work(*bridges: Bridge) -> Iterator[None]:
    """While bridges work by themselves."""
    chores = [Chore("intake", each.step, retry_seconds=0.01) for each in bridges]
    for chore in chores:
        chore.start()
    yield
    for chore in chores:
        chore.ask_to_stop()
    for chore in chores:
        chore.join(time.monotonic() + 30)


def ask(client: redis.Redis, job: str | bytes) -> str:
    """As any program does, with a plain client."""
    at: Any = client.xadd("shopace:v1:{broker}:intake", {"job": job})
    return str(at.decode())


def rejections(client: redis.Redis) -> list[dict[str, Any]]:
    found: Any = client.xrange(REJECTED)
    return [
        {
            "entry": fields[b"entry"].decode(),
            "job": fields[b"job"],
            "problems": msgspec.json.decode(fields[b"problems"], type=list[str]),
        }
        for _, fields in found
    ]


def queued(client: redis.Redis) -> list[dict[str, Any]]:
    stored: Any = client.hvals(key(f"{SHOPS}.msgs"))
    return [msgspec.json.decode(each)["args"][0] for each in stored]


def test_a_shop_asked_for_by_any_program_is_diagnosed_by_whoever_works(
    marketplace: Marketplace, broker_client: redis.Redis, results_client: redis.Redis, until: Until
) -> None:
    shop = marketplace.snapshot.block(1).shops[2]
    assert STREAM == "shopace:v1:{broker}:intake"
    ask(broker_client, f'{{"shop":"{shop}"}}')
    with Supervisor(marketplace.settings, processes=1):
        until(lambda: results_client.exists(keys.diagnosis_key(shop)), "the shop is diagnosed")
        until(lambda: intake_state(broker_client).waiting == 0, "the entry is settled")
    state = intake_state(broker_client)
    assert (state.accepted, state.joined, state.rejected) == (1, 0, 0)


def test_the_commands_of_the_page_do_what_it_says(
    marketplace: Marketplace, bridge: Bridge, broker_client: redis.Redis
) -> None:
    text = (DOCS / "scheduling.md").read_text("utf-8")
    ((asking,), (looking,)) = (
        re.findall(rf"^({command} .*)$", text, re.MULTILINE) for command in ("XADD", "XREVRANGE")
    )
    shop = marketplace.snapshot.block(0).shops[0]
    for command in (asking.replace("10023", shop), asking.replace("10023", "nobody")):
        broker_client.execute_command(*shlex.split(command))  # type: ignore[no-untyped-call]
    bridge.pump()
    assert [job["shop"] for job in queued(broker_client)] == [shop]
    found: Any = broker_client.execute_command(*looking.split())  # type: ignore[no-untyped-call]
    assert len(found) == 1


def test_entries_of_before_the_first_bridge_are_enqueued_and_leave_the_stream(
    marketplace: Marketplace, bridge: Bridge, broker_client: redis.Redis
) -> None:
    as_of = str(marketplace.snapshot.manifest.as_of)
    shops = marketplace.snapshot.block(0).shops
    for shop in shops:
        ask(
            broker_client,
            msgspec.json.encode({"shop": shop, "as_of": as_of, "marketplace": "demo"}),
        )
    assert intake_state(broker_client).waiting == len(shops)
    assert bridge.pump() == len(shops)
    assert bridge.pump() == 0
    jobs = queued(broker_client)
    assert sorted(job["shop"] for job in jobs) == shops
    assert {job["snapshot"] for job in jobs} == {marketplace.snapshot.id}
    assert len({job["fence"] for job in jobs}) == len(shops)
    for job in jobs:
        assert open_run(marketplace.settings, job["run"]).fence == job["fence"]
    assert intake_state(broker_client)._replace(oldest_seconds=0) == (0, 0, len(shops), 0, 0, 0)


def test_a_shop_that_waits_already_is_joined_whoever_asked_first(
    marketplace: Marketplace, bridge: Bridge, broker_client: redis.Redis
) -> None:
    shop = marketplace.snapshot.block(0).shops[0]
    settings = marketplace.settings
    with SchedulerClient(settings.broker_url, settings.results_url, settings.data) as client:
        first = client.enqueue_shop(shop)
        for _ in range(3):
            ask(broker_client, msgspec.json.encode({"shop": shop}))
        bridge.pump()
        assert client.enqueue_shop(shop) == first
    assert [job["run"] for job in queued(broker_client)] == [first.id]
    assert intake_state(broker_client).joined == 3


def test_what_is_refused_is_kept_with_all_reasons_and_its_neighbours_are_done(
    marketplace: Marketplace, bridge: Bridge, broker_client: redis.Redis
) -> None:
    shop = marketplace.snapshot.block(0).shops[0]
    bad = {
        '{"shop":1,"when":"now"}': ["in quotes", "unknown"],
        '{"shop":"nobody"}': ['"nobody" is unknown (it is not in demo-'],
        f'{{"shop":"{shop}","marketplace":"demmo"}}': ['did you mean "demo"?'],
        f'{{"shop":"{shop}","as_of":"1999-12-31"}}': ["no snapshot of demo as of 1999-12-31"],
    }
    entries = [ask(broker_client, text) for text in bad]
    ask(broker_client, msgspec.json.encode({"shop": shop}))
    with capture_logs() as logs:
        bridge.pump()
    assert [job["shop"] for job in queued(broker_client)] == [shop]
    found = rejections(broker_client)
    assert {each["entry"] for each in found} == set(entries)
    for each in found:
        wanted = bad[each["job"].decode()]
        assert len(each["problems"]) == len(wanted)
        assert all(any(part in told for told in each["problems"]) for part in wanted)
    state = intake_state(broker_client)
    assert (state.waiting, state.accepted, state.rejected, state.rejections_kept) == (0, 1, 4, 4)
    assert sum(log["event"] == "intake.rejected" for log in logs) == 4


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        (["jobs", "{}"], ['field "job" is missing', 'field "jobs" is unknown']),
        (["job", "{}", "job", "{}"], ["is given twice"]),
        (["job", '{"shop":"1"}', "as_of", "2026-10-31"], ['field "as_of" is unknown']),
        (["\x1b[31m\n", "1"], ["is missing", "\ufffd[31m\ufffd"]),
        (["job", "x" * 50_000_000], ["50,000,003 bytes, 65,536 is the limit"]),
        ([str(each) for each in range(60_000)], ["bytes, 65,536 is the limit"]),
    ],
    ids=["missing", "twice", "beside", "hostile", "50 MB", "60,000 fields"],
)
def test_an_entry_of_another_form_is_refused(
    bridge: Bridge, broker_client: redis.Redis, fields: list[str], reasons: list[str]
) -> None:
    broker_client.execute_command("XADD", STREAM, "*", *fields)  # type: ignore[no-untyped-call]
    assert bridge.pump() == 1
    (found,) = rejections(broker_client)
    assert all(any(each in told for told in found["problems"]) for each in reasons)
    assert len(found["job"]) <= 1024
    assert queued(broker_client) == []


def test_a_data_folder_without_a_snapshot_holds_entries_and_refuses_none(
    settings: Settings, marketplace: Marketplace, servers: Servers, broker_client: redis.Redis,
    until: Until,
) -> None:  # fmt: skip
    shop = marketplace.snapshot.block(0).shops[0]
    (settings.data / "snapshots").rename(settings.data / "elsewhere")
    impatient = msgspec.structs.replace(settings, heartbeat_timeout_ms=1)
    ask(broker_client, msgspec.json.encode({"shop": shop}))
    ask(broker_client, "{}")
    bridge = Bridge(servers, impatient)
    with capture_logs() as logs:
        bridge.pump()
        bridge.pump()
        assert [log["event"] for log in logs].count("intake.held") == 1
        state = intake_state(broker_client)
        assert (state.waiting, state.rejected) == (1, 1)
        (settings.data / "elsewhere").rename(settings.data / "snapshots")
        until(lambda: bridge.pump() == 1, "the entry comes again")
    assert [job["shop"] for job in queued(broker_client)] == [shop]


def test_rejections_are_dropped_when_they_are_old_or_too_many(
    bridge: Bridge, marketplace: Marketplace, servers: Servers, broker_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("shopace.workers.intake._REJECTIONS_KEPT", 5)
    for _ in range(12):
        ask(broker_client, "{}")
    bridge.pump()
    state = intake_state(broker_client)
    assert (state.rejected, state.rejections_kept) == (12, 5)
    aged = msgspec.structs.replace(marketplace.settings, dead_message_ttl_ms=-60_000)
    Bridge(servers, aged).pump()
    assert intake_state(broker_client).rejections_kept == 0


def test_a_mistake_of_ours_over_one_entry_costs_no_other(
    bridge: Bridge, marketplace: Marketplace, broker_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch, until: Until,
) -> None:  # fmt: skip
    shops = marketplace.snapshot.block(0).shops
    for shop in shops:
        ask(broker_client, msgspec.json.encode({"shop": shop}))
    judge_entries = bridge._judge

    def fail(entries: Any) -> Any:
        if any(shops[1].encode() in entry.fields[1] for entry in entries):
            raise ZeroDivisionError
        return judge_entries(entries)

    monkeypatch.setattr(bridge, "_judge", fail)
    with capture_logs() as logs, at_work(bridge):
        until(lambda: intake_state(broker_client).waiting == 1, "all others are done")
    assert "chore.failed" in [log["event"] for log in logs]
    assert sorted(job["shop"] for job in queued(broker_client)) == [shops[0], *shops[2:]]


def test_of_two_marketplaces_the_one_that_has_the_shop_is_meant(
    marketplace: Marketplace, bridge: Bridge, broker_client: redis.Redis
) -> None:
    first, second, *_ = marketplace.snapshot.block(0).shops
    other = copy_snapshot(marketplace, "other")
    ask(broker_client, msgspec.json.encode({"shop": first}))
    ask(broker_client, msgspec.json.encode({"shop": second, "marketplace": "other"}))
    bridge.pump()
    (found,) = rejections(broker_client)
    assert found["problems"] == [f'job: marketplace: is missing: shop "{first}" is in demo, other']
    assert [(job["shop"], job["snapshot"]) for job in queued(broker_client)] == [(second, other)]


def copy_snapshot(made: Marketplace, marketplace: str) -> str:
    """The same snapshot again, of another marketplace."""
    import shutil

    name = made.snapshot.id.replace("demo", marketplace)
    target = made.settings.snapshots / name
    shutil.copytree(made.snapshot.path, target)
    manifest = msgspec.structs.replace(made.snapshot.manifest, id=name, marketplace=marketplace)
    (target / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return name


@pytest.mark.parametrize("point", ["taken", "enqueued"])
def test_a_bridge_killed_in_the_middle_loses_nothing(
    marketplace: Marketplace, servers: Servers, broker_client: redis.Redis, tmp_path: Path,
    until: Until, *, point: str,
) -> None:  # fmt: skip
    settings = msgspec.structs.replace(marketplace.settings, heartbeat_timeout_ms=300)
    shops = [shop for block in range(BLOCKS) for shop in marketplace.snapshot.block(block).shops]
    reached = tmp_path / "reached"
    with start_bridge(settings, point, reached) as victim:
        for shop in shops:
            ask(broker_client, msgspec.json.encode({"shop": shop}))
        until(reached.exists, "the bridge has entries and is held")
        victim.send_signal(signal.SIGKILL)
    pending: Any = broker_client.xpending(STREAM, "bridge")
    assert pending["pending"] > 0, "the fault must hit a bridge at work"
    assert bool(queued(broker_client)) == (point == "enqueued")
    with at_work(Bridge(servers, settings)):
        until(lambda: intake_state(broker_client).waiting == 0, "another bridge has done the rest")
    assert {job["shop"] for job in queued(broker_client)} == set(shops)
    state = intake_state(broker_client)
    assert state.accepted + state.joined == len(shops)


def test_two_bridges_share_the_work_and_do_none_of_it_twice(
    marketplace: Marketplace, servers: Servers, broker_client: redis.Redis, until: Until
) -> None:
    once_each = msgspec.structs.replace(marketplace.settings, unique_seconds=0.001)
    for _ in range(20):
        for block in range(BLOCKS):
            for shop in marketplace.snapshot.block(block).shops:
                ask(broker_client, msgspec.json.encode({"shop": shop}))
    with at_work(Bridge(servers, once_each), Bridge(servers, once_each)):
        until(lambda: intake_state(broker_client).waiting == 0, "all is done")
    state = intake_state(broker_client)
    assert (state.accepted + state.joined, state.rejected) == (20 * MANY, 0)
    assert len(queued(broker_client)) == state.accepted


def start_bridge(settings: Settings, point: str, reached: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, str(HELD_BRIDGE)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TEST_POINT": point, "TEST_REACHED": str(reached)},
    )
    assert process.stdin is not None
    process.stdin.write(encode_settings(settings))
    process.stdin.close()
    process.stdin = None
    return process


IDS = st.text(max_size=70) | st.sampled_from(
    [
        "a:b",
        "{x}",
        "*",
        "1\n",
        "../",
        "..",
        "a b",
        "\x00",
        "\u202e1",
        "-",
        "1" * 65,
        "é",
        "?",
        "[a]",
    ]
)
KEY = re.compile(
    r"shopace:v1:(fence|run:\{single-\d+\}|\{broker\}:"
    r"(intake(:rejected)?|counters|shops(\.msgs)?|unique:[A-Za-z0-9_.:-]+))"
)


@hypothesis_settings(
    max_examples=examples(100),
    suppress_health_check=[BY_THE_CLOCK, HealthCheck.function_scoped_fixture],
)
@given(ids=st.lists(IDS, min_size=100, max_size=100))
def test_no_id_of_ten_thousand_makes_a_key_of_another_form(
    bridge: Bridge, broker_client: redis.Redis, ids: list[str]
) -> None:
    with broker_client.pipeline(transaction=False) as pipeline:
        for each in ids:
            pipeline.xadd(STREAM, {"job": msgspec.json.encode({"shop": each})})
        pipeline.execute()
    while bridge.pump():
        pass
    found: Any = broker_client.keys("*")
    wrong = [each for each in found if KEY.fullmatch(each.decode("utf-8", "replace")) is None]
    assert not wrong
    assert intake_state(broker_client).waiting == 0


PINNED = st.builds(
    Pinned,
    st.just("demo"),
    st.dates(),
    *[st.from_regex(r"[a.:_-]{1,3}".replace(":", ""), fullmatch=True)] * 3,
    st.none() | st.from_regex(r"[a._-]{1,3}", fullmatch=True),
)
SHOP = st.from_regex(r"[a._-]{1,3}", fullmatch=True)


@given(one=st.tuples(PINNED, SHOP), other=st.tuples(PINNED, SHOP))
def test_two_requests_share_a_name_only_if_all_that_they_read_is_the_same(
    one: tuple[Pinned, str], other: tuple[Pinned, str]
) -> None:
    def reads(pinned: Pinned, shop: str) -> tuple[str | None, ...]:
        return (shop, pinned.snapshot, pinned.benchmarks, pinned.policy, pinned.incentives)

    assert (unique_name(*one) == unique_name(*other)) == (reads(*one) == reads(*other))
