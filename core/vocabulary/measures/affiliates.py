"""Collaborations, samples and the creators who promote the shop."""

from __future__ import annotations

from shopace.core.vocabulary.channels import AFFILIATE, SHOP, Channel
from shopace.core.vocabulary.measures.measure import Measure, gauge, total
from shopace.core.vocabulary.units import Aggregation, Unit

AFFILIATES = (
    gauge("open_collaboration_products", "products in open collaboration"),
    gauge("collaboration_products", "products in any collaboration"),
    gauge("free_sample_products", "products with free samples"),
    gauge("average_commission_rate", "average commission rate", unit=Unit.RATIO),
    total("sample_requests", "sample requests"),
    total("sample_requests_approved", "sample requests approved"),
    total(
        "sample_approval_hours_total",
        "sample approval hours, all approved requests",
        unit=Unit.HOURS,
    ),
    total("creator_invitations", "creator invitations sent", by_choice=True),
    total("creator_invitations_accepted", "creator invitations accepted"),
    gauge("collaborating_creators", "collaborating creators"),
    Measure(
        key="creators_posted",
        title="creators who posted content",
        unit=Unit.COUNT,
        aggregation=Aggregation.MEAN,
        channels=(*SHOP, *AFFILIATE, Channel.CREATOR_CONTENT),
        additive=False,
    ),
    gauge("creators_posted_30d", "creators who posted in 30 days"),
    total("new_creators", "new creators"),
    total("creators_sampled", "creators who received samples"),
    gauge("creators_with_sales_30d", "creators with sales in 30 days"),
    total("creator_messages", "messages to creators", by_choice=True),
    total("creator_replies", "creators' replies"),
    total("affiliate_gmv_top_creator", "GMV of the top creator", unit=Unit.MONEY),
    total("affiliate_gmv_top3_creators", "GMV of the top three creators", unit=Unit.MONEY),
    gauge("high_gmv_creators", "high-GMV creators"),
    gauge("low_score_creators", "creators with a low performance score"),
    gauge("repeat_posting_creators", "creators with repeat posts"),
)
