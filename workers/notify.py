"""Tells systemd that the supervisor is ready, alive or stopping (`Type=notify`).

The protocol is a datagram to the socket that NOTIFY_SOCKET names; without it, nothing is told.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping


class ServiceManager:
    """What started us, if it wants to be told."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = environ if environ is not None else os.environ
        self._address = environ.get("NOTIFY_SOCKET", "")
        micros = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._beat_seconds = int(micros) / 2_000_000 if micros.isdigit() and ours else None
        self._next_beat = 0.0
        self._said = ""

    def ready(self) -> None:
        self._say_once("READY=1")

    def stopping(self) -> None:
        self._say_once("STOPPING=1")

    def alive(self) -> None:
        """To be called as often as one likes: it is told twice per period of the watchdog."""
        now = time.monotonic()
        if self._beat_seconds is not None and now >= self._next_beat:
            self._next_beat = now + self._beat_seconds
            self._say("WATCHDOG=1")

    def _say_once(self, what: str) -> None:
        if self._said != what:
            self._said = what
            self._say(what)

    def _say(self, what: str) -> None:
        if not self._address:
            return
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        with (
            contextlib.suppress(OSError),  # nobody listens any more: no reason to end
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line,
        ):
            line.sendto(what.encode(), address)
