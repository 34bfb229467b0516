"""The marketplace of the atlas, built and diagnosed once for all its tests."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import pytest
from tests.atlas.marketplace import build_atlas, build_by_chance
from tests.marketplace import LAST_DAY, Seen, diagnose

from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry, require_sound
from shopace.core.records.card import TaskCard
from shopace.core.records.diagnosis import Withheld
from shopace.plugins import BUILTIN


class Atlas(NamedTuple):
    """Every shop's diagnosis by its key."""

    today: Mapping[str, Seen]
    """Without a memory."""
    remembering: Mapping[str, Seen]
    """Of the same day, with the memory of the day before."""


def offered(seen: Seen) -> set[str]:
    """`template` and `template@channel` of every proposal: shown, or withheld with a reason."""
    shown_or_not: tuple[TaskCard | Withheld, ...] = (
        *seen.diagnosis.cards,
        *seen.diagnosis.withheld,
    )
    words = ((each.template, f"{each.template}@{each.channel}") for each in shown_or_not)
    return {word for both in words for word in both}


def shown(seen: Seen) -> set[str]:
    """Templates shown as a card."""
    return {card.template for card in seen.diagnosis.cards}


_LINES = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A line for the end of the tests' output."""
    return request.config.stash.setdefault(_LINES, []).append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(_LINES, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def registry() -> Registry:
    found = load_registry(BUILTIN, use_entry_points=False)
    require_sound(found)
    return found


@pytest.fixture(scope="session")
def atlas(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    folder = tmp_path_factory.mktemp("atlas")
    yesterday = diagnose(build_atlas(folder, registry, as_of=LAST_DAY - timedelta(1)))

    def recall(shops: Sequence[str]) -> list[bytes | None]:
        return [yesterday[shop].document.memory for shop in shops]

    inputs = build_atlas(folder, registry)
    return Atlas(diagnose(inputs), diagnose(inputs, recall=recall))


@pytest.fixture(scope="session")
def by_chance(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Seen]:
    """The healthy shops alone, their counts as uneven as chance makes them."""
    return diagnose(build_by_chance(tmp_path_factory.mktemp("by_chance"), registry))
