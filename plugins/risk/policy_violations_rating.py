"""How healthy does the platform rate the account? A part of the page `policy_violations`.

The API tells the rating (0 to 1,000, new accounts start at 200) and the drops that need action; its
milestones at 150, 100, 50 and 0 come from the marketplace's own help pages as third parties quote
them (API, 3P).
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
    Window,
    crosses,
    measure,
)

HEALTH_PAGE = Action(label="View account health", target="/account-health")
NO_LIMIT = "Normal operation"

RATING: tuple[Declaration, ...] = (
    Metric(
        key="health_rating",
        title="Account health rating",
        definition="The platform's rating of the account's compliance, from 0 to 1,000.",
        formula=measure("health_rating"),
        unit=Unit.POINTS,
        direction=Direction.HIGHER,
        windows=(Window.L1D, Window.L7D, Window.L30D),
        is_key=True,
        source="API",
    ),
    TaskTemplate(
        key="policy_violations.return_to_green",
        title="Bring the account health rating back to green",
        why="Below 200 the rating is no longer green; the first limits begin at 150.",
        steps=(
            "Open the account health page and read what took points off.",
            "Correct the causes and, where it is offered, take the policy quiz.",
            "Ship the coming orders on time: orders fulfilled well add to the rating.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_health",
        trigger=crosses("health_below_green"),
        action=HEALTH_PAGE,
        benefit=NO_LIMIT,
        valid_days=14,
    ),
    TaskTemplate(
        key="policy_violations.recover_from_150",
        title="Recover the rating during the 7 days of limits",
        why="At 150 or less the account is limited for 7 days; at 100 the limits last 14.",
        steps=(
            "Read which limits hold and until which day.",
            "Correct the violations that cost most rating, and appeal the wrong ones.",
            "Keep dispatching on time: new violations count during the limits too.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_health",
        trigger=crosses("health_150"),
        action=HEALTH_PAGE,
        benefit=NO_LIMIT,
    ),
    TaskTemplate(
        key="policy_violations.recover_from_100",
        title="Check every product and process behind the rating",
        why="At 100 or less the account is limited for 14 days; at 50 the limits last 28.",
        steps=(
            "Group the lost rating points by rule, the costliest first.",
            "Take down or correct every product that breaks the same rule.",
            "Appeal the decisions that you can show to be wrong.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_health",
        trigger=crosses("health_100"),
        action=HEALTH_PAGE,
        benefit=NO_LIMIT,
        effort=Effort.HIGH,
    ),
    TaskTemplate(
        key="policy_violations.recover_from_50",
        title="Prevent the deactivation of your account",
        why="At 50 or less the limits last 28 days; at 0 the account is deactivated for good.",
        steps=(
            "Withdraw every product and offer that could bring another violation today.",
            "Appeal every decision within its time limit, with documents.",
            "Ship only what you can ship on time; pause what you cannot.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_health",
        trigger=crosses("health_50"),
        action=HEALTH_PAGE,
        benefit="The account",
        effort=Effort.HIGH,
        valid_days=3,
    ),
    TaskTemplate(
        key="policy_violations.appeal_deactivation",
        title="Appeal the deactivation of your account",
        why="At 0 the account is deactivated; the platform alone decides on its return.",
        steps=(
            "Collect proof for every violation: invoices, certificates, tracking, messages.",
            "File the appeal with all documents at once.",
            "Ship and settle the open orders meanwhile.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_health",
        trigger=crosses("health_0"),
        action=Action(label="Appeal", target="/account-health/appeals"),
        benefit="The account",
        effort=Effort.HIGH,
        valid_days=3,
    ),
    TaskTemplate(
        key="policy_violations.explain_drop_since_yesterday",
        title="Find out what took the rating down since yesterday",
        why="A fall of more than 20 within a day comes from few decisions that you can still see.",
        steps=(
            "Open the newest entries of the account health page.",
            "Stop what they name before it happens again today.",
            "Appeal at once what you can show to be wrong.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_health",
        trigger=crosses("health_drop_day"),
        action=HEALTH_PAGE,
        benefit=NO_LIMIT,
        effort=Effort.LOW,
        valid_days=3,
    ),
    TaskTemplate(
        key="policy_violations.explain_drop_of_a_week",
        title="Find out what took the rating down this week",
        why="A fall of more than 20 within 7 days leads to limits if it goes on.",
        steps=(
            "List the entries of the last 7 days on the account health page by rule.",
            "Correct the cause that appears most often.",
            "Look again after 7 days.",
        ),
        type=TaskType.RISK_GOVERNANCE,
        objective="restore_health",
        trigger=crosses("health_drop_week"),
        action=HEALTH_PAGE,
        benefit=NO_LIMIT,
    ),
)
