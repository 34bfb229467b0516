"""Single shops: a message each, ahead of blocks; who waits or runs already is joined.

What goes to the servers is told in steps that know no client, so that callers who block and those
with an event loop do the same. Joining saves work and no more: were a shop diagnosed twice, the
fence would decide.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Generator, Sequence
from functools import cache, partial
from hashlib import sha1
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import redis
import redis.asyncio

from shopace.core.errors import Problem, ServerError, UnknownShopError
from shopace.core.results import keys
from shopace.core.warehouse.benchmarks import BenchmarkSet
from shopace.core.warehouse.policy import Policy
from shopace.core.warehouse.programmes import NO_PROGRAMMES, Programmes
from shopace.core.warehouse.snapshot import Snapshot
from shopace.workers.broker import encode_message
from shopace.workers.queue import NAMESPACE, SHOPS
from shopace.workers.register import Run, registration
from shopace.workers.settings import Role, Servers, Settings, answered, connect_both_briefly
from shopace.workers.sources import Pinned, pin

OnProgress = Callable[[int, int], None]
"""(shops enqueued, shops in all)"""

_SHOPS_PER_STEP = 200
_HINTS = 20
"""So many unknown shops are told what they resemble: looking is slow."""


class Step(NamedTuple):
    """Commands for one of the servers, to be sent together; their answers are sent back."""

    role: Role
    commands: Sequence[tuple[Any, ...]]


Steps = Generator[Step, Sequence[Any], list[Run]]


class AsyncServers(NamedTuple):
    """Open connections to both servers, of an event loop."""

    broker: redis.asyncio.Redis
    results: redis.asyncio.Redis


def start_single(
    settings: Settings,
    snapshot: Snapshot,
    shop: str,
    benchmarks: BenchmarkSet | None,
    policy: Policy,
    *,
    programmes: Programmes = NO_PROGRAMMES,
    servers: Servers | None = None,
) -> Run:
    """Enqueue one shop, or join it. Raises UnknownShopError, else as `start_nightly`."""
    pinned = pin(settings, snapshot, benchmarks, policy, programmes)
    require_known(snapshot, [shop])
    if servers is None:
        servers = connect_both_briefly(settings)
    (run,) = carry_out(single_steps(settings, pinned, [shop], servers.results), servers)
    return run


def require_known(snapshot: Snapshot, shops: Sequence[str]) -> None:
    """Raise UnknownShopError with every shop that the snapshot lacks."""
    missing = snapshot.missing(shops)
    if not missing:
        return
    if len(shops) == 1:
        snapshot.find(shops[0])
    raise UnknownShopError(
        f"not in snapshot {snapshot.id}, so nothing is enqueued",
        problems=unknown(snapshot, [shop for shop in dict.fromkeys(shops) if shop in missing]),
    )


def single_steps(
    settings: Settings,
    pinned: Pinned,
    shops: Sequence[str],
    results: redis.Redis,
    on_progress: OnProgress | None = None,
) -> Steps:
    """Enqueue shops that the snapshot has; their runs, in their order.

    A run that is `joined` was there before. `results` is for who follows the runs.
    """
    runs: list[Run] = []
    try:
        for start in range(0, len(shops), _SHOPS_PER_STEP):
            part = shops[start : start + _SHOPS_PER_STEP]
            runs += yield from _part_steps(settings, pinned, part, results)
            if on_progress is not None:
                on_progress(len(runs), len(shops))
    except ServerError as error:
        if len(shops) == 1:
            raise
        what = f"{error.message}; {len(runs):,} of {len(shops):,} shops are enqueued"
        raise ServerError(what, hint="call again: who waits already is joined") from error
    return runs


def carry_out(steps: Steps, servers: Servers) -> list[Run]:
    """Take the steps one by one. Raises ServerError."""
    move: Callable[[], Step] = partial(next, steps)
    while True:
        try:
            step = move()
        except StopIteration as end:
            return _runs_of(end)
        client = servers.broker if step.role == "broker" else servers.results
        try:
            with answered(step.role), client.pipeline(transaction=False) as pipeline:
                for command in step.commands:
                    pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
                move = partial(steps.send, pipeline.execute())
        except ServerError as error:
            move = partial(steps.throw, error)


async def carry_out_async(steps: Steps, servers: AsyncServers) -> list[Run]:
    """Likewise, without blocking the event loop."""
    move: Callable[[], Step] = partial(next, steps)
    while True:
        try:
            step = move()
        except StopIteration as end:
            return _runs_of(end)
        client = servers.broker if step.role == "broker" else servers.results
        try:
            with answered(step.role):
                async with client.pipeline(transaction=False) as pipeline:
                    for command in step.commands:
                        pipeline.execute_command(*command)
                    move = partial(steps.send, await pipeline.execute())
        except ServerError as error:
            move = partial(steps.throw, error)


def unique_name(pinned: Pinned, shop: str) -> str:
    """What a diagnosis is made from: of one name there is one waiting message.

    No part holds a colon, so no two of them share a name.
    """
    parts = (shop, pinned.snapshot, pinned.benchmarks, pinned.policy, pinned.incentives)
    return ":".join(part if part is not None else "" for part in parts)


def _part_steps(
    settings: Settings, pinned: Pinned, shops: Sequence[str], results: redis.Redis
) -> Steps:
    count = len(shops)
    _, first = yield Step("results", _script("fence.lua", keys.FENCE, count))
    runs = [
        Run(
            id=f"single-{fence}",
            fence=fence,
            **msgspec.structs.asdict(pinned),
            block_shops=(1,),
            results=results,
        )
        for fence in range(int(first), int(first) + count)
    ]
    # First, so that a run whose shop ends is there to be told.
    registrations = [each for run in runs for each in registration(run, settings.run_ttl_seconds)]
    yield Step("results", registrations)
    arguments: list[Any] = ["enqueue_unique", SHOPS, "", round(1000 * settings.unique_seconds)]
    for run, shop in zip(runs, shops, strict=True):
        name = unique_name(pinned, shop)
        arguments += (*encode_message(SHOPS, run.job(shop=shop), unique=name), name)
    _, ids = yield Step("broker", _script("queue.lua", NAMESPACE, *arguments))
    told = [_joined(run, at.decode()) for run, at in zip(runs, ids, strict=True)]
    unused = [run for run, other in zip(runs, told, strict=True) if other.joined]
    if unused:
        with contextlib.suppress(ServerError):  # they vanish by themselves, later
            yield Step("results", [("DEL", keys.run_key(run.id)) for run in unused])
    return told


def unknown(snapshot: Snapshot, shops: Sequence[str]) -> list[Problem]:
    """What there is to say of shops that the snapshot lacks."""
    problems = []
    for number, shop in enumerate(shops):
        hint = ""
        if number < _HINTS:
            try:
                snapshot.find(shop)
            except UnknownShopError as error:
                hint = error.hint
        problems.append(Problem(where=f'shop "{shop}"', what="is unknown", hint=hint))
    return problems


def _joined(run: Run, there: str) -> Run:
    """The run, or the one whose message was there already under its name."""
    name, fence, _ = there.split(":", 2)  # as `message_id` makes them
    return (
        run if name == run.id else dataclasses.replace(run, id=name, fence=int(fence), joined=True)
    )


def _runs_of(end: StopIteration) -> list[Run]:
    runs: list[Run] = end.value
    return runs


def _script(name: str, key: str, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401  # as redis-py
    """Load the script and call it: sent together, so that no server is without it."""
    text, sha = _text_of(name)
    return [("SCRIPT LOAD", text), ("EVALSHA", sha, 1, key, *arguments)]


@cache
def _text_of(name: str) -> tuple[str, str]:
    package = "shopace.core.results" if name == "fence.lua" else __package__
    text = (files(package) / name).read_text("utf-8")
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest()
