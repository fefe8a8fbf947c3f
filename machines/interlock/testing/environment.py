"""`Environment`: an engine over a store in memory, in virtual time, with scripted calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from interlock.engine.caller import Middleware
from interlock.engine.handle import Run
from interlock.engine.notices import Notify
from interlock.engine.resources import Given
from interlock.machines.approvers import Groups
from interlock.machines.command import Command
from interlock.machines.duration import Duration
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.workflow import Workflow
from interlock.store.contract import FINISHED, Entry, Store
from interlock.store.keystore import KeyStore
from interlock.store.open import open_store
from interlock.testing.answering import ScriptedEngine
from interlock.testing.clock import VirtualClock, after
from interlock.testing.errors import HarnessError, NothingMore
from interlock.testing.reaching import is_at
from interlock.testing.script import Script
from interlock.testing.tested import TestedRun
from interlock.testing.traces import brief
from interlock.testing.unused import called_by, check_spelling, check_used

R = TypeVar("R")


class Environment:
    """Where a test runs workflows and lifecycles: `async with Environment(script) as env:`.

    Each method returns when everything that follows has happened, and every run waits for people,
    commands or time. Time passes by `advance`, `jump_to` and `run.result()`, which goes from one
    timer to the next. The engine, the store and the decisions are those of production.

    Attributes:
        script: outcomes of calls, and the calls that were made.
        clock: the time.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        store: str | Store = "memory://",
        clock: VirtualClock | None = None,
        machines: Sequence[object] = (),
        resources: Given | None = None,
        groups: Groups | None = None,
        notify: Notify | None = None,
        keys: str | Path | KeyStore | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        """Describe it; entering it opens it.

        Args:
            script: by default one that says of each call that nothing is written for it.
            store: URL, or an open store, which is then not closed.
            clock: by default one that begins at 2026-01-01.
            machines, resources, groups, notify, keys, middleware: see `Engine`.
        """
        _check(script, clock)
        self.script = script if script is not None else Script()
        self.clock = clock or VirtualClock()
        self._given = store
        self._options = {
            "machines": machines, "resources": resources, "groups": groups, "notify": notify,
            "keys": keys, "middleware": middleware,
        }  # fmt: skip
        self._store: Store | None = None
        self._engine: ScriptedEngine | None = None
        self._handles: list[TestedRun[Any]] = []

    async def __aenter__(self) -> Self:
        given = self._given
        self._store = open_store(given, clock=self.clock) if isinstance(given, str) else given
        await self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        engine, store = self._engine, self._store
        self._engine = None
        if engine is not None:
            await engine.close()
        if store is not None and isinstance(self._given, str):
            await store.close()
        if error is None:
            self.script.check()
            if engine is not None:
                check_used(self.script, engine.programs.own())

    @property
    def engine(self) -> ScriptedEngine:
        """The engine, for all that this has no method for; after a crash it is another one.

        Raises:
            HarnessError: the environment is not open.
        """
        if self._engine is None:
            raise HarnessError("it is not open; write `async with Environment(...) as env:`")
        return self._engine

    def now(self) -> datetime:
        """The present instant of virtual time."""
        return self.clock.now()

    @overload
    async def start(
        self, machine: Workflow[..., R], *args: Any, id: str | None = None, **kwargs: Any
    ) -> TestedRun[R]: ...
    @overload
    async def start(
        self,
        machine: type[Lifecycle[Any, Any]],
        *args: Any,
        id: str | None = None,
        **kwargs: Any,
    ) -> TestedRun[None]: ...
    @brief
    async def start(
        self,
        machine: Any,
        *args: Any,
        id: str | None = None,  # noqa: A002  as the engine has it
        **kwargs: Any,
    ) -> TestedRun[Any]:
        """Start a run, and let it go as far as it comes by itself.

        Raises:
            NotScripted: it makes a call for which nothing is written.
            NotTaken: the script has something for a step that does not exist.
            Exception: as `Engine.start`.
        """
        __tracebackhide__ = True
        check_spelling(self.script, machine, self.engine.programs.own())
        began = await self.engine.start(machine, *args, id=id, **kwargs)
        self.script.known.update(called_by(self.engine.programs.own()))
        await self.settle()
        return self.run(began.id)

    @brief
    async def execute(
        self,
        machine: Workflow[..., R],
        *args: Any,
        id: str | None = None,  # noqa: A002  as the engine has it
        **kwargs: Any,
    ) -> R:
        """Start a run, let time pass until it has ended, and return its result.

        Raises:
            NothingMore: it waits for a person or a command.
            Exception: as `Run.result`.
        """
        __tracebackhide__ = True
        run = await self.start(machine, *args, id=id, **kwargs)
        return await run.result()

    def run(self, id: str) -> TestedRun[Any]:  # noqa: A002  as the engine has it
        """The handle of a run; it holds over crashes."""
        handle = TestedRun[Any](self, id)
        self._handles.append(handle)
        return handle

    @brief
    async def send(self, run: str | Run[Any], command: Command, *, by: str = "") -> None:
        """Send a command; see `Engine.send`."""
        await self.engine.send(self._id(run), command, by=by)
        await self.settle()

    @brief
    async def grant(
        self, run: str | Run[Any], name: str = "", *, by: str = "", reason: str = ""
    ) -> None:
        """Say yes to an approval, by its name or to the only one; see `Engine.approve`."""
        name = name or await self._only(run)
        await self.engine.approve(self._id(run), name, by=by, reason=reason)
        await self.settle()

    @brief
    async def reject(
        self, run: str | Run[Any], name: str = "", *, by: str = "", reason: str = ""
    ) -> None:
        """Say no to an approval, by its name or to the only one; see `Engine.reject`."""
        name = name or await self._only(run)
        await self.engine.reject(self._id(run), name, by=by, reason=reason)
        await self.settle()

    @brief
    async def cancel(self, run: str | Run[Any], *, by: str = "", reason: str = "") -> None:
        """Ask for a run to be cancelled; see `Engine.cancel`."""
        await self.engine.cancel(self._id(run), by=by, reason=reason)
        await self.settle()

    @brief
    async def advance(self, by: Duration) -> int:
        """Let time pass, with everything that is due meanwhile; how many timers fired."""
        return await self.jump_to(self.clock.after(by))

    @brief
    async def jump_to(self, instant: datetime) -> int:
        """Let time pass until an aware instant; how many timers fired."""
        __tracebackhide__ = True
        self.clock.check_ahead(instant)
        fired = 0
        await self.settle()
        while (due := self.clock.next_due()) is not None and due <= instant:
            fired += await self.clock.jump_to(max(due, self.clock.now()))
            await self.settle()
        fired += await self.clock.jump_to(instant)
        await self.settle()
        return fired

    @brief
    async def reach(
        self,
        run: str | Run[Any],
        state: str,
        *,
        stayed: Duration = "0 seconds",
        limit: Duration = "10 years",
    ) -> None:
        """Let time pass until a run is in a state, and no further.

        Args:
            state: its name, as `run.state()` gives it, or that of a state around it.
            stayed: go on until it has been there for so long.
            limit: of virtual time.

        Raises:
            NothingMore: it does not come there by itself, or not by then.
            HarnessError: there is no such state.
        """
        __tracebackhide__ = True
        stay = after(self.now(), stayed) - self.now()

        async def there(entry: Entry) -> bool:
            return await is_at(self.engine, entry, state)

        await self.until(run, there, f"come to {state!r}", limit)
        entry = await self.engine.store.entry(self._id(run))
        assert entry is not None  # it has come there
        await self.jump_to(max(self.now(), entry.since + stay))

    async def until(
        self,
        run: str | Run[Any],
        wanted: Callable[[Entry], Awaitable[bool]],
        words: str,
        limit: Duration,
    ) -> None:
        """Let time pass until the row of a run in the index is as wanted; `words` for the error."""
        __tracebackhide__ = True
        name = self._id(run)

        async def fits() -> bool:
            await self.settle()
            entry = await self.engine.store.entry(name)
            if entry is None:
                return False
            found = await wanted(entry)
            if not found and entry.status in FINISHED:
                message = "it is over"
                raise NothingMore(message)
            return found

        try:
            await self.clock.until(fits, limit=limit)
        except NothingMore as error:
            why = await self.engine.why(name)
            message = f"run {name!r} does not {words}: {error.message}\n{why}"
            raise NothingMore(message) from None

    @brief
    async def settle(self) -> None:
        """Wait until every run waits for people, commands or time; reopen after a `Crash`.

        Raises:
            NotScripted: a call was made for which nothing is written.
            StillRunning: a call that is made for real does not return.
        """
        await self.clock.settle()
        while self.engine.crashed:
            await self.crash()
        self.script.check()

    async def crash(self) -> None:
        """Let the process die now, and open the store anew: what was recorded is recovered."""
        self.engine.crashed = True
        await self.engine.close()
        await self._open()
        await self.clock.settle()

    async def _open(self) -> None:
        engine = ScriptedEngine(self.script, self.clock, self._store, **self._options)
        self._engine = self.clock.watch(engine)
        await engine.__aenter__()
        for handle in self._handles:
            handle.moved(engine)

    async def _only(self, run: str | Run[Any]) -> str:
        __tracebackhide__ = True
        name = self._id(run)
        found = await self.engine.approvals(run=name)
        if not found:
            message = f"run {name!r} waits for no approval\n{await self.engine.why(name)}"
            raise HarnessError(message)
        if len(found) != 1:
            names = ", ".join(one.name for one in found)
            message = f"run {name!r} waits for approvals: {names}; say which one is meant"
            raise HarnessError(message)
        return found[0].activity

    @staticmethod
    def _id(run: object) -> str:
        if isinstance(run, Run):
            return run.id
        if not isinstance(run, str):
            message = f"{run!r} is no run; give what `await env.start(...)` returned, or its id"
            raise HarnessError(message)
        return run


def _check(script: object, clock: object) -> None:
    if script is not None and not isinstance(script, Script):
        message = f"Environment({script!r}): write Environment(Script({{charge: value}}))"
        raise HarnessError(message)
    if clock is not None and not isinstance(clock, VirtualClock):
        message = f"clock={clock!r}: time passes in a VirtualClock alone; write VirtualClock(...)"
        raise HarnessError(message)
