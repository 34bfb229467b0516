"""SQL as we write it for DuckDB: quoting, casts that never fail, and which types mean what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.warehouse.csv_files import Header, header_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_NOTHING = '"NULL"'
"""Of a column without a value: how writers of Parquet leave one that they know nothing of."""
_NUMBERS = _INTEGERS | {"FLOAT", "DOUBLE", "VARCHAR", _NOTHING}
_IDS = _INTEGERS | {"VARCHAR", "UUID", _NOTHING}
_DAYS = frozenset(
    {"DATE", "VARCHAR", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", _NOTHING}
)
FIRST_DAY, LAST_DAY = "2000-01-01", "2100-12-31"
"""Rows of other days are none: 1970-01-01 and 9999-12-31 are how sources write "unknown"."""
DAYS_ARE = f"days are written 2026-10-31, and lie from {FIRST_DAY} to {LAST_DAY}"
_FIRST_DATE, _LAST_DATE = "1900-01-01", "9999-12-31"


_ID = "[A-Za-z0-9_.-]{1,64}"
"""As `records.job` has it for Python; dots alone are a folder's name and none of a shop's."""


def is_id(kind: str) -> bool:
    """Whether ids can be read from a column of this type without losing digits."""
    return kind in _IDS or (kind.startswith("DECIMAL(") and kind.endswith(",0)"))


def is_day(kind: str) -> bool:
    return kind in _DAYS


def is_number(kind: str) -> bool:
    return kind in _NUMBERS or kind.startswith("DECIMAL(")


def is_flag(kind: str) -> bool:
    return kind == "BOOLEAN" or is_number(kind)


def is_text(kind: str) -> bool:
    return kind in _IDS or kind.startswith("ENUM(")


def name(identifier: str) -> str:
    """A quoted SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A quoted SQL text."""
    return "'" + value.replace("'", "''") + "'"


def reader(files: Sequence[Path]) -> str:
    """The rows of files of one suffix. Raises FactsError where a CSV file has no usable header."""
    if files[0].suffix.lower() != ".csv":
        return f"read_parquet({_listed(files)}, union_by_name=true, hive_partitioning=false)"
    alike: dict[Header, list[Path]] = {}
    for file in files:
        alike.setdefault(header_of(file), []).append(file)
    parts = [_csv_reader(header, group) for header, group in alike.items()]
    if len(parts) == 1:
        return parts[0]
    return "(" + " UNION ALL BY NAME ".join(f"SELECT * FROM {each}" for each in parts) + ")"


def _csv_reader(header: Header, files: Sequence[Path]) -> str:
    columns = ", ".join(f"{text(each)}: 'VARCHAR'" for each in header.names)
    return (
        f"read_csv({_listed(files)}, auto_detect=false, columns={{{columns}}}, header=true, "
        f"delim={text(header.separator)}, quote='\"', escape='\"', skip=0, null_padding=false)"
    )


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join(text(str(each)) for each in files) + "]"


def is_no_usable_id(column: str) -> str:
    """Whether a text is none that may become part of keys, paths and file names."""
    usable = f"regexp_full_match({column}, '{_ID}') AND NOT regexp_full_match({column}, '[.]+')"
    return f"({column} IS NULL OR NOT ({usable}))"


def as_number(column: str, kind: str) -> str:
    """A column as DOUBLE, NULL where it is no number."""
    if kind == "VARCHAR":
        # DuckDB takes 1_000 for a thousand.
        return f"TRY_CAST(NULLIF(trim(replace({column}, '_', '?')), '') AS DOUBLE)"
    return f"CAST({column} AS DOUBLE)"


def as_day(column: str, kind: str) -> str:
    """The day that a row is of, NULL where it is none from `FIRST_DAY` to `LAST_DAY`."""
    return _date_between(column, kind, FIRST_DAY, LAST_DAY)


def as_date(column: str, kind: str) -> str:
    """A date that a row tells of, such as an opening; NULL where it is none."""
    return _date_between(column, kind, _FIRST_DATE, _LAST_DATE)


def _date_between(column: str, kind: str, first: str, last: str) -> str:
    # DuckDB would move a bare cast into its CSV reader, where it is not tried but done.
    given = f"NULLIF(trim({column}), '')" if kind == "VARCHAR" else column
    read = f"TRY_CAST({given} AS DATE)"
    return f"CASE WHEN {read} BETWEEN DATE '{first}' AND DATE '{last}' THEN {read} END"


def as_text(column: str) -> str:
    """A column as text without blanks around it, NULL where nothing is left."""
    return f"NULLIF(trim(CAST({column} AS VARCHAR)), '')"


def is_given(column: str, kind: str) -> str:
    """Whether there is anything in a cell."""
    blank = f" AND trim({column}) <> ''" if kind == "VARCHAR" else ""
    return f"({column} IS NOT NULL{blank})"
