"""What `why` offers to somebody who is asked by a fork: what is taken, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.engine import Engine, Run
from interlock.engine.why import Asking
from interlock.machines import Refused, parallel, step, workflow
from interlock.projections import Action
from interlock.projections.answers import answers
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import SystemClock
from interlock.store.forking import Effects


async def give_back(n: int, what: str) -> None: ...


@step(compensate=give_back)
async def charge(n: int) -> str:
    return f"paid {n}"


@step
async def ship(n: int) -> str:
    return f"parcel {n}"


@step
async def audit(n: int) -> None: ...


@workflow(name="offers-kid")
async def kid(n: int) -> str:
    return await charge(n)


@workflow(name="offers-flow")
async def flow(n: int) -> str:
    await charge.named("first charge")(n)
    if n > 3:
        await audit(n)
    await parallel(ship(n), ship(n + 1))
    done = await kid(n)
    if n > 1:
        raise ValueError(done)
    return done


HOW: dict[str, tuple[Any, Any]] = {
    "--recorded": ("recorded", None), "--result": ("value", None), "--error": ("error", "no"),
    "--live": ("live", None),
}  # fmt: skip


async def offered(engine: Engine, run: str) -> list[Action]:
    why = await Asking(engine.store, SystemClock().now()).why(run)
    return [action for action in why.actions if action.argv[0] == "answer"]


async def forked(engine: Engine, at: int, n: int, effects: Effects, steps: int) -> Run[Any]:
    """A fork in which so many of its questions were answered by their first offer."""
    fork = await engine.fork("run", at, set={"n": n}, effects=effects)
    await engine.settle()
    for _ in range(steps):
        first = (await offered(engine, fork.id))[0]
        await said(engine, fork, first)
    return fork


async def said(engine: Engine, fork: Run[Any], action: Action) -> None:
    _, run, name, word, *_ = action.argv
    assert run == fork.id
    how, value = HOW[word]
    if how == "value" and not name.startswith("undo "):
        value = "given"
    await engine.answer(fork, name, how, value, by="ann")
    await engine.settle()


@pytest.mark.parametrize(("at", "n"), [(1, 2), (1, 5), (2, 2), (8, 2)])
async def test_every_answer_that_is_offered_is_taken_and_no_other_is(at: int, n: int) -> None:
    seen: set[str] = set()
    async with Engine(MemoryStore(), machines=[flow, kid]) as engine:
        await engine.start(flow, 2, id="run")
        await engine.settle()
        steps = 0
        while True:
            fork = await forked(engine, at, n, "ask", steps)
            found = await offered(engine, fork.id)
            if not found:
                break
            state = await fork.snapshot()
            asked = [a for a in state.pending.values() if a.status == "asked"]
            for activity in asked:
                if "recorded" not in answers(activity):
                    with pytest.raises(Refused, match="recorded no outcome"):
                        await engine.answer(fork, activity.id, "recorded", by="ann")
            seen |= {activity.asked.partition(": ")[0] for activity in asked}
            for index in range(len(found)):
                other = await forked(engine, at, n, "ask", steps)
                before = (await other.snapshot()).head.version
                await said(engine, other, (await offered(engine, other.id))[index])
                assert (await other.snapshot()).head.version > before
            steps += 1
        assert (await fork.snapshot()).ended is not None
    assert steps > 2
    assert ("run made no such call" in seen) == (n == 5)
