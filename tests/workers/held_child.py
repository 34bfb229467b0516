"""A worker whose blocks wait while a file is there: what the tests kill in the middle of a job."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["dramatiq_restart_delay"] = "100"  # noqa: SIM112  # read when actors are imported

import dramatiq.worker
from dramatiq.worker import ConsumerThread, WorkerThread

from shopace.core.pipeline.run import diagnose_block
from shopace.workers import actors, child

HOLD = Path(os.environ["TEST_HOLD"])


class TellingConsumer(ConsumerThread):
    """Leaves the name of each queue that a job lies ready from, in the order of priorities."""

    def handle_message(self, message: dramatiq.MessageProxy) -> None:
        super().handle_message(message)
        leave("ready", message.queue_name)


class TellingWorker(WorkerThread):
    """Leaves word that it was told to stop: from there on it begins no other job."""

    def stop(self) -> None:
        super().stop()
        leave("stopping", os.getpid())


def held_block(*args: Any, **kwargs: Any) -> Iterator[Any]:
    leave("running", os.getpid())
    while HOLD.exists():
        time.sleep(0.01)
    return diagnose_block(*args, **kwargs)


def leave(where: str, name: object) -> None:
    (HOLD.parent / where / str(name)).touch()


vars(actors)["diagnose_block"] = held_block
vars(dramatiq.worker).update(ConsumerThread=TellingConsumer, WorkerThread=TellingWorker)

if __name__ == "__main__":
    sys.exit(child.main())
