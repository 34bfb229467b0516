"""The violations one by one: what `standing` counts, with their days and points."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from shopace.service.simulate.world import World

KINDS = ("products", "logistics", "service", "after_sales", "rules", "other")
_POINTS_DAYS = 180
_APPEAL_DAYS, _SECOND_APPEAL_DAYS = 30, 15
_OPEN_DAYS = 25
_OLD_DAY = -5
"""When the violations of before the facts were found whose points stay."""


class Violation(NamedTuple):
    shop_id: str
    violation_id: str
    category: str
    points: int | None
    """None where the region's ladder has no points."""
    issued_on: date
    ends_on: date
    """The first day without its points."""
    appeal_by: date
    status: str


def violations_of(world: World) -> list[Violation]:
    """Every violation of a chunk of shops, the oldest of each shop first."""
    found: list[Violation] = []
    new = world.shop["new_violations"]
    for shop, shop_id in enumerate(world.shops.ids):
        blame = {name: values[shop, -1] for name, values in world.blame.items()}
        by_points = bool(world.shops.regions[shop] == "SG")
        days: list[tuple[int, int | None, int]] = []
        if by_points and blame["old"] > 0:
            stays = int(blame["old"] // 3)
            ends = int(np.ceil(blame["ends"]))
            days.append((ends - _POINTS_DAYS, int(blame["old"]) - stays, ends))
            if stays:
                days.append((_OLD_DAY, stays, _OLD_DAY + _POINTS_DAYS))
        points = int(blame["each"]) if by_points else None
        for day in np.flatnonzero(new[shop]).tolist():
            days += [(day, points, day + _POINTS_DAYS)] * int(new[shop, day])
        for number, (day, cost, ends) in enumerate(days):
            age = world.days - 1 - day
            again = not np.isnan(blame["again"]) and age <= _SECOND_APPEAL_DAYS
            status = "upheld" if again else "open" if age <= _OPEN_DAYS else "closed"
            found.append(
                Violation(
                    shop_id=shop_id,
                    violation_id=f"V{shop_id[-8:]}{number:03}",
                    category=KINDS[int(blame["kind"])],
                    points=cost,
                    issued_on=world.first_day + timedelta(day),
                    ends_on=world.first_day + timedelta(ends),
                    appeal_by=world.first_day
                    + timedelta(day + (_SECOND_APPEAL_DAYS if again else _APPEAL_DAYS)),
                    status=status,
                )
            )
    return found
