"""A shop against its own past, the market and policy lines: what is an issue, and what is none."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.marketplace import LAST_DAY, Seen, Shop, build, diagnose, seen
from tests.pages import source_of

from shopace.core import (
    Action,
    Benchmark,
    Direction,
    Metric,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    declined,
    measure,
)
from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_registry, load_sources
from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import diagnose_shop
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS

MISSING = float("nan")
VISITS, LATE = ("acme.visits", "shop"), ("acme.late", "shop")
FLOOR, NOISE, NOISE_OPEN, PEERS = 0.15, 3.0, 2.0, 5


def registry() -> Registry:
    def metric(key: str, **fields: object) -> Metric:
        return Metric(key=key, title="A metric", definition="A number.", is_key=True, **fields)  # type: ignore[arg-type]

    def task(metric: str) -> TaskTemplate:
        return TaskTemplate(
            key=f"acme.recover_{metric.partition('.')[2]}",
            title="Recover",
            why="It fell.",
            steps=("Look.",),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_impressions" if metric == "acme.visits" else "ship_on_time",
            trigger=declined(metric),
            action=Action(label="Look", target="/look"),
        )

    page = Plugin(
        key="acme",
        category="supply_scale",
        version="1",
        title="Acme",
        question="?",
        declares=(
            metric(
                "acme.visits",
                formula=measure("visitors"),
                unit=Unit.COUNT,
                direction=Direction.HIGHER,
                min_sample=100,
            ),
            metric(
                "acme.late",
                formula=measure("late_dispatched_orders") / measure("dispatch_due_orders"),
                unit=Unit.RATIO,
                direction=Direction.LOWER,
                min_sample=20,
            ),
            task("acme.visits"),
            task("acme.late"),
        ),
    )
    values = {
        "core.aa_floor": FLOOR,
        "core.aa_noise": NOISE,
        "core.aa_noise_open": NOISE_OPEN,
        "core.ab_peers": PEERS,
    }
    found = load_sources([source_of(page)], Configuration(parameters=values))
    assert not found.rejected
    return found


REGISTRY = registry()


def weeks(*daily: float) -> NDArray[np.float64]:
    """Seven days of each; the last one is the current week."""
    return np.repeat(np.array(daily, dtype=float), 7)


def then(usual: float, now: float, earlier: int = 13) -> NDArray[np.float64]:
    return weeks(*[usual] * earlier, now)


def holes(series: NDArray[np.float64], *days_ago: int) -> NDArray[np.float64]:
    series[[-1 - ago for ago in days_ago]] = MISSING
    return series


def visits(shop: str, series: Sequence[float] | NDArray[np.float64], **profile: object) -> Shop:
    return Shop(id=shop, facts={"visitors": series}, **profile)  # type: ignore[arg-type]


def parcels(shop: str, late: NDArray[np.float64], due: NDArray[np.float64] | float) -> Shop:
    facts = {"late_dispatched_orders": late, "dispatch_due_orders": due}
    return Shop(id=shop, facts=facts, industry="parcels")


NOISY = weeks(*(1000, 1500) * 6, 1500, 1000)
WORLD = [
    # A calm market, in which shops change by themselves.
    *(visits(f"calm{i:02}", then(1000 + i, 1000 + i)) for i in range(20)),
    visits("fell", then(1000, 500)),
    visits("fell_a_little", then(1000, 870)),
    visits("fell_enough", then(1000, 850)),
    visits("rose", then(1000, 2000)),
    visits("noisy", NOISY),
    visits("fell_as_the_noisy_one", then(1500, 1000)),
    visits("few", then(10, 5)),
    visits("fell_to_nothing", then(30, 0)),
    visits("sold_out_of_few", then(14, 0)),
    visits("hole_now", holes(then(1000, 500), 3)),
    visits("hole_before", holes(then(1000, 500), 9)),
    visits("hole_long_ago", holes(then(1000, 500), 60)),
    visits("four_weeks_before", then(1000, 500, earlier=4)),
    visits("five_weeks_before", then(1000, 500, earlier=5)),
    visits("opened_13_days_ago", then(1000, 500), opened_on=LAST_DAY - dt.timedelta(13)),
    visits("opened_12_days_ago", then(1000, 500), opened_on=LAST_DAY - dt.timedelta(12)),
    visits("opened_nobody_knows_when", then(1000, 500), opened_on=None),
    # A market that sinks by 40 %, one that rises by half, and one too small to be one.
    *(visits(f"toys{i:02}", then(1000, 600), industry="toys") for i in range(12)),
    visits("sank_with_it", then(3000, 1700), industry="toys"),
    visits("sank_deeper", then(1000, 150), industry="toys"),
    visits("held_out", then(1000, 1000), industry="toys"),
    *(visits(f"books{i:02}", then(1000, 1500), industry="books") for i in range(12)),
    visits("left_behind", then(1000, 1000), industry="books"),
    visits("fell_while_all_rose", then(1000, 800), industry="books"),
    *(visits(f"few{i}", then(1000, 600), industry="few", region="GB") for i in range(PEERS)),
    # Parcels sent late: the lower the better.
    *(parcels(f"punctual{i:02}", then(1, 1), 20) for i in range(8)),
    parcels("slowed", then(1, 6), 20),
    parcels("sped_up", then(6, 1), 20),
    parcels("little_due_now", then(0.5, 1), then(20, 2)),
    parcels("little_due_before", then(0.5, 6), weeks(*[20] * 12, 2, 20)),
    parcels("nothing_due", then(1, 0), then(20, 0)),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    return diagnose(build(tmp_path_factory.mktemp("world"), WORLD, REGISTRY))


@pytest.mark.parametrize(
    ("shop", "outcome"),
    [
        ("calm00", "ok"),
        ("fell", "issue"),
        ("fell_a_little", "ok"),
        ("fell_enough", "issue"),
        ("rose", "ok"),
        ("noisy", "ok"),
        ("fell_as_the_noisy_one", "issue"),
        ("few", "not_applicable"),
        ("fell_to_nothing", "issue"),
        ("sold_out_of_few", "not_applicable"),
        ("hole_now", "no_data"),
        ("hole_before", "no_data"),
        ("hole_long_ago", "issue"),
        ("four_weeks_before", "no_data"),
        ("five_weeks_before", "issue"),
        ("opened_13_days_ago", "issue"),
        ("opened_12_days_ago", "not_applicable"),
        ("opened_nobody_knows_when", "issue"),
        ("sank_with_it", "ok"),
        ("sank_deeper", "issue"),
        ("held_out", "ok"),
        ("left_behind", "ok"),
        ("fell_while_all_rose", "issue"),
        ("few0", "issue"),
    ],
)
def test_a_fall_is_an_issue_when_it_stands_out_from_noise_and_market(
    world: dict[str, Seen], shop: str, outcome: str
) -> None:
    assert world[shop].aa[VISITS] == outcome
    assert ("acme.recover_visits@shop" in world[shop].cards) == (outcome == "issue")


@pytest.mark.parametrize(
    ("shop", "outcome"),
    [
        ("punctual00", "ok"),
        ("slowed", "issue"),
        ("sped_up", "ok"),
        ("little_due_now", "not_applicable"),
        ("little_due_before", "not_applicable"),
        ("nothing_due", "no_data"),
        ("fell", "no_data"),
    ],
)
def test_a_rate_is_judged_on_enough_cases_in_both_weeks(
    world: dict[str, Seen], shop: str, outcome: str
) -> None:
    assert world[shop].aa[LATE] == outcome


def test_what_is_missing_is_never_healthy(world: dict[str, Seen]) -> None:
    unknown = [
        (each.aa[at], each.ab[at])
        for each in world.values()
        for at, value in each.values.items()
        if value is None
    ]
    assert len(unknown) > 50
    assert {aa for aa, _ in unknown} == {"no_data"}
    assert not {ab for _, ab in unknown} & {"ok", "issue"}


def test_an_improvement_is_told_where_the_market_did_not_make_it(tmp_path: Path) -> None:
    shops = [visits(f"calm{i}", then(1000, 1000)) for i in range(8)]
    shops += [visits(f"books{i}", then(1000, 1500), industry="books") for i in range(8)]
    page = REGISTRY.plugins["acme"]
    compared = Plugin(
        **{field: getattr(page, field) for field in page.__struct_fields__ if field != "declares"},
        declares=(*page.declares, Benchmark(metric="acme.visits")),
    )
    values: dict[str, float] = {"core.ab_peers": PEERS}
    registry = load_sources([source_of(compared)], Configuration(parameters=values))
    shops.append(visits("rose", then(1000, 1500)))
    sells = [replace(shop, facts={**shop.facts, "gmv": 10, "orders": 1}) for shop in shops]
    found = diagnose(build(tmp_path, sells, registry))
    improved = {key: [n.metric for n in at.diagnosis.improved] for key, at in found.items()}
    assert improved.pop("rose") == ["acme.visits"]
    assert not any(improved.values())


def test_a_card_tells_the_change_and_what_the_market_did(world: dict[str, Seen]) -> None:
    (card,) = world["sank_deeper"].diagnosis.cards
    evidence = card.evidence
    assert (evidence.comparison, evidence.window, card.priority) == ("previous", "L7D", "P1")
    assert (evidence.value, evidence.previous, evidence.change) == (1050, 7000, -0.85)
    assert evidence.market_change == -0.5
    assert card.severity == 3


# --- hysteresis -------------------------------------------------------------------------------


def test_a_finding_stays_open_on_a_lower_line_than_it_opened_on(tmp_path: Path) -> None:
    """Usual weeks differ by a tenth; this one is worth twice that noise, but not three times."""
    usual = weeks(*(1100, 1000) * 7)
    shops = [
        visits("was_open", [*usual, *[500] * 6, 1915]),
        visits("never_was", [*usual, *[800] * 6, 115]),
        *(visits(f"calm{i}", then(1000, 1000)) for i in range(8)),
    ]
    yesterday = diagnose(build(tmp_path, shops, REGISTRY, as_of=LAST_DAY - dt.timedelta(1)))
    assert {key: yesterday[key].aa[VISITS] for key in ("was_open", "never_was")} == {
        "was_open": "issue",
        "never_was": "ok",
    }
    today = build(tmp_path, shops, REGISTRY)
    memory = {key: each.document.memory for key, each in yesterday.items()}

    def recall(shops: Sequence[str]) -> list[bytes | None]:
        return [memory.get(shop) for shop in shops]

    forgotten = diagnose(today)
    assert forgotten["was_open"].values[VISITS] == forgotten["never_was"].values[VISITS]
    assert forgotten["was_open"].aa[VISITS] == "ok"
    remembered = diagnose(today, recall=recall)
    assert remembered["was_open"].aa[VISITS] == "issue"
    assert remembered["never_was"].aa[VISITS] == "ok"
    (card,) = remembered["was_open"].diagnosis.cards
    assert card.since == LAST_DAY - dt.timedelta(1)


# --- policy lines -----------------------------------------------------------------------------

STANDING = [
    *(("BR", "penalty_points", points) for points in (11, 12, 23, 24, 36, 47, 48, 90)),
    *((region, "health_rating", 140) for region in ("US", "GB", "DE", "BR")),
    *(("US", "health_rating", rating) for rating in (200, 199, 151, 150, 100, 51, 50, 1, 0)),
    ("US", "penalty_points", 36),
    ("BR", "penalty_points", MISSING),
]
STEP = {
    "penalty_points": ((48, "appeal_suspension"), (36, 36), (24, 24), (12, 12)),
    "health_rating": (
        (0, "appeal_deactivation"),
        (50, "recover_from_50"),
        (100, "recover_from_100"),
        (150, "recover_from_150"),
        (199, "return_to_green"),
    ),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Shops of several regions in one batch, known by region and standing."""
    shops = [
        Shop(id=f"{region}-{fact}-{value}", region=region, facts={fact: value, "visitors": 1})
        for region, fact, value in STANDING
    ]
    inputs = build(
        tmp_path_factory.mktemp("judged"),
        shops,
        load_registry(BUILTIN, use_entry_points=False),
        policy=load_policy(POLICY_PACKS),
    )
    found = diagnose(inputs)
    for shop, together in found.items():
        alone = seen(inputs, diagnose_shop(inputs, shop))
        assert alone.document == together.document, "who else is in the batch does not matter"
    return found


