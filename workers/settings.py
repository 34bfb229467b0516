"""All settings of the workers in one record, and the connections they lead to."""

from __future__ import annotations

import contextlib
import math
import os
import re
import time
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import redis
import redis.asyncio
import redis.asyncio.retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry

from shopace.core.configuration import configuration_file
from shopace.core.errors import (
    ConfigurationError,
    Problem,
    ServerError,
    did_you_mean,
    redacted,
    shortened,
)
from shopace.workers.fitness import (
    Facts,
    facts_of,
    require_apart,
    require_fit,
    require_same_time,
)

Role = Literal["broker", "results"]

DATA_VARIABLE = "SHOPACE_DATA"
URL_VARIABLES: dict[Role, str] = {
    "broker": "SHOPACE_BROKER_URL",
    "results": "SHOPACE_RESULTS_URL",
}
TLS_OPTIONS = (
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_password",
    "ssl_cert_reqs",
    "ssl_check_hostname",
)
"""Of a rediss:// URL."""
DEFAULT_DATA = Path("shopace-data")
PREFIX = "SHOPACE_"
_DAY_SECONDS = 24 * 60 * 60
LEAST: dict[str, int] = {
    "memory_mb": 256,
    "grace_seconds": 1,
    "job_seconds": 1,
    "plugin_seconds": 1,
    "blocks_queued": 1,
    "clock_skew_seconds": 0,
    "result_ttl_seconds": 2 * _DAY_SECONDS,  # no less than a job may wait
    "run_ttl_seconds": 2 * _DAY_SECONDS,
    "event_age_seconds": 60,
}
"""What the environment may set, as SHOPACE_ and the name in capitals, and the least of each."""
_MOST = 10**9
_LOADING_SECONDS = 1
"""So long a check waits for a server that loads its data."""
_NUMBERED = re.compile(r"unix:|rediss?://[^/?#]*(/\d*)?(\?|$)")
_BRIEF_SECONDS = 1.4
"""Each command is tried twice."""
_PATIENCE_SECONDS: dict[Role, float] = {"broker": 2, "results": 5}


class ServerFile(msgspec.Struct, frozen=True, kw_only=True):
    """`<data>/server.json`: where the embedded server of this data folder listens."""

    pid: int
    broker: str
    results: str

    @classmethod
    def path(cls, data: Path) -> Path:
        return data / "server.json"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What workers, schedulers and runs need to know. Defaults are for production."""

    broker_url: str
    results_url: str
    data: Path
    """The folder with `snapshots/`, `benchmarks/`, `policies/` and `incentives/`."""
    configuration: Path | None = None
    """What operators set; None: `shopace.toml` of the data folder, or the defaults without one."""

    heartbeat_timeout_ms: int = 15_000
    """A worker silent for so long has lost its jobs to others."""
    beat_seconds: float = 2
    """How often a supervisor says which of its workers are alive, and looks for silent ones."""
    canary_seconds: float = 30
    """How often a job that does nothing goes through the queue, to see whether jobs do."""
    dead_message_ttl_ms: int = 7 * 24 * 60 * 60 * 1000
    max_retries: int = 3
    min_backoff_ms: int = 1_000
    max_backoff_ms: int = 60_000
    job_age_limit_ms: int = 2 * 24 * 60 * 60 * 1000
    """A job older than this is dead-lettered: it may not outlive what newer ones wrote."""
    job_seconds: float = 300
    """A job that takes longer costs its process."""
    plugin_seconds: float = 30
    """A plugin's own code that takes longer, for the shops of a job, costs its process; the job is
    done again without that plugin."""
    memory_mb: int = 4096
    """What a worker process may allocate."""
    wedged_seconds: float = 20
    """A process that has not looked for work for so long, as it does also while it works, is
    replaced."""
    blocks_queued: int = 256
    """Messages of a nightly run that are on the queue at once; the next ones come as blocks end."""
    unique_seconds: float = 60 * 60
    """For so long at most, a single shop that waits or runs is joined instead of enqueued again."""
    prefetch: int = 2
    """Messages a worker process holds, the running one included."""
    poll_ms: int = 50
    """How long an idle worker sleeps at most before it looks for work."""
    clock_skew_seconds: float = 5
    """So far our clock and a server's may be apart before a worker refuses to start."""
    restart_delay_ms: int = 1_000
    """How long a worker waits before it reconnects to the broker."""
    result_ttl_seconds: float = 3 * 24 * 60 * 60
    event_age_seconds: float = 2 * 24 * 60 * 60
    run_ttl_seconds: int = 7 * 24 * 60 * 60
    grace_seconds: float = 30
    """What a worker gets to finish its job after SIGTERM."""
    respawn_seconds: float = 0.5
    """Until a child is replaced that died before it asked for work, and so did the one before it;
    doubled with every further one, up to the longest. Any other is replaced at once."""
    respawn_longest_seconds: float = 5

    @property
    def snapshots(self) -> Path:
        return self.data / "snapshots"

    @property
    def benchmarks(self) -> Path:
        return self.data / "benchmarks"

    @property
    def policies(self) -> Path:
        return self.data / "policies"

    @property
    def incentives(self) -> Path:
        return self.data / "incentives"

    @property
    def configuration_file(self) -> Path | None:
        """The file to load; None for the defaults."""
        return configuration_file(self.data, self.configuration)

    def __repr__(self) -> str:
        return f"Settings(broker={redacted(self.broker_url)!r}, data={str(self.data)!r})"


