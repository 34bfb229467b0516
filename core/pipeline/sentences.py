"""One-sentence conclusions: what GMV did, where, and through which factor.

GMV = product impressions × CTR × CTOR × AOV, by channel. Every sentence is a message with named
placeholders; the English text is the message id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.evaluation import midpoint_change
from shopace.core.pipeline.figures import SHARE_DECIMALS, tidy
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

FELL = "GMV fell {change:.0%} against the previous 7 days"
ROSE = "GMV rose {change:.0%} against the previous 7 days"
FELL_IN = FELL + ", most of it in {channel}"
ROSE_IN = ROSE + ", most of it in {channel}"
FELL_WHERE = FELL_IN + ", where {factor} fell {factor_change:.0%}"
ROSE_WHERE = ROSE_IN + ", where {factor} rose {factor_change:.0%}"
FELL_AS = FELL + ", as {factor} fell {factor_change:.0%}"
ROSE_AS = ROSE + ", as {factor} rose {factor_change:.0%}"
STEADY_AT = "GMV is steady against the previous 7 days"
BEGAN = "Sales began in the last 7 days; there were none in the 7 days before"
NO_SALES = "There were no sales in the last 14 days"
UNKNOWN = "GMV of the last 14 days is not known, so nothing is said about sales"
FELL_INSTEAD = "{metric} fell {change:.0%} against the previous 7 days; GMV is not known"
ROSE_INSTEAD = "{metric} rose {change:.0%} against the previous 7 days; GMV is not known"


class Storyteller:
    """The conclusions of one batch, from arrays prepared once."""

    def __init__(self, batch: Batch, measured: Measured) -> None:
        unknown = np.full(len(batch.shops), np.nan)
        self._current, self._previous, self._factors = {}, {}, {}
        for place in PLACES:
            now = _funnel(batch, measured, Period.L7D, place)
            then = _funnel(batch, measured, Period.P7D, place)
            self._current[place] = measured.gmv.get((Period.L7D, place), unknown).tolist()
            self._previous[place] = measured.gmv.get((Period.P7D, place), unknown).tolist()
            self._factors[place] = np.stack(
                [midpoint_change(a, b) for a, b in zip(now, then, strict=True)], axis=1
            ).tolist()

    def shop(self, shop: int, worst: MetricNote | None) -> Conclusion:
        """The shop's one sentence and the factors behind it, the strongest first.

        Where GMV is not known the worst decline among the key metrics speaks instead.
        """
        current, previous = self._current[Channel.SHOP][shop], self._previous[Channel.SHOP][shop]
        direction = _direction(current, previous)
        if not (current >= 0 and previous >= 0) and worst is not None and worst.change is not None:
            message = FELL_INSTEAD if worst.change < 0 else ROSE_INSTEAD
            told = fill(message, metric=str(worst.title), change=abs(worst.change))
            return Conclusion(sentence=told)
        if direction == 0:
            return Conclusion(sentence=_flat(current, previous))
        channel = self._mover(shop, direction)
        change = abs(current / previous - 1.0)
        if channel is None:
            return self._conclude(Channel.SHOP, shop, direction, change)
        strongest = self._strongest(channel, shop, direction)
        params: dict[str, str | float] = {
            "change": tidy(change, SHARE_DECIMALS) or 0.0,
            "channel": channel.label,
        }
        message = FELL_IN if direction < 0 else ROSE_IN
        if strongest is not None:
            factor, size = strongest
            params |= {"factor": factor, "factor_change": abs(size)}
            message = FELL_WHERE if direction < 0 else ROSE_WHERE
        return Conclusion(
            sentence=fill(message, **params), factors=self._ranked_factors(shop, direction)
        )

    def channel(self, channel: Channel, shop: int) -> Conclusion | None:
        """The sentence of one channel; None where its GMV is not known or there never was any."""
        current, previous = self._current[channel][shop], self._previous[channel][shop]
        if not (current >= 0 and previous >= 0) or current == previous == 0:
            return None
        direction = _direction(current, previous)
        if direction == 0:
            return Conclusion(sentence=_flat(current, previous))
        return self._conclude(channel, shop, direction, abs(current / previous - 1.0))

    def _conclude(self, channel: Channel, shop: int, direction: int, change: float) -> Conclusion:
        strongest = self._strongest(channel, shop, direction)
        share = tidy(change, SHARE_DECIMALS) or 0.0
        if strongest is None:
            return Conclusion(sentence=fill(FELL if direction < 0 else ROSE, change=share))
        factor, size = strongest
        message = FELL_AS if direction < 0 else ROSE_AS
        return Conclusion(
            sentence=fill(message, change=share, factor=factor, factor_change=abs(size))
        )

    def _mover(self, shop: int, direction: int) -> Channel | None:
        """The channel that moved GMV most in the direction of the whole."""
        moves = [
            (direction * (self._current[channel][shop] - self._previous[channel][shop]), channel)
            for channel in FIVE
        ]
        known = [(move, channel) for move, channel in moves if move > 0]
        return max(known, key=lambda each: each[0])[1] if known else None

    def _strongest(self, channel: Channel, shop: int, direction: int) -> tuple[str, float] | None:
        """The factor that went furthest in the direction, with its change."""
        changes = self._factors[channel][shop]
        known = [(direction * change, i) for i, change in enumerate(changes) if change == change]  # noqa: PLR0124
        if not known:
            return None
        size, best = max(known, key=lambda each: (each[0], -each[1]))
        told = tidy(_to_relative(direction * size), SHARE_DECIMALS)
        return (FACTORS[best], told) if size > STEADY and told is not None else None

    def _ranked_factors(self, shop: int, direction: int) -> tuple[Factor, ...]:
        found = []
        for place, channel in enumerate(FIVE):
            moved = direction * (self._current[channel][shop] - self._previous[channel][shop])
            strongest = self._strongest(channel, shop, direction)
            if moved > 0 and strongest is not None:
                found.append((-moved, place, strongest, channel))
        return tuple(
            Factor(factor=factor, channel=channel, change=change)
            for _, _, (factor, change), channel in sorted(found)[:SHOWN_FACTORS]
        )


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
    return 0 if abs(change) < STEADY else (1 if change > 0 else -1)


def _flat(current: float, previous: float) -> Text:
    if not (current >= 0 and previous >= 0):
        return Text(UNKNOWN)
    if previous > 0:
        return Text(STEADY_AT)
    return Text(BEGAN if current > 0 else NO_SALES)


def _to_relative(midpoint: float) -> float:
    """A midpoint change as `current ÷ previous − 1`; missing where previous was 0."""
    return 2.0 * midpoint / (2.0 - midpoint) if midpoint < 2.0 else float("nan")
