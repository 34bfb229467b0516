"""The users of `deploy/users.acl`: each does its work on a real server, and nothing besides."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
import pytest
import redis
from click.testing import CliRunner, Result
from redis.backoff import NoBackoff
from redis.retry import Retry
from structlog.testing import capture_logs
from tests.conftest import ROOT
from tests.workers.conftest import NAMESPACE, Marketplace

from shopace.core.records.job import Job
from shopace.core.results.reader import DiagnosisReader
from shopace.service.cli import shopace
from shopace.workers.client import SchedulerClient
from shopace.workers.embedded import die_with_parent, server_binary
from shopace.workers.exposition import Exposition
from shopace.workers.runs import open_run, wait
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Health, Supervisor

ACL_FILE = ROOT / "deploy" / "users.acl"
ROLES = ("scheduler", "worker", "reader", "operator")
SECRET = "s3cr3t-canary"
Until = Callable[..., None]


class Guarded(NamedTuple):
    """A server that knows nobody but the users of the file, and an administrator."""

    socket: Path
    admin: Any

    def url(self, user: str, database: int) -> str:
        return f"unix://{user}:{quote(password(user), safe='')}@{self.socket}?db={database}"

    def client(self, user: str, database: int = 1) -> Any:
        return redis.Redis.from_url(self.url(user, database))

    def settings(self, settings: Settings, user: str) -> Settings:
        return msgspec.structs.replace(
            settings, broker_url=self.url(user, 0), results_url=self.url(user, 1)
        )

    def environment(self, user: str) -> dict[str, str]:
        return {"SHOPACE_BROKER_URL": self.url(user, 0), "SHOPACE_RESULTS_URL": self.url(user, 1)}

    def refusals(self) -> list[str]:
        """What anybody tried without the right to."""
        entries = self.admin.acl_log(count=100)
        return [f"{each['username']}: {each['object']} ({each['context']})" for each in entries]


def password(user: str) -> str:
    """With all that a URL could stumble over."""
    return f"{user}:{SECRET}/@ #%?&=+ü"


def switched_on(acl: str) -> str:
    """The file as docs/operations.md says to make it: each user on, with the password's SHA-256."""
    for user in ROLES:
        digest = hashlib.sha256(password(user).encode()).hexdigest()
        acl = acl.replace(f"user {user} off ", f"user {user} on #{digest} ")
    digest = hashlib.sha256(password("admin").encode()).hexdigest()
    return f"{acl}user admin on #{digest} ~* &* +@all\n"


