"""What cannot be judged for lack of measures."""

from collections.abc import Iterable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import examples
from tests.marketplace import LAST_DAY, Shop, build, diagnose

from shopace.core import (
    STANDARD_MEASURES,
    Channel,
    Direction,
    Measure,
    Metric,
    Period,
    Plugin,
    Unit,
    measure,
)
from shopace.core.evaluation import required_columns
from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry, build_registry, fingerprint
from shopace.core.pipeline.plan import Plan
from shopace.core.vocabulary.channels import FIVE
from shopace.core.warehouse.dark import Missing, darkness, lights_up, readers
from shopace.core.warehouse.policy import Policy, load_policy
from shopace.core.warehouse.snapshot_files import SCHEMA, Manifest
from shopace.core.warehouse.summands import Key, summands
from shopace.plugins import BUILTIN, POLICY_PACKS

REGISTRY = load_registry(BUILTIN, use_entry_points=False)
POLICY = load_policy(POLICY_PACKS)
COLUMNS = sorted((each.key, at) for each in STANDARD_MEASURES.values() for at in each.channels)
PRINTS = {key: fingerprint(each.numbers) for key, each in REGISTRY.measures.items()}
NOTHING = Policy(id="none", lines=())

deliveries = st.frozensets(st.sampled_from(COLUMNS), max_size=len(COLUMNS))
markets = st.frozensets(st.sampled_from(FIVE))


def plan(delivered: Iterable[Key], market: Iterable[Channel]) -> Plan:
    """What the pipeline makes of a snapshot of such a delivery."""
    rows = tuple(
        row
        for row in required_columns(REGISTRY.metrics.values(), REGISTRY.measures)
        if summands(REGISTRY.measures[row[1]], row[2], set(delivered), set(market))
    )
    assert all(isinstance(period, Period) for period, _, _ in rows)
    manifest = Manifest(
        schema=SCHEMA,
        id="tests",
        marketplace="tests",
        as_of=LAST_DAY,
        latest_available_date=LAST_DAY,
        first_day=LAST_DAY,
        facts="",
        mapping="",
        shops=0,
        block_shops=1,
        channels=tuple(market),
        rows=rows,
        history=(),
        measures=PRINTS,
        metrics={},
        blocks=(),
        vocabularies={},
    )
    return Plan(REGISTRY, manifest, POLICY, None)


@settings(max_examples=examples(60))
@given(delivered=deliveries, market=markets)
def test_dark_is_what_the_pipeline_does_not_evaluate(
    delivered: frozenset[Key], market: frozenset[Channel]
) -> None:
    told, made = darkness(REGISTRY, POLICY, delivered, market), plan(delivered, market)
    assert {each.reason for each in made.dark} <= {"not_delivered"}
    assert set(told.dark.metrics) == {key for each in made.dark for key in each.metrics}
    assert set(told.lit.tasks) == {each.template.key for each in made.offers}


@settings(max_examples=examples(60))
@given(delivered=deliveries, market=markets)
def test_every_dark_thing_lacks_something_and_every_thing_is_lit_or_dark(
    delivered: frozenset[Key], market: frozenset[Channel]
) -> None:
    told = darkness(REGISTRY, POLICY, delivered, market)
    for kind in ("metrics", "tasks", "lines"):
        lacking = {key for each in told.missing for key in getattr(each.dark, kind)}
        assert lacking == set(getattr(told.dark, kind))
    assert set(told.lit.metrics) | set(told.dark.metrics) == set(REGISTRY.metrics)
    assert set(told.lit.tasks) | set(told.dark.tasks) == set(REGISTRY.templates)
    counts = [each.dark.count for each in told.missing]
    assert counts == sorted(counts, reverse=True)


@settings(max_examples=examples(60))
@given(delivered=deliveries, more=deliveries, market=markets)
def test_delivering_more_never_darkens_more(
    delivered: frozenset[Key], more: frozenset[Key], market: frozenset[Channel]
) -> None:
    before = darkness(REGISTRY, POLICY, delivered, market)
    after = darkness(REGISTRY, POLICY, delivered | more, market)
    assert after.dark.without(before.dark).count == 0


def test_all_delivered_leaves_nothing_dark_and_nothing_delivered_leaves_nothing_lit() -> None:
    assert darkness(REGISTRY, POLICY, COLUMNS, FIVE).dark.count == 0
    assert darkness(REGISTRY, POLICY, [], FIVE).lit.count == 0


