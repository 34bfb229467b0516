"""Measures: the daily input facts, and the catalogue of the standard ones by family.

This catalogue is the input contract. A measure not delivered is *missing*: metrics over it come out
as `no_data`, never as zero. Plugins add their own as `vendor.name`.
"""

from __future__ import annotations

from shopace.core.vocabulary.measures.affiliates import AFFILIATES
from shopace.core.vocabulary.measures.empowerment import EMPOWERMENT
from shopace.core.vocabulary.measures.funnel import FUNNEL
from shopace.core.vocabulary.measures.live import LIVE
from shopace.core.vocabulary.measures.measure import GAUGE_MAX_AGE_DAYS, Measure, Origin
from shopace.core.vocabulary.measures.quality import QUALITY
from shopace.core.vocabulary.measures.risk import RISK
from shopace.core.vocabulary.measures.service import SERVICE
from shopace.core.vocabulary.measures.supply import SUPPLY
from shopace.core.vocabulary.measures.video import VIDEO

__all__ = ["GAUGE_MAX_AGE_DAYS", "STANDARD_MEASURES", "Measure", "Origin"]

STANDARD_MEASURES: dict[str, Measure] = {
    each.key: each
    for each in (
        *FUNNEL,
        *SUPPLY,
        *QUALITY,
        *SERVICE,
        *AFFILIATES,
        *VIDEO,
        *LIVE,
        *EMPOWERMENT,
        *RISK,
    )
}
"""By key. The tier needs `gmv` and `orders`; the conclusion needs the funnel's five by channel."""
