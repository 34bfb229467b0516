"""What finished jobs add to the queue's counters: durations, shops, cards, and plugins' own code.

They lie in Redis, so no restart of a worker loses them, and a job counts once however often it was
delivered. Whole numbers alone: durations are microseconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from shopace.core.records.job import BlockReport

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Upper limits of a job's duration, seconds. The last is the default limit of a job."""

JOB_BUCKET = "job_bucket"
"""With a number of `BUCKETS`, or one beyond them."""
JOB_MICROS = "job_micros"
SHOPS = "shops"
CARDS = "cards"
PLUGIN_MICROS = "plugin_micros"
PLUGIN_FAILURES = "plugin_failures"

OUTCOMES = ("written", "duplicate", "stale", "partial", "failed")


def counters_of(report: BlockReport) -> dict[str, int]:
    """What one job adds, by the names of the counters; nothing adds nothing."""
    found = {
        f"{JOB_BUCKET}:{bisect_left(BUCKETS, report.seconds)}": 1,
        JOB_MICROS: _micros(report.seconds),
        **{f"{SHOPS}:{outcome}": getattr(report, outcome) for outcome in OUTCOMES},
        **{f"{CARDS}:{priority}": count for priority, count in report.cards.items()},
        **{
            f"{PLUGIN_MICROS}:{plugin}": _micros(spent)
            for plugin, spent in report.plugin_seconds.items()
        },
        **{f"{PLUGIN_FAILURES}:{plugin}": 1 for plugin in report.plugin_errors},
    }
    return {name: count for name, count in found.items() if count}


def family(counters: Mapping[str, int], name: str) -> dict[str, int]:
    """The counters `name:LABEL`, by label."""
    start = f"{name}:"
    return {each.removeprefix(start): n for each, n in counters.items() if each.startswith(start)}


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
