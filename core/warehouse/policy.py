"""Policy packs: the risk lines that shops are judged by, each with regions, dates and source.

A line holds from `effective_from` until the day before `effective_to`; a past date is judged by the
rows of that date. A region that has rows of its own for a ladder is judged by them alone, on all
dates; "*" speaks for every other region.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import string
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import numpy as np

from shopace.core.configuration import Pack
from shopace.core.errors import Guesses, PolicyError, Problem, did_you_mean
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import PERIODS_OF, Window
from shopace.core.warehouse.folders import write_file
from shopace.core.warehouse.handwritten import read_handwritten
from shopace.core.warehouse.regions import REGIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shopace.core.vocabulary.measures import Measure
    from shopace.core.vocabulary.metrics import Metric

MAX_BYTES = 1 << 18
"""A pack over this size is refused unread. Ours has a fifth of it; there may be several."""
EVERYWHERE = "*"
SEVERITY = {"low": 1, "medium": 2, "high": 3}


class Gate(Record, frozen=True, kw_only=True):
    """The line applies only where this metric reaches `at_least`; a known value below: it does not.

    An unknown value closes nothing: that the judged metric is there says that the platform judged.
    """

    metric: str
    window: Window
    at_least: float


class Stake(Record, frozen=True, kw_only=True):
    """What runs through the privilege: this measure's sum of the last 30 days."""

    measure: str
    channel: Channel = Channel.SHOP


class Deadline(Record, frozen=True, kw_only=True):
    """Until when there is time to act: `measure` tells the days left on the as-of date.

    `of` counts what the time runs for: where it is known to be 0, there is no deadline.
    """

    measure: str
    of: str | None = None


class Criterion(Record, frozen=True, kw_only=True):
    """A condition, too, that a shop has to meet: it does where the line is not reached."""

    of: Literal["seller_center", "star_badge"]
    title: str
    """What is asked for; `{line}` stands for the value."""


class PolicyLine(Record, frozen=True, kw_only=True):
    """One row. Of a ladder (one metric, channel, window) a shop stands on the last step reached."""

    key: str
    ladder: str
    metric: str
    channel: Channel = Channel.SHOP
    window: Window = Window.L7D
    kind: Literal["level", "drop"] = "level"
    """`level`: the value itself. `drop`: previous value − value, against the period before."""
    at: Literal["least", "most", "above", "below"]
    """`least` and `most` include the value itself, `above` and `below` do not."""
    value: float
    level: Literal["low", "medium", "high"]
    """Ours; only medium and high make a risk monitor."""
    rule: str
    """One sentence; `{line}` stands for the value."""
    loses: str
    """The privilege that is lost, and for how long."""
    lasts_days: int | None = None
    """How long it is lost; None: for good, or as long as the shop stands on the line."""
    deadline: Deadline | None = None
    criterion: Criterion | None = None
    next: str | None = None
    """The next step of the ladder; None: the last."""
    requires: Gate | None = None
    stake: Stake | None = None
    ending: str | None = None
    """The measure that tells how much of the value ends within 30 days by itself."""
    points_end_after_days: int | None = None
    """How long the points of a violation last, where the facts do not tell the day of their end."""
    regions: tuple[str, ...]
    effective_from: dt.date
    effective_to: dt.date | None = None
    """The first day on which the row no longer holds; None: open."""
    source: str
    """`default` marks a line of ours, which is not the platform's own."""
    note: str = ""

    def reached(
        self, value: NDArray[np.float64], previous: NDArray[np.float64] | None = None
    ) -> NDArray[np.bool_]:
        """Which shops stand on or beyond the line. Missing is never beyond.

        `previous` is the value of the period before, for a drop. Differences are freed from the
        dust of binary fractions: 2.2 − 1.7 is not more than 0.5.
        """
        judged = value if self.kind == "level" or previous is None else previous - value
        judged = np.round(judged, 9)
        match self.at:
            case "least":
                return judged >= self.value
            case "most":
                return judged <= self.value
            case "above":
                return judged > self.value
            case "below":
                return judged < self.value

    def holds_on(self, date: dt.date) -> bool:
        return self.effective_from <= date and not self._ended(date)

    def _ended(self, date: dt.date) -> bool:
        return self.effective_to is not None and self.effective_to <= date

    @property
    def rises(self) -> bool:
        """Whether the ladder goes up: the next step is a larger value."""
        return self.at in {"least", "above"}

    @property
    def rung(self) -> float:
        """Ascends along a ladder whichever way it goes."""
        return self.value if self.rises else -self.value


