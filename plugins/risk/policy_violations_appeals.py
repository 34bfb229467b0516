"""Which decisions can be appealed, and for how long? A part of the page `policy_violations`.

S2 tells the two times for appeals (30 and 15 days), S3 that eligibility allows no fraud-related
violation. The levels, and the last week of an appeal as a line, are ours (policy pack).
"""

from shopace.core import (
    Action,
    Declaration,
    Direction,
    Effort,
    Metric,
    TaskTemplate,
    TaskType,
    Unit,
    crosses,
    measure,
)

APPEALS: tuple[Declaration, ...] = (
    Metric(
        key="fraud_violations",
        title="Fraud-related violations",
        definition="Violations that the platform counts as fraud.",
        formula=measure("fraud_violations"),
        unit=Unit.COUNT,
        direction=Direction.LOWER,
        source="S3",
    ),
    TaskTemplate(
        key="policy_violations.settle_fraud",
        title="Clear up the fraud-related violation",
        why="A fraud-related violation stands against you, and eligibility allows none.",
        steps=(
            "Read which orders, payments or documents the decision names.",
            "End the practice at once if it is true, whoever carried it out.",
            "If it is not, appeal with documents that show where money and goods went.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="settle_fraud",
        trigger=crosses("fraud_found"),
        action=Action(label="View violations", target="/account-health/violations"),
        benefit="The account",
        effort=Effort.HIGH,
        valid_days=3,
    ),
    Metric(
        key="appealable_violations",
        title="Violations that can be appealed",
        definition="Decisions whose time for an appeal has not run out.",
        formula=measure("appealable_violations"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="S2",
    ),
    Metric(
        key="appeal_days_left",
        title="Days left to appeal",
        definition="Days until the time for the next appeal runs out.",
        formula=measure("appeal_days_left"),
        unit=Unit.DAYS,
        direction=Direction.NEITHER,
        source="S2",
    ),
    TaskTemplate(
        key="policy_violations.prepare_appeal",
        title="Check whether a decision should be appealed",
        why="A decision can still be appealed: within 30 days, a second time within 15.",
        steps=(
            "Read the reason and compare it with order, product and messages.",
            "Collect the proof if it is wrong: invoices, tracking, photos, certificates.",
            "File the appeal while the days run.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="appeal",
        trigger=crosses("appeal_open"),
        action=Action(label="View decisions", target="/account-health/appeals"),
        benefit="A wrong penalty taken back",
        effort=Effort.LOW,
    ),
    TaskTemplate(
        key="policy_violations.file_appeal",
        title="File your appeal before its time runs out",
        why="The time for an appeal ends within a week; after that the decision stands.",
        steps=(
            "Open the decision with the fewest days left.",
            "Attach the proof you have; a complete appeal counts more than a long one.",
            "File it today, then go on to the next.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="appeal",
        trigger=crosses("appeal_ending"),
        action=Action(label="Appeal", target="/account-health/appeals"),
        benefit="A wrong penalty taken back",
        valid_days=3,
    ),
)
