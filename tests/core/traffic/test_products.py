"""Numbers of products by format, each worked out by hand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.traffic.deliveries import HEAD, TABLES, day, days, write

from shopace.core import STANDARD_MEASURES
from shopace.core.errors import FactsError, NotFoundError, UnknownShopError
from shopace.core.traffic.metrics import METRICS, metrics_of
from shopace.core.traffic.periods import Span, period_of
from shopace.core.traffic.products import Filters, product_list, product_traffic
from shopace.core.traffic.source import open_shop
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.products import ProductStatus
from shopace.core.vocabulary.units import Window
from shopace.core.warehouse.mapping import parse_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.traffic.deliveries import Deliver

    from shopace.core.records.traffic import Days, FormatTraffic, ProductTraffic
    from shopace.core.traffic.source import ShopFacts

NOW, BEFORE, ALWAYS = range(8, 15), range(1, 8), range(1, 15)


def week(source: ShopFacts) -> Days:
    return period_of(source.known, window=Window.L7D)


def of(traffic: ProductTraffic, form: Format) -> FormatTraffic:
    return next(each for each in traffic.formats if each.format is form)


def test_the_funnel_in_times_and_in_people_is_made_of_sums(deliver: Deliver) -> None:
    now = days(
        NOW,
        product_impressions=100,
        product_clicks=10,
        sku_orders=2,
        unique_product_impressions=80,
        unique_product_clicks=8,
        unique_buyers=2,
    )
    now[0] |= {"product_impressions": 1_000, "product_clicks": 1, "sku_orders": 0}
    before = days(BEFORE, product_impressions=50, product_clicks=10, sku_orders=1)
    with deliver(product_facts=[*now, *before]) as source:
        pv, uv = product_traffic(source, week(source), [Format.ALL], "p").formats[0].funnels
    # 6 × 100 + 1,000; 6 × 10 + 1; 6 × 2: a mean of daily rates would be 0.0859 and 0.1714.
    assert (pv.impressions.value, pv.clicks.value, pv.orders.value) == (1_600, 61, 12)
    assert pv.ctr.value == pytest.approx(61 / 1_600, abs=1e-5)
    assert pv.ctor.value == pytest.approx(12 / 61, abs=1e-5)
    # Before: 350 impressions, 70 clicks, 7 orders.
    assert (pv.impressions.previous, pv.ctr.previous, pv.ctor.previous) == (350, 0.2, 0.1)
    assert pv.impressions.change == pytest.approx(1_600 / 350 - 1, abs=5e-5)
    assert (uv.impressions.value, uv.clicks.value, uv.orders.value) == (560, 56, 14)
    assert (uv.ctr.value, uv.ctor.value) == (0.1, 0.25)
    assert uv.impressions.previous is None
    assert uv.impressions.change is None


def test_every_metric_is_what_its_definition_says(deliver: Deliver) -> None:
    row = {
        "gmv": 10.5,
        "gmv_with_tax": 11.5,
        "tax": 1,
        "gmv_with_cofunding": 12,
        "shipping_fees": 0.25,
        "orders": 2,
        "items_sold": 4,
        "sku_orders": 3,
        "product_impressions": 100,
        "product_clicks": 20,
        "unique_product_impressions": 80,
        "unique_product_clicks": 16,
        "unique_buyers": 2,
        "est_customers": 2,
        "add_to_carts": 5,
        "add_to_cart_users": 4,
        "refunds": 3.5,
        "items_refunded": 1,
        "refund_customers": 1,
        "creators_posted": 3,
        "new_lives": 1,
        "new_videos": 2,
    }
    with deliver(product_facts=days(NOW, **row)) as source:
        (found,) = product_traffic(source, week(source), [Format.ALL], "p").formats
    told = {key: each.value for key, each in found.figures.items()}
    assert told == {
        "gmv": 73.5,
        "aov_sku": 3.5,
        "orders": 14,
        "items_sold": 28,
        "gmv_with_tax": 80.5,
        "tax": 7,
        "gmv_with_cofunding": 84,
        "shipping_fees": 1.75,
        "product_impressions": 700,
        "product_clicks": 140,
        "sku_orders": 21,
        "ctr": 0.2,
        "ctor": 0.15,
        "unique_product_impressions": 560,
        "unique_product_clicks": 112,
        "unique_buyers": 14,
        "unique_ctr": 0.2,
        "unique_ctor": 0.125,
        "est_customers": 14,
        "add_to_carts": 35,
        "add_to_cart_rate": 0.25,
        "add_to_cart_users": 28,
        "unique_add_to_cart_rate": 0.25,
        "refunds": 24.5,
        "items_refunded": 7,
        "refund_customers": 7,
        "creators_posted": 3,  # a mean per day, not 21
        "new_lives": 7,
        "new_videos": 14,
    }


def test_nothing_divided_by_nothing_is_missing_and_zero_stays_zero(deliver: Deliver) -> None:
    rows = days(ALWAYS, product_impressions=0, product_clicks=0, sku_orders=0, gmv=0)
    with deliver(product_facts=rows) as source:
        (found,) = product_traffic(source, week(source), [Format.ALL], "p").formats
    assert found.figures["product_clicks"].value == 0
    assert found.figures["gmv"].value == 0
    assert found.figures["gmv"].change is None
    for rate in ("ctr", "ctor", "aov_sku", "add_to_cart_rate"):
        assert found.figures[rate].value is None


def test_a_day_without_a_row_is_zero_or_missing_as_declared(deliver: Deliver) -> None:
    rows = [*days(range(8, 14), gmv=10), *days(ALWAYS, gmv=1, product="q")]
    with deliver(product_facts=rows) as source:
        zero = product_traffic(source, week(source), [Format.ALL], "p").formats[0]
    with deliver(product_facts=rows, absent_day="missing") as source:
        missing = product_traffic(source, week(source), [Format.ALL], "p").formats[0]
        whole = product_traffic(source, week(source), [Format.ALL], "q").formats[0]
    assert (zero.figures["gmv"].value, zero.figures["gmv"].previous) == (60, 0)
    assert missing.figures["gmv"].value is None
    assert (whole.figures["gmv"].value, whole.figures["gmv"].previous) == (7, 7)


@pytest.mark.parametrize("cell", ["", "nan", "-3"])
def test_a_cell_that_is_no_number_makes_its_period_missing(deliver: Deliver, cell: str) -> None:
    rows = days(ALWAYS, gmv=10, product_clicks=5)
    rows[9]["gmv"] = cell
    with deliver(product_facts=rows) as source:
        (found,) = product_traffic(source, week(source), [Format.ALL], "p").formats
    assert found.figures["gmv"].value is None
    assert found.figures["gmv"].previous == 70
    assert found.figures["product_clicks"].value == 35


def test_days_before_the_first_day_are_missing_even_where_absent_days_are_zero(
    deliver: Deliver,
) -> None:
    with deliver(product_facts=days(ALWAYS, gmv=10)) as source:
        period = period_of(source.known, window=Window.L30D)
        (found,) = product_traffic(source, period, [Format.ALL], "p").formats
    assert found.figures["gmv"].value is None


def test_a_fact_of_the_group_stays_with_the_group(deliver: Deliver) -> None:
    rows = [
        *days(ALWAYS, channel="Affiliate", sku_orders=4, gmv=40, product_clicks=8),
        *days(ALWAYS, channel="affiliate_live", gmv=10, product_clicks=2, sku_orders=1),
    ]
    with deliver(product_facts=rows) as source:
        found = product_traffic(source, week(source), list(Format), "p")
    group, live, video = (
        of(found, each).figures
        for each in (Format.AFFILIATE, Format.AFFILIATE_LIVE, Format.AFFILIATE_VIDEO)
    )
    assert (group["sku_orders"].value, group["gmv"].value, group["ctor"].value) == (28, 280, 0.5)
    assert "sku_orders" not in live
    assert (live["gmv"].value, live["ctor"].value) == (70, 0.5)
    assert video["gmv"].value is None
    assert of(found, Format.ALL).figures["gmv"].value is None


def test_a_group_that_was_not_delivered_is_the_sum_of_its_channels_for_what_adds_up(
    deliver: Deliver,
) -> None:
    rows = [
        *days(ALWAYS, channel="affiliate_live", gmv=10, est_customers=3),
        *days(ALWAYS, channel="affiliate_video", gmv=5, est_customers=2),
    ]
    with deliver(product_facts=rows) as source:
        found = product_traffic(source, week(source), [Format.AFFILIATE], "p").formats[0]
    assert found.figures["gmv"].value == 105
    assert found.figures["est_customers"].value is None


def test_the_product_card_is_a_format_of_its_own_and_in_no_sum(deliver: Deliver) -> None:
    rows = [
        *days(ALWAYS, channel="product_card", gmv=100),
        *days(ALWAYS, channel="shop", gmv=300),
        *days(ALWAYS, channel="seller_live", gmv=20),
    ]
    with deliver(product_facts=rows) as source:
        found = product_traffic(source, week(source), list(Format), "p")
    values = {
        each.format: each.figures["gmv"].value for each in found.formats if "gmv" in each.figures
    }
    assert values == {
        Format.ALL: 2_100,
        Format.SELLER_LIVE: 140,
        Format.SELLER_VIDEO: None,
        Format.PRODUCT_CARD: 700,
        Format.AFFILIATE: None,
        Format.AFFILIATE_LIVE: None,
        Format.AFFILIATE_VIDEO: None,
    }


def test_a_format_shows_its_metrics_and_no_others(deliver: Deliver) -> None:
    rows = [
        row
        for channel in ("shop", "shop_tab", "affiliate_live")
        for row in days(ALWAYS, channel=channel, gmv=1, sku_orders=2, product_clicks=4)
    ]
    with deliver(product_facts=rows) as source:
        found = product_traffic(source, week(source), list(Format), "p")
    for each in found.formats:
        assert list(each.figures) == [metric.key for metric in metrics_of(each.format)]
    tab = of(found, Format.SHOP_TAB)
    assert tab.figures["ctor"].value == 0.5
    assert tab.funnels[0].orders.value is None  # S1 has no SKU orders of the shop tab


def test_the_product_of_a_day_with_facts_alone_is_listed_by_its_id(deliver: Deliver) -> None:
    products = [{"product": "listed", "title": "Lamp", "status": "Live"}]
    with deliver(product_facts=days(ALWAYS, gmv=1, product="stray"), products=products) as source:
        found = product_list(source, week(source), Format.ALL, METRICS["gmv"])
    assert [(each.product.id, each.product.title) for each in found.products] == [
        ("stray", ""),
        ("listed", "Lamp"),
    ]
    assert found.products[1].figures["gmv"].value == 0


def test_the_list_is_ranked_with_the_missing_last_in_either_direction(deliver: Deliver) -> None:
    rows = [
        *days(ALWAYS, product="a", product_clicks=10, sku_orders=1),
        *days(ALWAYS, product="b", product_clicks=10, sku_orders=5),
        *days(ALWAYS, product="c", product_clicks=0, sku_orders=0),
        *days(ALWAYS, product="d", product_clicks=10, sku_orders=1),
    ]
    with deliver(product_facts=rows) as source:
        down = product_list(source, week(source), Format.ALL, METRICS["ctor"])
        up = product_list(source, week(source), Format.ALL, METRICS["ctor"], ascending=True)
        first = product_list(source, week(source), Format.ALL, METRICS["ctor"], top=2)
    assert [each.product.id for each in down.products] == ["b", "a", "d", "c"]
    assert [each.product.id for each in up.products] == ["a", "d", "b", "c"]
    assert [each.rank for each in down.products] == [1, 2, 3, 4]
    assert [each.product.id for each in first.products] == ["b", "a"]
    assert first.total == 4


def test_products_are_ranked_by_what_they_did_in_the_format(deliver: Deliver) -> None:
    rows = [
        *days(ALWAYS, product="a", channel="seller_live", gmv=1),
        *days(ALWAYS, product="a", channel="seller_video", gmv=9),
        *days(ALWAYS, product="b", channel="seller_live", gmv=5),
        *days(ALWAYS, product="b", channel="seller_video", gmv=2),
    ]
    with deliver(product_facts=rows) as source:
        live = product_list(source, week(source), Format.SELLER_LIVE, METRICS["gmv"])
        video = product_list(source, week(source), Format.SELLER_VIDEO, METRICS["gmv"])
        with pytest.raises(NotFoundError, match="no Orders of Shop tab"):
            product_list(source, week(source), Format.SHOP_TAB, METRICS["orders"])
    assert [each.product.id for each in live.products] == ["b", "a"]
    assert [each.product.id for each in video.products] == ["a", "b"]


PRODUCTS = [
    {"product": "a", "title": "Desk lamp", "status": "Live", "opportunity_matched": "yes"},
    {"product": "b", "title": "Floor lamp", "status": "Needs attention"},
    {"product": "c", "title": "Rug", "status": "Draft", "opportunity_matched": "no"},
]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (Filters(), ["a", "b", "c"]),
        (Filters(status=ProductStatus.NEEDS_ATTENTION), ["b"]),
        (Filters(status=ProductStatus.DELETED), []),
        (Filters(opportunity=True), ["a"]),
        (Filters(opportunity=False), ["c"]),
        (Filters(search="LAMP"), ["a", "b"]),
        (Filters(search="c"), ["c"]),
        (Filters(search="%"), []),
        (Filters(search="lamp", status=ProductStatus.LIVE), ["a"]),
    ],
)
def test_a_list_holds_what_meets_its_filters(
    deliver: Deliver, filters: Filters, left: list[str]
) -> None:
    with deliver(product_facts=days(ALWAYS, gmv=1, product="a"), products=PRODUCTS) as source:
        found = product_list(source, week(source), Format.ALL, METRICS["gmv"], filters=filters)
    assert sorted(each.product.id for each in found.products) == left
    assert found.total == len(left)


def test_the_gmv_range_is_of_thirty_days_whatever_the_period(deliver: Deliver) -> None:
    early = "first_day = 2026-09-01"
    rows = [
        *days(ALWAYS, product="big", gmv=10_000),
        *days([1], product="edge", gmv=30_000),
        *days([14], product="below", gmv=29_999.99),
        *days(ALWAYS, product="none", gmv=""),
    ]
    with deliver(product_facts=rows, first_day=early) as source:
        found = product_list(source, week(source), Format.ALL, METRICS["gmv"])
        one = product_list(
            source, week(source), Format.ALL, METRICS["gmv"], filters=Filters(gmv_range="30k-100k")
        )
        wrong = Filters(gmv_range="30k-10k")
        with pytest.raises(NotFoundError, match="30k-100k"):
            product_list(source, week(source), Format.ALL, METRICS["gmv"], filters=wrong)
    ranges = {
        each.product.id: (each.product.gmv_30d, each.product.gmv_range) for each in found.products
    }
    assert ranges == {
        "big": (140_000, "100k-300k"),
        "edge": (30_000, "30k-100k"),
        "below": (29_999.99, "10k-30k"),
        "none": (None, ""),
    }
    assert [each.product.id for each in one.products] == ["edge"]


def test_what_is_known_of_a_product_is_told_and_the_rest_is_unknown(deliver: Deliver) -> None:
    full = {
        "product": "p",
        "title": "Lamp",
        "category": "Home",
        "image": "https://x/i.jpg",
        "link": "https://x/p",
        "status": "Reviewing",
        "price": "12.5",
        "rating": "4.5",
        "stock": "7",
        "listing_quality": "Good",
        "opportunity_matched": "yes",
    }
    rows = days(ALWAYS, gmv=1, product="q")
    with deliver(product_facts=rows, products=[full, {"product": "q"}]) as source:
        card = product_traffic(source, week(source), [Format.ALL], "p").product
        bare = product_traffic(source, week(source), [Format.ALL], "q").product
    assert card is not None
    assert bare is not None
    assert (card.title, card.category, card.image, card.link) == (
        "Lamp",
        "Home",
        "https://x/i.jpg",
        "https://x/p",
    )
    assert (card.status, card.price, card.rating, card.stock) == (
        ProductStatus.REVIEWING,
        12.5,
        4.5,
        7,
    )
    assert (card.listing_quality, card.opportunity_matched) == ("good", True)
    assert (bare.title, bare.status, bare.price, bare.opportunity_matched) == ("", None, None, None)


def test_of_all_products_what_the_shop_tells_itself_comes_first(deliver: Deliver) -> None:
    own = days(ALWAYS, gmv=500, unique_product_clicks=30, unique_buyers=3)
    rows = [
        *days(ALWAYS, product="a", gmv=100, product_clicks=10, sku_orders=2),
        *days(ALWAYS, product="b", gmv=200, product_clicks=20, sku_orders=4),
    ]
    for row in rows:
        row |= {"unique_product_clicks": 9, "est_customers": 1}
    with deliver(product_facts=rows, facts=own) as source:
        (found,) = product_traffic(source, week(source), [Format.ALL]).formats
    told = {key: each.value for key, each in found.figures.items() if each.value is not None}
    assert told == {
        "gmv": 3_500,  # the shop's own, not 2,100
        "product_clicks": 210,
        "sku_orders": 42,
        "ctor": 0.2,
        "aov_sku": 50,  # 2,100 ÷ 42: numerator and denominator of one source
        "unique_product_clicks": 210,  # the shop's own, not 126
        "unique_buyers": 21,
        "unique_ctor": 0.1,
    }
    assert set(found.summed) == {"product_clicks", "sku_orders", "ctor", "aov_sku"}


def test_people_are_never_added_over_products(deliver: Deliver) -> None:
    people = (
        "unique_product_impressions",
        "unique_product_clicks",
        "unique_buyers",
        "est_customers",
        "add_to_cart_users",
        "refund_customers",
        "creators_posted",
    )
    rows = [
        row
        for product in ("a", "b")
        for row in days(ALWAYS, product=product, gmv=1, **dict.fromkeys(people, 5))
    ]
    with deliver(product_facts=rows) as source:
        (found,) = product_traffic(source, week(source), [Format.ALL]).formats
        one = product_traffic(source, week(source), [Format.ALL], "a").formats[0]
    assert found.figures["gmv"].value == 14
    assert all(found.figures[key].value is None for key in people)
    assert all(one.figures[key].value is not None for key in people)


def test_a_sum_over_products_is_missing_where_one_of_them_is(deliver: Deliver) -> None:
    rows = [*days(ALWAYS, product="a", gmv=1), *days(ALWAYS, product="b", gmv=1)]
    rows[-1]["gmv"] = ""
    with deliver(product_facts=rows) as source:
        (found,) = product_traffic(source, week(source), [Format.ALL]).formats
    assert found.figures["gmv"].value is None
    assert found.figures["gmv"].previous == 14


def test_the_period_before_has_the_same_length(deliver: Deliver) -> None:
    with deliver(product_facts=days(ALWAYS, gmv=1)) as source:
        first, last = source.known.first, source.known.last
        seven = period_of(source.known, window=Window.L7D)
        some = period_of(source.known, first=last.replace(day=10), last=last.replace(day=12))
        (found,) = product_traffic(source, some, [Format.ALL], "p").formats
    assert (str(first), str(last)) == (day(1), day(14))
    assert (str(seven.previous_first), str(seven.previous_last)) == (day(1), day(7))
    assert (str(some.previous_first), str(some.previous_last)) == (day(7), day(9))
    assert (found.figures["gmv"].value, found.figures["gmv"].previous) == (3, 3)


def test_a_period_past_the_latest_final_day_is_refused(deliver: Deliver) -> None:
    with deliver(product_facts=days(ALWAYS, gmv=1)) as source:
        known = source.known
    with pytest.raises(FactsError, match="the latest final day is 2026-10-14"):
        period_of(known, last=known.last.replace(day=15))
    with pytest.raises(FactsError, match="reach from 2026-10-01"):
        period_of(known, first=known.first.replace(month=9), last=known.first.replace(month=9))
    assert period_of(known).name == "L30D"
    assert Span(known.first, known.last).length == 14


def test_a_shop_or_product_that_is_not_there_is_told_with_the_nearest(deliver: Deliver) -> None:
    rows = days(ALWAYS, gmv=1, product="1729000001")
    with deliver(product_facts=rows) as source, pytest.raises(NotFoundError, match="1729000001"):
        product_traffic(source, week(source), [Format.ALL], "1729000011")
    with (
        pytest.raises(UnknownShopError, match='did you mean "another"'),
        deliver(product_facts=[row | {"shop": "another"} for row in rows], shop="anothr"),
    ):
        pass


def test_rows_that_repeat_count_once_and_rows_that_differ_are_refused(deliver: Deliver) -> None:
    rows = days(ALWAYS, gmv=1)
    with deliver(product_facts=[*rows, *rows]) as source:
        (found,) = product_traffic(source, week(source), [Format.ALL], "p").formats
    assert found.figures["gmv"].value == 7
    other = days([9], gmv=2)
    with pytest.raises(FactsError, match="contradict"), deliver(product_facts=[*rows, *other]):
        pass


def test_hostile_names_are_names(deliver: Deliver) -> None:
    title = "'); DROP TABLE traffic; --"
    products = [{"product": "p", "title": title, "status": "Live"}]
    with deliver(product_facts=days(ALWAYS, gmv=1), products=products) as source:
        filters = Filters(search="'); DROP")
        found = product_list(source, week(source), Format.ALL, METRICS["gmv"], filters=filters)
        with pytest.raises(NotFoundError):
            product_traffic(source, week(source), [Format.ALL], "' OR true --")
    assert [each.product.title for each in found.products] == [title]


def test_a_measure_of_the_long_layout_is_zero_where_no_row_of_its_own_is(tmp_path: Path) -> None:
    rows = [("seller_live", "gmv"), ("shop_tab", "gmv"), ("seller_live", "unique_buyers")]
    facts = [{"channel": channel, "metric": metric, "value": 1} for channel, metric in rows]
    for name, more in (("facts", facts), ("product_facts", [{"product": "p", "channel": "shop"}])):
        write(tmp_path / f"{name}.csv", [{"shop": "s", "date": day(14), **row} for row in more])
    long = 'layout = "long"\nmeasure = "metric"\nvalue = "value"\n'
    tables = TABLES["facts"] + long + TABLES["product_facts"].format(absent_day="zero")
    mapping = HEAD + 'channels = ["seller_live", "shop_tab"]\n' + tables
    parsed = parse_mapping(mapping, STANDARD_MEASURES)
    with open_shop(parsed, tmp_path, STANDARD_MEASURES, "s") as source:
        found = {(each.measure, each.channel) for each in source.of_shop}
    assert found == {(measure, channel) for measure in ("gmv", "unique_buyers")
                     for channel in ("seller_live", "shop_tab")}  # fmt: skip