@pytest.fixture
def guarded(until: Until) -> Iterator[Guarded]:
    folder = Path(tempfile.mkdtemp(prefix="shopace-acl-"))
    (folder / "users.acl").write_text(switched_on(ACL_FILE.read_text("utf-8")), "utf-8")
    socket = folder / "redis.sock"
    options = {"port": 0, "unixsocket": socket, "dir": folder, "save": "", "logfile": "server.log"}
    options["aclfile"] = folder / "users.acl"
    arguments = [str(each) for name, value in options.items() for each in (f"--{name}", value)]
    process = subprocess.Popen(
        [os.environ.get("SHOPACE_TEST_REDIS") or server_binary(), *arguments],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509  # one system call
    )
    guarded = Guarded(socket, redis.Redis.from_url(Guarded(socket, None).url("admin", 0)))

    def answers() -> bool:
        assert process.poll() is None, (folder / "server.log").read_text("utf-8")
        try:
            return bool(guarded.admin.ping())
        except redis.ConnectionError:
            return False

    try:
        until(answers, "the server answers")
        yield guarded
    finally:
        guarded.admin.close()
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def run(guarded: Guarded, user: str, *arguments: str | Path) -> Result:
    """A command of the command line as that user."""
    given = [str(each) for each in arguments]
    result = CliRunner().invoke(shopace, given, env=guarded.environment(user))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(guarded: Guarded, user: str, *arguments: str | Path) -> Any:
    result = run(guarded, user, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_file_holds_no_password_and_switches_nobody_on() -> None:
    users = [line.split() for line in ACL_FILE.read_text("utf-8").splitlines()]
    assert [user[:3] for user in users] == [["user", name, "off"] for name in ("default", *ROLES)]
    words = {word for user in users for word in user}
    assert not [word for word in words if word.startswith((">", "#", "<")) or word == "nopass"]
    assert "~*" not in words
    assert not [word for word in words if word.startswith(("allkeys", "allcommands", "+@"))
                and word != "+@connection"]  # fmt: skip


def test_workers_may_do_what_the_scripts_do() -> None:
    (worker,) = (
        line for line in ACL_FILE.read_text("utf-8").splitlines() if line.startswith("user worker ")
    )
    allowed = set(re.findall(r"\+([a-z|]+)", worker))
    needed = set[str]()
    for script in sorted(ROOT.glob("*/**/*.lua")):
        if script.relative_to(ROOT).parts[0] not in {"core", "workers"}:
            continue
        for command, following in re.findall(
            r'redis\.p?call\(\s*"([A-Z]+)"(?:,\s*"([A-Z]+)")?', script.read_text("utf-8")
        ):
            group = command in {"XGROUP", "XINFO"}
            needed.add(f"{command}|{following}".lower() if group else command.lower())
    assert len(needed) > 20
    assert needed <= allowed, f"give workers {sorted(needed - allowed)} in {ACL_FILE.name}"


def read_as_reader(guarded: Guarded, shop: str, data: Path) -> None:
    with guarded.client("reader") as client:
        reader = DiagnosisReader(client)
        stored = reader.get(shop)
        assert stored is not None
        assert reader.legend(stored.metrics.legend) is not None
        assert list(reader.events(wait_seconds=0.1))
        events = "shopace:v1:events"
        client.xgroup_create(events, "pages", id="0")
        ((_, entries),) = client.xreadgroup("pages", "one", {events: ">"}, count=2)
        assert client.xack(events, "pages", *(at for at, _ in entries)) == 2
    assert told(guarded, "reader", "show", shop, "--data", data)["shop"] == shop


def operate(guarded: Guarded, job: Job, folder: Path) -> None:
    data = ("--data", folder)
    assert len(told(guarded, "operator", "status", *data)["runs"]) == 2
    examined = run(guarded, "operator", "doctor", *data, "--json").stdout
    assert "refuses" not in examined
    assert "does not let" not in examined
    (letter,) = told(guarded, "operator", "dlq", "list", *data)["dead_letters"]
    assert told(guarded, "operator", "dlq", "show", letter["id"], *data)["content"]
    assert told(guarded, "operator", "dlq", "purge", "--all", "--yes", *data)["purged"] == 1
    body = {"actor_name": "diagnose_shop", "args": [msgspec.to_builtins(job)]}
    guarded.admin.hset(f"{NAMESPACE}:shops.XQ.msgs", "failed", msgspec.json.encode(body))
    guarded.admin.zadd(f"{NAMESPACE}:shops.XQ", {"failed": 1.0})
    assert len(told(guarded, "operator", "dlq", "replay", "--all", *data)["replayed"]) == 1
    assert guarded.admin.llen(f"{NAMESPACE}:shops") == 1


def test_everybody_does_their_work_and_is_never_refused(
    guarded: Guarded, marketplace: Marketplace, until: Until
) -> None:
    settings = marketplace.settings
    shop, other = marketplace.snapshot.block(0).shops[:2]
    scheduler = guarded.settings(settings, "scheduler")
    with SchedulerClient(scheduler.broker_url, scheduler.results_url, settings.data) as client:
        single = client.enqueue_shop(shop)
        assert client.enqueue_shop(shop).joined
        night = client.enqueue_nightly()
        assert client.enqueue_nightly().joined
        producer = guarded.client("scheduler", 0)
        producer.xadd(f"{NAMESPACE}:intake", {"job": json.dumps({"shop": other})})
        producer.xadd(f"{NAMESPACE}:intake", {"job": "{"})
        guarded.admin.hset(f"{NAMESPACE}:shops.msgs", "bad", b"\xff")
        guarded.admin.lpush(f"{NAMESPACE}:shops", "bad")
        working = guarded.settings(settings, "worker")
        with Supervisor(working, processes=1) as supervisor:
            assert wait(single, timeout=60).shops_done == 1
            assert wait(open_run(scheduler, night.id), timeout=60).is_finished
            again = client.enqueue_nightly(again=True)
            assert wait(again, timeout=60).failed == 0
            until(lambda: guarded.admin.get(f"{NAMESPACE}:canary:ran"), "a canary ran")
            until(lambda: producer.xlen(f"{NAMESPACE}:intake") == 0, "the intake is emptied")
            until(lambda: producer.xrange(f"{NAMESPACE}:intake:rejected"), "one is rejected")
            until(lambda: guarded.admin.zcard(f"{NAMESPACE}:shops.XQ"), "the bad one is set aside")
            until(lambda: not guarded.admin.hlen(f"{NAMESPACE}:shops.msgs"), "all shops are done")
            servers = (guarded.client("worker", 0), guarded.client("worker", 1))
            with capture_logs() as logs:
                metrics, _ = Exposition(working, *servers, supervisor.health).render("")
            assert b"shopace_intake" in metrics
            assert "scrape.incomplete" not in [each["event"] for each in logs]

    read_as_reader(guarded, shop, settings.data)
    operate(guarded, single.job(shop=shop), settings.data)
    # Of all that was asked only doctor's question for the fsync policy, which it can do without:
    # who may see the configuration may see the passwords in it.
    assert set(guarded.refusals()) <= {"operator: config|get (toplevel)"}


DOCUMENT = "shopace:v1:diagnosis:{10023}"
FORBIDDEN = {
    "reader": [
        ("HSET", DOCUMENT, "body", "{}"),
        ("DEL", DOCUMENT),
        ("XADD", "shopace:v1:events", "*", "shop", "10023"),
        ("XTRIM", "shopace:v1:events", "MAXLEN", "0"),
        ("SET", "shopace:v1:legend:x", "{}"),
        ("HGETALL", "shopace:v1:run:{night}"),
        ("LLEN", f"{NAMESPACE}:shops"),
        ("HGET", f"{NAMESPACE}:shops.msgs", "x"),
        ("XADD", f"{NAMESPACE}:intake", "*", "job", "{}"),
        ("GET", "shopace:v1:fence"),
        ("GET", "of-somebody-else"),
        ("SCAN", "0"),
        ("EVAL", "return 1", "0"),
        ("INFO",),
    ],
    "scheduler": [
        ("HGET", DOCUMENT, "body"),
        ("HSET", DOCUMENT, "body", "{}"),
        ("HGET", f"{NAMESPACE}:shops.msgs", "x"),
        ("HSET", f"{NAMESPACE}:shops.msgs", "x", "y"),
        ("HDEL", f"{NAMESPACE}:shops.msgs", "x"),
        ("LPOP", f"{NAMESPACE}:blocks"),
        ("DEL", f"{NAMESPACE}:blocks"),
        ("HGETALL", f"{NAMESPACE}:held:worker"),
        ("ZREM", f"{NAMESPACE}:shops.XQ", "x"),
        ("XDEL", f"{NAMESPACE}:intake", "1-1"),
        ("XRANGE", "shopace:v1:events", "-", "+"),
        ("HSET", "shopace:v1:run:{night}:blocks", "0:0+1", "{}"),
        ("KEYS", "*"),
    ],
    "operator": [
        ("HGET", DOCUMENT, "body"),
        ("HSET", DOCUMENT, "body", "{}"),
        ("DEL", DOCUMENT),
        ("XADD", "shopace:v1:events", "*", "shop", "10023"),
        ("HSET", "shopace:v1:run:{night}", "as_of", "2026-01-01"),
        ("DEL", f"{NAMESPACE}:shops"),
        ("LPOP", f"{NAMESPACE}:shops"),
        ("HDEL", f"{NAMESPACE}:shops.msgs", "x"),
        ("DEL", "shopace:v1:fence"),
        ("SET", "of-somebody-else", "x"),
    ],
    "worker": [
        ("DEL", DOCUMENT),
        ("XTRIM", "shopace:v1:events", "MAXLEN", "0"),
        ("DEL", "shopace:v1:events"),
        ("XRANGE", "shopace:v1:events", "-", "+"),
        ("SET", "shopace:v1:night:{acme}:2026-01-01", "x"),
        ("SET", "of-somebody-else", "x"),
        ("GET", "of-somebody-else"),
        ("SCAN", "0"),
        ("EVAL", "return 1", "0"),
    ],
}
FORBIDDEN_TO_ALL = [
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "maxmemory", "1"),
    ("ACL", "LIST"),
    ("ACL", "SETUSER", "reader", "+@all"),
    ("KEYS", "*"),
    ("SHUTDOWN",),
    ("REPLICAOF", "NO", "ONE"),
    ("SCRIPT", "FLUSH"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("MONITOR",),
    ("SAVE",),
    ("PUBLISH", "x", "y"),
    ("FUNCTION", "LIST"),
]


def test_nobody_does_what_is_not_their_work(guarded: Guarded) -> None:
    for user in ROLES:
        with guarded.client(user) as client:
            for command in [*FORBIDDEN[user], *FORBIDDEN_TO_ALL]:
                with pytest.raises(redis.exceptions.NoPermissionError):
                    client.execute_command(*command)


def test_a_worker_may_tell_its_metrics(guarded: Guarded) -> None:
    before = guarded.refusals()
    broker, results = guarded.client("worker", 0), guarded.client("worker", 1)
    health = Health(1, 1, 0, 0.0, stopping=False, deaths={})
    settings = Settings(broker_url="", results_url="", data=Path())
    text, _ = Exposition(settings, broker, results, lambda: health).render("")
    for name in ("stale_writes_total", "queue_messages", "jobs_total", "intake_waiting"):
        assert f"shopace_{name}" in text.decode()
    assert guarded.refusals() == before


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("scheduler", ("fetch", "shops", "me", "1")),
        ("scheduler", ("purge_dead", "shops", "", "x")),
        ("scheduler", ("sweep", "", "me", "1", "1", "1", "shops")),
        ("operator", ("fetch", "shops", "me", "1")),
        ("operator", ("ack", "shops", "me", "x", "")),
    ],
)
def test_a_script_may_do_no_more_than_who_calls_it(
    guarded: Guarded, user: str, command: tuple[str, ...]
) -> None:
    text = (ROOT / "workers" / "queue.lua").read_text("utf-8")
    guarded.admin.hset(f"{NAMESPACE}:held:me", "x", "shops")
    with guarded.client(user, 0) as client, pytest.raises(redis.ResponseError) as error:
        client.register_script(text)(keys=[NAMESPACE], args=command)
    assert guarded.refusals(), str(error.value)
    assert guarded.admin.hget(f"{NAMESPACE}:held:me", "x") == b"shops"


