"""What the reports of blocks add up to. No server: reports in, figures out."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from shopace.core.records.job import BlockReport
from shopace.core.records.run import PluginReport, Progress, Spread

_FIELD = re.compile(r"([0-9]+):([0-9]+)\+([0-9]+)")


class _Part(NamedTuple):
    block: int
    first: int
    shops: int


def report_field(report: BlockReport) -> str:
    """The field of a run's hash of reports in which this one stands."""
    return f"{report.block}:{report.first}+{report.shops}"


def ended_blocks(fields: Iterable[str], block_shops: Sequence[int]) -> set[int]:
    """The blocks of which every shop is reported, by the names of the reports alone."""
    named = (part for name in fields if (part := _part(name)) is not None)
    by_block = _by_block(named, block_shops)
    return {
        block
        for block, parts in by_block.items()
        if sum(part.shops for part in _apart(parts)) >= block_shops[block]
    }


def tally(run: str, block_shops: Sequence[int], stored: Iterable[bytes]) -> Progress:
    """The progress of a run of so many blocks from its reports as they are stored, JSON."""
    counted = _counted(stored, block_shops)
    reports = [report for of_block in counted.values() for report in of_block]
    dead = [report for report in reports if report.error]
    timed = [report for report in reports if not report.error and report.shops]
    cards: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    for report in reports:
        cards.update(report.cards)
    for report in dead:
        letters[report.reason or "failed"] += report.shops
    return Progress(
        run=run,
        blocks=len(block_shops),
        blocks_done=sum(
            sum(report.shops for report in each) >= block_shops[block]
            for block, each in counted.items()
        ),
        blocks_failed=len({report.block for report in dead}),
        shops=sum(block_shops),
        shops_done=sum(report.shops for report in reports),
        written=sum(report.written for report in reports),
        duplicate=sum(report.duplicate for report in reports),
        stale=sum(report.stale for report in reports),
        partial=sum(report.partial for report in reports),
        failed=sum(report.failed for report in reports),
        dead_lettered=dict(sorted(letters.items())),
        cards=dict(sorted(cards.items())),
        worker_seconds=round(sum(report.seconds for report in reports), 3),
        block_seconds=_spread([(report.seconds, 1) for report in timed]),
        shop_seconds=_spread([(report.seconds / report.shops, report.shops) for report in timed]),
        plugins=_plugins(reports),
        errors={report.block: report.error for report in dead},
    )


def _plugins(reports: Sequence[BlockReport]) -> tuple[PluginReport, ...]:
    seconds: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    errors: dict[str, str] = {}
    for report in reports:
        for plugin, spent in report.plugin_seconds.items():
            seconds[plugin] += spent  # type: ignore[assignment]  # a counter of seconds
        failed.update(report.plugin_errors.keys())
        for plugin, error in report.plugin_errors.items():
            errors.setdefault(plugin, error)
    return tuple(
        PluginReport(
            plugin=plugin,
            seconds=round(seconds[plugin], 3),
            blocks_failed=failed[plugin],
            error=errors.get(plugin, ""),
        )
        for plugin in sorted(
            seconds.keys() | failed.keys(), key=lambda each: (-seconds[each], each)
        )
    )


def _spread(weighted: Sequence[tuple[float, int]]) -> Spread | None:
    """By nearest rank, each value counted as often as its weight says."""
    if not weighted:
        return None
    ranked = sorted(weighted)
    total = sum(weight for _, weight in ranked)

    def at(percent: int) -> float:
        passed = 0
        for value, weight in ranked:
            passed += weight
            if 100 * passed >= percent * total:
                return round(value, 6)
        return round(ranked[-1][0], 6)

    return Spread(p50=at(50), p99=at(99), longest=at(100))


def _counted(stored: Iterable[bytes], block_shops: Sequence[int]) -> dict[int, list[BlockReport]]:
    """By block, the reports that count, each shop in one of them."""
    reports_of: dict[_Part, BlockReport] = {}
    for content in stored:
        with contextlib.suppress(msgspec.DecodeError):  # no report of ours
            report = msgspec.json.decode(content, type=BlockReport)
            reports_of[_part_of(report)] = report
    counted = {}
    for block, parts in sorted(_by_block(reports_of, block_shops).items()):
        done = _apart([part for part in parts if not reports_of[part].error])
        dead = [reports_of[part] for part in parts if reports_of[part].error]
        counted[block] = [reports_of[part] for part in done] + _left_of(dead, done)
    return counted


def _left_of(dead: Sequence[BlockReport], done: Iterable[_Part]) -> list[BlockReport]:
    """Dead letters without the shops that were done after all, or are told of one by one.

    After a replay a block may be done in parts, of which again one may be dead-lettered.
    """
    told = {shop for part in done for shop in range(part.first, part.first + part.shops)}
    left = []
    for report in sorted(dead, key=lambda each: (each.shops, each.first)):
        shops = set(range(report.first, report.first + report.shops)) - told
        told |= shops
        if shops:
            failed = min(report.failed, len(shops))
            left.append(msgspec.structs.replace(report, shops=len(shops), failed=failed))
    return left


def _part_of(report: BlockReport) -> _Part:
    return _Part(report.block, report.first, report.shops)


def _part(name: str) -> _Part | None:
    """Of the name of a report; None where it is none."""
    found = _FIELD.fullmatch(name)
    return _Part(*map(int, found.groups())) if found is not None else None


def _by_block(parts: Iterable[_Part], block_shops: Sequence[int]) -> dict[int, list[_Part]]:
    found: dict[int, list[_Part]] = {}
    for part in parts:
        if part.block < len(block_shops):
            found.setdefault(part.block, []).append(part)
    return found


def _apart(parts: Sequence[_Part]) -> list[_Part]:
    """The parts without those that a larger one covers.

    A block that was taken for dead may still be finished, after it was cut into parts.
    """
    kept: list[_Part] = []
    for part in sorted(parts, key=lambda each: (-each.shops, each.first)):
        inside = (larger.first <= part.first < larger.first + larger.shops for larger in kept)
        if not any(inside):
            kept.append(part)
    return kept
