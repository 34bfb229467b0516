"""Where a sale happens: the five channels, their groups, and the shop as a whole."""

from __future__ import annotations

from enum import StrEnum

from shopace.core.errors import did_you_mean


class Channel(StrEnum):
    """`shop` is the whole shop; `shop_tab` is a channel and a group of its own (S0)."""

    SHOP = "shop"
    SELLER_VIDEO = "seller_video"
    SELLER_LIVE = "seller_live"
    AFFILIATE_VIDEO = "affiliate_video"
    AFFILIATE_LIVE = "affiliate_live"
    SHOP_TAB = "shop_tab"
    SELLER_CONTENT = "seller_content"
    CREATOR_CONTENT = "creator_content"
    PRODUCT_CARD = "product_card"
    """S1's "Seller product card": a format beside the five, used by product traffic only."""

    @property
    def label(self) -> str:
        return _TITLES[self]


_TITLES = {
    Channel.SHOP: "Shop",
    Channel.SELLER_VIDEO: "Seller videos",
    Channel.SELLER_LIVE: "Seller LIVEs",
    Channel.AFFILIATE_VIDEO: "Affiliate videos",
    Channel.AFFILIATE_LIVE: "Affiliate LIVEs",
    Channel.SHOP_TAB: "Shop Tab & Search",
    Channel.SELLER_CONTENT: "Seller content",
    Channel.CREATOR_CONTENT: "Creator content",
    Channel.PRODUCT_CARD: "Seller product card",
}

SHOP = (Channel.SHOP,)
FIVE = (
    Channel.SELLER_VIDEO,
    Channel.SELLER_LIVE,
    Channel.AFFILIATE_VIDEO,
    Channel.AFFILIATE_LIVE,
    Channel.SHOP_TAB,
)
GROUP_MEMBERS: dict[Channel, tuple[Channel, ...]] = {
    Channel.SELLER_CONTENT: (Channel.SELLER_VIDEO, Channel.SELLER_LIVE),
    Channel.CREATOR_CONTENT: (Channel.AFFILIATE_VIDEO, Channel.AFFILIATE_LIVE),
    Channel.SHOP_TAB: (Channel.SHOP_TAB,),
}
"""The three groups of the GMV breakdown and their channels."""
ALL = (Channel.SHOP, *FIVE, Channel.SELLER_CONTENT, Channel.CREATOR_CONTENT)
"""DOMAIN's mark `5`: the five, their groups, and the shop."""
CONTENT = FIVE[:4]
"""The four content channels."""
VIDEOS = (Channel.SELLER_VIDEO, Channel.AFFILIATE_VIDEO)
LIVES = (Channel.SELLER_LIVE, Channel.AFFILIATE_LIVE)
AFFILIATE = (Channel.AFFILIATE_VIDEO, Channel.AFFILIATE_LIVE)
CREATORS = frozenset({*AFFILIATE, Channel.CREATOR_CONTENT})
"""Where creators decide what is made."""

_ALIASES = {
    "self_video": "seller_video",
    "self_live": "seller_live",
    "creator_video": "affiliate_video",
    "creator_live": "affiliate_live",
    "affiliate": "creator_content",
    "affiliate_content": "creator_content",
    "creator": "creator_content",
    "self_content": "seller_content",
    "shop_tab_search": "shop_tab",
    "seller_product_card": "product_card",
    "all": "shop",
}


def parse_channel(word: str) -> Channel:
    """A channel from its key or a known alias ("self" is seller, "creator" is affiliate).

    Raises ValueError with a "did you mean" for anything else.
    """
    known = word.strip().lower().replace(" ", "_").replace("-", "_")
    try:
        return Channel(_ALIASES.get(known, known))
    except ValueError:
        hint = did_you_mean(known, [*Channel, *_ALIASES])
        raise ValueError(f'unknown channel "{word}"' + (f", {hint}" if hint else "")) from None
