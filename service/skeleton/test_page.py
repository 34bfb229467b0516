"""The page keeps the contract, alone and beside every other plugin that is installed."""

import json
import subprocess
import sys
from pathlib import Path


def test_the_page_keeps_the_contract(tmp_path: Path) -> None:
    check = ["plugins", "check", "--strict", "--json", "--data", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "shopace.service.cli", *check],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "vendor 0.1.0" in json.loads(done.stdout)["plugins"]
