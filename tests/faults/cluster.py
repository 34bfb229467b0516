"""Worker processes below a supervisor of their own, and what they wrote into their log."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from shopace.workers.settings import Settings, encode_settings

CHILD = (sys.executable, "-m", "shopace.workers.child")
FAULTY_CHILD = (sys.executable, str(Path(__file__).with_name("faulty_child.py")))
_SUPERVISE = Path(__file__).with_name("supervise.py")
_END_SECONDS = 60


class Cluster:
    """A supervisor process with N children, from entry to exit."""

    def __init__(
        self,
        settings: Settings,
        log: Path,
        processes: int,
        *,
        command: Sequence[str] = CHILD,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings
        self.log = log
        self._processes = processes
        self._command = tuple(command)
        self._environment = dict(environment or {})
        self.process: subprocess.Popen[bytes]
        self._events: list[dict[str, Any]] = []
        self._read_to = 0

    def __enter__(self) -> Self:
        with self.log.open("ab") as written:
            self.process = subprocess.Popen(
                [sys.executable, str(_SUPERVISE), str(self._processes), *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=written,
                env={**os.environ, **self._environment},
            )
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self.process.stdin as pipe:
            pipe.write(encode_settings(self.settings))
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:  # how it ends in order is a test of its own
            self.kill()

    def terminate(self) -> int:
        """As a deployment ends it; the exit code."""
        self.process.terminate()
        return self.process.wait(_END_SECONDS)

    def kill(self) -> None:
        """As a machine that loses its power: nobody is told anything."""
        self.process.send_signal(signal.SIGSTOP)
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    @property
    def pids(self) -> list[int]:
        """Of the children that the supervisor takes for alive."""
        alive: dict[int, int] = {}
        for event in self.events("child.started", "child.died"):
            if event["event"] == "child.started":
                alive[event["child"]] = event["pid"]
            else:
                alive.pop(event["child"], None)
        return list(alive.values())

    @property
    def ready(self) -> list[int]:
        """Of the children that are alive and have opened the queue."""
        opened = {event["pid"] for event in self.events("child.ready")}
        return [pid for pid in self.pids if pid in opened]

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Log lines of those names, oldest first; `when` is their instant in seconds."""
        with self.log.open("rb") as log:
            log.seek(self._read_to)
            for line in log:
                if not line.endswith(b"\n"):  # it is being written
                    break
                self._read_to += len(line)
                with contextlib.suppress(msgspec.DecodeError):
                    event = msgspec.json.decode(line, type=dict[str, Any])
                    event["when"] = dt.datetime.fromisoformat(event["at"]).timestamp()
                    self._events.append(event)
        return [each for each in self._events if not names or each["event"] in names]
