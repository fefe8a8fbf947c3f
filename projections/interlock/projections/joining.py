"""Folds of what a run does at the same time: joins, branches, children, handles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.projections import people
from interlock.projections.moving import image_of, move, over, state_of, told
from interlock.projections.run import Activity, Joined, Outcome, RunState, Thread
from interlock.projections.undoing import Compensation, Irreversible, Undoable
from interlock.store.event import Event
from interlock.store.joining import (
    ActivityStopped,
    BatchBegun,
    BatchEnded,
    BranchRaised,
    BranchReturned,
    BranchStarted,
    CallFailed,
    ChildEnded,
    ChildStarted,
    CompensationRequested,
    JoinStarted,
    Replied,
    RunEnding,
    StepSkipped,
    WaitPassed,
)
from interlock.store.values import Image


def _join_started(state: RunState, event: Event, body: JoinStarted) -> None:
    image_of(state, body.within).apply(body.memory)
    join = Joined(
        body.how, body.calls, body.names, body.shape, body.limit, body.collect, body.size,
        body.delay, active={}, outcomes={}, failed=[],
    )  # fmt: skip
    within = body.within
    where = state_of(event, within)
    move(state, Activity(body.activity, "join", body.how, where, event.at, event.version,
                         within=within, join=join))  # fmt: skip
    for index, call in enumerate(body.calls):
        if call.handle:
            _watch(state, body.activity, join, index, call.handle)


def _watch(state: RunState, join_id: str, join: Joined, index: int, handle: str) -> None:
    """Wait for what was begun before."""
    outcome = state.handles.get(handle)
    if outcome is not None:
        told(join, index, outcome)
        return
    activity = state.pending[handle]
    activity.watchers = (*activity.watchers, (join_id, index))
    join.active[handle] = index


def _batch_ended(state: RunState, event: Event, body: BatchEnded) -> None:
    activity = state.pending[body.activity]
    activity.due = body.until
    assert activity.join is not None  # only joins have batches
    activity.join.paused = True


def _batch_begun(state: RunState, event: Event, body: BatchBegun) -> None:
    activity = state.pending[body.activity]
    activity.due = None
    assert activity.join is not None  # only joins have batches
    activity.join.paused = False
    activity.join.batch = activity.join.begun


def _call_failed(state: RunState, event: Event, body: CallFailed) -> None:
    join = state.pending[body.activity].join
    assert join is not None  # it is one
    join.begun = body.index + 1
    told(join, body.index, Outcome("error", event.actor, event.at, error=body.error))


def _branch_started(state: RunState, event: Event, body: BranchStarted) -> None:
    where = body.within.state
    activity = Activity(
        body.activity, "helper", body.name, where, event.at, event.version, within=body.within
    )
    move(state, activity)
    image = Image()
    image.apply(body.memory)
    state.threads[body.activity] = Thread(body.activity, where, image)


def _branch_returned(state: RunState, event: Event, body: BranchReturned) -> None:
    _end_branch(state, body.activity, Outcome("value", event.actor, event.at, body.result))


def _branch_raised(state: RunState, event: Event, body: BranchRaised) -> None:
    cancelled = state.threads[body.activity].cancelled and body.error.type == "CancelledError"
    kind: Any = "cancelled" if cancelled else "error"
    outcome = Outcome(kind, event.actor, event.at, reason=body.error.message, error=body.error)
    _end_branch(state, body.activity, outcome)


def _end_branch(state: RunState, branch: str, outcome: Outcome) -> None:
    thread = state.threads.pop(branch)
    state.pending.pop(thread.current, None)
    over(state, state.pending[branch], outcome)


def _child_started(state: RunState, event: Event, body: ChildStarted) -> None:
    within = body.within
    image_of(state, within).apply(body.memory)
    where = state_of(event, within)
    args, kwargs = body.args, body.kwargs
    if within is not None and within.join:
        joined = state.pending[within.join].join
        assert joined is not None  # it is one
        call = joined.calls[within.index]
        args, kwargs = call.args, call.kwargs
    activity = Activity(
        body.activity, "child", body.machine, where, event.at, event.version, args=args,
        kwargs=kwargs, within=within, child=body.child, abandon=body.on_cancel == "abandon",
        apart=body.activity == body.child,
    )  # fmt: skip
    move(state, activity)


def _child_ended(state: RunState, event: Event, body: ChildEnded) -> None:
    activity = state.pending[body.activity]
    if body.undoable:
        undo = Undoable(
            activity.id, activity.name, activity.version, event.version, activity.state,
            activity.child,
        )  # fmt: skip
        state.stack.append(undo)
    if body.irreversible:
        stays = Irreversible(activity.id, activity.name, body.irreversible)
        state.irreversible.append(stays)
    activity.error = body.error
    if body.status == "completed":
        outcome = Outcome("value", event.actor, event.at, body.result)
    elif activity.stopping:
        outcome = Outcome("cancelled", event.actor, event.at, reason="cancelled")
    else:
        outcome = Outcome("error", event.actor, event.at, error=body.error)
    over(state, activity, outcome)


def _activity_stopped(state: RunState, event: Event, body: ActivityStopped) -> None:
    activity = state.pending[body.activity]
    activity.stopping = True
    for thread in (state.threads.get(activity.id),):
        if thread is not None and thread.cancel is None:
            thread.cancel = body.reason
    if activity.join is not None:
        activity.join.stopping = True
    if body.over:
        people.lapse(state, activity, event.at, body.reason or "cancelled")
        over(state, activity, Outcome("cancelled", event.actor, event.at, reason=body.reason))


def _wait_passed(state: RunState, event: Event, body: WaitPassed) -> None:
    over(state, state.pending[body.activity], Outcome("elapsed", event.actor, event.at))


def _run_ending(state: RunState, event: Event, body: RunEnding) -> None:
    state.pending.pop(state.current, None)
    state.current = ""
    state.ending = body


def _noted(state: RunState, event: Event, body: object) -> None:
    """Only for readers of the history."""


def _compensation_requested(state: RunState, event: Event, body: CompensationRequested) -> None:
    state.ended = None
    state.cancel = body.reason
    state.cancelled = True
    state.compensation = Compensation(None)


HANDLERS: dict[str, Callable[[RunState, Event, Any], None]] = {
    JoinStarted.__name__: _join_started,
    BatchEnded.__name__: _batch_ended,
    BatchBegun.__name__: _batch_begun,
    CallFailed.__name__: _call_failed,
    BranchStarted.__name__: _branch_started,
    BranchReturned.__name__: _branch_returned,
    BranchRaised.__name__: _branch_raised,
    ChildStarted.__name__: _child_started,
    ChildEnded.__name__: _child_ended,
    ActivityStopped.__name__: _activity_stopped,
    WaitPassed.__name__: _wait_passed,
    RunEnding.__name__: _run_ending,
    StepSkipped.__name__: _noted,
    Replied.__name__: _noted,
    CompensationRequested.__name__: _compensation_requested,
}
"""What folds each of these events."""
