"""Violations, and where the shop stands on its region's ladder."""

from __future__ import annotations

import numpy as np

from shopace.service.simulate.draws import Floats
from shopace.service.simulate.world import MISSING, World, days_existed, rolling


def violations(world: World) -> None:
    """Violations, what they cost on the region's ladder, and what they hold up."""
    shop, draws = world.shop, world.draws
    planted = world.move("violations") - 1.0
    chance = draws.poisson("violations", np.full(world.shape, 0.003))
    found = chance + np.floor(planted + (planted > 0) * 0.5)
    shop["new_violations"] = found
    kinds = ("products", "logistics", "service", "after_sales", "rules", "other")
    main = (draws.uniform("violation kind", (world.shape[0], 1)) * 5).astype(np.int64)
    stays = 0.5 ** (1 / 25)
    standing = np.rint(
        world.now("old_points") / 5 + draws.normal("standing", (world.shape[0], 1), 0.2)
    )
    open_ = found.copy()
    open_[:, 0] += np.maximum(standing[:, 0], 0)
    for day in range(1, world.days):
        open_[:, day] += open_[:, day - 1] * stays
    for number, kind in enumerate(kinds):
        part = np.where(main == number, 0.8, 0.04)
        shop[f"open_violations_{kind}"] = np.rint(open_ * part)
    shop["fraud_violations"] = np.zeros(world.shape) + (
        draws.uniform("fraud", (world.shape[0], 1)) < 0.004
    )
    recent = rolling(found, 30, days_existed(world) * 0)
    shop["appealable_violations"] = recent
    last = np.maximum.accumulate(np.where(found > 0, np.arange(world.days), -99), axis=1)
    left = 30.0 - (np.arange(world.days) - last)
    shop["appeal_days_left"] = np.where(recent > 0, np.maximum(left, 0), MISSING)
    rejected = draws.uniform("appeal rejected", (world.shape[0], 1)) < 0.3
    again = np.where(rejected & (recent > 0), left - 15.0, MISSING)
    shop["second_appeal_days_left"] = np.where((again >= 0) & (again <= 14), again, MISSING)

    # Two ladders: penalty points that add up and end, or a rating that falls and is earned back.
    each = np.rint(draws.uniform("points each", (world.shape[0], 1), 3, 7))
    old = np.rint(world.now("old_points"))
    ends = draws.uniform("points end", (world.shape[0], 1), 5, 150)
    age = np.arange(world.days)
    old = np.where(age < ends, old, np.floor(old / 3))
    points = np.minimum(old + np.cumsum(found, axis=1) * each, 60)
    ending = np.where((ends - age <= 30) & (age < ends), old - np.floor(old / 3), 0.0)
    earned = draws.uniform("goodwill", (world.shape[0], 1), 0.0, 0.4) * age
    rating = np.clip(
        np.rint(world.now("health") + earned) - np.cumsum(found, axis=1) * each * 7, 0, 1000
    )
    by_points = np.array([region == "SG" for region in world.shops.regions])[:, None]
    shop["penalty_points"] = np.where(by_points, points, MISSING)
    shop["penalty_points_ending_30d"] = np.where(by_points, ending, MISSING)
    shop["health_rating"] = np.where(by_points, MISSING, rating)
    world.blame = {
        "kind": main.astype(np.float64),
        "each": each,
        "old": old[:, :1],
        "ends": ends,
        "again": again,
    }


def held_up(world: World) -> Floats:
    """Where points or rating stand badly, the platform shows the shop less."""
    points, rating = world.shop["penalty_points"], world.shop["health_rating"]
    return np.where((points >= 12) | (rating <= 150), 0.9, 1.0)
