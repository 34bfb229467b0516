"""What a shop sells: a few of its listings, in the states that its facts count.

Shares follow the shop's counts: where a tenth of the listings is out of stock, at least one of
those told of is. The first sells best. Nobody is told of all listings of a large shop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shopace.service.simulate.draws import Floats
from shopace.service.simulate.shops import INDUSTRIES, Flags
from shopace.service.simulate.world import World

SHOWN = 8
"""Listings told of per shop, at most."""
SELLING = 4
"""Of those, the ones with sales."""
DAYS = 37
"""Days that the facts of products reach back."""
_LATELY = 3
"""Days since which a listing is gone or out of stock, where no cause says since when."""
_REST = (0.25, 0.15, 0.1)
"""What the next best sell, as shares of what the best leaves."""
_FIRST_ID = 1_729_000_000_000_000_000
_PER_SHOP = 64

_THINGS = {
    "beauty": ("Face serum", "Lip tint", "Hair oil", "Clay mask", "Eye cream", "Brush set"),
    "womens_fashion": ("Linen dress", "Knit top", "Wide trousers", "Cardigan", "Scarf", "Skirt"),
    "home_living": ("Storage box", "Table lamp", "Throw blanket", "Spice rack", "Rug", "Vase"),
    "electronics": ("Earbuds", "Charger", "Phone stand", "Keyboard", "LED strip", "Speaker"),
    "sports_outdoor": ("Yoga mat", "Water bottle", "Running belt", "Tent", "Grip set", "Backpack"),
    "food_beverage": (
        "Green tea",
        "Chili oil",
        "Granola",
        "Coffee beans",
        "Noodles",
        "Dried mango",
    ),
    "toys_hobbies": ("Puzzle", "Plush bear", "Model kit", "Card game", "Paint set", "Yo-yo"),
    "health": (
        "Vitamin C",
        "Massage gun",
        "Posture belt",
        "Sleep mask",
        "Collagen",
        "Foot patches",
    ),
}
_MADE = ("Classic", "Mini", "Soft", "Bright", "Everyday", "Travel", "Deluxe", "Pure")
STATUSES = ("live", "reviewing", "deactivated", "needs_attention", "draft", "deleted")
QUALITIES = ("good", "fair", "poor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """The listings of a chunk of shops; arrays are (shops, SHOWN), best sellers first."""

    there: Flags
    status: NDArray[np.int64]
    """Index into `STATUSES`."""
    quality: NDArray[np.int64]
    stock: Floats
    price: Floats
    rating: Floats
    """Missing without reviews."""
    matched: Flags
    share: Floats
    """(shops, SELLING): of the shop's sales."""
    empty_since: NDArray[np.int64]
    """Day from which nothing can be ordered; the number of days: until now everything could."""
    gone_since: NDArray[np.int64]
    """Day from which the listing is not shown."""


