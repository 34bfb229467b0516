"""Feeding: a run's blocks come onto the queue a few at a time, the next ones as blocks end.

Anybody may feed, at any time and twice at once: workers when they have finished a block, every
supervisor now and then, and who waits for a run. How far a run is fed stands beside the queue and
changes in one step with it; whether a block has ended, its report says. So a block is put on the
queue once, and again only if queue or results lost it; and nobody's death holds up a run.
"""

from __future__ import annotations

from itertools import islice

import dramatiq
import redis
from dramatiq.middleware import Middleware

from shopace.core.errors import JobError, NotFoundError, ServerError, ShopaceError
from shopace.workers.broker import encode_message, run_of
from shopace.workers.logging import Events
from shopace.workers.queue import BLOCKS, Feeding, Queue
from shopace.workers.register import Run, close, ended, forget_open, open_runs, read_run
from shopace.workers.settings import Servers, Settings, answered, is_away

_MESSAGES_AT_ONCE = 500
_REMEMBERED_MS = 7 * 24 * 60 * 60 * 1000

log = Events(__name__)


def feed(queue: Queue, run: Run) -> bool:
    """Put on the queue what of the run has room there; True when the run has come to its end.

    Raises ServerError; then somebody feeds again later.
    """
    blocks, limit = len(run.block_shops), run.queued_at_once
    while limit:
        with answered("broker"):
            seen = queue.feeding(BLOCKS, run.id)
        if seen is not None and not _is_due(seen):
            return False
        turn, following, there = (0, 0, 0) if seen is None else (seen.turn, seen.next, seen.there)
        all_fed = following >= blocks
        with answered("results"):  # after the queue: what has left that was reported before
            done = ended(run)
        missing = (each for each in range(0 if all_fed else following, blocks) if each not in done)
        chosen = list(islice(missing, min(limit - there, _MESSAGES_AT_ONCE)))
        if all_fed and not chosen:
            with answered("results"):
                _end(run)
            return True
        if all_fed:  # neither waiting nor running nor reported: a server lost its latest writes
            log.warning("blocks.fed_again", run=run.id, blocks=len(chosen))
        fed = Feeding(
            turn=turn,
            next=chosen[-1] + 1 if chosen and not all_fed else blocks,
            blocks=blocks,
            limit=limit,
        )
        messages = [encode_message(BLOCKS, run.job(block=block)) for block in chosen]
        with answered("broker"):
            queue.feed(BLOCKS, run.id, fed, messages, _REMEMBERED_MS)
    return False


def feed_by_name(queue: Queue, results: redis.Redis, name: str) -> None:
    """Feed a run if it is time to; one that is gone is closed. Raises ServerError."""
    with answered("broker"):
        seen = queue.feeding(BLOCKS, name)
    if seen is not None and not _is_due(seen):
        return
    try:
        with answered("results"):
            run = read_run(results, name)
    except NotFoundError:
        with answered("results"):
            forget_open(results, name)
    else:
        feed(queue, run)


class FeedsNext(Middleware):
    """Who has finished a block feeds its run. Where it cannot, a supervisor will."""

    def __init__(self, queue: Queue, results: redis.Redis) -> None:
        self._queue, self._results = queue, results

    def after_ack(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:  # noqa: ARG002
        if message.queue_name != BLOCKS:
            return
        name = run_of(str(message.options["redis_message_id"]))
        try:
            feed_by_name(self._queue, self._results, name)
        except (ServerError, JobError) as error:  # JobError: no run has such an id
            log.warning("run.not_fed", run=name, error=error.message)

    after_nack = after_ack


class Feeder:
    """Feeds every open run for a supervisor, whatever became of others."""

    def __init__(self, servers: Servers, settings: Settings) -> None:
        self._queue, self._results = Queue(servers.broker), servers.results
        self._beat_seconds = settings.beat_seconds
        self._not_fed: set[str] = set()
        """Of which was told why."""

    def step(self) -> float:
        """Feed all; seconds until the next time. Raises ServerError when a server is away.

        A run that cannot be fed is told once and holds up no other.
        """
        with answered("results"):
            names = open_runs(self._results)
        failed = {name for name in names if not self._feed(name)}
        self._not_fed &= failed
        return self._beat_seconds

    def _feed(self, name: str) -> bool:
        try:
            feed_by_name(self._queue, self._results, name)
        except Exception as error:
            if isinstance(error, ServerError) and is_away(error):
                raise
            if name not in self._not_fed:
                self._not_fed.add(name)
                if isinstance(error, ShopaceError):
                    log.warning("run.not_fed", run=name, error=error.message)
                else:  # a mistake of ours
                    log.exception("run.not_fed", run=name)
            return False
        return True


def _is_due(seen: Feeding) -> bool:
    """Whether a look at the run itself is worth it.

    While blocks are left: room for a quarter of what may be there, so that not every block that
    ends costs a round trip more. Afterwards: nothing is there any more.
    """
    if seen.next < seen.blocks:
        return seen.limit - seen.there >= max(1, seen.limit // 4)
    return seen.there == 0


def _end(run: Run) -> None:
    progress = close(run)
    if progress is not None:
        log.info(
            "run.finished",
            run=run.id,
            shops=progress.shops_done,
            written=progress.written,
            stale=progress.stale,
            partial=progress.partial,
            failed=progress.failed,
            dead_lettered=progress.dead_lettered,
            cards=progress.cards,
        )
