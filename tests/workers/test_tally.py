"""What the reports of a run's blocks add up to."""

import msgspec

from shopace.core.records.job import BlockReport
from shopace.core.records.run import PluginReport, Progress, Spread
from shopace.workers.tally import ended_blocks, report_field, tally


def add_up(*reports: BlockReport, blocks: int = 2, shops: int = 100) -> Progress:
    return tally("r", (shops,) * blocks, [msgspec.json.encode(each) for each in reports])


def test_nothing_reported_is_nothing_done_and_no_figures() -> None:
    told = add_up()
    assert (told.blocks_done, told.shops_done, told.shops) == (0, 0, 200)
    assert told.block_seconds is None
    assert told.shop_seconds is None
    assert told.plugins == ()
    assert not told.is_finished


def test_a_block_is_done_when_its_parts_are() -> None:
    parts = [BlockReport(block=0, first=first, shops=50) for first in (0, 50)]
    assert add_up(parts[0]).blocks_done == 0
    assert add_up(*parts).blocks_done == 1
    fields = [report_field(each) for each in parts]
    assert ended_blocks(fields[:1], (100, 100)) == set()
    assert ended_blocks(fields, (100, 100)) == {0}


def test_a_block_that_was_finished_after_all_is_not_counted_with_its_parts() -> None:
    told = add_up(
        BlockReport(block=0, first=50, shops=50, written=50, cards={"P0": 1}),
        BlockReport(block=0, shops=100, written=100, cards={"P0": 2}),
    )
    assert (told.shops_done, told.written, told.cards) == (100, 100, {"P0": 2})


def test_a_dead_letter_gives_way_to_what_was_done_after_a_replay() -> None:
    dead = BlockReport(block=0, shops=100, failed=100, reason="failed", error="it failed")
    parts = [BlockReport(block=0, first=first, shops=10, written=10) for first in range(0, 100, 10)]
    some = add_up(dead, *parts[:3])
    assert (some.blocks_done, some.shops_done, some.written, some.failed) == (1, 100, 30, 70)
    assert some.dead_lettered == {"failed": 70}
    whole = add_up(dead, *parts)
    assert (whole.shops_done, whole.written, whole.failed, whole.errors) == (100, 100, 0, {})
    assert whole == add_up(*parts)


def test_of_a_dead_letter_and_one_within_it_each_shop_counts_once() -> None:
    told = add_up(
        BlockReport(block=0, shops=100, failed=100, reason="failed", error="it failed"),
        BlockReport(block=0, first=0, shops=99, written=99),
        BlockReport(
            block=0, first=99, shops=1, failed=1, reason="kills_its_process", error="it died"
        ),
    )
    assert (told.shops_done, told.written, told.failed) == (100, 99, 1)
    assert told.dead_lettered == {"kills_its_process": 1}
    assert told.errors == {0: "it died"}


def test_what_is_no_report_counts_for_nothing() -> None:
    report = BlockReport(block=0, shops=100, written=100)
    assert ended_blocks(["note", "0:0+-1", "0:0+100", "1:0+x"], (100, 100)) == {0}
    told = tally("r", (100, 100), [b"{", b"[]", msgspec.json.encode(report), b"\xff"])
    assert told == add_up(report)


def test_dead_letters_are_counted_by_reason_in_shops() -> None:
    told = add_up(
        BlockReport(block=0, shops=100, failed=100, reason="refused", error="no snapshot"),
        BlockReport(block=1, first=3, shops=1, failed=1, reason="kills_its_process", error="died"),
    )
    assert told.dead_lettered == {"kills_its_process": 1, "refused": 100}
    assert (told.blocks_failed, told.failed) == (2, 101)
    assert told.errors == {0: "no snapshot", 1: "died"}
    assert told.block_seconds is None


def test_durations_are_of_what_was_diagnosed_and_shops_count_one_by_one() -> None:
    told = add_up(
        BlockReport(block=0, shops=100, seconds=1.0),
        BlockReport(block=1, first=0, shops=99, seconds=9.9),
        BlockReport(block=1, first=99, shops=1, failed=1, error="died"),
    )
    assert told.block_seconds == Spread(p50=1.0, p99=9.9, longest=9.9)
    assert told.shop_seconds == Spread(p50=0.01, p99=0.1, longest=0.1)
    assert told.worker_seconds == 10.9


def test_the_slowest_plugin_comes_first_with_the_blocks_it_failed_in() -> None:
    told = add_up(
        BlockReport(
            block=0, shops=100, plugin_seconds={"a": 0.1, "b": 2.0}, plugin_errors={"b": "once"}
        ),
        BlockReport(
            block=1, shops=100, plugin_seconds={"a": 0.3}, plugin_errors={"b": "not run", "c": "x"}
        ),
    )
    assert told.plugins == (
        PluginReport(plugin="b", seconds=2.0, blocks_failed=2, error="once"),
        PluginReport(plugin="a", seconds=0.4),
        PluginReport(plugin="c", blocks_failed=1, error="x"),
    )
