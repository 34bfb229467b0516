"""Exports survive the way through a file, and nothing in them is computed."""

import csv
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopace.core.errors import InputError, NotFoundError
from shopace.core.traffic.export import Cell, Column
from shopace.core.vocabulary.units import Unit
from shopace.service import spreadsheet
from shopace.service.spreadsheet import harmless, require_writable, write_table

COLUMNS = (Column("Product ID"), Column("Product name"), Column("GMV", Unit.MONEY))
ID = "1729384756102938475"
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "＝1+1",
    "=cmd|' /C calc'!A0",
    "Lamp;=1+1",
    "Lamp; @x",
    "|x",
    '=HYPERLINK("https://x","y")',
]


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def read_xlsx(path: Path) -> tuple[list[list[str | float | None]], str]:
    """The cells of the first sheet, numbers as numbers; and the sheet's own text."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    rows: list[list[str | float | None]] = []
    for row in ET.fromstring(sheet).iter(f"{space}row"):
        cells: list[str | float | None] = []
        for cell in row.iter(f"{space}c"):
            number = cell.find(f"{space}v")
            words = "".join(part.text or "" for part in cell.iter(f"{space}t"))
            given = number is not None and number.text is not None
            cells.append(float(number.text) if given and number is not None else words)  # type: ignore[arg-type]
        rows.append(cells)
    return rows, sheet


@pytest.mark.parametrize("word", HOSTILE)
def test_a_text_cell_that_begins_like_a_formula_is_text(tmp_path: Path, word: str) -> None:
    rows: list[tuple[Cell, ...]] = [(word, word, 1.0)]
    write_table(tmp_path / "t.csv", COLUMNS, rows)
    _, (first, second, number) = read_csv(tmp_path / "t.csv")
    assert first == second == harmless(word)
    for part in first.split(";"):
        assert part.lstrip()[:1] not in set("=+-@＝＋－＠|\t\r")
    assert number == "1"
    write_table(tmp_path / "t.xlsx", COLUMNS, rows)
    cells, sheet = read_xlsx(tmp_path / "t.xlsx")
    assert "<f" not in sheet.replace("<format", "").replace("<fonts", "")
    assert cells[1][2] == 1
    assert "hyperlink" not in sheet.lower().replace("=hyperlink", "")


@given(word=st.text(max_size=40))
def test_no_text_at_all_begins_like_a_formula_or_breaks_a_line(word: str) -> None:
    told = harmless(word)
    assert "\n" not in told
    assert told.lstrip()[:1] not in set("=+-@")
    assert harmless(told) == told


@given(word=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 .,'\"()äöü灯-]{0,40}", fullmatch=True))
def test_an_ordinary_text_stays_as_it_is(word: str) -> None:
    assert harmless(word) == word


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_ids_stay_text_numbers_numbers_and_the_missing_empty(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    rows: list[tuple[Cell, ...]] = [(ID, 'Lamp, "big"', 1234.5), ("007", "灯", None)]
    write_table(path, COLUMNS, rows)
    if suffix == ".csv":
        found = read_csv(path)
        assert found == [
            ["Product ID", "Product name", "GMV"],
            [ID, 'Lamp, "big"', "1234.5"],
            ["007", "灯", ""],
        ]
    else:
        cells, sheet = read_xlsx(path)
        assert cells[1:] == [[ID, 'Lamp, "big"', 1234.5], ["007", "灯"]]
        assert ID not in "".join(ET.fromstring(sheet).itertext()) or 't="inlineStr"' in sheet


def test_a_file_of_that_name_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("before")
    broken: list[tuple[Cell, ...]] = [("a", "b", 1.0), ("c", "d", object())]  # type: ignore[list-item]
    with pytest.raises(AttributeError):
        write_table(path, COLUMNS, broken)
    assert path.read_text() == "before"
    write_table(path, COLUMNS, broken[:1])
    assert [each.name for each in tmp_path.iterdir()] == ["t.csv"]
    assert read_csv(path)[1] == ["a", "b", "1"]


def test_a_file_that_is_no_table_or_has_no_folder_is_refused_before_any_work(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match=r"t\.csv"):
        require_writable(tmp_path / "t.pdf")
    with pytest.raises(InputError, match=r'did you mean "\.xlsx"'):
        require_writable(tmp_path / "t.xls")
    with pytest.raises(NotFoundError, match="no folder"):
        require_writable(tmp_path / "absent" / "t.csv")


def test_without_the_package_xlsx_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    monkeypatch.setattr(spreadsheet, "find_spec", lambda _: None)
    with pytest.raises(NotFoundError, match=r"pip install -e '\.\[xlsx\]'"):
        require_writable(tmp_path / "t.xlsx")
    require_writable(tmp_path / "t.csv")


def test_more_rows_than_a_sheet_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "XLSX_ROWS", 2)
    rows: list[tuple[Cell, ...]] = [("a", "b", 1.0), ("a", "b", 1.0)]
    with pytest.raises(InputError, match=r"t\.csv"):
        write_table(tmp_path / "t.xlsx", COLUMNS, rows)
    assert not list(tmp_path.iterdir())
    write_table(tmp_path / "t.csv", COLUMNS, rows)
