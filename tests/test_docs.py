"""Pages that fail the build when they lag behind the code."""

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

from shopace.core.errors import ShopaceError
from shopace.core.host import contract, hooks, lint
from shopace.core.host.discovery import load_registry
from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.core.warehouse.mapping import parse_mapping
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.cli.root import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str = "") -> list[str]:
    """The fenced blocks of a page."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def test_the_page_on_plugins_names_every_hook_and_quotes_every_rule() -> None:
    text = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    specifications = [name for name in dir(hooks) if name.startswith("shopace_")]
    assert specifications
    assert not [name for name in specifications if f"def {name}(" not in text]
    assert [line[2:] for line in text.splitlines() if line.startswith("- ")] == [
        *(rule.says for rule in contract.RULES),
        *(rule.says for rule in lint.RULES),
    ]


def test_the_page_on_plugins_shows_where_names_come_from_and_those_are_there() -> None:
    shown = blocks(ROOT / "docs" / "plugins.md", "python")
    whole = [block for block in shown if block.startswith("from shopace.core import ")]
    assert len(whole) == 2
    for block in whole:
        exec(block, {})


def test_the_mapping_that_the_page_on_facts_shows_is_accepted() -> None:
    example, more = blocks(ROOT / "docs" / "facts.md", "toml")
    mapping = parse_mapping(example + more, STANDARD_MEASURES)
    assert {each.kind for each in mapping.details} == {"products", "product_facts"}


def test_the_page_on_facts_counts_what_there_is() -> None:
    registry, policy = load_registry(BUILTIN, use_entry_points=False), load_policy(POLICY_PACKS)
    lines = {each.key for each in policy.lines}
    there = (registry.measures, registry.metrics, registry.templates, lines)
    (told,) = (
        each
        for each in (ROOT / "docs" / "facts.md").read_text("utf-8").splitlines()
        if " known measures are not delivered. " in each
    )
    assert re.findall(r" of (\d+) ", told) == [str(len(each)) for each in there]


def test_the_configuration_that_the_page_on_operations_shows_is_accepted(tmp_path: Path) -> None:
    from shopace.core.configuration import load_configuration

    (example,) = blocks(ROOT / "docs" / "operations.md", "toml")
    (tmp_path / "shopace.toml").write_text(example, "utf-8")
    load_registry(
        BUILTIN,
        configuration=load_configuration(tmp_path / "shopace.toml"),
        use_entry_points=False,
    )


def test_the_incentive_programmes_that_their_page_shows_are_accepted(tmp_path: Path) -> None:
    from shopace.core.vocabulary.tiers import DEFAULT_LADDERS
    from shopace.core.warehouse.programmes import load_programmes

    (example,) = blocks(ROOT / "docs" / "incentives.md", "json")
    (tmp_path / "incentives.json").write_text(example, "utf-8")
    assert load_programmes([tmp_path / "incentives.json"], DEFAULT_LADDERS).programmes


def test_the_exit_codes_of_the_page_are_those_of_the_errors() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}

    def codes(kind: type[ShopaceError]) -> set[int]:
        below = (codes(each) for each in kind.__subclasses__())
        return {kind.exit_code}.union(*below)

    assert told == codes(ShopaceError) | {0, 2, 130}


def commands_shown() -> list[tuple[str, str]]:
    return [
        (page.name, line.split("#")[0].strip())
        for page in PAGES
        for block in blocks(page)
        for part in block.splitlines()
        for line in part.split("&&")
        if line.strip().startswith("shopace ")
    ]


@pytest.mark.parametrize(("page", "line"), commands_shown())
def test_every_command_that_a_page_shows_can_be_called(page: str, line: str) -> None:
    _, name, *rest = shlex.split(line)
    assert name in [each for section in COMMANDS.values() for each in section], page
    command: click.Command = import_module(f"shopace.service.cli.{name}").command
    while isinstance(command, click.Group):
        command = command.commands[rest.pop(0)]
    command.make_context(name, rest)


def test_every_relative_link_leads_somewhere() -> None:
    dead = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not dead


def test_every_toml_block_of_a_page_is_toml() -> None:
    for page in PAGES:
        for block in blocks(page, "toml"):
            tomllib.loads(block)
