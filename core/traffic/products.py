"""The product list, what is known of a product, and its traffic or that of all products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shopace.core.errors import NotFoundError, did_you_mean
from shopace.core.records.traffic import (
    Days,
    Figure,
    FormatTraffic,
    Funnel,
    ProductCard,
    ProductList,
    ProductTraffic,
    RankedProduct,
)
from shopace.core.traffic.figures import (
    ALL_PRODUCTS,
    SHOP_ITSELF,
    Values,
    add_up,
    figure,
    rounded,
    values_of,
)
from shopace.core.traffic.metrics import FUNNEL, METRICS, View, metrics_of, require_in
from shopace.core.traffic.periods import Span, current, last_days, previous
from shopace.core.traffic.source import PRODUCT_FIELDS, ShopFacts
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.products import ListingQuality, ProductStatus
from shopace.core.warehouse.sql import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopace.core.traffic.metrics import TrafficMetric

NOW, BEFORE, RANGE = "now", "before", "range"
"""The spans of a document: its period, the one before, and the 30 days of the GMV range."""
RANGE_DAYS = 30


class Filters(NamedTuple):
    """Which products a list holds. What is unknown of a product meets no filter."""

    status: ProductStatus | None = None
    opportunity: bool | None = None
    gmv_range: str | None = None
    search: str | None = None
    """Part of the product's name or id."""


def product_list(
    source: ShopFacts,
    days: Days,
    form: Format,
    by: TrafficMetric,
    *,
    ascending: bool = False,
    top: int | None = None,
    filters: Filters | None = None,
) -> ProductList:
    """The shop's products in one format, ranked by a metric; those without a value come last.

    Raises NotFoundError for a metric that the format does not have, and for an unknown range.
    """
    require_in(by, form)
    add_up(source, _spans(source, days), (form, Format.ALL))
    order = f"now.{by.key} {'ASC' if ascending else 'DESC'} NULLS LAST, product"
    conditions = _conditions(source, filters if filters is not None else Filters())
    shown = metrics_of(form)
    columns = [f"{span}.{each.key}" for each in shown for span in (NOW, BEFORE)]
    joined = (
        f"FROM traffic_products AS p {_joined(NOW, form)} {_joined(BEFORE, form)} "
        f"{_joined(RANGE, Format.ALL)} WHERE {conditions}"
    )
    (total,) = source.facts.rows(f"SELECT count(*) {joined}")[0]
    rows = source.facts.rows(
        f"SELECT {_CARD}, {', '.join(columns)} {joined} ORDER BY {order}"
        + (f" LIMIT {top}" if top is not None else "")
    )
    first = len(PRODUCT_FIELDS) + 2
    return ProductList(
        shop=source.shop,
        currency=source.currency,
        format=form,
        tab=form.tab,
        days=days,
        ranked_by=by.key,
        ascending=ascending,
        total=total,
        products=tuple(
            RankedProduct(
                rank=rank,
                product=_card(source, row[:first]),
                figures={
                    each.key: figure(each, *row[first + 2 * i : first + 2 * i + 2])
                    for i, each in enumerate(shown)
                },
            )
            for rank, row in enumerate(rows, start=1)
        ),
    )


def product_card(source: ShopFacts, product: str) -> ProductCard:
    """What is known of a product. Raises NotFoundError."""
    source.require_product(product)
    add_up(source, {RANGE: _range_days(source)}, (Format.ALL,), product)
    return read_card(source, product)


def read_card(source: ShopFacts, product: str) -> ProductCard:
    """The card of a product, from `traffic` with its span RANGE."""
    (row,) = source.facts.rows(
        f"SELECT {_CARD} FROM traffic_products AS p {_joined(RANGE, Format.ALL)} "
        f"WHERE product = {text(product)}"
    )
    return _card(source, row)


def product_traffic(
    source: ShopFacts, days: Days, formats: Sequence[Format], product: str | None = None
) -> ProductTraffic:
    """The traffic of a product by format; None: of all products of the shop.

    Of all products, a metric is the shop's own where its facts have it; else it is made of sums
    over products, which counts of people have none of.
    """
    if product is not None:
        source.require_product(product)
    add_up(source, _spans(source, days), (*formats, Format.ALL), product)
    card = None
    if product is not None:
        card = read_card(source, product)
        own, summed = values_of(source, product), {}
    else:
        own, summed = values_of(source, SHOP_ITSELF), values_of(source, ALL_PRODUCTS)
    return ProductTraffic(
        shop=source.shop,
        product=card,
        currency=source.currency,
        days=days,
        formats=tuple(_format(each, own, summed) for each in formats),
    )


