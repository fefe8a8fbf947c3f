"""The timers that follow from a run's state."""

from __future__ import annotations

from datetime import datetime

from interlock.projections.people import alarm_timer
from interlock.projections.run import RunState


def timers_of(state: RunState) -> dict[str, datetime]:
    """The due timers that follow from a run's state: one for each instant of an activity."""
    found: dict[str, datetime] = {}
    for activity in state.pending.values():
        if activity.status != "done":
            if activity.due is not None:
                found[activity.id] = activity.due
            if activity.alarms:
                for alarm, at in activity.alarms.items():
                    found[alarm_timer(activity.id, alarm)] = at
    return found
