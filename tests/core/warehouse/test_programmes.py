"""Incentive programmes: what is said about files that cannot be used, identity and pinning."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shopace.core.errors import IncentivesError
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS
from shopace.core.warehouse.programmes import (
    MAX_BYTES,
    NO_PROGRAMMES,
    Programmes,
    load_programmes,
    load_saved_programmes,
    save_programmes,
    unfit,
)

Row = dict[str, Any]
Write = Callable[..., Path]


def row(key: str = "credit", **other: Any) -> Row:
    return {
        "key": key,
        "title": "Ads credit",
        "reward": "ads_credit",
        "amount": 50,
        "currency": "USD",
        "starts_on": "2026-10-01",
        "ends_on": "2026-10-31",
        "budget": 5000,
        **other,
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(*rows: object, name: str = "incentives.json", **other: Any) -> Path:
        path = tmp_path / name
        path.write_text(
            json.dumps({"schema": "shopace.incentives/1", "programmes": rows, **other}), "utf-8"
        )
        return path

    return file


def load(*files: Path) -> Programmes:
    return load_programmes(files, DEFAULT_LADDERS)


def problems(*files: Path) -> dict[str, str]:
    with pytest.raises(IncentivesError) as caught:
        load(*files)
    return {
        each.where: each.what + (f" ({each.hint})" if each.hint else "")
        for each in caught.value.problems
    }


# --- files that can be used -------------------------------------------------------------------


def test_a_programme_says_no_more_than_it_must(write: Write) -> None:
    (only,) = load(write(row())).programmes
    assert (only.spent, only.valid_days) == (0, 14)
    assert not any((only.regions, only.tiers, only.industries, only.tasks, only.types))


def test_an_industry_is_data_and_may_be_any_word(write: Write) -> None:
    (only,) = load(write(row(industries=["美妆", "shoes & bags"]))).programmes
    assert only.industries == ("美妆", "shoes & bags")


def test_without_a_file_or_with_an_empty_one_there_is_none(write: Write) -> None:
    assert load() == load(write()) == NO_PROGRAMMES


def test_a_budget_that_pays_for_one_reward_and_one_overspent_are_no_problem(write: Write) -> None:
    one, over = load(write(row("a", budget=50), row("b", spent=6000))).programmes
    assert one.has_budget
    assert not over.has_budget


@pytest.mark.parametrize(
    ("spent", "fits"), [(0, True), (49.9, True), (50.0, True), (50.01, False), (100, False)]
)
def test_one_more_reward_must_fit_in_the_budget(write: Write, spent: float, fits: bool) -> None:
    (only,) = load(write(row(amount=50, budget=100, spent=spent))).programmes
    assert only.has_budget is fits


def test_fractions_of_a_cent_close_no_budget(write: Write) -> None:
    (only,) = load(write(row(amount=0.1, budget=0.3, spent=0.2))).programmes
    assert only.has_budget


# --- files that cannot be used ----------------------------------------------------------------

WRONG: list[tuple[Row, str, str]] = [
    ({"key": "Ads Credit"}, "key", "does not fit pattern"),
    ({"key": "a\n"}, "key", "does not fit pattern"),
    ({"title": ""}, "title", '"" does not fit minLength 1'),
    ({"title": "  "}, "title", "is empty"),
    ({"title": "a\u202eb"}, "title", "holds a control character"),
    ({"title": "x" * 101}, "title", "does not fit maxLength 100"),
    ({"industries": ["a\x1b[2J"]}, "industries", "holds a control character"),
    ({"reward": "ad_credit"}, "reward", '(did you mean "ads_credit"?)'),
    ({"amount": 0}, "amount", "0 is not above 0"),
    ({"amount": -5}, "amount", "-5 is not above 0"),
    ({"amount": 1e13}, "amount", "does not fit maximum"),
    ({"amount": True}, "amount", "true is not of type number"),
    ({"amount": "50"}, "amount", '"50" is not of type number'),
    ({"currency": "usd"}, "currency", "does not fit pattern"),
    ({"starts_on": "2026-02-30"}, "starts_on", '"2026-02-30" is no date of the calendar'),
    ({"starts_on": "20261001"}, "starts_on", "is no date of the calendar"),
    ({"ends_on": "2026-09-30"}, "ends_on", "before starts_on 2026-10-01 (dates reversed?)"),
    ({"budget": 49.99}, "budget", "49.99 does not pay for one reward of 50"),
    ({"budget": -1}, "budget", "-1 does not fit minimum"),
    ({"spent": -1}, "spent", "-1 does not fit minimum"),
    ({"valid_days": 0}, "valid_days", "0 does not fit minimum"),
    ({"valid_days": 1.0}, "valid_days", "1.0 is not of type integer"),
    ({"regions": ["USA"]}, "regions", '"USA": no region code (did you mean "US"?)'),
    ({"regions": "US"}, "regions", "is not of type array"),
    ({"tiers": [6]}, "tiers", "no ladder has level 6, they go from 0 to 5"),
    ({"tiers": [1.0]}, "tiers[0]", "is not of type integer"),
    ({"tiers": [1], "currency": "EUR"}, "tiers", "there is no tier ladder in EUR"),
    ({"categories": ["campains"]}, "categories", '(did you mean "campaigns"?)'),
    ({"types": ["chalenge"]}, "types[0]", '(did you mean "challenge"?)'),
    ({"region": ["US"]}, "", 'unknown "region" (did you mean "regions"?)'),
]


@pytest.mark.parametrize(("change", "field", "what"), WRONG)
def test_what_cannot_be_is_told_with_its_place(
    write: Write, change: Row, field: str, what: str
) -> None:
    ((where, told),) = problems(write(row("sound"), row(**change))).items()
    assert where == "incentives.json: programmes[1]" + (f".{field}" if field else "")
    assert what in told


def test_all_problems_of_all_files_are_told_at_once(write: Write) -> None:
    told = problems(
        write(*(row(f"k{at}", **change) for at, (change, *_) in enumerate(WRONG) if at > 1)),
        write(row("k2"), row("k2"), name="more.json"),
        write(schema="shopace.incentives/2", name="newer.json"),
        Path("missing.json"),
    )
    assert sum(where.startswith("incentives.json: ") for where in told) == len(WRONG) - 2
    assert told["more.json: programmes[0].key"] == (
        '"k2" is the key of incentives.json: programmes[0] already'
    )
    assert {"more.json: programmes[1].key", "newer.json: schema", "missing.json"} <= set(told)


@pytest.mark.parametrize("missing", sorted(row()))
def test_what_is_missing_is_named(write: Write, missing: str) -> None:
    given = {key: value for key, value in row().items() if key != missing}
    assert problems(write(given)) == {"incentives.json: programmes[0]": f'"{missing}" is missing'}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"schema": NaN}',
        b'{"schema": "shopace.incentives/1", "programmes": [{"amount": Infinity}]}',
        b'{"schema": "shopace.incentives/1", "programmes": [{"amount": 1e999}]}',
        b'{"programmes": [], "programmes": []}',
        b'{"programmes": [{"key": "a", "key": "b"}]}',
        b"\xff\xfe",
        b" " * (MAX_BYTES + 1),
    ],
)
def test_a_file_that_is_no_strict_json_or_too_large_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "incentives.json"
    path.write_bytes(content)
    assert problems(path)["incentives.json"].startswith("cannot be read: ")


@pytest.mark.parametrize(
    "document", ["[]", "1", '"a"', "{}", '{"programmes": {}}', '{"programmes": [1, null]}']
)
def test_json_of_another_shape_is_refused(tmp_path: Path, document: str) -> None:
    path = tmp_path / "incentives.json"
    path.write_text(document)
    assert problems(path)


def test_more_programmes_than_a_file_may_hold_are_refused(write: Write) -> None:
    assert (
        "maxItems"
        in problems(write(*(row(f"k{at}") for at in range(201))))["incentives.json: programmes"]
    )


def test_tasks_that_nobody_declares_are_told_and_harm_nothing(write: Write) -> None:
    programmes = load(write(row(tasks=["ads.raise_budget", "ads.raise_bugdet"])))
    (only,) = unfit(programmes, {"ads.raise_budget"})
    assert str(only) == (
        'programme credit: tasks: no plugin in use declares "ads.raise_bugdet"'
        ' (did you mean "ads.raise_budget"?)'
    )


def test_of_very_many_unknown_words_the_first_are_told(write: Write) -> None:
    words = [f"R{at}" for at in range(100)]
    told = problems(write(*(row(f"k{at}", regions=words) for at in range(80))))
    assert len(told) == 80
    assert told["incentives.json: programmes[0].regions"].startswith(
        '"R0", "R1", "R2" and 97 more: no region code'
    )


# --- identity and pinning -------------------------------------------------------------------


def test_the_id_follows_the_content_and_not_its_order(write: Write) -> None:
    one = load(write(row("a"), row("b")))
    assert one == load(write(row("b"), name="1.json"), write(row("a"), name="2.json"))
    assert one.id != load(write(row("a"), row("b", spent=50))).id


def test_pinned_programmes_come_back_as_they_were(write: Write, tmp_path: Path) -> None:
    programmes = load(write(row(tiers=[1, 2])))
    path = save_programmes(programmes, tmp_path / "incentives")
    assert save_programmes(programmes, path.parent) == path
    assert [each.name for each in path.parent.iterdir()] == [f"{programmes.id}.json"]
    assert load_saved_programmes(path.parent, programmes.id) == programmes


def test_what_was_pinned_and_is_changed_damaged_or_away_is_refused(
    write: Write, tmp_path: Path
) -> None:
    programmes = load(write(row()))
    path = save_programmes(programmes, tmp_path / "incentives")
    path.write_text(path.read_text().replace('"amount": 50.0', '"amount": 51.0', 1))
    with pytest.raises(IncentivesError, match="changed after it was pinned"):
        load_saved_programmes(path.parent, programmes.id)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IncentivesError, match="cannot be read"):
        load_saved_programmes(path.parent, programmes.id)
    for name in ("incentives-00000000", "../secrets", ""):
        with pytest.raises(IncentivesError, match="is not in"):
            load_saved_programmes(path.parent, name)
