"""A small plugin to begin from, complete as it stands: `shopace plugins new` copies it."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME, CATEGORY = "vendor", "product_competitiveness"
"""The words in the files that a copy puts its own for."""


def copy(folder: Path, name: str, category: str) -> list[Path]:
    """Write the plugin `name`, which extends `category`, into a folder that is not there yet."""
    folder.mkdir(parents=True)
    written = []
    for each in sorted(files(__name__).iterdir(), key=lambda file: file.name):
        if each.name.endswith((".py", ".toml")) and each.name != "__init__.py":
            text = each.read_text("utf-8").replace(CATEGORY, category).replace(NAME, name)
            written.append(folder / each.name.replace(NAME, name))
            written[-1].write_text(text, "utf-8")
    return written
