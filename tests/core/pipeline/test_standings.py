"""Where a shop stands on its ladder: what that unlocks, since when, how far the next tier is."""

import datetime as dt
import math
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.marketplace import LAST_DAY, Shop, build, diagnose
from tests.pages import PAGE, source_of

from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_sources
from shopace.core.pipeline.standings import days_to
from shopace.core.records.diagnosis import TierStanding
from shopace.core.records.memory import Memory, Recollection
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS, TierLadder, TierStep

MISSING = float("nan")
BR = TierLadder(
    region="BR",
    currency="BRL",
    steps=(
        TierStep(level=0, name="Starter", gmv_from=0),
        TierStep(level=1, name="Rising", gmv_from=0, benefits=("Guides",)),
        TierStep(level=2, name="Pro", gmv_from=3000, benefits=("Guides", "Early sign-up")),
    ),
)
REGISTRY = load_sources([source_of(PAGE)], Configuration(ladders=(BR, *DEFAULT_LADDERS)))


def month(older: float, week: float) -> list[float]:
    """23 days of `older`, then the seven of `week`."""
    return [older] * 23 + [week] * 7


def standings(
    folder: Path, *shops: Shop, before: Recollection | None = None
) -> dict[str, TierStanding]:
    memory = msgspec.json.encode(Memory(before)) if before is not None else None
    inputs = build(folder, shops, REGISTRY)
    found = diagnose(inputs, recall=lambda asked: [memory for _ in asked])
    return {shop: each.diagnosis.tier for shop, each in found.items()}


def sells(key: str, gmv: list[float], region: str = "BR", currency: str = "BRL") -> Shop:
    return Shop(
        id=key, facts={"gmv": gmv, "orders": [1.0] * len(gmv)}, region=region, currency=currency
    )


# --- what a tier unlocks --------------------------------------------------------------------


def test_a_tier_says_what_it_unlocks_and_what_the_next_one_adds(tmp_path: Path) -> None:
    found = standings(
        tmp_path,
        sells("rising", month(10, 10)),
        sells("pro", month(200, 200)),
        Shop(id="starter", facts={"gmv": [0.0] * 30, "orders": [0.0] * 30},
             region="BR", currency="BRL"),
        sells("us", month(10, 10), "US", "USD"),
        sells("jp", month(10, 10), "JP", "JPY"),
    )  # fmt: skip

    def told(shop: str) -> tuple[list[str], list[str]]:
        at = found[shop]
        return [str(each) for each in at.benefits], [str(each) for each in at.next_benefits]

    assert told("starter") == ([], ["Guides"])
    assert told("rising") == (["Guides"], ["Early sign-up"])
    assert told("pro") == (["Guides", "Early sign-up"], [])
    assert told("us") == ([], []), "S0 names none"
    assert told("jp") == ([], [])
    assert found["jp"].outcome == "not_applicable"


def test_who_never_sold_is_told_the_next_tier_and_no_amount(tmp_path: Path) -> None:
    none = [0.0] * 30
    shops = [
        Shop(id="never", facts={"gmv": none, "orders": none}),
        Shop(id="refunds_only", facts={"gmv": none, "orders": none, "refunded_orders": [1.0] * 30}),
        Shop(id="gifts", facts={"gmv": none, "orders": [1.0] * 30}),
        Shop(id="orders_unknown", facts={"gmv": none, "visitors": none}),
        Shop(id="gmv_unknown", facts={"orders": none}),
    ]
    found = standings(tmp_path, *shops)
    for shop in ("never", "refunds_only"):
        at = found[shop]
        assert (at.name, at.next_name) == ("Starter", "Rising")
        assert at.missing_to_next is at.days_to_next is None
    assert (found["gifts"].name, found["gifts"].missing_to_next) == ("Rising", 12_500)
    for shop in ("orders_unknown", "gmv_unknown"):
        assert (found[shop].outcome, found[shop].level, found[shop].next_name) == (
            "no_data", None, None,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("cents", "name", "missing"),
    [
        (1_249_999, "Rising", 0.01),
        (1_250_000, "Pro", 52_500.0),
        (6_499_999, "Pro", 0.01),
        (6_500_000, "Expert", 135_000.0),
        (19_999_999, "Expert", 0.01),
        (20_000_000, "Elite", 400_000.0),
        (59_999_999, "Elite", 0.01),
        (60_000_000, "Premier", None),
    ],
)
def test_a_cent_makes_a_tier(tmp_path: Path, cents: int, name: str, missing: float | None) -> None:
    days, rest = divmod(cents, 30)
    gmv = [(days + (day < rest)) / 100 for day in range(30)]
    at = standings(tmp_path, sells("a", gmv, "US", "USD"))["a"]
    assert (at.name, at.gmv_30d, at.missing_to_next) == (name, cents / 100, missing)


