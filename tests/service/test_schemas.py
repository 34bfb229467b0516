"""Schemas say what the records say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.job import Event, Job
from shopace.core.records.metrics import Legend, LegendColumn, MetricValues
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Direction, Unit
from shopace.core.warehouse.handwritten import validator
from shopace.service import schemas

BY_NAME = {each.name: each for each in schemas.DOCUMENTS}
SCHEMAS: dict[str, dict[str, Any]] = {
    name: json.loads(schemas.generate()[each.file]) for name, each in BY_NAME.items()
}


def verdicts(name: str, document: object) -> tuple[bool, bool]:
    """What msgspec and jsonschema say of a document."""
    raw = msgspec.json.encode(document)
    try:
        msgspec.json.decode(raw, type=BY_NAME[name].record)
    except msgspec.ValidationError:
        accepted = False
    else:
        accepted = True
    return accepted, validator(SCHEMAS[name]).is_valid(msgspec.json.decode(raw))


def test_the_files_are_what_the_records_say() -> None:
    assert not schemas.check(schemas.folder())


def test_every_schema_is_a_valid_2020_12_schema_with_its_own_id() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == schemas.DIALECT
    ids = [schema["$id"] for schema in SCHEMAS.values()]
    assert ids == [f"urn:shopace:schema:{name}:1" for name in SCHEMAS]


def test_generating_twice_gives_the_same_bytes() -> None:
    assert schemas.generate() == schemas.generate()


def test_fields_carry_the_docstrings_of_the_records() -> None:
    job = SCHEMAS["job"]["$defs"]["Job"]["properties"]
    assert job["run"]["description"] == "`nightly-…` or `single-…`."


def test_a_missing_stale_or_orphaned_file_is_found_and_written(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    (tmp_path / "job.schema.json").unlink()
    (tmp_path / "event.schema.json").write_text("{}\n")
    (tmp_path / "old.schema.json").write_text(
        (tmp_path / "legend.schema.json").read_text("utf-8"), "utf-8"
    )
    (tmp_path / "by-hand.schema.json").write_text("{}\n")
    assert {each.where for each in schemas.check(tmp_path)} == {
        "schemas/job.schema.json",
        "schemas/event.schema.json",
        "schemas/old.schema.json",
    }
    written = schemas.write(tmp_path)
    assert {each.name for each in written} == {"job.schema.json", "event.schema.json"}


JOB: dict[str, Any] = {
    "run": "nightly-1",
    "fence": 1,
    "as_of": "2026-10-31",
    "snapshot": "demo-2026-10-31-0a1b2c3d",
    "policy": "policy-89abcdef",
    "shop": "7495514739219597000",
}
VALUES: dict[str, Any] = {
    "legend": "a",
    "l7d": [1.0, None],
    "p7d": [],
    "l30d": [],
    "benchmark": [],
    "aa": "on",
    "ab": "an",
}

PROGRAMME: dict[str, Any] = {
    "key": "credit",
    "title": "Ads credit",
    "reward": "ads_credit",
    "amount": 50,
    "currency": "USD",
    "starts_on": "2026-10-01",
    "ends_on": "2026-10-31",
    "budget": 5000.5,
}


def offering(**changes: object) -> dict[str, Any]:
    return {"schema": "shopace.incentives/1", "programmes": [PROGRAMME | changes]}


ACCEPTED = [
    ("incentives", offering()),
    ("incentives", offering(spent=0, valid_days=365, tiers=[0, 99], types=["challenge"])),
    ("incentives", {"schema": "shopace.incentives/1", "programmes": [], "note": ""}),
    ("job", JOB | {"incentives": "incentives-89abcdef"}),
    ("job", JOB),
    ("job", JOB | {"block": None}),
    ("job", JOB | {"shop": None, "block": 0}),
    ("job", JOB | {"a_field_of_a_later_version": 1}),
    ("event", {"shop": "1", "as_of": "2026-02-28", "fence": 7, "changed": ["tier"]}),
    ("metrics", VALUES),
    ("metrics", VALUES | {"l7d": [0, -1, 1e300, None]}),
    ("legend", {"id": "a", "columns": []}),
]
REFUSED = [
    ("incentives", offering() | {"schema": "shopace.incentives/2"}),
    ("incentives", offering() | {"programs": []}),
    ("incentives", {"schema": "shopace.incentives/1"}),
    ("incentives", {"schema": "shopace.incentives/1", "programmes": [PROGRAMME] * 201}),
    *(
        ("incentives", offering(**{field: value}))
        for field, values in {
            "key": ("", "A", "a b", "a\n", "1a", 1, None),
            "title": ("", "x" * 101, 1),
            "reward": ("ad_credit", None),
            "amount": (0, -1, 1e13, True, "50", None),
            "currency": ("usd", "US", "USD\n"),
            "starts_on": ("2026-02-30", "20261001", "soon"),
            "budget": (-0.01, 1e13),
            "spent": (-1,),
            "valid_days": (0, 366, 1.0, True),
            "regions": ("US", [1], [""], ["US"] * 301),
            "tiers": ([-1], [100], [1.0], ["1"], [True]),
            "types": (["chalenge"],),
            "a_field_that_nobody_knows": (1,),
        }.items()
        for value in values
    ),
    ("job", JOB | {"incentives": ".."}),
    ("job", {key: value for key, value in JOB.items() if key != "policy"}),
    ("job", JOB | {"fence": 0}),
    ("job", JOB | {"fence": 1.0}),
    ("job", JOB | {"fence": True}),
    ("job", JOB | {"fence": "1"}),
    ("job", JOB | {"block": -1}),
    ("job", JOB | {"shop": 7495514739219597000}),
    ("job", JOB | {"shop": ""}),
    ("job", JOB | {"shop": "a b"}),
    ("job", JOB | {"shop": "1\n"}),
    ("job", JOB | {"shop": ".."}),
    ("job", JOB | {"shop": "1" * 65}),
    ("job", JOB | {"snapshot": "../../etc"}),
    ("job", JOB | {"as_of": "2026-02-30"}),
    ("job", JOB | {"as_of": "20261031"}),
    ("job", JOB | {"as_of": "2026-10-31T00:00:00"}),
    ("job", [JOB]),
    ("event", {"shop": "1", "as_of": "2026-02-28", "fence": 7, "changed": "tier"}),
    ("event", {"shop": "1", "as_of": "2026-02-28", "fence": 7, "changed": [1]}),
    ("metrics", VALUES | {"aa": None}),
    ("metrics", VALUES | {"l7d": ["1"]}),
    ("metrics", VALUES | {"l7d": None}),
    ("legend", {"id": "a", "columns": [{"metric": "ctr"}]}),
]


@pytest.mark.parametrize(("name", "document"), ACCEPTED)
def test_both_judges_accept(name: str, document: object) -> None:
    assert verdicts(name, document) == (True, True)


@pytest.mark.parametrize(("name", "document"), REFUSED)
def test_both_judges_refuse(name: str, document: object) -> None:
    assert verdicts(name, document) == (False, False)


def test_both_judges_accept_a_whole_diagnosis(make_diagnosis: Callable[..., Diagnosis]) -> None:
    assert verdicts("diagnosis", make_diagnosis()) == (True, True)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(each for key, below in inner for each in paths(below, (*path, key)))]


def replaced(value: Any, path: tuple[str | int, ...], new: object) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**40), max_value=2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "P0", "shop", "seller_live", "2026-10-31", "2026-13-01", "count", "x\n"]),
    st.just([]),
    st.just({}),
    st.just({"shop": {}}),
    st.just([None]),
)


@given(data=st.data())
def test_both_judges_agree_on_any_single_wrong_value_of_a_diagnosis(
    data: st.DataObject, make_diagnosis: Callable[..., Diagnosis]
) -> None:
    whole = msgspec.to_builtins(make_diagnosis())
    whole["channel_conclusions"] = {"seller_live": whole["conclusion"]}
    path = data.draw(st.sampled_from(paths(whole)))
    broken = replaced(whole, path, data.draw(JUNK))
    assert len(set(verdicts("diagnosis", broken))) == 1


@given(channel=st.text(max_size=12) | st.sampled_from(list(Channel)))
def test_both_judges_know_the_channels_that_key_a_map(
    channel: str, make_diagnosis: Callable[..., Diagnosis]
) -> None:
    whole = msgspec.to_builtins(make_diagnosis())
    whole["by_channel"] = {str(channel): ["raise_sps:shop"]}
    known = channel in list(Channel)
    assert verdicts("diagnosis", whole) == (known, known)


NAMES = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)


@given(
    record=st.one_of(
        st.builds(
            Event,
            shop=NAMES,
            as_of=st.dates(),
            fence=st.integers(0, 2**53),
            changed=st.tuples(st.sampled_from(["tier", "risk", "cards", "new"])),
        ),
        st.builds(
            Job,
            run=NAMES,
            fence=st.integers(1, 2**53),
            as_of=st.dates(),
            snapshot=NAMES,
            policy=NAMES,
            block=st.none() | st.integers(0, 10_000),
            shop=st.none() | NAMES,
        ),
        st.builds(
            MetricValues,
            legend=NAMES,
            l7d=st.tuples(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
            p7d=st.just(()),
            l30d=st.just(()),
            benchmark=st.just(()),
            aa=st.text(),
            ab=st.text(),
        ),
        st.builds(
            Legend,
            id=NAMES,
            columns=st.tuples(
                st.builds(
                    LegendColumn,
                    metric=st.text(),
                    title=st.text(),
                    channel=st.sampled_from(Channel),
                    category=st.text(),
                    unit=st.sampled_from(Unit),
                    direction=st.sampled_from(Direction),
                    is_key=st.booleans(),
                )
            ),
        ),
    )
)
def test_both_judges_agree_on_every_record_that_can_be_encoded(record: msgspec.Struct) -> None:
    (name,) = (each.name for each in schemas.DOCUMENTS if each.record is type(record))
    assert len(set(verdicts(name, record))) == 1
