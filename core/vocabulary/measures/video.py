"""Videos of the shop and of its affiliates."""

from __future__ import annotations

from shopace.core.vocabulary.channels import VIDEOS, Channel
from shopace.core.vocabulary.measures.measure import gauge, total

VIDEO = (
    total("new_videos", "new videos", channels=VIDEOS, by_choice=True),
    total("posting_days", "days with a post", channels=(Channel.SELLER_VIDEO,), by_choice=True),
    total(
        "shoppable_videos", "new shoppable videos", channels=(Channel.SELLER_VIDEO,), by_choice=True
    ),
    gauge("products_with_video", "products covered by videos", channels=(Channel.SELLER_VIDEO,)),
    total("video_views", "video views", channels=VIDEOS),
    total("video_completed_views", "video views watched to the end", channels=VIDEOS),
    total("video_engagements", "likes, comments and shares of videos", channels=VIDEOS),
    total("video_clicks", "clicks from videos", channels=VIDEOS),
    total("videos_with_sales", "videos with sales", channels=VIDEOS),
    total("live_videos", "videos live and viewed", channels=VIDEOS),
    gauge("videos_with_violations", "videos with violations", channels=(Channel.SELLER_VIDEO,)),
)
