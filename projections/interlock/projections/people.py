"""The part of the run fold that people cause: votes, delegations, what becomes of failed undos."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from interlock.projections.approval import Approval, Decided, Lapsed, Voted
from interlock.projections.moving import over
from interlock.projections.run import Activity, Outcome, RunState
from interlock.store.decisions import (
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalReminded,
    ApprovalRequested,
    ApprovalVoted,
    Escalation,
    Notified,
    UndoResolved,
    UndoRetried,
    UndoSkipped,
)
from interlock.store.event import Event
from interlock.store.vocabulary import UndoFailed

NOTICE = "notice of "
"""How the alarms of notices begin that are still to be given."""


def reminder(number: int) -> str:
    """The alarm of a reminder, counted from 1."""
    return f"reminder {number}"


def escalation(number: int) -> str:
    """The alarm of an escalation, counted from 1."""
    return f"escalation {number}"


def find_escalation(approval: Approval, alarm: str) -> Escalation | None:
    """The escalation that an alarm stands for; None when it stands for something else."""
    for number, one in enumerate(approval.escalations, 1):
        if escalation(number) == alarm:
            return one
    return None


def alarm_timer(activity: str, alarm: str) -> str:
    """The name of an alarm's timer."""
    return f"{alarm} of {activity}"


def find_alarm(state: RunState, timer: str) -> tuple[Activity, str] | None:
    """The activity and alarm that a timer stands for; None when it is gone."""
    for activity in state.pending.values():
        for alarm in activity.alarms:
            if alarm_timer(activity.id, alarm) == timer:
                return activity, alarm
    return None


def requested(body: ApprovalRequested) -> tuple[Approval, dict[str, datetime]]:
    """What is known of an approval when it is asked for, and its alarms."""
    alarms = {reminder(i): at for i, at in enumerate(body.reminders, 1)}
    alarms |= {escalation(i): one.at for i, one in enumerate(body.escalations, 1)}
    asked = Approval(
        body.facts, body.approvers, body.quorum, body.rejections, body.requester,
        body.reminders, body.escalations,
    )  # fmt: skip
    return asked, alarms


def _approval(state: RunState, activity: str) -> tuple[Activity, Approval]:
    found = state.pending[activity]
    if found.approval is None:
        found.approval = Approval()
    return found, found.approval


def _voted(state: RunState, event: Event, body: ApprovalVoted) -> None:
    _, approval = _approval(state, body.activity)
    approval.votes.append(_vote(event, body, granted=body.granted))


def _vote(
    event: Event, body: ApprovalVoted | ApprovalGranted | ApprovalRejected, *, granted: bool
) -> Voted:
    return Voted(
        event.actor, event.at, granted, body.reason, body.facts, body.seen, body.right
    )  # fmt: skip


def _decided(state: RunState, event: Event, body: ApprovalGranted | ApprovalRejected) -> None:
    granted = isinstance(body, ApprovalGranted)
    activity, approval = _approval(state, body.activity)
    approval.votes.append(_vote(event, body, granted=granted))
    activity.alarms.clear()
    word: Literal["granted", "rejected"] = "granted" if granted else "rejected"
    over(
        state,
        activity,
        Outcome(word, event.actor, event.at, reason=body.reason, votes=approval.votes),
    )
    state.decisions.append(
        Decided(
            body.activity, body.name, granted, event.actor, body.reason, event.at, body.facts,
            approval.votes,
        )
    )  # fmt: skip


def lapse(state: RunState, activity: Activity, at: datetime, withdrawn: str = "") -> None:
    """If this is an approval, it ends without a decision: timed out, or withdrawn for a reason."""
    if activity.kind == "approval" and activity.status != "done":
        activity.alarms.clear()
        state.lapsed.append(Lapsed(activity.id, activity.name, at, withdrawn))


def _reminded(state: RunState, event: Event, body: ApprovalReminded) -> None:
    activity, approval = _approval(state, body.activity)
    approval.reminded = body.number
    _came(activity, reminder(body.number), event, notify=body.notify)


def _escalated(state: RunState, event: Event, body: ApprovalEscalated) -> None:
    activity, approval = _approval(state, body.activity)
    one = approval.escalations[body.number - 1]
    approval.escalated = body.number
    approval.approvers = one.to
    approval.quorum = one.quorum or approval.quorum
    approval.rights.clear()
    _came(activity, escalation(body.number), event, notify=body.notify)


def _came(activity: Activity, alarm: str, event: Event, *, notify: bool) -> None:
    activity.alarms.pop(alarm, None)
    if notify:
        activity.alarms[NOTICE + alarm] = event.at


def _delegated(state: RunState, event: Event, body: ApprovalDelegated) -> None:
    activity, approval = _approval(state, body.activity)
    for right in body.rights:
        approval.rights[right] = body.to
    _came(activity, f"delegation at {event.version}", event, notify=body.notify)


def _notified(state: RunState, event: Event, body: Notified) -> None:
    activity = state.pending.get(body.activity)
    if activity is not None:
        activity.alarms.pop(NOTICE + body.notice, None)


def undo_failed(activity: Activity, event: Event, body: UndoFailed) -> None:
    """An undo waits for a person."""
    activity.status = "undo failed"
    activity.due = None
    if body.notify:
        activity.alarms[f"{NOTICE}failure {body.attempt}"] = event.at


def _undo_retried(state: RunState, event: Event, body: UndoRetried) -> None:
    activity = state.pending[body.activity]
    activity.status = "scheduled"
    activity.attempt = activity.first = body.attempt
    activity.interruptions = 0
    activity.alarms.clear()


def _undo_resolved(state: RunState, event: Event, body: UndoResolved) -> None:
    undo_over(state, body.activity, body.of)
    if state.compensation is not None:
        state.compensation.undone.append(body.of)
        state.compensation.by_hand.append(body.of)


def _undo_skipped(state: RunState, event: Event, body: UndoSkipped) -> None:
    undo_over(state, body.activity, body.of)
    if state.compensation is not None:
        state.compensation.not_undone.append(body.of)


def undo_over(state: RunState, activity: str, of: str) -> None:
    """An undo is settled, one way or another."""
    del state.pending[activity]
    stack = state.stack
    for index in range(len(stack) - 1, -1, -1):  # it is the last one, or near it
        if stack[index].activity == of:
            del stack[index]
            return


HANDLERS: dict[str, Callable[[RunState, Event, Any], None]] = {
    ApprovalVoted.__name__: _voted,
    ApprovalGranted.__name__: _decided,
    ApprovalRejected.__name__: _decided,
    ApprovalReminded.__name__: _reminded,
    ApprovalEscalated.__name__: _escalated,
    ApprovalDelegated.__name__: _delegated,
    Notified.__name__: _notified,
    UndoRetried.__name__: _undo_retried,
    UndoResolved.__name__: _undo_resolved,
    UndoSkipped.__name__: _undo_skipped,
}
