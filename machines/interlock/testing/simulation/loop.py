"""An event loop in which time is virtual, nothing is left to chance, and processes can die."""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import random
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar
from typing import Any, NamedTuple, TypeVarTuple, Unpack

Ts = TypeVarTuple("Ts")

PROCESS: ContextVar[str] = ContextVar("interlock_process", default="")
"""Which simulated process the code that runs belongs to, "" for the world outside of all."""

_THREAD = 0.002
"""Seconds, at most, that a function takes which is given to a thread."""


class Stuck(Exception):
    """Nothing will ever happen any more, and the simulation is not over."""


class Endless(Exception):
    """The simulation does not come to an end."""


class Dying(BaseException):
    """Ends the code that runs where a process dies between two awaits."""


class _Ready(NamedTuple):
    handle: asyncio.Handle
    call: Callable[..., object]
    args: tuple[Any, ...]
    context: Context


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order in which asyncio would, and goes to the next instant at once.

    What asyncio promises holds: callbacks that are ready run first in, first out. What depends on
    how long something takes is drawn from the seed, and so is the order at one instant. There are
    no threads, files or sockets: functions for an executor are run by the loop.

    Attributes:
        dead: processes that have died: nothing of theirs is run, not even `finally`.
        turns: callbacks that were run.
        limit: more than so many are `Endless`.
        wrong: what callbacks and tasks raised to nobody.
    """

    def __init__(self, draw: random.Random, limit: int) -> None:
        self._runs = self._stops = False
        super().__init__()
        self.dead: set[str] = set()
        self.turns = 0
        self.limit = limit
        self.wrong: list[str] = []
        self._draw = draw
        self._soon: deque[_Ready] = deque()
        self._timers: list[tuple[float, float, int, _Ready]] = []
        self._instant = 0.0
        self._count = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self.set_exception_handler(self._note)

    def time(self) -> float:
        """Virtual seconds since the simulation began."""
        return self._instant

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run a callback after those that are ready already."""
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, context)
        self._soon.append(_Ready(handle, callback, args, context))
        return handle

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """As `call_soon`: there are no threads."""
        return self.call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback at a virtual instant."""
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._count += 1
        ready = _Ready(handle, callback, args, context)
        heapq.heappush(self._timers, (when, self._draw.random(), self._count, ready))
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback so many virtual seconds from now."""
        return self.call_at(self._instant + delay, callback, *args, context=context)

    def create_task(self, coro: Any, **named: Any) -> asyncio.Task[Any]:
        """As any loop; a task of a dead process is kept, or it would be closed, and say so."""
        task: asyncio.Task[Any] = super().create_task(coro, **named)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def run_in_executor(  # type: ignore[override]  # gives the same in fewer words
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run a function in the loop, a moment later."""
        future: asyncio.Future[Any] = self.create_future()

        def run() -> None:
            if future.cancelled():
                return
            try:
                future.set_result(func(*args))
            except BaseException as error:  # as an executor: it is the future's
                future.set_exception(error)

        self.call_later(self._draw.random() * _THREAD, run)
        return future

    def run_until_complete(self, future: Any) -> Any:
        """Run until a coroutine is done; what it returned.

        Raises:
            Stuck, Endless: it never will be.
        """
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._over)
        self.run_forever()
        return task.result()

    def _over(self, _: object) -> None:
        self.stop()

    def run_forever(self) -> None:
        """Run until `stop`."""
        before = asyncio._get_running_loop()  # noqa: SLF001  for loops; of an async test: it waits
        asyncio._set_running_loop(self)  # noqa: SLF001  for loops
        self._runs = True
        try:
            while not self._stops:
                self._turn()
        finally:
            self._stops = self._runs = False
            asyncio._set_running_loop(before)  # noqa: SLF001  for loops

    def _turn(self) -> None:
        """Run what is ready now, and what became due; or else let time pass."""
        if not self._soon:
            if not self._timers:
                raise Stuck
            self._instant = max(self._instant, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self._instant:
            self._soon.append(heapq.heappop(self._timers)[3])
        for _ in range(len(self._soon)):
            ready = self._soon.popleft()
            if ready.handle.cancelled() or ready.context.get(PROCESS, "") in self.dead:
                continue
            self.turns += 1
            self._run(ready)
        if self.turns > self.limit:
            raise Endless

    def _run(self, ready: _Ready) -> None:
        try:
            ready.context.run(ready.call, *ready.args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # as any loop: nobody else hears of it
            self.call_exception_handler({"message": "a callback failed", "exception": error})

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if PROCESS.get() not in self.dead and not isinstance(error, Dying):
            self.wrong.append(f"{context.get('message')}: {error!r}")

    def stop(self) -> None:
        """Stop after what is ready now."""
        self._stops = True

    def is_running(self) -> bool:
        """Whether it runs."""
        return self._runs

    def bury(self) -> None:
        """Let go of all tasks that will never be done."""
        for task in [*self._tasks]:
            setattr(task, "_log_destroy_pending", False)  # noqa: B010  no public way to say so
            coroutine = task.get_coro()
            try:
                coroutine.close()
            except BaseException:
                continue
        self._soon.clear()
        self._timers.clear()
        self._tasks.clear()
        self.close()
