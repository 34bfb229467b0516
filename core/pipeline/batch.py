"""What passes from stage to stage: arrays over a slice of shops, and what each stage adds.

Shapes: n shops in the last axis, C columns of the plan in the first. NaN is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shopace.core.records.metrics import OUTCOME_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from shopace.core.evaluation import Floats
    from shopace.core.pipeline.plan import Plan
    from shopace.core.pipeline.products import Products
    from shopace.core.pipeline.violations import Violations
    from shopace.core.records.memory import LastCards, Recollection
    from shopace.core.vocabulary.channels import Channel
    from shopace.core.vocabulary.units import Period
    from shopace.core.warehouse.policy import PolicyLine

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Codes = NDArray[np.uint8]

OK, ISSUE, NO_DATA, NOT_APPLICABLE = 0, 1, 2, 3
"""The four outcomes, as they stand in arrays of codes."""
OUTCOME_LETTERS = "".join(OUTCOME_CODES).encode()
"""The same, as they stand in a published metrics document."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """From load: what the snapshot and the memory know about n shops."""

    plan: Plan
    shops: Sequence[str]
    profile: NDArray[np.void]
    """Structured: name, codes of region, industry, currency, timezone, opened_on, focus."""
    rows: Floats
    """(rows of the snapshot, n)."""
    known: Codes
    """(rows of the snapshot, n): known days of the period."""
    noise: Floats
    """(C, n): week-to-week noise of the shop's past."""
    recollections: Sequence[Recollection | None]
    """What was known before this as-of date; None without an earlier diagnosis."""
    same_day: Sequence[Recollection | None]
    """What an earlier diagnosis of this very date left, whose document is stored."""
    products: Products
    """What the shops sell, where product facts are delivered."""
    violations: Violations
    """What the shops are blamed for, where violations are delivered one by one."""
    last: Sequence[LastCards | None]
    """What was shown last; None where that is not known, and where nobody asks for it."""

    def too_young(self, period: Period) -> Flags:
        """Which shops were not open through all of a period; (n,)."""
        days = period.days_ago + period.days
        first_day = np.datetime64(self.plan.manifest.as_of, "D") - days + 1
        return np.asarray(self.profile["opened_on"] > first_day)


@dataclass(frozen=True, kw_only=True)
class Derived:
    """From derive: what plugins' own code computed for n shops."""

    rows: Floats
    """(derived measures of the plan, n)."""
    failed: Mapping[str, str]
    """Plugin → why its measures are missing, with its version and its function."""

    def part(self, first: int, end: int) -> Derived:
        """Of the shops `first` … `end` alone."""
        return Derived(rows=self.rows[:, first:end], failed=self.failed)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """From measure."""

    rows: Floats
    """The snapshot's rows with the derived measures behind them."""
    values: Mapping[Period, Floats]
    """(C, n) by period; a metric without that window is NaN there."""
    samples: Mapping[Period, Floats]
    events: Mapping[Period, Floats]
    sufficient: Flags
    """(C, n): the sample of the last seven days is no hindrance to hold the value to a line."""
    is_peer: Flags
    """(C, n): fit to be compared with peers over 30 days, and to be one of them.

    Not without a sufficient sample, nor for sales of a channel in which the shop showed nothing:
    its zeros would pull the benchmark of those who use it.
    """
    tier: Integers
    """(n): the level, or NO_DATA, NOT_APPLICABLE of `cohorts`."""
    cohorts: Integers
    """(cohort levels, n): position in the benchmark set; −1 none."""
    gmv: Mapping[tuple[Period, Channel], Floats]
    """(n) each; only where GMV is delivered."""
    core: Flags
    """(the five channels, n): the shop's core channels."""
    failed: Mapping[str, str]
    """Plugin → why its derived measures are missing: as `Derived` has it."""


class Crossed(NamedTuple):
    """A policy line that somebody stands on. All of shape (n)."""

    line: PolicyLine
    shops: Flags
    """Who stands on it."""
    since: NDArray[np.datetime64]
    """Since when, of those: the earliest day that facts or memory tell, else the as-of date."""
    over: Flags
    """Whose loss has ended by itself, though they stand on the line still."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """From compare. A positive gap is behind the benchmark, whichever way is better."""

    aa: Codes
    """(C, n) outcome of L7D against its previous period."""
    change: Floats
    """(C, n) midpoint change."""
    market: Floats
    """(C, n) the cohort's median change, not oriented; NaN unknown."""
    deviation: Floats
    """(C, n) the noise that the change was judged by."""
    improved: Flags
    ab: Codes
    """(C, n) outcome against benchmark sellers."""
    benchmark: Floats
    gap: Floats
    """(C, n) share of the benchmark that is missing."""
    percentile: NDArray[np.int8]
    """(C, n) in steps of five; −1 not worked out (no gap, no improvement)."""
    peers: Integers
    level: NDArray[np.int8]
    """(C, n) cohort level used; −1 none."""
    lines: Sequence[Crossed]
    """Policy lines that somebody stands on."""


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """From propose, in no order; from rank, per shop in ranking order. One entry a proposal."""

    shop: Integers
    """Position in the batch."""
    offer: Integers
    """Position in the plan's offers."""
    severity: Integers
    """3 high, 2 medium, 1 low."""
    stake: Floats
    """30-day GMV at stake, −1 unknown: in core channels; of a line what runs through it."""
    warns: Flags
    """Whether it only warns of a loss: a line that a fall reached, not a level."""
    days: Integers
    """Days left to act."""
    line: Integers
    """Position in `Compared.lines`; −1 for every other comparison."""
    reward: Integers
    """Position in the plan's `rewards.offered`; −1 without a reward."""
    cause: Integers
    """From explain: the column whose decline explains the one that this answers; −1 none."""
    product: Integers
    """Row of the product that the task acts on, in the batch's products; −1: it names none."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """From merge: positions in the ranked proposals, and what became of each."""

    proposals: Proposals
    kept_by: Integers
    """The proposal shown instead; itself where it is shown, or where only a limit hides it."""
    for_you: Flags
    """In the overall list."""
    in_channel: Flags
    """In its channel's list."""
