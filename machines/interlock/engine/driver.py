"""Driving a run: make the calls that its log says are due, record their outcomes, park it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from interlock.engine.calls import call
from interlock.engine.gates import Permit, through
from interlock.engine.recalls import may_call
from interlock.engine.session import Mover, Session
from interlock.engine.undo import undo_call
from interlock.machines.context import Current
from interlock.machines.step import DidNotHappen, Happened, Step
from interlock.projections import Activity
from interlock.store import crash
from interlock.store.contract import Timer
from interlock.store.errors import Conflict
from interlock.store.vocabulary import StepInDoubt, StepStarted

if TYPE_CHECKING:
    from interlock.engine.engine import Engine

EXITS = (KeyboardInterrupt, SystemExit)
"""These end the program, wherever they are raised; the call has no outcome then."""

Record: TypeAlias = Callable[[Mover, Activity], None]
"""Decides the events of an outcome that is in hand."""


class Driver:
    """The task that moves one run until it waits for something that is not a call."""

    def __init__(self, engine: Engine, run: str) -> None:
        self.engine = engine
        self.run = run
        self.task: asyncio.Task[None] | None = None
        self.woken = False
        self._calling: Activity | None = None
        self._cancelling = False

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
        while True:
            session, mover = await self._look()
            if mover is None:
                await self.engine.drivers.hold_changed(session)
                return
            if self.engine.closing or not await self._step(session, mover):
                return

    async def _look(self) -> tuple[Session, Mover | None]:
        """The run as it is in memory, or else in the log."""
        sessions = self.engine.sessions
        session = sessions.cached(self.run) or await sessions.get(self.run)
        return session, session.mover or await self.engine.mover(session)

    async def _step(self, session: Session, mover: Mover) -> bool:
        """Do the next thing. False when the run waits, or somebody else drives it."""
        async with session.lock:
            if session.broken:
                return True
            session.by(self.engine.worker)
            if session.decide(mover.move):
                with suppress(Conflict):  # somebody else moved the run: look again
                    await self.engine.flush(session, patient=True)
                return True
        activity = self._due(session)
        if activity is None:
            return False
        outcome = await self._call(session, mover, activity)
        return outcome is None or await self._record(activity, outcome)

    def _due(self, session: Session) -> Activity | None:
        """The activity whose call is to be made now."""
        for activity in session.state.pending.values():
            if activity.kind not in ("step", "undo") or activity.status in ("in doubt", "done"):
                continue
            due = activity.due if activity.status in ("retrying", "postponed") else None
            if due is None or due <= self.engine.clock.now():
                if (self.run, activity.id) in self.engine.gatekeeper.parked:
                    continue
                return activity
            self.engine.timer_service.ensure(Timer(self.run, activity.id, due))
        return None

    async def _call(self, session: Session, mover: Mover, activity: Activity) -> Record | None:
        """Make a call. Its outcome, or None when the run has to be looked at again."""
        step = mover.step_of(activity)
        if step.options.gates is None or activity.kind == "undo" or activity.status == "started":
            return await self._admitted(session, mover, step, activity)
        wish = self.engine.gatekeeper.wish(session, mover, activity, self._failed)
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
            return await undo_call(self, session, step, activity)
        if activity.hold and activity.status == "started":
            return _doubt(step)
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
            made = self.make(step.function, step, activity, args, kwargs)
            result = await (made if step.options.plain else through(step, permit, made))
        except asyncio.CancelledError as error:
            if self.engine.closing:
                raise
            if self._take_cancel():
                return None
            return self._failed(step, activity, error)
        except EXITS:
            raise
        except BaseException as error:  # whatever the author's step raised is its outcome
            self._take_cancel()
            crash.reached("engine.after_step")
            return self._failed(step, activity, error)
        self._take_cancel()
        crash.reached("engine.after_step")
        return lambda mover, mine: mover.succeed(mine, result)

    def _take_cancel(self) -> bool:
        """Whether the run's cancellation was what interrupted the call."""
        taken, self._cancelling = self._cancelling, False
        if self.task is not None:
            while self.task.cancelling():  # also where a step cancelled the task that it ran in
                self.task.uncancel()
        return taken

    def _failed(self, step: Step[..., Any], activity: Activity, error: BaseException) -> Record:
        delay = None
        if not isinstance(error, step.options.raises):
            delay = step.options.retry.delay(activity.attempt)
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
            answer: object = await self.make(verify, step, activity, args, kwargs)
        except EXITS:
            raise
        except BaseException:  # no answer is no answer: a person has to find out
            if self.engine.closing:
                raise
            self._take_cancel()
            return _doubt(step)
        self._take_cancel()
        if isinstance(answer, Happened):
            return self._happened(answer)  # pyright: ignore[reportUnknownArgumentType]  # of any step
        return None if isinstance(answer, DidNotHappen) else _doubt(step)

    def _happened(self, answer: Happened[Any]) -> Record:
        return lambda mover, mine: mover.succeed(mine, answer.result)

    async def make(
        self,
        function: Callable[..., Any],
        step: Step[..., Any],
        activity: Activity,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Call a function on behalf of an activity; `cancel_call` reaches it meanwhile."""
        current = Current(
            self.run, step.name, activity.state, activity.attempt, activity.key, self.engine.sender
        )
        kwargs = self.engine.resources.into(function, args, kwargs)
        self._calling = activity
        try:
            return await call(
                function, args, kwargs,
                current=current, timeout=step.options.timeout, threads=self.engine.threads,
            )  # fmt: skip
        finally:
            self._calling = None

    async def _record(self, activity: Activity, record: Record) -> bool:
        """Decide and append an outcome; after a conflict, on what the log says by then.

        False when the activity is no longer what it was: somebody else recorded an outcome and
        drives the run, so ours is dropped.
        """
        attempt = activity.attempt
        while True:
            session, mover = await self._look()
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


def _doubt(step: Step[..., Any]) -> Record:
    def record(mover: Mover, mine: Activity) -> None:
        mover.session.emit(StepInDoubt(mine.id, step.name, mine.attempt))

    return record
