"""One or two metrics of a product, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.errors import InputError
from shopace.core.records.traffic import Days, ProductTrend, TrendLine
from shopace.core.traffic.figures import add_up, figure, rounded, values_of
from shopace.core.traffic.metrics import TrafficMetric, require_in
from shopace.core.traffic.periods import Span, current
from shopace.core.traffic.products import BEFORE, NOW, product_card, spans_of
from shopace.core.vocabulary.formats import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shopace.core.traffic.source import ShopFacts

MOST = 2
"""S1: up to two metrics side by side."""


def product_trend(
    source: ShopFacts, days: Days, form: Format, metrics: Sequence[TrafficMetric], product: str
) -> ProductTrend:
    """Metrics of a product in one format, a value per day and one of the whole period.

    Raises NotFoundError for a product that the shop or a metric that the format does not have.
    """
    asked = tuple(dict.fromkeys(metrics))
    if not 0 < len(asked) <= MOST:
        raise InputError(f"a trend shows one metric or two, not {len(asked)}")
    for each in asked:
        require_in(each, form)
    card = product_card(source, product)
    dates = current(days).dates
    each_day = {str(day): Span(day, day) for day in dates}
    add_up(source, spans_of(days) | each_day, (form,), product)
    found = values_of(source, product)

    def value(metric: TrafficMetric, span: str) -> float | None:
        return found.get((span, form), {}).get(metric.key)

    return ProductTrend(
        shop=source.shop,
        product=card,
        currency=source.currency,
        format=form,
        tab=form.tab,
        days=days,
        dates=dates,
        lines=tuple(
            TrendLine(
                metric=each.key,
                title=each.title,
                unit=each.unit,
                values=tuple(rounded(each, value(each, str(day))) for day in dates),
                total=figure(each, value(each, NOW), value(each, BEFORE)),
            )
            for each in asked
        ),
    )
