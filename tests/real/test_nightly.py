"""Real marketplaces through the real thing: facts, snapshot, benchmarks, worker processes, Redis.

What readers get is held against `figures.sql`, which tells every number once more, straight from
the delivered file and by the definitions of the domain.
"""

import datetime as dt
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
import redis

from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.core.records.card import Evidence, TaskCard
from shopace.core.records.diagnosis import MetricNote
from shopace.core.records.metrics import Legend
from shopace.core.results.reader import DiagnosisReader, Stored
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import refs
from shopace.core.vocabulary.units import CATEGORIES
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import load_policy
from shopace.core.warehouse.snapshot import build_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.workers.embedded import Server
from shopace.workers.runs import Progress, start_nightly, wait
from shopace.workers.settings import Settings
from shopace.workers.supervisor import Supervisor

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
VARIABLE = "SHOPACE_REAL_DATA"
PROCESSES = 2
BLOCK_SHOPS = 256
"""Small, so that a run has several blocks for both processes."""
RUN_SECONDS = 60

FILES = {"koubei": "shop_days.parquet", "olist": "seller_days.parquet"}
DELIVERED = {
    "koubei": {"orders", "product_clicks"},
    "olist": {
        "active_products",
        "dispatch_due_orders",
        "gmv",
        "items_sold",
        "orders",
        "shipping_fees",
        "sku_orders",
    },
}
"""The measures of each marketplace; all of them of the shop as a whole."""

Night = tuple[str, str]
NIGHTS: tuple[Night, ...] = (
    ("koubei", "2015-12-15"),  # before views were counted
    ("koubei", "2016-02-04"),  # the week before the Spring Festival of 2016-02-07
    ("koubei", "2016-02-08"),  # … into it
    ("koubei", "2016-02-11"),  # … in the midst of it: everybody falls
    ("koubei", "2016-06-28"),
    ("olist", "2018-04-30"),
    ("olist", "2018-05-31"),  # the whole marketplace dips
    ("olist", "2018-07-31"),
)
"""In the order of their dates, as nights come."""

DARK_CATEGORIES = set(CATEGORIES) - {"supply_scale", "product_competitiveness"}
"""Of these neither marketplace delivers anything. Ads, affiliates, LIVEs and videos are here."""
STOCK = {"out_of_stock_products", "low_stock_products"}
"""The measures of stock, which are in a category that is told in part."""
UNTOLD = re.compile(
    r"\bLIVEs?\b|(?i:\b(?:ads?|advert\w*|affiliates?|creators?|videos?|(?:re)?stock\w*)\b)"
)
"""Words for what neither marketplace has. "Live" is also a listing's status, "LIVE" is not."""

DECIMALS = 2
"""Of published counts and amounts; these facts lead to no other units."""
SHARE_DECIMALS = 4


class Figures(NamedTuple):
    """A row of `figures.sql`: what a shop's metric is by the definitions. None is missing."""

    l7d: float | None = None
    p7d: float | None = None
    l30d: float | None = None
    p30d: float | None = None
    change: float | None = None
    """Against the seven days before, as a share of them; `moved` as a share of the mean of both."""
    moved: float | None = None
    market: float | None = None
    noise: float | None = None
    benchmark: float | None = None
    cohort: str | None = None
    peers: int | None = None
    percentile: int | None = None


class Ran(NamedTuple):
    """A night that is over: what became of the run, what readers get, and what is true."""

    as_of: dt.date
    delivered: set[str]
    """The measures of the marketplace."""
    progress: Progress
    blocks: int
    documents: dict[str, Stored]
    """By shop, of every shop of the snapshot that has one."""
    legend: Legend
    shops: set[str]
    """In the facts up to that day."""
    figures: dict[tuple[str, str], Figures]
    """By shop and metric."""

    def of(self, shop: str, metric: str) -> Figures:
        return self.figures.get((shop, metric), Figures())

    def cards(self) -> Iterator[tuple[str, TaskCard]]:
        for shop, stored in self.documents.items():
            for card in stored.diagnosis.cards:
                yield shop, card

    def notes(self) -> Iterator[tuple[str, MetricNote]]:
        for shop, stored in self.documents.items():
            told = stored.diagnosis
            for note in (*told.need_attention, *told.can_improve, *told.improved):
                yield shop, note