class Policy(Record, frozen=True, kw_only=True):
    """All rows of the packs in use. The id is a fingerprint of their content."""

    id: str
    lines: tuple[PolicyLine, ...]

    def lines_on(self, date: dt.date, region: str) -> tuple[PolicyLine, ...]:
        """The lines of a date and region, by ladder and, within one, from the first step on."""
        code = region.strip().upper()
        own = {line.ladder for line in self.lines if code in line.regions}
        here = (
            line
            for line in self.lines
            if (code if line.ladder in own else EVERYWHERE) in line.regions and line.holds_on(date)
        )
        return tuple(sorted(here, key=lambda line: (line.ladder, line.rung)))

    def criteria(self) -> dict[str, PolicyLine]:
        """The rows that are conditions by key, each as it stands somewhere: what may be asked."""
        return {line.key: line for line in self.lines if line.criterion is not None}


def policy_of(lines: Sequence[PolicyLine]) -> Policy:
    """The policy of the given rows, whatever their order."""
    ordered = tuple(sorted(lines, key=lambda at: (at.key, at.regions, at.effective_from)))
    digest = hashlib.sha256(msgspec.json.encode(ordered)).hexdigest()
    return Policy(id=f"policy-{digest[:8]}", lines=ordered)


def load_policy(packs: Sequence[Pack]) -> Policy:
    """The policy that the packs make together. Raises PolicyError with all that is wrong."""
    problems: list[Problem] = []
    rows = [row for pack in packs for row in _rows(pack, problems)]
    if not packs:
        raise PolicyError("no policy pack is given", hint="name at least one pack file")
    _judge(rows, problems)
    if problems:
        count = len(problems)
        raise PolicyError(
            f"the policy is refused: {count} problem{'s' * (count > 1)}", problems=problems
        )
    return policy_of([row.line for row in rows if row.line is not None])


def unfit(
    policy: Policy, metrics: Mapping[str, Metric], measures: Mapping[str, Measure]
) -> tuple[Problem, ...]:
    """What the rows ask for that nobody declares: metrics with their windows, measures at stake.

    Such a row can never be judged; it is no fault of the shop.
    """
    problems: dict[Problem, None] = {}
    guess = Guesses()
    for line in policy.lines:
        where = f"{policy.id}: {line.key}"
        asked = [(line.metric, line.channel, line.window)]
        if line.requires is not None:
            asked.append((line.requires.metric, Channel.SHOP, line.requires.window))
        for key, channel, window in asked:
            metric = metrics.get(key)
            if metric is None:
                hint = guess(key, metrics)
                problems[Problem(where=where, what=f'unknown metric "{key}"', hint=hint)] = None
            elif channel not in metric.channels or window not in metric.windows:
                what = f"metric {key} is not computed for channel {channel} in window {window}"
                problems[Problem(where=where, what=what)] = None
        named = {"at stake": line.stake.measure if line.stake else None, "ending": line.ending}
        if line.deadline is not None:
            named |= {"of its deadline": line.deadline.measure, "to act on": line.deadline.of}
        for role, measure in named.items():
            if measure is not None and measure not in measures:
                hint = guess(measure, measures)
                what = f'unknown measure "{measure}" {role}'
                problems[Problem(where=where, what=what, hint=hint)] = None
    return tuple(problems)


