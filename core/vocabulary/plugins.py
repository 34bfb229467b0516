"""What a plugin hands to the host: one record with all its declarations."""

from __future__ import annotations

from shopace.core.vocabulary.measures import Measure
from shopace.core.vocabulary.metrics import Benchmark, Metric
from shopace.core.vocabulary.record import Record
from shopace.core.vocabulary.tasks import Objective, TaskTemplate

Declaration = Measure | Metric | Benchmark | Objective | TaskTemplate


class Plugin(Record, frozen=True, kw_only=True):
    """One page of declarations.

    A built-in plugin's key is its category. A third-party plugin has a vendor's key of its own
    (`acme`), extends one of the 17 categories, and prefixes every key it adds: `acme.name`.
    """

    key: str
    category: str
    version: str
    title: str
    question: str
    """The question about a shop that this plugin answers."""
    declares: tuple[Declaration, ...]
    """In reading order: each metric beside its benchmark and its tasks."""
