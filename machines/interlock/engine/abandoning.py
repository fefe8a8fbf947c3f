"""Ending a run that nobody can go on with: its definition is gone, and it has nothing to undo."""

from __future__ import annotations

from interlock.engine.core import Core
from interlock.engine.session import Session
from interlock.projections import RunState
from interlock.store.vocabulary import CancelDelivered, RunCancelled

_ALONE = ("step", "approval", "sleep", "wait")


def abandons(engine: Core, session: Session) -> bool:
    """Whether a cancellation may end a run at once, without its code being told.

    It may where the code cannot be told: the run is held here or elsewhere, or this program has
    another definition of its machine; also when it is held and was cancelled before, in vain.
    Never when there is something to undo, or to stop.
    """
    state = session.state
    if not _nothing_to_undo(state):
        return False
    program = engine.programs.find(state.machine, state.hash)
    if program is not None and program.machine.hash != state.hash:
        return True
    served = program is not None and not engine.resources.lacking(program)
    return bool(state.held) and (not served or state.cancel is not None)


def _nothing_to_undo(state: RunState) -> bool:
    alone = not (state.stack or state.threads or state.handles or state.parent)
    return alone and all(activity.kind in _ALONE for activity in state.pending.values())


def abandon(session: Session, reason: str) -> None:
    """Emit the end of a run: what it waited for is left."""
    for activity in list(session.state.pending):
        session.emit(CancelDelivered(activity))
    session.emit(RunCancelled(reason), "cancelled")
