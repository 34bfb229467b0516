"""A supervisor in a process of its own: settings on standard input, logs on standard error.

It ends with the tests that started it, also when those are killed.
"""

import os
import sys

from shopace.workers.embedded import die_with_parent
from shopace.workers.logging import configure_logging
from shopace.workers.settings import decode_settings
from shopace.workers.supervisor import Supervisor, stop_on_signals

if __name__ == "__main__":
    die_with_parent(os.getppid())()
    configure_logging(json=True)
    settings = decode_settings(sys.stdin.buffer.read())
    with stop_on_signals() as stop:
        Supervisor(settings, processes=int(sys.argv[1]), command=sys.argv[2:], stop=stop).run()
