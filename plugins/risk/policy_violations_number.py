"""How many violations come in, and how many pile up? A part of the page `policy_violations`.

The API counts new violations over 7 and 60 days, S2 names the kinds that add up to the open ones.
That a violation stands at all is told kind by kind (`policy_violations_open`); the tasks here are
about their number, and their lines are ours.
"""

from shopace.core import (
    Action,
    Benchmark,
    Declaration,
    Direction,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    Window,
    at_least,
    behind_peers,
    declined,
    measure,
)

MANY_NEW = Parameter(
    key="policy_violations.new_violations_line",
    default=2,
    unit=Unit.COUNT,
    title="New violations of a week from which a comparison with other sellers is told",
)
MANY_OPEN = Parameter(
    key="policy_violations.open_violations_line",
    default=3,
    unit=Unit.COUNT,
    title="Open violations from which their growth is told",
)

NUMBER: tuple[Declaration, ...] = (
    Metric(
        key="new_violations",
        title="New violations",
        definition="Violations that the platform recorded within the period.",
        formula=measure("new_violations"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
        windows=(Window.L7D, Window.L30D, Window.L60D),
        source="API",
    ),
    Benchmark(metric="new_violations"),
    TaskTemplate(
        key="policy_violations.learn_rules",
        title="Learn the rules behind your new violations",
        why="Over 30 days your shop received more violations than benchmark sellers like you.",
        steps=(
            "List the violations of the last 30 days by the rule that they name.",
            "Read the two rules that come up most often, with everybody who lists or ships.",
            "Add a check for them to what you do before you list, film or dispatch.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="prevent_violations",
        trigger=behind_peers("new_violations"),
        only_if=(at_least("new_violations", MANY_NEW),),
        action=Action(label="View violations", target="/account-health/violations"),
        benefit="Fewer violations",
        valid_days=14,
    ),
    Metric(
        key="open_violations",
        title="Open violations",
        definition="Violations of all kinds that are still open.",
        formula=(
            measure("open_violations_products")
            + measure("open_violations_logistics")
            + measure("open_violations_service")
            + measure("open_violations_after_sales")
            + measure("open_violations_rules")
            + measure("open_violations_other")
        ),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
        is_key=True,
        source="S2",
    ),
    Benchmark(metric="open_violations"),
    TaskTemplate(
        key="policy_violations.work_off_violations",
        title="Settle violations faster than new ones come in",
        why="More of your violations are open than a week ago.",
        steps=(
            "Sort the open violations by date and take the oldest first.",
            "Name one person who looks at new ones every working day.",
            "Settle the simple ones on the day they come in, and set a day for the others.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="clear_violations",
        trigger=declined("open_violations"),
        only_if=(at_least("open_violations", MANY_OPEN),),
        action=Action(label="View violations", target="/account-health/violations"),
        benefit="Fewer open violations",
    ),
)
