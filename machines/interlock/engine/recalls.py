"""Calls whose intent was found in the log: made again, counted, and not for ever.

Nothing is recorded on the ordinary way: the worker that records an intent makes the call. What a
worker finds in the log when it takes over may have been called by the one before it. That is
recorded before the call is made again, so that a call which brings its process down is known
for it: after so many interruptions it is in doubt, and waits for a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from interlock.engine.session import Mover, Session
from interlock.engine.undo import give_up
from interlock.machines.step import Step
from interlock.projections import Activity
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


async def may_call(
    engine: Core, record: Recorder, session: Session, step: Step[..., Any], activity: Activity
) -> bool:
    """Whether a call that was found in the log is to be made now; records that it is.

    False when the run has to be looked at again: the call was interrupted too often, or somebody
    else moved the run.
    """
    if activity.hold or activity.cleared:
        return True  # its beginning is recorded each time
    before = await _made_before(engine, session.run, activity)
    if before is None:
        return True
    interruptions = activity.interruptions + before
    if interruptions < step.options.interruptions:
        recalled = StepRecalled(activity.id, activity.attempt, interruptions)
        return await record(activity, lambda mover, _: mover.session.emit(recalled))
    if activity.kind == "undo":
        text = f"its process died in {interruptions} calls of this attempt, one after the other"
        failure = Failure("Interrupted", text)
        await record(activity, give_up(failure, notify=engine.notices.wanted))
    else:
        doubt = StepInDoubt(activity.id, step.name, activity.attempt, interruptions)
        await record(activity, lambda mover, _: mover.session.emit(doubt))
    return False


async def _made_before(engine: Core, run: str, activity: Activity) -> int | None:
    """How many calls the workers before this one may have made of what is found: 0 or 1.

    None when no other can have made it: this engine was the worker when it became due.
    """
    events = await engine.store.read(run, after=activity.version - 1)
    intent = next(event for event in reversed(events) if _is_intent(event, activity))
    watch = engine.watch
    if intent.position > watch.began:
        return None
    body = intent.body
    if isinstance(body, StepFailed | UndoFailed):
        due = body.retry_at
        return None if due is not None and due > watch.began_at else 1
    if isinstance(body, StepPostponed):
        return None if body.until is None or body.until > watch.began_at else 1
    return 0 if isinstance(body, StepScheduled) and body.client else 1


def _is_intent(event: Event, activity: Activity) -> bool:
    return isinstance(event.body, _INTENTS) and event.body.activity == activity.id
