"""The LIVEs and videos behind the best-selling products, and whose they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.draws import Floats
from shopace.service.simulate.product_days import Facts

CREATORS = 240
TYPES = ("Nano", "Micro", "Mid-tier", "Macro")
_TYPE_SHARES = (0.5, 0.8, 0.95, 1.0)
PRODUCTS = 2
"""Products of a shop whose contents are told of."""
DAYS = 14
"""A content lasts a week."""
_PART = 0.8
"""Of what a product has in a channel: the rest comes from older contents."""
_VIEWS = 2.2
_CONTENT = 4
"""The content channels are the first of the five."""
_FIRST_ID = 7_400_000_000_000_000_000


class Contents(NamedTuple):
    """A row per content and day."""

    shop: NDArray[np.int64]
    place: NDArray[np.int64]
    """Which of the shop's products it shows."""
    channel: NDArray[np.int64]
    creator: NDArray[np.int64]
    numbers: dict[str, NDArray[np.int64] | Floats]
    """`day`, `content` and measures."""


def content_days(facts: list[Facts], ids: NDArray[np.int64], first_day: int) -> Contents:
    """The contents of the last days.

    `first_day` is the day of the first of the facts' days.
    """
    days = facts[0]["gmv"].shape[1]
    since = max(days - DAYS, 0)
    seen = np.stack(
        [facts[at]["product_impressions"][:, since:, :PRODUCTS] for at in range(_CONTENT)]
    )
    channel, shop, day, place = np.nonzero(seen > 0)
    week = day // 7

    def of(measure: str) -> Floats:
        each = np.stack([facts[at][measure][:, since:, :PRODUCTS] for at in range(_CONTENT)])
        found: Floats = each[channel, shop, day, place]
        return found

    content = (ids[shop, place] - ids.min()) * 8 + channel * 2 + week
    impressions = np.ceil(of("product_impressions") * _PART)
    orders = np.floor(of("sku_orders") * _PART)
    share = orders / np.maximum(of("sku_orders"), 1)
    creator = (ids[shop, place] // 64 * 31 + channel * 17 + week * 7) % CREATORS
    numbers = {
        "day": first_day + since + day,
        "content": _FIRST_ID + ids.min() % 10**17 + content,
        "product_impressions": impressions,
        "product_clicks": np.minimum(np.floor(of("product_clicks") * _PART), impressions),
        "sku_orders": orders,
        "gmv": np.floor(of("gmv") * share * 100) / 100,
        "views": np.rint(impressions * _VIEWS),
    }
    return Contents(shop, place, channel, creator, numbers)


def creators(seed: int) -> list[tuple[str, str, str]]:
    """Id, name and type of everybody who posts."""
    found = []
    for number in range(CREATORS):
        kind = int(np.searchsorted(_TYPE_SHARES, (number * 0.618) % 1.0, side="right"))
        found.append((creator_id(number, seed), f"demo.creator.{number:03}", TYPES[kind]))
    return found


def creator_id(number: int, seed: int) -> str:
    return f"CR{(seed * 1009 + number) % 100_000:05}"


def is_live(channel: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.array([each.value.endswith("live") for each in FIVE])[channel]
