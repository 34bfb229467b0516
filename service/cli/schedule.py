"""`shopace schedule`: the night's run, every day."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import TYPE_CHECKING, Any

import click

from shopace.core.errors import NotFoundError, ShopaceError
from shopace.service.cli.session import Leaf, Session, session

if TYPE_CHECKING:
    from shopace.workers.runs import Run

RETRY_SECONDS = 60
LOOK_SECONDS = 60


@click.command(
    cls=Leaf,
    examples=("shopace schedule", "shopace schedule --at 02:30 --marketplace acme"),
)
@click.option("--at", type=click.DateTime(["%H:%M"]), metavar="HH:MM", default="00:00",
              show_default=True, help="When, in UTC.")  # fmt: skip
@click.option("--marketplace", metavar="NAME", help="Where the data folder holds several.")
@click.option("--without-benchmarks", is_flag=True, help="Go on without a benchmark set.")
def command(*, at: dt.datetime, marketplace: str | None, without_benchmarks: bool) -> None:
    """Run nightly every day at a set time, until told to stop.

    It starts with the night that is due, should it have been missed; a night that has its run is
    left alone, so that any number of schedulers may run. A start that fails is tried again every
    minute, and a night whose run the results server has lost is run anew. SIGTERM or Ctrl-C ends
    it; runs go on without it. Needs the extra "schedule".
    """
    from shopace.workers.logging import configure_logging
    from shopace.workers.supervisor import stop_on_signals

    here = session()
    level = logging.DEBUG if here.verbosity > 1 else logging.INFO
    configure_logging(json=True if here.json else None, level=level)
    log = _logger()
    with stop_on_signals() as stop:
        scheduler = _scheduler()
        tick = _Tick(scheduler, here, marketplace, without_benchmarks)
        daily = scheduler.add_job(
            tick,
            "cron",
            hour=at.hour,
            minute=at.minute,
            coalesce=True,  # of ticks that were missed together, one
            misfire_grace_time=None,  # however late
            max_instances=1,
        )
        scheduler.add_job(tick, id=_Tick.SOON)  # now: the last one may have been missed
        scheduler.add_job(tick.look, "interval", seconds=LOOK_SECONDS, coalesce=True)
        scheduler.start()
        log.info("schedule.started", next=f"{daily.next_run_time:%Y-%m-%d %H:%M} UTC")
        stop.wait()
        scheduler.shutdown()
    if here.json:
        here.emit({"stopped": True})


class _Tick:
    """Starts the night of the latest snapshot, or joins it; tries again when that fails.

    The run of that night is then looked after: a results server that came back empty has neither it
    nor what it published.
    """

    SOON = "soon"

    def __init__(
        self,
        scheduler: Any,  # noqa: ANN401  # see `_scheduler`
        here: Session,
        marketplace: str | None,
        without_benchmarks: bool,
    ) -> None:
        self._scheduler, self._session = scheduler, here
        self._marketplace, self._without_benchmarks = marketplace, without_benchmarks
        self._night: Run | None = None

    def __call__(self) -> None:
        if not self._start(marketplace=self._marketplace):
            again = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=RETRY_SECONDS)
            self._scheduler.add_job(
                self, "date", run_date=again, id=self.SOON, replace_existing=True,
                misfire_grace_time=None,
            )  # fmt: skip

    def look(self) -> None:
        """Run the night anew whose run is gone."""
        from shopace.workers.runs import open_run
        from shopace.workers.settings import settings_from_environment

        night = self._night
        if night is None:
            return
        try:
            settings = settings_from_environment(data=self._session.data)
            if time.time() - night.fence / 1e6 > settings.run_ttl_seconds / 2:
                return  # it will soon be gone for its age
            open_run(settings, night.id).results.close()
        except NotFoundError:
            log = _logger()
            log.error("run.lost", run=night.id)  # noqa: TRY400  # a sentence
            self._start(marketplace=night.marketplace, as_of=night.as_of)
        except (ShopaceError, OSError):
            pass  # a server is away, which is told by those who work with it

    def _start(self, **night: Any) -> bool:  # noqa: ANN401  # see `start`
        from shopace.service.cli.nightly import start
        from shopace.workers.client import SchedulerClient

        here = self._session
        try:
            with SchedulerClient.from_environment(here.data, configuration=here.config) as client:
                # which logs what it started or joined
                self._night = start(
                    here, client, without_benchmarks=self._without_benchmarks, **night
                )
        except (ShopaceError, OSError) as error:
            log = _logger()
            log.error("nightly.not_started", error=str(error), again_in_seconds=RETRY_SECONDS)  # noqa: TRY400  # a sentence
            return False
        return True


def _logger() -> Any:  # noqa: ANN401  # structlog's, which is imported late
    import structlog

    return structlog.get_logger("shopace.schedule")


def _scheduler() -> Any:  # noqa: ANN401  # it brings no types
    try:
        from apscheduler.schedulers.background import (  # type: ignore[import-untyped]  # no types
            BackgroundScheduler,
        )
    except ModuleNotFoundError:
        raise NotFoundError(
            "the scheduler needs a package that is not installed",
            hint="in a checkout: pip install -e '.[schedule]'; or let cron call `shopace nightly`",
        ) from None
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    return BackgroundScheduler(timezone=dt.UTC)
