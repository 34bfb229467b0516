"""The shipped policy packs beside the shipped plugins: no risk without something to do about it."""

from shopace.core.host.discovery import load_registry
from shopace.core.vocabulary.triggers import Crosses
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS


def test_every_line_that_makes_a_risk_monitor_has_a_task() -> None:
    registry = load_registry(BUILTIN, use_entry_points=False)
    triggers = [each.trigger for each in registry.templates.values()]
    crossed = {trigger.line for trigger in triggers if isinstance(trigger, Crosses)}
    shown = {line.key for line in load_policy(POLICY_PACKS).lines if line.level != "low"}
    assert shown
    assert shown <= crossed
