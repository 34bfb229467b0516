"""Every metric of a shop as positional arrays, and the legend that names the positions."""

from __future__ import annotations

import msgspec

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Direction, Unit

OUTCOME_CODES = {"o": "ok", "i": "issue", "n": "no_data", "a": "not_applicable"}
"""One letter per metric in `aa` and `ab`."""


class MetricValues(msgspec.Struct, frozen=True, kw_only=True):
    """The `metrics` field of a shop. Position i belongs to `columns[i]` of the legend.

    `null` is missing. Numbers are rounded to the unit's decimals.
    """

    legend: str
    l7d: tuple[float | None, ...]
    p7d: tuple[float | None, ...]
    l30d: tuple[float | None, ...]
    benchmark: tuple[float | None, ...]
    """What top peers show over 30 days."""
    aa: str
    """Outcome of the comparison with the previous seven days, a letter per column.

    `o` ok, `i` issue, `n` no_data, `a` not_applicable. With peers `a` is also what nothing is held
    to: without a benchmark set, or with one that knows the metric by other rules.
    """
    ab: str
    """Likewise of the comparison with peers."""


class LegendColumn(msgspec.Struct, frozen=True, kw_only=True):
    metric: str
    title: str
    channel: Channel
    category: str
    unit: Unit
    direction: Direction
    is_key: bool


class Legend(msgspec.Struct, frozen=True, kw_only=True):
    """`shopace:v1:legend:{id}`. The id is a fingerprint of the columns."""

    id: str
    columns: tuple[LegendColumn, ...]
