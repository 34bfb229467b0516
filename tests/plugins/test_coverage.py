"""The coverage of the catalogue: what the product can see of it, and what takes cases to see."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.marketplace import LAST_DAY
from tests.plugins.cases import Case, case_facts, cases_of, healthy_facts

from shopace.core.evaluation import evaluate
from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.core.host.shelf import metrics_of, shelf_of
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import Ref, refs
from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.core.vocabulary.metrics import Metric
from shopace.core.vocabulary.units import CATEGORIES, PERIODS_OF, Aggregation, Period, Window
from shopace.core.warehouse.policy import Policy, PolicyLine, load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.catalog.coverage import coverage

FLOOR = Path(__file__).with_name("domain_metrics.toml")
Facts = Mapping[str, NDArray[np.float64]]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(BUILTIN, use_entry_points=False)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(POLICY_PACKS)


def cases() -> Iterator[tuple[str, Case]]:
    for category in CATEGORIES:
        for case in cases_of(category):
            yield category, case


def test_every_floor_that_the_product_can_see_is_met(registry: Registry, policy: Policy) -> None:
    missed = [row for row in coverage(registry, policy) if not row.met]
    assert not missed


def test_every_metric_of_the_domain_is_declared_in_its_category(registry: Registry) -> None:
    floor = msgspec.toml.decode(FLOOR.read_bytes(), type=dict[str, tuple[str, ...]])
    assert list(floor) == list(CATEGORIES)
    absent = {
        category: [
            key
            for key in keys
            if key not in registry.metrics or registry.category_of(key) != category
        ]
        for category, keys in floor.items()
    }
    assert not {category: keys for category, keys in absent.items() if keys}


def test_every_task_has_a_case_in_which_it_fires_and_one_that_tempts_it_in_vain(
    registry: Registry, policy: Policy
) -> None:
    shelf = shelf_of(registry.plugins.values(), policy.lines)
    without = []
    for key, template in registry.templates.items():
        category, _, name = key.partition(".")
        read = {
            ref.key
            for metric in metrics_of(template, shelf)
            for ref in refs(registry.metrics[metric].formula)
        }
        fires, silent = False, False
        for case in cases_of(category):
            shown = {each.split(" ")[0].partition("@")[0] for each in (*case.cards, *case.merged)}
            fires |= name in shown
            silent |= name not in shown and bool(read & touched(case, registry))
        without += [f"{key}: fires"] * (not fires) + [f"{key}: stays silent"] * (not silent)
    assert not without


def touched(case: Case, registry: Registry) -> set[str]:
    """The measures that a case changes, or whose metrics it looks at."""
    changed = {key.partition("@")[0] for key in (*case.always, *case.lately)}
    seen = {key.partition("@")[0] for key in (*case.aa, *case.ab)}
    return changed | {ref.key for key in seen for ref in refs(registry.metrics[key].formula)}


class Shop(NamedTuple):
    """A case as the policy sees it."""

    name: str
    region: str
    facts: Facts


@pytest.fixture(scope="module")
def shops() -> list[Shop]:
    healthy = healthy_facts()
    return [
        Shop(f"{category}.{case.id}", case.region, case_facts(healthy, case))
        for category, case in cases()
        if CATEGORIES[category] == "risk"
    ]


def test_every_policy_line_has_a_case_that_stands_on_it_and_one_on_either_side(
    registry: Registry, policy: Policy, shops: list[Shop]
) -> None:
    without = {
        key: what
        for key in dict.fromkeys(line.key for line in policy.lines)
        if (what := lacking(key, registry, policy, shops))
    }
    assert not without


def lacking(key: str, registry: Registry, policy: Policy, shops: list[Shop]) -> list[str]:
    """Which of the three a policy line lacks: a shop exactly on it, one beyond, one short of it."""
    seen: set[str] = set()
    for shop in shops:
        for line in policy.lines_on(LAST_DAY, shop.region):
            if line.key != key or not is_judged(line, registry, shop.facts):
                continue
            metric = registry.metrics[line.metric]
            now, before = (value(metric, line.channel, each, shop.facts) for each in spans(line))
            reached = bool(line.reached(np.array([now]), np.array([before]))[0])
            judged = now if line.kind == "level" else before - now
            if np.isnan(judged):
                continue
            seen.add("beyond" if reached else "short of it")
            if round(judged, 9) == line.value:
                seen.add("on it")
    return [each for each in ("on it", "beyond", "short of it") if each not in seen]


def spans(line: PolicyLine) -> tuple[Period, Period]:
    """The current period and the one before; a level needs the current one only."""
    periods = PERIODS_OF[line.window]
    return periods[0], periods[-1]


def is_judged(line: PolicyLine, registry: Registry, facts: Facts) -> bool:
    gate = line.requires
    if gate is None:
        return True
    period = PERIODS_OF[gate.window][0]
    known = value(registry.metrics[gate.metric], Channel.SHOP, period, facts)
    return bool(np.isnan(known) or known >= gate.at_least)


def value(metric: Metric, channel: Channel, period: Period, facts: Facts) -> float:
    """The metric of a shop in a period, from its days; longer windows than its days go on alike."""

    def lookup(ref: Ref) -> NDArray[np.float64]:
        place = ref.channel or channel
        days = facts.get(ref.key if place == Channel.SHOP else f"{ref.key}@{place}")
        if days is None:
            return np.array([np.nan])
        padded = np.concatenate([np.full(Window.L180D.days, days[0]), days])
        last = padded.size - period.days_ago
        if STANDARD_MEASURES[ref.key].aggregation is Aggregation.LAST:
            return padded[last - 1 : last]
        return np.array([padded[last - period.days : last].sum()])

    return float(evaluate(metric.formula, lookup)[0])
