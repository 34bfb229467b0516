"""The supervisor: N worker processes, each replaced alone when it dies, all stopped together.

It sees what each child is doing in memory that they share (`marker`), so that it can end one that
takes too long, holds too much or does nothing any more, and say which plugin's code ran when a
child died.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple, Self

from shopace.core.errors import ServerError
from shopace.workers.child import PARENT_VARIABLE
from shopace.workers.chore import Chore
from shopace.workers.feeding import Feeder
from shopace.workers.intake import Bridge
from shopace.workers.keeper import Keeper
from shopace.workers.logging import Events
from shopace.workers.marker import FD_VARIABLE, Doing, Marker
from shopace.workers.notify import ServiceManager
from shopace.workers.queue import Queue, Suspicion
from shopace.workers.settings import (
    Settings,
    answered,
    check_for_work,
    connect_both_patiently,
    connect_patiently,
    encode_settings,
)

CHILD_COMMAND = (sys.executable, "-m", "shopace.workers.child")
"""Fault tests put another in its place."""

_LOOK_SECONDS = 0.05
_ANSWER_SECONDS = 0.05
"""In which a child that is to be killed may tell where it stands."""
_BEYOND_GRACE_SECONDS = 5
"""A child that has not ended so long after its grace period is killed."""
_LAST_WORDS_SECONDS = 5
"""What the chores get together to end after that; manifests in deploy/ leave time for all three."""
_AFTER_MISTAKE_SECONDS = 1
"""Until a child is looked after again over which a mistake of ours was made."""

log = Events(__name__)


@dataclass
class _Child:
    """One place among the N, and the process that fills it."""

    number: int
    marker: Marker = field(default_factory=Marker.create)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    stillbirths: int = 0
    """Children in a row that died before they asked for work."""
    next_look: float = 0.0
    next_start: float = 0.0
    ended_for: str = ""
    """Why we end it; empty while it does well."""
    asked: float = 0.0
    """When it was asked where it stands, before it is killed."""
    killed: bool = False


class Health(NamedTuple):
    """How a supervisor and its children are."""

    children: int
    """How many there should be."""
    asking: int
    """Of them, those that are connected and have asked for work lately."""
    working: int
    """Of them, those in the middle of a job."""
    looked_seconds: float
    """How long ago the supervisor last looked after them."""
    stopping: bool
    deaths: dict[str, int]
    """By kind: `ended` by us for what they did, by a `signal`, or by an `exit` of their own."""
    chores_gone: tuple[str, ...] = ()
    """Of the supervisor's own threads, those that have ended though nobody asked them to."""


