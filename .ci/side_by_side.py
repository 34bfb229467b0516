"""Run commands side by side: `side_by_side.py "make check" "python -m pytest tests"`.

What each wrote stands together, and what failed comes last. The exit code is 1 when any failed.
Ctrl-C and SIGTERM end all of them, in order.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO

END_SECONDS = 60


class Part:
    """A command in a session of its own, so that Ctrl-C reaches it once: through us."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.began = self.ended = time.monotonic()
        self.output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as we do
        self.process = subprocess.Popen(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def show(self) -> None:
        took = self.ended - self.began
        print(f"\n$ {self.command}  # {took:.0f} s, exit code {self.process.poll()}", flush=True)
        self.output.seek(0)
        shutil.copyfileobj(self.output, sys.stdout.buffer)
        sys.stdout.flush()

    def interrupt(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)

    def end(self, deadline: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
            self.ended = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def main(commands: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts: list[Part] = []
    failed: list[Part] = []
    try:
        parts += [Part(command) for command in commands]
        running = list(parts)
        while running:
            time.sleep(0.1)
            for part in [each for each in running if each.process.poll() is not None]:
                running.remove(part)
                part.ended = time.monotonic()
                if part.process.returncode:
                    print(f"\nfailed, to be shown at the end: {part.command}", flush=True)
                    failed.append(part)
                else:
                    part.show()
    except KeyboardInterrupt:
        failed = [part for part in parts if part.process.poll() is None]
        for part in failed:
            part.interrupt()
        deadline = time.monotonic() + END_SECONDS
        for part in failed:
            part.end(deadline)
    for part in failed:
        part.show()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
