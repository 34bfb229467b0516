"""enqueue: many shops, from a file or standard input, with a real worker."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.service.cli.conftest import Running

from shopace.core.errors import ShopaceError
from shopace.core.records.run import Progress
from shopace.service.cli import shopace
from shopace.workers.runs import Run

Call = Callable[..., Result]
Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def all_shops(built: Path) -> list[str]:
    lines = (built / "facts" / "truth.csv").read_text("utf-8").splitlines()[1:]
    return sorted({line.split(",")[0] for line in lines if not line.startswith("*")})


def test_shops_come_from_the_call_and_from_a_file_each_once(
    running: Running, ask: Ask, all_shops: list[str], tmp_path: Path
) -> None:
    first, second, third, *_ = all_shops
    file = tmp_path / "shops.txt"
    file.write_text(
        f"# of the hotline\n{second}\n\n  {third}  # twice\n{third}\n{first}\n", "utf-8"
    )
    told = ask("enqueue", first, "--from", file, "--wait", "--data", running.data)["enqueued"]
    assert [each["shop"] for each in told] == [first, second, third]
    for each in told:
        assert ask("show", each["shop"], "--data", running.data)["fence"] == each["fence"]


def test_many_from_standard_input_are_told_in_one_line(
    running: Running, all_shops: list[str]
) -> None:
    assert len(all_shops) > 20
    result = CliRunner().invoke(
        shopace,
        ["enqueue", "--from", "-", "--wait", "--data", str(running.data)],
        input="\n".join(all_shops),
    )
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"{len(all_shops)} shops diagnosed as of 2026-10-31")


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("", 2, "Name a shop"),
        ("# nothing\n\n", 2, "Name a shop"),
        ("nobody\na:b\n{x}\n../y\n*\n", 4, "nothing is enqueued"),
        ("\x1b[31mred\x00\n\u202eoh\n\ufffd\n", 4, "nothing is enqueued"),
    ],
    ids=["empty", "comments", "keys", "hostile"],
)
def test_what_is_no_shop_is_told_all_at_once_on_clean_lines(
    running: Running, content: str, code: int, said: str
) -> None:
    result = CliRunner().invoke(
        shopace, ["enqueue", "--from", "-", "--data", str(running.data)], input=content
    )
    assert result.exit_code == code
    assert said in result.stderr
    assert "\x1b[31mred" not in result.output
    assert "\u202e" not in result.output
    wanted = [line for line in content.splitlines() if line and not line.startswith("#")]
    assert result.stderr.count("is unknown") == len(wanted)


def test_a_file_that_is_not_there_or_is_no_text_is_the_callers_mistake(
    running: Running, call: Call, tmp_path: Path
) -> None:
    assert call("enqueue", "--from", tmp_path / "no", "--data", running.data).exit_code == 2
    (tmp_path / "bytes").write_bytes(b"\xff\xfe1\n")
    result = call("enqueue", "--from", tmp_path / "bytes", "--data", running.data, "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["error"]["kind"] == "UnknownShopError"


def test_shops_that_are_not_done_in_time_are_told_with_all_that_is_enqueued(
    running: Running, all_shops: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def wait(run: Run, timeout: float) -> Progress:
        asked.append(timeout)
        if len(asked) == 2:
            raise ShopaceError("not finished")
        return Progress(run=run.id, shops=1, blocks=1, failed=int(len(asked) == 3))

    monkeypatch.setattr("shopace.workers.runs.wait", wait)
    shops = all_shops[:4]
    command = ["enqueue", *shops, "--wait", "--timeout", "7", "--data", str(running.data)]
    result = CliRunner().invoke(shopace, [*command, "--json"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [each["shop"] for each in told["enqueued"]] == shops
    assert [each["done"] for each in told["enqueued"]] == [True, False, False, True]
    assert [each["where"] for each in told["error"]["problems"]] == [
        f'shop "{each}"' for each in shops[1:3]
    ]
    assert asked == sorted(asked, reverse=True), "one deadline for all"
    assert len(set(asked)) == len(shops)
    asked.clear()
    result = CliRunner().invoke(shopace, command)
    assert len(result.stdout.splitlines()) == 4
    assert "2 shops not diagnosed" in result.stderr
    assert f'shop "{shops[1]}": is not diagnosed after 7 s' in result.stderr
