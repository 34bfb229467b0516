"""Workers whose plugins fail: what is published, on a real server."""

import msgspec
import pytest
import redis
from tests.workers.conftest import Marketplace

from shopace.core.host.discovery import load_sources, sources
from shopace.core.host.registry import Registry
from shopace.core.records.diagnosis import Diagnosis
from shopace.core.records.job import Job
from shopace.core.results.reader import DiagnosisReader
from shopace.core.warehouse.policy import save_policy
from shopace.plugins import BUILTIN
from shopace.workers.actors import Workbench, diagnose_job

BROKEN = tuple(dotted.rpartition(".")[2] for dotted in BUILTIN[::2])


def broken() -> object:
    raise ImportError("half an upgrade")


def half_upgraded() -> Registry:
    """Of a machine on which every other plugin cannot be imported."""
    found = sources(BUILTIN, use_entry_points=False)
    return load_sources(
        [each._replace(load=broken) if each.name in BROKEN else each for each in found]
    )


def job_of(made: Marketplace, fence: int, **more: object) -> dict[str, object]:
    job = Job(
        run="by-hand",
        as_of=made.snapshot.manifest.as_of,
        fence=fence,
        snapshot=made.snapshot.id,
        policy=made.policy.id,
        **more,  # type: ignore[arg-type]
    )
    told: dict[str, object] = msgspec.to_builtins(job)
    return told


def stored(client: redis.Redis, shops: list[str]) -> dict[str, Diagnosis]:
    reader = DiagnosisReader(client)
    return {shop: found.diagnosis for shop in shops if (found := reader.get(shop)) is not None}


@pytest.mark.parametrize("alone", [False, True])
def test_a_worker_without_some_plugins_publishes_their_last_cards_and_their_day(
    marketplace: Marketplace, results_client: redis.Redis, alone: bool
) -> None:
    made = marketplace
    save_policy(made.policy, made.settings.policies)
    shops = made.snapshot.block(0).shops
    jobs = [{"shop": shop} for shop in shops] if alone else [{"block": 0}]
    whole = Workbench(made.settings, made.inputs.registry, results_client)
    for each in jobs:
        diagnose_job(whole, job_of(made, 1, **each))
    before = stored(results_client, shops)

    half = Workbench(made.settings, half_upgraded(), results_client)
    for fence in (2, 2, 3):
        for each in jobs:
            report = diagnose_job(half, job_of(made, fence, **each))
            assert report.partial == report.shops
        after = stored(results_client, shops)
        kept = 0
        for shop, diagnosis in after.items():
            marked = {each.template for each in diagnosis.cards if each.stale_since is not None}
            assert {each.partition(".")[0] for each in marked} <= set(BROKEN)
            assert marked <= {each.template for each in before[shop].cards}
            assert all(
                each.stale_since in {None, made.snapshot.manifest.as_of} for each in diagnosis.cards
            )
            kept += len(marked)
        assert kept
