"""Law: what deploy-check says of random edits and runs at random points is what then happens."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, TypeAlias

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
    start_child,
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


Machines: TypeAlias = list[Workflow[..., Any]]


class Pong(Command):
    number: int = 0


async def done(what: str) -> str:
    CALLS.append(what)
    if GATE:
        await GATE[0].wait()
    return what


def made(slip: Any, what: str) -> Any:
    return slip(id=what, more="m")


def undone(slip: Any) -> None:
    """What an undo does: it reads all that the class says."""
    assert isinstance(slip, BaseModel)
    fields = {name: getattr(slip, name) for name in type(slip).model_fields}
    type(slip).model_validate(fields, strict=True)
    CALLS.append("undo")


NAMES: dict[str, Any] = {
    "BaseModel": BaseModel, "Ping": Ping, "Pong": Pong, "step": step, "sleep": sleep,
    "wait_for": wait_for, "approval": approval, "parallel": parallel, "done": done,
    "start": start, "made": made, "undone": undone, "start_child": start_child,
    "Workflow": Workflow,
}  # fmt: skip


class World:
    """A store, its clock, and what happens to its one run."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore("memory://", clock=self.clock)

    def engine(self, machines: Machines) -> Engine:
        return Engine(self.store, machines=machines, clock=self.clock)

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


async def live(world: World, old: Machines, order: Any, pokes: int, calling: bool) -> None:
    """A run of the old code, stopped somewhere, maybe while a call is under way."""
    async with world.engine(old) as engine:
        if calling and not pokes:
            GATE.append(asyncio.Event())
        await engine.start(old[0], order, id="run")
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


async def then(world: World, new: Machines) -> None:
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
        before, order = old.workflows(NAMES)
        after, _ = new.workflows(NAMES)
    except CompileError:
        return ""
    world = World()
    await live(world, before, order(id="7", total=2), pokes, calling=calling)
    if (await world.state()).ended is not None:
        return ""
    report = await deploy_check(world.store, after)
    (group,) = [one for one in report.groups if one.machine == "edited"]
    children = [one for one in report.groups if one.held and one is not group]
    CALLS.clear()
    await then(world, after)
    state = await world.state()
    behind = [*left_behind(locked("shop:flow", before[0].machine), after[0].program)]
    told = (group, behind, new.source(), old.source(), state.state, state.held, state.error)
    events = await world.store.read("run")
    moved = [one for one in events if one.type == "RunMigrated"]
    if group.fate in HELD:
        assert (moved, CALLS) == ([], []), told
        assert state.ended is None, told
        assert report.held == 1 + sum(one.count for one in children), told
        assert behind, told  # the lock file alone would have said so
    else:
        assert len(moved) == (group.fate != "unchanged"), told
        assert state.held == "", told
        if not children:
            assert state.status in ends(new, CALLS), told
        elif all(one.over for one in children) and new.fails:
            await stuck(world, state, told)
    return group.fate if not children else f"{group.fate}, its child {children[0].fate}"


def ends(new: Text, calls: list[str]) -> tuple[str, ...]:
    """How a run may end that nothing held up."""
    if not new.fails:
        return ("completed",)
    return ("compensated",) if "undo" in calls else ("failed",)


async def stuck(world: World, state: RunState, told: object) -> None:
    """A run that failed waits for its child, which is held as was foretold."""
    assert state.status == "compensating", told
    assert any(one.status == "held" for one in await world.store.entries()), told


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
