"""Product traffic on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from shopace.core.traffic.contents import FIGURES
from shopace.core.traffic.metrics import FUNNEL, METRICS, View
from shopace.core.vocabulary.units import Unit
from shopace.service.clean import clean
from shopace.service.figures import change, counted, figure
from shopace.service.terminal import add_row, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from shopace.core.records.traffic import (
        Days,
        Figure,
        FormatTraffic,
        ProductCard,
        ProductContents,
        ProductList,
        ProductTraffic,
        ProductTrend,
    )

_BAR = 16
_WIDE = 120
"""Columns of a terminal that has room for the whole funnel beside a name."""
_TITLES = {"views": "Views"} | {key: METRICS[key].title for key in FIGURES if key in METRICS}
_LISTED = ("gmv", *FUNNEL[View.PV])
_MARK = " *"


def show_list(console: Console, found: ProductList) -> None:
    """A line per product: who it is and the metric of the ranking; where there is room, more."""
    by = METRICS[found.ranked_by]
    heading(console, f"Products of {found.shop}", found.tab, found.days)
    more = [key for key in _LISTED if key != by.key and found.format in METRICS[key].formats]
    if console.width < _WIDE:
        more = []
    titles = [METRICS[key].title for key in more]
    made = table(
        "#", "product", "status", "GMV range", by.title, "change", *titles,
        right=("#", by.title, "change", *titles), wrap=("product",),
    )  # fmt: skip
    made.columns[1].min_width = _longest(each.product.id for each in found.products)
    for each in found.products:
        card = each.product
        status = Text(card.status.label if card.status is not None else "–")
        if card.opportunity_matched:
            status.append("\nopportunity", style="dim")
        values = [_value(key, each.figures[key].value, found.currency) for key in (by.key, *more)]
        moved = change(each.figures[by.key].change)
        name = _named(card.title, card.id)
        add_row(
            made,
            (f"{each.rank}", name, status, card.gmv_range or "–", values[0], moved, *values[1:]),
        )
    console.print(made)
    order = "the least first" if found.ascending else "the most first"
    cut = f"{len(found.products):,} of " if len(found.products) < found.total else ""
    console.print(
        Text(f"\n{cut}{counted(found.total, 'product')}, by {by.title}, {order}", style="dim")
    )


def show_traffic(console: Console, found: ProductTraffic, view: str) -> None:
    """The product, the funnel by format, and every metric of the first format."""
    if found.product is not None:
        show_card(console, found.product, found.currency)
    first = found.formats[0]
    name = found.product.title or found.product.id if found.product is not None else "All products"
    heading(console, name, f"shop {found.shop}", found.days)
    _show_funnels(console, found, View(view))
    console.print()
    console.print(Text(f"All metrics: {first.tab}", style="bold"))
    made = table("metric", "value", "before", "change", right=("value", "before", "change"))
    for key, each in first.figures.items():
        numbers = [_value(key, number, found.currency) for number in (each.value, each.previous)]
        mark = _MARK if key in first.summed else ""
        add_row(made, (METRICS[key].title + mark, *numbers, change(each.change)))
    console.print(made)
    if any(each.summed for each in found.formats):
        note = "* summed over products: the shop's own facts do not have it"
        console.print(Text(note, style="dim"))


def show_card(console: Console, card: ProductCard, currency: str) -> None:
    """What is known of a product."""
    console.print(Text(clean(card.title or card.id), style="bold"))
    opportunity = {True: "matched", False: "not matched", None: "–"}[card.opportunity_matched]
    lines = {
        "Product ID": card.id,
        "Category": card.category or "–",
        "Status": card.status.label if card.status is not None else "–",
        "Price": figure(card.price, Unit.MONEY, currency),
        "Rating": figure(card.rating, Unit.SCORE),
        "Stock": figure(card.stock, Unit.COUNT),
        "Listing quality": card.listing_quality.value if card.listing_quality is not None else "–",
        "GMV range": card.gmv_range or "–",
        "Opportunity": opportunity,
        "Image": card.image or "–",
        "Page": card.link or "–",
    }
    for name, value in lines.items():
        console.print(Text(f"  {name:<16}", style="dim").append(clean(value), style="default"))
    console.print()


def show_contents(console: Console, found: ProductContents) -> None:
    """Creators first, then LIVEs and videos."""
    heading(console, found.product.title or found.product.id, found.tab, found.days)
    shown = list(FIGURES)
    if console.width < _WIDE:
        shown = list(dict.fromkeys((found.ranked_by, "product_clicks", "ctor", "gmv")))
    titles = [_TITLES[key] for key in shown]

    def values(figures: dict[str, float | None]) -> list[str]:
        return [figure(figures[key], FIGURES[key], found.currency) for key in shown]

    if found.creators:
        columns = ("creator", "type", "LIVEs", "videos", *titles)
        made = table(*columns, right=columns[2:], wrap=("creator",))
        made.columns[0].min_width = _longest(one.id for one in found.creators)
        for one in found.creators:
            who = (_named(one.name, one.id), one.type or "–", f"{one.lives}", f"{one.videos}")
            add_row(made, (*who, *values(one.figures)))
        console.print(made)
        console.print()
    columns = ("content", "kind", "creator", *titles)
    made = table(*columns, right=titles, wrap=("content", "creator"))
    made.columns[0].min_width = _longest(each.id for each in found.contents)
    for each in found.contents:
        kind = " ".join(part.value for part in (each.account, each.kind) if part is not None)
        creator = each.creator_name or each.creator or "–"
        add_row(made, (_named(each.title, each.id), kind or "–", creator, *values(each.figures)))
    console.print(made)
    count = found.total_contents
    lives = "1 LIVE or video" if count == 1 else f"{count:,} LIVEs and videos"
    types = f"; creator types: {', '.join(found.creator_types)}" if found.creator_types else ""
    what = f"{lives}, {counted(found.total_creators, 'creator')}{types}"
    console.print()
    console.print(Text(clean(what), style="dim"))


def show_trend(console: Console, found: ProductTrend) -> None:
    """A line per day, a bar per metric against its own best day."""
    heading(console, found.product.title or found.product.id, found.tab, found.days)
    columns = [part for line in found.lines for part in (line.title, " " * (len(line.title) + 1))]
    made = table("day", *columns, right=[line.title for line in found.lines])
    tops = [max((each for each in line.values if each), default=0.0) for line in found.lines]
    for index, day in enumerate(found.dates):
        cells = []
        for line, top in zip(found.lines, tops, strict=True):
            value = line.values[index]
            bar = "" if value is None or not top else "█" * round(_BAR * value / top)
            cells += [_value(line.metric, value, found.currency), bar]
        add_row(made, (str(day), *cells))
    console.print(made)
    for line in found.lines:
        total = _value(line.metric, line.total.value, found.currency)
        before = _value(line.metric, line.total.previous, found.currency)
        moved = f"before {before}, {change(line.total.change)}"
        console.print(Text(f"{line.title}: {total} in the whole period ({moved})", style="dim"))


def heading(console: Console, what: str, where: str, days: Days) -> None:
    console.print(Text(clean(f"{what} · {where}"), style="bold"))
    compared = f"compared with {days.previous_first} to {days.previous_last}"
    console.print(Text(f"{days.first} to {days.last}, {compared}\n", style="dim"))


def _show_funnels(console: Console, found: ProductTraffic, view: View) -> None:
    gmv = f"GMV {found.currency}".strip()
    orders = "SKU orders" if view is View.PV else "buyers"
    numbers = ("impressions", "clicks", orders, "CTR", "CTOR", gmv)
    format_ = f"format ({view.value.upper()})"
    made = table(format_, *numbers, right=numbers, wrap=(format_,))
    for each in found.formats:
        steps = next(funnel for funnel in each.funnels if funnel.view == view)
        figures = (steps.impressions, steps.clicks, steps.orders, steps.ctr, steps.ctor)
        cells = [_step(each, *step) for step in zip(FUNNEL[view], figures, strict=True)]
        add_row(made, (each.tab, *cells, _step(each, "gmv", each.figures.get("gmv"))))
    console.print(made)


def _step(form: FormatTraffic, key: str, value: Figure | None) -> str:
    """A figure; blank where the format does not have the metric, `–` where it is missing."""
    if value is None or key not in form.figures:
        return ""
    mark = _MARK if key in form.summed else ""
    return _value(key, value.value, "") + mark


def _value(key: str, value: float | None, currency: str) -> str:
    return figure(value, METRICS[key].unit, currency)


def _named(title: str, name: str) -> Text:
    """A title with the id below it."""
    told = Text(clean(title))
    return told.append(("\n" if title else "") + clean(name), style="dim" if title else "")


def _longest(ids: Iterable[str]) -> int:
    """Ids are copied from the terminal: they stay on one line."""
    return max(map(len, ids), default=0)
