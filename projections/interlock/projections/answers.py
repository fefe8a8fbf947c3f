"""What a person may say to a call that a fork asks about."""

from __future__ import annotations

from typing import Literal, TypeAlias

from interlock.projections.address import address
from interlock.projections.run import Activity, RunState

Said: TypeAlias = Literal["recorded", "result", "error", "live"]

_RECORDED = " recorded: "
"""What a reason says where there is a recorded outcome to be taken, in logs of every release."""


def answers(activity: Activity) -> tuple[Said, ...]:
    """The answers that are taken, the one that most people want first."""
    undo = activity.kind == "undo"
    found: list[Said] = ["result"]
    if _RECORDED in activity.asked:
        found.insert(1 if undo else 0, "recorded")  # an undo is done by saying so
    if not undo:  # it does not fail by an answer
        found.append("error")
    if not (undo and activity.child):  # what a child did is undone there
        found.append("live")
    return tuple(found)


def answerable(state: RunState, activity: Activity) -> str:
    """What a call that is asked about is called in an answer; its id where others are called so."""
    name = _name(state, activity)
    asked = (a for a in state.pending.values() if a.status == "asked" and a is not activity)
    return activity.id if any(_name(state, one) == name for one in asked) else name


def _name(state: RunState, activity: Activity) -> str:
    if activity.kind != "undo":
        return address(state, activity)
    steps = (e.step for e in state.stack if e.activity == activity.of)
    return f"undo {next(steps, activity.name)}"
