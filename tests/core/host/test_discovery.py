"""Finding plugins: a broken one costs only itself, and the order of finding changes nothing."""

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import examples
from tests.pages import LINE, PAGE, module_of, page_with, source_of

from shopace.core.configuration import Configuration
from shopace.core.errors import ConfigurationError, PluginError
from shopace.core.host.discovery import Source, load_registry, load_sources
from shopace.core.host.hooks import hookimpl
from shopace.core.host.registry import Registry, build_registry, require_sound
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.formula import measure
from shopace.core.vocabulary.metrics import Benchmark, Metric
from shopace.core.vocabulary.plugins import Plugin
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS
from shopace.core.vocabulary.units import CATEGORIES, Direction, Unit, Window
from shopace.plugins import BUILTIN


def metric(key: str, reads: str) -> Metric:
    return Metric(
        key=key,
        title="A metric",
        definition="A number.",
        formula=measure(reads),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
    )


def page_of(key: str, *declares: Metric | Benchmark) -> Plugin:
    return msgspec.structs.replace(PAGE, key=key, declares=declares)


SOUND = page_of("sound", metric("sound.visits", "visitors"))


def beside(*sources: Source) -> Registry:
    """The registry of the given sources between two sound ones, which must be unharmed."""
    registry = load_sources([source_of(PAGE), *sources, source_of(SOUND)])
    assert {"acme", "sound"} <= set(registry.plugins)
    return registry


def reasons(registry: Registry) -> dict[str, list[str]]:
    return {each.plugin: [problem.what for problem in each.problems] for each in registry.rejected}


def found_at(load: Callable[[], object], name: str = "broken") -> Source:
    return Source(name, "3.1", load, builtin=False)


def raising(error: BaseException) -> Callable[[], object]:
    def load() -> object:
        raise error

    return load


# --- what is shipped --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Registry:
    return load_registry(BUILTIN, use_entry_points=False)


def test_the_shipped_plugins_load_one_per_category_with_nothing_rejected(shipped: Registry) -> None:
    assert shipped.rejected == ()
    assert list(shipped.plugins) == list(CATEGORIES)
    assert {key: each.category for key, each in shipped.plugins.items()} == {
        key: key for key in CATEGORIES
    }
    assert [name.split(".")[2:] for name in BUILTIN] == [
        [pillar.value, key] for key, pillar in CATEGORIES.items()
    ]


@settings(max_examples=examples(40))
@given(order=st.permutations(BUILTIN), place=st.integers(0, len(BUILTIN)))
def test_the_registry_is_the_same_in_whatever_order_plugins_are_found(
    order: list[str], place: int
) -> None:
    def load(names: list[str], third: int) -> Registry:
        sources = [
            Source(name.rpartition(".")[2], "", partial(import_module, name), builtin=True)
            for name in names
        ]
        return load_sources([*sources[:third], source_of(PAGE), *sources[third:]])

    one, other = load([*BUILTIN], 0), load(order, place)
    for kind in ("plugins", "measures", "metrics", "benchmarks", "objectives", "templates"):
        assert [*getattr(one, kind).items()] == [*getattr(other, kind).items()]
    assert [*one.values.items()] == [*other.values.items()]
    assert one.fingerprint == other.fingerprint


def test_plugins_own_code_runs_in_the_order_of_plugins_whoever_was_found_first() -> None:
    pages = [page_of(key) for key in ("zeta", "acme", "mine")]
    own_code = {each.key: print for each in pages}
    assert [*build_registry(pages, derivers=own_code).derivers] == ["acme", "mine", "zeta"]


# --- a broken one -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (ImportError("No module named 'akme'"), "ImportError: No module named 'akme'"),
        (SyntaxError("invalid syntax"), "SyntaxError: invalid syntax"),
        (SystemExit(1), "SystemExit: 1"),
    ],
)
def test_what_fails_at_import_is_rejected_with_its_error(error: BaseException, what: str) -> None:
    registry = beside(found_at(raising(error)))
    assert reasons(registry) == {"broken": [f"cannot be imported: {what}"]}
    assert registry.rejected[0].version == "3.1"


def test_a_keyboard_interrupt_is_no_fault_of_a_plugin() -> None:
    with pytest.raises(KeyboardInterrupt):
        load_sources([found_at(raising(KeyboardInterrupt()))])


