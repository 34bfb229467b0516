"""Posts, LIVEs and creators: how much they pull, and how they are watched."""

from __future__ import annotations

import numpy as np

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.draws import Floats
from shopace.service.simulate.world import (
    AFFILIATE_LIVE,
    AFFILIATE_VIDEO,
    MISSING,
    SELLER_LIVE,
    SELLER_VIDEO,
    World,
    counted_before,
    smooth,
)


def creators(world: World) -> None:
    """The creators: how many, what they are offered, how many post."""
    shop, draws = world.shop, world.draws
    shape, with_ = world.shape, world.has("affiliates")
    active = shop["active_products"]
    leaves = 1.0 - world.move("top_creator")
    grown = np.linspace(0.97, 1.03, world.days)
    wanted = world.usual("creators") * smooth(world.move("creators"), 10) * grown
    creators = np.maximum(np.rint(wanted) - np.rint(leaves), 0) * with_
    shop["collaborating_creators"] = creators
    posts = world.now("creator_posts")
    videos = draws.binomial("creators posting videos", creators, np.clip(posts, 0, 0.95))
    goes_live = world.has("affiliate_live")
    chance = world.now("creator_lives") * world.move("creator_posts") * goes_live
    lives = draws.binomial("creators going LIVE", creators, np.clip(chance, 0, 0.95))
    shop["creators_posted"] = np.maximum(videos, lives) + np.rint(np.minimum(videos, lives) * 0.6)
    world.put("creators_posted", {AFFILIATE_VIDEO: videos, AFFILIATE_LIVE: lives})
    offered = draws.gauge("open collaboration", active, world.now("open_collaboration")) * with_
    shop["open_collaboration_products"] = offered
    shop["collaboration_products"] = (
        offered + draws.gauge("targeted", active - offered, 0.15) * with_
    )
    shop["free_sample_products"] = draws.gauge("samples", active, world.now("samples")) * with_
    wobble = 1.0 + draws.walk("commission", shape, 0.97, 0.01)
    rate = np.clip(world.now("commission") * wobble, 0.01, 0.6)
    shop["average_commission_rate"] = np.where(with_ > 0, np.round(rate, 4), MISSING)
    asked = draws.poisson(
        "sample requests", (0.15 + creators * 0.035) * smooth(world.move("samples"), 3) * with_
    )
    shop["sample_requests"] = asked
    approved = draws.binomial("approved", asked, np.clip(world.now("sample_approval"), 0, 0.99))
    shop["sample_requests_approved"] = approved
    shop["sample_approval_hours_total"] = np.round(
        approved * world.now("sample_hours") * draws.spread("approval hours", shape, 0.1), 2
    )
    shop["creators_sampled"] = draws.binomial("sampled", counted_before(approved, 3), 0.95)
    invited = draws.poisson("invitations", (0.3 + creators * 0.05) * with_)
    shop["creator_invitations"] = invited
    accepts = 0.16 * world.move("commission") ** 0.7
    accepted = draws.binomial("accepted", invited, np.clip(accepts, 0, 1))
    shop["creator_invitations_accepted"] = accepted
    shop["new_creators"] = accepted + draws.poisson("arrivals", creators * 0.004)
    shop["creators_with_sales_30d"] = draws.gauge(
        "creators with sales", creators, 0.38 * world.move("creator_posts") ** 0.2
    )
    shop["high_gmv_creators"] = draws.gauge("high GMV creators", creators, 0.08)
    month = np.minimum(0.75 * smooth(world.move("creator_posts"), 12) ** 0.5, 0.95)
    posted = draws.gauge("posted in 30 days", creators, month)
    shop["creators_posted_30d"] = np.maximum(posted, shop["creators_posted"])
    again = np.minimum(0.62 * smooth(world.move("creator_posts"), 12) ** 0.3, 0.95)
    shop["repeat_posting_creators"] = draws.gauge("posting again", posted, again)
    written = draws.poisson("messages", (0.4 + creators * 0.08) * with_)
    shop["creator_messages"] = written
    shop["creator_replies"] = draws.binomial("replies", written, world.usual("creator_replies"))


def top_share(world: World) -> Floats:
    """Share of the affiliates' GMV that hangs on the creator who sells most."""
    return np.clip(world.usual("top_share") * world.move("top_share"), 0.02, 0.85)


