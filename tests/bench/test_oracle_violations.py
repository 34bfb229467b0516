"""Engine and oracle count and explain violations alike, whatever is known of them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
from bench.oracle import Oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import examples
from tests.core.pipeline.test_violations import Violation, market
from tests.marketplace import LAST_DAY, diagnose

from shopace.core.records.memory import Memory, Recollection
from shopace.core.vocabulary.violations import ViolationKind, ViolationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

DAYS = st.none() | st.sampled_from((-40, -8, -1, 0))
AHEAD = st.none() | st.sampled_from((-1, 0, 3, 30, 31, 120))
VIOLATIONS = st.lists(
    st.builds(
        Violation,
        shop=st.sampled_from(("BR", "SG", "US")),
        category=st.none() | st.sampled_from([each.value for each in ViolationKind]),
        points=st.none() | st.sampled_from((0.0, 4.0, 8.0, 12.0, 20.0)),
        issued=DAYS,
        ends=AHEAD,
        appeal_by=AHEAD,
        status=st.none() | st.sampled_from([each.value for each in ViolationStatus]),
    ),
    max_size=12,
)
DELIVERED = st.fixed_dictionaries(
    {},
    optional={
        "penalty_points": st.sampled_from((0.0, 12.0, 48.0)),
        "appeal_days_left": st.sampled_from((0.0, 7.0)),
        "appealable_violations": st.sampled_from((0.0, 1.0)),
    },
)
EARLIER = Memory(
    Recollection(
        as_of=LAST_DAY - dt.timedelta(1),
        lines={"points_12": LAST_DAY - dt.timedelta(9), "fraud_found": LAST_DAY},
    )
)


@settings(max_examples=examples(10))
@given(violations=VIOLATIONS, delivered=DELIVERED, remembers=st.booleans())
def test_whatever_a_shop_is_blamed_for_all_documents_are_the_oracles(
    violations: list[Violation],
    delivered: dict[str, float],
    remembers: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    inputs = market(tmp_path_factory.mktemp("market"), *violations, **delivered)
    oracle = Oracle(inputs.registry, inputs.snapshot, inputs.benchmarks, inputs.policy)
    memory = msgspec.json.encode(EARLIER) if remembers else None

    def recall(shops: Sequence[str]) -> list[bytes | None]:
        return [memory for _ in shops]

    documents = {shop: each.document for shop, each in diagnose(inputs, recall=recall).items()}
    assert documents == {
        shop.id: oracle.diagnose(shop, memory) for shop in oracle.read(inputs.snapshot.block(0))
    }
