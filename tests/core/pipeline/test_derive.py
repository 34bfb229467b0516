"""Measures that a plugin derives: computed per batch, and nobody else's trouble."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests.marketplace import Shop, build, diagnose

from shopace.core import (
    Channel,
    Declaration,
    Direction,
    Measure,
    Metric,
    Period,
    Plugin,
    Unit,
    hookimpl,
    measure,
)
from shopace.core.host.discovery import Source, load_sources
from shopace.core.host.registry import Registry

CANCELLED = Measure(
    key="acme.kept_orders",
    title="orders kept",
    unit=Unit.COUNT,
    derived_from=("orders", "seller_fault_cancellations"),
)
Derive = Callable[..., dict[tuple[str, Channel, Period], Any]]


def metric(key: str, over: str) -> Metric:
    return Metric(
        key=key,
        title="Orders kept",
        definition="Orders that were not cancelled.",
        formula=measure(over),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
    )


def kept(view: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
    return {
        ("acme.kept_orders", Channel.SHOP, period): view("orders", Channel.SHOP, period)
        - view("seller_fault_cancellations", Channel.SHOP, period)
        for period in Period
    }


def registry_with(derive: Derive | None, *more: Declaration) -> Registry:
    page = Plugin(
        key="acme",
        category="fulfillment_service",
        version="1.0",
        title="Kept orders",
        question="How many orders are kept?",
        declares=(
            CANCELLED,
            metric("acme.kept_orders", "acme.kept_orders"),
            metric("acme.orders", "orders"),
            *more,
        ),
    )
    module = ModuleType("acme")

    @hookimpl
    def shopace_plugin() -> Plugin:
        return page

    module.shopace_plugin = shopace_plugin  # type: ignore[attr-defined]
    if derive is not None:

        @hookimpl
        def shopace_derive(view: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
            return derive(view)

        module.shopace_derive = shopace_derive  # type: ignore[attr-defined]
    return load_sources([Source("acme", "1.0", lambda: module, builtin=False)])


SHOPS = [
    Shop(id="a", facts={"orders": 10, "seller_fault_cancellations": 1}),
    Shop(id="b", facts={"orders": 5, "seller_fault_cancellations": float("nan")}),
]


def test_a_derived_measure_feeds_metrics_like_a_delivered_one(tmp_path: Path) -> None:
    found = diagnose(build(tmp_path, SHOPS, registry_with(kept)))
    place = ("acme.kept_orders", "shop")
    assert {shop: each.values[place] for shop, each in found.items()} == {"a": 63.0, "b": None}
    assert not any(each.diagnosis.partial for each in found.values())


def test_a_measure_without_its_hook_is_rejected() -> None:
    (rejection,) = registry_with(None).rejected
    assert "acme.kept_orders: it implements no hook shopace_derive" in str(rejection.problems[0])


def test_a_measure_derived_from_an_unknown_one_is_rejected() -> None:
    odd = Measure(key="acme.odd", title="odd", unit=Unit.COUNT, derived_from=("ordrs",))
    (rejection,) = registry_with(kept, odd).rejected
    assert 'derived from unknown measure "ordrs" (did you mean "orders"?)' in str(
        rejection.problems[0]
    )


def failing(view: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
    raise ZeroDivisionError("no orders")


def leaving(view: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
    raise SystemExit(object())


class WordlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def wordless(view: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
    raise WordlessError


def of_another(view: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
    return {("orders", Channel.SHOP, Period.L7D): view("orders", Channel.SHOP, Period.L7D)}


def of_another_size(_: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
    return {("acme.kept_orders", Channel.SHOP, Period.L7D): np.zeros(7)}


def writing(view: Callable[..., Any]) -> dict[tuple[str, Channel, Period], Any]:
    view("orders", Channel.SHOP, Period.L7D)[:] = 0.0
    return {}


@pytest.mark.parametrize(
    "derive", [failing, leaving, wordless, of_another, of_another_size, writing]
)
def test_a_hook_that_fails_costs_its_own_measures_and_says_so(
    tmp_path: Path, derive: Derive
) -> None:
    for each in diagnose(build(tmp_path, SHOPS, registry_with(derive))).values():
        assert each.values["acme.kept_orders", "shop"] is None
        assert each.values["acme.orders", "shop"] in {70.0, 35.0}
        assert each.diagnosis.partial
        (told,) = (one for one in each.diagnosis.not_evaluated if one.reason == "failed")
        assert told.category == "fulfillment_service"
        assert told.detail.startswith("plugin acme 1.0: ")
        assert "0x" not in told.detail or "0x…" in told.detail
