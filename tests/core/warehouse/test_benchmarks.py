"""What peers show: every comparison worked out again, shop by shop, from plain lists."""

import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil, isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.conftest import examples
from tests.marketplace import LAST_DAY, Shop, build, diagnose
from tests.pages import source_of

from shopace.core import Benchmark, Direction, Formula, Metric, Plugin, Unit, measure
from shopace.core.configuration import Configuration
from shopace.core.errors import BenchmarkError
from shopace.core.host.discovery import load_sources
from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import Inputs
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.benchmarks import latest_benchmarks, open_benchmarks
from shopace.core.warehouse.cohorts import LEVELS

MISSING = float("nan")
DAYS = 30
FLOOR, GAP, PERCENTILE = 5, 0.25, 60
TOP = {"acme.visits": "0.75", "acme.late": "0.9", "acme.rating": "0.5"}
LOWER = "acme.late"
SIZED = "acme.visits"
"""Larger shops have more of it, so only those of one's own tier are peers."""
SAMPLE = 100


def registry() -> Registry:
    def metric(
        key: str,
        formula: Formula,
        unit: Unit = Unit.COUNT,
        direction: Direction = Direction.HIGHER,
        min_sample: float = 0,
    ) -> Metric:
        return Metric(
            key=key,
            title="A metric",
            definition="A number.",
            formula=formula,
            unit=unit,
            direction=direction,
            min_sample=min_sample,
        )

    late = measure("late_dispatched_orders") / measure("dispatch_due_orders")
    page = Plugin(
        key="acme",
        category="supply_scale",
        version="1",
        title="Acme",
        question="?",
        declares=(
            metric("acme.visits", measure("visitors"), min_sample=10**6),
            metric("acme.late", late, Unit.RATIO, Direction.LOWER, SAMPLE),
            metric("acme.rating", measure("product_rating"), Unit.SCORE),
            metric("acme.sales", measure("gmv"), Unit.MONEY, Direction.NEITHER),
            *(Benchmark(metric=key, top=float(top)) for key, top in TOP.items()),
        ),
    )
    values: dict[str, float] = {
        "core.ab_peers": FLOOR,
        "core.ab_gap": GAP,
        "core.ab_percentile": PERCENTILE,
        "core.ab_noise": 0,  # what chance makes is no matter of benchmarks
    }
    found = load_sources([source_of(page)], Configuration(parameters=values))
    assert not found.rejected
    return found


REGISTRY = registry()


class Peer(NamedTuple):
    """A shop by its facts of one day, every day the same."""

    region: str
    currency: str
    industry: str
    gmv: float
    visits: float
    late: float
    due: float
    rating: float

    def shop(self, number: int) -> Shop:
        return Shop(
            id=f"s{number:02}",
            region=self.region,
            currency=self.currency,
            industry=self.industry,
            days=DAYS,
            facts={
                "gmv": self.gmv,
                "orders": 1,
                "visitors": self.visits,
                "late_dispatched_orders": self.late,
                "dispatch_due_orders": self.due,
                "product_rating": self.rating,
            },
        )

    def value(self, metric: str) -> float:
        """Of thirty days; more is better."""
        if metric == "acme.visits":
            return self.visits * DAYS
        if metric == "acme.rating":
            return self.rating
        late, due = self.late * DAYS, self.due * DAYS
        return -(late / due) if due else MISSING

    def suffices(self, metric: str) -> bool:
        return metric != LOWER or self.due * DAYS >= SAMPLE

    def tier(self) -> int | None:
        if self.currency != "USD" or isnan(self.gmv):
            return None
        return 1 if self.gmv * DAYS < 12_500 else 2

    def cohorts(self) -> Iterator[tuple[object, ...] | None]:
        home = (self.region, self.currency)
        industry, tier = self.industry or None, self.tier()
        for parts in ((industry, tier), (industry,), (tier,), ()):
            yield None if None in parts else (*home, len(parts), *map(str, parts))


class Comparison(NamedTuple):
    outcome: str
    benchmark: float | None = None
    note: tuple[str, int, int] | None = None
    """Of an issue: cohort, peers, percentile."""


