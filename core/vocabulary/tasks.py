"""Task templates: what a seller can do about a finding."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.parameters import Parameter
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.triggers import Condition, Trigger
from shopace.core.vocabulary.units import Direction, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping


class TaskType(StrEnum):
    """S0's four."""

    CHALLENGE = "challenge"
    INCENTIVE_CAMPAIGN = "incentive_campaign"
    RISK_GOVERNANCE = "risk_governance"
    METRIC_CATCH_UP = "metric_catch_up"


class ActionKind(StrEnum):
    LINK = "link"
    DRAWER = "drawer"


class Effort(StrEnum):
    """What the task costs the seller: minutes, an afternoon, or a project. Ours."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Objective(Record, frozen=True, kw_only=True):
    """What a task achieves. Of two tasks with one objective only the higher-ranked is shown."""

    key: str
    title: str


class Action(Record, frozen=True, kw_only=True):
    """The card's button. The label is data."""

    label: str
    target: str
    """A path within the seller's tools that begins with `/`; the reading service knows the host."""
    kind: ActionKind = ActionKind.LINK


class Completion(Record, frozen=True, kw_only=True):
    """The task is done when the metric reaches the line; the direction is the metric's own."""

    metric: str
    line: float | Parameter
    """A number to reach; or a named line on which the task fires, and which is to be passed."""
    unit: Unit

    def number(self, values: Mapping[str, float]) -> float:
        """The line, of a named one what `values` sets it to."""
        if isinstance(self.line, Parameter):
            return values.get(self.line.key, self.line.default)
        return self.line

    def side(self, direction: Direction) -> str:
        """Of the line where it is done: `least` or `most`, of a named one `above` or `below`.

        `direction` is the metric's.
        """
        lower = direction is Direction.LOWER
        if isinstance(self.line, Parameter):
            return "below" if lower else "above"
        return "most" if lower else "least"


class TaskTemplate(Record, frozen=True, kw_only=True):
    """What a plugin offers. Offered to a shop it is a proposal, shown to it a task card."""

    key: str
    title: str
    """Begins with a verb and names the thing."""
    why: str
    """Why it matters, in one sentence that promises nothing the data do not carry."""
    steps: tuple[str, ...]
    type: TaskType
    objective: str
    trigger: Trigger
    """One trigger; its kind sets the priority band."""
    action: Action
    only_if: tuple[Condition, ...] = ()
    """All must hold, on known numbers; a missing number holds nothing."""
    channels: tuple[Channel, ...] | None = None
    """Where the task can act; None: every channel of the trigger's metric."""
    benefit: str = "GMV lift"
    """The label; an amount with its method is added by the core where it is honest."""
    effort: Effort = Effort.MEDIUM
    valid_days: int = 7
    names_hero: bool = False
    """The task acts on the hero product, the live one with the highest GMV of 30 days, and the card
    names it. Without product facts nothing is named."""
    completion: Completion | None = None
    """None: done when the trigger no longer fires."""
    since: str = "0.1"
