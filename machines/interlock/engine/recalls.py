"""Calls whose intent was found in the log: made again, counted, and not for ever.

Nothing is recorded on the ordinary way: the worker that records an intent makes the call. What a
worker finds in the log when it takes over may have been called by the one before it. That is
recorded before the call is made again, so that a call which brings its process down is known
for it: after so many interruptions it is in doubt, and waits for a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from interlock.engine.calls import is_open_call
from interlock.engine.session import Mover, Session
from interlock.engine.undo import give_up
from interlock.machines.step import Step
from interlock.projections import Activity, RunState
from interlock.store.contract import Store
from interlock.store.event import Event
from interlock.store.forking import CallAnswered
from interlock.store.vocabulary import (
    Failure,
    StepFailed,
    StepInDoubt,
    StepPostponed,
    StepRecalled,
    StepReleased,
    StepScheduled,
    StepStarted,
    UndoFailed,
    UndoScheduled,
)

if TYPE_CHECKING:
    from interlock.engine.core import Core

Recorder: TypeAlias = Callable[[Activity, Callable[[Mover, Activity], None]], Awaitable[bool]]
"""Records what a function emits about an activity; False when that is no longer what it was."""

_INTENTS = (
    StepScheduled, StepFailed, StepStarted, StepRecalled, StepPostponed, StepReleased,
    UndoScheduled, UndoFailed, CallAnswered,
)  # fmt: skip


class FoundIntents:
    """The last intent of each call that a run has under way, as the log says; read but once.

    After a crash thousands of calls may be found at a time, and each asks for its own.

    Attributes:
        recalling: what is to be recorded before calls are made again, by activity.
    """

    def __init__(self, state: RunState) -> None:
        versions = [one.version for one in state.pending.values() if is_open_call(one)]
        self._first = self._read = min(versions, default=state.head.version + 1) - 1
        self._last: dict[str, Event] = {}
        self._reading = asyncio.Lock()
        self.recalling: dict[str, StepRecalled] = {}

    async def of(self, store: Store, state: RunState, activity: Activity) -> Event:
        """The event that says last that this call is to be made."""
        if activity.version <= self._first:
            events = await store.read(state.run, after=activity.version - 1)
            return next(event for event in reversed(events) if _intent(event) == activity.id)
        async with self._reading:
            for event in await store.read(state.run, after=self._read):
                self._last[_intent(event)] = event
                self._read = event.version
        if len(self._last) > 2 * len(state.pending) + 64:
            self._last = {name: self._last[name] for name in state.pending if name in self._last}
        return self._last[activity.id]


async def may_call(
    engine: Core, record: Recorder, session: Session, step: Step[..., Any], activity: Activity
) -> bool:
    """Whether a call that was found in the log is to be made now; records that it is.

    False when the run has to be looked at again: the call was interrupted too often, or somebody
    else moved the run.
    """
    if activity.hold or activity.cleared:
        return True  # its beginning is recorded each time
    before = await _made_before(engine, session, activity)
    if before is None:
        return True
    interruptions = activity.interruptions + before
    if interruptions < step.options.interruptions:
        return await _recall(record, session, activity, interruptions)
    if activity.kind == "undo":
        text = f"its process died in {interruptions} calls of this attempt, one after the other"
        failure = Failure("Interrupted", text)
        await record(activity, give_up(failure, notify=engine.notices.wanted))
    else:
        doubt = StepInDoubt(activity.id, step.name, activity.attempt, interruptions)
        await record(activity, lambda mover, _: mover.session.emit(doubt))
    return False


async def _recall(
    record: Recorder, session: Session, activity: Activity, interruptions: int
) -> bool:
    """Record that a call is made again, in one commit with all that wait for the same."""
    found = _found(session)
    found.recalling[activity.id] = StepRecalled(activity.id, activity.attempt, interruptions)
    try:
        return await record(activity, _recall_all(found))
    finally:
        del found.recalling[activity.id]


def _recall_all(found: FoundIntents) -> Callable[[Mover, Activity], None]:
    def emit(mover: Mover, own: Activity) -> None:
        if _is_recalled(own, found.recalling[own.id]):
            return  # with those of another
        session = mover.session
        for wanted in found.recalling.values():
            mine = session.state.pending.get(wanted.activity)
            if mine is None or mine.attempt != wanted.attempt or not is_open_call(mine):
                continue  # somebody else moved the run: who waits for it will see
            if not _is_recalled(mine, wanted):
                session.emit(wanted)

    return emit


def _is_recalled(activity: Activity, wanted: StepRecalled) -> bool:
    return (activity.status, activity.interruptions) == ("started", wanted.interruptions)


def _found(session: Session) -> FoundIntents:
    if session.found is None:
        session.found = FoundIntents(session.state)
    return session.found


async def _made_before(engine: Core, session: Session, activity: Activity) -> int | None:
    """How many calls the workers before this one may have made of what is found: 0 or 1.

    None when no other can have made it: this engine was the worker when it became due.
    """
    intent = await _found(session).of(engine.store, session.state, activity)
    watch = engine.watch
    if intent.position > watch.began:
        return None
    body = intent.body
    if isinstance(body, StepFailed | UndoFailed):
        due = body.retry_at
        return None if due is not None and due > watch.began_at else 1
    if isinstance(body, StepPostponed):
        return None if body.until is None or body.until > watch.began_at else 1
    return 0 if isinstance(body, StepScheduled | CallAnswered) and body.client else 1


def _intent(event: Event) -> str:
    """The call that an event wants to be made; "" where it wants none."""
    return event.body.activity if isinstance(event.body, _INTENTS) else ""