def values_of(
    market: list[Peer], but: int, metric: str, cohort: tuple[object, ...] | None
) -> list[float]:
    """Known, sufficient values of a cohort's shops, one of them left out."""
    return [
        value
        for number, other in enumerate(market)
        if number != but and cohort is not None and cohort in other.cohorts()
        if other.suffices(metric) and not isnan(value := other.value(metric))
    ]


def by_hand(market: list[Peer], number: int, metric: str) -> Comparison:
    me = market[number]
    mine = me.value(metric)
    if isnan(mine):
        return Comparison("no_data")
    if not me.suffices(metric):
        return Comparison("not_applicable")
    level, peers = next(
        (
            (level, peers)
            for level, cohort in zip(LEVELS, me.cohorts(), strict=True)
            if metric != SIZED or "tier" in level
            if len(peers := values_of(market, number, metric, cohort)) >= FLOOR
        ),
        ("", []),
    )
    if not level:
        return Comparison("not_applicable")
    top = sorted(peers)[ceil(Fraction(TOP[metric]) * len(peers)) - 1]
    size = max(abs(top), abs(mine))
    gap = (top - mine) / size if size else 0.0
    everybody = [*peers, mine]
    percentile, up_to = (
        20 * each // len(everybody) * 5
        for each in (sum(each < mine for each in peers), sum(each <= mine for each in everybody))
    )
    issue = gap >= GAP and (percentile + up_to) / 2 <= PERCENTILE  # ties count half
    told = (level, len(peers), percentile)
    return Comparison("issue" if issue else "ok", abs(top), told if issue else None)


PEERS = st.builds(
    Peer,
    region=st.sampled_from(("US", "US", "GB")),
    currency=st.sampled_from(("USD", "USD", "USD", "EUR")),
    industry=st.sampled_from(("beauty", "beauty", "toys", "")),
    gmv=st.sampled_from((0.0, 100.0, 1000.0, MISSING)),
    visits=st.integers(0, 5).map(float) | st.just(MISSING),
    late=st.integers(0, 4).map(float),
    due=st.sampled_from((0.0, 3.0, 4.0, 8.0, 16.0, MISSING)),
    rating=st.sampled_from((0.0, 1.0, 3.0, 4.5, 5.0, MISSING)),
)


