"""Where GMV is known in parts: what is not known is neither nothing nor the whole."""

from pathlib import Path

import numpy as np
import pytest
from tests.marketplace import DAYS, Seen, Series, Shop, build, diagnose

from shopace.core.host.discovery import load_registry
from shopace.core.vocabulary.channels import Channel
from shopace.plugins import BUILTIN


def halved(usual: float) -> list[float]:
    return [usual] * (DAYS - 7) + [usual / 2] * 7


SPLIT = {"gmv@seller_video": 10.0, "gmv@seller_live": 20.0, "gmv@shop_tab": 30.0}
SEATS: dict[str, Series] = {
    "gmv": 100.0,
    "gmv@seller_video": 100.0,
    "live_count@seller_live": halved(40),
    "live_views@seller_live": halved(4_000),
    "product_impressions@seller_live": halved(9_000),
    "product_clicks@seller_live": halved(900),
    "out_of_stock_products@seller_live": [1.0] * (DAYS - 7) + [9.0] * 7,
    "active_products@seller_live": 10.0,
}
SHOPS = [
    Shop(id="unsplit", facts={"gmv": halved(100), "gmv@creator_content": halved(39), **SPLIT}),
    Shop(
        id="blind",
        facts={"gmv": np.full(DAYS, np.nan), "new_videos@seller_video": halved(20)},
    ),
    Shop(id="seats", facts=SEATS),
    Shop(id="samples", facts={"gmv": 0.0, "orders": 5.0}),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    folder: Path = tmp_path_factory.mktemp("gmv")
    return diagnose(build(folder, SHOPS, load_registry(BUILTIN, use_entry_points=False)))


def test_a_group_that_is_not_split_is_no_residual(found: dict[str, Seen]) -> None:
    gmv = found["unsplit"].diagnosis.gmv
    named = {each.channel: each.amount for each in (*gmv.channels, *gmv.groups)}
    assert named[Channel.AFFILIATE_LIVE] is None
    assert named[Channel.CREATOR_CONTENT] == 23 * 39 + 7 * 19.5
    assert gmv.residual == 23 * 1 + 7 * (50 - 19.5 - 60)


def test_no_channel_has_the_largest_part_where_one_is_not_known(found: dict[str, Seen]) -> None:
    sentence = str(found["unsplit"].diagnosis.conclusion.sentence)
    assert sentence.startswith("GMV fell 50 % against the previous 7 days")
    assert "largest part" not in sentence


def test_a_channels_metric_speaks_for_its_channel_alone(found: dict[str, Seen]) -> None:
    sentence = str(found["blind"].diagnosis.conclusion.sentence)
    assert " in Seller video" in sentence
    assert sentence.endswith("GMV is not known")


def test_orders_without_gmv_are_not_denied(found: dict[str, Seen]) -> None:
    sentence = str(found["samples"].diagnosis.conclusion.sentence)
    assert sentence == "There was no GMV in the last 14 days"


def test_a_channel_of_unknown_gmv_may_have_something_at_stake(found: dict[str, Seen]) -> None:
    """Its list is no shorter for that; a channel that is known to sell nothing has one seat."""
    lists = found["seats"].diagnosis.by_channel
    assert len(lists[Channel.SELLER_LIVE]) > 1
