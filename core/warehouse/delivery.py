"""A folder of delivered files, read with DuckDB: which files there are and what columns they have.

Whatever cannot be used becomes a problem that says where and why; nothing is repaired.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from shopace.core.errors import FactsError, Problem, did_you_mean, shortened
from shopace.core.warehouse.csv_files import cause_of, header_of
from shopace.core.warehouse.sql import name, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shopace.core.warehouse.mapping import FactsMapping

_MOST_MEMORY = 2 << 30
"""Of DuckDB; beyond it, it spills to disk."""
_COLUMNS_TOLD = 12
_MOST_COLUMNS = 2000
"""Far beyond every known measure in every channel."""
MOST_WORDS = 1000
"""Different words in a column of channels, or of measures."""
WORDS_TOLD = 20
_EXAMPLES = 3
_CONTAINER_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)


class HasFiles(Protocol):
    """A table that can be blamed for a query that fails."""

    @property
    def files(self) -> tuple[Path, ...]: ...


@dataclass
class Delivery:
    """An opened folder."""

    mapping: FactsMapping
    folder: Path
    connection: duckdb.DuckDBPyConnection

    def name_of(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()

    def rows(self, query: str, of: HasFiles | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises FactsError naming the file of table `of` that is damaged."""
        try:
            return self.connection.execute(query).fetchall()
        except duckdb.Error as error:
            raise self.blame(error, of) from error

    def arrays(self, query: str, of: HasFiles | None = None) -> dict[str, Any]:
        """The columns of a query as NumPy arrays, masked where there are NULLs."""
        try:
            return self.connection.execute(query).fetchnumpy()
        except duckdb.Error as error:
            raise self.blame(error, of) from error

    def blame(self, error: duckdb.Error, table: HasFiles | None) -> FactsError:
        """Which files of a table cannot be read to the end, and why."""
        problems: list[Problem] = []
        for file in table.files if table is not None and not _is_of_the_system(error) else ():
            try:
                scan = f"SELECT bit_xor(hash(COLUMNS(*))) FROM {reader((file,))}"
                self.connection.execute(scan).fetchall()
            except FactsError as cause:  # the header, of a file that changed meanwhile
                what = f"cannot be read: {cause.message}"
                problems.append(Problem(where=self.name_of(file), what=what, hint=cause.hint))
            except duckdb.Error as cause:
                if _is_of_the_system(cause):
                    break
                what = f"cannot be read: {cause_of(cause)}"
                hint = "the file is damaged; deliver it again"
                problems.append(Problem(where=self.name_of(file), what=what, hint=hint))
        if problems:
            return FactsError("the facts are refused", problems=problems)
        hint = ""
        if isinstance(error, duckdb.OutOfMemoryException):
            hint = "the files may be sound: give it more memory, or room in the temporary folder"
        elif _is_of_the_system(error):
            hint = "the files may be sound: the disk, or what its folder may hold, is full"
        return FactsError(f"the facts cannot be read: {cause_of(error)}", hint=hint)

    def open_files(
        self,
        pattern: str,
        place: int,
        named: Sequence[tuple[str, str]],
        problems: list[Problem],
    ) -> tuple[tuple[Path, ...], dict[str, str]] | None:
        """The files of a table, and their columns: name → DuckDB type; None: they cannot be used.

        `place` is the table's number in the mapping file, `named` its (key, column that it names).
        """
        before = len(problems)
        files = tuple(sorted(each for each in self.folder.glob(pattern) if each.is_file()))
        if not files:
            there = [self.name_of(each) for each in self.folder.rglob("*") if each.is_file()]
            hint = did_you_mean(pattern, there) or f"{self.mapping.origin}: tables[{place}].files"
            problems.append(Problem(where=pattern, what="there is no such file", hint=hint))
            return None
        columns: dict[str, str] = {}
        for file in files:
            found = self._columns((file,), self.name_of(file), problems)
            if found is not None:
                problems += self._absent(place, named, self.name_of(file), found)
                columns.update(found)
        if len(problems) > before:
            return None
        if len(files) > 1:
            columns = self._columns(files, pattern, problems) or {}
        return files, columns

    def _columns(
        self, files: Sequence[Path], where: str, problems: list[Problem]
    ) -> dict[str, str] | None:
        if files[0].suffix.lower() == ".csv":
            try:
                width = max(len(header_of(each).names) for each in files)
            except FactsError as error:
                what = f"cannot be read as CSV: {error.message}"
                problems.append(Problem(where=where, what=what, hint=error.hint))
                return None
            if width > _MOST_COLUMNS:
                problems.append(_too_wide(where, width))
                return None
        try:
            rows = self.connection.execute(f"DESCRIBE SELECT * FROM {reader(files)}").fetchall()
        except duckdb.Error as error:
            if _is_of_the_system(error):
                raise self.blame(error, None) from error
            kind = "CSV" if files[0].suffix.lower() == ".csv" else "Parquet"
            what = f"cannot be read as {kind}: {cause_of(error)}"
            hint = "the file is damaged or cut off"
            problems.append(Problem(where=where, what=what, hint=hint))
            return None
        if len(rows) > _MOST_COLUMNS:
            problems.append(_too_wide(where, len(rows)))
            return None
        return {row[0]: row[1] for row in rows}

    def words(
        self, of: HasFiles, source: str, column: str, where: str, problems: list[Problem]
    ) -> list[str | None]:
        """The different words of a column that holds few; `where` is its place in the mapping."""
        query = f"SELECT DISTINCT CAST({name(column)} AS VARCHAR) FROM {source}"
        found = self.rows(f"{query} LIMIT {MOST_WORDS + 1}", of)
        if len(found) > MOST_WORDS:
            what = (
                f'the column "{shortened(column)}" holds more than {MOST_WORDS:,} different words'
            )
            problems.append(Problem(where=where, what=what, hint="is it another column?"))
            return []
        return [row[0] for row in found]

    def _absent(
        self, place: int, named: Sequence[tuple[str, str]], file: str, columns: Mapping[str, str]
    ) -> list[Problem]:
        return [
            Problem(
                where=f"{self.mapping.origin}: tables[{place}].{key}",
                what=f'names the column "{column}", which {file} does not have',
                hint=did_you_mean(column, columns) or f"it has {some_of(columns)}",
            )
            for key, column in named
            if column not in columns
        ]


