"""A server process of a test's own: killed, stopped, filled up and started again on its data."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import redis

from shopace.workers.embedded import die_with_parent, server_binary

VARIABLE = "SHOPACE_TEST_REDIS"
"""The path of another server's binary, as of a Redis 7.0."""
START_SECONDS = 30


class ServerProcess:
    """Valkey or Redis on a unix socket, with an append-only file: database 0 is the broker's."""

    def __init__(self, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="shopace-fault-"))
        self.socket = self.folder / "redis.sock"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self._process is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start, or start again on the same data; returns when it answers."""
        binary = os.environ.get(VARIABLE) or server_binary()
        options = f"""
            --port 0 --unixsocket {self.socket} --dir {self.folder} --logfile server.log
            --appendonly yes --appendfsync everysec --save "" --maxmemory-policy noeviction
        """.split()
        options[options.index('""')] = ""
        self._process = subprocess.Popen(
            [str(binary), *options, *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509  # one system call
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "server.log").read_text("utf-8")
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """As a crash of the process would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It is there, holds its connections, and answers nobody."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def url(self, database: int) -> str:
        return f"unix://{self.socket}?db={database}"

    def client(self, database: int) -> Any:
        return redis.Redis.from_url(self.url(database))

    def _signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def _answers(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)
        try:
            return bool(client.ping())
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
            return True
        except (redis.ConnectionError, redis.TimeoutError):  # not yet, or loading
            return False
        finally:
            client.close()
