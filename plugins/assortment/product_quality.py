"""Do buyers get what the listing promised, and does the listing promise enough?

S2 names what costs a shop: poor ratings, complaints, disputes badly handled. The 60-day rates are
API and 3P. The families beside this page: `product_quality_returns` and `product_quality_listings`.
"""

from shopace.core import (
    ON_SALE,
    Action,
    Benchmark,
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
    at_most,
    behind_peers,
    hookimpl,
    measure,
    product_at_most,
)
from shopace.plugins.assortment.product_quality_listings import LISTINGS
from shopace.plugins.assortment.product_quality_returns import RETURNS

LOW_RATING = Parameter(
    key="product_quality.low_rating_line",
    default=4.0,
    unit=Unit.SCORE,
    maximum=5.0,
    title="Product rating at or below which the cause is worth a search",
)
ENOUGH_REVIEWS = Parameter(
    key="product_quality.enough_reviews_line",
    default=10,
    unit=Unit.COUNT,
    title="Reviews of 60 days from which a rating speaks for more than single buyers",
)
MANY_COMPLAINTS = Parameter(
    key="product_quality.many_complaints_line",
    default=0.01,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Complaint rate from which complaints are worth a task",
)

PLUGIN = Plugin(
    key="product_quality",
    category="product_quality",
    version="0.1.0",
    title="Product quality",
    question="Do buyers get what the listing promised, and does the listing promise enough?",
    declares=(
        Metric(
            key="product_rating",
            title="Product rating",
            definition="Mean rating of the shop's products, from 1 to 5.",
            formula=measure("product_rating"),
            unit=Unit.SCORE,
            direction=Direction.HIGHER,
            products=(ON_SALE, product_at_most("rating", LOW_RATING.default)),
            source="S1, S2",
        ),
        Benchmark(metric="product_rating"),
        TaskTemplate(
            key="product_quality.improve_rating",
            title="Improve the products that pull your rating down",
            why="Your product rating is low, and buyers see it on your product pages.",
            steps=(
                "Sort your products by rating and read the newest reviews of the lowest five.",
                "Correct what they name: size table, photos, packaging, or the product itself.",
                "Take products off sale that you cannot improve.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="raise_rating",
            trigger=at_most("product_rating", LOW_RATING),
            only_if=(at_least("reviews", ENOUGH_REVIEWS),),
            action=Action(label="View reviews", target="/products/reviews"),
            benefit="A better rating",
            effort=Effort.HIGH,
            valid_days=30,
            completion=Completion(metric="product_rating", line=LOW_RATING, unit=Unit.SCORE),
        ),
        Metric(
            key="reviews",
            title="Reviews (60 days)",
            definition="Reviews that buyers wrote within 60 days.",
            formula=measure("reviews_60d"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            source="API, 3P",
        ),
        Metric(
            key="negative_review_rate",
            title="Negative review rate (60 days)",
            definition="Negative reviews of 60 days, as a share of all reviews of 60 days.",
            formula=measure("negative_reviews_60d") / measure("reviews_60d"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=20,
            products=(ON_SALE, product_at_most("rating", LOW_RATING.default)),
            source="API, 3P",
        ),
        Benchmark(metric="negative_review_rate"),
        TaskTemplate(
            key="product_quality.answer_reviews",
            title="Answer your negative reviews",
            why="A larger part of your reviews is negative than at benchmark sellers.",
            steps=(
                "Answer each negative review of the last 60 days politely, and offer a solution.",
                "Count what they complain about and begin with the most frequent cause.",
                "Add what buyers misunderstood to the product page.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="raise_rating",
            trigger=behind_peers("negative_review_rate"),
            action=Action(label="View reviews", target="/products/reviews"),
            benefit="Fewer negative reviews",
            valid_days=14,
        ),
        Metric(
            key="complaint_rate",
            title="Complaint rate",
            definition="Complaints of buyers per order paid within the period.",
            formula=measure("complaints") / measure("orders"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=50,
            source="S2",
        ),
        Benchmark(metric="complaint_rate"),
        TaskTemplate(
            key="product_quality.settle_complaints",
            title="Settle the complaints of your buyers",
            why="A larger part of your orders leads to a complaint than at benchmark sellers.",
            steps=(
                "Answer open complaints and disputes today, the oldest first.",
                "Offer what your after-sales rules allow: an exchange, a spare part or a refund.",
                "Note the cause of each, and correct the most frequent one.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="settle_complaints",
            trigger=behind_peers("complaint_rate"),
            only_if=(at_least("complaint_rate", MANY_COMPLAINTS),),
            action=Action(label="View complaints", target="/orders/disputes"),
            benefit="Fewer complaints",
            completion=Completion(metric="complaint_rate", line=MANY_COMPLAINTS, unit=Unit.RATIO),
        ),
        Metric(
            key="open_disputes",
            title="Open disputes",
            definition="Disputes with buyers that are not settled on the last day.",
            formula=measure("open_disputes"),
            unit=Unit.COUNT,
            direction=Direction.NEITHER,
            source="S2",
        ),
        *RETURNS,
        *LISTINGS,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
