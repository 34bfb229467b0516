"""The market's move: who tells it, and what it explains."""

from pathlib import Path

import numpy as np
import pytest
from tests.marketplace import DAYS, Shop, build, diagnose

from shopace.core.evaluation import midpoint_change
from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.plugins import BUILTIN

ORDERS = ("orders", "shop")
HALVED = np.array([20.0] * (DAYS - 7) + [10.0] * 7)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(BUILTIN, use_entry_points=False)


def marketplace(*, idle: int) -> list[Shop]:
    """Thirty shops whose orders halved in the last week, and some that never had any."""
    trading = [Shop(id=f"trading-{n}", facts={"orders": HALVED}) for n in range(30)]
    return trading + [Shop(id=f"idle-{n}", facts={"orders": 0.0}) for n in range(idle)]


@pytest.mark.parametrize("idle", [0, 90])
def test_shops_without_orders_do_not_hide_that_all_the_others_fell(
    tmp_path: Path, registry: Registry, idle: int
) -> None:
    inputs = build(tmp_path, marketplace(idle=idle), registry)
    assert inputs.benchmarks is not None
    row = inputs.benchmarks.manifest.moves.index(ORDERS)
    fell = midpoint_change(np.array(70.0), np.array(140.0))
    assert set(inputs.benchmarks.movers[:, row]) == {30}
    assert set(inputs.benchmarks.moves[:, row]) == {float(fell)}
    seen = diagnose(inputs)
    assert seen["trading-0"].aa[ORDERS] == "ok", "the market fell, not the shop"


def test_a_shop_that_falls_alone_among_idle_ones_is_told(
    tmp_path: Path, registry: Registry
) -> None:
    steady = [Shop(id=f"steady-{n}", facts={"orders": 20.0}) for n in range(30)]
    shops = [*steady, *marketplace(idle=90)[29:]]
    assert diagnose(build(tmp_path, shops, registry))["trading-29"].aa[ORDERS] == "issue"
