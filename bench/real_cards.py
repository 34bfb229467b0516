"""How many cards real marketplaces get: by priority and date, and how much of it is the market.

    python bench/real_cards.py FOLDER [MARKETPLACE …]

FOLDER holds a folder per marketplace, as SHOPACE_REAL_DATA does for the tests; the mappings are
those of `examples/`. Nights run in the order of their dates in this process, each with the memory
of the one before, as they do through workers.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections import Counter
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np

from shopace.core.host.discovery import load_registry
from shopace.core.host.registry import Registry
from shopace.core.pipeline.batch import ISSUE
from shopace.core.pipeline.compare import compare
from shopace.core.pipeline.derive import derive
from shopace.core.pipeline.load import load
from shopace.core.pipeline.measure import measure
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import load_policy
from shopace.core.warehouse.snapshot import build_snapshot
from shopace.plugins import BUILTIN, POLICY_PACKS

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NIGHTS = {
    "koubei": (
        "2015-12-15",
        "2016-01-28",
        "2016-02-04",  # the week before the Spring Festival of 2016-02-07
        "2016-02-08",
        "2016-02-11",
        "2016-02-14",
        "2016-03-15",
        "2016-06-28",
    ),
    "olist": (
        "2017-11-30",  # after Black Friday
        "2018-04-30",
        "2018-05-24",
        "2018-05-31",  # the marketplace-wide dip
        "2018-06-07",
        "2018-07-31",
        "2018-08-29",
    ),
}
MARKED = 0.3
"""A fall from here on is one that a seller would notice."""


def night(
    registry: Registry, facts: Path, scratch: Path, day: str, memory: dict[str, bytes]
) -> None:
    """Diagnose a date of a marketplace and print its lines."""
    name = facts.name
    snapshot = build_snapshot(
        load_mapping(EXAMPLES / f"{name}.mapping.toml", registry.measures),
        facts,
        scratch / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
        as_of=dt.date.fromisoformat(day),
    )
    benchmarks = build_benchmarks(registry, snapshot, scratch / "benchmarks")
    inputs = Inputs(registry, snapshot, benchmarks, load_policy(POLICY_PACKS))
    counts: Counter[str] = Counter()
    of_template: Counter[str] = Counter()
    shops = with_cards = 0
    for number in range(len(snapshot)):
        recalled = chain.from_iterable(diagnose_block(inputs, number, recall=recall(memory)))
        for document in list(recalled):
            diagnosis = msgspec.json.decode(document.body, type=Diagnosis)
            memory[document.shop] = document.memory
            counts.update(diagnosis.counts)
            of_template.update(card.template for card in diagnosis.cards)
            with_cards += bool(diagnosis.cards)
            shops += 1
    told = ", ".join(f"{count} {key.split('.')[1]}" for key, count in of_template.most_common())
    numbers = "".join(f"{counts[priority]:6}" for priority in ("P0", "P1", "P2"))
    print(f"{name:9}{day}{shops:7}{with_cards:8}{numbers}   {told}")
    print(f"{'':26}{market(inputs)}")


def recall(memory: dict[str, bytes]):  # noqa: ANN201  # a closure for `diagnose_block`
    return lambda shops: [memory.get(shop) for shop in shops]


def market(inputs: Inputs) -> str:
    """Of the orders of shops that can be judged: how they changed, and what became of it."""
    plan, block = inputs.plan, inputs.snapshot.block
    column = plan.index["orders", "shop"]
    changes, markets, issues = [], [], 0
    for number in range(len(inputs.snapshot)):
        batch = load(plan, block(number), 0, len(block(number).shops))
        compared = compare(batch, measure(batch, derive(plan, block(number))))
        judged = compared.aa[column] <= ISSUE
        changes.append(compared.change[column][judged])
        markets.append(compared.market[column][judged])
        issues += int((compared.aa[column] == ISSUE).sum())
    change, moved = np.concatenate(changes), np.concatenate(markets)
    if not change.size:
        return "orders: no shop has enough of them"
    known = moved[~np.isnan(moved)]
    told = f"the market's {np.median(known):+.2f}" if known.size else "the market's unknown"
    return (
        f"orders, midpoint change of {change.size} shops that can be judged: "
        f"median {np.median(change):+.2f}, {told}; "
        f"fell by {MARKED} or more: {(change <= -MARKED).sum()}, issues: {issues}"
    )


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, chosen = Path(sys.argv[1]), sys.argv[2:] or list(NIGHTS)
    registry = load_registry(BUILTIN, use_entry_points=False)
    print(f"{'market':9}{'as of':10}{'shops':>7}{'with':>8}{'P0':>6}{'P1':>6}{'P2':>6}   cards of")
    with tempfile.TemporaryDirectory() as scratch:
        for name in chosen:
            memory: dict[str, bytes] = {}
            for day in NIGHTS[name]:
                night(registry, folder / name, Path(scratch), day, memory)


if __name__ == "__main__":
    main()
