"""The metrics of product traffic and the formats each one exists in.

Where S1 lists a metric's dimensions, they are S1's to the letter, odd as some look: SKU orders stop
at Affiliate, CTOR goes on to Affiliate-LIVE. Where S1 defines a metric without listing dimensions,
they are our reading: the formats of what it is made of, and `formats_from` says so.
"""

from __future__ import annotations

from enum import StrEnum

from shopace.core.errors import NotFoundError, did_you_mean
from shopace.core.vocabulary.formats import (
    ALL_BUT_SHOP_TAB,
    ALL_FORMATS,
    SPLIT_BY_FIVE,
    Format,
)
from shopace.core.vocabulary.formula import Formula, measure
from shopace.core.vocabulary.metrics import Alias
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Unit

_S1, _OURS = "S1", "our reading"


class View(StrEnum):
    """What the funnel counts."""

    PV = "pv"
    """Times."""
    UV = "uv"
    """People, each once per day."""


class TrafficMetric(Record, frozen=True, kw_only=True):
    """A formula over a product's measures. A ratio is made of sums; over nothing it is missing."""

    key: str
    title: str
    """S1's name."""
    definition: str
    formula: Formula
    unit: Unit = Unit.COUNT
    formats: tuple[Format, ...]
    formats_from: str = _S1
    aliases: tuple[Alias, ...] = ()


_IMPRESSIONS, _CLICKS = measure("product_impressions"), measure("product_clicks")
_UNIQUE_IMPRESSIONS = measure("unique_product_impressions")
_UNIQUE_CLICKS = measure("unique_product_clicks")
_ORDERS, _BUYERS = measure("sku_orders"), measure("unique_buyers")

_FUNNEL = (
    TrafficMetric(
        key="product_impressions",
        title="Product impressions",
        definition="How many times the product was seen.",
        formula=_IMPRESSIONS,
        formats=ALL_BUT_SHOP_TAB,
        aliases=(
            Alias(name="Impressions", reason="S1: was counted by content type, now by product"),
        ),
    ),
    TrafficMetric(
        key="product_clicks",
        title="Product clicks",
        definition="How many times the product was clicked.",
        formula=_CLICKS,
        formats=ALL_FORMATS,
        aliases=(
            Alias(name="Page views", reason="S1: a click shows intent, a page view need not"),
        ),
    ),
    TrafficMetric(
        key="sku_orders",
        title="SKU orders",
        definition="Ordered variants: an order of two variants counts two.",
        formula=_ORDERS,
        formats=SPLIT_BY_FIVE,
    ),
    TrafficMetric(
        key="ctr",
        title="CTR",
        definition="Product clicks per product impression.",
        formula=_CLICKS / _IMPRESSIONS,
        unit=Unit.RATIO,
        formats=ALL_FORMATS,
        aliases=(Alias(name="Click-through rate", reason="the long form of CTR"),),
    ),
    TrafficMetric(
        key="ctor",
        title="CTOR",
        definition="SKU orders per product click.",
        formula=_ORDERS / _CLICKS,
        unit=Unit.RATIO,
        formats=ALL_FORMATS,
        aliases=(
            Alias(name="Conversion rate", reason="S1: renamed, platforms calculate it differently"),
            Alias(name="Click-to-order rate", reason="the long form of CTOR"),
        ),
    ),
)