def test_nobody_comes_in_without_a_name(guarded: Guarded) -> None:
    once = Retry(NoBackoff(), 0)
    client = redis.Redis(unix_socket_path=str(guarded.socket), retry=once)
    with client, pytest.raises(redis.AuthenticationError):
        client.ping()


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("reader", ("status",)),
        ("reader", ("dlq", "list")),
        ("reader", ("enqueue", "SHOP")),
        ("scheduler", ("show", "SHOP")),
        ("scheduler", ("dlq", "list")),
        ("operator", ("enqueue", "SHOP")),
        ("operator", ("nightly",)),
        ("operator", ("show", "SHOP")),
        ("reader", ("worker", "--processes", "1")),
        ("scheduler", ("worker", "--processes", "1")),
        ("operator", ("worker", "--processes", "1")),
    ],
)
def test_the_command_line_says_who_may_do_what(
    guarded: Guarded, marketplace: Marketplace, user: str, command: tuple[str, ...]
) -> None:
    shop = marketplace.snapshot.block(0).shops[0]
    given = [shop if each == "SHOP" else each for each in command]
    optional = ["--without-benchmarks"] if command[0] in {"enqueue", "nightly"} else []
    result = run(guarded, user, *given, *optional, "--data", marketplace.settings.data, "--json")
    assert result.exit_code == 5, result.output
    error = json.loads(result.stdout)["error"]
    assert re.search("does not let our user do that|refuses", error["message"])
    assert "deploy/users.acl" in error["hint"], error
    assert "@user_script" not in error["message"]
    assert SECRET not in result.output


