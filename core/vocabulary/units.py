"""What a number counts, which way is better, and how days become a window."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """The unit of a measure or metric. A share is a RATIO: 0.05 is 5 %."""

    COUNT = "count"
    MONEY = "money"
    RATIO = "ratio"
    HOURS = "hours"
    SECONDS = "seconds"
    DAYS = "days"
    POINTS = "points"
    SCORE = "score"
    MULTIPLE = "multiple"

    @property
    def decimals(self) -> int:
        """Decimal places that published numbers of this unit are rounded to."""
        return _DECIMALS[self]


_DECIMALS = {
    Unit.COUNT: 2,
    Unit.MONEY: 2,
    Unit.RATIO: 5,
    Unit.HOURS: 2,
    Unit.SECONDS: 2,
    Unit.DAYS: 2,
    Unit.POINTS: 2,
    Unit.SCORE: 2,
    Unit.MULTIPLE: 3,
}


class Direction(StrEnum):
    """Which way is better. NEITHER is shown and never judged."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Aggregation(StrEnum):
    """How the days of a window become one value (DOMAIN: aggregation belongs to the measure)."""

    SUM = "sum"
    """All days known, added."""
    MEAN = "mean"
    """All days known, mean per day."""
    LAST = "last"
    """A gauge: the last known value, at most `max_age_days` old on the window's last day."""
    MAX = "max"
    """All days known, the largest."""


class Window(StrEnum):
    """The last N days up to and with the as-of date."""

    L1D = "L1D"
    L7D = "L7D"
    L30D = "L30D"
    L60D = "L60D"
    L90D = "L90D"
    L180D = "L180D"

    @property
    def days(self) -> int:
        return int(self.value[1:-1])


class Period(StrEnum):
    """A window as the snapshot holds it: the current one, or the same length just before it."""

    L1D = "L1D"
    P1D = "P1D"
    L7D = "L7D"
    P7D = "P7D"
    L30D = "L30D"
    P30D = "P30D"
    L60D = "L60D"
    L90D = "L90D"
    L180D = "L180D"

    @property
    def days(self) -> int:
        return int(self.value[1:-1])

    @property
    def days_ago(self) -> int:
        """How many days before the as-of date the period's last day lies: 0, or its own length."""
        return self.days if self.value[0] == "P" else 0

    @property
    def window(self) -> Window:
        return Window("L" + self.value[1:])


PERIODS_OF: dict[Window, tuple[Period, ...]] = {
    Window.L1D: (Period.L1D, Period.P1D),
    Window.L7D: (Period.L7D, Period.P7D),
    Window.L30D: (Period.L30D, Period.P30D),
    Window.L60D: (Period.L60D,),
    Window.L90D: (Period.L90D,),
    Window.L180D: (Period.L180D,),
}
"""Current period first, then the previous one where comparisons need it."""


class Pillar(StrEnum):
    """First level of ACE, and the operational risk that S0 shows above it."""

    ASSORTMENT = "assortment"
    CONTENT = "content"
    EMPOWERMENT = "empowerment"
    RISK = "risk"


CATEGORIES: dict[str, Pillar] = {
    "supply_scale": Pillar.ASSORTMENT,
    "product_competitiveness": Pillar.ASSORTMENT,
    "product_quality": Pillar.ASSORTMENT,
    "fulfillment_service": Pillar.ASSORTMENT,
    "affiliate_foundation": Pillar.CONTENT,
    "creator_network": Pillar.CONTENT,
    "creator_ecosystem": Pillar.CONTENT,
    "seller_video_quantity": Pillar.CONTENT,
    "seller_video_quality": Pillar.CONTENT,
    "live_quantity": Pillar.CONTENT,
    "live_quality": Pillar.CONTENT,
    "ads": Pillar.EMPOWERMENT,
    "campaigns": Pillar.EMPOWERMENT,
    "promotions": Pillar.EMPOWERMENT,
    "policy_violations": Pillar.RISK,
    "listing_risk": Pillar.RISK,
    "shop_performance_score": Pillar.RISK,
}
"""The 17 second-level categories in the page's order (S0 names 14, its P0 row the last three)."""
