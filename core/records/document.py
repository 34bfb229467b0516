"""One shop's diagnosis, encoded and ready to be published."""

from __future__ import annotations

import datetime as dt

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What the pipeline hands to the results store. Bytes are final: nobody re-encodes them."""

    shop: str
    as_of: dt.date
    body: bytes
    """A `Diagnosis` as JSON."""
    metrics: bytes
    """A `MetricValues` as JSON."""
    memory: bytes
    """A `Memory` as JSON."""
    changed: tuple[str, ...]
    """What an event says: of `new`, `tier`, `risk`, `cards`. Empty: no event."""
    cards: dict[str, int]
    """Cards by priority."""
    partial: bool
