"""What operators set in `shopace.toml`: lines and knobs, what is switched off, tier ladders.

    [parameters]
    "core.aa_floor" = 0.2

    [disable]
    plugins = ["campaigns"]
    templates = ["ads.raise_budget"]

    [[tiers]]
    region = "BR"
    currency = "BRL"
    steps = [{ level = 0, name = "Starter", gmv_from = 0, benefits = ["Starter guides"] }, …]

    [[campaigns]]
    name = "Black Friday"
    starts_on = 2026-11-27
    ends_on = 2026-11-30
    regions = ["US"]                     # without: everywhere

    [[gmv_ranges]]
    currency = "BRL"
    lines = [0, 5_000, 50_000]           # "GMV 5k-50k" of a product; "50k+" is the last

    [policy]
    packs = ["our-lines.json"]           # beside this file
    use_default = false                  # without the pack that comes with the product

    [incentives]
    programmes = ["incentives.json"]     # beside this file

Keys are checked against the registry, where they are known: see `core/host/registry.py`.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from shopace.core.errors import ConfigurationError, Guesses, Problem, shortened
from shopace.core.reading import read_toml
from shopace.core.steering import STEERING
from shopace.core.vocabulary.campaigns import Campaign
from shopace.core.vocabulary.gmv_ranges import DEFAULT_GMV_RANGES, GmvRanges
from shopace.core.vocabulary.incentives import LEVELS_END
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS, TierLadder

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_TEXT = 300
"""Characters of one text in a ladder."""
MOST_BENEFITS = 20

Pack = Path | tuple[str, str]
"""A policy pack: a file, or (package, resource)."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """Validated for shape; whether the keys exist is judged by the registry."""

    source: str = "the defaults"
    parameters: dict[str, float] = {}
    disabled_plugins: tuple[str, ...] = ()
    disabled_templates: tuple[str, ...] = ()
    ladders: tuple[TierLadder, ...] = DEFAULT_LADDERS
    gmv_ranges: tuple[GmvRanges, ...] = DEFAULT_GMV_RANGES
    campaigns: tuple[Campaign, ...] = ()
    policy_packs: tuple[Path, ...] = ()
    """Packs of the operators, on top of the default one or instead of it."""
    use_default_policy: bool = True
    incentive_files: tuple[Path, ...] = ()
    """Incentive programmes of the operators; the product brings none."""

    def packs(self, default: Sequence[Pack]) -> tuple[Pack, ...]:
        """Every policy pack in use, given those that come with the product."""
        return (*(default if self.use_default_policy else ()), *self.policy_packs)


class _Policy(msgspec.Struct, forbid_unknown_fields=True):
    packs: tuple[str, ...] = ()
    use_default: bool = True


class _Incentives(msgspec.Struct, forbid_unknown_fields=True):
    programmes: tuple[str, ...] = ()


class _Disable(msgspec.Struct, forbid_unknown_fields=True):
    plugins: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


_SECTIONS = {
    "parameters": dict[str, Any],  # judged one by one
    "disable": _Disable,
    "policy": _Policy,
    "incentives": _Incentives,
    "tiers": tuple[TierLadder, ...],
    "campaigns": tuple[Campaign, ...],
    "gmv_ranges": tuple[GmvRanges, ...],
}


def configuration_file(data: Path, named: Path | None = None) -> Path | None:
    """The file to load: the one that was named, else `shopace.toml` of the data folder, if any."""
    if named is not None:
        return named
    own = data / "shopace.toml"
    return own if own.exists() else None


def load_configuration(path: Path | None) -> Configuration:
    """The configuration of a TOML file; the defaults for None.

    Raises ConfigurationError with every problem of shape: unreadable file, unknown section or
    field, wrong type, a ladder that does not ascend.
    """
    if path is None:
        return Configuration()
    try:
        content = read_toml(path)
    except ValueError as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    problems: list[Problem] = []
    guess = Guesses()
    sections: dict[str, Any] = {}
    for name, value in content.items():
        if name not in _SECTIONS:
            where, hint = f"{path.name}: {shortened(name)}", guess(name, _SECTIONS)
            problems.append(Problem(where=where, what="unknown section", hint=hint))
            continue
        if name == "parameters":
            sections[name] = _numbers(value, f"{path.name}: {name}", problems)
            continue
        try:
            sections[name] = msgspec.convert(value, _SECTIONS[name])
        except msgspec.ValidationError as error:
            problems.append(Problem(where=f"{path.name}: {name}", what=str(error)))
    ladders: tuple[TierLadder, ...] = sections.get("tiers", ())
    problems += [
        Problem(where=f"{path.name}: tiers[{index}]", what=what)
        for index, ladder in enumerate(ladders)
        for what in _ladder_problems(ladder, ladders[:index])
    ]
    campaigns: tuple[Campaign, ...] = sections.get("campaigns", ())
    problems += [
        Problem(where=f"{path.name}: campaigns[{index}]", what="ends before it starts")
        for index, campaign in enumerate(campaigns)
        if campaign.ends_on < campaign.starts_on
    ]
    ranges: tuple[GmvRanges, ...] = sections.get("gmv_ranges", ())
    problems += [
        Problem(where=f"{path.name}: gmv_ranges[{index}]", what=what)
        for index, each in enumerate(ranges)
        for what in _range_problems(each, ranges[:index])
    ]
    if problems:
        raise ConfigurationError(f"{path.name} is not usable", problems=problems)
    disable: _Disable = sections.get("disable", _Disable())
    policy: _Policy = sections.get("policy", _Policy())
    incentives: _Incentives = sections.get("incentives", _Incentives())
    own = {(ladder.region, ladder.currency) for ladder in ladders}
    kept = tuple(each for each in DEFAULT_LADDERS if (each.region, each.currency) not in own)
    return Configuration(
        source=path.name,
        parameters=sections.get("parameters", {}),
        disabled_plugins=disable.plugins,
        disabled_templates=disable.templates,
        ladders=(*ladders, *kept),
        gmv_ranges=(*ranges, *DEFAULT_GMV_RANGES),
        campaigns=campaigns,
        policy_packs=tuple(path.parent / each for each in policy.packs),
        use_default_policy=policy.use_default,
        incentive_files=tuple(path.parent / each for each in incentives.programmes),
    )


def _numbers(values: Any, where: str, problems: list[Problem]) -> dict[str, float]:  # noqa: ANN401  # TOML of any shape
    if not isinstance(values, dict):
        problems.append(Problem(where=where, what="is no table of numbers"))
        return {}
    numbers: dict[str, float] = {}
    for key, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
            numbers[key] = float(value)
        else:
            told = f"{shortened(repr(value))} is no finite number"
            problems.append(Problem(where=f'{where}."{shortened(key)}"', what=told))
    return numbers


def _is_finite(value: float) -> bool:
    """Whether it can be reckoned with: TOML has integers that no floating-point number holds."""
    try:
        return isfinite(value)
    except OverflowError:
        return False


def _ladder_problems(ladder: TierLadder, before: Sequence[TierLadder]) -> list[str]:
    problems = []
    if [step.level for step in ladder.steps] != list(range(len(ladder.steps))):
        problems.append("levels must count up from 0")
    lines = [step.gmv_from for step in ladder.steps[1:]]
    if not all(isfinite(line) for line in lines):
        problems.append("`gmv_from` must be a finite number")
    elif not lines or lines[0] != 0 or any(a >= b for a, b in pairwise(lines)):
        problems.append("`gmv_from` must ascend; level 1 begins at 0 (level 0 never sold)")
    problems += _text_problems(ladder)
    same = (
        each for each in before if (each.region, each.currency) == (ladder.region, ladder.currency)
    )
    if not problems and any(not _ladder_problems(each, ()) for each in same):
        problems.append(f"a second ladder of {ladder.region} in {ladder.currency}")
    return problems


def _range_problems(ranges: GmvRanges, before: Sequence[GmvRanges]) -> list[str]:
    problems = []
    lines = ranges.lines
    if not all(isfinite(line) for line in lines):
        problems.append("`lines` must be finite numbers")
    elif not lines or lines[0] != 0 or any(a >= b for a, b in pairwise(lines)):
        problems.append("`lines` must ascend from 0")
    if any(each.currency == ranges.currency for each in before):
        problems.append(f"ranges in {ranges.currency} a second time")
    return problems


def _text_problems(ladder: TierLadder) -> list[str]:
    """What is wrong with the words that people read of a ladder."""
    problems = []
    for step in ladder.steps:
        for field, texts in (("name", (step.name,)), ("benefits", step.benefits)):
            for text in texts:
                if not text.strip():
                    problems.append(f"level {step.level}: an empty text in `{field}`")
                elif len(text) > LONGEST_TEXT:
                    what = f"a text of {len(text)} characters in `{field}`, {LONGEST_TEXT} at most"
                    problems.append(f"level {step.level}: {what}")
                elif STEERING.search(text):
                    problems.append(f"level {step.level}: a control character in `{field}`")
        if len(step.benefits) > MOST_BENEFITS:
            told = f"{len(step.benefits)} benefits, {MOST_BENEFITS} at most"
            problems.append(f"level {step.level}: {told}")
    names = Counter(step.name for step in ladder.steps)
    problems += [f'two levels are called "{name}"' for name, many in names.items() if many > 1]
    if len(ladder.steps) > LEVELS_END:
        problems.append(f"{len(ladder.steps)} levels, {LEVELS_END} at most")
    return problems
