"""Foundation for affiliate collaboration, the family of samples: offered, approved, in time.

All metrics are 3P; the line is our default.
"""

from shopace.core import (
    Action,
    Benchmark,
    Completion,
    Declaration,
    Direction,
    Effort,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    behind_peers,
    measure,
)

LONG_WAIT = Parameter(
    key="affiliate_foundation.sample_wait_line",
    default=48,
    unit=Unit.HOURS,
    title="Hours until a sample request is approved from which creators wait too long",
)
IN_COLLABORATION = Parameter(
    key="affiliate_foundation.in_collaboration_line",
    default=0.05,
    unit=Unit.RATIO,
    maximum=1.0,
    title="Share of products in collaborations from which samples and commission matter",
)

SAMPLES: tuple[Declaration, ...] = (
    Metric(
        key="free_sample_share",
        title="Products with free samples",
        definition="Products that creators can have as a sample, as a share of active products.",
        formula=measure("free_sample_products") / measure("active_products"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=5,
        source="3P",
    ),
    Benchmark(metric="free_sample_share"),
    TaskTemplate(
        key="affiliate_foundation.offer_samples",
        title="Offer free samples of your best sellers",
        why="Benchmark sellers like you offer samples of a larger part of their products.",
        steps=(
            "Choose products whose margin bears a sample and set how many you give.",
            "Say which creators you send samples to: by followers, sales or topics.",
            "Turn on free samples for these products.",
        ),
        type=TaskType.CHALLENGE,
        objective="send_samples",
        trigger=behind_peers("free_sample_share"),
        only_if=(at_least("collaboration_share", IN_COLLABORATION),),
        action=Action(label="Set up samples", target="/affiliate/samples"),
        benefit="More creators with your product in hand",
        valid_days=14,
    ),
    Metric(
        key="sample_approval_rate",
        title="Sample approval rate",
        definition="Sample requests approved, as a share of those received.",
        formula=measure("sample_requests_approved") / measure("sample_requests"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=10,
        source="3P",
    ),
    Benchmark(metric="sample_approval_rate"),
    TaskTemplate(
        key="affiliate_foundation.review_sample_rules",
        title="Review the sample requests you turned down",
        why="You approve a smaller part of sample requests than benchmark sellers like you.",
        steps=(
            "Read the requests of the last 30 days that expired or were turned down.",
            "Approve creators whose topic fits, even with few followers.",
            "State your conditions, so that the others do not apply.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="send_samples",
        trigger=behind_peers("sample_approval_rate"),
        action=Action(label="Review requests", target="/affiliate/samples/requests"),
        benefit="More creators with your product in hand",
        effort=Effort.LOW,
        valid_days=14,
    ),
    Metric(
        key="sample_approval_hours",
        title="Hours to sample approval",
        definition="Mean hours until a sample request is approved.",
        formula=measure("sample_approval_hours_total") / measure("sample_requests_approved"),
        unit=Unit.HOURS,
        direction=Direction.LOWER,
        sample=measure("sample_requests_approved"),
        min_sample=5,
        source="3P",
    ),
    Benchmark(metric="sample_approval_hours"),
    TaskTemplate(
        key="affiliate_foundation.approve_samples_sooner",
        title="Approve sample requests within two days",
        why="Creators wait longer for your samples than for those of benchmark sellers.",
        steps=(
            "Decide on all open requests today.",
            "Set a fixed time each day for new ones, or approve by rule.",
        ),
        type=TaskType.METRIC_CATCH_UP,
        objective="send_samples",
        trigger=behind_peers("sample_approval_hours"),
        only_if=(at_least("sample_approval_hours", LONG_WAIT),),
        action=Action(label="Review requests", target="/affiliate/samples/requests"),
        benefit="Samples reach creators sooner",
        effort=Effort.LOW,
        completion=Completion(metric="sample_approval_hours", line=LONG_WAIT, unit=Unit.HOURS),
    ),
)
