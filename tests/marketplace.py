"""Small marketplaces for tests: their facts are written as files and built as anybody's are."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from shopace.core.host.registry import Registry
from shopace.core.pipeline.run import Inputs, diagnose_block
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.document import Document
from shopace.core.records.metrics import OUTCOME_CODES, MetricValues
from shopace.core.warehouse.benchmark_build import build_benchmarks
from shopace.core.warehouse.mapping import load_mapping
from shopace.core.warehouse.policy import Policy
from shopace.core.warehouse.snapshot import build_snapshot

Series = float | Sequence[float] | NDArray[np.float64]
Column = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.object_]
Recall = Callable[[Sequence[str]], Sequence[bytes | None]]
Place = tuple[str, str]
"""(metric, channel)."""

LAST_DAY = dt.date(2026, 6, 30)
DAYS = 98
"""Fourteen weeks: the current one, and thirteen that tell how much a shop varies by itself."""
NO_POLICY = Policy(id="none", lines=())


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Who a shop is, and its daily facts up to and with the last day."""

    id: str
    facts: Mapping[str, Series]
    """`gmv`, or `gmv@seller_live` of one channel → the same number on `days` days, or a number per
    day. NaN is missing, and so are the days before the first."""
    days: int = DAYS
    region: str = "US"
    industry: str = "beauty"
    currency: str = "USD"
    opened_on: dt.date | None = dt.date(2024, 1, 1)
    focus: str = ""


class Seen(NamedTuple):
    """A shop's diagnosis, as a reader gets it."""

    document: Document
    diagnosis: Diagnosis
    values: dict[Place, float | None]
    """Of the last seven days."""
    benchmark: dict[Place, float | None]
    aa: dict[Place, str]
    ab: dict[Place, str]

    @property
    def cards(self) -> dict[str, str]:
        """`template@channel` → priority of each card shown."""
        return {f"{e.template}@{e.channel}": e.priority for e in self.diagnosis.cards}

    @property
    def declined(self) -> set[str]:
        return {f"{metric}@{channel}" for (metric, channel), at in self.aa.items() if at == "issue"}


def build(
    folder: Path,
    shops: Iterable[Shop],
    registry: Registry,
    *,
    as_of: dt.date | None = None,
    policy: Policy = NO_POLICY,
    block_shops: int = 2048,
) -> Inputs:
    """Facts → snapshot → benchmarks, under `folder`; what is there of the facts is kept."""
    facts = folder / "facts"
    if not facts.is_dir():
        write_facts(facts, shops, registry)
    snapshot = build_snapshot(
        load_mapping(facts / "mapping.toml", registry.measures),
        facts,
        folder / "snapshots",
        measures=registry.measures,
        metrics=registry.metrics,
        as_of=as_of,
        block_shops=block_shops,
    )
    return Inputs(
        registry, snapshot, build_benchmarks(registry, snapshot, folder / "benchmarks"), policy
    )


def diagnose(inputs: Inputs, *, recall: Recall | None = None) -> dict[str, Seen]:
    """Every shop of the snapshot by its id."""
    return {
        document.shop: seen(inputs, document)
        for number in range(len(inputs.snapshot))
        for documents in diagnose_block(inputs, number, recall=recall)
        for document in documents
    }


def seen(inputs: Inputs, document: Document) -> Seen:
    values = msgspec.json.decode(document.metrics, type=MetricValues)
    places = [(each.metric, each.channel.value) for each in inputs.legend.columns]
    return Seen(
        document=document,
        diagnosis=msgspec.json.decode(document.body, type=Diagnosis),
        values=dict(zip(places, values.l7d, strict=True)),
        benchmark=dict(zip(places, values.benchmark, strict=True)),
        aa={at: OUTCOME_CODES[code] for at, code in zip(places, values.aa, strict=True)},
        ab={at: OUTCOME_CODES[code] for at, code in zip(places, values.ab, strict=True)},
    )


