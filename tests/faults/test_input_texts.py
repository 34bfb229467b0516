"""Texts and ids of strangers: through every output there is, and into no key."""

import csv
import io
import json
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import click.testing
import msgspec
import pytest
import redis
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faults.conftest import LONG, Play

from shopace.core.errors import JobError
from shopace.core.records.job import SHOP_ID, Job
from shopace.core.results import keys
from shopace.core.steering import STEERING
from shopace.core.traffic.export import Cell, Column
from shopace.core.vocabulary.units import Unit
from shopace.service.clean import clean, clean_json
from shopace.service.cli import shopace
from shopace.service.spreadsheet import write_table
from shopace.service.terminal import add_row, console, table
from shopace.workers.exposition import Exposition
from shopace.workers.logging import configure_logging
from shopace.workers.queue import BLOCKS, Delivery, Queue, Why
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Health

SEEDS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>',
    "javascript:alert(1)", "data:text/html,<b>", "{{7*7}}", "${7*7}", "%s%n", "[red]x[/red]",
    ":smile:", "\r\nSet-Cookie: a=b", "\n", "\r", "\t", "\v", "\f", "\x00", "\x07", "\x08",
    "\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\x7f", "\x85", "\x9b31m", "\x9d0;x",
    "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\u200e", "\u061c", "\ufeff", "\ud800",
    "\udfff", "\U0001f98a", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "e\u0301" * 20,
    "\u706f\u5177", "\u0627\u0644\u0639\u0631\u0628", "=cmd|' /C calc'!A0", "+1+1", "-2+3",
    "@SUM(A1)", "\t=1+1", "\uff1d1+1", '=HYPERLINK("http://x","y")', "'; DROP TABLE shops; --",
    "../../etc/passwd", "a:b", "{x}", "*", "NaN", "null", "-0", "A" * 65_536, "\u202e" * 65_536,
)  # fmt: skip
TEXTS = tuple(
    dict.fromkeys(made for seed in SEEDS
                  for made in (seed, f"Shop {seed}", f"{seed} & Co", f"a{seed}b\n{seed}"))
)  # fmt: skip
"""Each alone, behind, in front of and between ordinary words."""
WELL = Health(children=1, asking=1, working=0, looked_seconds=0.0, stopping=False, deaths={})


def test_f24_the_corpus_is_large_and_has_teeth(play: Play) -> None:
    assert len(TEXTS) >= 200
    assert sum(STEERING.search(each) is not None for each in TEXTS) >= 60
    play.add("F24", "texts through JSON, CSV, XLSX, terminal, log, error, metrics label",
             str(len(TEXTS)))  # fmt: skip


def steers(written: str) -> list[str]:
    """What a terminal would obey, line ends of ours aside."""
    return STEERING.findall(written.replace("\n", ""))


def test_f24_no_text_steers_a_terminal(play: Play) -> None:
    steered = 0
    for each in TEXTS:
        word = each[:200]
        out = io.StringIO()
        made = table("name", "number", wrap=("name",))
        add_row(made, (word, "1"))
        screen = console(out, width=60)
        screen.print(made)
        steered += len(steers(out.getvalue()))
        assert not steered, repr(word)
        assert "\n" not in clean(each)
    play.add("F24", "control characters on a terminal", steered)


def test_f24_json_for_people_equals_what_went_in() -> None:
    for each in TEXTS:
        told = clean_json({"name": each, each: 1})
        assert json.loads(told) == {"name": each, each: 1}
        assert not steers(told)


