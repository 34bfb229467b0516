"""Chosen cells: what is known of a column and a shop, as published numbers.

Only what is shown becomes Python objects; reading it number by number out of arrays would cost more
than all the comparisons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.pipeline.figures import SHARE_DECIMALS, listed, relative_changes, rounded, tidied
from shopace.core.vocabulary.units import Period
from shopace.core.warehouse.cohorts import LEVELS

if TYPE_CHECKING:
    from shopace.core.pipeline.batch import Compared, Integers, Measured
    from shopace.core.pipeline.plan import Plan


class Cells:
    """Of each chosen cell, in their order: values, and the evidence of both comparisons.

    Lists of equal length; None is missing.
    """

    def __init__(
        self,
        plan: Plan,
        measured: Measured,
        compared: Compared,
        *,
        column: Integers,
        shop: Integers,
    ) -> None:
        at, scale = (column, shop), plan.scale[column, 0]
        l7d, p7d = measured.values[Period.L7D][at], measured.values[Period.P7D][at]
        self.l7d = listed(rounded(l7d, scale))
        self.p7d = listed(rounded(p7d, scale))
        self.change = listed(relative_changes(l7d, p7d))
        self.market = listed(tidied(compared.market[at], SHARE_DECIMALS))
        self.noise = listed(tidied(compared.deviation[at], SHARE_DECIMALS))
        self.l30d = listed(rounded(measured.values[Period.L30D][at], scale))
        self.benchmark = listed(rounded(compared.benchmark[at], scale))
        self.percentile: list[int] = compared.percentile[at].tolist()
        self.peers: list[int] = compared.peers[at].tolist()
        self.cohort = [LEVELS[level] for level in compared.level[at].tolist()]
