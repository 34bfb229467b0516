"""Servers that are reached by TLS. The bundled one has none: a gate of the tests stands before it.

Certificates are made for the test by the openssl program.
"""

import select
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from tests.workers.conftest import Marketplace

from shopace.core.errors import ServerError
from shopace.core.results.reader import DiagnosisReader
from shopace.workers.embedded import Server
from shopace.workers.runs import start_single, wait
from shopace.workers.settings import check_server, connect
from shopace.workers.supervisor import Supervisor

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")


class Certified(NamedTuple):
    """A certificate that vouches for itself."""

    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, name: str) -> "Certified":
        made = cls(folder / f"{name}.pem", folder / f"{name}.key")
        options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        options += ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost"]
        options += ["-keyout", str(made.key), "-out", str(made.certificate)]
        subprocess.run(["openssl", *options], check=True, capture_output=True)
        return made


class Gate(NamedTuple):
    """Where TLS is spoken, by whom, and who is let in."""

    port: int
    server: Certified
    client: Certified

    def url(self, database: int, *, trusting: bool = True, certified: bool = True) -> str:
        options = []
        if trusting:
            options.append(f"ssl_ca_certs={self.server.certificate}")
        if certified:
            options += [f"ssl_certfile={self.client.certificate}", f"ssl_keyfile={self.client.key}"]
        return f"rediss://localhost:{self.port}/{database}?{'&'.join(options)}"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Certified, Certified]:
    folder = tmp_path_factory.mktemp("certificates")
    return Certified.make(folder, "server"), Certified.make(folder, "client")


@pytest.fixture
def gate(server: Server, certificates: tuple[Certified, Certified]) -> Iterator[Gate]:
    """TLS before the embedded server, for those who have the client's certificate."""
    own, client = certificates
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    context.load_verify_locations(client.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    behind = server.url_broker.removeprefix("unix://").partition("?")[0]
    with socket.create_server(("localhost", 0)) as listening:
        threading.Thread(target=_let_in, args=(listening, context, behind), daemon=True).start()
        yield Gate(listening.getsockname()[1], own, client)


def _let_in(listening: socket.socket, context: ssl.SSLContext, behind: str) -> None:
    with suppress(OSError):  # it was closed
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_pass, args=(connection, context, behind), daemon=True).start()


def _pass(connection: socket.socket, context: ssl.SSLContext, behind: str) -> None:
    """Both ways in one thread: two may not use one TLS connection at once."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as inside:
        inside.connect(behind)
        with context.wrap_socket(connection, server_side=True) as outside:
            while True:
                ready, _, _ = select.select([outside, inside], [], [])
                for source in ready:
                    content = source.recv(65536)
                    while source is outside and outside.pending():  # what no select can see
                        content += outside.recv(65536)
                    if not content:
                        return
                    (inside if source is outside else outside).sendall(content)


@needs_openssl
def test_workers_schedulers_and_readers_work_by_tls(marketplace: Marketplace, gate: Gate) -> None:
    settings = msgspec.structs.replace(
        marketplace.settings, broker_url=gate.url(0), results_url=gate.url(1)
    )
    shop = marketplace.snapshot.block(0).shops[0]
    with Supervisor(settings, processes=1):
        run = start_single(settings, marketplace.snapshot, shop, None, marketplace.policy)
        assert wait(run, timeout=60).written == 1
    assert DiagnosisReader(gate.url(1)).get(shop) is not None


@needs_openssl
@pytest.mark.parametrize(
    ("trusting", "certified", "told"),
    [(False, True, "certificate verify failed"), (True, False, "alert|closed|reset|EOF")],
)
def test_a_certificate_that_is_missing_is_told(
    gate: Gate, trusting: bool, certified: bool, told: str
) -> None:
    with pytest.raises(ServerError, match=told) as error:
        check_server(gate.url(0, trusting=trusting, certified=certified), "broker")
    assert "ssl_ca_certs" in error.value.hint
    assert "ssl_certfile" in error.value.hint


@needs_openssl
def test_a_file_that_is_not_there_is_told(gate: Gate) -> None:
    with pytest.raises(ServerError, match="No such file"):
        check_server(gate.url(0) + "x", "broker")


@needs_openssl
def test_tls_is_not_spoken_by_chance(gate: Gate) -> None:
    with pytest.raises(ServerError) as error:
        check_server(f"redis://localhost:{gate.port}/0", "results")
    assert "a server with TLS wants rediss://" in error.value.hint


def test_a_server_without_tls_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"-ERR unknown command\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ServerError, match="cannot be reached") as error:
            check_server(f"rediss://127.0.0.1:{plain.getsockname()[1]}/0", "broker")
    assert "is it running, with TLS?" in error.value.hint


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("rediss://h/0?ssl_ca_cert=/ca.pem", "an option ssl_ca_cert", '"ssl_ca_certs"?'),
        ("redis://h/0?ssl_ca_certs=/ca.pem", "an option ssl_ca_certs", "rediss://"),
    ],
)
def test_an_option_that_is_none_is_told(url: str, message: str, hint: str) -> None:
    with pytest.raises(ServerError, match=message) as error:
        connect(url, "broker")
    assert hint in error.value.hint
