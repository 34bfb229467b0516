"""A diagnosis for a terminal: what is at risk first, then why, then what to do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from shopace.core.records.card import Evidence, Reward, TaskBasics, TaskCard
from shopace.core.records.diagnosis import (
    CampaignReadiness,
    Conclusion,
    Diagnosis,
    Freshness,
    GmvBreakdown,
    GmvPart,
    MetricNote,
    NotEvaluated,
    RiskMonitor,
    ShopProfile,
    TierStanding,
)
from shopace.core.records.metrics import Legend, MetricValues
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import CATEGORIES, Unit
from shopace.service.clean import clean
from shopace.service.figures import (
    CARDS_IN_FULL,
    change,
    cohort,
    counted,
    figure,
    percent,
    window,
)
from shopace.service.render_products import names, product_lines
from shopace.service.render_risk import criteria_table, risk_lines
from shopace.service.terminal import add_row, table

COLOURS = {"P0": "red", "P1": "yellow", "P2": "green"}
WORDS = {"P0": "risk", "P1": "needs attention", "P2": "can improve"}

_BAR_CELLS = 24
_TODAY = ("L1D", "L7D")
"""Windows of policy lines, whose rule says itself since when; what is judged is today's value."""
_REASONS = {
    "not_delivered": "the facts do not carry what they need",
    "incomplete": "days are missing in the facts",
    "no_activity": "nothing happened that could be measured",
    "rejected": "the plugin was rejected (shopace plugins check)",
    "failed": "the plugin failed in this diagnosis",
    "rebuild_snapshot": "the snapshot is older than the plugin (shopace snapshot build)",
    "rebuild_benchmarks": "the benchmarks are older than the plugin (shopace benchmarks build)",
}


def show(
    console: Console, diagnosis: Diagnosis, *, cards: int = CARDS_IN_FULL, note: str = ""
) -> None:
    """Print the whole diagnosis; `note` says where it came from, `cards` how many stand in full."""
    for part in _parts(diagnosis, cards):
        console.print(part)
    _print_freshness(console, diagnosis.freshness, note)


def show_metrics(console: Console, values: MetricValues, legend: Legend, currency: str) -> None:
    """Print every metric that has a value, by channel; the others are counted."""
    numbers = ("7 days", "before", "30 days", "top peers")
    made = table("metric", "channel", *numbers, right=numbers, wrap=("metric",))
    unknown = 0
    for position, column in enumerate(legend.columns):
        row = [each[position] for each in (values.l7d, values.p7d, values.l30d, values.benchmark)]
        if all(each is None for each in row[:3]):
            unknown += 1
            continue
        cells = [figure(each, column.unit, currency) for each in row]
        verdicts = values.aa[position] + values.ab[position]
        style = "yellow" if "i" in verdicts else ""
        add_row(made, (column.title, column.channel.label, *cells), style=style)
    console.print(_section("Every metric", "yellow: declined, or behind top peers", "bold"))
    console.print(made)
    console.print(Text(f"{unknown:,} more have no value for this shop", style="dim"))


def _parts(diagnosis: Diagnosis, full: int) -> Iterator[RenderableType]:
    currency = diagnosis.shop.currency
    by_id = {card.id: card for card in diagnosis.cards}
    ranked = [by_id[each] for each in diagnosis.for_you if each in by_id]
    pinned = diagnosis.risk_monitor.cards if diagnosis.risk_monitor is not None else ()
    risks = [card for card in ranked if card.id in pinned]
    below = [card for card in ranked if card.id not in pinned]
    yield _header(diagnosis, currency)
    if diagnosis.partial:
        yield Text("Part of this diagnosis is unknown: see the end.", style="bold yellow")
    if diagnosis.risk_monitor is not None:
        yield _risk_monitor(diagnosis, diagnosis.risk_monitor, risks)
    yield _conclusion(diagnosis.conclusion)
    yield _gmv(diagnosis.gmv, diagnosis.shop, currency)
    yield from _metric_lists(diagnosis, currency)
    yield from _tasks_below(diagnosis, below, len(risks), full)
    yield from _criteria(diagnosis)
    if diagnosis.campaigns:
        yield _section("Campaigns ahead", "what to fix before they begin", "magenta")
        yield from (_campaign(each) for each in diagnosis.campaigns)
    if diagnosis.not_evaluated:
        yield _section("Not evaluated", "unknown, which is not the same as healthy", "dim")
        yield _not_evaluated(diagnosis.not_evaluated)


