"""A sentence for people, translatable."""

from __future__ import annotations

import re

import msgspec

_SHARE = re.compile(r"(\d+)(\.\d+)?%")


class Text(msgspec.Struct, frozen=True, omit_defaults=True):
    """`id` is the English message with its placeholders (the gettext message id).

    A parameter may be a sentence itself. Words among the parameters (the name of a channel, of a
    factor) are message ids too. `text` is the rendered English; absent when there is nothing to
    fill in and `id` is the text.
    """

    id: str
    params: dict[str, str | float | Text] = {}
    text: str = ""

    def __str__(self) -> str:
        return self.text or self.id


def fill(message: str, **params: str | float | Text) -> Text:
    """The message with its parameters put in; shares as everywhere on a page: `1,285 %`."""
    if not params:
        return Text(message)
    text = message.format(**params)
    return Text(message, params, _SHARE.sub(_spaced, text) if "%}" in message else text)


def _spaced(share: re.Match[str]) -> str:
    return f"{int(share[1]):,}{share[2] or ''} %"
