"""Undoing a completed step: with its input and result as they were, read back from history."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from interlock.engine.calls import plain_function, undo_arguments
from interlock.engine.failures import message_of
from interlock.engine.gates import Permit, through
from interlock.engine.past_calls import past_call
from interlock.engine.session import Mover, Session
from interlock.machines.resilience.gates import Gates
from interlock.machines.retry import Retry
from interlock.machines.signatures import positional
from interlock.machines.step import Step, StepOptions
from interlock.projections import Activity
from interlock.store import crash
from interlock.store.vocabulary import (
    Failure,
    UndoFailed,
    UndoSucceeded,
)

if TYPE_CHECKING:
    from interlock.engine.making import Maker, Record


async def undo_call(
    driver: Maker,
    session: Session,
    step: Step[..., Any],
    activity: Activity,
    permit: Permit | None = None,
) -> Record | None:
    """Call the undo of a step once; the outcome to be recorded, None when cancelled."""
    undo = step.options.compensate
    assert undo is not None  # only such steps are on the stack
    result, args, kwargs = await past_call(driver.engine, session, activity.of)
    crash.reached("engine.before_undo")
    function = plain_function(undo)
    given, named = undo_arguments(function, result, *positional(step.function, args, kwargs))
    try:
        made = driver.make(function, activity.name, activity, given, named, _limit(step))
        await through(undo_step(step), permit, made)
    except asyncio.CancelledError:
        if driver.engine.closing:
            raise
        error = asyncio.CancelledError("the undo was cancelled")
        return undo_failed(driver, step, activity, error)
    except Exception as error:  # whatever the author's undo raised is its outcome
        crash.reached("engine.after_undo")
        return undo_failed(driver, step, activity, error)
    crash.reached("engine.after_undo")
    return _succeeded


def give_up(failure: Failure, *, notify: bool) -> Record:
    """Records that an undo failed for good, as far as the engine can do it."""

    def record(mover: Mover, mine: Activity) -> None:
        failed = UndoFailed(mine.id, mine.of, mine.attempt, failure, person=True, notify=notify)
        mover.session.emit(failed)
        mover.move()

    return record


def _retries(options: StepOptions) -> Retry:
    own = _own(options)
    return own.retry if own is not None and own.retry.attempts > 1 else options.compensate_retry


def _limit(step: Step[..., Any]) -> timedelta | None:
    own = _own(step.options)
    return own.timeout if own is not None and own.timeout else step.options.compensate_timeout


def _own(options: StepOptions) -> StepOptions | None:
    """The options of an undo that is a step itself."""
    undo: object = options.compensate
    return undo.options if isinstance(undo, Step) else None


def _succeeded(mover: Mover, mine: Activity) -> None:
    mover.session.emit(UndoSucceeded(mine.id, mine.of))
    mover.move()


def undo_step(step: Step[..., Any]) -> Step[..., Any]:
    """The undo of a step as a step itself: with its own gates, but no result of another call."""
    undo: Any = step.options.compensate
    if not isinstance(undo, Step):
        return Step(undo, step.name, StepOptions())
    own = cast("Step[..., Any]", undo)
    gates = own.options.gates
    if gates is not None:
        gates = replace(gates, cache=None, flight=False)
        gates = None if gates == Gates() else gates
    return Step(own.function, own.name, replace(own.options, gates=gates))


def undo_failed(
    driver: Maker, step: Step[..., Any], activity: Activity, error: BaseException
) -> Record:
    """What follows from the error of an undo: another attempt, or a person is asked."""
    failed = activity.attempt - activity.first + 1
    delay = driver.engine.delay(_retries(step.options), failed)
    failure = Failure(type(error).__name__, message_of(error))
    person = delay is None
    notify = person and driver.engine.notices.wanted

    def record(mover: Mover, mine: Activity) -> None:
        at = None if delay is None else mover.session.now + delay
        failed = UndoFailed(mine.id, mine.of, mine.attempt, failure, at, person, notify)
        mover.session.emit(failed)
        if at is None:
            mover.move()

    return record