def _metric_lists(diagnosis: Diagnosis, currency: str) -> Iterator[RenderableType]:
    if diagnosis.need_attention:
        yield _section("Need attention", "fell over the past 7 days", "yellow")
        yield _fallen(diagnosis.need_attention, currency)
    if diagnosis.can_improve:
        yield _section("Can improve", "behind top peers", "green")
        yield _behind(diagnosis.can_improve, currency)
    if diagnosis.improved:
        yield _section("Improved", "rose over the past 7 days", "cyan")
        yield _risen(diagnosis.improved, currency)


def _tasks_below(
    diagnosis: Diagnosis, cards: Sequence[TaskCard], above: int, full: int
) -> Iterator[RenderableType]:
    """The cards that are no risk, numbered on from the `above` cards of the risk monitor."""
    if cards:
        yield _section("What to do", _told(diagnosis), "bold")
    elif not above:
        yield _section("What to do", "no task for this shop today", "bold")
    for place, card in enumerate(cards[:full], start=above + 1):
        yield _card(card, place, diagnosis)
    if cards[full:]:
        yield _further(cards[full:], above + full + 1, diagnosis)


def _campaign(campaign: CampaignReadiness) -> RenderableType:
    days = "tomorrow" if campaign.days_left == 1 else f"in {campaign.days_left} days"
    line = Text(f"{clean(campaign.name)} begins {days}: ", style="bold")
    if campaign.blocked_by:
        line.append(f"closed to this shop by {counted(len(campaign.blocked_by), 'risk')}; ", "red")
    todo = len(campaign.fix_first)
    line.append(f"{counted(todo, 'task')} first" if todo else "nothing stands in the way")
    return line


def _header(diagnosis: Diagnosis, currency: str) -> RenderableType:
    shop = diagnosis.shop
    name = Text(clean(shop.name) or f"Shop {clean(shop.id)}", style="bold")
    if shop.name:
        name.append(f"  {clean(shop.id)}", style="dim")
    opened = f"open since {shop.opened_on:%Y-%m-%d}" if shop.opened_on is not None else ""
    about = " · ".join(filter(None, (shop.industry, shop.region, shop.currency, opened)))
    lines = [name, Text(clean(about), style="dim")] if about else [name]
    lines += [_tier(diagnosis.tier, currency), *_benefits(diagnosis.tier)]
    if shop.core_channels:
        core = ", ".join(each.label for each in shop.core_channels)
        lines.append(Text(f"Core channels: {core}", style="dim"))
    title = Text(f"Diagnosis of {diagnosis.as_of:%Y-%m-%d}")
    return Panel(Group(*lines), title=title, title_align="left", border_style="dim")


def _tier(tier: TierStanding, currency: str) -> Text:
    if tier.outcome == "not_applicable":
        return Text("Tier: no ladder for this region and currency", style="dim")
    if tier.outcome != "ok" or tier.name is None:
        return Text("Tier: unknown, 30 days of GMV or orders are not complete", style="dim")
    line = Text(f"Tier {tier.level} {clean(tier.name)}", style="bold cyan")
    if tier.days_since_change:
        line.append(f" for {counted(tier.days_since_change, 'day')}", style="not bold")
    about = [f"30-day GMV {figure(tier.gmv_30d, Unit.MONEY, currency)}"]
    if tier.next_name is not None and tier.level == 0:
        about.append(f"the first paid order leads to {tier.next_name}")
    if tier.next_name is not None and tier.missing_to_next is not None:
        missing = figure(tier.missing_to_next, Unit.MONEY, currency)
        days = tier.days_to_next
        pace = f", {counted(days, 'day')} at today's pace" if days is not None else ""
        about.append(f"{missing} to {tier.next_name}{pace}")
    line.append(clean("  " + " · ".join(about)), style="default")
    return line


def _benefits(tier: TierStanding) -> Iterator[Text]:
    if tier.benefits:
        told = ", ".join(str(each) for each in tier.benefits)
        yield Text(clean(f"It unlocks: {told}"), style="dim")
    if tier.next_name is not None and tier.next_benefits:
        told = ", ".join(str(each) for each in tier.next_benefits)
        yield Text(clean(f"{tier.next_name} unlocks: {told}"), style="dim")


