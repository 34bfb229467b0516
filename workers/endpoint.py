"""What a supervisor tells over HTTP: `/metrics`, and `/livez` and `/readyz` for probes.

Alive: the supervisor looks after its children, and its own threads go on. Ready: the children ask
for work, both servers answer, and a canary job went through the queue lately or jobs are running. A
plugin whose own code failed lately is told, and is no reason to be unready: it costs its own tasks
alone.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import redis

from shopace.core.errors import ShopaceError, redacted
from shopace.workers.condition import Condition, read_condition
from shopace.workers.logging import Events
from shopace.workers.settings import Servers, Settings, connect_to_look
from shopace.workers.supervisor import Health

PATHS = ("/livez", "/metrics", "/readyz")

_STUCK_SECONDS = 10
"""A supervisor that has not looked after its children for so long is not alive."""
_FAILED_LATELY_SECONDS = 600
_REQUEST_SECONDS = 5
_TEXT = "text/plain; charset=utf-8"

log = Events(__name__)


class Answer(NamedTuple):
    """A response."""

    code: int
    body: bytes
    kind: str = _TEXT


@contextlib.contextmanager
def endpoint(
    settings: Settings, health: Callable[[], Health], host: str, port: int
) -> Iterator[int]:
    """Serve from entry to exit; the port, which the system chooses for port 0.

    Raises ShopaceError when prometheus_client is missing or the address cannot be had.
    """
    try:
        from shopace.workers.exposition import Exposition  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise ShopaceError(
            "metrics need prometheus_client", hint="pip install 'shopace[metrics]'"
        ) from error
    servers = Servers(
        connect_to_look(settings.broker_url, "broker"),
        connect_to_look(settings.results_url, "results"),
    )
    exposition = Exposition(settings, servers.broker, servers.results, health)

    def answer(path: str, accept: str) -> Answer:
        match path:
            case "/metrics":
                return Answer(200, *exposition.render(accept))
            case "/livez":
                return livez(health())
            case "/readyz":
                return readyz(health(), settings, servers)
        return Answer(404, f"there are {', '.join(PATHS)}\n".encode())

    with _listening(host, port, answer) as server:
        told = server.server_address[1]
        log.info("metrics.listening", host=host, port=told)
        thread = threading.Thread(target=server.serve_forever, name="endpoint", daemon=True)
        thread.start()
        try:
            yield int(told)
        finally:
            server.shutdown()
            thread.join()
            servers.close()


def livez(health: Health) -> Answer:
    """Whether a restart would help."""
    if health.looked_seconds > _STUCK_SECONDS and not health.stopping:
        return _told(503, f"the supervisor hangs for {health.looked_seconds:.0f} s")
    if health.chores_gone:
        return _told(503, f"threads of the supervisor have ended: {', '.join(health.chores_gone)}")
    return _told(200, "alive")


def readyz(health: Health, settings: Settings, servers: Servers) -> Answer:
    """Whether jobs are worked on, with what is in the way and which plugins fail."""
    reasons = []
    if health.stopping:
        reasons.append("it is stopping")
    if health.asking < health.children:
        reasons.append(f"{health.asking} of {health.children} worker processes ask for work")
    condition = None
    try:
        condition = read_condition(servers.broker)
    except redis.RedisError as error:
        reasons.append(f"the broker server does not answer: {redacted(str(error))}")
    try:
        servers.results.ping()
    except redis.RedisError as error:
        reasons.append(f"the results server does not answer: {redacted(str(error))}")
    if condition is not None and not health.working and _canary_is_late(condition, settings):
        reasons.append("no canary job ran lately")
    failing = condition.failing_seconds if condition is not None else {}
    told = {
        "ready": not reasons,
        "reasons": reasons,
        "failing_plugins": {
            plugin: f"{ago:.0f} s ago"
            for plugin, ago in sorted(failing.items())
            if ago <= _FAILED_LATELY_SECONDS
        },
    }
    body = json.dumps(told, indent=2).encode() + b"\n"
    return Answer(503 if reasons else 200, body, "application/json")


def _canary_is_late(condition: Condition, settings: Settings) -> bool:
    ago = condition.canary_seconds
    return ago is None or ago > 3 * settings.canary_seconds


def _told(code: int, text: str) -> Answer:
    return Answer(code, f"{text}\n".encode())


def _listening(host: str, port: int, answer: Callable[[str, str], Answer]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = _REQUEST_SECONDS
        server_version, sys_version = "shopace", ""

        def do_GET(self) -> None:
            self._respond(with_body=True)

        def do_HEAD(self) -> None:
            self._respond(with_body=False)

        def _respond(self, *, with_body: bool) -> None:
            try:
                told = answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
            except Exception as error:  # noqa: BLE001  # no scrape may harm the supervisor
                log.warning("scrape.failed", path=self.path[:100], error=redacted(str(error)))
                told = Answer(500, b"this could not be told; see the log\n")
            self.send_response(told.code)
            self.send_header("Content-Type", told.kind)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            if with_body:
                self.wfile.write(told.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401  # theirs
            log.debug("endpoint.request", line=(format % args)[:200])

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = _family(host, port)

        def handle_error(self, _: Any, client_address: Any) -> None:  # noqa: ANN401
            log.debug("endpoint.broken_off", client=str(client_address))

    try:
        return Server((host, port), Handler)
    except (OSError, OverflowError) as error:
        raise ShopaceError(
            f"metrics cannot listen at {host} port {port}: {error}",
            hint="another worker there? each needs a --metrics-port of its own",
        ) from error


def _family(host: str, port: int) -> socket.AddressFamily:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror as error:
        raise ShopaceError(f"there is no host {host}", hint="see --metrics-host") from error
