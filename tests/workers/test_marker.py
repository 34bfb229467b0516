"""What a supervisor reads of a child while the child writes it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shopace.workers.marker import FD_VARIABLE, Marker

Until = Callable[..., None]

BUSY = """
from shopace.workers.marker import Marker

marker = Marker.inherited()
print("ready", flush=True)
while True:
    marker.beat()
"""
STUCK = """
import time
from shopace.workers.marker import Marker

def wait_for_ever():
    print("ready", flush=True)
    time.sleep(600)

Marker.inherited().answer()
wait_for_ever()
"""


@contextmanager
def child(program: str) -> Iterator[tuple[Marker, int]]:
    """A process that has said that it is ready: its marker and its pid."""
    marker = Marker.create()
    with subprocess.Popen(
        [sys.executable, "-c", program],
        pass_fds=(marker.fd,),
        env={**os.environ, FD_VARIABLE: str(marker.fd)},
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield marker, process.pid
            assert process.poll() is None
        finally:
            process.kill()
    marker.close()


def test_no_instant_is_read_half_written(until: Until) -> None:
    with child(BUSY) as (marker, _):
        until(lambda: marker.read().beat, "the first beat")
        last, went_back = 0.0, []
        for _ in range(300_000):
            beat = marker.read().beat
            if beat < last:
                went_back.append(beat)
            last = beat
    assert went_back == []


def test_what_a_child_does_is_read_by_another() -> None:
    supervisors = Marker.create()
    childs = Marker(os.dup(supervisors.fd))
    childs.name("w1")
    with childs.working("run:1:2"), childs.running("ads"):
        doing = supervisors.read()
        assert (doing.worker, doing.message, doing.plugin) == ("w1", "run:1:2", "ads")
        assert 0 < doing.job_since <= doing.plugin_since
    assert supervisors.read()[1:] == (0.0, 0.0, "w1", "", "")
    supervisors.clear()
    assert childs.read().worker == ""
    childs.close()
    supervisors.close()


def test_a_child_tells_where_it_stands(until: Until) -> None:
    with child(STUCK) as (marker, pid):
        assert marker.stack() == []
        for _ in range(2):  # the second answer takes the place of the first
            marker.ask(pid)
            until(lambda: "wait_for_ever < " in "".join(marker.stack()), "it answers")
            (thread,) = marker.stack()
            assert thread.endswith(" wait_for_ever < <string>:10 <module>")
            assert marker.read().beat == 0
