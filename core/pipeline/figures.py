"""Numbers as they are published: rounded, and missing as None."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats

SHARE_DECIMALS = 4
"""Decimals of changes, shares and noise."""


def tidy(value: float, decimals: int) -> float | None:
    """The number rounded half to even at `decimals`; None for missing. Never −0.0."""
    if value != value:  # noqa: PLR0124  # NaN is missing
        return None
    scale = 10.0**decimals
    rounded = round(value * scale) / scale
    return rounded + 0.0


def tidy_rows(values: Floats, scale: Floats) -> list[list[float]]:
    """`tidy` for (columns, shops) at once → one list per shop. Missing stays NaN.

    msgspec encodes NaN as null, which is what a reader is to find.
    """
    rounded = np.rint(values * scale) / scale + 0.0
    columns: list[list[float]] = rounded.T.tolist()
    return columns


def relative_change(current: float, previous: float) -> float | None:
    """`current ÷ previous − 1`; None where either is missing or previous is 0."""
    if previous == 0:
        return None
    return tidy(current / previous - 1.0, SHARE_DECIMALS)
