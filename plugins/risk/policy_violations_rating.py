"""How healthy does the platform rate the account? A part of the page `policy_violations`.

The API tells the rating (0 to 1,000, new accounts start at 200) and the drops that need action; its
milestones at 150, 100, 50 and 0 come from the marketplace's own help pages as third parties quote
them (API, 3P).
"""

from shopace.core import (
    Action,
    Benchmark,
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
    Benchmark(metric="health_rating"),
    TaskTemplate(
        key="policy_violations.return_to_green",
        title="Bring the account health rating back to green",
        why="Nothing is lost yet: there is time before the first limits begin.",
        steps=(
            "Open the account health page and read what lowered the rating.",
            "Correct each cause in every product or process that it touches.",
            "Appeal the decisions that you can show to be wrong.",
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
        title="Stop the fall of your account health rating",
        why="The first limits are reached; the next violation brings longer ones closer.",
        steps=(
            "Read which limits hold and until which day.",
            "Correct the violations that cost most rating, and appeal the wrong ones.",
            "Look over the orders and listings of the coming days, so that none adds another.",
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
        why="The second limits are reached, and the next ones last longer still.",
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
        why="The rating is red; the next step is that the account is deactivated for good.",
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
        why="Your account is deactivated, and an appeal is what is left to bring it back.",
        steps=(
            "Collect proof for every violation: invoices, certificates, tracking, messages.",
            "File the appeal with all documents at once.",
            "Ship open orders and settle open returns as far as you still can.",
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
        why="So large a fall within a day needs action before the rating reaches its next limit.",
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
        why="So large a fall within 7 days leads to limits if it goes on.",
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
