"""What gets lost on the way: cells that a broken feed leaves empty. They are missing, not zero."""

from __future__ import annotations

import numpy as np

from shopace.service.simulate.world import World

_BROKEN_SHARE = 0.03
_RECENT_SHARE = 0.4
_DAYS = (1, 4)
_FEEDS: dict[str, tuple[str, ...]] = {
    "traffic": (
        *("product_impressions", "unique_product_impressions", "product_clicks"),
        *("unique_product_clicks", "add_to_carts", "add_to_cart_users", "visitors"),
    ),
    "parcels": (
        *("dispatch_due_orders", "late_dispatched_orders", "delivery_due_orders"),
        *("on_time_delivered_orders", "shipped_orders", "valid_tracking_orders"),
        "handling_hours_total",
    ),
    "chats": ("inquiries", "inquiries_replied_24h", "open_inquiries", "chats_rated"),
    "videos": ("video_views", "video_completed_views", "video_engagements", "video_clicks"),
}


def break_feeds(world: World) -> None:
    """Empties a feed of a few shops for some days; half of a feed's breaks are at the end."""
    draws, (shops, days) = world.draws, world.shape
    dice = draws.uniform("broken feeds", (shops, 5))
    for shop in np.flatnonzero(dice[:, 0] < _BROKEN_SHARE):
        feed = [*_FEEDS][int(dice[shop, 1] * len(_FEEDS))]
        length = _DAYS[0] + int(dice[shop, 2] * (_DAYS[1] - _DAYS[0] + 1))
        last = days - int(dice[shop, 4] * (3 if dice[shop, 3] < _RECENT_SHARE else days - 4))
        lost = slice(max(last - length, 0), last)
        for measure in _FEEDS[feed]:
            if measure in world.shop:
                world.shop[measure][shop, lost] = np.nan
            if measure in world.channel:
                world.channel[measure][shop, lost] = np.nan
