"""Law: a fork made at any moment goes on until it ends, or waits for something that is named."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import Any, Literal

from hypothesis import given, note, settings
from hypothesis import strategies as st

from engine import alive
from engine.alive import Ping, composed
from interlock.engine import Engine, NotInDoubt
from interlock.engine.calls import CALLS
from interlock.machines import Refused, Workflow
from interlock.projections import Activity, History, NoSuchVariable, RunState
from interlock.projections.why import NOT_MOVED
from interlock.store.backends.memory import MemoryStore
from interlock.store.contract import FINISHED, Filter
from interlock.store.forking import Answer, CallAnswered, Effects
from interlock.testing.faulty import FaultyStore
from interlock.testing.simulation.loop import SimulatedLoop
from interlock.testing.simulation.process import Time
from interlock.testing.simulation.run import START

Move = tuple[Literal["time", "help", "fork", "cancel", "restart"], int]
"""What happens next, and to which run, or how."""

FORKS, TURNS, ROUNDS = 3, 300_000, 150
_LOOKS = 1.0
"""Seconds between looks of the worker at what others append."""


class Life:
    """Runs and forks that go on: their worker, and another process through which people speak."""

    def __init__(self, flow: Workflow[..., Any], loop: SimulatedLoop, draw: Random) -> None:
        self.flow = flow
        self.clock = Time(loop, START)
        self.draw = draw
        self.store = MemoryStore(clock=self.clock)
        self.forks = 0

    def engine(self, *, worker: bool) -> Engine:
        """One that sees what the other one appends as another process does."""
        store = FaultyStore(self.store)
        made = Engine(store, machines=[self.flow], worker=worker, clock=self.clock)
        made.look_every = _LOOKS
        return made

    async def play(self, moves: list[Move]) -> None:
        """To the end of every run."""
        async with self.engine(worker=False) as self.client:
            self.worker = await self.engine(worker=True).__aenter__()
            await self.client.start(self.flow, "", id="run")
            for kind, which in moves:
                await self.move(kind, which)
                await self.check()
            for _ in range(ROUNDS):
                if not await self.open():
                    break
                await self.go_on()
                await self.check()
            assert not await self.open(), await self.told()
            await self.worker.close()
        assert not self.worker.held

    async def move(self, kind: str, which: int) -> None:
        run = self.draw.choice(await self.open() or ["run"])
        if kind == "time":
            await asyncio.sleep(which)
        elif kind == "help":
            await self.help(run)
        elif kind == "fork" and self.forks < FORKS:
            await self.fork()
        elif kind == "cancel" and which == 0:
            await self.person(self.client.cancel(run, reason="so"))
        elif kind == "restart":
            await self.worker.close()
            self.worker = await self.engine(worker=True).__aenter__()

    async def open(self) -> list[str]:
        entries = await self.store.entries(Filter())
        return [entry.run for entry in entries if entry.status not in FINISHED]

    async def state(self, run: str) -> RunState:
        return History(await self.store.read(run)).replay()

    async def fork(self) -> None:
        """Of any run, at any moment of it."""
        draw = self.draw
        run = draw.choice(await self.store.entries(Filter())).run
        at = draw.randint(1, (await self.store.head(run)).version)
        effects: Effects = draw.choice(["recorded", "recorded", "ask", "ask", "live"])
        changed = draw.choice([{}, {"p": "x"}])
        self.forks += 1
        name = f"fork-{self.forks}"
        note(f"{name} of {run} at {at}, {effects}, {changed}")
        try:
            await self.client.fork(run, at=at, effects=effects, set=changed, id=name)
        except NoSuchVariable:
            await self.client.fork(run, at=at, effects=effects, id=name)

    async def go_on(self) -> None:
        """People do what is asked of them; where nothing is, time passes."""
        waited = [await self.help(run) for run in await self.open()]
        if any(waited):
            await asyncio.sleep(2 * _LOOKS)
            return
        timers = await self.store.due(self.clock.now() + timedelta(days=1), limit=1)
        calling = not await self.rests()
        assert timers or calling, await self.told()
        left = timers[0].due - self.clock.now() if timers else timedelta(seconds=1)
        await asyncio.sleep(max(left.total_seconds(), 0) + 0.1)

    async def help(self, run: str) -> bool:
        """Whether somebody did something for a run."""
        pending = (await self.state(run)).pending.values()
        for activity in pending:
            if activity.status in ("asked", "in doubt", "undo failed"):
                await self.person(self.say(run, activity))
                return True
            if activity.kind == "approval" and activity.status != "done":
                await self.person(self.client.approve(run, activity.id, by="ann"))
                return True
            if activity.kind == "wait" and activity.status != "done":
                await self.person(self.client.send(run, Ping()))
                return True
        return False

    async def say(self, run: str, activity: Activity) -> None:
        """Decide on what a call waits for."""
        client, why = self.client, "it is so"
        if activity.status == "undo failed":
            await client.undo(run, activity.of, "skip", by="ann", reason=why)
        elif activity.status == "in doubt":
            await client.resolve(run, activity.id, happened=True, result="", by="ann")
        else:
            how: Answer = self.draw.choice(["value", "error", "live", "recorded"])
            try:
                await client.answer(run, activity.id, how, "v", by="ann")
            except Refused:
                await client.answer(run, activity.id, "value", "v", by="ann")

    async def person(self, asked: Any) -> None:
        """What somebody does; another one, or time, may have been faster."""
        try:
            await asked
        except (Refused, NotInDoubt) as error:
            note(str(error))

    # What holds

    async def check(self) -> None:
        """Nothing that is about to happen does not."""
        about = await self.about()
        if about:
            await asyncio.sleep(4 * _LOOKS)
            stuck = about & await self.about()
            assert not stuck, (stuck, await self.told())

    async def about(self) -> set[tuple[str, int, str]]:
        """Of each run that is about to do something: its version, and what."""
        found = set[tuple[str, int, str]]()
        for run in await self.open():
            state = await self.state(run)
            found |= {(run, state.head.version, one) for one in _unasked(state)}
            why = await self.client.why(run)
            if why.cause == "due" or why.cause in NOT_MOVED:
                found.add((run, state.head.version, why.said))
        return found

    async def rests(self) -> bool:
        """Whether no call is under way."""
        position = await self.store.position()
        await asyncio.sleep(4 * _LOOKS)
        return await self.store.position() == position

    async def told(self) -> str:
        lines: list[str] = []
        for run in await self.open():
            lines += [f"{event.version} {event.body}" for event in await self.store.read(run)]
            lines.append(str(await self.client.why(run)))
        return "\n".join(lines)


def _unasked(state: RunState) -> list[str]:
    """The calls of a fork that are neither asked about nor let through."""
    if state.fork is None or state.fork.effects == "live":
        return []
    calls = [a for a in state.pending.values() if a.kind in CALLS and a.answer != "live"]
    return [a.id for a in calls if a.status not in ("asked", "done", "undo failed")]


def called_as_said(history: History) -> None:
    """What a fork called it was told to call."""
    fork = history.replay().fork
    if fork is None or fork.effects == "live":
        return
    bodies = [event.body for event in history.events]
    live = {b.activity for b in bodies if isinstance(b, CallAnswered) and b.how == "live"}
    prefix = f"{history.run}/"
    called = {key.removeprefix(prefix) for key in alive.CALLED if key.startswith(prefix)}
    assert {one for one in called if "/" not in one} <= live


kinds: Any = st.sampled_from(["time"] * 5 + ["help"] * 4 + ["fork"] * 3 + ["cancel", "restart"])


@settings(max_examples=settings().max_examples // 3)
@given(seed=st.integers(0, 2**32), moves=st.lists(st.tuples(kinds, st.integers(0, 6)), max_size=25))
def test_a_fork_goes_on_until_it_ends_or_waits_for_what_is_named(
    seed: int, moves: list[Move]
) -> None:
    alive.CALLED.clear()
    source, flow = composed(Random(seed))
    note(source)
    loop = SimulatedLoop(Random(seed), TURNS)
    life = Life(flow, loop, Random(seed))
    try:
        loop.run_until_complete(life.play(moves))
    finally:
        loop.bury()
    assert not loop.wrong
    for entry in asyncio.run(life.store.entries(Filter())):
        history = History(asyncio.run(life.store.read(entry.run)))
        history.verify()
        called_as_said(history)
