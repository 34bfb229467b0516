"""Days added up to periods, and periods to metrics: per product, per format, in one query.

The rules are those of the diagnosis. A value of a period exists only when all its days are known;
an absent day is zero or missing as the mapping declares. A format shows the facts of its channel;
where they were not delivered, the sum of the channels it consists of, for what adds up. Ratios are
made of sums, and missing over nothing. Counts of people are never added over products or channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.evaluation import SHARE_DECIMALS, tidy
from shopace.core.records.traffic import Figure
from shopace.core.traffic.metrics import METRICS, TrafficMetric
from shopace.core.traffic.source import MEASURES, Delivered, ShopFacts
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.formula import Constant, Formula, Operation, Ref
from shopace.core.vocabulary.units import Aggregation
from shopace.core.warehouse.sql import text
from shopace.core.warehouse.summands import summands

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shopace.core.traffic.periods import Span

SHOP_ITSELF = ""
"""Stands for a product: the shop's own facts of all products."""
ALL_PRODUCTS = "*"
"""Stands for a product: sums over products, of what adds up."""

Values = dict[str, float | None]
"""By metric."""


def add_up(
    source: ShopFacts,
    spans: Mapping[str, Span],
    formats: Iterable[Format],
    product: str | None = None,
) -> None:
    """Create `traffic`: (product, span, format, a DOUBLE per metric), NULL where it is missing.

    Beside the products stand SHOP_ITSELF and ALL_PRODUCTS; with `product`, that one alone stands
    there. A format of which nothing was delivered has no rows.
    """
    only = "" if product is None else f" WHERE product = {text(product)}"
    wanted = tuple(dict.fromkeys(formats))
    parts: list[str] = []
    levels = [("p", source.of_products, f"SELECT product FROM traffic_products{only}", _DAYS)]
    if product is None:
        levels.append(("s", source.of_shop, f"SELECT '{SHOP_ITSELF}' AS product", _SHOP_DAYS))
    selects = []
    for level, delivered, products, days in levels:
        here = _members(source, delivered, wanted)
        if not here:
            continue
        needed = {(measure, channel) for _, measure, channel, _ in here}
        used = [each for each in delivered if (each.measure, each.channel) in needed]
        parts += [f"('{level}', {_row(each)})" for each in here]
        rows = days.format(cells=_cells({each.measure for each in used}), only=only)
        selects.append(_KNOWN.format(level=level, products=products, days=rows, have=_have(used)))
    if not selects:
        source.facts.rows(f"CREATE OR REPLACE TEMP TABLE traffic AS {_NOTHING}")
        return
    known = " UNION ALL ".join(selects)
    lengths = "span_last - span_first + 1"
    means = [each for each in MEASURES if source.measure(each).aggregation is Aggregation.MEAN]
    adding = [each for each in MEASURES if _adds_up(source, each)]
    pivot = ", ".join(
        f"CAST(max(value) FILTER (measure = {text(each)}) AS DOUBLE)"
        + (f" / any_value({lengths})" if each in means else "")
        + f" AS {each}"
        for each in MEASURES
    )
    source.facts.rows(
        f"CREATE OR REPLACE TEMP TABLE traffic AS WITH spans AS ({_spans(spans)}), "
        f"known AS MATERIALIZED ({known}), "
        "every AS (SELECT * FROM known UNION ALL "
        f"SELECT 'p', '{ALL_PRODUCTS}', span, measure, channel, "
        "CASE WHEN count(value) = count(*) THEN sum(value) END FROM known "
        f"WHERE level = 'p' AND measure IN ({_listed(adding)}) "
        "AND product IN (SELECT product FROM traffic_days) GROUP BY span, measure, channel), "
        f"parts(level, format, measure, channel, n) AS (VALUES {', '.join(parts)}), "
        "shown AS (SELECT product, span, format, every.measure, "
        "CASE WHEN count(value) = any_value(n) THEN sum(value) END AS value "
        "FROM every JOIN parts USING (level, measure, channel) "
        "GROUP BY product, span, format, every.measure), "
        f"summed AS (SELECT product, span, format, {pivot} FROM shown JOIN spans USING (span) "
        "GROUP BY product, span, format) "
        f"SELECT product, span, format, {_metrics()} FROM summed"
    )


def values_of(source: ShopFacts, product: str) -> dict[tuple[str, str], Values]:
    """(span, format) → the metrics of a product in `traffic`."""
    columns = ", ".join(METRICS)
    rows = source.facts.rows(
        f"SELECT span, format, {columns} FROM traffic WHERE product = {text(product)}"
    )
    return {(row[0], row[1]): dict(zip(METRICS, row[2:], strict=True)) for row in rows}


