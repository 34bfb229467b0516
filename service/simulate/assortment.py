"""What is on sale: listings, stock, pages, offers, and listings at risk."""

from __future__ import annotations

import numpy as np

from shopace.service.simulate.world import (
    AFFILIATE_LIVE,
    AFFILIATE_VIDEO,
    SELLER_LIVE,
    SELLER_VIDEO,
    SHOP_TAB,
    World,
    days_existed,
    rolling,
    smooth,
)


def assortment(world: World) -> None:
    shop, draws = world.shop, world.draws
    listings = world.now("assortment")
    shop["new_products"] = draws.poisson("new products", listings * world.usual("new_products"))
    listings = np.maximum(np.rint(listings + np.cumsum(shop["new_products"], axis=1) * 0.3), 3)
    shop["all_listings"] = listings
    up = np.clip(world.now("listings_up"), 0.02, 1.0)
    down = draws.gauge("down", listings, 1.0 - up)
    shop["suspended_listings"] = draws.gauge("suspended", down, 0.15)
    shop["deactivated_listings"] = down - shop["suspended_listings"]
    shop["listings_in_review_long"] = draws.gauge("in review", listings - down, 0.006)
    active = listings - down - shop["listings_in_review_long"]
    shop["active_products"] = active
    shop["attention_listings"] = draws.gauge("attention", active, 0.02 + 0.3 * (1 - up))
    shop["listings_unqualified"] = draws.gauge("unqualified", active, 0.004)
    in_stock = np.clip(world.now("in_stock"), 0.02, 1.0)
    shop["out_of_stock_products"] = draws.gauge("out of stock", active, 1.0 - in_stock)
    shop["low_stock_products"] = draws.gauge(
        "low stock", active - shop["out_of_stock_products"], 0.06 + 0.25 * (1.0 - in_stock)
    )
    # Sales of 30 days forget slowly what stock and listings lose at once.
    sells = world.now("sell_through") * smooth(in_stock * up / world.usual("in_stock"), 20)
    shop["products_with_sales_30d"] = draws.gauge("with sales", active, sells)
    quality = np.clip(world.now("page_quality"), 0.02, 0.97)
    good = draws.gauge("good", active, quality)
    shop["listings_good"] = good
    shop["listings_fair"] = draws.gauge("fair", active - good, 0.7)
    shop["listings_poor"] = active - good - shop["listings_fair"]
    shop["complete_product_pages"] = draws.gauge("complete", active, 0.1 + 0.88 * quality)
    price = world.now("price_competitive")
    shop["price_competitive_products"] = draws.gauge("competitive", active, price)
    shop["products_over_20_reviews"] = draws.gauge(
        "reviewed", active, world.usual("over_20_reviews") * world.has("selling")
    )
    fbt = world.now("fbt")
    shop["fbt_products"] = draws.gauge("fbt", active, fbt)
    shop["promoted_products"] = draws.gauge("promoted", active, world.now("promotions"))
    shop["free_shipping_products"] = draws.gauge(
        "free shipping", active, world.now("free_shipping")
    )
    # The part of the assortment that each channel shows.
    creators = world.has("affiliates")
    cover = {
        SELLER_VIDEO: world.now("video_cover") * world.has("seller_video"),
        SELLER_LIVE: 0.3 * world.has("seller_live"),
        AFFILIATE_VIDEO: 0.7 * world.now("open_collaboration") * creators,
        AFFILIATE_LIVE: 0.3 * world.now("open_collaboration") * world.has("affiliate_live"),
    }
    shown = {each: draws.gauge(f"shown {each}", active, part) for each, part in cover.items()}
    world.put("active_products", {**shown, SHOP_TAB: active})
    world.put(
        "out_of_stock_products",
        {
            **{e: draws.gauge(f"out {e}", of, 1.0 - in_stock) for e, of in shown.items()},
            SHOP_TAB: shop["out_of_stock_products"],
        },
    )
    world.put("fbt_products", {e: draws.gauge(f"fbt {e}", of, fbt) for e, of in shown.items()})
    world.put("products_with_video", {SELLER_VIDEO: shown[SELLER_VIDEO]})


def listings_at_risk(world: World) -> None:
    shop = world.shop
    at_risk = shop["suspended_listings"] + shop["deactivated_listings"] + shop["attention_listings"]
    month = rolling(shop["gmv"], 30, days_existed(world))
    share = at_risk / np.maximum(shop["all_listings"], 1)
    shop["gmv_30d_listings"] = np.round(month, 2)
    shop["gmv_30d_at_risk"] = np.round(month * share, 2)
