"""Runs: how far one is, and what came of it."""

from __future__ import annotations

import datetime as dt

import msgspec

from shopace.core.records.job import Name


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Quantiles of durations, in seconds: half and 99 of 100 are no longer."""

    p50: float
    p99: float
    longest: float


class PluginReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin's own code did in a run."""

    plugin: str
    seconds: float = 0.0
    """Of all workers together."""
    blocks_failed: int = 0
    """Blocks and parts of blocks in which it raised, or was not run for what it had done before."""
    error: str = ""
    """What it failed with in the first of them."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is, and what came of it so far. Counts are of what workers reported."""

    run: Name
    blocks: int
    blocks_done: int = 0
    """Reported whole, dead-lettered ones included."""
    blocks_failed: int = 0
    """Dead-lettered, whole or in part."""
    shops: int
    shops_done: int = 0
    """Of reported blocks and parts of blocks."""
    written: int = 0
    """Documents that are new or replaced an older one."""
    duplicate: int = 0
    """Shops whose document an earlier delivery of the same job had written."""
    stale: int = 0
    """Superseded: a newer diagnosis stood there already."""
    partial: int = 0
    """Documents in which a category is unknown because its plugin failed or was rejected."""
    failed: int = 0
    """Shops left without a document of this run."""
    dead_lettered: dict[str, int] = {}
    """Reason → shops of dead-lettered blocks."""
    cards: dict[str, int] = {}
    """By priority."""
    worker_seconds: float = 0.0
    """Spent by all workers together."""
    block_seconds: Spread | None = None
    """Of diagnosed blocks and parts of blocks; null: there is none yet."""
    shop_seconds: Spread | None = None
    """A block's time divided by its shops, counted for each of them."""
    plugins: tuple[PluginReport, ...] = ()
    """Plugins with code of their own, the slowest first."""
    errors: dict[int, str] = {}
    """Block → what it was dead-lettered with."""

    @property
    def is_finished(self) -> bool:
        return self.blocks_done >= self.blocks


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """A run: what it is about, how far it is, and what came of it."""

    run: Name
    marketplace: Name
    as_of: dt.date
    fence: int
    snapshot: Name
    benchmarks: Name | None
    policy: Name
    incentives: Name | None
    shops: int
    blocks: int
    finished: bool
    """Every block is reported."""
    progress: Progress
