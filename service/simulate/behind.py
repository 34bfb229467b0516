"""What stands behind the facts of the shops: the tables of products, contents and violations."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.blame import violations_of
from shopace.service.simulate.contents import content_days, creator_id, creators, is_live
from shopace.service.simulate.product_days import CHANNELS, Facts, product_days
from shopace.service.simulate.products import (
    QUALITIES,
    SELLING,
    STATUSES,
    Goods,
    goods,
    product_ids,
    titles,
)
from shopace.service.simulate.shops import INDUSTRIES
from shopace.service.simulate.world import World
from shopace.service.simulate.write import Column, Sheet

_COUNTS = (
    *("product_impressions", "unique_product_impressions", "product_clicks"),
    *("unique_product_clicks", "add_to_carts", "add_to_cart_users", "orders", "sku_orders"),
    *("unique_buyers", "est_customers", "items_sold", "items_refunded", "new_videos", "new_lives"),
)
_AMOUNTS = ("gmv", "refunds")
_SHOWN = ("product_impressions", "product_clicks", "sku_orders", "views")
"""Of a content, beside its GMV."""


Ids = NDArray[np.int64]


class Behind:
    """The tables, gathered chunk by chunk."""

    def __init__(
        self, folder: Path, first_day: date, *, since: date, seed: int, parts: int
    ) -> None:
        self._seed, self._since = seed, since
        self._shops = 0
        """How many the present files hold so far."""
        day = f"DATE '{first_day}' + day::INTEGER AS date"
        counts = ", ".join(f"{each}::INTEGER AS {each}" for each in _COUNTS)
        amounts = ", ".join(f"{each}::DECIMAL(18, 2) AS {each}" for each in _AMOUNTS)
        channels = ", ".join(f"'{each.value}'" for each in CHANNELS)
        formats = ", ".join(f"'{each.value}'" for each in FIVE)

        def sheet(name: str, select: str) -> Sheet:
            return Sheet(folder, name, select, parts=parts)

        self.products = sheet(
            "products",
            "SELECT shop_id, product_id::VARCHAR AS product_id, title, category, "
            "'https://example.com/' || product_id || '.jpg' AS image, "
            "'https://example.com/p/' || product_id AS link, status, price, rating, "
            "stock::INTEGER AS stock, listing_quality, opportunity_matched FROM products",
        )
        of_product = f"SELECT shop_id, product::VARCHAR AS product_id, {day}"
        from_ = "FROM facts JOIN shops USING (shop)"
        self.days = sheet(
            "product_days",
            f"{of_product}, [{channels}][channel + 1] AS channel, {counts}, {amounts} {from_}",
        )
        shown = ", ".join(f"{each}::INTEGER AS {each}" for each in _SHOWN)
        self.contents = sheet(
            "contents",
            f"{of_product}, content::VARCHAR AS content_id, "
            f"split_part([{formats}][channel + 1], '_', 2) AS content_kind, "
            f"split_part([{formats}][channel + 1], '_', 1) AS account, "
            f"creator AS creator_id, title, {shown}, gmv::DECIMAL(18, 2) AS gmv {from_}",
        )
        self.violations = sheet(
            "violations",
            "SELECT shop_id, violation_id, category, points::INTEGER AS points, "
            "issued_on::DATE AS issued_on, ends_on::DATE AS ends_on, "
            "appeal_by::DATE AS appeal_by, status FROM violations",
        )
        self.creators = sheet("creators", "SELECT * FROM creators")
        self._sheets = (self.products, self.days, self.contents, self.violations)

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(file for each in (*self._sheets, self.creators) for file in each.files)

    def add(self, world: World, *, first: int) -> None:
        """The shops of a chunk, the first of which is shop number `first` of the marketplace."""
        listed = goods(world)
        ids = product_ids(first, self._seed, world.shape[0])
        shops = _text(world.shops.ids)
        names = {"shop": np.arange(shops.size) + self._shops, "shop_id": shops}
        self._add_products(world, listed, ids)
        facts = product_days(world, listed)
        self._add_days(world, facts, ids, names)
        self._add_contents(world, listed, facts, ids, names)
        found = violations_of(world)
        columns = {
            field: _text([getattr(each, field) for each in found])
            for field in ("shop_id", "violation_id", "category", "status")
        }
        columns |= {
            field: _text([getattr(each, field).isoformat() for each in found])
            for field in ("issued_on", "ends_on", "appeal_by")
        }
        points = [np.nan if each.points is None else float(each.points) for each in found]
        self.violations.add(len(found), violations={**columns, "points": np.array(points, float)})
        self._shops += shops.size

    def write(self) -> None:
        for each in self._sheets:
            each.write()
        self._shops = 0

    def write_creators(self) -> None:
        """The table of everybody who posts, once."""
        rows = creators(self._seed)
        ids, names, types = (_text(list(each)) for each in zip(*rows, strict=True))
        table = {"creator_id": ids, "name": names, "type": types}
        self.creators.add(len(rows), creators=table)
        self.creators.write()

    def _add_products(self, world: World, listed: Goods, ids: Ids) -> None:
        shop, place = np.nonzero(listed.there)
        industry = world.shops.industry[shop]
        price = listed.price[shop, place]
        quality, status = listed.quality[shop, place], listed.status[shop, place]
        columns: dict[str, Column] = {
            "shop_id": _text(world.shops.ids)[shop],
            "product_id": ids[shop, place],
            "title": _text(
                [
                    titles(*each)
                    for each in zip(industry.tolist(), price.tolist(), place.tolist(), strict=True)
                ]
            ),
            "category": _text([each.key for each in INDUSTRIES])[industry],
            "status": _text(list(STATUSES))[status],
            "price": price,
            "rating": listed.rating[shop, place],
            "stock": listed.stock[shop, place],
            "listing_quality": _text(list(QUALITIES))[quality],
            "opportunity_matched": listed.matched[shop, place],
        }
        self.products.add(shop.size, products=columns)

    def _add_days(
        self, world: World, facts: list[Facts], ids: Ids, names: dict[str, Column]
    ) -> None:
        since = world.days - facts[0]["gmv"].shape[1]
        open_ = np.arange(since, world.days) >= world.shops.opened[:, None]
        parts: list[dict[str, Column]] = []
        for channel, of in enumerate(facts):
            seen = of["product_impressions"]
            shop, day, place = np.nonzero(((seen > 0) | np.isnan(seen)) & open_[:, :, None])
            unknown = np.full(shop.size, np.nan)
            rows: dict[str, Column] = {
                "shop": shop + self._shops,
                "product": ids[shop, place],
                "day": since + day,
                "channel": np.full(shop.size, channel),
            }
            for measure in (*_COUNTS, *_AMOUNTS):
                rows[measure] = of[measure][shop, day, place] if measure in of else unknown
            parts.append(rows)
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        self.days.add(columns["day"].size, facts=columns, shops=names)

    def _add_contents(
        self,
        world: World,
        listed: Goods,
        facts: list[Facts],
        ids: Ids,
        names: dict[str, Column],
    ) -> None:
        found = content_days(facts, ids, world.days - facts[0]["gmv"].shape[1])
        shop, place, channel = found.shop, found.place, found.channel
        industry, price = world.shops.industry, listed.price
        sold = {
            (s, p): titles(int(industry[s]), float(price[s, p]), p)
            for s in range(world.shape[0])
            for p in range(SELLING)
        }
        live, creator = is_live(channel).tolist(), found.creator.tolist()
        rows: dict[str, Column] = dict(found.numbers)
        rows["title"] = _text(
            [
                f"{sold[s, p]} {'LIVE' if is_ else 'in use'}"
                for s, p, is_ in zip(shop.tolist(), place.tolist(), live, strict=True)
            ]
        )
        theirs = np.array([each.value.startswith("affiliate") for each in FIVE])[channel]
        rows["creator"] = _text(
            [
                creator_id(each, self._seed) if other else None
                for each, other in zip(creator, theirs.tolist(), strict=True)
            ]
        )
        rows |= {"shop": shop + self._shops, "product": ids[shop, place], "channel": channel}
        self.contents.add(shop.size, facts=rows, shops=names)

    def mapping(self) -> str:
        """The tables in the words of a mapping."""
        return f"""
