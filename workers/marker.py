"""What a child is doing, in memory that it shares with its supervisor.

The child writes, the supervisor reads: also when the child hangs, and after it died. Instants are
of the system's monotonic clock, which all processes of a machine share; 0 means not. Behind all
that, in the same file, a child that is about to be ended writes where its threads stand.
"""

from __future__ import annotations

import contextlib
import faulthandler
import mmap
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple, Self

FD_VARIABLE = "SHOPACE_MARKER_FD"
"""The file descriptor that a child inherits."""

_BEAT, _JOB_SINCE, _PLUGIN_SINCE = 0, 1, 2
"""Places among the numbers of 8 bytes."""
_WORKER, _MESSAGE, _PLUGIN = (24, 40), (64, 256), (320, 80)
"""(offset, bytes) of each text."""
_SIZE = 400
_STACK_SIGNAL = signal.SIGUSR1
_LONGEST_STACK = 1 << 16
_MOST_CALLS = 12
_CALL = re.compile(r'^  File "(?:[^"\n]*/)?([^/"\n]+)", line (\d+) in (.*)$', re.MULTILINE)


class Doing(NamedTuple):
    """What the marker says."""

    beat: float
    """When the child last asked for work."""
    job_since: float
    plugin_since: float
    worker: str
    """Its id in the queue; empty until it has one."""
    message: str
    """The message that it works on; empty when idle."""
    plugin: str
    """The plugin whose code runs; empty when none does."""


class Marker:
    """One child's marker."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._memory = mmap.mmap(fd, _SIZE)
        # An instant is written in one go, so that no reader sees half of it, nor the zero that
        # `struct.pack_into` writes first: a child whose last beat is 0 would be ended for it.
        self._instants = memoryview(self._memory).cast("d")

    @classmethod
    def create(cls) -> Self:
        """A new one, for a supervisor to hand to a child."""
        if hasattr(os, "memfd_create"):
            fd = os.memfd_create("shopace-marker")
        else:  # not Linux
            with tempfile.TemporaryFile() as file:
                fd = os.dup(file.fileno())
        os.ftruncate(fd, _SIZE)
        return cls(fd)

    @classmethod
    def inherited(cls) -> Self:
        """The one that the supervisor handed over; one of our own without a supervisor."""
        fd = os.environ.get(FD_VARIABLE)
        return cls(int(fd)) if fd is not None else cls.create()

    def close(self) -> None:
        self._instants.release()
        self._memory.close()
        os.close(self.fd)

    def clear(self) -> None:
        """Before another child gets it."""
        self._memory[:] = bytes(_SIZE)

    def answer(self) -> None:
        """From now on this process tells where it stands when it is asked, even from code in C."""
        faulthandler.register(_STACK_SIGNAL, file=self.fd, all_threads=True)

    def ask(self, pid: int) -> None:
        """Ask the child where it stands. One that does not answer yet dies of it."""
        os.ftruncate(self.fd, _SIZE)
        os.lseek(self.fd, _SIZE, os.SEEK_SET)  # where the child, which shares it, writes
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, _STACK_SIGNAL)

    def stack(self) -> list[str]:
        """What it answered, a line for each thread: the innermost call first, then its callers."""
        told = os.pread(self.fd, _LONGEST_STACK, _SIZE).decode("utf-8", "replace")
        threads = (_CALL.findall(each)[:_MOST_CALLS] for each in told.split("\n\n"))
        return [
            " < ".join(f"{file}:{line} {function}" for file, line, function in calls)
            for calls in threads
            if calls
        ]

    def beat(self) -> None:
        """The child asks for work."""
        self._instants[_BEAT] = time.monotonic()

    def name(self, worker: str) -> None:
        """The child has an id in the queue."""
        self._put_text(_WORKER, worker)

    @contextlib.contextmanager
    def working(self, message: str) -> Iterator[None]:
        """While the child works on a message."""
        self._put_text(_MESSAGE, message)
        self._instants[_JOB_SINCE] = time.monotonic()
        try:
            yield
        finally:
            self._instants[_JOB_SINCE] = 0.0
            self._put_text(_MESSAGE, "")

    @contextlib.contextmanager
    def running(self, plugin: str) -> Iterator[None]:
        """While a plugin's own code runs."""
        self._put_text(_PLUGIN, plugin)
        self._instants[_PLUGIN_SINCE] = time.monotonic()
        try:
            yield
        finally:
            self._instants[_PLUGIN_SINCE] = 0.0
            self._put_text(_PLUGIN, "")

    def read(self) -> Doing:
        """What the child is doing, or was when it died."""
        return Doing(
            beat=self._instants[_BEAT],
            job_since=self._instants[_JOB_SINCE],
            plugin_since=self._instants[_PLUGIN_SINCE],
            worker=self._text(*_WORKER),
            message=self._text(*_MESSAGE),
            plugin=self._text(*_PLUGIN),
        )

    def _put_text(self, place: tuple[int, int], text: str) -> None:
        at, size = place
        self._memory[at : at + size] = text.encode()[:size].ljust(size, b"\0")

    def _text(self, at: int, size: int) -> str:
        return self._memory[at : at + size].rstrip(b"\0").decode("utf-8", "replace")
