"""Joins: which of their calls begin, when the rest is stopped, and what comes out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from interlock.engine.failures import record_whole_failure
from interlock.engine.outcomes import combined
from interlock.engine.pausing import Beginning, begin
from interlock.engine.threads import place_at
from interlock.machines.errors import MachineError
from interlock.projections import Activity, Joined
from interlock.store.errors import StoreError
from interlock.store.joining import ActivityStopped, BatchEnded, CallFailed
from interlock.store.values import decode_whole
from interlock.store.within import Within

if TYPE_CHECKING:
    from interlock.engine.workflows import WorkflowRun


def look(run: WorkflowRun, activity: Activity, *, cancelled: bool) -> bool:
    """Move a join on: begin calls, stop the rest, or go on behind it. False for nothing to do."""
    join = activity.join
    assert join is not None  # it is one
    if not join.stopping and (cancelled or _decided(join)):
        run.session.emit(ActivityStopped(activity.id, _reason(join, cancelled), over=False))
        for member in list(join.active):
            stop(run, run.state.pending[member], _reason(join, cancelled))
        return True
    begun = False
    while not join.stopping and (index := _next(join)) is not None:
        if _batch_is_over(join, index):
            if join.active:
                return begun
            _end_batch(run, activity, join)
            return True
        _begin(run, activity, join, index)
        begun = True
        if run.state.pending.get(activity.id) is not activity or _decided(join):
            return True
    if join.active or (join.paused and not join.stopping) or not _is_over(join):
        return begun
    finish(run, activity, cancelled=cancelled)
    return True


def _decided(join: Joined) -> bool:
    """Whether the outcome is certain while calls are under way, or have not begun."""
    if not join.active and _following(join) >= len(join.calls):
        return False
    if join.how == "race":
        return join.first >= 0
    return bool(join.failed) and not join.collect


def _reason(join: Joined, cancelled: bool) -> str:
    if cancelled:
        return "cancelled"
    return "another one won" if join.how == "race" else "another one failed"


def _following(join: Joined) -> int:
    """Place of the first call that has not begun."""
    index, calls = join.begun, join.calls
    while index < len(calls) and calls[index].handle:
        index += 1
    return index


def _next(join: Joined) -> int | None:
    """The call to begin now, if there is room for one."""
    if join.paused or (join.limit and len(join.active) >= join.limit):
        return None
    index = _following(join)
    return index if index < len(join.calls) else None


def _is_over(join: Joined) -> bool:
    return join.stopping or _following(join) >= len(join.calls)


def _batch_is_over(join: Joined, index: int) -> bool:
    """Whether there has to be a pause before this call."""
    last = join.size and join.delay and index % join.size == 0
    return bool(last) and index > join.batch


def _end_batch(run: WorkflowRun, activity: Activity, join: Joined) -> None:
    until = run.session.now + timedelta(seconds=join.delay)
    run.session.emit(BatchEnded(activity.id, until))


def _begin(run: WorkflowRun, activity: Activity, join: Joined, index: int) -> None:
    """Begin one call of a join."""
    call = join.calls[index]
    place = place_at(run.program, call.place)
    name = join.names[index] if join.names else str(index)
    within = Within(activity.thread, activity.id, index, state=call.place)
    beginning = Beginning(
        run, place, f"{activity.id}[{name}]", (), {}, run.encoded, _nothing, within=within,
        planned=True,
    )  # fmt: skip
    try:
        if place.kind != "step":
            types = run.program.types
            beginning.args = [decode_whole(types, value) for value in call.args]
            beginning.kwargs = {k: decode_whole(types, v) for k, v in call.kwargs.items()}
        begin(beginning)
    except (MachineError, StoreError, TypeError) as error:  # what it was given cannot be meant
        failure = record_whole_failure(run.program.types, error)
        run.session.emit(CallFailed(activity.id, index, failure))


def _nothing() -> None:
    """A member of a join says nothing of variables."""


def finish(run: WorkflowRun, activity: Activity, *, cancelled: bool) -> None:
    """All calls are over: go on behind the join."""
    join = activity.join
    assert join is not None  # it is one
    if cancelled:
        run.deliver_cancel(activity)
        return
    thread = run.thread(activity.thread)
    try:
        value = combined(join, run.program.types)
    except BaseException as error:  # what the calls raised is raised at the join
        raised = error
    else:
        run.go(thread, partial(thread.resume, value))
        return
    raised.__traceback__ = None
    run.go(thread, partial(thread.throw, raised))


def stop(run: WorkflowRun, activity: Activity, reason: str) -> None:
    """Cancel something under way. A call, a branch and a child are over when they have seen it."""
    if activity.stopping:
        return
    called = activity.kind == "step" and activity.id in run.session.calling
    waits = activity.kind in ("helper", "child") or called
    run.session.emit(ActivityStopped(activity.id, reason, over=not waits))


def cancel_wait(run: WorkflowRun, activity: Activity) -> bool:
    """Cancel what a thread's code waits for, which is no join. False: that is under way."""
    if activity.stopping:
        return False
    if activity.kind == "child" or activity.id in run.session.calling:
        run.session.emit(ActivityStopped(activity.id, "cancelled", over=False))
    else:
        run.deliver_cancel(activity)
    return True
