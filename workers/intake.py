"""The intake: any program asks for a shop with one XADD, and a bridge makes it a job.

A supervisor runs a bridge in a thread. An entry leaves the stream when its job is enqueued or when
it is refused with all reasons, never before; who dies in between leaves it to another.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import msgspec
import redis

from shopace.core.errors import (
    JobError,
    Problem,
    ServerError,
    ShopaceError,
    SnapshotError,
    did_you_mean,
)
from shopace.core.records.intake import IntakeJob
from shopace.core.steering import STEERING
from shopace.core.warehouse.handwritten import judge, judge_of, parse
from shopace.core.warehouse.snapshot import marketplaces
from shopace.workers.logging import Events
from shopace.workers.queue import NAMESPACE, key
from shopace.workers.settings import Servers, Settings
from shopace.workers.singles import carry_out, single_steps
from shopace.workers.sources import Pinned, Source, Sources

STREAM = key("intake")
REJECTED = key("intake:rejected")
FIELD = "job"
SCHEMA = "intake.schema.json"
LARGEST_BYTES = 64 * 1024
"""Of an entry; a larger one is not even read."""
DEEPEST = 16
"""Of nested lists and objects, of which a job has none."""
MOST_FIELDS = 64

_TAKEN_AT_ONCE = 128
_SLEEP_SECONDS = 0.1
_LARGEST_TOLD_BYTES = 1024
"""Of what is kept of a rejected job, and of its problems."""
_REJECTIONS_KEPT = 10_000
_LONGEST_SENTENCE = 240
_FIELDS_TOLD = 20
_BRACKETS = re.compile(rb"[\[\]{}]")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')

log = Events(__name__)

Outcome = Literal["accepted", "joined", "rejected"]


class Entry(NamedTuple):
    """An entry of the stream as it was taken."""

    id: str
    size: int
    """Bytes of all its fields."""
    fields: tuple[bytes, ...]
    """Names and values by turns; none where the entry is too large."""


class Verdict(NamedTuple):
    """What becomes of an entry."""

    entry: Entry
    outcome: Outcome
    error: JobError | None = None
    """What it was rejected for."""


class _Request(NamedTuple):
    entry: Entry
    job: IntakeJob
    sources: tuple[Source, ...]
    """Where its shop may be."""


class IntakeState(NamedTuple):
    """The intake as it stands."""

    waiting: int
    """Entries that are neither enqueued nor refused."""
    oldest_seconds: float
    """Since the oldest of them came; 0 without any."""
    accepted: int
    """Ever, like the next two: jobs that were enqueued."""
    joined: int
    """Whose shop waited or ran already."""
    rejected: int
    rejections_kept: int
    """That can still be read."""


class Intake:
    """Commands to the intake stream. `client` must not decode responses."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        self._settings = settings
        self._script = client.register_script(_script_text())
        self._cursor: str | bytes = "0-0"

    def take(self) -> list[Entry]:
        """The next entries; among them those that were taken and not settled in time."""
        settings = self._settings
        arguments = (
            _TAKEN_AT_ONCE,
            settings.heartbeat_timeout_ms,
            self._cursor,
            LARGEST_BYTES,
            settings.dead_message_ttl_ms,
        )
        answer: Any = self._script(keys=[NAMESPACE], args=["take", *arguments])
        self._cursor, entries = answer
        return [Entry(at.decode(), size, tuple(fields)) for at, size, *fields in entries]

    def settle(self, verdicts: Iterable[Verdict]) -> int:
        """Take entries off the stream; how many were still on it."""
        arguments: list[str | bytes | int] = [_REJECTIONS_KEPT]
        for entry, outcome, error in verdicts:
            beginning = b"" if error is None else _job_of(entry)[:_LARGEST_TOLD_BYTES]
            arguments += (entry.id, outcome, beginning, "" if error is None else told(error))
        return int(self._script(keys=[NAMESPACE], args=["settle", *arguments]))


