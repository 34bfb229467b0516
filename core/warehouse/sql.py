"""SQL as we write it for DuckDB: quoting, casts that never fail, and which types mean what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_NUMBERS = _INTEGERS | {"FLOAT", "DOUBLE", "BOOLEAN", "VARCHAR"}
_IDS = _INTEGERS | {"VARCHAR", "UUID"}
_DAYS = frozenset({"DATE", "VARCHAR", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})


def is_id(kind: str) -> bool:
    """Whether ids can be read from a column of this type without losing digits."""
    return kind in _IDS or (kind.startswith("DECIMAL(") and kind.endswith(",0)"))


def is_day(kind: str) -> bool:
    return kind in _DAYS


def is_number(kind: str) -> bool:
    return kind in _NUMBERS or kind.startswith("DECIMAL(")


def is_text(kind: str) -> bool:
    return kind in _IDS or kind.startswith("ENUM(")


def name(identifier: str) -> str:
    """A quoted SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A quoted SQL text."""
    return "'" + value.replace("'", "''") + "'"


def reader(files: Sequence[Path]) -> str:
    """The rows of files of one suffix."""
    listed = "[" + ", ".join(text(str(each)) for each in files) + "]"
    if files[0].suffix.lower() == ".csv":
        return f"read_csv({listed}, union_by_name=true, all_varchar=true, header=true)"
    return f"read_parquet({listed}, union_by_name=true, hive_partitioning=false)"


def as_number(column: str, kind: str) -> str:
    """A column as DOUBLE, NULL where it is no number."""
    if kind == "VARCHAR":
        return f"TRY_CAST(NULLIF(trim({column}), '') AS DOUBLE)"
    return f"CAST({column} AS DOUBLE)"


def as_day(column: str, kind: str) -> str:
    """A column as a day, NULL where it is none."""
    # DuckDB would move a bare cast into its CSV reader, where it is not tried but done.
    given = f"NULLIF(trim({column}), '')" if kind == "VARCHAR" else column
    return f"TRY_CAST({given} AS DATE)"


def as_text(column: str) -> str:
    """A column as text without blanks around it, NULL where nothing is left."""
    return f"NULLIF(trim(CAST({column} AS VARCHAR)), '')"


def is_given(column: str, kind: str) -> str:
    """Whether there is anything in a cell."""
    blank = f" AND trim({column}) <> ''" if kind == "VARCHAR" else ""
    return f"({column} IS NOT NULL{blank})"
