"""Which metric exists in which format: S1's tables, written down a second time from the source."""

from collections import Counter

import pytest

from shopace.core.errors import NotFoundError
from shopace.core.evaluation import SHARE_DECIMALS, tidy
from shopace.core.host.discovery import load_registry
from shopace.core.records.traffic import Figure
from shopace.core.traffic.figures import figure
from shopace.core.traffic.metrics import FUNNEL, METRICS, metrics_of, parse_metric, require_in
from shopace.core.vocabulary.formats import Format, parse_format
from shopace.plugins import BUILTIN

FIVE = ["All", "Seller LIVE", "Seller video", "Seller product card", "Affiliate"]
SEVEN = [*FIVE, "Affiliate-LIVE", "Affiliate-video"]
S1_DIMENSIONS = {
    "GMV": SEVEN,
    "Items sold": FIVE,
    "Orders": FIVE,
    "SKU orders": FIVE,
    "Est. customers": [*FIVE, "Shop tab"],
    "Product impressions": SEVEN,
    "Product clicks": [*SEVEN, "Shop tab"],
    "CTR": [*SEVEN, "Shop tab"],
    "CTOR": [*SEVEN, "Shop tab"],
    "Unique clicks": [*SEVEN, "Shop tab"],
}
S1_NEW = {
    "AOV(SKU)",
    "GMV with tax",
    "Tax",
    "GMV with TTS co funding",
    "Shipping fees",
    "Refunds",
    "Items refunded",
    "Refund customers",
    "Add-to-cart count",
    "Unique product impressions",
    "Unique CTR",
    "Add-to-cart users",
    "Unique add-to-cart rate",
    "Unique CTOR",
    "Avg. daily creators posted content",
    "New LIVE count",
    "New video count",
}
S1_FORMER = {
    "Gross Sales": "gmv",
    "Cart conversion rate": "add_to_cart_rate",
    "Daily customers": "est_customers",
    "Impressions": "product_impressions",
    "Page views": "product_clicks",
    "Conversion rate": "ctor",
}
BY_TITLE = {each.title: each for each in METRICS.values()}


@pytest.mark.parametrize("title", S1_DIMENSIONS)
def test_a_metric_whose_dimensions_s1_lists_exists_in_those_formats_alone(title: str) -> None:
    metric = BY_TITLE[title]
    assert Counter(each.tab for each in metric.formats) == Counter(S1_DIMENSIONS[title])
    assert metric.formats_from == "S1"


def test_every_metric_of_s1_is_there_by_name_and_others_say_whose_reading_their_formats_are() -> (
    None
):
    updated = {"Add-to-cart rate"}
    assert set(S1_DIMENSIONS) | S1_NEW | updated <= set(BY_TITLE)
    ours = {each.title for each in METRICS.values() if each.formats_from != "S1"}
    assert ours == set(BY_TITLE) - set(S1_DIMENSIONS)


@pytest.mark.parametrize(("word", "key"), S1_FORMER.items())
def test_a_name_that_s1_took_away_leads_to_its_successor(word: str, key: str) -> None:
    assert parse_metric(word).key == key


@pytest.mark.parametrize(
    "word", ["gmv", "GMV", "aov_sku", "AOV(SKU)", "Unique clicks", "atc users"]
)
def test_a_metric_is_known_by_key_and_by_name(word: str) -> None:
    assert parse_metric(word).key in METRICS


def test_a_misspelt_metric_or_format_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="product_clicks"):
        parse_metric("product_cliks")
    with pytest.raises(NotFoundError, match="seller_live"):
        parse_format("seler live")


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("All", Format.ALL),
        ("shop", Format.ALL),
        ("Seller LIVE", Format.SELLER_LIVE),
        ("self_live", Format.SELLER_LIVE),
        ("Affiliate-video", Format.AFFILIATE_VIDEO),
        ("creator_content", Format.AFFILIATE),
        ("Seller product card", Format.PRODUCT_CARD),
        ("product card", Format.PRODUCT_CARD),
        ("Shop tab", Format.SHOP_TAB),
    ],
)
def test_a_format_is_known_by_key_tab_and_channel(word: str, form: Format) -> None:
    assert parse_format(word) is form


def test_a_channel_without_a_tab_is_no_format() -> None:
    with pytest.raises(NotFoundError):
        parse_format("seller_content")


def test_a_metric_asked_for_where_it_does_not_exist_names_where_it_does() -> None:
    with pytest.raises(NotFoundError, match=r"it is of: .*affiliate"):
        require_in(METRICS["sku_orders"], Format.AFFILIATE_LIVE)
    require_in(METRICS["ctor"], Format.AFFILIATE_LIVE)


def test_the_shop_tab_shows_clicks_rates_and_customers_but_no_sales() -> None:
    keys = {each.key for each in metrics_of(Format.SHOP_TAB)}
    assert {"product_clicks", "ctr", "ctor", "est_customers", "unique_product_clicks"} <= keys
    assert keys.isdisjoint({"gmv", "orders", "sku_orders", "items_sold", "product_impressions"})


def test_the_funnel_is_made_of_metrics() -> None:
    assert all(key in METRICS for steps in FUNNEL.values() for key in steps)


def test_formulas_and_units_are_those_of_the_diagnosis() -> None:
    known = load_registry(BUILTIN, use_entry_points=False).metrics
    both = METRICS.keys() & known.keys()
    assert len(both) >= 25
    for key in both:
        assert METRICS[key].formula == known[key].formula, key
        assert METRICS[key].unit == known[key].unit, key


def test_a_number_is_rounded_as_the_diagnosis_does_it() -> None:
    """GMV 2.23 of two orders: both pages show the same."""
    assert figure(METRICS["aov_sku"], 2.23 / 2, 1.0) == Figure(
        value=tidy(2.23 / 2, 2), previous=1.0, change=tidy(0.115, SHARE_DECIMALS)
    )
    assert tidy(2.23 / 2, 2) == 1.12