def home_of(folder: Path | str) -> Path:
    """The facts folder. Raises FactsError where there is none, or nothing in it."""
    home = Path(folder)
    if not home.is_dir():
        raise FactsError(f"there is no facts folder {home}")
    if not any(home.iterdir()):
        hint = "deliver the files that the mapping names, or: shopace simulate"
        raise FactsError(f"the facts folder {home} is empty", hint=hint)
    return home


def _is_of_the_system(error: duckdb.Error) -> bool:
    """Whether it was lack of memory or of room on a disk, which tells nothing of the files."""
    return isinstance(error, duckdb.OutOfMemoryException) or any(
        told in str(error) for told in ("No space left", "Disk quota", "Too many open files")
    )


def _memory_limit() -> str:
    """Half of what this machine, or the part of it that this process may use, has; in bytes."""
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _CONTAINER_LIMITS:
        with suppress(OSError, ValueError):  # not there, or "max"
            most = min(most, int(Path(file).read_text("ascii")))
    return f"{min(_MOST_MEMORY, most // 2)}B"


@contextmanager
def connected(
    spill: Path | None, threads: int | None, memory_limit: str | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory; what does not fit spills to the folder `spill`, None: a temporary one.

    `memory_limit` as DuckDB writes it ("4GB"); None: 2 GB, and at most half of what there is.
    """
    with ExitStack() as held:
        if spill is None:
            made = TemporaryDirectory(prefix="shopace-", ignore_cleanup_errors=True)
            spill = Path(held.enter_context(made))
        yield held.enter_context(_connect(spill, threads, memory_limit or _memory_limit()))


def _connect(spill: Path, threads: int | None, memory_limit: str) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": memory_limit,
        "temp_directory": str(spill),
        "preserve_insertion_order": "false",
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    # Our joins are of one large table with small ones, written in order. With a hundred columns
    # finding a better order takes DuckDB 2.0 longer than the query.
    connection.execute("SET disabled_optimizers = 'join_order'")
    connection.execute("SET enable_progress_bar = false")  # on where Python runs interactively
    return connection


def digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def counted_words(rows: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """(word, rows) by word; of very many the most frequent ones, and the others together."""
    ordered = sorted(rows, key=lambda each: (-each[1], each[0]))
    told = sorted((shortened(word), count) for word, count in ordered[:WORDS_TOLD])
    others = ordered[WORDS_TOLD:]
    if others:
        told.append((f"({len(others):,} other words)", sum(count for _, count in others)))
    return tuple(told)


def _too_wide(where: str, columns: int) -> Problem:
    what = f"it has {columns:,} columns, {_MOST_COLUMNS:,} is the limit"
    hint = "deliver the measures of the mapping alone, or a row per measure"
    return Problem(where=where, what=what, hint=hint)


def some_of(columns: Iterable[str]) -> str:
    """Enough of the columns to see what kind of table it is."""
    names = [shortened(each) for each in columns]
    more = len(names) - _COLUMNS_TOLD
    return ", ".join(names[:_COLUMNS_TOLD]) + (f" and {more} more" if more > 0 else "")


def quoted(word: str | None) -> str:
    """A cell as a sentence shows it."""
    return "(empty)" if word is None else repr(shortened(word))


def in_words(row: Iterable[object]) -> str:
    """Several cells of a row, such as a key."""
    return " ".join(shortened(str(part)) for part in row)


def examples(
    rows: Sequence[tuple[Any, ...]],
    say: Callable[[tuple[Any, ...]], str],
    between: str = ", ",
) -> str:
    """The first few rows in words, and whether there are more."""
    return between.join(map(say, rows[:_EXAMPLES])) + (" …" if len(rows) > _EXAMPLES else "")