# Some of each shop's listings, the best sellers among them, as they are on the last day.
[[tables]]
files = "{self.products.pattern}"
kind = "products"
shop = "shop_id"
product = "product_id"
[tables.fields]
title = "title"
category = "category"
image = "image"
link = "link"
status = "status"
price = "price"
rating = "rating"
stock = "stock"
listing_quality = "listing_quality"
opportunity_matched = "opportunity_matched"

# A row for every day on which a product was seen in a channel; the channel "shop" is all of them.
[[tables]]
files = "{self.days.pattern}"
kind = "product_facts"
shop = "shop_id"
product = "product_id"
date = "date"
channel = "channel"
first_day = {self._since}
absent_day = "zero"

[[tables]]
files = "{self.contents.pattern}"
kind = "contents"
shop = "shop_id"
product = "product_id"
date = "date"
content = "content_id"
[tables.fields]
content_kind = "content_kind"
account = "account"
creator = "creator_id"
title = "title"

[[tables]]
files = "{self.creators.pattern}"
kind = "creators"
creator = "creator_id"
[tables.fields]
name = "name"
type = "type"

[[tables]]
files = "{self.violations.pattern}"
kind = "violations"
shop = "shop_id"
violation = "violation_id"
[tables.fields]
category = "category"
points = "points"
issued_on = "issued_on"
ends_on = "ends_on"
appeal_by = "appeal_by"
status = "status"
"""


def _text(values: list[str | None] | list[str]) -> Column:
    return np.array(values, dtype=object)
