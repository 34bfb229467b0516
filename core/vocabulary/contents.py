"""Contents: the LIVEs and videos behind a product, and whose account they are on."""

from __future__ import annotations

from enum import StrEnum


class ContentKind(StrEnum):
    LIVE = "live"
    VIDEO = "video"


class Account(StrEnum):
    """Whose account the content is on (API: account type)."""

    SELLER = "seller"
    AFFILIATE = "affiliate"
