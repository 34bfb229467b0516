"""dlq: on a real server, with letters put there as workers put them, and with a real worker."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import redis
from click.testing import CliRunner, Result

from shopace.core.records.job import Job
from shopace.core.records.run import RunReport
from shopace.core.results import keys
from shopace.core.results.store import ResultStore
from shopace.core.warehouse.policy import load_policy
from shopace.core.warehouse.snapshot import latest_snapshot
from shopace.plugins import POLICY_PACKS
from shopace.service.cli import dlq, shopace
from shopace.workers.broker import encode_message, message_id
from shopace.workers.deadletters import Wanted, dead_letters
from shopace.workers.embedded import Server
from shopace.workers.queue import BLOCKS, QUEUES, SHOPS, Delivery, Queue, Reason, Why
from shopace.workers.runs import open_run, progress, start_nightly, wait
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Supervisor

Call = Callable[..., Result]
Until = Callable[..., None]
RUN = "nightly-market-2026-10-31-1"
HOSTILE = b'{"actor_name": "x\x1b[31m\r\n", "args": [\x00\xff]}'


def job(block: int | None = None, shop: str | None = None, run: str = RUN, first: int = 0) -> Job:
    return Job(
        run=run, fence=7, as_of=dt.date(2026, 10, 31), snapshot="s", policy="p",
        block=block, shop=shop, first=first, count=5 if block is not None else None,
    )  # fmt: skip


class Letters:
    """Puts messages on the queue and gives them up."""

    def __init__(self, client: redis.Redis) -> None:
        self.queue = Queue(client, "w1")

    def give_up(self, queue: str, message: Delivery, why: Why) -> None:
        self.queue.enqueue(queue, [message])
        self.queue.fetch(queue, 1, ())
        assert self.queue.nack(queue, message.id, why)

    def some(self) -> None:
        failed = Why(reason="failed", error="OSError: disk is gone", starts=1)
        self.give_up(BLOCKS, encode_message(BLOCKS, job(block=3)), failed)
        kills = Why(reason="kills_its_process", error="died", plugins=("acme",), starts=4)
        self.give_up(SHOPS, encode_message(SHOPS, job(shop="10023", run="single-2")), kills)
        unreadable = Why(reason="undecodable", error="no message: malformed")
        self.give_up(BLOCKS, Delivery("raw", HOSTILE), unreadable)


@pytest.fixture
def letters(server: Server, broker_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Letters:
    return Letters(broker_client)


@pytest.fixture
def ask(server: Server, call: Call, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What `shopace dlq …` answers: parsed with --json, the result without."""
    monkeypatch.setenv("SHOPACE_BROKER_URL", server.url_broker)
    monkeypatch.setenv("SHOPACE_RESULTS_URL", server.url_results)

    def asked(*arguments: str | Path) -> Any:
        result = call("dlq", *arguments)
        return json.loads(result.stdout) if "--json" in arguments else result

    return asked


def ids(told: Any) -> list[str]:
    return [each["id"] for each in told["dead_letters"]]


def test_the_reasons_and_queues_of_the_help_are_those_of_the_queue() -> None:
    assert get_args(Reason) == dlq.REASONS
    assert sorted(dlq.QUEUES) == sorted(QUEUES)


def test_the_list_tells_what_why_and_when(letters: Letters, ask: Callable[..., Any]) -> None:
    letters.some()
    told = ask("list", "--json")["dead_letters"]
    by_id = {each["id"]: each for each in told}
    block = by_id[message_id(job(block=3))]
    assert (block["queue"], block["reason"], block["run"]) == ("blocks", "failed", RUN)
    assert block["job"]["block"] == 3
    assert block["can_be_replayed"]
    assert by_id["raw"]["run"] is None
    assert not by_id["raw"]["can_be_replayed"]
    assert "cannot be read" in by_id["raw"]["cannot_be_replayed_because"]
    assert all(dt.datetime.fromisoformat(each["at"]).tzinfo is not None for each in told)
    text = ask("list").stdout
    assert "3 dead letters: 1 failed" in text
    assert "kills its process" in text


