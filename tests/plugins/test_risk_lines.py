"""The shipped policy packs beside the shipped plugins: which line holds where, when and from where.

Boundary values in the engine are cases (`tests/cases`); here are regions and dates.
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.marketplace import DAYS, LAST_DAY, Seen, Series, Shop, build, diagnose

from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.core.pipeline.lines import with_line
from shopace.core.pipeline.run import Inputs
from shopace.core.records.card import Risk
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.memory import Memory, Recollection
from shopace.core.vocabulary.campaigns import Campaign
from shopace.core.vocabulary.triggers import Crosses
from shopace.core.vocabulary.units import Direction, Unit
from shopace.core.warehouse.policy import Policy, load_policy, policy_of, unfit
from shopace.plugins import BUILTIN, POLICY_PACKS

Recall = Callable[[Sequence[str]], Sequence[bytes | None]]

POINTS = {0: None, 11: None, 12: "points_12", 23: "points_12", 24: "points_24", 35: "points_24"}
POINTS |= {36: "points_36", 47: "points_36", 48: "points_48", 60: "points_48"}
RATING = {1000: None, 200: None, 199: "health_below_green", 151: "health_below_green"}
RATING |= {150: "health_150", 101: "health_150", 100: "health_100", 51: "health_100"}
RATING |= {50: "health_50", 1: "health_50", 0: "health_0", -5: "health_0"}
DROP = {20: None, 20.5: "health_drop_day", 21: "health_drop_day", -30: None}
CRITERION = {12: None, 13: "eligibility_points"}
BADGE = {11: None, 12: "star_badge_points"}
NEVER = dict.fromkeys((*POINTS, *RATING))
SCORE = {3.5: None, 3.49: "sps_3_5", 2.5: "sps_3_5", 2.49: "sps_2_5", 0: "sps_2_5"}
STANDING = [
    # ladder, region, date, value → line
    ("penalty_points", "BR", "2026-06-30", POINTS),
    ("penalty_points", "TH", "2026-06-30", POINTS),
    ("penalty_points", "", "2026-06-30", POINTS),
    ("penalty_points", "US", "2025-03-31", POINTS),
    ("penalty_points", "US", "2025-04-01", NEVER),
    ("penalty_points", "DE", "2025-06-30", POINTS),
    ("penalty_points", "DE", "2025-07-01", NEVER),
    ("penalty_points", "GB", "2025-09-30", POINTS),
    ("penalty_points", "GB", "2025-10-01", NEVER),
    ("penalty_points", "BR", "2022-12-31", NEVER),
    ("health_rating", "US", "2025-03-31", NEVER),
    ("health_rating", "US", "2025-04-01", RATING),
    ("health_rating", "FR", "2025-06-30", NEVER),
    ("health_rating", "FR", "2025-07-01", RATING),
    ("health_rating", "UK", "2025-09-30", NEVER),
    ("health_rating", "UK", "2025-10-01", RATING),
    ("health_rating", "BR", "2026-06-30", NEVER),
    ("health_rating", "SG", "2026-06-30", NEVER),
    ("health_drop_day", "US", "2025-03-31", dict.fromkeys(DROP)),
    ("health_drop_day", "US", "2025-04-01", DROP),
    ("health_drop_day", "IT", "2025-06-30", dict.fromkeys(DROP)),
    ("health_drop_day", "IT", "2025-07-01", DROP),
    ("health_drop_day", "GB", "2025-10-01", DROP),
    ("health_drop_day", "BR", "2026-06-30", dict.fromkeys(DROP)),
    ("eligibility_points", "BR", "2026-06-30", CRITERION),
    ("eligibility_points", "US", "2025-03-31", CRITERION),
    ("eligibility_points", "US", "2025-04-01", dict.fromkeys(CRITERION)),
    ("star_badge_points", "MY", "2026-06-30", BADGE),
    ("star_badge_points", "ES", "2025-06-30", BADGE),
    ("star_badge_points", "ES", "2025-07-01", dict.fromkeys(BADGE)),
    ("sps", "US", "2026-06-30", SCORE),
    ("sps", "VN", "2026-06-30", SCORE),
    ("star_badge_score", "GB", "2026-06-30", {4.5: None, 4.49: "star_badge_score"}),
    ("second_appeal", "US", "2026-06-30", {16: None, 15: "second_appeal", 0: "second_appeal"}),
    ("eligibility_active", "US", "2026-06-30", {1: None, 0: "eligibility_active"}),
]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(POLICY_PACKS)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(BUILTIN, use_entry_points=False)


@pytest.mark.parametrize(("ladder", "region", "date", "lines"), STANDING)
def test_the_highest_step_of_a_region_and_a_date_is_stood_on(
    policy: Policy, ladder: str, region: str, date: str, lines: dict[float, str | None]
) -> None:
    rows = [
        line
        for line in policy.lines_on(dt.date.fromisoformat(date), region)
        if line.ladder == ladder
    ]
    found: dict[float, str | None] = {}
    for value in lines:
        now, before = np.array([float(value)]), np.array([0.0])
        reached = [
            line.key
            for line in rows
            if (line.reached(-now, before) if line.kind == "drop" else line.reached(now))[0]
        ]
        found[value] = reached[-1] if reached else None
    assert found == lines


def test_every_line_that_makes_a_risk_monitor_has_a_task(
    registry: Registry, policy: Policy
) -> None:
    triggers = [each.trigger for each in registry.templates.values()]
    crossed = {trigger.line for trigger in triggers if isinstance(trigger, Crosses)}
    shown = {line.key for line in policy.lines if line.level != "low"}
    assert shown
    assert shown <= crossed
    assert crossed <= {line.key for line in policy.lines}


def test_every_line_can_be_judged(registry: Registry, policy: Policy) -> None:
    assert not unfit(policy, registry.metrics, registry.measures)


def test_criteria_never_make_a_risk_monitor(policy: Policy) -> None:
    sets = {"seller_center": 0, "star_badge": 0}
    for line in policy.criteria().values():
        assert line.level == "low"
        assert line.criterion is not None
        sets[line.criterion.of] += 1
    assert sets == {"seller_center": 7, "star_badge": 3}


def test_every_row_says_where_it_comes_from() -> None:
    marks = {"S2", "S3", "API", "3P", "default"}
    package, resource = POLICY_PACKS[0]
    content = json.loads(files(package).joinpath(resource).read_bytes())
    for row in content["lines"]:
        assert set(row["source"].split(", ")) <= marks
        assert row["note"]


def test_points_last_as_long_as_the_region_says(policy: Policy) -> None:
    days = {
        region: {
            line.points_end_after_days
            for line in policy.lines_on(LAST_DAY, region)
            if line.ladder == "penalty_points"
        }
        for region in ("BR", "TH", "PH", "US")
    }
    assert days == {"BR": {180}, "TH": {90}, "PH": {90}, "US": set()}


def test_every_number_of_a_risk_page_with_a_direction_is_compared_with_peers(
    registry: Registry,
) -> None:
    for key, metric in registry.metrics.items():
        if registry.plugins[registry.owner_of[key]].category in RISK_CATEGORIES:
            assert (key in registry.benchmarks) == (metric.direction is not Direction.NEITHER), key


def today(usual: float, now: float) -> Series:
    return [*([usual] * (DAYS - 1)), now]


RISK_CATEGORIES = ("policy_violations", "listing_risk", "shop_performance_score")
HEALTHY = {
    "gmv": 100.0,
    "campaign_gmv": 10.0,
    "orders": 10.0,
    "completed_orders": 10.0,
    "penalty_points": 0.0,
    "penalty_points_ending_30d": 0.0,
    "health_rating": 240.0,
    "fraud_violations": 0.0,
    "appealable_violations": 0.0,
    "on_probation": 0.0,
    "shop_active": 1.0,
    "sps": 4.6,
    "followers": 5000.0,
}
ONLY_RISK = {"penalty_points": 36.0, "gmv": np.nan, "orders": np.nan, "completed_orders": np.nan}
SHOPS: dict[str, tuple[str, Mapping[str, Series]]] = {
    "healthy": ("BR", {}),
    "points": ("BR", {"penalty_points": 26.0, "penalty_points_ending_30d": 4.0}),
    "appeal": (
        "BR",
        {"penalty_points": 12.0, "appealable_violations": 1.0, "appeal_days_left": 5.0},
    ),
    "suspended": ("BR", {"penalty_points": 48.0}),
    "only_risk": ("BR", ONLY_RISK | {"campaign_gmv": np.nan}),
    "low": ("BR", {"shop_active": 0.0, "followers": 940.0}),
    "rating": ("US", {"health_rating": 90.0, "penalty_points": 40.0}),
    "few_orders": ("US", {"completed_orders": 0.2, "sps": 2.0}),
    "unknown": ("US", dict.fromkeys(HEALTHY, np.nan) | {"gmv": 100.0}),
    "new": ("US", {"on_probation": 1.0}),
    "fallen": ("US", {"health_rating": today(172, 150), "sps": today(4.1, 3.4)}),
}


def market(folder: Path, registry: Registry, policy: Policy) -> Inputs:
    shops = [
        Shop(id=id_, region=region, facts={**HEALTHY, **facts})
        for id_, (region, facts) in SHOPS.items()
    ]
    return build(folder, shops, registry, policy=policy)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("risks")


@pytest.fixture(scope="module")
def inputs(home: Path, registry: Registry, policy: Policy) -> Inputs:
    return market(home, registry, policy)


@pytest.fixture(scope="module")
def seen(inputs: Inputs) -> dict[str, Seen]:
    return diagnose(inputs)


def risk(diagnosis: Diagnosis, line: str) -> Risk:
    (found,) = (card.risk for card in diagnosis.cards if card.risk and card.risk.line == line)
    return found


def test_a_card_says_rule_loss_stake_next_step_and_what_ends(seen: dict[str, Seen]) -> None:
    told = risk(seen["points"].diagnosis, "points_24")
    assert str(told.rule) == "The shop has 24 penalty points or more."
    assert told.source == "S2"
    assert str(told.loses).startswith("14 days without major campaigns")
    assert told.gmv_30d_at_stake == 300
    assert (told.next_line, told.next_value, told.distance) == ("points_36", 36, 10)
    assert str(told.next_loses).startswith("28 days without major campaigns")
    assert told.ending_30d == 4
    assert told.act_by is None


def test_a_shop_on_the_last_step_has_no_next_one(seen: dict[str, Seen]) -> None:
    told = risk(seen["suspended"].diagnosis, "points_48")
    assert (told.next_line, told.next_loses, told.distance, told.until_date) == (None,) * 4
    assert told.gmv_30d_at_stake == 3000


def test_what_can_be_appealed_is_to_be_acted_on_by_the_last_day(seen: dict[str, Seen]) -> None:
    for line in ("points_12", "appeal_ending"):
        assert risk(seen["appeal"].diagnosis, line).act_by == LAST_DAY + dt.timedelta(5)


def test_a_share_is_told_in_per_cent(registry: Registry, policy: Policy, tmp_path: Path) -> None:
    facts = HEALTHY | {
        "suspended_listings": 4.0,
        "deactivated_listings": 0.0,
        "all_listings": 100.0,
    }
    made = build(tmp_path, [Shop(id="a", facts=facts)], registry, policy=policy)
    told = risk(diagnose(made)["a"].diagnosis, "removed_some")
    assert (
        str(told.rule) == "The platform has suspended or deactivated 3 % of all listings or more."
    )


def remembering(lines: dict[str, dt.date]) -> Recall:
    earlier = Recollection(as_of=LAST_DAY - dt.timedelta(1), lines=lines)
    memory = msgspec.json.encode(Memory(earlier))
    return lambda shops: [memory for _ in shops]


def test_without_memory_a_line_is_stood_on_since_today_or_earlier(seen: dict[str, Seen]) -> None:
    told = risk(seen["points"].diagnosis, "points_24")
    assert (told.from_date, told.until_date) == (LAST_DAY, LAST_DAY + dt.timedelta(13))


def test_a_line_is_stood_on_since_it_was_first_found(inputs: Inputs) -> None:
    first = LAST_DAY - dt.timedelta(20)
    found = diagnose(inputs, recall=remembering({"points_24": first, "points_12": first}))
    told = risk(found["points"].diagnosis, "points_24")
    assert (told.from_date, told.until_date) == (first, first + dt.timedelta(13))
    assert risk(found["suspended"].diagnosis, "points_48").from_date == LAST_DAY
    memory = msgspec.json.decode(found["points"].document.memory, type=Memory)
    assert memory.latest.lines == {"points_24": first, "eligibility_points": LAST_DAY}


def test_a_limit_that_is_over_takes_nothing_any_more_though_the_points_remain(
    home: Path, registry: Registry, policy: Policy
) -> None:
    sale = LAST_DAY + dt.timedelta(1)
    ahead = dataclasses.replace(
        registry, campaigns=(Campaign(name="Sale", starts_on=sale, ends_on=sale),)
    )
    inputs = market(home, ahead, policy)

    def since(days: int) -> Diagnosis:
        first = LAST_DAY - dt.timedelta(days)
        return diagnose(inputs, recall=remembering({"points_24": first}))["points"].diagnosis

    last_day, over = since(13), since(14)
    assert risk(last_day, "points_24").until_date == LAST_DAY
    told = risk(last_day, "points_24")
    assert (told.level, told.gmv_30d_at_stake) == ("high", 300)
    assert last_day.risk_monitor is not None
    told = risk(over, "points_24")
    assert (told.level, told.gmv_30d_at_stake, told.next_line) == ("low", None, "points_36")
    assert over.risk_monitor is None
    (card,) = (card for card in over.cards if card.risk is told or card.risk == told)
    assert card.severity == 1
    assert [each.campaigns[0].blocked_by for each in (since(12), last_day, over)] == [
        (card.id,),
        (),
        (),
    ]


def test_a_limit_never_gives_way_to_the_fall_that_led_to_it(seen: dict[str, Seen]) -> None:
    found = seen["fallen"]
    shown = {card.risk.line: card.id for card in found.diagnosis.cards if card.risk is not None}
    assert {"health_150", "sps_3_5"} <= shown.keys()
    assert not {"health_drop_day", "sps_drop_day"} & shown.keys()
    withheld = {each.template: each.kept for each in found.diagnosis.withheld}
    assert withheld["policy_violations.explain_drop_since_yesterday"] == shown["health_150"]
    assert risk(found.diagnosis, "health_150").gmv_30d_at_stake == 300


def test_the_monitor_and_memory_hold_every_line_whichever_card_tells_it(
    seen: dict[str, Seen],
) -> None:
    found = seen["fallen"]
    monitor = found.diagnosis.risk_monitor
    assert monitor is not None
    assert str(monitor.sentence).startswith("2 risks need action")
    assert len(monitor.cards) == 2
    memory = msgspec.json.decode(found.document.memory, type=Memory)
    lines = {"health_150", "sps_3_5", "eligibility_sps"}
    lines |= {f"{score}_drop_{span}" for score in ("health", "sps") for span in ("day", "week")}
    assert memory.latest.lines == dict.fromkeys(lines, LAST_DAY)


def test_a_card_holds_no_longer_than_its_deadline(seen: dict[str, Seen]) -> None:
    for card in seen["appeal"].diagnosis.cards:
        if card.risk is not None and card.risk.act_by is not None:
            assert card.valid_until <= card.risk.act_by == LAST_DAY + dt.timedelta(5)


def test_without_a_medium_or_high_risk_there_is_no_monitor(seen: dict[str, Seen]) -> None:
    assert seen["healthy"].diagnosis.risk_monitor is None
    low = seen["low"].diagnosis
    assert [card.risk.level for card in low.cards if card.risk is not None] == ["low"]
    assert low.risk_monitor is None
    assert seen["few_orders"].diagnosis.risk_monitor is None


def test_without_operational_data_there_is_no_monitor(seen: dict[str, Seen]) -> None:
    blind = seen["only_risk"].diagnosis
    assert risk(blind, "points_36").level == "high"
    assert blind.risk_monitor is None
    assert seen["suspended"].diagnosis.risk_monitor is not None


def criteria(diagnosis: Diagnosis) -> dict[str, tuple[str, float | None, float | None]]:
    assert diagnosis.eligibility is not None
    return {
        each.key.removeprefix("eligibility_"): (each.outcome, each.value, each.distance)
        for each in diagnosis.eligibility.criteria
    }


def test_a_shop_meets_all_seven_criteria(seen: dict[str, Seen]) -> None:
    found = seen["healthy"].diagnosis.eligibility
    assert found is not None
    assert (found.outcome, found.next_check) == ("met", None)
    assert criteria(seen["healthy"].diagnosis) == {
        "active": ("met", 1, 0),
        "followers": ("met", 5000, 0),
        "fraud": ("met", 0, 0),
        "orders": ("met", 300, 0),
        "points": ("met", 0, 0),
        "probation": ("met", 0, 0),
        "sps": ("met", 4.6, 0),
    }
    stands = {each.key: each.at for each in found.criteria}
    assert stands["eligibility_followers"] == "least"
    assert stands["eligibility_points"] == "most"


def test_a_criterion_not_met_says_how_far_it_is(seen: dict[str, Seen]) -> None:
    found = criteria(seen["low"].diagnosis)
    assert found["followers"] == ("not_met", 940, 60)
    assert found["active"] == ("not_met", 0, 1)
    assert criteria(seen["points"].diagnosis)["points"] == ("not_met", 26, 14)
    assert criteria(seen["new"].diagnosis)["probation"] == ("not_met", 1, 1)
    low = seen["low"].diagnosis.eligibility
    assert low is not None
    assert low.outcome == "not_met"


def test_a_criterion_about_points_does_not_apply_where_there_are_none(
    seen: dict[str, Seen],
) -> None:
    found = seen["rating"].diagnosis
    assert criteria(found)["points"] == ("not_applicable", None, None)
    assert found.eligibility is not None
    assert found.eligibility.outcome == "met"
    assert found.star_badge is not None
    assert [each.outcome for each in found.star_badge.criteria if "points" in each.key] == [
        "not_applicable"
    ]


def test_below_thirty_orders_the_score_does_not_apply_which_is_not_low(
    seen: dict[str, Seen],
) -> None:
    found = seen["few_orders"].diagnosis
    assert criteria(found)["sps"][0] == "not_applicable"
    assert criteria(found)["orders"] == ("not_met", 6, 94)


def test_a_criterion_is_met_on_known_numbers_only(seen: dict[str, Seen]) -> None:
    unknown = seen["unknown"].diagnosis
    assert (unknown.eligibility, unknown.star_badge) == (None, None)


def test_a_criterion_on_too_small_a_sample_is_neither_met_nor_missed(
    registry: Registry, policy: Policy, tmp_path: Path
) -> None:
    row = next(line for line in policy.lines if line.key == "eligibility_active")
    row = msgspec.structs.replace(row, metric="late_dispatch_rate", at="above", value=0.04)
    shops = [
        Shop(id=name, facts={**HEALTHY, "late_dispatched_orders": 0.0, "dispatch_due_orders": due})
        for name, due in (("few", 2.0), ("enough", 20.0))
    ]
    found = diagnose(build(tmp_path, shops, registry, policy=policy_of([row])))
    assert found["few"].diagnosis.eligibility is None
    assert criteria(found["enough"].diagnosis)["active"] == ("met", 0, 0)


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (2_500_000, Unit.MONEY, "2,500,000"),
        (1_234.5, Unit.COUNT, "1,234.5"),
        (12, Unit.POINTS, "12"),
        (4.75, Unit.SCORE, "4.75"),
        (4, Unit.SCORE, "4.0"),
        (0.07, Unit.RATIO, "7 %"),
        (0.0225, Unit.RATIO, "2.25 %"),
    ],
)
def test_a_rule_says_its_line_with_all_of_its_digits(
    policy: Policy, value: float, unit: Unit, told: str
) -> None:
    line = msgspec.structs.replace(policy.lines[0], value=float(value))
    assert str(with_line("{line} or more", line, unit)) == f"{told} or more"


def test_the_next_monthly_check_is_the_day_to_act_by(home: Path, policy: Policy) -> None:
    def checked(day: float) -> Diagnosis:
        configured = Configuration(parameters={"core.eligibility_check_day": day})
        registry = load_registry(BUILTIN, use_entry_points=False, configuration=configured)
        return diagnose(market(home, registry, policy))["low"].diagnosis

    for day, date in ((5, dt.date(2026, 7, 5)), (30, dt.date(2026, 7, 30)), (31, None)):
        found = checked(day)
        assert found.eligibility is not None
        expected = date or dt.date(2026, 7, 31)
        assert found.eligibility.next_check == expected
        assert risk(found, "eligibility_active").act_by == expected


def test_the_star_badge_is_told_and_makes_no_card(seen: dict[str, Seen]) -> None:
    badge = seen["healthy"].diagnosis.star_badge
    assert badge is not None
    assert badge.outcome == "met"
    new = seen["new"].diagnosis
    assert new.star_badge is not None
    assert new.star_badge.outcome == "not_met"
    assert not new.cards


def test_the_last_steps_of_a_ladder_close_campaigns_like_those_before(
    home: Path, policy: Policy
) -> None:
    campaign = Campaign(
        name="Sale",
        starts_on=LAST_DAY + dt.timedelta(9),
        ends_on=LAST_DAY + dt.timedelta(10),
    )
    configured = Configuration(campaigns=(campaign,))
    registry = load_registry(BUILTIN, use_entry_points=False, configuration=configured)
    found = diagnose(market(home, registry, policy))
    blocked = {
        shop: bool(found[shop].diagnosis.campaigns[0].blocked_by)
        for shop in ("healthy", "points", "suspended", "rating", "low")
    }
    assert blocked == {
        "healthy": False,
        "points": True,
        "suspended": True,
        "rating": True,
        "low": False,
    }


def test_risk_pages_speak_of_peers_without_alarm(registry: Registry) -> None:
    for key, template in registry.templates.items():
        page = registry.plugins[registry.owner_of[key]]
        if page.category in RISK_CATEGORIES and not isinstance(template.trigger, Crosses):
            words = f"{template.title} {template.why} {template.benefit}".lower()
            alarming = [each for each in ("suspen", "limit", "deactivation") if each in words]
            known = {"check_before_listing"}  # names what was suspended, and threatens nothing
            assert not alarming or key.partition(".")[2] in known, key
