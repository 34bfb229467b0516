"""Input that is huge, deep, broken or told falsely: refused by its size first, in few words."""

import datetime as dt
import gc
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from tests.faults.conftest import Play

from shopace.core import STANDARD_MEASURES
from shopace.core.configuration import Pack, load_configuration
from shopace.core.errors import InputError, JobError
from shopace.core.host.discovery import load_registry
from shopace.core.reading import MAX_BYTES as MOST_OF_TOML
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS
from shopace.core.warehouse.facts import check_facts
from shopace.core.warehouse.handwritten import judge_of
from shopace.core.warehouse.mapping import FactsMapping, load_mapping, parse_mapping
from shopace.core.warehouse.policy import MAX_BYTES as MOST_OF_A_PACK
from shopace.core.warehouse.policy import load_policy
from shopace.core.warehouse.programmes import MAX_BYTES as MOST_OF_PROGRAMMES
from shopace.core.warehouse.programmes import load_programmes
from shopace.core.warehouse.regions import REGIONS
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.workers.intake import read_job, told

KIBIBYTE = 1024
MEBIBYTE = 1024 * 1024
ROOT = Path(__file__).resolve().parents[2]
HEAD = "shop_id,date,gmv,orders\n"
ROW = "a,2026-03-01,1,1\n"


def mapping(files: str, more: str = "") -> FactsMapping:
    return parse_mapping(
        'schema = "shopace.mapping/1"\n[marketplace]\nname = "tiny"\nregion = "US"\n'
        f'currency = "USD"\n[[tables]]\nfiles = "{files}"\nshop = "shop_id"\ndate = "date"\n'
        f'absent_day = "zero"\n{more}',
        STANDARD_MEASURES,
    )


def nested(depth: int) -> bytes:
    return b'{"shop":' + b"[" * depth + b"]" * depth + b"}"


def fields(count: int) -> bytes:
    return b"{" + b",".join(b'"k%d":1' % each for each in range(count)) + b"}"


JOBS: dict[str, Callable[[], bytes]] = {
    "50 MB": lambda: b'{"shop":"' + b"1" * 50_000_000 + b'"}',
    "50 MB of blanks": lambda: b" " * 50_000_000,
    "depth 100,000": lambda: nested(100_000),
    "depth 30,000": lambda: nested(30_000),
    "depth 20": lambda: nested(20),
    "a million fields": lambda: fields(1_000_000),
    "5,000 fields": lambda: fields(5_000),
    "a key twice": lambda: b'{"shop":"1","shop":"2"}',
    "invalid UTF-8": lambda: b'{"shop":"\xff\xfe"}',
    "half a surrogate": lambda: b'{"shop":"\\ud800"}',
    "a string that does not end": lambda: b'{"shop":"' + b"\\" * 60_000,
    "a long number": lambda: b'{"shop":' + b"9" * 60_000 + b"}",
    "a long key": lambda: b'{"' + b"k" * 60_000 + b'":1}',
}


@pytest.mark.parametrize("name", JOBS)
def test_f21_a_job_is_refused_in_a_kilobyte(name: str, play: Play) -> None:
    content = JOBS[name]()
    begun = time.perf_counter()
    with pytest.raises(JobError) as caught:
        read_job(content)
    seconds = time.perf_counter() - begun
    assert len(told(caught.value)) <= KIBIBYTE
    play.add("F21", "job refused after", seconds * 1000, "ms")
    play.add("F21", "kinds of jobs refused", str(len(JOBS)))


GROWTH = """
import sys
from pathlib import Path
from tests.faults.test_input_sizes import JOBS
from shopace.core.errors import JobError
from shopace.core.warehouse.handwritten import judge_of
from shopace.workers.intake import SCHEMA, read_job
judge_of(SCHEMA)
def peak():  # not of getrusage, which knows of the parent's too
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

content = JOBS[sys.argv[1]]()
Path("/proc/self/clear_refs").write_text("5")  # from here on
before = peak()
try:
    read_job(content)
except JobError:
    print(peak() - before)
"""


