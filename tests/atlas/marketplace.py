"""The marketplace of the atlas: enough healthy shops to be peers, and the problem shops."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from tests.atlas.daily import DAYS, Daily
from tests.atlas.entries import Entry, entries
from tests.atlas.healthy import Who, live_through
from tests.marketplace import LAST_DAY, Shop, build

from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import Inputs
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import POLICY_PACKS

HEALTHY: dict[str, int] = {
    "beauty.0": 24,
    "beauty.1": 30,
    "beauty.2": 30,
    "beauty.3": 40,
    "beauty.5": 24,
    "home_living.2": 40,
    "womens_fashion.4": 40,
    "beauty.SG": 30,
}
"""How many of them are among which peers."""
_CURRENCIES = {"US": "USD", "SG": "SGD"}


def who(at: str) -> Who:
    """`industry.tier` in the US, else `industry.region`, as large as tier 3."""
    industry, _, word = at.partition(".")
    return Who(industry, int(word)) if word.isdigit() else Who(industry, 3, word)


def healthy_ids() -> list[str]:
    return [f"{at}.{number}" for at, count in HEALTHY.items() for number in range(count)]


def healthy_shops(*, by_chance: bool = False) -> Iterable[Shop]:
    for at, count in HEALTHY.items():
        for number in range(count):
            daily = Daily(f"{at}.{number}", by_chance=by_chance)
            live_through(who(at), daily)
            yield _shop(f"{at}.{number}", at, daily)


def problem_shop(entry: Entry) -> Shop:
    calm = Daily(entry.key)
    live_through(who(entry.at), calm)
    daily = Daily(entry.key, entry.changes, calm)
    live_through(who(entry.at), daily)
    unknown = daily.unknown()
    assert not unknown, f"{entry.key}: no such measures: {sorted(unknown)}"
    return _shop(entry.key, entry.at, daily)


def _shop(key: str, at: str, daily: Daily) -> Shop:
    of = who(at)
    new = not of.sells
    return Shop(
        id=key,
        facts=daily.facts,
        days=DAYS,
        region=of.region,
        industry=of.industry,
        currency=_CURRENCIES[of.region],
        opened_on=LAST_DAY - dt.timedelta(DAYS - 2) if new else dt.date(2024, 1, 1),
    )


def build_atlas(folder: Path, registry: Registry, *, as_of: dt.date | None = None) -> Inputs:
    """The same facts every time; seen on the day `as_of`, else on the last one."""
    shops = () if folder.joinpath("facts").is_dir() else _shops()
    return build(folder, shops, registry, as_of=as_of, policy=load_policy(POLICY_PACKS))


def build_by_chance(folder: Path, registry: Registry) -> Inputs:
    """Healthy shops alone, their counts as uneven as chance makes them."""
    shops = healthy_shops(by_chance=True)
    return build(folder, shops, registry, policy=load_policy(POLICY_PACKS))


def _shops() -> Iterable[Shop]:
    yield from healthy_shops()
    yield from (problem_shop(each) for each in entries())
