"""One-sentence conclusions: what GMV did, where, and through which factor.

GMV = product impressions × CTR × CTOR × AOV, by channel. Every sentence is a message with named
placeholders; the English text is the message id.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.evaluation import midpoint_change
from shopace.core.pipeline.figures import SHARE_DECIMALS, tidied, tidy
from shopace.core.records.diagnosis import Conclusion, Factor
from shopace.core.records.text import Text, fill
from shopace.core.vocabulary.channels import FIVE, Channel
from shopace.core.vocabulary.units import Period

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Measured
    from shopace.core.records.diagnosis import MetricNote

FACTORS = ("product impressions", "CTR", "CTOR", "AOV")
PLACES = (Channel.SHOP, *FIVE)
STEADY = 0.05
"""A change of GMV below this share is called steady. Our default."""
SHOWN_FACTORS = 3
FALL, RISE = -1, 1

FELL = "GMV fell {change:.0%} against the previous 7 days"
ROSE = "GMV rose {change:.0%} against the previous 7 days"
FELL_IN = FELL + ", the largest part in {channel}"
ROSE_IN = ROSE + ", the largest part in {channel}"
FELL_WHERE = FELL_IN + ", where {factor} fell {factor_change:.0%}"
ROSE_WHERE = ROSE_IN + ", where {factor} rose {factor_change:.0%}"
FELL_AS = FELL + ", as {factor} fell {factor_change:.0%}"
ROSE_AS = ROSE + ", as {factor} rose {factor_change:.0%}"
STEADY_AT = "GMV is steady against the previous 7 days"
BEGAN = "Sales began in the last 7 days; there were none in the 7 days before"
YOUNG = (
    "The shop opened less than 14 days ago: its GMV is not compared with the previous 7 days yet"
)
NO_SALES = "There was no GMV in the last 14 days"
UNKNOWN = "GMV of the last 14 days is not known, so nothing is said about sales"
FELL_INSTEAD = "{metric} fell {change:.0%} against the previous 7 days; GMV is not known"
FELL_INSTEAD_IN = (
    "{metric} in {channel} fell {change:.0%} against the previous 7 days; GMV is not known"
)
ROSE_INSTEAD_IN = (
    "{metric} in {channel} rose {change:.0%} against the previous 7 days; GMV is not known"
)
ROSE_INSTEAD = "{metric} rose {change:.0%} against the previous 7 days; GMV is not known"
MESSAGES = (
    *FACTORS,
    *(FELL, ROSE, FELL_IN, ROSE_IN, FELL_WHERE, ROSE_WHERE, FELL_AS, ROSE_AS, STEADY_AT),
    *(
        BEGAN,
        YOUNG,
        NO_SALES,
        UNKNOWN,
        FELL_INSTEAD,
        ROSE_INSTEAD,
        FELL_INSTEAD_IN,
        ROSE_INSTEAD_IN,
    ),
)
"""All that is said here, for translation."""


class _Factors(NamedTuple):
    """For each place the factor that went furthest in one direction, per shop."""

    factor: dict[Channel, list[str | None]]
    """None where none went further than `STEADY`, or its relative change is not known."""
    change: dict[Channel, list[float]]
    """`current ÷ previous − 1` of that factor."""


class Storyteller:
    """The conclusions of one batch, from arrays prepared once."""

    def __init__(self, batch: Batch, measured: Measured) -> None:
        unknown = np.full(len(batch.shops), np.nan)
        current, previous = (
            {place: measured.gmv.get((period, place), unknown) for place in PLACES}
            for period in (Period.L7D, Period.P7D)
        )
        self._young = batch.too_young(Period.P7D).tolist()
        factors = {place: _factor_changes(batch, measured, place) for place in PLACES}
        self._furthest = {way: _furthest(factors, way) for way in (FALL, RISE)}
        self._current = {place: values.tolist() for place, values in current.items()}
        self._previous = {place: values.tolist() for place, values in previous.items()}
        self._moves = np.stack([current[each] - previous[each] for each in FIVE], axis=1).tolist()

    def shop(self, shop: int, worst: MetricNote | None) -> Conclusion:
        """The shop's one sentence and the factors behind it, the strongest first.

        Of a shop that was not open through both weeks no change is told. Where GMV is not known
        the worst decline among the key metrics speaks instead.
        """
        if self._young[shop]:
            return Conclusion(sentence=Text(YOUNG))
        current, previous = self._current[Channel.SHOP][shop], self._previous[Channel.SHOP][shop]
        direction = _direction(current, previous)
        if not (current >= 0 and previous >= 0) and worst is not None and worst.change is not None:
            return Conclusion(sentence=_instead(worst, worst.change))
        if direction == 0:
            return Conclusion(sentence=_flat(current, previous))
        moved = self._moved(shop, direction)
        change = abs(current / previous - 1.0)
        if not moved:
            return self._conclude(Channel.SHOP, shop, direction, change)
        channel = moved[0]
        factor, size = self._strongest(channel, shop, direction)
        params: dict[str, str | float | Text] = {
            "change": tidy(change, SHARE_DECIMALS) or 0.0,
            "channel": channel.label,
        }
        message = FELL_IN if direction < 0 else ROSE_IN
        if factor is not None:
            params |= {"factor": factor, "factor_change": abs(size)}
            message = FELL_WHERE if direction < 0 else ROSE_WHERE
        return Conclusion(
            sentence=fill(message, **params), factors=self._factors(shop, direction, moved)
        )

    def channel(self, channel: Channel, shop: int) -> Conclusion | None:
        """The sentence of one channel.

        None where its GMV is not known or there was none in these two weeks, and where the shop is
        too young.
        """
        if self._young[shop]:
            return None
        current, previous = self._current[channel][shop], self._previous[channel][shop]
        if not (current >= 0 and previous >= 0) or current == previous == 0:
            return None
        direction = _direction(current, previous)
        if direction == 0:
            return Conclusion(sentence=_flat(current, previous))
        return self._conclude(channel, shop, direction, abs(current / previous - 1.0))

    def _conclude(self, channel: Channel, shop: int, direction: int, change: float) -> Conclusion:
        factor, size = self._strongest(channel, shop, direction)
        share = tidy(change, SHARE_DECIMALS) or 0.0
        if factor is None:
            return Conclusion(sentence=fill(FELL if direction < 0 else ROSE, change=share))
        message = FELL_AS if direction < 0 else ROSE_AS
        return Conclusion(
            sentence=fill(message, change=share, factor=factor, factor_change=abs(size))
        )

    def _moved(self, shop: int, direction: int) -> list[Channel]:
        """The channels that moved GMV in the direction of the whole, the farthest first.

        None where a channel is not known: it may have moved farther.
        """
        if any(isnan(move) for move in self._moves[shop]):
            return []
        moves = [
            (-direction * move, place)
            for place, move in enumerate(self._moves[shop])
            if direction * move > 0
        ]
        return [FIVE[place] for _, place in sorted(moves)]

    def _strongest(self, channel: Channel, shop: int, direction: int) -> tuple[str | None, float]:
        """The factor that went furthest in the direction, with its change."""
        furthest = self._furthest[direction]
        return furthest.factor[channel][shop], furthest.change[channel][shop]

    def _factors(self, shop: int, direction: int, moved: list[Channel]) -> tuple[Factor, ...]:
        found = [(channel, *self._strongest(channel, shop, direction)) for channel in moved]
        return tuple(
            Factor(factor=factor, channel=channel, change=change)
            for channel, factor, change in found
            if factor is not None
        )[:SHOWN_FACTORS]


def _factor_changes(batch: Batch, measured: Measured, place: Channel) -> Floats:
    """Midpoint change of impressions, CTR, CTOR and AOV; (factors, shops)."""
    now = _funnel(batch, measured, Period.L7D, place)
    then = _funnel(batch, measured, Period.P7D, place)
    return np.stack([midpoint_change(a, b) for a, b in zip(now, then, strict=True)])


def _furthest(changes: dict[Channel, Floats], direction: int) -> _Factors:
    found = _Factors({}, {})
    for place, each in changes.items():
        size = np.where(np.isnan(each), -np.inf, direction * each)
        best = size.argmax(axis=0)  # of equals the first
        furthest = size[best, np.arange(best.size)]
        change = tidied(_to_relative(direction * furthest), SHARE_DECIMALS)
        told = (furthest > STEADY) & ~np.isnan(change)
        found.factor[place] = [
            FACTORS[i] if known else None
            for i, known in zip(best.tolist(), told.tolist(), strict=True)
        ]
        found.change[place] = change.tolist()
    return found


def _funnel(batch: Batch, measured: Measured, period: Period, channel: Channel) -> list[Floats]:
    """Impressions, CTR, CTOR and AOV of a channel; NaN where a part is missing or 0."""
    row_of = batch.plan.row_of

    def row(measure: str) -> Floats:
        number = row_of.get((period, measure, channel))
        return measured.rows[number] if number is not None else np.full(len(batch.shops), np.nan)

    impressions, clicks, orders = (
        row("product_impressions"),
        row("product_clicks"),
        row("sku_orders"),
    )
    with np.errstate(all="ignore"):
        ratios = [
            np.where(below > 0, above / below, np.nan)
            for above, below in ((clicks, impressions), (orders, clicks), (row("gmv"), orders))
        ]
    return [impressions, *ratios]


def _direction(current: float, previous: float) -> int:
    """−1 fell, +1 rose, 0 neither, or not known, or nothing to compare with."""
    if not (current >= 0 and previous > 0):
        return 0
    change = current / previous - 1.0
    return 0 if abs(change) < STEADY else (RISE if change > 0 else FALL)


def _instead(worst: MetricNote, change: float) -> Text:
    """Names the channel: a metric of one says nothing about the shop."""
    if worst.channel is Channel.SHOP:
        message = FELL_INSTEAD if change < 0 else ROSE_INSTEAD
        return fill(message, metric=worst.title, change=abs(change))
    message = FELL_INSTEAD_IN if change < 0 else ROSE_INSTEAD_IN
    return fill(message, metric=worst.title, channel=worst.channel.label, change=abs(change))


def _flat(current: float, previous: float) -> Text:
    if not (current >= 0 and previous >= 0):
        return Text(UNKNOWN)
    if previous > 0:
        return Text(STEADY_AT)
    return Text(BEGAN if current > 0 else NO_SALES)


def _to_relative(midpoint: Floats) -> Floats:
    """Midpoint changes as `current ÷ previous − 1`; missing where previous was 0."""
    with np.errstate(all="ignore"):
        return np.where(midpoint < 2.0, 2.0 * midpoint / (2.0 - midpoint), np.nan)
