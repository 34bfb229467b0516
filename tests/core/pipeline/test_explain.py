"""One fall is one card: the task of what drove the others down stands for all."""

from pathlib import Path

import numpy as np
import pytest
from tests.marketplace import DAYS, Seen, Shop, build, diagnose
from tests.pages import source_of

from shopace.core import (
    Action,
    Declaration,
    Direction,
    Metric,
    Objective,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    declined,
    measure,
)
from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_sources

USUAL = {"product_impressions": 9000.0, "product_clicks": 900.0, "orders": 90.0}
FALLS = {
    "seldom_shown": (0.4, 0.4, 0.4),
    "not_shown_at_all": (0.0, 0.0, 0.0),
    "shown_then_better_sold": (0.4, 0.4, 1.0),
    "seldom_clicked": (1.0, 0.4, 0.4),
    "not_ordered": (1.0, 1.0, 0.4),
    "shown_a_little_less": (0.75, 0.3, 0.3),
    "half_of_it": (0.5, 0.3, 0.3),
    "shown_less_alone": (0.6, 1.0, 1.0),
    "ordered_even_less": (0.6, 1.0, 0.45),
}


def falls(key: str, title: str, *drivers: str) -> tuple[Declaration, ...]:
    return (
        Metric(
            key=f"acme.{key}",
            title=title,
            definition=f"{title} of the shop.",
            formula=measure(key),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            is_key=True,
            driven_by=tuple(f"acme.{each}" for each in drivers),
        ),
        Objective(key=f"acme.more_{key}", title=f"More of {title}"),
        TaskTemplate(
            key=f"acme.win_{key}",
            title=f"Win {title}",
            why=f"{title} fell.",
            steps=("Begin.",),
            type=TaskType.METRIC_CATCH_UP,
            objective=f"acme.more_{key}",
            trigger=declined(f"acme.{key}"),
            action=Action(label="Begin", target="/begin"),
            benefit="More",
        ),
    )


def page(*declares: Declaration) -> Plugin:
    return Plugin(
        key="acme",
        category="product_competitiveness",
        version="1",
        title="Acme",
        question="?",
        declares=declares,
    )


SHOWN = falls("product_impressions", "Impressions")
CLICKED = falls("product_clicks", "Clicks", "product_impressions")
ORDERED = falls("orders", "Orders", "product_clicks")


def lately(factor: float, usual: float) -> np.ndarray:
    """As usual until a week ago, and then by a factor."""
    days = np.full(DAYS, usual)
    days[-7:] *= factor
    return days


def diagnosed(folder: Path, plugin: Plugin) -> dict[str, Seen]:
    registry = load_sources([source_of(plugin)], Configuration(parameters={"core.ab_peers": 5}))
    assert not registry.rejected
    shops = [
        Shop(
            id=name,
            facts={
                key: lately(factor, usual)
                for (key, usual), factor in zip(USUAL.items(), factors, strict=True)
            },
        )
        for name, factors in (FALLS | {f"steady_{i}": (1.0, 1.0, 1.0) for i in range(9)}).items()
    ]
    return diagnose(build(folder, shops, registry))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    return diagnosed(tmp_path_factory.mktemp("falls"), page(*SHOWN, *CLICKED, *ORDERED))


def told(seen: Seen) -> tuple[set[str], dict[str, str]]:
    """What is a card, and what is told by which card instead."""
    cards = {card.template.removeprefix("acme.win_") for card in seen.diagnosis.cards}
    template = {card.id: card.template.removeprefix("acme.win_") for card in seen.diagnosis.cards}
    return cards, {
        each.template.removeprefix("acme.win_"): template[each.kept]
        for each in seen.diagnosis.withheld
        if each.reason == "explained"
    }


@pytest.mark.parametrize(
    ("shop", "cards", "explained"),
    [
        ("seldom_shown", {"product_impressions"}, {"product_clicks", "orders"}),
        ("not_shown_at_all", {"product_impressions"}, {"product_clicks", "orders"}),
        ("shown_then_better_sold", {"product_impressions"}, {"product_clicks"}),
        ("seldom_clicked", {"product_clicks"}, {"orders"}),
        ("not_ordered", {"orders"}, set()),
        ("shown_a_little_less", {"product_impressions", "product_clicks"}, {"orders"}),
        ("half_of_it", {"product_impressions", "product_clicks"}, {"orders"}),
    ],
)
def test_the_deepest_driver_that_makes_up_most_of_a_fall_stands_for_it(
    seen: dict[str, Seen], shop: str, cards: set[str], explained: set[str]
) -> None:
    shown, instead = told(seen[shop])
    assert (shown, set(instead)) == (cards, explained)
    assert seen[shop].declined == {f"acme.{each}@shop" for each in cards | explained}


def test_each_fall_is_told_by_its_own_cause(seen: dict[str, Seen]) -> None:
    assert told(seen["seldom_shown"])[1] == {
        "product_clicks": "product_impressions",
        "orders": "product_impressions",
    }
    assert told(seen["half_of_it"])[1] == {"orders": "product_clicks"}


def test_a_cause_is_as_severe_as_the_worst_that_it_explains(tmp_path: Path) -> None:
    near = falls("orders", "Orders", "product_impressions")
    found = diagnosed(tmp_path, page(*SHOWN, *near))
    assert told(found["ordered_even_less"])[1] == {"orders": "product_impressions"}
    severities = [
        [card.severity for card in found[shop].diagnosis.cards]
        for shop in ("shown_less_alone", "ordered_even_less")
    ]
    assert severities == [[2], [3]]


def test_a_driver_without_a_task_passes_on_to_its_own(tmp_path: Path) -> None:
    silent = CLICKED[:1]
    seen = diagnosed(tmp_path, page(*SHOWN, *silent, *ORDERED))
    assert told(seen["seldom_shown"]) == (
        {"product_impressions"},
        {"orders": "product_impressions"},
    )
    assert told(seen["seldom_clicked"]) == ({"orders"}, {})
