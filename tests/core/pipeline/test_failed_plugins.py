"""A plugin that fails: its part is unknown, what was known of it stays for a while, and says so."""

import datetime as dt
import locale
import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.marketplace import LAST_DAY, Shop, build, write_facts

from shopace.core import (
    Action,
    Channel,
    Direction,
    Measure,
    Metric,
    Parameter,
    Period,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_most,
    crosses,
    hookimpl,
    measure,
)
from shopace.core.host.discovery import Source, load_sources
from shopace.core.host.registry import Registry
from shopace.core.pipeline.derive import Hooks
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.card import TaskCard
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.document import Document
from shopace.core.records.memory import Memory
from shopace.core.warehouse.policy import PolicyLine, policy_of

Answer = Mapping[tuple[str, Channel, Period], Any]
View = Callable[..., Any]
Derive = Callable[[View], Any]

DAY = dt.timedelta(1)
PLACES = (Channel.SHOP, Channel.SELLER_LIVE)
FIRST = LAST_DAY - 3 * DAY
"""The night on which everything is known."""


def kept(view: View) -> Answer:
    return {("acme.kept", at, each): view("orders", at, each) for at in PLACES for each in Period}


def line(key: str) -> Parameter:
    return Parameter(key=key, default=20, unit=Unit.COUNT, title="Worth a task")


def metric(key: str, over: str) -> Metric:
    return Metric(
        key=key,
        title="Orders kept",
        definition="Orders.",
        formula=measure(over),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=PLACES,
        is_key=True,
    )


def template(key: str, objective: str, trigger: Any, *channels: Channel) -> TaskTemplate:
    return TaskTemplate(
        key=key,
        title=f"Do what {key} says",
        why="It helps.",
        steps=("Do it.",),
        type=TaskType.CHALLENGE,
        objective=objective,
        trigger=trigger,
        channels=channels,
        action=Action(label="Do", target="/do"),
    )


ACME = Plugin(
    key="acme",
    category="policy_violations",
    version="1.0",
    title="Kept orders",
    question="How many orders are kept?",
    declares=(
        Measure(
            key="acme.kept", title="orders kept", unit=Unit.COUNT, derived_from=("orders",),
            channels=PLACES,
        ),
        metric("acme.kept", "acme.kept"),
        metric("acme.orders", "orders"),
        template("acme.appeal", "restock", crosses("kept_low")),
        template("acme.keep", "run_ads", at_most("acme.kept", line("acme.few")), PLACES[0]),
        template("acme.live", "go_live", at_most("acme.kept", line("acme.shy")), PLACES[1]),
        template("acme.sell", "win_clicks", at_most("acme.orders", line("acme.no")), Channel.SHOP),
    ),
)  # fmt: skip
OTHER = msgspec.structs.replace(
    ACME,
    key="other",
    category="ads",
    declares=(
        metric("other.orders", "orders"),
        template("other.restock", "restock", at_most("other.orders", line("other.r")), PLACES[0]),
        template("other.run", "run_ads", at_most("other.orders", line("other.a")), PLACES[0]),
    ),
)
POLICY = policy_of(
    [
        PolicyLine(
            key="kept_low", ladder="kept", metric="acme.kept", at="most", value=10, level="high",
            rule="Too few.", loses="Everything.", regions=("*",),
            effective_from=dt.date(2020, 1, 1), source="default",
        )
    ]
)  # fmt: skip


class Author:
    """Whoever wrote the plugin's code, which the tests exchange while the registry stays."""

    def __init__(self) -> None:
        self.derive: Derive = kept
        self.calls = 0

    def source(self, page: Plugin = ACME) -> Source:
        module = ModuleType(page.key)

        @hookimpl
        def shopace_plugin() -> Plugin:
            return page

        @hookimpl
        def shopace_derive(view: View) -> Any:
            self.calls += 1
            return self.derive(view)

        module.shopace_plugin = shopace_plugin  # type: ignore[attr-defined]
        if page.key == ACME.key:
            module.shopace_derive = shopace_derive  # type: ignore[attr-defined]
        return Source(page.key, "1.0", lambda: module, builtin=False)

    def registry(self, *pages: Plugin) -> Registry:
        registry = load_sources([self.source(page) for page in pages])
        assert not registry.rejected
        return registry


