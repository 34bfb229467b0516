"""Violations: what a shop is blamed for, one by one."""

from __future__ import annotations

from enum import StrEnum


class ViolationKind(StrEnum):
    """S2's six, 1.1 to 1.6."""

    PRODUCTS = "products"
    LOGISTICS = "logistics"
    SERVICE = "service"
    AFTER_SALES = "after_sales"
    RULES = "rules"
    OTHER = "other"


class ViolationStatus(StrEnum):
    """Where it stands. Ours: no source lists the platform's words."""

    OPEN = "open"
    APPEALING = "appealing"
    UPHELD = "upheld"
    """The appeal failed: the points count until they end."""
    REVOKED = "revoked"
    """The points never counted."""
    CLOSED = "closed"
    """Settled; points that came with it count until they end."""


OPEN_OF_KIND = {f"open_violations_{kind}": kind for kind in ViolationKind}
COUNTED = (
    "penalty_points",
    "penalty_points_ending_30d",
    *OPEN_OF_KIND,
    "appealable_violations",
    "appeal_days_left",
    "second_appeal_days_left",
)
"""Measures that violations one by one add up to as of the as-of date, where they are not delivered.
The past cannot be counted: violations that ended are gone."""
