"""Videos of the shop and of its affiliates."""

from __future__ import annotations

from shopace.core.vocabulary.channels import VIDEOS, Channel
from shopace.core.vocabulary.measures.measure import gauge, total

_OWN = (Channel.SELLER_VIDEO,)

VIDEO = (
    total(
        "new_videos",
        "new videos",
        "Videos with a product of the shop that were published on the day.",
        channels=VIDEOS,
        by_choice=True,
        warehouse="videos, by time of posting",
        api="Get Shop Video Performance List: video_post_time, by account_type",
        export="Product Traffic: New video count",
    ),
    total(
        "posting_days",
        "days with a post",
        "1 on a day on which the shop published a video, else 0.",
        channels=_OWN,
        by_choice=True,
        warehouse="the shop's videos, by time of posting",
        api="Get Shop Video Performance List: video_post_time",
    ),
    total(
        "shoppable_videos",
        "new shoppable videos",
        "Videos with a product link that the shop published on the day.",
        channels=_OWN,
        by_choice=True,
        warehouse="the shop's videos with a product link, by time of posting",
        api="Get Shop Video Performance List: videos with products",
    ),
    gauge(
        "products_with_video",
        "products covered by videos",
        "Live products that a video of the shop links to at the end of the day.",
        channels=_OWN,
        warehouse="product links of the shop's videos, distinct products",
        api="Get Shop Video Performance List: products, distinct",
    ),
    total(
        "video_views",
        "video views",
        "Times that the videos were watched on the day, each time counted.",
        channels=VIDEOS,
        warehouse="events: video watched",
        api="Get Shop Video Performance List: views",
    ),
    total(
        "video_completed_views",
        "video views watched to the end",
        "Of the video views of the day, those that reached the end.",
        channels=VIDEOS,
        warehouse="events: video watched to the end",
    ),
    total(
        "video_engagements",
        "likes, comments and shares of videos",
        "Likes, comments and shares that the videos received on the day.",
        channels=VIDEOS,
        warehouse="events: like, comment, share of a video",
        api="Get Shop Video Performance Details: likes, comments, shares (growth since yesterday)",
    ),
    total(
        "video_clicks",
        "clicks from videos",
        "Clicks on products in the videos, on the day of the click.",
        channels=VIDEOS,
        warehouse="events: product clicked in a video",
        api="Get Shop Video Performance Overview: product_clicks",
    ),
    total(
        "videos_with_sales",
        "videos with sales",
        "Videos through which at least one order was paid on the day.",
        channels=VIDEOS,
        warehouse="order lines by time of payment and video, distinct videos",
        api="Get Shop Video Performance List: videos with sku_orders",
    ),
    total(
        "live_videos",
        "videos live and viewed",
        "Videos that were online and watched at least once on the day.",
        channels=VIDEOS,
        warehouse="events: video watched, distinct videos per day",
        api="Get Shop Video Performance List: videos with views",
    ),
    gauge(
        "videos_with_violations",
        "videos with violations",
        "Videos of the shop that the platform marks for a violation at the end of the day.",
        channels=_OWN,
        warehouse="content moderation: videos with an open violation",
    ),
)
