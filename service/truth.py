"""What was planted in a made-up marketplace, against what the diagnoses found.

The map from causes to categories lives here: the simulator knows no category, the engine no cause.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from shopace.core.errors import InputError, NotFoundError, Problem, did_you_mean, shortened
from shopace.core.pipeline.run import diagnose_block
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Period

if TYPE_CHECKING:
    from shopace.core.pipeline.run import Inputs

MIN_WEEKLY_ORDERS = 50
"""Below so many orders a week behind it a cause is not expected to be found."""
WINDOW_DAYS = 7

CATEGORIES_OF: Mapping[str, frozenset[str]] = {
    cause: frozenset(categories.split())
    for cause, categories in {
        "stock_out": "supply_scale",
        "videos_stopped": "seller_video_quantity",
        "video_hold_lost": "seller_video_quality",
        "lives_stopped": "live_quantity",
        "live_hold_lost": "live_quality",
        "ad_budget_cut": "ads",
        "ad_fatigue": "ads",
        "handling_slowed": "fulfillment_service shop_performance_score",
        "tracking_lost": "fulfillment_service",
        "price_raised": "product_competitiveness",
        "violations": "policy_violations",
        "creator_left": "creator_network creator_ecosystem",
        "creators_idle": "creator_network",
        "samples_delayed": "affiliate_foundation",
        "listings_deactivated": "listing_risk supply_scale",
        "replies_slowed": "fulfillment_service shop_performance_score",
        "after_sales_slowed": "fulfillment_service shop_performance_score",
        "quality_dropped": "product_quality shop_performance_score",
        "coupons_ended": "promotions",
        "campaign_left_out": "campaigns",
        "pictures_changed": "product_competitiveness",
        "low_ctr": "product_competitiveness",
        "high_prices": "product_competitiveness",
        "poor_listings": "product_quality",
        "narrow_assortment": "supply_scale",
        "dead_stock": "supply_scale",
        "chronic_stock_outs": "supply_scale",
        "hero_dependence": "supply_scale",
        "poor_quality": "product_quality shop_performance_score",
        "slow_handling": "fulfillment_service shop_performance_score",
        "slow_replies": "fulfillment_service shop_performance_score",
        "slow_after_sales": "fulfillment_service shop_performance_score",
        "own_fulfillment": "fulfillment_service",
        "low_commission": "affiliate_foundation",
        "closed_to_creators": "affiliate_foundation",
        "few_samples": "affiliate_foundation",
        "few_creators": "creator_network",
        "one_creator": "creator_ecosystem",
        "few_videos": "seller_video_quantity",
        "few_products_in_videos": "seller_video_quantity",
        "weak_videos": "seller_video_quality",
        "few_lives": "live_quantity",
        "weak_lives": "live_quality",
        "hardly_any_ads": "ads",
        "low_ad_return": "ads",
        "few_creatives": "ads",
        "no_campaigns": "campaigns",
        "no_promotions": "promotions",
        "no_free_shipping": "promotions",
        "standing_violations": "policy_violations",
    }.items()
}
"""Cause → the categories a card about it belongs to. Market events explain no shop's card: an AA
fall that everyone shares is the market."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the truth table about one shop."""

    shop: str
    cause: str
    kind: str
    channel: Channel
    started_on: dt.date | None
    """None: for good."""
    ended_on: dt.date | None
    strength: float

    def is_at_work(self, as_of: dt.date) -> bool:
        """Whether it worked on any of the last seven days."""
        begun = self.started_on is None or self.started_on <= as_of
        first = as_of - dt.timedelta(WINDOW_DAYS - 1)
        return begun and (self.ended_on is None or self.ended_on >= first)


class Card(msgspec.Struct, frozen=True):
    """What of a card is compared."""

    priority: str
    category: str


