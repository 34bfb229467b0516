"""What the catalogue has to hold, and whether it does: a table of floors.

The product knows its declarations and the names that the sources give. What takes cases and facts
to see is asked by the tests.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import msgspec

from shopace.core.host.shelf import metrics_of, shelf_of
from shopace.core.texts.translator import SOURCE_LANGUAGE, languages
from shopace.core.traffic.metrics import METRICS as TRAFFIC
from shopace.core.vocabulary.formats import CHANNEL_OF, parse_format
from shopace.core.vocabulary.triggers import Crosses
from shopace.core.vocabulary.units import CATEGORIES, Direction
from shopace.service.texts import messages

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry
    from shopace.core.vocabulary.channels import Channel
    from shopace.core.warehouse.policy import Policy

METRICS_FLOOR, TASKS_FLOOR = 110, 70
State = Literal["met", "missed", "not there yet"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One floor."""

    says: str
    has: int
    of: int
    """How many are asked for."""
    missing: tuple[str, ...] = ()
    """By name, where they have names."""
    awaited: bool = False
    """The product has no such thing yet, so that nothing can be missed."""

    @property
    def state(self) -> State:
        return "not there yet" if self.awaited else "met" if self.has >= self.of else "missed"

    @property
    def met(self) -> bool:
        return self.state != "missed"


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric as S1 names it."""

    name: str
    was: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    """Names of tabs; empty: S1 lists none."""


def coverage(registry: Registry, policy: Policy) -> tuple[Row, ...]:
    """Every floor, of a registry and a policy."""
    return tuple(row for rows in ROWS for row in rows(registry, policy))


def named_in_s1() -> tuple[Named, ...]:
    raw = files(__package__).joinpath("named_in_s1.toml").read_bytes()
    return msgspec.toml.decode(raw, type=dict[str, tuple[Named, ...]])["metric"]


def _sizes(registry: Registry, _: Policy) -> Iterable[Row]:
    held = {plugin.category for plugin in registry.plugins.values()}
    yield _all_of("categories", CATEGORIES, held)
    yield Row(says="metrics", has=len(registry.metrics), of=METRICS_FLOOR)
    yield Row(says="task templates", has=len(registry.templates), of=TASKS_FLOOR)


def _names(registry: Registry, _: Policy) -> Iterable[Row]:
    named, known = named_in_s1(), _known_names(registry)
    yield _all_of("metrics of S1, by name", [each.name for each in named], known, _folded)
    former = [f"{old} → {each.name}" for each in named for old in each.was]
    kept = [
        f"{old} → {each.name}"
        for each in named
        for old in each.was
        if known.get(_folded(old), set()) & known.get(_folded(each.name), set())
    ]
    yield _all_of("names that S1 renamed or deleted, as aliases", former, kept)
    places = _places(registry)
    asked = [(each.name, tab) for each in named for tab in each.formats]
    split = [
        f"{name}: {tab}"
        for name, tab in asked
        if any(CHANNEL_OF[parse_format(tab)] in places[key] for key in known.get(_folded(name), ()))
    ]
    yield _all_of("formats of S1's metrics", [f"{name}: {tab}" for name, tab in asked], split)


def _judged(registry: Registry, policy: Policy) -> Iterable[Row]:
    directed = [
        key for key, each in registry.metrics.items() if each.direction is not Direction.NEITHER
    ]
    yield _all_of("metrics with a direction that have a benchmark", directed, registry.benchmarks)
    shelf = shelf_of(registry.plugins.values(), policy.lines)
    used = {
        metric
        for _, template in shelf.tasks()
        if template.key in registry.templates
        for metric in metrics_of(template, shelf)
    }
    yield _all_of("metrics with a direction that a task stands on", directed, used)
    crossed = {
        each.trigger.line
        for each in registry.templates.values()
        if isinstance(each.trigger, Crosses)
    }
    lines = dict.fromkeys(line.key for line in policy.lines if line.level != "low")
    yield _all_of("risk lines (medium, high) that have a task", lines, crossed)


def _texts(registry: Registry, policy: Policy) -> Iterable[Row]:
    """Of each further language: how many of the product's messages it says."""
    said = [each.id for each in messages(registry, policy)]
    further = [each for each in languages() if each != SOURCE_LANGUAGE]
    if not further:
        yield Row(says="texts in a second language", has=0, of=len(said), awaited=True)
    for language in further:
        path = files("shopace.core.texts").joinpath(f"{language}.mo")
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)
        catalogue.add_fallback(_Silent())
        told = [each for each in said if catalogue.gettext(each)]
        row = _all_of(f"texts in {language}", said, told)
        yield row if told else Row(says=row.says, has=0, of=row.of, awaited=True)


class _Silent(gettext.NullTranslations):
    """Says nothing where there is no translation."""

    def gettext(self, message: str) -> str:  # noqa: ARG002
        return ""


ROWS: tuple[Callable[[Registry, Policy], Iterable[Row]], ...] = (_sizes, _names, _judged, _texts)


def _all_of(
    says: str,
    asked: Iterable[str],
    there: Iterable[str],
    fold: Callable[[str], str] = str,
) -> Row:
    wanted, found = list(asked), set(there)
    missing = tuple(each for each in wanted if fold(each) not in found)
    return Row(says=says, has=len(wanted) - len(missing), of=len(wanted), missing=missing)


def _known_names(registry: Registry) -> dict[str, set[str]]:
    """Folded title or alias → keys, of metrics and of product traffic's."""
    found: dict[str, set[str]] = {}
    metrics = [(each.key, each.title, each.aliases) for each in registry.metrics.values()]
    traffic = [(each.key, each.title, each.aliases) for each in TRAFFIC.values()]
    for key, title, aliases in (*metrics, *traffic):
        for name in (title, *(alias.name for alias in aliases)):
            found.setdefault(_folded(name), set()).add(key)
    return found


def _places(registry: Registry) -> dict[str, set[Channel]]:
    """Metric → the channels that it is split by, product traffic's formats among them."""
    found = {key: set(each.channels) for key, each in registry.metrics.items()}
    for key, traffic in TRAFFIC.items():
        found.setdefault(key, set()).update(form.channel for form in traffic.formats)
    return found


def _folded(name: str) -> str:
    """How names are compared: letters and digits, in lower case."""
    return "".join(each for each in name.lower() if each.isalnum())
