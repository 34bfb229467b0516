"""Snapshots: what a worker knows of the facts, in column-major blocks mapped into memory.

A snapshot is a folder `{marketplace}-{as_of}-{8 hex}`. It appears whole or not at all and is never
changed. Reading one needs no DuckDB.
"""

from __future__ import annotations

import re
import shutil
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from shopace.core.errors import SnapshotError, UnknownShopError, did_you_mean
from shopace.core.host.registry import fingerprint
from shopace.core.warehouse.folders import (
    MANIFEST,
    File,
    publish,
    unfinished,
    wrong_contents,
    wrong_sizes,
)
from shopace.core.warehouse.snapshot_files import (
    ARRAYS,
    BLOCKS,
    OFFSETS,
    SCHEMA,
    BlockEntry,
    DetailArrays,
    Manifest,
    Row,
    write_block,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from numpy.typing import NDArray

    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric
    from shopace.core.warehouse.mapping import FactsMapping

__all__ = [
    "BLOCK_SHOPS",
    "Block",
    "Manifest",
    "Row",
    "Snapshot",
    "build_snapshot",
    "latest_snapshot",
    "marketplaces",
    "open_snapshot",
]

RULES = 1
"""Counts up when the same facts give other numbers than before."""
BLOCK_SHOPS = 2048
_BLOCKS_MAPPED = 8
AGAIN = "delete the folder and build it again: shopace snapshot build"

_ID = re.compile(r"(?P<marketplace>.+)-(?P<as_of>\d{4}-\d\d-\d\d)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Block:
    """Some shops in a row. Arrays are read-only, mapped from disk; the last axis is the shop."""

    values: NDArray[np.float64]
    """(manifest.rows, shops); NaN is missing."""
    known: NDArray[np.uint8]
    """(manifest.rows, shops): known days of the period, at most; for gauges 1 or 0."""
    history: NDArray[np.float64]
    """(manifest.history, shops): the metric's own weekly noise; NaN is unknown."""
    profile: NDArray[Any]
    """Structured: id, name, region, industry, currency, timezone, opened_on, focus."""
    detail: Callable[[str], DetailArrays | None]
    """A table with any number of rows per shop, mapped when asked for; None: not delivered."""

    @cached_property
    def shops(self) -> list[str]:
        """The ids, ascending."""
        return [each.decode() for each in self.profile["id"].tolist()]


@dataclass(frozen=True)
class Snapshot:
    """An opened snapshot. It holds the manifest; blocks are mapped when asked for."""

    path: Path
    manifest: Manifest
    _mapped: dict[int, Block] = field(default_factory=dict, repr=False, compare=False)
    """The blocks that were asked for last: of single shops many lie in one."""

    @property
    def id(self) -> str:
        return self.manifest.id

    def __len__(self) -> int:
        """The number of blocks."""
        return len(self.manifest.blocks)

    @cached_property
    def row_of(self) -> dict[Row, int]:
        """(period, measure, channel) → row of `values` and `known`."""
        return {row: index for index, row in enumerate(self.manifest.rows)}

    @cached_property
    def history_of(self) -> dict[tuple[str, str], int]:
        """(metric, channel) → row of `history`."""
        return {row: index for index, row in enumerate(self.manifest.history)}

    def block(self, index: int) -> Block:
        """Map block `index`. Raises SnapshotError when its files have gone or are damaged."""
        found = self._mapped.pop(index, None)
        if found is None:
            entry = self.manifest.blocks[index]
            arrays = {array: self._map(entry.files[array].name) for array in ARRAYS}
            found = Block(**arrays, detail=cache(partial(self._detail, entry)))
            while len(self._mapped) >= _BLOCKS_MAPPED:
                self._mapped.pop(next(iter(self._mapped)))
        self._mapped[index] = found  # the last one asked for
        return found

    def find(self, shop: str) -> tuple[int, int]:
        """(block, offset within it). Raises UnknownShopError with the nearest id."""
        firsts = [entry.first for entry in self.manifest.blocks]
        index = max(bisect_right(firsts, shop) - 1, 0)
        near: list[str] = []
        if firsts:
            near = self.block(index).shops
            offset = bisect_left(near, shop)
            if offset < len(near) and near[offset] == shop:
                return index, offset
        raise UnknownShopError(
            f'shop "{shop}" is not in snapshot {self.id}', hint=did_you_mean(shop, near)
        )

    def missing(self, shops: Iterable[str]) -> set[str]:
        """Those of the ids that are no shop of this snapshot; quick for many."""
        firsts = [entry.first for entry in self.manifest.blocks]
        by_block: dict[int, set[str]] = {}
        for shop in shops:
            by_block.setdefault(bisect_right(firsts, shop) - 1, set()).add(shop)
        gone = by_block.pop(-1, set())
        for index, wanted in by_block.items():
            profile = self._map(self.manifest.blocks[index].files["profile"].name)
            gone |= wanted.difference(each.decode() for each in profile["id"].tolist())
        return gone

    def verify(self) -> None:
        """Read everything once. Raises SnapshotError with all files whose content changed."""
        problems = wrong_contents(self.path, _files(self.manifest))
        if problems:
            raise SnapshotError(f"snapshot {self.id} is damaged", problems=problems, hint=AGAIN)

    def _detail(self, entry: BlockEntry, table: str) -> DetailArrays | None:
        columns = self.manifest.details.get(table)
        if columns is None:
            return None

        def mapped(column: str) -> NDArray[Any]:
            return self._map(entry.files[f"{table}.{column}"].name)

        return DetailArrays(
            offsets=mapped(OFFSETS), columns={column: mapped(column) for column in columns}
        )

    def _map(self, name: str) -> NDArray[Any]:
        try:
            return np.load(self.path / name, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
        except (OSError, ValueError) as error:
            raise SnapshotError(
                f"snapshot {self.id} is damaged: {name} cannot be read, {error}", hint=AGAIN
            ) from error


def open_snapshot(path: Path | str) -> Snapshot:
    """Open the snapshot in folder `path`: manifest and file sizes are checked, contents are not.

    Raises SnapshotError for what is missing, half-written, damaged or of another version.
    """
    folder = Path(path)
    try:
        content = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if folder.is_dir():
            what = f"snapshot {folder.name} is half-written: it has no {MANIFEST}"
            raise SnapshotError(what, hint=AGAIN) from None
        raise SnapshotError(
            f"there is no snapshot at {folder}", hint="build one: shopace snapshot build"
        ) from None
    except OSError as error:
        raise SnapshotError(f"snapshot {folder.name} cannot be read: {error}") from error
    manifest = _decode(folder, content)
    problems = wrong_sizes(folder, _files(manifest))
    if problems:
        raise SnapshotError(
            f"snapshot {folder.name} is incomplete or damaged", problems=problems, hint=AGAIN
        )
    return Snapshot(folder, manifest)


def latest_snapshot(
    folder: Path | str, marketplace: str | None = None, as_of: date | None = None
) -> Snapshot:
    """The snapshot of the latest as-of date in `folder`, of those that fit.

    Of two with one date the one of the later facts, else the one built last. A folder that should
    be the one and is damaged is an error, never a reason to take an older one.
    """
    found: list[tuple[date, int, Path, str]] = []
    home = Path(folder)
    for path in home.iterdir() if home.is_dir() else ():
        match = _ID.fullmatch(path.name)
        if match is None or path.name.startswith(".") or not path.is_dir():
            continue
        name = match["marketplace"]
        try:
            day = date.fromisoformat(match["as_of"])
        except ValueError:  # somebody else's folder
            continue
        if marketplace in (None, name):
            found.append((day, _built_at(path), path, name))
    names = sorted({each[3] for each in found})
    if len(names) > 1:
        raise SnapshotError(
            f"{home} holds snapshots of several marketplaces: {', '.join(names)}",
            hint="name one of them: --marketplace",
        )
    days = {each[0] for each in found}
    latest = max(days, default=None) if as_of is None else as_of
    if latest not in days:
        raise _no_snapshot(home, marketplace, as_of, days)
    of_that_day = [(built, open_snapshot(path)) for day, built, path, _ in found if day == latest]
    return max(of_that_day, key=lambda each: (each[1].manifest.latest_available_date, each[0]))[1]


def _built_at(folder: Path) -> int:
    """When it was built, or asked for again, in nanoseconds; 0 where it has no manifest."""
    try:
        return (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return 0


def _no_snapshot(
    home: Path, marketplace: str | None, as_of: date | None, days: Collection[date]
) -> SnapshotError:
    of = (f" of {marketplace}" if marketplace else "") + (f" as of {as_of}" if as_of else "")
    what = f"there is no snapshot{of} in {home}"
    if as_of is None or not days:
        return SnapshotError(what, hint="build one: shopace snapshot build")
    build = f"shopace snapshot build --as-of {as_of}"
    if as_of > max(days):
        build = f"once the facts of {as_of} are final, build one: {build}"
    else:
        build = f"build one: {build}"
    return SnapshotError(f"{what}; the latest is as of {max(days)}", hint=build)


def marketplaces(folder: Path | str) -> tuple[str, ...]:
    """The marketplaces of which `folder` holds snapshots, usable ones or not."""
    home = Path(folder)
    names = (path.name for path in (home.iterdir() if home.is_dir() else ()) if path.is_dir())
    found = (_ID.fullmatch(name) for name in names if not name.startswith("."))
    return tuple(sorted({match["marketplace"] for match in found if match is not None}))


def build_snapshot(
    mapping: FactsMapping,
    facts_folder: Path | str,
    out_folder: Path | str,
    *,
    measures: Mapping[str, Measure],
    metrics: Mapping[str, Metric],
    as_of: date | None = None,
    today: date | None = None,
    block_shops: int = BLOCK_SHOPS,
    progress: Callable[[str, int, int], None] | None = None,
    memory_limit: str | None = None,
) -> Snapshot:
    """Build the snapshot of `as_of` (default: the latest final day) under `out_folder`.

    The same facts, mapping, records and date give the same snapshot: an existing one is returned.
    `progress` is called with what is being done, steps done and steps in all; `memory_limit` is
    DuckDB's, as in `delivery.connected`. Raises FactsError with everything that is refused, and
    where files change meanwhile; nothing is left behind then.
    """
    # Workers read snapshots and never need DuckDB.
    from shopace.core.warehouse.detail_blocks import DetailBlocks  # noqa: PLC0415
    from shopace.core.warehouse.facts import check, require_sound  # noqa: PLC0415
    from shopace.core.warehouse.facts_tables import open_facts  # noqa: PLC0415
    from shopace.core.warehouse.windows import DAYS_READ, Windows  # noqa: PLC0415

    tell = progress if progress is not None else _silent
    out = Path(out_folder)
    prints = {key: fingerprint(each.numbers) for key, each in sorted(measures.items())}
    metric_prints = {key: fingerprint(each.numbers) for key, each in sorted(metrics.items())}
    with unfinished(out, mapping.marketplace.name) as hidden:
        (hidden / BLOCKS).mkdir()
        spill = hidden / "spill"
        tell("reading the facts", 0, 1)
        with open_facts(
            mapping, facts_folder, measures, spill=spill, memory_limit=memory_limit
        ) as facts:
            day = facts.day_of(as_of)
            before, facts_print = facts.states(), facts.fingerprint()
            key = fingerprint(
                [
                    SCHEMA,
                    RULES,
                    facts_print,
                    mapping.fingerprint,
                    prints,
                    metric_prints,
                    block_shops,
                ],
                8,
            )
            name = f"{mapping.marketplace.name}-{day.isoformat()}-{key}"
            if (out / name / MANIFEST).exists():
                (out / name / MANIFEST).touch()  # the latest again, though another came between
                return open_snapshot(out / name)
            report = check(facts, today=today)
            require_sound(report)
            windows = Windows(facts, report, day, metrics, block_shops=block_shops)
            details = DetailBlocks(facts, day)
            entries = []
            for index, arrays in enumerate(windows.blocks()):
                tell("building blocks", index, windows.block_count)
                behind = details.block(index * block_shops, arrays.profile.size)
                entries.append(write_block(hidden, index, arrays, behind))
            tell("building blocks", windows.block_count, windows.block_count)
            manifest = Manifest(
                schema=SCHEMA,
                id=name,
                marketplace=mapping.marketplace.name,
                as_of=day,
                latest_available_date=report.last_day,
                first_day=report.first_day,
                facts=facts_print,
                mapping=mapping.fingerprint,
                shops=windows.shop_count,
                block_shops=block_shops,
                channels=mapping.marketplace.channels,
                rows=windows.rows,
                history=windows.history,
                measures=prints,
                metrics=metric_prints,
                blocks=tuple(entries),
                vocabularies=windows.vocabularies,
                early_ends=report.early_ends(day),
                lost_days=report.lost_days(day - timedelta(DAYS_READ - 1), day),
                details=details.layout,
            )
            facts.require_unchanged(before)
        shutil.rmtree(spill, ignore_errors=True)
        publish(hidden, out / name, manifest)
    return open_snapshot(out / name)


def _silent(_what: str, _done: int, _total: int) -> None:
    return None


def _decode(folder: Path, content: bytes) -> Manifest:
    try:
        schema = msgspec.json.decode(content, type=dict[str, Any]).get("schema")
        if schema != SCHEMA:
            raise SnapshotError(
                f"snapshot {folder.name} is of version {schema}, this program reads {SCHEMA}",
                hint="build it again: shopace snapshot build",
            )
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        what = f"snapshot {folder.name} is damaged: {MANIFEST} cannot be read, {error}"
        raise SnapshotError(what, hint=AGAIN) from error


def _files(manifest: Manifest) -> list[File]:
    return [file for entry in manifest.blocks for file in entry.files.values()]
