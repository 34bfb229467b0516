"""Impressions become clicks, clicks SKU orders, SKU orders money; with ads and promotions."""

from __future__ import annotations

import numpy as np

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.content import top_share
from shopace.service.simulate.draws import Floats
from shopace.service.simulate.shops import INDUSTRIES
from shopace.service.simulate.standing import held_up
from shopace.service.simulate.world import (
    AFFILIATE_LIVE,
    AFFILIATE_VIDEO,
    SELLER_LIVE,
    SELLER_VIDEO,
    World,
    smooth,
)

_WEEK = (0.95, 0.94, 0.95, 0.98, 1.05, 1.08, 1.05)
"""Monday first; the mean is 1."""


def support(world: World) -> Floats:
    """What else makes impressions: stock, listings, ads, campaigns, standing; (shops, days, 5)."""
    in_stock = np.clip(world.now("in_stock"), 0, 1) / world.usual("in_stock")
    up = np.clip(world.now("listings_up"), 0, 1) / world.usual("listings_up")
    common = (0.35 + 0.65 * in_stock) * up**0.9 * world.move("assortment") ** 0.3
    share = world.usual("campaign_share")
    common = common * (1.0 - share + share * world.move("campaigns")) * held_up(world)
    ads = world.usual("ad_share") * world.has("ads")
    boost = world.move("ad_budget") * world.move("ad_pull")
    reach = np.array([1.0, 1.0, 0.5, 0.5, 1.0])
    pull: Floats = common[:, :, None] * (1.0 + reach * (ads * (boost - 1.0))[:, :, None])
    return pull


def _demand(world: World) -> Floats:
    """What nobody in a shop decides: weekday, holidays, growth, chance; (shops, days, 5)."""
    draws, (n, days) = world.draws, world.shape
    weekday = np.array(_WEEK)[(world.first_day.weekday() + np.arange(days)) % 7]
    sensitive = np.array([INDUSTRIES[each].holidays for each in world.shops.industry])[:, None]
    market = 1.0 + (world.plan.move("demand") - 1.0) * sensitive
    slope = draws.normal("growth", (n, 1), 0.012) + 0.004
    age = np.arange(days) - world.shops.opened[:, None]
    starts = np.clip(age / 21.0, 0.0, 1.0)
    growth = np.exp(slope * (np.arange(days) - days + 15) / 7) * starts
    noise = world.usual("noise")
    own = np.exp(draws.walk("shop noise", (n, days), 0.5) * noise)
    chance = np.exp(draws.normal("channel noise", (n, days, 5)) * (1.4 * noise)[:, :, None])
    wanted: Floats = (weekday * market * growth * own)[:, :, None] * chance
    return wanted


