"""A plan with offers of every kind, and drawn proposals for it."""

import datetime as dt
from itertools import product

import msgspec
import numpy as np
import pytest
from hypothesis import strategies as st
from tests.marketplace import Shop, build
from tests.pages import source_of

from shopace.core import (
    Action,
    Benchmark,
    Channel,
    Direction,
    Metric,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_most,
    behind_peers,
    crosses,
    declined,
    measure,
)
from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_sources
from shopace.core.pipeline.batch import Proposals
from shopace.core.pipeline.plan import Plan
from shopace.core.vocabulary.triggers import Trigger
from shopace.core.warehouse.policy import PolicyLine, policy_of

CHANNELS = (Channel.SHOP, Channel.SELLER_VIDEO, Channel.SELLER_LIVE)
OBJECTIVES = ("restock", "run_ads", "win_clicks")
LINE = Parameter(key="acme.line", default=1, unit=Unit.COUNT, title="Worth a task")
TRIGGERS: dict[str, Trigger] = {
    "crosses": crosses("acme_line"),
    "declined": declined("acme.orders"),
    "at_most": at_most("acme.orders", LINE),
    "behind": behind_peers("acme.orders"),
}


def offers_page() -> Plugin:
    """Two templates for each objective, kind of trigger and haste."""
    templates = tuple(
        TaskTemplate(
            key=f"acme.{kind}_{objective}_{days}_{name}",
            title="Do it",
            why="It helps.",
            steps=("Do it.",),
            type=TaskType.CHALLENGE,
            objective=objective,
            trigger=trigger,
            channels=CHANNELS,
            action=Action(label="Do", target="/do"),
            valid_days=days,
        )
        for objective, (kind, trigger), days, name in product(
            OBJECTIVES, TRIGGERS.items(), (3, 14), ("one", "other")
        )
    )
    metric = Metric(
        key="acme.orders",
        title="Orders",
        definition="Orders.",
        formula=measure("orders"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        channels=CHANNELS,
        is_key=True,
    )
    return Plugin(
        key="acme",
        category="policy_violations",
        version="1",
        title="Acme",
        question="?",
        declares=(metric, Benchmark(metric=metric.key), *templates),
    )


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    line = PolicyLine(
        key="acme_line",
        ladder="acme",
        metric="acme.orders",
        at="least",
        value=1,
        level="high",
        rule="Too many.",
        loses="Everything.",
        regions=("*",),
        effective_from=dt.date(2020, 1, 1),
        source="default",
    )
    lines = [
        msgspec.structs.replace(line, channel=channel, ladder=f"acme_{channel}")
        for channel in CHANNELS
    ]
    orders = {f"orders@{channel}": 1 for channel in CHANNELS[1:]} | {"orders": 2}

    narrow = Configuration(parameters={"core.cards_for_you": 2, "core.cards_per_channel": 2})
    registry = load_sources([source_of(offers_page())], narrow)
    assert not registry.rejected
    folder = tmp_path_factory.mktemp("plan")
    made = build(
        folder, [Shop(id="a", facts=orders, days=7)], registry, policy=policy_of(lines)
    ).plan
    assert len(made.offers) == len(OBJECTIVES) * len(TRIGGERS) * 4 * len(CHANNELS)
    return made


@st.composite
def proposals(draw: st.DrawFn, offers: int = 144) -> Proposals:
    """Proposals for three shops; an offer is proposed to a shop once."""
    pairs = draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, offers - 1)), unique=True, max_size=60)
    )
    count = len(pairs)
    severity = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    amounts = st.sampled_from((-1.0, 0.0, 0.5, 900.0, 900.5, 1e6))
    stake = draw(st.lists(amounts, min_size=count, max_size=count))
    reward = draw(st.lists(st.integers(-1, 2), min_size=count, max_size=count))
    warns = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    days = draw(st.lists(st.sampled_from((0, 3, 14)), min_size=count, max_size=count))
    heroes = draw(st.lists(st.integers(-1, 0), min_size=3, max_size=3))  # by shop
    return Proposals(
        shop=np.array([shop for shop, _ in pairs], dtype=np.int64),
        offer=np.array([offer for _, offer in pairs], dtype=np.int64),
        severity=np.array(severity, dtype=np.int64),
        stake=np.array(stake, dtype=np.float64),
        warns=np.array(warns, dtype=bool),
        days=np.array(days, dtype=np.int64),
        line=np.full(count, -1, dtype=np.int64),
        reward=np.array(reward, dtype=np.int64),
        cause=np.full(count, -1, dtype=np.int64),
        product=np.array(
            [heroes[shop] if offer % 2 else -1 for shop, offer in pairs], dtype=np.int64
        ),
    )