class Store(dict[str, Document]):
    """What the results server holds, and what it was asked for."""

    def __init__(self) -> None:
        self.bodies_read = 0

    def recall(self, shops: Any) -> list[bytes | None]:
        return [self[each].memory if each in self else None for each in shops]

    def bodies(self, shops: Any) -> list[bytes | None]:
        self.bodies_read += len(shops)
        return [self[each].body if each in self else None for each in shops]

    def diagnose(self, inputs: Inputs, **more: Any) -> dict[str, Document]:
        """The documents, which are not yet stored."""
        return {
            document.shop: document
            for documents in diagnose_block(
                inputs, 0, recall=self.recall, bodies=self.bodies, **more
            )
            for document in documents
        }

    def night(self, inputs: Inputs, **more: Any) -> dict[str, Diagnosis]:
        """A run that stores its documents."""
        self.update(self.diagnose(inputs, **more))
        return {shop: decoded(each) for shop, each in self.items()}


def decoded(document: Document) -> Diagnosis:
    return msgspec.json.decode(document.body, type=Diagnosis)


def failing(_: View) -> Answer:
    raise ZeroDivisionError("no orders")


def by_template(diagnosis: Diagnosis) -> dict[str, TaskCard]:
    return {f"{each.template}@{each.channel}": each for each in diagnosis.cards}


def constantly(orders: float, **more: Any) -> dict[str, Any]:
    return {"orders": orders, "orders@seller_live": orders, **more}


FEW = Shop(id="few", facts=constantly(1))
MANY = Shop(id="many", facts=constantly(100))
ALL_CARDS = {"acme.appeal@shop", "acme.keep@shop", "acme.live@seller_live"}


@pytest.fixture
def author() -> Author:
    return Author()


class Nights:
    """The same marketplace on the nights from `FIRST` on."""

    def __init__(self, folder: Path, registry: Registry, *shops: Shop) -> None:
        self._folder, self.registry, self._shops = folder, registry, shops

    def __getitem__(self, number: int) -> Inputs:
        as_of = FIRST + number * DAY
        return build(self._folder, self._shops, self.registry, as_of=as_of, policy=POLICY)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Facts and their snapshots, which no failure changes; benchmarks are each test's own."""
    folder = tmp_path_factory.mktemp("delivered")
    write_facts(folder / "facts", (FEW, MANY), Author().registry(ACME))
    (folder / "snapshots").mkdir()
    return folder


@pytest.fixture
def nights(tmp_path: Path, delivered: Path, author: Author) -> Nights:
    for name in ("facts", "snapshots"):
        (tmp_path / name).symlink_to(delivered / name)
    return Nights(tmp_path, author.registry(ACME), FEW, MANY)


def test_its_last_good_cards_are_shown_again_and_say_of_which_day_they_are(
    nights: Nights, author: Author
) -> None:
    store = Store()
    good = store.night(nights[0])["few"]
    author.derive = failing
    bad = store.night(nights[1])["few"]

    assert good.cards
    assert all(each.stale_since is None for each in good.cards)
    assert set(by_template(bad)) == {*ALL_CARDS, "acme.sell@shop"}
    for name in ALL_CARDS:
        was, now = by_template(good)[name], by_template(bad)[name]
        assert (now.stale_since, now.since) == (FIRST, FIRST)
        assert (now.evidence, now.risk) == (was.evidence, was.risk)
        assert now.valid_until == was.valid_until
    assert bad.tasks == good.tasks
    assert set(bad.for_you) == set(good.for_you)
    assert bad.by_channel == good.by_channel
    assert bad.counts == good.counts
    assert bad.risk_monitor == good.risk_monitor
    assert bad.partial
    (told,) = (each for each in bad.not_evaluated if each.reason == "failed")
    assert told.detail == "plugin acme 1.0: shopace_derive: ZeroDivisionError: no orders"


