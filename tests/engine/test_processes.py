"""Laws of several processes on one file: two writers, and clients of a worker."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.rivals import COUNT, RUNS, Go, asking, sticking, summing
from interlock.engine import Engine, RunCancelledError
from interlock.projections import History
from interlock.store.open import open_store

ROOT = Path(__file__).parents[2]


def program(job: str, path: Path) -> subprocess.Popen[str]:
    roots = [str(ROOT / name) for name in ("machines", "projections", "store", "tests")]
    return subprocess.Popen(
        [sys.executable, "-m", "engine.rivals", job, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
    )


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = program("serve", tmp_path / "runs.db")
    assert process.stdout is not None
    assert process.stdout.readline() == "driving\n"
    yield process
    process.kill()
    process.communicate()


async def test_of_two_writers_one_wins_each_version(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    rivals = [program("compete", path), program("compete", path)]
    for rival in rivals:
        assert rival.stdout is not None
        assert rival.stdout.readline() == "ready\n"
    for rival in rivals:
        assert rival.stdin is not None
        print("go", file=rival.stdin, flush=True)
    for rival in rivals:
        rival.communicate(timeout=50)
        assert rival.returncode == 0
    store = open_store(f"sqlite:///{path}", readonly=True)
    workers: set[str] = set()
    for number in range(RUNS):
        history = History(await store.read(f"run-{number}"))
        history.verify()
        state = history.replay()
        assert (state.status, state.image.plain(state.result)) == ("completed", sum(range(COUNT)))
        outcomes = Counter(
            getattr(event.body, "activity", "") for event in history.events
            if event.type == "StepSucceeded"
        )  # fmt: skip
        assert len(outcomes) == COUNT
        assert set(outcomes.values()) == {1}
        assert all(effect.status == "confirmed" for effect in history.ledger())
        workers |= {event.actor.id for event in history.events if event.actor.kind == "worker"}
    await store.close()
    assert 1 <= len(workers) <= 2


async def test_the_worker_sees_what_a_client_asks_for(
    tmp_path: Path, worker: subprocess.Popen[str]
) -> None:
    async with Engine(f"sqlite:///{tmp_path}/runs.db") as client:
        assert not client.driving
        total = await client.start(summing, 5, id="sum")
        assert await total.result() == 10
        asked = await client.start(asking, id="ask")
        await client.approve(asked, "boss", by="ann")
        await client.send(asked, Go())
        assert await asked.result() == "ann"
        stuck = await client.start(sticking, id="stuck")
        while await stuck.state() != "stuck":  # noqa: ASYNC110  another process moves it
            await asyncio.sleep(0.01)
        await client.cancel(stuck, reason="enough")
        with pytest.raises(RunCancelledError, match="enough"):
            await stuck.result()
        assert not client.driving


async def test_when_the_worker_dies_a_client_takes_over(
    tmp_path: Path, worker: subprocess.Popen[str]
) -> None:
    async with Engine(f"sqlite:///{tmp_path}/runs.db") as client:
        asked = await client.start(asking, id="ask")
        worker.kill()
        worker.wait()
        await client.approve(asked, "boss", by="ann")
        waiting = asyncio.ensure_future(asked.result())
        await client.send(asked, Go())
        assert await waiting == "ann"
        assert client.driving
