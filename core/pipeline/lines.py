"""How shops stand to a row of a policy pack."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from shopace.core.records.text import Text, fill
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import PERIODS_OF, Unit, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Batch, Flags, Measured
    from shopace.core.pipeline.plan import Plan
    from shopace.core.warehouse.policy import PolicyLine


def value_of(plan: Plan, measured: Measured, line: PolicyLine) -> Floats:
    """What the row judges, one number per shop; NaN is missing."""
    column = plan.index[line.metric, line.channel]
    values: Floats = measured.values[PERIODS_OF[line.window][0]][column]
    return values


def reached(plan: Plan, measured: Measured, line: PolicyLine) -> Flags:
    """Which shops the row finds on or beyond its line, on known numbers."""
    column = plan.index[line.metric, line.channel]
    current, *previous = (measured.values[each][column] for each in PERIODS_OF[line.window])
    beyond = line.reached(current, previous[0] if previous else None)
    if line.window is Window.L7D:
        beyond = beyond & measured.sufficient[column]
    return np.asarray(beyond & ~shut(plan, measured, line))


def shut(plan: Plan, measured: Measured, line: PolicyLine) -> Flags:
    """For which shops the row does not apply: its gate is known to be too low."""
    gate = line.requires
    column = plan.index.get((gate.metric, Channel.SHOP), -1) if gate is not None else -1
    if gate is None or column < 0:
        return np.zeros(measured.tier.shape, dtype=bool)
    return np.asarray(measured.values[PERIODS_OF[gate.window][0]][column] < gate.at_least)


def stood_since(batch: Batch, line: PolicyLine, shops: Flags) -> NDArray[np.datetime64]:
    """Since when those shops stand on the line: the earliest day that facts or memory tell."""
    as_of: dt.date = batch.plan.manifest.as_of
    since = np.full(len(batch.shops), np.datetime64(as_of, "D"))
    for shop in np.flatnonzero(shops).tolist():
        before = batch.recollections[shop]
        by_memory = before.lines.get(line.key) if before is not None else None
        by_facts = batch.violations.since(line, shop)
        since[shop] = min(by_memory or as_of, by_facts or as_of)
    return since


def last_day(line: PolicyLine, since: dt.date) -> dt.date | None:
    """The last day of a loss that ends by itself; None: it does not, or nobody knows when."""
    if line.lasts_days is None:
        return None
    return since + dt.timedelta(days=line.lasts_days - 1)


def with_line(sentence: str, line: PolicyLine, unit: Unit) -> Text:
    """The sentence with the row's value put in as people write it."""
    if "{" not in sentence:
        return Text(sentence)
    match unit:
        case Unit.RATIO:
            told = f"{_plain(line.value * 100)} %"
        case Unit.SCORE:
            told = f"{line.value:,}"
        case _:
            told = _plain(line.value)
    return fill(sentence, line=told)


def _plain(value: float) -> str:
    """All of its digits, without the dust of binary fractions: 2,500,000 and 4.75."""
    value = round(value, 9)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,}"
