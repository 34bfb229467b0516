"""What a supervisor reads of a child while the child writes it."""

import os
import subprocess
import sys

from shopace.workers.marker import FD_VARIABLE, Marker

BUSY = """
from shopace.workers.marker import Marker
marker = Marker.inherited()
print("ready", flush=True)
while True:
    marker.beat()
"""


def test_no_instant_is_read_half_written() -> None:
    marker = Marker.create()
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY],
        pass_fds=(marker.fd,),
        env={**os.environ, FD_VARIABLE: str(marker.fd)},
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        while not marker.read().beat:
            pass
        last = 0.0
        went_back = []
        for _ in range(300_000):
            beat = marker.read().beat
            if beat < last:
                went_back.append(beat)
            last = beat
        process.kill()
    marker.close()
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
