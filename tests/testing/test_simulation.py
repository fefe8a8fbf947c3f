"""The engine under simulation, and simulation itself: it repeats, it finds, it shrinks."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.engine import core, driver
from interlock.engine.timers import TimerService
from interlock.projections import RunState
from interlock.store import Appended, Clock, Commit, Store, Timer
from interlock.store.backends.memory import MemoryStore
from interlock.store.prepared import Prepared
from interlock.testing import SimulationFailed, simulate
from interlock.testing.simulation.shrink import shrink
from testing.simulated import (
    Basket,
    Declined,
    SimulatedOrder,
    charge,
    simulated_everything,
    simulated_purchase,
)

LONG = settings().max_examples > 1000
ORDERS, WORKFLOWS = (3000, 1500) if LONG else (10, 4)


def test_the_engine_holds_with_workflows_that_use_everything() -> None:
    done = simulate(simulated_everything, inputs=[1, 2], seeds=WORKFLOWS)
    assert done.seeds == WORKFLOWS
    assert done.runs.total() > WORKFLOWS
    assert done.calls > done.runs.total()
    assert done.faults.total() > WORKFLOWS


def test_the_engine_holds_with_lifecycles() -> None:
    done = simulate(SimulatedOrder, seeds=ORDERS)
    assert done.runs["completed"] > ORDERS


def test_a_seed_is_the_same_simulation_each_time() -> None:
    for seed in (1, 2):
        first, second = (
            simulate(simulated_everything, inputs=[1, 2], seeds=[seed]).last for _ in range(2)
        )
        assert first is not None
        assert second is not None
        assert first.trace.lines == second.trace.lines
        assert first.trace.digest == second.trace.digest


DIGESTS = """
from interlock.testing import simulate
from testing.simulated import SimulatedOrder, simulated_everything
for machine in (SimulatedOrder, simulated_everything):
    done = simulate(machine, seeds=[4], actions=12)
    print(done.last.trace.digest)