def test_an_id_stands_whole_on_a_line_of_its_own(letters: Letters, ask: Callable[..., Any]) -> None:
    long = encode_message(BLOCKS, job(block=3, run=f"nightly-{'m' * 80}-2026-10-31-1"))
    letters.give_up(BLOCKS, long, Why(reason="failed", error="OSError: disk is gone", starts=1))
    lines = ask("list").stdout.splitlines()
    assert long.id in lines
    assert ask("show", long.id).exit_code == 0


@pytest.mark.parametrize("command", ["list", "replay", "purge"])
@pytest.mark.usefixtures("broker_client")
def test_where_there_is_none_that_is_said(ask: Callable[..., Any], command: str) -> None:
    everything = () if command == "list" else ("--all",)
    assert ask(command, *everything).stdout == "There is no dead letter.\n"
    assert ask(command, "--run", "nope").stdout == "There is no such dead letter.\n"


def test_a_replay_that_breaks_off_names_the_server_and_how_many_are_replayed(
    letters: Letters, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    letters.some()
    next_fence, calls = ResultStore.next_fence, []

    def breaks_off(store: ResultStore) -> int:
        calls.append(store)
        if len(calls) == 2:
            raise redis.ConnectionError("gone")
        return next_fence(store)

    monkeypatch.setattr(ResultStore, "next_fence", breaks_off)
    result = ask("replay", "--all")
    assert result.exit_code == 5
    assert "the results server does not answer any more" in result.stderr
    assert "1 of 2 dead letters replayed" in result.stderr
    assert len(ids(ask("list", "--json"))) == 2


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--reason", "failed"), {"3"}),
        (("--plugin", "acme"), {"10023"}),
        (("--run", RUN), {"3"}),
        (("--queue", "blocks"), {"3", "raw"}),
        (("--queue", "blocks", "--reason", "undecodable"), {"raw"}),
        (("raw",), {"raw"}),
        (("--plugin", "nobody"), set()),
    ],
)
def test_what_is_meant_is_found(
    letters: Letters, ask: Callable[..., Any], options: tuple[str, ...], found: set[str]
) -> None:
    letters.some()
    told = ids(ask("list", *options, "--json"))
    assert {each.split(":")[2].split("+")[0] if ":" in each else each for each in told} == found


def test_thousands_are_listed_without_keys_that_block_the_server(
    letters: Letters, ask: Callable[..., Any], broker_client: redis.Redis
) -> None:
    many = [encode_message(BLOCKS, job(block=number)) for number in range(3000)]
    letters.queue.enqueue(BLOCKS, many)
    letters.queue.fetch(BLOCKS, len(many), ())
    for each in many:
        letters.queue.nack(BLOCKS, each.id, Why(reason="failed", error="e"))
    broker_client.config_resetstat()  # other tests of this run may ask for keys
    assert sorted(ids(ask("list", "--json"))) == sorted(each.id for each in many)
    shown = ask("list").stdout
    assert "2,950 older ones are not shown" in shown
    stats: Any = broker_client.info("commandstats")
    assert "cmdstat_zscan" in stats
    assert "cmdstat_keys" not in stats
    assert ask("purge", "--all", "--yes", "--json")["purged"] == 3000


def test_no_byte_of_a_message_steers_the_terminal(
    letters: Letters, ask: Callable[..., Any]
) -> None:
    letters.some()
    name = b"\x1b]0;\xff\x07"
    body = b"x" * 100_000
    letters.queue.enqueue(SHOPS, [Delivery(name.decode("utf-8", "surrogateescape"), body)])
    (fetched,) = letters.queue.fetch(SHOPS, 1, ())
    letters.queue.nack(SHOPS, fetched.id, Why(reason="undecodable", error="\x1b[31m"))
    for each in (ask("list"), ask("show", "raw"), ask("show", fetched.id)):
        assert each.exit_code == 0
        assert not set(each.stdout) & set("\x1b\x07\x00\r")
    assert "95,904 bytes more" in ask("show", fetched.id).stdout
    assert ask("show", fetched.id, "--json")["content_cut"]


def test_the_bytes_can_be_saved_as_they_came(letters: Letters, server: Server, call: Call) -> None:
    letters.some()
    result = CliRunner(
        env={"SHOPACE_BROKER_URL": server.url_broker, "SHOPACE_RESULTS_URL": server.url_results}
    ).invoke(shopace, ["dlq", "show", "raw", "--raw"])
    assert result.stdout_bytes == HOSTILE


