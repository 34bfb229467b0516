"""Between which values a metric can lie, read off its formula."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from shopace.core.vocabulary.formula import Constant, Operation, Ref
from shopace.core.vocabulary.units import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopace.core.vocabulary.formula import Formula
    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric


class Span(NamedTuple):
    """The least and the most that a number can be."""

    low: float
    high: float


ANY = Span(-math.inf, math.inf)


def span_of(metric: Metric, measures: Mapping[str, Measure]) -> Span:
    """Between which values a metric can lie, as far as its declaration says.

    Counts and amounts are never below 0. A rate above 100 % is legal; a *share* is a part of a
    whole and ends at 1: a ratio whose key ends in `_share`, or whose numerator is one of the
    addends of its denominator.
    """
    low, high = _span(metric.formula, measures)
    if metric.unit is Unit.RATIO and metric.key.endswith("_share"):
        high = min(high, 1.0)
    return Span(low, high)


def _span(formula: Formula, measures: Mapping[str, Measure]) -> Span:
    match formula:
        case Ref(key=key):
            measure = measures.get(key)  # None: its plugin is switched off
            free = measure is None or measure.may_be_negative or bool(measure.derived_from)
            return ANY if free else Span(0.0, math.inf)
        case Constant(value=value):
            return Span(value, value)
        case Operation(op=op, left=left, right=right):
            one, other = _span(left, measures), _span(right, measures)
            if op == "/" and left in _addends(right):
                return Span(0.0, 1.0) if one.low >= 0 <= other.low else ANY
            return _COMBINED[op](one, other)


def _plus(one: Span, other: Span) -> Span:
    return Span(one.low + other.low, one.high + other.high)


def _minus(one: Span, other: Span) -> Span:
    return Span(one.low - other.high, one.high - other.low)


def _multiplied(one: Span, other: Span) -> Span:
    corners = [_times(a, b) for a in one for b in other]
    return Span(min(corners), max(corners))


def _divided(one: Span, other: Span) -> Span:
    if other.low < 0:
        return ANY
    return _multiplied(one, Span(_inverse(other.high), _inverse(other.low)))


def _times(a: float, b: float) -> float:
    return 0.0 if 0.0 in (a, b) else a * b


def _inverse(value: float) -> float:
    return math.inf if value == 0 else 1 / value


def _addends(formula: Formula) -> tuple[Formula, ...]:
    """What a sum adds; the thing itself for anything else."""
    match formula:
        case Operation(op="+", left=left, right=right):
            return (*_addends(left), *_addends(right))
        case _:
            return (formula,)


_COMBINED = {"+": _plus, "-": _minus, "*": _multiplied, "/": _divided}
