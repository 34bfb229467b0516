"""Log lines: events as data, one line each, without secrets.

Those of a job are `job.…`, each with `run`, and `block` and `first` or `shop`; those of a process
`child.…`, those of a supervisor's threads `chore.…`. docs/operations.md lists all of them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from shopace.core.errors import redacted
from shopace.core.steering import STEERING

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger


class Events:
    """Where a module's events go: `log.info("run.joined", run=…)`.

    To structlog once the process has configured it, as ours and those of other users do. Else to
    `logging` under the module's name: a library prints nothing on standard output by itself.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, level: str) -> Callable[..., None]:
        configured = structlog.is_configured()
        log: Any = structlog.get_logger(self._name) if configured else _plain(self._name)
        told: Callable[..., None] = getattr(log, level)
        return told


def _plain(name: str) -> structlog.stdlib.BoundLogger:
    log: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            redact_passwords,
            escape_unprintable,
            _as_line,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return log


def _as_line(
    log: WrappedLogger, method: str, event: EventDict
) -> tuple[tuple[str], dict[str, bool]]:
    """With its traceback in it: `logging` would add another, passwords and all."""
    line = structlog.processors.LogfmtRenderer(key_order=["event"])(log, method, event)
    return (line,), {"exc_info": False}


def configure_logging(*, json: bool | None = None, level: int = logging.INFO) -> None:
    """Send all logs of the process to standard error, ours and those of libraries.

    As JSON or for reading; without being told, as JSON unless standard error is a terminal.
    """
    as_json = json if json is not None else not sys.stderr.isatty()
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    rendering: list[Processor] = (
        [structlog.processors.JSONRenderer()]
        if as_json
        else [
            escape_unprintable,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), timestamp_key="at", pad_event_to=20, sort_keys=False
            ),
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*ours, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _one_line_tracebacks,
                redact_passwords,
                *rendering,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("dramatiq").setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *ours,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def redact_passwords(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide user and password of every URL, in texts however deep."""
    return {name: _with_texts(value, redacted) for name, value in event.items()}


def escape_unprintable(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    r"""Show what could steer a terminal or begin a line as `\n`, `\x1b`, `\u202e`."""
    return {name: _with_texts(value, _escaped) for name, value in event.items()}


def _one_line_tracebacks(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    # Under its own name the console would put it on lines of its own.
    if "exception" in event:
        event["traceback"] = event.pop("exception")
    return event


def _escaped(text: str) -> str:
    return STEERING.sub(lambda found: found.group().encode("unicode-escape").decode(), text)


def _with_texts(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401  # any log value
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return change(value)
        case Mapping():
            return {change(str(name)): _with_texts(each, change) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_with_texts(each, change) for each in value]
        case _:
            return change(str(value))
