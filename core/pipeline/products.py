"""The products of a slice of shops: which stand behind a finding, and which is the hero.

A snapshot holds each shop's products by their GMV of 30 days, the highest first, unknown ones last,
then by id: whoever comes first is named first. Nothing is read before somebody asks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.pipeline.figures import tidy
from shopace.core.records.card import ProductRef
from shopace.core.vocabulary.products import (
    ON_SALE,
    ProductAtLeast,
    ProductCondition,
    ProductIs,
    ProductNumber,
)

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from shopace.core.pipeline.batch import Flags, Integers
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.snapshot import Block

TABLE = "products"
NAMED = 3
"""Products that a card or a note names at most."""


class Behind(NamedTuple):
    """The products behind a finding: the first of them, and how many there are in all."""

    named: tuple[ProductRef, ...]
    total: int


class Products:
    """Of the shops `start` to before `stop` of a block."""

    def __init__(self, plan: Plan, block: Block, start: int, stop: int) -> None:
        self._plan, self._words = plan, plan.manifest.details.get(TABLE, {})
        self._block, self._start, self._stop = block, start, stop
        self._found: dict[int, tuple[list[int], list[int]]] = {}
        self._refs: dict[int, ProductRef] = {}

    def behind(self, column: int, shop: int) -> Behind | None:
        """The products behind the metric of a column; None where none is known to be."""
        number = self._plan.products_of[column]
        if number < 0 or not self._words:
            return None
        found = self._found.get(number)
        if found is None:
            found = self._found[number] = self._find(self._plan.product_conditions[number])
        rows, bounds = found
        first, end = bounds[shop], bounds[shop + 1]
        if first == end:
            return None
        named = tuple([self.ref(row) for row in rows[first : min(first + NAMED, end)]])
        return Behind(named, end - first)

    @cached_property
    def heroes(self) -> Integers:
        """Of each shop the row of its hero: on sale, with the highest GMV above 0; −1 none."""
        shops = self._stop - self._start
        if not self._words:
            return np.full(shops, -1, dtype=np.int64)
        rows = np.flatnonzero(self._meets((ON_SALE,)) & (self._columns[ProductNumber.GMV_30D] > 0))
        first = np.searchsorted(rows, self._offsets)
        has = first[:-1] < first[1:]
        return np.where(has, np.append(rows, -1)[first[:-1]], -1)

    def ref(self, row: int) -> ProductRef:
        """The product of a row, as it is published."""
        found = self._refs.get(row)
        if found is None:
            gmv = tidy(float(self._columns[ProductNumber.GMV_30D][row]), 2)
            title = self._columns["title"][row].decode("utf-8", "replace")
            found = self._refs[row] = ProductRef(id=self.id_of(row), title=title, gmv_30d=gmv)
        return found

    def id_of(self, row: int) -> str:
        return str(self._columns["id"][row].decode())

    @cached_property
    def _offsets(self) -> Integers:
        """(shops + 1): where each shop's rows begin."""
        detail = self._block.detail(TABLE)
        if detail is None:
            return np.zeros(self._stop - self._start + 1, dtype=np.int64)
        offsets = np.asarray(detail.offsets[self._start : self._stop + 1])
        places: Integers = offsets - offsets[0]
        return places

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        detail = self._block.detail(TABLE)
        if detail is None:
            return {}
        first, last = detail.offsets[self._start], detail.offsets[self._stop]
        return {name: np.asarray(column)[first:last] for name, column in detail.columns.items()}

    def _find(self, conditions: tuple[ProductCondition, ...]) -> tuple[list[int], list[int]]:
        """The rows that meet the conditions, and where in them each shop's begin."""
        rows = np.flatnonzero(self._meets(conditions))
        return rows.tolist(), np.searchsorted(rows, self._offsets).tolist()

    def _meets(self, conditions: tuple[ProductCondition, ...]) -> Flags:
        """Which rows meet all; what is unknown meets none."""
        met = np.ones(int(self._offsets[-1]), dtype=bool)
        for condition in conditions:
            column = self._columns.get(condition.field)
            if column is None:
                met[:] = False
            elif isinstance(condition, ProductIs):
                words = self._words[condition.field]
                named = np.array([False, *(each in condition.words for each in words)])
                met &= named[column]
            elif isinstance(condition, ProductAtLeast):
                met &= column >= condition.line
            else:
                met &= column <= condition.line
        return met
