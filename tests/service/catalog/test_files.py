"""The catalogue's files say what the plugins declare, and nothing about the machine."""

import json
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from shopace.core.host.registry import Registry
from shopace.core.vocabulary.units import CATEGORIES
from shopace.core.warehouse.handwritten import validator
from shopace.core.warehouse.policy import Policy
from shopace.service import schemas
from shopace.service.catalog import files
from shopace.service.catalog.build import build, shipped
from shopace.service.catalog.markdown import anchor
from shopace.service.catalog.pages import pages
from shopace.service.catalog.records import Catalogue

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return files.generate()


@pytest.fixture(scope="module")
def catalogue(generated: dict[str, str]) -> Catalogue:
    return msgspec.json.decode(generated[files.DOCUMENT], type=Catalogue)


@pytest.fixture(scope="module")
def product() -> tuple[Registry, Policy]:
    registry, policy, _ = shipped()
    return registry, policy


def test_generating_twice_gives_the_same_bytes(generated: dict[str, str]) -> None:
    assert files.generate() == generated


def test_there_is_an_index_and_a_page_for_each_category(generated: dict[str, str]) -> None:
    assert {f"{category}.md" for category in CATEGORIES} | {"README.md", "catalog.json"} <= set(
        generated
    )
    links = re.findall(r"\]\((\w+)\.md\)", generated["README.md"])
    assert [each for each in links if each in CATEGORIES] == list(CATEGORIES)


def test_every_metric_task_line_and_measure_is_in_it(
    catalogue: Catalogue, product: tuple[Registry, Policy]
) -> None:
    registry, policy = product
    categories = catalogue.categories
    assert {m.key for each in categories for m in each.metrics} == set(registry.metrics)
    assert {t.key for each in categories for t in each.tasks} == set(registry.templates)
    assert Counter(line.key for each in categories for line in each.lines) == Counter(
        line.key for line in policy.lines
    )
    assert {each.key for each in catalogue.measures} == set(registry.measures)
    assert catalogue.fingerprint == registry.fingerprint


def test_a_page_has_a_heading_for_each_of_its_metrics_and_tasks(
    generated: dict[str, str], catalogue: Catalogue
) -> None:
    for category in catalogue.categories:
        there = anchors(generated[f"{category.category}.md"])
        wanted = [anchor(each.title, each.key) for each in category.metrics]
        wanted += [anchor(each.title, each.key.partition(".")[2]) for each in category.tasks]
        assert not [each for each in wanted if each not in there]


def anchors(page: str) -> list[str]:
    """Of every heading, as forges make them; escapes and code marks do not show."""
    shown = [
        re.sub(r"\\(.)|`", r"\1", line).lstrip("# ").lower()
        for line in page.splitlines()
        if line.startswith("#")
    ]
    return ["#" + re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in shown]


def test_no_two_headings_of_a_page_have_one_anchor(generated: dict[str, str]) -> None:
    for name, page in generated.items():
        if name.endswith(".md"):
            assert not [each for each, count in Counter(anchors(page)).items() if count > 1], name


def test_every_link_is_relative_and_leads_somewhere(generated: dict[str, str]) -> None:
    dead = []
    for name, page in generated.items():
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"(?<!\\)\]\(([^)]+)\)", page):
            path, _, fragment = target.partition("#")
            if path and path not in generated:
                found = not path.startswith("/") and (ROOT / "docs" / "catalog" / path).exists()
            else:
                found = not fragment or f"#{fragment}" in anchors(generated[path or name])
            dead += [] if found else [f"{name}: {target}"]
    assert not dead


def test_the_document_is_what_its_schema_describes(generated: dict[str, str]) -> None:
    (one,) = [each for each in schemas.DOCUMENTS if each.name == "catalogue"]
    schema = json.loads(schemas.generate()[one.file])
    assert validator(schema).is_valid(json.loads(generated[files.DOCUMENT]))


def test_pages_and_document_come_from_the_same_records(
    generated: dict[str, str], catalogue: Catalogue
) -> None:
    assert pages(catalogue) == {k: v for k, v in generated.items() if k != files.DOCUMENT}


def test_nothing_tells_of_a_machine_or_an_hour(generated: dict[str, str]) -> None:
    text = "".join(generated.values())
    assert str(ROOT) not in text
    assert not re.search(r"\d\d:\d\d:\d\d", text)


def test_regions_are_told_by_the_name_of_their_group(catalogue: Catalogue) -> None:
    regions = {region for each in catalogue.categories for line in each.lines
               for region in line.regions}  # fmt: skip
    assert {"*", "US", "EU"} <= regions
    assert "FR" not in regions


def test_a_group_that_no_pack_names_is_told_by_its_members(
    product: tuple[Registry, Policy],
) -> None:
    registry, policy = product
    regions = {region for each in build(registry, policy, {}).categories for line in each.lines
               for region in line.regions}  # fmt: skip
    assert "FR" in regions


def test_lines_and_conditions_are_told_in_words(catalogue: Catalogue) -> None:
    tasks = {each.key: each for category in catalogue.categories for each in category.tasks}
    condition = tasks["supply_scale.list_products"].only_if[0]
    assert condition.words == "Sell-through share: 30 % or more"
    assert condition.parameter == "supply_scale.enough_sells_line"
    assert condition.value == condition.default == 0.3
    points = tasks["policy_violations.stop_at_24_points"].fires_when
    assert points.words == "The shop has 24 penalty points or more."
    lines = {each.key: each for category in catalogue.categories for each in category.lines}
    assert lines["sps_drop_week"].words == (
        "Shop Performance Score fell since 7 days ago by more than 0.5"
    )
    assert lines["sps_2_5"].requires == "Completed orders of 90 days: 30 or more"


def test_a_missing_stale_or_orphaned_page_is_found_and_written(
    tmp_path: Path, generated: dict[str, str]
) -> None:
    assert len(files.write(tmp_path)) == len(generated)
    assert not files.write(tmp_path)
    (tmp_path / "ads.md").unlink()
    (tmp_path / "catalog.json").write_text("{}\n")
    (tmp_path / "gone.md").write_text(generated["campaigns.md"], "utf-8")
    (tmp_path / "by_hand.md").write_text("# Mine\n")
    assert {(each.where, each.what) for each in files.check(tmp_path)} == {
        ("ads.md", "is missing"),
        ("catalog.json", "is not what the plugins say"),
        ("gone.md", "nothing stands behind it"),
    }
    assert {each.name for each in files.write(tmp_path)} == {"ads.md", "catalog.json", "gone.md"}
    assert not files.check(tmp_path)
    assert (tmp_path / "by_hand.md").exists()
