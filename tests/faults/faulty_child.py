"""A worker process with faults that its environment asks for.

| variable | fault |
| --- | --- |
| FAULT_SLOW_SECONDS | every job takes so much longer |
| FAULT_HOLD | jobs wait while that file is there |
| FAULT_POISON_SHOP | the process kills itself where that shop is diagnosed |
| FAULT_SKEW_SECONDS | its clock is off by so much; from when FAULT_SKEW_FILE is there |
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from shopace.core.pipeline import run
from shopace.workers import actors, child

SLOW_SECONDS = float(os.environ.get("FAULT_SLOW_SECONDS", "0"))
HOLD = os.environ.get("FAULT_HOLD")
POISON_SHOP = os.environ.get("FAULT_POISON_SHOP")
SKEW_SECONDS = float(os.environ.get("FAULT_SKEW_SECONDS", "0"))
SKEW_FILE = os.environ.get("FAULT_SKEW_FILE")

real_time, real_time_ns = time.time, time.time_ns
real_block, real_shop, real_diagnose = run.diagnose_block, run.diagnose_shop, run._diagnose


def skew() -> float:
    if SKEW_FILE is None:
        return SKEW_SECONDS
    if not Path(SKEW_FILE).exists():
        return 0.0
    Path(f"{SKEW_FILE}.told").touch()
    return SKEW_SECONDS


def delay() -> None:
    time.sleep(SLOW_SECONDS)
    while HOLD is not None and Path(HOLD).exists():
        time.sleep(0.01)


def block(*args: Any, **kwargs: Any) -> Any:
    delay()
    return real_block(*args, **kwargs)


def shop(*args: Any, **kwargs: Any) -> Any:
    delay()
    return real_shop(*args, **kwargs)


def diagnose(inputs: Any, opened: Any, places: slice, *args: Any, **kwargs: Any) -> Any:
    if POISON_SHOP in opened.shops[places]:
        os.kill(os.getpid(), signal.SIGKILL)
    return real_diagnose(inputs, opened, places, *args, **kwargs)


vars(actors).update(diagnose_block=block, diagnose_shop=shop)
vars(run)["_diagnose"] = diagnose
if SKEW_SECONDS:
    vars(time).update(
        time=lambda: real_time() + skew(),
        time_ns=lambda: real_time_ns() + round(skew() * 1e9),
    )

if __name__ == "__main__":
    sys.exit(child.main())
