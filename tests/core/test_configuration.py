"""What operators set in `shopace.toml`, and what is said about a file that cannot be used."""

import re
from pathlib import Path

import pytest

from shopace.core.configuration import Configuration, load_configuration
from shopace.core.errors import ConfigurationError
from shopace.core.vocabulary.gmv_ranges import DEFAULT_GMV_RANGES, ranges_for
from shopace.core.vocabulary.tiers import DEFAULT_LADDERS, TierLadder, ladder_for


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shopace.toml"


def problems(file: Path, text: str) -> dict[str, str]:
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file)
    return {each.where: str(each) for each in caught.value.problems}


def ladder(*lines: float, region: str = "BR", levels: list[int] | None = None) -> str:
    """A `[[tiers]]` with steps that begin at `lines`, numbered from 0."""
    numbers = levels if levels is not None else range(len(lines))
    steps = ", ".join(
        f'{{ level = {level}, name = "N{level}", gmv_from = {line} }}'
        for level, line in zip(numbers, lines, strict=True)
    )
    return f'[[tiers]]\nregion = "{region}"\ncurrency = "BRL"\nsteps = [{steps}]\n'


def test_without_a_file_the_defaults_hold() -> None:
    assert load_configuration(None) == Configuration()
    assert Configuration().ladders == DEFAULT_LADDERS


def test_an_empty_file_changes_nothing_but_the_name_of_the_source(file: Path) -> None:
    file.write_text("")
    assert load_configuration(file) == Configuration(source="shopace.toml")


def test_a_file_sets_lines_switches_off_and_adds_ladders(file: Path) -> None:
    file.write_text(
        '[parameters]\n"core.aa_floor" = 0.2\n"core.ab_peers" = 10\n'
        '[disable]\nplugins = ["campaigns"]\ntemplates = ["ads.raise_budget"]\n'
        + ladder(0, 0, 60_000)
    )
    found = load_configuration(file)
    assert found.parameters == {"core.aa_floor": 0.2, "core.ab_peers": 10.0}
    assert (found.disabled_plugins, found.disabled_templates) == (
        ("campaigns",),
        ("ads.raise_budget",),
    )
    own = ladder_for(found.ladders, "BR", "BRL")
    assert own is not None
    assert [step.gmv_from for step in own.steps] == [0, 0, 60_000]


def test_a_ladder_of_ones_own_takes_the_place_of_the_shipped_one_and_of_no_other(
    file: Path,
) -> None:
    file.write_text(ladder(0, 0, 5_000, region="*").replace("BRL", "USD") + ladder(0, 0, 9_000))
    found = load_configuration(file).ladders
    assert len(found) == 2
    everywhere = ladder_for(found, "US", "USD")
    assert everywhere is not None
    assert everywhere.steps[-1].gmv_from == 5_000


def test_a_region_prefers_its_own_ladder_to_that_of_all_regions(file: Path) -> None:
    file.write_text(ladder(0, 0, 5_000, region="*") + ladder(0, 0, 9_000, region="BR"))
    found = load_configuration(file).ladders

    def last(region: str) -> float:
        fits = ladder_for(found, region, "BRL")
        assert isinstance(fits, TierLadder)
        return fits.steps[-1].gmv_from

    assert (last("BR"), last("AR")) == (9_000, 5_000)
    assert ladder_for(found, "BR", "EUR") is None


# --- files that cannot be used ----------------------------------------------------------------


def test_all_problems_are_told_at_once_each_with_its_place(file: Path) -> None:
    told = problems(
        file,
        'parameter = 1\n[parameters]\n"core.aa_floor" = "much"\n[disable]\nplugin = ["ads"]\n'
        "[zzz]\n",
    )
    assert told == {
        "shopace.toml: parameter": "shopace.toml: parameter: unknown section "
        '(did you mean "parameters"?)',
        'shopace.toml: parameters."core.aa_floor"': 'shopace.toml: parameters."core.aa_floor": '
        "'much' is no finite number",
        "shopace.toml: disable": "shopace.toml: disable: Object contains unknown field `plugin`",
        "shopace.toml: zzz": "shopace.toml: zzz: unknown section",
    }


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (ladder(0, 0, 500, 500), "`gmv_from` must ascend"),
        (ladder(0, 0, 900, 500), "`gmv_from` must ascend"),
        (ladder(0, 100, 500), "level 1 begins at 0"),
        (ladder(0), "level 1 begins at 0"),
        (ladder(0, 0, 500, levels=[0, 1, 3]), "levels must count up from 0"),
        (ladder(0, 0, 500, levels=[1, 2, 3]), "levels must count up from 0"),
    ],
)
def test_a_ladder_that_is_none_is_refused(file: Path, wrong: str, what: str) -> None:
    assert what in problems(file, ladder(0, 0, 500) + wrong)["shopace.toml: tiers[1]"]


def test_every_wrong_ladder_is_told(file: Path) -> None:
    told = problems(file, ladder(0, 5) + ladder(0, 0, 500) + ladder(0, 0, 9, 9))
    assert set(told) == {"shopace.toml: tiers[0]", "shopace.toml: tiers[2]"}


def test_every_parameter_that_is_no_number_is_told_by_its_name(file: Path) -> None:
    told = " ".join(problems(file, '[parameters]\n"core.a" = "x"\n"core.b" = "y"\n').values())
    assert "core.a" in told
    assert "core.b" in told


def test_two_ladders_of_one_region_and_currency_are_refused(file: Path) -> None:
    assert problems(file, ladder(0, 0, 500) + ladder(0, 0, 900))


