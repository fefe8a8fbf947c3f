"""What a person decides about an undo that failed: `retry`, `resolve` or `skip`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from interlock.engine import commands
from interlock.engine.session import Session
from interlock.machines.errors import Refused
from interlock.projections import Activity
from interlock.store.clock import uuid7
from interlock.store.decisions import UndoResolved, UndoRetried, UndoSkipped
from interlock.store.event import Actor

if TYPE_CHECKING:
    from interlock.engine.core import Core

UndoAnswer: TypeAlias = Literal["retry", "resolve", "skip"]
"""`retry`: call it again. `resolve`: I undid it by other means. `skip`: it stays as it is."""


async def answer_undo(
    engine: Core, run: str, step: str, answer: UndoAnswer, actor: Actor, reason: str
) -> None:
    """Record what is to become of a failed undo; the run goes on with it."""

    def record(session: Session) -> None:
        if answer not in get_args(UndoAnswer):
            text = (
                f"{answer!r} is no answer to a failed undo; say {', '.join(get_args(UndoAnswer))}"
            )
            raise _refused(session, text)
        if not actor.id or not reason:
            raise _refused(session, f"{answer} needs to know who decides (by=) and why (reason=)")
        undo = _failed(session, step)
        if answer == "retry":
            session.emit(UndoRetried(undo.id, undo.of, undo.attempt + 1, reason))
        elif answer == "resolve":
            session.emit(UndoResolved(undo.id, undo.of, reason))
        else:
            session.emit(UndoSkipped(undo.id, undo.of, reason))

    await commands.accept(engine, run, record, actor, str(uuid7(engine.clock.now())))


def _failed(session: Session, step: str) -> Activity:
    """The failed undo of a step, named by the step, its state or activity, or the undo itself."""
    state = session.state
    steps = {entry.activity: entry.step for entry in state.stack}
    failed = [a for a in state.pending.values() if a.status == "undo failed"]
    found = [a for a in failed if step in (steps.get(a.of), _state_of(a), a.of, a.id, a.name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(a.of for a in found)
        raise _refused(session, f"several undos of {step!r} of run {state.run!r} failed: say {ids}")
    names = ", ".join(f"{steps.get(a.of, a.name)} ({a.of})" for a in failed) or "none"
    message = f"no undo of {step!r} of run {state.run!r} waits for a person; failed: {names}"
    children = ", ".join(a.child for a in state.pending.values() if a.child)
    if children:
        message += f"; its children answer for themselves: {children}"
    raise _refused(session, message)


def _state_of(undo: Activity) -> str:
    """The state of the step that an undo undoes: `charge` of `charge#3`."""
    return undo.of.rpartition("#")[0]


def _refused(session: Session, message: str) -> Refused:
    return Refused(message, run=session.run, state=session.state.state)
