"""Cases of plugins: what befalls a shop, and what a diagnosis has to make of it.

A file `tests/cases/<category>.toml` holds the cases of one category. The shop of a case is the
healthy one beside this module, but for what the case says:

    [[case]]
    id = "ran_out"
    says = "A third of the products ran out this week"
    lately = { out_of_stock_products = 15, "out_of_stock_products@seller_live" = 6 }
    aa = { out_of_stock_rate = "issue" }
    cards = ["restock_products P1", "restock_products@seller_live P1"]

`always` changes every day, `lately` the last `days` (seven). A number is a day's; "x0.5" is half of
the healthy one, "missing" is not delivered; `@each` means each of the five channels, whose sum is
the shop's. `cards` are *all* that the category shows, and `merged` all that it kept back for a card
with the same objective: whatever is not listed must stay silent. Thirty healthy shops of the same
industry and tier are the peers.
"""

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray
from tests.marketplace import DAYS, LAST_DAY, Shop

from shopace.core.errors import did_you_mean
from shopace.core.host.registry import Registry
from shopace.core.vocabulary.channels import FIVE, Channel
from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.core.vocabulary.units import CATEGORIES, Aggregation, Unit

FOLDER = Path(__file__).parent.parent / "cases"
HEALTHY = Path(__file__).with_name("healthy_shop.toml")
PEERS = 60
PEER_DAYS = 30
SIZES = (0.85, 1.15)
"""Peers are so much smaller or larger than the healthy shop, and a little different in all else."""
JITTER = 0.02

MISSING = float("nan")
Facts = dict[str, float]
Outcome = Literal["ok", "issue", "no_data", "not_applicable"]


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    says: str
    region: str = "US"
    currency: str = "USD"
    opened_days_ago: int = 900
    always: dict[str, float | str] = {}
    lately: dict[str, float | str] = {}
    days: int = 7
    """How long `lately` is."""
    aa: dict[str, Outcome] = {}
    ab: dict[str, Outcome] = {}
    cards: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    monitor: Literal["none", "medium", "high"] | None = None
    wrong: str = ""
    """Why the product does not do yet what the case asks for."""


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case: tuple[Case, ...]


@cache
def cases_of(category: str) -> tuple[Case, ...]:
    path = FOLDER / f"{category}.toml"
    return msgspec.toml.decode(path.read_bytes(), type=File).case


def shop_id(category: str, case: str) -> str:
    return f"{category}.{case}"


def shops() -> Iterator[Shop]:
    """The shops of all cases, each category's in an industry of its own among healthy peers."""
    healthy = healthy_facts()
    for category in CATEGORIES:
        yield Shop(id=f"{category}.healthy", industry=category, facts=whole(healthy))
        for number in range(PEERS):
            facts = whole(peer_facts(healthy, number))
            yield Shop(
                id=f"peer.{category}.{number:02}", industry=category, facts=facts, days=PEER_DAYS
            )
        for case in cases_of(category):
            yield Shop(
                id=shop_id(category, case.id),
                region=case.region,
                currency=case.currency,
                industry=category,
                opened_on=LAST_DAY - dt.timedelta(case.opened_days_ago),
                facts=case_facts(healthy, case),
            )


def healthy_facts() -> Facts:
    """`measure` or `measure@channel` → a day's number."""
    sections = msgspec.toml.decode(HEALTHY.read_bytes(), type=dict[str, Facts])
    return {
        _name(measure, channel): value
        for channel, facts in sections.items()
        for measure, value in facts.items()
    }


def peer_facts(healthy: Facts, number: int) -> Facts:
    """A healthy shop of another size."""
    low, high = SIZES
    size = low + (high - low) * number / (PEERS - 1)
    facts = {}
    for name, value in healthy.items():
        measure = STANDARD_MEASURES[name.partition("@")[0]]
        drawn = np.random.default_rng([crc32(name.encode()), number]).random()
        level = value * (1 + JITTER * (2 * drawn - 1))
        if measure.unit in {Unit.COUNT, Unit.MONEY, Unit.HOURS, Unit.SECONDS}:
            level *= size
            if measure.aggregation is Aggregation.LAST and measure.unit is Unit.COUNT:
                level = round(level)
        facts[name] = level
    return facts


def case_facts(healthy: Facts, case: Case) -> Mapping[str, NDArray[np.float64]]:
    always = changed(healthy, case.always)
    usual = whole(always, case.always)
    now = whole(changed(always, case.lately), case.always | case.lately)
    before = DAYS - case.days
    return {
        name: np.array([usual.get(name, MISSING)] * before + [level] * case.days)
        for name, level in now.items()
    }


def changed(facts: Facts, changes: Mapping[str, float | str]) -> Facts:
    found = dict(facts)
    for key, change in changes.items():
        measure, _, channel = key.partition("@")
        names = [f"{measure}@{each}" for each in FIVE] if channel == "each" else [key]
        for name in names:
            if isinstance(change, str) and change.startswith("x"):
                found[name] = whole(facts)[name] * float(change[1:])
            else:
                found[name] = MISSING if change == "missing" else float(change)
    return found


def whole(facts: Facts, given: Container[str] = ()) -> Facts:
    """With the sums over the five channels that the shop shows, unless `given` says otherwise."""
    sums = {
        measure: sum(facts[f"{measure}@{channel}"] for channel in FIVE)
        for measure in dict.fromkeys(name.partition("@")[0] for name in facts)
        if STANDARD_MEASURES[measure].additive
        and measure not in given
        and all(f"{measure}@{channel}" in facts for channel in FIVE)
    }
    return facts | sums


def mistakes(category: str, registry: Registry) -> list[str]:
    """Names in a category's cases that nobody declares."""
    measures = set()
    for measure in STANDARD_MEASURES.values():
        measures |= {_name(measure.key, channel) for channel in measure.channels}
        measures |= {f"{measure.key}@each"} if set(FIVE) <= set(measure.channels) else set()
    metrics = {
        _name(metric.key, channel)
        for metric in registry.metrics.values()
        for channel in metric.channels
    }
    own = {
        key.partition(".")[2] for key in registry.templates if registry.owner_of[key] == category
    }
    found = []
    for case in cases_of(category):
        tasks = [each.split(" ")[0].partition("@")[0] for each in (*case.cards, *case.merged)]
        asked: tuple[tuple[Iterable[str], set[str]], ...] = (
            ((*case.always, *case.lately), measures),
            ((*case.aa, *case.ab), metrics),
            (tasks, own),
        )
        found += [
            f'{category}.toml, {case.id}: nobody knows "{name}" {did_you_mean(name, known)}'
            for names, known in asked
            for name in names
            if name not in known
        ]
    return found


def _name(key: str, channel: str) -> str:
    return key if channel == Channel.SHOP else f"{key}@{channel}"
