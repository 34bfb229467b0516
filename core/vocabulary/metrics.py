"""Metrics and their benchmarks: what is known about a shop, and what good peers show."""

from __future__ import annotations

from shopace.core.vocabulary.channels import SHOP, Channel
from shopace.core.vocabulary.formula import Formula, denominator, numerator
from shopace.core.vocabulary.products import ProductCondition
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Direction, Unit, Window

_TEXTS = frozenset({"title", "definition", "aliases", "since", "source"})
_SHOWN = frozenset({"is_key", "gmv_factor", "driven_by", "products"})
"""What is made of a finding, not what it is."""


class Alias(Record, frozen=True, kw_only=True):
    """A former or other name of a metric, and why it is not the name any more."""

    name: str
    reason: str


class Metric(Record, frozen=True, kw_only=True):
    """A formula over measures.

    A ratio is the sum of its numerator over the window ÷ the sum of its denominator, never a mean
    of daily ratios. The value is *missing* where a measure is missing or the denominator is 0.
    """

    key: str
    title: str
    """A noun phrase in a merchant's words."""
    definition: str
    """One sentence."""
    formula: Formula
    unit: Unit
    direction: Direction
    channels: tuple[Channel, ...] = SHOP
    windows: tuple[Window, ...] = (Window.L7D, Window.L30D)
    sample: Formula | None = None
    """What the minimum sample counts; None: the denominator, or the formula itself."""
    min_sample: float = 0.0
    """Below it a comparison is not made: `not_applicable`, reason `sample`."""
    is_key: bool = False
    """Key metrics lead to a P1 card when they decline; others are shown in the list only."""
    gmv_factor: bool = False
    """The channel's GMV is proportional to it, other factors equal: a gap has a GMV value."""
    driven_by: tuple[str, ...] = ()
    """Metrics that bring it about in the same channel: a decline that one of them makes up is told
    by the task against the driver's own decline."""
    products: tuple[ProductCondition, ...] = ()
    """The products behind it: those that meet all of these. Empty: none are named."""
    aliases: tuple[Alias, ...] = ()
    since: str = "0.1"
    source: str = ""
    """Where the definition comes from: S0…S4, API or 3P, as in docs/sources.md."""

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that its numbers depend on: what was built stays good when only words change."""
        fields = self.__struct_fields__
        return tuple(getattr(self, each) for each in fields if each not in _TEXTS | _SHOWN)

    @property
    def sample_formula(self) -> Formula:
        if self.sample is not None:
            return self.sample
        below = denominator(self.formula)
        return below if below is not None else self.formula

    @property
    def grows_with_shop(self) -> bool:
        """Whether a larger shop has more of it: a number, an amount, a time, not one per thing."""
        return (
            self.unit in {Unit.COUNT, Unit.MONEY, Unit.HOURS} and denominator(self.formula) is None
        )

    @property
    def event_formula(self) -> Formula:
        """The counted events behind the value: their number bounds its noise from below."""
        return numerator(self.formula) if self.sample is None else self.sample


class Benchmark(Record, frozen=True, kw_only=True):
    """Compares a metric with the shop's peers (AB) over 30 days, in each channel of the metric.

    `top` is what "top peers" means: 0.75 is the value that three quarters of the *other* shops of
    the cohort do not exceed (do not fall below, where lower is better). None: what the parameter
    `core.top_peers` says; in a registry it stands in its place.
    """

    metric: str
    top: float | None = None
