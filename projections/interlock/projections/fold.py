"""The run fold: `evolve(state, event)`. Total, pure, without clock, guards or user code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from interlock.projections import forking, joining, migrating, own, people
from interlock.projections.errors import EmptyHistory
from interlock.projections.fold_lifecycle import LIFECYCLE
from interlock.projections.moving import image_of, joined, move, over, state_of
from interlock.projections.run import Activity, Outcome, Received, RunState, RunStatus
from interlock.projections.undoing import Compensation, Irreversible, Undoable
from interlock.store.contract import Head
from interlock.store.decisions import ApprovalRequested
from interlock.store.event import Event
from interlock.store.forgetting import STREAM, KeyStoreBound, SubjectForgotten
from interlock.store.values import Image
from interlock.store.vocabulary import (
    CancelDelivered,
    CancelRequested,
    CommandReceived,
    CompensationStarted,
    RunCancelled,
    RunCompensated,
    RunCompensationFailed,
    RunCompleted,
    RunFailed,
    RunHeld,
    RunStarted,
    SleepEnded,
    SleepStarted,
    StepFailed,
    StepInDoubt,
    StepPostponed,
    StepRecalled,
    StepReleased,
    StepResolved,
    StepScheduled,
    StepStarted,
    StepSucceeded,
    UndoFailed,
    UndoScheduled,
    UndoSucceeded,
    WaitDeclined,
    WaitMatched,
    WaitStarted,
    WaitTimedOut,
)
from interlock.store.vocabulary_shared import SharedMoved


def fold(events: Iterable[Event]) -> RunState:
    """The state that a run's events, in order from the first, lead to.

    Raises:
        EmptyHistory: there are no events.
    """
    state: RunState | None = None
    for event in events:
        state = evolve(state, event)
    if state is None:
        raise EmptyHistory("there are no events to fold")
    return state


def evolve(state: RunState | None, event: Event) -> RunState:
    """The state after one more event. The given state is used up: it may be changed in place."""
    if state is None:
        state = _begin(event)
    elif event.state != state.state:
        state.state = event.state
        state.since = event.at
    if state.held and event.type not in _QUIET:
        state.held = ""
    state.head = Head(event.version, event.digest, event.at)
    _HANDLERS[event.type](state, event, event.body)
    return state


def _begin(event: Event) -> RunState:
    return RunState(
        run=event.stream,
        machine=event.machine,
        hash=event.hash,
        started=event.at,
        since=event.at,
        head=Head(),
        state=event.state,
        correlation=event.correlation,
    )


def _run_started(state: RunState, event: Event, body: RunStarted) -> None:
    state.input_digest = body.input_digest
    state.lifecycle = body.lifecycle
    state.starter = event.actor
    state.parent, state.parent_activity = body.parent, body.parent_activity
    state.active = dict.fromkeys(body.entered, event.at)
    state.image.apply(body.memory)


def _step_scheduled(state: RunState, event: Event, body: StepScheduled) -> None:
    within, where, image = body.within, event.state, state.image
    args, kwargs = body.args, body.kwargs
    if within is not None:
        where, image = state_of(event, within), image_of(state, within)
        if within.join:
            call = joined(state, within.join).calls[within.index]
            args, kwargs = call.args, call.kwargs
    image.apply(body.memory)
    activity = Activity(
        body.activity, "step", body.step, where, event.at, event.version,
        args=args, kwargs=kwargs, key=body.key, hold=body.hold, within=within,
    )  # fmt: skip
    move(state, activity)


def _step_started(state: RunState, event: Event, body: StepStarted) -> None:
    activity = state.pending[body.activity]
    activity.status = "started"
    activity.cleared = False
    activity.attempt = body.attempt
    activity.due = None


def _step_recalled(state: RunState, event: Event, body: StepRecalled) -> None:
    activity = state.pending[body.activity]
    activity.status = "started"
    activity.interruptions = body.interruptions
    activity.due = None


def _step_succeeded(state: RunState, event: Event, body: StepSucceeded) -> None:
    if body.memory is not None:
        image_of(state, state.pending[body.activity].within).apply(body.memory)
    _step_done(state, event, body)


def _step_done(state: RunState, event: Event, body: StepSucceeded | StepResolved) -> None:
    done = body.activity
    activity = state.pending[done]
    if body.undoable:
        undo = Undoable(done, activity.name, activity.version, event.version, activity.state)
        state.stack.append(undo)
    if body.irreversible:
        state.irreversible.append(Irreversible(done, activity.name, body.irreversible))
    if state.lifecycle:
        del state.pending[done]
        return
    over(state, activity, Outcome("value", event.actor, event.at, body.result))


def _step_failed(state: RunState, event: Event, body: StepFailed) -> None:
    activity = state.pending[body.activity]
    image_of(state, activity.within).apply(body.memory)
    activity.error = body.error
    activity.due = body.retry_at
    if body.retry_at is not None:
        activity.status = "retrying"
        activity.attempt = body.attempt + 1
        activity.interruptions = 0
    elif state.lifecycle:
        del state.pending[body.activity]
    elif not activity.alone:
        over(state, activity, Outcome("error", event.actor, event.at, error=body.error))


def _step_postponed(state: RunState, event: Event, body: StepPostponed) -> None:
    activity = state.pending[body.activity]
    activity.status = "postponed"
    activity.postponed = body.by
    activity.due = body.until


def _step_released(state: RunState, event: Event, body: StepReleased) -> None:
    activity = state.pending[body.activity]
    activity.status = "scheduled"
    activity.postponed = ""
    activity.due = None


def _step_in_doubt(state: RunState, event: Event, body: StepInDoubt) -> None:
    activity = state.pending[body.activity]
    activity.status = "in doubt"
    activity.interruptions = body.interruptions


def _step_resolved(state: RunState, event: Event, body: StepResolved) -> None:
    if body.happened:
        _step_done(state, event, body)
    else:
        activity = state.pending[body.activity]
        activity.status = "scheduled"
        activity.cleared = True
        activity.interruptions = 0


def _cancel_requested(state: RunState, event: Event, body: CancelRequested) -> None:
    state.cancel = body.reason


def _cancel_delivered(state: RunState, event: Event, body: CancelDelivered) -> None:
    activity = state.pending.pop(body.activity, None)
    if activity is not None:
        why = state.thread(activity).cancel
        people.lapse(state, activity, event.at, why or "cancelled")
    told = state if activity is None else state.thread(activity)
    told.cancelled = True


def _approval_requested(state: RunState, event: Event, body: ApprovalRequested) -> None:
    image_of(state, body.within).apply(body.memory)
    approval, alarms = people.requested(body)
    activity = Activity(
        body.activity, "approval", body.name, state_of(event, body.within), event.at,
        event.version, about=body.about, due=body.deadline, within=body.within,
        approval=approval, alarms=alarms,
    )  # fmt: skip
    move(state, activity)


def _sleep_started(state: RunState, event: Event, body: SleepStarted) -> None:
    image_of(state, body.within).apply(body.memory)
    activity = Activity(
        body.activity, "sleep", "", state_of(event, body.within), event.at, event.version,
        due=body.until, within=body.within,
    )  # fmt: skip
    move(state, activity)


def _sleep_ended(state: RunState, event: Event, body: SleepEnded) -> None:
    over(state, state.pending[body.activity], Outcome("elapsed", event.actor, event.at))


def _wait_started(state: RunState, event: Event, body: WaitStarted) -> None:
    image_of(state, body.within).apply(body.memory)
    activity = Activity(
        body.activity, "wait", " or ".join(body.commands), state_of(event, body.within), event.at,
        event.version, due=body.deadline, commands=body.commands, within=body.within,
    )  # fmt: skip
    move(state, activity)


def _command_received(state: RunState, event: Event, body: CommandReceived) -> None:
    received = Received(event.cause, body.command, body.value, event.actor, event.at)
    state.inbox.append(received)


def _wait_matched(state: RunState, event: Event, body: WaitMatched) -> None:
    activity = state.pending[body.activity]
    taken = next(c for c in state.inbox if c.id == body.command_id)
    state.inbox.remove(taken)
    state.thread(activity).handling = taken.id
    over(state, activity, Outcome("value", taken.actor, event.at, taken.value))


def _wait_declined(state: RunState, event: Event, body: WaitDeclined) -> None:
    state.pending[body.activity].declined |= {*body.command_ids}


def _wait_timed_out(state: RunState, event: Event, body: WaitTimedOut) -> None:
    activity = state.pending[body.activity]
    why = f"{activity.kind} {activity.name!r} timed out"
    people.lapse(state, activity, event.at)
    over(state, activity, Outcome("timed out", event.actor, event.at, reason=why))


def _compensation_started(state: RunState, event: Event, body: CompensationStarted) -> None:
    state.pending.clear()
    state.ending = None
    state.ended = None
    state.compensation = Compensation(body.error)
    state.image.apply(body.memory)


def _undo_scheduled(state: RunState, event: Event, body: UndoScheduled) -> None:
    activity = Activity(
        body.activity, "undo", body.undo, event.state, event.at, event.version,
        key=body.key, of=body.of,
    )  # fmt: skip
    activity.child = next((e.child for e in reversed(state.stack) if e.activity == body.of), "")
    state.visits += 1
    state.pending[activity.id] = activity


def _undo_succeeded(state: RunState, event: Event, body: UndoSucceeded) -> None:
    people.undo_over(state, body.activity, body.of)
    if state.compensation is not None:
        state.compensation.undone.append(body.of)


def _undo_failed(state: RunState, event: Event, body: UndoFailed) -> None:
    activity = state.pending[body.activity]
    activity.error = body.error
    if body.retry_at is not None:
        activity.status = "retrying"
        activity.due = body.retry_at
        activity.attempt = body.attempt + 1
        activity.interruptions = 0
        return
    if body.person:
        people.undo_failed(activity, event, body)
        return
    people.undo_over(state, body.activity, body.of)  # given up at once, as in logs of old
    if state.compensation is not None:
        state.compensation.not_undone.append(body.of)


def _end(status: RunStatus) -> Callable[[RunState, Event, Any], None]:
    def handler(state: RunState, event: Event, body: Any) -> None:
        if not state.lifecycle:
            state.pending.clear()
            state.threads.clear()
        state.ended = status
        if isinstance(body, RunFailed | RunCancelled):
            state.image.apply(body.memory)
        if not isinstance(body, RunCancelled):
            state.error = body.error
        if isinstance(body, RunCompensationFailed) and state.compensation is not None:
            state.compensation.not_undone = [*body.not_undone]

    return handler


def _run_completed(state: RunState, event: Event, body: RunCompleted) -> None:
    state.ended = "completed"
    if state.lifecycle:
        return
    state.pending.clear()
    state.result = body.result
    state.ending = None
    state.handles.clear()
    state.image = Image()  # the variables are gone; what is left is the result
    state.image.apply(body.memory)


def _run_held(state: RunState, event: Event, body: RunHeld) -> None:
    state.held = body.reason


def _subject_forgotten(state: RunState, event: Event, body: SubjectForgotten) -> None:
    state.lifecycle = state.lifecycle or event.stream == STREAM
    for image in (state.image, *(thread.image for thread in state.threads.values())):
        image.forget(body.subject)


def _key_store_bound(state: RunState, event: Event, body: KeyStoreBound) -> None:
    state.lifecycle = True  # the stream of personal data stays open


def _shared_moved(state: RunState, event: Event, body: SharedMoved) -> None:
    state.lifecycle = True
    state.visits += 1


_QUIET = frozenset({SubjectForgotten.__name__, *forking.UNMOVED})
"""Types of events that say nothing of the run itself: one that is held is held after them."""

_HANDLERS: dict[str, Callable[[RunState, Event, Any], None]] = {
    RunStarted.__name__: _run_started,
    StepScheduled.__name__: _step_scheduled,
    StepStarted.__name__: _step_started,
    StepRecalled.__name__: _step_recalled,
    StepSucceeded.__name__: _step_succeeded,
    StepFailed.__name__: _step_failed,
    StepPostponed.__name__: _step_postponed,
    StepReleased.__name__: _step_released,
    StepInDoubt.__name__: _step_in_doubt,
    StepResolved.__name__: _step_resolved,
    ApprovalRequested.__name__: _approval_requested,
    SleepStarted.__name__: _sleep_started,
    SleepEnded.__name__: _sleep_ended,
    WaitStarted.__name__: _wait_started,
    CommandReceived.__name__: _command_received,
    WaitMatched.__name__: _wait_matched,
    WaitDeclined.__name__: _wait_declined,
    WaitTimedOut.__name__: _wait_timed_out,
    CancelRequested.__name__: _cancel_requested,
    CancelDelivered.__name__: _cancel_delivered,
    CompensationStarted.__name__: _compensation_started,
    UndoScheduled.__name__: _undo_scheduled,
    UndoSucceeded.__name__: _undo_succeeded,
    UndoFailed.__name__: _undo_failed,
    RunCompleted.__name__: _run_completed,
    RunFailed.__name__: _end("failed"),
    RunCompensated.__name__: _end("compensated"),
    RunCompensationFailed.__name__: _end("compensation failed"),
    RunCancelled.__name__: _end("cancelled"),
    RunHeld.__name__: _run_held,
    KeyStoreBound.__name__: _key_store_bound,
    SubjectForgotten.__name__: _subject_forgotten,
    **LIFECYCLE,
    SharedMoved.__name__: _shared_moved,
    **joining.HANDLERS,
    **people.HANDLERS,
    **migrating.HANDLERS,
    **own.HANDLERS,
    **forking.HANDLERS,
}
