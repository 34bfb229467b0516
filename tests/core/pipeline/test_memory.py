"""What is remembered: a silent feed ends no episode, and a corrected day says what it changed."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from tests.marketplace import DAYS, LAST_DAY, Recall, Seen, Shop, build, diagnose

from shopace.core.host.discovery import load_registry
from shopace.core.pipeline.carry import CARRIED_DAYS
from shopace.core.records.memory import Memory, Recollection
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS

DAY = dt.timedelta(1)
MISSING = float("nan")
CARD = "stop_points:shop"


def lately(usual: float, *last: float) -> list[float]:
    return [usual] * (DAYS - len(last)) + [*last]


SHOP = Shop(
    id="a",
    region="SG",
    facts={
        "gmv": 100.0,
        "orders": 10.0,
        "penalty_points": lately(0.0, 13.0, *[MISSING] * 8, 13.0),
        "campaign_gmv": 10.0,
        "appealable_violations": 0.0,
    },
)


def memory_of(seen: Seen) -> Memory:
    return msgspec.json.decode(seen.document.memory, type=Memory)


def remembering(memory: Memory) -> Recall:
    return lambda shops: [msgspec.json.encode(memory) for _ in shops]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nights")


@pytest.fixture(scope="module")
def nights(market: Path) -> dict[int, Seen]:
    found: dict[int, Seen] = {}
    for ago in (2, 1, 0):
        recall = remembering(memory_of(found[ago + 1])) if ago < 2 else None
        found[ago] = night(market, ago, recall)
    return found


def night(market: Path, ago: int, recall: Recall | None) -> Seen:
    registry = load_registry(BUILTIN, use_entry_points=False)
    policy = load_policy(POLICY_PACKS)
    inputs = build(market, [SHOP], registry, as_of=LAST_DAY - ago * DAY, policy=policy)
    return diagnose(inputs, recall=recall)["a"]


def test_what_nobody_told_is_not_shown_and_says_so(nights: dict[int, Seen]) -> None:
    first, silent = nights[2], nights[1]
    assert CARD in {card.id for card in first.diagnosis.cards}
    assert CARD not in {card.id for card in silent.diagnosis.cards}
    assert {"risk", "cards"} <= set(silent.document.changed)
    told = {each.category: each for each in silent.diagnosis.not_evaluated if each.detail}
    assert told["policy_violations"].reason == "incomplete"
    assert told["policy_violations"].metrics == ("penalty_points",)
    assert told["policy_violations"].detail.startswith("no value known: ")


def test_an_episode_goes_on_when_its_number_is_back(nights: dict[int, Seen]) -> None:
    (card,) = (each for each in nights[0].diagnosis.cards if each.id == CARD)
    began = LAST_DAY - 2 * DAY
    assert card.since == began
    assert card.risk is not None
    assert (card.risk.from_date, card.risk.until_date) == (began, began + 6 * DAY)
    latest = memory_of(nights[0]).latest
    assert (latest.dark, latest.unknown) == ({}, {})


@pytest.mark.parametrize("days", [CARRIED_DAYS, CARRIED_DAYS + 1])
def test_what_was_not_known_for_long_is_forgotten(market: Path, days: int) -> None:
    silent_night, known = LAST_DAY - DAY, LAST_DAY - DAY - days * DAY
    earlier = Recollection(
        as_of=silent_night - DAY,
        lines={"points_12": known},
        dark={CARD: known},
        declined=("out_of_stock_rate:shop",),
        unknown={"penalty_points:shop": known, "out_of_stock_rate:shop": known},
    )
    latest = memory_of(night(market, 1, remembering(Memory(earlier)))).latest
    kept = days <= CARRIED_DAYS
    assert latest.lines == ({"points_12": known} if kept else {})
    assert latest.dark == ({CARD: known} if kept else {})
    assert ("out_of_stock_rate:shop" in latest.declined) == kept


def test_a_corrected_day_says_what_it_changed_and_a_second_delivery_says_it_again(
    market: Path, nights: dict[int, Seen]
) -> None:
    before = memory_of(nights[1]).latest
    wrong = msgspec.structs.replace(memory_of(nights[0]).latest, open={}, risk=(), changed=())
    unchanged = msgspec.structs.replace(
        before, open=memory_of(nights[0]).latest.open, risk=memory_of(nights[0]).latest.risk
    )
    corrected = night(market, 0, remembering(Memory(wrong, unchanged)))
    assert corrected.document.changed == ("risk", "cards")
    again = night(market, 0, remembering(memory_of(corrected)))
    assert again.document == corrected.document
    quiet = night(market, 0, remembering(Memory(unchanged)))
    assert quiet.document.changed == ()