def write_facts(folder: Path, shops: Iterable[Shop], registry: Registry) -> None:
    """A table of shops, one of shop days and one of channel days, with the mapping beside them."""
    shops = list(shops)
    folder.mkdir(parents=True)
    profile: dict[str, Column] = {
        "shop_id": _texts(each.id for each in shops),
        "region": _texts(each.region for each in shops),
        "industry": _texts(each.industry or None for each in shops),
        "currency": _texts(each.currency for each in shops),
        "opened_on": _texts(
            each.opened_on.isoformat() if each.opened_on else None for each in shops
        ),
        "focus_channels": _texts(each.focus or None for each in shops),
    }
    texts = ", ".join(f"{each}::VARCHAR AS {each}" for each in profile if each != "opened_on")
    _copy(folder / "shops.parquet", profile, f"{texts}, opened_on::DATE AS opened_on")
    tables = _table("shops", "", PROFILE)
    rows = [(shop, *_by_channel(shop)) for shop in shops]
    if any(whole for _, whole, _ in rows):
        _write_days(folder / "shop_days.parquet", [(s, "", whole) for s, whole, _ in rows if whole])
        tables += _table("shop_days", DAILY)
    of_channels = [(s, channel, facts) for s, _, split in rows for channel, facts in split.items()]
    if of_channels:
        _write_days(folder / "channel_days.parquet", of_channels)
        tables += _table("channel_days", DAILY + 'channel = "channel"\n')
    (folder / "mapping.toml").write_text(MAPPING + tables, "utf-8")


def _by_channel(shop: Shop) -> tuple[dict[str, Series], dict[str, dict[str, Series]]]:
    whole: dict[str, Series] = {}
    split: dict[str, dict[str, Series]] = {}
    for name, series in shop.facts.items():
        measure, _, channel = name.partition("@")
        (split.setdefault(channel, {}) if channel else whole)[measure] = series
    return whole, split


def _write_days(path: Path, parts: Sequence[tuple[Shop, str, Mapping[str, Series]]]) -> None:
    """One row per shop, channel and day; what is missing is NULL."""
    measures = sorted({measure for _, _, facts in parts for measure in facts})
    lengths = [
        max(shop.days if np.isscalar(each) else len(each) for each in facts.values())  # type: ignore[arg-type]
        for shop, _, facts in parts
    ]
    columns: dict[str, Column] = {
        "shop_id": np.repeat(_texts(shop.id for shop, _, _ in parts), lengths),
        "channel": np.repeat(_texts(channel for _, channel, _ in parts), lengths),
        "ago": np.concatenate([np.arange(length)[::-1] for length in lengths]),
    }
    ends = np.cumsum(lengths)
    for measure in measures:
        column = np.full(ends[-1], np.nan)
        for (shop, _, facts), end in zip(parts, ends, strict=True):
            if measure in facts:
                series = facts[measure]
                days = shop.days if np.isscalar(series) else len(series)  # type: ignore[arg-type]
                column[end - days : end] = series
        columns[measure] = column
    cells = ", ".join(f'CASE WHEN isnan("{m}") THEN NULL ELSE "{m}" END AS "{m}"' for m in measures)
    keys = f"shop_id, DATE '{LAST_DAY}' - ago::INTEGER AS date"
    keys += ", channel" if parts[0][1] else ""
    _copy(path, columns, f"{keys}, {cells}")


def _texts(words: Iterable[str | None]) -> NDArray[np.object_]:
    return np.array([*words], dtype=object)


def _copy(path: Path, columns: Mapping[str, Column], select: str) -> None:
    with duckdb.connect(config={"threads": 1}) as database:
        database.register("given", dict(columns))
        database.execute(f"COPY (SELECT {select} FROM given) TO '{path}' (FORMAT parquet)")


def _table(name: str, daily: str, profile: str = "") -> str:
    kind = "facts" if daily else "shops"
    head = f'\n[[tables]]\nfiles = "{name}.parquet"\nkind = "{kind}"\nshop = "shop_id"\n'
    return head + daily + profile


DAILY = 'date = "date"\nabsent_day = "missing"\n'
PROFILE = "[tables.profile]\n" + "".join(
    f'{each} = "{each}"\n'
    for each in ("region", "industry", "currency", "opened_on", "focus_channels")
)
MAPPING = f"""schema = "shopace.mapping/1"
[marketplace]
name = "tests"
region = "US"
currency = "USD"
latest_final_day = {LAST_DAY}
"""
