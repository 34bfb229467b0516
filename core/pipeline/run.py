"""run: all the stages in their order, over a block or for one shop.

Only `load` and whoever writes the documents touch the world. The same inputs and the same memory
give the same bytes, whatever the size of the slices.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shopace.core.errors import SnapshotError
from shopace.core.evaluation import FUNNEL
from shopace.core.host.registry import fingerprint
from shopace.core.pipeline.compare import compare
from shopace.core.pipeline.conclude import conclude
from shopace.core.pipeline.derive import derive
from shopace.core.pipeline.explain import explain
from shopace.core.pipeline.load import load
from shopace.core.pipeline.measure import measure
from shopace.core.pipeline.merge import merge
from shopace.core.pipeline.plan import Plan
from shopace.core.pipeline.propose import propose
from shopace.core.pipeline.publish import publish
from shopace.core.pipeline.rank import rank
from shopace.core.pipeline.stale import Doubt
from shopace.core.pipeline.words import Words
from shopace.core.warehouse.benchmarks import require_fit
from shopace.core.warehouse.programmes import NO_PROGRAMMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shopace.core.host.registry import Registry
    from shopace.core.pipeline.batch import Derived
    from shopace.core.pipeline.derive import Hooks
    from shopace.core.pipeline.load import Recall
    from shopace.core.records.document import Document
    from shopace.core.records.metrics import Legend
    from shopace.core.warehouse.benchmarks import BenchmarkSet
    from shopace.core.warehouse.policy import Policy
    from shopace.core.warehouse.programmes import Programmes
    from shopace.core.warehouse.snapshot import Block, Snapshot

SLICE_SHOPS = 256
"""Shops evaluated together: their arrays stay in the processor's cache."""


class Inputs:
    """What a diagnosis is made from. Open it once and use it for many shops.

    Raises BenchmarkError where the benchmark set does not fit (`require_fit`), SnapshotError
    where the measures that every diagnosis stands on were others when the snapshot was built.
    """

    def __init__(
        self,
        registry: Registry,
        snapshot: Snapshot,
        benchmarks: BenchmarkSet | None,
        policy: Policy,
        programmes: Programmes = NO_PROGRAMMES,
    ) -> None:
        _require_same_funnel(registry, snapshot)
        if benchmarks is not None:
            require_fit(
                benchmarks,
                snapshot.manifest.id,
                snapshot.manifest.as_of,
                top_peers=registry.values["core.top_peers"],
            )
        self.registry, self.snapshot = registry, snapshot
        self.benchmarks, self.policy = benchmarks, policy
        self.programmes = programmes

    @cached_property
    def plan(self) -> Plan:
        """What there is to compute, worked out once."""
        return Plan(
            self.registry, self.snapshot.manifest, self.policy, self.benchmarks, self.programmes
        )

    @cached_property
    def words(self) -> Words:
        """What cards say, prepared once."""
        return Words(self.plan)

    @property
    def legend(self) -> Legend:
        """What the positions of the metrics arrays mean."""
        return self.plan.legend


def _require_same_funnel(registry: Registry, snapshot: Snapshot) -> None:
    """A metric of another version is not evaluated; without the funnel nothing would be left."""
    known = snapshot.manifest.measures
    changed = [
        key for key in FUNNEL if known.get(key) != fingerprint(registry.measures[key].numbers)
    ]
    if changed:
        what = f"snapshot {snapshot.id} was built by another version: {', '.join(changed)} changed"
        raise SnapshotError(what, hint="build it again: shopace snapshot build")


def diagnose_block(
    inputs: Inputs,
    block: int,
    *,
    first: int = 0,
    count: int | None = None,
    recall: Recall | None = None,
    bodies: Recall | None = None,
    hooks: Hooks | None = None,
    slice_shops: int = SLICE_SHOPS,
) -> Iterator[list[Document]]:
    """The documents of a block of the snapshot, slice by slice.

    `first` and `count` name a part of it; `hooks` say how plugins' own code is run. `recall` and
    `bodies` return the memory and the body that are stored of shops; bodies are asked for only
    where a plugin failed.
    """
    opened = inputs.snapshot.block(block)
    end = len(opened.shops) if count is None else min(first + count, len(opened.shops))
    derived = derive(inputs.plan, opened, first, end, hooks)
    last = bodies if Doubt(inputs.plan, derived.failed) else None
    for start in range(first, end, slice_shops):
        places = slice(start, min(start + slice_shops, end))
        part = derived.part(start - first, places.stop - first)
        yield _diagnose(inputs, opened, places, part, recall=recall, bodies=last)


def diagnose_shop(
    inputs: Inputs,
    shop: str,
    *,
    recall: Recall | None = None,
    bodies: Recall | None = None,
    hooks: Hooks | None = None,
) -> Document:
    """The document of one shop: the same code, a block's part of one.

    Raises UnknownShopError where the snapshot does not hold the shop.
    """
    block, place = inputs.snapshot.find(shop)
    (documents,) = diagnose_block(
        inputs, block, first=place, count=1, recall=recall, bodies=bodies, hooks=hooks
    )
    return documents[0]


def _diagnose(
    inputs: Inputs,
    block: Block,
    places: slice,
    derived: Derived,
    *,
    recall: Recall | None,
    bodies: Recall | None,
) -> list[Document]:
    plan = inputs.plan
    batch = load(plan, block, places.start, places.stop, recall=recall, bodies=bodies)
    measured = measure(batch, derived)
    compared = compare(batch, measured)
    proposals = explain(plan, measured, propose(batch, measured, compared))
    merged = merge(plan, rank(plan, proposals))
    return [publish(*each) for each in conclude(batch, measured, compared, merged, inputs.words)]