class Servers(NamedTuple):
    """Open connections to both servers."""

    broker: redis.Redis
    results: redis.Redis

    def close(self) -> None:
        self.broker.close()
        self.results.close()


def settings_from_environment(
    environ: Mapping[str, str] | None = None, *, data: Path | None = None
) -> Settings:
    """Servers from the environment, else from the `server.json` of the data folder.

    Raises ServerError when neither names them: nothing is ever attached to by guessing; and
    ConfigurationError for numbers that cannot be used.
    """
    environ = environ if environ is not None else os.environ
    folder = data if data is not None else Path(environ.get(DATA_VARIABLE) or DEFAULT_DATA)
    urls = {role: environ.get(variable) or None for role, variable in URL_VARIABLES.items()}
    if all(url is None for url in urls.values()):
        found = read_server_file(folder)
        if found is None:
            raise ServerError(
                f"no Redis server is named: set {' and '.join(URL_VARIABLES.values())}",
                hint="or start one of our own with `shopace worker --embedded` on the same --data",
            )
        urls = {"broker": found.broker, "results": found.results}
    absent = [URL_VARIABLES[role] for role, url in urls.items() if url is None]
    if absent:
        raise ServerError(
            f"{absent[0]} is not set: queue and results each need their server",
            hint="for a trial they may be two databases of one: …/0 and …/1",
        )
    settings = Settings(
        broker_url=str(urls["broker"]), results_url=str(urls["results"]), data=folder
    )
    return msgspec.structs.replace(settings, **_numbers_of(environ))


def _numbers_of(environ: Mapping[str, str]) -> dict[str, float]:
    """What the environment sets. Raises ConfigurationError with all that is wrong."""
    kinds = {each.name: each.type for each in msgspec.structs.fields(Settings)}
    numbers: dict[str, float] = {}
    problems: list[Problem] = []
    for name, text in environ.items():
        if not name.startswith(PREFIX) or not text:
            continue
        field = name.removeprefix(PREFIX).lower()
        if field in LEAST:
            try:
                number = kinds[field](text)
            except ValueError:
                number = math.nan
            if LEAST[field] <= number <= _MOST:
                numbers[field] = number
            else:
                kind = "whole number" if kinds[field] is int else "number"
                what = f"{shortened(text)!r} is no {kind} from {LEAST[field]:,} to {_MOST:,}"
                problems.append(Problem(where=name, what=what))
        elif near := get_close_matches(field, LEAST, n=1):
            hint = f"did you mean {PREFIX}{near[0].upper()}?"
            problems.append(Problem(where=name, what="there is no such setting", hint=hint))
    if problems:
        raise ConfigurationError("settings of the environment cannot be used", problems=problems)
    return numbers


def read_server_file(data: Path) -> ServerFile | None:
    """What `<data>/server.json` says; None without one."""
    path = ServerFile.path(data)
    hint = "remove it; the next start writes a new one"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=ServerFile)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ServerError(f"{path} cannot be read: {error}", hint=hint) from error
    for role, url in (("broker", found.broker), ("results", found.results)):
        if not _is_url(url):
            raise ServerError(f"{path} cannot be used: {role} is no Redis URL", hint=hint)
    return found


def connect(url: str, role: Role) -> redis.Redis:
    """A client for workers: patient once connected, but checked within 3 s before it is handed out.

    Raises ServerError: unreachable, too old, or set to evict.
    """
    check_server(url, role)
    return connect_patiently(url, role)


