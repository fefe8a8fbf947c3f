"""Driving a run: make the calls that its log says are due, record their outcomes, park it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from interlock.engine.calls import is_open_call
from interlock.engine.children import compensate, look_after
from interlock.engine.forks.following import callable_now, follow, has_more, may_be_called, move_on
from interlock.engine.gates import Permit, through
from interlock.engine.recalls import may_call
from interlock.engine.session import Mover, Session, record_doubt, record_stopped
from interlock.engine.undo import undo_call, undo_failed, undo_step
from interlock.machines.context import Current
from interlock.machines.step import DidNotHappen, Happened, Step
from interlock.projections import Activity
from interlock.store import crash
from interlock.store.contract import Timer
from interlock.store.errors import Conflict
from interlock.store.secrecy import Forgotten
from interlock.store.vocabulary import StepStarted

if TYPE_CHECKING:
    from interlock.engine.core import Core

EXITS = (KeyboardInterrupt, SystemExit)
"""These end the program, wherever they are raised; the call has no outcome then."""

Record: TypeAlias = Callable[[Mover, Activity], None]
"""Decides the events of an outcome that is in hand."""


class Driver:
    """The task that moves one run until it waits for something that is not a call.

    A call that nothing happens beside is made in this task. Where a run does several things at
    once each call has a task of its own, and what is over by the time of a commit is recorded in it
    together.
    """

    def __init__(self, engine: Core, run: str) -> None:
        self.engine = engine
        self.run = run
        self.task: asyncio.Task[None] | None = None
        self.waits = 0  # for so many calls, and for nothing else; -1 is one in this very task
        self._woken = asyncio.Event()
        self._calling: Activity | None = None
        self._cancelling = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._told: set[str] = set()  # calls beside others that were cancelled
        self._over: list[tuple[str, int, Record]] = []  # by activity and attempt
        self._children: dict[str, bool] = {}  # those looked after, and whether they were stopping
        self._wrong: BaseException | None = None

    @property
    def woken(self) -> bool:
        """Whether something happened to the run since it was last looked at."""
        return self._woken.is_set()

    def wake(self) -> None:
        """Something happened to the run: look at it again."""
        self._children.clear()
        self._woken.set()

    def cancel_call(self, version: int) -> None:
        """Let the call that is under way see a cancellation that was recorded as `version`.

        A call that was decided after it is what the workflow does about it: cleaning up, undoing.
        """
        calling = self._calling
        if calling is None or calling.version > version or self._cancelling:
            return
        if self.task is not None:
            self._cancelling = True
            self.task.cancel()

    async def drive(self) -> None:
        """Move the run on as long as there is something to do."""
        self._wrong = None  # what the store refused is tried again
        self._children.clear()
        try:
            while True:
                self._woken.clear()
                session, mover = await self.engine.look(self.run)
                if mover is None:
                    await self.engine.drivers.hold_changed(session)
                    return
                if session.state.fork is not None:
                    await follow(self.engine, session)
                if not await self._step(session, mover):
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

    async def _step(self, session: Session, mover: Mover) -> bool:
        """Record what is over, decide what can be, make the calls that are due.

        False when the run waits, or somebody else drives it.
        """
        if self._wrong is not None:
            raise self._wrong
        if self.engine.closing and not self._over:
            return False
        async with session.lock:
            if session.broken:
                return True
            session.calling = {*self._tasks}
            session.by(self.engine.worker)
            session.decide(partial(self._decide, session, mover))
            decided = len(self._over)
            try:
                await self.engine.flush(session, patient=True)
            except Conflict:  # somebody else moved the run: look again
                return True
            del self._over[:decided]  # others may have ended during the commit
        if self.engine.closing:
            return False
        if self._tasks:
            self._cancel_stopped(session)
        self.engine.gatekeeper.look(session)
        if has_more(session):
            return True
        due = self._due(session)
        if not due and not self._tasks:
            return False
        if len(due) == 1 and not self._tasks and len(session.state.pending) == 1:
            attempt = due[0].attempt  # what is decided and not kept changes the activity
            outcome = await self._call(session, mover, due[0])
            if outcome is not None:
                self._over.append((due[0].id, attempt, outcome))
            return True
        for activity in due:
            self._tasks[activity.id] = self.engine.spawn(self._beside(session, mover, activity))
        if due and self._woken.is_set():
            await asyncio.sleep(0)  # a task that is cancelled before it begins tells nobody
        self.waits = len(self._tasks)
        await self._woken.wait()
        self.waits = 0
        return True

    def _decide(self, session: Session, mover: Mover) -> None:
        """The events of what is over, and of all that follows from it."""
        for activity, attempt, record in self._over:
            mine = session.state.pending.get(activity)
            # somebody else recorded an outcome, and drives the run: ours is dropped
            if mine is not None and mine.attempt == attempt and mine.status != "done":
                record(mover, mine)
        move_on(session, mover)

    def _due(self, session: Session) -> list[Activity]:
        """The activities whose calls are to be made now; a lifecycle makes one at a time."""
        due: list[Activity] = []
        over = [activity for activity, _, _ in self._over] if self._over else ()
        for activity in callable_now(session):
            if activity.id in self._tasks or activity.id in over or not self._is_due(activity):
                continue
            due.append(activity)
            if session.state.lifecycle:
                break
        return due

    def _is_due(self, activity: Activity) -> bool:
        if not is_open_call(activity):
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
            self._woken.set()

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

    async def _call(self, session: Session, mover: Mover, activity: Activity) -> Record | None:
        """Make a call. Its outcome, or None when the run has to be looked at again."""
        assert may_be_called(session, activity), "a fork calls nothing that nobody asked for"
        if activity.child:
            return await self._look_after(session, activity)
        if activity.stopping:
            return record_stopped
        step = mover.step_of(activity)
        gated, wrong = step, partial(self._failed, step, activity)
        if activity.kind == "undo":
            gated, wrong = undo_step(step), partial(undo_failed, self, step, activity)
        if gated.options.gates is None or activity.status == "started":
            return await self._admitted(session, mover, step, activity)
        wish = self.engine.gatekeeper.wish(session, mover, activity, gated, wrong)
        permit = await self.engine.gatekeeper.enter(wish)
        if not isinstance(permit, Permit):
            return permit
        with permit:
            return await self._admitted(session, mover, step, activity, permit)

    async def _admitted(
        self,
        session: Session,
        mover: Mover,
        step: Step[..., Any],
        activity: Activity,
        permit: Permit | None = None,
    ) -> Record | None:
        """Make a call that nothing holds back."""
        found = (activity.id, activity.attempt) not in session.intents
        session.intents.discard((activity.id, activity.attempt))
        if found and not await may_call(self.engine, self._record, session, step, activity):
            return None
        if activity.kind == "undo":
            return await undo_call(self, session, step, activity, permit)
        if activity.hold and activity.status == "started":
            return record_doubt
        if activity.hold or activity.cleared:
            started = StepStarted(activity.id, activity.attempt)
            if not await self._record(activity, lambda m, _: m.session.emit(started)):
                return None
        elif found and step.options.on_crash == "verify":
            verified = await self._verify(mover, step, activity)
            if verified is not None:
                return verified
        args, kwargs = mover.arguments(activity)
        return await self._attempt(step, activity, args, kwargs, permit)

    async def _look_after(self, session: Session, activity: Activity) -> Record | None:
        """See to a child: it is started, cancelled or compensated, and its end is recorded."""
        self._children[activity.id] = activity.stopping
        see = compensate if activity.kind == "undo" else look_after
        return await see(self.engine, session, activity)

    async def _attempt(
        self,
        step: Step[..., Any],
        activity: Activity,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        permit: Permit | None,
    ) -> Record | None:
        crash.reached("engine.before_step")
        try:
            limit = step.options.timeout
            made = self.make(step.function, step.name, activity, args, kwargs, limit)
            result = await (made if step.options.plain else through(step, permit, made))
        except asyncio.CancelledError as error:
            if self.engine.closing:
                raise
            if self._take_cancel(activity):
                return None
            return self._failed(step, activity, error)
        except EXITS:
            raise
        except BaseException as error:  # whatever the author's step raised is its outcome
            self._take_cancel(activity)
            crash.reached("engine.after_step")
            return self._failed(step, activity, error)
        self._take_cancel(activity)
        crash.reached("engine.after_step")
        return lambda mover, mine: mover.succeed(mine, result)

    def _take_cancel(self, activity: Activity) -> bool:
        """Whether the call was interrupted because the run does not want it any more."""
        task = self._tasks.get(activity.id, self.task)
        assert task is not None  # calls are made in tasks
        while task.cancelling():  # also where a step cancelled the task that it ran in
            task.uncancel()
        if task is not self.task:
            return activity.id in self._told
        taken, self._cancelling = self._cancelling, False
        return taken

    def _failed(self, step: Step[..., Any], activity: Activity, error: BaseException) -> Record:
        delay = None
        if not isinstance(error, (*step.options.raises, Forgotten)):  # it stays forgotten
            delay = self.engine.delay(step.options.retry, activity.attempt)
        if delay is None:
            return lambda mover, mine: mover.fail(mine, error)
        wait = delay
        return lambda mover, mine: mover.retry(mine, error, mover.session.now + wait)

    async def _verify(
        self, mover: Mover, step: Step[..., Any], activity: Activity
    ) -> Record | None:
        """Ask the author whether a call that was found in the log happened. None: call it."""
        verify = step.options.verify
        assert verify is not None
        args, kwargs = mover.arguments(activity)
        try:
            limit = step.options.timeout
            answer: object = await self.make(verify, step.name, activity, args, kwargs, limit)
        except EXITS:
            raise
        except BaseException:  # no answer is no answer: a person has to find out
            if self.engine.closing:
                raise
            self._take_cancel(activity)
            return record_doubt
        self._take_cancel(activity)
        if isinstance(answer, Happened):
            return self._happened(answer)  # pyright: ignore[reportUnknownArgumentType]  # of any step
        return None if isinstance(answer, DidNotHappen) else record_doubt

    def _happened(self, answer: Happened[Any]) -> Record:
        return lambda mover, mine: mover.succeed(mine, answer.result)

    async def make(
        self,
        function: Callable[..., Any],
        name: str,
        activity: Activity,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        timeout: timedelta | None,
    ) -> Any:
        """Call a function on behalf of an activity; `cancel_call` reaches it meanwhile."""
        session = self.engine.sessions.cached(self.run)
        correlation = "" if session is None else session.correlation
        sender = partial(self.engine.sender, correlation)
        current = Current(
            self.run, name, activity.state, activity.attempt, activity.key, sender, correlation
        )
        kwargs = self.engine.resources.into(function, args, kwargs)
        alone = activity.id not in self._tasks
        if alone:
            self._calling, self.waits = activity, -1
        who, board = (self.run, activity.id), self.engine.noticeboard
        token = board.calling(who, function)
        try:
            return await self.engine.call(activity, function, args, kwargs, current, timeout)
        finally:
            board.called(who, token)
            if alone:
                self._calling, self.waits = None, 0

    async def _record(self, activity: Activity, record: Record) -> bool:
        """Decide and append an outcome; after a conflict, on what the log says by then.

        False when the activity is no longer what it was: somebody else recorded an outcome and
        drives the run, so ours is dropped.
        """
        attempt = activity.attempt
        while True:
            session, mover = await self.engine.look(self.run)
            if mover is None:
                return False
            async with session.lock:
                if session.broken:
                    continue
                mine = session.state.pending.get(activity.id)
                if mine is None or mine.attempt != attempt or mine.status == "done":
                    return False
                session.by(self.engine.worker)
                session.decide(partial(record, mover, mine))
                try:
                    await self.engine.flush(session, patient=True)
                except Conflict:
                    continue
                return True
