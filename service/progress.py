"""Progress of long work on standard error, so that standard output stays the result."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from shopace.service.terminal import console

log = logging.getLogger(__name__)

Tell = Callable[[str, int, int], None]
"""(what is being done, steps done, steps in all)."""


@contextmanager
def steps(file: IO[str] | None = None, *, shown: bool = True) -> Iterator[Tell]:
    """A bar per kind of step. Shown on a terminal alone: a log file gets no thousand lines."""
    file = file if file is not None else sys.stderr
    if not (shown and file.isatty()):
        yield _logged()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(file)) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for earlier in progress.tasks:
                    progress.update(earlier.id, completed=earlier.total)
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield tell


def _logged() -> Tell:
    """No terminal, no bar: each kind of step is logged once, for `-v`."""
    begun: set[str] = set()

    def tell(what: str, done: int, total: int) -> None:  # noqa: ARG001  # a bar's business
        if what not in begun:
            begun.add(what)
            log.info("step.started: %s", what)

    return tell
