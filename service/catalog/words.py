"""Declarations in words: formulas, conditions, lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shopace.core.vocabulary.formula import Ref, printed
from shopace.core.vocabulary.triggers import AtLeast, BehindPeers, Crosses, Declined
from shopace.core.vocabulary.units import Direction, Unit
from shopace.service.figures import figure

if TYPE_CHECKING:
    from shopace.core.vocabulary.channels import Channel
    from shopace.core.vocabulary.formula import Formula
    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric
    from shopace.core.vocabulary.triggers import Condition, Trigger
    from shopace.core.vocabulary.units import Window
    from shopace.core.warehouse.policy import PolicyLine

UNITS = {
    Unit.COUNT: "a number",
    Unit.MONEY: "money, in the shop's currency",
    Unit.RATIO: "a ratio, shown in %",
    Unit.HOURS: "hours",
    Unit.SECONDS: "seconds",
    Unit.DAYS: "days",
    Unit.POINTS: "points",
    Unit.SCORE: "a score",
    Unit.MULTIPLE: "a multiple (×)",
}
DIRECTIONS = {
    Direction.HIGHER: "higher is better",
    Direction.LOWER: "lower is better",
    Direction.NEITHER: "shown, never judged",
}
COHORTS = {
    "industry+tier": "the same industry and tier",
    "industry": "the same industry",
    "tier": "the same tier",
    "region": "the same region and currency",
}
_SIDES = {"least": "{} or more", "most": "{} or less", "above": "more than {}", "below": "below {}"}


def formula_in_words(formula: Formula, measures: Mapping[str, Measure]) -> str:
    """The formula with the titles of its measures: `product clicks ÷ product impressions`."""

    def name(ref: Ref) -> str:
        title = measures[ref.key].title if ref.key in measures else ref.key
        return f"{title} ({ref.channel.label})" if ref.channel is not None else title

    return printed(formula, name)


def condition_in_words(
    condition: Trigger | Condition,
    metrics: Mapping[str, Metric],
    value: float,
    rules: Iterable[str] = (),
) -> str:
    """What has to be so. `value` is a plain line in use, `rules` what a policy line says."""
    if isinstance(condition, Crosses):
        said = " ".join(dict.fromkeys(rules))
        return said or f"The shop stands on the policy line {condition.line}."
    metric = metrics[condition.metric]
    match condition:
        case Declined():
            way = "rose" if metric.direction is Direction.LOWER else "fell"
            return f"{metric.title} {way} against the shop's own previous seven days"
        case BehindPeers():
            return f"{metric.title} is behind top peers"
        case _:
            at = "least" if isinstance(condition, AtLeast) else "most"
            where = f" ({condition.channel.label})" if condition.channel is not None else ""
            return f"{metric.title}{where}: {side(at, value, metric.unit)}"


def side(at: str, value: float, unit: Unit) -> str:
    """`5 % or more`, `below 3.5`."""
    return _SIDES[at].format(figure(value, unit))


def line_in_words(line: PolicyLine, metric: Metric | None) -> str:
    """When a shop stands on a policy line."""
    title = metric.title if metric is not None else line.metric
    judged = side(line.at, line.value, metric.unit if metric is not None else Unit.COUNT)
    if line.kind == "drop":
        days = line.window.days
        since = "yesterday" if days == 1 else f"{days} days ago"
        return f"{title} fell since {since} by {judged}"
    return f"{title}: {judged}"


def rule_in_words(line: PolicyLine, metric: Metric | None) -> str:
    """What the policy line says, as its cards do."""
    ratio = metric is not None and metric.unit is Unit.RATIO
    return line.rule.format(line=f"{line.value * 100:g} %" if ratio else f"{line.value:,g}")


def peers_in_words(top: float, peers: int, cohorts: Iterable[str]) -> str:
    """Whom the benchmark is taken from, and what happens where they are too few."""
    first, *wider = (COHORTS[each] for each in cohorts)
    return (
        f"what the best {figure(1 - top, Unit.RATIO)} of the other shops of {first} reach, over "
        f"30 days; with fewer than {peers} of them, of {', then of '.join(wider)}"
    )


def channels_in_words(channels: Iterable[Channel]) -> str:
    return ", ".join(each.label for each in channels)


def windows_in_words(windows: Iterable[Window]) -> str:
    return ", ".join("1 day" if each.days == 1 else f"{each.days} days" for each in windows)
