import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis

from shopace.core.errors import ConfigurationError, ServerError, redacted
from shopace.core.results.reader import DiagnosisReader
from shopace.workers.embedded import Server
from shopace.workers.fitness import is_shared
from shopace.workers.settings import (
    LEAST,
    Settings,
    check_server,
    check_servers,
    connect,
    connect_briefly,
    connect_to_read,
    decode_settings,
    encode_settings,
    place,
    settings_from_environment,
)

SECRET = "s3cr3t-canary"
SERVERS = {"SHOPACE_BROKER_URL": "redis://b/0", "SHOPACE_RESULTS_URL": "redis://r/0"}


@pytest.fixture
def policy(results_client: redis.Redis) -> Iterator[redis.Redis]:
    yield results_client
    results_client.config_set("maxmemory-policy", "noeviction")


def test_a_sound_server_is_connected_to_and_read_patiently(server: Server) -> None:
    with connect(server.url_results, "results") as client:
        assert client.ping()
        assert client.get_retry() is not None
        assert client.get_retry().get_retries() == 1  # every command may be sent twice


@pytest.mark.parametrize("role", ["broker", "results"])
@pytest.mark.parametrize("evicting", ["allkeys-lru", "volatile-ttl"])
def test_an_evicting_server_is_refused_with_what_to_set(
    server: Server, policy: redis.Redis, role: str, evicting: str
) -> None:
    policy.config_set("maxmemory-policy", evicting)
    with pytest.raises(ServerError, match="noeviction") as error:
        connect(server.url_results, role)  # type: ignore[arg-type]
    assert evicting in str(error.value)
    assert role in str(error.value)


@pytest.mark.parametrize("open_connection", [connect, connect_briefly])
def test_no_server_is_a_sentence_and_no_secret(open_connection: object) -> None:
    with pytest.raises(ServerError, match="SHOPACE_BROKER_URL") as error:
        open_connection(f"redis://worker:{SECRET}@127.0.0.1:1/0", "broker")  # type: ignore[operator]
    assert "127.0.0.1:1" in str(error.value)
    assert SECRET not in str(error.value)


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ServerError, match="no answer in time"):
            check_server(f"redis://:{SECRET}@127.0.0.1:{port}/0", "results")


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}/with-a-slash@localhost:6379/0",
        f"postgres://me:{SECRET}@localhost/0",
        f"redis://:{SECRET}@localhost:port/0",
        "",
        "localhost:6379",
        "redis://localhost:6379/zero",
        "redis://localhost:6379/0?protocol=9",
        "rediss://localhost:6379/0?ssl_cert_reqs=sometimes",
    ],
)
def test_what_is_no_redis_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ServerError, match="is no Redis URL") as error:
        connect(url, "broker")
    assert SECRET not in str(error.value)


def test_a_server_of_redis_6_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                body = b"redis_version:6.2.14\r\nmaxmemory_policy:noeviction\r\n"
                while request := connection.recv(4096):
                    commands = request.count(b"*")
                    if b"INFO" in request:
                        connection.sendall(b"$%d\r\n%s\r\n" % (len(body), body))
                    elif b"HELLO" in request:
                        connection.sendall(b"-ERR unknown command\r\n")
                    elif b"PING" in request:
                        connection.sendall(b"+PONG\r\n")
                    else:
                        connection.sendall(b"+OK\r\n" * commands)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        with pytest.raises(ServerError, match=r"version 6\.2\.14, 7\.0 is the oldest"):
            check_server(f"redis://127.0.0.1:{port}/0?protocol=2", "broker")


def test_nothing_is_attached_to_by_guessing(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="SHOPACE_BROKER_URL and SHOPACE_RESULTS_URL"):
        settings_from_environment({}, data=tmp_path)


def test_half_of_the_servers_is_not_enough(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="SHOPACE_RESULTS_URL is not set"):
        settings_from_environment({"SHOPACE_BROKER_URL": "redis://a/0"}, data=tmp_path)


