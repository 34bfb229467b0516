"""Which incentive programme rewards a task for a shop.

What depends on the shop alone and what depends on the offer alone are worked out apart, so that a
slice costs a few lookups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shopace.core.vocabulary.incentives import LEVELS_END

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from shopace.core.pipeline.batch import Flags, Integers
    from shopace.core.pipeline.plan import Offer
    from shopace.core.vocabulary.incentives import Programme
    from shopace.core.warehouse.programmes import Programmes
    from shopace.core.warehouse.snapshot_files import Manifest

NONE = -1
"""Where no programme rewards."""


class Rewards:
    """The programmes that are offered on the as-of date of a snapshot."""

    def __init__(self, programmes: Programmes, manifest: Manifest, offers: Sequence[Offer]) -> None:
        offered = (each for each in programmes.programmes if each.is_offered_on(manifest.as_of))
        self.offered = sorted(offered, key=lambda each: (-each.amount, each.ends_on, each.key))
        """Of several the first is taken: the highest amount, then the earlier end, then the key.

        Amounts of two currencies are never compared: a shop is paid in its own alone.
        """
        self._of_offer = np.array(
            [[_rewards(each, offer) for offer in offers] for each in self.offered], dtype=bool
        ).reshape(len(self.offered), len(offers))
        words = manifest.vocabularies
        self._by_region = self._lookup(
            words["region"],
            lambda each, word: not each.regions or word.strip().upper() in each.regions,
        )
        self._by_currency = self._lookup(
            words["currency"], lambda each, word: word == each.currency
        )
        self._by_industry = self._lookup(
            words["industry"], lambda each, word: not each.industries or word in each.industries
        )
        self._by_tier = self._lookup(
            [str(level) for level in range(LEVELS_END)],
            lambda each, word: not each.tiers or word in map(str, each.tiers),
        )

    def _lookup(self, words: Sequence[str], holds: Callable[[Programme, str], bool]) -> Flags:
        """(programmes, codes): whether a restriction holds; the last column is what is unknown."""
        return np.array(
            [[holds(each, word) for word in (*words, "")] for each in self.offered], dtype=bool
        ).reshape(len(self.offered), len(words) + 1)

    def find(
        self, profile: NDArray[np.void], tier: Integers, *, offer: Integers, shop: Integers
    ) -> Integers:
        """For pairs of an offer and a shop of the slice: position in `offered`, or NONE."""
        if not self.offered:
            return np.full(offer.shape, NONE, dtype=np.int64)
        eligible = (
            self._by_region[:, profile["region"].astype(np.int64)]
            & self._by_currency[:, profile["currency"].astype(np.int64)]
            & self._by_industry[:, profile["industry"].astype(np.int64)]
            & self._by_tier[:, np.maximum(tier, -1)]
        )
        matching = self._of_offer[:, offer] & eligible[:, shop]
        return np.where(matching.any(axis=0), matching.argmax(axis=0), NONE)


def _rewards(programme: Programme, offer: Offer) -> bool:
    """Whether the programme is for such tasks, whoever the shop is."""
    return (
        (not programme.categories or offer.category in programme.categories)
        and (not programme.tasks or offer.template.key in programme.tasks)
        and (not programme.types or offer.template.type in programme.types)
    )
