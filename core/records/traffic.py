"""Product traffic analysis (S1) as documents: the list, a product or all of them, contents, trends.

Everywhere an absent number is missing: not known for every day of the period, over nothing, or of a
format that S1 does not have the metric in. It is never zero. Numbers are rounded to the unit's
decimals; amounts are in the document's currency.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from shopace.core.vocabulary.contents import Account, ContentKind
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.products import ListingQuality, ProductStatus
from shopace.core.vocabulary.units import Unit

LIST_SCHEMA = "shopace.product-list/1"
TRAFFIC_SCHEMA = "shopace.product-traffic/1"
CONTENTS_SCHEMA = "shopace.product-contents/1"
TREND_SCHEMA = "shopace.product-trend/1"


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """A period and the one of the same length just before it; first and last days included."""

    name: str
    """`L7D`, `L30D`, or `dates`."""
    first: dt.date
    last: dt.date
    previous_first: dt.date
    previous_last: dt.date


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A metric of a period."""

    value: float | None = None
    previous: float | None = None
    change: float | None = None
    """Relative: 0.1 is a tenth more than before; absent where there was nothing before."""


class ProductCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a product as it is now. Absent or empty is unknown."""

    id: str
    title: str = ""
    category: str = ""
    image: str = ""
    link: str = ""
    """The page that S1's QR code leads to."""
    status: ProductStatus | None = None
    price: float | None = None
    rating: float | None = None
    stock: float | None = None
    listing_quality: ListingQuality | None = None
    opportunity_matched: bool | None = None
    gmv_30d: float | None = None
    """Of the last 30 days to the latest final day, whatever the period."""
    gmv_range: str = ""
    """The configured range of `gmv_30d`, such as `30k-100k`."""


class RankedProduct(msgspec.Struct, frozen=True, kw_only=True):
    rank: int
    product: ProductCard
    figures: dict[str, Figure]
    """By metric: all that exist in the list's format."""


class ProductList(msgspec.Struct, frozen=True, kw_only=True):
    """The products of a shop in one format, ranked. Those without a value come last, by id."""

    schema: str = LIST_SCHEMA
    shop: str
    currency: str = ""
    format: Format
    tab: str
    days: Days
    ranked_by: str
    ascending: bool = False
    total: int
    """Products that meet the filters; `products` may hold the first of them only."""
    products: tuple[RankedProduct, ...]


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """Impressions → clicks → SKU orders (in UV: people who ordered), and what is lost between."""

    view: Literal["pv", "uv"]
    """`pv` counts times, `uv` people, each once per day."""
    impressions: Figure
    clicks: Figure
    orders: Figure
    ctr: Figure
    ctor: Figure


class FormatTraffic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The traffic of one format."""

    format: Format
    tab: str
    funnels: tuple[Funnel, ...]
    figures: dict[str, Figure]
    """By metric: all that exist in the format."""
    summed: tuple[str, ...] = ()
    """Of all products: metrics made of sums over products, as the shop's own facts lack them.

    Counts of people are never among them: they do not add up over products.
    """


class ProductTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """The traffic of a product, or of all products of a shop, by format."""

    schema: str = TRAFFIC_SCHEMA
    shop: str
    product: ProductCard | None = None
    """Null: all products."""
    currency: str = ""
    days: Days
    formats: tuple[FormatTraffic, ...]


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A LIVE or video behind a product, with what it did for this product in the period."""

    id: str
    kind: ContentKind | None = None
    account: Account | None = None
    title: str = ""
    creator: str = ""
    creator_name: str = ""
    figures: dict[str, float | None]
    """`views`, `product_impressions`, `product_clicks`, `ctr`, `sku_orders`, `ctor`, `gmv`."""


class ContentCreator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A creator behind a product, with the sums of the LIVEs and videos in the period."""

    id: str
    name: str = ""
    type: str = ""
    lives: int = 0
    videos: int = 0
    figures: dict[str, float | None]


class ProductContents(msgspec.Struct, frozen=True, kw_only=True):
    """The LIVEs, videos and creators behind a product, ranked."""

    schema: str = CONTENTS_SCHEMA
    shop: str
    product: ProductCard
    currency: str = ""
    format: Format
    tab: str
    days: Days
    ranked_by: str
    creator_types: tuple[str, ...] = ()
    """Those that there are to filter by."""
    total_contents: int
    total_creators: int
    contents: tuple[Content, ...]
    creators: tuple[ContentCreator, ...]


class TrendLine(msgspec.Struct, frozen=True, kw_only=True):
    metric: str
    title: str
    unit: Unit
    values: tuple[float | None, ...]
    """One per day; null is missing."""
    total: Figure
    """Of the whole period: a ratio of sums, not a mean of the days."""


class ProductTrend(msgspec.Struct, frozen=True, kw_only=True):
    """One or two metrics of a product, day by day."""

    schema: str = TREND_SCHEMA
    shop: str
    product: ProductCard
    currency: str = ""
    format: Format
    tab: str
    days: Days
    dates: tuple[dt.date, ...]
    lines: tuple[TrendLine, ...]
