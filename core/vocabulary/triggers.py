"""What makes a task template fire, and which priority follows from it.

The kind of comparison decides the band: `crosses` (a policy line) P0, `declined` (AA) P1,
`behind_peers` (AB) P2; a plain `at_least`/`at_most` outside the policy packs P1. A plugin cannot
give itself a P0. The same records serve as conditions in `only_if`, which never sets the band.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.parameters import Parameter


class Priority(IntEnum):
    """S0: P0 red, operational risk; P1 yellow, core anomaly; P2 green, growth opportunity."""

    P0 = 0
    P1 = 1
    P2 = 2


class Crosses(msgspec.Struct, frozen=True, tag_field="kind", tag="crosses"):
    """The shop stands on this line of a policy pack: of a ladder, its highest step reached."""

    line: str


class Declined(msgspec.Struct, frozen=True, tag_field="kind", tag="declined"):
    """The metric got worse against the shop's own previous seven days, beyond noise and market."""

    metric: str


class BehindPeers(msgspec.Struct, frozen=True, tag_field="kind", tag="behind_peers"):
    """The metric is behind the benchmark sellers of the shop's cohort."""

    metric: str


class AtLeast(msgspec.Struct, frozen=True, tag_field="kind", tag="at_least"):
    """The metric's seven-day value is the line or more. Missing is not."""

    metric: str
    line: Parameter
    channel: Channel | None = None


class AtMost(msgspec.Struct, frozen=True, tag_field="kind", tag="at_most"):
    """The metric's seven-day value is the line or less. Missing is not."""

    metric: str
    line: Parameter
    channel: Channel | None = None


Trigger = Crosses | Declined | BehindPeers | AtLeast | AtMost
Condition = Declined | BehindPeers | AtLeast | AtMost


def crosses(line: str) -> Crosses:
    """A line of the policy packs, by its key."""
    return Crosses(line)


def declined(metric: str) -> Declined:
    """Worse than in the shop's own previous seven days."""
    return Declined(metric)


def behind_peers(metric: str) -> BehindPeers:
    """Behind the benchmark sellers; the metric needs a `Benchmark`."""
    return BehindPeers(metric)


def at_least(metric: str, line: Parameter, channel: Channel | None = None) -> AtLeast:
    """At or over a named line; in the proposal's channel unless `channel` pins it."""
    return AtLeast(metric, line, channel)


def at_most(metric: str, line: Parameter, channel: Channel | None = None) -> AtMost:
    """At or under a named line; in the proposal's channel unless `channel` pins it."""
    return AtMost(metric, line, channel)


def priority_of(trigger: Trigger) -> Priority:
    """The band that a trigger's kind of comparison sets."""
    match trigger:
        case Crosses():
            return Priority.P0
        case Declined() | AtLeast() | AtMost():
            return Priority.P1
        case BehindPeers():
            return Priority.P2
