"""The eight content formats that product traffic is split by (S1)."""

from __future__ import annotations

from enum import StrEnum

from shopace.core.errors import NotFoundError, did_you_mean
from shopace.core.vocabulary.channels import Channel, parse_channel


class Format(StrEnum):
    """A tab of the page. Affiliate is a group: a fact that arrives for it alone stays with it."""

    ALL = "all"
    SELLER_LIVE = "seller_live"
    SELLER_VIDEO = "seller_video"
    PRODUCT_CARD = "product_card"
    AFFILIATE = "affiliate"
    AFFILIATE_LIVE = "affiliate_live"
    AFFILIATE_VIDEO = "affiliate_video"
    SHOP_TAB = "shop_tab"

    @property
    def tab(self) -> str:
        """The tab's name as S1 writes it."""
        return _TABS[self]

    @property
    def channel(self) -> Channel:
        """The channel whose facts the format shows."""
        return CHANNEL_OF[self]


_TABS = {
    Format.ALL: "All",
    Format.SELLER_LIVE: "Seller LIVE",
    Format.SELLER_VIDEO: "Seller video",
    Format.PRODUCT_CARD: "Seller product card",
    Format.AFFILIATE: "Affiliate",
    Format.AFFILIATE_LIVE: "Affiliate-LIVE",
    Format.AFFILIATE_VIDEO: "Affiliate-video",
    Format.SHOP_TAB: "Shop tab",
}
CHANNEL_OF = {
    Format.ALL: Channel.SHOP,
    Format.SELLER_LIVE: Channel.SELLER_LIVE,
    Format.SELLER_VIDEO: Channel.SELLER_VIDEO,
    Format.PRODUCT_CARD: Channel.PRODUCT_CARD,
    Format.AFFILIATE: Channel.CREATOR_CONTENT,
    Format.AFFILIATE_LIVE: Channel.AFFILIATE_LIVE,
    Format.AFFILIATE_VIDEO: Channel.AFFILIATE_VIDEO,
    Format.SHOP_TAB: Channel.SHOP_TAB,
}
_OF_CHANNEL = {channel: form for form, channel in CHANNEL_OF.items()}

SPLIT_BY_FIVE = (
    Format.ALL,
    Format.SELLER_LIVE,
    Format.SELLER_VIDEO,
    Format.PRODUCT_CARD,
    Format.AFFILIATE,
)
"""Where S1 shows items sold, orders and SKU orders: affiliates' are not split further."""
ALL_BUT_SHOP_TAB = (*SPLIT_BY_FIVE, Format.AFFILIATE_LIVE, Format.AFFILIATE_VIDEO)
ALL_FORMATS = tuple(Format)


def parse_format(word: str) -> Format:
    """A format by its key, its tab's name or its channel's, such as `Seller LIVE` or `self_live`.

    Raises NotFoundError with a "did you mean".
    """
    known = {"_".join(each.tab.lower().replace("-", " ").split()): each for each in Format}
    known |= {each.value: each for each in Format}
    key = "_".join(word.lower().replace("-", " ").replace("_", " ").split())
    if key in known:
        return known[key]
    try:
        return _OF_CHANNEL[parse_channel(word)]
    except (ValueError, KeyError):
        hint = did_you_mean(key, known) or f"there are {', '.join(Format)}"
        raise NotFoundError(f'no format "{word}"', hint=hint) from None
