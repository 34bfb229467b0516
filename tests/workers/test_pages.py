"""The pages for readers and schedulers: what they show works as it stands there."""

import re
from pathlib import Path

import pytest
import redis
from tests.conftest import Until
from tests.workers.conftest import BLOCK_SHOPS, BLOCKS, Marketplace

from shopace.workers.queue import queue_depth
from shopace.workers.supervisor import Supervisor

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def python_blocks(page: str) -> list[str]:
    text = (DOCS / page).read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_python_of_both_pages_runs(
    marketplace: Marketplace,
    results_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    until: Until,
) -> None:
    monkeypatch.setenv("SHOPACE_BROKER_URL", marketplace.settings.broker_url)
    monkeypatch.setenv("SHOPACE_RESULTS_URL", marketplace.settings.results_url)
    monkeypatch.setenv("SHOPACE_DATA", str(marketplace.settings.data))
    shop = marketplace.snapshot.block(0).shops[0]
    pages = [*python_blocks("scheduling.md"), *python_blocks("reading-results.md")]
    assert len(pages) == 4
    with (
        Supervisor(marketplace.settings, processes=1),
        redis.Redis.from_url(marketplace.settings.broker_url) as broker,
    ):
        for block in pages:
            shortened = block.replace("10023", shop).replace("wait_seconds=60", "wait_seconds=0")
            assert shop in shortened or "events" in shortened
            exec(compile(shortened, "a page", "exec"), {})
            until(lambda: queue_depth(broker)["shops"][:2] == (0, 0), "no shop waits")
    printed = capsys.readouterr().out
    total = BLOCKS * BLOCK_SHOPS
    assert f"{total} of {total}" in printed
    assert printed.count("('new',)") == 1 + total + 1, "of both single shops and the night"


def test_the_fields_that_the_page_names_are_those_of_the_hash(
    marketplace: Marketplace, results_client: redis.Redis
) -> None:
    from shopace.core.pipeline.run import diagnose_shop
    from shopace.core.results.store import ResultStore

    shop = marketplace.snapshot.block(0).shops[0]
    ResultStore(results_client).write([diagnose_shop(marketplace.inputs, shop)], fence=1)
    text = (DOCS / "reading-results.md").read_text("utf-8")
    (section,) = re.findall(r"^\| field \|.*?\n\n", text, re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    stored = results_client.hkeys(f"shopace:v1:diagnosis:{{{shop}}}")
    assert named == {field.decode() for field in stored}  # type: ignore[union-attr]
