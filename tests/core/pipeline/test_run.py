"""The stages together: what an operator switches off costs what it was, and nothing else."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.marketplace import LAST_DAY, Shop, build, diagnose
from tests.pages import LINE, PAGE, changed, source_of

from shopace.core import Channel, Completion, Direction, Metric, Unit, measure
from shopace.core.configuration import Configuration
from shopace.core.errors import SnapshotError
from shopace.core.host.discovery import load_sources
from shopace.core.pipeline.run import Inputs
from shopace.core.records.card import Goal
from shopace.core.records.diagnosis import Diagnosis

VISITS = Metric(
    key="other.visits",
    title="Visits",
    definition="Visitors.",
    formula=measure("visitors"),
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
)
OTHER = msgspec.structs.replace(PAGE, key="other", declares=(VISITS,))
ILL = Shop(id="a", facts={"acme.claims": np.repeat([3.0, 30.0], [91, 7]), "orders": 100})


def test_a_goal_in_a_switched_off_plugin_costs_no_diagnosis(tmp_path: Path) -> None:
    goal = Completion(metric="other.visits", line=3, unit=Unit.COUNT)
    page = changed("task acme.find_cause", completion=goal)
    registry = load_sources(
        [source_of(page), source_of(OTHER)], Configuration(disabled_plugins=("other",))
    )
    (seen,) = diagnose(build(tmp_path, [ILL], registry)).values()
    (card,) = seen.diagnosis.cards
    assert card.goal is None


def test_a_named_line_is_to_be_passed_where_the_operator_set_it(tmp_path: Path) -> None:
    goal = Completion(metric="acme.claim_rate", line=LINE, unit=Unit.RATIO)
    registry = load_sources(
        [source_of(changed("task acme.find_cause", completion=goal))],
        Configuration(parameters={"acme.claims_line": 0.2}),
    )
    (seen,) = diagnose(build(tmp_path, [ILL], registry)).values()
    (card,) = seen.diagnosis.cards
    assert card.goal == Goal(metric="acme.claim_rate", at="below", line=0.2)


def test_a_number_is_to_be_reached(tmp_path: Path) -> None:
    (seen,) = diagnose(build(tmp_path, [ILL], load_sources([source_of(PAGE)]))).values()
    (card,) = seen.diagnosis.cards
    assert card.goal == Goal(metric="acme.claim_rate", at="most", line=0.05)


def test_a_switched_off_task_is_neither_shown_nor_kept(tmp_path: Path) -> None:
    sources = [source_of(PAGE)]
    off = Configuration(disabled_templates=("acme.find_cause",))
    (on,) = diagnose(build(tmp_path / "on", [ILL], load_sources(sources))).values()
    (seen,) = diagnose(build(tmp_path / "off", [ILL], load_sources(sources, off))).values()
    assert on.cards == {"acme.find_cause@shop": "P1"}
    assert not seen.cards
    assert not seen.diagnosis.withheld
    assert seen.aa == on.aa
    assert [note.metric for note in seen.diagnosis.need_attention] == ["acme.claim_rate"]


def test_a_line_set_by_the_operator_decides(tmp_path: Path) -> None:
    """30 claims on 100 orders: more than the page's line of a tenth, less than half."""
    half = Configuration(parameters={"acme.claims_line": 0.5})
    registry = load_sources([source_of(PAGE)], half)
    (seen,) = diagnose(build(tmp_path, [ILL], registry)).values()
    assert seen.aa["acme.claim_rate", "shop"] == "issue"
    assert not seen.cards


def test_a_snapshot_of_another_version_of_the_funnel_is_refused_with_the_way_out(
    tmp_path: Path,
) -> None:
    inputs = build(tmp_path, [ILL], load_sources([source_of(PAGE)]))
    older = {**inputs.snapshot.manifest.measures, "gmv": "of another version"}
    snapshot = dataclasses.replace(
        inputs.snapshot, manifest=msgspec.structs.replace(inputs.snapshot.manifest, measures=older)
    )
    with pytest.raises(SnapshotError, match=r"gmv changed \(build it again"):
        Inputs(inputs.registry, snapshot, inputs.benchmarks, inputs.policy)


def test_of_a_shop_too_young_for_two_periods_no_change_of_gmv_is_told(tmp_path: Path) -> None:
    sold = np.repeat([10.0, 200.0], [91, 7])
    shops = [
        Shop(
            id=f"open_for_{days}",
            facts={"gmv": sold, "gmv@seller_live": sold},
            opened_on=LAST_DAY - dt.timedelta(days - 1),
        )
        for days in (13, 14, 59, 60)
    ]
    seen = diagnose(build(tmp_path, shops, load_sources([source_of(PAGE)])))
    young, old, month, months = (each.diagnosis for each in seen.values())
    assert str(young.conclusion.sentence).startswith("The shop opened less than 14 days ago")
    assert not young.channel_conclusions
    assert str(old.conclusion.sentence).startswith("GMV rose 1,900 %")
    assert Channel.SELLER_LIVE in old.channel_conclusions
    assert (young.gmv.total.change, month.gmv.total.change) == (None, None)
    assert months.gmv.total.change == pytest.approx(4.4333, abs=1e-4)


def with_metric(inputs: Inputs, **fields: object) -> Inputs:
    """The same snapshot and benchmarks, read by a plugin whose metric was edited since."""
    metrics = dict(inputs.registry.metrics)
    metrics["acme.claim_rate"] = msgspec.structs.replace(metrics["acme.claim_rate"], **fields)
    registry = dataclasses.replace(inputs.registry, metrics=metrics)
    return Inputs(registry, inputs.snapshot, inputs.benchmarks, inputs.policy)


def rebuild(diagnosis: Diagnosis) -> Mapping[str, tuple[str, ...]]:
    return {
        each.reason: each.metrics
        for each in diagnosis.not_evaluated
        if each.reason.startswith("rebuild")
    }


def test_words_of_a_metric_change_what_is_said_and_nothing_that_is_found(tmp_path: Path) -> None:
    inputs = build(tmp_path, [ILL], load_sources([source_of(PAGE)]))
    edited = with_metric(inputs, title="Claims per order", definition="Clearer.", source="S1")
    (seen,) = diagnose(edited).values()
    assert seen.cards == {"acme.find_cause@shop": "P1"}
    assert not rebuild(seen.diagnosis)
    assert str(seen.diagnosis.cards[0].evidence.title) == "Claims per order"
    assert edited.legend.id != inputs.legend.id, "a legend says what its id stands for"


def test_a_metric_of_other_rules_is_compared_with_nothing_and_says_so(tmp_path: Path) -> None:
    inputs = build(tmp_path, [ILL], load_sources([source_of(PAGE)]))
    (seen,) = diagnose(with_metric(inputs, min_sample=2.0)).values()
    assert not seen.cards
    assert seen.values["acme.claim_rate", "shop"] == 0.3
    only = ("acme.claim_rate",)
    assert rebuild(seen.diagnosis) == {"rebuild_snapshot": only, "rebuild_benchmarks": only}
