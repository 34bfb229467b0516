"""The wheel at work: installed beside the requirements, and nothing of the repository in reach."""

import json
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shopace.core.vocabulary.units import CATEGORIES
from shopace.service.schemas import DOCUMENTS

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
SCRIPTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "scripts"
]

LOAD_ALL = """
import json, sys
from importlib.resources import files

import redis

from shopace.core.host.discovery import load_registry
from shopace.core.results.store import ResultStore
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.workers import child

registry = load_registry(BUILTIN)
ResultStore(redis.Redis())  # reads its scripts, and connects when first used

def texts(package, suffix):
    return {
        each.name: each.read_text("utf-8")
        for each in files(package).iterdir()
        if each.name.endswith(suffix)
    }

print(json.dumps({
    "categories": [plugin.category for plugin in registry.plugins.values()],
    "rejected": [str(rejection) for rejection in registry.rejected],
    "templates": len(registry.templates),
    "policy_lines": len(load_policy(POLICY_PACKS).lines),
    "lua": texts("shopace.core.results", ".lua"),
    "schemas": texts("shopace.schemas", ".json"),
    "files": {
        name: module.__file__
        for name, module in sys.modules.items()
        if name.startswith("shopace.") and module.__file__
    },
}))
"""


class Installed(NamedTuple):
    """What `pip install --target` made of the wheel."""

    site: Path

    def python(self, *arguments: str | Path) -> str:
        """What Python says that knows this folder and the requirements, and no checkout.

        Without `-S` the environment's .pth files would lead to the editable install of the tests.
        """
        paths = [str(self.site), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        run = subprocess.run(
            [sys.executable, "-S", "-P", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.site,
            env={"PYTHONPATH": ":".join(dict.fromkeys(paths)), "HOME": str(self.site)},
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed without network."""
    site = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "pip", "install", *OFFLINE, "--target", site, wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return Installed(site)


@pytest.fixture(scope="module")
def loaded(installed: Installed) -> Any:
    """What the installed product finds of itself."""
    return json.loads(installed.python("-c", LOAD_ALL))


def test_nothing_is_taken_from_the_repository(installed: Installed, loaded: Any) -> None:
    elsewhere = {
        name: file
        for name, file in loaded["files"].items()
        if not Path(file).is_relative_to(installed.site)
    }
    assert len(loaded["files"]) > len(CATEGORIES)
    assert not elsewhere


def test_all_categories_load_with_their_tasks(loaded: Any) -> None:
    assert loaded["rejected"] == []
    assert loaded["categories"] == list(CATEGORIES)
    assert loaded["templates"] >= 2 * len(CATEGORIES)


def test_the_default_policy_pack_is_there(loaded: Any) -> None:
    assert loaded["policy_lines"] > 0


def test_the_scripts_for_the_server_are_there(loaded: Any) -> None:
    on_disk = {
        path.name: path.read_text("utf-8") for path in (ROOT / "core" / "results").glob("*.lua")
    }
    assert on_disk
    assert loaded["lua"] == on_disk


def test_the_schema_of_every_public_document_is_there(loaded: Any) -> None:
    schemas = {name: json.loads(text) for name, text in loaded["schemas"].items()}
    assert {each.file for each in DOCUMENTS} <= set(schemas)
    assert all(each["$schema"].endswith("2020-12/schema") for each in schemas.values())


def test_the_command_line_answers_as_a_module(installed: Installed) -> None:
    assert "Usage: " in installed.python("-m", "shopace.service.cli", "--help")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_command_line_answers_as_a_script(installed: Installed, script: str) -> None:
    assert f"Usage: {script}" in installed.python(installed.site / "bin" / script, "--help")


def test_the_command_line_lists_the_plugins_of_the_wheel(installed: Installed) -> None:
    told = json.loads(installed.python("-m", "shopace.service.cli", "plugins", "list", "--json"))
    assert [each["key"] for each in told["plugins"]] == list(CATEGORIES)
    assert {each["state"] for each in told["plugins"]} == {"in use"}
