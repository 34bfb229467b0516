"""A sound third-party page for tests to break, and the source that a host finds it by."""

from types import ModuleType
from typing import Any

import msgspec

from shopace.core import (
    Action,
    Benchmark,
    Completion,
    Declaration,
    Direction,
    Measure,
    Metric,
    Objective,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    declined,
    hookimpl,
    measure,
)
from shopace.core.host.contract import name_of
from shopace.core.host.discovery import Source

LINE = Parameter(
    key="acme.claims_line", default=0.1, maximum=1.0, unit=Unit.RATIO, title="Worth a task"
)

PAGE = Plugin(
    key="acme",
    category="product_quality",
    version="1.0",
    title="Claims",
    question="Do products last?",
    declares=(
        Measure(key="acme.claims", title="claims", unit=Unit.COUNT),
        Objective(key="acme.fewer_claims", title="Fewer claims"),
        Metric(
            key="acme.claim_rate",
            title="Claim rate",
            definition="Claims per order.",
            formula=measure("acme.claims") / measure("orders"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=20,
            is_key=True,
        ),
        Benchmark(metric="acme.claim_rate"),
        TaskTemplate(
            key="acme.find_cause",
            title="Find the cause of your claims",
            why="Claims rose within a week.",
            steps=("Sort the claims by product.",),
            type=TaskType.METRIC_CATCH_UP,
            objective="acme.fewer_claims",
            trigger=declined("acme.claim_rate"),
            only_if=(at_least("acme.claim_rate", LINE),),
            action=Action(label="View claims", target="/claims"),
            completion=Completion(metric="acme.claim_rate", line=0.05, unit=Unit.RATIO),
        ),
        TaskTemplate(
            key="acme.write_manual",
            title="Write a manual",
            why="Benchmark sellers like you have fewer claims.",
            steps=("Read the claims.", "Write down what buyers ask."),
            type=TaskType.CHALLENGE,
            objective="acme.fewer_claims",
            trigger=behind_peers("acme.claim_rate"),
            action=Action(label="Write", target="/manuals"),
        ),
    ),
)


def declared(name: str, page: Plugin = PAGE) -> Any:
    """The declaration that messages call `name`: `metric acme.claim_rate`."""
    return next(each for each in page.declares if name_of(each) == name)


def changed(name: str, **fields: object) -> Plugin:
    """The page with some fields of one declaration changed."""
    other = msgspec.structs.replace(declared(name), **fields)
    declares = tuple(other if name_of(each) == name else each for each in PAGE.declares)
    return msgspec.structs.replace(PAGE, declares=declares)


def page_with(*more: Declaration, **fields: object) -> Plugin:
    """The page with declarations added and fields of its own changed."""
    page = msgspec.structs.replace(PAGE, declares=(*PAGE.declares, *more))
    return msgspec.structs.replace(page, **fields)


def module_of(page: object) -> ModuleType:
    """A module that hands out `page`, as a plugin's author writes it."""
    module = ModuleType("page")

    @hookimpl
    def shopace_plugin() -> object:
        return page

    module.shopace_plugin = shopace_plugin  # type: ignore[attr-defined]
    return module


def source_of(page: Plugin, *, name: str = "", builtin: bool = False) -> Source:
    return Source(name or page.key, page.version, lambda: module_of(page), builtin=builtin)
