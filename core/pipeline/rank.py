"""rank: proposals of each shop in the order in which they are worth doing (DOMAIN §4).

Band first, which the kind of comparison sets; inside a band severity, GMV at stake in core
channels, time left, incentive. A reward never lifts a task out of its band. What is equal in all
that stands in the order of the catalogue, so that the order is the same every time.
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
    days = np.array([offer.template.valid_days for offer in offers], dtype=np.int64)
    at = proposals.offer
    order = np.lexsort(
        (
            at,
            proposals.reward < 0,
            days[at],
            -proposals.stake,
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
        line=proposals.line[order],
        reward=proposals.reward[order],
        cause=proposals.cause[order],
        product=proposals.product[order],
    )
