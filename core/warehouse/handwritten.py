"""JSON files that people write: read strictly, and judged whole by a schema of the product."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from shopace.core.errors import Guesses, Problem, shortened
from shopace.core.reading import read_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jsonschema import Draft202012Validator, ValidationError

File = Path | tuple[str, str]
"""A file, or (package, resource)."""
Place = tuple[str | int, ...]
"""Where in a document: keys and positions from its root."""


_MOST_PROBLEMS = 300
_WORDS_TOLD = 3
_LONGEST_GIVEN = 60
_ENCODER = json.JSONEncoder(ensure_ascii=False)


class Handwritten(NamedTuple):
    """A document and all that its schema says against it."""

    name: str
    """Of the file, as messages call it."""
    content: Any
    """None: it cannot be read at all, or too much is in it or wrong with it to look further."""
    problems: tuple[Problem, ...]
    wrong_places: tuple[Place, ...]
    """Of what does not have the shape that the schema asks for."""

    def is_wrong(self, *place: str | int) -> bool:
        """Whether something at this place or below it has a wrong shape."""
        return any(wrong[: len(place)] == place for wrong in self.wrong_places)


def read_handwritten(file: File, schema: str, *, max_bytes: int) -> Handwritten:
    """The document of a file, judged by a schema of `shopace.schemas`. Never raises for input."""
    name = file.name if isinstance(file, Path) else file[1]
    try:
        place = file if isinstance(file, Path) else files(file[0]).joinpath(file[1])
        content = read_within(place, max_bytes)
    except (ImportError, ValueError) as error:
        return _unreadable(name, str(error))
    return judge(name, content, schema)


def judge(name: str, content: bytes, schema: str) -> Handwritten:
    """Likewise of a document's bytes; `name` is what messages call it."""
    try:
        document = parse(content)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        return _unreadable(name, str(error))
    found = judge_of(schema).iter_errors(document)
    first = list(islice(found, _MOST_PROBLEMS + 1))
    too_many = len(first) > _MOST_PROBLEMS
    errors = sorted(first[:_MOST_PROBLEMS], key=lambda each: list(map(str, each.path)))
    too_large = too_many or any(error.validator in _COUNTS for error in errors)
    no_date = [error.absolute_path for error in errors if error.validator == "pattern"]
    guess = Guesses()
    problems = [
        _problem(name, error, guess)
        for error in errors
        if error.validator != "format" or error.absolute_path not in no_date
    ]
    if too_many:
        what = f"more than {_MOST_PROBLEMS} problems: these are the first ones"
        problems.append(Problem(where=name, what=what))
    return Handwritten(
        name,
        None if too_large else document,
        tuple(problems),
        tuple(tuple(error.absolute_path) for error in errors),
    )


@cache
def judge_of(schema: str) -> Draft202012Validator:
    """The judge by a schema of `shopace.schemas`. The first one imports jsonschema."""
    return validator(msgspec.json.decode(files("shopace.schemas").joinpath(schema).read_bytes()))


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """A judge of decoded documents that agrees with msgspec: `1.0` is no integer, dates are dates.

    What is longer than the schema allows is refused for its length alone, before anybody looks at
    what is in it. jsonschema is imported only where something is judged.
    """
    from jsonschema import Draft202012Validator, FormatChecker, validators  # noqa: PLC0415

    def is_integer(_: object, instance: object) -> bool:
        return isinstance(instance, int) and not isinstance(instance, bool)

    def items(judge: Any, within: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
        """As jsonschema's own; of words and numbers only those are judged that do not fit."""
        fits = _quick_judge(within)
        if isinstance(instance, list) and fits is not None:
            for index, each in enumerate(instance):
                if not fits(each):
                    yield from judge.descend(each, within, path=index)
        else:
            yield from Draft202012Validator.VALIDATORS["items"](judge, within, instance, schema)

    def unique(judge: Any, asked: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401
        """As jsonschema's own, which compares words one by one."""
        words = isinstance(instance, list) and all(isinstance(each, str) for each in instance)
        if not (words and len(set(instance)) == len(instance)):
            keyword = Draft202012Validator.VALIDATORS["uniqueItems"]
            yield from keyword(judge, asked, instance, schema) or ()

    own = {**Draft202012Validator.VALIDATORS, "items": items, "uniqueItems": unique}
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_integer)
    judge: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {
            keyword: _within(limit, own[keyword])
            for limit, keywords in _LIMITS.items()
            for keyword in keywords
        },
        type_checker=types,
    )
    return judge(schema, format_checker=FormatChecker(["date"]))