def test_a_misspelt_hook_is_told_with_the_one_that_was_meant() -> None:
    module = ModuleType("broken")

    @hookimpl
    def shopace_plugins() -> Plugin:
        return SOUND

    module.shopace_plugins = shopace_plugins  # type: ignore[attr-defined]
    assert reasons(beside(found_at(lambda: module))) == {
        "broken": [
            'there is no hook "shopace_plugins" (did you mean "shopace_plugin"?)',
            "it implements no hook shopace_plugin",
        ]
    }


def test_a_hook_with_an_argument_that_it_does_not_get_is_rejected() -> None:
    module = module_of(page_of("broken", metric("broken.m", "gmv")))

    @hookimpl
    def shopace_derive(viev: object) -> dict[object, object]:
        return {}

    module.shopace_derive = shopace_derive  # type: ignore[attr-defined]
    (what,) = reasons(beside(found_at(lambda: module)))["broken"]
    assert "viev" in what


def test_a_hook_that_returns_something_else_is_rejected() -> None:
    registry = beside(found_at(lambda: module_of({"key": "broken"})))
    assert reasons(registry) == {"broken": ["shopace_plugin returned dict, not a Plugin"]}


def failing(error: BaseException) -> ModuleType:
    module = ModuleType("broken")

    @hookimpl
    def shopace_plugin() -> Plugin:
        raise error

    module.shopace_plugin = shopace_plugin  # type: ignore[attr-defined]
    return module


def test_a_hook_that_fails_is_rejected() -> None:
    registry = beside(found_at(lambda: failing(ZeroDivisionError("division by zero"))))
    assert reasons(registry) == {
        "broken": ["shopace_plugin failed: ZeroDivisionError: division by zero"]
    }


def test_a_hook_that_exits_is_rejected_too() -> None:
    registry = beside(found_at(lambda: failing(SystemExit(2))))
    assert reasons(registry) == {"broken": ["shopace_plugin failed: SystemExit: 2"]}


def test_the_line_of_its_own_code_where_a_plugin_failed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_page").mkdir()
    (tmp_path / "broken_page" / "__init__.py").write_text("from broken_page import deep\n")
    deep = tmp_path / "broken_page" / "deep.py"
    deep.write_text("import json\n\njson.loads('{')\n")
    monkeypatch.syspath_prepend(tmp_path)
    (rejection,) = beside(found_at(partial(import_module, "broken_page"))).rejected
    (problem,) = rejection.problems
    assert problem.what.startswith("cannot be imported: JSONDecodeError: ")
    assert problem.hint == f"at {deep}:3"
    assert "from broken_page import deep" in rejection.trace
    assert "decoder.py" in rejection.trace
    assert "discovery.py" not in rejection.trace


def test_a_hook_without_its_mark_is_told() -> None:
    module = ModuleType("unmarked")
    module.shopace_plugin = lambda: SOUND  # type: ignore[attr-defined]
    assert reasons(beside(found_at(lambda: module))) == {
        "broken": [
            "its shopace_plugin is no hook without @hookimpl above it",
            "it implements no hook shopace_plugin",
        ]
    }


def test_a_module_without_the_hook_is_rejected() -> None:
    registry = beside(found_at(lambda: ModuleType("empty")))
    assert reasons(registry) == {"broken": ["it implements no hook shopace_plugin"]}


def test_all_that_is_wrong_with_a_page_is_told_under_its_name_and_version() -> None:
    page = msgspec.structs.replace(
        page_of("broken", metric("broken.m", "ordrs"), metric("m", "gmv")), version="2.7"
    )
    (rejection,) = beside(source_of(page)).rejected
    assert (rejection.plugin, rejection.version, rejection.category) == (
        "broken",
        "2.7",
        "product_quality",
    )
    assert [str(each) for each in rejection.problems] == [
        'plugin broken 2.7: metric m: key lacks the plugin\'s prefix ("broken.m")',
        (
            'plugin broken 2.7: metric broken.m: formula reads unknown measure "ordrs" '
            '(did you mean "orders"?)'
        ),
    ]


