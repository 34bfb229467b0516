"""`shopace products`: what a person and a program see of product traffic."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.core.traffic.deliveries import HEAD, PRODUCT_COLUMNS, TABLES, day, days, write

from shopace.core.warehouse.handwritten import validator
from shopace.service import schemas

Call = Callable[..., Result]
Ask = Callable[..., Any]
LAMP, RUG = "1729384756102938475", "1729384756102938476"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the product facts of the shop `s`."""
    data = tmp_path_factory.mktemp("market")
    folder = data / "facts"
    folder.mkdir()
    of = {"shop": "s"}
    rows = [
        *days(range(1, 15), product=LAMP, channel="All", gmv=100, product_impressions=50,
              product_clicks=10, sku_orders=1, unique_product_clicks=8),
        *days(range(1, 15), product=RUG, channel="All", gmv=10, product_impressions=50,
              product_clicks=10, sku_orders=5),
        *days(range(1, 15), product=RUG, channel="Seller LIVE", gmv=10),
    ]  # fmt: skip
    write(folder / "facts.csv", [{**of, "date": day(14), "channel": "shop", "visitors": 1}])
    write(folder / "product_facts.csv", [of | row for row in rows])
    lamp = {"product": LAMP, "title": "\x1b[31m=Lamp", "status": "Live", "price": 12.5}
    write(folder / "products.csv", [of | lamp], PRODUCT_COLUMNS)
    clip = {"product": LAMP, "date": day(14), "content": "c1", "kind": "live", "account": "seller"}
    made = {"views": 9, "product_impressions": 5, "product_clicks": 2, "sku_orders": 1, "gmv": 3}
    write(folder / "contents.csv", [of | clip | made | {"creator": "", "title": "Evening"}])
    mapping = HEAD + "first_day = 2026-10-01" + TABLES["facts"] + TABLES["products"]
    mapping += TABLES["product_facts"].format(absent_day="zero") + TABLES["contents"]
    (folder / "mapping.toml").write_text(mapping)
    return data


@pytest.fixture
def products(ask: Ask, market: Path) -> Ask:
    def asked(*arguments: str, period: str = "L7D") -> Any:
        return ask("products", *arguments, "--period", period, "--data", market)

    return asked


@pytest.fixture
def say(call: Call, market: Path) -> Call:
    def said(*arguments: str | Path) -> Result:
        return call("products", *arguments, "--data", market)

    return said


DOCUMENTS = [
    ("product-list", ("list", "s", "--format", "Seller LIVE")),
    ("product-traffic", ("traffic", "s")),
    ("product-traffic", ("show", "s", LAMP)),
    ("product-contents", ("contents", "s", LAMP)),
    ("product-trend", ("trend", "s", LAMP, "gmv", "CTR")),
]


@pytest.mark.parametrize(("name", "arguments"), DOCUMENTS)
def test_what_is_printed_as_json_is_a_public_document(
    products: Ask, name: str, arguments: tuple[str, ...]
) -> None:
    document = products(*arguments)
    schema = json.loads((schemas.folder() / f"{name}.schema.json").read_text("utf-8"))
    validator(schema).validate(document)
    assert document["schema"] == f"shopace.{name}/1"


def test_the_list_is_ranked_by_a_metric_of_any_name(products: Ask) -> None:
    assert [each["product"]["id"] for each in products("list", "s")["products"]] == [LAMP, RUG]
    by = products("list", "s", "--by", "Conversion rate")
    assert by["ranked_by"] == "ctor"
    assert [each["product"]["id"] for each in by["products"]] == [RUG, LAMP]
    assert by["products"][0]["figures"]["ctor"] == {"value": 0.5, "previous": 0.5, "change": 0.0}
    assert by["days"]["first"] == day(8)


def test_a_list_is_filtered(products: Ask) -> None:
    found = products("list", "s", "--status", "Live", "--search", "lamp")
    assert (found["total"], found["products"][0]["product"]["price"]) == (1, 12.5)
    assert products("list", "s", "--no-opportunity")["total"] == 0


def test_a_name_cannot_steer_the_terminal(say: Call) -> None:
    result = say("list", "s", "--period", "L7D")
    assert result.exit_code == 0
    assert "\x1b[31m" not in result.stdout
    assert "2 products, by GMV, the most first" in result.stdout