@pytest.mark.parametrize(("region", "fact", "value"), STANDING)
def test_of_a_ladder_the_highest_step_reached_is_told_alone(
    judged: dict[str, Seen], region: str, fact: str, value: float
) -> None:
    ladders = {"US": "health_rating", "GB": "health_rating", "DE": "health_rating"}
    holds = ladders.get(region, "penalty_points") == fact
    reached = [
        f"stop_at_{task}_points" if isinstance(task, int) else task
        for line, task in STEP[fact]
        if (value >= line if fact == "penalty_points" else value <= line)
    ]
    cards = [
        each.template.partition(".")[2]
        for each in judged[f"{region}-{fact}-{value}"].diagnosis.cards
        if each.template.startswith("policy_violations.")
    ]
    assert cards == (reached[:1] if holds else [])


def test_a_monitor_is_shown_from_a_medium_risk_on(judged: dict[str, Seen]) -> None:
    level = {
        shop: monitor.level if (monitor := each.diagnosis.risk_monitor) is not None else None
        for shop, each in judged.items()
    }
    assert level["BR-penalty_points-11"] is None
    assert level["BR-penalty_points-12"] == "medium"
    assert level["BR-penalty_points-24"] == "high"
    assert level["US-health_rating-199"] is None
    assert level["US-health_rating-150"] == "medium"
    assert level["BR-penalty_points-nan"] is None


def test_a_step_names_the_next_one_and_how_far_it_is(judged: dict[str, Seen]) -> None:
    cards = judged["BR-penalty_points-23"].diagnosis.cards
    risk = next(card.risk for card in cards if card.evidence.line == 12)
    assert risk is not None
    assert (risk.line, risk.next_line, risk.next_value, risk.distance) == (
        "points_12",
        "points_24",
        24,
        1,
    )
    (last,) = judged["US-health_rating-0"].diagnosis.cards
    assert last.risk is not None
    assert (last.risk.next_line, last.risk.distance) == (None, None)
