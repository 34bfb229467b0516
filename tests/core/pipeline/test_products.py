"""Findings name the products behind them, and tasks on a hero product name it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb
from tests.marketplace import LAST_DAY, Series, Shop, build, diagnose, write_facts
from tests.pages import source_of

from shopace.core import (
    Action,
    Direction,
    Metric,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    measure,
)
from shopace.core.host.discovery import load_sources
from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import Inputs
from shopace.core.records.card import ProductRef, TaskCard
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.products import (
    ON_SALE,
    ListingQuality,
    ProductCondition,
    ProductNumber,
    ProductStatus,
    product_at_least,
    product_at_most,
    product_is,
)

LINE = Parameter(key="acme.line", default=1, unit=Unit.COUNT, title="Worth a task")
OUT_OF_STOCK = (ON_SALE, product_at_most("stock", 0))
MAPPING = """
[[tables]]
kind = "products"
files = "products.parquet"
shop = "shop"
product = "product"
[tables.fields]
title = "title"
status = "status"
listing_quality = "listing_quality"
price = "price"
rating = "rating"
stock = "stock"
opportunity_matched = "opportunity_matched"
[[tables]]
kind = "product_facts"
files = "sold.parquet"
shop = "shop"
product = "product"
date = "date"
absent_day = "zero"
"""


class Product(NamedTuple):
    shop: str
    product: str
    title: str | None = None
    status: str | None = "live"
    listing_quality: str | None = None
    price: float | None = None
    rating: float | None = None
    stock: float | None = None
    opportunity_matched: bool | None = None
    gmv: float | None = 0.0
    """Of 30 days; None is unknown."""


def page(conditions: tuple[ProductCondition, ...] = OUT_OF_STOCK) -> Registry:
    """A metric with products behind it, a task on the hero product and one on none."""

    def task(key: str, objective: str, *, names_hero: bool) -> TaskTemplate:
        return TaskTemplate(
            key=f"acme.{key}",
            title="Do it",
            why="It helps.",
            steps=("Do it.",),
            type=TaskType.CHALLENGE,
            objective=objective,
            trigger=at_least("acme.orders", LINE),
            action=Action(label="Do", target="/do"),
            names_hero=names_hero,
        )

    metric = Metric(
        key="acme.orders",
        title="Orders",
        definition="Orders.",
        formula=measure("orders"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
        channels=(Channel.SHOP, Channel.SELLER_LIVE),
        is_key=True,
        products=conditions,
    )
    page = Plugin(
        key="acme",
        category="supply_scale",
        version="1",
        title="Acme",
        question="?",
        declares=(
            metric,
            task("hero", "restock", names_hero=True),
            task("other", "restock", names_hero=False),
            task("plain", "run_ads", names_hero=False),
        ),
    )
    registry = load_sources([source_of(page)])
    assert not registry.rejected, registry.rejected
    return registry


REGISTRY = page()


def market(folder: Path, registry: Registry, *products: Product) -> Inputs:
    """Shops a and b with ten orders a day, twice as many this week, and these products."""
    orders = [10.0] * 91 + [20.0] * 7
    facts: dict[str, Series] = {
        "orders": orders,
        "orders@seller_live": orders,
        "gmv": 1.0,
        "gmv@seller_live": 1.0,
    }
    write_facts(folder / "facts", [Shop(id=id_, facts=facts) for id_ in ("a", "b")], registry)
    if products:
        home = folder / "facts"
        with (home / "mapping.toml").open("a") as mapping:
            mapping.write(MAPPING)
        with duckdb.connect() as database:
            database.execute(
                "CREATE TABLE p (shop VARCHAR, product VARCHAR, title VARCHAR, status VARCHAR, "
                "listing_quality VARCHAR, price DOUBLE, rating DOUBLE, stock DOUBLE, "
                "opportunity_matched BOOLEAN, gmv DOUBLE)"
            )
            database.executemany(f"INSERT INTO p VALUES ({', '.join('?' * 10)})", products)
            database.execute(f"COPY (SELECT * EXCLUDE gmv FROM p) TO '{home / 'products.parquet'}'")
            day = f"DATE '{LAST_DAY}'"
            known = f"SELECT shop, product, {day} AS date, gmv FROM p WHERE gmv IS DISTINCT FROM 0"
            begun = f"SELECT 'a', 'begun', {day} - 29, 0.0"
            database.execute(
                f"COPY ({known} UNION ALL {begun}) TO '{home / 'sold.parquet'}' (FORMAT parquet)"
            )
    return build(folder, [], registry)


def cards_of(inputs: Inputs, shop: str = "a") -> dict[str, TaskCard]:
    return {each.id: each for each in diagnose(inputs)[shop].diagnosis.cards}


def named(card: TaskCard) -> list[str]:
    return [each.id for each in card.products]


def test_the_three_that_sell_most_are_named_and_all_are_counted(tmp_path: Path) -> None:
    inputs = market(
        tmp_path,
        REGISTRY,
        Product("a", "p1", "One", stock=0, gmv=5.004),
        Product("a", "p2", "Two", stock=0, gmv=80.0),
        Product("a", "p3", None, stock=0, gmv=5.0),
        Product("a", "p4", "Four", stock=0, gmv=None),
        Product("a", "p5", "in stock", stock=1, gmv=900.0),
        Product("a", "p6", "not on sale", "draft", stock=0, gmv=900.0),
        Product("a", "p7", "unknown stock", gmv=900.0),
        Product("b", "p8", "of another shop", stock=0, gmv=900.0),
    )
    card = cards_of(inputs)["run_ads:shop"]
    assert card.products == (
        ProductRef(id="p2", title="Two", gmv_30d=80.0),
        ProductRef(id="p1", title="One", gmv_30d=5.0),
        ProductRef(id="p3", gmv_30d=5.0),
    )
    assert (card.products_behind, card.product) == (4, None)
    assert named(cards_of(inputs, "b")["run_ads:shop"]) == ["p8"]


def test_of_equal_sales_the_lower_id_comes_first_and_unknown_ones_last(tmp_path: Path) -> None:
    rows = [Product("a", id_, stock=0, gmv=gmv)
            for id_, gmv in (("p9", 1.0), ("p10", 1.0), ("p0", None), ("p5", 0.0))]  # fmt: skip
    card = cards_of(market(tmp_path, REGISTRY, *rows))["run_ads:shop"]
    assert named(card) == ["p10", "p9", "p5"]


def test_need_attention_names_them_too(tmp_path: Path) -> None:
    inputs = market(tmp_path, REGISTRY, Product("a", "p1", "One", stock=0, gmv=2.0))
    told = diagnose(inputs)["a"].diagnosis
    assert {note.channel: note.products for note in told.need_attention} == dict.fromkeys(
        (Channel.SHOP, Channel.SELLER_LIVE), (ProductRef(id="p1", title="One", gmv_30d=2.0),)
    )
    other = diagnose(inputs)["b"].diagnosis
    assert other.need_attention
    assert not any(note.products for note in other.need_attention)


def test_the_task_names_the_hero_and_its_card_is_one_of_its_own(tmp_path: Path) -> None:
    inputs = market(
        tmp_path,
        REGISTRY,
        Product("a", "p1", "draft", "draft", gmv=90.0),
        Product("a", "p2", "Hero", stock=3, gmv=50.0),
        Product("a", "p3", "as good", stock=3, gmv=50.0),
        Product("b", "p4", "never sold", stock=3, gmv=0.0),
        Product("b", "p5", "unknown", stock=3, gmv=None),
    )
    cards = cards_of(inputs)
    live = "restock:seller_live"
    assert set(cards) == {"restock:shop:p2", "run_ads:shop", live, f"{live}:p2"}
    assert cards["restock:shop:p2"].template == "acme.hero"
    assert cards["restock:shop:p2"].product == ProductRef(id="p2", title="Hero", gmv_30d=50.0)
    assert cards[live].template == "acme.other"
    diagnosis = diagnose(inputs)["a"].diagnosis
    assert diagnosis.for_you == ("restock:shop:p2", "run_ads:shop")
    assert diagnosis.by_channel[Channel.SELLER_LIVE] == (f"{live}:p2", live)
    withheld = {each.template: (each.reason, each.kept) for each in diagnosis.withheld}
    assert withheld == {
        "acme.other": ("same_objective", "restock:shop:p2"),
        "acme.plain": ("limit", ""),
    }
    assert all(each.product is None for each in cards_of(inputs, "b").values())


def test_without_product_facts_nothing_is_named(tmp_path: Path) -> None:
    inputs = market(tmp_path, REGISTRY)
    body = diagnose(inputs)["a"].document.body
    assert b"products" not in body
    assert b'"product"' not in body


def test_an_unknown_number_or_word_meets_no_condition(tmp_path: Path) -> None:
    numbers = [product_at_least(each, 0) for each in ProductNumber if each != "gmv_30d"]
    words = [product_is("status", *ProductStatus), product_is("listing_quality", *ListingQuality)]
    conditions: list[ProductCondition] = [*numbers, *words]
    for number, condition in enumerate(conditions):
        registry = page((condition,))
        folder = tmp_path / str(number)
        folder.mkdir()
        inputs = market(
            folder,
            registry,
            Product("a", "p1", None, None, gmv=1.0),
            Product("b", "p2", None, "live", "good", 1.0, 4.0, 2.0, True, 1.0),
        )
        assert cards_of(inputs)["run_ads:shop"].products_behind is None
        assert cards_of(inputs, "b")["run_ads:shop"].products_behind == 1


HOSTILE = ["\x00", "\x1b[2J", "a\u202eb", "x" * 65536, "\n\r\u2028", "=cmd()"]


def test_hostile_titles_come_through_as_one_bounded_text(tmp_path: Path) -> None:
    rows = [Product("a", f"p{n}", each, stock=0, gmv=1.0) for n, each in enumerate(HOSTILE[:3])]
    more = [Product("b", f"p{n}", each, stock=0, gmv=1.0) for n, each in enumerate(HOSTILE[3:])]
    inputs = market(tmp_path, REGISTRY, *rows, *more)
    told = [each.title for each in cards_of(inputs)["run_ads:shop"].products]
    told += [each.title for each in cards_of(inputs, "b")["run_ads:shop"].products]
    assert told == ["", "\x1b[2J", "a\u202eb", "x" * 80, "\n\r\u2028", "=cmd()"]
