"""A chore goes on whatever its step raises, and ends when it is asked to."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from shopace.core.errors import ServerError
from shopace.workers.chore import Chore

LONG = 600
"""Seconds that no test waits."""


class Steps:
    """A step that does what it is told, one after the other; each of them is seen."""

    def __init__(self, *does: float | BaseException) -> None:
        self._does = list(does)
        self.made: queue.Queue[int] = queue.Queue()
        self._number = 0

    def __call__(self) -> float:
        self._number += 1
        now = self._does.pop(0) if self._does else LONG
        self.made.put(self._number)
        if isinstance(now, BaseException):
            raise now
        return now


@contextmanager
def started(step: Callable[[], float], **options: Any) -> Iterator[Chore]:
    chore = Chore("test", step, **{"retry_seconds": 0.0} | options)
    chore.start()
    yield chore
    chore.ask_to_stop()
    chore.join(time.monotonic() + 30)


def test_it_goes_on_after_any_error_and_says_once_that_a_server_is_away_or_back() -> None:
    away = redis.ConnectionError("cannot reach redis://u:s3cret@host/0")
    full = ServerError("the broker server refuses: it is full")
    steps = Steps(0, away, full, ZeroDivisionError(), away, 0, full, LONG)
    with capture_logs() as logs, started(steps):
        for number in range(1, 9):
            assert steps.made.get(timeout=30) == number
    told = [(log["event"], log.get("error")) for log in logs]
    assert told == [
        ("chore.away", "cannot reach redis://***@host/0"),
        ("chore.failed", None),
        ("chore.back", None),
        ("chore.away", "the broker server refuses: it is full"),
        ("chore.back", None),
    ]
    assert {log["chore"] for log in logs} == {"test"}


def test_it_rests_as_its_step_says_and_is_woken() -> None:
    steps = Steps(LONG, ServerError("away"), LONG)
    with started(steps, retry_seconds=LONG) as chore:
        for number in (1, 2, 3):
            assert steps.made.get(timeout=30) == number
            assert steps.made.empty()
            chore.wake()


@pytest.mark.parametrize("finishes", [True, False])
def test_asked_to_stop_it_makes_one_more_step_where_that_is_wanted(finishes: bool) -> None:
    steps = Steps()
    with started(steps, finishes=finishes) as chore:
        assert steps.made.get(timeout=30) == 1
        assert not chore.is_gone
    assert steps.made.qsize() == finishes
    assert not chore.is_gone


def test_asked_in_the_middle_of_a_step_it_does_not_rest_after_it() -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def step() -> float:
        begun.set()
        goes_on.wait(30)
        return LONG

    with capture_logs() as logs, started(step) as chore:
        begun.wait(30)
        chore.ask_to_stop()
        chore.join(time.monotonic())  # it hangs, and is left
        assert [log["event"] for log in logs] == ["chore.left"]
        goes_on.set()
    assert [log["event"] for log in logs] == ["chore.left"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_that_ended_unasked_is_gone(until: Callable[..., None]) -> None:
    never = Chore("never", Steps(), retry_seconds=0)
    never.join(0.0)
    assert not never.is_gone  # it was not started
    with started(Steps(SystemExit())) as chore:
        until(lambda: chore.is_gone, "it is gone")
