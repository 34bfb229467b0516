"""The catalogues of translations: which messages there are, and what a language lacks.

Message ids come from what is declared (plugins, policy packs) and from the engine's own sentences;
nothing is scraped from source code. Needs the extra `texts` (Babel).
"""

from __future__ import annotations

import datetime as dt
import io
import string
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shopace.core.errors import DocumentError, NotFoundError, Problem, did_you_mean, shortened
from shopace.core.pipeline import conclude, sentences, words
from shopace.core.steering import STEERING
from shopace.core.texts.translator import SOURCE_LANGUAGE, languages
from shopace.core.vocabulary.channels import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from babel.messages.catalog import Catalog

    from shopace.core.host.registry import Registry
    from shopace.core.warehouse.policy import Policy

_NO_DATE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""Each writing would differ by its date; version control knows it."""
ENGINE = (sentences, words, conclude)
"""The modules whose `MESSAGES` are the engine's own sentences."""


class Message(NamedTuple):
    """An English string, and the first place that says it."""

    id: str
    place: str


def messages(registry: Registry, policy: Policy) -> list[Message]:
    """Every message of the product and its plugins, each once, in the order of the pages."""
    found: dict[str, str] = {}
    for place, text in _texts(registry, policy):
        if text:
            found.setdefault(text, place)
    return [Message(*each) for each in found.items()]


def folder() -> Path:
    """Where the catalogues lie."""
    return Path(str(resources.files("shopace.core.texts")))


def require_known(wanted: Iterable[str], *, new: bool = False) -> None:
    """Raise NotFoundError for a language without a catalogue; with `new` for one that is none."""
    there = translated()
    for language in wanted:
        if language in there or (new and _is_language(language)):
            continue
        if new:
            hint = "such as pt_BR or zh_Hant"
            raise NotFoundError(f'"{shortened(language)}" is the name of no language', hint=hint)
        hint = did_you_mean(language, there) or f"there are: {', '.join(there)}"
        begin = "begin one: shopace texts --write --new LANGUAGE"
        raise NotFoundError(f'no texts in "{shortened(language)}"', hint=f"{hint}; {begin}")


def require_checkout(within: Path) -> None:
    """Raise NotFoundError where the catalogues are those of an installed package."""
    root = within.resolve().parents[1]
    if not (root / "pyproject.toml").is_file():
        hint = "call it in a checkout: git clone, then make"
        raise NotFoundError(f"{within} is part of an installed package", hint=hint)


def _is_language(name: str) -> bool:
    try:
        from babel.core import Locale, UnknownLocaleError
    except ImportError:
        return True  # writing tells what is missing
    try:
        return str(Locale.parse(name)) == name
    except (UnknownLocaleError, ValueError):
        return False


def write(known: list[Message], language: str, within: Path) -> list[str]:
    """Bring a language's catalogue up to date; the messages that have no translation yet."""
    old = _read(within / f"{language}.po")
    new = _catalogue(known, old, language)
    (within / f"{language}.po").write_bytes(_as_po(new))
    (within / f"{language}.mo").write_bytes(_as_mo(new))
    return [each.id for each in known if not new[each.id].string]


def check(known: list[Message], language: str, within: Path) -> list[Problem]:
    """What is wrong with a language's catalogue: all of it."""
    file = within / f"{language}.po"
    old = _read(file)
    problems = [
        Problem(where=f"{file.name}: {each.place}", what=what)
        for each in known
        for what in _wrong(each.id, old)
    ]
    ids = {each.id for each in known}
    problems += [
        Problem(where=f"{file.name}: {str(each.id)!r}", what="nobody says this any more")
        for each in old
        if each.id and each.id not in ids
    ]
    if not problems:
        new = _catalogue(known, old, language)
        for name, content in ((file.name, _as_po(new)), (f"{language}.mo", _as_mo(new))):
            path = within / name
            if not path.exists() or path.read_bytes() != content:
                problems.append(Problem(where=name, what="is not up to date"))
    return problems


def translated() -> list[str]:
    """The languages that have a catalogue, English aside."""
    return [each for each in languages() if each != SOURCE_LANGUAGE]


def _texts(registry: Registry, policy: Policy) -> Iterator[tuple[str, str]]:
    for module in ENGINE:
        yield from (
            (f"sentence of {module.__name__.rsplit('.', 1)[-1]}", m) for m in module.MESSAGES
        )
    yield from ((f"channel {channel}", channel.label) for channel in Channel)
    for plugin in registry.plugins.values():
        yield f"plugin {plugin.key}", plugin.title
        yield f"plugin {plugin.key}: question", plugin.question
    for metric in registry.metrics.values():
        yield f"metric {metric.key}", metric.title
        yield f"metric {metric.key}: definition", metric.definition
    for template in registry.templates.values():
        where = f"task {template.key}"
        yield where, template.title
        yield f"{where}: why", template.why
        yield from ((f"{where}: step", step) for step in template.steps)
        yield f"{where}: action", template.action.label
        yield f"{where}: benefit", template.benefit
        yield f"{where}: objective", registry.objectives[template.objective].title
    for line in policy.lines:
        yield f"policy line {line.key}: rule", line.rule
        yield f"policy line {line.key}: loses", line.loses
        if line.criterion is not None:
            yield f"policy line {line.key}: criterion", line.criterion.title


def _wrong(message: str, catalogue: Catalog) -> Iterator[str]:
    entry = catalogue.get(message)
    said = str(entry.string) if entry is not None and entry.string else ""
    if not said:
        yield f"{message!r} has no translation"
    elif _placeholders(said) != _placeholders(message):
        yield f"{message!r}: the translation fills in other parameters"
    elif STEERING.search(said):
        yield f"{message!r}: the translation holds a control character"


def _placeholders(message: str) -> set[tuple[str, str]] | None:
    """The parameters with their formats; None where a brace is left open."""
    try:
        parts = list(string.Formatter().parse(message))
    except ValueError:
        return None
    return {(name, form or "") for _, name, form, _ in parts if name is not None}


def _catalogue(known: list[Message], old: Catalog, language: str) -> Catalog:
    made = _babel_catalogue(language)
    for message, place in known:
        entry = old.get(message)
        said = str(entry.string) if entry is not None and entry.string else ""
        made.add(message, said, auto_comments=[place])
    return made


def _babel_catalogue(language: str) -> Catalog:
    try:
        from babel.messages.catalog import Catalog  # an extra
    except ImportError:
        raise DocumentError(
            "catalogues of translations need Babel", hint="pip install -e '.[texts]'"
        ) from None
    return Catalog(
        locale=language,
        project="shopace",
        version="1",
        header_comment=f"# The texts of shopace in {language}: shopace texts --help",
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        last_translator="-",
        language_team=language,
        msgid_bugs_address="-",
        fuzzy=False,
    )


def _read(path: Path) -> Catalog:
    empty = _babel_catalogue(path.stem)
    if not path.exists():
        return empty
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            return read_po(file, locale=path.stem, abort_invalid=True)
    except PoFileError as error:
        raise DocumentError(f"{path.name} cannot be read: {error}") from None


def _as_po(catalogue: Catalog) -> bytes:
    from babel.messages.pofile import write_po

    file = io.BytesIO()
    write_po(file, catalogue, width=0, omit_header=False, include_lineno=False)
    return file.getvalue()


def _as_mo(catalogue: Catalog) -> bytes:
    from babel.messages.mofile import write_mo

    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()