@pytest.mark.parametrize("name", ["50 MB", "depth 30,000", "5,000 fields"])
def test_f21_a_process_hardly_grows_by_what_it_refuses(name: str, play: Play) -> None:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        [sys.executable, "-c", GROWTH, name],
        env=os.environ | {"PYTHONPATH": path},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    grown = int(run.stdout) / 1024
    assert grown <= 64
    play.add("F21", "growth of a process by a job", grown, "MiB")


def csv(content: str | bytes) -> Callable[[Path], object]:
    raw = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(raw)


def query(select: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")

    return write


def sound(path: Path) -> bytes:
    query("SELECT 'a' shop_id, DATE '2026-03-01' + i::INTEGER AS date, i::DOUBLE AS gmv "
          "FROM range(3000) t(i)")(path)  # fmt: skip
    return path.read_bytes()


def cut(path: Path) -> None:
    path.write_bytes(sound(path)[:-200])


def lying_footer(path: Path) -> None:
    content = sound(path)
    path.write_bytes(content[:-8] + (2**31 - 1).to_bytes(4, "little") + content[-4:])


def zeroed_pages(path: Path) -> None:
    content = sound(path)
    path.write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])


A_DAY = "'a' shop_id, DATE '2026-03-01' AS date"
MANY = "FROM range(1_000_000) t(i)"
FILES: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "a million channels": (
        "t.parquet", 'channel = "c"\n',
        query(f"SELECT {A_DAY}, 1.0 AS gmv, 'c' || i AS c {MANY}"),
    ),
    "a million measures": (
        "t.parquet", 'layout = "long"\nmeasure = "m"\nvalue = "v"\n',
        query(f"SELECT {A_DAY}, 1.0 AS v, 'm' || i AS m {MANY}"),
    ),
    "CSV of 10,000 columns": (
        "t.csv", "",
        csv("shop_id,date," + ",".join(f"c{i}" for i in range(10_000)) + "\n" + ROW),
    ),
    "CSV that is not UTF-8": ("t.csv", "", csv((HEAD + ROW).encode() + b"\xff\xfe,2026-03-01,1,1")),
    "CSV in UTF-16": ("t.csv", "", csv((HEAD + ROW).encode("utf-16"))),
    "CSV of NULs": ("t.csv", "", csv(bytes(5_000))),
    "an empty CSV": ("t.csv", "", csv("")),
    "a line of 10 MB": ("t.csv", "", csv(HEAD + "a" * 10_000_000 + ",2026-03-01,1,1\n")),
    "an id of 64 KiB": ("t.csv", "", csv(HEAD + "a" * 65_536 + ",2026-03-01,1,1\n")),
    "a number of 64 KiB": ("t.csv", "", csv(HEAD + "a,2026-03-01," + "x" * 65_536 + ",1\n")),
    "ids of 64 KiB, twice": (
        "t.csv", "",
        csv(HEAD + "".join("a" * 65_536 + f",2026-03-01,{i},1\n" for i in range(2))),
    ),
    "Parquet cut off": ("t.parquet", "", cut),
    "Parquet with a footer of 2 GiB": ("t.parquet", "", lying_footer),
    "Parquet with zeroed pages": ("t.parquet", "", zeroed_pages),
    "CSV called Parquet": ("t.parquet", "", csv(HEAD + ROW)),
    "Parquet called CSV": ("t.csv", "", lambda path: path.write_bytes(sound(path))),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_f21_facts_that_nobody_can_use_are_refused_in_a_kilobyte(
    name: str, tmp_path: Path, play: Play
) -> None:
    files, more, write = FILES[name]
    write(tmp_path / files)
    begun = time.perf_counter()
    try:
        problems = check_facts(mapping(files, more), tmp_path, STANDARD_MEASURES).problems
        said = "\n".join(map(str, problems))
        assert problems, "it must be refused"
    except InputError as error:
        said = str(error)
    assert len(said.encode()) <= KIBIBYTE
    play.add("F21", "facts refused after", (time.perf_counter() - begun) * 1000, "ms")
    play.add("F21", "kinds of files refused", str(len(FILES)))


# --- schema bombs -------------------------------------------------------------------------------

Load = Callable[[Path], Any]


