"""Which penalties stand against the shop, and how far is the next one?

S2 tells the ladder of penalty points; its lines are rows of the policy pack, here is what a seller
can do on each step. The health rating that took the ladder's place in some regions is the family
`policy_violations_rating`; violations by number are `policy_violations_number`, by kind
`policy_violations_open`; fraud and appeals are `policy_violations_appeals`.
"""

from shopace.core import (
    Action,
    Benchmark,
    Direction,
    Effort,
    Metric,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    crosses,
    hookimpl,
    measure,
)
from shopace.plugins.risk.policy_violations_appeals import APPEALS
from shopace.plugins.risk.policy_violations_number import NUMBER
from shopace.plugins.risk.policy_violations_open import OPEN
from shopace.plugins.risk.policy_violations_rating import RATING

HEALTH_PAGE = Action(label="View account health", target="/account-health")
NO_LIMIT = "Normal operation"

PLUGIN = Plugin(
    key="policy_violations",
    category="policy_violations",
    version="0.1.0",
    title="Policy violations",
    question="Which penalties stand against the shop, and how far is the next one?",
    declares=(
        Metric(
            key="penalty_points",
            title="Penalty points",
            definition="Points for violations that have not ended yet.",
            formula=measure("penalty_points"),
            unit=Unit.POINTS,
            direction=Direction.LOWER,
            is_key=True,
            source="S2",
        ),
        Benchmark(metric="penalty_points"),
        TaskTemplate(
            key="policy_violations.stop_at_12_points",
            title="Stop the cause of your penalty points",
            why="Your shop stands on the first step; the next violation brings the second closer.",
            steps=(
                "Open each violation and read which rule and which order or product it names.",
                "Correct the cause in every product and process that it touches, not in one alone.",
                "Appeal the decisions that you can show to be wrong.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="stop_points",
            trigger=crosses("points_12"),
            action=HEALTH_PAGE,
            benefit=NO_LIMIT,
        ),
        TaskTemplate(
            key="policy_violations.stop_at_24_points",
            title="Check all products and processes for the rules you broke",
            why="Your shop stands on the second step, where limits last longer.",
            steps=(
                "Group your violations by rule and begin with the rule that cost most points.",
                "Check every product, video and order process against that rule.",
                "Correct or take down what breaks it, and keep a note of what you changed.",
                "Appeal the decisions that you can show to be wrong.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="stop_points",
            trigger=crosses("points_24"),
            action=HEALTH_PAGE,
            benefit=NO_LIMIT,
            effort=Effort.HIGH,
        ),
        TaskTemplate(
            key="policy_violations.stop_at_36_points",
            title="Prevent the suspension of your account",
            why="Your shop stands on the last step before its account is suspended for good.",
            steps=(
                "Withdraw every product and offer that could bring another violation today.",
                "Appeal every decision within its time limit, with documents.",
                "Look up when your points end, and list nothing doubtful before that day.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="stop_points",
            trigger=crosses("points_36"),
            action=HEALTH_PAGE,
            benefit="The account",
            effort=Effort.HIGH,
            valid_days=3,
        ),
        TaskTemplate(
            key="policy_violations.appeal_suspension",
            title="Ask for the account to be reactivated",
            why="Your account is suspended, and the platform alone decides whether it comes back.",
            steps=(
                "Collect proof for every violation: invoices, certificates, tracking, messages.",
                "Write down what caused each of them and what you have changed.",
                "File the appeal with all documents at once.",
                "Ship open orders and settle open returns as far as you still can.",
            ),
            type=TaskType.RISK_GOVERNANCE,
            objective="stop_points",
            trigger=crosses("points_48"),
            action=Action(label="Appeal", target="/account-health/appeals"),
            benefit="The account",
            effort=Effort.HIGH,
            valid_days=3,
        ),
        Metric(
            key="penalty_points_ending_30d",
            title="Penalty points that end soon",
            definition="Points that end within the next 30 days if none are added.",
            formula=measure("penalty_points_ending_30d"),
            unit=Unit.POINTS,
            direction=Direction.NEITHER,
            source="S2",
        ),
        *RATING,
        *NUMBER,
        *OPEN,
        *APPEALS,
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