class Found(msgspec.Struct, kw_only=True):
    """One cause over all shops that suffer it."""

    cause: str
    kind: str
    planted: int = 0
    """With enough orders behind it."""
    found: int = 0
    """… that led to a card of the right category."""
    by_chance: float = math.nan
    """Share of shops without it (and with as many orders) that have such a card all the same."""

    @property
    def share(self) -> float:
        return self.found / self.planted if self.planted else math.nan


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome for one snapshot."""

    as_of: dt.date
    shops: int
    planted: int
    """Causes at work with enough orders behind them."""
    found: int
    cards: dict[str, int]
    """By priority."""
    unexplained: dict[str, int]
    """Cards of a category that no cause at work in the shop belongs to, by priority."""
    in_healthy_shops: dict[str, int]
    """Cards of shops in which no cause is at work, by priority."""
    causes: tuple[Found, ...]

    @property
    def found_share(self) -> float | None:
        return self.found / self.planted if self.planted else None

    @property
    def unexplained_share(self) -> float | None:
        cards = sum(self.cards.values())
        return sum(self.unexplained.values()) / cards if cards else None


class _Card(msgspec.Struct):
    priority: str
    template: str


class _Task(msgspec.Struct):
    category: str


class _Body(msgspec.Struct):
    cards: list[_Card] = []
    tasks: dict[str, _Task] = {}


def read_truth(path: Path) -> list[Cause]:
    """The causes planted in single shops. Raises NotFoundError or InputError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        hint = "it is written beside the facts: shopace simulate"
        raise NotFoundError(f"there is no truth table {path}", hint=hint) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    _require_known(path, rows)
    try:
        return [
            msgspec.convert(
                {
                    "shop": row["shop_id"],
                    "cause": row["cause"],
                    "kind": row["kind"],
                    "channel": row["channel"],
                    "started_on": row["started_on"] or None,
                    "ended_on": row["ended_on"] or None,
                    "strength": float(row["strength"]),
                },
                Cause,
            )
            for row in rows
            if row["shop_id"] != "*"
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no truth table: {error}") from error


def _require_known(path: Path, rows: Iterable[dict[str, str]]) -> None:
    causes = {row.get("cause") or "" for row in rows if row.get("shop_id") != "*"}
    problems = [
        Problem(
            where=path.name,
            what=f'no cause is called "{shortened(each)}"',
            hint=did_you_mean(each, CATEGORIES_OF),
        )
        for each in sorted(causes - CATEGORIES_OF.keys())
    ]
    if problems:
        raise InputError(f"{path} is no truth table of ours", problems=problems)


def compare(inputs: Inputs, truth: Iterable[Cause]) -> Comparison:
    """Diagnose every shop of the snapshot in this process and compare with what was planted.

    Raises InputError where it was planted in other shops.
    """
    truth = list(truth)
    planted_in = {cause.shop for cause in truth}
    if planted_in and inputs.snapshot.missing(planted_in) == planted_in:
        raise InputError(
            f"no shop of the truth table is in snapshot {inputs.snapshot.id}",
            hint="it is the table of another marketplace",
        )
    as_of = inputs.snapshot.manifest.as_of
    at_work: dict[str, list[Cause]] = defaultdict(list)
    for cause in truth:
        if cause.is_at_work(as_of):
            at_work[cause.shop].append(cause)
    cards: dict[str, list[Card]] = {}
    orders: dict[str, dict[Channel, float]] = {}
    for number in range(len(inputs.snapshot)):
        orders |= _weekly_orders(inputs, number)
        for documents in diagnose_block(inputs, number):
            for document in documents:
                body = msgspec.json.decode(document.body, type=_Body)
                cards[document.shop] = [
                    Card(each.priority, body.tasks[each.template].category) for each in body.cards
                ]
    found = _found(at_work, cards, orders)
    return Comparison(
        as_of=as_of,
        shops=len(cards),
        planted=sum(each.planted for each in found),
        found=sum(each.found for each in found),
        cards=_count(card for each in cards.values() for card in each),
        unexplained=_count(
            card
            for shop, each in cards.items()
            for card in each
            if not any(
                card.category in CATEGORIES_OF.get(cause.cause, ()) for cause in at_work[shop]
            )
        ),
        in_healthy_shops=_count(
            card for shop, each in cards.items() for card in each if not at_work[shop]
        ),
        causes=tuple(found),
    )


def _found(
    at_work: Mapping[str, Sequence[Cause]],
    cards: Mapping[str, Sequence[Card]],
    orders: Mapping[str, Mapping[Channel, float]],
) -> list[Found]:
    told: dict[str, Found] = {}
    channel_of: dict[str, Channel] = {}
    categories = {shop: {card.category for card in each} for shop, each in cards.items()}
    for shop, causes in at_work.items():
        for cause in causes:
            if orders.get(shop, {}).get(cause.channel, 0.0) < MIN_WEEKLY_ORDERS:
                continue
            line = told.setdefault(cause.cause, Found(cause=cause.cause, kind=cause.kind))
            channel_of[cause.cause] = cause.channel
            line.planted += 1
            line.found += bool(categories[shop] & CATEGORIES_OF.get(cause.cause, frozenset()))
    for key, line in told.items():
        right = CATEGORIES_OF.get(key, frozenset())
        others = [
            bool(categories[shop] & right)
            for shop in cards
            if orders[shop].get(channel_of[key], 0.0) >= MIN_WEEKLY_ORDERS
            and not any(
                CATEGORIES_OF.get(each.cause, frozenset()) & right for each in at_work.get(shop, ())
            )
        ]
        line.by_chance = sum(others) / len(others) if others else math.nan
    return sorted(told.values(), key=lambda each: (each.kind, each.cause))


def _weekly_orders(inputs: Inputs, block: int) -> dict[str, dict[Channel, float]]:
    """Orders of 30 days as a weekly mean, by shop and channel; unknown ones are left out."""
    opened = inputs.snapshot.block(block)
    found: dict[str, dict[Channel, float]] = {shop: {} for shop in opened.shops}
    for channel in Channel:
        row = inputs.snapshot.row_of.get((Period.L30D, "orders", channel))
        if row is None:
            continue
        weekly = (opened.values[row] * WINDOW_DAYS / Period.L30D.days).tolist()
        for shop, value in zip(opened.shops, weekly, strict=True):
            if not math.isnan(value):
                found[shop][channel] = value
    return found


def _count(cards: Iterable[Card]) -> dict[str, int]:
    return dict(sorted(Counter(card.priority for card in cards).items()))