@contextlib.contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, for what is to end in order. From the main thread.

    To be entered before anything is started that has to be ended.
    """
    stop = threading.Event()

    def ask_to_stop(number: int, _: FrameType | None) -> None:
        log.info("process.stopping", signal=signal.Signals(number).name)
        stop.set()

    before = {each: signal.signal(each, ask_to_stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Supervisor:
    """Starts and keeps N worker processes.

    `run()` blocks until `stop` is set, as `stop_on_signals` does. As a context manager it works
    from a thread: children are there from entry to exit. Raises ServerError at the start when a
    server is not fit; `run()` also when `lost` says what there is no working without any more.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        processes: int | None = None,
        command: Sequence[str] = CHILD_COMMAND,
        stop: threading.Event | None = None,
        lost: Callable[[], str] = lambda: "",
    ) -> None:
        self._settings = settings
        self._command = tuple(command)
        self._children = [
            _Child(number) for number in range(processes if processes is not None else _cores())
        ]
        self._stop = stop if stop is not None else threading.Event()
        self._thread: threading.Thread | None = None
        self._looked = time.monotonic()
        self._deaths: Counter[str] = Counter()
        self._lost = lost
        self._servers = connect_both_patiently(settings)
        self._keeper = Keeper(self._servers.broker, settings, self._alive)
        beat, again = settings.beat_seconds, settings.restart_delay_ms / 1000
        feeder, bridge = Feeder(self._servers, settings), Bridge(self._servers, settings)
        self._keeping = Chore("keeper", self._keeper.step, retry_seconds=beat, finishes=True)
        self._feeding = Chore("feeder", feeder.step, retry_seconds=beat)
        self._bridging = Chore("intake", bridge.step, retry_seconds=again)
        self._chores = (self._keeping, self._feeding, self._bridging)

    def run(self) -> None:
        """Work until told to stop; afterwards every child is gone."""
        self._check()
        self._keep()

    def __enter__(self) -> Self:
        self._check()
        # Children end with the thread that started them: this one outlives them.
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """Ask all children to finish; returns at once."""
        self._stop.set()

    @property
    def pids(self) -> list[int]:
        """Of the children that are running."""
        running = [each.process for each in self._children]
        return [each.pid for each in running if each is not None and each.poll() is None]

    def health(self) -> Health:
        """As of now, from any thread."""
        running = [each for each in self._children if _is_running(each)]
        now, doings = time.monotonic(), [each.marker.read() for each in running]
        within = self._settings.wedged_seconds
        return Health(
            children=len(self._children),
            asking=sum(bool(each.worker) and now - each.beat <= within for each in doings),
            working=sum(each.job_since > 0 for each in doings),
            looked_seconds=now - self._looked,
            stopping=self._stop.is_set(),
            deaths=dict(self._deaths),
            chores_gone=tuple(each.name for each in self._chores if each.is_gone),
        )

    def _check(self) -> None:
        check_for_work(self._settings)
        client = connect_patiently(self._settings.broker_url, "broker")
        with client, answered("broker"):
            # Nobody of that name holds anything; but who may not give back may not work either.
            Queue(client, worker=f"newcomer-{uuid.uuid4()}").leave()

    def _alive(self) -> list[str]:
        return [each.marker.read().worker for each in self._children if each.process is not None]

    def _keep(self) -> None:
        for chore in self._chores:
            chore.start()
        manager = ServiceManager()
        try:
            while not self._stop.is_set():
                self._looked = time.monotonic()
                manager.alive()
                for child in self._children:
                    self._look_after_safely(child)
                if any(self._alive()):
                    manager.ready()
                if lost := self._lost():
                    raise ServerError(lost)
                self._stop.wait(_LOOK_SECONDS)
        finally:
            manager.stopping()
            self._feeding.ask_to_stop()
            self._bridging.ask_to_stop()
            self._end_all()
            self._keeping.ask_to_stop()  # it vouched for children that were finishing their jobs
            deadline = time.monotonic() + _LAST_WORDS_SECONDS
            for chore in self._chores:
                chore.join(deadline)
            self._servers.close()
            for child in self._children:
                child.marker.close()

    def _look_after_safely(self, child: _Child) -> None:
        """A mistake of ours over one child costs neither the others nor the supervisor."""
        if time.monotonic() < child.next_look:
            return
        try:
            self._look_after(child)
        except Exception:
            log.exception("child.not_looked_after", child=child.number)
            child.next_look = time.monotonic() + _AFTER_MISTAKE_SECONDS

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is not None:
                self._replace(child, code, now)
            elif not child.killed:
                self._judge(child, child.process, now)
        if child.process is None and now >= child.next_start and not self._stop.is_set():
            self._start(child, now)

    def _judge(self, child: _Child, process: subprocess.Popen[bytes], now: float) -> None:
        """End a child that does wrong, once it had time to tell where it stands."""
        before, child.ended_for = child.ended_for, self._wrong(child, now)
        if not child.ended_for:
            return
        if not before:
            child.asked = now
            child.marker.ask(process.pid)
        elif now - child.asked >= _ANSWER_SECONDS:
            child.killed = True
            process.kill()

    def _wrong(self, child: _Child, now: float) -> str:
        """Why the child has to be ended; empty where it does well."""
        settings, doing = self._settings, child.marker.read()
        if doing.plugin_since:  # code in C may hold up even the threads that ask for work
            if now - doing.plugin_since > settings.plugin_seconds:
                return f"ran longer than {settings.plugin_seconds:g} s"
        elif now - max(doing.beat, child.started) > settings.wedged_seconds:
            return f"has not asked for work for {settings.wedged_seconds:g} s"
        if doing.job_since and now - doing.job_since > settings.job_seconds:
            return f"worked longer than {settings.job_seconds:g} s on one job"
        assert child.process is not None  # noqa: S101  # the caller looked
        if _own_memory(child.process.pid) > settings.memory_mb * 1024 * 1024:
            return f"holds more than {settings.memory_mb:,} MB of memory"
        return ""

    def _replace(self, child: _Child, code: int, now: float) -> None:
        assert child.process is not None  # noqa: S101  # the caller looked
        settings, doing = self._settings, child.marker.read()
        lived = now - child.started
        # Who worked is replaced at once, however often it dies: a job that ends its process is cut
        # and set aside. Who does not even start would only burn the machine.
        child.stillbirths = 0 if doing.beat else child.stillbirths + 1
        doubled = settings.respawn_seconds * 2 ** max(0, child.stillbirths - 2)
        wait = 0.0 if child.stillbirths < 2 else min(doubled, settings.respawn_longest_seconds)
        child.next_start = now + wait
        cause = child.ended_for or _cause(code)
        self._deaths["ended" if child.ended_for else "exit" if code >= 0 else "signal"] += 1
        log.error(
            "child.died",
            child=child.number,
            pid=child.process.pid,
            cause=cause,
            plugin=doing.plugin or None,
            message=doing.message or None,
            lived_seconds=round(lived, 1),
            again_in_seconds=round(wait, 1),
            **({"stack": child.marker.stack()} if child.ended_for else {}),
        )
        if doing.worker:
            self._keeper.bury(doing.worker, doing.message, _suspicion(doing, cause))
            self._keeping.wake()
        child.process, child.ended_for, child.killed = None, "", False

    def _start(self, child: _Child, now: float) -> None:
        child.marker.clear()
        try:
            child.process = _start(self._command, self._settings, child.marker)
        except OSError as error:  # no memory, no file handle: they may come back
            child.next_start = now + self._settings.respawn_longest_seconds
            log.error("child.not_started", child=child.number, cause=str(error))  # noqa: TRY400
            return
        child.started = time.monotonic()
        log.info("child.started", child=child.number, pid=child.process.pid)

    def _end_all(self) -> None:
        running = [each for each in self._children if each.process is not None]
        for child in running:
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + self._settings.grace_seconds + _BEYOND_GRACE_SECONDS
        for child in running:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("child.killed", pid=child.process.pid, cause="did not end in time")  # noqa: TRY400
                child.process.kill()
                child.process.wait()
            if child.process.returncode != 0:
                self._keeper.bury(child.marker.read().worker)
            child.process = None


def _is_running(child: _Child) -> bool:
    process = child.process  # read once: the supervisor's thread may take it away
    return process is not None and process.poll() is None


def _suspicion(doing: Doing, cause: str) -> Suspicion | None:
    if not doing.plugin or not doing.message:
        return None
    return Suspicion(plugin=doing.plugin, reason=f"its code ended the process: {cause}")


def _start(command: Sequence[str], settings: Settings, marker: Marker) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        pass_fds=(marker.fd,),
        env={**os.environ, PARENT_VARIABLE: str(os.getpid()), FD_VARIABLE: str(marker.fd)},
    )
    assert process.stdin is not None  # noqa: S101  # we asked for a pipe
    try:
        with process.stdin as pipe:
            pipe.write(encode_settings(settings))
    except BrokenPipeError:
        pass  # it died already, and its replacement will be told
    return process


def _own_memory(pid: int) -> int:
    """Bytes of a process that are not mapped from files; 0 where the system does not say."""
    try:
        resident, shared = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # most real-time signals have no name
        return f"signal {-code}"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
