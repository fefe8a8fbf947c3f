"""Calls that end when the test says so, in the order that it says, on a store that may die."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from interlock.engine import Engine
from interlock.machines import Workflow
from interlock.machines.context import current
from interlock.projections import RunState, fold
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.contract import FINISHED, Appended, Commit
from interlock.store.event import Event


class Board:
    """What is under way.

    Attributes:
        open: a future for each call under way, by idempotency key: whoever sets it ends the call.
        made: how often each call was made.
        cancelled: the calls that saw their cancellation, in order.
        most: most calls under way at the same time.
        patient: calls wait for the test; else they end at once.
    """

    def __init__(self) -> None:
        self.open: dict[str, asyncio.Future[None]] = {}
        self.made: Counter[str] = Counter()
        self.cancelled: list[str] = []
        self.most = 0
        self.patient = True

    async def turn(self) -> None:
        """Stand in a step: wait until the test lets this call end."""
        if not self.patient:
            return
        key = current().key
        assert key not in self.open, f"{key} is called while it is under way"
        self.made[key] += 1
        future = self.open[key] = asyncio.get_running_loop().create_future()
        self.most = max(self.most, len(self.open))
        try:
            await future
        except asyncio.CancelledError:
            self.cancelled.append(key)
            raise
        finally:
            del self.open[key]

    def let(self, *parts: str) -> None:
        """Let the calls end whose keys contain these texts: one call each."""
        for part in parts:
            (key,) = [key for key in self.open if part in key]
            self.open[key].set_result(None)


async def quiet(times: int = 25) -> None:
    """Let the loop turn until nothing is left to do but what the board holds back."""
    for _ in range(times):
        await asyncio.sleep(0)


class Mortal(MemoryStore):
    """Stops for ever at a commit: when it is kept, or just before.

    Attributes:
        dies: number of the commit from now, 0 for never.
        kept: whether that commit is in the log.
        dead: it has stopped.
        slow: how many turns of the loop a commit takes, before and after it is kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dies = 0
        self.kept = True
        self.dead = asyncio.Event()
        self.slow: Callable[[], int] = lambda: 0

    async def append(self, commit: Commit) -> Appended:
        if self.dead.is_set():
            await asyncio.Event().wait()
        if self.dies:
            self.dies -= 1
            if not self.dies:
                if self.kept:
                    await super().append(commit)
                self.dead.set()
                await asyncio.Event().wait()
        await quiet(self.slow())
        appended = await super().append(commit)
        await quiet(self.slow())
        return appended

    def revive(self) -> None:
        self.dead = asyncio.Event()


OVER = ("StepSucceeded", "StepFailed", "ActivityStopped")


def recorded(run: str, events: Sequence[Event]) -> set[str]:
    """Keys of the calls whose outcome is in the log."""
    bodies: list[Any] = [event.body for event in events if event.type in OVER]
    return {
        f"{run}/{body.activity}" for body in bodies
        if getattr(body, "retry_at", None) is None and getattr(body, "over", True)
    }  # fmt: skip


@dataclass
class Life:
    """A run over all crashes.

    Attributes:
        board: its calls.
        random: draws which calls end, and in which order.
        crashes: (commits until the store dies, whether the last is kept), one each time.
        allowed: how often each call may have been made more than once.
        people: what they do now and then, when nothing moves.
    """

    board: Board
    random: Random
    crashes: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])
    store: Mortal = field(default_factory=Mortal)
    clock: ManualClock = field(default_factory=ManualClock)
    allowed: Counter[str] = field(default_factory=Counter[str])
    died: int = 0
    people: Callable[[Engine, Random], Awaitable[None]] | None = None

    async def live(self, flow: Workflow[..., Any], *args: Any) -> RunState:
        """Start the run, and open engines until it has ended."""
        self.store.slow = lambda: self.random.choice((0, 0, 1, 3, 8))
        while not await self._once(flow, args):
            self.store.revive()
            self.died += 1
            await self._in_flight()
        return await self.state()

    async def state(self, run: str = "run") -> RunState:
        return fold(await self.store.read(run))

    async def _in_flight(self) -> None:
        """What was under way when the store died may be called once more."""
        done: set[str] = set()
        for entry in await self.store.entries():
            done |= recorded(entry.run, await self.store.read(entry.run))
        self.allowed.update(key for key in self.board.made if key not in done)

    async def _once(self, flow: Workflow[..., Any], args: Sequence[Any]) -> bool:
        """One engine's life. False when the store died."""
        self.store.dies, self.store.kept = self.crashes.pop(0) if self.crashes else (0, True)
        async with Engine(self.store, machines=[flow], clock=self.clock) as engine:
            starting = asyncio.ensure_future(engine.start(flow, *args, id="run"))
            try:
                while not self.store.dead.is_set():
                    await quiet()
                    if starting.done() and await self._ended():
                        return True
                    await self._next(engine)
            finally:
                starting.cancel()
        assert not self.board.open
        return False

    async def _ended(self) -> bool:
        entry = await self.store.entry("run")
        return entry is not None and entry.status in FINISHED

    async def _next(self, engine: Engine) -> None:
        """Let one or several calls end, or else let time pass."""
        assert not engine.held, engine.held
        keys = sorted(self.board.open)
        if self.people is not None and self.random.random() < 0.2:
            await self._alive(self.people(engine, self.random))
        if not keys:
            self.clock.set(self.clock.now() + timedelta(minutes=15))
            await self._alive(engine.tick())
            return
        self.random.shuffle(keys)
        for key in keys[: self.random.choice((1, 1, 2, 3))]:
            future = self.board.open.get(key)
            if future is not None and not future.done():  # it may be cancelled meanwhile
                future.set_result(None)
            for _ in range(self.random.choice((0, 0, 1, 2, 3))):
                await asyncio.sleep(0)

    async def _alive(self, doing: Awaitable[Any]) -> None:
        """Do something as long as the store lives."""
        tasks = [asyncio.ensure_future(doing), asyncio.ensure_future(self.store.dead.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
        for task in tasks:
            task.cancel()

    def check(self) -> None:
        """Law: only what was in flight at a crash is called again."""
        for key, count in self.board.made.items():
            assert count <= 1 + self.allowed[key], f"{key} was called {count} times"
