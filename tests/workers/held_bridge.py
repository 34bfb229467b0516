"""A bridge that stands still for good, either when it has entries or when they are enqueued."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from shopace.workers.intake import Bridge, Intake
from shopace.workers.settings import connect_both_patiently, decode_settings


def hold(*_: Any) -> Any:
    Path(os.environ["TEST_REACHED"]).touch()
    threading.Event().wait()


if os.environ["TEST_POINT"] == "taken":
    Bridge._judge = hold  # type: ignore[assignment,method-assign]
else:
    Intake.settle = hold  # type: ignore[assignment,method-assign]
settings = decode_settings(sys.stdin.buffer.read())
bridge = Bridge(connect_both_patiently(settings), settings)
while True:
    bridge.step()
