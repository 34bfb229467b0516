"""Named lines and knobs: a default in the code, overridable by operators in TOML."""

from __future__ import annotations

from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.units import Unit


class Parameter(Record, frozen=True, kw_only=True):
    """A number with a name. Without a `source` it is our default, not the platform's own."""

    key: str
    """`owner.name`: the owner is `core` or the plugin's key."""
    default: float
    unit: Unit
    title: str
    minimum: float = 0.0
    maximum: float = 1e12
    source: str = ""


TOP_PEERS = "core.top_peers"
"""What "top peers" means where a page does not say it; benchmark sets are built by it."""

CORE_PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        key="core.aa_floor",
        default=0.15,
        unit=Unit.RATIO,
        maximum=2.0,
        title="Smallest midpoint change against the previous period that is told",
    ),
    Parameter(
        key="core.aa_noise",
        default=3.0,
        unit=Unit.MULTIPLE,
        maximum=20.0,
        title="How many times its own week-to-week noise a change must reach",
    ),
    Parameter(
        key="core.aa_noise_open",
        default=2.0,
        unit=Unit.MULTIPLE,
        maximum=20.0,
        title="The same, to keep a finding open that was open in the last diagnosis (hysteresis)",
    ),
    Parameter(
        key="core.aa_severe",
        default=0.6,
        unit=Unit.RATIO,
        maximum=2.0,
        title="Midpoint decline from which severity is high",
    ),
    Parameter(
        key="core.aa_marked",
        default=0.3,
        unit=Unit.RATIO,
        maximum=2.0,
        title="Midpoint decline from which severity is medium",
    ),
    Parameter(
        key="core.ab_peers",
        default=20,
        unit=Unit.COUNT,
        minimum=5,
        title="Floor of peers: a smaller cohort falls back to the next wider one",
    ),
    Parameter(
        key=TOP_PEERS,
        default=0.75,
        unit=Unit.RATIO,
        minimum=0.5,
        maximum=0.99,
        title="Share of the other shops that do not exceed the benchmark, where a page names none",
    ),
    Parameter(
        key="core.ab_gap",
        default=0.25,
        unit=Unit.RATIO,
        maximum=10.0,
        title="Smallest gap to the benchmark, as a share of it, that is told",
    ),
    Parameter(
        key="core.ab_noise",
        default=2.5,
        unit=Unit.MULTIPLE,
        maximum=20.0,
        title="How many times the chance in the few events behind it a gap must reach",
    ),
    Parameter(
        key="core.ab_percentile",
        default=10,
        unit=Unit.POINTS,
        maximum=100,
        title="Percentile of its peers, ties halved, up to which a shop is told of a gap",
    ),
    Parameter(
        key="core.ab_severe",
        default=0.6,
        unit=Unit.RATIO,
        maximum=10.0,
        title="Gap from which severity is high",
    ),
    Parameter(
        key="core.ab_marked",
        default=0.35,
        unit=Unit.RATIO,
        maximum=10.0,
        title="Gap from which severity is medium",
    ),
    Parameter(
        key="core.core_channel_share",
        default=0.8,
        unit=Unit.RATIO,
        maximum=1.0,
        title="Core channels: the fewest that make this share of 30-day GMV",
    ),
    Parameter(
        key="core.explained_share",
        default=0.6,
        unit=Unit.RATIO,
        minimum=0.5,
        maximum=1.0,
        title="Part of a decline from which a driver that fell explains it",
    ),
    Parameter(
        key="core.benefit_cap",
        default=0.5,
        unit=Unit.RATIO,
        maximum=10.0,
        title="Widest gap, as a share of the shop's value, that is told as an amount of GMV",
    ),
    Parameter(
        key="core.cards_for_you",
        default=6,
        unit=Unit.COUNT,
        minimum=1,
        maximum=100,
        title='Cards in the overall list ("For you"); risk cards are never cut',
    ),
    Parameter(
        key="core.cards_per_channel",
        default=2,
        unit=Unit.COUNT,
        minimum=1,
        maximum=100,
        title="Cards in the list of one core channel; risk cards are never cut",
    ),
    Parameter(
        key="core.eligibility_check_day",
        default=0,
        unit=Unit.DAYS,
        maximum=31,
        title="Day of the month of the Seller Center eligibility check; 0: not known",
    ),
    Parameter(
        key="core.most_recommended",
        default=3,
        unit=Unit.COUNT,
        maximum=20,
        title='Cards of the overall list that carry the mark "Most recommended"',
    ),
)
