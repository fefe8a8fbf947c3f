"""Moving a run over to the present definition of its machine, when something happens to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from interlock.engine.changing import Outlook, outlook
from interlock.engine.lifecycles import AFTER
from interlock.engine.past_values import past_of
from interlock.machines.advice import why_held
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.projections import load_state
from interlock.store.event import Actor

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.session import Session
    from interlock.machines.program import Program


async def move_over(engine: Core, session: Session, program: Program | LifecycleProgram) -> str:
    """Let a session's run follow a program; why it cannot, "" when it does.

    What is decided is in the session, and is appended together with what is decided next: a
    command that is refused leaves the run as it was.
    """
    old = await engine.programs.definition(engine.store, session.hash)
    await engine.programs.define(engine.store, program)
    async with session.lock:
        if session.broken or session.hash == program.machine.hash:
            return "it is being looked at again"
        past = await past_of(engine.store, old, program, session.state)
        found = outlook(old, program, session.state, past)
        if found.event is None:
            return why_held(session.machine, session.hash, program.machine, found.verdict, found.by)
        _record(session, program, found, old)
    return ""


async def goes_on(engine: Core, run: str) -> bool:
    """Whether a run of another definition would go on under the present one."""
    entry = await engine.store.entry(run)
    if entry is None:
        return False
    _, current = engine.programs.choice(entry.machine, entry.hash)
    if current is None or current.machine.hash == entry.hash:
        return False
    old = await engine.programs.definition(engine.store, entry.hash)
    state = await load_state(engine.store, run)
    past = await past_of(engine.store, old, current, state)
    return outlook(old, current, state, past).event is not None


def _record(
    session: Session,
    program: Program | LifecycleProgram,
    found: Outlook,
    old: Machine | None,
) -> None:
    assert found.event is not None  # it goes on
    before = session.state.active.copy() or {session.state.state: session.state.since}
    session.by(Actor("system"))
    session.hash = program.machine.hash
    session.emit(found.event, found.state)
    if isinstance(program, LifecycleProgram) and session.state.ended is None:
        _set_timers(session, program, old, found.event.states, before)


def _set_timers(
    session: Session,
    program: LifecycleProgram,
    old: Machine | None,
    states: dict[str, str],
    before: dict[str, datetime],
) -> None:
    """Set the timers that its states have now, as of when they were entered; clear the others.

    One that the old definition had, with the same delay, stays as it is.
    """
    edges = () if old is None else old.edges
    known = {edge.id: edge.event for edge in edges}
    set_before = {edge.id for edge in edges if edge.source in before}
    events = {edge.id: edge.event for edge in program.machine.edges}
    wanted: set[str] = set()
    for was, since in before.items():
        for edge, delay in program.timers(states.get(was, was)):
            wanted.add(edge)
            if known.get(edge) != events[edge]:
                session.extra_timers[f"{AFTER}{edge}"] = since + delay
    for edge in set_before - wanted:
        session.cleared.add(f"{AFTER}{edge}")
