"""Runs that spread out, in a store that several processes have open."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine.rivals import COUNT, ITEMS, spread
from engine.test_processes import program
from interlock.projections import History
from interlock.store.event import Event
from interlock.store.open import open_store

LONG = os.environ.get("INTERLOCK_PROFILE") == "long"


@pytest.fixture
def programs() -> Iterator[list[subprocess.Popen[str]]]:
    begun: list[subprocess.Popen[str]] = []
    yield begun
    for process in begun:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdin is not None
        print("go", file=process.stdin, flush=True)


async def histories(path: Path) -> list[History]:
    store = open_store(f"sqlite:///{path}", readonly=True)
    found = [History(await store.read(entry.run)) for entry in await store.entries()]
    await store.close()
    return found


def marks(world: Path) -> int:
    return world.read_text().count("\n") if world.exists() else 0


def outcomes(events: Sequence[Event]) -> Counter[str]:
    return Counter(
        getattr(event.body, "activity", "") for event in events if event.type == "StepSucceeded"
    )


def check(found: list[History], count: int) -> None:
    """Every call has one outcome in the log, and the results are right."""
    assert len(found) == 1 + count // 20
    for history in found:
        history.verify()
        state = history.replay()
        assert state.status == "completed"
        assert set(outcomes(history.events).values()) == {1}
        assert all(effect.status == "confirmed" for effect in history.ledger())
        if state.run == "spread":
            assert state.image.plain(state.result) == spread(count)
            assert outcomes(history.events).total() == 1 + count + 2 * (count // 4)


async def test_two_who_drive_one_run_record_each_outcome_once(
    tmp_path: Path, programs: list[subprocess.Popen[str]]
) -> None:
    path = tmp_path / "runs.db"
    programs += [program("rival", path), program("rival", path)]
    assert [line(one) for one in programs] == ["ready", "ready"]
    go(programs)
    for one in programs:
        one.communicate(timeout=50)
        assert one.returncode == 0
    check(await histories(path), COUNT * 2)


@pytest.mark.parametrize("done", [0.1, 0.5, 0.9] if LONG else [0.5])
async def test_when_the_worker_is_killed_another_goes_on(
    tmp_path: Path, programs: list[subprocess.Popen[str]], done: float
) -> None:
    path, world = tmp_path / "runs.db", tmp_path / "runs.db.world"
    programs.append(program("inherit", path))
    assert line(programs[0]) == "driving"
    programs.append(program("inherit", path))
    assert line(programs[1]) == "waiting"
    go(programs)
    wanted = int(done * ITEMS * 1.5)
    while marks(world) < wanted:  # noqa: ASYNC110  another process makes them
        await asyncio.sleep(0.002)
    programs[0].kill()
    programs[0].wait()
    assert line(programs[1]) == "done"
    found = await histories(path)
    check(found, ITEMS)
    workers = [{e.actor.id for e in h.events if e.actor.kind == "worker"} for h in found]
    assert len(set[str]().union(*workers)) == 2
    calls = Counter(world.read_text().split())
    assert calls.keys() == {
        f"{history.replay().run}/{name}" for history in found for name in outcomes(history.events)
    }
    assert max(calls.values()) <= 2
    assert sum(1 for times in calls.values() if times == 2) <= 10, "those in flight, no others"