@pytest.fixture(scope="module")
def real_data() -> Path:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} names no folder with exports of real marketplaces")
    return Path(folder)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(BUILTIN)


@pytest.fixture(scope="module")
def ran(
    real_data: Path, registry: Registry, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> dict[Night, Ran]:
    """Every night, one after the other, by worker processes on the embedded server."""
    home = tmp_path_factory.mktemp("nights")
    settings = Settings(broker_url=server.url_broker, results_url=server.url_results, data=home)
    with redis.Redis.from_url(server.url_results) as client:
        client.flushall()
    with Supervisor(settings, processes=PROCESSES) as supervisor:
        nights = {night: run_night(settings, registry, real_data, *night) for night in NIGHTS}
        assert len(supervisor.pids) == PROCESSES
    return nights


def run_night(
    settings: Settings, registry: Registry, real_data: Path, marketplace: str, day: str
) -> Ran:
    """What an operator does for one date, and then a reader for every shop."""
    as_of = dt.date.fromisoformat(day)
    snapshot = build_snapshot(
        load_mapping(EXAMPLES / f"{marketplace}.mapping.toml", registry.measures),
        real_data / marketplace,
        settings.snapshots,
        measures=registry.measures,
        metrics=registry.metrics,
        as_of=as_of,
        block_shops=BLOCK_SHOPS,
    )
    benchmarks = build_benchmarks(registry, snapshot, settings.benchmarks)
    run = start_nightly(settings, snapshot, benchmarks, load_policy(POLICY_PACKS))
    progress = wait(run, timeout=RUN_SECONDS)
    reader = DiagnosisReader(settings.results_url)
    shops = [shop for block in range(len(snapshot)) for shop in snapshot.block(block).shops]
    documents = {shop: stored for shop in shops if (stored := reader.get(shop)) is not None}
    (legend_id,) = {stored.metrics.legend for stored in documents.values()}
    legend = reader.legend(legend_id)
    assert legend is not None
    true_shops, figures = recompute(marketplace, real_data / marketplace / FILES[marketplace], day)
    return Ran(
        as_of,
        DELIVERED[marketplace],
        progress,
        len(snapshot),
        documents,
        legend,
        true_shops,
        figures,
    )


def recompute(
    marketplace: str, file: Path, day: str
) -> tuple[set[str], dict[tuple[str, str], Figures]]:
    """Shops and figures of a day, by SQL alone."""
    with duckdb.connect() as database:
        database.execute("SET VARIABLE facts = ?", [str(file)])
        database.execute("SET VARIABLE as_of = CAST(? AS DATE)", [day])
        for script in (f"{marketplace}.sql", "figures.sql"):
            database.execute((HERE / script).read_text("utf-8"))
        shops = {row[0] for row in database.execute("SELECT shop FROM shops").fetchall()}
        columns = ", ".join(Figures._fields)
        rows = database.execute(f"SELECT shop, metric, {columns} FROM recomputed").fetchall()
    return shops, {(row[0], row[1]): Figures(*row[2:]) for row in rows}


def rests_on(registry: Registry, metric: str, delivered: set[str]) -> bool:
    """Whether all that the metric's formula reads is delivered, of the shop as a whole."""
    return all(
        ref.key in delivered and ref.channel in {None, Channel.SHOP}
        for ref in refs(registry.metrics[metric].formula)
    )


def published(value: float | None, decimals: int = DECIMALS) -> float | None:
    """As published numbers are rounded: half to even. Missing stays missing."""
    return None if value is None else round(value * 10**decimals) / 10**decimals


def share(value: float | None) -> float | None:
    return published(value, SHARE_DECIMALS)


@pytest.fixture(params=NIGHTS, ids="-".join)
def night(request: pytest.FixtureRequest, ran: dict[Night, Ran]) -> Ran:
    return ran[request.param]


# --- runs --------------------------------------------------------------------------------------


def test_every_shop_has_a_document_of_that_day_when_the_run_is_over(night: Ran) -> None:
    assert set(night.documents) == night.shops
    assert {stored.as_of for stored in night.documents.values()} == {night.as_of}
    assert {stored.diagnosis.as_of for stored in night.documents.values()} == {night.as_of}
    assert night.progress.written == night.progress.shops == len(night.shops)
    assert (night.progress.failed, night.progress.errors) == (0, {})


def test_a_run_has_work_for_all_processes(night: Ran) -> None:
    assert night.progress.blocks_done == night.blocks >= PROCESSES


def test_the_run_counts_the_cards_that_readers_find(night: Ran) -> None:
    found = {"P0": 0, "P1": 0, "P2": 0}
    for _, card in night.cards():
        found[card.priority] += 1
    assert {each: night.progress.cards.get(each, 0) for each in found} == found


@pytest.mark.parametrize("marketplace", FILES)
def test_there_are_cards_to_check(ran: dict[Night, Ran], marketplace: str) -> None:
    assert sum(len(list(night.cards())) for (of, _), night in ran.items() if of == marketplace)


# --- what is not known -------------------------------------------------------------------------


def test_no_card_or_note_rests_on_a_missing_metric(night: Ran, registry: Registry) -> None:
    numbers: list[tuple[str, Evidence | MetricNote]] = [*night.notes()]
    numbers += [(shop, card.evidence) for shop, card in night.cards()]
    for shop, told in numbers:
        assert math.isfinite(told.value), (shop, told)
        assert rests_on(registry, told.metric, night.delivered), (shop, told)
        assert told.channel is Channel.SHOP


def test_nothing_is_said_of_ads_affiliates_lives_videos_or_stock(
    night: Ran, registry: Registry
) -> None:
    """Nor of anything else that the facts do not carry."""
    metrics = [column.metric for column in night.legend.columns]
    metrics += [card.evidence.metric for _, card in night.cards()]
    metrics += [note.metric for _, note in night.notes()]
    for metric in set(metrics):
        assert registry.category_of(metric) not in DARK_CATEGORIES, metric
        assert not STOCK & {ref.key for ref in refs(registry.metrics[metric].formula)}, metric
    for stored in night.documents.values():
        assert {task.category for task in stored.diagnosis.tasks.values()}.isdisjoint(
            DARK_CATEGORIES
        )


def test_no_card_asks_for_what_the_marketplace_does_not_have(night: Ran) -> None:
    told = {
        str(text)
        for stored in night.documents.values()
        for task in stored.diagnosis.tasks.values()
        for text in (task.title, task.why, *task.steps, task.action.label)
    }
    assert {text: match.group() for text in told if (match := UNTOLD.search(text))} == {}


def test_there_is_no_risk_where_no_risk_facts_exist(night: Ran) -> None:
    for stored in night.documents.values():
        assert stored.diagnosis.counts["P0"] == 0
        assert stored.diagnosis.risk_monitor is None


def test_every_category_without_facts_is_named_as_not_evaluated_with_all_its_metrics(
    night: Ran, registry: Registry
) -> None:
    metrics_of: dict[str, set[str]] = {}
    for metric in registry.metrics:
        metrics_of.setdefault(registry.category_of(metric), set()).add(metric)
    lit = {column.metric for column in night.legend.columns}
    wanted = {category: metrics - lit for category, metrics in metrics_of.items() if metrics - lit}
    assert set(wanted) >= DARK_CATEGORIES
    assert all(wanted[category] == metrics_of[category] for category in DARK_CATEGORIES)
    for stored in night.documents.values():
        named = {
            each.category: set(each.metrics)
            for each in stored.diagnosis.not_evaluated
            if each.reason == "not_delivered"
        }
        assert named == wanted


# --- numbers -----------------------------------------------------------------------------------


def test_every_number_on_a_card_is_that_of_the_facts(night: Ran) -> None:
    for shop, card in night.cards():
        told, true = card.evidence, night.of(shop, card.evidence.metric)
        if told.comparison == "previous":
            assert card.priority == "P1"
            assert told.window == "L7D"
            assert told.value == published(true.l7d)
            assert told.previous == published(true.p7d)
            assert told.change == share(true.change)
            assert told.market_change == share(true.market)
            assert told.noise == share(true.noise)
            assert (told.benchmark, told.peers, told.percentile) == (None, None, None)
        else:
            assert (told.comparison, card.priority) == ("peers", "P2")
            assert told.window == "L30D"
            assert told.value == published(true.l30d)
            assert told.benchmark == published(true.benchmark)
            assert (told.cohort, told.peers) == (true.cohort, true.peers)
            assert told.percentile == true.percentile
            assert (told.previous, told.change, told.noise) == (None, None, None)


def test_severity_is_the_size_of_the_change_or_of_the_gap(night: Ran) -> None:
    for shop, card in night.cards():
        true = night.of(shop, card.evidence.metric)
        if card.priority == "P1":
            assert true.moved is not None
            size, marked, severe = -true.moved, 0.3, 0.6
        else:
            assert true.benchmark is not None
            assert true.l30d is not None
            size, marked, severe = 1 - true.l30d / true.benchmark, 0.35, 0.6
        assert card.severity == 1 + (size >= marked) + (size >= severe)


def test_a_promised_amount_is_the_gap_of_the_facts_and_at_most_half_the_gmv(night: Ran) -> None:
    for shop, card in night.cards():
        if card.benefit.amount is not None:
            true, gmv = night.of(shop, card.evidence.metric), night.of(shop, "gmv").l30d
            assert true.benchmark is not None
            assert true.l30d is not None
            assert gmv is not None
            gap = true.benchmark / true.l30d - 1
            assert card.benefit.amount == published(gmv * min(gap, 0.5))


def test_every_number_of_a_note_is_that_of_the_facts(night: Ran) -> None:
    for shop, note in night.notes():
        true = night.of(shop, note.metric)
        if note.window == "L7D":
            assert note.value == published(true.l7d)
            assert note.previous == published(true.p7d)
            assert note.change == share(true.change)
        else:
            assert note.value == published(true.l30d)
            assert note.benchmark == published(true.benchmark)
            assert (note.cohort, note.peers) == (true.cohort, true.peers)
            assert note.percentile == true.percentile


def test_every_metric_of_every_shop_is_that_of_the_facts(night: Ran, registry: Registry) -> None:
    metrics = [column.metric for column in night.legend.columns]
    assert {column.channel for column in night.legend.columns} == {Channel.SHOP}
    assert set(metrics) == {
        metric for metric in registry.metrics if rests_on(registry, metric, night.delivered)
    }
    for shop, stored in night.documents.items():
        told = stored.metrics
        true = [night.of(shop, metric) for metric in metrics]
        assert told.l7d == tuple(published(each.l7d) for each in true), shop
        assert told.p7d == tuple(published(each.p7d) for each in true), shop
        assert told.l30d == tuple(published(each.l30d) for each in true), shop
        assert told.benchmark == tuple(published(each.benchmark) for each in true), shop


def test_gmv_and_tier_are_those_of_the_facts_and_no_channel_is_made_up(night: Ran) -> None:
    for shop, stored in night.documents.items():
        true, gmv = night.of(shop, "gmv"), stored.diagnosis.gmv
        assert gmv.total.amount == published(true.l30d)
        assert gmv.total.previous == published(true.p30d)
        fell = true.l30d / true.p30d - 1 if true.l30d is not None and true.p30d else None
        assert gmv.total.change == share(fell)
        assert gmv.residual is None
        for part in (*gmv.channels, *gmv.groups):
            assert (part.amount, part.share, part.previous, part.change) == (None,) * 4
        tier = stored.diagnosis.tier
        assert (tier.outcome, tier.gmv_30d) == ("not_applicable", published(true.l30d))
        assert (tier.level, tier.next_name, tier.missing_to_next) == (None, None, None)


def test_the_changes_in_the_conclusion_are_those_of_the_facts(night: Ran) -> None:
    for shop, stored in night.documents.items():
        told = stored.diagnosis.conclusion.sentence.params
        if "metric" in told:
            worst = stored.diagnosis.need_attention[0]
            change, told_of = night.of(shop, worst.metric).change, str(worst.title)
            assert str(told["metric"]) == told_of
        else:
            change = night.of(shop, "gmv").change
        if "change" in told:
            assert change is not None
            assert told["change"] == share(abs(change))
        if "factor" in told:
            assert told["factor"] == "AOV"
            factor_change = night.of(shop, "aov_sku").change
            assert factor_change is not None
            assert told["factor_change"] == share(abs(factor_change))
