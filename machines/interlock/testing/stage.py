"""Where cases are played: an engine over a store in memory, whose process dies when it is told."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from interlock.engine import Engine
from interlock.engine.session import Session
from interlock.machines.context import Current
from interlock.projections import Activity
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.contract import Appended, Commit
from interlock.testing.scenario import START

RUN = "run"
"""The id of the run that is played."""

_TURNS = 25
"""Turns of the event loop without anything that moves, after which nothing does."""

Called = Callable[[Activity, Callable[..., Any], Sequence[Any], Mapping[str, Any]], Awaitable[Any]]
"""Answers a call in the place of the author's function."""


class PlayedEngine(Engine):
    """An engine that calls nothing in the world."""

    def __init__(self, stage: Stage, machine: object) -> None:
        super().__init__(
            stage.store, machines=[machine], clock=stage.clock, resources=stage.resources,
            groups=_everybody,
        )  # fmt: skip
        self._stage = stage

    def call(
        self,
        activity: Activity,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        current: Current,
        timeout: timedelta | None,
    ) -> Awaitable[Any]:
        """What the case says of this call."""
        return self._stage.called(activity, function, args, kwargs)


class MortalStore(MemoryStore):
    """Its process dies at a commit: `deaths` counts them from when each process began.

    Attributes:
        dead: it died, and appends nothing for this process any more.
        commits: that were made, by all processes.
        stirs: counts all that happens, also in vain.
        told: called after each commit, before anybody else hears of it.
    """

    def __init__(self, clock: ManualClock, deaths: Sequence[tuple[int, bool]] = ()) -> None:
        super().__init__(clock=clock)
        self.deaths = [*deaths]
        self.dead = False
        self.commits = self.since = self.stirs = 0
        self.told: Callable[[Commit, Appended], None] | None = None

    def reborn(self) -> None:
        """A new process begins."""
        self.since, self.dead = 0, False

    async def append(self, commit: Commit) -> Appended:
        """Append, or die before or after it."""
        self.stirs += 1
        if self.dead:
            await asyncio.Event().wait()
        dies = bool(self.deaths) and self.since + 1 >= self.deaths[0][0]
        if dies:
            self.dead = True
            _, kept = self.deaths.pop(0)
            if kept:
                await super().append(commit)
            await asyncio.Event().wait()
        appended = await super().append(commit)
        self.commits += 1
        self.since += 1
        if self.told is not None:
            self.told(commit, appended)
        return appended


def _everybody(group: str) -> list[str]:
    """Who is in a group: people enough for any quorum."""
    return [f"person {number}" for number in range(1, 20)]


class Stage:
    """One run and the engines that drive it, one after the other.

    Attributes:
        clock: stands still until it is set.
        store: outlives the engines.
        engine: the present one.
        crashes: how many processes died.
        resources: what steps are given that are not called.
        stirs: counts what happens in the world.
    """

    engine: PlayedEngine

    def __init__(
        self,
        machine: object,
        called: Called,
        deaths: Sequence[tuple[int, bool]] = (),
        *,
        watched: Callable[[Session, Appended], None] | None = None,
        resources: Mapping[Any, Any] | None = None,
    ) -> None:
        self.clock = ManualClock(START)
        self.store = MortalStore(self.clock, deaths)
        self.called = called
        self.resources = resources or {}
        self.crashes = 0
        self.stirs = 0
        self._machine = machine
        self._watched = watched
        if watched is not None:
            self.store.told = self._tell

    async def open(self) -> None:
        """A process begins."""
        self.store.reborn()
        self.engine = PlayedEngine(self, self._machine)
        await self.engine.__aenter__()

    async def close(self) -> None:
        """The process ends."""
        await self.engine.close()

    async def reopen(self) -> None:
        """It has died: another one takes over."""
        self.crashes += 1
        await self.close()
        await self.open()
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing moves any more by itself."""
        still, seen = 0, (-1, -1)
        while still < _TURNS:
            await asyncio.sleep(0)
            now = (self.store.stirs, self.stirs)
            still = still + 1 if now == seen else 0
            seen = now

    async def ask(self, what: Callable[[], Awaitable[Any]]) -> Exception | None:
        """Somebody asks for something; again, when the process dies meanwhile. Its error."""
        while True:
            task = asyncio.ensure_future(what())
            await self.quiet()
            if task.done() and not self.store.dead:
                error = task.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                return error
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not self.store.dead:
                message = "the engine answers nobody"
                raise RuntimeError(message)
            await self.reopen()

    async def passes(self, until: datetime) -> None:
        """Time passes until an instant, and what is due meanwhile fires in its order."""
        while True:
            due = await self.store.next_due()
            if due is None or due > until:
                break
            if due > self.clock.now():
                self.clock.set(due)
            if not await self.fires():
                break
        if until > self.clock.now():
            self.clock.set(until)

    async def fires(self) -> bool:
        """What is due by now fires; False when nothing was."""
        before = self.store.stirs
        task = asyncio.ensure_future(self.engine.tick())
        await self.quiet()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self.store.dead:
            await self.reopen()
            return True
        return self.store.stirs != before

    def _tell(self, commit: Commit, appended: Appended) -> None:
        session = self.engine.sessions.cached(commit.entry.run)
        if session is not None and self._watched is not None:
            self._watched(session, appended)


def frozen(value: Any) -> Any:
    """A copy that nobody changes."""
    return copy.deepcopy(value)