def test_the_environment_goes_before_the_data_folders_own_server(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text('{"pid":1,"broker":"unix:///b","results":"unix:///r"}')
    own = settings_from_environment({"SHOPACE_DATA": str(tmp_path)})
    assert (own.broker_url, own.results_url, own.data) == ("unix:///b", "unix:///r", tmp_path)
    named = settings_from_environment(
        {"SHOPACE_BROKER_URL": "redis://a/0", "SHOPACE_RESULTS_URL": "redis://b/0"}, data=tmp_path
    )
    assert (named.broker_url, named.results_url) == ("redis://a/0", "redis://b/0")


def test_an_unreadable_server_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text("{")
    with pytest.raises(ServerError, match=r"server\.json cannot be read"):
        settings_from_environment({}, data=tmp_path)
    (tmp_path / "server.json").write_text('{"pid":1,"broker":"unix:///b","results":"nowhere"}')
    with pytest.raises(ServerError, match=r"server\.json cannot be used: results is no Redis URL"):
        settings_from_environment({}, data=tmp_path)


def test_the_environment_sets_what_workers_may_take(tmp_path: Path) -> None:
    named = {"SHOPACE_MEMORY_MB": "1024", "SHOPACE_GRACE_SECONDS": "2.5", "SHOPACE_JOB_SECONDS": ""}
    settings = settings_from_environment(SERVERS | named, data=tmp_path)
    assert (settings.memory_mb, settings.grace_seconds, settings.job_seconds) == (1024, 2.5, 300)
    others = {"SHOPACE_LANGUAGE": "en", "SHOPACE_OF_SOMEBODY": "x"}
    assert settings_from_environment(SERVERS | others, data=tmp_path).memory_mb == 4096


def test_numbers_of_the_environment_that_cannot_be_used_are_all_told(tmp_path: Path) -> None:
    wrong = {
        "SHOPACE_MEMORY_MB": "2.5",
        "SHOPACE_JOB_SECONDS": "nan",
        "SHOPACE_PLUGIN_SECONDS": "0",
        "SHOPACE_RESULT_TTL_SECONDS": "1e400",
        "SHOPACE_CLOCK_SKEW_SECONDS": "soon",
        "SHOPACE_GRACE_SECOND": "60",
    }
    with pytest.raises(ConfigurationError) as error:
        settings_from_environment(SERVERS | wrong, data=tmp_path)
    assert [each.where for each in error.value.problems] == list(wrong)
    assert "'2.5' is no whole number from 256" in str(error.value)
    assert "did you mean SHOPACE_GRACE_SECONDS?" in str(error.value)


def test_the_page_on_operations_names_every_variable_with_its_default_and_no_other() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
    rows = re.findall(r"^\| `(SHOPACE_\w+)` \| (\d+) \|", page.read_text("utf-8"), re.MULTILINE)
    usual = settings_from_environment(SERVERS)
    told = {name.removeprefix("SHOPACE_").lower(): float(value) for name, value in rows}
    assert told == {name: getattr(usual, name) for name in LEAST}


def test_settings_survive_the_way_to_a_child(settings: Settings) -> None:
    assert decode_settings(encode_settings(settings)) == settings


def test_settings_do_not_show_their_passwords(tmp_path: Path) -> None:
    url = f"redis://worker:{SECRET}@host:6379/0"
    settings = Settings(broker_url=url, results_url=url, data=tmp_path)
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"redis://u:{SECRET}@host:6379/0", "host:6379/0"),
        (f"rediss://u:{SECRET}@x@host/1?password={SECRET}", "host/1"),
        ("unix:///run/x.sock?db=0", "/run/x.sock"),
    ],
)
def test_a_place_is_shown_without_user_password_and_options(url: str, shown: str) -> None:
    assert place(url) == shown
    assert SECRET not in redacted(f"cannot reach {url.split('?', maxsplit=1)[0]}!")


