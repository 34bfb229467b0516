"""Product competitiveness, the family of money: what buyers paid beside GMV, by S1's definitions.

Shown and not judged: it moves with GMV.
"""

from shopace.core import (
    Alias,
    Declaration,
    Direction,
    Metric,
    Unit,
    measure,
)

MONEY: tuple[Declaration, ...] = (
    Metric(
        key="gmv_with_tax",
        title="GMV with tax",
        definition="What buyers paid for orders with tax, cancelled and refunded orders among "
        "them.",
        formula=measure("gmv_with_tax"),
        unit=Unit.MONEY,
        direction=Direction.NEITHER,
        source="S1",
    ),
    Metric(
        key="tax",
        title="Tax",
        definition="Tax that buyers paid for orders, cancelled and refunded ones among them.",
        formula=measure("tax"),
        unit=Unit.MONEY,
        direction=Direction.NEITHER,
        source="S1",
    ),
    Metric(
        key="gmv_with_cofunding",
        title="GMV with co-funding",
        definition="What buyers paid for orders plus what the platform added, at payment time.",
        formula=measure("gmv_with_cofunding"),
        unit=Unit.MONEY,
        direction=Direction.NEITHER,
        aliases=(Alias(name="GMV with TTS co funding", reason="S1's name"),),
        source="S1",
    ),
    Metric(
        key="shipping_fees",
        title="Shipping fees",
        definition="Shipping fees that buyers paid, those of cancelled and refunded orders among "
        "them.",
        formula=measure("shipping_fees"),
        unit=Unit.MONEY,
        direction=Direction.NEITHER,
        source="S1",
    ),
)
