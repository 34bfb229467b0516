"""incentives: what is offered, and what is wrong with a file; and rewards on the terminal."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Call = Callable[..., Result]
Ask = Callable[..., Any]


def row(key: str, **changes: object) -> dict[str, Any]:
    return {
        "key": key,
        "title": f"Title of {key}",
        "reward": "promote_coupon",
        "amount": 20,
        "currency": "USD",
        "starts_on": "2026-10-01",
        "ends_on": "2026-11-15",
        "budget": 1000,
        **changes,
    }


@pytest.fixture
def offering(data: Path) -> Callable[..., Path]:
    """A data folder whose shopace.toml names these programmes."""

    def write(*rows: dict[str, Any]) -> Path:
        document = {"schema": "shopace.incentives/1", "programmes": rows}
        (data / "incentives.json").write_text(json.dumps(document), "utf-8")
        (data / "shopace.toml").write_text('[incentives]\nprogrammes = ["incentives.json"]\n')
        return data

    return write


def test_the_list_says_of_each_programme_whether_it_is_offered(
    offering: Callable[..., Path], call: Call, ask: Ask
) -> None:
    data = offering(
        row("now"),
        row("spent", spent=990),
        row("later", starts_on="2026-11-01"),
        row("past", ends_on="2026-10-30"),
    )
    told = ask("incentives", "list", "--data", data)
    assert {each["programme"]["key"]: each["state"] for each in told["programmes"]} == {
        "later": "not_yet",
        "now": "offered",
        "past": "over",
        "spent": "budget_used_up",
    }
    assert told["as_of"] == "2026-10-31", "the latest snapshot's day"
    later = ask("incentives", "list", "--as-of", "2026-11-16", "--data", data)["programmes"]
    assert {each["state"] for each in later} == {"over"}
    text = call("incentives", "list", "--data", data).stdout
    for words in ("offered until 2026-11-15", "from 2026-11-01", "budget used up", "USD 1,000"):
        assert words in text


def test_without_programmes_the_way_to_them_is_told(data: Path, call: Call) -> None:
    for command in ("list", "check"):
        assert (
            'programmes = ["incentives.json"]' in call("incentives", command, "--data", data).stdout
        )


def test_a_sound_file_is_told_to_be_so_with_what_is_overspent(
    offering: Callable[..., Path], call: Call, ask: Ask
) -> None:
    data = offering(row("now"), row("over", spent=1020))
    result = call("incentives", "check", "--data", data)
    assert result.exit_code == 0
    assert "over: 1,020.00 USD spent of a budget of 1,000.00; it is not offered" in result.stdout
    assert "2 programmes, without a problem" in result.stdout
    assert ask("incentives", "check", "--data", data)["overspent"] == ["over"]


def test_a_file_that_cannot_be_used_ends_with_3_here_and_wherever_it_would_be_needed(
    offering: Callable[..., Path], call: Call, shop: str
) -> None:
    data = offering(row("now", regions=["USA"]), row("now"))
    for command in (("incentives", "check"), ("diagnose", shop)):
        result = call(*command, "--data", data)
        assert result.exit_code == 3
        assert "the incentive programmes are refused: 2 problems" in result.stderr
        assert 'programmes[0].regions: "USA": no region code (did you mean "US"?)' in result.stderr
        assert 'programmes[1].key: "now" is the key of' in result.stderr


def test_a_task_that_nobody_declares_is_found_with_the_plugins_at_hand(
    data: Path, tmp_path: Path, call: Call, ask: Ask
) -> None:
    task = ask("catalog")["categories"][0]["tasks"][0]["key"]
    document = {
        "schema": "shopace.incentives/1",
        "programmes": [row("a", tasks=[task, f"{task}z"])],
    }
    file = tmp_path / "a.json"
    file.write_text(json.dumps(document))
    result = call("incentives", "check", file, "--data", data)
    assert result.exit_code == 3
    assert f'programme a: tasks: no plugin in use declares "{task}z" (did you mean "{task}"?)' in (
        result.stderr
    )
    report = call("incentives", "check", file, "--data", data, "--json")
    assert report.exit_code == 3
    assert json.loads(report.stdout)["sound"] is False
    assert f'declares "{task}z"' in json.loads(report.stdout)["problems"][0]["what"]


def test_the_example_of_the_demo_is_sound_and_says_that_it_is_one(
    data: Path, call: Call, ask: Ask
) -> None:
    for name in ("incentives.json", "shopace.toml"):
        example = files("shopace.service.simulate").joinpath(f"example_{name}")
        (data / name).write_bytes(example.read_bytes())
    assert call("incentives", "check", "--data", data).exit_code == 0
    listed = ask("incentives", "list", "--data", data)["programmes"]
    assert {each["state"] for each in listed} == {"offered", "budget_used_up"}
    assert {each["programme"]["title"].split(":")[0] for each in listed} == {"Example"}


def test_a_diagnosis_shows_the_reward_on_the_card_and_the_set_at_the_end(
    offering: Callable[..., Path], call: Call, ask: Ask, shop: str
) -> None:
    currency = ask("diagnose", shop, "--data", offering())["diagnosis"]["shop"]["currency"]
    data = offering(row("now", currency=currency))
    text = " ".join(call("diagnose", shop, "--data", data, "--cards", "20").stdout.split())
    identity = ask("incentives", "list", "--data", data)["id"]
    assert (
        f"Reward: promote coupon {currency} 20.00, offered until 2026-11-15: Title of now" in text
    )
    assert identity in text
