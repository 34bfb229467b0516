"""`shopace products`: where a product's traffic comes from, and what becomes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from shopace.core.errors import NotFoundError, did_you_mean
from shopace.core.vocabulary.formats import Format, parse_format
from shopace.core.vocabulary.products import ProductStatus
from shopace.service.cli.facts import places
from shopace.service.cli.session import Branch, Leaf, session
from shopace.service.cli.snapshot import DAY

if TYPE_CHECKING:
    from shopace.core.records.traffic import Days
    from shopace.core.traffic.source import ShopFacts

TOP = 20


class Asked(NamedTuple):
    """Which facts and which days."""

    mapping: Path | None
    folder: Path | None
    period: str | None
    first: dt.datetime | None
    last: dt.datetime | None


@click.group(cls=Branch)
def command() -> None:
    """Show where products' traffic comes from, and what becomes of it.

    The product traffic analysis of the Seller Center, by its eight content formats, from the
    product facts in the data folder: see docs/product-traffic.md. Metrics, formats and former names
    of metrics are known by key and by name ("ctor", "CTOR", "Conversion rate").
    """


def _asked(function: Callable[..., None]) -> Callable[..., None]:
    """The options that all commands of the group have, as one argument `asked`."""

    def call(
        *args: Any,  # noqa: ANN401
        mapping: Path | None,
        folder: Path | None,
        period: str | None,
        first: dt.datetime | None,
        last: dt.datetime | None,
        **rest: Any,  # noqa: ANN401
    ) -> None:
        if period is not None and first is not None:
            raise click.UsageError("--period and --from are two ways to say one thing")
        function(*args, asked=Asked(mapping, folder, period, first, last), **rest)

    call.__doc__ = function.__doc__
    call.__name__ = function.__name__
    call.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(
        (
            click.option("--period", type=click.Choice(["L7D", "L30D"], case_sensitive=False),
                         help="Last 7 or 30 days. [default: L30D]"),
            click.option("--from", "first", type=DAY, help="First day, instead of a period."),
            click.option("--to", "last", type=DAY, help="Last day. [default: the latest final]"),
            click.option("--mapping", type=click.Path(path_type=Path), metavar="FILE",
                         help="Mapping of the facts. [default: mapping.toml beside them]"),
            click.option("--facts", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
                         help="Folder of the facts. [default: facts in the data folder]"),
        )
    ):  # fmt: skip
        call = option(call)
    return call


def _form(_: click.Context, __: click.Parameter, words: Any) -> Any:  # noqa: ANN401
    return tuple(map(parse_format, words)) if isinstance(words, tuple) else parse_format(words)


_FORMAT = click.option("--format", "form", default="all", show_default=True, metavar="FORMAT",
                       callback=_form, help="One of the eight content formats.")  # fmt: skip
_FORMATS = click.option("--format", "forms", multiple=True, metavar="FORMAT", callback=_form,
                        help="Only this one; may be given again. [default: all eight]")  # fmt: skip
_TOP = click.option("--top", type=click.IntRange(1), default=TOP, show_default=True,
                    help="How many are shown.")  # fmt: skip


@command.command(
    "list",
    cls=Leaf,
    examples=(
        "shopace products list SHOP --data shopace-demo",
        'shopace products list SHOP --format "Seller LIVE" --by ctor --period L7D',
        "shopace products list SHOP --status live --gmv-range 30k-100k --json",
    ),
)
@click.argument("shop")
@_FORMAT
@click.option("--by", default="gmv", show_default=True, metavar="METRIC",
              help="Metric that the products are ranked by.")  # fmt: skip
@click.option("--ascending", is_flag=True, help="The least first.")
@_TOP
@click.option("--status", type=click.Choice([each.value for each in ProductStatus],
              case_sensitive=False), help="Only products of this status.")  # fmt: skip
@click.option("--opportunity/--no-opportunity", default=None,
              help="Only products that match an opportunity, or that match none.")  # fmt: skip
@click.option("--gmv-range", metavar="RANGE", help='Only products of this range: "30k-100k".')
@click.option("--search", metavar="TEXT", help="Only products with it in their name or id.")
@_asked
def list_(
    *,
    shop: str,
    form: Format,
    by: str,
    ascending: bool,
    top: int,
    status: str | None,
    opportunity: bool | None,
    gmv_range: str | None,
    search: str | None,
    asked: Asked,
) -> None:
    """Rank a shop's products by a metric, in one content format.

    What a product did elsewhere does not count: by format, one sees what each format is good for.
    """
    from shopace.core.traffic.metrics import parse_metric
    from shopace.core.traffic.products import Filters, product_list

    metric = parse_metric(by)
    filters = Filters(
        ProductStatus(status) if status is not None else None, opportunity, gmv_range, search
    )
    with _opened(shop, asked) as (source, days):
        found = product_list(
            source, days, form, metric, ascending=ascending, top=top, filters=filters
        )
    if session().json:
        session().emit(found)
        return
    from shopace.service.render_traffic import show_list

    show_list(session().console(), found)


@command.command(
    cls=Leaf,
    examples=(
        "shopace products show SHOP PRODUCT --data shopace-demo",
        "shopace products show SHOP PRODUCT --format affiliate --view uv --json",
    ),
)
@click.argument("shop")
@click.argument("product")
@_FORMATS
@click.option("--view", type=click.Choice(["pv", "uv"]), default="pv", show_default=True,
              help="Count times or people.")  # fmt: skip
@_asked
def show(*, shop: str, product: str, forms: tuple[Format, ...], view: str, asked: Asked) -> None:
    """Show a product: its card, its funnel and its metrics."""
    _traffic(shop, product, forms, view, asked)


@command.command(
    cls=Leaf,
    examples=(
        "shopace products traffic SHOP --data shopace-demo",
        "shopace products traffic SHOP --view uv --period L7D --json",
    ),
)
@click.argument("shop")
@_FORMATS
@click.option("--view", type=click.Choice(["pv", "uv"]), default="pv", show_default=True,
              help="Count times or people.")  # fmt: skip
@_asked
def traffic(*, shop: str, forms: tuple[Format, ...], view: str, asked: Asked) -> None:
    """Show the traffic of all products of a shop, by format.

    The shop's own facts come first; what they lack is summed over products, and marked. Counts of
    people are never summed.
    """
    _traffic(shop, None, forms, view, asked)


def _traffic(
    shop: str, product: str | None, forms: tuple[Format, ...], view: str, asked: Asked
) -> None:
    from shopace.core.traffic.products import product_traffic

    with _opened(shop, asked) as (source, days):
        found = product_traffic(source, days, forms or tuple(Format), product)
    if session().json:
        session().emit(found)
        return
    from shopace.service.render_traffic import show_traffic

    show_traffic(session().console(), found, view)


@command.command(
    cls=Leaf,
    examples=(
        "shopace products contents SHOP PRODUCT --data shopace-demo",
        "shopace products contents SHOP PRODUCT --format affiliate --search mila",
        "shopace products contents SHOP PRODUCT --format affiliate-live --creator-type star",
    ),
)
@click.argument("shop")
@click.argument("product")
@_FORMAT
@click.option("--by", default="gmv", show_default=True, metavar="METRIC",
              help="What they are ranked by.")  # fmt: skip
@_TOP
@click.option("--search", metavar="TEXT", help="Only creators with it in their name or id.")
@click.option("--creator-type", metavar="TYPE", help="Only creators of this type.")
@_asked
def contents(
    *,
    shop: str,
    product: str,
    form: Format,
    by: str,
    top: int,
    search: str | None,
    creator_type: str | None,
    asked: Asked,
) -> None:
    """Show the LIVEs, videos and creators behind a product."""
    from shopace.core.traffic.contents import FIGURES, product_contents
    from shopace.core.traffic.metrics import parse_metric

    key = by if by in FIGURES else _figure(by, FIGURES, parse_metric)
    with _opened(shop, asked) as (source, days):
        found = product_contents(
            source, days, form, product, by=key, top=top, search=search, creator_type=creator_type
        )
    if session().json:
        session().emit(found)
        return
    from shopace.service.render_traffic import show_contents

    show_contents(session().console(), found)


def _figure(word: str, known: Any, parse: Callable[[str], Any]) -> str:  # noqa: ANN401
    """The key of a figure by another of its names. Raises NotFoundError."""
    try:
        key: str = parse(word).key
    except NotFoundError:
        key = word
    if key not in known:
        hint = did_you_mean(word, known) or f"there are {', '.join(known)}"
        raise NotFoundError(f'contents are not ranked by "{word}"', hint=hint)
    return key


@command.command(
    cls=Leaf,
    examples=(
        "shopace products trend SHOP PRODUCT product_clicks --data shopace-demo",
        "shopace products trend SHOP PRODUCT CTR CTOR --format seller_video --period L7D",
    ),
)
@click.argument("shop")
@click.argument("product")
@click.argument("metrics", metavar="METRIC [METRIC]", nargs=-1, required=True)
@_FORMAT
@_asked
def trend(*, shop: str, product: str, metrics: tuple[str, ...], form: Format, asked: Asked) -> None:
    """Show one or two metrics of a product day by day."""
    from shopace.core.traffic.metrics import parse_metric
    from shopace.core.traffic.trend import MOST, product_trend

    if len(metrics) > MOST:
        raise click.UsageError(f"a trend shows one metric or two, not {len(metrics)}")
    wanted = [parse_metric(each) for each in metrics]
    with _opened(shop, asked) as (source, days):
        found = product_trend(source, days, form, wanted, product)
    if session().json:
        session().emit(found)
        return
    from shopace.service.render_traffic import show_trend

    show_trend(session().console(), found)


@command.command(
    cls=Leaf,
    examples=(
        "shopace products export SHOP traffic.csv --data shopace-demo",
        "shopace products export SHOP traffic.xlsx --period L7D",
    ),
)
@click.argument("shop")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_asked
def export(*, shop: str, file: Path, asked: Asked) -> None:
    """Write all products in all formats into one file.

    The column "Tab Name" tells the formats apart. CSV or XLSX, by the file's ending; a file of that
    name is replaced. XLSX needs the extra "xlsx".
    """
    from shopace.core.traffic.export import COLUMNS, export_rows
    from shopace.service.figures import counted
    from shopace.service.spreadsheet import require_writable, write_table

    require_writable(file)
    with _opened(shop, asked) as (source, days):
        rows = export_rows(source, days)
    write_table(file, COLUMNS, rows)
    products = len(rows) // len(Format)
    if session().json:
        told = {"file": str(file), "rows": len(rows), "products": products}
        session().emit({"shop": shop, "days": days, **told, "formats": list(Format)})
        return
    what = f"{counted(products, 'product')} in {len(Format)} formats, {days.first} to {days.last}"
    click.echo(f"{file}: {counted(len(rows), 'row')}, {what}")


@contextmanager
def _opened(shop: str, asked: Asked) -> Iterator[tuple[ShopFacts, Days]]:
    """The facts of the shop, and the days asked for."""
    from shopace.core.traffic.periods import period_of
    from shopace.core.traffic.source import open_shop
    from shopace.core.vocabulary.units import Window
    from shopace.core.warehouse.mapping import load_mapping

    mapping, folder = places(
        asked.mapping, asked.folder, call="--mapping mapping.toml --facts facts/"
    )
    measures = session().registry().measures
    ranges = session().configuration().gmv_ranges
    with open_shop(load_mapping(mapping, measures), folder, measures, shop, ranges=ranges) as found:
        days = period_of(
            found.known,
            window=Window(asked.period.upper()) if asked.period is not None else None,
            first=asked.first.date() if asked.first is not None else None,
            last=asked.last.date() if asked.last is not None else None,
        )
        if days.first < found.known.first:
            what = f"the facts begin on {found.known.first}: what begins on {days.first} is unknown"
            click.secho(what, fg="yellow", err=True)
        yield found, days
