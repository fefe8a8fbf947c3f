"""Law: whatever fails, and whenever, exactly the completed steps are undone, once, in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from hypothesis import given, note
from hypothesis import strategies as st

from engine import sagas
from engine.saga_account import Account
from engine.sagas import Mortal, World, composed
from interlock.engine import Engine
from interlock.machines import Refused, Workflow
from interlock.projections import Activity, History
from interlock.store.contract import FINISHED, Filter

Move = tuple[Literal["well", "badly", "restart", "cancel"], int]
"""What happens next, and to which of the calls under way."""

Answer = tuple[Literal["retry", "resolve", "skip"], int]
"""What a person says, and about which of the undos that failed."""


@dataclass
class Stage:
    """A run that is driven call by call, in an engine that ends and begins again."""

    flow: Workflow[..., Any]
    moves: list[Move]
    answers: list[Answer]
    deaths: Sequence[tuple[int, bool]] = ()
    crashed: bool = False

    async def play(self) -> None:
        """To the end of all runs; then everything is checked."""
        sagas.WORLD = self.world = World()
        self.store = Mortal(self.deaths)
        await self.open()
        while not await self.is_over():
            await self.go_on()
        await self.engine.close()
        entries = await self.store.entries(ALL)
        histories = {entry.run: await self.history(entry.run) for entry in entries}
        Account(histories, self.world, self.crashed).check()

    async def open(self) -> None:
        """A process begins, and asks for the run to be started."""
        self.store.reborn()
        self.engine = Engine(self.store, machines=[self.flow])
        await self.engine.__aenter__()
        await self.person(self.engine.start(self.flow, "", id="run"))

    async def reopen(self) -> None:
        self.crashed = self.crashed or self.store.dead
        self.world.closing = True
        await asyncio.wait_for(self.engine.close(), 5)
        self.world.closing = False
        self.world.waiting.clear()
        await self.open()

    async def quiet(self) -> None:
        """Wait until nothing happens any more by itself."""
        still, seen = 0, (0, list[str]())
        while still < 25:
            await asyncio.sleep(0)
            now = (self.store.commits, [*self.world.waiting])
            still = still + 1 if now == seen else 0
            seen = now

    async def is_over(self) -> bool:
        await self.quiet()
        entries = await self.store.entries(ALL)
        over = bool(entries) and all(entry.status in FINISHED for entry in entries)
        return over and not self.store.dead

    async def go_on(self) -> None:
        """One move."""
        if self.store.dead:
            await self.reopen()
            return
        kind, which = self.moves.pop(0) if self.moves else ("well", 0)
        if kind == "restart":
            await self.reopen()
        elif kind == "cancel":
            runs = await self.store.entries(ALL)  # children are cancelled by people, too
            run = "run" if which < 4 else runs[which % len(runs)].run
            await self.person(self.engine.cancel(run, reason="so"))
        elif self.world.waiting:
            keys = [*self.world.waiting]
            self.world.answer(keys[which % len(keys)], well=kind == "well")
        else:
            await self.decide()

    async def decide(self) -> None:
        """Nothing moves: a person has to."""
        failed: list[tuple[str, Activity]] = []
        for entry in await self.store.entries(ALL):
            state = (await self.history(entry.run)).replay()
            for activity in state.pending.values():
                if activity.status == "in doubt":
                    await self.resolve(entry.run, activity)
                    return
                if activity.status == "undo failed":
                    failed.append((entry.run, activity))
        assert failed, "nothing moves, and nobody is asked"
        answer, which = self.answers.pop(0) if self.answers else ("retry", 0)
        run, undo = failed[which % len(failed)]
        await self.person(self.engine.undo(run, undo.of, answer, by="ann", reason="it is so"))

    async def resolve(self, run: str, doubtful: Activity) -> None:
        label = str(doubtful.args[0])
        happened = label in self.world.returned
        result = label if happened else None
        await self.person(
            self.engine.resolve(run, doubtful.id, happened=happened, result=result, by="ann")
        )

    async def person(self, asked: Any) -> None:
        """Somebody asks for something. A process that dies answers nobody."""
        task = asyncio.ensure_future(asked)
        await self.quiet()
        if not task.done():
            task.cancel()
        elif not isinstance(task.exception(), Refused):
            task.result()

    async def history(self, run: str) -> History:
        return History(await self.store.read(run))


ALL = Filter()

which = st.integers(0, 7)
kinds: Any = st.sampled_from(["well"] * 10 + ["badly"] * 2 + ["restart", "cancel"])
answers: Any = st.tuples(st.sampled_from(["retry", "resolve", "skip"]), which)


@given(
    seed=st.integers(0, 2**32),
    moves=st.lists(st.tuples(kinds, which), max_size=40),
    answers=st.lists(answers, max_size=6),
)
def test_exactly_what_was_done_is_undone(
    seed: int, moves: list[Move], answers: list[Answer]
) -> None:
    source, flow = composed(Random(seed))
    note(source)
    asyncio.run(Stage(flow, moves, answers).play())


@given(
    seed=st.integers(0, 2**32),
    moves=st.lists(st.tuples(kinds, which), max_size=25),
    answers=st.lists(answers, max_size=6),
    deaths=st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=5),
)
def test_whenever_the_process_dies(
    seed: int, moves: list[Move], answers: list[Answer], deaths: list[tuple[int, bool]]
) -> None:
    source, flow = composed(Random(seed))
    note(source)
    asyncio.run(Stage(flow, moves, answers, deaths).play())
