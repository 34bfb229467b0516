"""What every command shares: the options that may stand anywhere, and how it prints."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shopace.service.figures import CARDS_IN_FULL

if TYPE_CHECKING:
    from rich.console import Console

    from shopace.core.configuration import Configuration
    from shopace.core.errors import ShopaceError
    from shopace.core.host.registry import Registry

DATA_FOLDER = "shopace-data"
DATA_VARIABLE = "SHOPACE_DATA"
LANGUAGE_VARIABLE = "SHOPACE_LANGUAGE"
DATA_HELP = f"Data folder. [env: {DATA_VARIABLE}; default: ./{DATA_FOLDER}]"


@dataclass
class Session:
    """One call of the command line."""

    data: Path | None = None
    json: bool = False
    config: Path | None = None
    verbosity: int = 0

    @property
    def folder(self) -> Path:
        """The data folder, named or not."""
        return self.data if self.data is not None else Path(DATA_FOLDER)

    def configuration(self) -> Configuration:
        """`--config`, else `shopace.toml` of the data folder, else the defaults."""
        from shopace.core.configuration import configuration_file, load_configuration

        return load_configuration(configuration_file(self.folder, self.config))

    def registry(self) -> Registry:
        """All plugins, built-in and third-party, as configured."""
        from shopace.core.host.discovery import load_registry
        from shopace.plugins import BUILTIN

        configuration = self.configuration()
        with redirect_stdout(sys.stderr):  # what a plugin prints would spoil the JSON
            return load_registry(BUILTIN, configuration=configuration)

    def console(self) -> Console:
        from shopace.service.terminal import console

        return console()

    def emit(self, value: Any) -> None:  # noqa: ANN401  # anything that msgspec encodes
        """Print one JSON document on standard output."""
        import msgspec

        from shopace.service.clean import clean_json

        click.echo(clean_json(msgspec.to_builtins(value, str_keys=True)))

    def judged(self, report: dict[str, Any], against: ShopaceError | None = None) -> None:
        """Print what a command that judges found, as JSON, and end with the code of what is wrong.

        `against` is None where nothing is.
        """
        problems = [] if against is None else against.problems
        self.emit({"sound": against is None, "problems": problems} | report)
        if against is not None:
            click.get_current_context().exit(against.exit_code)


def log_warnings_alone() -> None:
    """For commands that start what logs: unless -v asked for more, and never on standard output."""
    if session().verbosity == 0:
        from shopace.workers.logging import configure_logging

        configure_logging(level=logging.WARNING)


def session() -> Session:
    """The session of the command that runs."""
    return click.get_current_context().ensure_object(Session)


def error_for_programs(error: ShopaceError) -> dict[str, Any]:
    """What stands under `error` in what a command prints with --json."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "problems": [
            {"where": each.where, "what": each.what, "hint": each.hint} for each in error.problems
        ],
        "exit_code": error.exit_code,
    }


class Leaf(click.Command):
    """A command with the shared options and examples."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401
        examples: Sequence[str] = (),
        data_help: str = DATA_HELP,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.params.extend(shared_options(data_help))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)


class Branch(click.Group):
    """A command that holds others, and shows the first example of each."""

    command_class = Leaf

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.params.extend(shared_options())

    @property
    def examples(self) -> tuple[str, ...]:
        leaves = (each for each in self.commands.values() if isinstance(each, Leaf))
        return tuple(each.examples[0] for each in leaves if each.examples)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Whole sentences."""
        named = [(each, self.get_command(ctx, each)) for each in self.list_commands(ctx)]
        told = [(name, _first_sentence(each.help or "")) for name, each in named if each]
        with formatter.section("Commands"):
            formatter.write_dl(told, col_max=12)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


language_option = click.option(
    "--language",
    default="en",
    envvar=LANGUAGE_VARIABLE,
    metavar="NAME",
    help="Of the sentences, e.g. zh_Hans; the page around them stays English."
    f" [env: {LANGUAGE_VARIABLE}; default: en]",
)
"""For commands that show a diagnosis."""


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


cards_option = click.option(
    "--cards",
    type=click.IntRange(0),
    default=CARDS_IN_FULL,
    show_default=True,
    help="Task cards below the risk monitor that are shown whole.",
)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    if not examples:
        return
    with formatter.section("Examples" if len(examples) > 1 else "Example"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def shared_options(data_help: str = DATA_HELP) -> list[click.Option]:
    """Fresh ones: a click option belongs to one command."""
    return [
        click.Option(
            ["--data"],
            type=click.Path(path_type=Path, file_okay=False),
            metavar="PATH",
            help=data_help,
            expose_value=False,
            callback=_keep("data"),
        ),
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Parameters, tiers, switches. [default: shopace.toml in the data folder]",
            expose_value=False,
            callback=_keep("config"),
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            help="One JSON document on standard output, for programs.",
            expose_value=False,
            callback=_keep("json"),
        ),
        click.Option(
            ["-v", "--verbose"],
            count=True,
            help="Log steps, and where a handled error comes from; -vv logs more.",
            expose_value=False,
            callback=_keep_verbosity,
        ),
    ]


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:  # noqa: ANN401
        if value is not None and value is not False:
            setattr(context.ensure_object(Session), name, value)

    return keep


def _keep_verbosity(context: click.Context, _: click.Parameter, value: int) -> None:
    if value:
        context.ensure_object(Session).verbosity = value
        from shopace.workers.logging import configure_logging

        configure_logging(level=logging.INFO if value == 1 else logging.DEBUG)
