"""A demo marketplace made from causes, by code that knows no plugin, metric or template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from shopace.core.vocabulary.channels import FIVE
from shopace.service.simulate.behind import Behind
from shopace.service.simulate.causes import CAUSES, Plan, market_events, plant, truth_row
from shopace.service.simulate.days import live_through
from shopace.service.simulate.draws import Draws, Floats
from shopace.service.simulate.feeds import break_feeds
from shopace.service.simulate.products import DAYS as PRODUCT_DAYS
from shopace.service.simulate.shops import Shops, draw_shops
from shopace.service.simulate.world import World
from shopace.service.simulate.write import (
    Column,
    Pile,
    claim,
    write_mapping,
    write_shops,
    write_truth,
)

__all__ = ["CAUSES", "Simulation", "simulate"]

_CHUNK = 256
"""Shops that are worked out at a time. The facts depend on it: their noise is drawn per chunk."""
_FILE_SHOPS = 2048
"""Shops per Parquet file: what has to fit in memory."""
_SHORTEST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What was made, and where it lies."""

    folder: Path
    first_day: date
    last_day: date
    shops: int
    days: int
    shop_rows: int
    channel_rows: int
    product_rows: int
    """Of products' days."""
    causes: dict[str, int]
    """How often each cause was planted, by key."""
    files: tuple[Path, ...]
    """All that was written; the mapping and the truth table are the last two."""

    @property
    def truth(self) -> Path:
        return self.folder / "truth.csv"

    @property
    def mapping(self) -> Path:
        return self.folder / "mapping.toml"


def simulate(
    out: Path,
    *,
    shops: int = 2000,
    days: int = 91,
    seed: int = 1,
    last_day: date = date(2026, 10, 31),
    causes: Collection[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Writes the facts of a marketplace into the folder `out`, and the truth about it.

    The same arguments give the same facts. `causes` keeps only the named ones (`()`: none): shops
    and chance stay as they are, so that the difference is what the causes did. `progress` is told
    the shops done and all shops.

    Raises FileExistsError where `out` holds anything but an earlier marketplace, whose files are
    replaced.
    """
    _check(shops, days, seed, causes)
    claim(out)
    first_day = last_day - timedelta(days - 1)
    events = market_events(days, only=causes)
    truth = [truth_row(each, "*", first_day, days) for each in events]
    everyone: list[Shops] = []
    of_shops = Pile(out, "shop_days", first_day, parts=-(-shops // _FILE_SHOPS))
    of_channels = Pile(out, "channel_days", first_day, parts=-(-shops // _FILE_SHOPS))
    since = last_day - timedelta(min(days, PRODUCT_DAYS) - 1)
    behind = Behind(out, first_day, since=since, seed=seed, parts=-(-shops // _FILE_SHOPS))
    for chunk, first in enumerate(range(0, shops, _CHUNK)):
        draws = Draws(seed, chunk)
        count = min(_CHUNK, shops - first)
        some = draw_shops(draws, count, first=first, seed=seed, days=days)
        planted = plant(draws, some.has, some.opened, days, only=causes)
        plan = Plan(shops=count, days=days, planted=[*events, *planted])
        world = World(shops=some, plan=plan, draws=draws, first_day=first_day, days=days)
        live_through(world)
        break_feeds(world)
        of_shops.add(*_shop_rows(world))
        of_channels.add(*_channel_rows(world))
        behind.add(world, first=first)
        truth += [
            truth_row(each, some.ids[each.shop], first_day, days)
            for each in planted
            if each.shop is not None
        ]
        everyone.append(some)
        done = first + count
        if done % _FILE_SHOPS == 0 or done == shops:
            of_shops.write()
            of_channels.write()
            behind.write()
        if progress is not None:
            progress(done, shops)
    write_shops(out / "shops.parquet", everyone, first_day)
    write_truth(out / "truth.csv", truth)
    behind.write_creators()
    write_mapping(out, of_shops, of_channels, last_day, behind.mapping())
    return Simulation(
        folder=out,
        first_day=first_day,
        last_day=last_day,
        shops=shops,
        days=days,
        shop_rows=of_shops.rows,
        channel_rows=of_channels.rows,
        product_rows=behind.days.rows,
        causes=dict(sorted(Counter(row[1] for row in truth).items())),
        files=(
            *(out / "shops.parquet", *of_shops.files, *of_channels.files, *behind.files),
            *(out / "truth.csv", out / "mapping.toml"),
        ),
    )


def _check(shops: int, days: int, seed: int, causes: Collection[str] | None) -> None:
    if shops < 1:
        raise ValueError(f"a marketplace needs at least one shop, not {shops}")
    if days < _SHORTEST:
        raise ValueError(f"{days} days are too few: the windows need at least {_SHORTEST}")
    if seed < 0:
        raise ValueError(f"a seed is a whole number from 0, not {seed}")
    unknown = sorted(set(causes or ()) - set(CAUSES))
    if unknown:
        near = [each for word in unknown for each in get_close_matches(word, CAUSES, n=1)]
        hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(CAUSES)}"
        raise ValueError(f"unknown causes: {', '.join(unknown)} ({hint})")


def _shop_rows(world: World) -> tuple[dict[str, Column], dict[str, Floats]]:
    """Keys and facts of every shop and day since the shop opened."""
    shop, day = np.nonzero(np.arange(world.days) >= world.shops.opened[:, None])
    keys: dict[str, Column] = {"shop_id": np.array(world.shops.ids, dtype=object)[shop], "day": day}
    return keys, {name: of[shop, day] for name, of in world.shop.items()}


def _channel_rows(world: World) -> tuple[dict[str, Column], dict[str, Floats]]:
    """Keys and facts of every shop, day and channel that the shop has."""
    open_ = np.arange(world.days) >= world.shops.opened[:, None]
    every = np.ones(len(world.shops.ids), np.bool_)
    has = np.stack([world.shops.has.get(each.value, every) for each in FIVE], axis=1)
    shop, day, channel = np.nonzero(open_[:, :, None] & has[:, None, :])
    keys: dict[str, Column] = {
        "shop_id": np.array(world.shops.ids, dtype=object)[shop],
        "day": day,
        "channel": np.array([each.value for each in FIVE], dtype=object)[channel],
    }
    return keys, {name: of[shop, day, channel] for name, of in world.channel.items()}