_COUNTS = frozenset({"maxItems", "maxProperties"})
_LIMITS = {
    "maxItems": ("items", "uniqueItems"),
    "maxProperties": ("propertyNames", "additionalProperties"),
    "maxLength": ("pattern",),
}
"""Keyword → those that look at all that it limits."""


def _quick_judge(schema: Any) -> Callable[[object], bool] | None:  # noqa: ANN401  # JSON of any shape
    """Whether a value fits the schema of a word or of a whole number; None: it is another schema.

    jsonschema takes 5 µs for each value, and lists of them are what documents may be full of.
    """
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "string" and schema.keys() <= {"type", "minLength", "maxLength", "pattern"}:
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        found = re.compile(schema.get("pattern", "")).search
        return lambda it: isinstance(it, str) and least <= len(it) <= most and bool(found(it))
    if kind == "integer" and schema.keys() <= {"type", "minimum", "exclusiveMaximum"}:
        low, end = schema.get("minimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
        return lambda it: type(it) is int and low <= it < end
    return None


def _within(limit: str, keyword: Callable[..., Any]) -> Callable[..., Iterator[ValidationError]]:
    """The keyword, which a value beyond the limit of its own schema is not asked about."""

    def judged(
        judge: object,
        value: object,
        instance: Any,  # noqa: ANN401  # JSON of any shape
        schema: dict[str, Any],
    ) -> Iterator[ValidationError]:
        size = len(instance) if isinstance(instance, list | dict | str) else 0
        if size <= schema.get(limit, size):
            yield from keyword(judge, value, instance, schema) or ()

    return judged


def parse(content: bytes) -> Any:  # noqa: ANN401  # JSON of any shape
    """Strict JSON: msgspec knows no NaN and no infinity; a key given twice is a mistake.

    Raises ValueError, RecursionError.
    """
    document = msgspec.json.decode(content)

    def once(pairs: list[tuple[str, Any]]) -> None:
        """Of each object; a second copy of the document is not kept."""
        if len(dict(pairs)) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key, count in counts.items() if count > 1)
            raise ValueError(f'"{twice}" is given twice in one object')

    json.loads(content, object_pairs_hook=once)
    return document


def _unreadable(name: str, reason: str) -> Handwritten:
    problem = Problem(where=name, what=f"cannot be read: {reason}")
    return Handwritten(name, None, (problem,), ())


def _problem(name: str, error: ValidationError, guess: Guesses) -> Problem:
    """The verdict of jsonschema as a sentence, with the path as the file's author knows it."""
    path = path_of(tuple(error.absolute_path))
    where = f"{name}: {path}" if path else name
    given = _given(error.instance)
    expected: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    hint = ""
    match error.validator:
        case "required":
            what = f'"{error.message.split(chr(39))[1]}" is missing'
        case "additionalProperties":
            known = schema["properties"]
            extra = sorted(instance.keys() - known.keys())
            told = ", ".join(f'"{shortened(each)}"' for each in extra[:_WORDS_TOLD])
            further = len(extra) - _WORDS_TOLD
            what = f"unknown {told}" + (f" and {further} more" if further > 0 else "")
            hint = guess(extra[0], known)
        case "enum":
            what = f"{given} is none of {', '.join(map(str, expected))}"
            hint = guess(str(instance), map(str, expected))
        case "const":
            what = f'{given} is not "{expected}"'
        case "type":
            kinds = [expected] if isinstance(expected, str) else expected
            what = f"{given} is not of type {' or '.join(kinds)}"
            is_number = isinstance(instance, int | float) and not isinstance(instance, bool)
            hint = f'in quotes: "{given}"' if kinds == ["string"] and is_number else ""
        case "format":
            what = f"{given} is no {expected} of the calendar"
        case "exclusiveMinimum":
            what = f"{given} is not above {expected:g}"
        case _:
            what = f"{given} does not fit {error.validator} {expected}"
    return Problem(where=where, what=what, hint=hint)


def _given(value: Any) -> str:  # noqa: ANN401  # JSON of any shape
    """The beginning of what was given, without writing out the rest, however much there is."""
    if len(msgspec.json.encode(value)) <= 10 * _LONGEST_GIVEN:
        text = _ENCODER.encode(value)
    else:
        text = ""
        for part in _ENCODER.iterencode(value):
            text += part
            if len(text) > _LONGEST_GIVEN:
                break
    return text if len(text) <= _LONGEST_GIVEN else f"{text[: _LONGEST_GIVEN - 3]}…"


def path_of(place: Sequence[str | int]) -> str:
    """`lines[2].regions`."""
    steps = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in place)
    return "".join(steps).lstrip(".")
