"""One worker process: `python -m shopace.workers.child`, started by the supervisor.

Settings come as JSON on standard input, where no other user can read them; without any, from the
environment. SIGTERM: the running job is finished, fetched ones are handed back, exit code 0.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import uuid
from types import FrameType
from typing import TYPE_CHECKING

import redis
import structlog

from shopace.core.errors import ShopaceError, redacted
from shopace.workers.embedded import die_with_parent
from shopace.workers.logging import configure_logging
from shopace.workers.marker import Marker
from shopace.workers.settings import (
    Settings,
    connect_both,
    decode_settings,
    settings_from_environment,
)

if TYPE_CHECKING:
    from shopace.core.host.registry import Registry

PARENT_VARIABLE = "SHOPACE_SUPERVISOR_PID"
"""Set by the supervisor: the child ends when that process does."""

log = structlog.get_logger("shopace.workers.child")


def main() -> int:
    """Work until told to stop; the exit code."""
    stop = threading.Event()

    def ask_to_stop(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor, which tells us
    configure_logging()
    try:
        _tie_to_supervisor()
        work(_settings(), stop)
    except ShopaceError as error:
        log.error("child.refused", error=str(error))  # noqa: TRY400  # a sentence, not a traceback
        return error.exit_code
    except Exception:
        log.exception("child.failed")
        return 1
    return 0


def work(settings: Settings, stop: threading.Event) -> None:
    """Run one worker thread over both queues until `stop` is set."""
    # Read by Dramatiq at import alone, which therefore comes after.
    os.environ.update(
        dramatiq_queue_prefetch=str(settings.prefetch),
        dramatiq_restart_delay=str(settings.restart_delay_ms),
    )
    from dramatiq import Worker  # noqa: PLC0415
    from dramatiq import worker as dramatiq_worker  # noqa: PLC0415

    from shopace.workers.actors import Workbench, declare_actors  # noqa: PLC0415
    from shopace.workers.broker import Broker  # noqa: PLC0415
    from shopace.workers.feeding import FeedsNext  # noqa: PLC0415
    from shopace.workers.queue import Queue  # noqa: PLC0415

    # How long an acknowledgement waits for a broker that was away; no setting of Dramatiq's.
    dramatiq_worker.POST_PROCESS_MESSAGE_RETRY_DELAY_SECS = settings.restart_delay_ms / 1000  # type: ignore[assignment]
    marker = Marker.inherited()
    marker.answer()
    _limit_memory(settings)
    servers = connect_both(settings)
    bench = Workbench(settings, _registry(settings), servers.results)
    queue = Queue(servers.broker, worker=str(uuid.uuid4()))
    marker.name(queue.worker)
    broker = Broker(queue, settings, on_dead=bench.report_dead, marker=marker)
    broker.add_middleware(FeedsNext(Queue(servers.broker), servers.results))
    declare_actors(broker, bench)
    worker = Worker(broker, worker_threads=1, worker_timeout=settings.poll_ms)
    worker.start()
    log.info("child.ready", pid=os.getpid())
    stop.wait()
    log.info("child.stopping", pid=os.getpid())
    worker.stop(timeout=round(settings.grace_seconds * 1000))
    try:
        broker.close()
    except redis.RedisError as error:  # what it holds goes back as soon as it is taken for dead
        log.warning("messages.not_given_back", worker=queue.worker, error=redacted(str(error)))
    servers.close()


def _limit_memory(settings: Settings) -> None:
    """Beyond the limit an allocation fails, which costs a plugin its part and not the machine.

    Files that are mapped into memory, as snapshots are, do not count.
    """
    limit = settings.memory_mb * 1024 * 1024
    if sys.platform == "linux":
        _, allowed = resource.getrlimit(resource.RLIMIT_DATA)
        limit = limit if allowed == resource.RLIM_INFINITY else min(limit, allowed)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _registry(settings: Settings) -> Registry:
    from shopace.core.configuration import load_configuration  # noqa: PLC0415
    from shopace.core.host.discovery import load_registry  # noqa: PLC0415
    from shopace.plugins import BUILTIN  # noqa: PLC0415

    registry = load_registry(BUILTIN, configuration=load_configuration(settings.configuration_file))
    for rejection in registry.rejected:
        log.error(
            "plugin.rejected",
            plugin=rejection.plugin,
            version=rejection.version,
            category=rejection.category,
            problems=[str(problem) for problem in rejection.problems],
        )
    return registry


def _settings() -> Settings:
    content = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    return decode_settings(content) if content else settings_from_environment()


def _tie_to_supervisor() -> None:
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None:
        die_with_parent(int(parent))()


if __name__ == "__main__":
    sys.exit(main())
