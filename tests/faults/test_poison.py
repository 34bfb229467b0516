"""Messages that nobody can read, and shops that kill whoever diagnoses them."""

import datetime as dt
from typing import Any

import msgspec
from tests.faults.conftest import House, Play, StartCluster

from shopace.core.results.store import ResultStore
from shopace.workers.broker import STARTS_ALONE
from shopace.workers.deadletters import dead_letters, replay

BASE = "shopace:v1:{broker}:shops"
POISON = (
    b"\xff\xfe no message",
    b"[1, 2, 3]",
    b'{"actor_name": "diagnose_block", "args": [',
)


def test_f10_messages_that_nobody_can_read(house: House, cluster: StartCluster, play: Play) -> None:
    house.ledger.enqueue(house.queue, house.jobs(1, 60))
    for number, body in enumerate(POISON):
        house.broker.hset(f"{BASE}.msgs", f"poison-{number}", body)
        neighbour = play.chance.choice(house.broker.lrange(BASE, 0, -1))
        house.broker.linsert(BASE, "BEFORE", neighbour, f"poison-{number}")
    workers = cluster(2)
    house.until(lambda: workers.events("child.ready"), "a worker", 60)
    ready = workers.events("child.ready")[0]["when"]
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    letters = dead_letters(house.broker)
    assert {each.reason for each in letters} == {"undecodable"}
    assert {body for body, _ in house.ledger.dead_letters()} == set(POISON), "F10 must fire"
    assert all(each.error for each in letters)
    assert not workers.events("child.died")
    died = [each for each in workers.events() if "Consumer encountered" in str(each["event"])]
    assert not died
    verdict = house.keep_promises()
    assert (verdict.done, verdict.dead) == (60, 0)
    last = max(each["when"] for each in workers.events("message.quarantined"))
    play.add("F10", "quarantined", f"{len(letters)} of {len(POISON)}")
    play.add("F10", "the last one after", last - ready, "s")
    play.add("F10", "neighbours done", f"{verdict.done} of 60")
    play.add("F10", "consumers that died", len(died))


def test_f11_a_shop_that_kills_its_process_is_found_alone(
    house: House, cluster: StartCluster, play: Play
) -> None:
    settings = house.settings
    poison = play.chance.choice(house.shops)
    workers = cluster(2, settings, poison_shop=poison)
    house.nightly()
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 90)
    (letter,) = dead_letters(house.broker)
    assert letter.reason == "kills_its_process"
    assert letter.job is not None
    assert letter.job.count == 1
    verdict = house.keep_promises()
    assert (verdict.done, verdict.dead) == (len(house.shops) - 1, 1)
    assert set(house.shops) - set(house.stored()) == {poison}, "exactly this one"
    deaths = workers.events("child.died")
    alone = [each for each in deaths if each["message"] == letter.id]
    assert 1 <= len(alone) <= STARTS_ALONE == 3, "F11 must fire"
    workers.kill()
    (again,) = replay(house.queue, ResultStore(house.results), [letter])
    healed = cluster(1)
    house.until(lambda: house.ledger.left() == 0, "the replayed one is done", 60)
    assert healed.events("job.finished")
    assert house.ledger.places()[poison] == (letter.job.as_of, again.fence)
    play.add("F11", "runs alone", len(alone))
    play.add("F11", "processes it cost", len(deaths))
    play.add("F11", "neighbours diagnosed", f"{verdict.done} of {len(house.shops) - 1}")
    play.add("F11", "dead letters", "1, replayed")


def test_f19_jobs_of_older_and_newer_schedulers(
    house: House, cluster: StartCluster, play: Play
) -> None:
    jobs = house.jobs(1, 6)
    plain = [msgspec.to_builtins(job) for job in jobs]
    newer = plain[0] | {"tenant": "later", "options": {"deep": [1, {"a": None}]}}
    older = {name: value for name, value in plain[1].items() if name != "policy"}
    renamed = plain[2] | {"as_of": (dt.date(2026, 1, 1)).isoformat() + "T00:00"}
    nobody = plain[3] | {"shop": None}
    bodies = {
        "newer": ("diagnose_shop", newer),
        "older": ("diagnose_shop", older),
        "retyped": ("diagnose_shop", renamed),
        "nobody": ("diagnose_shop", nobody),
        "unknown task": ("explain_shop", plain[4]),
        "newer message": ("diagnose_shop", plain[5]),
    }
    for name, (task, job) in bodies.items():
        message: dict[str, Any] = {
            "actor_name": task,
            "args": [job],
            "kwargs": {},
            "options": {"eta_hint": 7},
        }
        if name == "newer message":
            message |= {"trace": "abc", "priority": 3}
        house.broker.hset(f"{BASE}.msgs", name, msgspec.json.encode(message))
        house.broker.rpush(BASE, name)
    workers = cluster(1)
    house.until(lambda: house.ledger.left() == 0, "all jobs are at their end", 60)
    assert not workers.events("child.died")
    assert set(house.stored()) == {jobs[0].shop, jobs[5].shop}
    letters = {each.id: each for each in dead_letters(house.broker)}
    assert set(letters) == {"older", "retyped", "nobody", "unknown task"}
    assert all(each.reason == "refused" and each.error for each in letters.values())
    assert "policy" in letters["older"].error or "job" in letters["older"].error
    play.add("F19", "jobs of newer schedulers done", f"{len(house.stored())} of 2")
    play.add("F19", "others dead-lettered with a reason", f"{len(letters)} of 4")
    play.add("F19", "processes lost", len(workers.events("child.died")))
