"""What a person sees of a diagnosis."""

import datetime as dt
import io
import json
import re
import unicodedata
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopace.core.records.card import Benefit
from shopace.core.records.diagnosis import Diagnosis, GmvPart, TierStanding
from shopace.core.records.text import Text
from shopace.core.vocabulary.channels import Channel
from shopace.core.vocabulary.units import Unit
from shopace.service.clean import clean, clean_json
from shopace.service.figures import change, counted, figure, window
from shopace.service.render import show
from shopace.service.terminal import console

Make = Callable[..., Diagnosis]


def printed(diagnosis: Diagnosis, width: int = 80, **options: object) -> str:
    out = io.StringIO()
    show(console(out, width=width), diagnosis, **options)  # type: ignore[arg-type]
    return out.getvalue()


def flat(text: str) -> str:
    """The words alone: wrapping and borders are the terminal's business."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


def test_risk_stands_above_the_conclusion_and_the_conclusion_above_the_tasks(
    make_diagnosis: Make,
) -> None:
    text = printed(make_diagnosis())
    places = [
        text.index(words)
        for words in (
            "Blue Fox Beauty",
            "SHOP RISK MONITOR",
            "GMV fell by",
            "GMV BREAKDOWN",
            "NEED ATTENTION",
            "CAN IMPROVE",
            "WHAT TO DO",
            "NOT EVALUATED",
            "Facts up to",
        )
    ]
    assert places == sorted(places)


def test_a_card_that_a_failed_plugin_left_says_of_which_day_it_is(make_diagnosis: Make) -> None:
    diagnosis = make_diagnosis()
    day = diagnosis.as_of - dt.timedelta(1)
    stale = tuple(msgspec.structs.replace(each, stale_since=day) for each in diagnosis.cards)
    told = f"From {day}: plugin {stale[0].template.partition('.')[0]} failed"
    assert told not in flat(printed(diagnosis))
    kept = msgspec.structs.replace(diagnosis, cards=stale)
    for full in (0, 10):
        text = flat(printed(kept, width=200, cards=full))
        assert told in text
        assert text.count(f"From {day}: plugin") == len(stale)


def test_no_line_is_wider_than_the_terminal(make_diagnosis: Make) -> None:
    for width in (60, 80, 120):
        assert max(len(line) for line in printed(make_diagnosis(), width).splitlines()) <= width


def test_no_number_is_cut_at_80_columns(make_diagnosis: Make) -> None:
    assert "…" not in printed(make_diagnosis(), 80)


def test_a_card_says_why_what_to_do_what_it_brings_and_until_when(make_diagnosis: Make) -> None:
    text = flat(printed(make_diagnosis()))
    assert "P1 Restock products that sell" in text
    assert "last 7 days: 1,204 · before 2,411 · −50 % · the market −2.0 %" in text
    assert "1. Open the list of orders behind the score." in text
    assert "[ View orders ] Benefit: GMV lift USD 4,120 (back to the week before)" in text
    assert "Reward: ads credit USD 50.00, offered until 2026-11-14: Ads credit for shops" in text
    assert "(back to the week before) Until 2026-11-07" in text


def with_evidence(diagnosis: Diagnosis, priority: str, **changes: object) -> Diagnosis:
    """Of one card, whose evidence is changed."""
    card = next(each for each in diagnosis.cards if each.priority == priority)
    evidence = msgspec.structs.replace(card.evidence, **changes)
    changed = msgspec.structs.replace(card, evidence=evidence)
    return msgspec.structs.replace(diagnosis, cards=(changed,))


def test_how_things_stand_is_told_of_today_and_of_no_period(make_diagnosis: Make) -> None:
    text = flat(printed(with_evidence(make_diagnosis(), "P1", state=True)))
    assert "1,204 · a week before 2,411 · −50 %" in text
    assert "last 7 days: 1,204" not in text
    text = flat(printed(with_evidence(make_diagnosis(), "P2", state=True)))
    assert "last 30 days: 4.2 %" not in text


def test_a_line_about_a_change_is_told_beside_the_change(make_diagnosis: Make) -> None:
    text = flat(printed(with_evidence(make_diagnosis(), "P0", previous=3.1, value=2.3, line=0.5)))
    assert ": 2.3 · before 3.1 · moved by 0.8 · line 0.5" in text


def test_a_card_with_a_deadline_names_no_other_day(make_diagnosis: Make) -> None:
    diagnosis = make_diagnosis()
    card, risk = next((each, each.risk) for each in diagnosis.cards if each.risk is not None)
    dated = msgspec.structs.replace(risk, act_by=diagnosis.as_of + dt.timedelta(20))
    changed = msgspec.structs.replace(card, risk=dated)
    text = flat(printed(msgspec.structs.replace(diagnosis, cards=(changed,))))
    assert "Act by 2026-11-20" in text
    assert "Until" not in text


def test_cards_that_stand_in_the_list_of_a_channel_alone_are_counted_apart(
    make_diagnosis: Make,
) -> None:
    diagnosis = make_diagnosis()
    text = flat(printed(diagnosis))
    assert "more by channel" not in text
    fewer = msgspec.structs.replace(diagnosis, for_you=diagnosis.for_you[:-1])
    assert "; 1 more by channel" in flat(printed(fewer))


def test_a_gap_names_its_benchmark_its_cohort_and_its_peers(make_diagnosis: Make) -> None:
    text = flat(printed(make_diagnosis()))
    assert "4.2 % · top peers 6.1 % · better than 20 % of 143 shops of the same industry" in text


def test_a_risk_says_its_rule_what_is_lost_and_how_far_the_next_step_is(
    make_diagnosis: Make,
) -> None:
    text = flat(printed(make_diagnosis()))
    rule = "Rule: Below 2.5 a shop cannot join campaigns (the seller guide on scores and points)"
    assert rule in text
    assert "At stake: Joining platform campaigns; USD 18,250 of the last 30 days' GMV" in text
    assert "Next step: 1.5, 0.8 away" in text


def test_cards_are_numbered_through_and_the_later_ones_get_a_line_each(
    make_diagnosis: Make,
) -> None:
    text = printed(make_diagnosis(), cards=2)
    numbers = [int(each) for each in re.findall(r"^[│ ]*(\d+)  P\d", text, re.MULTILINE)]
    assert numbers == [1, 2, 3, 4, 5, 6, 7]
    assert text.count("2. Answer the oldest first.") == 3


def test_without_risk_there_is_no_risk_monitor(make_diagnosis: Make) -> None:
    safe = msgspec.structs.replace(make_diagnosis(), risk_monitor=None, cards=(), for_you=())
    text = printed(safe)
    assert "RISK MONITOR" not in text
    assert "no task for this shop today" in text


def test_an_unknown_amount_is_told_as_unknown_and_not_as_zero(make_diagnosis: Make) -> None:
    text = printed(make_diagnosis())
    (unknown,) = (line for line in text.splitlines() if "Shop Tab" in line)
    (zero,) = (line for line in text.splitlines() if "Affiliate LIVEs" in line)
    assert "unknown" in unknown
    assert "0.00" not in unknown
    assert "USD 0.00" in zero


def test_a_shop_without_name_tier_and_gmv_can_be_shown(make_diagnosis: Make) -> None:
    whole = make_diagnosis("")
    bare = msgspec.structs.replace(
        whole,
        tier=TierStanding(outcome="no_data"),
        gmv=msgspec.structs.replace(
            whole.gmv, total=GmvPart(channel=Channel.SHOP), channels=(), groups=(), residual=None
        ),
    )
    text = printed(bare)
    assert "Shop 7495514739219597000" in text
    assert "Tier: unknown" in text


def test_a_tier_says_what_it_unlocks_since_when_and_how_far_the_next_is(
    make_diagnosis: Make,
) -> None:
    tier = TierStanding(
        outcome="ok",
        level=2,
        name="Pro",
        gmv_30d=60_000.0,
        next_name="Expert",
        missing_to_next=5_000.0,
        days_since_change=12,
        days_to_next=9,
        benefits=(Text("Support within a day"), Text("Early\u202e sign-up")),
        next_benefits=(Text("An account manager"),),
    )

    def told(tier: TierStanding) -> str:
        return flat(printed(msgspec.structs.replace(make_diagnosis(), tier=tier), 120))

    text = told(tier)
    assert "Tier 2 Pro for 12 days 30-day GMV USD 60,000" in text
    assert "USD 5,000 to Expert, 9 days at today's pace" in text
    assert "It unlocks: Support within a day, Early" in text
    assert "\u202e" not in text
    assert "Expert unlocks: An account manager" in text
    quiet = msgspec.structs.replace(
        tier, days_since_change=None, days_to_next=None, benefits=(), next_benefits=()
    )
    text = told(quiet)
    assert "Tier 2 Pro 30-day GMV USD 60,000 · USD 5,000 to Expert" in text
    assert "pace" not in text
    assert "unlocks" not in text
    starter = TierStanding(outcome="ok", level=0, name="Starter", gmv_30d=0.0, next_name="Rising")
    assert "the first paid order leads to Rising" in told(starter)


def test_without_a_split_by_channel_there_is_no_table_of_unknowns(make_diagnosis: Make) -> None:
    whole = make_diagnosis()
    channels, groups = (
        tuple(GmvPart(channel=part.channel) for part in parts)
        for parts in (whole.gmv.channels, whole.gmv.groups)
    )
    gmv = msgspec.structs.replace(whole.gmv, channels=channels, groups=groups, residual=None)
    text = printed(msgspec.structs.replace(whole, gmv=gmv))
    assert "The facts carry no split by channel." in text
    assert "USD 143,200" in text
    assert "Shop Tab" not in text


def test_what_was_not_evaluated_is_told_with_its_reason(make_diagnosis: Make) -> None:
    text = flat(printed(make_diagnosis()))
    assert "The facts do not carry what they need: ads (2 metrics)" in text
    assert "The plugin failed in this diagnosis: live quality: ValueError: shapes" in text


EVIL = "Fox\x1b[2J\x9b31m\u202egnp\u2066\r\n\x00"


def test_no_text_of_a_shop_steers_the_terminal(make_diagnosis: Make) -> None:
    evil = make_diagnosis(EVIL)
    card = msgspec.structs.replace(
        evil.cards[0],
        benefit=Benefit(label=Text(EVIL)),
    )
    words = msgspec.structs.replace(evil.tasks[card.template], title=Text(EVIL), why=Text(EVIL))
    profile = msgspec.structs.replace(evil.shop, industry=EVIL, region=EVIL, id=EVIL)
    text = printed(
        msgspec.structs.replace(
            evil,
            shop=profile,
            cards=(card, *evil.cards[1:]),
            tasks={**evil.tasks, card.template: words},
        ),
        note=EVIL,
    )
    steering = {c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"}
    assert not steering


def test_markup_in_a_name_is_shown_as_it_is(make_diagnosis: Make) -> None:
    assert "[bold]:fox: [/]" in printed(make_diagnosis("[bold]:fox: [/]"))


@given(st.text())
def test_clean_text_holds_no_control_character_and_one_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in cleaned)


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_clean_json_equals_what_went_in(value: object) -> None:
    text = clean_json(value)
    assert json.loads(text) == value
    assert not any(unicodedata.category(each) == "Cc" and each != "\n" for each in text)


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (None, Unit.COUNT, "–"),
        (0.0, Unit.COUNT, "0"),
        (1204.0, Unit.COUNT, "1,204"),
        (0.0425, Unit.RATIO, "4.25 %"),
        (1.5, Unit.RATIO, "150 %"),
        (143_200.4, Unit.MONEY, "USD 143,200"),
        (9.5, Unit.MONEY, "USD 9.50"),
        (-12.0, Unit.POINTS, "−12 points"),
        (2.5, Unit.MULTIPLE, "2.5×"),
    ],
)
def test_a_figure_reads_by_its_unit(value: float | None, unit: Unit, told: str) -> None:
    assert figure(value, unit, "USD") == told


def test_changes_windows_and_counts_read_as_words() -> None:
    assert [change(each) for each in (0.123, -0.5, 0.0, None, -0.004)] == [
        "+12 %", "−50 %", "±0 %", "–", "−0.4 %",
    ]  # fmt: skip
    assert [window(each) for each in ("L7D", "L1D", "other")] == [
        "last 7 days", "last day", "other",
    ]  # fmt: skip
    assert [counted(each, "card") for each in (0, 1, 2)] == ["0 cards", "1 card", "2 cards"]
