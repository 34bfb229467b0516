import ast
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from shopace.workers.logging import Events, configure_logging

ROOT = Path(__file__).resolve().parents[2]
SECRET = "s3cr3t-canary"
HOSTILE = "two\nlines \x1b[31mred\x1b[0m \x00 \x9b \u202eright to left \u2028 \ud800"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def log_everything() -> None:
    log = Events("test")
    with structlog.contextvars.bound_contextvars(run="nightly-1", block=3):
        log.info("job.started", shop=HOSTILE, deep={"a": [f"redis://u:{SECRET}@host/0"]})
    try:
        int(f"redis://u:{SECRET}@host/0 is away\n" + HOSTILE)
    except ValueError:
        log.exception("job.broke", count=0, none=None)
    logging.getLogger("a.library").warning("cannot reach %s", f"redis://:{SECRET}@host:6379/1")


def test_json_lines_carry_the_event_and_what_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)
    log_everything()
    first, second, third = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert first["event"] == "job.started"
    assert (first["run"], first["block"], first["level"]) == ("nightly-1", 3, "info")
    assert first["shop"] == HOSTILE
    assert (second["count"], second["none"]) == (0, None)
    assert "ValueError" in second["traceback"]
    assert third["event"] == "cannot reach redis://***@host:6379/1"
    assert third["logger"] == "a.library"


@pytest.mark.parametrize("as_json", [True, False])
def test_an_event_is_one_line_without_anything_that_steers_a_terminal(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure_logging(json=as_json)
    log_everything()
    written = capsys.readouterr().err
    assert written.count("\n") == 3
    assert len(written.splitlines()) == 3
    assert all(character.isprintable() for character in written.replace("\n", ""))


@pytest.mark.parametrize("as_json", [True, False])
def test_no_password_of_a_url_reaches_the_log(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    configure_logging(json=as_json)
    log_everything()
    written = capsys.readouterr().err
    assert SECRET not in written
    assert written.count("redis://***@host") >= 3


def test_what_nobody_configured_goes_to_logging_and_never_to_standard_output(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        log_everything()
    started, broke, _ = caplog.messages
    assert started.startswith("event=job.started shop=")
    assert {"run=nightly-1", "block=3"} <= set(started.split())
    assert "ValueError" in broke
    for line in (started, broke):
        assert SECRET not in line
        assert line.isprintable()
    assert not any(each.exc_info for each in caplog.records), "no traceback beside the line"
    assert capsys.readouterr().out == ""


def test_the_page_on_operations_names_every_event_and_no_other() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (table,) = re.findall(r"^\| event \| when \|\n((?:\|.*\n)+)", page, re.MULTILINE)
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}
    logged = {
        word.value
        for folder in ("core", "service", "workers")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(rb"get_logger|= Events\(", file.read_bytes())
        for call in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(call, ast.Call) and call.args
        if re.fullmatch(r"log\.(info|warning|error|exception)", ast.unparse(call.func))
        for word in ast.walk(call.args[0])
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
        if re.fullmatch(r"[a-z_]+\.[a-z_]+", word.value)
    }
    assert told == logged


def test_it_is_json_where_standard_error_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logging()
    structlog.get_logger("test").info("one")
    assert json.loads(capsys.readouterr().err)["event"] == "one"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging()
    structlog.get_logger("test").info("two")
    assert not capsys.readouterr().err.startswith("{")
