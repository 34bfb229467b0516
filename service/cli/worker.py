"""`shopace worker`: the processes that diagnose what is enqueued."""

from __future__ import annotations

import logging
from contextlib import nullcontext

import click

from shopace.service.cli.session import Leaf, session


@click.command(
    cls=Leaf,
    examples=("shopace worker --embedded", "shopace worker --processes 4 --data /srv/shopace"),
)
@click.option("--processes", type=click.IntRange(1), help="Worker processes. [default: the cores]")
@click.option(
    "--embedded",
    is_flag=True,
    help="Start the bundled server too and end it with the workers; it keeps nothing on disk.",
)
def command(processes: int | None, embedded: bool) -> None:
    """Work on what is enqueued, until told to stop.

    A supervisor keeps the processes and replaces one that dies, alone. SIGTERM or Ctrl-C ends all
    of them: running jobs are finished, the others go back to the queue. Logs go to standard error.
    """
    import msgspec

    from shopace.workers.embedded import embedded_server
    from shopace.workers.logging import configure_logging
    from shopace.workers.settings import URL_VARIABLES, settings_from_environment
    from shopace.workers.supervisor import Supervisor, stop_on_signals

    level = logging.DEBUG if session().verbosity > 1 else logging.INFO
    configure_logging(json=True if session().json else None, level=level)
    with (
        stop_on_signals() as stop,
        embedded_server(session().folder) if embedded else nullcontext() as server,
    ):
        named = (
            {
                URL_VARIABLES["broker"]: server.url_broker,
                URL_VARIABLES["results"]: server.url_results,
            }
            if server is not None
            else None
        )
        settings = settings_from_environment(named, data=session().data)
        settings = msgspec.structs.replace(settings, configuration=session().config)
        if server is not None and not session().json:
            click.echo(
                f"The server of {session().folder} is there for every command with this --data;"
                " Ctrl-C ends it and the workers.",
                err=True,
            )
        Supervisor(settings, processes=processes, stop=stop).run()
    if session().json:
        session().emit({"stopped": True})
