"""Engine and oracle keep the same cards of plugins that failed or were rejected."""

import datetime as dt
from collections.abc import Callable
from itertools import chain

import msgspec
import pytest
from bench.oracle import Oracle
from tests.core.pipeline.test_failed_plugins import (
    ACME,
    POLICY,
    Answer,
    Author,
    Derive,
    View,
    decoded,
    failing,
    kept,
)

from shopace.core import Channel, Period
from shopace.core.host.discovery import Source, load_sources, sources
from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.document import Document
from shopace.core.records.memory import Memory
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import load_policy, policy_of
from shopace.core.warehouse.snapshot import build_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.simulate import simulate

LAST_DAY = dt.date(2026, 10, 31)
YESTERDAY = LAST_DAY - dt.timedelta(1)
SHOPS = 150
RULES = policy_of([*load_policy(POLICY_PACKS).lines, *POLICY.lines])

Documents = dict[str, Document]
Build = Callable[[Registry, dt.date], Inputs]


def broken() -> object:
    raise ImportError("no such module")


def registry(author: Author, *rejected: str) -> Registry:
    """The built-in plugins and one with code of its own; some cannot be imported here."""
    found = [*sources(BUILTIN, use_entry_points=False), author.source(ACME)]
    return load_sources(
        [
            Source(each.name, each.version, broken, each.builtin) if each.name in rejected else each
            for each in found
        ]
    )


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Build:
    home = tmp_path_factory.mktemp("market")
    simulate(home / "facts", shops=SHOPS, last_day=LAST_DAY)

    def built(registry: Registry, as_of: dt.date) -> Inputs:
        snapshot = build_snapshot(
            load_mapping(home / "facts" / "mapping.toml", registry.measures),
            home / "facts",
            home / "snapshots",
            measures=registry.measures,
            metrics=registry.metrics,
            as_of=as_of,
            block_shops=SHOPS,
        )
        benchmarks = build_benchmarks(registry, snapshot, home / "benchmarks")
        return Inputs(registry, snapshot, benchmarks, RULES)

    return built


@pytest.fixture(scope="module")
def yesterday(market: Build) -> Documents:
    """Of the night before, on which nothing failed."""
    return by_engine(market(registry(Author()), YESTERDAY), {})


def misreading(view: View) -> Answer:
    return {("acme.kept", Channel.SHOP, Period.L7D): view("ordes", Channel.SHOP, Period.L7D)}


def by_engine(inputs: Inputs, stored: Documents) -> Documents:
    slices = diagnose_block(
        inputs,
        0,
        recall=lambda shops: [stored[each].memory if each in stored else None for each in shops],
        bodies=lambda shops: [stored[each].body if each in stored else None for each in shops],
    )
    return {each.shop: each for each in chain.from_iterable(slices)}


def by_oracle(inputs: Inputs, stored: Documents) -> Documents:
    oracle = Oracle(inputs.registry, inputs.snapshot, inputs.benchmarks, inputs.policy)
    shops = oracle.read(inputs.snapshot.block(0))
    failed = oracle.failures(shops)
    found = {}
    for shop in shops:
        last = stored.get(shop.id)
        memory, body = (last.memory, last.body) if last is not None else (None, None)
        found[shop.id] = oracle.diagnose(shop, memory, body, failed)
    return found


@pytest.mark.parametrize(
    ("derive", "rejected"),
    [
        (failing, ()),
        (kept, ("shop_performance_score", "fulfillment_service", "policy_violations")),
        (kept, ("promotions", "ads", "product_competitiveness")),
        (misreading, ("product_quality", "listing_risk", "seller_video_quality", "live_quality")),
        (kept, tuple(name.rpartition(".")[2] for name in BUILTIN[::2])),
    ],
)
def test_whatever_fails_all_documents_are_the_oracles(
    market: Build, yesterday: Documents, derive: Derive, rejected: tuple[str, ...]
) -> None:
    author = Author()
    inputs = market(registry(author, *rejected), LAST_DAY)
    author.derive = derive
    today = by_engine(inputs, yesterday)
    assert today == by_oracle(inputs, yesterday)
    assert any(each.stale_since for document in today.values() for each in decoded(document).cards)
    assert by_engine(inputs, today) == today == by_oracle(inputs, today)
    for shop, document in today.items():
        diagnosis = decoded(document)
        require_order(inputs.registry, diagnosis)
        require_nothing_resolved(decoded(yesterday[shop]), diagnosis, rejected)


def require_order(registry: Registry, diagnosis: Diagnosis) -> None:
    """One card per place, one per objective in the overall list, fresh ones first in each band."""
    cards = {each.id: each for each in diagnosis.cards}
    assert len(cards) == len(diagnosis.cards)
    order = [(each.priority, each.stale_since is not None) for each in diagnosis.cards]
    assert order == sorted(order)
    objectives = [diagnosis.tasks[cards[each].template].objective for each in diagnosis.for_you]
    assert len(set(objectives)) == len(objectives)
    listed = set(chain(diagnosis.for_you, *diagnosis.by_channel.values()))
    assert listed == set(cards)
    assert {each.template for each in diagnosis.cards} == set(diagnosis.tasks)
    assert all(each.kept in cards or not each.kept for each in diagnosis.withheld)
    assert sum(each.benefit.amount is not None for each in diagnosis.cards) <= 1
    recommended = sum(each.most_recommended for each in diagnosis.cards)
    assert recommended <= registry.values["core.most_recommended"]


def require_nothing_resolved(
    yesterday: Diagnosis, today: Diagnosis, rejected: tuple[str, ...]
) -> None:
    """Every card of a rejected plugin is there still, or another one stands in its place."""
    led = {today.tasks[each.template].objective for each in today.cards}
    for card in yesterday.cards:
        if card.template.partition(".")[0] in rejected:
            assert (
                card.id in {each.id for each in today.cards}
                or yesterday.tasks[card.template].objective in led
            )


def test_memory_goes_on_as_if_nothing_had_failed(market: Build, yesterday: Documents) -> None:
    author = Author()
    inputs = market(registry(author), LAST_DAY)
    author.derive = failing
    today = by_engine(inputs, yesterday)
    kept = 0
    for shop, document in today.items():
        open_before = msgspec.json.decode(yesterday[shop].memory, type=Memory).latest.open
        open_now = msgspec.json.decode(document.memory, type=Memory).latest.open
        for card in decoded(document).cards:
            if card.stale_since is not None:
                kept += 1
                assert open_now[card.id] == open_before[card.id] == card.since
    assert kept > SHOPS // 2
