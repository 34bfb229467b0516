"""The one place that builds keys. Ids are checked first, so no two ids share a key.

| key | type | holds |
| --- | --- | --- |
| `shopace:v1:diagnosis:{SHOP}` | hash | `as_of fence schema enc body metrics memory` |
| `shopace:v1:events` | stream | `shop as_of fence changed`, an entry per change |
| `shopace:v1:legend:ID` | string | the legend of the `metrics` arrays, JSON |
| `shopace:v1:run:{RUN}` | hash | what a run is about |
| `shopace:v1:run:{RUN}:blocks` | hash | `BLOCK:FIRST+SHOPS` → `BlockReport`, JSON |
| `shopace:v1:run:{RUN}:report` | string | `RunReport` as of when the run had ended, JSON |
| `shopace:v1:night:{NAME}:DATE` | string | the run of that marketplace and as-of date |
| `shopace:v1:runs` | sorted set | the latest nightly runs, by fence |
| `shopace:v1:runs:open` | sorted set | those that have not ended, by fence |
| `shopace:v1:fence` | string | the last fence handed out |
| `shopace:v1:counters` | hash | `stale_writes` |

The braces are literal: a cluster would keep the keys of one shop, and those of one run, on one
node. Clients of ours know one node alone.
"""

from __future__ import annotations

import datetime as dt
import re

from shopace.core.errors import JobError, shortened
from shopace.core.records.job import NAME, SHOP_ID

EVENTS = "shopace:v1:events"
RUNS = "shopace:v1:runs"
OPEN_RUNS = "shopace:v1:runs:open"
FENCE = "shopace:v1:fence"
COUNTERS = "shopace:v1:counters"
STALE_WRITES = "stale_writes"


def diagnosis_key(shop: str) -> str:
    """Raises JobError for what is no shop id."""
    return f"shopace:v1:diagnosis:{{{checked(shop, SHOP_ID, 'shop id')}}}"


def legend_key(legend: str) -> str:
    return f"shopace:v1:legend:{checked(legend, NAME, 'legend id')}"


def run_key(run: str) -> str:
    return f"shopace:v1:run:{{{checked(run, NAME, 'run id')}}}"


def run_blocks_key(run: str) -> str:
    return f"{run_key(run)}:blocks"


def run_report_key(run: str) -> str:
    return f"{run_key(run)}:report"


def night_key(marketplace: str, as_of: dt.date) -> str:
    return f"shopace:v1:night:{{{checked(marketplace, NAME, 'marketplace')}}}:{as_of}"


def checked(text: str, pattern: str, kind: str) -> str:
    """The text itself when all of it matches: `$` alone would let a trailing newline pass."""
    is_text = isinstance(text, str)  # readers check no types
    if not (is_text and re.fullmatch(pattern, text)):
        raise JobError(
            f"not a {kind}: {shortened(repr(text), 100)}",
            hint="a text of letters, digits, _ . - alone; see the schema",
        )
    return text
