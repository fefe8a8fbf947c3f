"""Law: what deploy-check says of random edits and runs at random points is what then happens."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.edited import Statement, Text, edits, texts
from engine.trouble import Ping
from interlock.engine import Engine, deploy_check
from interlock.engine.deploying import HELD
from interlock.machines import (
    Command,
    CompileError,
    Workflow,
    approval,
    parallel,
    sleep,
    start,
    step,
    wait_for,
)
from interlock.machines.lock import locked
from interlock.machines.lock.judging import left_behind
from interlock.projections import RunState, fold
from interlock.store import InterlockError, ManualClock
from interlock.store.backends.memory import MemoryStore

CALLS: list[str] = []
GATE: list[asyncio.Event] = []


class Pong(Command):
    number: int = 0


async def done(what: str) -> str:
    CALLS.append(what)
    if GATE:
        await GATE[0].wait()
    return what


NAMES: dict[str, Any] = {
    "BaseModel": BaseModel, "Ping": Ping, "Pong": Pong, "step": step, "sleep": sleep,
    "wait_for": wait_for, "approval": approval, "parallel": parallel, "done": done,
    "start": start,
}  # fmt: skip


class World:
    """A store, its clock, and what happens to its one run."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore("memory://", clock=self.clock)

    def engine(self, machine: Workflow[..., Any]) -> Engine:
        return Engine(self.store, machines=[machine], clock=self.clock)

    async def state(self) -> RunState:
        return fold(await self.store.read("run"))

    async def poke(self, engine: Engine) -> None:
        """Let happen what the run waits for first."""
        waiting = [one for one in (await self.state()).pending.values() if one.status != "done"]
        for one in waiting:
            if one.kind == "wait":
                command = Pong() if "Pong" in one.commands else Ping(number=1)
                await engine.send("run", command)
            elif one.kind == "approval":
                await engine.approve("run", one.name, by="ann")
            elif one.kind == "sleep":
                self.clock.set(self.clock.now() + timedelta(days=10))
                await engine.tick()
            else:
                continue
            break
        await engine.settle()


async def live(
    world: World, old: Workflow[..., Any], order: Any, pokes: int, calling: bool
) -> None:
    """A run of the old code, stopped somewhere, maybe while a call is under way."""
    async with world.engine(old) as engine:
        if calling and not pokes:
            GATE.append(asyncio.Event())
        await engine.start(old, order, id="run")
        for left in range(pokes, 0, -1):
            await engine.settle()
            if calling and left == 1:
                GATE.append(asyncio.Event())
                poke = asyncio.ensure_future(world.poke(engine))
                await asyncio.sleep(0.01)
                poke.cancel()
                break
            if (await world.state()).ended is None:
                await world.poke(engine)
        if calling:
            await asyncio.sleep(0.01)
        else:
            await engine.settle()
    GATE.clear()


async def then(world: World, new: Workflow[..., Any]) -> None:
    """What happens under the new code, until nothing does any more."""
    async with world.engine(new) as engine:
        await engine.settle()
        for _ in range(25):
            before = await world.state()
            if before.ended is not None or before.held:
                return
            try:
                await world.poke(engine)
            except InterlockError:  # held, and says so to whoever asks
                return


async def verdict(old: Text, new: Text, pokes: int, *, calling: bool) -> str:
    try:
        before, order = old.workflow(NAMES)
        after, _ = new.workflow(NAMES)
    except CompileError:
        return ""
    world = World()
    await live(world, before, order(id="o", total=2), pokes, calling=calling)
    if (await world.state()).ended is not None:
        return ""
    report = await deploy_check(world.store, [after])
    (group,) = report.groups
    CALLS.clear()
    await then(world, after)
    state = await world.state()
    behind = [*left_behind(locked("shop:flow", before.machine), after.program)]
    told = (group, behind, new.source(), old.source(), state.state, state.held, state.error)
    events = await world.store.read("run")
    moved = [one for one in events if one.type == "RunMigrated"]
    if group.fate in HELD:
        assert (moved, CALLS) == ([], []), told
        assert state.ended is None, told
        assert report.held == 1
        assert behind, told  # the lock file alone would have said so
    else:
        assert len(moved) == (group.fate != "unchanged"), told
        assert (state.status, state.held) == ("completed", ""), told
    return group.fate


@settings(max_examples=settings().max_examples // 3)
@given(st.data())
def test_the_verdict_is_what_happens(data: st.DataObject) -> None:
    old = data.draw(texts())
    new = data.draw(edits(old))
    pokes, calling = data.draw(st.integers(0, 4)), data.draw(st.booleans())
    fate = asyncio.run(asyncio.wait_for(verdict(old, new, pokes, calling=calling), 30))
    assume(fate)
    event(fate)


def test_code_that_only_makes_a_call_does_not_stand_at_it() -> None:
    wait, both = Statement("branch", 0), Statement("both", 0)
    old, new = Text((wait, both)), Text((both,))  # `wait:Ping` of the old code, a call of the new
    fate = asyncio.run(asyncio.wait_for(verdict(old, new, 0, calling=False), 30))
    assert fate == "needs mapping"
