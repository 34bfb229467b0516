"""Formulas over measures: small expression trees built with operators.

`measure("product_clicks") / measure("product_impressions")` is a record. The core evaluates it over
arrays, prints it for people and reads its measures off it. There is no text to parse and no `eval`.
Division by zero and missing inputs give *missing*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from shopace.core.vocabulary.channels import Channel


class _Node(msgspec.Struct, frozen=True, tag_field="node"):
    def __add__(self, other: Formula | float) -> Operation:
        return Operation("+", _node(self), _node(other))

    def __sub__(self, other: Formula | float) -> Operation:
        return Operation("-", _node(self), _node(other))

    def __mul__(self, other: Formula | float) -> Operation:
        return Operation("*", _node(self), _node(other))

    def __truediv__(self, other: Formula | float) -> Operation:
        return Operation("/", _node(self), _node(other))

    def __radd__(self, other: float) -> Operation:
        return Operation("+", _node(other), _node(self))

    def __rsub__(self, other: float) -> Operation:
        return Operation("-", _node(other), _node(self))

    def __rmul__(self, other: float) -> Operation:
        return Operation("*", _node(other), _node(self))

    def __rtruediv__(self, other: float) -> Operation:
        return Operation("/", _node(other), _node(self))


class Ref(_Node, frozen=True, tag="measure"):
    """A measure; in the metric's own channel unless `channel` pins it to another."""

    key: str
    channel: Channel | None = None

    def __str__(self) -> str:
        return self.key + (f"[{self.channel}]" if self.channel else "")


class Constant(_Node, frozen=True, tag="constant"):
    value: float

    def __str__(self) -> str:
        return f"{self.value:g}"


class Operation(_Node, frozen=True, tag="operation"):
    op: Literal["+", "-", "*", "/"]
    left: Ref | Constant | Operation
    right: Ref | Constant | Operation

    def __str__(self) -> str:
        return printed(self, str)


Formula = Ref | Constant | Operation


def measure(key: str, channel: Channel | None = None) -> Ref:
    """The measure `key` in the metric's own channel, or in `channel`."""
    return Ref(key, channel)


def refs(formula: Formula) -> tuple[Ref, ...]:
    """The measures a formula reads, in reading order, each once."""
    match formula:
        case Ref():
            return (formula,)
        case Constant():
            return ()
        case Operation(left=left, right=right):
            return tuple(dict.fromkeys((*refs(left), *refs(right))))


def denominator(formula: Formula) -> Formula | None:
    """What the outermost division divides by; None for a formula that is no quotient."""
    match formula:
        case Operation(op="/", right=right) if refs(right):
            return right
        case Operation(op="*" | "/", left=left, right=Constant()):
            return denominator(left)
        case Operation(op="*", left=Constant(), right=right):
            return denominator(right)
        case _:
            return None


def numerator(formula: Formula) -> Formula:
    """What the outermost division divides, without constant factors; else the formula itself."""
    match formula:
        case Operation(op="/", left=left, right=right) if refs(right):
            return numerator(left)
        case Operation(op="*" | "/", left=left, right=Constant()):
            return numerator(left)
        case Operation(op="*", left=Constant(), right=right):
            return numerator(right)
        case _:
            return formula


def constant_factor(formula: Formula) -> float:
    """What the outermost quotient, or the measure, is multiplied by: 1000 of "per thousand"."""
    match formula:
        case Operation(op="*", left=left, right=Constant(value=value)):
            return constant_factor(left) * value
        case Operation(op="*", left=Constant(value=value), right=right):
            return value * constant_factor(right)
        case Operation(op="/", left=left, right=Constant(value=value)):
            return constant_factor(left) / value
        case Operation(op="/", left=left, right=right) if refs(right):
            return constant_factor(left)
        case _:
            return 1.0


def _node(value: object) -> Formula:
    if isinstance(value, Ref | Constant | Operation):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant(float(value))
    raise TypeError(f"a formula is made of measures and numbers, not of {type(value).__name__}")


def printed(formula: Formula, name: Callable[[Ref], str]) -> str:
    """The formula as people write it, each measure as `name` has it; no needless parentheses."""
    match formula:
        case Ref():
            return name(formula)
        case Constant():
            return str(formula)
        case Operation(op=op, left=left, right=right):
            one, other = printed(left, name), printed(right, name)
            if isinstance(left, Operation) and not (op in "+-" or left.op == op == "*"):
                one = f"({one})"
            if isinstance(right, Operation) and not (op in "+-" and right.op in "*/"):
                other = f"({other})"
            sign = {"+": "+", "-": "−", "*": "×", "/": "÷"}[op]
            return f"{one} {sign} {other}"
