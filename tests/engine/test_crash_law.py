"""Law: killed anywhere and reopened, the end is the one of the run that was not killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.crash_scenario import RUNS, World
from interlock.projections import History
from interlock.store import crash
from interlock.store.open import open_store

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("INTERLOCK_PROFILE") == "long"
VISITS = range(1, 200) if LONG else (1, 2, 3, 5, 8, 13, 21)


class Scenario:
    """The program that forks a child for each job."""

    def __init__(
        self, module: str = "engine.crash_scenario", program: str = sys.executable
    ) -> None:
        roots = [str(ROOT / name) for name in ("machines", "projections", "store", "tests")]
        self.process = subprocess.Popen(
            [program, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
        )

    def run(self, folder: Path, point: str = "-", visit: int = 0) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(folder / "runs.db", folder / "world.db", point, visit, file=self.process.stdin)
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture(scope="module")
def scenario() -> Iterator[Scenario]:
    running = Scenario()
    yield running
    running.close()


def ends(folder: Path) -> dict[str, object]:
    return asyncio.run(_ends(folder))


async def _ends(folder: Path) -> dict[str, object]:
    """How every run ended, without times and ids."""
    store = open_store(f"sqlite:///{folder}/runs.db", readonly=True)
    found: dict[str, object] = {}
    for run in RUNS:
        history = History(await store.read(run))
        history.verify()
        state = history.replay()
        found[run] = {
            "state": state.state,
            "status": state.status,
            "result": state.image.plain(state.result),
            "error": None if state.error is None else (state.error.type, state.error.message),
            "decisions": sorted((d.name, d.granted, d.actor.id) for d in state.decisions),
            "ledger": sorted((e.activity, e.step, e.status) for e in history.ledger()),
        }
    await store.close()
    return found


def requests(folder: Path) -> dict[str, int]:
    world = World(folder / "world.db")
    try:
        return world.requests()
    finally:
        world.close()


@pytest.fixture(scope="module")
def uninterrupted(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, object], dict[str, int]]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    assert scenario.run(folder) == "done"
    return ends(folder), requests(folder)


POINTS = sorted(name for name in crash.POINTS if name.partition(".")[0] in ("engine", "store"))
"""Those that runs come to; each of the others has a law of its own."""


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_the_end_is_the_same(
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
            break  # the scenario is over before this visit
        killed += 1
        assert scenario.run(folder) == "done"
        assert ends(folder) == expected, f"killed at {point}, visit {visit}"
        seen = requests(folder)
        assert seen.keys() == world.keys(), "an effect is missing, or was made under another key"
        for key, count in seen.items():
            if "/wire#" in key or "/post#" in key:
                assert count == 1, f"{key} was requested twice, killed at {point} {visit}"
            else:
                assert count <= world[key] + 1
    assert killed, f"{point} was never reached"


def test_killed_again_and_again(
    scenario: Scenario,
    uninterrupted: tuple[dict[str, object], dict[str, int]],
    tmp_path: Path,
) -> None:
    expected, world = uninterrupted
    points = ["engine.before_append", "engine.after_append", "store.after_commit"]
    kills = 0
    while scenario.run(tmp_path, points[kills % 3], 2 + kills) != "done":  # each gets further
        kills += 1
    assert kills > 5
    assert ends(tmp_path) == expected
    assert requests(tmp_path).keys() == world.keys()
