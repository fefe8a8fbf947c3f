"""The handle of a run: ask where it is, wait for its result, look back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from interlock.engine.errors import RunCancelledError, UnknownRun
from interlock.engine.failures import rebuild
from interlock.projections import (
    History,
    Progress,
    RunState,
    Why,
    find_state,
    fold,
    progress,
    read_variable,
)
from interlock.projections.loading import find_version
from interlock.store.contract import FINISHED
from interlock.store.event import JSON
from interlock.store.vocabulary import RunCompleted

if TYPE_CHECKING:
    from interlock.engine.core import Core

R = TypeVar("R")
T = TypeVar("T")
_POLL = 0.1
"""Seconds between looks at a run that another process drives."""


class Run(Generic[R]):
    """One run of an engine's store. It holds no state: every answer comes from the log."""

    def __init__(self, engine: Core, id: str) -> None:  # noqa: A002  public name
        self._engine = engine
        self.id = id

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    async def snapshot(self, at: int | datetime | None = None) -> RunState:
        """The folded run, as it is now or was at a version or an aware instant.

        However long its history is, only what came after the nearest kept snapshot is read.

        Raises:
            UnknownRun: there is none of this id.
            NoSuchVersion: nothing had happened by then.
            RunArchived: its events were moved to an archive.
        """
        store = self._engine.store
        upto = None if at is None else await find_version(store, self.id, at)
        state = (await find_state(store, self.id, upto=upto)).state
        if state is None:
            message = f"there is no run {self.id!r} in {self._engine.store.url}"
            raise UnknownRun(message)
        return state

    async def state(self) -> str:
        """Name of the state it is in."""
        return (await self.snapshot()).state

    async def status(self) -> str:
        """What it is doing; see `RunState.status`."""
        return (await self.snapshot()).status

    async def variables(self) -> dict[str, JSON]:
        """Its variables by name, as plain JSON."""
        return (await self.snapshot()).variables

    @overload
    async def read(
        self, name: str, wanted: type[T], *, at: int | datetime | None = None, branch: str = ""
    ) -> T: ...
    @overload
    async def read(
        self, name: str, wanted: Any, *, at: int | datetime | None = None, branch: str = ""
    ) -> Any: ...
    async def read(
        self, name: str, wanted: Any, *, at: int | datetime | None = None, branch: str = ""
    ) -> Any:
        """A variable as a typed value: a query, answered from the log, with no worker needed.

        Args:
            name: of the variable.
            wanted: what it should be: a class, `list[Item]`, `Any`.
            at: a version or an aware instant; now by default.
            branch: id of the branch whose variable it is, "" for the workflow itself.

        Raises:
            NoSuchVariable: it has none of this name there; with those that it has.
            NotOfThatType: it holds something else.
            NoSuchVersion: nothing had happened by then.
        """
        state = await self.snapshot(at)
        types = self._engine.types_of(state.machine, state.hash)
        return read_variable(state, name, wanted, types, branch=branch)

    async def progress(self) -> dict[str, Progress]:
        """How far it is with each join or `each` that goes on, by state; {} for none."""
        return progress(await self.snapshot())

    async def why(self) -> Why:
        """Why it is where it is: what it waits for, what would move it, what happens otherwise.

        Needs neither the code of its workflow nor a worker. Where a lifecycle's code is imported
        its guards are asked, of commands whose fields they do not want to know.

        Raises:
            UnknownRun: there is none of this id, and none is about to begin.
        """
        return await self._engine.why(self.id)

    async def history(self, since: int | datetime | None = None) -> History:
        """All its events, and every state it went through.

        They are held in memory. Of a run of very many events ask for its end alone.

        Args:
            since: a version or an aware instant: only what came after it is read, and what was
                before it is no part of the history. None for all of it.

        Raises:
            UnknownRun: there is none of this id.
            NoSuchVersion: nothing had happened by then.
            EmptyHistory: nothing has happened since.
        """
        store = self._engine.store
        state = None if since is None else await self.snapshot(since)
        events = await store.read(self.id, after=0 if state is None else state.head.version)
        if not events and state is None:
            await self.snapshot()  # which says that there is none
        return History(events, state)

    async def wait(self) -> RunState:
        """Wait until it has ended; its last state."""
        return await self._wait(self.snapshot)

    async def _wait(self, last: Callable[[], Awaitable[RunState]]) -> RunState:
        engine = self._engine
        ended = engine.waiters.add(self.id)  # before the first look: no end in between is missed
        try:
            while True:
                engine.check_open()
                if not self._goes_on():
                    entry = await engine.store.entry(self.id)
                    if entry is not None and entry.status in FINISHED:
                        return ended.result() if ended.done() else await last()
                if engine.driving:
                    return await ended
                await asyncio.wait([ended], timeout=_POLL)
                if ended.done():
                    return ended.result()
        finally:
            engine.waiters.forget(self.id, ended)

    def _goes_on(self) -> bool:
        """Whether this engine moves the run, and knows without a look that it has not ended."""
        engine = self._engine
        moves = engine.driving and not engine.closing
        session = engine.sessions.cached(self.id) if moves else None
        return session is not None and session.version > 0 and session.state.ended is None

    async def _end(self) -> RunState:
        """The last state, but for a completed run only what its last event says: the result."""
        store = self._engine.store
        head = await store.head(self.id)
        (last,) = await store.read(self.id, after=head.version - 1)
        if isinstance(last.body, RunCompleted):
            return fold([last])
        return await self.snapshot()

    async def result(self) -> R:
        """Wait until it has ended; what the workflow returned.

        Raises:
            RunCancelledError: it was cancelled.
            Exception: what the workflow raised, as its own class when this program knows it, else
                `RunFailedError`.
        """
        state = await self._wait(self._end)
        types = self._engine.types_of(state.machine, state.hash)
        if state.status == "completed":
            return cast("R", state.image.decode(types, state.result))
        if state.status == "cancelled":
            message = f"run {self.id!r} was cancelled: {state.cancel or 'no reason given'}"
            raise RunCancelledError(message)
        raise rebuild(state, types)