def figure(metric: TrafficMetric, value: float | None, before: float | None) -> Figure:
    """A metric with its previous value and the change between them, rounded."""
    change = None if value is None or not before else tidy(value / before - 1, SHARE_DECIMALS)
    return Figure(value=rounded(metric, value), previous=rounded(metric, before), change=change)


def rounded(metric: TrafficMetric, value: float | None) -> float | None:
    """As a diagnosis tells it: both pages show the same numbers."""
    return None if value is None else tidy(value, metric.unit.decimals)


_KNOWN = """
SELECT '{level}' AS level, product, span, measure, channel,
       CASE WHEN coalesce(k, 0) + CASE WHEN zero THEN greatest(covered - coalesce(n, 0), 0)
                                       ELSE 0 END = span_last - span_first + 1
            THEN coalesce(v, 0) END AS value
FROM (SELECT product, span, span_first, span_last, measure, channel, zero,
             greatest(least(span_last, last_day) - greatest(span_first, first_day) + 1, 0)
             AS covered
      FROM ({products}), spans,
           (VALUES {have}) AS have(measure, channel, zero, first_day, last_day))
LEFT JOIN ({days}) AS days USING (product, span, measure, channel)"""
_DAYS = """
SELECT product, span, channel, n, unnest(cells, recursive := true) FROM (
  SELECT product, span, channel, count(*) AS n, [{cells}] AS cells
  FROM (SELECT * FROM traffic_days{only}) JOIN spans ON day BETWEEN span_first AND span_last
  GROUP BY product, span, channel)"""
_SHOP_DAYS = f"""
SELECT '{SHOP_ITSELF}' AS product, span, channel, measure, count(*) AS n, count(value) AS k,
       sum(value) AS v
FROM traffic_shop JOIN spans ON day BETWEEN span_first AND span_last
GROUP BY span, channel, measure"""


def _cells(measures: Iterable[str]) -> str:
    """Of each measure, the known days and their sum."""
    return ", ".join(
        f"{{'measure': {text(each)}, 'k': count({each}), 'v': sum({each})}}"
        for each in sorted(measures)
    )


def _have(delivered: Sequence[Delivered]) -> str:
    return ", ".join(
        f"({text(each.measure)}, {text(each.channel)}, {str(each.absent_is_zero).lower()}, "
        f"DATE '{each.first_day}', DATE '{each.last_day}')"
        for each in delivered
    )


def _members(
    source: ShopFacts, delivered: Sequence[Delivered], formats: Sequence[Format]
) -> list[tuple[str, str, str, int]]:
    """(format, measure, channel that goes into it, how many of them do)."""
    have = {(each.measure, each.channel) for each in delivered}
    market = source.facts.mapping.marketplace.channels
    found = []
    for form in formats:
        for key in MEASURES:
            if key in source.facts.measures:
                parts = summands(source.measure(key), form.channel, have, market)
                found += [(form.value, key, str(channel), len(parts)) for _, channel in parts]
    return found


def _adds_up(source: ShopFacts, key: str) -> bool:
    measure = source.measure(key)
    return measure.additive and measure.aggregation is Aggregation.SUM


def _spans(spans: Mapping[str, Span]) -> str:
    rows = ", ".join(
        f"({text(name)}, DATE '{each.first}', DATE '{each.last}')" for name, each in spans.items()
    )
    return f"SELECT * FROM (VALUES {rows}) AS spans(span, span_first, span_last)"


def _row(member: tuple[str, str, str, int]) -> str:
    return f"{', '.join(text(each) for each in member[:3])}, {member[3]}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(text(each) for each in words) or "NULL"


def _metrics() -> str:
    """Every metric in the formats it exists in."""
    return ", ".join(
        f"CASE WHEN format IN ({_listed(each.formats)}) THEN {_sql(each.formula)} END AS {each.key}"
        for each in METRICS.values()
    )


_NOTHING = (
    "SELECT '' AS product, '' AS span, '' AS format, "
    + ", ".join(f"CAST(NULL AS DOUBLE) AS {each}" for each in METRICS)
    + " WHERE false"
)


def _sql(formula: Formula) -> str:
    match formula:
        case Ref(key=key):
            return key
        case Constant(value=value):
            return repr(value)
        case Operation(op="/", left=left, right=right):
            return f"({_sql(left)} / nullif({_sql(right)}, 0))"
        case Operation(op=op, left=left, right=right):
            return f"({_sql(left)} {op} {_sql(right)})"
