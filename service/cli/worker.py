"""`shopace worker`: the processes that diagnose what is enqueued."""

from __future__ import annotations

import logging
import os
from contextlib import nullcontext

import click

from shopace.service.cli.session import Leaf, session


@click.command(
    cls=Leaf,
    examples=(
        "shopace worker --embedded",
        "shopace worker --processes 4 --data /srv/shopace --metrics-port 9191",
    ),
)
@click.option("--processes", type=click.IntRange(1), help="Worker processes. [default: the cores]")
@click.option(
    "--embedded",
    is_flag=True,
    help="Start the bundled server too and end it with the workers; it keeps nothing on disk.",
)
@click.option("--metrics-port", type=click.IntRange(0, 65535), metavar="PORT",
              help="For /metrics, /livez and /readyz; 0: a free port, in the log.")  # fmt: skip
@click.option("--metrics-host", default="127.0.0.1", show_default=True, metavar="HOST",
              help="The address to serve them at; 0.0.0.0 for all.")  # fmt: skip
def command(
    processes: int | None, embedded: bool, metrics_port: int | None, metrics_host: str
) -> None:
    """Work on what is enqueued, until told to stop.

    A supervisor keeps the processes and replaces one that dies, alone. SIGTERM or Ctrl-C ends all
    of them: running jobs are finished, the others go back to the queue. Logs go to standard error.
    """
    import msgspec

    from shopace.workers.embedded import embedded_server
    from shopace.workers.endpoint import endpoint
    from shopace.workers.logging import configure_logging
    from shopace.workers.settings import URL_VARIABLES, settings_from_environment
    from shopace.workers.supervisor import Supervisor, stop_on_signals

    named = [each for each in URL_VARIABLES.values() if embedded and os.environ.get(each)]
    if named:
        raise click.UsageError(
            f"--embedded starts a server of its own, but {' and '.join(named)} of the environment"
            " would lead every other command elsewhere: unset it, or leave out --embedded"
        )
    level = logging.DEBUG if session().verbosity > 1 else logging.INFO
    configure_logging(json=True if session().json else None, level=level)
    with (
        stop_on_signals() as stop,
        embedded_server(session().folder) if embedded else nullcontext() as server,
    ):
        settings = settings_from_environment(data=session().data)
        settings = msgspec.structs.replace(settings, configuration=session().config)
        lost = server.lost if server is not None else lambda: ""
        supervisor = Supervisor(settings, processes=processes, stop=stop, lost=lost)
        with (
            endpoint(settings, supervisor.health, metrics_host, metrics_port)
            if metrics_port is not None
            else nullcontext()
        ):
            if server is not None and not session().json:
                click.echo(
                    f"The server of {session().folder} is there for every command with this --data;"
                    " Ctrl-C ends it and the workers.",
                    err=True,
                )
            supervisor.run()
    if session().json:
        session().emit({"stopped": True})
