"""Notes: lines of "need attention", "can improve" and "improved", the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.pipeline.cells import Cells
from shopace.core.records.diagnosis import MetricNote
from shopace.core.vocabulary.units import Period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Compared, Flags, Measured
    from shopace.core.pipeline.words import Words
    from shopace.core.records.card import ProductRef
    from shopace.core.vocabulary.channels import Channel

    CardIds = Mapping[tuple[str, Channel], Sequence[str]]
    """Cards by metric and channel of their evidence."""


class Notes:
    """One kind of notes for all shops of a batch.

    `flags` says which columns are told of, `size` what goes first; both (C, shops). With `peers`
    the note is a comparison with them, else with the previous seven days. `named`: it names the
    products behind it.
    """

    def __init__(
        self,
        batch: Batch,
        measured: Measured,
        compared: Compared,
        words: Words,
        *,
        flags: Flags,
        size: Floats,
        limit: int,
        peers: bool,
        named: bool = True,
    ) -> None:
        column, shop = np.nonzero(flags)
        order = np.lexsort((column, -np.abs(size[column, shop]), shop))
        shop, column = shop[order], column[order]
        place = np.arange(shop.size) - np.searchsorted(shop, shop)
        shop, column = shop[place < limit], column[place < limit]
        self._columns, self._words, self._peers = batch.plan.columns, words, peers
        self._products = batch.products if named else None
        self._column: list[int] = column.tolist()
        self._bounds: list[int] = np.searchsorted(shop, np.arange(len(batch.shops) + 1)).tolist()
        self._cells = Cells(batch.plan, measured, compared, column=column, shop=shop)

    def of(self, shop: int, cards: CardIds) -> tuple[MetricNote, ...]:
        """The shop's notes, each with the ids of the cards that are about it."""
        tell = self._with_peers if self._peers else self._with_previous
        chosen = range(self._bounds[shop], self._bounds[shop + 1])
        return tuple(tell(at, cards, shop) for at in chosen)

    def _behind(self, column: int, shop: int) -> tuple[ProductRef, ...]:
        behind = self._products.behind(column, shop) if self._products else None
        return behind.named if behind is not None else ()

    def _with_previous(self, at: int, cards: CardIds, shop: int) -> MetricNote:
        column, cells = self._column[at], self._cells
        metric, channel, _ = self._columns[column]
        return MetricNote(
            metric=metric.key,
            title=self._words.titles[column],
            state=self._words.states[column],
            channel=channel,
            unit=metric.unit,
            window=Period.L7D.value,
            value=cells.l7d[at],  # type: ignore[arg-type]  # nothing is told of a missing value
            previous=cells.p7d[at],
            change=cells.change[at],
            cards=tuple(cards.get((metric.key, channel), ())),
            products=self._behind(column, shop),
        )

    def _with_peers(self, at: int, cards: CardIds, shop: int) -> MetricNote:
        column, cells = self._column[at], self._cells
        metric, channel, _ = self._columns[column]
        return MetricNote(
            metric=metric.key,
            title=self._words.titles[column],
            state=self._words.states[column],
            channel=channel,
            unit=metric.unit,
            window=Period.L30D.value,
            value=cells.l30d[at],  # type: ignore[arg-type]
            benchmark=cells.benchmark[at],
            percentile=cells.percentile[at],
            peers=cells.peers[at],
            cohort=cells.cohort[at],
            cards=tuple(cards.get((metric.key, channel), ())),
            products=self._behind(column, shop),
        )
