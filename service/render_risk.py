"""Risks and criteria for a terminal: the rule, what is lost from when, what comes next, by when."""

from __future__ import annotations

import datetime as dt

from rich.console import RenderableType
from rich.text import Text

from shopace.core.records.card import Risk
from shopace.core.records.diagnosis import Criterion, Eligibility
from shopace.core.vocabulary.units import Unit
from shopace.service.clean import clean
from shopace.service.figures import figure
from shopace.service.terminal import add_row, table

ENDINGS_SHOWN = 3

_SOURCES = {
    "default": "our own line",
    "API": "the platform's partner documentation",
    "3P": "third-party guides",
    "S2": "the seller guide on scores and points",
    "S3": "the guide to the Seller Center",
}
_OUTCOMES = {
    "met": ("met", "green"),
    "not_met": ("not met", "red"),
    "no_data": ("not known", "dim"),
    "not_applicable": ("does not apply", "dim"),
}


def risk_lines(risk: Risk, unit: Unit, currency: str, as_of: dt.date) -> list[Text]:
    """What a risk card says beyond its evidence, a line each."""
    lines = [Text(f"Rule: {clean(str(risk.rule))} ({_source(risk.source)})")]
    lost = f"At stake: {clean(str(risk.loses))}"
    if risk.gmv_30d_at_stake == 0:
        lost += "; none of the last 30 days' GMV runs through it"
    elif risk.gmv_30d_at_stake is not None:
        amount = figure(risk.gmv_30d_at_stake, Unit.MONEY, currency)
        lost += f"; {amount} of the last 30 days' GMV runs through it"
    lines.append(Text(lost, style="red"))
    if since := _since(risk, as_of):
        lines.append(Text(since))
    if risk.distance is not None and risk.next_value is not None:
        next_at = figure(risk.next_value, unit, currency)
        step = f"Next step: {next_at}, {figure(risk.distance, unit, currency)} away"
        step += f". Lost then: {clean(str(risk.next_loses))}" if risk.next_loses is not None else ""
        lines.append(Text(step))
    if ends := _endings(risk, unit, currency):
        lines.append(Text(ends))
    if risk.act_by is not None:
        lines.append(Text(f"Act by {risk.act_by:%Y-%m-%d}", style="bold red"))
    return lines


def criteria_table(found: Eligibility) -> RenderableType:
    """Each criterion, met or not, and how far away it is."""
    made = table("asked for", "", "now", "missing", right=("now", "missing"), wrap=("asked for",))
    for each in found.criteria:
        word, style = _OUTCOMES[each.outcome]
        now = away = ""
        if not _is_state(each):
            now = figure(each.value, each.unit)
            away = figure(each.distance, each.unit) if each.outcome == "not_met" else ""
        add_row(made, (str(each.title), Text(word, style=style), now, away))
    return made


def _is_state(criterion: Criterion) -> bool:
    """One that is 1 or 0: it is told by its outcome."""
    return criterion.unit is Unit.COUNT and criterion.line <= 1


def _source(marks: str) -> str:
    """The marks of docs/sources.md in words."""
    return clean(" and ".join(_SOURCES.get(each, each) for each in marks.split(", ")))


def _since(risk: Risk, as_of: dt.date) -> str:
    if risk.from_date is None:
        return ""
    told = f"Since {risk.from_date:%Y-%m-%d}" + (" or earlier" if risk.from_date == as_of else "")
    if risk.until_date is None:
        return told
    over = risk.until_date + dt.timedelta(1)
    said = "over since" if over <= as_of else "over on"
    return f"{told}; {said} {over:%Y-%m-%d} at the latest"


def _endings(risk: Risk, unit: Unit, currency: str) -> str:
    """By day where it is known in detail, else how much ends within 30 days."""
    if risk.endings:
        told = [
            f"{figure(each.points, unit, currency)} on {each.on:%Y-%m-%d}"
            for each in risk.endings[:ENDINGS_SHOWN]
        ]
        more = len(risk.endings) - len(told)
        return f"Ending by themselves: {', '.join(told)}" + (f", {more} more" if more else "")
    if risk.ending_30d is not None:
        return f"Ending within 30 days by themselves: {figure(risk.ending_30d, unit, currency)}"
    return ""
