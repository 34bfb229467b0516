"""Folders of arrays, and single files, that appear whole or not at all.

Everything is written to a hidden sibling, synced, and renamed in one step; the manifest is the last
file. A folder without a manifest is not there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp, mkstemp
from typing import Any
from zlib import crc32

import msgspec
import numpy as np

from shopace.core.errors import Problem

MANIFEST = "manifest.json"
_UNFINISHED = ".partial"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A written file as the manifest remembers it."""

    name: str
    bytes: int
    crc32: int


class _Summed:
    """A binary file that knows the checksum of what was written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self.size, self.crc = 0, 0

    def write(self, data: Any) -> int:  # noqa: ANN401  # whatever has a buffer
        self.crc = crc32(data, self.crc)
        written = self._file.write(data)
        self.size += written
        return written

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def write_array(folder: Path, name: str, array: np.ndarray[Any, Any]) -> File:
    """Write `array` to `folder`/`name` in NumPy's format, C-order, synced."""
    target = _Summed(folder / name)
    try:
        np.save(target, np.ascontiguousarray(array), allow_pickle=False)
    finally:
        target.close()
    return File(name=name, bytes=target.size, crc32=target.crc)


def write_file(target: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, for all to read as folders are."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    hidden = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        hidden.chmod(0o644)
        hidden.replace(target)
    finally:
        hidden.unlink(missing_ok=True)


@contextmanager
def unfinished(folder: Path, name: str) -> Iterator[Path]:
    """A hidden folder beside where `folder`/`name` will be; gone when the block ends.

    It is locked as long as its process lives. Those that a killed process left are removed first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for each in folder.glob(f".*{_UNFINISHED}"):
        with _locked(each, waiting=False) as is_ours:
            if is_ours:
                shutil.rmtree(each, ignore_errors=True)
    is_ours = False
    while not is_ours:
        hidden = Path(mkdtemp(prefix=f".{name}.", suffix=_UNFINISHED, dir=folder))
        with _locked(hidden, waiting=True) as is_ours:
            if not is_ours:  # taken for one that was left, before it was locked
                continue
            try:
                yield hidden
            finally:
                shutil.rmtree(hidden, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, waiting: bool) -> Iterator[bool]:
    """Whether the folder is there and was locked; the system frees it with its process."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # a file, or gone
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if waiting else fcntl.LOCK_NB))
            is_ours = folder.exists()
        except OSError:  # another's; or a file system without locks, where nobody removes anything
            is_ours = waiting
        yield is_ours
    finally:
        os.close(handle)


def publish(hidden: Path, target: Path, manifest: msgspec.Struct) -> None:
    """Write the manifest, sync, and make the folder visible under its name in one step.

    Somebody who published the same name first is left alone: equal ids are equal content. What
    lies there without a manifest is half of something and makes room.
    """
    with (hidden / MANIFEST).open("xb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())
    for inside in (each for each in hidden.iterdir() if each.is_dir()):
        _sync_folder(inside)
    _sync_folder(hidden)
    hidden.chmod(0o755)
    if target.is_dir() and not (target / MANIFEST).is_file():
        _make_room(target)
    try:
        hidden.rename(target)
    except OSError:
        if not (target / MANIFEST).is_file():
            raise
    _sync_folder(target.parent)


def _make_room(target: Path) -> None:
    half = Path(mkdtemp(prefix=f".{target.name}.", suffix=".half", dir=target.parent))
    try:
        target.rename(half / target.name)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def wrong_sizes(folder: Path, files: Iterable[File]) -> list[Problem]:
    """The files that are missing or not of the size they were written with: a quick look."""
    problems = []
    for file in files:
        try:
            size = (folder / file.name).stat().st_size
        except OSError:
            problems.append(Problem(where=file.name, what="the file is missing"))
            continue
        if size != file.bytes:
            what = f"{size} bytes, {file.bytes} at the build"
            problems.append(Problem(where=file.name, what=what))
    return problems


def wrong_contents(folder: Path, files: Iterable[File]) -> list[Problem]:
    """The files whose content is not what was written. Reads all of them."""
    problems = []
    for file in files:
        try:
            changed = _checksum(folder / file.name) != file.crc32
        except OSError as error:
            what = f"cannot be read: {error.strerror or error}"
            problems.append(Problem(where=file.name, what=what))
            continue
        if changed:
            what = "its checksum is not the one of the build"
            problems.append(Problem(where=file.name, what=what))
    return problems


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            value = crc32(chunk, value)
    return value


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
