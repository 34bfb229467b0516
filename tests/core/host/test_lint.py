"""Every rule of lint with small plugins that break it, and what exactly is said about each."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pages import LINE, PAGE, changed, declared, module_of, page_with, source_of

from shopace.core.evaluation import evaluate
from shopace.core.host.discovery import load_registry, load_sources
from shopace.core.host.hooks import hookimpl
from shopace.core.host.lint import RULES, Remark, Severity, lint
from shopace.core.host.shelf import Line, Push, pushes, shelf_of
from shopace.core.host.spans import Span, span_of
from shopace.core.vocabulary.channels import ALL, SHOP, Channel
from shopace.core.vocabulary.formula import Formula, Ref, measure, refs
from shopace.core.vocabulary.measures import STANDARD_MEASURES, Measure
from shopace.core.vocabulary.metrics import Benchmark, Metric
from shopace.core.vocabulary.parameters import Parameter
from shopace.core.vocabulary.plugins import Declaration, Plugin
from shopace.core.vocabulary.tasks import Completion, TaskTemplate
from shopace.core.vocabulary.triggers import at_least, at_most, behind_peers, crosses, declined
from shopace.core.vocabulary.units import Direction, Unit
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS

NAMES, UNITS, OPPOSED, CHANNELS, REACH, ROOM, PAST, GOALS, LINES, USE = (r.says for r in RULES)
CAUSE, MANUAL = "task acme.find_cause", "task acme.write_manual"


class Row(NamedTuple):
    """A policy line, as far as lint reads it."""

    key: str
    metric: str
    rises: bool = True
    kind: str = "level"
    channel: Channel = Channel.SHOP
    requires: None = None


def metric(key: str = "acme.depth", **fields: object) -> Metric:
    plain = Metric(
        key=key,
        title="Depth",
        definition="A share.",
        formula=measure("refunded_orders") / measure("orders"),
        unit=Unit.RATIO,
        direction=Direction.NEITHER,
    )
    return msgspec.structs.replace(plain, **fields)


def line(key: str, default: float, unit: Unit = Unit.RATIO) -> Parameter:
    return Parameter(key=f"acme.{key}", default=default, unit=unit, title="A line")


def own(key: str, default: float) -> Parameter:
    return msgspec.structs.replace(line(key, default), key=f"ads.{key}")


def task(key: str, **fields: object) -> TaskTemplate:
    plain: TaskTemplate = declared(MANUAL)
    return msgspec.structs.replace(plain, key=key, **fields)


HIGH = task("acme.deepen", trigger=at_most("acme.depth", line("low_line", 0.1)))
LOW = task("acme.flatten", trigger=at_least("acme.depth", line("high_line", 0.5)))


def other_vendor(*declares: Declaration) -> Plugin:
    """A second vendor, found after the first."""
    return msgspec.structs.replace(PAGE, key="bolt", declares=declares)


def built_in(*declares: Declaration) -> Plugin:
    return msgspec.structs.replace(PAGE, key="ads", category="ads", declares=declares)


def with_lines(**fields: object) -> Plugin:
    return changed(CAUSE, **fields)


Broken = tuple[list[Plugin], list[Row], str, str, str]
"""Plugins, policy lines, whose fault it is, where, and what is said."""
UP_AND_DOWN = (
    'objective "acme.fewer_claims": its trigger pushes acme.depth up, '
    "its trigger of task acme.flatten down"
)

BROKEN: dict[str, list[Broken]] = {
    NAMES: [
        (
            [PAGE, other_vendor(declared("metric acme.claim_rate"))],
            [],
            "bolt",
            "metric acme.claim_rate",
            "is already declared by plugin acme",
        ),
    ],
    UNITS: [
        (
            [page_with(metric(formula=measure("orders"), unit=Unit.MONEY))],
            [],
            "acme",
            "metric acme.depth",
            "is of unit money, measure orders of count",
        ),
        (
            [page_with(metric(key="acme.claims"))],
            [],
            "acme",
            "metric acme.claims",
            "is of unit ratio, measure acme.claims of count",
        ),
        (
            [page_with(metric(formula=(measure("gmv") + measure("orders")) / measure("gmv")))],
            [],
            "acme",
            "metric acme.depth",
            "formula adds money and count",
        ),
        (
            [page_with(metric(formula=measure("orders") / measure("visitors"), unit=Unit.MONEY))],
            [],
            "acme",
            "metric acme.depth",
            "is of unit money, its formula gives count or ratio or multiple",
        ),
        (
            [page_with(metric(formula=measure("gmv") * measure("orders") / measure("orders")))],
            [],
            "acme",
            "metric acme.depth",
            "is of unit ratio, its formula gives money",
        ),
        (
            [with_lines(only_if=(at_least("acme.claim_rate", line("l", 0, Unit.POINTS)),))],
            [],
            "acme",
            CAUSE,
            "parameter acme.l is of unit points, metric acme.claim_rate of ratio",
        ),
        (
            [
                with_lines(
                    completion=Completion(metric="acme.claim_rate", line=0.1, unit=Unit.COUNT)
                )
            ],
            [],
            "acme",
            CAUSE,
            "its completion is of unit count, metric acme.claim_rate of ratio",
        ),
    ],
    OPPOSED: [
        (
            [page_with(metric(), HIGH, LOW)],
            [],
            "acme",
            "task acme.deepen",
            UP_AND_DOWN,
        ),
        (
            [page_with(metric(), LOW), other_vendor(msgspec.structs.replace(HIGH, key="bolt.up"))],
            [],
            "bolt",
            "task bolt.up",
            UP_AND_DOWN,
        ),
        (
            [
                built_in(
                    metric(direction=Direction.LOWER),
                    task("ads.up", trigger=at_most("acme.depth", line("low_line", 0.1))),
                ),
                page_with(task("acme.down", trigger=declined("acme.depth"))),
            ],
            [],
            "acme",
            "task acme.down",
            (
                'objective "acme.fewer_claims": its trigger pushes acme.depth down, '
                "its trigger of task ads.up up"
            ),
        ),
        (
            [
                with_lines(
                    trigger=at_most("acme.claim_rate", LINE),
                    only_if=(),
                    objective="raise_rating",
                )
            ],
            [],
            "acme",
            CAUSE,
            'objective "raise_rating": its trigger pushes acme.claim_rate up, its completion down',
        ),
        (
            [with_lines(trigger=crosses("low_claims"), only_if=(), objective="raise_rating")],
            [Row("low_claims", "acme.claim_rate", rises=False)],
            "acme",
            CAUSE,
            (
                'objective "raise_rating": policy line low_claims pushes acme.claim_rate up, '
                "its completion down"
            ),
        ),
    ],
    CHANNELS: [
        (
            [
                page_with(
                    metric(channels=(Channel.SELLER_LIVE,)),
                    task("acme.t", only_if=(at_most("acme.depth", LINE),)),
                )
            ],
            [],
            "acme",
            "task acme.t",
            "is offered in shop, where no acme.depth is (it is known in seller_live)",
        ),
        (
            [
                page_with(
                    metric(channels=(Channel.SELLER_LIVE,)),
                    task(
                        "acme.t",
                        trigger=crosses("many_claims"),
                        only_if=(at_most("acme.depth", LINE),),
                    ),
                )
            ],
            [Row("many_claims", "acme.claim_rate")],
            "acme",
            "task acme.t",
            "is offered in shop, where no acme.depth is (it is known in seller_live)",
        ),
    ],
    REACH: [
        (
            [
                page_with(
                    metric(key="acme.claim_share"),
                    task("acme.t", trigger=at_least("acme.claim_share", line("l", 1.01))),
                )
            ],
            [],
            "acme",
            "task acme.t",
            "the default of acme.l asks for acme.claim_share ≥ 1.01, which is never above 1",
        ),
        (
            [with_lines(only_if=(at_most("acme.claim_rate", line("l", -0.01)),))],
            [],
            "acme",
            CAUSE,
            "the default of acme.l asks for acme.claim_rate ≤ -0.01, which is never below 0",
        ),
        (
            [with_lines(completion=Completion(metric="acme.claim_rate", line=-1, unit=Unit.RATIO))],
            [],
            "acme",
            CAUSE,
            "its completion asks for acme.claim_rate ≤ -1, which is never below 0",
        ),
    ],
    ROOM: [
        (
            [
                with_lines(
                    only_if=(
                        at_least("acme.claim_rate", LINE),
                        at_most("acme.claim_rate", line("l", 0.05)),
                    )
                )
            ],
            [],
            "acme",
            CAUSE,
            "asks for acme.claim_rate ≥ 0.1 and ≤ 0.05 at once",
        ),
        (
            [
                page_with(
                    metric(channels=ALL),
                    task(
                        "acme.t",
                        channels=(Channel.SELLER_LIVE,),
                        trigger=at_least("acme.depth", line("high_line", 0.5)),
                        only_if=(
                            at_most("acme.depth", line("low_line", 0.1), Channel.SELLER_LIVE),
                        ),
                    ),
                )
            ],
            [],
            "acme",
            "task acme.t",
            "asks for acme.depth ≥ 0.5 and ≤ 0.1 at once",
        ),
    ],
    PAST: [
        (
            [
                page_with(
                    Measure(key="acme.odd", title="odd", unit=Unit.COUNT, derived_from=("orders",)),
                    metric(formula=measure("acme.odd") / measure("orders")),
                    task("acme.t", only_if=(declined("acme.depth"),)),
                )
            ],
            [],
            "acme",
            "task acme.t",
            "acme.depth stands on acme.odd, which is derived and has no past",
        ),
    ],
    GOALS: [
        (
            [
                page_with(
                    metric(),
                    task(
                        "acme.t",
                        completion=Completion(metric="acme.depth", line=0.1, unit=Unit.RATIO),
                    ),
                )
            ],
            [],
            "acme",
            "task acme.t",
            "acme.depth has no direction in which its completion could be reached",
        ),
        (
            [
                page_with(
                    metric(channels=(Channel.SELLER_LIVE,), direction=Direction.LOWER),
                    task(
                        "acme.t",
                        completion=Completion(metric="acme.depth", line=0.1, unit=Unit.RATIO),
                    ),
                )
            ],
            [],
            "acme",
            "task acme.t",
            "its completion asks for acme.depth, unknown in shop",
        ),
    ],
    LINES: [
        (
            [with_lines(trigger=crosses("many_clams"), only_if=())],
            [Row("many_claims", "acme.claim_rate")],
            "acme",
            CAUSE,
            'no policy pack in use has a line "many_clams" (did you mean "many_claims"?)',
        ),
    ],
    USE: [
        (
            [page_with(metric(direction=Direction.HIGHER))],
            [],
            "acme",
            "metric acme.depth",
            'higher is better, and no task stands on it (a task, or direction "neither")',
        ),
    ],
}


def cases() -> Iterator[object]:
    for rule in RULES:
        for number, broken in enumerate(BROKEN.get(rule.says, [])):
            yield pytest.param(rule.says, broken, id=f"{rule.check.__name__}-{number}")


def told(plugins: list[Plugin], lines: list[Row]) -> list[Remark]:
    rows: list[Line] = [*lines]
    return lint(plugins, rows)


def test_sound_plugins_are_told_nothing() -> None:
    assert told([PAGE], []) == []


def test_every_rule_is_broken_here() -> None:
    assert {rule.says for rule in RULES} == set(BROKEN)


@pytest.mark.parametrize(("rule", "broken"), [*cases()])
def test_what_is_broken_is_told_exactly(rule: str, broken: Broken) -> None:
    plugins, lines, plugin, where, what = broken
    found = [each for each in told(plugins, lines) if each.rule == rule]
    assert [(each.plugin, str(each)) for each in found] == [(plugin, f"{where}: {what}")]


def test_without_a_policy_its_rules_are_silent() -> None:
    page = page_with(
        metric(direction=Direction.HIGHER), task("acme.t", trigger=crosses("many_clams"))
    )
    assert lint([page]) == []


def test_a_condition_may_be_of_the_whole_shop() -> None:
    everywhere = metric(channels=ALL, direction=Direction.HIGHER)
    page = page_with(
        everywhere,
        Benchmark(metric="acme.depth"),
        task(
            "acme.t",
            trigger=behind_peers("acme.depth"),
            channels=(Channel.SELLER_LIVE,),
            only_if=(at_most("acme.claim_rate", LINE),),
        ),
    )
    assert told([page], []) == []


def test_lines_in_two_places_leave_room() -> None:
    page = page_with(
        metric(channels=ALL),
        task(
            "acme.t",
            trigger=at_least("acme.depth", line("high_line", 0.5)),
            only_if=(at_most("acme.depth", line("low_line", 0.1), Channel.SHOP),),
        ),
    )
    assert [each.rule for each in told([page], [])] == []


def test_a_rate_may_ask_for_more_than_all() -> None:
    page = page_with(metric(), task("acme.t", trigger=at_least("acme.depth", line("l", 1.5))))
    assert told([page], []) == []


def test_what_a_policy_line_judges_serves_the_task_that_waits_for_it() -> None:
    page = page_with(metric(direction=Direction.LOWER), task("acme.t", trigger=crosses("too_deep")))
    assert told([page], [Row("too_deep", "acme.depth")]) == []
    assert [each.rule for each in told([page], [Row("too_deeply", "acme.depth")])] == [LINES, USE]


@pytest.mark.parametrize(
    ("trigger", "up"),
    [
        (declined("acme.claim_rate"), False),
        (behind_peers("acme.claim_rate"), False),
        (at_least("acme.claim_rate", LINE), False),
        (at_most("acme.claim_rate", LINE), True),
        (crosses("rising"), False),
        (crosses("falling"), True),
        (crosses("dropped"), True),
    ],
)
def test_where_a_task_pushes(trigger: object, up: bool) -> None:
    rows: list[Line] = [
        Row("rising", "acme.claim_rate"),
        Row("falling", "acme.claim_rate", rises=False),
        Row("dropped", "acme.claim_rate", kind="drop"),
    ]
    template = task("acme.t", trigger=trigger)
    shelf = shelf_of([page_with(template)], rows)
    assert [*pushes(template, shelf)] == [Push("acme.claim_rate", up)]


@pytest.mark.parametrize(
    ("formula", "span"),
    [
        (measure("gmv"), (0, float("inf"))),
        (measure("gmv") / measure("orders"), (0, float("inf"))),
        (measure("gmv") / (measure("gmv") + measure("tax")), (0, 1)),
        (1 - measure("gmv") / (measure("gmv") + measure("tax")), (0, 1)),
        (100 * (measure("gmv") / (measure("tax") + measure("gmv"))), (0, 100)),
        (measure("gmv") - measure("refunds"), (float("-inf"), float("inf"))),
        (measure("gmv") / (measure("gmv") - measure("tax")), (float("-inf"), float("inf"))),
        (measure("gmv") / (2 + measure("orders")), (0, float("inf"))),
    ],
)
def test_between_which_values_a_metric_lies(formula: Formula, span: tuple[float, float]) -> None:
    assert span_of(metric(formula=formula), STANDARD_MEASURES) == Span(*span)


NODES = st.recursive(
    st.sampled_from([measure("gmv"), measure("tax"), measure("orders")]),
    lambda inner: st.builds(
        lambda op, a, b: {"+": a + b, "-": a - b, "*": a * b, "/": a / b}[op],
        st.sampled_from("+-*/"),
        inner,
        st.one_of(inner, st.integers(1, 9).map(float)),
    ),
    max_leaves=6,
)


@given(formula=NODES, values=st.lists(st.integers(0, 1000).map(float), min_size=3, max_size=3))
def test_no_value_lies_outside_its_span(formula: Formula, values: list[float]) -> None:
    import numpy as np

    given = dict(zip(("gmv", "tax", "orders"), values, strict=True))

    def lookup(ref: Ref) -> np.ndarray:
        return np.array([given[ref.key]])

    (value,) = evaluate(formula, lookup) if refs(formula) else [np.nan]
    low, high = span_of(metric(formula=formula, key="acme.rate"), STANDARD_MEASURES)
    assert np.isnan(value) or low - 1e-9 <= value <= high + 1e-9


# --- at load ------------------------------------------------------------------------------------


def test_an_error_rejects_the_plugin_of_another_vendor_at_load() -> None:
    registry = load_sources([source_of(page_with(metric(), HIGH, LOW))])
    assert not registry.plugins
    (problem,) = registry.rejected[0].problems
    assert problem.what.startswith('task acme.deepen: objective "acme.fewer_claims"')


def test_a_warning_rejects_nobody() -> None:
    page = page_with(metric(direction=Direction.HIGHER))
    assert [each.severity for each in told([page], [])] == [Severity.WARNING]
    assert not load_sources([source_of(page)]).rejected


def test_of_two_that_contradict_each_other_the_first_stays() -> None:
    second = other_vendor(msgspec.structs.replace(HIGH, key="bolt.up"))
    registry = load_sources([source_of(page_with(metric(), LOW)), source_of(second)])
    assert [*registry.plugins] == ["acme"]
    assert [each.plugin for each in registry.rejected] == ["bolt"]


def test_a_built_in_plugin_is_not_rejected_but_told() -> None:
    page = built_in(
        metric(key="depth"),
        task("ads.up", trigger=at_most("depth", own("low_line", 0.1)), objective="run_ads"),
        task("ads.down", trigger=at_least("depth", own("high_line", 0.5)), objective="run_ads"),
    )
    assert not load_sources([source_of(page, builtin=True)]).rejected
    assert [(each.severity, each.rule) for each in lint([page])] == [(Severity.ERROR, OPPOSED)]


def test_a_task_on_the_metric_of_a_plugin_that_is_switched_off_is_not_judged() -> None:
    leaning = other_vendor(
        task("bolt.t", trigger=behind_peers("acme.claim_rate"), objective="raise_rating"),
        metric(key="bolt.m", formula=measure("acme.claims") / measure("orders")),
        task("bolt.u", trigger=declined("bolt.m"), objective="raise_rating"),
    )
    assert told([leaning], []) == []


def test_a_page_with_a_derived_measure_keeps_its_other_comparisons() -> None:
    page = page_with(
        Measure(key="acme.odd", title="odd", unit=Unit.COUNT, derived_from=("orders",)),
        metric(formula=measure("acme.odd") / measure("orders"), channels=SHOP),
        task("acme.t", trigger=at_least("acme.depth", line("l", 0.5))),
    )
    module = module_of(page)

    @hookimpl
    def shopace_derive(view: object) -> dict[object, object]:
        return {}

    module.shopace_derive = shopace_derive  # type: ignore[attr-defined]
    source = source_of(page)._replace(load=lambda: module)
    assert not load_sources([source]).rejected


def test_the_shipped_plugins_do_not_contradict_each_other() -> None:
    registry = load_registry(BUILTIN, use_entry_points=False)
    assert lint(registry.plugins.values(), load_policy(POLICY_PACKS).lines) == []
