"""The public door of the command line, and a diagnosis made by hand with all that it can tell."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shopace.core.records.card import Benefit, Evidence, Reward, Risk, TaskBasics, TaskCard
from shopace.core.records.diagnosis import (
    SCHEMA,
    Conclusion,
    Diagnosis,
    Factor,
    Freshness,
    GmvBreakdown,
    GmvPart,
    MetricNote,
    NotEvaluated,
    RiskMonitor,
    ShopProfile,
    TierStanding,
)
from shopace.core.records.text import Text, fill
from shopace.core.vocabulary.channels import FIVE, Channel
from shopace.core.vocabulary.tasks import Action, ActionKind, Effort, TaskType
from shopace.core.vocabulary.units import Direction, Pillar, Unit
from shopace.service.cli import shopace

AS_OF = dt.date(2026, 10, 31)
Call = Callable[..., Result]


def basics(category: str, pillar: Pillar, title: str) -> TaskBasics:
    return TaskBasics(
        category=category,
        pillar=pillar,
        type=TaskType.RISK_GOVERNANCE if pillar is Pillar.RISK else TaskType.METRIC_CATCH_UP,
        objective=f"objective_of_{category}",
        title=Text(title),
        why=Text("A score below the line closes campaigns to every product of the shop."),
        steps=(Text("Open the list of orders behind the score."), Text("Answer the oldest first.")),
        action=Action(label="View orders", target="/orders", kind=ActionKind.LINK),
        effort=Effort.MEDIUM,
    )


def tasks() -> dict[str, TaskBasics]:
    assortment = Pillar.ASSORTMENT
    score = "Raise the Shop Performance Score above 2.5"
    return {
        "sps_no_campaigns": basics("shop_performance_score", Pillar.RISK, score),
        "restock_products": basics("supply_scale", assortment, "Restock products that sell"),
        **{
            f"lift_ctr_{number}": basics(
                "product_competitiveness", assortment, f"Lift the click-through rate, part {number}"
            )
            for number in range(1, 6)
        },
    }


def risk_card() -> TaskCard:
    return TaskCard(
        id="raise_sps:shop",
        priority="P0",
        severity=3,
        channel=Channel.SHOP,
        template="sps_no_campaigns",
        evidence=Evidence(
            comparison="policy",
            metric="sps",
            title=Text("Shop Performance Score"),
            unit=Unit.SCORE,
            channel=Channel.SHOP,
            window="L7D",
            value=2.3,
            direction=Direction.HIGHER,
            line=2.5,
        ),
        benefit=Benefit(label=Text("Campaigns stay open")),
        valid_until=dt.date(2026, 11, 7),
        since=dt.date(2026, 10, 29),
        most_recommended=True,
        risk=Risk(
            level="high",
            line="sps_campaigns",
            rule=Text("Below 2.5 a shop cannot join campaigns"),
            source="S2",
            loses=Text("Joining platform campaigns"),
            gmv_30d_at_stake=18_250.5,
            next_value=1.5,
            distance=0.8,
        ),
    )


def decline_card() -> TaskCard:
    return TaskCard(
        id="restock:shop",
        priority="P1",
        severity=2,
        channel=Channel.SELLER_LIVE,
        template="restock_products",
        evidence=Evidence(
            comparison="previous",
            metric="product_impressions",
            title=Text("product impressions"),
            unit=Unit.COUNT,
            channel=Channel.SELLER_LIVE,
            window="L7D",
            value=1204,
            previous=2411,
            change=-0.50062,
            market_change=-0.02,
            noise=0.08,
            direction=Direction.HIGHER,
        ),
        benefit=Benefit(
            label=Text("GMV lift"), amount=4120.0, method=Text("back to the week before")
        ),
        valid_until=dt.date(2026, 11, 7),
        since=AS_OF,
        incentive=Reward(
            reward="ads_credit",
            amount=50,
            currency="USD",
            valid_until=dt.date(2026, 11, 14),
            valid_days=30,
            programme="restock_autumn",
            title=Text("Ads credit for shops that restock"),
        ),
    )


def gap_card(number: int) -> TaskCard:
    return TaskCard(
        id=f"win_clicks_{number}:affiliate_video",
        priority="P2",
        severity=1,
        channel=Channel.AFFILIATE_VIDEO,
        template=f"lift_ctr_{number}",
        evidence=Evidence(
            comparison="peers",
            metric="ctr",
            title=Text("click-through rate"),
            unit=Unit.RATIO,
            channel=Channel.AFFILIATE_VIDEO,
            window="L30D",
            value=0.042,
            benchmark=0.061,
            cohort="industry+tier",
            peers=143,
            percentile=20,
            direction=Direction.HIGHER,
        ),
        benefit=Benefit(label=Text("GMV lift")),
        valid_until=dt.date(2026, 11, 7),
        since=AS_OF,
    )


def gmv() -> GmvBreakdown:
    shares = (0.12, 0.46, 0.3, 0.0, None)
    return GmvBreakdown(
        total=GmvPart(
            channel=Channel.SHOP, amount=143_200.0, share=1.0, previous=150e3, change=-0.045
        ),
        channels=tuple(
            GmvPart(
                channel=channel,
                amount=None if share is None else share * 143_200,
                share=share,
                change=None if share is None else -share,
            )
            for channel, share in zip(FIVE, shares, strict=True)
        ),
        groups=(
            GmvPart(channel=Channel.SELLER_CONTENT, amount=83_056.0, share=0.58, change=-0.4),
            GmvPart(channel=Channel.CREATOR_CONTENT, amount=42_960.0, share=0.3, change=0.1),
            GmvPart(channel=Channel.SHOP_TAB),
        ),
        residual=17_184.0,
    )


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls `shopace` in an empty folder, as a person would; a bug raises here."""
    monkeypatch.chdir(tmp_path)
    for name in ("SHOPACE_DATA", "SHOPACE_BROKER_URL", "SHOPACE_RESULTS_URL"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(shopace, [str(each) for each in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture(scope="session")
def make_diagnosis() -> Callable[..., Diagnosis]:
    return _diagnosis


def _diagnosis(name: str = "Blue Fox Beauty") -> Diagnosis:
    cards = (risk_card(), decline_card(), *(gap_card(number) for number in range(1, 6)))
    note = MetricNote(
        metric="product_impressions",
        title=Text("product impressions"),
        channel=Channel.SELLER_LIVE,
        unit=Unit.COUNT,
        window="L7D",
        value=1204,
        previous=2411,
        change=-0.50062,
        cards=("restock:shop",),
    )
    gap = MetricNote(
        metric="ctr",
        title=Text("click-through rate"),
        channel=Channel.AFFILIATE_VIDEO,
        unit=Unit.RATIO,
        window="L30D",
        value=0.042,
        benchmark=0.061,
        percentile=20,
        peers=143,
        cohort="industry+tier",
    )
    return Diagnosis(
        schema=SCHEMA,
        shop=ShopProfile(
            id="7495514739219597000",
            name=name,
            region="US",
            industry="beauty",
            currency="USD",
            timezone="UTC",
            opened_on=dt.date(2024, 3, 2),
            core_channels=(Channel.SELLER_LIVE, Channel.AFFILIATE_VIDEO),
        ),
        as_of=AS_OF,
        counts={"P0": 1, "P1": 1, "P2": 5},
        tier=TierStanding(
            outcome="ok",
            level=3,
            name="Expert",
            gmv_30d=143_200.0,
            next_name="Elite",
            missing_to_next=56_800.0,
        ),
        conclusion=Conclusion(
            sentence=fill(
                "GMV fell by {share} in a week, mostly in {channel}.",
                share="18 %",
                channel="Seller LIVEs",
            ),
            factors=(
                Factor(factor="impressions", channel=Channel.SELLER_LIVE, change=-0.5),
                Factor(factor="ctor", channel=Channel.SHOP, change=0.04),
            ),
        ),
        gmv=gmv(),
        risk_monitor=RiskMonitor(
            level="high",
            sentence=Text("1 operational risk needs you first."),
            cards=("raise_sps:shop",),
        ),
        need_attention=(note,),
        can_improve=(gap,),
        improved=(
            MetricNote(
                metric="aov",
                title=Text("average order value"),
                channel=Channel.SHOP,
                unit=Unit.MONEY,
                window="L7D",
                value=31.5,
                previous=28.0,
                change=0.125,
                benchmark=35.0,
            ),
        ),
        cards=cards,
        tasks=tasks(),
        for_you=tuple(card.id for card in cards),
        not_evaluated=(
            NotEvaluated(category="ads", reason="not_delivered", metrics=("roas", "ad_spend")),
            NotEvaluated(category="live_quality", reason="failed", detail="ValueError: shapes"),
        ),
        freshness=Freshness(
            latest_available_date=AS_OF,
            snapshot="demo-2026-10-31-0a1b2c3d",
            benchmarks="demo-2026-10-31-0a1b2c3d-4e5f6071",
            policy="policy-89abcdef",
            registry="fingerprint",
            plugins={"supply_scale": "1"},
            memory=False,
        ),
    )
