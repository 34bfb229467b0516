"""Sentences in another language: what is translated, and what stays English."""

import pytest

from shopace.core.errors import NotFoundError
from shopace.core.records.text import Text, fill
from shopace.core.texts.translator import Translator, languages


def test_english_is_said_as_published() -> None:
    assert Translator().say(fill("GMV fell {change:.0%}", change=0.25)) == "GMV fell 25%"


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


def test_parameters_that_the_message_does_not_know_leave_it_in_english() -> None:
    damaged = Text("{rule} of {nothing}", {"rule": "One"}, "One of something")
    assert Translator("zh_Hans").say(damaged) == "One of something"