def _risk_monitor(
    diagnosis: Diagnosis, monitor: RiskMonitor, risks: Sequence[TaskCard]
) -> RenderableType:
    inner: list[RenderableType] = [Text(clean(str(monitor.sentence)), style="bold")]
    for place, card in enumerate(risks, start=1):
        inner += [Text(), _card(card, place, diagnosis)]
    title = Text(f"SHOP RISK MONITOR  {clean(monitor.level).upper()}", style="bold red")
    return Panel(Group(*inner), title=title, title_align="left", border_style="red")


def _criteria(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    center, badge = diagnosis.eligibility, diagnosis.star_badge
    if center is not None:
        about = "checked monthly"
        if center.next_check is not None:
            about += f", next on {center.next_check:%Y-%m-%d}"
        yield _section("Seller Center eligibility", about, "")
        yield criteria_table(center)
    if badge is not None:
        yield _section("Star badge", "what it asks for", "")
        yield criteria_table(badge)


def _conclusion(conclusion: Conclusion) -> RenderableType:
    lines = [Text(clean(str(conclusion.sentence)), style="bold")]
    if conclusion.factors:
        factors = (
            f"{clean(each.factor)} {change(each.change)}"
            + ("" if each.channel is Channel.SHOP else f" ({each.channel.label})")
            for each in conclusion.factors
        )
        lines.append(Text("Because of: " + " · ".join(factors)))
    return Padding(Group(*lines), (1, 0, 0, 0))


def _gmv(gmv: GmvBreakdown, shop: ShopProfile, currency: str) -> RenderableType:
    star = " · * core channel" if shop.core_channels else ""
    head = _section("GMV breakdown", f"{window(gmv.window)}, against the period before{star}", "")
    if gmv.total.amount is None:
        return Group(head, Text("GMV is not known.", style="dim"))
    made = table("GMV", "", "amount", "share", "change", right=("amount", "share", "change"))
    total = figure(gmv.total.amount, Unit.MONEY, currency)
    add_row(made, ("Shop", "", total, "", _coloured_change(gmv.total.change)), style="bold")
    if all(part.amount is None for part in (*gmv.channels, *gmv.groups)):
        return Group(head, made, Text("The facts carry no split by channel.", style="dim"))
    for part in gmv.channels:
        core = " *" if part.channel in shop.core_channels else ""
        add_row(made, _gmv_cells(part, part.channel.label + core, currency))
    if gmv.residual is not None and abs(gmv.residual) >= 0.01:
        amount = figure(gmv.residual, Unit.MONEY, currency)
        add_row(made, ("of no channel", "", amount, "", ""), style="dim")
    for part in gmv.groups:
        if part.channel is not Channel.SHOP_TAB:
            add_row(made, _gmv_cells(part, f"Σ {part.channel.label}", currency), style="dim")
    return Group(head, made)


def _gmv_cells(part: GmvPart, title: str, currency: str) -> tuple[str | Text, ...]:
    return (
        title,
        _bar(part.share),
        figure(part.amount, Unit.MONEY, currency),
        percent(part.share),
        _coloured_change(part.change),
    )


def _bar(share: float | None) -> Text:
    if share is None:
        return Text("unknown", style="dim")
    eighths = round(max(0.0, min(share, 1.0)) * _BAR_CELLS * 8)
    full, rest = divmod(eighths, 8)
    return Text("█" * full + ("", *"▏▎▍▌▋▊▉")[rest], style="cyan")


def _coloured_change(value: float | None) -> Text:
    style = "" if value is None or value == 0 else "red" if value < 0 else "green"
    return Text(change(value), style=style)


def _fallen(notes: Sequence[MetricNote], currency: str) -> RenderableType:
    numbers = ("now", "before", "change")
    made = table("metric", "channel", *numbers, "", right=numbers, wrap=("metric",))
    for note in notes:
        now, before = (figure(each, note.unit, currency) for each in (note.value, note.previous))
        moved = Text(change(note.change), style="yellow")
        add_row(made, (_titled(note), note.channel.label, now, before, moved, _tasks(note)))
    return made


def _behind(notes: Sequence[MetricNote], currency: str) -> RenderableType:
    numbers = ("now", "top peers", "better than")
    made = table("metric", "channel", *numbers, "", right=numbers, wrap=("metric",))
    for note in notes:
        now, top = (figure(each, note.unit, currency) for each in (note.value, note.benchmark))
        place = "–" if note.percentile is None else f"{note.percentile} %"
        add_row(made, (_titled(note), note.channel.label, now, top, place, _tasks(note)))
    return made


def _risen(notes: Sequence[MetricNote], currency: str) -> RenderableType:
    numbers = ("now", "change", "top peers")
    made = table("metric", "channel", *numbers, right=numbers, wrap=("metric",))
    for note in notes:
        now, top = (figure(each, note.unit, currency) for each in (note.value, note.benchmark))
        moved = Text(change(note.change), style="green")
        add_row(made, (_titled(note), note.channel.label, now, moved, top))
    return made


def _titled(note: MetricNote) -> str:
    title = _capital(str(note.title))
    return f"{title}: {names(note.products)}" if note.products else title


def _tasks(note: MetricNote) -> str:
    return counted(len(note.cards), "task") if note.cards else ""


def _card(card: TaskCard, place: int, diagnosis: Diagnosis) -> RenderableType:
    currency, task = diagnosis.shop.currency, diagnosis.tasks[card.template]
    colour = COLOURS.get(card.priority, "default")
    head = Text(f"{place:>2}  ", style="dim")
    head.append(f"{card.priority} ", style=f"bold {colour}")
    head.append(clean(str(task.title)), style="bold")
    if card.most_recommended:
        head.append("  ★ most recommended", style="bold magenta")
    body = [Text(_place_of(card, task, diagnosis.as_of), style="dim")]
    if card.stale_since is not None:
        body.append(Text(_stale(card.template, card.stale_since), style="bold yellow"))
    body.append(_evidence(card.evidence, currency, colour))
    if card.risk is not None:
        body += risk_lines(card.risk, card.evidence.unit, currency, diagnosis.as_of)
    body += product_lines(card, currency)
    body.append(Text(clean(str(task.why))))
    steps = (f"{n}. {clean(str(step))}" for n, step in enumerate(task.steps, start=1))
    body += [Text(step) for step in steps]
    if card.incentive is not None:
        body.append(_reward(card.incentive))
    body.append(_ending(card, task, currency))
    hanging = [Padding(each, (0, 0, 0, 4)) for each in body]
    return Group(head, *hanging, *([] if card.priority == "P0" else [Text()]))


def _place_of(card: TaskCard, task: TaskBasics, as_of: dt.date) -> str:
    parts = [
        card.channel.label,
        task.category.replace("_", " "),
        task.type.replace("_", " "),
    ]
    if card.since < as_of:
        parts.append(f"since {card.since:%Y-%m-%d}")
    return clean(" · ".join(parts))


def _stale(template: str, since: dt.date) -> str:
    return clean(f"From {since:%Y-%m-%d}: plugin {template.partition('.')[0]} failed")


def _evidence(evidence: Evidence, currency: str, colour: str) -> Text:
    def told(value: float | None) -> str:
        return figure(value, evidence.unit, currency)

    about = clean(_capital(str(evidence.title)))
    is_today = evidence.state or (evidence.comparison == "policy" and evidence.window in _TODAY)
    if not is_today:
        about += f", {window(evidence.window)}"
    line = Text(f"{about}: ")
    line.append(told(evidence.value), style=f"bold {colour}")
    parts: list[str] = []
    if evidence.previous is not None:
        parts += _past(evidence, evidence.previous, told)
    if evidence.change is not None:
        parts.append(change(evidence.change))
    if evidence.market_change is not None and evidence.comparison == "previous":
        parts.append(f"the market {change(evidence.market_change)}")
    if evidence.line is not None:
        parts.append(f"line {told(evidence.line)}")
    if evidence.benchmark is not None:
        parts.append(f"top peers {told(evidence.benchmark)}")
    if evidence.percentile is not None and evidence.peers is not None:
        of = f"{evidence.peers:,} {cohort(evidence.cohort)}"
        parts.append(f"better than {evidence.percentile} % of {of}")
    if parts:
        line.append(" · " + " · ".join(clean(each) for each in parts))
    return line


def _past(
    evidence: Evidence, previous: float, told: Callable[[float | None], str]
) -> Iterator[str]:
    """What was before; and where a policy line judges the change, how large that is."""
    is_policy = evidence.comparison == "policy"
    when = "a week before" if evidence.state and not is_policy else "before"
    yield f"{when} {told(previous)}"
    if is_policy:
        yield f"moved by {told(abs(evidence.value - previous))}"


def _reward(reward: Reward) -> Text:
    kind = reward.reward.replace("_", " ")
    amount = figure(reward.amount, Unit.MONEY, reward.currency)
    told = f"Reward: {kind} {amount}, offered until {reward.valid_until:%Y-%m-%d}: {reward.title}"
    return Text(clean(told), style="magenta")


def _ending(card: TaskCard, task: TaskBasics, currency: str) -> Text:
    line = Text()
    line.append(f"[ {clean(task.action.label)} ]", style="bold reverse")
    benefit = clean(str(card.benefit.label))
    if card.benefit.amount is not None:
        benefit += f" {figure(card.benefit.amount, Unit.MONEY, currency)}"
    if card.benefit.method is not None:
        benefit += f" ({clean(str(card.benefit.method))})"
    line.append(f"  Benefit: {benefit}")
    if card.risk is None or card.risk.act_by is None:  # which is told above, and counts
        line.append(f"  Until {card.valid_until:%Y-%m-%d}", style="dim")
    return line


def _further(cards: Sequence[TaskCard], first: int, diagnosis: Diagnosis) -> RenderableType:
    made = table("", "", "further tasks", "channel", right=("",), wrap=("further tasks",))
    for place, card in enumerate(cards, start=first):
        priority = Text(card.priority, style=COLOURS.get(card.priority, "default"))
        told = " ★" if card.most_recommended else ""
        if card.stale_since is not None:
            told = f" ({_stale(card.template, card.stale_since)})"
        title = diagnosis.tasks[card.template].title
        add_row(made, (f"{place:>2}", priority, f"{title}{told}", card.channel.label))
    return made


def _not_evaluated(missing: Sequence[NotEvaluated]) -> RenderableType:
    """Grouped by reason, categories in the page's order: a long list says little."""
    order = {key: place for place, key in enumerate(CATEGORIES)}
    by_reason: dict[str, list[NotEvaluated]] = {}
    for each in missing:
        by_reason.setdefault(each.reason, []).append(each)
    lines: list[Text] = []
    for reason, entries in by_reason.items():
        entries.sort(key=lambda each: order.get(each.category, len(order)))
        line = Text(f"{_capital(_REASONS.get(reason, reason))}: ", style="bold dim")
        line.append(clean("; ".join(_missing_part(each) for each in entries)), style="dim")
        lines.append(line)
    return Group(*lines)


def _missing_part(entry: NotEvaluated) -> str:
    told = entry.category.replace("_", " ")
    if entry.metrics:
        told += f" ({counted(len(entry.metrics), 'metric')})"
    return f"{told}: {entry.detail}" if entry.detail else told


def _print_freshness(console: Console, freshness: Freshness, note: str) -> None:
    facts = f"Facts up to {freshness.latest_available_date:%Y-%m-%d}"
    parts = [facts, f"snapshot {freshness.snapshot}"]
    parts.append(f"benchmarks {freshness.benchmarks}" if freshness.benchmarks else "no benchmarks")
    parts += [freshness.policy, *([freshness.incentives] if freshness.incentives else [])]
    parts.append(counted(len(freshness.plugins), "plugin"))
    if not freshness.memory:
        parts.append("no memory of earlier diagnoses")
    console.print(Rule(style="dim"))
    console.print(Text(clean(" · ".join(parts)), style="dim"))
    if note:
        console.print(Text(clean(note), style="dim"))


def _told(diagnosis: Diagnosis) -> str:
    """How many cards the overall list has, and how many stand in the channels' lists alone."""
    listed = set(diagnosis.for_you)
    counts = Counter(card.priority for card in diagnosis.cards if card.id in listed)
    told = "cards: " + ", ".join(f"{counts[key]} {WORDS[key]}" for key in COLOURS if counts[key])
    others = len(diagnosis.cards) - counts.total()
    return told + (f"; {others:,} more by channel (--json)" if others else "")


def _section(title: str, about: str, style: str) -> RenderableType:
    line = Text(title.upper(), style=style if style in ("bold", "dim") else f"bold {style}".strip())
    if about:
        line.append(f"  {about}", style="dim not bold")
    return Padding(line, (1, 0, 0, 0))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
