"""The engine. This root re-exports all that a plugin needs: the vocabulary and the hook marker.

Importing it loads no NumPy, no Redis and no DuckDB.
"""

from shopace.core.errors import Problem, ShopaceError
from shopace.core.host.hooks import hookimpl
from shopace.core.vocabulary.channels import (
    AFFILIATE,
    ALL,
    CONTENT,
    FIVE,
    GROUP_MEMBERS,
    LIVES,
    SHOP,
    VIDEOS,
    Channel,
    parse_channel,
)
from shopace.core.vocabulary.formula import Formula, measure
from shopace.core.vocabulary.measures import STANDARD_MEASURES, Measure, Origin
from shopace.core.vocabulary.metrics import Alias, Benchmark, Metric
from shopace.core.vocabulary.objectives import STANDARD_OBJECTIVES
from shopace.core.vocabulary.parameters import Parameter
from shopace.core.vocabulary.plugins import Declaration, Plugin
from shopace.core.vocabulary.products import (
    ON_SALE,
    ListingQuality,
    ProductCondition,
    ProductStatus,
    product_at_least,
    product_at_most,
    product_is,
)
from shopace.core.vocabulary.tasks import (
    Action,
    ActionKind,
    Completion,
    Effort,
    Objective,
    TaskTemplate,
    TaskType,
)
from shopace.core.vocabulary.triggers import (
    Priority,
    at_least,
    at_most,
    behind_peers,
    crosses,
    declined,
)
from shopace.core.vocabulary.units import (
    CATEGORIES,
    Aggregation,
    Direction,
    Period,
    Pillar,
    Unit,
    Window,
)

__all__ = [
    "AFFILIATE",
    "ALL",
    "CATEGORIES",
    "CONTENT",
    "FIVE",
    "GROUP_MEMBERS",
    "LIVES",
    "ON_SALE",
    "SHOP",
    "STANDARD_MEASURES",
    "STANDARD_OBJECTIVES",
    "VIDEOS",
    "Action",
    "ActionKind",
    "Aggregation",
    "Alias",
    "Benchmark",
    "Channel",
    "Completion",
    "Declaration",
    "Direction",
    "Effort",
    "Formula",
    "ListingQuality",
    "Measure",
    "Metric",
    "Objective",
    "Origin",
    "Parameter",
    "Period",
    "Pillar",
    "Plugin",
    "Priority",
    "Problem",
    "ProductCondition",
    "ProductStatus",
    "ShopaceError",
    "TaskTemplate",
    "TaskType",
    "Unit",
    "Window",
    "at_least",
    "at_most",
    "behind_peers",
    "crosses",
    "declined",
    "hookimpl",
    "measure",
    "parse_channel",
    "product_at_least",
    "product_at_most",
    "product_is",
]
