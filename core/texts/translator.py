"""Says published sentences in another language, from the gettext catalogues of this package.

The English string is the message id, so a sentence without a translation stays English: a plugin of
another vendor needs no catalogue to be understood.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from importlib import resources
from typing import Any, TypeVar

import msgspec

from shopace.core.errors import NotFoundError, did_you_mean
from shopace.core.records.text import Text
from shopace.core.vocabulary.tasks import Action

SOURCE_LANGUAGE = "en"

_Record = TypeVar("_Record", bound=msgspec.Struct)


def languages() -> list[str]:
    """The languages there is a catalogue of, and English."""
    names = (each.name for each in resources.files(__package__).iterdir())
    return [SOURCE_LANGUAGE, *sorted(name[:-3] for name in names if name.endswith(".mo"))]


class Translator:
    """The texts of one language. Raises NotFoundError for a language without a catalogue."""

    def __init__(self, language: str = SOURCE_LANGUAGE) -> None:
        self.language = language
        self._catalogue = _catalogue(language)

    def say(self, text: Text | str) -> str:
        """The sentence in this language, with its parameters put in.

        Words among the parameters are translated too where they are messages. What has no
        translation, or one that its parameters do not fit, is said in English.
        """
        if isinstance(text, str):
            return self._word(text)
        if self.language == SOURCE_LANGUAGE:
            return str(text)
        message = self._word(text.id)
        if not text.params:
            return message
        params = {
            name: value if isinstance(value, int | float) else self.say(value)
            for name, value in text.params.items()
        }
        try:
            return message.format(**params)
        except (LookupError, ValueError, AttributeError):
            return str(text)

    def translate(self, record: _Record) -> _Record:
        """A published record with every sentence of it in this language; ids and numbers stay."""
        return record if self.language == SOURCE_LANGUAGE else self._in_full(record)

    def _in_full(self, value: Any) -> Any:  # noqa: ANN401  # whatever a record holds
        match value:
            case Text():
                said = self.say(value)
                return msgspec.structs.replace(value, text="" if said == value.id else said)
            case Action():
                return msgspec.structs.replace(value, label=self._word(value.label))
            case msgspec.Struct():
                fields = value.__struct_fields__
                told = {name: self._in_full(getattr(value, name)) for name in fields}
                return msgspec.structs.replace(value, **told)
            case tuple() | list():
                return type(value)(self._in_full(each) for each in value)
            case dict():
                return {key: self._in_full(each) for key, each in value.items()}
            case _:
                return value

    def _word(self, message: str) -> str:
        return self._catalogue.gettext(message) if message else ""


@lru_cache
def _catalogue(language: str) -> gettext.NullTranslations:
    known = languages()
    if language not in known:
        hint = did_you_mean(language, known) or f"there are: {', '.join(known)}"
        raise NotFoundError(f'no texts in the language "{language}"', hint=hint)
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    with resources.files(__package__).joinpath(f"{language}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