class Bridge:
    """Makes jobs of entries; any number of them at once."""

    def __init__(self, servers: Servers, settings: Settings) -> None:
        self._settings = settings
        self._sources = Sources(settings)
        self._servers = servers
        self._intake = Intake(servers.broker, settings)
        self._taken: list[list[Entry]] = []
        """Not settled for a server that was away; others may have them by now, which is as well."""
        self._complaint = ""

    def step(self) -> float:
        """Pump once; seconds until the next time. Raises what `pump` raises.

        What a mistake of ours failed on comes again in parts, so that one entry costs no other.
        """
        judge_of(SCHEMA)  # its import takes longer than a rejection may
        try:
            return 0.0 if self.pump() else _SLEEP_SECONDS
        except (redis.RedisError, ServerError):
            raise
        except Exception:
            failed = self._taken.pop(0) if self._taken else []
            if len(failed) > 1:
                self._taken += [[entry] for entry in failed]
            raise

    def pump(self) -> int:
        """Take entries and make jobs of them; how many were taken. Raises ServerError, RedisError.

        Entries whose data folder is not as it should be stay where they are and come again.
        """
        if not self._taken:
            self._taken = [self._intake.take()]
        entries = self._taken[0]
        if entries:
            verdicts = list(self._judge(entries))
            self._intake.settle(verdicts)
            for verdict in verdicts:
                if verdict.error is not None:
                    problems = msgspec.json.decode(told(verdict.error))
                    log.warning("intake.rejected", entry=verdict.entry.id, problems=problems)
        self._taken.pop(0)
        return len(entries)

    def _judge(self, entries: Sequence[Entry]) -> Iterator[Verdict]:
        """Enqueue what can be; what is neither enqueued nor refused gets no verdict."""
        names = marketplaces(self._settings.snapshots)
        requests: list[_Request] = []
        for entry in entries:
            try:
                job = read_entry(entry)
                with self._held():
                    requests.append(_Request(entry, job, self._sources_of(job, names)))
            except JobError as error:
                yield Verdict(entry, "rejected", error)
        absent = self._absent(requests)
        found: dict[Pinned, list[_Request]] = {}
        for request in requests:
            if any(each.pinned not in absent for each in request.sources):
                continue  # held
            has = [
                each.pinned
                for each in request.sources
                if request.job.shop not in absent[each.pinned]
            ]
            if len(has) == 1:
                found.setdefault(has[0], []).append(request)
            else:
                yield Verdict(request.entry, "rejected", _misplaced(request, has))
        for pinned, those in found.items():
            yield from self._enqueue(pinned, those)

    def _sources_of(self, job: IntakeJob, names: Sequence[str]) -> tuple[Source, ...]:
        """Raises JobError, or what is wrong with the data folder."""
        if not names:
            what = f"there is no snapshot in {self._settings.snapshots}"
            raise SnapshotError(what, hint="build one: shopace snapshot build")
        named = job.marketplace
        if isinstance(named, str) and named not in names:
            hint = did_you_mean(named, names) or f"there are {', '.join(names)}"
            raise _refused("job: marketplace", f'"{named}" has no snapshot', hint)
        day = job.as_of if isinstance(job.as_of, dt.date) else None
        found, gone = [], None
        for name in (named,) if isinstance(named, str) else names:
            try:
                found.append(self._sources.find(name, day))
            except SnapshotError as error:
                if day is None:
                    raise
                gone = error
        if not found and gone is not None:
            raise _refused("job: as_of", gone.message, gone.hint)
        return tuple(found)

    def _absent(self, requests: Iterable[_Request]) -> dict[Pinned, set[str]]:
        """Of each source that can be read, the shops asked for that it lacks."""
        asked: dict[Pinned, tuple[Source, set[str]]] = {}
        for request in requests:
            for source in request.sources:
                asked.setdefault(source.pinned, (source, set()))[1].add(request.job.shop)
        absent: dict[Pinned, set[str]] = {}
        for pinned, (source, shops) in asked.items():
            with self._held():
                absent[pinned] = source.snapshot.missing(shops)
        return absent

    def _enqueue(self, pinned: Pinned, requests: Sequence[_Request]) -> Iterator[Verdict]:
        shops = [each.job.shop for each in requests]
        steps = single_steps(self._settings, pinned, shops, self._servers.results)
        for request, run in zip(requests, carry_out(steps, self._servers), strict=True):
            log.info(
                "intake.enqueued",
                entry=request.entry.id,
                shop=request.job.shop,
                run=run.id,
                joined=run.joined,
                requester=request.job.requester or None,
                reason=request.job.reason or None,
            )
            yield Verdict(request.entry, "joined" if run.joined else "accepted")

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """What is wrong with the data folder is told once; the entries stay and come again."""
        try:
            yield
        except (JobError, ServerError):
            raise
        except ShopaceError as error:
            if self._complaint != error.message:
                self._complaint = error.message
                log.error("intake.held", error=str(error))  # noqa: TRY400  # a sentence


