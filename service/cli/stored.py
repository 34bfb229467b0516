"""What `list` and `verify` of things that are built and stored have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import click

from shopace.core.errors import ShopaceError
from shopace.service.cli.session import session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Stored(Protocol):
    def verify(self) -> None:
        """Raises a ShopaceError that names all damaged files."""


def list_stored(
    folder: str,
    tell: Callable[[Path], Mapping[str, Any]],
    *,
    noun: str,
    command: str,
    numbers: tuple[str, ...],
) -> None:
    """List what lies in a folder of the data folder, newest first, damaged ones too.

    `tell` opens one and says what there is to say of it; `numbers` are the columns between date
    and state. `noun` names one, `command` what builds it.
    """
    from shopace.service.opening import names_in
    from shopace.service.terminal import add_row, table

    home = session().folder / folder
    found: list[dict[str, Any]] = []
    for path in (home / name for name in names_in(home)):
        try:
            found.append({**tell(path), "state": "usable", "problem": None})
        except ShopaceError as error:
            about = {"id": path.name, "path": str(path)}
            found.append(about | {"state": "unusable", "problem": error.message})
    found.sort(key=lambda each: str(each.get("as_of", "")), reverse=True)
    if session().json:
        session().emit({folder: found})
        return
    if not found:
        click.echo(f"no {noun} in {home}; shopace {command} build")
        return
    made = table(command, "as of", *numbers, "state", right=numbers, wrap=(command, "state"))
    for each in found:
        cells = [_cell(each.get(key, "")) for key in ("id", "as_of", *numbers)]
        style = "red" if each["problem"] else ""
        add_row(made, (*cells, each["problem"] or each["state"]), style=style)
    session().console().print(made)


def verify_stored(found: Stored, told: Mapping[str, Any], sound: str) -> None:
    """Compare every checksum; `sound` is said where all are as they were."""
    damage: ShopaceError | None = None
    try:
        found.verify()
    except ShopaceError as error:
        damage = error
    if session().json:
        session().judged({**told, "verified": damage is None}, damage)
        return
    if damage is not None:
        raise damage
    click.echo(sound)


def _cell(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else value