def test_without_the_products_out_of_stock_these_metrics_and_tasks_are_dark() -> None:
    rest = [each for each in COLUMNS if each[0] != "out_of_stock_products"]
    told = darkness(REGISTRY, POLICY, rest, FIVE)
    (missing,) = told.missing
    assert missing.measure == "out_of_stock_products"
    assert "out_of_stock_rate" in missing.dark.metrics
    assert missing.dark == missing.sole == told.dark
    assert missing.dark.tasks
    assert missing.dark.metrics == readers(REGISTRY)["out_of_stock_products"]


def test_a_policy_line_is_dark_without_the_measure_of_its_metric() -> None:
    rest = [each for each in COLUMNS if each[0] != "sps"]
    told = darkness(REGISTRY, POLICY, rest, FIVE)
    lines = {line.key for line in POLICY.lines if line.metric == "sps"}
    assert lines
    assert lines <= set(told.dark.lines)


def test_a_measure_that_is_one_of_several_missing_lights_up_nothing_alone() -> None:
    rest = [each for each in COLUMNS if each[0] not in {"ad_spend", "ad_gmv"}]
    by_key = missing_of(REGISTRY, rest)
    assert "roas" in by_key["ad_spend"].dark.metrics
    assert "roas" in by_key["ad_gmv"].dark.metrics
    assert "roas" not in by_key["ad_spend"].sole.metrics


def test_a_measure_delivered_elsewhere_is_told_with_its_channels() -> None:
    odd = Metric(
        key="acme.odd",
        title="Odd",
        definition="Something that is judged in one channel.",
        formula=measure("product_clicks", Channel.SELLER_LIVE),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
    )
    registry = with_page(odd)
    told = missing_of(registry, [("product_clicks", Channel.SHOP)])["product_clicks"]
    assert told.delivered_in == (Channel.SHOP,)
    assert "acme.odd" in told.dark.metrics


def test_a_derived_measure_is_dark_without_what_it_is_computed_from() -> None:
    kept = Measure(
        key="acme.kept", title="kept", unit=Unit.COUNT, derived_from=("orders", "complaints")
    )
    over = Metric(
        key="acme.kept_orders",
        title="Orders kept",
        definition="Orders without a complaint.",
        formula=measure("acme.kept"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
    )
    registry = with_page(kept, over)
    by_key = missing_of(registry, [("orders", Channel.SHOP)])
    assert "acme.kept" not in by_key
    assert "acme.kept_orders" in by_key["complaints"].sole.metrics
    assert "acme.kept_orders" in readers(registry)["complaints"]


def test_a_part_lights_up_what_nothing_else_can() -> None:
    spend, gmv = [("ad_spend", Channel.SHOP)], [("ad_gmv", Channel.SHOP)]
    first, second = lights_up(REGISTRY, NOTHING, [*spend, *gmv], (), [spend, gmv])
    assert "ad_spend" in first.metrics
    assert "ad_spend" not in second.metrics
    assert "roas" in first.metrics
    assert "roas" in second.metrics


def test_a_diagnosis_names_the_same_metrics_as_not_delivered(tmp_path: Path) -> None:
    facts = {"gmv": 10.0, "orders": 2.0, "gmv@seller_live": 4.0, "late_dispatched_orders": 1.0}
    inputs = build(tmp_path, [Shop(id="one", facts=facts)], REGISTRY, policy=POLICY)
    diagnosis = diagnose(inputs)["one"].diagnosis
    delivered = [
        ("gmv", Channel.SHOP),
        ("orders", Channel.SHOP),
        ("gmv", Channel.SELLER_LIVE),
        ("late_dispatched_orders", Channel.SHOP),
    ]
    told = darkness(REGISTRY, POLICY, delivered, FIVE)
    assert set(told.dark.metrics) == {
        metric
        for each in diagnosis.not_evaluated
        if each.reason == "not_delivered"
        for metric in each.metrics
    }


def missing_of(registry: Registry, delivered: Iterable[Key]) -> dict[str, Missing]:
    told = darkness(registry, POLICY, [*delivered], FIVE)
    return {each.measure: each for each in told.missing}


def with_page(*declares: Measure | Metric) -> Registry:
    page = Plugin(
        key="acme",
        category="ads",
        version="1.0",
        title="Acme",
        question="What of Acme?",
        declares=declares,
    )
    return build_registry([page])