def goods(world: World) -> Goods:
    """The listings as they are on the last day."""
    draws, n = world.draws, world.shape[0]
    shape = (n, SHOWN)
    now = {name: values[:, -1] for name, values in world.shop.items()}
    listings, active = now["all_listings"], np.maximum(now["active_products"], 1)
    count = np.minimum(listings, SHOWN)
    there = np.arange(SHOWN) < count[:, None]
    ran_out, taken_down = _since(world, "stock_out"), _since(world, "listings_deactivated")

    place = _places(draws.uniform("listing states", shape), there, hero_last=True)
    down = _part(now["deactivated_listings"] + now["suspended_listings"], listings, count)
    review = np.minimum(_part(now["listings_in_review_long"], listings, count), count - down)
    noted = np.minimum(_part(now["attention_listings"], listings, count), count - down - review)
    bounds = np.cumsum(np.stack([down, review, noted]), axis=0)
    status = np.zeros(shape, np.int64)
    for end, start, word in zip(
        bounds,
        (0 * down, *bounds[:-1]),
        ("deactivated", "reviewing", "needs_attention"),
        strict=True,
    ):
        status[(place >= start[:, None]) & (place < end[:, None])] = STATUSES.index(word)

    live = there & (status == 0)
    order = draws.uniform("stock order", shape)
    order[ran_out >= 0] = np.arange(SHOWN) / SHOWN  # best sellers run out
    place = _places(order, live, hero_last=ran_out < 0)
    most = live.sum(axis=1)
    out = np.minimum(_part(now["out_of_stock_products"], active, most), most)
    low = np.minimum(_part(now["low_stock_products"], active, most), most - out)
    stock = np.rint(draws.uniform("stock", shape, 20, 400))
    few = np.rint(draws.uniform("few left", shape, 1, 9))
    stock = np.where(live & (place < (out + low)[:, None]), few, stock)
    stock = np.where(live & (place < out[:, None]), 0.0, stock)

    place = _places(draws.uniform("page quality", shape), there)
    fair = _part(now["listings_fair"], active, count)
    poor = np.minimum(_part(now["listings_poor"], active, count), count)
    quality = np.where(place < poor[:, None], 2, np.where(place < (poor + fair)[:, None], 1, 0))

    days = np.full(shape, world.days)
    empty = np.where(ran_out >= 0, ran_out, world.days - _LATELY)[:, None]
    gone = np.where(taken_down >= 0, taken_down, world.days - _LATELY)[:, None]
    rating = now["product_rating"][:, None] + draws.normal("product ratings", shape, 0.2)
    rated = np.clip(rating, 1.0, 5.0).astype(np.float64).round(2)
    price = world.shops.price * world.move("price")[:, -1]
    return Goods(
        there=there,
        status=status,
        quality=quality,
        stock=stock,
        price=np.round(price[:, None] * draws.spread("product prices", shape, 0.4), 2),
        rating=rated,
        matched=draws.uniform("opportunities", shape) < 0.2,
        share=_shares(world, count),
        empty_since=np.where(stock == 0, empty, days),
        gone_since=np.where((status == 1) | (status == 2), gone, days),
    )


def product_ids(first: int, seed: int, shops: int) -> NDArray[np.int64]:
    """(shops, SHOWN): nineteen digits each, as marketplaces have them."""
    shop = (np.arange(first, first + shops) * 104_729 + seed * 7_919) % 10**14
    ids: NDArray[np.int64] = _FIRST_ID + shop[:, None] * _PER_SHOP + np.arange(SHOWN)
    return ids


def titles(industry: int, price: float, place: int) -> str:
    """What the listing in a place of a shop is called."""
    things = _THINGS[INDUSTRIES[industry].key]
    made = _MADE[(int(price * 100) + place) % len(_MADE)]
    return f"{made} {things[place % len(things)].lower()}"


def _part(some: Floats, of: Floats, count: Floats) -> Floats:
    """How many of `count` have what `some` of all have: at least one where any has."""
    part = np.ceil(count * some / np.maximum(of, 1))
    found: Floats = np.minimum(np.minimum(part, some), count)
    return found


def _places(keys: Floats, there: Flags, *, hero_last: bool | Flags = False) -> NDArray[np.int64]:
    """In which order the listings of a shop are chosen; those not there come last."""
    keys = keys.copy()
    keys[:, 0] += hero_last
    keys[~there] = np.inf
    return np.argsort(np.argsort(keys, axis=1, kind="stable"), axis=1)


def _since(world: World, cause: str) -> NDArray[np.int64]:
    """The first day of a cause that is still at work, by shop; −1 without it."""
    since = np.full(world.shape[0], -1, np.int64)
    for each in world.plan.planted:
        if each.cause.key == cause and each.shop is not None and each.end == world.days:
            since[each.shop] = each.start
    return since


def _shares(world: World, count: Floats) -> Floats:
    """Of the shop's sales; together 1 where nothing else sells."""
    shop = world.shop
    lately = slice(-DAYS, None)
    gmv = shop["gmv"][:, lately].sum(axis=1)
    best = shop["hero_product_gmv"][:, lately].sum(axis=1) / np.maximum(gmv, 1e-9)
    rest = np.minimum((1.0 - best)[:, None] * np.array(_REST), best[:, None])
    share = np.concatenate([best[:, None], rest], axis=1)
    selling = shop["products_with_sales_30d"][:, -1]
    active = np.maximum(shop["active_products"][:, -1], 1)
    told = np.minimum(np.ceil(count * selling / active), SELLING)
    share = share * (np.arange(SELLING) < told[:, None])
    total = share.sum(axis=1)
    everything = (selling <= told) & (total > 0)
    return np.where(everything[:, None], share / np.where(total > 0, total, 1.0)[:, None], share)
