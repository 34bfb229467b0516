"""benchmarks: what top peers show, and of whom it is not known."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from tests.service.cli.test_plugins import METRIC, PAGE, package

Call = Callable[..., Result]


def test_peers_that_a_plugin_failed_at_are_told_with_its_version(
    call: Call, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGE.format(
        hook="shopace_plugin",
        key="fails",
        category="ads",
        declares=METRIC.format(key="fails.orders", measure="fails.orders")
        + """, Measure(key="fails.orders", title="t", unit=Unit.COUNT, derived_from=("orders",),
                       channels=(Channel.SHOP,))""",
    )
    package(
        tmp_path, "fails", f"{page}@hookimpl\ndef shopace_derive(view): raise OSError('none')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    failure = "plugin fails 2.0: shopace_derive: OSError: none"
    result = call("benchmarks", "build", "--data", data)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == f"{failure}: no peers in 3 blocks of 3"
    (told,) = json.loads(call("benchmarks", "build", "--data", data, "--json").stdout)["failures"]
    assert told == {"plugin": "fails", "why": failure, "blocks": [0, 1, 2]}
