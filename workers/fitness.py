"""Whether a server is fit for us, by what its INFO says. No connection: facts in, verdict out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from shopace.core.errors import ServerError

OLDEST_SERVER = (7, 0)


class Facts(NamedTuple):
    """What a server says of itself."""

    place: str
    """Where it was reached, for people."""
    database: int
    run: str
    """The id of this start of the server, whatever address led to it."""
    version: str
    policy: str
    """What it does when its memory is full."""
    primary: str
    """HOST:PORT of the server that it copies; empty for one that copies none."""
    clustered: bool
    loading: str
    """How far it has loaded its data, for people; empty once it has."""


def facts_of(info: Mapping[str, Any], place: str, database: int) -> Facts:
    """From the answer to INFO."""
    copies = info.get("role", "master") != "master"
    loading = bool(info.get("loading") or info.get("async_loading"))
    return Facts(
        place=place,
        database=database,
        run=str(info.get("run_id", "")),
        version=str(info.get("redis_version", "0")),
        policy=str(info.get("maxmemory_policy", "noeviction")),
        primary=f"{info.get('master_host')}:{info.get('master_port')}" if copies else "",
        clustered=bool(info.get("cluster_enabled")),
        loading=f"{info.get('loading_loaded_perc', '?')} %" if loading else "",
    )


def require_fit(facts: Facts, role: str) -> None:
    """Raise ServerError for one that cannot do its work as `role`, or would lose it."""
    what = f"the {role} server at {facts.place}"
    if tuple(int(part) for part in re.findall(r"\d+", facts.version)[:2]) < OLDEST_SERVER:
        raise ServerError(f"{what} is version {facts.version}, 7.0 is the oldest that works")
    if facts.loading:
        raise ServerError(
            f"{what} is still loading its data, {facts.loading} are there",
            hint="try again when it is done",
        )
    if facts.primary:
        raise ServerError(
            f"{what} is a replica of {facts.primary}: nothing may be written to it",
            hint=f"name the primary in SHOPACE_{role.upper()}_URL",
        )
    if facts.policy != "noeviction":
        lost = "jobs" if role == "broker" else "diagnoses"
        raise ServerError(
            f"{what} has maxmemory-policy {facts.policy} and would drop {lost} without a word",
            hint="set `maxmemory-policy noeviction` in its configuration",
        )


def require_apart(broker: Facts, results: Facts) -> None:
    """Raise ServerError when both are one database, under whichever names."""
    if not is_shared(broker, results) or broker.database != results.database:
        return
    raise ServerError(
        f"broker and results are one database, {broker.database} of the server at {broker.place}:"
        " whoever empties or fills the one does it to the other",
        hint="a cluster has but one database, so use two"
        if broker.clustered
        else "give each its own server; for a trial two databases of one will do: …/0 and …/1",
    )


def is_shared(broker: Facts, results: Facts) -> bool:
    """Whether both are one server: fit for trials, since either can fill up the other's memory."""
    return broker.run != "" and broker.run == results.run