# --- since when -----------------------------------------------------------------------------

WEEK_AGO = LAST_DAY - dt.timedelta(7)


@pytest.mark.parametrize(
    ("before", "since", "days"),
    [
        (None, LAST_DAY, None),
        (Recollection(as_of=WEEK_AGO), LAST_DAY, None),
        (Recollection(as_of=WEEK_AGO, tier=2, tier_since=WEEK_AGO), LAST_DAY, 0),
        (Recollection(as_of=WEEK_AGO, tier=1, tier_since=WEEK_AGO), WEEK_AGO, 7),
    ],
)
def test_days_since_the_change_are_known_from_an_earlier_diagnosis_alone(
    tmp_path: Path, before: Recollection | None, since: dt.date, days: int | None
) -> None:
    at = standings(tmp_path, sells("a", month(10, 10)), before=before)["a"]
    assert (at.level, at.since, at.days_since_change) == (1, since, days)


# --- days to the next -----------------------------------------------------------------------


def test_days_to_the_next_tier_at_todays_pace(tmp_path: Path) -> None:
    found = standings(
        tmp_path,
        sells("grows", month(80, 120)),  # 2,680 now, 40 more a day: 320 take 8 days
        sells("in_a_part_of_a_day", month(80, 119)),  # 2,673 now, 39 a day: 8.4 days
        sells("tomorrow", month(99, 102)),  # 2,991 now, 3 a day: 3 days
        sells("steady", month(99, 99)),
        sells("falls", month(110, 60)),
        sells("too_slow", month(90, 91)),
        sells("last_moment", month(70, 100)),  # 2,310 now, 30 a day: 690 take 23 days
        sells("a_day_late", month(70, 99.99)),
        sells("there", month(200, 300)),
        sells("week_unknown", [*month(80, 120)[:-1], MISSING]),
    )
    days = {shop: at.days_to_next for shop, at in found.items()}
    assert days == {
        "grows": 8,
        "in_a_part_of_a_day": 9,
        "tomorrow": 3,
        "steady": None,
        "falls": None,
        "too_slow": None,
        "last_moment": 23,
        "a_day_late": None,
        "there": None,
        "week_unknown": None,
    }


@given(
    gmv=st.integers(0, 10**7), pace=st.integers(0, 10**6), older=st.integers(0, 10**6),
    line=st.integers(1, 10**8),
)  # fmt: skip
@example(gmv=2310, pace=100, older=70, line=3000)
def test_the_day_is_the_first_on_which_the_rolling_window_reaches_the_line(
    gmv: int, pace: int, older: int, line: int
) -> None:
    """Cents; counted out day by day with whole numbers."""
    if gmv >= line:
        return
    first = next((n for n in range(1, 24) if gmv + n * (pace - older) >= line), None)
    told = days_to((line - gmv) / 100, float(Fraction(pace - older, 100)))
    assert told == first


@pytest.mark.parametrize("gain", [MISSING, 0.0, -1.0, -math.inf, 5e-324, 1e-300])
def test_without_a_known_gain_no_day_is_told(gain: float) -> None:
    assert days_to(1.0, gain) is None


def test_a_gain_of_numpy_is_a_gain() -> None:
    assert days_to(10.0, float(np.float64(10))) == 1
