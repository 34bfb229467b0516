"""Numbers as they are published: rounded, and missing as None."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats

SHARE_DECIMALS = 4
"""Decimals of changes, shares and noise."""
EXACT = 1e15
"""Whole numbers below it are the same as float and as int."""


def tidy(value: float, decimals: int) -> float | None:
    """The number rounded half to even at `decimals`; None for missing. Never −0.0."""
    if value != value:  # noqa: PLR0124  # NaN is missing
        return None
    scale = 10.0**decimals
    rounded = round(value * scale) / scale
    return rounded + 0.0


def tidied(values: Floats, decimals: int) -> Floats:
    """`tidy` for an array of any shape. Missing stays NaN."""
    return _rounded(values, 10.0**decimals)


def tidy_rows(values: Floats, scale: Floats) -> list[list[float | None]]:
    """`tidy` for (columns, shops) at once → one list per shop.

    Whole numbers come as int, which JSON writes without a `.0`: a fifth of the metrics field.
    """
    rounded = _rounded(values, scale)
    whole = (np.abs(rounded) < EXACT) & (rounded == np.rint(rounded))
    fraction = ~whole & ~np.isnan(rounded)
    numbers = np.full(rounded.shape, None, dtype=object)
    numbers[whole] = rounded[whole].astype(np.int64)
    numbers[fraction] = rounded[fraction]
    shops: list[list[float | None]] = numbers.T.tolist()
    return shops


def relative_change(current: float, previous: float) -> float | None:
    """`current ÷ previous − 1`; None where either is missing or previous is 0."""
    if previous == 0:
        return None
    return tidy(current / previous - 1.0, SHARE_DECIMALS)


def _rounded(values: Floats, scale: Floats | float) -> Floats:
    return np.rint(values * scale) / scale + 0.0
