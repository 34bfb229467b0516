"""Violations one by one: what they add up to, when points end, and since when a line is reached.

They explain; what is delivered as a number judges. Only gauges that the facts do not deliver are
counted from them. What is not known of a violation makes a shop's numbers unknown, never smaller.
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.records.card import Ending
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import PERIODS_OF
from shopace.core.vocabulary.violations import COUNTED, OPEN_OF_KIND, ViolationStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from shopace.core.evaluation import Column as Row
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Flags, Integers
    from shopace.core.pipeline.plan import Plan
    from shopace.core.vocabulary.measures import Measure
    from shopace.core.warehouse.policy import PolicyLine
    from shopace.core.warehouse.snapshot import Block
    from shopace.core.warehouse.snapshot_files import Manifest

TABLE = "violations"
_TODAY = tuple(current for current, *_ in PERIODS_OF.values())
_SOON = np.timedelta64(30, "D")


def counted_rows(manifest: Manifest, known: Mapping[str, Measure], first: int) -> dict[Row, int]:
    """Numbers, from `first` on, of the rows that are counted from violations."""
    delivered = {measure for _, measure, _ in manifest.rows}
    wanted = [key for key in COUNTED if key in known and key not in delivered]
    if TABLE not in manifest.details:
        return {}
    rows = ((period, key, Channel.SHOP) for key in wanted for period in _TODAY)
    return {row: number for number, row in enumerate(rows, first)}


class _Columns(NamedTuple):
    """Of the violations of a slice, shop by shop. Codes 0, NaN and NaT are unknown."""

    owner: Integers
    """Position of the shop in the slice."""
    kind: NDArray[Any]
    status: NDArray[Any]
    points: Floats
    issued: NDArray[np.datetime64]
    ends: NDArray[np.datetime64]
    """First day without the points."""
    appeal_by: NDArray[np.datetime64]


class Violations:
    """Of the shops `start` to before `stop` of a block. Nothing is read before somebody asks."""

    def __init__(self, plan: Plan, block: Block, start: int, stop: int) -> None:
        self._plan, self._block, self._start, self._stop = plan, block, start, stop
        self._words = plan.manifest.details.get(TABLE, {})
        self._as_of = np.datetime64(plan.manifest.as_of, "D")

    def rows(self) -> Floats:
        """The plan's counted rows, (rows, shops)."""
        gauges = self._gauges() if self._plan.counted else {}
        counted = [gauges[key] for _, key, _ in self._plan.counted]
        return np.array(counted).reshape(len(counted), self._stop - self._start)

    def endings(self, shop: int) -> tuple[Ending, ...]:
        """When points of the shop end, the next first."""
        if not self._words:
            return ()
        at, ends, points = self._columns.owner == shop, self._columns.ends, self._columns.points
        told = at & self._counts & (points > 0) & ~np.isnat(ends)
        days: dict[dt.date, float] = {}
        for day, each in sorted(zip(ends[told].tolist(), points[told].tolist(), strict=True)):
            days[day] = days.get(day, 0.0) + each
        return tuple(Ending(on=day, points=sum_) for day, sum_ in days.items())

    def since(self, line: PolicyLine, shop: int) -> dt.date | None:
        """Since when, at the latest, the shop stands on a line of points or open violations."""
        if not self._words or line.kind == "drop" or not line.rises:
            return None
        columns, at = self._columns, self._columns.owner == shop
        if line.metric == "penalty_points":
            at = at & self._counts & ~np.isnan(columns.points)
            each = columns.points[at]
        elif line.metric in OPEN_OF_KIND:
            at = (
                at
                & self._is_open
                & (columns.kind == self._code("category", OPEN_OF_KIND[line.metric]))
            )
            each = np.ones(int(at.sum()))
        else:
            return None
        issued = columns.issued[at]
        known = ~np.isnat(issued)
        order = np.argsort(issued[known], kind="stable")
        reached = np.flatnonzero(line.reached(np.cumsum(each[known][order])))
        return issued[known][order][reached[0]].item() if reached.size else None

    def _gauges(self) -> dict[str, Floats]:
        columns, as_of = self._columns, self._as_of
        no_status = columns.status == 0
        vague = self._counts & (no_status | np.isnan(columns.points) | np.isnat(columns.ends))
        soon = self._counts & (columns.ends <= as_of + _SOON)
        in_time = columns.appeal_by >= as_of
        first = in_time & (columns.status == self._code("status", ViolationStatus.OPEN))
        second = in_time & (columns.status == self._code("status", ViolationStatus.UPHELD))
        disputable = self._is_open | (columns.status == self._code("status", "upheld"))
        no_date = disputable & np.isnat(columns.appeal_by)
        no_kind = self._is_open & (columns.kind == 0)
        found = {
            "penalty_points": self._sum(columns.points, self._counts, vague),
            "penalty_points_ending_30d": self._sum(columns.points, soon, vague),
            "appealable_violations": self._sum(None, first | second, no_status | no_date),
            "appeal_days_left": self._least_days(first),
            "second_appeal_days_left": self._least_days(second),
        }
        for key, kind in OPEN_OF_KIND.items():
            of_kind = self._is_open & (columns.kind == self._code("category", kind))
            found[key] = self._sum(None, of_kind, no_status | no_kind)
        return found

    def _sum(self, values: Floats | None, which: Flags, unknown: Flags) -> Floats:
        """Per shop: the sum, or the number, of those; unknown where one of `unknown` is."""
        owner, shops = self._columns.owner, self._stop - self._start
        weights = None if values is None else values[which & ~unknown]
        found = np.bincount(owner[which & ~unknown], weights, minlength=shops).astype(np.float64)
        found[owner[unknown]] = np.nan
        return found

    def _least_days(self, which: Flags) -> Floats:
        """Per shop: days until the first appeal runs out; unknown without one."""
        days = (self._columns.appeal_by[which] - self._as_of).astype(np.float64)
        found = np.full(self._stop - self._start, np.inf)
        np.minimum.at(found, self._columns.owner[which], days)
        return np.where(np.isinf(found), np.nan, found)

    def _code(self, column: str, word: str) -> int:
        words = self._words[column]
        return words.index(word) + 1 if word in words else -1

    @cached_property
    def _counts(self) -> Flags:
        """Whose points count today, as far as is known."""
        columns = self._columns
        revoked = columns.status == self._code("status", ViolationStatus.REVOKED)
        return np.asarray(~revoked & ~(columns.ends <= self._as_of))

    @cached_property
    def _is_open(self) -> Flags:
        unsettled = (ViolationStatus.OPEN, ViolationStatus.APPEALING)
        codes = [self._code("status", each) for each in unsettled]
        return np.isin(self._columns.status, codes)

    @cached_property
    def _columns(self) -> _Columns:
        detail = self._block.detail(TABLE)
        if detail is None:
            raise LookupError(TABLE)
        offsets = np.asarray(detail.offsets[self._start : self._stop + 1])
        rows = {
            name: np.asarray(each)[offsets[0] : offsets[-1]]
            for name, each in detail.columns.items()
        }
        owner = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
        issued, ends = rows["issued_on"], rows["ends_on"]
        lasts = self._days_of_points()[owner]
        ends = np.where(np.isnat(ends), issued + lasts, ends)
        return _Columns(
            owner=owner,
            kind=rows["category"],
            status=rows["status"],
            points=rows["points"],
            issued=issued,
            ends=ends,
            appeal_by=rows["appeal_by"],
        )

    def _days_of_points(self) -> NDArray[np.timedelta64]:
        """Per shop: how long points last by the rules of its region; unknown where none says."""
        regions = np.asarray(
            self._block.profile["region"][self._start : self._stop], dtype=np.int64
        )
        names = (*self._plan.manifest.vocabularies["region"], "")  # code −1 is unknown
        found = np.full(regions.size, np.timedelta64("NaT", "D"))
        for code in sorted(set(regions.tolist())):
            days = self._plan.points_last_days(names[code])
            if days is not None:
                found[regions == code] = np.timedelta64(days, "D")
        return found