def test_an_unknown_id_is_told_with_the_one_that_was_meant(
    letters: Letters, ask: Callable[..., Any]
) -> None:
    letters.some()
    name = message_id(job(block=3))
    result = ask("show", name[:-1] + "6")
    assert result.exit_code == 4
    assert f'did you mean "{name}"?' in result.stderr


@pytest.mark.parametrize("command", ["replay", "purge"])
def test_nothing_happens_to_all_unless_all_are_named(
    letters: Letters, ask: Callable[..., Any], command: str
) -> None:
    letters.some()
    assert ask(command).exit_code == 2
    assert ask(command, "--all", "--reason", "failed").exit_code == 2
    assert len(ids(ask("list", "--json"))) == 3


def test_a_dry_run_says_what_would_happen_and_does_nothing(
    letters: Letters, ask: Callable[..., Any]
) -> None:
    letters.some()
    before = ask("list", "--json")
    told = ask("replay", "--all", "--dry-run", "--json")
    assert len(told["would_be_replayed"]) == 2
    assert [each["id"] for each in told["cannot_be_replayed"]] == ["raw"]
    assert "2 dead letters would be replayed" in ask("replay", "--all", "--dry-run").stdout
    assert "3 dead letters would be dropped" in ask("purge", "--all", "--dry-run").stdout
    assert ask("list", "--json") == before


def test_a_replay_has_a_new_fence_and_id_and_is_about_the_same(
    letters: Letters, ask: Callable[..., Any], broker_client: redis.Redis
) -> None:
    part = job(block=3, first=10)
    letters.give_up(BLOCKS, encode_message(BLOCKS, part), Why(reason="failed"))
    (told,) = ask("replay", "--run", RUN, "--json")["replayed"]
    assert told["fence"] > part.fence
    (message,) = letters.queue.fetch(BLOCKS, 10, ())
    assert message.id == told["message"] != told["id"]
    again = json.loads(message.body)["args"][0]
    assert again.pop("fence") == told["fence"]
    assert again | {"fence": part.fence} == {
        "run": RUN, "fence": 7, "as_of": "2026-10-31", "snapshot": "s", "policy": "p",
        "block": 3, "first": 10, "count": 5,
    }  # fmt: skip
    assert dead_letters(broker_client, Wanted()) == []


def test_purging_asks_first(letters: Letters, ask: Callable[..., Any], call: Call) -> None:
    letters.some()
    assert ask("purge", "--all").exit_code == 130  # nobody answers
    assert len(ids(ask("list", "--json"))) == 3
    assert call("dlq", "purge", "--all", "--json").exit_code == 2
    result = CliRunner().invoke(shopace, ["dlq", "purge", "raw"], input="y\n")
    assert "1 dead letter dropped" in result.stdout
    assert len(ids(ask("list", "--json"))) == 2


def report_kept(settings: Settings, run: str) -> RunReport:
    with redis.Redis.from_url(settings.results_url) as client:
        stored: Any = client.get(keys.run_report_key(run))
    return msgspec.json.decode(stored, type=RunReport)


def test_a_replayed_block_no_longer_counts_as_failed_when_it_is_done(
    built: Path, settings: Settings, ask: Callable[..., Any], until: Until
) -> None:
    shutil.copytree(built, settings.data, dirs_exist_ok=True)
    snapshot = latest_snapshot(settings.snapshots)
    run = start_nightly(settings, snapshot, None, load_policy(POLICY_PACKS))
    folder = settings.snapshots / snapshot.id
    away = settings.data / "elsewhere"
    folder.rename(away)
    with Supervisor(settings, processes=1):
        failed = wait(run, timeout=60)
        assert failed.failed == failed.shops == run.shops
        until(lambda: len(ids(ask("list", "--json"))) == len(run.block_shops), "all are given up")
        away.rename(folder)
        told = ask("replay", "--run", run.id, "--json")
        assert len(told["replayed"]) == len(run.block_shops)
        until(lambda: progress(open_run(settings, run.id)).failed == 0, "none is failed any more")
        until(lambda: report_kept(settings, run.id).progress.failed == 0, "its report says so too")
    done = progress(open_run(settings, run.id))
    assert (done.written, done.blocks_failed, done.errors) == (run.shops, 0, {})
    assert ids(ask("list", "--json")) == []
