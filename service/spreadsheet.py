"""A table written as CSV or XLSX, for people who open it in a spreadsheet.

Names of products are written by strangers. A cell that begins like a formula is made text: in CSV
by an apostrophe in front, in XLSX by its type, so that nothing is computed when it is opened.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile

from shopace.core.errors import InputError, NotFoundError, did_you_mean
from shopace.core.traffic.export import Cell, Column
from shopace.core.vocabulary.units import Unit
from shopace.service.clean import clean

SUFFIXES = (".csv", ".xlsx")
XLSX_ROWS = 1_048_576
"""Of a sheet, the header among them: the format's own limit."""
XLSX_CHARACTERS = 32_767
"""Of a cell: the format's own limit."""
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@＝＋－＠|%])")
"""Where a spreadsheet may begin to compute; it may take a semicolon for the end of a cell."""
_WIDTHS = {"Product name": 40, "Product ID": 22, "Category": 20, "Tab Name": 20}
_FORMATS = {Unit.RATIO: "0.00%", Unit.MONEY: "#,##0.00", Unit.COUNT: "#,##0", Unit.SCORE: "0.0"}


def require_writable(path: Path) -> None:
    """Raise an error for a file that cannot be written in a known format, before any work."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        hint = did_you_mean(suffix, SUFFIXES) or f"name it {path.with_suffix('.csv').name}"
        raise InputError(f'"{path.name}" is neither .csv nor .xlsx', hint=hint)
    if suffix == ".xlsx" and find_spec("xlsxwriter") is None:
        as_csv = path.with_suffix(".csv").name
        raise NotFoundError(
            "XLSX needs a package that is not installed",
            hint=f"in a checkout: pip install -e '.[xlsx]'; or name the file {as_csv}",
        )
    if not path.absolute().parent.is_dir():
        raise NotFoundError(f"there is no folder {path.absolute().parent}")


def write_table(path: Path, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """Write the table, by the file's suffix; a file of that name is replaced once it is whole."""
    require_writable(path)
    if path.suffix.lower() == ".xlsx" and len(rows) >= XLSX_ROWS:
        raise InputError(
            f"{len(rows):,} rows are more than a sheet of XLSX holds",
            hint=f"name the file {path.with_suffix('.csv').name}",
        )
    with NamedTemporaryFile(
        dir=path.absolute().parent, prefix=f".{path.stem}-", suffix=path.suffix, delete=False
    ) as file:
        unfinished = Path(file.name)
    try:
        write = _write_xlsx if path.suffix.lower() == ".xlsx" else _write_csv
        write(unfinished, columns, rows)
        unfinished.chmod(0o666 & ~_umask())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def harmless(word: str) -> str:
    """A text that no spreadsheet takes for a formula, on one line."""
    return _FORMULA.sub(r"\1'\2", clean(word))


def _plain(cell: Cell) -> str | float | None:
    """A cell of CSV; whole numbers without a point."""
    if isinstance(cell, str):
        return harmless(cell)
    return int(cell) if cell is not None and cell.is_integer() else cell


def _write_csv(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([each.title for each in columns])
        for row in rows:
            writer.writerow([_plain(each) for each in row])


def _write_xlsx(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    import xlsxwriter  # type: ignore[import-untyped]  # it brings no types

    options = {"constant_memory": True, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("Product traffic")
        bold = book.add_format({"bold": True})
        plain = book.add_format({"quote_prefix": True})
        formats = {
            unit: book.add_format({"num_format": _FORMATS.get(unit, "General")}) for unit in Unit
        }
        for number, column in enumerate(columns):
            sheet.set_column(number, number, _WIDTHS.get(column.title, 14))
        for number, column in enumerate(columns):
            sheet.write_string(0, number, column.title, bold)
        for line, row in enumerate(rows, start=1):
            for number, (column, cell) in enumerate(zip(columns, row, strict=True)):
                if isinstance(cell, str):
                    sheet.write_string(line, number, clean(cell)[:XLSX_CHARACTERS], plain)
                elif cell is not None:
                    unit = column.unit if column.unit is not None else Unit.COUNT
                    sheet.write_number(line, number, cell, formats[unit])
        sheet.freeze_panes(1, 0)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
