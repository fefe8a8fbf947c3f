"""The effects of a run as its state tells them: those that were under way, without their events."""

from __future__ import annotations

from interlock.projections.alone import is_left_alone
from interlock.projections.effect import Effect, EffectStatus
from interlock.projections.run import Activity, RunState

_STATUSES: dict[str, EffectStatus] = {
    "scheduled": "intended", "started": "started", "retrying": "retrying",
    "postponed": "postponed", "in doubt": "in doubt", "asked": "asked", "undo failed": "failed",
}  # fmt: skip
_ENDS: dict[str, EffectStatus] = {"value": "confirmed", "error": "failed"}


def begun(state: RunState) -> dict[str, Effect]:
    """The effects that are under way in a run, or whose outcome its code has not seen yet."""
    return {
        activity.id: _effect(state, activity)
        for activity in state.pending.values()
        if activity.kind in ("step", "undo", "child")
    }


def _effect(state: RunState, activity: Activity) -> Effect:
    child = activity.kind == "child"
    error = activity.error
    return Effect(
        activity.id,
        activity.name,
        activity.child if child else activity.key,
        _status(state, activity),
        _attempts(activity),
        activity.since,
        "" if error is None else f"{error.type}: {error.message}",
        activity.interruptions,
        activity.postponed,
        undoes=activity.of,
        abandon=activity.abandon,
    )


def _status(state: RunState, activity: Activity) -> EffectStatus:
    if activity.kind == "child" and activity.outcome is not None and activity.error is not None:
        return "failed"  # also where the run, which had told it to stop, takes it as cancelled
    if activity.outcome is not None and activity.outcome.kind == "cancelled":
        return "left alone" if is_left_alone(state, activity) else "cancelled"
    if activity.outcome is not None:
        return _ENDS.get(activity.outcome.kind, "confirmed")
    if activity.kind == "child" and activity.status == "scheduled":
        return "started"
    if activity.kind == "step" and activity.status == "scheduled" and activity.error is not None:
        return "failed"  # for good: the code around it goes on in a moment
    return _STATUSES.get(activity.status, "confirmed")


def _attempts(activity: Activity) -> int:
    """Calls that have an outcome or are under way: the next one, of which it waits, is none."""
    if activity.status == "asked":
        return 0
    return activity.attempt - (activity.status in ("retrying", "postponed"))
