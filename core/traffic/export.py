"""Everything as one table: a row per format and product, told apart by the column "Tab Name"."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shopace.core.traffic.figures import add_up, rounded
from shopace.core.traffic.metrics import METRICS
from shopace.core.traffic.periods import current, last_days
from shopace.core.traffic.products import NOW, RANGE, RANGE_DAYS
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.products import ProductStatus
from shopace.core.vocabulary.units import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shopace.core.records.traffic import Days
    from shopace.core.traffic.source import ShopFacts

Cell = str | float | None
"""Text, a number, or nothing: missing, or a metric that the format does not have."""


class Column(NamedTuple):
    title: str
    unit: Unit | None = None
    """Of a number; None: text."""


COLUMNS = (
    Column("Tab Name"),
    Column("First day"),
    Column("Last day"),
    Column("Product ID"),
    Column("Product name"),
    Column("Category"),
    Column("Status"),
    Column("GMV range"),
    Column("Opportunity matched"),
    Column("Currency"),
    Column("Price", Unit.MONEY),
    Column("Product rating", Unit.SCORE),
    *(Column(each.title, each.unit) for each in METRICS.values()),
)


def export_rows(source: ShopFacts, days: Days) -> list[tuple[Cell, ...]]:
    """The rows below COLUMNS: formats in the order of S1's tabs, products by their ids."""
    spans = {NOW: current(days), RANGE: last_days(RANGE_DAYS, source.known.last)}
    add_up(source, spans, Format)
    values = ", ".join(f"t.{key}" for key in METRICS)
    rows: list[tuple[Cell, ...]] = []
    for form in Format:
        found = source.facts.rows(
            "SELECT product, title, category, status, opportunity_matched, price, rating, r.gmv, "
            f"{values} FROM traffic_products AS p "
            f"LEFT JOIN (SELECT * FROM traffic WHERE span = '{NOW}' AND format = '{form}') AS t "
            "USING (product) "
            f"LEFT JOIN (SELECT product, gmv FROM traffic WHERE span = '{RANGE}' "
            f"AND format = '{Format.ALL}') AS r USING (product) ORDER BY product"
        )
        rows += [_row(source, days, form, each) for each in found]
    return rows


def _row(source: ShopFacts, days: Days, form: Format, row: Sequence[object]) -> tuple[Cell, ...]:
    product, title, category, status, matched, price, rating, gmv, *values = row
    amount = rounded(METRICS["gmv"], _number(gmv))
    return (
        form.tab,
        str(days.first),
        str(days.last),
        str(product),
        _text(title),
        _text(category),
        ProductStatus(status).label if isinstance(status, str) else None,
        (source.ranges.label(amount) if source.ranges is not None else "") or None,
        None if matched is None else "Yes" if matched else "No",
        source.currency,
        _number(price),
        _number(rating),
        *(
            rounded(metric, _number(value))
            for metric, value in zip(METRICS.values(), values, strict=True)
        ),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
