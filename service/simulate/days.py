"""From levers to facts: a small causal model of shops over days and channels.

What a seller does (posts, LIVEs, creators, ads, campaigns, stock, listings) makes product
impressions; impressions make clicks, clicks SKU orders, SKU orders money; orders make parcels,
questions, returns and reviews; those make the scores. Every count is drawn.
"""

from __future__ import annotations

from shopace.service.simulate.assortment import assortment, listings_at_risk
from shopace.service.simulate.content import content, creators, watching
from shopace.service.simulate.sales import ads_and_promotions, sales, support, whole_shop
from shopace.service.simulate.service import parcels, questions_and_returns, score
from shopace.service.simulate.standing import violations
from shopace.service.simulate.world import World


def live_through(world: World) -> None:
    """Fills `world.shop` and `world.channel`, stage by stage, causes first."""
    violations(world)
    assortment(world)
    creators(world)
    pull = content(world) * support(world)
    sales(world, pull)
    whole_shop(world)
    watching(world)
    ads_and_promotions(world)
    parcels(world)
    questions_and_returns(world)
    score(world)
    listings_at_risk(world)
