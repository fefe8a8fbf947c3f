"""How a thread ends: a branch tells its join, the workflow ends its run and undoes what it did."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from interlock.engine import joins
from interlock.engine.failures import record_failure, record_whole_failure
from interlock.engine.threads import Thread
from interlock.projections import Undoable
from interlock.store.errors import Unrecordable
from interlock.store.event import Encoded
from interlock.store.failure import Failure
from interlock.store.joining import BranchRaised, BranchReturned, RunEnding
from interlock.store.values import Memory
from interlock.store.vocabulary import (
    CompensationStarted,
    RunCancelled,
    RunCompensated,
    RunCompensationFailed,
    RunCompleted,
    RunFailed,
    UndoScheduled,
)

if TYPE_CHECKING:
    from interlock.engine.workflows import WorkflowRun
    from interlock.store.event import Delta


def end_well(run: WorkflowRun, thread: Thread, value: object) -> None:
    """A thread's code returned."""
    if thread.id:
        _return_branch(run, thread, value)
        return
    try:
        if _others(run):
            run.session.emit(RunEnding(run.encoded(value, "result")))
            stop_others(run)
            return
        memory = Memory(run.program.types)  # the variables are gone; the result is what is left
        result, _ = memory.adopt(value, "result")
    except Unrecordable as error:
        end_badly(run, thread, error)
        return
    _complete(run, result, memory.take())


def _complete(run: WorkflowRun, result: Encoded, memory: Delta | None) -> None:
    run.session.emit(RunCompleted(result, memory), "completed")


def _return_branch(run: WorkflowRun, thread: Thread, value: object) -> None:
    try:
        result = run.encoded(value, f"result of {thread.inner.program.machine.name}")
    except Unrecordable as error:
        end_badly(run, thread, error)
        return
    run.forget(thread.id)
    run.session.emit(BranchReturned(thread.id, result))


def end_badly(run: WorkflowRun, thread: Thread, error: BaseException) -> None:
    """A thread's code raised."""
    if thread.id:
        failure = record_whole_failure(run.program.types, error)
        run.forget(thread.id)
        run.session.emit(BranchRaised(thread.id, failure))
        return
    cancelled = isinstance(error, asyncio.CancelledError) and run.state.cancelled
    if _others(run):
        whole: Failure | None = (
            None if cancelled else record_whole_failure(run.program.types, error)
        )
        run.session.emit(RunEnding(error=whole, cancelled=cancelled))
        stop_others(run)
        return
    recorded = None if cancelled else record_failure(thread.memory, error)[0]
    fail(run, recorded, thread.memory.take())  # the variables stay as they were at the last await


def fail(run: WorkflowRun, failure: Failure | None, memory: Delta | None) -> None:
    """The run ends badly, or was cancelled (no `failure`): undo what was done."""
    if run.state.stack:
        run.session.emit(CompensationStarted(failure, memory), "compensating")
        undo_next(run)
    elif failure is None:
        run.session.emit(RunCancelled(run.state.cancel or ""), "cancelled")
    else:
        run.session.emit(RunFailed(failure, memory), "failed")


def _others(run: WorkflowRun) -> bool:
    """Whether anything goes on beside the workflow's own code."""
    state = run.state
    return any(activity.id != state.current for activity in state.pending.values())


def stop_others(run: WorkflowRun) -> None:
    """The workflow has ended: stop what it started and never awaited."""
    for activity in list(run.state.pending.values()):
        if activity.within is None or activity.within.handle:
            joins.stop(run, activity, "the workflow has ended")


def finish(run: WorkflowRun) -> bool:
    """End a run once nothing goes on beside it any more."""
    state = run.state
    ended = state.ending
    assert ended is not None  # only then
    if state.pending:
        return False
    if ended.error is not None or ended.cancelled:
        fail(run, ended.error, None)
    else:
        _complete(run, ended.result, None)
    return True


def undo_next(run: WorkflowRun) -> bool:
    """Schedule the next undo, or end the run when there is none left.

    False while one goes on, and when all that are left wait for a person.
    """
    state = run.state
    if state.ended is not None or any(a.status != "undo failed" for a in state.pending.values()):
        return False
    failed = {activity.of for activity in state.pending.values()}
    undo = next((u for u in reversed(state.stack) if u.activity not in failed), None)
    if undo is not None:
        _schedule_undo(run, undo)
    elif not failed:
        _end_undone(run)
    return undo is not None or not failed


def _end_undone(run: WorkflowRun) -> None:
    state = run.state
    compensation = state.compensation
    assert compensation is not None  # only undoing leads here
    error, done, left = compensation.error, compensation.undone, compensation.not_undone
    stays = [step.activity for step in state.irreversible]
    if left:
        error = error or Failure("CancelledError", state.cancel or "cancelled")
        failed = RunCompensationFailed(error, list(done), list(left), stays)
        run.session.emit(failed, "compensation failed")
    elif error is None:
        run.session.emit(RunCancelled(state.cancel or "", list(done), stays=stays), "cancelled")
    else:
        run.session.emit(RunCompensated(error, list(done), stays), "compensated")


def _schedule_undo(run: WorkflowRun, undo: Undoable) -> None:
    name = "compensate"
    if not undo.child:
        step = run.step_at(undo.state)
        name = getattr(step.options.compensate, "__name__", "undo")
    activity = f"undo {undo.activity}"
    key = f"{run.session.run}/{activity}"
    scheduled = UndoScheduled(activity, undo.activity, undo.step, name, key)
    run.session.emit(scheduled, "compensating")
    run.session.intents.add((activity, 1))