_PEOPLE = (
    TrafficMetric(
        key="unique_product_impressions",
        title="Unique product impressions",
        definition="People who saw the product, each once per day, summed over days.",
        formula=_UNIQUE_IMPRESSIONS,
        formats=ALL_BUT_SHOP_TAB,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="unique_product_clicks",
        title="Unique clicks",
        definition="People who clicked the product, each once per day, summed over days.",
        formula=_UNIQUE_CLICKS,
        formats=ALL_FORMATS,
    ),
    TrafficMetric(
        key="unique_buyers",
        title="Unique buyers",
        definition="People who ordered the product, each once per day, summed over days.",
        formula=_BUYERS,
        formats=SPLIT_BY_FIVE,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="unique_ctr",
        title="Unique CTR",
        definition="Share of the people who saw the product that clicked it.",
        formula=_UNIQUE_CLICKS / _UNIQUE_IMPRESSIONS,
        unit=Unit.RATIO,
        formats=ALL_FORMATS,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="unique_ctor",
        title="Unique CTOR",
        definition="Unique buyers per unique click (S1's text repeats add-to-cart here: a slip).",
        formula=_BUYERS / _UNIQUE_CLICKS,
        unit=Unit.RATIO,
        formats=ALL_FORMATS,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="est_customers",
        title="Est. customers",
        definition="People who bought, each once per day, summed over days.",
        formula=measure("est_customers"),
        formats=(*SPLIT_BY_FIVE, Format.SHOP_TAB),
        aliases=(Alias(name="Daily customers", reason="S1: was a mean per day, is now a total"),),
    ),
)

_CART = (
    TrafficMetric(
        key="add_to_carts",
        title="Add-to-cart count",
        definition="How many times the product's Add to Cart button was clicked.",
        formula=measure("add_to_carts"),
        formats=ALL_FORMATS,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="add_to_cart_rate",
        title="Add-to-cart rate",
        definition="Add-to-cart count per product click.",
        formula=measure("add_to_carts") / _CLICKS,
        unit=Unit.RATIO,
        formats=ALL_FORMATS,
        formats_from=_OURS,
        aliases=(
            Alias(name="Cart conversion rate", reason="S1: deleted; it was per unique viewer"),
        ),
    ),
    TrafficMetric(
        key="add_to_cart_users",
        title="Add-to-cart users",
        definition="People who put the product into the cart, each once per day.",
        formula=measure("add_to_cart_users"),
        formats=ALL_FORMATS,
        formats_from=_OURS,
        aliases=(Alias(name="ATC users", reason="the short form"),),
    ),
    TrafficMetric(
        key="unique_add_to_cart_rate",
        title="Unique add-to-cart rate",
        definition="Add-to-cart users per unique click.",
        formula=measure("add_to_cart_users") / _UNIQUE_CLICKS,
        unit=Unit.RATIO,
        formats=ALL_FORMATS,
        formats_from=_OURS,
        aliases=(Alias(name="Unique ATC rate", reason="the short form"),),
    ),
)


def _amount(key: str, title: str, definition: str) -> TrafficMetric:
    return TrafficMetric(
        key=key,
        title=title,
        definition=definition,
        formula=measure(key),
        unit=Unit.MONEY,
        formats=ALL_BUT_SHOP_TAB,
        formats_from=_OURS,
    )


_SALES = (
    TrafficMetric(
        key="gmv",
        title="GMV",
        definition="Paid for orders, cancelled and refunded ones included, at payment time.",
        formula=measure("gmv"),
        unit=Unit.MONEY,
        formats=ALL_BUT_SHOP_TAB,
        aliases=(Alias(name="Gross sales", reason="S1: deleted, GMV is the one measure of sales"),),
    ),
    TrafficMetric(
        key="aov_sku",
        title="AOV(SKU)",
        definition="GMV per SKU order.",
        formula=measure("gmv") / _ORDERS,
        unit=Unit.MONEY,
        formats=SPLIT_BY_FIVE,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="orders",
        title="Orders",
        definition="Paid orders that hold the product.",
        formula=measure("orders"),
        formats=SPLIT_BY_FIVE,
    ),
    TrafficMetric(
        key="items_sold",
        title="Items sold",
        definition="Pieces sold.",
        formula=measure("items_sold"),
        formats=SPLIT_BY_FIVE,
    ),
    _amount("gmv_with_tax", "GMV with tax", "GMV and the tax paid for it."),
    _amount("tax", "Tax", "Tax paid for orders, cancelled and refunded ones included."),
    _amount(
        "gmv_with_cofunding",
        "GMV with TTS co funding",
        "GMV and what the platform added to it, at payment time.",
    ),
    _amount("shipping_fees", "Shipping fees", "Shipping fees that customers paid."),
)

