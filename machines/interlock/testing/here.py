"""What can happen to a run of a workflow where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from interlock.projections import Activity
from interlock.testing.moves import Decide, Fail, Move, Pass, Return, Settle


@dataclass
class Here:
    """What can happen to a run where it stands.

    Attributes:
        calls: under way, the oldest first.
        approvals: pending: the run, the approval, and how many voted.
        waits: command types that are waited for, with the run.
        undos: that failed: the run, and the activity that each undoes.
        doubts: calls in doubt, with the run.
        time: whether a timer is set.
        state: of the run.
        open: whether the run itself goes on and was not cancelled.
    """

    calls: list[str] = field(default_factory=list[str])
    approvals: list[tuple[str, Activity]] = field(default_factory=list[tuple[str, Activity]])
    waits: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    undos: list[tuple[str, Activity]] = field(default_factory=list[tuple[str, Activity]])
    doubts: list[tuple[str, Activity]] = field(default_factory=list[tuple[str, Activity]])
    time: bool = False
    state: str = ""
    open: bool = True


def applies(move: Move, here: Here) -> bool:
    """Whether a move fits where a run stands."""
    if isinstance(move, Return | Fail):
        return move.step in here.calls
    if isinstance(move, Decide):
        return any(activity.name == move.approval for _, activity in here.approvals)
    if isinstance(move, Settle):
        return bool(here.undos)
    if isinstance(move, Pass):
        return here.time
    return here.open


def note(here: Here, run: str, activity: Activity) -> None:
    """What one activity adds to it."""
    if activity.status == "in doubt":
        here.doubts.append((run, activity))
    elif activity.status == "undo failed":
        here.undos.append((run, activity))
    elif activity.status == "done":
        return
    elif activity.kind == "approval":
        here.approvals.append((run, activity))
    elif activity.kind == "wait":
        here.waits += [(run, name) for name in activity.commands]