def test_rejected_plugins_stop_whoever_asks_for_sound_ones() -> None:
    registry = beside(
        found_at(raising(ImportError("no"))), found_at(lambda: ModuleType("empty"), "other")
    )
    with pytest.raises(PluginError, match="2 plugins rejected") as caught:
        require_sound(registry)
    assert [each.where for each in caught.value.problems] == [
        "plugin broken 3.1",
        "plugin other 3.1",
    ]
    require_sound(beside())


M = metric("broken.m", "gmv")


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (
            {"declares": M},
            "declares: is no tuple but of type Metric (a single one needs its comma: (metric,))",
        ),
        ({"declares": None}, "declares: is no tuple but None"),
        ({"declares": (M, None)}, "declares[1]: is no declaration but None"),
        ({"declares": ("x",)}, "declares[0]: is no declaration but of type str"),
        ({"declares": (M, [1])}, "declares[1]: is no declaration but of type list"),
        ({"category": None}, "category: is no text but None"),
        ({"key": 7}, 'key: is no text but of type int ("7", in quotes)'),
        ({"version": 1.0}, 'version: is no text but of type float ("1.0", in quotes)'),
    ],
)
def test_a_page_that_is_put_together_wrongly_costs_only_itself(
    fields: dict[str, object], what: str
) -> None:
    page = msgspec.structs.replace(page_of("broken", M), **fields)
    registry = beside(found_at(lambda: module_of(page)))
    (told,) = reasons(registry)["broken"]
    assert told.startswith(what)
    msgspec.json.encode(registry.rejected)


def test_a_page_that_cannot_even_be_judged_costs_only_itself() -> None:
    formula = measure("gmv")
    for _ in range(5000):
        formula = formula + measure("gmv")  # type: ignore[assignment]
    page = page_of("broken", msgspec.structs.replace(M, formula=formula))
    (told,) = reasons(beside(source_of(page)))["broken"]
    assert told.startswith("cannot be judged: RecursionError: ")


def test_words_lists_and_whole_numbers_are_as_good_as_what_they_stand_for() -> None:
    worded = msgspec.structs.replace(
        M,
        unit="money",
        direction="higher",
        channels=["shop", "seller_live"],
        windows=["L7D", "L30D"],
        min_sample=20,
    )
    registry = beside(source_of(page_of("broken", worded)))
    (kept,) = (registry.metrics["broken.m"],)
    assert kept.unit is Unit.MONEY
    assert kept.direction is Direction.HIGHER
    assert kept.channels == (Channel.SHOP, Channel.SELLER_LIVE)
    assert all(isinstance(each, Window) for each in kept.windows)
    assert kept.min_sample == 20
    undirected = msgspec.structs.replace(worded, direction="neither", is_key=True)
    assert reasons(beside(source_of(page_of("broken", undirected)))) == {
        "broken": ["metric broken.m: a key metric needs a direction"]
    }


# --- names --------------------------------------------------------------------------------------


def test_a_name_that_is_taken_is_rejected_and_the_first_stays() -> None:
    second = page_of("broken", metric("broken.m", "gmv"), metric("sound.visits", "gmv"))
    registry = load_sources([source_of(SOUND), source_of(second)])
    assert reasons(registry) == {
        "broken": ["metric sound.visits is already declared by plugin sound"]
    }
    assert registry.metrics["sound.visits"] == SOUND.declares[0]


def test_two_plugins_of_one_name_are_not_both_loaded() -> None:
    registry = load_sources([source_of(SOUND), source_of(SOUND)])
    assert reasons(registry) == {"sound": ["its name is taken by another plugin"]}
    assert list(registry.plugins) == ["sound"]


def test_a_page_with_the_key_of_another_is_rejected() -> None:
    registry = beside(source_of(page_of("acme", metric("acme.m", "gmv")), name="broken"))
    assert reasons(registry) == {
        "broken": ['its page says key "acme", it is registered as "broken"']
    }


def test_nobody_else_takes_the_key_of_a_category() -> None:
    page = Plugin(key="ads", category="ads", version="1", title="Ads", question="?", declares=())
    assert reasons(beside(source_of(page))) == {
        "ads": ['key "ads" is the built-in category\'s own']
    }


