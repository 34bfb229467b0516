"""What any program may put on the intake stream: a request to diagnose one shop."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec

from shopace.core.records.job import Name, ShopId


class IntakeJob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the intake stream, as JSON in its field `job`. Ids are text, also digits.

    A field that nobody knows is refused, since a misspelt `as_of` would otherwise diagnose another
    day without a word.
    """

    shop: ShopId
    as_of: dt.date | msgspec.UnsetType = msgspec.UNSET
    """Of the snapshot as of this day; absent: the latest."""
    marketplace: Name | msgspec.UnsetType = msgspec.UNSET
    """Absent: the one whose snapshot has the shop."""
    requester: Annotated[str, msgspec.Meta(max_length=80)] = ""
    """Who asks; for the log alone."""
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Why; for the log alone."""
