"""Before a campaign: what closes it to the shop, and what comes first."""

import datetime as dt
from pathlib import Path

from tests.marketplace import LAST_DAY, Seen, Shop, build, diagnose

from shopace.core.configuration import Configuration
from shopace.core.host.discovery import load_registry
from shopace.core.vocabulary.campaigns import HORIZON_DAYS, Campaign
from shopace.core.warehouse.policy import load_policy
from shopace.plugins import BUILTIN, POLICY_PACKS


def campaign(name: str, days: int, *regions: str) -> Campaign:
    first = LAST_DAY + dt.timedelta(days)
    return Campaign(name=name, starts_on=first, ends_on=first, regions=regions or ("*",))


def seen(folder: Path, *campaigns: Campaign) -> dict[str, Seen]:
    registry = load_registry(
        BUILTIN, configuration=Configuration(campaigns=campaigns), use_entry_points=False
    )
    sales = {"gmv": 1_000, "orders": 10, "campaign_gmv": 300}
    shops = [
        Shop(id="sound", region="SG", facts={**sales, "penalty_points": 0}),
        Shop(id="barred", region="SG", facts={**sales, "penalty_points": 13}),
        Shop(id="elsewhere", region="US", facts=sales),
    ]
    return diagnose(build(folder, shops, registry, policy=load_policy(POLICY_PACKS)))


def test_only_campaigns_ahead_in_the_shops_region_are_told_the_nearest_first(
    tmp_path: Path,
) -> None:
    found = seen(
        tmp_path,
        campaign("last day", HORIZON_DAYS),
        campaign("too far", HORIZON_DAYS + 1),
        campaign("today", 0),
        campaign("next week", 7, "SG", "TH"),
    )
    told = {
        shop: [(each.name, each.days_left) for each in one.diagnosis.campaigns]
        for shop, one in found.items()
    }
    near, far = ("next week", 7), ("last day", HORIZON_DAYS)
    assert told == {"sound": [near, far], "barred": [near, far], "elsewhere": [far]}


def test_a_shop_on_a_line_that_closes_campaigns_is_told_which_risks_to_end(tmp_path: Path) -> None:
    found = seen(tmp_path, campaign("Fair", 6), campaign("Later", 7))
    assert all(not each.blocked_by for each in found["sound"].diagnosis.campaigns)
    barred = found["barred"].diagnosis
    fair, later = barred.campaigns
    closing = [card.id for card in barred.cards if card.risk and card.risk.line == "points_12"]
    assert list(fair.blocked_by) == closing != []
    assert later.blocked_by == (), "the limit of seven days is over by then"
    assert set(fair.blocked_by) <= set(fair.fix_first)
    assert {card.priority for card in barred.cards if card.id in fair.fix_first} <= {"P0", "P1"}
