"""derive: plugins' own code, run once for all the shops of a job.

It runs before anything is published, so that a plugin that fails for one shop is left out for all
of them: what a document says does not depend on how the shops are cut into slices. A plugin fails
that raises, that answers with something else than it should, or that changes settings which belong
to the whole process; the settings are put back. What it prints goes nowhere.
"""

from __future__ import annotations

import locale
import os
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    redirect_stderr,
    redirect_stdout,
)
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shopace.core.errors import did_you_mean, redacted
from shopace.core.pipeline.batch import Derived
from shopace.core.steering import STEERING
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Period

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.host.hooks import MeasureView
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.snapshot import Block

FUNCTION = "shopace_derive"
ERROR_LENGTH = 200
"""Characters of a plugin's own error that a diagnosis repeats."""

_ADDRESS = re.compile(r"0x[0-9a-f]+")
_NUMBERS = "biuf"
"""Kinds of arrays that hold numbers."""
_alone = threading.Lock()
"""Standard output, locale and the like belong to the process: one plugin at a time."""

Watch = Callable[[str], AbstractContextManager[None]]


class Hooks(NamedTuple):
    """How plugins' own code is run."""

    without: Mapping[str, str] = MappingProxyType({})
    """Plugins whose code is not run, and why: it ended or held up a process before."""
    watch: Watch | None = None
    """Is told whose code runs, for as long as it runs."""
    on_failure: Callable[[str, str], None] | None = None
    """Is told whose code failed or was not run, and why: once for all shops."""


def derive(
    plan: Plan, block: Block, first: int = 0, end: int | None = None, hooks: Hooks | None = None
) -> Derived:
    """The measures that plugins derive, of the shops `first` … `end` of a block."""
    rows = np.asarray(block.values)[:, first:end]
    shops = rows.shape[1]
    behind = np.full((len(plan.derived), shops), np.nan)
    failed: dict[str, str] = {}
    if not plan.derived or not shops:
        return Derived(rows=behind, failed=failed)
    hooks = hooks if hooks is not None else Hooks()
    delivered = len(plan.manifest.rows)
    for plugin, function in plan.registry.derivers.items():
        own = {
            (measure, channel, period): number - delivered
            for (period, measure, channel), number in plan.derived.items()
            if measure.startswith(f"{plugin}.")
        }
        why = hooks.without.get(plugin)
        if why is None:
            try:
                with (
                    hooks.watch(plugin) if hooks.watch is not None else nullcontext(),
                    _undisturbed(),
                ):
                    _fill(behind, own, function(view=_view(plan, rows, plugin)))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # even an exit costs only its own measures
                why = _told(error)
                behind[list(own.values())] = np.nan
        if why is not None:
            version = plan.registry.plugins[plugin].version
            failed[plugin] = f"plugin {plugin} {version}: {FUNCTION}: {why}"
            if hooks.on_failure is not None:
                hooks.on_failure(plugin, failed[plugin])
    return Derived(rows=behind, failed=failed)


def _view(plan: Plan, rows: Floats, plugin: str) -> MeasureView:
    """What a plugin may read: the measures that it declares to derive from, and no other.

    Not delivered, or not in a channel or period, they are missing.
    """
    sources = {
        source
        for key, measure in plan.registry.measures.items()
        if key.startswith(f"{plugin}.")
        for source in measure.derived_from
    }

    def view(measure: str, channel: Channel, period: Period) -> Floats:
        if measure not in sources:
            hint = did_you_mean(str(measure), sorted(sources)) or ", ".join(sorted(sources))
            raise ValueError(f'"{measure}" is none of the measures that it derives from ({hint})')
        number = plan.row_of.get((Period(period), measure, Channel(channel)))
        if number is None or number >= len(plan.manifest.rows):
            return np.full(rows.shape[1], np.nan)
        values: Floats = rows[number].view()
        values.flags.writeable = False
        return values

    return view


def _fill(behind: Floats, own: Mapping[tuple[str, Channel, Period], int], answer: object) -> None:
    """Put a hook's answer into its plugin's own rows; what is not finite is missing."""
    if not isinstance(answer, Mapping):
        raise TypeError(f"it answers with {type(answer).__name__}, not with a mapping")
    for key, values in answer.items():
        told = f"{key[0]} in {key[1]}" if isinstance(key, tuple) and len(key) > 1 else repr(key)
        if key not in own:
            raise ValueError(f"{told} is no measure that it may derive")
        try:
            behind[own[key]] = _row(values, behind.shape[1])
        except TypeError as error:
            raise TypeError(f"{told}: {error}") from error


def _row(values: Any, shops: int) -> Floats:  # noqa: ANN401  # whatever a plugin hands over
    """Its length is asked for first: nothing huge is copied."""
    if isinstance(values, str | bytes) or not hasattr(values, "__len__") or len(values) != shops:
        raise TypeError("not one value per shop")
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    row = np.asarray(values)
    if row.shape != (shops,):
        raise TypeError("not one value per shop")
    if row.dtype.kind not in _NUMBERS:
        raise TypeError("not numbers")
    row = row.astype(np.float64)
    return np.where(np.isfinite(row), row, np.nan)


def _told(error: BaseException) -> str:
    """The error on one line, the same every time: no addresses, no passwords, nothing endless."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001  # its own text fails, too
        return type(error).__name__
    text = redacted(_ADDRESS.sub("0x…", " ".join(said.split())))
    return f"{type(error).__name__}: {STEERING.sub('', text)[:ERROR_LENGTH]}"


@contextmanager
def _undisturbed() -> Iterator[None]:
    """While a plugin's code runs: nothing it prints or sets reaches anybody else.

    Raises RuntimeError where it changed a setting of the process.
    """
    with _alone:
        before = _process()
        try:
            with (
                Path(os.devnull).open("w", encoding="utf-8") as nowhere,
                redirect_stdout(nowhere),
                redirect_stderr(nowhere),
                warnings.catch_warnings(action="ignore"),
                np.errstate(all="ignore"),  # a division by zero is a missing number
            ):
                treatment = np.geterr()
                yield
                if np.geterr() != treatment:
                    raise RuntimeError("it changed how NumPy treats errors")
            changed = [what for what, value in _process().items() if value != before[what]]
            if changed:
                raise RuntimeError(f"it changed the process's {', '.join(changed)}")
        finally:
            _put_back(before)


def _process() -> dict[str, Any]:
    """What belongs to the whole process and would change what others compute or write."""
    return {
        "environment": dict(os.environ),
        "locale": locale.setlocale(locale.LC_ALL),
        "time zone": (time.timezone, time.tzname),
    }


def _put_back(before: Mapping[str, Any]) -> None:
    now = _process()
    if now["environment"] != before["environment"]:
        os.environ.clear()
        os.environ.update(before["environment"])
    if now["locale"] != before["locale"]:
        locale.setlocale(locale.LC_ALL, before["locale"])
    if now["time zone"] != before["time zone"]:
        time.tzset()