def save_policy(policy: Policy, folder: Path) -> Path:
    """Pin the policy as `<folder>/<id>.json`; never half-visible; twice changes nothing."""
    target = folder / f"{policy.id}.json"
    content = msgspec.json.format(msgspec.json.encode(policy), indent=1)
    if target.is_file() and target.read_bytes() == content:
        return target
    write_file(target, content)
    return target


def load_saved(folder: Path, policy_id: str) -> Policy:
    """The policy that a run pinned. Raises PolicyError when it is missing or was changed since."""
    where = f"policy {policy_id}"
    known = sorted(path.stem for path in folder.glob("policy-*.json"))
    if policy_id not in known:
        hint = did_you_mean(policy_id, known) or "was it enqueued with another data folder?"
        raise PolicyError(f"{where} is not in {folder}", hint=hint)
    try:
        policy = msgspec.json.decode((folder / f"{policy_id}.json").read_bytes(), type=Policy)
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise PolicyError(
            f"{where} cannot be read: {error}", hint="enqueue the run again"
        ) from error
    if policy_of(policy.lines) != policy or policy.id != policy_id:
        raise PolicyError(f"{where} was changed after it was pinned", hint="enqueue the run again")
    return policy


class _Row(NamedTuple):
    where: str
    line: PolicyLine | None
    """None: its shape is wrong; `key` and `ladder` are kept as far as they can be read."""
    key: str | None
    ladder: str | None
    groups: Mapping[str, Sequence[str]]


def _rows(pack: Pack, problems: list[Problem]) -> Iterator[_Row]:
    """The rows of one pack, in its order; what is wrong with their shape goes into `problems`."""
    read = read_handwritten(pack, "policy-pack.schema.json", max_bytes=MAX_BYTES)
    name, document = read.name, read.content
    problems.extend(read.problems)
    if not isinstance(document, dict) or not isinstance(document.get("lines"), list):
        return
    groups = {} if read.is_wrong("region_groups") else document.get("region_groups", {})
    problems.extend(_unknown_members(name, groups))
    for index, row in enumerate(document["lines"]):
        line = None if read.is_wrong("lines", index) else _line(row, groups)
        key, ladder = (row.get(it) if isinstance(row, dict) else None for it in ("key", "ladder"))
        yield _Row(f"{name}: lines[{index}]", line, _text(key), _text(ladder), groups)


