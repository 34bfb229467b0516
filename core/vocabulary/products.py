"""Products: the states a product can be in, and which products stand behind a finding."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ProductStatus(StrEnum):
    """S1's six."""

    LIVE = "live"
    REVIEWING = "reviewing"
    DEACTIVATED = "deactivated"
    NEEDS_ATTENTION = "needs_attention"
    DRAFT = "draft"
    DELETED = "deleted"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class ListingQuality(StrEnum):
    """API, listing quality diagnosis."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class ProductWord(StrEnum):
    """What is known of a product as a word. Unknown is the empty word."""

    STATUS = "status"
    LISTING_QUALITY = "listing_quality"


class ProductNumber(StrEnum):
    """What is known of a product as a number. Unknown is NaN, and meets no condition."""

    PRICE = "price"
    RATING = "rating"
    STOCK = "stock"
    GMV_30D = "gmv_30d"
    OPPORTUNITY_MATCHED = "opportunity_matched"
    """1 or 0: whether a product opportunity of the platform fits it (S1)."""


class ProductIs(msgspec.Struct, frozen=True, tag_field="kind", tag="is"):
    """The word is one of these."""

    field: ProductWord
    words: tuple[str, ...]


class ProductAtMost(msgspec.Struct, frozen=True, tag_field="kind", tag="at_most"):
    """The number is the line or less."""

    field: ProductNumber
    line: float


class ProductAtLeast(msgspec.Struct, frozen=True, tag_field="kind", tag="at_least"):
    """The number is the line or more."""

    field: ProductNumber
    line: float


ProductCondition = ProductIs | ProductAtMost | ProductAtLeast


def product_is(field: ProductWord | str, *words: str) -> ProductIs:
    """Products whose status or listing quality is one of `words`."""
    return ProductIs(ProductWord(field), words)


def product_at_most(field: ProductNumber | str, line: float) -> ProductAtMost:
    """Products whose price, rating or stock is known to be `line` or less."""
    return ProductAtMost(ProductNumber(field), line)


def product_at_least(field: ProductNumber | str, line: float) -> ProductAtLeast:
    """Products whose price, rating or stock is known to be `line` or more."""
    return ProductAtLeast(ProductNumber(field), line)


ON_SALE = product_is(ProductWord.STATUS, ProductStatus.LIVE.value)
"""Products that can be bought, if they are in stock."""
