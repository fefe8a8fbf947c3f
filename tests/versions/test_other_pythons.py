"""Law: what one Python wrote until it was killed, another one brings to the same end, and back."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from engine.crash_scenario import RUNS
from engine.test_crash_law import Scenario, ends, requests
from interlock.store.open import open_store
from versions.pythons import OWN, others

POINTS = ["engine.before_append", "engine.after_append", "store.after_commit"]


def test_killed_under_one_python_and_brought_on_by_the_next(tmp_path: Path) -> None:
    if not others():
        pytest.skip("no other Python here has what it takes")
    programs = {OWN: sys.executable, **others()}
    scenarios = [Scenario(program=program) for program in programs.values()]
    alone, turns = tmp_path / "alone", tmp_path / "turns"
    alone.mkdir()
    turns.mkdir()
    try:
        assert scenarios[0].run(alone) == "done"
        kills = 0
        while _next(scenarios, kills).run(turns, POINTS[kills % 3], 2 + kills) != "done":
            kills += 1
    finally:
        for scenario in scenarios:
            scenario.close()
    assert kills > 5
    assert ends(turns) == ends(alone)
    assert requests(turns).keys() == requests(alone).keys()
    assert asyncio.run(_hashes(turns)) == asyncio.run(_hashes(alone))


def _next(scenarios: list[Scenario], turn: int) -> Scenario:
    return scenarios[turn % len(scenarios)]


async def _hashes(folder: Path) -> dict[str, str]:
    store = open_store(f"sqlite:///{folder}/runs.db", readonly=True)
    entries = [await store.entry(run) for run in RUNS]
    await store.close()
    return {entry.run: entry.hash for entry in entries if entry is not None}