@pytest.mark.parametrize(
    "password", [f"a'{SECRET}", f'a"{SECRET}', f"{SECRET}'\"@", f"@{SECRET}://'"]
)
def test_no_character_of_a_password_lets_the_rest_of_it_through(password: str) -> None:
    told = redacted(
        f"cannot reach 'redis://u:{password}@host/0' nor (redis://h/0?password={SECRET}&db=1)"
    )
    assert SECRET not in told
    assert told.startswith("cannot reach 'redis://***@host/0' nor ")
    assert told.endswith("db=1)")


@pytest.mark.parametrize("part", ["x://", "@", "'", "?", "&password=", "x://u:p@"])
def test_passwords_are_looked_for_in_time_by_a_texts_length(part: str) -> None:
    assert redacted("x://" + part * 200_000)


def test_the_configuration_of_the_data_folder_is_used_when_it_is_there(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.configuration_file is None
    (tmp_path / "shopace.toml").touch()
    assert settings.configuration_file == tmp_path / "shopace.toml"


def test_broker_and_results_may_be_two_databases_of_one_server(settings: Settings) -> None:
    broker, results = check_servers(settings)
    assert is_shared(broker, results)
    assert (broker.database, results.database) == (0, 1)


@pytest.mark.parametrize("again", ["", "&socket_timeout=5"])
def test_broker_and_results_in_one_database_are_refused(settings: Settings, again: str) -> None:
    one = msgspec.structs.replace(settings, results_url=settings.broker_url + again)
    with pytest.raises(ServerError, match="one database, 0 of the server") as error:
        check_servers(one)
    assert "…/0 and …/1" in str(error.value)


@pytest.fixture
def replica(server: Server, results_client: redis.Redis) -> Iterator[None]:
    results_client.config_set("replica-serve-stale-data", "yes")
    results_client.replicaof("127.0.0.1", 1)  # which need not be there
    yield
    results_client.replicaof("NO", "ONE")


@pytest.mark.usefixtures("replica")
def test_a_replica_is_refused_except_by_readers(server: Server) -> None:
    with pytest.raises(ServerError, match=r"is a replica of 127\.0\.0\.1:1") as error:
        check_server(server.url_results, "results")
    assert "SHOPACE_RESULTS_URL" in str(error.value)
    with connect_to_read(server.url_results, "results") as client:
        assert DiagnosisReader(client).get("10023") is None


def test_a_reader_is_told_where_no_server_answers() -> None:
    with pytest.raises(ServerError, match=r"at 127\.0\.0\.1:1/1 cannot be reached"):
        connect_to_read(f"redis://reader:{SECRET}@127.0.0.1:1/1", "results")


@pytest.mark.parametrize("answers", [3, 10_000])
def test_a_server_that_loads_its_data_is_waited_for_a_little(answers: int) -> None:
    """One that has loaded after so many answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked = []

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                while request := connection.recv(4096):
                    if b"PING" in request:
                        connection.sendall(b"-LOADING it is loading\r\n")
                        continue
                    if b"\r\nINFO\r\n" not in request:
                        connection.sendall(b"+OK\r\n" * request.count(b"*"))
                        continue
                    asked.append(request)
                    loading = len(asked) < answers
                    body = b"redis_version:7.2.4\r\nloading:%d\r\nloading_loaded_perc:41.5\r\n"
                    body %= loading
                    connection.sendall(b"$%d\r\n%s\r\n" % (len(body), body))

        threading.Thread(target=answer, daemon=True).start()
        url = f"redis://127.0.0.1:{listening.getsockname()[1]}/0?protocol=2"
        if answers == 3:
            assert check_server(url, "broker").loading == ""
        else:
            with pytest.raises(ServerError, match=r"still loading its data, 41\.5 % are there"):
                check_server(url, "broker")
