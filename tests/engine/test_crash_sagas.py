"""Law: killed anywhere (by a real SIGKILL), a saga is undone as one that was not killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.test_crash_law import LONG, Scenario, requests
from interlock.projections import History
from interlock.store.contract import Filter
from interlock.store.joining import ChildEnded
from interlock.store.open import open_store
from interlock.store.vocabulary import StepSucceeded, UndoScheduled

VISITS = range(1, 200) if LONG else (4, 15)
POINTS = [
    "store.before_commit", "store.after_commit", "engine.before_append", "engine.after_append",
    "engine.after_step", "engine.before_undo", "engine.after_undo", "engine.command_accepted",
]  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Iterator[Scenario]:
    running = Scenario("engine.crash_sagas")
    yield running
    running.close()


def ends(folder: Path) -> dict[str, object]:
    return asyncio.run(_ends(folder))


async def _ends(folder: Path) -> dict[str, object]:
    """How every run ended: what may come in another order, sorted."""
    store = open_store(f"sqlite:///{folder}/runs.db", readonly=True)
    found: dict[str, object] = {}
    for entry in await store.entries(Filter()):
        history = History(await store.read(entry.run))
        history.verify()
        state = history.replay()
        assert _undone(history) == _done(history)[::-1]
        compensation = state.compensation
        found[entry.run] = {
            "status": state.status,
            "error": None if state.error is None else (state.error.type, state.error.message),
            "undone": [] if compensation is None else sorted(compensation.undone),
            "by hand": [] if compensation is None else compensation.by_hand,
            "ledger": sorted((e.activity, e.step, e.status) for e in history.ledger()),
        }
    await store.close()
    return found


def _done(history: History) -> list[str]:
    kinds = (StepSucceeded, ChildEnded)
    bodies = [event.body for event in history.events if isinstance(event.body, kinds)]
    return [body.activity for body in bodies if body.undoable]


def _undone(history: History) -> list[str]:
    return [event.body.of for event in history.events if isinstance(event.body, UndoScheduled)]


@pytest.fixture(scope="module")
def uninterrupted(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, object], dict[str, int]]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    assert scenario.run(folder) == "done"
    return ends(folder), requests(folder)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_the_same_is_undone(
    scenario: Scenario,
    uninterrupted: tuple[dict[str, object], dict[str, int]],
    tmp_path: Path,
    point: str,
) -> None:
    expected, world = uninterrupted
    killed = 0
    for visit in VISITS:
        folder = tmp_path / str(visit)
        folder.mkdir()
        if scenario.run(folder, point, visit) == "done":
            break
        killed += 1
        assert scenario.run(folder) == "done"
        assert ends(folder) == expected, f"killed at {point}, visit {visit}"
        seen = requests(folder)
        assert seen.keys() == world.keys(), "an effect is missing, or was made under another key"
        assert all(count <= world[key] + 1 for key, count in seen.items())
    assert killed, f"{point} was never reached"


def test_killed_again_and_again(
    scenario: Scenario,
    uninterrupted: tuple[dict[str, object], dict[str, int]],
    tmp_path: Path,
) -> None:
    expected, world = uninterrupted
    points = ["engine.before_append", "engine.after_append", "engine.after_undo"]
    kills = 0
    while scenario.run(tmp_path, points[kills % 3], 3) != "done":  # each pass gets a little further
        kills += 1
    assert kills > 5
    assert ends(tmp_path) == expected
    assert requests(tmp_path).keys() == world.keys()
