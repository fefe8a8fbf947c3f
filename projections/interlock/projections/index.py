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
    status, waits, waits_for = _stand(state)
    return Entry(
        run=state.run,
        machine=state.machine,
        hash=state.hash,
        state=state.state,
        status=status,
        since=state.since,
        waits=waits,
        waits_for=waits_for,
        started=state.started,
        parent=state.parent,
    )


def _stand(state: RunState) -> tuple[str, str, str]:
    """The status, and what the run waits for."""
    if len(state.pending) == 1 and not state.held and state.cancel is None:
        (only,) = state.pending.values()
        alone = state.compensation is None and state.ending is None
        if alone and only.kind == "step" and only.status == "scheduled":  # most commits leave that
            return "running", "step", only.name
    return state.status, *_waits(state)


def _waits(state: RunState) -> tuple[str, str]:
    if state.held:
        return "person", state.held
    open_ones = [
        activity
        for activity in state.pending.values()
        if activity.status != "done" and activity.kind not in ("join", "helper")
    ]
    for activity in open_ones:
        if activity.status == "in doubt":
            return "person", f"resolve {activity.name}"
    if not open_ones:
        return "", ""
    child = next((a for a in open_ones if a.kind == "child" and a.status != "asked"), None)
    if child is not None and state.status == "waiting":
        return "child", child.child  # whatever else it waits for: recovery looks after children
    first = open_ones[0] if len(open_ones) == 1 else min(open_ones, key=_urgency)
    if first.status == "asked":
        name = first.name if first.kind == "child" else _named(state, first)
        return "person", f"answer {name}"
    if first.status == "postponed":
        what, _, name = first.postponed.partition(" ")
        return what, name
    return "person" if state.stuck else _WAITS[first.kind], _named(state, first)


def _urgency(activity: Activity) -> int:
    """Approvals first: the inbox is found by them. A failed undo after those under way.

    What was started on its own comes behind what code stands still for.
    """
    if activity.kind == "approval":
        return 0
    if activity.within is not None and activity.within.handle:
        return 1 if activity.status == "asked" else 4
    status = activity.status  # asked of every call under way at every commit: cheap
    return 1 if status in ("postponed", "asked") else 3 if status == "undo failed" else 2


def _named(state: RunState, activity: Activity) -> str:
    if activity.kind == "sleep" and activity.due is not None:
        return f"{activity.due:%Y-%m-%d %H:%M:%S}"
    if activity.kind == "child":
        return activity.child
    if activity.kind == "undo":
        steps = (entry.step for entry in state.stack if entry.activity == activity.of)
        return f"undo {next(steps, activity.name)}"
    return activity.name
