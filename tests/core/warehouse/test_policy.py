"""Policy packs: which line holds where and when, and what is said about a pack that cannot be."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shopace.core.errors import PolicyError
from shopace.core.host.discovery import load_registry
from shopace.core.vocabulary.triggers import Crosses
from shopace.core.vocabulary.units import Window
from shopace.core.warehouse.policy import (
    MAX_BYTES,
    Policy,
    PolicyLine,
    load_policy,
    load_saved,
    save_policy,
    unfit,
)
from shopace.core.warehouse.regions import REGIONS
from shopace.plugins import BUILTIN, POLICY_PACKS

Row = dict[str, Any]
Write = Callable[..., Path]
CRITERION = {"of": "seller_center", "title": "Fewer than {line} points"}
TODAY = dt.date(2026, 10, 31)


def row(key: str, step: float, **other: Any) -> Row:
    return {
        "key": key,
        "ladder": "points",
        "metric": "penalty_points",
        "at": "least",
        "value": step,
        "level": "medium",
        "rule": "The shop has {line} points or more.",
        "loses": "Campaigns",
        "regions": ["*"],
        "effective_from": "2024-01-01",
        "source": "S2",
        **other,
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def pack(*rows: Row, name: str = "default.json", **other: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"schema": "shopace.policy/1", "lines": rows, **other}))
        return path

    return pack


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load_policy(POLICY_PACKS)


def keys(policy: Policy, date: dt.date, region: str, ladder: str) -> list[str]:
    return [line.key for line in policy.lines_on(date, region) if line.ladder == ladder]


def problems(*packs: Path) -> dict[str, str]:
    with pytest.raises(PolicyError) as caught:
        load_policy(packs)
    return {problem.where: problem.what for problem in caught.value.problems}


# --- which line holds where and when --------------------------------------------------------


def test_a_past_date_is_judged_by_the_rows_of_that_date(shipped: Policy) -> None:
    last, first = dt.date(2025, 3, 31), dt.date(2025, 4, 1)
    points = ["points_12", "points_24", "points_36", "points_48"]
    assert keys(shipped, last, "US", "penalty_points") == points
    assert keys(shipped, last, "US", "health_rating") == []
    assert keys(shipped, first, "US", "penalty_points") == []
    assert keys(shipped, first, "US", "health_rating") == [
        "health_below_green",
        "health_150",
        "health_100",
        "health_50",
        "health_0",
    ]


def test_a_row_holds_from_its_first_day_until_the_day_before_its_end(write: Write) -> None:
    path = write(row("twelve", 12, effective_to="2024-03-01"))
    policy = load_policy([path])
    days = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-01"]
    held = [keys(policy, dt.date.fromisoformat(day), "US", "points") for day in days]
    assert held == [[], ["twelve"], ["twelve"], []]


def test_regions_without_rows_of_their_own_are_judged_by_the_star(shipped: Policy) -> None:
    assert keys(shipped, TODAY, "TH", "penalty_points") == keys(
        shipped, TODAY, "", "penalty_points"
    )
    assert keys(shipped, TODAY, "TH", "penalty_points")[0] == "points_12"
    assert keys(shipped, TODAY, "TH", "health_rating") == []


def test_a_region_with_a_ladder_of_its_own_is_judged_by_it_alone_on_all_dates(
    write: Write,
) -> None:
    own = row("nine", 9, regions=["US"], effective_to="2025-01-01")
    policy = load_policy([write(row("twelve", 12), own)])
    assert keys(policy, dt.date(2024, 6, 1), "US", "points") == ["nine"]
    assert keys(policy, dt.date(2025, 6, 1), "US", "points") == []
    assert keys(policy, dt.date(2025, 6, 1), "GB", "points") == ["twelve"]


def test_a_row_for_a_group_holds_for_the_group_and_its_members(write: Write) -> None:
    path = write(row("nine", 9, regions=["SEA"]), region_groups={"SEA": ["TH", "VN"]})
    policy = load_policy([path])
    held = {region: keys(policy, TODAY, region, "points") for region in ("SEA", "TH", "vn", "US")}
    assert held == {"SEA": ["nine"], "TH": ["nine"], "vn": ["nine"], "US": []}


def test_german_shops_are_judged_by_the_ladder_of_the_eu(shipped: Policy) -> None:
    assert keys(shipped, TODAY, "DE", "health_rating") == keys(
        shipped, TODAY, "EU", "health_rating"
    )
    assert keys(shipped, TODAY, "UK", "health_rating") == keys(
        shipped, TODAY, "GB", "health_rating"
    )
    assert keys(shipped, TODAY, "DE", "penalty_points") == []


@given(
    date=st.dates(dt.date(2022, 1, 1), dt.date(2030, 1, 1)),
    region=st.sampled_from([*sorted(REGIONS), "", "nowhere"]),
)
def test_on_any_date_in_any_region_a_ladder_ascends_without_repeating(
    shipped: Policy, date: dt.date, region: str
) -> None:
    lines = shipped.lines_on(date, region)
    severity = ("low", "medium", "high")
    for ladder in {line.ladder for line in lines}:
        steps = [line for line in lines if line.ladder == ladder]
        assert len({step.key for step in steps}) == len(steps)
        for step, after in pairwise(steps):
            assert step.rung < after.rung
            assert severity.index(step.level) <= severity.index(after.level)
            assert step.next == after.key
        assert steps[-1].next is None


# --- which shops stand on a line ------------------------------------------------------------


def line_of(policy: Policy, key: str) -> PolicyLine:
    return next(line for line in policy.lines if line.key == key)


@pytest.mark.parametrize(
    ("key", "values", "reached"),
    [
        ("points_12", [11.9, 12, 47, np.nan], [False, True, True, False]),
        ("points_48", [47, 48, 49], [False, True, True]),
        ("health_below_green", [200, 199], [False, True]),
        ("health_150", [151, 150], [False, True]),
        ("health_0", [1, 0, -3], [False, True, True]),
        ("sps_3_5", [3.5, 3.49, np.nan], [False, True, False]),
        ("sps_2_5", [2.5, 2.4], [False, True]),
        ("eligibility_points", [12, 13], [False, True]),
        ("eligibility_orders", [100, 99], [False, True]),
        ("eligibility_sps", [4.0, 3.9], [False, True]),
        ("eligibility_followers", [1000, 999], [False, True]),
        ("fraud_found", [0, 1], [False, True]),
        ("appeal_ending", [8, 7], [False, True]),
        ("removed_tenth", [0.099, 0.1], [False, True]),
    ],
)
def test_a_line_is_reached_at_its_boundary_as_the_source_says(
    shipped: Policy, key: str, values: list[float], reached: list[bool]
) -> None:
    assert line_of(shipped, key).reached(np.array(values)).tolist() == reached


@pytest.mark.parametrize(
    ("key", "now", "before", "reached"),
    [
        ("health_drop_week", 180, 200, False),
        ("health_drop_week", 179, 200, True),
        ("health_drop_day", 220, 199, False),
        ("sps_drop_week", 1.7, 2.2, False),
        ("sps_drop_week", 1.6, 2.2, True),
        ("sps_drop_day", np.nan, 4.0, False),
        ("sps_drop_day", 3.0, np.nan, False),
    ],
)
def test_a_drop_counts_what_was_lost_since_the_period_before(
    shipped: Policy, key: str, now: float, before: float, *, reached: bool
) -> None:
    assert line_of(shipped, key).reached(np.array([now]), np.array([before])).tolist() == [reached]


# --- the shipped pack -----------------------------------------------------------------------


def test_the_schema_is_a_valid_one_and_accepts_the_shipped_pack() -> None:
    schema = json.loads(files("shopace.schemas").joinpath("policy-pack.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    for package, resource in POLICY_PACKS:
        pack = json.loads(files(package).joinpath(resource).read_bytes())
        assert not list(Draft202012Validator(schema).iter_errors(pack))


def test_every_line_is_judged_by_a_declared_metric_and_every_risk_task_stands_on_a_line(
    shipped: Policy,
) -> None:
    risk = [name for name in BUILTIN if ".risk." in name]
    registry = load_registry(
        [*risk, "shopace.plugins.empowerment.campaigns"], use_entry_points=False
    )
    assert not registry.rejected
    assert not unfit(shipped, registry.metrics, registry.measures)
    triggers = [each.trigger for each in registry.templates.values()]
    crossed = {trigger.line for trigger in triggers if isinstance(trigger, Crosses)}
    assert crossed <= {line.key for line in shipped.lines}


def test_every_step_of_a_ladder_with_tasks_has_one(shipped: Policy) -> None:
    risk = [name for name in BUILTIN if ".risk." in name]
    registry = load_registry(risk, use_entry_points=False)
    triggers = [each.trigger for each in registry.templates.values()]
    crossed = {trigger.line for trigger in triggers if isinstance(trigger, Crosses)}
    ladders = {line.ladder for line in shipped.lines if line.key in crossed}
    assert {line.key for line in shipped.lines if line.ladder in ladders} <= crossed


def test_a_line_of_ours_is_marked_as_default(shipped: Policy) -> None:
    listing = [line for line in shipped.lines if line.ladder in {"removed_listings", "gmv_at_risk"}]
    assert {line.source for line in listing} == {"default"}


def test_the_score_is_judged_only_with_thirty_orders_in_ninety_days(shipped: Policy) -> None:
    for line in shipped.lines:
        if line.metric == "sps":
            assert line.requires is not None
            assert (line.requires.metric, line.requires.window) == ("completed_orders", Window.L90D)
            assert line.requires.at_least == 30


def test_a_line_over_an_undeclared_metric_window_or_measure_is_told(write: Write) -> None:
    gate = {"metric": "penalty_points", "window": "L90D", "at_least": 1}
    policy = load_policy(
        [
            write(
                row("a", 1, ladder="a", metric="penalty_point"),
                row("b", 1, ladder="b", requires=gate),
                row("c", 1, ladder="c", stake={"measure": "gmw"}),
                row("d", 1, ladder="d", deadline={"measure": "days", "of": "oders"}),
            )
        ]
    )
    registry = load_registry(["shopace.plugins.risk.policy_violations"], use_entry_points=False)
    told = [problem.what for problem in unfit(policy, registry.metrics, registry.measures)]
    assert told == [
        'unknown metric "penalty_point"',
        "metric penalty_points is not computed for channel shop in window L90D",
        'unknown measure "gmw" at stake',
        'unknown measure "days" of its deadline',
        'unknown measure "oders" to act on',
    ]


# --- packs that cannot be -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"effective_from": "2024-02-30"}, "effective_from", "no date of the calendar"),
        ({"effective_from": "soon"}, "effective_from", "does not fit pattern"),
        ({"effective_to": "2023-12-31"}, "effective_to", "not after effective_from 2024-01-01"),
        ({"next": "thirteen"}, "next", 'no line "thirteen"'),
        ({"regions": ["XQ"]}, "regions", '"XQ" is no region code'),
        ({"regions": ["*", "US"]}, "regions", "needs no company"),
        ({"at": "leest"}, "at", '"leest" is none of least, most, above, below'),
        ({"value": "12"}, "value", '"12" is not of type number'),
        ({"value": True}, "value", "true is not of type number"),
        ({"value": 1e13}, "value", "does not fit maximum"),
        ({"window": "L14D"}, "window", "none of L1D"),
        ({"rule": "{points} points"}, "rule", "cannot fill in points"),
        ({"rule": "{line!r}"}, "rule", "cannot fill in line!"),
        ({"rule": "a { brace"}, "rule", "cannot fill in an open brace"),
        ({"loses": "{line} days"}, "loses", "cannot fill in line"),
        ({"kind": "drop", "window": "L90D"}, "window", "L90D has none"),
        ({"criterion": CRITERION}, "level", "a criterion that is missed is low"),
        ({"criterion": CRITERION, "level": "low", "kind": "drop"}, "criterion", "not a drop"),
        ({"criterion": {**CRITERION, "title": "{at}"}}, "criterion.title", "cannot fill in at"),
        ({"criterion": {**CRITERION, "of": "badge"}}, "criterion.of", "none of seller_center"),
        ({"lasts_days": 0}, "lasts_days", "does not fit minimum"),
        ({"deadline": {"of": "orders"}}, "deadline", '"measure" is missing'),
        ({"kind": "drop", "at": "most"}, "at", "a drop is at least or above"),
        (
            {"requires": {"metric": "orders", "at_least": 1}},
            "requires",
            '"window" is missing',
        ),
    ],
)
def test_a_wrong_field_is_told_with_its_path(
    write: Write, change: Row, where: str, what: str
) -> None:
    good = row("other", 1, ladder="other")
    assert (
        what
        in problems(write(good, row("twelve", 12, **change)))[f"default.json: lines[1].{where}"]
    )


def test_a_missing_and_an_unknown_field_are_told_with_their_row(write: Write) -> None:
    without = {key: value for key, value in row("a", 1).items() if key != "source"}
    with pytest.raises(PolicyError) as caught:
        load_policy([write(without, row("b", 1, ladder="b", vallue=3))])
    assert [str(problem) for problem in caught.value.problems] == [
        'default.json: lines[0]: "source" is missing',
        'default.json: lines[1]: unknown "vallue" (did you mean "value"?)',
    ]


def test_overlapping_rows_of_one_line_and_region_are_told(write: Write) -> None:
    first = row("twelve", 12, regions=["US", "GB"], effective_to="2025-01-01")
    second = row("twelve", 12, regions=["GB", "FR"], effective_from="2024-12-31")
    assert problems(write(first, second)) == {
        "default.json: lines[1].effective_from": (
            '"twelve" overlaps with default.json: lines[0], in force until 2025-01-01 (GB)'
        )
    }


def test_a_gap_in_the_dates_of_a_line_is_told(write: Write) -> None:
    first = row("twelve", 12, effective_to="2025-01-01")
    second = row("twelve", 12, effective_from="2025-01-02")
    assert problems(write(second, first)) == {
        "default.json: lines[0].effective_from": (
            '"twelve" has a gap from 2025-01-01, where default.json: lines[1] ends (*)'
        )
    }


def test_rows_that_follow_each_other_to_the_day_are_one_line(write: Write) -> None:
    first = row("twelve", 12, effective_to="2025-01-01")
    second = row("twelve", 10, effective_from="2025-01-01")
    policy = load_policy([write(first, second)])
    (line,) = policy.lines_on(dt.date(2025, 1, 1), "US")
    assert line.value == 10


def test_a_row_of_another_pack_can_overlap_too(write: Write) -> None:
    one, two = write(row("twelve", 12), name="one.json"), write(row("twelve", 9), name="two.json")
    assert (
        "overlaps with one.json: lines[0]"
        in problems(one, two)["two.json: lines[0].effective_from"]
    )


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"value": 12}, "lines[1].value", '"b" stands at 12 like "a"'),
        ({"level": "low"}, "lines[1].level", '"b" is low, the step before it medium'),
        ({"value": 6, "next": None}, "lines[1].next", 'no step does not follow, "a" does'),
        ({"metric": "health_rating"}, "lines[1]", "judges another thing"),
        ({"at": "most", "value": 1}, "lines[0]", "judges another thing"),
        ({"next": "a"}, "lines[1].next", '"a" does not follow, no step does'),
    ],
)
def test_a_ladder_that_does_not_ascend_is_told(
    write: Write, change: Row, where: str, what: str
) -> None:
    told = problems(write(row("a", 12, next="b"), row("b", 24, **change)))
    assert what in told[f"default.json: {where}"]


DAYS = ("2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01")


@st.composite
def ladders(draw: st.DrawFn) -> list[Row]:
    """Up to five rows of one ladder, most of which fit together."""
    rows = []
    for at in range(draw(st.integers(1, 5))):
        begin = draw(st.integers(0, 2))
        end = draw(st.integers(begin + 1, 3) | st.none())
        rows.append(row(
            f"k{at}", draw(st.sampled_from([at, at, at, 1, 9])),
            next=draw(st.sampled_from([f"k{at + 1}", None, None, f"k{at + 2}"])),
            level=draw(st.sampled_from(["medium", "medium", "medium", "high"])),
            metric=draw(st.sampled_from(["points", "points", "points", "points", "other"])),
            regions=draw(st.lists(st.sampled_from(["US", "GB"]), min_size=1, unique=True)),
            effective_from=DAYS[begin], **({} if end is None else {"effective_to": DAYS[end]}),
        ))  # fmt: skip
    keys = {each["key"] for each in rows}
    for each in rows:
        if each["next"] not in keys:
            del each["next"]
    return rows


def climbs(rows: Sequence[Row]) -> bool:
    """Whether these rows, all in force together, are a ladder."""
    ordered = sorted(rows, key=lambda each: each["value"])
    return all(
        low["value"] < high["value"]
        and low["metric"] == high["metric"]
        and (low["level"], high["level"]) != ("high", "medium")
        and low.get("next") == high["key"]
        for low, high in pairwise(ordered)
    ) and (not ordered or ordered[-1].get("next") is None)


@given(rows=ladders())
def test_a_pack_is_taken_when_its_ladder_climbs_in_every_region_on_every_day(
    rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "drawn.json"
    path.write_text(json.dumps({"schema": "shopace.policy/1", "lines": rows}))
    stands = all(
        climbs([
            each
            for each in rows
            if region in each["regions"]
            and each["effective_from"] <= day < each.get("effective_to", "9")
        ])
        for region in ("US", "GB")
        for day in DAYS
    )  # fmt: skip
    try:
        load_policy([path])
    except PolicyError:
        assert not stands
    else:
        assert stands


def test_a_line_belongs_to_one_ladder(write: Write) -> None:
    second = row("twelve", 12, ladder="other", regions=["US"])
    assert (
        'ladder "points" and of "other"'
        in problems(write(row("twelve", 12), second))["default.json: lines[1].ladder"]
    )


def test_all_problems_of_all_packs_are_told_at_once(write: Write, tmp_path: Path) -> None:
    one = write(
        row("a", 12, effective_to="2023-01-01"),
        row("b", 24, ladder="broken", value="24"),
        row("c", 36, ladder="c", next="d", regions=["XQ"]),
        name="one.json",
    )
    two = write(row("e", 1, ladder="e", level="severe"), name="two.json")
    assert set(problems(one, two, tmp_path / "three.json")) == {
        "one.json: lines[0].effective_to",
        "one.json: lines[1].value",
        "one.json: lines[2].next",
        "one.json: lines[2].regions",
        "two.json: lines[0].level",
        "three.json",
    }


def test_a_row_of_wrong_shape_does_not_make_others_look_wrong(write: Write) -> None:
    path = write(row("a", 12, next="b"), row("b", 24, next="c", level="?"), row("c", 36))
    assert set(problems(path)) == {"default.json: lines[1].level"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"schema": NaN}',
        b'{"schema": "shopace.policy/1", "lines": [{"value": Infinity}]}',
        b'{"schema": "shopace.policy/1", "lines": [{"value": 1e999}]}',
        b'{"lines": [], "lines": []}',
        b"\xff\xfe",
        b" " * (MAX_BYTES + 1),
    ],
)
def test_a_file_that_is_no_strict_json_or_too_large_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "default.json"
    path.write_bytes(content)
    assert problems(path)["default.json"].startswith("cannot be read: ")


@pytest.mark.parametrize("document", ["[]", "1", '"lines"', "{}", '{"lines": {}}', '{"lines": []}'])
def test_json_of_another_shape_is_refused(tmp_path: Path, document: str) -> None:
    path = tmp_path / "default.json"
    path.write_text(document)
    assert problems(path)


def test_a_pack_of_another_major_version_is_refused(write: Write) -> None:
    path = write(row("a", 1), schema="shopace.policy/2")
    assert problems(path)["default.json: schema"] == (
        '"shopace.policy/2" is not "shopace.policy/1"'
    )


def test_a_missing_package_resource_is_a_sentence() -> None:
    with pytest.raises(PolicyError, match=r"nothing\.json: cannot be read"):
        load_policy([("shopace.plugins.risk", "nothing.json")])
    with pytest.raises(PolicyError, match="No module named"):
        load_policy([("shopace.nothing", "default.json")])


def test_no_pack_at_all_is_an_error_and_not_a_healthy_marketplace() -> None:
    with pytest.raises(PolicyError, match="no policy pack"):
        load_policy([])


# --- identity and pinning -------------------------------------------------------------------


def test_the_id_follows_the_content_and_not_its_order(write: Write) -> None:
    one, two = row("a", 1, ladder="a"), row("b", 2, ladder="b")
    first, second = write(one, two, name="1.json"), write(two, one, name="2.json")
    other = write(one, row("b", 3, ladder="b"), name="3.json")
    assert load_policy([first]) == load_policy([second])
    assert load_policy([first]).id != load_policy([other]).id


def test_a_pinned_policy_comes_back_as_it_was(shipped: Policy, tmp_path: Path) -> None:
    path = save_policy(shipped, tmp_path / "policies")
    assert path == tmp_path / "policies" / f"{shipped.id}.json"
    assert save_policy(shipped, tmp_path / "policies") == path
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert load_saved(path.parent, shipped.id) == shipped


def test_a_pinned_policy_can_be_read_by_the_user_that_workers_run_as(
    shipped: Policy, tmp_path: Path
) -> None:
    path = save_policy(shipped, tmp_path / "policies")
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_policy_changed_after_it_was_pinned_is_refused(shipped: Policy, tmp_path: Path) -> None:
    path = save_policy(shipped, tmp_path)
    path.write_text(path.read_text().replace('"value": 12', '"value": 13', 1))
    with pytest.raises(PolicyError, match="changed after it was pinned"):
        load_saved(tmp_path, shipped.id)


def test_a_half_written_policy_is_refused(shipped: Policy, tmp_path: Path) -> None:
    path = save_policy(shipped, tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(PolicyError, match="cannot be read"):
        load_saved(tmp_path, shipped.id)


def test_a_policy_that_was_never_pinned_is_refused_whatever_its_name(tmp_path: Path) -> None:
    for name in ("policy-00000000", "../secrets", ""):
        with pytest.raises(PolicyError, match="is not in"):
            load_saved(tmp_path, name)
