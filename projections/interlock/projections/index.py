"""The run's row in the inline index, derived from its state: one source for both."""

from __future__ import annotations

from interlock.projections.run import Activity, RunState
from interlock.store.contract import Entry

_WAITS = {
    "step": "step", "undo": "step", "approval": "approval", "sleep": "timer", "wait": "command",
    "child": "child",
}  # fmt: skip


def entry_of(state: RunState) -> Entry:
    """The index row that stands for a run at this version."""
    waits, waits_for = _waits(state)
    return Entry(
        run=state.run,
        machine=state.machine,
        hash=state.hash,
        state=state.state,
        status=state.status,
        since=state.since,
        waits=waits,
        waits_for=waits_for,
        started=state.started,
    )


def _waits(state: RunState) -> tuple[str, str]:
    if state.held:
        return "person", state.held
    for activity in state.pending.values():
        if activity.status == "in doubt":
            return "person", f"resolve {activity.name}"
        if activity.status == "done" or activity.kind in ("join", "helper"):
            continue
        if activity.status == "postponed":
            what, _, name = activity.postponed.partition(" ")
            return what, name
        return _WAITS[activity.kind], _named(activity)
    return "", ""


def _named(activity: Activity) -> str:
    if activity.kind == "sleep" and activity.due is not None:
        return f"{activity.due:%Y-%m-%d %H:%M:%S}"
    if activity.kind == "child":
        return activity.child
    if activity.kind == "undo":
        return f"undo {activity.of.partition('#')[0]}"
    return activity.name
