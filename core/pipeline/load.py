"""load: a slice of a snapshot's block, with each shop's memory → a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from shopace.core.pipeline.batch import Batch
from shopace.core.pipeline.products import Products
from shopace.core.pipeline.violations import Violations
from shopace.core.records.memory import Memory, before

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shopace.core.pipeline.plan import Plan
    from shopace.core.records.memory import Recollection
    from shopace.core.warehouse.snapshot import Block

    Recall = Callable[[Sequence[str]], Sequence[bytes | None]]

_decoder = msgspec.json.Decoder(Memory)


def load(plan: Plan, block: Block, start: int, stop: int, recall: Recall | None = None) -> Batch:
    """The shops `start` … `stop` of a block.

    `recall` returns each shop's memory field; without it nothing is remembered. A memory that
    cannot be read is taken for none: it is ours, and the facts are the truth.
    """
    at = slice(start, stop)
    shops = [each.decode() for each in block.profile["id"][at].tolist()]
    noise = np.full((len(plan.columns), len(shops)), np.nan)
    held = plan.noise_row >= 0
    noise[held] = block.history[plan.noise_row[held], at]
    return Batch(
        plan=plan,
        shops=shops,
        profile=np.asarray(block.profile)[at],
        rows=np.asarray(block.values)[:, at],  # taken as plain arrays: a memmap's views are slow
        known=np.asarray(block.known)[:, at],
        noise=noise,
        recollections=_recollections(plan, shops, recall),
        products=Products(plan, block, start, stop),
        violations=Violations(plan, block, start, stop),
    )


def _recollections(
    plan: Plan, shops: Sequence[str], recall: Recall | None
) -> list[Recollection | None]:
    if recall is None:
        return [None] * len(shops)
    as_of = plan.manifest.as_of
    return [before(_decode(field), as_of) for field in recall(shops)]


def _decode(field: bytes | None) -> Memory | None:
    if field is None:
        return None
    try:
        return _decoder.decode(field)
    except msgspec.DecodeError:
        return None
