"""Random numbers by name, so that a cause moves its own shop and nothing else.

NumPy's own Poisson and binomial use up more or fewer random bits as the rate changes, so one shop
out of stock would give all shops after it other numbers. Here every quantity has a stream of its
own, each cell takes the same random numbers whatever its rate, and the count is read off them: with
a cause switched off, the same seed gives the same noise, and the difference is the cause.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_Ratio = Callable[[int, NDArray[np.intp]], Floats]

_SEARCH_BELOW = 8.0
"""Means below it are searched exactly; above, the corrected normal is off by under one event."""
_SEARCH_END = 80


class Draws:
    """The random numbers of one chunk of shops. A name can be drawn only once."""

    def __init__(self, seed: int, chunk: int) -> None:
        self._seed = seed
        self._chunk = chunk
        self._taken: set[str] = set()

    def stream(self, name: str) -> np.random.Generator:
        """A generator of its own for one quantity."""
        if name in self._taken:
            raise ValueError(f'"{name}" is drawn twice: the two would be the same numbers')
        self._taken.add(name)
        words = (self._seed, self._chunk, crc32(name.encode()))
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words)))

    def normal(self, name: str, shape: tuple[int, ...], sd: float = 1.0) -> Floats:
        drawn = self.stream(name).standard_normal(shape, np.float32)
        return drawn.astype(np.float64) * sd

    def spread(self, name: str, shape: tuple[int, ...], sd: float) -> Floats:
        """Log-normal factors around a median of 1."""
        return np.exp(self.normal(name, shape, sd))

    def uniform(
        self, name: str, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0
    ) -> Floats:
        return low + (high - low) * self.stream(name).random(shape)

    def walk(self, name: str, shape: tuple[int, int], memory: float, sd: float = 1.0) -> Floats:
        """Noise over days that remembers the day before: first-order autoregressive, given sd."""
        steps = self.normal(name, shape)
        fresh = np.sqrt(1.0 - memory * memory)
        for day in range(1, shape[1]):
            steps[:, day] = memory * steps[:, day - 1] + fresh * steps[:, day]
        return steps * sd

    def poisson(self, name: str, mean: ArrayLike) -> Floats:
        rate = np.asarray(mean, np.float64)
        source = self.stream(name)
        z = source.standard_normal(rate.shape, np.float32)
        u = source.random(rate.shape, np.float32)
        counts = np.maximum(np.rint(rate + np.sqrt(rate) * z + (z * z - 1.0) / 6.0), 0.0)
        small = rate < _SEARCH_BELOW
        few = rate[small]
        counts[small] = _search(u[small], np.exp(-few), lambda k, at: few[at] / k)
        return counts

    def binomial(self, name: str, trials: ArrayLike, chance: ArrayLike) -> Floats:
        n, p = np.broadcast_arrays(np.asarray(trials, np.float64), np.asarray(chance, np.float64))
        source = self.stream(name)
        z = source.standard_normal(n.shape, np.float32)
        u = source.random(n.shape, np.float32)
        mirrored = p > 0.5
        q = np.clip(np.where(mirrored, 1.0 - p, p), 0.0, 0.5)
        mean = n * q
        skew = (1.0 - 2.0 * q) * (z * z - 1.0) / 6.0
        counts = np.clip(np.rint(mean + np.sqrt(mean * (1.0 - q)) * z + skew), 0.0, n)
        small = mean < _SEARCH_BELOW
        few, odds = n[small], q[small] / (1.0 - q[small])
        none = np.exp(few * np.log1p(-q[small]))
        counts[small] = _search(u[small], none, lambda k, at: (few[at] - k + 1) / k * odds[at])
        drawn: Floats = np.where(mirrored, n - counts, counts)
        return drawn

    def gauge(self, name: str, of: Floats, share: ArrayLike) -> Floats:
        """How many of `of` (shops, days) have a property: changes slowly from day to day."""
        p = np.clip(share, 0.0, 1.0)
        slow = self.walk(name, (of.shape[0], of.shape[1]), memory=0.9, sd=0.6)
        counts = np.rint(of * p + np.sqrt(of * p * (1.0 - p)) * slow)
        kept: Floats = np.clip(counts, 0.0, of)
        return kept


def _search(u: NDArray[np.float32], none: Floats, ratio: _Ratio) -> Floats:
    """Counts by walking up the distribution; `ratio(k, at)` is P(k) ÷ P(k − 1) of cells `at`."""
    counts = np.zeros(u.shape)
    at = np.arange(u.size)
    chance = none
    below = none.copy()
    for k in range(1, _SEARCH_END):
        more = u[at] >= below
        if not more.any():
            break
        at, chance, below = at[more], chance[more], below[more]
        counts[at] = k
        chance = chance * ratio(k, at)
        below = below + chance
    return counts
