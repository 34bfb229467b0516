"""The door: help, options, errors and exit codes."""

import errno
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner, Result

from shopace.core.errors import FactsError, Problem, ShopaceError
from shopace.service.cli import shopace
from shopace.service.cli.root import COMMANDS, EXAMPLES, Root
from shopace.service.cli.session import Leaf, Session

Call = Callable[..., Result]
NAMES = [name for section in COMMANDS.values() for name in section]
HEAVY = {"dramatiq", "duckdb", "jsonschema", "numpy", "redis", "rich"}


def leaves(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        return [
            leaf
            for name, each in command.commands.items()
            for leaf in leaves(each, f"{path} {name}")
        ]
    return [(path, command)]


def all_leaves() -> list[tuple[str, click.Command]]:
    return [
        leaf
        for name in NAMES
        for leaf in leaves(import_module(f"shopace.service.cli.{name}").command, f"shopace {name}")
    ]


def test_the_first_help_imports_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys\nfrom shopace.service.cli import shopace\n"
        "try:\n    shopace(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Try it:" in run.stdout
    assert not HEAVY & set(run.stderr.split())


def test_every_command_of_the_table_has_a_module_whose_help_begins_alike(call: Call) -> None:
    for section in COMMANDS.values():
        for name, about in section.items():
            told = call(name, "--help")
            assert told.exit_code == 0
            assert " ".join(about.split()) in " ".join(told.stdout.split()), name


def test_every_command_teaches_with_an_example() -> None:
    without = [path for path, leaf in all_leaves() if not getattr(leaf, "examples", ())]
    assert not without
    for name in NAMES:
        assert "Example" in CliRunner().invoke(shopace, [name, "--help"]).stdout, name


def test_the_examples_about_the_demo_name_a_shop_of_it(built: Path) -> None:
    examples = [*EXAMPLES, *(each for _, leaf in all_leaves() for each in leaf.examples)]  # type: ignore[attr-defined]
    calls = [each.split() for each in examples if "shopace-demo" in each and " diagnose " in each]
    with duckdb.connect() as database:
        rows = database.execute(f"SELECT shop_id FROM '{built}/facts/shops.parquet'").fetchall()
    assert calls
    assert {each[2] for each in calls} <= {row[0] for row in rows}


def test_every_example_is_a_call_that_the_command_line_accepts() -> None:
    examples = [*EXAMPLES, *(each for _, leaf in all_leaves() for each in leaf.examples)]  # type: ignore[attr-defined]
    for example in examples:
        program, *arguments = shlex.split(example)
        assert program == "shopace"
        parse(shopace, arguments)


def parse(command: click.Command, arguments: list[str]) -> None:
    """Parse as a call would, without running anything."""
    parent: click.Context | None = None
    while True:
        context = command.make_context(command.name, arguments, parent=parent)
        if not isinstance(command, click.Group):
            return
        _, found, arguments = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None
        command, parent = found, context


def test_every_command_has_the_shared_options() -> None:
    for path, leaf in all_leaves():
        names = {option for each in leaf.params for option in each.opts}
        assert {"--json", "--data", "--config", "--verbose"} <= names, path


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["nigthly"], "Did you mean 'nightly'?"),
        (["plugins", "chek"], "Did you mean"),
        (["schemas", "--wrte"], "--write"),
    ],
)
def test_a_misspelt_call_is_answered_with_the_near_word(
    call: Call, arguments: list[str], hint: str
) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert not result.stdout


def test_a_wrong_call_with_json_is_told_as_json(call: Call) -> None:
    result = call("nigthly", "--json")
    error = json.loads(result.stdout)["error"]
    assert result.exit_code == error["exit_code"] == 2
    assert error["kind"] == "usage"
    assert not result.stderr


def test_shopace_alone_shows_the_help(call: Call) -> None:
    result = call()
    assert result.exit_code == 2
    assert "Try it:" in result.stderr