def read_entry(entry: Entry) -> IntakeJob:
    """The job that an entry asks for. Raises JobError with all that is wrong."""
    if entry.size > LARGEST_BYTES:
        raise _refused("entry", f"{entry.size:,} bytes, {LARGEST_BYTES:,} is the limit")
    names = [each.decode("utf-8", "replace") for each in entry.fields[::2]]
    if names != [FIELD]:
        problems = []
        others = [each for each in dict.fromkeys(names) if each != FIELD][:_FIELDS_TOLD]
        if names.count(FIELD) > 1:
            problems.append(Problem(where="entry", what=f'field "{FIELD}" is given twice'))
        elif FIELD not in names:
            hint = f'as in XADD {STREAM} * {FIELD} \'{{"shop": "10023"}}\''
            problems.append(Problem(where="entry", what=f'field "{FIELD}" is missing', hint=hint))
        problems += [
            Problem(where="entry", what=f'field "{each[:80]}" is unknown') for each in others
        ]
        raise JobError("an entry of the intake is refused", problems=problems)
    return read_job(entry.fields[1])


def read_job(content: bytes) -> IntakeJob:
    """The job of a JSON document. Raises JobError with all that is wrong."""
    if len(content) > LARGEST_BYTES:
        raise _refused("job", f"{len(content):,} bytes, {LARGEST_BYTES:,} is the limit")
    try:
        job = msgspec.json.decode(content, type=IntakeJob)
        parse(content)  # a key given twice
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        problems = _bombs(content) or judge("job", content, SCHEMA).problems
        raise JobError(
            "a job is refused", problems=problems or (Problem(where="job", what=str(error)),)
        ) from error
    return job


def told(error: JobError) -> bytes:
    """The problems as a JSON list of sentences, as many as a kilobyte holds."""
    shown: list[str] = []
    for number, problem in enumerate(error.problems):
        sentence = STEERING.sub("\ufffd", str(problem)[:_LONGEST_SENTENCE])
        more = [f"… and {len(error.problems) - number} more"]
        if len(msgspec.json.encode([*shown, sentence, *more])) > _LARGEST_TOLD_BYTES:
            return msgspec.json.encode(shown + more)
        shown.append(sentence)
    return msgspec.json.encode(shown)


def intake_state(client: redis.Redis) -> IntakeState:
    """How the intake of a broker's server stands. Raises RedisError."""
    answer: Any = client.register_script(_script_text())(keys=[NAMESPACE], args=["state"])
    waiting, oldest_ms, *counts = answer
    return IntakeState(waiting, oldest_ms / 1000, *counts)


def _misplaced(request: _Request, has: Sequence[Pinned]) -> JobError:
    shop = request.job.shop
    if has:
        names = ", ".join(each.marketplace for each in has)
        return _refused("job: marketplace", f'is missing: shop "{shop}" is in {names}')
    names = ", ".join(each.pinned.snapshot for each in request.sources)
    return _refused("job: shop", f'"{shop}" is unknown', f"it is not in {names}")


def _refused(where: str, what: str, hint: str = "") -> JobError:
    return JobError("a job is refused", problems=[Problem(where=where, what=what, hint=hint)])


def _job_of(entry: Entry) -> bytes:
    pairs = zip(entry.fields[::2], entry.fields[1::2], strict=True)
    return dict(pairs).get(FIELD.encode(), b"")


def _bombs(content: bytes) -> tuple[Problem, ...]:
    """What makes a document too costly to be judged in full."""
    bare = _STRINGS.sub(b"", content)
    if bare.count(b":") > MOST_FIELDS:
        return (Problem(where="job", what=f"it has more than {MOST_FIELDS} fields"),)
    level = 0
    for each in _BRACKETS.findall(bare):
        level += 1 if each in b"[{" else -1
        if level > DEEPEST:
            return (Problem(where="job", what=f"it is nested deeper than {DEEPEST} levels"),)
    return ()


@cache
def _script_text() -> str:
    return (files(__package__) / "intake.lua").read_text("utf-8")
