"""Floors are missed by what is missing, and say what it is."""

import gettext
from dataclasses import replace

import msgspec
import pytest

from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.core.vocabulary.formats import parse_format
from shopace.core.vocabulary.units import Direction
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.catalog import coverage as module
from shopace.service.catalog.coverage import Row, coverage, named_in_s1
from shopace.service.texts import Message

POLICY = load_policy(POLICY_PACKS)


def rows(registry: Registry) -> dict[str, Row]:
    return {each.says: each for each in coverage(registry, POLICY)}


def without(*plugins: str) -> Registry:
    """The built-in plugins but for some."""
    configuration = Configuration(disabled_plugins=plugins)
    return load_registry(BUILTIN, configuration=configuration, use_entry_points=False)


def test_what_a_missing_plugin_takes_along_is_named() -> None:
    found = rows(without("policy_violations"))
    assert found["categories"].missing == ("policy_violations",)
    assert found["categories"].state == "missed"
    lines = found["risk lines (medium, high) that have a task"]
    assert {"points_12", "health_150"} <= set(lines.missing)
    assert "sps_2_5" not in lines.missing


def test_metrics_that_no_task_stands_on_or_no_benchmark_compares_are_named() -> None:
    registry = without()
    bare = rows(replace(registry, benchmarks={}, templates={}))
    directed = {
        key for key, each in registry.metrics.items() if each.direction is not Direction.NEITHER
    }
    for says in ("have a benchmark", "a task stands on"):
        (row,) = [each for name, each in bare.items() if name.endswith(says)]
        assert (row.has, set(row.missing)) == (0, directed)


def test_a_former_name_that_no_alias_keeps_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRAFFIC", {})
    registry = without()
    named = msgspec.structs.replace(registry.metrics["gmv"], aliases=())
    found = rows(replace(registry, metrics={**registry.metrics, "gmv": named}))
    assert found["names that S1 renamed or deleted, as aliases"].missing == ("Gross sales → GMV",)


def test_a_format_that_no_metric_is_split_by_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRAFFIC", {})
    missing = rows(without())["formats of S1's metrics"].missing
    assert "GMV: Seller product card" in missing
    assert "GMV: Seller LIVE" not in missing


def test_the_names_of_the_source_are_28_metrics_in_formats_that_there_are() -> None:
    named = named_in_s1()
    assert len({each.name for each in named}) == len(named) == 28
    assert {parse_format(tab).tab for each in named for tab in each.formats} == {
        tab for each in named for tab in each.formats
    }
    assert sum(len(each.was) for each in named) == 6


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (Row(says="x", has=3, of=3), "met"),
        (Row(says="x", has=172, of=110), "met"),
        (Row(says="x", has=2, of=3), "missed"),
        (Row(says="x", has=0, of=3, awaited=True), "not there yet"),
    ],
)
def test_the_state_of_a_row(row: Row, state: str) -> None:
    assert row.state == state
    assert row.met == (state != "missed")


def test_texts_are_awaited_while_there_is_no_second_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "languages", lambda: ["en"])
    (row,) = [each for each in coverage(without(), POLICY) if each.says.startswith("texts")]
    assert row.state == "not there yet"
    assert row.of > 1_000


@pytest.mark.parametrize(
    ("told", "state", "missing"),
    [
        ({}, "not there yet", ()),
        ({"Shop": "店铺"}, "missed", ("GMV",)),
        ({"Shop": "店铺", "GMV": "GMV"}, "met", ()),
    ],
)
def test_a_language_is_awaited_until_it_says_something_and_then_has_to_say_all(
    told: dict[str, str], state: str, missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Translations(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return told.get(message) or super().gettext(message)

    monkeypatch.setattr(module, "languages", lambda: ["en", "zh_Hans"])
    monkeypatch.setattr(module, "messages", lambda *_: [Message("Shop", ""), Message("GMV", "")])
    monkeypatch.setattr(gettext, "GNUTranslations", Translations)
    row = rows(without())["texts in zh_Hans"]
    assert (row.state, row.missing) == (state, missing)