def test_nothing_is_resolved_by_a_failure(nights: Nights, author: Author) -> None:
    store = Store()
    store.night(nights[0])
    author.derive = failing
    store.night(nights[1])
    assert store["few"].changed == ()
    memory = msgspec.json.decode(store["few"].memory, type=Memory)
    assert memory.earlier is not None
    assert memory.latest.open == memory.earlier.open
    assert memory.latest.risk == memory.earlier.risk == ("restock:shop",)
    assert memory.latest.lines == memory.earlier.lines == {"kept_low": FIRST}

    author.derive = kept
    again = store.night(nights[2])["few"]
    assert store["few"].changed == ()
    assert {each.since for each in again.cards} == {FIRST}
    assert all(each.stale_since is None for each in again.cards)


def test_a_failure_of_two_nights_keeps_them_one_of_three_does_not(
    nights: Nights, author: Author
) -> None:
    store = Store()
    store.night(nights[0])
    author.derive = failing
    seen = [by_template(store.night(nights[number])["few"]) for number in (1, 2, 3)]
    assert [set(each) >= ALL_CARDS for each in seen] == [True, True, False]
    assert {seen[1][name].stale_since for name in ALL_CARDS} == {FIRST}
    assert not ALL_CARDS & set(seen[2])
    assert "cards" in store["few"].changed


@pytest.mark.parametrize("slice_shops", [1, 2, 256])
def test_any_number_of_deliveries_gives_the_same_bytes_whatever_the_slices(
    nights: Nights, author: Author, slice_shops: int
) -> None:
    store = Store()
    store.night(nights[0])
    author.derive = failing
    inputs = nights[1]
    first = store.diagnose(inputs)
    store.update(first)
    for _ in range(3):
        assert store.diagnose(inputs, slice_shops=slice_shops) == first
        store.update(first)


def test_a_second_job_of_the_day_keeps_what_the_first_one_found(
    nights: Nights, author: Author
) -> None:
    store = Store()
    inputs = nights[1]
    store.night(nights[0])
    good = store.night(inputs)["few"]
    author.derive = failing
    bad = store.night(inputs)["few"]
    assert {by_template(bad)[name].stale_since for name in ALL_CARDS} == {FIRST + DAY}
    assert set(bad.for_you) == set(good.for_you)
    assert store.diagnose(inputs) == dict(store)


def test_what_needs_no_code_of_a_plugin_is_judged_without_it(
    tmp_path: Path, author: Author
) -> None:
    """Orders rise on the second night: the task over delivered numbers is done."""
    orders = np.array([1.0] * 96 + [30.0, 30.0])
    shop = Shop(id="few", facts=constantly(orders))  # type: ignore[arg-type]
    nights = Nights(tmp_path, author.registry(ACME), shop)
    store = Store()
    before = store.night(nights[1])["few"]
    author.derive = failing
    after = store.night(nights[2])["few"]
    assert "acme.sell@shop" in by_template(before)
    assert set(by_template(after)) == ALL_CARDS


def test_a_kept_risk_stays_on_top_and_a_lesser_card_in_its_place_gives_way(
    tmp_path: Path, author: Author
) -> None:
    nights = Nights(tmp_path, author.registry(ACME, OTHER), FEW)
    store = Store()
    good = store.night(nights[0])["few"]
    author.derive = failing
    bad = store.night(nights[1])["few"]

    assert by_template(good)["acme.appeal@shop"].priority == "P0"
    shown = [(each.id, each.template, each.stale_since) for each in bad.cards]
    assert shown[0] == ("restock:shop", "acme.appeal", FIRST)
    assert len({each.id for each in bad.cards}) == len(bad.cards)
    assert [each.priority for each in bad.cards] == sorted(each.priority for each in bad.cards)
    given_way = [each for each in bad.withheld if each.template == "other.restock"]
    assert [(each.reason, each.kept) for each in given_way] == [("same_objective", "restock:shop")]
    assert bad.risk_monitor is not None
    assert bad.risk_monitor.cards == ("restock:shop",)


