"""The group `shopace`: its table of commands, its help, and how it ends.

A command's module is imported when the command is called or its own help is asked for, so that the
first help is quick and a broken dependency costs one command only.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from shopace.core.errors import ShopaceError
from shopace.service.cli.session import (
    DATA_VARIABLE,
    Session,
    error_for_programs,
    shared_options,
    write_examples,
)

COMMANDS: dict[str, dict[str, str]] = {
    "Try it": {
        "demo": "Make a marketplace, diagnose all of it, and show a shop.",
        "simulate": "Write the facts of a made-up marketplace.",
        "truth": "Compare diagnoses with what was planted in a made-up marketplace.",
    },
    "Prepare": {
        "facts": "Check daily facts before anything is built from them.",
        "snapshot": "Build, list and verify snapshots of the facts.",
        "benchmarks": "Build, list and verify what top peers show, from a snapshot.",
        "incentives": "List the incentive programmes, or check the files they stand in.",
    },
    "Diagnose": {
        "diagnose": "Diagnose one shop here and now, without a server.",
        "nightly": "Enqueue every shop of a snapshot.",
        "schedule": "Run nightly every day at a set time, until told to stop.",
        "enqueue": "Enqueue single shops.",
        "worker": "Work on what is enqueued, until told to stop.",
    },
    "Look": {
        "show": "Show a shop's published diagnosis.",
        "products": "Show where products' traffic comes from, and what becomes of it.",
        "status": "Show servers, workers, the queue and the latest runs.",
        "dlq": "List, show, replay or purge dead letters.",
        "doctor": "Say what is wrong and what to do.",
    },
    "Extend": {
        "plugins": "List the plugins, check them by the contract, or begin one.",
        "catalog": "Print every metric, benchmark and task there is.",
        "schemas": "List, write or check the JSON Schemas of the public documents.",
        "texts": "List, write or check the texts of the other languages.",
    },
}
"""Section → command → what it does. The texts of the modules begin with the same sentence."""

EXAMPLES = (
    "shopace demo",
    "shopace diagnose USLCAKYHPN8J --data ./shopace-demo",
    "shopace snapshot build facts/mapping.toml facts --json",
)
EXIT_CODES = """\
0 done · 1 something is wrong · 2 the call itself is wrong · 3 an input is refused ·
4 not found or not usable · 5 no server · 6 a plugin is rejected ·
7 a document is refused or not up to date · 130 interrupted"""
PROBLEMS_SHOWN = 50
USAGE = 2
VERBOSE = frozenset({"-v", "-vv", "--verbose"})
INTERRUPTED = 130
_RIGHTS = "whoever runs this needs the right to read and write there; -v shows where it happened"
_ROOM = "make room and call it again: nothing half-written is left behind"
_PLACE = "a folder was expected on this path; see --data"
SYSTEM_HINTS: dict[int | None, str] = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.ENOTDIR: _PLACE,
}
"""What is no bug of ours though it comes as an OSError, and the way out."""


class Root(click.Group):
    """`shopace`, which knows its commands by name alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"shopace.service.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-"):
            near = get_close_matches(args[0], names, n=1)
            raise click.NoSuchCommand(args[0], possibilities=near, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for section, commands in COMMANDS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()), col_max=12)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        write_examples(EXAMPLES, formatter)
        with formatter.section("Exit codes"):
            formatter.write_text(EXIT_CODES.replace("\n", " "))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> NoReturn:  # noqa: ANN401
        """Handled errors print a sentence and set the exit code; a bug keeps its traceback."""
        arguments = list(sys.argv[1:] if args is None else args)
        as_json = "--json" in arguments
        extra |= {"standalone_mode": False, "prog_name": "shopace"}
        try:
            code = self._call(arguments, *rest, as_json=as_json, **extra)
        except ShopaceError as error:
            _explain(error, arguments)
            _tell_error(error, as_json=as_json)
        except OSError as error:
            if error.errno not in SYSTEM_HINTS:
                raise
            _explain(error, arguments)
            told = f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror}"
            _tell(as_json, "system", told, hint=SYSTEM_HINTS[error.errno], code=1)
        except RuntimeError as error:
            if str(error) != "Query interrupted":  # what DuckDB makes of Ctrl-C
                raise
            _tell(as_json, "interrupted", "Interrupted", code=INTERRUPTED)
        sys.exit(code if isinstance(code, int) else 0)

    def _call(self, *arguments: Any, as_json: bool, **extra: Any) -> Any:  # noqa: ANN401
        """Click's own `main`, whose errors are told in our way."""
        try:
            return super().main(*arguments, **extra)
        except click.Abort:
            _tell(as_json, "interrupted", "Interrupted", code=INTERRUPTED)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.UsageError as error:
            if not as_json and error.ctx is not None:
                click.echo(error.ctx.get_usage(), err=True)
            path = error.ctx.command_path if error.ctx is not None else "shopace"
            hint = f'"{path} --help" tells more'
            _tell(as_json, "usage", error.format_message(), hint=hint, code=USAGE)
        except click.ClickException as error:
            _tell(as_json, "usage", error.format_message(), code=error.exit_code)


@click.group(
    cls=Root,
    params=shared_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="COMMAND …",
)
@click.version_option(package_name="shopace", message="shopace %(version)s")
@click.pass_context
def shopace(context: click.Context) -> None:
    """Diagnose shops by the ACE method: risks first, then declines, then gaps to top peers.

    From a folder of daily facts to ranked task cards that another service reads from Redis. The
    first thing to try is "shopace demo"; every command's --help has an example.
    """
    session = context.ensure_object(Session)
    named = os.environ.get(DATA_VARIABLE)
    if session.data is None and named:
        session.data = Path(named)


def _explain(error: Exception, arguments: Sequence[str]) -> None:
    if not VERBOSE.isdisjoint(arguments):
        traceback.print_exception(error)


def _tell_error(error: ShopaceError, *, as_json: bool) -> NoReturn:
    told = error_for_programs(error)
    _tell(as_json, code=told.pop("exit_code"), **told)


def _tell(
    as_json: bool,
    kind: str,
    message: str,
    *,
    hint: str = "",
    problems: Sequence[dict[str, str]] = (),
    code: int,
) -> NoReturn:
    from shopace.service.clean import clean, clean_json

    if as_json:
        told = {"kind": kind, "message": message, "hint": hint, "problems": list(problems)}
        click.echo(clean_json({"error": told | {"exit_code": code}}))
        sys.exit(code)
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(clean(message) + (f" ({clean(hint)})" if hint else ""), err=True)
    for problem in problems[:PROBLEMS_SHOWN]:
        hinted = f" ({problem['hint']})" if problem["hint"] else ""
        click.echo(clean(f"  - {problem['where']}: {problem['what']}{hinted}"), err=True)
    further = len(problems) - PROBLEMS_SHOWN
    if further > 0:
        click.echo(f"  and {further:,} more; --json lists them all", err=True)
    sys.exit(code)
