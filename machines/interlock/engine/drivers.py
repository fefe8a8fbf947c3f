"""The drivers of an engine's runs: one task a run that moves, none for those that wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from interlock.engine.commands import cancel
from interlock.engine.driver import Driver
from interlock.engine.failures import message_of
from interlock.engine.recovery import MOVING
from interlock.engine.session import FIRST_WAIT, LONGEST_WAIT, Session
from interlock.machines.errors import Refused
from interlock.projections import RunState
from interlock.store.errors import Conflict, InterlockError, StoreBusy, StoreFull
from interlock.store.event import Actor
from interlock.store.vocabulary import RunHeld

if TYPE_CHECKING:
    from interlock.engine.core import Core

log = logging.getLogger("interlock.engine")


class Drivers:
    """Drives runs until they wait; what goes wrong meanwhile is shown and recorded.

    Attributes:
        idle: set while no run is being moved.
    """

    def __init__(self, engine: Core, concurrency: int) -> None:
        self.engine = engine
        self.idle = asyncio.Event()
        self.idle.set()
        self._table: dict[str, Driver] = {}
        self._slots = asyncio.Semaphore(concurrency)
        self._troubled: dict[str, str] = {}

    @property
    def full(self) -> bool:
        """Whether runs wait for room to be moved."""
        return self._slots.locked()

    def rest(self, asleep: Mapping[str, int]) -> bool:
        """Whether nothing moves: each run that is driven waits for that many calls, all asleep."""
        return all(
            driver.waits and abs(driver.waits) == asleep.get(run, 0)
            and (driver.waits < 0 or not driver.woken)  # one in a call of its own goes on later
            for run, driver in self._table.items()
        )  # fmt: skip

    def tasks(self) -> list[asyncio.Task[None]]:
        """Those that move runs."""
        return [driver.task for driver in self._table.values() if driver.task is not None]

    def runs(self) -> Iterable[str]:
        """Those that are being moved."""
        return self._table.keys()

    def troubled(self) -> dict[str, str]:
        """Runs whose commits the store refuses for now, and why."""
        found = dict(self._troubled)
        for run in self._table:
            session = self.engine.sessions.cached(run)
            if session is not None and session.trouble:
                found[run] = session.trouble
        return found

    def __len__(self) -> int:
        return len(self._table)

    def wake(self, run: str) -> None:
        """Drive a run, if nobody does so already."""
        driver = self._table.get(run)
        if driver is None:
            driver = self._table[run] = Driver(self.engine, run)
            self.engine.sessions.hold(run)  # until it is parked: nothing is loaded twice
            self.idle.clear()
            loop = asyncio.get_running_loop()
            driver.task = loop.create_task(self._drive(driver), name=run)
        else:
            driver.wake()

    def interrupt(self, run: str, version: int) -> None:
        """Let a call under way see that its run was cancelled, by the event of this version."""
        driver = self._table.get(run)
        if driver is not None:
            driver.cancel_call(version)

    async def _drive(self, driver: Driver) -> None:
        delay = FIRST_WAIT
        try:
            while not self.engine.closing:
                try:
                    async with self._slots:
                        await driver.drive()
                except (StoreFull, StoreBusy) as error:
                    log.warning("run %s waits for the store: %s", driver.run, error)
                    self._troubled[driver.run] = str(error)
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, LONGEST_WAIT)
                    continue
                except (Exception, GeneratorExit) as error:  # nobody else hears of it
                    await self.stand_still(driver.run, error)
                if not driver.woken:
                    return
        except BaseException:  # the program ends, or the engine: of this it hears
            assert driver.task is not None  # it is this one
            self.engine.follow(driver.task)
            raise
        finally:
            self._troubled.pop(driver.run, None)
            self.engine.sessions.release(driver.run)
            del self._table[driver.run]
            self.engine.gatekeeper.driven(driver.run)
            if not self._table:
                self.idle.set()

    async def stand_still(self, run: str, error: BaseException) -> None:
        """What went wrong while a run was moved is nobody's outcome: show it, also in the log."""
        if self.engine.closing:
            return
        known = isinstance(error, InterlockError)
        said = message_of(error)
        reason = said if known else f"{type(error).__name__}: {said}"
        log.error("run %s stands still: %s", run, reason, exc_info=None if known else error)
        self.engine.held[run] = reason
        try:
            await self.hold(run, reason)
        except Exception as again:  # its log cannot be read or written
            log.error("that cannot be recorded: %s", again)

    async def hold_changed(self, session: Session) -> None:
        """Record that a run that has something to do is of another definition than this program."""
        program = self.engine.programs.find(session.machine, session.hash)
        if program is None or not session.exists or session.state.status == "open":
            return
        reason, cancelled = self.engine.held[session.run], session.state.cancel
        if cancelled is not None and program.machine.hash != session.hash:
            await self._end_cancelled(session.run)
        await self.hold(session.run, reason)

    async def hold_timer(self, run: str, why: str) -> None:
        """Record that a timer of a lifecycle is due, and that this program cannot go on with it."""
        session = await self.engine.sessions.get(run)
        reason = self.engine.held.setdefault(run, why)
        if self.engine.programs.find(session.machine, session.hash) is not None:
            await self.hold(run, reason)

    async def _end_cancelled(self, run: str) -> None:
        """A run was cancelled, and its code cannot be told: it ends, if it has nothing to undo."""
        with suppress(Refused):  # it has ended meanwhile, or is undoing what it did
            await cancel(self.engine, run, Actor("system"), "", wakes=False)
        if (await self.engine.sessions.get(run)).state.ended is not None:
            self.engine.held.pop(run, None)

    async def hold(self, run: str, reason: str) -> None:
        """Record why a run that has something to do stands still."""
        while True:
            session = await self.engine.sessions.get(run)
            async with session.lock:
                if session.broken:
                    continue
                if not session.exists or not _can_be_held(session.state, reason):
                    return
                session.by(Actor("system"))
                session.emit(RunHeld(reason))
                try:
                    await self.engine.flush(session)
                except Conflict:
                    continue
                return


def _can_be_held(state: RunState, reason: str) -> bool:
    """Whether there is something that it does not do; one that waits goes on waiting."""
    if state.status == "held":
        return state.held != reason
    looks_after = any(activity.kind == "child" for activity in state.pending.values())
    return state.status in MOVING or state.status == "open" or looks_after
