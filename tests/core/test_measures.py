"""The catalogue of measures: the input contract is complete, and says how its numbers add up."""

from pathlib import Path

import msgspec
import pytest

from shopace.core import STANDARD_MEASURES, Aggregation, Channel, Measure
from shopace.core.vocabulary.measures import Origin

MEASURES = list(STANDARD_MEASURES.values())
SOURCES = Path(__file__).resolve().parents[2] / "docs" / "sources.md"


def test_every_measure_says_in_one_sentence_what_it_counts_and_where_a_warehouse_has_it() -> None:
    for each in MEASURES:
        assert each.definition[:1].isupper() or each.definition[:1].isdigit(), each.key
        assert each.definition.endswith("."), each.key
        assert each.definition.count(". ") == 0, each.key
        assert len(each.definition) <= 100, each.key
        assert each.origin.warehouse, each.key


def test_every_operation_of_the_api_that_is_named_is_cited() -> None:
    rows = [line for line in SOURCES.read_text("utf-8").splitlines() if "`/" in line]
    cited = tuple(name for row in rows for name in operations(row.split("|")[1].strip()))
    named = {each.origin.api for each in MEASURES if each.origin.api}
    assert {each for each in named if not each.startswith(cited)} == set()


def operations(cell: str) -> list[str]:
    """`Get Video Overview, List` names two operations; a name may also hold a comma of its own."""
    first, *more = cell.split(", ")
    stem = first.rsplit(" ", 1)[0]
    return [cell, first, *(each if " " in each else f"{stem} {each}" for each in more)]


def test_what_no_public_interface_serves_names_none() -> None:
    for key in ("sps", "sps_service", "penalty_points", "health_rating", "new_violations"):
        assert not STANDARD_MEASURES[key].origin.api


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


def test_what_creators_do_is_chance_to_the_seller() -> None:
    lives, posted = STANDARD_MEASURES["new_lives"], STANDARD_MEASURES["creators_posted"]
    assert lives.varies_by_chance(Channel.AFFILIATE_LIVE)
    assert not lives.varies_by_chance(Channel.SELLER_LIVE)
    assert not STANDARD_MEASURES["creator_invitations"].varies_by_chance(Channel.SHOP)
    assert posted.varies_by_chance(Channel.SHOP), "a mean per day, and yet a number of creators"
    assert not STANDARD_MEASURES["collaborating_creators"].varies_by_chance(Channel.SHOP)
    assert not STANDARD_MEASURES["live_hours"].varies_by_chance(Channel.AFFILIATE_LIVE)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.key)
def test_only_what_happened_adds_up_over_channels(measure: Measure) -> None:
    told = measure.adds_up
    assert ("and over channels" in told) == (measure.additive and len(measure.channels) > 1)
    assert ("never over products or channels" in told) == (
        measure.aggregation is Aggregation.SUM and not measure.additive
    )