def test_of_the_same_band_the_fresh_card_has_the_place_and_stands_first(
    tmp_path: Path, author: Author
) -> None:
    store = Store()
    good = store.night(Nights(tmp_path, author.registry(ACME), FEW)[0])["few"]
    inputs = Nights(tmp_path, author.registry(ACME, OTHER), FEW)[1]
    author.derive = failing
    bad = store.night(inputs)["few"]
    assert by_template(good)["acme.keep@shop"].id == "run_ads:shop"
    fresh = by_template(bad)["other.run@shop"]
    assert (fresh.id, fresh.stale_since, fresh.since) == ("run_ads:shop", None, FIRST)
    lesser = [each for each in bad.cards if each.priority == "P1"]
    assert [each.stale_since is not None for each in lesser] == [False, False, True]
    assert not any(each.most_recommended for each in bad.cards if each.stale_since is not None)
    assert list(bad.for_you) == [each.id for each in bad.cards]


def test_of_a_shop_that_closed_meanwhile_only_its_risks_are_kept(
    tmp_path: Path, author: Author
) -> None:
    active = np.array([1.0] * 96 + [0.0, 0.0])
    shop = Shop(id="few", facts=constantly(1, shop_active=active))
    reads = msgspec.structs.replace(metric("other.active", "shop_active"), channels=PLACES[:1])
    other = msgspec.structs.replace(OTHER, declares=(reads,))
    nights = Nights(tmp_path, author.registry(ACME, other), shop)
    store = Store()
    assert set(by_template(store.night(nights[1])["few"])) >= ALL_CARDS
    author.derive = failing
    assert set(by_template(store.night(nights[2])["few"])) == {"acme.appeal@shop"}


def test_cards_of_a_plugin_that_is_rejected_at_load_are_kept_too(
    tmp_path: Path, author: Author
) -> None:
    store = Store()
    good = store.night(Nights(tmp_path, author.registry(ACME, OTHER), FEW)[0])["few"]

    def broken() -> object:
        raise ImportError("no module named acme_core")

    registry = load_sources([Source("acme", "1.0", broken, builtin=False), author.source(OTHER)])
    assert [each.plugin for each in registry.rejected] == ["acme"]
    nights = Nights(tmp_path, registry, FEW)
    bad = store.night(nights[1])["few"]
    assert by_template(bad)["acme.appeal@shop"].stale_since == FIRST
    assert bad.tasks["acme.appeal"] == good.tasks["acme.appeal"]
    assert bad.partial
    assert store.diagnose(nights[1]) == dict(store)
    assert "acme.appeal" not in store.night(nights[3])["few"].tasks


def test_bodies_are_read_where_a_plugin_failed_and_only_there(
    nights: Nights, author: Author
) -> None:
    store = Store()
    store.night(nights[0])
    store.night(nights[1])
    assert store.bodies_read == 0
    author.derive = failing
    store.night(nights[2])
    assert store.bodies_read == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"{",
        lambda _: b"",
        lambda _: b"[]",
        lambda body: body.replace(b"shopace.diagnosis/1", b"shopace.diagnosis/2"),
        lambda body: body.replace(b'"as_of":"2026-06-27"', b'"as_of":"2026-06-29"'),
        lambda body: body.replace(b'"priority":"P0"', b'"priority":0'),
    ],
)
def test_a_stored_document_that_cannot_be_read_or_is_newer_gives_no_cards(
    nights: Nights, author: Author, change: Callable[[bytes], bytes]
) -> None:
    store = Store()
    store.night(nights[0])
    stored = store["few"]
    assert change(stored.body) != stored.body
    store["few"] = msgspec.structs.replace(stored, body=change(stored.body))
    author.derive = failing
    assert set(by_template(store.night(nights[1])["few"])) == {"acme.sell@shop"}


@pytest.mark.parametrize("slice_shops", [1, 3, 256])
def test_a_plugin_that_fails_for_one_shop_is_out_for_all_shops_of_the_job(
    tmp_path: Path, author: Author, slice_shops: int
) -> None:
    def touchy(view: View) -> Answer:
        if (view("orders", Channel.SHOP, Period.L7D) > 600).any():
            raise OverflowError("too many orders")
        return kept(view)

    shops = [Shop(id=f"s{i}", facts=constantly(1)) for i in range(6)]
    nights = Nights(tmp_path, author.registry(ACME), *shops, MANY)
    inputs = nights[0]
    author.derive = touchy
    documents = Store().diagnose(inputs, slice_shops=slice_shops)
    assert documents == Store().diagnose(inputs)
    for each in documents.values():
        assert decoded(each).partial
        assert set(by_template(decoded(each))) <= {"acme.sell@shop"}
    alone = Store().diagnose(inputs, first=1, count=3)
    assert not any(decoded(each).partial for each in alone.values())