@settings(max_examples=examples(15), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(market=st.lists(PEERS, min_size=FLOOR + 2, max_size=28))
def test_every_shop_is_compared_with_the_others_of_its_narrowest_cohort(market: list[Peer]) -> None:
    with TemporaryDirectory() as folder:
        shops = [peer.shop(number) for number, peer in enumerate(market)]
        found = diagnose(build(Path(folder), shops, REGISTRY))
    for number, seen in enumerate(found.values()):
        notes = {
            note.metric: (note.cohort, note.peers, note.percentile)
            for note in seen.diagnosis.can_improve
        }
        for metric in TOP:
            wanted = by_hand(market, number, metric)
            at = (metric, "shop")
            if at not in seen.ab:  # nobody delivers it
                assert wanted.outcome == "no_data"
                continue
            assert (metric, seen.ab[at]) == (metric, wanted.outcome)
            assert seen.benchmark[at] == pytest.approx(wanted.benchmark, abs=0.006)
            assert notes.get(metric) == wanted.note


# --- single rules, in figures -------------------------------------------------------------------


def visited(shop: str, visitors: float, *, kind: Shop | None = None) -> Shop:
    """A small shop with so many visitors a day, of the kind of another one."""
    like = kind if kind is not None else Shop(id=shop, facts={})
    return replace(like, id=shop, facts={"visitors": visitors, "gmv": 10, "orders": 1}, days=30)


def cohort(count: int, *, start: int = 0, kind: Shop | None = None) -> list[Shop]:
    """Shops of one kind with 100, 101, … visitors a day."""
    return [visited(f"peer{start + i:03}", 100 + i, kind=kind) for i in range(count)]


def benchmark_of(folder: Path, shops: list[Shop], shop: str) -> float | None:
    return diagnose(build(folder, shops, REGISTRY))[shop].benchmark["acme.visits", "shop"]


def test_a_shop_is_no_peer_of_itself(tmp_path: Path) -> None:
    found = diagnose(build(tmp_path, [visited("giant", 10**6), *cohort(5)], REGISTRY))
    at = ("acme.visits", "shop")
    assert found["giant"].benchmark[at] == 103 * 30  # the 4th of 5 others
    assert found["peer000"].benchmark[at] == 104 * 30  # the 4th of 4 peers and the giant


def test_a_gap_is_told_from_its_line_on(tmp_path: Path) -> None:
    for visitors, outcome in ((75, "issue"), (75.1, "ok")):
        shops = [visited("behind", visitors), *(visited(f"peer{i}", 100) for i in range(FLOOR))]
        found = diagnose(build(tmp_path / outcome, shops, REGISTRY))
        assert found["behind"].ab["acme.visits", "shop"] == outcome


def test_one_peer_too_few_and_the_next_wider_cohort_is_asked(tmp_path: Path) -> None:
    toys = cohort(FLOOR, start=50, kind=Shop(id="", facts={}, industry="toys"))
    for others, level, peers in ((FLOOR - 1, "tier", 9), (FLOOR, "industry+tier", 5)):
        shops = [visited("behind", 1), *cohort(others), *toys]
        (note,) = diagnose(build(tmp_path / level, shops, REGISTRY))["behind"].diagnosis.can_improve
        assert (note.cohort, note.peers) == (level, peers)


@pytest.mark.parametrize(
    "kind", [Shop(id="", facts={}, region="GB"), Shop(id="", facts={}, currency="EUR")]
)
def test_shops_of_another_region_or_currency_are_no_peers(tmp_path: Path, kind: Shop) -> None:
    home = cohort(FLOOR + 1)
    alone = benchmark_of(tmp_path / "alone", home, "peer000")
    assert alone is not None
    both = [*home, *cohort(40, start=60, kind=kind)]
    assert benchmark_of(tmp_path / "both", both, "peer000") == alone
    foreign = [*home, *cohort(FLOOR, start=60, kind=kind)]
    assert benchmark_of(tmp_path / "foreign", foreign, "peer060") is None


def by_top(top: float) -> Registry:
    """The same page with one metric that leaves to the operator what top peers are."""
    page = REGISTRY.plugins["acme"]
    kept = [each for each in page.declares if not isinstance(each, Benchmark)]
    own, left = Benchmark(metric="acme.rating", top=0.5), Benchmark(metric="acme.visits")
    values: dict[str, float] = {"core.ab_peers": FLOOR, "core.top_peers": top}
    declares = (*kept, own, left)
    found = load_sources(
        [source_of(structs.replace(page, declares=declares))], Configuration(parameters=values)
    )
    assert not found.rejected
    return found


def test_what_top_peers_are_is_configured_where_a_page_does_not_say_it(tmp_path: Path) -> None:
    shops = [
        replace(each, facts={**each.facts, "product_rating": 1 + number / 10})
        for number, each in enumerate(cohort(11))
    ]
    told, ids = {}, set()
    for top in (0.5, 0.75, 0.99):
        inputs = build(tmp_path, shops, by_top(top))
        seen = diagnose(inputs)["peer010"].benchmark
        told[top] = (seen["acme.visits", "shop"], seen["acme.rating", "shop"])
        assert inputs.benchmarks is not None
        ids.add(inputs.benchmarks.id)
    assert told == {0.5: (104 * 30, 1.4), 0.75: (107 * 30, 1.4), 0.99: (109 * 30, 1.4)}
    assert len(ids) == 3


def test_a_set_of_another_idea_of_top_peers_is_refused(tmp_path: Path) -> None:
    made = build(tmp_path, cohort(6), by_top(0.75))
    with pytest.raises(BenchmarkError, match=r"was built with core\.top_peers 0\.75") as caught:
        Inputs(by_top(0.9), made.snapshot, made.benchmarks, made.policy)
    assert caught.value.hint == f"build it again: shopace benchmarks build {made.snapshot.id}"


def test_a_set_that_is_asked_for_again_is_the_latest_again(tmp_path: Path) -> None:
    first = build(tmp_path, cohort(6), by_top(0.75))
    assert first.benchmarks is not None
    manifest = first.benchmarks.path / "manifest.json"
    build(tmp_path, cohort(6), by_top(0.9))
    os.utime(manifest, ns=(0, 0))
    build(tmp_path, cohort(6), by_top(0.75))
    found = latest_benchmarks(tmp_path / "benchmarks", first.snapshot.id)
    assert found is not None
    assert found.id == first.benchmarks.id


def test_a_set_of_an_older_format_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    made = build(tmp_path, cohort(6), REGISTRY).benchmarks
    assert made is not None
    (made.path / "manifest.json").write_text('{"schema": "shopace.benchmarks/2"}')
    with pytest.raises(BenchmarkError, match=r"is of format shopace\.benchmarks/2"):
        open_benchmarks(made.path)


def test_a_set_is_built_once_and_found_again(tmp_path: Path) -> None:
    one = build(tmp_path, cohort(6), REGISTRY).benchmarks
    two = build(tmp_path, cohort(6), REGISTRY).benchmarks
    assert one is not None
    assert two is not None
    assert one.id == two.id
    assert [each.name for each in (tmp_path / "benchmarks").iterdir()] == [one.id]
    assert one.manifest.as_of == LAST_DAY


def test_a_set_is_the_same_in_one_pass_and_in_many_and_by_any_number_of_threads(
    tmp_path: Path,
) -> None:
    market = [
        Peer("US", "USD", ("toys", "beauty")[n % 2], n * 40.0, n % 7, n % 3, n % 5, n % 4)
        for n in range(40)
    ]
    shops = [peer.shop(number) for number, peer in enumerate(market)]
    inputs = build(tmp_path, shops, REGISTRY, block_shops=9)
    assert inputs.benchmarks is not None
    wanted, told = inputs.benchmarks.manifest, list[tuple[int, int]]()
    for memory_bytes, threads, passes in ((1, 1, 3), (2 * 25 * 40, 3, 2), (10**6, 2, 1)):
        found = build_benchmarks(
            REGISTRY,
            inputs.snapshot,
            tmp_path / f"by {threads}",
            progress=lambda done, of: told.append((done, of)),
            memory_bytes=memory_bytes,
            threads=threads,
        )
        assert found.manifest == wanted
        total = passes * 5 + len(wanted.rows) + len(wanted.moves)
        assert told == [(done, total) for done in range(total + 1)]
        told.clear()


def test_a_set_that_is_cut_off_or_lacks_a_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    made = build(tmp_path, cohort(6), REGISTRY).benchmarks
    assert made is not None
    (made.path / "grid.npy").unlink()
    content = (made.path / "peers.npy").read_bytes()
    (made.path / "peers.npy").write_bytes(content[:-1])
    with pytest.raises(BenchmarkError, match="delete the folder and build it again") as caught:
        open_benchmarks(made.path)
    assert {each.where for each in caught.value.problems} == {"grid.npy", "peers.npy"}


def test_building_again_heals_a_half_written_set(tmp_path: Path) -> None:
    made = build(tmp_path, cohort(6), REGISTRY).benchmarks
    assert made is not None
    (made.path / "manifest.json").unlink()
    again = build(tmp_path, cohort(6), REGISTRY).benchmarks
    assert again is not None
    again.verify()
    assert [each.name for each in (tmp_path / "benchmarks").iterdir()] == [made.id]


def test_an_array_that_is_none_is_refused(tmp_path: Path) -> None:
    made = build(tmp_path, cohort(6), REGISTRY).benchmarks
    assert made is not None
    size = (made.path / "grid.npy").stat().st_size
    (made.path / "grid.npy").write_bytes(b"x" * size)
    with pytest.raises(BenchmarkError, match="is damaged"):
        open_benchmarks(made.path)


def test_a_changed_bit_is_found_by_who_looks_for_it(tmp_path: Path) -> None:
    made = build(tmp_path, cohort(6), REGISTRY).benchmarks
    assert made is not None
    made.verify()
    content = bytearray((made.path / "lower.npy").read_bytes())
    content[-1] ^= 1
    (made.path / "lower.npy").write_bytes(content)
    with pytest.raises(BenchmarkError) as caught:
        open_benchmarks(made.path).verify()
    assert [each.where for each in caught.value.problems] == ["lower.npy"]
