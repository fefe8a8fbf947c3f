"""The engine of a test: it asks the script before it calls anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from interlock.engine.calls import BEGAN
from interlock.engine.calls import call as call_for_real
from interlock.engine.engine import Engine
from interlock.machines.context import Current, calling
from interlock.machines.duration import duration
from interlock.machines.errors import TimedOut
from interlock.machines.retry import Retry
from interlock.machines.signatures import unfit
from interlock.projections import Activity
from interlock.store.errors import Unrecordable
from interlock.store.values.whole import detached
from interlock.testing.clock import VirtualClock
from interlock.testing.outcomes import (
    Crash,
    Does,
    Error,
    Hang,
    Outcome,
    Real,
    Timeout,
    Value,
    called,
)
from interlock.testing.script import Script, StepCall

Kind = Literal["step", "undo", "verify"]


class ScriptedEngine(Engine):
    """An engine whose calls a script answers, in virtual time, with nothing drawn at random.

    Attributes:
        script: the outcomes.
        crashed: a call came to `Crash`: this process is dead, and only has to be closed.
    """

    def __init__(self, script: Script, clock: VirtualClock, store: Any, **options: Any) -> None:
        super().__init__(store, clock=clock, **options)
        self.script = script
        self.virtual = clock
        self.crashed = False

    def delay(self, retry: Retry, failed: int) -> timedelta | None:
        """The longest wait that the schedule allows."""
        return retry.delay(failed, draw=0.0)

    def call(
        self,
        activity: Activity,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        current: Current,
        timeout: timedelta | None,
    ) -> Awaitable[Any]:
        """What the script says of this call."""
        kind = self._kind(activity, function, current)
        name = f"verify {activity.name}" if kind == "verify" else activity.name
        found = self.script.take(name)
        self.script.calls.append(
            StepCall(
                name, tuple(args), dict(kwargs), current.attempt, current.run, current.state,
                self.clock.now(), kind, found or Hang(),
            )
        )  # fmt: skip
        why = self._unfit(found, name, kind, args, kwargs, current.run)
        if why:
            self.script.wrong.append(why)
            return self._scripted(None, current, timeout)
        if isinstance(found, Real | Does):
            real = found.function if isinstance(found, Does) else function
            return self._real(real, args, kwargs, current, timeout, found)
        return self._scripted(found, current, timeout)

    def _unfit(
        self,
        found: Outcome | None,
        name: str,
        kind: Kind,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        run: str,
    ) -> str:
        """Why an outcome cannot be that of this call, by the test's own fault; "" if it can."""
        if isinstance(found, Does):
            why = unfit(found.function, args, kwargs)
            said = f"Does({called(found.function)}) cannot be called as {name} is"
            return f"{said}: {why}" if why else ""
        session = self.sessions.cached(run)
        if not isinstance(found, Value) or session is None or kind != "step":
            return ""
        types = self.programs.types(session.state.machine, session.state.hash)
        try:
            if types is not None:
                detached(types, found.value, f"the script's value of {name}")
        except Unrecordable as error:
            return error.message
        return ""

    def _kind(self, activity: Activity, function: Callable[..., Any], current: Current) -> Kind:
        if activity.kind == "undo":
            return "undo"
        session = self.sessions.cached(current.run)
        if session is None or session.mover is None:
            return "step"
        step = session.mover.step_of(activity)
        return "verify" if function is step.options.verify else "step"

    async def _real(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        current: Current,
        timeout: timedelta | None,
        found: Outcome,
    ) -> Any:
        with calling(current):
            await self._takes(found, current, timeout)
        return await call_for_real(
            function, args, kwargs, current=current, timeout=timeout, threads=self.threads
        )

    async def _scripted(
        self, found: Outcome | None, current: Current, timeout: timedelta | None
    ) -> Any:
        began = BEGAN.get()
        if began is not None:
            began()  # no thread is waited for
        with calling(current):
            if found is None:  # the test is told when nothing moves any more
                await self.virtual.forever()
            if isinstance(found, Crash):
                self.crashed = True
                await self.virtual.forever()
            if isinstance(found, Hang):
                await self._hang(current, timeout)
            elif found is not None:
                await self._takes(found, current, timeout)
        if isinstance(found, Timeout):
            raise TimedOut(_late(current, timeout))
        if isinstance(found, Error):
            raise found.error
        return found.value if isinstance(found, Value) else None

    async def _takes(self, found: Outcome, current: Current, timeout: timedelta | None) -> None:
        if found.takes is None:
            return
        wait = duration(found.takes)
        if timeout is not None and timeout < wait:
            await self._hang(current, timeout)
        await self.virtual.sleep(wait)

    async def _hang(self, current: Current, timeout: timedelta | None) -> None:
        if timeout is None:
            await self.virtual.forever()
        else:
            await self.virtual.sleep(timeout)
            raise TimedOut(_late(current, timeout))


def _late(current: Current, timeout: timedelta | None) -> str:
    return f"{current.step} took longer than {timeout or 'it may'}"