def test_a_plugin_that_is_left_out_is_not_run_and_its_cards_are_kept(
    nights: Nights, author: Author
) -> None:
    store = Store()
    store.night(nights[0])
    inputs = nights[1]
    calls, told = author.calls, []
    hooks = Hooks(
        without={"acme": "ran longer than 30 s"}, on_failure=lambda *each: told.append(each)
    )
    bad = store.night(inputs, hooks=hooks)["few"]
    assert author.calls == calls
    assert by_template(bad)["acme.appeal@shop"].stale_since == FIRST
    reason = "plugin acme 1.0: shopace_derive: ran longer than 30 s"
    assert told == [("acme", reason)]
    assert [each.detail for each in bad.not_evaluated if each.reason == "failed"] == [reason]


def test_a_hook_runs_once_per_job(nights: Nights, author: Author) -> None:
    inputs, calls = nights[0], author.calls
    Store().diagnose(inputs, slice_shops=1)
    assert author.calls == calls + 1


# --- rude plugins ---------------------------------------------------------------------------

KEY = ("acme.kept", Channel.SHOP, Period.L7D)


def writes(view: View) -> Answer:
    view("orders", Channel.SHOP, Period.L7D)[:] = 0.0
    return {}


def unlocks(view: View) -> Answer:
    orders = view("orders", Channel.SHOP, Period.L7D)
    orders.flags.writeable = True
    orders[:] = 0.0
    return {}


def moves_the_decimal_point(view: View) -> Answer:
    locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")
    return kept(view)


def moves_the_clock(view: View) -> Answer:
    os.environ["TZ"] = "Pacific/Apia"
    time.tzset()
    return kept(view)


def raises_on_every_division(view: View) -> Answer:
    np.seterr(all="raise")
    return kept(view)


def misspells_a_measure(view: View) -> Answer:
    return {KEY: view("ordes", Channel.SHOP, Period.L7D)}


def reads_what_it_did_not_declare(view: View) -> Answer:
    return {KEY: view("gmv", Channel.SHOP, Period.L7D)}


def misspells_a_channel(view: View) -> Answer:
    return {KEY: view("orders", "shp", Period.L7D)}


def endless(view: View) -> Answer:
    return endless(view)


REFUSED: list[tuple[Derive, str]] = [
    (failing, "ZeroDivisionError: no orders"),
    (lambda _: None, "TypeError: it answers with NoneType, not with a mapping"),
    (lambda _: [1.0], "TypeError: it answers with list, not with a mapping"),
    (lambda _: {KEY: np.zeros(10**6)}, "acme.kept in shop: not one value per shop"),
    (lambda _: {KEY: np.zeros((2, 10**5))}, "acme.kept in shop: not one value per shop"),
    (lambda _: {KEY: 1.0}, "acme.kept in shop: not one value per shop"),
    (lambda _: {KEY: "ab"}, "acme.kept in shop: not one value per shop"),
    (lambda _: {KEY: ["many", "few"]}, "acme.kept in shop: not numbers"),
    (lambda _: {KEY: [None, 1.0]}, "acme.kept in shop: not numbers"),
    (lambda _: {KEY: np.array([1j, 1j])}, "acme.kept in shop: not numbers"),
    (lambda _: {("orders", *KEY[1:]): [0.0, 0.0]}, "orders in shop is no measure that it may"),
    (lambda _: {"acme.kept": [0.0, 0.0]}, "'acme.kept' is no measure that it may derive"),
    (lambda _: {i: [0.0, 0.0] for i in range(10**6)}, "0 is no measure that it may derive"),
    (writes, "ValueError: assignment destination is read-only"),
    (unlocks, "ValueError: cannot set WRITEABLE flag"),
    (moves_the_decimal_point, "RuntimeError: it changed the process's locale"),
    (moves_the_clock, "RuntimeError: it changed the process's environment, time zone"),
    (raises_on_every_division, "RuntimeError: it changed how NumPy treats errors"),
    (misspells_a_measure, '"ordes" is none of the measures that it derives from (did you mean'),
    (reads_what_it_did_not_declare, '"gmv" is none of the measures that it derives from (orders)'),
    (misspells_a_channel, "'shp' is not a valid Channel"),
    (endless, "RecursionError: "),
]


