"""Giving up a fork: it ends, and what its parent did stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlock.engine import commands
from interlock.engine.session import Session
from interlock.machines.errors import Refused
from interlock.projections import Effect, RunState, ledger
from interlock.store.clock import uuid7
from interlock.store.errors import Conflict
from interlock.store.event import Actor, Event
from interlock.store.forking import FOLLOW, CallAnswered
from interlock.store.vocabulary import CancelDelivered, CancelRequested, RunCancelled

if TYPE_CHECKING:
    from interlock.engine.core import Core


async def discard(engine: Core, run: str, actor: Actor, reason: str) -> None:
    """End a fork at once, undoing nothing. See `Engine.discard`."""
    command_id = str(uuid7(engine.clock.now()))
    while True:
        events = await engine.store.read(run)

        def record(session: Session, known: Sequence[Event] = events) -> None:
            if session.version != len(known):
                raise Conflict(session.run, len(known))
            _end(session, own_calls(session.state, known), reason)

        try:
            await commands.accept(engine, run, record, actor, command_id)
        except Conflict:
            continue
        return


def _end(session: Session, own: Sequence[Effect], reason: str) -> None:
    state = session.state
    if state.fork is None:
        raise _refused(state, f"run {state.run!r} is no fork; interlock cancel undoes what it did")
    if state.ended is not None:
        raise _refused(state, f"run {state.run!r} is {state.status} already")
    undoable = {entry.activity for entry in state.stack} | state.pending.keys()
    left = [effect.step for effect in own if effect.activity in undoable]
    if left:
        names = ", ".join(dict.fromkeys(left))
        message = f"run {state.run!r} made calls of its own ({names}): cancel it, which undoes them"
        raise _refused(state, message)
    reason = f"discarded: {reason}" if reason else "discarded"
    session.cleared.add(FOLLOW)
    session.emit(CancelRequested(reason))
    for activity in list(state.pending):
        session.emit(CancelDelivered(activity))
    session.emit(RunCancelled(reason), "cancelled")


def own_calls(state: RunState, events: Sequence[Event]) -> list[Effect]:
    """The calls that a fork made itself, or is about to make; none for a run that is no fork."""
    fork = state.fork
    if fork is None:
        return []
    effects = ledger(events)
    if fork.effects == "live":
        before = {effect.activity: effect for effect in ledger(events[: fork.taken + 1])}
        over = {name for name, effect in before.items() if effect.status != "intended"}
        return [effect for effect in effects if effect.attempts and effect.activity not in over]
    mine = events[fork.taken :]
    bodies = [event.body for event in mine if isinstance(event.body, CallAnswered)]
    live = {body.activity for body in bodies if body.how == "live"}
    return [effect for effect in effects if effect.activity in live]


def _refused(state: RunState, message: str) -> Refused:
    return Refused(message, run=state.run, state=state.state)
