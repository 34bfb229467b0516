"""The files under deploy/ say what the command line and the settings say."""

import re
import shlex
from pathlib import Path

import click

from shopace.service.cli.worker import command
from shopace.workers.endpoint import PATHS
from shopace.workers.settings import Settings, settings_from_environment
from shopace.workers.supervisor import _BEYOND_GRACE_SECONDS, _LAST_WORDS_SECONDS

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
GRACE_SECONDS = Settings(broker_url="", results_url="", data=Path()).grace_seconds
LONGEST_SECONDS = GRACE_SECONDS + _BEYOND_GRACE_SECONDS + _LAST_WORDS_SECONDS
SUPERVISOR_MB = 1024
"""And files that are mapped."""


def read(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def found(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.MULTILINE)


def accept(arguments: list[str]) -> click.Context:
    program, name, *rest = arguments
    assert (Path(program).name, name) == ("shopace", "worker")
    return command.make_context(name, rest)


def test_the_unit_starts_a_worker_and_gives_it_time_to_end() -> None:
    text = read("shopace-worker.service")
    (line,) = found(r"^ExecStart=(.*)$", text)
    assert accept(shlex.split(line)).params["metrics_port"] == 9191
    (stop,) = found(r"^TimeoutStopSec=(\d+)$", text)
    assert int(stop) > LONGEST_SECONDS
    assert found(r"^Type=(.*)$", text) == ["notify"]
    assert found(r"^WatchdogSec=(\d+)$", text)


def test_the_deployment_starts_a_worker_and_asks_what_it_answers() -> None:
    text = read("kubernetes.yaml")
    (arguments,) = found(r"args: \[(.*)\]$", text)
    context = accept([each.strip().strip('"') for each in arguments.split(",")])
    assert str(context.params["metrics_port"]) in found(r"containerPort: (\d+)", text)
    assert context.params["metrics_host"] == "0.0.0.0"
    assert set(found(r"path: (/\w+z)", text)) < set(PATHS)
    (grace,) = found(r"terminationGracePeriodSeconds: (\d+)", text)
    assert int(grace) > LONGEST_SECONDS
    environ = dict(re.findall(r"\{name: (SHOPACE_\w+), value: \"(.*)\"\}", text))
    assert list(environ) == ["SHOPACE_MEMORY_MB"]
    servers = {"SHOPACE_BROKER_URL": "redis://b", "SHOPACE_RESULTS_URL": "redis://r"}
    settings = settings_from_environment(environ | servers)
    (limit,) = found(r"limits: \{memory: (\d+)Gi\}", text)
    processes = context.params["processes"]
    assert processes * settings.memory_mb + SUPERVISOR_MB <= int(limit) * 1024