def spans_of(days: Days) -> dict[str, Span]:
    """The period and the one before."""
    return {NOW: current(days), BEFORE: previous(days)}


def _spans(source: ShopFacts, days: Days) -> dict[str, Span]:
    return spans_of(days) | {RANGE: _range_days(source)}


def _range_days(source: ShopFacts) -> Span:
    return last_days(RANGE_DAYS, source.known.last)


def _format(
    form: Format,
    own: Mapping[tuple[str, str], Values],
    summed: Mapping[tuple[str, str], Values],
) -> FormatTraffic:
    figures: dict[str, Figure] = {}
    sums = []
    for key, metric in METRICS.items():
        values = own
        if not _has(own, form, key) and _has(summed, form, key):
            values = summed
            sums.append(key)
        now, before = (values.get((span, form), {}).get(key) for span in (NOW, BEFORE))
        figures[key] = figure(metric, now, before)
    funnels = tuple(
        Funnel(
            view=view.value,
            **dict(zip(_STEPS, (figures[key] for key in FUNNEL[view]), strict=True)),
        )
        for view in View
    )
    known = {each.key for each in metrics_of(form)}
    return FormatTraffic(
        format=form,
        tab=form.tab,
        funnels=funnels,
        figures={key: each for key, each in figures.items() if key in known},
        summed=tuple(sums),
    )


_STEPS = ("impressions", "clicks", "orders", "ctr", "ctor")
_CARD = ", ".join(f"p.{each}" for each in ("product", *PRODUCT_FIELDS)) + f", {RANGE}.gmv"


def _has(values: Mapping[tuple[str, str], Values], form: Format, key: str) -> bool:
    return any(values.get((span, form), {}).get(key) is not None for span in (NOW, BEFORE))


def _joined(span: str, form: Format) -> str:
    return (
        f"LEFT JOIN (SELECT * FROM traffic WHERE span = '{span}' AND format = '{form}') "
        f"AS {span} USING (product)"
    )


def _card(source: ShopFacts, row: Sequence[object]) -> ProductCard:
    product, *fields, gmv = row
    told: dict[str, Any] = dict(zip(PRODUCT_FIELDS, fields, strict=True))
    status, quality = told.pop("status"), told.pop("listing_quality")
    amount = rounded(METRICS["gmv"], gmv if isinstance(gmv, float) else None)
    return ProductCard(
        id=str(product),
        status=ProductStatus(status) if status is not None else None,
        listing_quality=ListingQuality(quality) if quality is not None else None,
        gmv_30d=amount,
        gmv_range=source.ranges.label(amount) if source.ranges is not None else "",
        **{name: value for name, value in told.items() if value is not None},
    )


def _conditions(source: ShopFacts, filters: Filters) -> str:
    conditions = ["true"]
    if filters.status is not None:
        conditions.append(f"p.status = {text(filters.status)}")
    if filters.opportunity is not None:
        conditions.append(f"p.opportunity_matched = {str(filters.opportunity).lower()}")
    if filters.gmv_range is not None:
        conditions.append(_within(source, filters.gmv_range))
    if filters.search is not None:
        word = f"lower({text(filters.search)})"
        conditions.append(f"(contains(lower(p.title), {word}) OR contains(lower(product), {word}))")
    return " AND ".join(conditions)


def _within(source: ShopFacts, label: str) -> str:
    """The GMV of the last 30 days lies in a range."""
    ranges = source.ranges
    if ranges is None:
        hint = f'add [[gmv_ranges]] with currency = "{source.currency}" to shopace.toml'
        raise NotFoundError(f"there are no GMV ranges in {source.currency}", hint=hint)
    if label not in ranges.labels:
        hint = did_you_mean(label, ranges.labels) or f"there are {', '.join(ranges.labels)}"
        raise NotFoundError(f'no GMV range "{label}"', hint=hint)
    index = ranges.labels.index(label)
    # As the label is found: by the rounded amount.
    amount = f"round({RANGE}.gmv, {METRICS['gmv'].unit.decimals})"
    below = f" AND {amount} < {ranges.lines[index + 1]!r}" if index + 1 < len(ranges.lines) else ""
    return f"{amount} >= {ranges.lines[index]!r}{below}"