def test_a_line_that_is_no_finite_number_is_refused(file: Path) -> None:
    for line in ("nan", "inf"):
        text = ladder(0, 0, 500, 900).replace("500", line)
        assert "tiers[0]" in "".join(problems(file, text))


@pytest.mark.parametrize(
    "content", [b"[parameters", b'"core.aa_floor" = 1\n"core.aa_floor" = 2\n', b"name = \xff\n"]
)
def test_a_file_that_is_no_toml_is_a_sentence(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"^{re.escape(str(file))} cannot be read: "):
        load_configuration(file)


def test_a_file_that_is_not_there_is_a_sentence(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{re.escape(str(file))} cannot be read: "):
        load_configuration(file)


DEFAULT_PACKS = (("package", "default.json"),)


def test_policy_packs_lie_beside_the_file_and_come_on_top_of_the_default_ones(file: Path) -> None:
    file.write_text('[policy]\npacks = ["ours.json"]\n')
    configuration = load_configuration(file)
    assert configuration.packs(DEFAULT_PACKS) == (*DEFAULT_PACKS, file.parent / "ours.json")


def test_the_default_policy_packs_can_be_left_out(file: Path) -> None:
    file.write_text('[policy]\npacks = ["ours.json"]\nuse_default = false\n')
    assert load_configuration(file).packs(DEFAULT_PACKS) == (file.parent / "ours.json",)


def test_a_campaign_that_ends_before_it_starts_is_refused(file: Path) -> None:
    told = problems(
        file,
        '[[campaigns]]\nname = "Fair"\nstarts_on = 2026-11-27\nends_on = 2026-11-26\n',
    )
    assert told == {
        "shopace.toml: campaigns[0]": "shopace.toml: campaigns[0]: ends before it starts"
    }


def test_gmv_ranges_of_ones_own_take_the_place_of_the_shipped_ones_of_the_currency(
    file: Path,
) -> None:
    file.write_text('[[gmv_ranges]]\ncurrency = "BRL"\nlines = [0, 5_000, 50_000]\n')
    found = load_configuration(file).gmv_ranges
    own, shipped = ranges_for(found, "BRL"), ranges_for(found, "USD")
    assert own is not None
    assert shipped is not None
    assert own.labels == ("0-5k", "5k-50k", "50k+")
    assert shipped.label(30_000) == shipped.label(99_999.99) == "30k-100k"
    assert ranges_for(found, "GBP") is None


def test_a_range_begins_at_its_line_and_a_missing_amount_has_none() -> None:
    (ranges,) = DEFAULT_GMV_RANGES
    assert [ranges.label(each) for each in (0, 999.99, 1_000, 300_000, 1e9)] == [
        "0-1k",
        "0-1k",
        "1k-3k",
        "300k+",
        "300k+",
    ]
    assert ranges.label(None) == ""


@pytest.mark.parametrize("lines", ["[]", "[1, 2]", "[0, 5, 5]", "[0, nan]", "[0, inf]"])
def test_gmv_ranges_that_do_not_ascend_from_0_are_refused(file: Path, lines: str) -> None:
    found = problems(file, f'[[gmv_ranges]]\ncurrency = "BRL"\nlines = {lines}\n')
    assert list(found) == ["shopace.toml: gmv_ranges[0]"]


def test_gmv_ranges_of_one_currency_come_once(file: Path) -> None:
    one = '[[gmv_ranges]]\ncurrency = "BRL"\nlines = [0, 5]\n'
    assert list(problems(file, one + one)) == ["shopace.toml: gmv_ranges[1]"]


def test_a_ladder_carries_what_each_tier_unlocks(file: Path) -> None:
    text = ladder(0, 0, 500).replace('name = "N1"', 'name = "N1", benefits = ["Guides", "Chat"]')
    file.write_text(text)
    own = ladder_for(load_configuration(file).ladders, "BR", "BRL")
    assert own is not None
    assert [step.benefits for step in own.steps] == [(), ("Guides", "Chat"), ()]


def test_the_shipped_ladder_names_no_benefits_for_its_source_names_none() -> None:
    assert {step.benefits for ladder in DEFAULT_LADDERS for step in ladder.steps} == {()}


@pytest.mark.parametrize(
    ("benefits", "what"),
    [
        ('[" "]', "level 1: an empty text in `benefits`"),
        ('["a\\u202Eb"]', "level 1: a control character in `benefits`"),
        (f'["{"x" * 301}"]', "level 1: a text of 301 characters in `benefits`, 300 at most"),
        (str(["x"] * 21), "level 1: 21 benefits, 20 at most"),
    ],
)
def test_a_benefit_that_nobody_could_read_is_refused(file: Path, benefits: str, what: str) -> None:
    text = ladder(0, 0, 500).replace('name = "N1"', f'name = "N1", benefits = {benefits}')
    assert problems(file, text) == {"shopace.toml: tiers[0]": f"shopace.toml: tiers[0]: {what}"}


def test_two_levels_of_one_name_are_refused(file: Path) -> None:
    told = problems(file, ladder(0, 0, 500).replace('"N2"', '"N1"'))
    assert told == {"shopace.toml: tiers[0]": 'shopace.toml: tiers[0]: two levels are called "N1"'}


def test_incentive_programmes_lie_beside_the_file_and_there_are_none_of_ours(file: Path) -> None:
    file.write_text('[incentives]\nprogrammes = ["incentives.json"]\n')
    assert load_configuration(file).incentive_files == (file.parent / "incentives.json",)
    assert Configuration().incentive_files == ()