@pytest.mark.parametrize("as_json", [True, False])
def test_f24_an_event_of_the_log_is_one_line(
    as_json: bool, capsys: pytest.CaptureFixture[str], play: Play
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging(json=as_json)
        log = structlog.get_logger("test")
        for each in TEXTS:
            log.warning("shop.told", name=each, deep=[{"title": each}])
        logging.getLogger("a.library").warning("%s", TEXTS[20])
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    written = capsys.readouterr().err
    assert written.count("\n") == len(written.splitlines()) == len(TEXTS) + 1
    assert not steers(written)
    play.add("F24", "lines per log event", written.count("\n") / (len(TEXTS) + 1))


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_f24_a_spreadsheet_holds_them_as_text(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"t{suffix}"
    texts = TEXTS if suffix == ".xlsx" else [each[:40_000] for each in TEXTS]
    rows: list[tuple[Cell, ...]] = [(each, 1.0) for each in texts]
    write_table(path, (Column("Product name"), Column("GMV", Unit.MONEY)), rows)
    if suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [row[0] for row in csv.reader(file)][1:]
        assert not [each for each in found if each.lstrip()[:1] in set("=+-@\uff1d|\t\r")]
    else:
        with zipfile.ZipFile(path) as parts:
            sheet = parts.read("xl/worksheets/sheet1.xml").decode()
            assert not [each for each in parts.namelist() if "rels" in each and "sheet" in each]
        tags = {each.tag.rpartition("}")[2] for each in ET.fromstring(sheet).iter()}
        assert not tags & {"f", "hyperlink", "hyperlinks"}
        space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
        lines = list(ET.fromstring(sheet).iter(f"{space}row"))[1:]
        found = ["".join(t.text or "" for t in line.iter(f"{space}t")) for line in lines]
        assert max(map(len, found)) <= 32_767
    assert len(found) == len(TEXTS)
    assert not [each for each in found if STEERING.search(each)]


def test_f24_an_error_of_the_command_line_steers_nobody(tmp_path: Path) -> None:
    runner = click.testing.CliRunner()
    tried = [each for each in TEXTS if "\0" not in each and len(each) < 1000]
    for each in tried[:: 1 if LONG else 8]:
        try:
            each.encode()
        except UnicodeEncodeError:  # a shell could not hand it over
            continue
        for words in (["show", "--", each], ["facts", "check", "--", each, each]):
            result = runner.invoke(shopace, [*words[:1], "--data", str(tmp_path), *words[1:]])
            assert result.exit_code in {2, 3, 4, 5}, (words, result.output, result.exception)
            assert not steers(result.output), repr(each)


def test_f24_a_label_of_a_metric_ends_where_it_should(
    settings: Settings, broker_client: redis.Redis, results_client: redis.Redis, play: Play
) -> None:
    queue = Queue(broker_client, "w1")
    sent = [each for each in TEXTS if len(each) < 1000]
    for place, each in enumerate(sent):
        name = each.encode("utf-8", "replace").decode()
        queue.enqueue(BLOCKS, [Delivery(str(place), b"{}")])
        queue.fetch(BLOCKS, 1, ())
        queue.ack(BLOCKS, str(place), came_to={f"plugin_failures:{name}": 1})
    queue.enqueue(BLOCKS, [Delivery("bad", b"{}")])
    queue.fetch(BLOCKS, 1, ())
    queue.nack(BLOCKS, "bad", Why(reason="undecodable", error=TEXTS[0]))
    page, _ = Exposition(settings, broker_client, results_client, lambda: WELL).render("")
    text = page.decode()
    sample = re.compile(
        r"[a-z_]+(\{([a-z_]+=\"([^\"\\\n]|\\[\\n\"])*\",?)*\})? [0-9.e+-]+|# (HELP|TYPE) .*|"
    )
    wrong = [line for line in text.split("\n") if sample.fullmatch(line) is None]
    assert not wrong
    play.add("F24", "lines of metrics that cannot be parsed", len(wrong))


# --- keys -------------------------------------------------------------------------------------

KEY = re.compile(
    r"shopace:v1:(diagnosis:\{[A-Za-z0-9_.-]{1,64}\}"
    r"|run:\{[A-Za-z0-9_.-]{1,80}\}(:blocks|:report)?|legend:[A-Za-z0-9_.-]{1,80})"
)
BUILDERS: tuple[Callable[[str], str], ...] = (
    keys.diagnosis_key, keys.run_key, keys.run_blocks_key, keys.run_report_key, keys.legend_key,
)  # fmt: skip
IDS = st.one_of(
    st.text(max_size=90),
    st.text("ab01_.-", min_size=1, max_size=4),
    st.text("abAB01_.-", max_size=90),
    st.from_regex(r"[A-Za-z0-9_.:{}*?\[\]\n/-]{0,70}", fullmatch=True),
    st.sampled_from(TEXTS),
    st.builds("{}{}".format, st.from_regex(SHOP_ID), st.sampled_from(["", "\n", "\0", "}", ":"])),
)


def test_f25_no_id_of_ten_thousand_leaves_its_place_in_a_key(play: Play) -> None:
    tried, made, wrong = 0, 0, 0

    @given(ids=st.lists(IDS, min_size=80, max_size=100))
    @settings(max_examples=1250 if LONG else 130)
    def try_them(ids: list[str]) -> None:
        nonlocal tried, made, wrong
        tried += len(ids)
        built: dict[str, tuple[Callable[[str], str], str]] = {}
        for each in ids:
            for build in BUILDERS:
                try:
                    key = build(each)
                except JobError:
                    continue
                made += 1
                first = built.setdefault(key, (build, each))
                wrong += KEY.fullmatch(key) is None or first != (build, each)
                assert not wrong, (key, first, each)

    try_them()
    assert tried >= 10_000
    assert made, "F25 must fire: some ids are good"
    play.add("F25", "ids tried", tried)
    play.add("F25", "keys of another form, or of two ids", wrong)


@pytest.mark.parametrize("field", ["shop", "run", "snapshot", "policy", "benchmarks"])
def test_f25_a_job_with_such_an_id_is_refused_with_its_place(field: str) -> None:
    job: dict[str, Any] = {
        "run": "r", "fence": 1, "as_of": "2026-10-31", "snapshot": "s", "policy": "p", "shop": "1",
    }  # fmt: skip
    for each in hostile_ids():
        with pytest.raises(msgspec.ValidationError, match=rf"\$\.{field}"):
            msgspec.json.decode(json.dumps(job | {field: each}), type=Job)


def hostile_ids() -> Iterator[str]:
    yield from ("", ".", "..", "a:b", "{x}", "*", "a\n", "\n", "../x", "a b", "\x00", "x" * 81,
                "a}b{c", "?", "[a]", "\u0661", "\uff11", "\u202e1", "a\r")  # fmt: skip
