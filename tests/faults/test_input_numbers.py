"""Numbers that are none, and words that nobody knows: counted or refused, in no output."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faults.conftest import LONG, Play
from tests.faults.test_input_sizes import HEAD, a_line, a_programme, mapping

from shopace.core import STANDARD_MEASURES
from shopace.core.errors import InputError
from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.job import Job
from shopace.core.records.metrics import MetricValues
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.facts import check_facts
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import load_policy, unfit
from shopace.core.warehouse.programmes import load_programmes
from shopace.core.warehouse.snapshot import Snapshot, build_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.simulate import simulate

KNOWN, MISSING, REFUSED = "known", "missing", "refused"
CELLS = {
    "0": KNOWN, "-0.0": KNOWN, "1e3": KNOWN, " 7 ": KNOWN, "5e-324": KNOWN, "1e11": KNOWN,
    "": MISSING, "   ": MISSING, "NaN": MISSING, "nan": MISSING, "-nan": MISSING,
    "inf": MISSING, "-inf": MISSING, "Infinity": MISSING, "-Infinity": MISSING, "-1": MISSING,
    "-1e-3": MISSING, "1e13": MISSING, "1e308": MISSING, "-1e308": MISSING,
    "9223372036854775808": MISSING, "18446744073709551616": MISSING, "9" * 300: MISSING,
    "true": REFUSED, "NULL": REFUSED, "None": REFUSED, "n/a": REFUSED, "1,000": REFUSED,
    "1_000": REFUSED, "$5": REFUSED, "5 USD": REFUSED, "0x10": REFUSED, "1e": REFUSED,
    "--1": REFUSED, "1.2.3": REFUSED, "\u221e": REFUSED, "\u0661\u0662": REFUSED, "=1+1": REFUSED,
}  # fmt: skip
"""A cell of text → what becomes of it."""
TYPED = {
    "'nan'::DOUBLE": MISSING, "'inf'::DOUBLE": MISSING, "'-inf'::FLOAT": MISSING,
    "-0.0::DOUBLE": KNOWN, "-5::INTEGER": MISSING, "1e308::DOUBLE": MISSING,
    "9223372036854775807::HUGEINT * 10": MISSING, "18446744073709551615::UBIGINT": MISSING,
    "99999999999999.99::DECIMAL(18,2)": MISSING, "NULL::DOUBLE": MISSING, "true": REFUSED,
    "[1.0]": REFUSED, "DATE '2026-03-01'": REFUSED, "'x'::BLOB": REFUSED,
}  # fmt: skip


def became(folder: Path, files: str) -> tuple[str, int]:
    """What became of the cells of `gmv` beside sound `orders`: the worst, and how often."""
    try:
        report = check_facts(mapping(files), folder, STANDARD_MEASURES)
    except InputError:
        return REFUSED, 1
    if report.problems:
        (problem,) = report.problems
        return REFUSED, int(problem.what.split()[0])
    found = [each for each in report.measures if each.measure == "gmv"]
    if not found:
        return MISSING, report.rows
    return (KNOWN, found[0].known) if not found[0].missing else (MISSING, found[0].missing)


@pytest.mark.parametrize("fate", [KNOWN, MISSING, REFUSED])
def test_f20_every_cell_is_known_missing_or_refused(fate: str, tmp_path: Path, play: Play) -> None:
    cells = [cell for cell, expected in CELLS.items() if expected == fate]
    rows = [f'a{place},2026-03-01,"{cell}",1\n' for place, cell in enumerate(cells)]
    (tmp_path / "t.csv").write_text(HEAD + "".join(rows), "utf-8")
    assert became(tmp_path, "t.csv") == (fate, len(cells))
    typed = [sql for sql, expected in TYPED.items() if expected == fate]
    for sql in typed:
        select = f"SELECT 'a' shop_id, DATE '2026-03-01' AS date, {sql} AS gmv, 1 AS orders"
        duckdb.execute(f"COPY ({select}) TO '{tmp_path / 't.parquet'}' (FORMAT parquet)")
        assert became(tmp_path, "t.parquet") == (fate, 1), sql
    play.add("F20", f"kinds of cells {fate}", str(len(cells) + len(typed)))


NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9223372036854775808", "1e308", "-1e308",
    "true", "false", '"5"', "null", "[5]", "{}", "-5",
)  # fmt: skip
"""JSON that no field below takes for its number."""
PROGRAMME = a_programme(spent=0, valid_days=14)
JOB = {
    "run": "r", "fence": 1, "as_of": "2026-10-31", "snapshot": "s", "policy": "p", "block": 0,
    "first": 0,
}  # fmt: skip


def with_raw(document: dict[str, Any], field: str, raw: str) -> str:
    return json.dumps(document | {field: "\0"}).replace('"\\u0000"', raw)


def documents() -> Iterator[tuple[str, str, str]]:
    """(kind, field, content) of every document that is to be refused."""
    for raw in NUMBERS:
        for field in ("amount", "budget", "spent", "valid_days"):
            row = with_raw(PROGRAMME, field, raw)
            yield "programmes", field, f'{{"schema":"shopace.incentives/1","programmes":[{row}]}}'
        if raw != "-5":
            row = with_raw(a_line(), "value", raw)
            yield "pack", "value", f'{{"schema":"shopace.policy/1","lines":[{row}]}}'
        for field in ("fence", "block", "first"):
            if (field, raw) != ("block", "null"):
                yield "job", field, with_raw(JOB, field, raw)
    for raw in ("-0.0", "1.0", "1.5"):
        yield "job", "fence", with_raw(JOB, "fence", raw)


def test_f20_documents_with_such_numbers_are_refused_with_their_place(
    tmp_path: Path, play: Play
) -> None:
    found = list(documents())
    path = tmp_path / "t.json"
    taken: list[tuple[str, str, str]] = []
    for kind, field, content in found:
        path.write_text(content, "utf-8")
        try:
            if kind == "job":
                msgspec.json.decode(content, type=Job)
            elif kind == "pack":
                load_policy([path])
            else:
                load_programmes([path], DEFAULT_LADDERS)
        except (InputError, msgspec.DecodeError) as error:
            no_json = re.search(r"NaN|Infinity|malformed|out of range|is not valid", str(error))
            assert field in str(error) or "cannot be read" in str(error) or no_json, kind  # noqa: PT017
        else:
            taken.append((kind, field, content))
    assert not taken
    assert len(found) >= 60
    play.add("F20", "documents refused", str(len(found)))


@given(value=st.floats() | st.integers() | st.booleans() | st.none())
@settings(max_examples=2000 if LONG else 100)
def test_f20_a_programme_is_never_worth_what_is_no_number(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    text = json.dumps({"schema": "shopace.incentives/1", "programmes": [PROGRAMME]})
    raw = "NaN" if value != value else json.dumps(value)  # noqa: PLR0124  # what NaN is
    path = tmp_path_factory.getbasetemp() / "programmes.json"
    path.write_text(text.replace('"amount": 50', f'"amount": {raw}'), "utf-8")
    try:
        (only,) = load_programmes([path], DEFAULT_LADDERS).programmes
    except InputError:
        return
    assert 0 < only.amount <= 5000


HOSTILE = ("'nan'", "'inf'", "'-inf'", "-0.0", "-1.0", "1e308", "-1e308", "1e18", "5e-324", "NULL")
NO_NUMBER = re.compile(rb"(?i)(?<![a-z])(nan|inf|infinity)(?![a-z])")


def poison(folder: Path, share: float, seed: float) -> int:
    """Replace a share of all numbers; how many."""
    replaced = 0
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SELECT setseed(?)", [seed])
        listed = ", ".join(f"{each}::DOUBLE" for each in HOSTILE)
        for file in sorted(folder.glob("*.parquet")):
            described = connection.execute(f"DESCRIBE SELECT * FROM '{file}'").fetchall()
            numbers = [
                name for name, kind, *_ in described if kind.startswith(("INT", "DOUBLE", "DEC"))
            ]
            if not numbers:
                continue
            changed = ", ".join(
                f"CASE WHEN random() < {share} THEN [{listed}][1 + (random() * 9.99)::INTEGER % 10]"
                f' ELSE "{each}"::DOUBLE END AS "{each}"'
                for each in numbers
            )
            connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT * REPLACE ({changed}) "
                               f"FROM '{file}'")  # fmt: skip
            wrong = " + ".join(
                f'count_if("{each}" IS NULL OR NOT isfinite("{each}") OR abs("{each}") > 1e17 '
                f'OR "{each}" < 0 OR ("{each}" > 0 AND "{each}" < 1e-300))'
                for each in numbers
            )
            replaced += connection.execute(f"SELECT {wrong} FROM t").fetchall()[0][0]
            connection.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    return replaced


def published(data: Path, snapshot: Snapshot) -> Iterator[tuple[bytes, bytes]]:
    registry = load_registry(BUILTIN)
    benchmarks = build_benchmarks(registry, snapshot, data / "benchmarks")
    inputs = Inputs(registry, snapshot, benchmarks, load_policy(POLICY_PACKS))
    for block in range(len(snapshot)):
        for documents_ in diagnose_block(inputs, block, recall=lambda shops: [None] * len(shops)):
            for document in documents_:
                yield document.body, document.metrics


def built(data: Path) -> Snapshot:
    registry = load_registry(BUILTIN)
    return build_snapshot(
        load_mapping(data / "facts" / "mapping.toml", registry.measures),
        data / "facts",
        data / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
    )


POISONED = ((600, 90, 1), (3_000, 30, 17)) if LONG else ((30, 30, 1),)
"""Shops, days, and how often the facts of these are poisoned anew."""


def test_f20_nothing_published_holds_what_is_no_number(tmp_path: Path, play: Play) -> None:
    replaced = documents_ = 0
    for shops, days, times in POISONED:
        clean = tmp_path / f"{shops}"
        simulate(clean, shops=shops, days=days)
        for _ in range(times):
            with TemporaryDirectory(dir=tmp_path) as folder:
                data = Path(folder)
                shutil.copytree(clean, data / "facts")
                replaced += poison(data / "facts", 0.2, play.chance.uniform(-1, 1))
                for body, metrics in published(data, built(data)):
                    documents_ += 1
                    for content in (body, metrics):
                        assert NO_NUMBER.search(content) is None, NO_NUMBER.search(content)
                        json.loads(content, parse_constant=pytest.fail)
                    msgspec.json.decode(body, type=Diagnosis)
                    msgspec.json.decode(metrics, type=MetricValues)
    assert replaced > 50_000, "F20 must fire"
    assert documents_ == sum(shops * times for shops, _, times in POISONED)
    play.add("F20", "cells replaced", replaced)
    play.add("F20", f"NaN or infinite numbers in {documents_:,} documents", 0)


def test_f22_unknown_channels_and_measures_are_counted_and_change_no_diagnosis(
    tmp_path: Path, play: Play
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for data in (one, other):
        simulate(data / "facts", shops=12, days=30)
    days = other / "facts" / "channel_days.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT *, 7 AS mood, 1.5 AS karma FROM '{days}'")
        connection.execute("INSERT INTO t SELECT * REPLACE ('radio-' || (hash(date) % 40) AS "
                           "channel) FROM t QUALIFY row_number() OVER "
                           "(PARTITION BY shop_id, date) = 1")  # fmt: skip
        (added,) = connection.execute(
            "SELECT count(*) FROM t WHERE channel LIKE 'radio-%'"
        ).fetchall()[0]
        connection.execute(f"COPY t TO '{days}' (FORMAT parquet)")
    measures = load_registry(BUILTIN).measures
    report = check_facts(load_mapping(other / "facts" / "mapping.toml", measures),
                         other / "facts", measures)  # fmt: skip
    (table,) = (each for each in report.tables if each.files == "channel_days.parquet")
    assert not report.problems
    assert table.undeclared == ("mood", "karma")
    assert sum(rows for _, rows in table.unknown_channels) == added > 0
    assert len(table.unknown_channels) <= 21
    snapshots = built(one), built(other)
    seen = [
        [without_versions(body) for body, _ in published(data, snapshot)]
        for data, snapshot in zip((one, other), snapshots, strict=True)
    ]
    assert seen[0] == seen[1]
    play.add("F22", "rows of unknown channels counted and left out", added)
    play.add("F22", "diagnoses changed by them", 0)


def without_versions(body: bytes) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.json.decode(body)
    for name in ("snapshot", "benchmarks", "versions", "freshness", "input"):
        content.pop(name, None)
    return content


def test_f22_a_line_over_what_nobody_declares_is_told_once_and_judges_nobody(
    tmp_path: Path, play: Play
) -> None:
    registry = load_registry(BUILTIN)
    rows = [
        a_line(key=f"k{i}", ladder=f"k{i}", metric=f"nobody.metric_{i}", level="medium")
        for i in range(20)
    ]
    path = tmp_path / "pack.json"
    path.write_text(json.dumps({"schema": "shopace.policy/1", "lines": rows}), "utf-8")
    policy = load_policy([path])
    told = unfit(policy, registry.metrics, registry.measures)
    assert len(told) == len(set(told)) == len(rows)
    simulate(tmp_path / "facts", shops=6, days=30)
    snapshot = built(tmp_path)
    inputs = Inputs(registry, snapshot, None, policy)
    for documents_ in diagnose_block(inputs, 0, recall=lambda shops: [None] * len(shops)):
        for document in documents_:
            diagnosis = msgspec.json.decode(document.body, type=Diagnosis)
            assert not any("nobody" in str(card) for card in diagnosis.cards)
    play.add("F22", "lines over unknown metrics, told once each", len(rows))
