"""What follows an order: parcels, questions, returns, reviews, the score."""

from __future__ import annotations

import numpy as np

from shopace.service.simulate.draws import Floats
from shopace.service.simulate.world import (
    MISSING,
    World,
    before,
    counted_before,
    days_existed,
    rolling,
    smooth,
)


def _late_share(hours: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-(hours - 44.0) / 7.0))


def parcels(world: World) -> None:
    """Orders become parcels, two days later due for dispatch, six days later for delivery."""
    shop, draws, shape = world.shop, world.draws, world.shape
    hours = world.now("handling_hours") * draws.spread("handling day", shape, 0.06)
    late = _late_share(hours)
    in_stock = np.clip(world.now("in_stock"), 0, 1)
    placed = counted_before(shop["orders"], 1)
    no_stock = np.clip(0.003 + 0.12 * (world.usual("in_stock") - in_stock), 0, 1)
    gone = draws.binomial("no stock", placed, no_stock)
    other = draws.binomial("other cancellations", placed - gone, 0.006 + 0.03 * late)
    shop["out_of_stock_cancellations"] = gone
    shop["seller_fault_cancellations"] = gone + other
    due = counted_before(placed - gone - other, 1)
    shop["dispatch_due_orders"] = due
    shop["late_dispatched_orders"] = draws.binomial("late", due, late)
    shop["shipped_orders"] = due
    shop["handling_hours_total"] = np.round(due * hours, 2)
    known = np.clip(world.now("tracking"), 0.02, 0.999)
    shop["valid_tracking_orders"] = draws.binomial("tracking", due, known)
    invalid = due - shop["valid_tracking_orders"]
    shop["false_shipments"] = draws.binomial("false shipments", invalid, 0.05)
    arriving = counted_before(due, 4)
    shop["delivery_due_orders"] = arriving
    on_time = 0.965 - 0.6 * before(late, 3)
    shop["on_time_delivered_orders"] = draws.binomial("on time", arriving, np.clip(on_time, 0.1, 1))
    shop["completed_orders"] = counted_before(arriving, 1)
    shop["orders_awaiting_shipment"] = np.rint(smooth(shop["orders"], 1) * hours / 24)
    shop["orders_overdue"] = np.rint(shop["orders_awaiting_shipment"] * late)


def questions_and_returns(world: World) -> None:
    shop, draws, shape = world.shop, world.draws, world.shape
    replied = np.clip(world.now("reply_share"), 0.02, 0.995)
    asked = draws.poisson("inquiries", shop["orders"] * 0.22 + shop["visitors"] * 0.004)
    shop["inquiries"] = asked
    shop["inquiries_replied_24h"] = draws.binomial("replied", asked, replied)
    shop["open_inquiries"] = np.rint(smooth(asked, 1) * (0.15 + 2.0 * (1 - replied)))
    shop["chats_rated"] = draws.binomial("chats rated", asked, 0.35)
    cross = np.clip(0.04 + 0.4 * (1 - replied), 0, 0.9)
    shop["chats_dissatisfied"] = draws.binomial("dissatisfied", shop["chats_rated"], cross)

    bad = world.move("defects")
    arrived = shop["completed_orders"]
    existed = days_existed(world)
    shop["delivered_orders_60d"] = rolling(arrived, 60, existed)
    returns = np.clip(world.usual("returns") * before(bad, 1), 0, 0.7)
    returned = draws.binomial("returned", arrived, returns)
    shop["non_buyer_fault_returns_60d"] = np.minimum(
        rolling(returned, 60, existed), shop["delivered_orders_60d"]
    )
    reviews = draws.binomial("reviews", arrived, 0.14)
    shop["reviews_60d"] = rolling(reviews, 60, existed)
    negative = draws.binomial("negative", reviews, np.clip(world.usual("defects") * bad, 0, 0.8))
    shop["negative_reviews_60d"] = np.minimum(rolling(negative, 60, existed), shop["reviews_60d"])
    felt = smooth(world.usual("defects") * bad, 12)
    rating = np.clip(4.9 - 5.2 * felt + draws.walk("rating", shape, 0.95, 0.02), 1, 5)
    shop["product_rating"] = np.where(shop["reviews_60d"] > 0, np.round(rating, 2), MISSING)
    shop["complaints"] = draws.poisson("complaints", arrived * 0.006 * bad)
    shop["open_disputes"] = np.rint(smooth(shop["complaints"], 4) * 4)
    refunded = draws.binomial(
        "refunded", counted_before(arrived, 1), np.clip(world.usual("refunds") * bad, 0, 0.7)
    )
    shop["refunded_orders"] = refunded
    shop["items_refunded"] = refunded + draws.poisson("items refunded", refunded * 0.12)
    shop["refund_customers"] = np.maximum(
        draws.binomial("refund customers", refunded, 0.97), refunded > 0
    )
    price = world.shops.price[:, None] * 1.1 * draws.spread("refund size", shape, 0.1)
    shop["refunds"] = np.round(refunded * price, 2)
    slow = world.now("after_sales_hours") * draws.spread("after-sales day", shape, 0.08)
    closed = draws.poisson("after-sales", returned + 0.03 * arrived)
    shop["after_sales_closed"] = closed
    shop["after_sales_hours_total"] = np.round(closed * slow, 2)
    shop["pending_returns"] = np.rint(smooth(returned, 2) * slow / 9)


def score(world: World) -> None:
    """The Shop Performance Score and what is asked of a Seller Center shop."""
    shop, draws, shape = world.shop, world.draws, world.shape
    wobble = draws.walk("score", shape, 0.95, 0.03)
    negative = np.divide(
        shop["negative_reviews_60d"],
        shop["reviews_60d"],
        where=shop["reviews_60d"] > 0,
        out=np.zeros(shape),
    )
    sent_back = np.divide(
        shop["non_buyer_fault_returns_60d"],
        shop["delivered_orders_60d"],
        where=shop["delivered_orders_60d"] > 0,
        out=np.zeros(shape),
    )
    product = 5.0 - 8.0 * negative - 5.0 * sent_back + wobble
    late = smooth(_late_share(world.now("handling_hours")), 7)
    lost = smooth(1.0 - np.clip(world.now("tracking"), 0, 1), 12)
    empty = smooth(world.usual("in_stock") - np.clip(world.now("in_stock"), 0, 1), 12)
    fulfilment = 4.85 - 3.4 * late - 2.0 * lost - 1.2 * np.maximum(empty, 0) + wobble
    unanswered = smooth(1.0 - np.clip(world.now("reply_share"), 0, 1), 7)
    waits = smooth(np.maximum(world.now("after_sales_hours") - 12.0, 0), 7)
    service = 4.95 - 3.2 * unanswered - 0.022 * waits + wobble
    parts = {"sps_product": product, "sps_fulfillment": fulfilment, "sps_service": service}
    enough = rolling(shop["orders"], 90, days_existed(world)) >= 30
    for name, values in parts.items():
        shop[name] = np.where(enough, np.round(np.clip(values, 0.5, 5.0), 1), MISSING)
    whole = 0.4 * product + 0.35 * fulfilment + 0.25 * service
    shop["sps"] = np.where(enough, np.round(np.clip(whole, 0.5, 5.0), 1), MISSING)
    age = np.arange(world.days) - world.shops.opened[:, None]
    shop["on_probation"] = (age < 60).astype(np.float64)
    shop["shop_active"] = np.ones(world.shape)