def parameters(path: Path) -> Any:
    return load_registry(BUILTIN, configuration=load_configuration(path))


def facts_mapping(path: Path) -> Any:
    return load_mapping(path, STANDARD_MEASURES)


def pack(path: Path) -> Any:
    only: Pack = path
    return load_policy([only])


def programmes(path: Path) -> Any:
    return load_programmes([path], DEFAULT_LADDERS)


KINDS: dict[str, tuple[Load, int]] = {
    "pack": (pack, MOST_OF_A_PACK),
    "programmes": (programmes, MOST_OF_PROGRAMMES),
    "parameters": (parameters, MOST_OF_TOML),
    "mapping": (facts_mapping, MOST_OF_TOML),
}


def a_line(**other: Any) -> dict[str, Any]:
    return {
        "key": "k", "ladder": "k", "metric": "m", "at": "least", "value": 1, "level": "low",
        "rule": "r", "loses": "l", "regions": ["*"], "effective_from": "2026-01-01",
        "source": "s", **other,
    }  # fmt: skip


def a_programme(**other: Any) -> dict[str, Any]:
    return {
        "key": "k", "title": "A", "reward": "ads_credit", "amount": 50, "currency": "USD",
        "starts_on": "2026-10-01", "ends_on": "2026-10-31", "budget": 5000, **other,
    }  # fmt: skip


def packed(schema: str, rows: str, content: list[dict[str, Any]]) -> bytes:
    return json.dumps({"schema": schema, rows: content}, separators=(",", ":")).encode()


