"""What happens to an activity at instants of its own: reminders, escalations, notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.engine.approvals import overtaken
from interlock.engine.session import Session
from interlock.projections import Approval
from interlock.projections.people import NOTICE, find_alarm, reminder
from interlock.store.contract import Timer
from interlock.store.decisions import ApprovalReminded

if TYPE_CHECKING:
    from interlock.engine.core import Core


def ring(engine: Core, session: Session, timer: Timer) -> None:
    """Record what an alarm means; a notice is given, and that is recorded when it was."""
    found = find_alarm(session.state, timer.name)
    if found is None:
        return
    activity, alarm = found
    if alarm.startswith(NOTICE):
        engine.notices.give(timer, session.state, activity, alarm)
        return
    if activity.alarms[alarm] > session.now:
        return
    approval = activity.approval or Approval()
    overtaken(session, activity, notify=engine.notices.wanted)
    number = approval.reminded + 1
    if alarm == reminder(number):
        due = activity.alarms[alarm]
        session.emit(
            ApprovalReminded(activity.id, activity.name, number, due, engine.notices.wanted)
        )
