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
    ahead_seconds: float
    """Of our clock, at least; negative when it is behind. 0 within the time that asking took."""


def facts_of(
    info: Mapping[str, Any], place: str, database: int, *, asked: float, answered: float
) -> Facts:
    """From the answer to INFO, asked for and answered at these instants of our clock."""
    copies = info.get("role", "master") != "master"
    clock = info["server_time_usec"] / 1e6 if "server_time_usec" in info else asked
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
        ahead_seconds=clock - min(max(clock, asked), answered),
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


def require_same_time(facts: Facts, role: str, limit_seconds: float) -> None:
    """Raise ServerError when its clock and ours are further apart than the limit.

    Ages are told by its clock, and whose is wrong cannot be seen from here.
    """
    if abs(facts.ahead_seconds) <= limit_seconds:
        return
    side = "ahead of" if facts.ahead_seconds > 0 else "behind"
    raise ServerError(
        f"the clock of the {role} server at {facts.place} is {abs(facts.ahead_seconds):,.0f} s"
        f" {side} that of this machine, {limit_seconds:g} s are the limit",
        hint="do both follow an NTP server? SHOPACE_CLOCK_SKEW_SECONDS sets another limit",
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
