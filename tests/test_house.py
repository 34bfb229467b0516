"""Guards of the house: what the wheel carries, what the repository says, what an import costs."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: list[str] = PYPROJECT["tool"]["setuptools"]["packages"]
FOLDERS: dict[str, str] = PYPROJECT["tool"]["setuptools"]["package-dir"]
DATA_SUFFIXES = {".json", ".lua", ".mo", ".toml"}

# Assembled from pieces, so that this file does not match itself.
MACHINE_PATHS = [rf"(?<![\w.])/{name}/" for name in ("work", "root")] + ["/tmp/" + "bash_"]
REGISTRIES = ["py" + "pi[.]org", "python" + "hosted", "npm" + "js[.]", "deb[.]" + "debian"]
FORBIDDEN = re.compile("|".join(MACHINE_PATHS + REGISTRIES))


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0].lower() for line in requirements}


def runtime_dependencies() -> set[str]:
    project = PYPROJECT["project"]
    return requirement_names(
        [*project["dependencies"], *project["optional-dependencies"]["embedded"]]
    )


def dev_dependencies() -> set[str]:
    groups = PYPROJECT["dependency-groups"].values()
    return requirement_names([line for group in groups for line in group if isinstance(line, str)])


def pinned(lock: str) -> set[str]:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def tracked_files() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


@pytest.fixture(scope="module")
def content(wheel: Path) -> list[str]:
    """The names of all files in the wheel."""
    return zipfile.ZipFile(wheel).namelist()


def test_every_package_on_disk_is_listed_and_the_other_way_round() -> None:
    on_disk = {
        ".".join([package, *init.parent.relative_to(ROOT / folder).parts])
        for package, folder in FOLDERS.items()
        for init in (ROOT / folder).rglob("__init__.py")
    }
    assert set(PACKAGES) == on_disk
    assert sorted(PACKAGES) == PACKAGES, "keep the list in order"


def test_every_module_lies_in_a_package() -> None:
    stray = {
        path.relative_to(ROOT)
        for folder in FOLDERS.values()
        for path in (ROOT / folder).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    assert not stray


@pytest.mark.parametrize("package", FOLDERS)
def test_the_wheel_marks_each_part_as_typed(content: list[str], package: str) -> None:
    assert f"{package.replace('.', '/')}/py.typed" in content


def test_the_wheel_carries_every_module_and_data_file(content: list[str]) -> None:
    wanted = {
        f"{package.replace('.', '/')}/{path.relative_to(ROOT / folder).as_posix()}"
        for package, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in DATA_SUFFIXES | {".py"}
    }
    assert wanted
    assert not wanted - set(content)


def test_the_wheel_puts_nothing_beside_shopace(content: list[str]) -> None:
    tops = {name.split("/", 1)[0] for name in content}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"shopace"}


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked_files()
        if b"\0" not in (content := path.read_bytes())
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n".join(found)


def test_every_direct_dependency_has_a_row_with_its_reason() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = set(re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE)) - {"package"}
    assert rows - {"---"} == runtime_dependencies() | dev_dependencies()


def test_every_direct_dependency_is_pinned() -> None:
    build = requirement_names(PYPROJECT["dependency-groups"]["build"])
    assert not (runtime_dependencies() | build) - pinned("runtime.txt")
    assert not (runtime_dependencies() | dev_dependencies()) - pinned("dev.txt")


def test_runtime_and_dev_pin_the_same_versions() -> None:
    def pins(lock: str) -> set[str]:
        text = (ROOT / "requirements" / lock).read_text("utf-8")
        return set(re.findall(r"^([a-z0-9-]+==[^\s;]+)", text, re.MULTILINE))

    assert not pins("runtime.txt") - pins("dev.txt")


@pytest.mark.parametrize("lock", ["runtime.txt", "dev.txt"])
def test_every_pin_has_a_hash_and_no_lock_names_a_place(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    unhashed = re.findall(r"^\S+==.*(?<!\\)$", text, re.MULTILINE)
    assert not unhashed
    assert not re.search(r"https?:|file:|^--|index|find-links", text, re.MULTILINE)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_imports(package: str) -> None:
    import_module(package)


def test_the_facade_of_the_core_is_light() -> None:
    heavy = {"click", "dramatiq", "duckdb", "jsonschema", "numpy", "redis", "rich"}
    code = "import sys, shopace.core; print(*{name.split('.')[0] for name in sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "docs"
    )
    assert not heavy & set(run.stdout.split())


def test_the_links_for_the_checkers_point_at_the_packages() -> None:
    links = {path.name: path.resolve() for path in (ROOT / ".links" / "shopace").iterdir()}
    assert links == {folder: ROOT / folder for folder in FOLDERS.values()}