"""


def test_a_seed_is_the_same_simulation_in_every_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": "."},
    )
    assert done.returncode == 0, done.stderr
    machines = (SimulatedOrder, simulated_everything)
    here = [simulate(machine, seeds=[4], actions=12).last for machine in machines]
    assert done.stdout.split() == [one.trace.digest for one in here if one is not None]
    assert len(done.stdout.split()) == 2


def test_other_seeds_are_other_simulations() -> None:
    digests = {
        one.trace.digest
        for seed in range(6)
        if (one := simulate(SimulatedOrder, seeds=[seed]).last) is not None
    }
    assert len(digests) == 6


def test_chance_goes_on_as_if_there_had_been_no_simulation() -> None:
    import random

    random.seed(7)
    expected = random.random()
    random.seed(7)
    simulate(SimulatedOrder, seeds=1)
    assert random.random() == expected
    assert len({os.urandom(8), os.urandom(8)}) == 2


async def test_it_can_be_called_where_a_loop_runs() -> None:
    loop = asyncio.get_running_loop()
    assert simulate(SimulatedOrder, seeds=1).seeds == 1
    assert asyncio.get_running_loop() is loop
    await asyncio.sleep(0)


# What it finds


def found(machine: Any, **options: Any) -> SimulationFailed:
    """What simulation says about something that is broken."""
    with pytest.raises(SimulationFailed) as caught:
        simulate(machine, **options)
    return caught.value


def test_timers_that_do_not_fire_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: TimerService, timers: object) -> None: ...

    monkeypatch.setattr(TimerService, "add", nothing)
    failed = found(SimulatedOrder, seeds=20)
    assert any("a timer is due and does not fire" in one for one in failed.wrong)
    assert failed.faults == []


def test_runs_that_nobody_recovers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(_: core.Core) -> tuple[list[Timer], list[str]]:
        return [], []

    monkeypatch.setattr(core, "unfinished", nothing)
    failed = found(simulated_purchase, inputs=[1], seeds=30)
    assert any("and nothing moves it" in one or "does not fire" in one for one in failed.wrong)
    assert failed.faults


def test_an_outcome_that_is_dropped_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = driver.Driver._decide  # pyright: ignore[reportPrivateUsage]  # to break it

    def forgetful(self: Any, session: Any, mover: Any) -> None:
        decide(self, session, mover)
        self._over.clear()  # before it is known whether the commit was kept

    monkeypatch.setattr(driver.Driver, "_decide", forgetful)
    failed = found(simulated_purchase, inputs=[1], seeds=200)
    assert any("though its outcome was recorded" in one for one in failed.wrong)
    assert failed.faults


class Forgetful(MemoryStore):
    """Acknowledges a commit in ten that it does not keep."""

    count = 0

    def _keep(self, prepared: Prepared) -> Appended:
        self.count += 1
        return prepared.stored(1) if self.count % 10 == 0 else super()._keep(prepared)


class Unfenced(MemoryStore):
    """Takes every commit, wherever its stream is."""

    async def append(self, commit: Commit) -> Appended:
        here = await self.head(commit.entry.run)
        return await super().append(
            Commit(here, commit.entry, commit.drafts, commit.at, commit.correlation)
        )


@pytest.mark.parametrize("kind", [Forgetful, Unfenced])
def test_a_store_that_breaks_its_contract_is_found(kind: type[MemoryStore]) -> None:
    def store(clock: Clock) -> Store:
        return kind(clock=clock)

    failed = found(SimulatedOrder, seeds=20, store=store)
    assert failed.wrong


def test_a_failure_says_what_it_takes_and_comes_again() -> None:
    def nothing_is_interrupted(run: RunState) -> bool:
        return all(not activity.interruptions for activity in run.pending.values())

    options: dict[str, Any] = {"inputs": [1], "invariants": [nothing_is_interrupted]}
    failed = found(simulated_purchase, seeds=60, **options)
    assert 1 <= len(failed.faults) <= 4
    assert any(word in fault for fault in failed.faults for word in ("dies", "kills", "crash"))
    text = str(failed)
    assert text.startswith("ILK330: simulate(simulated_purchase, seeds=[")
    assert "invariant nothing_is_interrupted does not hold for 'run-" in text
    assert text.splitlines()[-1].split()[1] == "WRONG"
    again = found(simulated_purchase, seeds=[failed.seed], **options)
    assert (str(again), again.trace) == (text, failed.trace)


# What is simulated


def test_steps_can_be_stood_in_for() -> None:
    asked: list[int] = []

    async def declines(n: int) -> int:
        asked.append(n)
        raise Declined

    done = simulate(simulated_everything, inputs=[5], seeds=2, steps={charge: declines})
    assert {*asked} == {5}
    assert done.runs["completed"] == 0
    assert done.runs["failed"] > 0


def test_own_steps_are_called_when_that_is_said() -> None:
    done = simulate(simulated_everything, inputs=[5], seeds=2, steps="own", faults=False)
    assert done.faults.total() == 0
    assert done.calls > 0


def test_invariants_see_every_commit() -> None:
    states: set[str] = set()

    def seen(run: RunState) -> None:
        states.add(run.state)

    simulate(SimulatedOrder, inputs=[Basket()], seeds=5, invariants=[seen])
    assert {"new", "paid", "sent", "done"} <= states


# Shrinking


@given(st.sets(st.integers(0, 40), min_size=1, max_size=4))
def test_shrinking_keeps_what_it_takes_and_nothing_else(needed: set[int]) -> None:
    names = [str(n) for n in range(41)]
    wanted = {str(n) for n in needed}
    tried: list[frozenset[str]] = []

    def fails(only: frozenset[str]) -> bool:
        tried.append(only)
        return wanted <= only

    assert {*shrink(names, fails, 2000)} == wanted
    assert wanted <= {*shrink(names, fails, 5)}
    assert len(tried) <= 2000
    assert shrink(names, lambda _: True) == []