def connect_patiently(url: str, role: Role) -> redis.Redis:
    """Likewise, unchecked: for those who wait until the server is there.

    A command waits a few seconds for its answer and is sent once more; every one may be.
    """
    retry = Retry(ExponentialWithJitterBackoff(cap=1, base=0.05), 1)
    return _client(url, role, timeout_seconds=_PATIENCE_SECONDS[role], retry=retry)


def connect_briefly(url: str, role: Role) -> redis.Redis:
    """A client for callers who wait for an answer: it gives up within 3 s."""
    check_server(url, role)
    return _brief(url, role)


def connect_briefly_async(url: str, role: Role) -> redis.asyncio.Redis:
    """Likewise for an event loop; unchecked, since a check would hold it up.

    Raises ServerError for what is no URL.
    """
    with _url_problems(role):
        return redis.asyncio.Redis.from_url(
            url,
            socket_timeout=_BRIEF_SECONDS,
            socket_connect_timeout=_BRIEF_SECONDS,
            retry=redis.asyncio.retry.Retry(NoBackoff(), 1),
        )


def connect_to_look(url: str, role: Role) -> redis.Redis:
    """A client for probes and metrics, unchecked: it waits a second and does not try again."""
    return _client(url, role, timeout_seconds=1, retry=Retry(NoBackoff(), 0))


def connect_to_read(url: str, role: Role) -> redis.Redis:
    """A client for readers, who get along with a replica and without INFO; checked all the same."""
    client = _client(url, role, timeout_seconds=_BRIEF_SECONDS, retry=Retry(NoBackoff(), 0))
    with _named(url, role):
        client.ping()
    return client


def connect_both(settings: Settings) -> Servers:
    """Clients for workers, as `connect`, of servers that are fit for work."""
    check_for_work(settings)
    return connect_both_patiently(settings)


def connect_both_patiently(settings: Settings) -> Servers:
    """Likewise, unchecked, as `connect_patiently`."""
    return Servers(
        broker=connect_patiently(settings.broker_url, "broker"),
        results=connect_patiently(settings.results_url, "results"),
    )


def connect_both_briefly(settings: Settings) -> Servers:
    """Likewise for callers who wait for an answer."""
    check_servers(settings)
    return Servers(
        broker=_brief(settings.broker_url, "broker"),
        results=_brief(settings.results_url, "results"),
    )


def check_servers(settings: Settings) -> tuple[Facts, Facts]:
    """Check both, and that they are not one database; what broker and results say of themselves."""
    broker = check_server(settings.broker_url, "broker")
    results = check_server(settings.results_url, "results")
    require_apart(broker, results)
    return broker, results


def check_for_work(settings: Settings) -> None:
    """As `check_servers`, and their clocks must agree with ours. Raises ServerError."""
    for role, facts in zip(URL_VARIABLES, check_servers(settings), strict=True):
        require_same_time(facts, role, settings.clock_skew_seconds)


def check_server(url: str, role: Role) -> Facts:
    """Raise ServerError unless the server answers and is fit; what it says of itself.

    One that loads its data is waited for a little.
    """
    # No health check: a server that loads refuses it, and INFO is as good.
    retry = Retry(NoBackoff(), 0)
    client = _client(url, role, timeout_seconds=1.5, retry=retry, health_check_interval=0)
    deadline = time.monotonic() + _LOADING_SECONDS
    try:
        with _named(url, role):
            facts = _facts(client, url)
            while facts.loading and time.monotonic() < deadline:
                time.sleep(0.05)
                facts = _facts(client, url)
    finally:
        client.close()
    require_fit(facts, role)
    return facts


def _facts(client: redis.Redis, url: str) -> Facts:
    asked = time.time()
    info: Any = client.info()
    database = client.connection_pool.connection_kwargs.get("db") or 0
    return facts_of(info, place(url), database, asked=asked, answered=time.time())


@contextlib.contextmanager
def _named(url: str, role: Role) -> Iterator[None]:
    """Turn what a client raises at the first contact into a ServerError that says where."""
    try:
        yield
    except redis.AuthenticationError as error:
        raise ServerError(
            f"the {role} server at {place(url)} refuses our user or password",
            hint=f"see {URL_VARIABLES[role]}",
        ) from error
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise ServerError(
            f"the {role} server at {place(url)} cannot be reached: {_cause(error)}",
            hint=_way_to(url, role),
        ) from error
    except redis.ResponseError as error:
        raise _refusal(role, error) from error