def _unknown_members(name: str, groups: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for group, members in groups.items():
        for index, member in enumerate(members):
            if member not in REGIONS:
                where = f"{name}: region_groups.{group}[{index}]"
                yield Problem(where=where, what=f'"{member}" is no region code')


def _line(row: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> PolicyLine:
    line = msgspec.convert(row, PolicyLine)
    codes = {code for name in line.regions for code in (name, *groups.get(name, ()))}
    return msgspec.structs.replace(line, regions=tuple(sorted(codes)))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _judge(rows: Sequence[_Row], problems: list[Problem]) -> None:
    """Everything that a schema cannot say. Rows of a wrong shape taint the ladder they name."""
    keys = {row.key for row in rows if row.key is not None}
    guess = Guesses()
    for row in rows:
        if row.line is not None:
            problems.extend(_wrong_alone(row.where, row.line, row.groups, keys, guess))
    tainted = {row.ladder for row in rows if row.line is None}
    sound = [
        (row.where, row.line)
        for row in rows
        if row.line is not None and None not in tainted and row.ladder not in tainted
    ]
    problems.extend(_wrong_dates(sound))
    problems.extend(dict.fromkeys(_wrong_ladders(sound, keys)))


def _wrong_alone(
    where: str,
    line: PolicyLine,
    groups: Mapping[str, Sequence[str]],
    keys: Collection[str],
    guess: Guesses,
) -> Iterator[Problem]:
    if line.effective_to is not None and line.effective_to <= line.effective_from:
        what = f"{line.effective_to} is not after effective_from {line.effective_from}"
        yield Problem(where=f"{where}.effective_to", what=what, hint="dates reversed?")
    if line.next is not None and line.next not in keys:
        hint = guess(line.next, keys)
        yield Problem(where=f"{where}.next", what=f'there is no line "{line.next}"', hint=hint)
    unknown = [
        code
        for code in line.regions
        if code != EVERYWHERE and code not in REGIONS and code not in groups
    ]
    if unknown:
        hint = guess(unknown[0], [*groups, *REGIONS])
        hint = hint or "two capital letters as in ISO 3166-1"
        further = len(unknown) - 1  # what each of thousands may have meant takes minutes to find
        what = f'"{unknown[0]}" is no region code' + (f", nor {further} more" if further else "")
        yield Problem(where=f"{where}.regions", what=what, hint=hint)
    if EVERYWHERE in line.regions and len(line.regions) > 1:
        what = '"*" stands for all other regions and needs no company'
        yield Problem(where=f"{where}.regions", what=what)
    yield from _wrong_texts(where, line)
    if line.criterion is not None:
        yield from _wrong_criterion(where, line)
    if line.kind == "drop":
        if len(PERIODS_OF[line.window]) < 2:  # the current one and the one before
            what = f"a drop needs a previous period, {line.window} has none"
            yield Problem(where=f"{where}.window", what=what)
        if not line.rises or line.value < 0:
            what = "a drop is at least or above a number of 0 or more"
            yield Problem(where=f"{where}.at", what=what)


def _wrong_criterion(where: str, line: PolicyLine) -> Iterator[Problem]:
    if line.kind == "drop":
        what = "a criterion is a level that is held, not a drop"
        yield Problem(where=f"{where}.criterion", what=what)
    if line.level != "low":
        what = "a criterion that is missed is low: it is no risk to today's business"
        yield Problem(where=f"{where}.level", what=what)


def _wrong_texts(where: str, line: PolicyLine) -> Iterator[Problem]:
    texts = [("rule", line.rule, {"line"}), ("loses", line.loses, set())]
    if line.criterion is not None:
        texts.append(("criterion.title", line.criterion.title, {"line"}))
    for field, text, allowed in texts:
        if wrong := _placeholders(text) - allowed:
            what = f"cannot fill in {', '.join(sorted(wrong))}"
            hint = "only {line}, in the rule and in what a criterion asks for"
            yield Problem(where=f"{where}.{field}", what=what, hint=hint)


def _placeholders(text: str) -> set[str]:
    try:
        return {
            name + ("" if not (spec or conversion) else "!")
            for _, name, spec, conversion in string.Formatter().parse(text)
            if name is not None
        }
    except ValueError:
        return {"an open brace"}


def _wrong_dates(rows: Sequence[tuple[str, PolicyLine]]) -> Iterator[Problem]:
    """Overlaps and gaps between the rows of one line in one region, each told once."""
    told: dict[tuple[str, str], list[str]] = {}
    for key, of_key in _by(rows, lambda line: line.key).items():
        spans: dict[str, list[tuple[str, PolicyLine]]] = {}
        for where, line in of_key if len(of_key) > 1 else ():
            for region in line.regions:
                spans.setdefault(region, []).append((where, line))
        for region, span in spans.items():
            ordered = sorted(span, key=lambda each: each[1].effective_from)
            for (earlier, before), (later, after) in pairwise(ordered):
                end = before.effective_to
                if end is None or end > after.effective_from:
                    until = end or "further notice"
                    what = f'"{key}" overlaps with {earlier}, in force until {until}'
                elif end < after.effective_from:
                    what = f'"{key}" has a gap from {end}, where {earlier} ends'
                else:
                    continue
                told.setdefault((f"{later}.effective_from", what), []).append(region)
    for (where, what), regions in told.items():
        yield Problem(where=where, what=f"{what} ({', '.join(regions)})")


def _wrong_ladders(
    rows: Sequence[tuple[str, PolicyLine]], keys: Collection[str]
) -> Iterator[Problem]:
    """Each ladder, as it stands in each region at each date on which something changes."""
    for members in _by(rows, lambda line: line.ladder).values():
        ordered = sorted(members, key=lambda each: each[1].rung)
        for step, following in _neighbours([line for _, line in ordered]):
            after = ordered[following] if following < len(ordered) else None
            yield from _wrong_step(ordered[step], after, keys)
    homes: dict[str, str] = {}
    for where, line in rows:
        home = homes.setdefault(line.key, line.ladder)
        if home != line.ladder:
            what = f'"{line.key}" is a step of ladder "{home}" and of "{line.ladder}"'
            yield Problem(where=f"{where}.ladder", what=what)


def _by(
    rows: Sequence[tuple[str, PolicyLine]], name: Callable[[PolicyLine], str]
) -> dict[str, list[tuple[str, PolicyLine]]]:
    found: dict[str, list[tuple[str, PolicyLine]]] = {}
    for row in rows:
        found.setdefault(name(row[1]), []).append(row)
    return found


def _neighbours(lines: Sequence[PolicyLine]) -> Iterator[tuple[int, int]]:
    """Which step follows which, in some region on some date; `len(lines)`: none, it is the last.

    `lines` ascend. In arrays: a ladder may have as many dates as rows, in hundreds of regions.
    """
    begin = np.array([line.effective_from.toordinal() for line in lines])
    end = np.array([(line.effective_to or dt.date.max).toordinal() for line in lines])
    of_region: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        for region in line.regions:
            of_region.setdefault(region, []).append(index)
    follows = np.zeros((len(lines), len(lines) + 1), dtype=bool)
    for standing in dict.fromkeys(map(tuple, of_region.values())):
        rows = np.array(standing)
        dates = np.unique(np.concatenate([begin[rows], end[rows]]))[:, None]
        date, at = np.nonzero((begin[rows] <= dates) & (dates < end[rows]))
        step = rows[at]
        is_last = np.append(date[1:] != date[:-1], True)
        follows[step, np.where(is_last, len(lines), np.roll(step, -1))] = True
    yield from map(tuple, np.argwhere(follows).tolist())


def _wrong_step(
    row: tuple[str, PolicyLine], following: tuple[str, PolicyLine] | None, keys: Collection[str]
) -> Iterator[Problem]:
    where, line = row
    if following is not None and following[1].key != line.key:  # else an overlap, told already
        beyond, after = following
        if _ground(after) != _ground(line):
            what = f'"{after.key}" judges another thing than "{line.key}" of the same ladder'
            yield Problem(where=beyond, what=what, hint="metric, channel, window, kind, direction")
        if after.rung == line.rung:
            what = f'"{after.key}" stands at {after.value:g} like "{line.key}"'
            yield Problem(where=f"{beyond}.value", what=what, hint="the ladder is not monotone")
        elif SEVERITY[after.level] < SEVERITY[line.level]:
            what = f'"{after.key}" is {after.level}, the step before it {line.level}'
            yield Problem(where=f"{beyond}.level", what=what, hint="the ladder is not monotone")
    if line.next is not None and line.next not in keys:
        return  # told already
    step = None if following is None else following[1].key
    if step not in {line.next, line.key}:
        what = f"{_quoted(line.next)} does not follow, {_quoted(step)} does"
        yield Problem(where=f"{where}.next", what=what, hint="the ladder is not monotone")


def _ground(line: PolicyLine) -> tuple[str, str, str, str, bool]:
    return (line.metric, line.channel, line.window, line.kind, line.rises)


def _quoted(key: str | None) -> str:
    return f'"{key}"' if key is not None else "no step"
