"""Jobs and events: what goes through the queue and what comes out. Ids only, never data."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec

SHOP_ID = r"^(?![.]+$)[A-Za-z0-9_.-]{1,64}$(?!\n)"
"""Every shop id from outside matches this before it becomes a key, a path or a log field.

Not dots alone, which are folders; and no newline at the end, which `$` lets pass in Python.
"""
NAME = r"^(?![.]+$)[A-Za-z0-9_.-]{1,80}$(?!\n)"
"""Likewise ids of runs, snapshots, benchmark sets and marketplaces."""

ShopId = Annotated[str, msgspec.Meta(pattern=SHOP_ID)]
Name = Annotated[str, msgspec.Meta(pattern=NAME)]
Place = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message: a block of a run, or one shop. Exactly one of `block` and `shop` is set."""

    run: Name
    """`nightly-…` or `single-…`."""
    fence: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    """Order within one as-of date; one per run or single job, handed out at enqueue."""
    as_of: dt.date
    snapshot: Name
    benchmarks: Name | None = None
    policy: Name
    incentives: Name | None = None
    """The incentive programmes; absent: none."""
    block: Place | None = None
    first: Place = 0
    """Of a block, the first shop that is meant: its place in the block."""
    count: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None
    """Of a block, how many shops are meant; absent: all."""
    shop: ShopId | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of `shopace:v1:events`: this shop's document changed. The document is the truth."""

    shop: ShopId
    as_of: dt.date
    fence: int
    changed: tuple[str, ...]
    """Of `tier`, `risk`, `cards`; `new` for a shop's first diagnosis."""


class BlockReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a block of a run, or a part of it, came to. Writing it twice changes nothing."""

    block: int
    first: int = 0
    """The place of its first shop in the block."""
    shops: int
    written: int = 0
    duplicate: int = 0
    stale: int = 0
    """Refused: a newer diagnosis stood there already."""
    partial: int = 0
    failed: int = 0
    """Shops left without a document: refused by size, or all of a block that was dead-lettered."""
    reason: str = ""
    """The block was dead-lettered: `failed`, `refused`, `expired` or `kills_its_process`."""
    error: str = ""
    """What it was dead-lettered with."""
    cards: dict[str, int] = {}
    """By priority."""
    seconds: float = 0.0
    plugin_seconds: dict[str, float] = {}
    """Plugin → what its own code took."""
    plugin_errors: dict[str, str] = {}
    """Plugin → what its own code failed with, or why it was not run."""
