"""Do products last as long as their warranty says?

A sample of a third-party plugin: its own measure, and a metric, a benchmark, an objective and two
tasks that stand on it. The facts deliver `acme.warranty_claims`; where they do not, the metric is
`no_data` and nothing is recommended.
"""

from shopace.core import (
    Action,
    Benchmark,
    Direction,
    Effort,
    Measure,
    Metric,
    Objective,
    Origin,
    Parameter,
    Plugin,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    declined,
    hookimpl,
    measure,
)

WORTH_A_TASK = Parameter(
    key="acme.worth_a_task_line",
    default=0.01,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Warranty claim rate from which a search for the cause pays",
)

PLUGIN = Plugin(
    key="acme",
    category="product_quality",
    version="1.2.0",
    title="Warranty claims",
    question="Do products last as long as their warranty says?",
    declares=(
        Measure(
            key="acme.warranty_claims",
            title="warranty claims",
            definition="Claims under warranty, on the day they are received.",
            origin=Origin(warehouse="warranty claims, by time of receipt"),
            unit=Unit.COUNT,
        ),
        Objective(key="acme.fewer_claims", title="Fewer warranty claims"),
        Metric(
            key="acme.warranty_claim_rate",
            title="Warranty claim rate",
            definition="Warranty claims received, as a share of the orders of the same days.",
            formula=measure("acme.warranty_claims") / measure("orders"),
            unit=Unit.RATIO,
            direction=Direction.LOWER,
            min_sample=50,
            is_key=True,
            since="1.0",
            source="Acme Warranty",
        ),
        Benchmark(metric="acme.warranty_claim_rate"),
        TaskTemplate(
            key="acme.find_faulty_batch",
            title="Find the batch behind this week's warranty claims",
            why="Warranty claims rose within a week, which often means one faulty batch.",
            steps=(
                "Sort the claims of the last seven days by product and delivery.",
                "Take the batch that most of them name off sale.",
                "Write to the buyers of that batch before they claim.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="acme.fewer_claims",
            trigger=declined("acme.warranty_claim_rate"),
            only_if=(at_least("acme.warranty_claim_rate", WORTH_A_TASK),),
            action=Action(label="View claims", target="/acme/claims"),
            benefit="Fewer refunds",
            valid_days=7,
        ),
        TaskTemplate(
            key="acme.improve_manual",
            title="Improve the manual of your most claimed products",
            why="Benchmark sellers of your cohort receive fewer warranty claims per order.",
            steps=(
                "Read the claims of your three most claimed products.",
                "Add what buyers got wrong to the manual and to the product page.",
            ),
            type=TaskType.METRIC_CATCH_UP,
            objective="acme.fewer_claims",
            trigger=behind_peers("acme.warranty_claim_rate"),
            action=Action(label="Edit manuals", target="/acme/manuals"),
            benefit="Fewer refunds",
            effort=Effort.LOW,
            valid_days=14,
        ),
    ),
)


@hookimpl
def shopace_plugin() -> Plugin:
    return PLUGIN
