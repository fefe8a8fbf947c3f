"""The part of the run fold that makes a fork of what was another run's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from interlock.projections.forked import Forked
from interlock.projections.moving import over
from interlock.projections.people import undo_over
from interlock.projections.run import Activity, Outcome, RunState
from interlock.projections.undoing import Irreversible, Undoable
from interlock.store.event import Event
from interlock.store.forking import (
    CallAnswered,
    CallAsked,
    ForkCaughtUp,
    ForkMade,
    OutcomeReplayed,
    RunForked,
)

UNMOVED = frozenset({ForkMade.__name__})
"""Types of events that say nothing of the run itself: one that is held is held after them."""


def _run_forked(state: RunState, event: Event, body: RunForked) -> None:
    state.fork = Forked(body.parent, body.version, event.version - 1, body.effects)
    state.forks.clear()  # they were made of the parent
    state.parent, state.parent_activity = body.waiting, body.waiting_activity
    later = event.at - body.since
    for activity in state.pending.values():
        _own(state, activity, body.parent)
        _put_off(activity, later)
    state.image.apply(body.memory)


def _own(state: RunState, activity: Activity, parent: str) -> None:
    """No call of the parent's is under way here: it is to be made, under a key of the fork's."""
    if activity.key:
        activity.key = f"{state.run}/{activity.id}"
    if activity.child and activity.kind == "child":
        activity.child = f"{state.run}/{activity.child.removeprefix(f'{parent}/')}"
    if activity.status in ("started", "postponed", "in doubt", "asked"):
        activity.status = "scheduled"
    activity.postponed = activity.asked = activity.answer = ""
    activity.interruptions = 0
    activity.cleared = False


def _put_off(activity: Activity, later: timedelta) -> None:
    """What was to happen so long after the instant of the fork happens so long after its making."""
    if activity.due is not None:
        activity.due += later
    alarms: dict[str, datetime] = {name: at + later for name, at in activity.alarms.items()}
    activity.alarms = alarms
    approval = activity.approval
    if approval is not None:
        approval.reminders = [at + later for at in approval.reminders]
        approval.escalations = [replace(e, at=e.at + later) for e in approval.escalations]


def _fork_made(state: RunState, event: Event, body: ForkMade) -> None:
    state.forks.append(body.fork)


def _replayed(state: RunState, event: Event, body: OutcomeReplayed) -> None:
    """Only for readers of the history: what it means stands in the next event."""


def _caught_up(state: RunState, event: Event, body: ForkCaughtUp) -> None:
    if state.fork is not None:
        state.fork = replace(state.fork, caught_up=True)


def _asked(state: RunState, event: Event, body: CallAsked) -> None:
    activity = state.pending[body.activity]
    activity.status = "asked"
    activity.asked = body.reason
    activity.due = None


def _answered(state: RunState, event: Event, body: CallAnswered) -> None:
    activity = state.pending[body.activity]
    activity.asked = ""
    if body.how in ("live", "recorded"):
        activity.status = "scheduled"
        activity.answer = "live" if body.how == "live" else "recorded"
    elif activity.kind == "undo":
        undo_over(state, activity.id, activity.of)
        if state.compensation is not None:
            state.compensation.undone.append(activity.of)
            state.compensation.by_hand.append(activity.of)
    else:
        _given(state, event, activity, body)


def _given(state: RunState, event: Event, activity: Activity, body: CallAnswered) -> None:
    """A person's word takes the place of a call."""
    if body.undoable:
        undo = Undoable(
            activity.id, activity.name, activity.version, event.version, activity.state,
            activity.child,
        )  # fmt: skip
        state.stack.append(undo)
    if body.irreversible:
        state.irreversible.append(Irreversible(activity.id, activity.name, body.irreversible))
    if state.lifecycle:
        del state.pending[activity.id]
    elif body.error is not None:
        over(state, activity, Outcome("error", event.actor, event.at, error=body.error))
    else:
        over(state, activity, Outcome("value", event.actor, event.at, body.result))


HANDLERS: dict[str, Callable[[RunState, Event, Any], None]] = {
    RunForked.__name__: _run_forked,
    ForkMade.__name__: _fork_made,
    OutcomeReplayed.__name__: _replayed,
    ForkCaughtUp.__name__: _caught_up,
    CallAsked.__name__: _asked,
    CallAnswered.__name__: _answered,
}
"""What folds each of these events."""
