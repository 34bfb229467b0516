"""The catalogues: every message once, and every fault of a translation found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from shopace.core.errors import DocumentError
from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.text import Text
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import load_policy
from shopace.core.warehouse.snapshot import build_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service import texts
from shopace.service.simulate import simulate
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


def test_a_language_is_begun_on_purpose_alone(
    call: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(texts, "folder", lambda: tmp_path / "core" / "texts")
    (tmp_path / "core" / "texts").mkdir(parents=True)
    for arguments in (["zh_Hant"], ["--write", "zh_Hant"], ["--write", "--new", "english"]):
        result = call("texts", *arguments)
        assert result.exit_code == 4, arguments
    assert 'did you mean "zh_Hans"?' in call("texts", "--check", "zh_Hant").stderr
    assert call("texts", "--new", "zh_Hant").exit_code == 2
    assert not list(texts.folder().iterdir())
    assert call("texts", "--write", "--new", "zh_Hant").exit_code == 0
    assert {each.name for each in texts.folder().iterdir()} == {"zh_Hant.po", "zh_Hant.mo"}


def test_an_installed_package_is_not_written_into(
    call: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "folder", lambda: tmp_path)
    result = call("texts", "--write", "zh_Hans")
    assert result.exit_code == 4
    assert "part of an installed package" in result.stderr
    assert not list(tmp_path.iterdir())


def sentences(value: object) -> Iterator[Text]:
    """Every sentence of a record, those among parameters too."""
    match value:
        case Text():
            yield value
            yield from sentences(value.params)
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from sentences(getattr(value, name))
        case dict():
            for each in value.values():
                yield from sentences(each)
        case tuple() | list():
            for each in value:
                yield from sentences(each)


def test_every_sentence_that_a_diagnosis_says_is_a_message(tmp_path: Path) -> None:
    made = simulate(tmp_path / "facts", shops=120, days=40)
    registry, policy = load_registry(BUILTIN, use_entry_points=False), load_policy(POLICY_PACKS)
    snapshot = build_snapshot(
        load_mapping(made.mapping, registry.measures),
        tmp_path / "facts",
        tmp_path / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
    )
    inputs = Inputs(registry, snapshot, None, policy)
    known = {each.id for each in texts.messages(registry, policy)}
    said = {
        sentence.id
        for block in range(len(inputs.snapshot))
        for documents in diagnose_block(inputs, block)
        for document in documents
        for sentence in sentences(msgspec.json.decode(document.body, type=Diagnosis))
    }
    assert len(said) > 50
    assert said <= known
