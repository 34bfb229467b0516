"""Order statistics of one number of every shop, cohort by cohort: exact, for all cohorts together.

The shops of all cohorts stand side by side in one long array, a shop once for every cohort that it
is in. A row of numbers is laid out like that by one look-up and sorted in place, cohort by cohort;
whatever is asked of a cohort is then a look-up in its stretch. Missing numbers come last in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from shopace.core.warehouse.benchmarks import GRID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

PER_MILLE = 1000

T = TypeVar("T", bound=np.generic)


class Peers(NamedTuple):
    """What peers show in one row, by cohort; `benchmarks.py` says what each array is."""

    peers: Integers
    lower: Floats
    upper: Floats
    grid: Floats
    everyone: Integers
    outside: Floats


class Market(NamedTuple):
    """How the market moved in one row, by cohort; likewise."""

    moves: Floats
    movers: Integers


class Groups:
    """The shops of every cohort; none is without any."""

    def __init__(self, members: Sequence[Integers]) -> None:
        sizes = np.array([len(each) for each in members], dtype=np.int64)
        self._shops = np.concatenate([np.zeros(0, dtype=np.int64), *members])
        self._end = np.cumsum(sizes)
        self._start = self._end - sizes

    def peers(self, values: Floats, idle: Flags, top: int) -> Peers:
        """What peers show: `values` of those who are active (NaN: no peer), and who is idle.

        `top` is in thousandths, so that ranks are worked out in whole numbers.
        """
        ordered = self._ascending(values)
        count, without = self._count(~np.isnan(ordered)), self._count(idle[self._shops])

        def ranked(rank: Integers, told: Flags, otherwise: float = np.nan) -> Floats:
            """The value of a rank, from 1, in the cohorts that it is told of."""
            found = np.full(len(count), otherwise)
            found[told] = ordered[(self._start + rank - 1)[told]]
            return found

        rank = _rank(top, count - 1, PER_MILLE)
        twentieths = np.arange(GRID)[:, None]
        grid = np.maximum(_rank(twentieths, count, GRID - 1), 1)
        others = count + without - 1
        last = _rank(top, others, PER_MILLE) - (without - 1)  # among those that are active
        outside = ranked(last, last > 0, 0.0)
        return Peers(
            peers=count,
            lower=ranked(rank, count > 1),
            upper=ranked(rank + 1, count > 1),
            grid=np.stack([ranked(each, count > 0) for each in grid], axis=1),
            everyone=count + without,
            outside=np.where((without > 0) & (others > 0), outside, np.nan),
        )

    def market(self, changes: Floats, weights: Floats) -> Market:
        """The weighted median of the known changes, NaN where nothing weighs; and their number.

        It is the smallest value up to which half of all weight lies; where exactly half does, the
        middle between it and the next. Equal values are added up in the order of the shops.
        """
        order = np.argsort(changes, kind="stable")
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        laid_out = self._ascending(rank)
        ordered = changes[order][laid_out]
        is_known = ~np.isnan(ordered)
        weighs = np.where(is_known, weights[order][laid_out], 0.0)
        median = np.full(len(self._start), np.nan)
        for number, (start, end) in enumerate(self._stretches()):
            up_to = np.cumsum(weighs[start:end])
            half = up_to[-1] / 2
            if half > 0:
                first, beyond = (up_to.searchsorted(half, side) for side in ("left", "right"))
                median[number] = (ordered[start + first] + ordered[start + beyond]) / 2
        return Market(moves=median, movers=self._count(is_known))

    def _ascending(self, row: NDArray[T]) -> NDArray[T]:
        """The row in the order of the groups, ascending in each."""
        laid_out: NDArray[T] = row[self._shops]
        for start, end in self._stretches():
            laid_out[start:end].sort()
        return laid_out

    def _count(self, flags: Flags) -> Integers:
        """How many are true, by group."""
        found = [np.count_nonzero(flags[start:end]) for start, end in self._stretches()]
        return np.array(found, dtype=np.int64)

    def _stretches(self) -> zip[tuple[int, int]]:
        return zip(self._start.tolist(), self._end.tolist(), strict=True)


def _rank(part: int | Integers, count: Integers, whole: int) -> Integers:
    """⌈part ÷ whole × count⌉."""
    return -(-part * count // whole)
