"""The catalogue as pages: an index and a page per category, in plain Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopace.core.vocabulary.tasks import ActionKind
from shopace.service.catalog.markdown import anchor, code, codes, heading, link, plain, table
from shopace.service.catalog.words import (
    DIRECTIONS,
    UNITS,
    channels_in_words,
    windows_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shopace.service.catalog.records import (
        Catalogue,
        CategoryEntry,
        ConditionEntry,
        LineEntry,
        MeasureEntry,
        MetricEntry,
        TaskEntry,
    )

MARK = "<!-- Generated from the plugins: shopace catalog --write -->"
INDEX = "README.md"
TRAFFIC = "product_traffic.md"
_SOURCES = "../sources.md"
_PRIORITIES = {
    "P0": "P0, operational risk",
    "P1": "P1, anomaly",
    "P2": "P2, growth opportunity",
}


def pages(catalogue: Catalogue) -> dict[str, str]:
    """File name → content."""
    book = _Book(catalogue)
    found = {INDEX: book.index()}
    found |= {_file(each.category): book.category(each) for each in catalogue.categories}
    if catalogue.traffic:
        found[TRAFFIC] = book.traffic()
    return found


def _file(category: str) -> str:
    return f"{category}.md"


def _name(category: str) -> str:
    return category.replace("_", " ").capitalize().replace("Live ", "LIVE ")


class _Book:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._measures = {each.key: each for each in catalogue.measures}
        self._metric_at: dict[str, tuple[str, MetricEntry]] = {}
        self._task_at: dict[str, tuple[str, TaskEntry]] = {}
        for category in catalogue.categories:
            self._metric_at |= {each.key: (category.category, each) for each in category.metrics}
            self._task_at |= {each.key: (category.category, each) for each in category.tasks}
        self._sharing: dict[str, list[str]] = {}
        for key, (_, task) in self._task_at.items():
            self._sharing.setdefault(task.objective, []).append(key)

    def index(self) -> str:
        rows = [
            (
                each.pillar.value,
                link(_title(each), _file(each.category)),
                " ".join(plain(plugin.question) for plugin in each.plugins) or "–",
                f"{len(each.metrics)}",
                f"{sum(metric.benchmark is not None for metric in each.metrics)}",
                *(
                    f"{sum(task.priority == priority for task in each.tasks)}"
                    for priority in _PRIORITIES
                ),
            )
            for each in self._catalogue.categories
        ]
        totals = [str(sum(int(row[column]) for row in rows)) for column in range(3, 8)]
        head = ("pillar", "category", "question", "metrics", "with peers", *_PRIORITIES)
        made = table(head, [*rows, ("", "**all**", "", *totals)])
        compared = (m.benchmark for _, m in self._metric_at.values() if m.benchmark is not None)
        peers = max(compared, key=lambda each: len(each.cohorts), default=None)
        return _page(
            "# The catalogue",
            "Every metric, benchmark and task that comes with the product, and what data they "
            "need, as the plugins declare them. Numbers are the defaults; `shopace catalog` prints "
            "those in use and the plugins of other vendors. [catalog.json](catalog.json) says the "
            "same for programs ([its schema](../../schemas/catalogue.schema.json)).",
            made,
            f"[Product traffic]({TRAFFIC}) has metrics of its own, per product and format."
            if self._catalogue.traffic
            else "",
            "## How to read a page",
            "A metric is a formula over daily facts (*measures*). Over a window a ratio is the sum "
            "of its numerator ÷ the sum of its denominator; where a measure is missing or the "
            "denominator is 0 it is *no data*, never zero. A *key* metric that gets worse "
            "can make a P1 card. "
            + (
                f"*Compared with peers* means: {peers.words}; what grows with the shop is compared "
                "within its tier alone."
                if peers
                else ""
            ),
            "A task has one trigger, which sets its priority: a policy line P0, a decline or a "
            "plain line P1, a gap to peers P2. Conditions must all hold on known numbers. What is "
            f"a default of ours says so; [sources]({_SOURCES}) lists where the rest comes from, "
            "and [how a diagnosis is made](../diagnosis.md) how numbers are judged.",
        )

    def category(self, category: CategoryEntry) -> str:
        counts = [_count(len(category.metrics), "metric"), _count(len(category.tasks), "task")]
        facts = [category.pillar.value.capitalize(), *counts, f"[all categories]({INDEX})"]
        parts = [
            f"# {plain(_title(category))}",
            *(f"*{plain(each.question)}*" for each in category.plugins),
            " · ".join(facts),
        ]
        if category.metrics:
            parts += ["## Metrics", self._overview(category)]
            parts += [part for each in category.metrics for part in self._metric(each)]
        if category.tasks:
            parts.append("## Tasks")
            parts += [part for each in category.tasks for part in self._task(each)]
        if category.lines:
            parts += ["## Policy lines", *self._lines(category)]
        parts += ["## The data it needs", self._data(category)]
        sources = sorted({part for each in category.metrics for part in _sources(each.source)})
        said = ", ".join(plain(each) for each in sources)
        parts.append(f"Sources: {said} ([what the marks mean]({_SOURCES})).")
        return _page(*parts)

    def traffic(self) -> str:
        rows = [
            (
                plain(each.title),
                code(each.key),
                plain(each.definition),
                plain(each.formula_in_words),
                UNITS[each.unit],
                f"{', '.join(form.tab for form in each.formats)} ({plain(each.formats_from)})",
                "; ".join(f"{plain(alias.name)}: {plain(alias.reason)}" for alias in each.aliases),
            )
            for each in self._catalogue.traffic
        ]
        head = ("metric", "key", "what it is", "formula", "unit", "formats", "other names")
        return _page(
            "# Product traffic",
            "The metrics of Product Traffic Analysis (S1), of one product and of all products "
            "together, in the content formats that each exists in. [All categories]"
            f"({INDEX}) · [sources]({_SOURCES})",
            table(head, rows),
        )

    def _overview(self, category: CategoryEntry) -> str:
        rows = [
            (
                link(each.title, anchor(each.title, each.key)),
                plain(each.formula_in_words),
                DIRECTIONS[each.direction],
                "key" if each.is_key else "",
                "yes" if each.benchmark is not None else "",
                f"{len(each.tasks)}",
            )
            for each in category.metrics
        ]
        return table(("metric", "formula", "direction", "key", "with peers", "tasks"), rows)

    def _metric(self, metric: MetricEntry) -> Iterator[str]:
        yield heading(metric.title, metric.key)
        yield plain(metric.definition)
        told = [
            ("Formula", plain(metric.formula_in_words)),
            ("Unit", f"{UNITS[metric.unit]}; {DIRECTIONS[metric.direction]}"),
            ("Denominator", plain(metric.denominator or "")),
            ("Channels", plain(channels_in_words(metric.channels))),
            ("Windows", windows_in_words(metric.windows)),
            ("Minimum sample", _sample(metric)),
            ("Driven by", codes(metric.driven_by)),
            ("Key metric", self._key(metric)),
            ("GMV factor", "a gap to peers has a GMV value" if metric.gmv_factor else ""),
            ("Compared with peers", plain(metric.benchmark.words) if metric.benchmark else ""),
            ("Policy lines", codes(metric.lines)),
            ("Tasks", ", ".join(self._task_link(each, metric.key) for each in metric.tasks)),
            ("Other names", "; ".join(_alias(each.name, each.reason) for each in metric.aliases)),
            ("Source", plain(metric.source) or "ours"),
        ]
        yield _listed(told)

    def _key(self, metric: MetricEntry) -> str:
        if not metric.is_key:
            return ""
        tasks = (self._task_at[each][1].fires_when for each in metric.tasks)
        has_card = any(each.kind == "declined" and each.metric == metric.key for each in tasks)
        return "a P1 card says so when it gets worse" if has_card else "yes"

    def _task(self, task: TaskEntry) -> Iterator[str]:
        yield heading(task.title, task.key.partition(".")[2])
        yield plain(task.why)
        yield "\n".join(f"{n}. {plain(step)}" for n, step in enumerate(task.steps, start=1))
        done = plain(task.completion.words) if task.completion is not None else ""
        told = [
            ("Priority", _PRIORITIES[task.priority]),
            ("Type", task.type.value.replace("_", " ")),
            ("Fires when", self._condition(task.fires_when, task.key)),
            ("Only if", "; ".join(self._condition(each, task.key) for each in task.only_if)),
            ("Offered in", plain(channels_in_words(task.channels))),
            ("Done when", done or "it no longer fires"),
            ("Benefit", _benefit(task)),
            ("Objective", self._objective(task)),
            ("Effort", task.effort.value),
            ("Valid for", _count(task.valid_days, "day")),
            ("Names", "the hero product" if task.names_hero else ""),
            ("Button", f"{plain(task.action.label)}: {_target(task)}"),
        ]
        yield _listed(told)

    def _objective(self, task: TaskEntry) -> str:
        words = f"{plain(task.objective_title)} ({code(task.objective)})"
        others = [each for each in self._sharing[task.objective] if each != task.key]
        return f"{words}, shared with {codes(others)}" if others else words

    def _condition(self, condition: ConditionEntry, task: str) -> str:
        words = plain(condition.words)
        if condition.policy_line is not None:
            return f"policy line {code(condition.policy_line)}: {words}"
        if condition.metric is not None:
            category, metric = self._metric_at[condition.metric]
            here = self._task_at[task][0]
            target = anchor(metric.title, metric.key)
            title = plain(metric.title)
            shown = f"[{title}]({target if category == here else _file(category) + target})"
            words = words.replace(title, shown, 1)
        if condition.parameter is None:
            return words
        origin = plain(condition.source) if condition.source else "our default"
        return f"{words} ({code(condition.parameter)}, {origin})"

    def _task_link(self, key: str, metric: str) -> str:
        category, task = self._task_at[key]
        here = self._metric_at[metric][0]
        target = anchor(task.title, key.partition(".")[2])
        return link(task.title, target if category == here else _file(category) + target)

    def _lines(self, category: CategoryEntry) -> Iterator[str]:
        yield (
            "Rows of the [policy packs](../policy.md). Levels are ours; only medium and high make "
            "a risk monitor. A region with rows of its own for a ladder is judged by those alone."
        )
        head = (
            "line", "when", "level", "lost", "next step", "regions", "from", "until", "source",
        )  # fmt: skip
        yield table(head, (self._line(each) for each in category.lines))
        notes = dict.fromkeys((each.key, each.note) for each in category.lines if each.note)
        if notes:
            yield "\n".join(f"- {code(key)}: {plain(note)}" for key, note in notes)

    def _line(self, line: LineEntry) -> tuple[str, ...]:
        gate = f", judged with {plain(line.requires)}" if line.requires else ""
        regions = ", ".join(line.regions) if line.regions != ("*",) else "all others"
        return (
            code(line.key),
            plain(line.words) + gate,
            line.level,
            plain(line.loses),
            code(line.next) if line.next else "–",
            plain(regions),
            f"{line.effective_from}",
            f"{line.effective_to}" if line.effective_to else "–",
            plain(line.source),
        )

    def _data(self, category: CategoryEntry) -> str:
        used: dict[str, list[str]] = {}
        for metric in category.metrics:
            for key in metric.measures:
                for source in self._measures[key].derived_from or (key,):
                    used.setdefault(source, []).append(metric.key)
        rows = [
            (code(key), *self._measure(self._measures[key]), codes(dict.fromkeys(metrics)))
            for key, metrics in used.items()
        ]
        head = ("measure", "what it is", "over days and channels", "usually from", "without it, no")
        return table(head, rows)

    def _measure(self, measure: MeasureEntry) -> tuple[str, str, str]:
        title = measure.title[:1].upper() + measure.title[1:]
        about = f"{title}. {measure.definition}" if measure.definition else title
        origin = measure.origin
        places = (
            ("warehouse", origin.warehouse),
            ("API", origin.api),
            ("Seller Center", origin.export),
        )
        known = "; ".join(f"{place}: {plain(where)}" for place, where in places if where)
        return plain(about), plain(measure.adds_up), known or "–"


def _page(*parts: str) -> str:
    return "\n\n".join(part for part in (MARK, *parts) if part) + "\n"


def _title(category: CategoryEntry) -> str:
    """The title of the category's own plugin, else its name."""
    own = (each.title for each in category.plugins if each.key == category.category)
    return next(own, _name(category.category))


def _listed(told: list[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {words}" for name, words in told if words)


def _sample(metric: MetricEntry) -> str:
    if metric.sample is None:
        return ""
    return f"{metric.min_sample:,g} {plain(metric.sample)}; below it nothing is compared"


def _benefit(task: TaskEntry) -> str:
    amount = "; an amount where the channel's GMV is known and the gap within core.benefit_cap"
    return plain(task.benefit) + (amount if task.has_amount else "")


def _target(task: TaskEntry) -> str:
    does = "opens a drawer," if task.action.kind is ActionKind.DRAWER else "leads to"
    return f"{does} {plain(task.action.target)}"


def _alias(name: str, reason: str) -> str:
    return f"{plain(name)} ({plain(reason)})"


def _sources(source: str) -> list[str]:
    return [each.strip() for each in source.split(",")] if source else ["ours"]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