def sales(world: World, pull: Floats) -> None:
    """Impressions, clicks, carts, orders and money, by channel and for the shop."""
    shops, draws = world.shops, world.draws
    channel, shape = world.channel, (*world.shape, len(FIVE))
    price = shops.price[:, None] * world.move("price")
    quality = smooth(world.move("defects"), 6)
    in_stock = np.clip(world.now("in_stock"), 0, 1) / world.usual("in_stock")
    ctr = world.move("ctr") * world.move("price") ** -0.3 * world.move("page_quality") ** 0.1
    ctor = world.move("ctor") * world.move("price") ** -1.3 * in_stock**0.6
    ctor = ctor * (1.0 - 0.45 * world.usual("promotions") * (1.0 - world.move("promotions")))
    ctor = ctor * np.maximum(1.0 - 0.05 * (quality - 1.0), 0.5)
    ctor = ctor * (1.0 - 0.12 * (1.0 - world.move("reply_share")))
    ctr = shops.ctr[:, None, :] * ctr[:, :, None] * draws.spread("ctr day", shape, 0.03)
    ctor = shops.ctor[:, None, :] * ctor[:, :, None] * draws.spread("ctor day", shape, 0.04)
    target = np.where(world.has("selling") > 0, shops.gmv_a_day[:, None], 6.0)
    usual = target * shops.mix / (shops.price[:, None] * shops.ctor * shops.ctr)
    seen = draws.poisson("impressions", usual[:, None, :] * pull * _demand(world))
    channel["product_impressions"] = seen
    channel["unique_product_impressions"] = draws.binomial("unique impressions", seen, 0.68)
    clicks = draws.binomial("clicks", seen, np.minimum(ctr, 0.5))
    channel["product_clicks"] = clicks
    channel["unique_product_clicks"] = np.minimum(
        draws.binomial("unique clicks", clicks, 0.86), channel["unique_product_impressions"]
    )
    sold = draws.binomial("sku orders", clicks, np.minimum(ctor, 0.5))
    sold = sold * world.has("selling")[:, :, None]
    channel["sku_orders"] = sold
    carts = draws.binomial("carts", clicks, np.minimum(0.03 + 2.2 * ctor, 0.8))
    channel["add_to_carts"] = carts
    channel["add_to_cart_users"] = np.minimum(
        np.maximum(draws.binomial("cart users", carts, 0.84), carts > 0),
        channel["unique_product_clicks"],
    )
    orders = np.maximum(sold - draws.binomial("joined orders", sold, 0.1), sold > 0)
    channel["orders"] = orders
    customers = np.maximum(draws.binomial("customers", orders, 0.97), orders > 0)
    channel["est_customers"] = customers
    channel["unique_buyers"] = np.minimum(
        draws.binomial("buyers", customers, 0.985), channel["unique_product_clicks"]
    )
    channel["items_sold"] = sold + draws.poisson("more items", sold * 0.18)
    each = price[:, :, None] * np.exp(draws.normal("basket", shape, 0.5) / np.sqrt(sold + 1))
    channel["gmv"] = np.round(sold * each, 2)


def whole_shop(world: World) -> None:
    """Sales of all channels together, and what hangs on one product, one creator, one campaign."""
    shops, shop, draws, channel = world.shops, world.shop, world.draws, world.channel
    for additive in (
        *("product_impressions", "product_clicks", "add_to_carts", "orders", "sku_orders"),
        *("items_sold", "gmv"),
    ):
        shop[additive] = np.round(channel[additive].sum(axis=2), 2)
    for unique, of in (
        ("unique_product_impressions", "product_impressions"),
        ("unique_product_clicks", "product_clicks"),
        ("add_to_cart_users", "add_to_carts"),
        ("est_customers", "orders"),
        ("unique_buyers", "orders"),
    ):
        # Somebody who came through two channels is counted once.
        total, most = channel[unique].sum(axis=2), channel[unique].max(axis=2)
        twice = draws.binomial(f"twice {unique}", np.minimum(total - most, most), 0.12)
        shop[unique] = np.minimum(total - twice, shop[of])
    shop["unique_buyers"] = np.minimum(shop["unique_buyers"], shop["est_customers"])
    looked = draws.poisson("profile visits", 0.25 * shop["unique_product_clicks"] + 0.5)
    shop["visitors"] = shop["unique_product_clicks"] + looked
    tax = np.where(np.array(shops.regions) == "SG", 0.09, 0.07)[:, None]
    shop["tax"] = np.round(shop["gmv"] * tax, 2)
    shop["gmv_with_tax"] = np.round(shop["gmv"] + shop["tax"], 2)
    paid = 0.02 * world.now("campaigns") * shop["gmv"]
    shop["gmv_with_cofunding"] = np.round(shop["gmv"] + paid, 2)
    paying = 1.0 - np.clip(world.now("free_shipping"), 0, 1)
    shop["shipping_fees"] = np.round(shop["orders"] * 4.2 * paying, 2)
    best = np.clip(world.now("hero_share") * draws.spread("hero day", world.shape, 0.1), 0, 0.95)
    shop["hero_product_gmv"] = np.round(shop["gmv"] * best, 2)
    affiliate = channel["gmv"][:, :, AFFILIATE_VIDEO] + channel["gmv"][:, :, AFFILIATE_LIVE]
    top, left = top_share(world), world.move("top_creator")
    second = 0.45 * np.minimum(top, 1.0 - top)
    base = 1.0 - top * (1.0 - left)
    first = np.clip(np.maximum(top * left, second) / base, 0, 0.97)
    first = np.clip(first * draws.spread("top day", world.shape, 0.06), 0, 0.97)
    third = np.clip(first + (1.0 - first) * 0.42, 0, 1)
    shop["affiliate_gmv_top_creator"] = np.round(affiliate * first, 2)
    shop["affiliate_gmv_top3_creators"] = np.round(affiliate * third, 2)
    campaign = world.now("campaigns") / 0.66 * world.usual("campaign_share")
    shop["campaign_gmv"] = np.round(
        shop["gmv"] * np.clip(campaign * draws.spread("campaign day", world.shape, 0.1), 0, 0.8),
        2,
    )


