"""Do the seller's videos reach people, hold them, and sell?

S0 names the category ("supply quality of seller-generated videos"). Views are API, the others 3P.
What a video sells is the family `…_sales`.
"""

from shopace.core import (
    Action,
    Benchmark,
    Channel,
    Completion,
    Direction,
    Effort,
    Metric,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    declined,
    hookimpl,
    measure,
)
from shopace.plugins.content.seller_video_quality_sales import SALES

VIDEO = (Channel.SELLER_VIDEO,)
VIEWS = measure("video_views")

VIOLATIONS = Parameter(
    key="seller_video_quality.violation_line",
    default=1,
    unit=Unit.COUNT,
    title="Videos with violations that call for a clearing",
)

PLUGIN = Plugin(
    key="seller_video_quality",
    category="seller_video_quality",
    version="0.1.0",
    title="Supply quality of seller videos",
    question="Do the seller's videos reach people, hold them, and sell?",
    declares=(
        Metric(
            key="video_views",
            title="Video views",
            definition="How many times videos of the seller were watched.",
            formula=VIEWS,
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=VIDEO,
            min_sample=1_000,
            is_key=True,
            driven_by=("new_videos",),
            source="API",
        ),
        Benchmark(metric="video_views"),
        TaskTemplate(
            key="seller_video_quality.repeat_what_worked",
            title="Repeat the video that worked",
            why="Your videos were watched less often than in the week before.",
            steps=(
                "Find your three videos with most views in the last 30 days.",
                "Film each again with another product or another first sentence.",
                "Publish them at the hour at which those three were watched most.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_video_views",
            trigger=declined("video_views"),
            action=Action(label="View videos", target="/analytics/videos"),
            benefit="More views",
        ),
        Metric(
            key="views_per_video",
            title="Views per video",
            definition="Video views per video that was online, counted day by day.",
            formula=VIEWS / measure("live_videos"),
            unit=Unit.COUNT,
            direction=Direction.HIGHER,
            channels=VIDEO,
            min_sample=10,
            source="3P",
        ),
        Benchmark(metric="views_per_video"),
        TaskTemplate(
            key="seller_video_quality.sharpen_openings",
            title="Sharpen the first three seconds of your videos",
            why="Your videos get fewer views each than those of benchmark sellers.",
            steps=(
                "Show the product or its effect in the first picture.",
                "Open with the question that the video answers.",
                "Try two openings for the same video and keep the better one.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="win_video_views",
            trigger=behind_peers("views_per_video"),
            action=Action(label="View videos", target="/analytics/videos"),
            benefit="More views",
            valid_days=14,
        ),
        Metric(
            key="video_completion_rate",
            title="Video completion rate",
            definition="Views watched to the end, as a share of all views.",
            formula=measure("video_completed_views") / VIEWS,
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            channels=VIDEO,
            min_sample=1_000,
            source="3P",
        ),
        Benchmark(metric="video_completion_rate"),
        TaskTemplate(
            key="seller_video_quality.shorten_videos",
            title="Shorten your videos to one message",
            why="Fewer viewers watch your videos to the end than those of benchmark sellers.",
            steps=(
                "Look up at which second viewers leave your last ten videos.",
                "Cut what comes before the product, and every repetition.",
                "Keep price and link for the end, and say early that they come.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="lift_video_quality",
            trigger=behind_peers("video_completion_rate"),
            action=Action(label="View videos", target="/analytics/videos"),
            benefit="Viewers who stay",
            effort=Effort.LOW,
            valid_days=14,
        ),
        Metric(
            key="video_engagement_rate",
            title="Video engagement rate",
            definition="Likes, comments and shares per video view.",
            formula=measure("video_engagements") / VIEWS,
            unit=Unit.RATIO,
            direction=Direction.HIGHER,
            channels=VIDEO,
            min_sample=1_000,
            source="3P",
        ),
        Benchmark(metric="video_engagement_rate"),
        TaskTemplate(
            key="seller_video_quality.answer_comments",
            title="Answer comments with a video",
            why="Viewers react to your videos less than to those of benchmark sellers.",
            steps=(
                "Reply to the comments of your last ten videos.",
                "Turn the best question into a video of its own.",
                "End videos with a question that is easy to answer.",
            ),
            type=TaskType.CHALLENGE,
            objective="lift_video_quality",
            trigger=behind_peers("video_engagement_rate"),
            action=Action(label="View comments", target="/content/videos/comments"),
            benefit="More reactions",
            effort=Effort.LOW,
            valid_days=14,
        ),
        *SALES,
        Metric(
            key="videos_with_violations",
            title="Videos with violations",
            definition="Videos that the platform marked for a violation, on the last day.",
            formula=measure("videos_with_violations"),
            unit=Unit.COUNT,
            direction=Direction.LOWER,
            channels=VIDEO,
            source="3P",
        ),
        Benchmark(metric="videos_with_violations"),
        TaskTemplate(
            key="seller_video_quality.clear_violations",
            title="Remove or correct videos marked for violations",
            why="The platform marked videos of yours for a violation of its rules.",
            steps=(
                "Open each marked video and read the reason.",
                "Delete it, or correct the claim, music or picture and publish it again.",
                "Appeal where the decision is wrong.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="clear_videos",
            trigger=at_least("videos_with_violations", VIOLATIONS),
            action=Action(label="View marked videos", target="/content/violations"),
            benefit="Fewer violations",
            effort=Effort.LOW,
            completion=Completion(
                metric="videos_with_violations", line=VIOLATIONS, unit=Unit.COUNT
            ),
        ),
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
