"""A gap to benchmark sellers: who is a peer, and what chance may have made is no finding."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.conftest import examples
from tests.marketplace import Seen, Shop, build, diagnose
from tests.pages import source_of

from shopace.core import (
    Benchmark,
    Channel,
    Direction,
    Formula,
    Metric,
    Plugin,
    Unit,
    measure,
)
from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_sources
from shopace.core.host.registry import Registry

PEERS = 20
NOISE = 2.5
WINDOW = 30
DAYS = 60

SUM = "new_creators"
SET = "new_products"
MONEY = "gmv"
MEAN = "creators_posted"
LIVES = "new_lives"
SHARE = ("inquiries_replied_24h", "inquiries")
RARE = ("complaints", "orders")
PER_THOUSAND = ("live_comments", "live_views")


def registry() -> Registry:
    def metric(
        key: str,
        formula: Formula,
        unit: Unit = Unit.COUNT,
        direction: Direction = Direction.HIGHER,
        *,
        sample: Formula | None = None,
        channels: tuple[Channel, ...] = (Channel.SHOP,),
    ) -> Metric:
        return Metric(
            key=f"acme.{key}",
            title="A metric",
            definition="A number.",
            formula=formula,
            unit=unit,
            direction=direction,
            sample=sample,
            channels=channels,
        )

    def quotient(parts: tuple[str, str], times: float = 1.0) -> Formula:
        above, below = map(measure, parts)
        return above * times / below if times != 1 else above / below

    metrics = (
        metric("sum", measure(SUM)),
        metric("set", measure(SET)),
        metric("mean", measure(MEAN)),
        metric("money", measure(MONEY), Unit.MONEY, sample=measure("orders")),
        metric("share", quotient(SHARE), Unit.RATIO),
        metric("rare", quotient(RARE), Unit.RATIO, Direction.LOWER),
        metric("lives", measure(LIVES), channels=(Channel.SELLER_LIVE,)),
        metric(
            "per_thousand",
            quotient(PER_THOUSAND, 1000),
            channels=(Channel.SELLER_LIVE,),
        ),
    )
    page = Plugin(
        key="acme",
        category="supply_scale",
        version="1",
        title="Acme",
        question="?",
        declares=(*metrics, *(Benchmark(metric=each.key) for each in metrics)),
    )
    values: dict[str, float] = {"core.ab_peers": PEERS, "core.ab_noise": NOISE}
    found = load_sources([source_of(page)], Configuration(parameters=values))
    assert not found.rejected
    return found


REGISTRY = registry()


def whole(total: float) -> NDArray[np.float64]:
    """So many in the last thirty days, as evenly as whole numbers go."""
    steps = np.floor(np.arange(WINDOW + 1) * total / WINDOW + 1e-9)
    return np.concatenate([np.zeros(DAYS - WINDOW), np.diff(steps)])


def having_sold(facts: dict[str, float]) -> dict[str, NDArray[np.float64]]:
    """Facts of a shop that sold something before the thirty days, so all are of one tier."""
    told = {fact: whole(total) for fact, total in ({MONEY: 0.0, "orders": 0.0} | facts).items()}
    told["orders"][0] = 1
    return told


def seen(tmp_path: Path, own: dict[str, float], usual: dict[str, float]) -> Seen:
    """A shop by its facts of thirty days, among peers who are all alike."""
    shops = [
        Shop(id=name, facts=having_sold(facts), days=DAYS)
        for name, facts in (("own", own), *((f"peer{i}", usual) for i in range(PEERS)))
    ]
    return diagnose(build(tmp_path, shops, REGISTRY))["own"]


@pytest.mark.parametrize(
    ("own", "usual", "outcome"),
    [
        # 28 and 12 are 16 apart, 2.5 × √40 is 15.8; 27 and 12 are 15 apart, 2.5 × √39 is 15.6.
        (12, 28, "issue"),
        (12, 27, "ok"),
        (120, 170, "issue"),
        (0, 7, "issue"),
        (0, 6, "ok"),
    ],
)
def test_a_gap_of_few_events_may_be_chance(
    tmp_path: Path, own: float, usual: float, outcome: str
) -> None:
    found = seen(tmp_path, {SUM: own}, {SUM: usual})
    assert found.ab["acme.sum", "shop"] == outcome


def test_there_is_no_chance_in_what_the_seller_sets(tmp_path: Path) -> None:
    assert seen(tmp_path, {SET: 2}, {SET: 3}).ab["acme.set", "shop"] == "issue"


@pytest.mark.parametrize(
    ("own", "usual", "outcome"), [(12, 28, "issue"), (12, 27, "ok"), (0, 7, "issue"), (0, 6, "ok")]
)
def test_a_mean_per_day_counts_the_things_of_all_days(
    tmp_path: Path, own: float, usual: float, outcome: str
) -> None:
    assert seen(tmp_path, {MEAN: own}, {MEAN: usual}).ab["acme.mean", "shop"] == outcome


@pytest.mark.parametrize(
    ("orders", "usual", "outcome"), [(12, 28, "issue"), (12, 27, "ok"), (0, 7, "issue")]
)
def test_what_a_metric_names_as_its_sample_is_what_happens_by_chance(
    tmp_path: Path, orders: float, usual: float, outcome: str
) -> None:
    """Of who sold nothing it is not known how much an order would bring."""
    own, peer = ({"orders": each, MONEY: 50 * each} for each in (orders, usual))
    assert seen(tmp_path, own, peer).ab["acme.money", "shop"] == outcome


@pytest.mark.parametrize(("complaints", "outcome"), [(3, "ok"), (10, "ok"), (12, "issue")])
def test_of_a_rare_thing_that_is_better_not_there_few_more_are_no_gap(
    tmp_path: Path, complaints: float, outcome: str
) -> None:
    own, peer = ({RARE[0]: each, RARE[1]: 900} for each in (complaints, 2))
    assert seen(tmp_path, own, peer).ab["acme.rare", "shop"] == outcome


@pytest.mark.parametrize(
    ("replied", "asked", "outcome"), [(28, 40, "issue"), (14, 20, "ok"), (0, 2, "ok")]
)
def test_a_large_part_varies_less_than_as_many_events_of_their_own(
    tmp_path: Path, replied: float, asked: float, outcome: str
) -> None:
    own, peer = ({SHARE[0]: each, SHARE[1]: total} for each, total in ((replied, asked), (95, 100)))
    assert seen(tmp_path, own, peer).ab["acme.share", "shop"] == outcome


@pytest.mark.parametrize(("views", "outcome"), [(200, "ok"), (400, "issue")])
def test_of_none_at_all_the_events_at_the_benchmark_count(
    tmp_path: Path, views: float, outcome: str
) -> None:
    """Twenty comments per thousand views: four and eight of them are missing."""
    channel = Channel.SELLER_LIVE
    own, peer = (
        {f"{PER_THOUSAND[0]}@{channel}": comments, f"{PER_THOUSAND[1]}@{channel}": seen_by}
        for comments, seen_by in ((0, views), (20, 1000))
    )
    assert seen(tmp_path, own, peer).ab["acme.per_thousand", channel] == outcome


# --- who is a peer of whom ---------------------------------------------------------------------

TIER_TWO = 12_500


def of_two_tiers(
    tmp_path: Path, metric: str, own: dict[str, float], usual: dict[str, float]
) -> tuple[str, float | None]:
    """A small shop among fifty large ones of its industry."""
    large = usual | {MONEY: TIER_TWO, "orders": 100}
    shops = [
        Shop(id=name, facts=having_sold(facts), days=DAYS)
        for name, facts in (("own", own), *((f"peer{i}", large) for i in range(50)))
    ]
    found = diagnose(build(tmp_path, shops, REGISTRY))["own"]
    at = (metric, "shop")
    return found.ab[at], found.benchmark[at]


def test_what_grows_with_the_shop_is_never_held_to_shops_of_another_tier(tmp_path: Path) -> None:
    found = of_two_tiers(tmp_path, "acme.set", {SET: 2}, {SET: 200})
    assert found == ("not_applicable", None)


def test_how_well_something_is_done_may_be_held_to_shops_of_another_tier(tmp_path: Path) -> None:
    own, usual = ({SHARE[0]: replied, SHARE[1]: 100.0} for replied in (40.0, 95.0))
    assert of_two_tiers(tmp_path, "acme.share", own, usual) == ("issue", 0.95)


def test_what_grows_with_the_shop_is_compared_with_its_tier_of_any_industry(tmp_path: Path) -> None:
    shops = [
        Shop(id=name, industry=industry, facts=having_sold({SET: each}), days=DAYS)
        for name, industry, each in (
            ("own", "toys", 2),
            *((f"peer{i}", "beauty", 8) for i in range(PEERS)),
        )
    ]
    found = diagnose(build(tmp_path, shops, REGISTRY))["own"]
    (note,) = [each for each in found.diagnosis.can_improve if each.metric == "acme.set"]
    assert (note.cohort, note.peers, note.benchmark) == ("tier", PEERS, 8)


# --- who does not use a channel ---------------------------------------------------------------

LIVE = ("acme.lives", Channel.SELLER_LIVE.value)


def of_lives(tmp_path: Path, own: float, *others: float) -> Seen:
    shops = [
        Shop(id=name, facts=having_sold({f"{LIVES}@{LIVE[1]}": lives}), days=DAYS)
        for name, lives in (("own", own), *((f"peer{i}", each) for i, each in enumerate(others)))
    ]
    return diagnose(build(tmp_path, shops, REGISTRY))["own"]


def test_who_goes_live_a_little_is_compared_with_those_who_go_live(tmp_path: Path) -> None:
    found = of_lives(tmp_path, 2, *[12] * PEERS, *[0] * 90)
    assert (found.ab[LIVE], found.benchmark[LIVE]) == ("issue", 12)


def test_who_does_not_go_live_is_told_only_where_most_do(tmp_path: Path) -> None:
    """Three quarters do not exceed the benchmark: of 40 others the 30th, with 29 idle an active."""
    for idle, outcome, benchmark in ((29, "issue", 12), (30, "ok", 0)):
        found = of_lives(tmp_path / outcome, 0, *[12] * (40 - idle), *[0] * idle)
        assert (found.ab[LIVE], found.benchmark[LIVE]) == (outcome, benchmark)


def test_those_who_go_live_may_be_too_few_to_be_peers(tmp_path: Path) -> None:
    assert of_lives(tmp_path, 2, *[12] * (PEERS - 1), *[0] * 90).ab[LIVE] == "not_applicable"


@given(
    own=st.integers(0, 6),
    others=st.lists(st.integers(0, 6), min_size=PEERS, max_size=3 * PEERS),
)
@settings(max_examples=examples(12))
def test_the_benchmark_is_told_of_the_others_by_nearest_rank(own: int, others: list[int]) -> None:
    compared = sorted(each for each in others if each > 0 or own == 0)
    enough = len(compared) >= PEERS
    rank = -(-3 * len(compared) // 4)
    with TemporaryDirectory() as folder:
        found = of_lives(Path(folder), own, *others)
    assert found.benchmark[LIVE] == (compared[rank - 1] if enough else None)