def ads_and_promotions(world: World) -> None:
    shop, draws, shape = world.shop, world.draws, world.shape
    active, ads = shop["active_products"], world.has("ads")
    share = world.usual("ad_share") * ads
    plan = world.shops.gmv_a_day[:, None] * share / world.usual("roas")
    age = np.arange(world.days) - world.shops.opened[:, None]
    budget = plan * world.move("ad_budget") * (age >= 0) / world.usual("ad_used")
    budget = np.round(budget * draws.spread("budget", (shape[0], 1), 0.05), 0)
    shop["ad_budget"] = budget
    used = np.clip(world.usual("ad_used") * draws.spread("budget used", shape, 0.05), 0, 1)
    shop["ad_spend"] = np.round(budget * used, 2)
    bought = share * world.move("ad_budget") * world.move("ad_pull")
    bought = bought / (1.0 - share + bought)
    orders = draws.binomial("ad orders", shop["sku_orders"], np.clip(bought, 0, 1) * (budget > 0))
    shop["ad_sku_orders"] = orders
    worth = np.divide(
        shop["gmv"], shop["sku_orders"], where=shop["sku_orders"] > 0, out=np.zeros(shape)
    )
    worth = worth * draws.spread("ad basket", shape, 0.05)
    shop["ad_gmv"] = np.minimum(np.round(orders * worth, 2), shop["gmv"])
    creatives = (
        np.rint(world.now("creatives") * (1 + draws.walk("creatives", shape, 0.95, 0.05))) * ads
    )
    shop["ad_creatives"] = np.maximum(creatives, 0)
    parts = {SELLER_VIDEO: 0.5, SELLER_LIVE: 0.1, AFFILIATE_VIDEO: 0.35, AFFILIATE_LIVE: 0.05}
    world.put("ad_creatives", {at: np.floor(creatives * part) for at, part in parts.items()})
    wide = world.usual("advertised") * np.clip(world.move("ad_budget"), 0.02, 1) ** 0.5 * ads
    shop["advertised_products"] = draws.gauge("advertised", active, wide)

    eligible = world.now("campaigns_eligible")
    shop["campaigns_eligible"] = eligible
    shop["campaigns_joined"] = np.minimum(np.rint(eligible * world.now("campaigns")), eligible)
    joined = world.usual("campaign_products") * world.move("campaigns")
    shop["campaign_products"] = draws.gauge("enrolled", active, joined)
    reach = np.clip(world.usual("promotion_sales") * world.move("promotions"), 0, 0.9)
    sold = np.clip(reach * draws.spread("promotion day", shape, 0.06), 0, 0.95)
    shop["promotion_gmv"] = np.round(shop["gmv"] * sold, 2)
    depth = np.clip(world.usual("discount") * draws.spread("depth day", shape, 0.04), 0.01, 0.7)
    shop["list_price_gmv"] = np.round(shop["promotion_gmv"] / (1.0 - depth), 2)
    shop["discount_amount"] = np.round(shop["list_price_gmv"] - shop["promotion_gmv"], 2)
    shop["flash_deals"] = np.rint(2.2 * world.move("promotions") * world.usual("promotions"))
    issued = draws.poisson("coupons", shop["orders"] * world.now("coupons"))
    shop["coupons_issued"] = issued
    shop["coupons_redeemed"] = np.minimum(
        draws.binomial("redeemed", issued, world.usual("redemption")), shop["orders"]
    )
