"""The days of products: what of a shop's traffic and sales each of them has, by channel.

A product's part of a count is a whole number, and the parts add up to no more than the shop has.
"""

from __future__ import annotations

import numpy as np

from shopace.core.vocabulary.channels import FIVE, Channel
from shopace.service.simulate.draws import Floats
from shopace.service.simulate.products import DAYS, SELLING, Goods
from shopace.service.simulate.shops import Flags
from shopace.service.simulate.world import World

CHANNELS = (*FIVE, Channel.PRODUCT_CARD, Channel.SHOP)
"""Of the rows. The product card stands for most of what the shop tab shows."""
_CARD_SHARE = 0.7
_TAB = FIVE.index(Channel.SHOP_TAB)
_VIDEOS = (FIVE.index(Channel.SELLER_VIDEO), FIVE.index(Channel.AFFILIATE_VIDEO))
_TWICE = 0.04
"""Of a product's visitors who come through several channels."""

Facts = dict[str, Floats]
"""Measure → (shops, days, SELLING)."""


class _Split:
    """How the shops' numbers are split over their products."""

    def __init__(self, world: World, goods: Goods) -> None:
        self.days = min(DAYS, world.days)
        day = np.arange(world.days - self.days, world.days)[:, None]
        self.shown: Flags = day < goods.gone_since[:, None, :SELLING]
        self.sold: Flags = self.shown & (day < goods.empty_since[:, None, :SELLING])
        self.share = goods.share
        none = np.zeros((len(goods.share), 1))
        self._edges = np.concatenate([none, np.cumsum(goods.share, axis=1)], axis=1)[:, None, :]
        shape = (world.shape[0], self.days, len(FIVE))
        self._chance = world.draws.uniform("product split", shape)

    def parts(self, total: Floats, at: int) -> Floats:
        """Whole parts of (shops, days) counts; chance says who gets what cannot be shared."""
        edges = total[:, :, None] * self._edges + self._chance[:, :, at, None]
        found: Floats = np.diff(np.floor(edges), axis=2)
        return found


def product_days(world: World, goods: Goods) -> list[Facts]:
    """Of each of `CHANNELS` the facts of the last `DAYS` days."""
    split = _Split(world, goods)
    found = [_of_channel(world, split, at) for at in range(len(FIVE))]
    return [*found, _card(found[_TAB]), _whole(world, split, found)]


def _of_channel(world: World, split: _Split, at: int) -> Facts:
    def total(measure: str) -> Floats:
        return world.channel[measure][:, -split.days :, at]

    def part(measure: str) -> Floats:
        return split.parts(total(measure), at)

    shown, sold = split.shown, split.sold
    seen = part("product_impressions") * shown
    users = np.minimum(part("unique_product_impressions"), seen)
    clicks = np.minimum(part("product_clicks"), seen)
    clickers = np.minimum(np.minimum(part("unique_product_clicks"), clicks), users)
    carts = np.minimum(part("add_to_carts"), clicks)
    sku = np.minimum(np.nan_to_num(part("sku_orders")), np.nan_to_num(clicks, nan=np.inf)) * sold
    orders = np.maximum(np.minimum(part("orders"), sku), sku > 0)
    customers = np.maximum(np.minimum(part("est_customers"), orders), orders > 0)
    more = split.parts(total("items_sold") - total("sku_orders"), at) * (sku > 0)
    each = total("gmv") / np.maximum(total("sku_orders"), 1)
    facts = {
        "product_impressions": seen,
        "unique_product_impressions": users,
        "product_clicks": clicks,
        "unique_product_clicks": clickers,
        "add_to_carts": carts,
        "add_to_cart_users": np.minimum(np.minimum(part("add_to_cart_users"), carts), clickers),
        "orders": orders,
        "sku_orders": sku,
        "unique_buyers": np.minimum(np.minimum(part("unique_buyers"), customers), clickers),
        "est_customers": customers,
        "items_sold": sku + more,
        "gmv": _cents(each[:, :, None] * sku),
        "new_videos": np.zeros(seen.shape),
        "new_lives": np.zeros(seen.shape),
    }
    if at in _VIDEOS:
        facts["new_videos"] = part("new_videos") * shown
    elif at != _TAB:
        facts["new_lives"] = total("new_lives")[:, :, None] * (seen > 0)
    return facts


def _card(tab: Facts) -> Facts:
    card = {measure: np.floor(values * _CARD_SHARE) for measure, values in tab.items()}
    sku = np.maximum(tab["sku_orders"], 1)
    card["gmv"] = _cents(tab["gmv"] * card["sku_orders"] / sku)
    for measure in ("orders", "est_customers"):
        card[measure] = np.maximum(card[measure], card["sku_orders"] > 0)
    return card


def _whole(world: World, split: _Split, parts: list[Facts]) -> Facts:
    """All channels together; whoever comes through two of them is one person."""
    whole: Facts = {}
    for measure in parts[0]:
        each = np.stack([part[measure] for part in parts])
        total = each.sum(axis=0)
        if measure.startswith(("unique_", "est_")) or measure == "add_to_cart_users":
            total = np.maximum(np.floor(total * (1.0 - _TWICE)), each.max(axis=0))
        whole[measure] = np.round(total, 2)
    whole["unique_buyers"] = np.minimum(whole["unique_buyers"], whole["est_customers"])
    refunds = world.shop["refunds"][:, -split.days :, None]
    whole["refunds"] = _cents(refunds * split.share[:, None, :])
    whole["items_refunded"] = split.parts(world.shop["items_refunded"][:, -split.days :], 0)
    return whole


def _cents(amount: Floats) -> Floats:
    """Never more than there is."""
    found: Floats = np.floor(amount * 100 + 1e-6) / 100
    return found
