"""The catalogues: every message once, and every fault of a translation found."""

from pathlib import Path

import pytest

from shopace.core.errors import DocumentError
from shopace.service import texts
from shopace.service.texts import Message

KNOWN = [
    Message("GMV fell {change:.0%}", "sentence"),
    Message("Restock the products that ran out", "task"),
]
SAID = {"GMV fell {change:.0%}": "GMV 下降 {change:.0%}", KNOWN[1].id: "为缺货商品补货"}


def fill_in(file: Path, said: dict[str, str]) -> None:
    content = file.read_text("utf-8")
    for message, translation in said.items():
        content = content.replace(
            f'msgid "{message}"\nmsgstr ""', f'msgid "{message}"\nmsgstr "{translation}"'
        )
    file.write_text(content, "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a complete catalogue."""
    assert texts.write(KNOWN, "zh_Hans", tmp_path) == [each.id for each in KNOWN]
    fill_in(tmp_path / "zh_Hans.po", SAID)
    assert texts.write(KNOWN, "zh_Hans", tmp_path) == []
    return tmp_path


def whats(folder: Path, known: list[Message]) -> list[str]:
    return [each.what for each in texts.check(known, "zh_Hans", folder)]


def test_a_complete_catalogue_passes_and_is_written_the_same_again(folder: Path) -> None:
    assert whats(folder, KNOWN) == []
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    texts.write(KNOWN, "zh_Hans", folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_new_message_is_missed_until_it_is_translated(folder: Path) -> None:
    known = [*KNOWN, Message("Answer buyers within a day", "task")]
    assert whats(folder, known) == ["'Answer buyers within a day' has no translation"]
    assert texts.write(known, "zh_Hans", folder) == ["Answer buyers within a day"]
    assert len(whats(folder, known)) == 1


def test_a_message_that_nobody_says_any_more_is_told_and_dropped(folder: Path) -> None:
    assert whats(folder, KNOWN[:1]) == ["nobody says this any more"]
    texts.write(KNOWN[:1], "zh_Hans", folder)
    assert whats(folder, KNOWN[:1]) == []


@pytest.mark.parametrize(
    "said", ["GMV 下降", "GMV 下降 {change}", "GMV 下降 {chance:.0%}", "GMV 下降 {change:.0%"]
)
def test_other_parameters_are_found(folder: Path, said: str) -> None:
    file = folder / "zh_Hans.po"
    file.write_text(file.read_text("utf-8").replace(SAID[KNOWN[0].id], said), "utf-8")
    assert any("other parameters" in what for what in whats(folder, KNOWN))


def test_a_stale_compiled_catalogue_is_found(folder: Path) -> None:
    (folder / "zh_Hans.mo").write_bytes(b"")
    assert whats(folder, KNOWN) == ["is not up to date"]


def test_a_damaged_catalogue_is_refused(folder: Path) -> None:
    (folder / "zh_Hans.po").write_text('msgid "half', "utf-8")
    with pytest.raises(DocumentError, match=r"zh_Hans\.po"):
        texts.check(KNOWN, "zh_Hans", folder)
