"""The incentive programmes in use: read from the files that operations write, and pinned by a run.

A file is judged whole, as policy packs are. What cannot be known without the plugins, `unfit`
tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from shopace.core.errors import Guesses, IncentivesError, Problem, did_you_mean
from shopace.core.steering import STEERING
from shopace.core.vocabulary.incentives import Programme
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.tiers import TierLadder
from shopace.core.vocabulary.units import CATEGORIES
from shopace.core.warehouse.folders import write_file
from shopace.core.warehouse.handwritten import read_handwritten
from shopace.core.warehouse.regions import REGIONS

MAX_BYTES = 1 << 18
"""A file over this size is refused unread."""
EVERYWHERE = "*"
SHOWN_WORDS = 3


class Programmes(Record, frozen=True, kw_only=True):
    """All programmes in use, by key. The id is a fingerprint of their content; empty: none."""

    id: str
    programmes: tuple[Programme, ...]


NO_PROGRAMMES = Programmes(id="", programmes=())
"""What holds where operations name no file: the product brings no reward of its own."""


def programmes_of(programmes: Sequence[Programme]) -> Programmes:
    """The given programmes, whatever their order."""
    if not programmes:
        return NO_PROGRAMMES
    ordered = tuple(sorted(programmes, key=lambda each: each.key))
    digest = hashlib.sha256(msgspec.json.encode(ordered)).hexdigest()
    return Programmes(id=f"incentives-{digest[:8]}", programmes=ordered)


def load_programmes(files: Sequence[Path], ladders: Sequence[TierLadder]) -> Programmes:
    """The programmes of all files together. Raises IncentivesError with all that is wrong."""
    problems: list[Problem] = []
    rows = [row for file in files for row in _rows(file, problems)]
    guess = Guesses()
    for row in rows:
        if row.programme is not None:
            problems.extend(_wrong_alone(row.where, row.programme, ladders, guess))
    problems.extend(_taken_keys(rows))
    if problems:
        count = len(problems)
        raise IncentivesError(
            f"the incentive programmes are refused: {count} problem{'s' * (count > 1)}",
            problems=problems,
        )
    return programmes_of([row.programme for row in rows if row.programme is not None])


def unfit(programmes: Programmes, templates: Collection[str]) -> tuple[Problem, ...]:
    """Tasks that nobody declares: nothing is ever offered for them.

    No diagnosis is harmed by it, and a task may belong to a plugin that is switched off.
    """
    guess = Guesses()
    return tuple(
        Problem(
            where=f"programme {each.key}: tasks",
            what=f"no plugin in use declares {_quoted(unknown)}",
            hint=guess(unknown[0], templates),
        )
        for each in programmes.programmes
        if (unknown := _unknown_words(each.tasks, templates))
    )


def save_programmes(programmes: Programmes, folder: Path) -> Path:
    """Pin them as `<folder>/<id>.json`; never half-visible; twice changes nothing."""
    target = folder / f"{programmes.id}.json"
    content = msgspec.json.format(msgspec.json.encode(programmes), indent=1)
    if not target.is_file() or target.read_bytes() != content:
        write_file(target, content)
    return target


def load_saved_programmes(folder: Path, pinned: str) -> Programmes:
    """The programmes that a run pinned. Raises IncentivesError when missing or changed since."""
    known = sorted(path.stem for path in folder.glob("incentives-*.json"))
    if pinned not in known:
        hint = did_you_mean(pinned, known) or "was it enqueued with another data folder?"
        raise IncentivesError(f"{pinned} is not in {folder}", hint=hint)
    try:
        content = (folder / f"{pinned}.json").read_bytes()
        programmes = msgspec.json.decode(content, type=Programmes)
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise IncentivesError(
            f"{pinned} cannot be read: {error}", hint="enqueue the run again"
        ) from error
    if programmes_of(programmes.programmes) != programmes or programmes.id != pinned:
        raise IncentivesError(
            f"{pinned} was changed after it was pinned", hint="enqueue the run again"
        )
    return programmes


class _Row(NamedTuple):
    where: str
    key: str | None
    programme: Programme | None
    """None: its shape is wrong; `key` is kept where it can be read."""


def _rows(file: Path, problems: list[Problem]) -> Iterator[_Row]:
    """The programmes of one file, in its order; what is wrong with their shape: `problems`."""
    read = read_handwritten(file, "incentives.schema.json", max_bytes=MAX_BYTES)
    problems.extend(read.problems)
    listed = read.content.get("programmes") if isinstance(read.content, dict) else None
    for index, row in enumerate(listed if isinstance(listed, list) else ()):
        key = row.get("key") if isinstance(row, dict) else None
        yield _Row(
            f"{read.name}: programmes[{index}]",
            key if isinstance(key, str) else None,
            None if read.is_wrong("programmes", index) else msgspec.convert(row, Programme),
        )


def _wrong_alone(
    where: str, programme: Programme, ladders: Sequence[TierLadder], guess: Guesses
) -> Iterator[Problem]:
    """What a schema cannot say of one programme."""
    if programme.ends_on < programme.starts_on:
        what = f"{programme.ends_on} is before starts_on {programme.starts_on}"
        yield Problem(where=f"{where}.ends_on", what=what, hint="dates reversed?")
    if programme.budget < programme.amount:
        what = f"{programme.budget:g} does not pay for one reward of {programme.amount:g}"
        yield Problem(where=f"{where}.budget", what=what)
    texts = {"title": (programme.title,), "industries": programme.industries}
    for field, words in texts.items():
        if any(STEERING.search(word) for word in words):
            yield Problem(where=f"{where}.{field}", what="holds a control character")
    if not programme.title.strip():
        yield Problem(where=f"{where}.title", what="is empty")
    codes = _unknown_words(programme.regions, REGIONS)
    if codes:
        hint = guess(codes[0], REGIONS) or "two capital letters as in ISO 3166-1"
        what = f"{_quoted(codes)}: no region code"
        yield Problem(where=f"{where}.regions", what=what, hint=hint)
    categories = _unknown_words(programme.categories, CATEGORIES)
    if categories:
        what = f"{_quoted(categories)}: none of the 17 categories"
        hint = guess(categories[0], CATEGORIES)
        yield Problem(where=f"{where}.categories", what=what, hint=hint)
    yield from _unknown_tiers(where, programme, ladders)


def _unknown_words(words: Sequence[str], known: Collection[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word not in known]


def _quoted(words: Sequence[str]) -> str:
    """The first of the words: looking for what each of thousands may have meant takes minutes."""
    shown = ", ".join(f'"{word}"' for word in words[:SHOWN_WORDS])
    further = len(words) - SHOWN_WORDS
    return shown if further <= 0 else f"{shown} and {further} more"


def _unknown_tiers(
    where: str, programme: Programme, ladders: Sequence[TierLadder]
) -> Iterator[Problem]:
    """Levels that no ladder of the programme's currency and regions has."""
    regions = {*programme.regions, EVERYWHERE}
    levels = {
        step.level
        for ladder in ladders
        if ladder.currency == programme.currency
        and (not programme.regions or ladder.region in regions)
        for step in ladder.steps
    }
    unknown = sorted({*programme.tiers} - levels)
    if unknown and not levels:
        what = f"there is no tier ladder in {programme.currency} here, so nobody is in a tier"
        yield Problem(where=f"{where}.tiers", what=what, hint="[[tiers]] in shopace.toml")
    elif unknown:
        told = ", ".join(map(str, unknown))
        what = f"no ladder has level {told}, they go from {min(levels)} to {max(levels)}"
        yield Problem(where=f"{where}.tiers", what=what)


def _taken_keys(rows: Sequence[_Row]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for row in rows:
        if row.key is not None and first.setdefault(row.key, row.where) != row.where:
            what = f'"{row.key}" is the key of {first[row.key]} already'
            yield Problem(where=f"{row.where}.key", what=what)
