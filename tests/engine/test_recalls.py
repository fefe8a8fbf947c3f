"""Calls that were interrupted: made again, counted, and after some times left to a person."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import BadDefinition, Retry, current, step, workflow
from interlock.projections import Effect, History
from interlock.store.clock import ManualClock
from interlock.store.open import open_store
from interlock.store.vocabulary import StepRecalled

ROOT = Path(__file__).parents[2]
CALLS: list[str] = []
FATE: list[str] = []
"""What becomes of the next calls: `stuck` (until the engine is closed), `raises`, or `ok`."""


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    CALLS.clear()
    FATE.clear()
    yield
    assert len(set(CALLS)) <= 2, "a call was made under another key"


async def called() -> None:
    CALLS.append(current().key)
    fate = FATE.pop(0) if FATE else "ok"
    if fate == "stuck":
        await asyncio.Event().wait()
    if fate == "raises":
        raise OSError("not now")


@step(interruptions=3, retry=Retry(attempts=9, initial="1 hour", maximum="1 hour", jitter=0))
async def work() -> str:
    await called()
    return "done"


@workflow(name="recalled")
async def recalled() -> str:
    return await work()


async def unwork() -> None:
    await called()


@step(compensate=unwork, interruptions=2)
async def undoable() -> str:
    return "did"


@step
async def broken() -> None:
    raise ValueError("broken")


@workflow(name="recalled-undo")
async def undoing() -> None:
    await undoable()
    await broken()


async def effect_of(store: Troubled, run: str = "run") -> Effect:
    return History(await store.read(run)).ledger()[0]


async def stuck(engine: Engine, calls: int) -> None:
    """Wait until so many calls were made."""
    while len(CALLS) < calls:  # noqa: ASYNC110  a step tells no one
        await asyncio.sleep(0)


@given(st.integers(min_value=0, max_value=5))
def test_the_ledger_counts_every_call(deaths: int) -> None:
    CALLS.clear()
    asyncio.run(_the_ledger_counts(deaths))


async def _the_ledger_counts(deaths: int) -> None:
    """Against the calls that the world saw: with interruptions=3 there are at most three."""
    store = Troubled()
    for life in range(deaths + 1):
        FATE[:] = ["stuck"] if life < deaths else ["ok"]
        calls = len(CALLS)
        async with Engine(store, machines=[recalled]) as engine:
            await engine.start(recalled, id="run")
            if life < min(deaths, 3):
                await stuck(engine, calls + 1)
                continue
            await engine.settle()
    history = History(await store.read("run"))
    state = history.state()
    (effect,) = history.ledger()
    assert effect.attempts + effect.interruptions == len(CALLS) == min(deaths + 1, 3)
    assert state.status == ("completed" if deaths < 3 else "in doubt")
    assert effect.status == ("confirmed" if deaths < 3 else "in doubt")


async def in_doubt() -> Troubled:
    """A run whose step was interrupted three times."""
    store = Troubled()
    for number in range(3):
        FATE[:] = ["stuck"]
        async with Engine(store, machines=[recalled]) as engine:
            await engine.start(recalled, id="run")
            await stuck(engine, number + 1)
    FATE.clear()
    return store


async def test_what_is_in_doubt_says_why_and_is_called_again_when_a_person_says_so() -> None:
    store = await in_doubt()
    async with Engine(store, machines=[recalled]) as engine:
        await engine.settle()
        (entry,) = await engine.runs()
        assert (entry.status, entry.waits_for) == ("in doubt", "resolve work")
        assert len(CALLS) == 3
        await engine.resolve("run", "work", happened=None, by="ann", reason="more memory")
        assert await (await engine.get("run")).result() == "done"
    effect = await effect_of(store)
    assert (effect.status, effect.attempts, effect.interruptions) == ("confirmed", 1, 3)
    assert len(CALLS) == 4


async def test_a_person_may_also_know_what_happened() -> None:
    store = await in_doubt()
    async with Engine(store, machines=[recalled]) as engine:
        await engine.settle()
        await engine.resolve("run", "work", happened=True, result="by hand", by="ann")
        assert await (await engine.get("run")).result() == "by hand"
    assert len(CALLS) == 3


async def test_after_a_persons_word_it_has_as_many_lives_again() -> None:
    store = await in_doubt()
    for number in range(3):
        FATE[:] = ["stuck"]
        async with Engine(store, machines=[recalled]) as engine:
            if number == 0:
                await engine.settle()
                await engine.resolve("run", "work", happened=None, by="ann")
            await stuck(engine, 4 + number)
    async with Engine(store, machines=[recalled]) as engine:
        await engine.settle()
        assert await (await engine.get("run")).status() == "in doubt"
    assert len(CALLS) == 6


async def test_the_first_call_of_what_a_client_started_is_no_recall() -> None:
    store = Troubled()
    async with Engine(store, machines=[recalled], worker=False) as client:
        await client.start(recalled, id="run")
    FATE[:] = ["stuck"]
    async with Engine(store, machines=[recalled]) as engine:
        await stuck(engine, 1)
        assert (await effect_of(store)).interruptions == 0
    async with Engine(store, machines=[recalled]) as engine:
        assert await (await engine.get("run")).result() == "done"
    bodies = [e.body for e in await store.read("run") if isinstance(e.body, StepRecalled)]
    assert [body.interruptions for body in bodies] == [0, 1]
    assert (await effect_of(store)).interruptions == 1


async def test_on_the_ordinary_way_nothing_more_is_recorded() -> None:
    store = Troubled()
    async with Engine(store, machines=[recalled]) as engine:
        async with Engine(store, machines=[recalled], worker=False) as client:
            await client.start(recalled, id="client's")
        engine.wake("client's")
        for run in (await engine.start(recalled, id="own"), await engine.get("client's")):
            assert await run.result() == "done"
            types = [event.type for event in await store.read(run.id)]
            assert types == ["RunStarted", "StepScheduled", "StepSucceeded", "RunCompleted"]


async def test_a_backoff_that_outlives_its_worker_was_not_interrupted() -> None:
    store, clock = Troubled(), ManualClock()
    FATE[:] = ["raises"]
    async with Engine(store, machines=[recalled], clock=clock) as engine:
        await engine.start(recalled, id="run")
        await engine.settle()
    for _ in range(5):
        async with Engine(store, machines=[recalled], clock=clock) as engine:
            await engine.settle()
    async with Engine(store, machines=[recalled], clock=clock) as engine:
        await engine.settle()
        clock.set(clock.now() + timedelta(hours=2))
        await engine.tick()
        assert await (await engine.get("run")).result() == "done"
    effect = await effect_of(store)
    assert (effect.attempts, effect.interruptions) == (2, 0)


async def test_each_attempt_has_its_own_lives() -> None:
    store, clock = Troubled(), ManualClock()
    fates = ["stuck", "stuck", "raises", "stuck", "stuck", "ok"]
    for number, fate in enumerate(fates, 1):
        FATE[:] = [fate]
        async with Engine(store, machines=[recalled], clock=clock) as engine:
            await engine.start(recalled, id="run")
            clock.set(clock.now() + timedelta(hours=2))
            await engine.tick()
            await stuck(engine, number)
            if fate != "stuck":
                await engine.settle()
    effect = await effect_of(store)
    assert (effect.status, effect.attempts, effect.interruptions) == ("confirmed", 2, 4)


async def test_an_undo_that_is_interrupted_too_often_is_given_up() -> None:
    store = Troubled()
    for number in range(2):
        FATE[:] = ["stuck"]
        async with Engine(store, machines=[undoing]) as engine:
            await engine.start(undoing, id="run")
            await stuck(engine, number + 1)
    async with Engine(store, machines=[undoing]) as engine:
        await engine.settle()
    undo = History(await store.read("run")).ledger()[-1]
    assert (
        undo.error
        == "Interrupted: its process died in 2 calls of this attempt, one after the other"
    )
    assert len(CALLS) == 2


def test_a_step_has_one_life_at_least() -> None:
    with pytest.raises(BadDefinition, match="1 or more"):
        step(interruptions=0)


@pytest.mark.parametrize("deaths", [2, 9])
def test_a_step_that_kills_its_process(tmp_path: Path, deaths: int) -> None:
    """Real processes, really killed: with interruptions=4 it is called four times and no more."""
    roots = [str(ROOT / name) for name in ("machines", "projections", "store", "tests")]
    arguments = [str(tmp_path / "runs.db"), str(tmp_path / "calls"), str(deaths)]
    codes = [
        subprocess.run(
            [sys.executable, "-m", "engine.poison", *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
            check=False,
        ).returncode
        for _ in range(min(deaths, 4) + 1)
    ]
    assert codes == [-signal.SIGKILL] * min(deaths, 4) + [0]
    effect, status = asyncio.run(_look(tmp_path / "runs.db"))
    assert (tmp_path / "calls").stat().st_size == effect.attempts + effect.interruptions
    assert (effect.status, status, effect.interruptions) == (
        ("confirmed", "completed", 2) if deaths == 2 else ("in doubt", "in doubt", 3)
    )


async def _look(path: Path) -> tuple[Effect, str]:
    store = open_store(f"sqlite:///{path}", readonly=True)
    history = History(await store.read("run"))
    history.verify()
    await store.close()
    return history.ledger()[0], history.state().status
