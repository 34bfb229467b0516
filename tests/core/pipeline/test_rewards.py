"""Which programme rewards a task for a shop, and that a reward moves nothing between bands."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.marketplace import LAST_DAY, Shop, build
from tests.pages import source_of

from shopace.core import (
    Action,
    Direction,
    Metric,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    measure,
)
from shopace.core.host.discovery import load_sources
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.card import Reward
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.text import Text
from shopace.core.vocabulary.incentives import Programme, RewardKind
from shopace.core.warehouse.programmes import programmes_of

DAY = dt.timedelta(1)
ONE = Parameter(key="acme.one", default=1, unit=Unit.COUNT, title="Worth a task")


def task(name: str, **fields: Any) -> TaskTemplate:
    return TaskTemplate(
        **{
            "key": f"acme.{name}",
            "title": "Do it",
            "why": "It helps.",
            "steps": ("Do it.",),
            "type": TaskType.CHALLENGE,
            "objective": "run_ads",
            "trigger": at_least("acme.sold", ONE),
            "action": Action(label="Do", target="/do"),
            **fields,
        }
    )


SOLD = Metric(
    key="acme.sold",
    title="Orders",
    definition="Orders.",
    formula=measure("orders"),
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
)
TASKS = (
    task("advertise"),
    task("restock", objective="restock", type=TaskType.METRIC_CATCH_UP),
)
SHOPS = (
    Shop(id="us", facts={"orders": 9, "gmv": 600}),
    Shop(id="us_toys", facts={"orders": 9, "gmv": 600}, industry="toys"),
    Shop(id="us_new", facts={"orders": 9, "gmv": 3}),
    Shop(id="us_unknown", facts={"orders": 9}, industry=""),
    Shop(id="gb", facts={"orders": 9, "gmv": 600}, region="GB"),
    Shop(id="sg", facts={"orders": 9, "gmv": 600}, region="SG", currency="SGD"),
)
IN_USD = {"us", "us_toys", "us_new", "us_unknown", "gb"}

Offered = dict[str, dict[str, Reward | None]]
Offer = Callable[..., Offered]


def programme(key: str = "credit", **fields: Any) -> Programme:
    return Programme(
        **{
            "key": key,
            "title": "Credit",
            "reward": RewardKind.ADS_CREDIT,
            "amount": 50.0,
            "currency": "USD",
            "starts_on": LAST_DAY - 9 * DAY,
            "ends_on": LAST_DAY + 9 * DAY,
            "budget": 5000.0,
            **fields,
        }
    )


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    page = Plugin(
        key="acme",
        category="ads",
        version="1",
        title="Acme",
        question="?",
        declares=(SOLD, *TASKS),
    )
    registry = load_sources([source_of(page)])
    assert not registry.rejected
    return build(tmp_path_factory.mktemp("rewards"), SHOPS, registry)


def diagnoses(inputs: Inputs, *programmes: Programme) -> dict[str, Diagnosis]:
    offered = Inputs(
        inputs.registry,
        inputs.snapshot,
        inputs.benchmarks,
        inputs.policy,
        programmes_of(programmes),
    )
    return {
        each.shop: msgspec.json.decode(each.body, type=Diagnosis)
        for part in diagnose_block(offered, 0)
        for each in part
    }


@pytest.fixture
def rewards(inputs: Inputs) -> Offer:
    """Shop → task → reward on its card, with these programmes."""

    def of(*programmes: Programme) -> Offered:
        return {
            shop: {card.template.removeprefix("acme."): card.incentive for card in each.cards}
            for shop, each in diagnoses(inputs, *programmes).items()
        }

    return of


def keys(found: Offered) -> dict[str, set[str]]:
    """Shop → the tasks that are rewarded; shops without a reward are left out."""
    told = {shop: {name for name, each in of.items() if each} for shop, of in found.items()}
    return {shop: names for shop, names in told.items() if names}


def test_a_card_says_what_is_paid_by_whom_and_until_when(rewards: Offer) -> None:
    assert rewards(programme(valid_days=30))["us"]["advertise"] == Reward(
        reward="ads_credit",
        amount=50.0,
        currency="USD",
        valid_until=LAST_DAY + 9 * DAY,
        valid_days=30,
        programme="credit",
        title=Text("Credit"),
    )


def test_without_programmes_there_is_no_reward_and_no_id(inputs: Inputs) -> None:
    for each in diagnoses(inputs).values():
        assert not any(card.incentive for card in each.cards)
        assert each.freshness.incentives == ""


def test_the_diagnosis_names_the_set_that_it_was_made_with(inputs: Inputs) -> None:
    found = diagnoses(inputs, programme(ends_on=LAST_DAY - DAY))
    assert {each.freshness.incentives for each in found.values()} == {
        programmes_of([programme(ends_on=LAST_DAY - DAY)]).id
    }


@pytest.mark.parametrize(
    ("starts", "ends", "offered"),
    [(0, 0, True), (-9, 0, True), (0, 9, True), (1, 9, False), (-9, -1, False), (1, 1, False)],
)
def test_the_first_and_the_last_day_belong_to_a_programme(
    rewards: Offer, starts: int, ends: int, offered: bool
) -> None:
    lasting = programme(starts_on=LAST_DAY + starts * DAY, ends_on=LAST_DAY + ends * DAY)
    assert bool(keys(rewards(lasting))) is offered


@pytest.mark.parametrize(("spent", "offered"), [(0, True), (4950, True), (4950.01, False)])
def test_a_programme_is_offered_while_one_more_reward_fits(
    rewards: Offer, spent: float, offered: bool
) -> None:
    assert bool(keys(rewards(programme(spent=spent)))) is offered


BOTH = {"advertise", "restock"}
MATRIX: list[tuple[dict[str, Any], set[str], set[str]]] = [
    ({}, IN_USD, BOTH),
    ({"currency": "SGD"}, {"sg"}, BOTH),
    ({"currency": "EUR"}, set(), set()),
    ({"regions": ("US",)}, IN_USD - {"gb"}, BOTH),
    ({"regions": ("GB", "SG")}, {"gb"}, BOTH),
    ({"tiers": (2,)}, {"us", "us_toys", "gb"}, BOTH),
    ({"tiers": (1, 5)}, {"us_new"}, BOTH),
    ({"tiers": (0, 1, 2, 3, 4, 5)}, IN_USD - {"us_unknown"}, BOTH),
    ({"tiers": (1,), "currency": "SGD"}, set(), set()),
    ({"industries": ("toys",)}, {"us_toys"}, BOTH),
    ({"industries": ("toys", "beauty")}, IN_USD - {"us_unknown"}, BOTH),
    ({"categories": ("ads", "campaigns")}, IN_USD, BOTH),
    ({"categories": ("campaigns",)}, set(), set()),
    ({"tasks": ("acme.advertise", "gone.task")}, IN_USD, {"advertise"}),
    ({"types": (TaskType.METRIC_CATCH_UP,)}, IN_USD, {"restock"}),
    ({"types": (TaskType.METRIC_CATCH_UP,), "tasks": ("acme.advertise",)}, set(), set()),
    ({"regions": ("US",), "tiers": (2,), "industries": ("beauty",)}, {"us"}, BOTH),
]


@pytest.mark.parametrize(("fields", "shops", "tasks"), MATRIX)
def test_all_restrictions_must_hold_on_known_facts(
    rewards: Offer, fields: dict[str, Any], shops: set[str], tasks: set[str]
) -> None:
    assert keys(rewards(programme(**fields))) == dict.fromkeys(shops, tasks)


def test_of_several_the_highest_pays_then_the_one_that_ends_first_then_the_key(
    rewards: Offer,
) -> None:
    sooner = LAST_DAY + DAY

    def best(*programmes: Programme) -> str:
        reward = rewards(*programmes)["us"]["advertise"]
        assert reward is not None
        return reward.programme

    assert best(programme("a", ends_on=sooner), programme("b", amount=51.0)) == "b"
    assert best(programme("a"), programme("b", ends_on=sooner)) == "b"
    assert best(programme("b"), programme("a")) == "a"
    over = programme("b", amount=99.0, spent=5000.0)
    assert best(programme("a"), over) == "a", "what is not offered stands in nobody's way"
    abroad = programme("b", amount=99.0, currency="SGD")
    assert best(programme("a"), abroad) == "a", "amounts of two currencies are not compared"


def some(*words: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.lists(st.sampled_from(words), max_size=2).map(tuple)


@given(
    programmes=st.lists(
        st.builds(
            programme,
            st.sampled_from("abcdefgh"),
            amount=st.sampled_from((1.0, 50.0, 5000.0)),
            currency=st.sampled_from(("USD", "SGD")),
            regions=some("US", "GB", "SG"),
            tiers=some(0, 1, 2),
            tasks=some("acme.advertise", "acme.restock"),
            ends_on=st.sampled_from((LAST_DAY - DAY, LAST_DAY)),
        ),
        unique_by=lambda each: each.key,
    )
)
def test_whatever_is_offered_the_cards_are_the_same_and_bands_stay_in_order(
    inputs: Inputs, programmes: list[Programme]
) -> None:
    plain, offered = diagnoses(inputs), diagnoses(inputs, *programmes)
    for shop, each in offered.items():
        assert {card.id for card in each.cards} == {card.id for card in plain[shop].cards}
        bands = [card.priority for card in each.cards]
        assert bands == sorted(bands)
        merits = [(card.priority, -card.severity, card.valid_until) for card in each.cards]
        assert merits == sorted(merits)
        for card in each.cards:
            assert card.incentive is None or card.incentive.currency == each.shop.currency
