"""What a run holds, taken from its folded state: what `judge` compares with a definition."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.held import Doing, Done, Held, ThreadAt
from interlock.projections import Activity, RunState


def holding(state: RunState) -> Held:
    """What a run holds, under the names that the log has for its states."""
    doing = tuple(_doing(activity) for activity in state.pending.values())
    if state.lifecycle:
        return Held(
            doing=doing,
            active=tuple((name, name) for name in state.configuration),
            remembered=state.remembered,
            deferred=tuple(kept.command for kept in state.inbox),
        )
    undo = tuple(Done(e.step, e.state, e.state, bool(e.child)) for e in state.stack)
    return Held(
        threads=tuple(_threads(state)),
        doing=doing,
        planned=tuple(_planned(state)),
        undo=undo,
        deferred=tuple(dict.fromkeys(kept.command for kept in state.inbox)),
    )


def _doing(activity: Activity) -> Doing:
    where = activity.state
    return Doing(
        activity.id, activity.kind, activity.name, where, where, tuple(activity.commands),
        activity.apart,
    )  # fmt: skip


def _threads(state: RunState) -> Iterator[ThreadAt]:
    runs = state.ended is None and state.compensation is None
    if runs and state.ending is None:
        names = frozenset(state.image.variables)
        yield ThreadAt("", "", "", state.state, state.state, names)
    for branch in state.threads.values() if runs else ():
        root = f"{state.pending[branch.id].state}/"
        names = frozenset(branch.image.variables)
        yield ThreadAt(branch.id, root, root, branch.state, branch.state, names)


def _planned(state: RunState) -> Iterator[tuple[str, str]]:
    for activity in state.pending.values():
        if activity.join is not None:
            for call in activity.join.calls[activity.join.begun :]:
                if not call.handle:
                    yield call.place, call.place
