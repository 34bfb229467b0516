"""What closing a gap is worth in money, and when nobody can say."""

from pathlib import Path

import pytest
from tests.marketplace import Shop, build, diagnose
from tests.pages import source_of

from shopace.core import (
    Action,
    Benchmark,
    Channel,
    Direction,
    Metric,
    Objective,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    behind_peers,
    measure,
)
from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_sources

TAB = Channel.SHOP_TAB
DAYS = 40
GMV = 10
PAGE = Plugin(
    key="acme",
    category="product_competitiveness",
    version="1",
    title="Acme",
    question="?",
    declares=(
        Metric(
            key="acme.ctr",
            title="Click rate",
            definition="Clicks per impression.",
            formula=measure("product_clicks") / measure("product_impressions"),
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            channels=(TAB,),
            gmv_factor=True,
        ),
        Benchmark(metric="acme.ctr"),
        Objective(key="acme.clicks", title="More clicks"),
        TaskTemplate(
            key="acme.pictures",
            title="Take better pictures",
            why="Benchmark sellers like you are clicked on more often.",
            steps=("Show the product alone.",),
            type=TaskType.METRIC_CATCH_UP,
            objective="acme.clicks",
            trigger=behind_peers("acme.ctr"),
            action=Action(label="Edit", target="/pictures"),
            benefit="More clicks",
        ),
    ),
)


@pytest.mark.parametrize(
    ("clicks", "cap", "amount"),
    [
        (100, 0.5, 30 * GMV * 0.4),  # 140 of its peers
        (100, 0.41, 30 * GMV * 0.4),
        (100, 0.39, None),
        (20, 0.5, None),  # six times as much to gain: the cap is no estimate of it
    ],
)
def test_an_amount_is_told_of_a_gap_within_the_cap_alone(
    tmp_path: Path, clicks: int, cap: float, amount: float | None
) -> None:
    registry = load_sources(
        [source_of(PAGE)], Configuration(parameters={"core.ab_peers": 5, "core.benefit_cap": cap})
    )
    assert not registry.rejected
    facts = {f"gmv@{TAB}": GMV, f"product_impressions@{TAB}": 1000, "gmv": GMV, "orders": 1}
    shops = [
        Shop(id=name, facts={**facts, f"product_clicks@{TAB}": each}, days=DAYS)
        for name, each in (("own", clicks), *((f"peer{i}", 140) for i in range(5)))
    ]
    (card,) = diagnose(build(tmp_path, shops, registry))["own"].diagnosis.cards
    assert str(card.benefit.label) == "More clicks"
    assert card.benefit.amount == (pytest.approx(amount) if amount is not None else None)
    assert (card.benefit.method is None) == (amount is None)
