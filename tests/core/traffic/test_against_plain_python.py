"""Random deliveries, every figure worked out a second time without a database."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from tests.core.traffic.deliveries import day

from shopace.core.traffic.export import COLUMNS, export_rows
from shopace.core.traffic.metrics import METRICS
from shopace.core.traffic.periods import period_of
from shopace.core.vocabulary.units import Window

if TYPE_CHECKING:
    from tests.core.traffic.deliveries import Deliver

Rows = dict[tuple[str, str, int], dict[str, Any]]
CHANNEL_OF_TAB = {
    "All": "shop",
    "Seller LIVE": "seller_live",
    "Seller video": "seller_video",
    "Seller product card": "product_card",
    "Affiliate": "creator_content",
    "Affiliate-LIVE": "affiliate_live",
    "Affiliate-video": "affiliate_video",
    "Shop tab": "shop_tab",
}
SIMPLE = {
    "GMV": "gmv",
    "Orders": "orders",
    "SKU orders": "sku_orders",
    "Product impressions": "product_impressions",
    "Product clicks": "product_clicks",
    "Unique clicks": "unique_product_clicks",
}
RATIOS = {
    "CTR": ("product_clicks", "product_impressions"),
    "CTOR": ("sku_orders", "product_clicks"),
    "AOV(SKU)": ("gmv", "sku_orders"),
}
DIGITS = {"GMV": 2, "AOV(SKU)": 2, "CTR": 5, "CTOR": 5}
ADDS_UP = set(SIMPLE.values()) - {"unique_product_clicks"}
FIVE = ("seller_video", "seller_live", "affiliate_video", "affiliate_live", "shop_tab")


def drawn(chance: random.Random, absent: float, bad: float) -> Rows:
    def cell() -> Any:
        return "" if chance.random() < bad else chance.randrange(0, 4)

    channels = chance.sample(list(CHANNEL_OF_TAB.values()), chance.randrange(1, 9))
    return {
        (product, channel, number): {measure: cell() for measure in SIMPLE.values()}
        for product in ("a", "b", "c")
        for channel in channels
        for number in range(8, 15)
        if chance.random() >= absent
    }


def total(rows: Rows, product: str, channel: str, measure: str, *, zero: bool) -> Fraction | None:
    """The week's sum of one delivered column; None where a day is unknown."""
    found = Fraction(0)
    for number in range(8, 15):
        row = rows.get((product, channel, number))
        if row is None and not zero:
            return None
        if row is not None and row[measure] == "":
            return None
        found += Fraction(row[measure]) if row is not None else 0
    return found


def value(rows: Rows, product: str, channel: str, measure: str, *, zero: bool) -> Fraction | None:
    known = {key[1] for key, row in rows.items() if row[measure] != ""}
    if channel in known:
        return total(rows, product, channel, measure, zero=zero)
    parts: tuple[str, ...] = ()
    if measure in ADDS_UP and channel == "shop":
        parts = FIVE
    if measure in ADDS_UP and channel == "creator_content":
        parts = ("affiliate_video", "affiliate_live")
    if not parts or not known.issuperset(parts):
        return None
    sums = [total(rows, product, part, measure, zero=zero) for part in parts]
    return (
        sum((each for each in sums if each is not None), Fraction(0)) if None not in sums else None
    )


@pytest.mark.parametrize("seed", range(24))
def test_every_figure_of_the_export_is_what_plain_python_makes_of_the_rows(
    deliver: Deliver, seed: int
) -> None:
    chance = random.Random(seed)
    zero = seed % 2 == 0
    rows = drawn(chance, absent=0.3 if zero else 0.03, bad=0.03)
    delivered = [
        {"product": product, "channel": channel, "date": day(number), **row}
        for (product, channel, number), row in rows.items()
    ]
    chance.shuffle(delivered)
    filler = {"product": "z", "channel": "shop", "date": day(14), "refunds": 1}
    with deliver(
        product_facts=[*delivered, filler], absent_day="zero" if zero else "missing"
    ) as source:
        exported = export_rows(source, period_of(source.known, window=Window.L7D))
    titles = [each.title for each in COLUMNS]
    formats_of = {each.title: {form.tab for form in each.formats} for each in METRICS.values()}
    compared = 0
    for line in exported:
        told = dict(zip(titles, line, strict=True))
        tab, product = str(told["Tab Name"]), str(told["Product ID"])
        if product == "z":
            continue
        channel = CHANNEL_OF_TAB[tab]
        for title in (*SIMPLE, *RATIOS):
            above, *below = RATIOS[title] if title in RATIOS else (SIMPLE[title],)
            wanted = value(rows, product, channel, above, zero=zero)
            for measure in below:
                under = value(rows, product, channel, measure, zero=zero)
                wanted = wanted / under if wanted is not None and under else None
            if tab not in formats_of[title]:
                wanted = None
            expected = None if wanted is None else round(float(wanted), DIGITS.get(title, 2))
            assert told[title] == expected, (tab, product, title)
            compared += 1
    assert compared == 3 * 8 * 9 or {key[0] for key in rows} != {"a", "b", "c"}