class Failing(Root):
    """The group with one command that raises what it is given."""

    error: BaseException

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["fail"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        def fail() -> None:
            raise self.error

        return Leaf("fail", callback=fail)


def failing(error: BaseException) -> Failing:
    group = Failing("shopace", callback=lambda: None)
    group.error = error
    return group


def run(group: click.Group, *arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


def test_a_handled_error_is_a_sentence_on_standard_error_with_its_exit_code() -> None:
    problem = Problem(where="mapping.toml: tables[0].date", what='no column "dat"', hint='"date"?')
    result = run(failing(FactsError("facts refused", problems=[problem], hint="see below")), "fail")
    assert result.exit_code == FactsError.exit_code
    assert not result.stdout
    assert result.stderr.splitlines() == [
        "Error: facts refused (see below)",
        '  - mapping.toml: tables[0].date: no column "dat" ("date"?)',
    ]


def test_a_handled_error_with_json_is_an_object_on_standard_output() -> None:
    problem = Problem(where="here", what="this")
    result = run(failing(FactsError("no", problems=[problem], hint="way out")), "fail", "--json")
    assert result.exit_code == FactsError.exit_code
    assert not result.stderr
    assert json.loads(result.stdout) == {
        "error": {
            "kind": "FactsError",
            "message": "no",
            "hint": "way out",
            "problems": [{"where": "here", "what": "this", "hint": ""}],
            "exit_code": FactsError.exit_code,
        }
    }


def test_of_very_many_problems_the_first_are_shown_and_the_others_counted() -> None:
    problems = [Problem(where=f"row {n}", what="bad") for n in range(1, 1052)]
    result = run(failing(FactsError("no", problems=problems)), "fail")
    assert "row 50: bad" in result.stderr
    assert "row 51: bad" not in result.stderr
    assert "and 1,001 more; --json lists them all" in result.stderr


def test_an_error_cannot_steer_the_terminal() -> None:
    result = run(failing(ShopaceError("\x1b[2Jshop \u202e")), "fail")
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr


@pytest.mark.parametrize(
    ("number", "way_out"),
    [(errno.EACCES, "needs the right to read and write"), (errno.ENOSPC, "make room")],
)
def test_a_folder_or_disk_that_cannot_be_written_is_a_sentence(number: int, way_out: str) -> None:
    error = OSError(number, os.strerror(number), "data/snapshots")
    result = run(failing(error), "fail")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: data/snapshots: {os.strerror(number)} (")
    assert way_out in result.stderr
    assert json.loads(run(failing(error), "fail", "--json").stdout)["error"]["kind"] == "system"


def test_a_data_folder_below_a_file_is_told(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert call("simulate", "facts", "--shops", "3").exit_code == 0
    result = call(
        "snapshot", "build", "facts/mapping.toml", "facts", "--data", tmp_path / "file/data"
    )
    assert result.exit_code == 1
    assert "Not a directory" in result.stderr


def test_a_bug_keeps_its_traceback() -> None:
    result = run(failing(ZeroDivisionError("a bug")), "fail")
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_an_interrupted_command_ends_with_130(error: BaseException) -> None:
    result = run(failing(error), "fail")
    assert result.exit_code == 130
    assert result.stderr.strip() == "Error: Interrupted"


def test_shared_options_may_stand_before_or_after_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Session] = []

    class Keeping(Root):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return ["keep"]

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            return Leaf("keep", callback=click.pass_obj(seen.append))

    group = Keeping("shopace", callback=shopace.callback, params=[*shopace.params])
    monkeypatch.setenv("SHOPACE_DATA", "from-environment")
    for arguments in (
        ["keep"],
        ["--data", "before", "keep"],
        ["keep", "--data", "after", "--json"],
        ["--data", "before", "--json", "keep", "--data", "after"],
    ):
        run(group, *arguments)
    assert [each.folder for each in seen] == [
        Path("from-environment"), Path("before"), Path("after"), Path("after"),
    ]  # fmt: skip
    assert [each.json for each in seen] == [False, False, True, True]


def test_an_unreadable_configuration_is_a_sentence(call: Call, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("parameters = 3\n[disabel]\n")
    result = call("plugins", "list", "--config", tmp_path / "wrong.toml")
    assert result.exit_code == 3
    assert "disabel" in result.stderr
    assert "did you mean" in result.stderr


def test_a_configuration_that_is_not_there_is_told(call: Call) -> None:
    result = call("plugins", "list", "--config", "nowhere.toml")
    assert result.exit_code == 3
    assert "nowhere.toml cannot be read: No such file" in result.stderr
    assert "/nope/x.toml" in call("plugins", "list", "--config", "/nope/x.toml").stderr


def test_verbosely_steps_are_logged_and_a_handled_error_tells_where_it_comes_from(
    tmp_path: Path,
) -> None:
    def shopace_with(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shopace.service.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    made = shopace_with("simulate", tmp_path / "facts", "--shops", "2", "--days", "30", "-v")
    assert made.returncode == 0
    assert "making shops" in made.stderr
    assert "making shops" not in made.stdout
    failed = shopace_with("snapshot", "verify", "--data", tmp_path, "-v")
    assert failed.returncode == 4
    assert "Traceback" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("Error: there is no snapshot")
