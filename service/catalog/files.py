"""The catalogue's files: generated, written, checked. They hold what comes with the product."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from shopace.core.errors import Problem
from shopace.service.catalog.build import build, shipped
from shopace.service.catalog.pages import MARK, pages

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = "catalog.json"


def generate() -> dict[str, str]:
    """File name → content, the same on every machine whatever is installed or configured there."""
    catalogue = build(*shipped())
    document = msgspec.to_builtins(catalogue)
    return pages(catalogue) | {
        DOCUMENT: json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    }


def write(into: Path) -> list[Path]:
    """Write every file that is not up to date, remove pages that nothing stands behind any more.

    Gives the paths touched.
    """
    wanted, touched = generate(), []
    for name, content in wanted.items():
        path = into / name
        if not path.exists() or path.read_bytes() != content.encode():
            path.write_bytes(content.encode())
            touched.append(path)
    for path in _orphans(into, wanted):
        path.unlink()
        touched.append(path)
    return touched


def check(within: Path) -> list[Problem]:
    """Every file that is missing, stale, or that nothing stands behind."""
    wanted = generate()
    problems = []
    for name, content in wanted.items():
        path = within / name
        if not path.exists():
            problems.append(Problem(where=name, what="is missing"))
        elif path.read_bytes() != content.encode():
            problems.append(Problem(where=name, what="is not what the plugins say"))
    problems += [
        Problem(where=path.name, what="nothing stands behind it")
        for path in _orphans(within, wanted)
    ]
    return problems


def _orphans(within: Path, wanted: dict[str, str]) -> list[Path]:
    """Generated pages that are not wanted. What somebody wrote by hand is not ours."""
    return [
        path
        for path in sorted(within.glob("*.md"))
        if path.name not in wanted and path.read_text("utf-8").startswith(MARK)
    ]
