"""load: a slice of a snapshot's block, with each shop's memory → a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from shopace.core.pipeline.batch import Batch
from shopace.core.pipeline.products import Products
from shopace.core.pipeline.violations import Violations
from shopace.core.records.diagnosis import SCHEMA
from shopace.core.records.memory import LastCards, Memory, before, of_same_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.snapshot import Block

    Recall = Callable[[Sequence[str]], Sequence[bytes | None]]

_memories, _bodies = msgspec.json.Decoder(Memory), msgspec.json.Decoder(LastCards)


def load(
    plan: Plan,
    block: Block,
    start: int,
    stop: int,
    *,
    recall: Recall | None = None,
    bodies: Recall | None = None,
) -> Batch:
    """The shops `start` … `stop` of a block.

    `recall` returns each shop's memory field; without it nothing is remembered. `bodies` returns
    the body of each shop's document, and is given only where its cards are asked for. What cannot
    be read is taken for none: it is ours, and the facts are the truth.
    """
    at = slice(start, stop)
    shops = [each.decode() for each in block.profile["id"][at].tolist()]
    noise = np.full((len(plan.columns), len(shops)), np.nan)
    held = plan.noise_row >= 0
    noise[held] = block.history[plan.noise_row[held], at]
    memories = [None if field is None else _decode(field) for field in _recalled(shops, recall)]
    as_of = plan.manifest.as_of
    return Batch(
        plan=plan,
        shops=shops,
        profile=np.asarray(block.profile)[at],
        rows=np.asarray(block.values)[:, at],  # taken as plain arrays: a memmap's views are slow
        known=np.asarray(block.known)[:, at],
        noise=noise,
        recollections=[before(each, as_of) for each in memories],
        same_day=[of_same_day(each, as_of) for each in memories],
        products=Products(plan, block, start, stop),
        violations=Violations(plan, block, start, stop),
        last=[None] * len(shops)
        if bodies is None
        else [_last(field, as_of) for field in bodies(shops)],
    )


def _recalled(shops: Sequence[str], recall: Recall | None) -> Sequence[bytes | None]:
    return recall(shops) if recall is not None else [None] * len(shops)


def _decode(field: bytes) -> Memory | None:
    try:
        return _memories.decode(field)
    except msgspec.DecodeError:
        return None


def _last(body: bytes | None, as_of: dt.date) -> LastCards | None:
    """What the shop was shown last, not after `as_of`.

    Of the same date it is the document of an earlier delivery: the cards that it kept are marked
    with their day, so that a second delivery keeps the same ones.
    """
    if body is None:
        return None
    try:
        last = _bodies.decode(body)
    except msgspec.DecodeError:
        return None
    return last if last.schema == SCHEMA and last.as_of <= as_of else None
