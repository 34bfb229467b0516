"""The ranges a product's GMV of the last 30 days is told in (S1: "GMV 30k-100k")."""

from __future__ import annotations

from bisect import bisect_right

from shopace.core.vocabulary.record import Record


class GmvRanges(Record, frozen=True, kw_only=True):
    """The ranges of one currency: each begins at its line and ends below the next one."""

    currency: str
    lines: tuple[float, ...]
    """Where the ranges begin, ascending from 0; the last one is open."""
    source: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Every range as S1 writes one, lowest first: `0-1k`, …, `300k+`."""
        ends = [f"-{_short(line)}" for line in self.lines[1:]]
        return tuple(_short(a) + b for a, b in zip(self.lines, [*ends, "+"], strict=True))

    def label(self, gmv: float | None) -> str:
        """The range of an amount; empty where it is missing or below the first line."""
        if gmv is None or gmv < self.lines[0]:
            return ""
        return self.labels[bisect_right(self.lines, gmv) - 1]


DEFAULT_GMV_RANGES: tuple[GmvRanges, ...] = (
    GmvRanges(
        currency="USD",
        lines=(0, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000),
        source="30k-100k is S1's, the others are our default in its steps",
    ),
)


def ranges_for(ranges: tuple[GmvRanges, ...], currency: str) -> GmvRanges | None:
    """The ranges of a currency; None: nobody set any, and there is no conversion."""
    return next((each for each in ranges if each.currency == currency), None)


def _short(amount: float) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if amount >= size:
            return f"{amount / size:g}{letter}"
    return f"{amount:g}"
