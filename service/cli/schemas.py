"""`shopace schemas`: the JSON Schemas of the public documents."""

from __future__ import annotations

from pathlib import Path

import click

from shopace.core.errors import DocumentError, NotFoundError
from shopace.service import schemas
from shopace.service.cli.session import Leaf, session


@click.command(
    cls=Leaf,
    examples=("shopace schemas", "shopace schemas --check", "shopace schemas --write"),
)
@click.option("--write", is_flag=True, help="Write the files that are not up to date.")
@click.option("--check", is_flag=True, help="Fail when a file is not what the records say.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files lie. [default: the package's own folder]",
)
def command(write: bool, check: bool, folder: Path | None) -> None:
    """List, write or check the JSON Schemas of the public documents.

    They are generated from the records that the code itself encodes and decodes with, and are the
    normative description for readers in any language. --check ends with exit code 7 when a file is
    not up to date.
    """
    if write and check:
        raise click.UsageError("--write and --check exclude each other")
    within = folder if folder is not None else schemas.folder()
    if write:
        _write(within)
    elif check:
        _check(within)
    else:
        _list(within)


def _write(folder: Path) -> None:
    if not folder.is_dir():
        raise NotFoundError(f"no folder {folder}", hint="make it, or name another with --folder")
    written = [path.name for path in schemas.write(folder)]
    if session().json:
        session().emit({"written": written})
    else:
        click.echo(f"written: {', '.join(written)}" if written else "all up to date")


def _check(folder: Path) -> None:
    problems, outdated = schemas.check(folder), None
    if problems:
        hint = "shopace schemas --write"
        outdated = DocumentError("schemas are not up to date", problems=problems, hint=hint)
    if session().json:
        session().judged({"checked": [each.file for each in schemas.DOCUMENTS]}, outdated)
        return
    if outdated is not None:
        raise outdated
    click.echo(f"{len(schemas.DOCUMENTS)} schemas are up to date")


def _list(folder: Path) -> None:
    if session().json:
        listed = [
            {"name": each.name, "id": each.id, "title": each.title, "path": str(folder / each.file)}
            for each in schemas.DOCUMENTS
        ]
        session().emit({"schemas": listed})
        return
    from shopace.service.terminal import add_row, table

    made = table("id", "document", wrap=("document",))
    for each in schemas.DOCUMENTS:
        add_row(made, (each.id, each.title))
    session().console().print(made)
    click.echo(f"in {folder}")
