"""`shopace texts`: the catalogues of translations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shopace.core.errors import DocumentError
from shopace.service.cli.session import Leaf, session

if TYPE_CHECKING:
    from shopace.service.texts import Message


@click.command(
    cls=Leaf,
    examples=(
        "shopace texts",
        "shopace texts --check",
        "shopace texts --write zh_Hans",
        "shopace texts --write --new pt_BR",
    ),
)
@click.argument("languages", nargs=-1, metavar="[LANGUAGE]…")
@click.option("--write", is_flag=True, help="Bring the catalogues up to date with what is said.")
@click.option("--new", is_flag=True, help="With --write: begin a language that is not there yet.")
@click.option("--check", is_flag=True, help="Fail when a catalogue lacks or misplaces something.")
def command(*, languages: tuple[str, ...], write: bool, new: bool, check: bool) -> None:
    """List, write or check the texts of the other languages.

    The English sentence is the message id, in documents too. --write adds what is new to
    core/texts/LANGUAGE.po, where a translator fills it in, and compiles it: in a checkout, never in
    an installed package. --check ends with exit code 7 when a catalogue is not complete.
    """
    if write and check:
        raise click.UsageError("--write and --check exclude each other")
    if new and not (write and languages):
        raise click.UsageError("--new goes with --write and the name of a language")
    from shopace.core.host.discovery import load_registry
    from shopace.core.warehouse.policy import load_policy
    from shopace.plugins import BUILTIN, POLICY_PACKS
    from shopace.service import texts

    registry = load_registry(BUILTIN, use_entry_points=False)
    known = texts.messages(registry, load_policy(POLICY_PACKS))
    wanted = list(languages) or texts.translated()
    texts.require_known(wanted, new=new)
    if write:
        _write(known, wanted)
    elif check:
        _check(known, wanted)
    else:
        _list(known, wanted)


def _write(known: list[Message], languages: list[str]) -> None:
    from shopace.service import texts

    texts.require_checkout(texts.folder())
    missing = {each: texts.write(known, each, texts.folder()) for each in languages}
    if session().json:
        session().emit({"missing": missing})
        return
    for language, untold in missing.items():
        click.echo(f"{language}: {len(known) - len(untold)} of {len(known)} texts translated")


def _check(known: list[Message], languages: list[str]) -> None:
    from shopace.service import texts

    problems = [
        each for language in languages for each in texts.check(known, language, texts.folder())
    ]
    incomplete = None
    if problems:
        hint = "shopace texts --write, then fill in core/texts/*.po"
        incomplete = DocumentError("texts are not complete", problems=problems, hint=hint)
    if session().json:
        session().judged({"checked": languages, "messages": len(known)}, incomplete)
        return
    if incomplete is not None:
        raise incomplete
    click.echo(f"{len(known)} texts are complete in {', '.join(languages) or 'English'}")


def _list(known: list[Message], languages: list[str]) -> None:
    from shopace.core.texts.translator import Translator

    translators = [Translator(each) for each in languages]
    if session().json:
        listed = [
            {"id": each.id, "place": each.place}
            | {translator.language: translator.say(each.id) for translator in translators}
            for each in known
        ]
        session().emit({"texts": listed})
        return
    from shopace.service.terminal import add_row, table

    made = table("place", "English", *languages, wrap=("place", "English", *languages))
    for each in known:
        add_row(made, (each.place, each.id, *(t.say(each.id) for t in translators)))
    session().console().print(made)
