"""The facts folder: Parquet written by DuckDB, the mapping, and the truth table beside it."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from shopace.core.vocabulary.channels import FIVE
from shopace.core.vocabulary.measures import STANDARD_MEASURES
from shopace.service.simulate.causes import TRUTH_HEADER
from shopace.service.simulate.draws import Floats
from shopace.service.simulate.shops import Shops

HEADER = "# The demo marketplace, made by `shopace simulate`."
"""The first line of the mapping: by it a folder that may be written anew is told."""
_MAPPING = "mapping.toml"
_UNFINISHED = f".{_MAPPING}.partial"

Column = NDArray[np.object_] | NDArray[np.int64] | NDArray[np.bool_] | NDArray[np.float32] | Floats

_WHOLE = {"count", "days", "points"}
"""Units whose facts are whole numbers."""


def _type_of(measure: str) -> str:
    unit = STANDARD_MEASURES[measure].unit.value
    return "INTEGER" if unit in _WHOLE else "DECIMAL(18, 2)" if unit == "money" else "DOUBLE"


def claim(folder: Path) -> None:
    """Take a new, an empty, or an earlier marketplace's folder. Raises FileExistsError for others.

    Until `write_mapping` it has no mapping: what is cut short is never half read.
    """
    mapping, unfinished = folder / _MAPPING, folder / _UNFINISHED
    found = mapping if mapping.exists() else unfinished
    if folder.is_dir() and any(folder.iterdir()) and not _is_ours(found):
        raise FileExistsError(f"{folder} holds files that are not of a made-up marketplace")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(f"{HEADER}\n", encoding="utf-8")
    mapping.unlink(missing_ok=True)


def _is_ours(mapping: Path) -> bool:
    try:
        return mapping.read_bytes().startswith(HEADER.encode())
    except FileNotFoundError:
        return False


def _remove_stale(folder: Path, name: str) -> None:
    """Files of an earlier marketplace of another size, and no others."""
    for stale in [folder / f"{name}.parquet", *folder.glob(f"{name}-{'[0-9]' * 4}.parquet")]:
        stale.unlink(missing_ok=True)


class Pile:
    """The rows of one wide table, gathered chunk by chunk and written file by file."""

    def __init__(self, folder: Path, name: str, first_day: date, *, parts: int) -> None:
        self.files: list[Path] = []
        self.rows = 0
        self.measures: tuple[str, ...] = ()
        self.pattern = f"{name}.parquet" if parts == 1 else f"{name}-*.parquet"
        self.first_day = first_day
        self._folder = folder
        self._name = name
        self._parts = parts
        self._waiting: list[dict[str, Column]] = []
        _remove_stale(folder, name)

    def add(self, keys: Mapping[str, Column], facts: Mapping[str, Floats]) -> None:
        self.measures = tuple(sorted(facts, key=[*STANDARD_MEASURES].index))
        self.rows += keys["day"].size
        self._waiting.append({**keys, **{each: _compact(facts[each]) for each in self.measures}})

    def write(self) -> None:
        """One file of what was gathered. Missing (NaN) is written as NULL."""
        part = f"-{len(self.files):04}" if self._parts > 1 else ""
        path = self._folder / f"{self._name}{part}.parquet"
        columns = {
            each: np.concatenate([chunk.pop(each) for chunk in self._waiting])
            for each in [*self._waiting[0]]
        }
        self._waiting.clear()
        casts = ", ".join(f'"{each}"::{_type_of(each)} AS "{each}"' for each in self.measures)
        keys = f"shop_id, DATE '{self.first_day}' + day::INTEGER AS date"
        keys += ", channel" if "channel" in columns else ""
        query = f"SELECT {keys}, {casts} FROM facts"  # noqa: S608 - our names
        _copy(path, {"facts": columns}, query)
        self.files.append(path)


def _compact(values: Floats) -> Column:
    """Half the memory where nothing is lost by it: whole numbers below 2²⁴."""
    small = values.astype(np.float32)
    return small if np.array_equal(small, values, equal_nan=True) else values


def write_shops(path: Path, parts: Sequence[Shops], first_day: date) -> None:
    def text(values: Iterable[str | None]) -> Column:
        return np.array([*values], dtype=object)

    columns = {
        "shop_id": text(each for part in parts for each in part.ids),
        "name": text(each for part in parts for each in part.names),
        "region": text(each for part in parts for each in part.regions),
        "industry": text(each for part in parts for each in part.industries()),
        "currency": text(each for part in parts for each in part.currencies),
        "timezone": text(each for part in parts for each in part.timezones),
        "opened": text(each.isoformat() for part in parts for each in part.opened_on(first_day)),
        "focus_channels": text(each for part in parts for each in part.focus),
    }
    select = (
        "SELECT * EXCLUDE (opened, focus_channels), CAST(opened AS DATE) AS opened_on,"
        " CAST(focus_channels AS VARCHAR) AS focus_channels FROM shops"
    )
    _copy(path, {"shops": columns}, select)


class Sheet:
    """The rows of a table of any shape, gathered chunk by chunk and written file by file.

    `select` is a query over the gathered tables.
    """

    def __init__(self, folder: Path, name: str, select: str, *, parts: int) -> None:
        self.files: list[Path] = []
        self.rows = 0
        self.pattern = f"{name}.parquet" if parts == 1 else f"{name}-*.parquet"
        self._folder, self._name, self._select, self._parts = folder, name, select, parts
        self._waiting: dict[str, list[Mapping[str, Column]]] = {}
        _remove_stale(folder, name)

    def add(self, rows: int, **tables: Mapping[str, Column]) -> None:
        self.rows += rows
        for name, columns in tables.items():
            self._waiting.setdefault(name, []).append(columns)

    def write(self) -> None:
        """One file of what was gathered. Missing (NaN) is written as NULL."""
        part = f"-{len(self.files):04}" if self._parts > 1 else ""
        path = self._folder / f"{self._name}{part}.parquet"
        tables = {
            name: {each: np.concatenate([c[each] for c in chunks]) for each in chunks[0]}
            for name, chunks in self._waiting.items()
        }
        self._waiting.clear()
        _copy(path, tables, self._select)
        self.files.append(path)


def _copy(path: Path, tables: Mapping[str, Mapping[str, object]], select: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with duckdb.connect(config={"threads": 1}) as database:
        for name, columns in tables.items():
            database.register(name, dict(columns))
        target = str(partial).replace("'", "''")
        try:
            rows = _typed(database, select)
            database.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        except duckdb.IOException as error:
            partial.unlink(missing_ok=True)
            raise _of_the_system(error, path) from error
    partial.replace(path)


def _typed(database: duckdb.DuckDBPyConnection, select: str) -> str:
    """A column of texts without any has no type of its own; a reader would refuse it."""
    columns = database.execute(f"DESCRIBE {select}").fetchall()
    typed = [f'"{name}"::VARCHAR AS "{name}"' for name, kind, *_ in columns if kind == '"NULL"']
    return f"SELECT * REPLACE ({', '.join(typed)}) FROM ({select})" if typed else select  # noqa: S608


def _of_the_system(error: duckdb.IOException, path: Path) -> OSError:
    """The cause without what DuckDB wraps it in."""
    number = re.search(r'"errno":"(\d+)"', str(error))
    if number is None:
        return OSError(str(error))
    return OSError(int(number[1]), os.strerror(int(number[1])), str(path))


def write_truth(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(TRUTH_HEADER)
        table.writerows(rows)
    partial.replace(path)


def write_mapping(
    folder: Path, of_shops: Pile, of_channels: Pile, last_day: date, behind: str
) -> None:
    """What the columns mean: named like the standard measures, they need no list.

    A row is written for every day since a shop opened, in each channel it has. An absent row is
    therefore a day without sales, and zero is true; what a broken feed lost is an empty cell.
    """
    channels = ", ".join(f'"{each.value}"' for each in FIVE)
    text = f"""{HEADER}
schema = "shopace.mapping/1"

[marketplace]
name = "demo"
region = "US"
currency = "USD"
timezone = "UTC"
channels = [{channels}]
latest_final_day = {last_day}
first_day = {of_shops.first_day}

[[tables]]
files = "shops.parquet"
kind = "shops"
shop = "shop_id"
[tables.profile]
name = "name"
region = "region"
industry = "industry"
currency = "currency"
timezone = "timezone"
opened_on = "opened_on"
focus_channels = "focus_channels"

# A row for every day since the shop opened: no row means that there was no shop, and no sales.
[[tables]]
files = "{of_shops.pattern}"
kind = "facts"
shop = "shop_id"
date = "date"
absent_day = "zero"

# A row for every day and each channel that the shop has: no row means no sales there.
[[tables]]
files = "{of_channels.pattern}"
kind = "facts"
shop = "shop_id"
date = "date"
channel = "channel"
absent_day = "zero"
{behind}"""
    partial = folder / _UNFINISHED
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / _MAPPING)
