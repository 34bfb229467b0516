"""Values, growth stages and core channels, as the arrays have them and as one shop would."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from tests.marketplace import Shop, build, diagnose
from tests.pages import PAGE, page_with, source_of

from shopace.core.evaluation import evaluate
from shopace.core.host.discovery import load_registry, load_sources
from shopace.core.pipeline.derive import derive
from shopace.core.pipeline.load import load
from shopace.core.pipeline.measure import core_channels, measure
from shopace.core.vocabulary.channels import ALL, FIVE, Channel
from shopace.core.vocabulary.formula import Ref
from shopace.core.vocabulary.formula import measure as core_measure
from shopace.core.vocabulary.metrics import Metric
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS
from shopace.core.vocabulary.units import Direction, Unit
from shopace.core.warehouse.cohorts import NO_DATA, NOT_APPLICABLE, Vocabularies, tiers
from shopace.plugins import BUILTIN

MISSING = float("nan")
SALES = load_sources(
    [
        source_of(
            page_with(
                Metric(
                    key="acme.sales",
                    title="Sales",
                    definition="Sales.",
                    formula=core_measure("gmv"),
                    unit=Unit.MONEY,
                    direction=Direction.HIGHER,
                    channels=ALL,
                )
            )
        )
    ]
)
WORDS = Vocabularies(("US",), ("EUR", "USD"), ())


def tier(gmv: float, orders: float = 5, currency: str = "USD") -> int:
    (level,) = tiers(
        np.array([gmv]),
        np.array([orders]),
        np.array([0]),
        np.array([WORDS.currency.index(currency)]),
        words=WORDS,
        ladders=DEFAULT_LADDERS,
    )
    return int(level)


# --- growth stages --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gmv", "level"),
    [
        (0, 1),
        (0.01, 1),
        (12_499.99, 1),
        (12_500, 2),
        (64_999.99, 2),
        (65_000, 3),
        (199_999.99, 3),
        (200_000, 4),
        (599_999.99, 4),
        (600_000, 5),
        (1e9, 5),
    ],
)
def test_a_stage_begins_at_its_line_and_ends_below_the_next(gmv: float, level: int) -> None:
    assert tier(gmv) == level


def test_who_never_sold_is_a_starter_and_who_sold_for_nothing_is_not() -> None:
    assert tier(0, orders=0) == 0
    assert tier(0, orders=1) == 1
    assert tier(3, orders=0) == 1


def test_without_gmv_nor_known_orders_nobody_knows_whether_a_shop_ever_sold() -> None:
    assert tier(0, orders=MISSING) == NO_DATA
    assert tier(0.01, orders=MISSING) == 1


def test_who_sold_is_no_starter_whatever_was_taken_back() -> None:
    assert tier(-0.01) == 1
    assert tier(-0.01, orders=0) == 1


def test_without_gmv_or_a_ladder_no_stage_is_told() -> None:
    assert tier(MISSING) == NO_DATA
    assert tier(50_000, currency="EUR") == NOT_APPLICABLE
    assert tier(MISSING, currency="EUR") == NOT_APPLICABLE


def test_a_diagnosis_tells_the_stage_and_what_is_missing_to_the_next(tmp_path: Path) -> None:
    month = {"a": 500, "b": 416.66, "c": 25_000, "d": MISSING}
    shops = [
        *(Shop(id=key, facts={"gmv": gmv, "orders": 1}, days=30) for key, gmv in month.items()),
        Shop(id="e", facts={"gmv": 0, "orders": 0}, days=30),
        Shop(id="f", facts={"gmv": 500, "orders": 1}, days=30, currency="JPY"),
    ]
    found = {
        key: (at.outcome, at.name, at.next_name, at.missing_to_next)
        for key, each in diagnose(build(tmp_path, shops, SALES)).items()
        for at in [each.diagnosis.tier]
    }
    assert found == {
        "a": ("ok", "Pro", "Expert", 50_000.0),
        "b": ("ok", "Rising", "Pro", 0.2),
        "c": ("ok", "Premier", None, None),
        "d": ("no_data", None, None, None),
        "e": ("ok", "Starter", "Rising", None),
        "f": ("not_applicable", None, None, None),
    }


def test_who_sold_forty_days_ago_has_sold(tmp_path: Path) -> None:
    sold = [0.0] * 98
    sold[-41] = 3.0
    shop = Shop(id="a", facts={"gmv": sold, "orders": sold})
    (found,) = diagnose(build(tmp_path, [shop], SALES)).values()
    assert found.diagnosis.tier.name == "Rising"


def test_shops_are_measured_though_no_metric_reads_what_they_sell(tmp_path: Path) -> None:
    shop = Shop(id="a", facts={"gmv": 500, "orders": 1})
    (found,) = diagnose(build(tmp_path, [shop], load_sources([source_of(PAGE)]))).values()
    assert found.diagnosis.tier.name == "Pro"


# --- core channels --------------------------------------------------------------------------


def core_of(gmv: list[float], focus: int, share: float) -> list[bool]:
    """One shop: the channels of its focus, else from the largest on until the share is reached."""
    if focus:
        return [bool(focus >> place & 1) for place in range(5)]
    amounts = [0.0 if each != each else each for each in gmv]  # noqa: PLR0124  # NaN
    total = sum(amounts)
    chosen = [False] * 5
    covered = 0.0
    for place in sorted(range(5), key=lambda at: (-amounts[at], at)):
        if amounts[place] > 0 and covered < share * total:
            chosen[place] = True
            covered += amounts[place]
    return chosen


@given(
    gmv=arrays(
        np.float64,
        (5, 4),
        elements=st.sampled_from((MISSING, 0.0, 100.0)) | st.integers(0, 10**6).map(float),
    ),
    focus=arrays(np.int64, 4, elements=st.sampled_from((0, 0, 0, 1, 6, 31))),
    share=st.sampled_from((0.5, 0.8, 1.0)),
)
def test_core_channels_are_the_focus_or_the_fewest_that_make_the_share(
    gmv: NDArray[np.float64], focus: NDArray[np.int64], share: float
) -> None:
    found = core_channels(gmv, focus, share)
    wanted = [core_of(shop, int(at), share) for shop, at in zip(gmv.T.tolist(), focus, strict=True)]
    assert found.T.tolist() == wanted


def test_a_shops_focus_comes_from_its_profile(tmp_path: Path) -> None:
    amounts = dict(zip(FIVE, (10, 500, 20, 30, 440), strict=True))
    facts = {f"gmv@{channel}": amount for channel, amount in amounts.items()}
    shops = [
        Shop(id="chose", facts=facts, focus="self_video, Shop Tab"),
        Shop(id="left_it", facts=facts),
    ]
    found = diagnose(build(tmp_path, shops, SALES))
    core = {key: each.diagnosis.shop.core_channels for key, each in found.items()}
    assert core == {
        "chose": (Channel.SELLER_VIDEO, Channel.SHOP_TAB),
        "left_it": (Channel.SELLER_LIVE, Channel.SHOP_TAB),
    }


# --- values ---------------------------------------------------------------------------------


def test_every_shipped_metric_has_the_value_of_its_formula(tmp_path: Path) -> None:
    registry = load_registry(BUILTIN, use_entry_points=False)
    random = np.random.default_rng(7)

    def series() -> NDArray[np.float64]:
        """Often 0 and sometimes missing, so that both spread through the formulas."""
        days = random.integers(0, 50, 60).astype(float) * (random.random() < 0.9)
        days[random.random(60) < 0.002] = MISSING
        return days

    names = [
        each.key if channel is Channel.SHOP else f"{each.key}@{channel}"
        for each in registry.measures.values()
        for channel in each.channels
        if random.random() < 0.9
    ]
    shops = [Shop(id=f"s{i}", facts={name: series() for name in names}) for i in range(6)]
    plan = build(tmp_path, shops, registry).plan
    block = build(tmp_path, [], registry).snapshot.block(0)
    measured = measure(load(plan, block, 0, 6), derive(plan, block))
    compared = 0
    for period, values in measured.values.items():
        for number, column in enumerate(plan.columns):
            if period.window not in column.metric.windows:
                assert np.isnan(values[number]).all()
                continue

            def lookup(ref: Ref) -> NDArray[np.float64]:
                row = plan.row_of.get((period, ref.key, ref.channel or column.channel))  # noqa: B023
                return measured.rows[row] if row is not None else np.full(6, MISSING)

            wanted = evaluate(column.metric.formula, lookup)
            assert np.array_equal(values[number], wanted, equal_nan=True), column.key
            compared += int(np.count_nonzero(~np.isnan(wanted)))
    assert compared > 1000
