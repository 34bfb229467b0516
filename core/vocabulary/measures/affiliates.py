"""Collaborations, samples and the creators who promote the shop."""

from __future__ import annotations

from shopace.core.vocabulary.channels import AFFILIATE, SHOP, Channel
from shopace.core.vocabulary.measures.measure import Measure, Origin, gauge, total
from shopace.core.vocabulary.units import Aggregation, Unit

AFFILIATES = (
    gauge(
        "open_collaboration_products",
        "products in open collaboration",
        "Live products that any creator may promote at the end of the day.",
        warehouse="open collaborations, distinct products at the end of the day",
        api="Search Open Collaborations: products",
    ),
    gauge(
        "collaboration_products",
        "products in any collaboration",
        "Live products in an open or a targeted collaboration at the end of the day.",
        warehouse="collaborations of any kind, distinct products at the end of the day",
        api="Search Open Collaborations and Search Target Collaborations: products",
    ),
    gauge(
        "free_sample_products",
        "products with free samples",
        "Live products of which creators can ask for a free sample at the end of the day.",
        warehouse="sample rules in force, distinct products at the end of the day",
    ),
    gauge(
        "average_commission_rate",
        "average commission rate",
        "Mean commission offered to creators over the products in collaboration: 0.12 is 12 %.",
        unit=Unit.RATIO,
        warehouse="collaborations, mean of the rates at the end of the day",
        api="Search Open Collaborations: current_commission.rate ÷ 10,000, averaged",
    ),
    total(
        "sample_requests",
        "sample requests",
        "Requests of creators for a sample, on the day they arrive.",
        warehouse="sample applications, by time of application",
        api="Search Sample Applications",
    ),
    total(
        "sample_requests_approved",
        "sample requests approved",
        "Requests for a sample that the shop approved on the day.",
        warehouse="sample applications, by time of approval",
        api="Search Sample Applications: by status",
    ),
    total(
        "sample_approval_hours_total",
        "sample approval hours, all approved requests",
        "Hours from request to approval, summed over the requests approved on the day.",
        unit=Unit.HOURS,
        warehouse="sample applications, by time of approval: hours since application, summed",
    ),
    total(
        "creator_invitations",
        "creator invitations sent",
        "Invitations to collaborate that the shop sent to creators on the day.",
        by_choice=True,
        warehouse="invitations to creators, by time of sending",
    ),
    total(
        "creator_invitations_accepted",
        "creator invitations accepted",
        "Invitations that creators accepted on the day.",
        warehouse="invitations to creators, by time of acceptance",
    ),
    gauge(
        "collaborating_creators",
        "collaborating creators",
        "Creators with a running collaboration with the shop at the end of the day.",
        warehouse="collaborations that run, distinct creators at the end of the day",
    ),
    Measure(
        key="creators_posted",
        title="creators who posted content",
        definition="Creators who published a video or LIVE with a product of the shop, per day.",
        unit=Unit.COUNT,
        aggregation=Aggregation.MEAN,
        channels=(*SHOP, *AFFILIATE, Channel.CREATOR_CONTENT),
        additive=False,
        origin=Origin(
            warehouse="affiliate videos and LIVEs, by time of posting, distinct creators per day",
            export="Product Traffic: Avg. daily creators posted content",
        ),
    ),
    gauge(
        "creators_posted_30d",
        "creators who posted in 30 days",
        "Creators who published a video or LIVE with a product of the shop in 30 days.",
        warehouse="affiliate videos and LIVEs of 30 days, distinct creators",
    ),
    total(
        "new_creators",
        "new creators",
        "Creators whose first collaboration with the shop began on the day.",
        warehouse="collaborations, by the creator's first",
    ),
    total(
        "creators_sampled",
        "creators who received samples",
        "Creators to whom a sample was delivered on the day.",
        warehouse="sample orders, by time of delivery, distinct creators",
    ),
    gauge(
        "creators_with_sales_30d",
        "creators with sales in 30 days",
        "Creators through whose content at least one order was paid in 30 days.",
        warehouse="affiliate orders of 30 days, distinct creators",
        api="Search Seller Affiliate Orders: creators, over 30 days",
    ),
    total(
        "creator_messages",
        "messages to creators",
        "Messages that the shop sent to creators on the day.",
        by_choice=True,
        warehouse="chats with creators, by time of the message",
    ),
    total(
        "creator_replies",
        "creators' replies",
        "Replies of creators to messages of the shop, on the day of the reply.",
        warehouse="chats with creators, by time of the reply",
    ),
    total(
        "affiliate_gmv_top_creator",
        "GMV of the top creator",
        "GMV through the one creator who sold most on the day.",
        unit=Unit.MONEY,
        warehouse="affiliate orders by time of payment: the largest amount of a creator per day",
        api="Search Seller Affiliate Orders: creators, with the amounts of Get Order Detail",
    ),
    total(
        "affiliate_gmv_top3_creators",
        "GMV of the top three creators",
        "GMV through the three creators who sold most on the day.",
        unit=Unit.MONEY,
        warehouse="affiliate orders by time of payment: the three largest amounts per day",
        api="Search Seller Affiliate Orders: creators, with the amounts of Get Order Detail",
    ),
    gauge(
        "high_gmv_creators",
        "high-GMV creators",
        "Collaborating creators of the platform's high-GMV group at the end of the day.",
        warehouse="collaborating creators by GMV group, at the end of the day",
    ),
    gauge(
        "low_score_creators",
        "creators with a low performance score",
        "Collaborating creators whom the platform scores low at the end of the day.",
        warehouse="collaborating creators by score, at the end of the day",
    ),
    gauge(
        "repeat_posting_creators",
        "creators with repeat posts",
        "Creators with more than one video or LIVE with products of the shop in 30 days.",
        warehouse="affiliate videos and LIVEs of 30 days, creators with several",
    ),
)
