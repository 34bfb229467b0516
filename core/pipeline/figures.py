"""Numbers as they are published: rounded, and missing as None."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.evaluation import SHARE_DECIMALS, tidy

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats

__all__ = [
    "SHARE_DECIMALS",
    "listed",
    "relative_changes",
    "rounded",
    "tidied",
    "tidy",
    "tidy_rows",
]

EXACT = 1e15
"""Whole numbers below it are the same as float and as int."""


def rounded(values: Floats, scale: Floats | float) -> Floats:
    """The numbers rounded half to even at 1 ÷ `scale`. Missing stays NaN; never −0.0."""
    return np.rint(values * scale) / scale + 0.0


def tidied(values: Floats, decimals: int) -> Floats:
    """`tidy` for an array of any shape. Missing stays NaN."""
    return rounded(values, 10.0**decimals)


def tidy_rows(values: Floats, scale: Floats) -> list[list[float | None]]:
    """`tidy` for (columns, shops) at once → one list per shop.

    Whole numbers come as int, which JSON writes without a `.0`: a fifth of the metrics field.
    """
    each = np.ascontiguousarray(rounded(values, scale).T)
    whole = (np.abs(each) < EXACT) & (each == np.rint(each))
    fraction = ~whole & ~np.isnan(each)
    numbers = np.full(each.shape, None, dtype=object)  # a shop's together, as they are encoded
    numbers[whole] = each[whole].astype(np.int64)
    numbers[fraction] = each[fraction]
    shops: list[list[float | None]] = numbers.tolist()
    return shops


def listed(values: Floats) -> list[float | None]:
    """The numbers of one dimension as a list, None for missing."""
    numbers = values.astype(object)
    numbers[np.isnan(values)] = None
    found: list[float | None] = numbers.tolist()
    return found


def relative_changes(current: Floats, previous: Floats) -> Floats:
    """`current ÷ previous − 1`; NaN where either is missing or previous is 0."""
    with np.errstate(all="ignore"):
        change = np.where(previous == 0, np.nan, current / previous - 1.0)
    return tidied(change, SHARE_DECIMALS)
