"""Undoing a completed step: with its input and result as they were, read back from history."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from interlock.engine.calls import plain_function, undo_arguments
from interlock.engine.failures import message_of
from interlock.engine.session import Mover, Session
from interlock.engine.workflows import recorded_arguments
from interlock.machines.signatures import positional
from interlock.machines.step import Step, StepOptions
from interlock.projections import Activity, History, Undoable
from interlock.projections.moving import image_of
from interlock.store import crash
from interlock.store.values import Types
from interlock.store.vocabulary import (
    Failure,
    StepResolved,
    StepSucceeded,
    UndoFailed,
    UndoSucceeded,
)

if TYPE_CHECKING:
    from interlock.engine.driver import Driver, Record


async def undo_call(
    driver: Driver, session: Session, step: Step[..., Any], activity: Activity
) -> Record | None:
    """Call the undo of a step once; the outcome to be recorded, None when cancelled."""
    undo = step.options.compensate
    assert undo is not None  # only such steps are on the stack
    entry = next(e for e in session.state.stack if e.activity == activity.of)
    events = await driver.engine.store.read(session.run, upto=entry.succeeded)
    types = driver.engine.types_of(session.machine)
    result, args, kwargs = recorded_call(History(events), entry, types)
    crash.reached("engine.before_undo")
    function = plain_function(undo)
    given, named = undo_arguments(function, result, *positional(step.function, args, kwargs))
    try:
        await driver.make(function, step, activity, given, named)
    except asyncio.CancelledError:
        if driver.engine.closing:
            raise
        return _failed(step, activity, asyncio.CancelledError("the undo was cancelled"))
    except Exception as error:  # whatever the author's undo raised is its outcome
        crash.reached("engine.after_undo")
        return _failed(step, activity, error)
    crash.reached("engine.after_undo")
    return _succeeded


def recorded_call(
    history: History, entry: Undoable, types: Types
) -> tuple[Any, list[Any], dict[str, Any]]:
    """Result and input of a completed call, as they were when it was made."""
    intent = history.state(entry.scheduled)
    activity = intent.pending[entry.activity]
    args, kwargs = recorded_arguments(intent, activity, types)
    done = history.state(entry.succeeded)
    body = history.events[entry.succeeded - 1].body
    assert isinstance(body, StepSucceeded | StepResolved)  # this event recorded the outcome
    return image_of(done, activity.within).decode(types, body.result), args, kwargs


def give_up(failure: Failure) -> Record:
    """Records that an undo failed for good."""

    def record(mover: Mover, mine: Activity) -> None:
        mover.session.emit(UndoFailed(mine.id, mine.of, mine.attempt, failure))
        mover.move()

    return record


def _retries(options: StepOptions) -> Any:
    undo = options.compensate
    if isinstance(undo, Step) and undo.options.retry.attempts > 1:
        return undo.options.retry
    return options.compensate_retry


def _succeeded(mover: Mover, mine: Activity) -> None:
    mover.session.emit(UndoSucceeded(mine.id, mine.of))
    mover.move()


def _failed(step: Step[..., Any], activity: Activity, error: BaseException) -> Record:
    delay = _retries(step.options).delay(activity.attempt)
    failure = Failure(type(error).__name__, message_of(error))

    def record(mover: Mover, mine: Activity) -> None:
        at = None if delay is None else mover.session.now + delay
        mover.session.emit(UndoFailed(mine.id, mine.of, mine.attempt, failure, at))
        if at is None:
            mover.move()

    return record
