"""The daily facts of one shop while they come about: levels, rhythm, mild noise, and changes.

Noise is mild and counts are rounded so that nothing gets lost or piles up: whoever differs from the
peers or from the week before differs for a cause. Chance is let in where it is itself looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from tests.atlas.entries import Change

from shopace.core.vocabulary.measures import STANDARD_MEASURES

Floats = NDArray[np.float64]
Facts = Mapping[str, Floats]

DAYS = 91
_LEVEL_SPREAD = 0.05


class Daily:
    """Facts by `measure` or `measure@channel`, each an array over the days.

    `calm` is the same shop without the cause: drawn alike, number by number. `by_chance`: the
    counts are as uneven as chance makes them.
    """

    def __init__(
        self,
        name: str,
        changes: Sequence[Change] = (),
        calm: "Daily | None" = None,
        *,
        by_chance: bool = False,
    ) -> None:
        self.facts: dict[str, Floats] = {}
        self._random = np.random.default_rng(crc32(name.encode()))
        self._changes = changes
        self._struck: set[str] = set()
        self._calm = calm
        self._by_chance = by_chance

    def level(self, usual: float, spread: float = _LEVEL_SPREAD) -> float:
        """What is usual for this shop: like its peers, not the same."""
        return usual * (1.0 + float(self._random.uniform(-spread, spread)))

    def noise(self, sd: float = 0.03) -> Floats:
        """Factors around 1, cut off where a day would stand out."""
        return 1.0 + sd * np.clip(self._random.standard_normal(DAYS), -2, 2)

    def put(self, name: str, values: Floats | float, *, follows: bool = False) -> Floats:
        """A number that need not be whole. `follows`: of a channel whose shop was struck before."""
        of_days = np.broadcast_to(np.asarray(values, np.float64), (DAYS,))
        self.facts[name] = self._strike(name, of_days, follows=follows)
        return self.facts[name]

    def count(
        self, name: str, values: Floats | float, *, of: Floats | None = None, follows: bool = False
    ) -> Floats:
        """Events of a day: whole, and the rest of one day is carried to the next.

        By chance they are drawn, where nobody decides how many there are; `of`: each of these is
        one or is not.
        """
        wanted = self.put(name, values, follows=follows)
        if self._by_chance and not STANDARD_MEASURES[name.partition("@")[0]].by_choice:
            return self._draw(name, wanted, of)
        phase = float(self._random.uniform(0.3, 0.7))
        self.facts[name] = np.diff(np.floor(np.cumsum(wanted) + phase + 1e-9), prepend=0.0)
        return self.facts[name]

    def _draw(self, name: str, wanted: Floats, of: Floats | None) -> Floats:
        if of is None:
            drawn = self._random.poisson(wanted)
        else:
            share = np.divide(wanted, of, out=np.zeros(DAYS), where=of > 0)
            drawn = self._random.binomial(np.rint(of).astype(np.int64), np.clip(share, 0, 1))
        self.facts[name] = drawn.astype(np.float64)
        return self.facts[name]

    def gauge(self, name: str, values: Floats | float, *, follows: bool = False) -> Floats:
        """How many there are at the end of a day."""
        self.facts[name] = np.rint(self.put(name, values, follows=follows))
        return self.facts[name]

    def money(self, name: str, values: Floats | float) -> Floats:
        self.facts[name] = np.round(self.put(name, values), 2)
        return self.facts[name]

    def whole(self, measure: str, values: Floats) -> Floats:
        """The shop's own number of a measure by channel; only `measure@shop` strikes it."""
        total = self.put(f"{measure}@shop", np.round(values, 2), follows=True)
        del self.facts[f"{measure}@shop"]
        self.facts[measure] = total
        return total

    def moved(self, measure: str, half_life: float = 0.0) -> Floats:
        """What became of it against the same shop without the cause, as it is felt."""
        return self.compared(lambda facts: _felt(facts[measure], half_life))

    def compared(self, number: Callable[[Facts], Floats]) -> Floats:
        """The same for a number made of several facts; 1 where there is none without the cause."""
        if self._calm is None:
            return np.ones(DAYS)
        now, usual = number(self.facts), number(self._calm.facts)
        ratio: Floats = np.divide(now, usual, out=np.ones(DAYS), where=usual > 0)
        return ratio

    def usual(self, measure: str) -> float:
        """Its mean per day without the cause."""
        return float((self._calm or self).facts[measure].mean())

    def unknown(self) -> set[str]:
        """Names in the changes that no measure has."""
        named = {name for each in self._changes for name in (*each.times, *each.set)}
        return named - self._struck

    def _strike(self, name: str, values: Floats, *, follows: bool) -> Floats:
        struck = values.copy()
        names = {name} if follows else {name, name.partition("@")[0]}
        for change in self._changes:
            first = 0 if change.since is None else DAYS - change.since
            days = slice(first, DAYS - change.until)
            for each in names & {*change.times}:
                struck[days] *= change.times[each]
            for each in names & {*change.set}:
                struck[days] = change.set[each]
            self._struck |= names & {*change.times, *change.set}
        return struck


def _felt(values: Floats, half_life: float) -> Floats:
    if not half_life:
        return values
    keep = 0.5 ** (1 / half_life)
    felt = values.copy()
    felt[0] = values[:14].mean()
    for day in range(1, DAYS):
        felt[day] = keep * felt[day - 1] + (1 - keep) * values[day]
    return felt


def month(values: Floats, days: int) -> Floats:
    """Sums of the last `days` days; the first four weeks stand in for the time before the facts."""
    before = np.full(days, values[:28].mean())
    sums = np.cumsum(np.concatenate([before, values]))
    total: Floats = sums[days:] - sums[:-days]
    return total
