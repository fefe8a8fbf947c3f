"""Driving a run: make the calls that its log says are due, record their outcomes, park it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlock.engine.calls import CALLS, OVER
from interlock.engine.forks.following import callable_now, follow, move_on
from interlock.engine.making import Maker, Record
from interlock.engine.session import Mover, Session, record_stopped
from interlock.projections import Activity
from interlock.store.contract import Timer
from interlock.store.errors import Conflict

if TYPE_CHECKING:
    from interlock.engine.core import Core


class Driver(Maker):
    """The task that moves one run until it waits for something that is not a call.

    A call that nothing happens beside is made in this task. Where a run does several things at
    once each call has a task of its own, and what is over by the time of a commit is recorded in it
    together.

    Attributes:
        woken: something happened to the run since it was last looked at.
    """

    def __init__(self, engine: Core, run: str) -> None:
        super().__init__(engine, run)
        self.woken = False
        self._bell: asyncio.Future[None] | None = None
        self._over: list[tuple[str, int, Record]] = []  # by activity and attempt
        self._wrong: BaseException | None = None

    def wake(self) -> None:
        """Something happened to the run: look at it again."""
        self._children.clear()
        self._ring()

    def _ring(self) -> None:
        self.woken = True
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    async def drive(self) -> None:
        """Move the run on as long as there is something to do."""
        engine = self.engine
        self._wrong = None  # what the store refused is tried again
        self._children.clear()
        try:
            while True:
                self.woken = False
                session = engine.sessions.cached(self.run)
                mover = None if session is None else session.mover
                if session is None or mover is None:
                    session, mover = await engine.look(self.run)
                if mover is None:
                    await engine.drivers.hold_changed(session)
                    return
                if session.state.fork is not None:
                    await follow(engine, session)
                if self._wrong is not None:
                    raise self._wrong
                if engine.closing and not self._over:
                    return
                if not await self._commit(session, mover):
                    continue
                if engine.closing:
                    return
                due = self._due(session)
                if session.following is not None and session.following.more:
                    continue
                if len(due) == 1 and not self._tasks and len(session.state.pending) == 1:
                    activity = due[0]
                    attempt = activity.attempt  # what is decided and not kept changes the activity
                    outcome = await self._call(session, mover, activity)
                    if outcome is not None:
                        self._over.append((activity.id, attempt, outcome))
                elif due or self._tasks:
                    await self._go_on_beside(session, mover, due)
                else:
                    return
        finally:
            await self._abandon()

    async def _abandon(self) -> None:
        """Interrupt what is under way: the run is not driven any more."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_on_beside(self, session: Session, mover: Mover, due: Sequence[Activity]) -> None:
        """Make these calls beside those under way, until one is over or something happens."""
        for activity in due:
            self._tasks[activity.id] = self.engine.spawn(self._beside(session, mover, activity))
        if due and self.woken:
            await asyncio.sleep(0)  # a task that is cancelled before it begins tells nobody
        await self._wait()

    async def _wait(self) -> None:
        """Wait until one of the calls is over, or something happens to the run."""
        if self.woken:
            return
        self.waits = len(self._tasks)
        self._bell = asyncio.get_running_loop().create_future()
        try:
            await self._bell
        finally:
            self._bell, self.waits = None, 0

    async def _commit(self, session: Session, mover: Mover) -> bool:
        """Record what is over, and what follows from it.

        False when the run is to be looked at again: somebody else moved it.
        """
        turn = session.lock
        if not turn.take():
            await turn.wait()
        try:
            if session.broken:
                return False
            if self._tasks or session.calling:
                session.calling = {*self._tasks}
            session.by(self.engine.worker)
            session.decide(self._decide, session, mover)
            decided = len(self._over)
            appended = await session.flush(patient=True)
            del self._over[:decided]  # others may have ended during the commit
        except Conflict:
            return False
        except asyncio.CancelledError:
            self.engine.left_open(session)
            raise
        finally:
            turn.release()
        if appended is not None:
            self.engine.appended(session)
        return True

    def _decide(self, session: Session, mover: Mover) -> None:
        """The events of what is over, and of all that follows from it."""
        for activity, attempt, record in self._over:
            mine = session.state.pending.get(activity)
            # somebody else recorded an outcome, and drives the run: ours is dropped
            if mine is not None and mine.attempt == attempt and mine.status != "done":
                record(mover, mine)
        if session.following is not None or mover.move():
            move_on(session, mover)

    def _due(self, session: Session) -> list[Activity]:
        """The activities whose calls are to be made now; a lifecycle makes one at a time.

        Calls that the run does not want any more are told, or leave their queues.
        """
        state, keeper = session.state, self.engine.gatekeeper
        pending = state.pending.values()
        if len(pending) == 1 and not (self._tasks or self._over or keeper.parked or keeper.called):
            (only,) = pending
            if only.kind == "step" and only.status == "scheduled" and state.fork is None:
                return [only]  # as is found below, and as it is at most looks
        if self._tasks:
            self._cancel_stopped(session)
        keeper.look(session)
        due: list[Activity] = []
        over = [activity for activity, _, _ in self._over] if self._over else ()
        for activity in pending if state.fork is None else callable_now(session):
            if activity.id in self._tasks or activity.id in over or not self._is_due(activity):
                continue
            due.append(activity)
            if state.lifecycle:
                break
        return due

    def _is_due(self, activity: Activity) -> bool:
        if activity.kind not in CALLS or activity.status in OVER:
            return False
        if activity.child and self._children.get(activity.id) == activity.stopping:
            return False
        until = activity.due if activity.status in ("retrying", "postponed") else None
        if until is None or until <= self.engine.clock.now() or activity.stopping:
            return (self.run, activity.id) not in self.engine.gatekeeper.parked
        self.engine.timer_service.ensure(Timer(self.run, activity.id, until))
        return False

    async def _beside(self, session: Session, mover: Mover, activity: Activity) -> None:
        """Make a call while others are under way."""
        attempt = activity.attempt
        try:
            outcome = await self._call(session, mover, activity)
            outcome = outcome or (record_stopped if activity.id in self._told else None)
            if outcome is not None:
                self._over.append((activity.id, attempt, outcome))
        except asyncio.CancelledError:
            if self.engine.closing or activity.id not in self._told:
                raise
            self._over.append((activity.id, attempt, record_stopped))
        except BaseException as error:  # nobody awaits this task: the driver raises it
            self._wrong = error
        finally:
            del self._tasks[activity.id]
            self._told.discard(activity.id)
            self._ring()

    def _cancel_stopped(self, session: Session) -> None:
        """Let calls see that the run does not want them any more."""
        pending = session.state.pending
        for name, task in self._tasks.items():
            activity = pending.get(name)
            if activity is not None and (activity.child or not activity.stopping):
                continue  # a child is cancelled by a command of its own
            if name not in self._told:
                self._told.add(name)
                task.cancel()
