"""Law: killed anywhere (by a real SIGKILL), a run is migrated once, or not yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.test_crash_law import LONG, Scenario, requests
from interlock.projections import History
from interlock.store.changing import RunMigrated
from interlock.store.open import open_store

VISITS = range(1, 60) if LONG else (2, 4)
POINTS = [
    "store.before_commit", "store.after_commit", "engine.before_append", "engine.after_append",
    "engine.before_step", "engine.command_accepted",
]  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Iterator[Scenario]:
    running = Scenario("engine.crash_migration")
    yield running
    running.close()


async def _end(folder: Path) -> tuple[object, int]:
    store = open_store(f"sqlite:///{folder}/runs.db", readonly=True)
    history = History(await store.read("run"))
    await store.close()
    history.verify()
    moved = [event for event in history.events if isinstance(event.body, RunMigrated)]
    hashes = [event.hash for event in history.events]
    assert hashes == sorted(hashes, key=hashes.index)  # one, and from some event on the other
    state = history.replay()
    return state.image.plain(state.result), len(moved)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_a_run_is_migrated_once(
    scenario: Scenario, tmp_path: Path, point: str
) -> None:
    for visit in VISITS:
        folder = tmp_path / str(visit)
        folder.mkdir()
        if scenario.run(folder, point, visit) == "done":
            break  # it is over before this visit
        assert scenario.run(folder) == "done"
        assert asyncio.run(_end(folder)) == (["begun 7", "migrated 700", 700], 1)
        assert max(requests(folder).values()) <= 2
