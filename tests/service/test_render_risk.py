"""What a risk and a set of criteria say on a terminal."""

import datetime as dt
import io

import pytest
from rich.console import Console

from shopace.core.records.card import Ending, Risk
from shopace.core.records.diagnosis import Criterion, Eligibility
from shopace.core.records.text import Text
from shopace.core.vocabulary.units import Unit
from shopace.service.render_risk import criteria_table, risk_lines

TODAY = dt.date(2026, 10, 31)


def told(**more: object) -> str:
    risk = Risk(
        level="high",
        line="points_24",
        rule=Text("The shop has 24 penalty points or more."),
        source="S2, default",
        loses=Text("14 days without major campaigns"),
        **more,  # type: ignore[arg-type]
    )
    lines = risk_lines(risk, Unit.POINTS, "SGD", TODAY)
    return "\n".join(each.plain for each in lines)


def test_sources_are_told_in_words() -> None:
    text = "Rule: The shop has 24 penalty points or more. (the seller guide on scores and points"
    assert told().startswith(f"{text} and our own line)")


def test_the_next_step_says_what_is_lost_there() -> None:
    text = told(next_value=36, distance=11, next_loses=Text("28 days without major campaigns"))
    assert "Next step: 36 points, 11 points away. Lost then: 28 days without major" in text


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        (TODAY, None, "Since 2026-10-31 or earlier"),
        (dt.date(2026, 10, 20), None, "Since 2026-10-20"),
        (
            dt.date(2026, 10, 20),
            dt.date(2026, 11, 2),
            "Since 2026-10-20; over on 2026-11-03 at the latest",
        ),
        (
            dt.date(2026, 10, 17),
            TODAY - dt.timedelta(1),
            "Since 2026-10-17; over since 2026-10-31 at the latest",
        ),
    ],
)
def test_a_loss_says_since_when_and_until_when(
    since: dt.date, until: dt.date | None, says: str
) -> None:
    assert says in told(from_date=since, until_date=until).splitlines()


def test_points_end_by_day_where_it_is_known_else_within_thirty_days() -> None:
    days = [TODAY + dt.timedelta(days) for days in (3, 30, 60, 90)]
    endings = tuple(Ending(on=day, points=2) for day in days)
    assert "2 points on 2026-11-03, 2 points on 2026-11-30" in told(endings=endings, ending_30d=4)
    assert ", 1 more" in told(endings=endings)
    assert "Ending within 30 days by themselves: 1 point" in told(ending_30d=1)
    assert "by themselves" not in told()


def test_sales_at_stake_are_an_amount_none_or_not_known() -> None:
    assert "; SGD 18,250 of the last 30 days' GMV" in told(gmv_30d_at_stake=18_250.0)
    assert "; none of the last 30 days' GMV runs through it" in told(gmv_30d_at_stake=0.0)
    assert "GMV" not in told()


def test_a_deadline_is_told_where_there_is_one() -> None:
    assert "Act by 2026-11-07" in told(act_by=dt.date(2026, 11, 7))
    assert "Act by" not in told()


def test_criteria_tell_outcome_value_and_distance() -> None:
    found = Eligibility(
        outcome="not_met",
        criteria=(
            criterion("1,000 followers", "not_met", 1000, 940, 60),
            criterion("Active shop", "met", 1, 1, 0),
            criterion("Probation passed", "not_met", 1, 0, 1),
            criterion("No more than 12 penalty points", "not_applicable", 12, None, None),
            criterion("No violation that counts as fraud", "no_data", 0, None, None),
        ),
    )
    out = io.StringIO()
    Console(file=out, width=80).print(criteria_table(found))
    rows = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert rows[1:] == [
        "1,000 followers not met 940 60",
        "Active shop met",
        "Probation passed not met",
        "No more than 12 penalty points does not apply –",
        "No violation that counts as fraud not known",
    ]


def criterion(
    title: str, outcome: str, line: float, value: float | None, distance: float | None
) -> Criterion:
    return Criterion(
        key="asked",
        title=Text(title),
        metric="asked",
        outcome=outcome,  # type: ignore[arg-type]
        at="least",
        line=line,
        unit=Unit.COUNT,
        value=value,
        distance=distance,
    )
