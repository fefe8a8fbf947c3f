"""Children that outlive their parent: it is left, and they go on by themselves."""

from __future__ import annotations

from interlock.projections.run import Activity, RunState


def leaves(state: RunState) -> bool:
    """Whether a run has come to where it leaves such children: it ends, or is to be cancelled."""
    return state.ending is not None or state.cancel is not None


def is_left_alone(state: RunState, activity: Activity) -> bool:
    """Whether what is stopped is a child that goes on by itself, as was said when it started."""
    return activity.kind == "child" and activity.abandon and leaves(state)
