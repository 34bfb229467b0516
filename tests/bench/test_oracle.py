"""The engine and the plain Python oracle come to the same bytes, and nothing else changes them."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench.oracle import Oracle
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.conftest import examples

from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import SLICE_SHOPS, Inputs, diagnose_block, diagnose_shop
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.document import Document
from shopace.core.vocabulary.campaigns import Campaign
from shopace.core.vocabulary.incentives import Programme, RewardKind
from shopace.core.vocabulary.parameters import CORE_PARAMETERS
from shopace.core.vocabulary.tasks import TaskType
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import EVERYWHERE, Policy, load_policy, policy_of
from shopace.core.warehouse.programmes import NO_PROGRAMMES, Programmes, programmes_of
from shopace.core.warehouse.snapshot import build_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS
from shopace.service.simulate import simulate

LAST_DAY = dt.date(2026, 10, 31)
WEEK = dt.timedelta(days=7)
SHOPS, BLOCK_SHOPS = 150, 64
EXAMPLES = Path(__file__).parents[2] / "examples"

CAMPAIGNS = tuple(
    Campaign(
        name=f"in {days} days",
        starts_on=LAST_DAY + dt.timedelta(days),
        ends_on=LAST_DAY + dt.timedelta(days + 3),
        regions=regions,
    )
    for days, regions in ((45, ("*",)), (46, ("*",)), (0, ("*",)), (7, ("SG",)), (1, ("US", "SG")))
)

LADDERS = tuple(
    msgspec.structs.replace(
        ladder,
        steps=tuple(
            msgspec.structs.replace(step, benefits=("kept", f"of {step.name}")[: step.level])
            for step in ladder.steps
        ),
    )
    for ladder in DEFAULT_LADDERS
)


def some(*words: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """No restriction, or one to a few of these."""
    return st.just(()) | st.lists(st.sampled_from(words), max_size=3, unique=True).map(tuple)


PROGRAMMES = st.lists(
    st.builds(
        Programme,
        key=st.sampled_from("abcdefgh"),
        title=st.just("Credit"),
        reward=st.sampled_from(RewardKind),
        amount=st.sampled_from((0.1, 20.0, 50.0)),
        currency=st.sampled_from(("USD", "USD", "SGD")),
        starts_on=st.sampled_from((LAST_DAY - WEEK, LAST_DAY, LAST_DAY + dt.timedelta(1))),
        ends_on=st.sampled_from((LAST_DAY - dt.timedelta(1), LAST_DAY, LAST_DAY + WEEK)),
        budget=st.just(100.0),
        spent=st.sampled_from((0.0, 49.9, 50.0, 99.9)),
        regions=some("US", "SG", "GB"),
        tiers=some(0, 1, 2, 3, 4, 5),
        industries=some("beauty", "electronics", "home"),
        categories=some("ads", "supply_scale", "seller_video_quality", "product_quality"),
        types=some(*TaskType),
    ),
    max_size=8,
    unique_by=lambda each: each.key,
).map(programmes_of)

Documents = dict[str, Document]
Parameters = dict[str, float]


class Memories(dict[str, bytes]):
    """The memory field of each shop; short when told."""

    def __repr__(self) -> str:
        return f"memories of {len(self)} shops"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(BUILTIN, use_entry_points=False)


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The default pack, with every line for all regions told once for each of two."""
    lines = []
    for line in load_policy(POLICY_PACKS).lines:
        regions = ("US", "SG") if line.regions == (EVERYWHERE,) else (None,)
        for region in regions:
            own = (region,) if region is not None else line.regions
            lines.append(msgspec.structs.replace(line, regions=own))
    return policy_of(lines)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo marketplace."""
    folder = tmp_path_factory.mktemp("market")
    simulate(folder / "facts", shops=SHOPS, last_day=LAST_DAY)
    return folder


def inputs_of(
    home: Path,
    registry: Registry,
    policy: Policy,
    as_of: dt.date,
    programmes: Programmes = NO_PROGRAMMES,
) -> Inputs:
    facts = home / "facts"
    snapshot = build_snapshot(
        load_mapping(facts / "mapping.toml", registry.measures),
        facts,
        home / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
        as_of=as_of,
        block_shops=BLOCK_SHOPS,
    )
    return Inputs(
        registry,
        snapshot,
        build_benchmarks(registry, snapshot, home / "benchmarks"),
        policy,
        programmes,
    )


@pytest.fixture(scope="module")
def last_week(home: Path, registry: Registry, policy: Policy) -> Inputs:
    return inputs_of(home, registry, policy, LAST_DAY - WEEK)


@pytest.fixture(scope="module")
def today(home: Path, registry: Registry, policy: Policy) -> Inputs:
    return inputs_of(home, registry, policy, LAST_DAY)


@pytest.fixture(scope="module")
def memories(last_week: Inputs) -> Memories:
    """What the diagnoses of a week ago remember; of every ninth shop nothing readable."""
    found = Memories({shop: each.memory for shop, each in by_engine(last_week).items()})
    for shop in sorted(found)[::9]:
        found[shop] = b"{"
    return found


def by_engine(
    inputs: Inputs, memories: Memories | None = None, slice_shops: int = SLICE_SHOPS
) -> Documents:
    recall = None if memories is None else lambda shops: [memories.get(each) for each in shops]
    return {
        document.shop: document
        for block in range(len(inputs.snapshot))
        for documents in diagnose_block(inputs, block, recall=recall, slice_shops=slice_shops)
        for document in documents
    }


def by_oracle(inputs: Inputs, memories: Memories | None = None) -> Documents:
    oracle = Oracle(
        inputs.registry, inputs.snapshot, inputs.benchmarks, inputs.policy, inputs.programmes
    )
    remembered = memories if memories is not None else Memories()
    return {
        shop.id: oracle.diagnose(shop, remembered.get(shop.id))
        for block in range(len(inputs.snapshot))
        for shop in oracle.read(inputs.snapshot.block(block))
    }


def diagnoses(documents: Documents) -> Iterator[Diagnosis]:
    for document in documents.values():
        yield msgspec.json.decode(document.body, type=Diagnosis)


def test_without_memory_all_documents_are_the_oracles(today: Inputs) -> None:
    documents = by_engine(today)
    assert len(documents) == SHOPS
    assert documents == by_oracle(today)
    told = list(diagnoses(documents))
    assert {card.priority for each in told for card in each.cards} == {"P0", "P1", "P2"}
    assert any(each.withheld for each in told)
    assert any(each.improved for each in told)


def test_with_memory_all_documents_are_the_oracles(today: Inputs, memories: Memories) -> None:
    documents = by_engine(today, memories)
    assert documents == by_oracle(today, memories)
    assert documents != by_engine(today)
    episodes = {card.since for each in diagnoses(documents) for card in each.cards}
    assert episodes == {LAST_DAY - WEEK, LAST_DAY}
    changes = {what for document in documents.values() for what in document.changed}
    assert changes >= {"new", "risk", "cards"}


def test_without_benchmarks_all_documents_are_the_oracles(today: Inputs) -> None:
    alone = Inputs(today.registry, today.snapshot, None, today.policy)
    documents = by_engine(alone)
    assert documents == by_oracle(alone)
    assert {card.priority for each in diagnoses(documents) for card in each.cards} == {"P0", "P1"}


@pytest.fixture(scope="module")
def configured(home: Path, memories: Memories, policy: Policy) -> Callable[[Parameters], list[str]]:
    """The shops of which engine and oracle differ, with these parameters."""

    def differing(parameters: Parameters) -> list[str]:
        registry = load_registry(
            BUILTIN,
            configuration=Configuration(
                parameters=parameters, campaigns=CAMPAIGNS, ladders=LADDERS
            ),
            use_entry_points=False,
        )
        inputs = inputs_of(home, registry, policy, LAST_DAY)
        one, other = by_engine(inputs, memories), by_oracle(inputs, memories)
        return [shop for shop, document in one.items() if document != other[shop]]

    return differing


@settings(max_examples=examples(8), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    parameters=st.fixed_dictionaries(
        {},
        optional={
            each.key: st.floats(each.minimum, min(each.maximum, 4 * each.default))
            for each in CORE_PARAMETERS
        },
    )
)
def test_whatever_is_configured_all_documents_are_the_oracles(
    configured: Callable[[Parameters], list[str]], parameters: Parameters
) -> None:
    assert configured(parameters) == []


@settings(max_examples=examples(8), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(programmes=PROGRAMMES)
def test_whatever_is_offered_all_documents_are_the_oracles(
    today: Inputs, memories: Memories, programmes: Programmes
) -> None:
    offered = Inputs(today.registry, today.snapshot, today.benchmarks, today.policy, programmes)
    assert by_engine(offered, memories) == by_oracle(offered, memories)


def test_rewards_change_no_number_of_cards_and_no_order_of_bands(today: Inputs) -> None:
    everything = [
        msgspec.convert(
            {"key": "all", "title": "Credit", "reward": "cash", "amount": 5, "currency": currency,
             "starts_on": "2026-10-01", "ends_on": "2026-10-31", "budget": 5, "tasks": tasks},
            Programme,
        )
        for currency, tasks in (("USD", sorted(today.registry.templates)[::2]),)
    ]  # fmt: skip
    offered = Inputs(
        today.registry, today.snapshot, today.benchmarks, today.policy, programmes_of(everything)
    )
    rewarded = 0
    pairs = zip(diagnoses(by_engine(today)), diagnoses(by_engine(offered)), strict=True)
    for plain, other in pairs:
        rewarded += sum(card.incentive is not None for card in other.cards)
        assert {card.incentive is None for card in plain.cards} <= {True}
        bands = [card.priority for card in other.cards]
        assert bands == sorted(bands)
        assert len(other.for_you) == len(plain.for_you)
    assert rewarded > SHOPS


@pytest.mark.parametrize(
    ("market", "as_of"), [("olist", dt.date(2018, 3, 31)), ("koubei", dt.date(2016, 2, 10))]
)
def test_of_real_marketplaces_all_documents_are_the_oracles(
    tmp_path: Path, registry: Registry, policy: Policy, market: str, as_of: dt.date
) -> None:
    folder = os.environ.get("SHOPACE_REAL_DATA")
    if not folder:
        pytest.skip("set SHOPACE_REAL_DATA to the folder that holds olist/ and koubei/")
    snapshot = build_snapshot(
        load_mapping(EXAMPLES / f"{market}.mapping.toml", registry.measures),
        Path(folder) / market,
        tmp_path,
        measures=registry.measures,
        metrics=registry.metrics,
        as_of=as_of,
    )
    inputs = Inputs(registry, snapshot, build_benchmarks(registry, snapshot, tmp_path), policy)
    documents = by_engine(inputs)
    assert any(each.cards for each in diagnoses(documents))
    assert documents == by_oracle(inputs)


@pytest.mark.parametrize("slice_shops", [1, 7, 512])
def test_the_size_of_slices_changes_no_byte(
    today: Inputs, memories: Memories, slice_shops: int
) -> None:
    assert by_engine(today, memories, slice_shops) == by_engine(today, memories)


def test_one_shop_alone_gets_the_document_that_it_gets_in_its_block(
    today: Inputs, memories: Memories
) -> None:
    recall = lambda shops: [memories.get(each) for each in shops]  # noqa: E731
    documents = by_engine(today, memories)
    for shop in sorted(documents)[::10]:
        assert diagnose_shop(today, shop, recall=recall) == documents[shop]


def test_the_order_in_which_plugins_are_given_changes_no_byte(home: Path, today: Inputs) -> None:
    turned = load_registry(BUILTIN[::-1], use_entry_points=False)
    assert turned.fingerprint == today.registry.fingerprint
    assert by_engine(inputs_of(home, turned, today.policy, LAST_DAY)) == by_engine(today)


def test_threads_that_share_the_inputs_change_no_byte(today: Inputs, memories: Memories) -> None:
    alone = by_engine(today, memories)
    fresh = Inputs(today.registry, today.snapshot, today.benchmarks, today.policy)
    with ThreadPoolExecutor(8) as threads:
        runs = [threads.submit(partial(by_engine, fresh, memories, 16)) for _ in range(8)]
        assert all(run.result() == alone for run in runs)


def test_a_withheld_task_names_a_card_that_is_shown_or_none(today: Inputs) -> None:
    for diagnosis in diagnoses(by_engine(today)):
        shown = {card.id for card in diagnosis.cards}
        for each in diagnosis.withheld:
            assert (each.kept in shown) if each.reason != "limit" else not each.kept