@contextlib.contextmanager
def answered(role: Role) -> Iterator[None]:
    """Turn what a client raises when its server is away or full into a ServerError."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise ServerError(
            f"the {role} server does not answer any more: {_cause(error)}",
            hint=f"is it running? {URL_VARIABLES[role]} says where it is looked for",
        ) from error
    except redis.ResponseError as error:
        raise _refusal(role, error) from error


def is_away(error: ServerError) -> bool:
    """Of what `answered` raised: whether the server gave no answer; else it refused a command."""
    return isinstance(error.__cause__, redis.ConnectionError | redis.TimeoutError)


def _refusal(role: Role, error: redis.ResponseError) -> ServerError:
    told = re.sub(r" script: [^:]*@user_script.*", "", redacted(str(error)))  # the place within it
    forbidden = isinstance(error, redis.exceptions.NoPermissionError) or told.startswith(
        ("ACL failure in script", "The user executing the script")
    )
    if not forbidden:
        return ServerError(f"the {role} server refuses: {told}")
    return ServerError(
        f"the {role} server does not let our user do that: {told}",
        hint=f"{URL_VARIABLES[role]} names the user; what each of the users scheduler, worker,"
        " reader and operator may do is in deploy/users.acl",
    )


def encode_settings(settings: Settings) -> bytes:
    """For a child process; with passwords."""
    return msgspec.json.encode(settings, enc_hook=str)


def decode_settings(content: bytes) -> Settings:
    return msgspec.json.decode(content, type=Settings, dec_hook=lambda kind, text: kind(text))


def place(url: str) -> str:
    """Where a URL leads, for people: no user, no password, no options."""
    shown = re.match(r"^(?:(?:redis|rediss|unix)://)?(?:.*@)?([^?]*)", url, re.DOTALL)
    return shown.group(1) if shown else "?"


def _brief(url: str, role: Role) -> redis.Redis:
    # No health checks: they would wait as long again.
    retry = Retry(NoBackoff(), 1)
    return _client(url, role, timeout_seconds=_BRIEF_SECONDS, retry=retry, health_check_interval=0)


def _client(
    url: str, role: Role, *, timeout_seconds: float, retry: Retry, health_check_interval: int = 30
) -> redis.Redis:
    with _url_problems(role):
        _require_numbered(url)
        client = redis.Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=min(timeout_seconds, 2),
            health_check_interval=health_check_interval,
            retry=retry,
        )
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # not connected: options are judged here
    return client


def _require_numbered(url: str) -> None:
    if not _NUMBERED.match(url):  # a database that is no number would be taken for 0
        raise ValueError


def _is_url(url: str) -> bool:
    try:
        _require_numbered(url)
        redis.Redis.from_url(url)
    except (ValueError, TypeError):
        return False
    return True


@contextlib.contextmanager
def _url_problems(role: Role) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, redis.RedisError) as error:
        # Of what it says only the names of options are told: the rest may be part of a password.
        option = re.search(r"unexpected keyword argument '(ssl_\w+)'", str(error))
        if option is not None:
            raise ServerError(
                f"{URL_VARIABLES[role]} has an option {option[1]} that is not to be had there",
                hint=did_you_mean(option[1], TLS_OPTIONS)
                if option[1] not in TLS_OPTIONS
                else "TLS is for rediss://",
            ) from None
        raise ServerError(
            f"{URL_VARIABLES[role]} is no Redis URL",
            hint="redis://user:password@host:6379/0, rediss://… with TLS, or unix:///path?db=0;"
            " special characters of a password are percent-encoded",
        ) from None


def _way_to(url: str, role: Role) -> str:
    if url.startswith("rediss:"):
        return (
            f"is it running, with TLS? {URL_VARIABLES[role]} names the authority's certificate in"
            " ssl_ca_certs and, where the server wants one, ours in ssl_certfile and ssl_keyfile;"
            " see docs/operations.md"
        )
    return (
        f"is it running? {URL_VARIABLES[role]}, or else server.json of the data folder, says where"
        " it is looked for; a server with TLS wants rediss://"
    )


def _cause(error: Exception) -> str:
    if isinstance(error, redis.TimeoutError):
        return "no answer in time"
    return redacted(str(error)) or type(error).__name__
