"""explain: of several declines that are one fall, the task of the cause stands for all.

Fewer LIVEs bring fewer impressions, these fewer clicks, and these fewer orders: four findings and
one thing to do. Metrics say what drives them; a driver explains a decline where it makes up most of
it, and where the shop is offered a task against the driver's own decline.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from shopace.core.vocabulary.units import Period

if TYPE_CHECKING:
    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.batch import Integers, Measured, Proposals
    from shopace.core.pipeline.plan import Plan

LEAST_LEFT = 1e-6
"""What is left of a number that fell to 0, so that it has a logarithm: next to nothing."""


def explain(plan: Plan, measured: Measured, proposals: Proposals) -> Proposals:
    """The same proposals; those that another explains name its column as `cause`.

    A cause is as severe as the worst that it explains: doing its task is what helps against both.
    """
    tree = plan.drivers
    place = tree.answered[proposals.offer]
    if not tree.steps or (place < 0).all():
        return proposals
    known = place >= 0
    at = place[known], proposals.shop[known]
    shape = (tree.columns.size, measured.tier.size)
    offered = np.zeros(shape, dtype=bool)
    offered[at] = True
    fell = _fell(measured, tree.columns)
    causes = np.full(shape, -1, dtype=np.int64)
    least = plan.values["core.explained_share"]
    for of, by in tree.steps:
        with np.errstate(all="ignore"):
            most = (fell[by] < 0) & (fell[of] < 0) & (np.round(fell[by] / fell[of], 9) >= least)
        here = np.where(offered[by], by[:, None], -1)
        deepest = np.where(causes[by] >= 0, causes[by], here)
        causes[of] = np.where((causes[of] < 0) & most, deepest, causes[of])

    cause = np.full(place.size, -1, dtype=np.int64)
    cause[known] = causes[at]
    worst = np.zeros(shape, dtype=np.int64)
    explained = cause >= 0
    np.maximum.at(
        worst, (cause[explained], proposals.shop[explained]), proposals.severity[explained]
    )
    severity = proposals.severity.copy()
    severity[known] = np.maximum(severity[known], worst[at])
    return replace(proposals, severity=severity, cause=np.where(explained, tree.columns[cause], -1))


def _fell(measured: Measured, columns: Integers) -> Floats:
    """Logarithm of this week's value as a part of the last one's; NaN where one is missing."""
    now, before = (measured.values[each][columns] for each in (Period.L7D, Period.P7D))
    with np.errstate(all="ignore"):
        left = np.where(before > 0, now / before, np.nan)
        return np.log(np.where(left < LEAST_LEFT, LEAST_LEFT, left))