def test_a_page_that_leans_on_a_rejected_one_falls_with_it() -> None:
    first = page_of("first", metric("first.m", "no_such_measure"))
    second = page_of("second", metric("second.m", "gmv"), Benchmark(metric="first.m"))
    third = page_of("third", metric("third.m", "gmv"), Benchmark(metric="second.m"))
    registry = beside(source_of(third), source_of(second), source_of(first))
    assert reasons(registry) == {
        "first": ['metric first.m: formula reads unknown measure "no_such_measure"'],
        "second": ['benchmark first.m: unknown metric "first.m"'],
        "third": ['benchmark second.m: unknown metric "second.m"'],
    }


# --- configured -----------------------------------------------------------------------------------


def configured(**fields: object) -> Registry:
    configuration = msgspec.structs.replace(Configuration(source="shopace.toml"), **fields)
    return load_sources([source_of(PAGE), source_of(SOUND)], configuration)


def refused(**fields: object) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        configured(**fields)
    return [str(each) for each in caught.value.problems]


def test_a_switched_off_plugin_declares_nothing() -> None:
    registry = configured(disabled_plugins=("acme",))
    assert list(registry.plugins) == ["sound"]
    assert not registry.templates
    assert "acme.claims" not in registry.measures
    assert LINE.key not in registry.values


def test_a_switched_off_task_leaves_its_metric_and_its_lines() -> None:
    registry = configured(disabled_templates=("acme.find_cause",))
    assert list(registry.templates) == ["acme.write_manual"]
    assert "acme.claim_rate" in registry.metrics
    assert registry.values[LINE.key] == LINE.default


def test_lines_and_knobs_are_overridden_by_name_up_to_their_limits() -> None:
    registry = configured(parameters={LINE.key: LINE.maximum, "core.ab_peers": 5})
    assert registry.values[LINE.key] == LINE.maximum
    assert registry.values["core.ab_peers"] == 5
    assert registry.values["core.aa_floor"] == registry.parameters["core.aa_floor"].default


def test_everything_that_nobody_declares_or_allows_is_told_at_once() -> None:
    told = refused(
        disabled_plugins=("acm",),
        disabled_templates=("acme.find_causes",),
        parameters={
            "core.aa_flor": 0.2,
            LINE.key: 1.01,
            "core.ab_peers": 4.0,
            "core.aa_floor": float("nan"),
        },
    )
    assert told == [
        'shopace.toml: disable.plugins: nobody declares "acm" (did you mean "acme"?)',
        (
            'shopace.toml: disable.templates: nobody declares "acme.find_causes" '
            '(did you mean "acme.find_cause"?)'
        ),
        'shopace.toml: parameters: nobody declares "core.aa_flor" (did you mean "core.aa_floor"?)',
        'shopace.toml: parameters."acme.claims_line": 1.01 lies outside 0 … 1',
        'shopace.toml: parameters."core.ab_peers": 4 lies outside 5 … 1e+12',
        'shopace.toml: parameters."core.aa_floor": nan lies outside 0 … 2',
    ]


def test_a_plugin_that_was_rejected_and_a_task_of_one_switched_off_may_still_be_named() -> None:
    configuration = Configuration(
        disabled_plugins=("broken", "acme"), disabled_templates=("acme.find_cause",)
    )
    registry = load_sources([source_of(PAGE), found_at(raising(ImportError("no")))], configuration)
    assert not registry.plugins


def test_the_fingerprint_follows_what_is_declared_and_set_and_nothing_else() -> None:
    plain = configured()
    assert configured(source="elsewhere.toml").fingerprint == plain.fingerprint
    same = {"core.aa_floor": plain.parameters["core.aa_floor"].default}
    assert configured(parameters=same).fingerprint == plain.fingerprint
    other = [
        configured(parameters={"core.aa_floor": 0.7}),
        configured(disabled_templates=("acme.find_cause",)),
        configured(disabled_plugins=("sound",)),
        configured(ladders=DEFAULT_LADDERS[:0]),
        load_sources([source_of(page_with(version="1.1")), source_of(SOUND)]),
    ]
    prints = {plain.fingerprint, *(each.fingerprint for each in other)}
    assert len(prints) == 1 + len(other)


def test_loading_imports_no_plugin_that_was_not_asked_for() -> None:
    name = "shopace.plugins.no_such_plugin"
    registry = load_registry([name], use_entry_points=False)
    assert reasons(registry) == {
        "no_such_plugin": [f"cannot be imported: ModuleNotFoundError: No module named '{name}'"]
    }
    assert registry.rejected[0].category == "no_such_plugin"
    assert name not in sys.modules
