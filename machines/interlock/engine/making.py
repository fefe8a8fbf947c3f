"""Making the calls of one run: under a key, with what their steps demand, once each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from interlock.engine.calls import is_async
from interlock.engine.children import compensate, look_after
from interlock.engine.forks.following import may_be_called
from interlock.engine.gates import Permit, through
from interlock.engine.recalls import may_call
from interlock.engine.session import Mover, Session, record_doubt, record_stopped
from interlock.engine.undo import undo_call, undo_failed, undo_step
from interlock.machines.context import Current, Making, Sender
from interlock.machines.resource import needs_of
from interlock.machines.step import DidNotHappen, Happened, Step
from interlock.projections import Activity
from interlock.store import crash
from interlock.store.errors import Conflict
from interlock.store.running import RUNNING
from interlock.store.secrecy import Forgotten
from interlock.store.values.reveals import mark
from interlock.store.vocabulary import StepStarted

if TYPE_CHECKING:
    from interlock.engine.core import Core

EXITS = (KeyboardInterrupt, SystemExit)
"""These end the program, wherever they are raised; the call has no outcome then."""

Record: TypeAlias = Callable[[Mover, Activity], None]
"""Decides the events of an outcome that is in hand."""


class Maker:
    """Makes the calls of a run. Each has one outcome, to be recorded; or none, if it is not known.

    Attributes:
        task: that drives the run, and makes a call that nothing happens beside.
        waits: for so many calls, and for nothing else; -1 is one in this very task.
    """

    def __init__(self, engine: Core, run: str) -> None:
        self.engine = engine
        self.run = run
        self.task: asyncio.Task[None] | None = None
        self.waits = 0
        self._calling: Activity | None = None
        self._cancelling = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._told: set[str] = set()  # calls beside others that were cancelled
        self._children: dict[str, bool] = {}  # those looked after, and whether they were stopping
        self._sender: tuple[Sender, str] | None = None

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

    def _call(self, session: Session, mover: Mover, activity: Activity) -> Awaitable[Record | None]:
        """Make a call. Its outcome, or None when the run has to be looked at again."""
        intent = activity.id, activity.attempt
        usual = intent in session.intents and activity.kind == "step" and not activity.stopping
        if not usual or session.state.fork is not None or activity.hold or activity.cleared:
            return self._see_to(session, mover, activity)
        step = mover.step_of(activity)
        if step.options.gates is not None:
            return self._see_to(session, mover, activity)
        session.intents.remove(intent)
        args, kwargs = mover.arguments(activity)
        return self._attempt(step, activity, args, kwargs, None)

    async def _see_to(self, session: Session, mover: Mover, activity: Activity) -> Record | None:
        """Make a call of any kind."""
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
        if crash.ARMED:
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
            await self._settle(activity)
            if crash.ARMED:
                crash.reached("engine.after_step")
            return self._failed(step, activity, error)
        task = self._tasks.get(activity.id, self.task)
        if self._cancelling or task is None or task.cancelling():
            await self._settle(activity)
        if crash.ARMED:
            crash.reached("engine.after_step")
        return lambda mover, mine: mover.succeed(mine, result)

    async def _settle(self, activity: Activity) -> None:
        """The call has an outcome: a cancellation that it did not see is none of what follows."""
        task = self._tasks.get(activity.id, self.task)
        if task is not None and task.cancelling():
            with suppress(asyncio.CancelledError):  # one that the step asked for comes only now
                await asyncio.sleep(0)
        self._take_cancel(activity)

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
            await self._settle(activity)
            return record_doubt
        await self._settle(activity)
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
        engine, who = self.engine, (self.run, activity.id)
        sender, correlation = self._sender or self._sends()
        current = Current(
            self.run, name, activity.state, activity.attempt, activity.key, sender, correlation
        )
        if needs_of(function):
            kwargs = engine.resources.into(function, args, kwargs)
        alone = activity.id not in self._tasks
        if alone:
            self._calling, self.waits = activity, -1
        making = Making(current)
        running = RUNNING.set(making)
        board = engine.noticeboard
        board.calls[who] = engine.clock.now()
        token = None if is_async(function) else board.queue(who)
        try:
            return await engine.call(activity, function, args, kwargs, current, timeout)
        except BaseException as error:
            mark(error, making.revealed)
            raise
        finally:
            if token is not None:
                board.leave(who, token)
            board.calls.pop(who, None)
            RUNNING.reset(running)
            if alone:
                self._calling, self.waits = None, 0

    def _sends(self) -> tuple[Sender, str]:
        """What `current()` sends commands with; the run has one correlation, all its life."""
        session = self.engine.sessions.cached(self.run)
        correlation = "" if session is None else session.correlation
        sends = partial(self.engine.sender, correlation), correlation
        if session is not None:
            self._sender = sends
        return sends

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