def test_a_product_is_shown_with_its_funnel_and_all_metrics(say: Call) -> None:
    result = say("show", "s", LAMP, "--period", "L7D")
    assert result.exit_code == 0
    for part in (LAMP, "USD 12.50", "Seller product card", "Product impressions", "350", "20 %"):
        assert part in result.stdout
    people = say("show", "s", LAMP, "--view", "uv", "--period", "L7D").stdout
    assert "format (UV)" in people
    assert "buyers" in people


def test_all_products_mark_what_is_summed(say: Call) -> None:
    result = say("traffic", "s", "--format", "all", "--period", "L7D")
    assert "770 *" in result.stdout
    assert "summed over products" in result.stdout


def test_contents_and_trends_are_shown(say: Call) -> None:
    assert "Evening" in say("contents", "s", LAMP, "--format", "self_live").stdout
    result = say("trend", "s", LAMP, "gmv", "sku_orders", "--from", day(9), "--to", day(12))
    assert result.exit_code == 0
    assert "GMV: USD 400 in the whole period (before USD 400, ±0 %)" in result.stdout
    assert result.stdout.count("USD 100") == 4


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_export_is_one_file(products: Ask, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"out.{suffix}"
    told = products("export", "s", str(file))
    assert (told["rows"], told["products"], len(told["formats"])) == (16, 2, 8)
    if suffix == "csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
        assert len(rows) == 16
        assert rows[0]["Tab Name"] == "All"
        assert rows[0]["Product ID"] == LAMP
        assert rows[0]["Product name"] == "\ufffd[31m=Lamp"
        assert rows[0]["GMV"] == "700"
    else:
        assert file.read_bytes()[:2] == b"PK"


MISTAKES = [
    (("list", "x"), 4, 'no shop "x"'),
    (("list", "s", "--by", "gvm"), 4, 'did you mean "gmv"'),
    (("list", "s", "--format", "sellerlive"), 4, 'did you mean "seller_live"'),
    (("list", "s", "--format", "shop_tab", "--by", "gmv"), 4, "no GMV of Shop tab"),
    (("list", "s", "--status", "lve"), 2, "needs_attention"),
    (("list", "s", "--gmv-range", "1k-2k"), 4, 'did you mean "1k-3k"'),
    (("list", "s", "--to", "2026-10-15"), 3, "the latest final day is 2026-10-14"),
    (("list", "s", "--from", "2026-10-12", "--to", "2026-10-11"), 3, "after its last day"),
    (("list", "s", "--from", "2026-10-12", "--period", "L7D"), 2, "--from"),
    (("show", "s", LAMP[:-1] + "4"), 4, "did you mean"),
    (("contents", "s", LAMP, "--format", "product_card"), 4, "Seller product card"),
    (("contents", "s", LAMP, "--by", "orders"), 4, "sku_orders"),
    (("trend", "s", LAMP, "gmv", "ctr", "ctor"), 2, "one metric or two"),
    (("export", "s", "out.pdf"), 3, "out.csv"),
    (("export", "s", "absent/out.csv"), 4, "no folder"),
]


@pytest.mark.parametrize(("arguments", "code", "told"), MISTAKES)
def test_a_mistake_ends_with_its_code_and_a_way_out(
    say: Call, arguments: tuple[str, ...], code: int, told: str
) -> None:
    result = say(*arguments)
    assert result.exit_code == code, result.output
    assert told in result.stderr


def test_a_period_that_begins_before_the_facts_is_told_as_unknown(say: Call) -> None:
    result = say("list", "s")
    assert result.exit_code == 0
    assert "the facts begin on 2026-10-01" in result.stderr


def test_facts_without_products_say_what_to_declare(
    call: Call, market: Path, tmp_path: Path
) -> None:
    bare = HEAD + TABLES["facts"]
    (tmp_path / "bare.toml").write_text(bare)
    result = call(
        "products", "list", "s", "--mapping", tmp_path / "bare.toml", "--facts", market / "facts"
    )
    assert result.exit_code == 3
    assert 'kind = "product_facts"' in result.stderr


def test_the_help_of_the_group_imports_nothing_heavy() -> None:
    heavy = {"numpy", "duckdb", "redis", "jsonschema", "rich", "babel", "xlsxwriter"}
    code = (
        "import sys\nfrom shopace.service.cli import shopace\n"
        "try:\n    shopace.main(['products', 'list', '--help'])\nexcept SystemExit:\n    pass\n"
        "print('loaded', *{name.split('.')[0] for name in sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(run.stdout.rpartition("loaded")[2].split())
