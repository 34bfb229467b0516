"""Every case of every category, all in one marketplace and diagnosed in one pass."""

from collections import Counter
from typing import Any

import pytest
from tests.marketplace import Seen, build, diagnose
from tests.plugins.cases import Case, cases_of, mistakes, shop_id, shops

from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.vocabulary.units import CATEGORIES
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(BUILTIN, use_entry_points=False)


@pytest.fixture(scope="module")
def inputs(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("cases")
    return build(folder, shops(), registry, policy=load_policy(POLICY_PACKS))


@pytest.fixture(scope="module")
def found(inputs: Inputs) -> dict[str, Seen]:
    return diagnose(inputs)


def parameters() -> list[Any]:
    return [
        pytest.param(
            category,
            case,
            id=shop_id(category, case.id),
            marks=[pytest.mark.xfail(reason=case.wrong)] if case.wrong else [],
        )
        for category in CATEGORIES
        for case in cases_of(category)
    ]


def place(name: str) -> tuple[str, str]:
    metric, _, channel = name.partition("@")
    return metric, channel or "shop"


def told(template: str, channel: str) -> str:
    """As cases write it: `restock_products@seller_live`, and the shop unsaid."""
    name = template.partition(".")[2]
    return name if channel == "shop" else f"{name}@{channel}"


@pytest.mark.parametrize(("category", "case"), parameters())
def test_a_shop_is_diagnosed_as_its_case_says(
    category: str, case: Case, found: dict[str, Seen]
) -> None:
    seen = found[shop_id(category, case.id)]
    shown = seen.diagnosis
    monitor = shown.risk_monitor.level if shown.risk_monitor is not None else "none"
    wanted = {
        "aa": case.aa,
        "ab": case.ab,
        "cards": sorted(case.cards),
        "merged": sorted(case.merged),
        "monitor": case.monitor if case.monitor is not None else monitor,
    }
    assert wanted == {
        "aa": {name: seen.aa.get(place(name)) for name in case.aa},
        "ab": {name: seen.ab.get(place(name)) for name in case.ab},
        "cards": sorted(
            f"{told(each.template, each.channel)} {each.priority}"
            for each in shown.cards
            if each.template.startswith(f"{category}.")
        ),
        "merged": sorted(
            told(each.template, each.channel)
            for each in shown.withheld
            if each.template.startswith(f"{category}.")
        ),
        "monitor": monitor,
    }, case.says


@pytest.mark.parametrize("category", CATEGORIES)
def test_nothing_is_recommended_to_a_healthy_shop(category: str, found: dict[str, Seen]) -> None:
    healthy = found[f"{category}.healthy"]
    assert not healthy.cards
    assert not healthy.diagnosis.withheld
    assert not healthy.diagnosis.not_evaluated
    assert healthy.diagnosis.risk_monitor is None
    known = {metric for (metric, _), value in healthy.values.items() if value is not None}
    assert {metric for metric, _ in healthy.values} - known == {
        "appeal_days_left",
        "second_appeal_days_left",
    }


def test_nobody_is_healthy_or_ill_by_what_is_missing(found: dict[str, Seen]) -> None:
    for each in found.values():
        for at, value in each.values.items():
            assert value is not None or each.aa[at] == "no_data"


def test_a_diagnosis_does_not_depend_on_who_is_diagnosed_along(
    inputs: Inputs, found: dict[str, Seen]
) -> None:
    in_sevens = [
        document
        for number in range(len(inputs.snapshot))
        for documents in diagnose_block(inputs, number, slice_shops=7)
        for document in documents
    ]
    assert in_sevens == [each.document for each in found.values()]


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_has_cases_of_each_kind(category: str, registry: Registry) -> None:
    assert not mistakes(category, registry)
    cases = cases_of(category)
    assert not [each for each, count in Counter(case.id for case in cases).items() if count > 1]
    tasks = {
        f"{category}.{name.split(' ')[0].partition('@')[0]}"
        for case in cases
        for name in (*case.cards, *case.merged)
    }
    offered = {key for key in registry.templates if registry.owner_of[key] == category}
    assert tasks == offered, "a case in which each task fires"
    silent = [case for case in cases if not (case.cards or case.merged)]
    unknown = [case for case in silent if "no_data" in (*case.aa.values(), *case.ab.values())]
    assert unknown, "a case in which data are missing"
    assert any(case not in unknown for case in silent), "a case in which all is well"
    metrics = [each for key, each in registry.metrics.items() if registry.owner_of[key] == category]
    if any(metric.min_sample for metric in metrics):
        assert any("not_applicable" in (*case.aa.values(), *case.ab.values()) for case in silent), (
            "a case below a minimum sample"
        )