def content(world: World) -> Floats:
    """Posts and LIVEs, and how much they pull: 1 is usual, (shops, days, 5)."""
    draws, shape = world.draws, world.shape
    posts = draws.poisson("posts", world.now("video_posts") * world.has("seller_video"))
    made = draws.poisson(
        "affiliate videos", world.channel["creators_posted"][:, :, AFFILIATE_VIDEO] * 1.2
    )
    world.put("new_videos", {SELLER_VIDEO: posts, AFFILIATE_VIDEO: made})
    world.put("posting_days", {SELLER_VIDEO: np.minimum(posts, 1.0)})
    shoppable = draws.binomial("shoppable", posts, 0.86)
    world.put("shoppable_videos", {SELLER_VIDEO: shoppable})

    weekdays = (world.first_day.weekday() + np.arange(world.days)) % 7
    planned = world.shops.schedule[:, weekdays] * world.has("seller_live")
    comes = draws.uniform("comes", shape) < 0.95 * world.move("live_presence")
    sessions = planned * comes * (1 + (draws.uniform("second LIVE", shape) < 0.06))
    hours = sessions * world.usual("live_session_hours") * draws.spread("LIVE hours", shape, 0.12)
    hours = np.round(hours, 2)
    shows = world.channel["creators_posted"][:, :, AFFILIATE_LIVE]
    aff_hours = np.round(shows * 1.8 * draws.spread("affiliate LIVE hours", shape, 0.2), 2)
    world.put("new_lives", {SELLER_LIVE: sessions, AFFILIATE_LIVE: shows})
    world.put("live_hours", {SELLER_LIVE: hours, AFFILIATE_LIVE: aff_hours})
    world.put(
        "live_days",
        {SELLER_LIVE: np.minimum(sessions, 1.0), AFFILIATE_LIVE: np.minimum(shows, 1.0)},
    )

    pull = np.ones((*shape, len(FIVE)))
    pull[:, :, SELLER_VIDEO] = 0.15 + 0.85 * smooth(world.move("video_posts"), 2)
    pull[:, :, SELLER_VIDEO] *= smooth(world.move("video_hold"), 1) ** 0.8
    usual_hours = world.shops.schedule.mean(axis=1)[:, None] * 0.95 * 1.06
    usual_hours = usual_hours * world.usual("live_session_hours")
    pull[:, :, SELLER_LIVE] = 0.02 + 0.98 * hours / usual_hours
    pull[:, :, SELLER_LIVE] *= world.move("live_hold") ** 0.8
    stays = 1.0 - top_share(world) * (1.0 - world.move("top_creator"))
    creators = (smooth(world.move("creators"), 10) * world.move("creator_posts")) ** 0.8
    creators = smooth(creators, 2) * stays
    pull[:, :, AFFILIATE_VIDEO] = creators
    pull[:, :, AFFILIATE_LIVE] = creators
    return pull


def watching(world: World) -> None:
    """How content is watched."""
    draws, channel, shape = world.draws, world.channel, world.shape
    hold = {SELLER_VIDEO: smooth(world.move("video_hold"), 1), AFFILIATE_VIDEO: np.ones(shape)}
    names = ("video_views", "video_completed_views", "video_engagements", "video_clicks")
    found: dict[str, dict[int, Floats]] = {
        name: {} for name in (*names, "videos_with_sales", "live_videos")
    }
    for at, holds in hold.items():
        made = channel["new_videos"][:, :, at]
        clicks, seen = channel["product_clicks"][:, :, at], channel["product_impressions"][:, :, at]
        per = world.usual("views_per_impression")
        found["video_views"][at] = draws.poisson(f"views {at}", seen * per)
        views = found["video_views"][at]
        ends = np.clip(world.usual("completion") * holds**0.8, 0.01, 0.9)
        found["video_completed_views"][at] = draws.binomial(f"completed {at}", views, ends)
        likes = np.clip(world.usual("engagement") * holds**0.6, 0.001, 0.5)
        found["video_engagements"][at] = draws.binomial(f"engaged {at}", views, likes)
        found["video_clicks"][at] = np.minimum(draws.binomial(f"vclicks {at}", clicks, 0.97), views)
        watched = np.maximum(np.rint(smooth(made, 8) * 11), made) * (seen > 0)
        found["live_videos"][at] = watched
        sold = channel["sku_orders"][:, :, at]
        found["videos_with_sales"][at] = np.minimum(
            np.ceil(watched * (1 - np.exp(-sold * 0.6 / np.maximum(watched, 1)))), sold
        )
        found["videos_with_sales"][at] = np.minimum(found["videos_with_sales"][at], watched)
    for name, values in found.items():
        world.put(name, values)
    flagged = draws.gauge(
        "flagged videos", np.rint(smooth(channel["new_videos"][:, :, SELLER_VIDEO], 8) * 20), 0.01
    )
    world.put("videos_with_violations", {SELLER_VIDEO: flagged})

    watch = {SELLER_LIVE: world.move("live_hold"), AFFILIATE_LIVE: np.ones(shape)}
    out: dict[str, dict[int, Floats]] = {
        name: {}
        for name in (
            *("live_views", "live_impressions", "live_viewing_seconds_total", "live_comments"),
            *("live_new_followers", "live_products_shown", "lives_with_tools"),
            "lives_with_promotions",
        )
    }
    for at, holds in watch.items():
        lives, seen = channel["new_lives"][:, :, at], channel["product_impressions"][:, :, at]
        views = draws.poisson(f"live views {at}", seen * 0.45 * (lives > 0))
        out["live_views"][at] = views
        out["live_impressions"][at] = views + draws.poisson(f"live seen {at}", views * 3.5)
        stay = world.usual("viewing_seconds") * holds * draws.spread(f"stay {at}", shape, 0.05)
        out["live_viewing_seconds_total"][at] = np.rint(views * stay)
        out["live_comments"][at] = draws.poisson(f"comments {at}", views * 0.05 * holds**0.7)
        out["live_new_followers"][at] = draws.binomial(f"follows {at}", views, 0.006 * holds)
        shown = lives * world.usual("products_per_live") * draws.spread(f"shows {at}", shape, 0.1)
        out["live_products_shown"][at] = np.rint(shown)
        out["lives_with_tools"][at] = draws.binomial(
            f"tools {at}", lives, world.usual("live_tools")
        )
        with_promotions = np.clip(world.usual("live_promotions") * world.move("promotions"), 0, 1)
        out["lives_with_promotions"][at] = draws.binomial(f"promos {at}", lives, with_promotions)
    for name, values in out.items():
        world.put(name, values)
    gained = np.nansum(channel["live_new_followers"], axis=2)
    gained = gained + draws.poisson("followers", 0.01 * world.shop["unique_product_clicks"])
    world.shop["followers"] = np.rint(world.usual("followers") + np.cumsum(gained, axis=1))
