"""The catalogue of measures: the input contract is complete, and says how its numbers add up."""

import msgspec
import pytest

from shopace.core import STANDARD_MEASURES, Aggregation, Measure
from shopace.core.vocabulary.measures import Origin

MEASURES = list(STANDARD_MEASURES.values())


def test_texts_do_not_change_what_a_measure_counts_and_everything_else_does() -> None:
    gmv = STANDARD_MEASURES["gmv"]
    texts = {"title": "T", "definition": "D.", "origin": Origin(api="a")}
    assert msgspec.structs.replace(gmv, **texts).numbers == gmv.numbers
    other = {
        "aggregation": Aggregation.MEAN,
        "additive": False,
        "max_age_days": 9,
        "may_be_negative": True,
        "by_choice": True,
        "channels": gmv.channels[:1],
    }
    for field, value in other.items():
        assert msgspec.structs.replace(gmv, **{field: value}).numbers != gmv.numbers


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.key)
def test_only_what_happened_adds_up_over_channels(measure: Measure) -> None:
    told = measure.adds_up
    assert ("over channels" in told) == measure.additive
    assert ("never over products or channels" in told) == (
        measure.aggregation is Aggregation.SUM and not measure.additive
    )
