"""Small facts folders for the tests of the warehouse."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

from shopace.core import STANDARD_MEASURES
from shopace.core.warehouse.mapping import FactsMapping, parse_mapping

HEAD = """
schema = "shopace.mapping/1"
[marketplace]
name = "tiny"
region = "US"
currency = "USD"
"""


class Writer(Protocol):
    def __call__(
        self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> Path: ...


class Mapper(Protocol):
    def __call__(self, tables: str, market: str = "") -> FactsMapping: ...


@pytest.fixture
def facts_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "facts"
    folder.mkdir()
    return folder


@pytest.fixture
def write(facts_folder: Path) -> Writer:
    """Write rows as a Parquet or CSV file; `columns` is name → DuckDB type."""

    def writer(name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> Path:
        path = facts_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            declared = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f"CREATE TABLE t ({declared})")
            if rows:
                marks = ", ".join("?" for _ in columns)
                every = ", ".join([f"({marks})"] * len(rows))  # one by one takes its time
                connection.execute(f"INSERT INTO t VALUES {every}", list(chain(*rows)))
            connection.execute(f"COPY t TO '{path}'")
        return path

    return writer


@pytest.fixture
def mapped() -> Mapper:
    """A mapping from the text of its tables, for a marketplace called tiny."""

    def mapper(tables: str, market: str = "") -> FactsMapping:
        return parse_mapping(HEAD + market + tables, STANDARD_MEASURES)

    return mapper
