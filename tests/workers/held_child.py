"""A worker whose blocks wait while a file is there: what the tests kill in the middle of a job."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["dramatiq_restart_delay"] = "100"  # noqa: SIM112  # read when actors are imported

from shopace.core.pipeline.run import diagnose_block
from shopace.workers import actors, child

HOLD = Path(os.environ["TEST_HOLD"])


def held_block(*args: Any, **kwargs: Any) -> Iterator[Any]:
    (HOLD.parent / "running" / str(os.getpid())).touch()
    while HOLD.exists():
        time.sleep(0.01)
    return diagnose_block(*args, **kwargs)


vars(actors)["diagnose_block"] = held_block

if __name__ == "__main__":
    sys.exit(child.main())
