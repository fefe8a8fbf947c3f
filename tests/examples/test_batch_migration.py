"""The story of docs/examples/batch_migration.md, with a process that is really killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from examples.pages import FOLDER, printed
from interlock.engine import Engine
from interlock.store.clock import stopwatch

LONG = os.environ.get("INTERLOCK_PROFILE") == "long"
COUNT, KILLED = (
    (50_000, 47_000) if LONG else (400, 100)
)  # early: on a busy machine the signal comes late
RUN = ["run", "batch_migration:migration", "--input", "-", "--id-field", "id"]
WORK = ["work", "batch_migration", "--until-idle"]


def interlock(*words: str, folder: Path) -> subprocess.Popen[str]:
    code = "from interlock.cli import main; main()"
    roots = [str(FOLDER), *filter(None, sys.path)]
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
    )


def moved(folder: Path) -> tuple[int, int]:
    """Customers in the new table, and how often they were written in all."""
    with closing(sqlite3.connect(folder / "shop.db")) as shop:
        rows = shop.execute("SELECT count(*), coalesce(sum(writes), 0) FROM new")
        customers, writes = rows.fetchone()
        return int(customers), int(writes)


@pytest.mark.timeout(3000 if LONG else 120)
async def test_a_killed_migration_repeats_only_what_was_under_way(tmp_path: Path) -> None:
    filling = [sys.executable, str(FOLDER / "batch_migration.py"), str(COUNT)]
    process = await asyncio.create_subprocess_exec(*filling, cwd=tmp_path)
    assert await process.wait() == 0
    began = stopwatch()
    worker = interlock(*RUN, folder=tmp_path)
    assert worker.stdin is not None
    print('{"id": "move-1"}', file=worker.stdin, flush=True)
    worker.stdin.close()
    worker.stdin = None  # for communicate
    while moved(tmp_path)[0] < KILLED:
        assert worker.poll() is None
        await asyncio.sleep(0.002)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert worker.returncode == -signal.SIGKILL
    killed = stopwatch()
    written, _ = moved(tmp_path)
    assert KILLED <= written < COUNT - 1
    shutil.copytree(tmp_path, tmp_path / "killed")
    printed(
        "batch_migration", f"sqlite:///{tmp_path}/killed/interlock.db", under="Killed",
        numbers=False,
    )  # fmt: skip

    resumed = stopwatch()
    said, _ = interlock(*WORK, folder=tmp_path).communicate()
    print(f"{COUNT}: {killed - began:.1f} s, resumed {stopwatch() - resumed:.1f} s; {written}")
    assert f'completed with {{"moved": {COUNT - 1}, "failed": ["customer 77"]}}' in said
    customers, writes = moved(tmp_path)
    assert customers == COUNT - 1
    assert customers <= writes <= customers + 5

    store = f"sqlite:///{tmp_path}/interlock.db"
    printed("batch_migration", store, under="Resumed", numbers=False)
    async with Engine(store, worker=False) as engine:
        history = await (await engine.get("move-1")).history()
    history.verify()
    calls = [event for event in history.events if event.type == "StepScheduled"]
    again = [event for event in history.events if event.type == "StepRecalled"]
    assert len(calls) == COUNT + 1
    assert 1 <= len(again) <= 5
