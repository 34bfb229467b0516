"""rank: proposals of each shop in the order in which they are worth doing (DOMAIN §4).

Band first, which the kind of comparison sets; inside a band severity, GMV at stake, time left,
incentive. Of risks a loss goes before a warning of one, so that a limit never gives way to the fall
that led to it. A reward never lifts a task out of its band. What is equal in all that stands in the
order of the catalogue, so that the order is the same every time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.pipeline.batch import Proposals

if TYPE_CHECKING:
    from shopace.core.pipeline.plan import Plan


def rank(plan: Plan, proposals: Proposals) -> Proposals:
    """The same proposals, shop by shop, the best first."""
    offers = plan.offers
    band = np.array([int(offer.priority) for offer in offers], dtype=np.int64)
    at = proposals.offer
    order = np.lexsort(
        (
            at,
            proposals.reward < 0,
            proposals.days,
            -proposals.stake,
            proposals.warns,
            -proposals.severity,
            band[at],
            proposals.shop,
        )
    )
    return Proposals(
        shop=proposals.shop[order],
        offer=proposals.offer[order],
        severity=proposals.severity[order],
        stake=proposals.stake[order],
        warns=proposals.warns[order],
        days=proposals.days[order],
        line=proposals.line[order],
        reward=proposals.reward[order],
        cause=proposals.cause[order],
        product=proposals.product[order],
    )
