"""publish: a concluded diagnosis → the bytes that readers get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shopace.core.records.document import Document

if TYPE_CHECKING:
    from shopace.core.records.diagnosis import Diagnosis
    from shopace.core.records.memory import Memory
    from shopace.core.records.metrics import MetricValues

_encode = msgspec.json.Encoder(order="deterministic").encode


def publish(
    diagnosis: Diagnosis, metrics: MetricValues, memory: Memory, changed: tuple[str, ...]
) -> Document:
    """The document of one shop. Keys of mappings are sorted: equal content, equal bytes."""
    return Document(
        shop=diagnosis.shop.id,
        as_of=diagnosis.as_of,
        body=_encode(diagnosis),
        metrics=_encode(metrics),
        memory=_encode(memory),
        changed=changed,
        cards=diagnosis.counts,
        partial=diagnosis.partial,
    )
