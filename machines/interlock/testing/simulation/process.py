"""A simulated process: an engine with its own clock and its own way to the store."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from interlock.engine import Engine
from interlock.engine.calls import call
from interlock.machines.context import Current
from interlock.projections import Activity
from interlock.store.contract import Store
from interlock.store.event import Actor
from interlock.store.keystore import KeyStore
from interlock.testing.fault import Plan
from interlock.testing.faulty import FaultyStore
from interlock.testing.simulation.calls import Calls
from interlock.testing.simulation.loop import PROCESS, Dying, SimulatedLoop

if TYPE_CHECKING:
    from interlock.testing.simulation.weather import Weather

T = TypeVar("T")


class Died(Exception):
    """The process that was asked has died: whether it did what it was asked for is not known."""


class Time:
    """Virtual wall-clock time, which can jump; the loop's time only goes on."""

    def __init__(self, loop: SimulatedLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start
        self.jumped = timedelta()

    def now(self) -> datetime:
        """The present instant."""
        return self._start + self.jumped + timedelta(seconds=round(self._loop.time(), 6))


class Skewed:
    """The clock of one process: off by so much."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.skew = timedelta()

    def now(self) -> datetime:
        """What this process takes the present instant for."""
        return self._time.now() + self.skew


class SimulatedEngine(Engine):
    """An engine whose calls are answered by the simulation."""

    calls: Calls

    def call(
        self,
        activity: Activity,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        current: Current,
        timeout: timedelta | None,
    ) -> Awaitable[Any]:
        """Let the simulation answer in the place of the author's function."""
        answered = self.calls.stand_in(activity, function)
        return call(answered, args, kwargs, current=current, timeout=timeout, threads=self.threads)


class Process:
    """One of several that use a store. It can die at any await, and be started again.

    Attributes:
        name: `A`, `B`, …
        life: how often it was started.
        engine: while it is open.
        alive: whether it is running; it may be opening or closing yet.
        store: of this life.
        clock: off by what the weather says.
        acknowledged: the events of commits that it was told were kept, in all of its lives.
    """

    def __init__(
        self, name: str, loop: SimulatedLoop, inner: Store, time: Time, keys: KeyStore,
        calls: Calls, weather: Weather, options: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.name = name
        self.life = 0
        self.alive = False
        self.engine: SimulatedEngine | None = None
        self.store: FaultyStore | None = None
        self.clock = Skewed(time)
        self.acknowledged: list[tuple[str, int, str]] = []
        self._loop = loop
        self._inner = inner
        self._keys = keys
        self._calls = calls
        self._weather = weather
        self._options = options
        self._asked: set[asyncio.Future[Any]] = set()
        self._engines: list[SimulatedEngine] = []
        self._context = contextvars.copy_context()

    @property
    def id(self) -> str:
        """Name and life: what its faults are drawn for."""
        return f"{self.name}{self.life}"

    async def start(self) -> None:
        """Open an engine.

        Raises:
            Died: it died while it was opened.
            StoreError: the store did not let it.
        """
        self.life += 1
        self._context = contextvars.copy_context()
        self._context.run(PROCESS.set, self.id)
        plan: Plan = self._weather.plan(self.id)
        store = FaultyStore(self._inner, plan, rival=self._weather.rivals)
        store.on_crash = self._crash
        self.clock.skew = self._weather.skew(self.id)
        engine = SimulatedEngine(store, clock=self.clock, keys=self._keys, **self._options)
        engine.worker = Actor("worker", self.id)
        engine.look_every = self._weather.look_every
        engine.calls = self._calls
        self.store, self.alive = store, True
        self._engines.append(engine)
        try:
            await self.ask(engine.__aenter__)
        except BaseException:
            self.die()
            raise
        if self.store is not store:  # it died when it was open, before this was told
            raise Died
        self.engine = engine

    async def ask(self, what: Callable[[], Awaitable[T]]) -> T:
        """Let it do something.

        Raises:
            Died: it died meanwhile.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._asked.add(future)

        async def answer() -> None:
            try:
                result = await what()
            except (asyncio.CancelledError, Exception) as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

        self._loop.create_task(answer(), context=self._context)
        try:
            return await future
        finally:
            self._asked.discard(future)

    def die(self) -> None:
        """Be gone: no `finally`, no farewell. What was kept is kept."""
        for future in [*self._asked]:  # also of one that was stopped: it answers nobody any more
            if not future.done():
                self._loop.call_soon(_fail, future, context=contextvars.Context())
        if not self.alive:
            return
        self.alive = False
        self._weather.note(self.id, "dies")
        self._loop.dead.add(self.id)
        self._keep()
        if self.store is not None:
            self.store.release_worker()
            self.store.crashed = True
        self.engine = self.store = None

    async def _crash(self) -> NoReturn:
        self.die()
        await self._loop.create_future()
        raise AssertionError

    def crash_here(self) -> NoReturn:
        """Die between two awaits."""
        self.die()
        raise Dying

    async def stop(self) -> None:
        """Close the engine in good order."""
        engine, self.engine = self.engine, None
        if engine is None:
            return
        self._weather.note(self.id, "is stopped")
        try:
            await self.ask(engine.close)
        finally:
            if self.alive:
                self._keep()
                self.alive = False

    def forget(self) -> None:
        """The simulation is over: what is let go of now does nothing any more."""
        for engine in self._engines:
            engine.closing = True

    def _keep(self) -> None:
        if self.store is not None:
            events = self.store.acknowledged
            self.acknowledged += [(e.stream, e.version, e.digest) for e in events]


def _fail(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(Died())
