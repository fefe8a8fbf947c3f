"""Ending a run that nobody can go on with: its definition is gone, and its code cannot be told."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.machines.errors import Refused
from interlock.projections import Activity, RunState, fold, load_state
from interlock.store.contract import FINISHED
from interlock.store.event import Actor
from interlock.store.failure import Failure
from interlock.store.vocabulary import (
    CancelDelivered,
    CompensationStarted,
    RunCancelled,
    RunCompensationFailed,
)

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.session import Session


@dataclass(frozen=True, slots=True)
class Children:
    """What became of the runs that a run waits for.

    Attributes:
        ended: activities of those that are over.
        done: of these the ones that have completed, and did what could be undone.
    """

    ended: Collection[str] = ()
    done: Collection[str] = ()


def may_abandon(engine: Core, state: RunState, *, undo: bool = True) -> bool:
    """Whether a cancelled run may be ended without its code being told.

    It may where the code cannot be told: the run is held here or elsewhere, or this program has
    another definition of its machine; also when it is held and was cancelled before, in vain.
    Without `undo` a person gives it up, and may do so wherever the worker does not have its code.
    """
    if not undo and _is_unserved(engine, state):
        return True
    program = engine.programs.find(state.machine, state.hash)
    if program is not None and program.machine.hash != state.hash:
        return True
    if state.lifecycle:  # what commands could do about it is not for its code to say any more
        return not undo and bool(state.held)
    served = program is not None and not engine.resources.lacking(program)
    return bool(state.held) and (not served or state.cancel is not None)


def _is_unserved(engine: Core, state: RunState) -> bool:
    """Whether another process is the worker, and neither it nor this one has the code of a run."""
    seen = None if engine.driving else engine.store.worker()
    if engine.programs.find(state.machine, state.hash) is not None or seen is None:
        return False
    board = seen.board
    if board is None or board.serves is None:
        return False
    hashes = board.serves.get(state.machine)
    return hashes is None or (bool(hashes) and state.hash not in hashes)


def has_to_undo(state: RunState, children: Children) -> bool:
    """Whether there is something to undo, or to stop."""
    if state.stack or state.compensation is not None or children.done:
        return True
    return any(activity.id not in children.ended for activity in _children(state))


def _children(state: RunState) -> list[Activity]:
    """The runs that end with this one."""
    return [a for a in state.pending.values() if a.kind == "child" and not a.abandon]


async def cancel_children(engine: Core, state: RunState) -> Children:
    """Cancel the runs that a run waits for, since its own code does not; what became of them."""
    from interlock.engine.commands import cancel

    ended: set[str] = set()
    done: set[str] = set()
    for activity in _children(state):
        entry = await engine.store.entry(activity.child)
        if entry is None or not await _is_of(engine, state, activity):  # it never began
            ended.add(activity.id)
            continue
        if entry.status not in FINISHED:
            with suppress(Refused):  # it undoes what it did
                await cancel(engine, activity.child, Actor("system", state.run), _WHY)
            entry = await engine.store.entry(activity.child)
        if entry is not None and entry.status in FINISHED:
            ended.add(activity.id)
            if (await load_state(engine.store, activity.child)).stack:
                done.add(activity.id)
    return Children(ended, done)


_WHY = "its parent was cancelled"


async def _is_of(engine: Core, state: RunState, activity: Activity) -> bool:
    """Whether a run is the child that it is called, and not another one of the same id."""
    begun = fold(await engine.store.read(activity.child, upto=1))
    return (begun.parent, begun.parent_activity) == (state.run, activity.id)


def abandon(session: Session, reason: str) -> None:
    """Emit the end of a run: what it waited for is left."""
    _leave_waits(session)
    stays = session.state.state if session.state.lifecycle else "cancelled"
    session.emit(RunCancelled(reason), stays)


def abandon_undone(session: Session, reason: str, children: Children) -> None:
    """Emit the end of a run: what it waited for is left, and what it did is not undone."""
    state = session.state
    if not (state.stack or state.compensation is not None or children.done):
        abandon(session, reason)
        return
    if state.compensation is None:
        error = None if state.ending is None else state.ending.error
        _leave_waits(session)
        session.emit(CompensationStarted(error), "compensating")
    compensation = state.compensation
    assert compensation is not None  # it has begun by now
    left = [*compensation.not_undone, *(undo.activity for undo in reversed(state.stack))]
    error = compensation.error or Failure("CancelledError", reason or "cancelled")
    stays = [step.activity for step in state.irreversible]
    failed = RunCompensationFailed(error, list(compensation.undone), [*left, *children.done], stays)
    session.emit(failed, "compensation failed")


def _leave_waits(session: Session) -> None:
    for activity in list(session.state.pending):
        session.emit(CancelDelivered(activity))
