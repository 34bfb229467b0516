"""Sentences in another language: what is translated, and what stays English."""

import pytest

from shopace.core.errors import NotFoundError
from shopace.core.records.card import TaskBasics
from shopace.core.records.text import Text, fill
from shopace.core.texts.translator import Translator, languages
from shopace.core.vocabulary.tasks import Action, Effort, TaskType
from shopace.core.vocabulary.units import Pillar


def test_english_is_said_as_published() -> None:
    assert Translator().say(fill("GMV fell {change:.0%}", change=0.25)) == "GMV fell 25 %"
    assert str(fill("GMV rose {change:.1%}", change=12.851)) == "GMV rose 1,285.1 %"
    assert str(fill("Top {share} of {shops}", share="5%", shops=3)) == "Top 5% of 3"


def test_a_language_without_a_catalogue_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="no texts") as raised:
        Translator("zh_Hant")
    assert "zh_Hans" in str(raised.value)
    assert "zh_Hans" in languages()


def test_what_nobody_translated_stays_english() -> None:
    chinese = Translator("zh_Hans")
    assert chinese.say("A sentence of another vendor") == "A sentence of another vendor"
    told = fill("Sold {count} of {what}", count=3, what="their own words")
    assert chinese.say(told) == "Sold 3 of their own words"
    assert chinese.say("") == ""


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Translator:
    """A catalogue of three messages."""
    known = {
        "GMV fell {change:.0%}, most in {channel}": "GMV 下降 {change:.0%},主要来自{channel}",
        "Seller LIVEs": "商家自播",
        "View stock": "查看库存",
    }
    made = Translator("zh_Hans")
    monkeypatch.setattr(made, "_word", lambda message: known.get(message, message))
    return made


def test_words_and_sentences_among_the_parameters_are_translated_too(chinese: Translator) -> None:
    inner = fill("GMV fell {change:.0%}, most in {channel}", change=0.5, channel="Seller LIVEs")
    assert chinese.say(inner) == "GMV 下降 50%,主要来自商家自播"
    assert (
        chinese.say(fill("First of all: {rule}", rule=inner))
        == f"First of all: {chinese.say(inner)}"
    )


def test_a_record_is_translated_in_full_and_nothing_else_of_it_changes(chinese: Translator) -> None:
    told = fill("GMV fell {change:.0%}, most in {channel}", change=0.5, channel="Seller LIVEs")
    basics = TaskBasics(
        category="ads",
        pillar=Pillar.EMPOWERMENT,
        type=TaskType.CHALLENGE,
        objective="restock",
        title=Text("Seller LIVEs"),
        why=told,
        steps=(Text("View stock"), Text("Nobody translated this")),
        action=Action(label="View stock", target="/stock"),
        effort=Effort.LOW,
    )
    said = chinese.translate(basics)
    assert [str(each) for each in (said.title, said.why, *said.steps)] == [
        "商家自播",
        "GMV 下降 50%,主要来自商家自播",
        "查看库存",
        "Nobody translated this",
    ]
    assert said.action == Action(label="查看库存", target="/stock")
    assert (said.why.id, said.why.params) == (told.id, told.params)
    assert (said.category, said.effort, said.objective) == ("ads", Effort.LOW, "restock")
    assert Translator().translate(basics) is basics


def test_parameters_that_the_message_does_not_know_leave_it_in_english() -> None:
    damaged = Text("{rule} of {nothing}", {"rule": "One"}, "One of something")
    assert Translator("zh_Hans").say(damaged) == "One of something"
