"""The shop's flash deals, gifts and free shipping. A part of the page `promotions`."""

from shopace.core import (
    Action,
    Benchmark,
    Completion,
    Declaration,
    Direction,
    Effort,
    Metric,
    Parameter,
    TaskTemplate,
    TaskType,
    Unit,
    at_least,
    at_most,
    behind_peers,
    measure,
)

NO_DEALS = Parameter(
    key="promotions.no_deals_line",
    default=0,
    unit=Unit.COUNT,
    title="Flash deals up to which a shop is told to run one: beyond it, more are not better",
)

STEADY = Parameter(
    key="promotions.steady_orders_line",
    default=20,
    unit=Unit.COUNT,
    title="Orders of seven days from which a shop has products that sell",
)
PAID_SHIPPING = Parameter(
    key="promotions.paid_shipping_line",
    default=1,
    unit=Unit.MONEY,
    title="Shipping fees of seven days from which buyers pay for shipping",
)

DEALS: tuple[Declaration, ...] = (
    Metric(
        key="free_shipping_product_share",
        title="Products with free shipping",
        definition="Products that ship free of charge, as a share of active products.",
        formula=measure("free_shipping_products") / measure("active_products"),
        unit=Unit.RATIO,
        direction=Direction.HIGHER,
        min_sample=10,
        source="3P",
    ),
    Benchmark(metric="free_shipping_product_share"),
    TaskTemplate(
        key="promotions.offer_free_shipping",
        title="Offer free shipping from a minimum order",
        why="Your buyers pay for shipping; benchmark sellers ship more products free of charge.",
        steps=(
            "Work out from which order value your margin carries the shipping fee.",
            "Set free shipping from that value on.",
            "Check after 14 days whether more orders reach that value.",
        ),
        type=TaskType.CHALLENGE,
        objective="offer_free_shipping",
        trigger=behind_peers("free_shipping_product_share"),
        only_if=(at_least("shipping_fees", PAID_SHIPPING),),
        action=Action(label="Create now", target="/promotions/shipping-fee"),
        valid_days=14,
    ),
    Metric(
        key="flash_deals",
        title="Flash deals",
        definition="Flash deals running on the last day.",
        formula=measure("flash_deals"),
        unit=Unit.COUNT,
        direction=Direction.HIGHER,
        source="S4",
    ),
    Benchmark(metric="flash_deals"),
    TaskTemplate(
        key="promotions.run_flash_deal",
        title="Run a flash deal on a product that sells",
        why="Your products sell without a flash deal; benchmark sellers like you run some.",
        steps=(
            "Choose a product with steady orders and more stock than two weeks need.",
            "Set a flash deal of a few hours, with a limit on the quantity.",
            "Start it together with a LIVE or a video that shows the product.",
        ),
        type=TaskType.CHALLENGE,
        objective="run_flash_deals",
        trigger=behind_peers("flash_deals"),
        only_if=(at_most("flash_deals", NO_DEALS), at_least("orders", STEADY)),
        action=Action(label="Create now", target="/promotions/flash-deals"),
        effort=Effort.LOW,
        names_hero=True,
        completion=Completion(metric="flash_deals", line=NO_DEALS, unit=Unit.COUNT),
    ),
    Metric(
        key="gifts_with_purchase",
        title="Gifts with purchase",
        definition="Offers with a gift running on the last day.",
        formula=measure("gifts_with_purchase"),
        unit=Unit.COUNT,
        direction=Direction.NEITHER,
        source="S4",
    ),
)
