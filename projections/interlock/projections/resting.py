"""Where a run may be left as it is and go on later: between two commits, not inside of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interlock.projections.fold import evolve
from interlock.projections.recorded import BEGIN
from interlock.projections.run import RunState
from interlock.store.event import Event
from interlock.store.joining import (
    ActivityStopped,
    BranchRaised,
    BranchReturned,
    BranchStarted,
    Replied,
    RunEnding,
    StepSkipped,
    WaitPassed,
)
from interlock.store.vocabulary import (
    CancelDelivered,
    CompensationStarted,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunStarted,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    TransitionTaken,
)

_MORE_FOLLOWS = (RunStarted, StepSkipped, Replied, CancelDelivered, BranchStarted, RunEnding)
"""After these the code that is running says more in the same commit."""


def last_rest(events: Sequence[Event], version: int) -> int:
    """The version at which a run goes on that is to go on from `version`.

    For a workflow that is the last one, not after it, at which all of its code stood at awaits; 1
    where it had not come to its first await. A lifecycle's transition has all that it led to.
    """
    if getattr(events[0].body, "lifecycle", False):
        while version < len(events) and _follows(events[version]):
            version += 1
        return version
    found = 1
    state: RunState | None = None
    running: set[str] = set()  # threads whose code has begun something, and goes on
    for event in events[:version]:
        state = evolve(state, event)
        _note_running(running, event.body)
        after = events[event.version].body if event.version < len(events) else None
        if not running and _rests(state, event.body, after):
            found = event.version
    return found


def _note_running(running: set[str], body: Any) -> None:
    """Between what its code starts on its own and its next await a thread is under way."""
    within = getattr(body, "within", None)
    if within is not None and within.handle:
        running.add(within.thread)
    elif isinstance(body, BranchReturned | BranchRaised):
        running.discard(body.activity)
    elif isinstance(body, _ENDS):
        running.clear()
    elif isinstance(body, BEGIN) and not (within is not None and within.join):
        running.discard("" if within is None else within.thread)


_ENDS = (RunEnding, RunCompleted, RunFailed, RunCancelled, CompensationStarted)


def _follows(event: Event) -> bool:
    """Whether a lifecycle's event is part of the transition before it."""
    body = event.body
    if isinstance(body, TransitionTaken):
        by_itself = not body.command and event.actor.kind != "timer"
        return by_itself or bool(body.deferred)
    return isinstance(body, StepScheduled | RunCompleted)


def _rests(state: RunState, body: Any, after: object) -> bool:
    if state.ended is not None or state.compensation is not None:
        return True
    if isinstance(body, _MORE_FOLLOWS):
        return False
    if isinstance(after, WaitPassed):  # a look into the inbox waits for nothing
        return False
    if isinstance(body, StepSucceeded | StepFailed) and _goes_on(state, body):
        return False
    if isinstance(body, ActivityStopped) and not _all_told(state):
        return False
    standing = (state.current, *(thread.current for thread in state.threads.values()))
    return all(current in state.pending for current in standing)


def _goes_on(state: RunState, body: StepSucceeded | StepFailed) -> bool:
    """Whether some code goes on behind the call."""
    if isinstance(body, StepFailed) and body.retry_at is not None:
        return False
    activity = state.pending.get(body.activity)
    return activity is not None and activity.alone


def _all_told(state: RunState) -> bool:
    """Whether all that is stopped together was told so."""
    for activity in state.pending.values():
        join, within = activity.join, activity.within
        members = [] if join is None or not activity.stopping else [*join.active]
        if not all(state.pending[member].stopping for member in members):
            return False
        beside = within is None or within.handle
        if state.ending is not None and beside and not activity.stopping:
            return False
    return True
