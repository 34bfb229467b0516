"""Growth stages from the GMV of the last 30 days (S0); the ladder is configuration."""

from __future__ import annotations

from shopace.core.vocabulary.record import Record


class TierStep(Record, frozen=True, kw_only=True):
    """A tier and the GMV from which it begins; half-open upwards (our reading of S0's ranges)."""

    level: int
    name: str
    gmv_from: float
    aliases: tuple[str, ...] = ()
    benefits: tuple[str, ...] = ()
    """What the tier unlocks, in the platform's words. S0 names none: they are configuration."""


class TierLadder(Record, frozen=True, kw_only=True):
    """The ladder of one currency, in one region or in all ("*").

    Level 0 is for shops that never sold; the others begin at `gmv_from`, ascending from 0.
    """

    region: str
    currency: str
    steps: tuple[TierStep, ...]
    source: str = ""


DEFAULT_LADDERS: tuple[TierLadder, ...] = (
    TierLadder(
        region="*",
        currency="USD",
        source="S0",
        steps=(
            TierStep(level=0, name="Starter", gmv_from=0),
            TierStep(level=1, name="Rising", gmv_from=0),
            TierStep(level=2, name="Pro", gmv_from=12_500),
            TierStep(level=3, name="Expert", gmv_from=65_000, aliases=("Advanced",)),
            TierStep(level=4, name="Elite", gmv_from=200_000),
            TierStep(level=5, name="Premier", gmv_from=600_000),
        ),
    ),
)


def ladder_for(ladders: tuple[TierLadder, ...], region: str, currency: str) -> TierLadder | None:
    """The ladder that fits, the region's own before "*"; None: the tier is not applicable."""
    fits = [each for each in ladders if each.currency == currency and each.region in (region, "*")]
    return min(fits, key=lambda each: each.region == "*", default=None)