CODES = sorted(REGIONS)
UNKNOWN = ["".join(chr(65 + i // 26**at % 26) for at in range(4)) for i in range(100)]
NEARLY = "ads.raise_bugdet" * 6
FIRST_DAY = dt.date(2026, 1, 1)


def ladders() -> Iterator[tuple[str, bytes]]:
    """Packs whose shape is right, with as much in them to compare as fits."""

    def a_pack(regions: Callable[[int], list[str]], **other: Callable[[int], Any]) -> bytes:
        rows = [
            a_line(key=f"k{i}", value=i + 1, regions=regions(i))
            | {name: value(i) for name, value in other.items()}
            for i in range(150)  # no more are allowed
        ]
        return packed("shopace.policy/1", "lines", rows)

    def day(at: int) -> str:
        return str(FIRST_DAY + dt.timedelta(at))

    hundred = CODES[:100]
    begins = {"effective_from": day}
    some = {"effective_to": lambda i: day(i + 200)}
    chance = random.Random(26)
    yield "regions that nobody knows", a_pack(lambda _: UNKNOWN)
    yield "a ladder of 150 steps", a_pack(lambda _: hundred)
    yield "one line, 150 times", a_pack(lambda _: hundred, key=lambda _: "k")
    yield "a day for each step", a_pack(lambda _: hundred, **begins)
    yield (
        "each step elsewhere",
        a_pack(
            lambda i: [code for at, code in enumerate(CODES[:101]) if at != i % 101],
            **begins,
            **some,
        ),
    )
    yield "steps anywhere", a_pack(lambda _: chance.sample(CODES, 100), **begins, **some)
    yield (
        "metrics and steps nearly known",
        a_pack(lambda _: hundred[:40], metric=lambda _: NEARLY, next=lambda i: f"{NEARLY}{i}"),
    )
    yield "levels nearly known", a_pack(lambda _: hundred[:40], level=lambda i: f"hihg{i}")
    yield (
        "fields nearly known",
        packed(
            "shopace.policy/1", "lines", [a_line(**{f"effective_form{i}": 1}) for i in range(150)]
        ),
    )


def lists_of_words() -> Iterator[tuple[str, bytes]]:
    """Likewise of programmes."""

    def programmes_(**other: Any) -> bytes:
        rows = [a_programme(key=f"k{i}", **other) for i in range(200)]  # no more are allowed
        return packed("shopace.incentives/1", "programmes", rows)

    words = [chr(0x4E00 + i) for i in range(20)]
    yield "regions that nobody knows", programmes_(regions=UNKNOWN)
    yield "categories nearly known", programmes_(regions=["AZ" * 50], categories=[NEARLY])
    yield (
        "words in every list",
        programmes_(
            regions=words, industries=words, categories=words, tasks=words, tiers=[99] * 30
        ),
    )
    yield "numbers in every list", programmes_(tiers=[7] * 100, regions=["1"] * 100)
    yield "numbers among words", programmes_(regions=[1] * 20, tasks=["t"] * 100, tiers=["x"] * 20)


def toml_bombs(most: int) -> Iterator[tuple[str, bytes]]:
    def times(text: str, head: str = "") -> bytes:
        many = (most - len(head)) // len(text.format(10_000))
        return (head + "".join(text.format(i + 1000) for i in range(many))).encode()

    yield "too large", b"#" * (most + 1)
    yield "a name of endless parts", b"a" + b".a" * (most // 2 - 3) + b"=1"
    yield "a quoted name of endless parts", b'"a,b".' * (most // 6 - 1) + b"a=1"
    yield "names of 50 parts", times("a{}" + ".a" * 49 + "=1\n")
    yield "deep", b"a=" + b"[" * (most // 2 - 2) + b"]" * (most // 2 - 2)
    yield "many keys", times("k{}=1\n")
    yield "many tables", times("[k{}]\n")
    yield "a huge key", b'"' + b"k" * (most - 4) + b'"=1'
    yield "a huge string", b'[parameters]\nk="' + b"x" * (most - 20) + b'"'
    yield "a long number", b"[parameters]\nk=" + b"9" * 4200
    yield "an endless number", b"[parameters]\nk=" + b"9" * (most - 20)
    yield "unknown parameters", times("k{}=1\n", "[parameters]\n")
    yield "parameters nearly known", times('"core.explaned_share{}"=1\n', "[parameters]\n")
    yield "parameters that are none", times('k{}="1"\n', "[parameters]\n")
    yield "plugins nearly known", times('"live_quantitv{}",', "disable.plugins=[") + b"]"
    yield "many ladders", times('[[tiers]]\nregion="U{}"\ncurrency="USD"\nsteps=[]\n')
    yield "one ladder, many times", times('[[tiers]]\nregion="US"\ncurrency="USD"\nsteps=['
                                          '{{level=0,name="a",gmv_from=0}}]\n')  # fmt: skip
    yield "ranges, many times", times('[[gmv_ranges]]\ncurrency="BRL"\nlines=[0,1]\n')
    yield "tables of nothing", times("[[tables]]\n")
    yield "measures nearly known", times('k{} = "gvm"\n', 'schema="shopace.mapping/1"\n'
                                         '[[tables]]\nfiles="x"\n[tables.measures]\n')  # fmt: skip
    yield (
        "a pattern of files without end",
        (b'schema="shopace.mapping/1"\n[[tables]]\nfiles="' + b"*" * (most - 60) + b'"'),
    )


def bombs(rows: str, most: int) -> Iterator[tuple[str, bytes]]:
    many = most // 2 - 100

    def listed(item: str, count: int) -> bytes:
        return f'{{"schema":"x","{rows}":[{",".join([item] * count)}]}}'.encode()

    yield "rows of 1", listed("1", many)
    yield "rows of {}", listed("{}", most // 3 - 100)
    yield "150 rows of nothing", listed("{}", 150)
    yield "deep", b"[" * (most // 2) + b"]" * (most // 2)
    yield "deep objects", b'{"a":' * (most // 6) + b"1" + b"}" * (most // 6)
    yield "500 deep", b"[" * 500 + b"]" * 500
    yield "a huge string", f'{{"{rows}":"{"a" * (most - 100)}"}}'.encode()
    yield "a huge key", f'{{"{"k" * (most - 100)}":1}}'.encode()
    yield "many keys", fields(most // 16)
    yield "a key twice", f'{{"{rows}":[],"{rows}":[]}}'.encode()
    yield "too large", b" " * (most + 1)
    yield "a long number", b'{"schema":' + b"9" * 60_000 + b"}"
    mixed = ",".join(f'{i},"{i}",{{"a":{i}}}' for i in range(most // 40))
    yield "things of all kinds", f'{{"{rows}":[{{"regions":[{mixed}]}}]}}'.encode()
    groups = ",".join(f'"G{i}":["US"]' for i in range(most // 24))
    yield "groups", f'{{"region_groups":{{{groups}}},"{rows}":[]}}'.encode()
    redos = {"schema": "x", rows: [{"key": "a" * 50_000 + "!"}]}
    yield "what makes patterns explode", json.dumps(redos).encode()


CASES = [
    (kind, name, content)
    for kind, found in (
        ("pack", (*bombs("lines", MOST_OF_A_PACK), *ladders())),
        ("programmes", (*bombs("programmes", MOST_OF_PROGRAMMES), *lists_of_words())),
        ("parameters", toml_bombs(MOST_OF_TOML)),
        ("mapping", toml_bombs(MOST_OF_TOML)),
    )
    for name, content in found
]


@pytest.fixture(scope="module")
def judged_before() -> Iterator[None]:
    """What a process does once: jsonschema is imported, schemas are read.

    What the tests hold besides is kept from the garbage collector: to look through all of it takes
    100 ms, and is no cost of a document.
    """
    load_policy(POLICY_PACKS)
    judge_of("incentives.schema.json")
    load_registry(BUILTIN)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("judged_before")
@pytest.mark.parametrize(
    ("kind", "name", "content"), CASES, ids=[f"{kind}: {name}" for kind, name, _ in CASES]
)
def test_f26_a_bomb_is_refused_before_it_is_judged(
    kind: str, name: str, content: bytes, tmp_path: Path, play: Play
) -> None:
    load, most = KINDS[kind]
    assert len(content) <= most + 1, "F26 must fire: of allowed size, or just beyond"
    path = tmp_path / f"{kind}.json"  # whatever it is, nobody asks for its suffix
    path.write_bytes(content)
    begun = time.process_time()  # no file is waited for, and others may have the machine
    with pytest.raises(InputError) as caught:
        load(path)
    seconds = time.process_time() - begun
    assert len(str(caught.value).splitlines()) <= 302, name
    if most != MOST_OF_TOML:
        assert len(caught.value.problems) <= 5000, name
    told = [*map(str, caught.value.problems), *str(caught.value).splitlines()]
    assert max(map(len, told)) <= KIBIBYTE
    play.add(
        "F26", "document of allowed size judged after, of processor time", seconds * 1000, "ms"
    )
    play.add("F26", "bombs", str(len(CASES)))


UNBOUNDED = re.compile(r"[*+}]\)?[*+{]|\)[*+]|\)\{\d+,\}")
"""A repetition of what repeats, or of a group."""


def walked(schema: Any) -> Iterator[tuple[str, Any]]:
    match schema:
        case dict():
            for key, value in schema.items():
                yield key, value
                yield from walked(value)
        case list():
            for value in schema:
                yield from walked(value)


def test_f26_no_schema_of_ours_asks_anybody_else_or_holds_a_pattern_that_explodes(
    play: Play,
) -> None:
    found = sorted((ROOT / "schemas").glob("*.json"))
    patterns, references = set(), 0
    for path in found:
        for key, value in walked(msgspec.json.decode(path.read_bytes())):
            if key in {"$ref", "$dynamicRef"}:
                assert value.startswith("#/"), path.name
                references += 1
            if key == "pattern" and isinstance(value, str):
                assert UNBOUNDED.search(value) is None, (path.name, value)
                patterns.add(value)
    assert len(found) >= 14
    for pattern in patterns:  # by its looks sound, by its effect too
        for word in ("a" * 50_000 + "!", "A" * 50_000, "1-" * 25_000, "." * 50_000 + "\n"):
            re.search(pattern, word)
    play.add("F26", "schemas, patterns, references within", f"{len(found)}, {len(patterns)}, "
             f"{references}; 0 remote, 0 unbounded")  # fmt: skip


def test_f26_patterns_that_would_explode_are_recognised() -> None:
    for each in (r"^(a+)+$", r"(a|b*)*", r"([a-z]+){2,}", r"a++"):
        assert UNBOUNDED.search(each)