def test_no_secret_is_ever_told(
    guarded: Guarded, marketplace: Marketplace, until: Until, tmp_path: Path
) -> None:
    """Commands that succeed and fail, and a worker whose user is switched off and on again."""
    data, shop = marketplace.settings.data, marketplace.snapshot.block(0).shops[0]
    log = tmp_path / "worker.log"
    child_of = [sys.executable, "-m", "shopace.service.cli", "worker", "--processes", "1"]
    with log.open("wb") as written:
        worker = subprocess.Popen(
            [*child_of, "--data", str(data), "--json", "-vv"],
            env={**os.environ, **guarded.environment("worker")},
            stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def has_logged(event: str) -> bool:
        assert worker.poll() is None, log.read_text("utf-8")
        return f'"{event}"' in log.read_text("utf-8")

    said = []
    try:
        until(lambda: has_logged("child.ready"), "the worker is ready")
        guarded.admin.execute_command("ACL", "SETUSER", "worker", "off")
        guarded.admin.execute_command("CLIENT", "KILL", "USER", "worker")
        until(lambda: has_logged("chore.away"), "the worker has noticed")
        guarded.admin.execute_command("ACL", "SETUSER", "worker", "on")
        until(lambda: has_logged("chore.back"), "the worker is back")
        enqueue = ("enqueue", shop, "--without-benchmarks", "--wait", "--data", data)
        said += [run(guarded, "scheduler", *enqueue, *more) for more in ((), ("--json", "-vv"))]
        assert [each.exit_code for each in said] == [0, 0], said[0].output + said[1].output
        for arguments in (("status",), ("dlq", "list"), ("show", shop), enqueue):
            for user in ROLES:
                for more in ((), ("--json",), ("-vv",)):
                    said.append(run(guarded, user, *arguments, "--data", data, *more))
    finally:
        worker.terminate()
        worker.wait(60)
    for user in ROLES:  # and with a password that is none any more
        guarded.admin.execute_command("ACL", "SETUSER", user, "resetpass", ">another")
        said += [run(guarded, user, "status", *more) for more in ((), ("--json", "-vv"))]
        assert said[-1].exit_code == 5
        assert "refuses our user or password" in said[-1].output
    shown = [log.read_text("utf-8"), *(each.output for each in said)]
    assert not [text for text in shown if SECRET in text]
    stored = [guarded.admin.dump(key) or b"" for key in guarded.admin.scan_iter()]
    assert not any(SECRET.encode() in each for each in stored)
