"""In which units a formula's values may be told, read off its measures.

A quotient keeps the unit of what it divides: hours per request are hours, money per hour is money.
Two numbers of one unit give a ratio or a multiple; two numbers of things may also be things per
thing. A product with a plain number keeps the other's unit. What a formula multiplies with a number
of its own has the unit that the page says: 3600 may turn hours into seconds, or stand for anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.vocabulary.formula import Operation, Ref, refs
from shopace.core.vocabulary.units import Aggregation, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shopace.core.vocabulary.formula import Formula
    from shopace.core.vocabulary.measures import Measure

Units = tuple[Unit, ...]
"""Any of these; never empty."""
_PLAIN = (Unit.COUNT, Unit.RATIO, Unit.MULTIPLE)
"""Numbers of no dimension."""
_SHARES = (Unit.RATIO, Unit.MULTIPLE)


def units_of(formula: Formula, measures: Mapping[str, Measure]) -> Units | None:
    """The units that fit a formula; None: whatever the page says."""
    match formula:
        case Ref(key=key):
            return (measures[key].unit,) if key in measures else None
        case Operation(op="+" | "-", left=left, right=right):
            one, other = units_of(left, measures), units_of(right, measures)
            if one is None or other is None:
                return one or other
            return tuple(each for each in one if each in other) or one
        case Operation(op=op, left=left, right=right):
            one, other = units_of(left, measures), units_of(right, measures)
            if one is None or other is None:
                return None
            return _product(one, other) if op == "*" else _quotient(one, other, right, measures)
        case _:
            return None


def sums_of_two_units(
    formula: Formula, measures: Mapping[str, Measure]
) -> Iterator[tuple[Units, Units]]:
    """Every sum or difference of numbers that no unit fits."""
    if isinstance(formula, Operation):
        yield from sums_of_two_units(formula.left, measures)
        yield from sums_of_two_units(formula.right, measures)
        one, other = units_of(formula.left, measures), units_of(formula.right, measures)
        if formula.op in "+-" and one and other and set(one).isdisjoint(other):
            yield one, other


def _product(one: Units, other: Units) -> Units | None:
    plain = [set(each) <= set(_PLAIN) for each in (one, other)]
    if all(plain):
        return _PLAIN
    return other if plain[0] else one if plain[1] else None


def _quotient(one: Units, other: Units, divisor: Formula, measures: Mapping[str, Measure]) -> Units:
    if set(one).isdisjoint(other):
        return one
    found = _PLAIN if Unit.COUNT in one else _SHARES
    daily = any(measures[ref.key].aggregation is Aggregation.MEAN for ref in refs(divisor))
    return (*found, Unit.DAYS) if daily else found  # how long it lasts at what a day takes
