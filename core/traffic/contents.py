"""The LIVEs and videos behind a product, and the creators of its affiliate content.

A content's row exists only for days on which it did something for the product, so its numbers are
the sums of its rows; where one of them is unknown, so is the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.errors import NotFoundError, did_you_mean
from shopace.core.evaluation import tidy
from shopace.core.records.traffic import Content, ContentCreator, Days, ProductContents
from shopace.core.traffic.products import product_card
from shopace.core.vocabulary.contents import Account, ContentKind
from shopace.core.vocabulary.formats import Format
from shopace.core.vocabulary.units import Unit
from shopace.core.warehouse.mapping import Kind
from shopace.core.warehouse.sql import text

if TYPE_CHECKING:
    from shopace.core.traffic.source import ShopFacts

FIGURES: dict[str, Unit] = {
    "views": Unit.COUNT,
    "product_impressions": Unit.COUNT,
    "product_clicks": Unit.COUNT,
    "ctr": Unit.RATIO,
    "sku_orders": Unit.COUNT,
    "ctor": Unit.RATIO,
    "gmv": Unit.MONEY,
}
"""What is told of a content or creator. CTR is clicks ÷ product impressions, never ÷ views."""

_SUMS = ("views", "product_impressions", "product_clicks", "sku_orders", "gmv")
_WHICH: dict[Format, str] = {
    Format.ALL: "true",
    Format.SELLER_LIVE: f"account = '{Account.SELLER}' AND kind = '{ContentKind.LIVE}'",
    Format.SELLER_VIDEO: f"account = '{Account.SELLER}' AND kind = '{ContentKind.VIDEO}'",
    Format.AFFILIATE: f"account = '{Account.AFFILIATE}'",
    Format.AFFILIATE_LIVE: f"account = '{Account.AFFILIATE}' AND kind = '{ContentKind.LIVE}'",
    Format.AFFILIATE_VIDEO: f"account = '{Account.AFFILIATE}' AND kind = '{ContentKind.VIDEO}'",
}


def product_contents(
    source: ShopFacts,
    days: Days,
    form: Format,
    product: str,
    *,
    by: str = "gmv",
    top: int | None = None,
    search: str | None = None,
    creator_type: str | None = None,
) -> ProductContents:
    """Contents and creators behind a product in one format, ranked; those without a value last.

    `search` is part of a creator's name or id, `creator_type` one of the types that there are: both
    leave only affiliate contents. Raises NotFoundError for a format without contents, an unknown
    figure or an unknown type.
    """
    if form not in _WHICH:
        hint = f"there are contents of {', '.join(_WHICH)}"
        raise NotFoundError(f"there are no LIVEs or videos of {form.tab}", hint=hint)
    if by not in FIGURES:
        hint = did_you_mean(by, FIGURES) or f"there are {', '.join(FIGURES)}"
        raise NotFoundError(f'contents are not ranked by "{by}"', hint=hint)
    card = product_card(source, product)
    _collect(source, days, form, product)
    types = tuple(
        row[0]
        for row in source.facts.rows(
            "SELECT DISTINCT creator_type FROM traffic_contents "
            "WHERE creator_type IS NOT NULL ORDER BY 1"
        )
    )
    chosen = _chosen(types, search, creator_type)
    order = f"ORDER BY {by} DESC NULLS LAST, id" + (f" LIMIT {top}" if top is not None else "")
    contents = f"FROM traffic_contents WHERE {chosen}"
    creators = f"{contents} AND account = '{Account.AFFILIATE}' AND creator IS NOT NULL"
    figures = ", ".join(FIGURES)
    sums = ", ".join(_sum(each) for each in _SUMS)
    by_creator = source.facts.rows(
        f"SELECT id, name, type, lives, videos, {_rates(figures)} FROM (SELECT creator AS id, "
        "any_value(creator_name) AS name, any_value(creator_type) AS type, "
        f"count_if(kind = '{ContentKind.LIVE}') AS lives, "
        f"count_if(kind = '{ContentKind.VIDEO}') AS videos, {sums} {creators} GROUP BY creator) "
        + order
    )
    by_content = source.facts.rows(
        f"SELECT id, kind, account, title, creator, creator_name, {figures} {contents} {order}"
    )
    count = f"SELECT count(*), (SELECT count(DISTINCT creator) {creators}) {contents}"
    total_contents, total_creators = source.facts.rows(count)[0]
    return ProductContents(
        shop=source.shop,
        product=card,
        currency=source.currency,
        format=form,
        tab=form.tab,
        days=days,
        ranked_by=by,
        creator_types=types,
        total_contents=total_contents,
        total_creators=total_creators,
        contents=tuple(
            Content(
                id=row[0],
                kind=ContentKind(row[1]) if row[1] is not None else None,
                account=Account(row[2]) if row[2] is not None else None,
                title=row[3] if row[3] is not None else "",
                creator=row[4] if row[4] is not None else "",
                creator_name=row[5] if row[5] is not None else "",
                figures=_figures(row[6:]),
            )
            for row in by_content
        ),
        creators=tuple(
            ContentCreator(
                id=row[0],
                name=row[1] if row[1] is not None else "",
                type=row[2] if row[2] is not None else "",
                lives=row[3],
                videos=row[4],
                figures=_figures(row[5:]),
            )
            for row in by_creator
        ),
    )


def _collect(source: ShopFacts, days: Days, form: Format, product: str) -> None:
    """Create `traffic_contents`: a row per content of the product in the period and format."""
    latest = ", ".join(
        f"arg_max({column}, day) AS {name}"
        for column, name in (
            ("content_kind", "kind"),
            ("account", "account"),
            ("title", "title"),
            ("creator", "creator"),
        )
    )
    sums = ", ".join(_sum(each) for each in _SUMS)
    figures = _rates(", ".join(FIGURES))
    source.facts.rows(
        "CREATE OR REPLACE TEMP TABLE traffic_contents AS WITH "
        f"days AS (SELECT DISTINCT * FROM {Kind.CONTENTS} WHERE shop = {text(source.shop)} "
        f"AND product = {text(product)} AND day BETWEEN DATE '{days.first}' AND "
        f"DATE '{days.last}'), "
        f"each AS (SELECT content AS id, {latest}, {sums} FROM days GROUP BY content), "
        "who AS (SELECT creator, any_value(name) AS creator_name, any_value(type) AS creator_type "
        f"FROM {Kind.CREATORS} GROUP BY creator) "
        f"SELECT id, kind, account, title, creator, creator_name, creator_type, {figures} "
        f"FROM each LEFT JOIN who USING (creator) WHERE {_WHICH[form]}",
        source.facts.details.get(Kind.CONTENTS),
    )


def _chosen(types: tuple[str, ...], search: str | None, creator_type: str | None) -> str:
    conditions = ["true"]
    if creator_type is not None:
        fits = [each for each in types if each.casefold() == creator_type.casefold()]
        if not fits:
            hint = did_you_mean(creator_type, types) or (
                f"there are {', '.join(types)}" if types else "no creator's type is known here"
            )
            raise NotFoundError(f'no creator type "{creator_type}"', hint=hint)
        conditions.append(f"creator_type IN ({', '.join(text(each) for each in fits)})")
    if search is not None:
        word = f"lower({text(search)})"
        conditions.append(
            f"(contains(lower(creator), {word}) OR contains(lower(creator_name), {word}))"
        )
    return " AND ".join(conditions)


def _sum(measure: str) -> str:
    return f"CASE WHEN count({measure}) = count(*) THEN sum({measure}) END AS {measure}"


def _rates(figures: str) -> str:
    """The figures as SQL over their sums."""
    made = {
        "ctr": "CAST(product_clicks AS DOUBLE) / nullif(product_impressions, 0) AS ctr",
        "ctor": "CAST(sku_orders AS DOUBLE) / nullif(product_clicks, 0) AS ctor",
    }
    return ", ".join(
        made.get(each, f"CAST({each} AS DOUBLE) AS {each}") for each in figures.split(", ")
    )


def _figures(values: tuple[float | None, ...]) -> dict[str, float | None]:
    return {
        key: None if value is None else tidy(value, unit.decimals)
        for (key, unit), value in zip(FIGURES.items(), values, strict=True)
    }
