"""The base of every declared record."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen and keyword-only. Construction does not judge: the host's contract does, at load."""