def surroundings() -> tuple[Any, ...]:
    return (
        dict(os.environ),
        locale.setlocale(locale.LC_ALL),
        time.tzname,
        np.geterr(),
        warnings.filters[:],
    )


@pytest.mark.parametrize(("derive", "reason"), REFUSED)
def test_what_it_may_not_do_costs_its_own_measures_and_is_told(
    nights: Nights, author: Author, derive: Derive, reason: str
) -> None:
    inputs, before = nights[0], surroundings()
    good = Store().diagnose(inputs)
    author.derive = derive
    for document in Store().diagnose(inputs).values():
        diagnosis = decoded(document)
        (told,) = (each for each in diagnosis.not_evaluated if each.reason == "failed")
        assert told.detail.startswith("plugin acme 1.0: shopace_derive: ")
        assert reason in told.detail
        assert len(told.detail) < 300
        assert set(by_template(diagnosis)) <= {"acme.sell@shop"}
    assert surroundings() == before
    author.derive = kept
    assert Store().diagnose(inputs) == good, "nobody else notices"


@pytest.mark.parametrize(
    "values",
    [
        [np.nan, np.nan],
        [np.inf, -np.inf],
        np.array([1e308, 1e308], dtype=np.longdouble) * 10,
        np.ma.masked_array([1.0, 1.0], mask=[True, True]),
    ],
)
def test_what_is_no_finite_number_is_missing(nights: Nights, author: Author, values: Any) -> None:
    author.derive = lambda _: {KEY: values}
    for document in Store().diagnose(nights[0]).values():
        assert not decoded(document).partial
        assert b"acme.keep" not in document.body
        assert b"Inf" not in document.metrics


def test_what_it_prints_and_warns_of_goes_nowhere(
    nights: Nights, author: Author, capsys: pytest.CaptureFixture[str]
) -> None:
    def chatty(view: View) -> Answer:
        print("{" * 1000)  # noqa: T201
        warnings.warn("careful", stacklevel=1)
        np.float64(1.0) / view("orders", Channel.SELLER_VIDEO, Period.L7D) / 0.0
        return kept(view)

    inputs = nights[0]
    good = Store().diagnose(inputs)
    capsys.readouterr()
    author.derive = chatty
    assert Store().diagnose(inputs) == good
    assert capsys.readouterr() == ("", "")


# --- peers ------------------------------------------------------------------------------------


def test_peers_that_a_failure_left_out_are_told_and_built_anew(
    nights: Nights, author: Author
) -> None:
    """And are never taken for all of them."""
    author.derive = failing
    without = nights[0].benchmarks
    assert without is not None
    (failure,) = without.manifest.failures
    assert (failure.plugin, failure.blocks) == ("acme", (0,))
    assert failure.why == "plugin acme 1.0: shopace_derive: ZeroDivisionError: no orders"

    author.derive = kept
    whole = nights[0].benchmarks
    assert whole is not None
    assert whole.id != without.id
    assert not whole.manifest.failures
    calls = author.calls
    again = nights[0].benchmarks
    assert again is not None
    assert (again.id, author.calls) == (whole.id, calls)


def test_peers_are_of_the_version_that_computed_them(
    tmp_path: Path, nights: Nights, author: Author
) -> None:
    earlier = nights[0]
    corrected = author.registry(msgspec.structs.replace(ACME, version="1.1"))
    later = Nights(tmp_path, corrected, FEW, MANY)[0]
    assert earlier.benchmarks is not None
    assert later.benchmarks is not None
    assert earlier.benchmarks.id != later.benchmarks.id
    mixed = Inputs(corrected, later.snapshot, earlier.benchmarks, POLICY)
    assert {mixed.plan.columns[at].metric.key for at in later.plan.move_rows[0]} == {
        "acme.kept", "acme.orders",
    }  # fmt: skip
    assert {mixed.plan.columns[at].metric.key for at in mixed.plan.move_rows[0]} == {"acme.orders"}
