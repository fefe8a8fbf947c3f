"""How far a run is with the several calls that it makes at a time."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.projections.run import RunState


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a `parallel`, `settle`, `race`, `gather` or `each` is.

    Attributes:
        total: calls, or items, in all.
        done: those that are over, however they ended.
        failed: those of them that failed or were cancelled.
        active: those under way.
    """

    total: int
    done: int
    failed: int
    active: int


def progress(state: RunState) -> dict[str, Progress]:
    """Everything of this kind that goes on, by the name of its state; {} for nothing.

    Where several branches are at the same state, each after the first is named by its activity.
    """
    found: dict[str, Progress] = {}
    for activity in state.pending.values():
        join = activity.join
        if join is not None and join.how != "await":
            name = activity.id if activity.state in found else activity.state
            found[name] = Progress(
                len(join.calls), len(join.outcomes), len(join.failed), len(join.active)
            )
    return found