_RETURNS = (
    TrafficMetric(
        key="refunds",
        title="Refunds",
        definition="Paid back, on the day it was processed: of other orders than this GMV.",
        formula=measure("refunds"),
        unit=Unit.MONEY,
        formats=SPLIT_BY_FIVE,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="items_refunded",
        title="Items refunded",
        definition="Pieces refunded of returned or cancelled orders, on the day of the refund.",
        formula=measure("items_refunded"),
        formats=SPLIT_BY_FIVE,
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="refund_customers",
        title="Refund customers",
        definition="People who got a refund, each once per day, summed over days.",
        formula=measure("refund_customers"),
        formats=SPLIT_BY_FIVE,
        formats_from=_OURS,
    ),
)

_CONTENT = (
    TrafficMetric(
        key="creators_posted",
        title="Avg. daily creators posted content",
        definition="Affiliate creators who published a LIVE or video with it, mean per day.",
        formula=measure("creators_posted"),
        formats=(Format.ALL, Format.AFFILIATE, Format.AFFILIATE_LIVE, Format.AFFILIATE_VIDEO),
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="new_lives",
        title="New LIVE count",
        definition="New LIVEs that feature the product.",
        formula=measure("new_lives"),
        formats=(Format.ALL, Format.SELLER_LIVE, Format.AFFILIATE, Format.AFFILIATE_LIVE),
        formats_from=_OURS,
    ),
    TrafficMetric(
        key="new_videos",
        title="New video count",
        definition="New videos that feature the product.",
        formula=measure("new_videos"),
        formats=(Format.ALL, Format.SELLER_VIDEO, Format.AFFILIATE, Format.AFFILIATE_VIDEO),
        formats_from=_OURS,
    ),
)

METRICS: dict[str, TrafficMetric] = {
    each.key: each for each in (*_SALES, *_FUNNEL, *_PEOPLE, *_CART, *_RETURNS, *_CONTENT)
}
"""By key, in the order of the export's columns."""

FUNNEL: dict[View, tuple[str, ...]] = {
    View.PV: ("product_impressions", "product_clicks", "sku_orders", "ctr", "ctor"),
    View.UV: (
        "unique_product_impressions",
        "unique_product_clicks",
        "unique_buyers",
        "unique_ctr",
        "unique_ctor",
    ),
}
"""Impressions, clicks, orders, CTR and CTOR of a view."""


def metrics_of(form: Format) -> tuple[TrafficMetric, ...]:
    """The metrics that exist in a format."""
    return tuple(each for each in METRICS.values() if form in each.formats)


def parse_metric(word: str) -> TrafficMetric:
    """A metric by its key, its name, or a name it once had. Raises NotFoundError."""
    found = _names().get(_folded(word))
    if found is None:
        hint = did_you_mean(_folded(word), _names()) or f"there are {', '.join(METRICS)}"
        raise NotFoundError(f'no traffic metric "{word}"', hint=hint)
    return METRICS[found]


def require_in(metric: TrafficMetric, form: Format) -> None:
    """Raise NotFoundError where S1 does not have the metric in the format."""
    if form not in metric.formats:
        known = ", ".join(metric.formats)
        raise NotFoundError(f"there is no {metric.title} of {form.tab}", hint=f"it is of: {known}")


def _folded(word: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in word.lower()).split())


def _names() -> dict[str, str]:
    """Every folded name → key. A key wins over a former name that reads the same."""
    former = {_folded(name.name): each.key for each in METRICS.values() for name in each.aliases}
    titles = {_folded(each.title): each.key for each in METRICS.values()}
    return former | titles | {key: key for key in METRICS}
